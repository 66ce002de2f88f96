package accounts_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/internal/account"
)

func TestRegisterHashesThePasswordOnce(t *testing.T) {
	const pendingSchema = `{"profileSchema":{"fields":{"firstName":{"required":true}}}}`
	tests := []struct {
		name     string
		policies string
		schema   string
		by       who
		noToken  bool
		params   []string
		want     string
	}{
		{name: "in one call, browser", params: []string{"profile", `{"firstName":"Zoë","lastName":"Example"}`, "finalizeRegistration", "true"}, want: "0"},
		{name: "in one call, signed, without a regToken", by: server, noToken: true, params: []string{"profile", `{"firstName":"Zoë","lastName":"Example"}`, "finalizeRegistration", "True"}, want: "0"},
		{name: "in one call, mobile", params: []string{"finalizeRegistration", "true", "targetEnv", "mobile", "gmid", "g", "ucid", "u"}, want: "0"},
		{name: "in three calls", want: "206001"},
		{name: "verification by link", policies: `{"accountOptions":{"verifyEmail":true}}`, params: []string{"finalizeRegistration", "true"}, want: "206002"},
		{name: "required field missing", schema: pendingSchema, params: []string{"finalizeRegistration", "true", "targetEnv", "mobile", "include", "profile,missing-required-fields"}, want: "206001"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t)
			if test.policies != "" || test.schema != "" {
				h.configure(test.policies, test.schema)
			}
			by := test.by
			if by == nil {
				by = public
			}
			params := append([]string{"email", "zoe@example.com", "password", testPass, "siteUID", testUID}, test.params...)
			if !test.noToken {
				params = append(params, "regToken", h.regToken())
			}
			got := h.call(by, "accounts.register", params...)
			wantCode(t, got, test.want)
			if strings.Contains(got, testPass) || strings.Contains(got, "argon2") {
				t.Error("the answer shows a secret")
			}
			if h.hashes.n != 1 {
				t.Errorf("%d hashes were made, want 1", h.hashes.n)
			}
		})
	}
}

func TestRegisterInThreeCalls(t *testing.T) {
	h := newHouse(t)
	wantCode(t, h.call(public, "accounts.initRegistration"), "0")
	pending := h.call(public, "accounts.register", "regToken", h.regToken(), "email", "zoe@example.com", "password", testPass, "siteUID", testUID)
	regToken := field(pending, "regToken")
	wantCode(t, h.call(public, "accounts.getAccountInfo", "regToken", regToken), "0")
	wantCode(t, h.call(public, "accounts.finalizeRegistration", "regToken", regToken), "0")
	again := h.call(public, "accounts.finalizeRegistration", "regToken", regToken)
	wantCode(t, again, "400006")
	if got := field(again, "errorDetails"); got != "Invalid argument: regToken" {
		t.Errorf("errorDetails = %q", got)
	}
}

func TestRegisterRefusals(t *testing.T) {
	tests := []struct {
		name     string
		policies string
		params   []string
		code     string
		details  string
	}{
		{name: "no token", params: []string{"regToken", "", "email", "a@example.com", "password", testPass}, code: "400002", details: "Missing required parameter : regToken"},
		{name: "a token that is none", params: []string{"regToken", "st2.r.x.y.sc3", "email", "a@example.com", "password", testPass}, code: "400006", details: "Invalid argument: regToken"},
		{name: "no identifier", params: []string{"password", testPass}, code: "400002", details: "Missing required parameter : email"},
		{name: "no password", params: []string{"email", "a@example.com"}, code: "400002", details: "Missing required parameter : password"},
		{name: "captcha demanded", policies: `{"registration":{"requireCaptcha":true}}`, params: []string{"email", "a@example.com", "password", testPass}, code: "400021"},
		{name: "too young", policies: `{"registration":{"enforceCoppa":true}}`, params: []string{"email", "a@example.com", "password", testPass, "profile", `{"birthYear":2018}`}, code: "403044"},
		{name: "a UID with a blank", params: []string{"email", "a@example.com", "password", testPass, "siteUID", "a b"}, code: "400006"},
		{name: "profile is no object", params: []string{"email", "a@example.com", "password", testPass, "profile", `[1]`}, code: "400004"},
		{name: "expiration out of bounds", params: []string{"email", "a@example.com", "password", testPass, "sessionExpiration", "-3"}, code: "400006"},
		{name: "unknown targetEnv", params: []string{"email", "a@example.com", "password", testPass, "targetEnv", "tv"}, code: "400006"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t)
			if test.policies != "" {
				h.configure(test.policies, "")
			}
			got := h.call(public, "accounts.register", append([]string{"regToken", h.regToken()}, test.params...)...)
			wantCode(t, got, test.code)
			if test.details != "" && field(got, "errorDetails") != test.details {
				t.Errorf("errorDetails = %q, want %q", field(got, "errorDetails"), test.details)
			}
			if h.hashes.n != 0 {
				t.Error("a hash was made for a call that was refused")
			}
		})
	}
}

func TestRegisterRefusesServerOnlyFieldsOfClients(t *testing.T) {
	h := newHouse(t)
	params := []string{"email", "a@example.com", "password", testPass, "profile", `{"city":"Köln"}`, "data", `{"x":1}`}
	got := h.call(public, "accounts.register", append(params, "regToken", h.regToken())...)
	wantCode(t, got, "400009")
	if !strings.Contains(got, `"fieldName": "profile.city"`) || !strings.Contains(got, `"fieldName": "data.x"`) {
		t.Errorf("items are missing:\n%s", got)
	}
	wantCode(t, h.call(server, "accounts.register", append(params, "finalizeRegistration", "true")...), "0")
}

func TestRegisterTakesTheLanguageAsLocale(t *testing.T) {
	h := newHouse(t)
	h.zoe("lang", "de")
	got := h.call(server, "accounts.getAccountInfo", "UID", testUID, "include", "profile", "extraProfileFields", "locale")
	if field(got, "profile", "locale") != "de" {
		t.Errorf("no locale in\n%s", got)
	}
}

func TestRegisterUnderOneAddressMakesOneAccountWhateverRuns(t *testing.T) {
	h := newHouse(t)
	spellings := []string{"zoe@example.com", "ZOE@example.com", "Zoe@Example.COM", " zoe@EXAMPLE.com "}
	tokens := make([]string, 64)
	for i := range tokens {
		tokens[i] = h.regToken()
	}
	answers := race(t, 64, func(i int) (string, error) {
		return h.try(public, "accounts.register", "regToken", tokens[i], "email", spellings[i%len(spellings)], "password", testPass, "finalizeRegistration", "true")
	})
	wantOne(t, answers, "0", "400009")
}

func TestOneTokenOfInitRegistrationMakesOneAccount(t *testing.T) {
	h := newHouse(t)
	regToken := h.regToken()
	answers := race(t, 64, func(i int) (string, error) {
		return h.try(public, "accounts.register", "regToken", regToken, "email", string(rune('a'+i%26))+string(rune('a'+i/26))+"@example.com", "password", testPass)
	})
	wantOne(t, answers, "206001", "400006")
}

func TestFinalizeRegistrationInParallelLogsInOnce(t *testing.T) {
	h := newHouse(t)
	pending := h.call(public, "accounts.register", "regToken", h.regToken(), "email", "zoe@example.com", "password", testPass)
	answers := race(t, 64, func(int) (string, error) {
		return h.try(public, "accounts.finalizeRegistration", "regToken", field(pending, "regToken"))
	})
	wantOne(t, answers, "0", "400006")
}

// race runs fn n times at once and returns the answers.
func race(t *testing.T, n int, fn func(i int) (string, error)) []string {
	t.Helper()
	answers, errs := make([]string, n), make([]error, n)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			answers[i], errs[i] = fn(i)
		})
	}
	close(start)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return answers
}

// wantOne fails unless exactly one answer has the first code and all others the second.
func wantOne(t *testing.T, answers []string, one, others string) {
	t.Helper()
	won := 0
	for _, answer := range answers {
		switch code(answer) {
		case one:
			won++
		case others:
		default:
			t.Fatalf("unexpected answer:\n%s", answer)
		}
	}
	if won != 1 {
		t.Errorf("%d calls got %s, want 1", won, one)
	}
}

func TestAProtectedSiteDoesNotTellThatAnAddressIsTaken(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"accountOptions":{"verifyEmail":true,"preventLoginIDHarvesting":true}}`, "")
	register := func(email string) string {
		return h.call(public, "accounts.register", "regToken", h.regToken(), "email", email, "password", testPass, "finalizeRegistration", "true")
	}
	fresh := register("zoe@example.com")
	before := h.hashes.n
	taken := register("zoe@example.com")
	wantCode(t, fresh, "206002")
	wantCode(t, taken, "206002")
	mask := func(answer string) string {
		answer = strings.ReplaceAll(answer, field(answer, "UID"), "UID")
		answer = strings.ReplaceAll(answer, field(answer, "UIDSignature"), "SIGNATURE")
		return strings.ReplaceAll(answer, field(answer, "regToken"), "TOKEN")
	}
	if mask(fresh) != mask(taken) {
		t.Errorf("the answers differ:\n%s\n%s", fresh, taken)
	}
	if h.hashes.n != before+1 {
		t.Errorf("%d hashes were made, want 1", h.hashes.n-before)
	}
	if h.account(field(fresh, "UID")).Secrets.PasswordHash == "" {
		t.Error("the first account is not there")
	}
	wantCode(t, h.call(public, "accounts.finalizeRegistration", "regToken", field(taken, "regToken")), "206002")
	wantCode(t, h.call(server, "accounts.register", "email", "zoe@example.com", "password", testPass), "400009")
	got := h.call(public, "accounts.register", "regToken", h.regToken(), "email", "zoe@example.com", "password", "abc")
	wantCode(t, got, "400009")
	if strings.Contains(got, "already exists") {
		t.Errorf("the answer tells:\n%s", got)
	}
}

func TestUsernamesKeepTheirSpellingAndAreComparedWithoutCase(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"accountOptions":{"loginIdentifiers":"username, email"}}`, "")
	wantCode(t, h.call(server, "accounts.register", "username", "Zoë.X", "password", testPass, "siteUID", testUID, "finalizeRegistration", "true"), "0")
	got := h.call(server, "accounts.register", "username", "ZOE\u0308.x", "password", testPass)
	if !strings.Contains(got, `"username already exists"`) {
		t.Errorf("no such item in\n%s", got)
	}
	if name := account.ParseLoginIDs(h.account(testUID).LoginIDs).Username; name != "Zoë.X" {
		t.Errorf("username = %q", name)
	}
	wantCode(t, h.call(public, "accounts.login", "loginID", "ZOË.X", "password", testPass), "0")
}
