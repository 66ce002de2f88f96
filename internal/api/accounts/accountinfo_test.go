package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/store"
)

func TestClientsSeeNoPasswordAndNothingInternal(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "internal", `{"note":"vip"}`), "0")
	got := h.call(user(session), "accounts.getAccountInfo", "include", "password,internal,profile")
	for _, forbidden := range []string{"password", "internal", "vip", "argon2"} {
		if strings.Contains(got, forbidden) {
			t.Errorf("%s is shown in\n%s", forbidden, got)
		}
	}
	if got := h.call(server, "accounts.getAccountInfo", "UID", testUID, "include", "internal"); field(got, "internal") != "{\n    \"note\": \"vip\"\n  }" {
		t.Errorf("internal = %q", field(got, "internal"))
	}
}

func TestSetAccountInfoWritesAllOrNothing(t *testing.T) {
	h := newHouse(t)
	h.zoe("email", "taken@example.com", "siteUID", "other")
	session := h.zoe()
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "profile", `{"city":"Köln"}`, "data", `{"tier":"gold","old":null}`), "0")
	before := h.account(testUID).Rev
	got := h.call(user(session), "accounts.setAccountInfo", "profile", `{"city":"Köln","birthYear":"x","email":"taken@example.com"}`, "isVerified", "true")
	wantCode(t, got, "400009")
	if h.account(testUID).Rev != before {
		t.Error("something was written")
	}
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "isActive", "false"), "403007")
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "UID", "other", "profile", `{"zip":"1"}`), "403005")
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", "nobody", "profile", `{"zip":"1"}`), "403005")
}

func TestSetAccountInfoMerges(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	for _, data := range []string{`{"a":{"b":1,"c":[1,2]},"n":12345678901234567890}`, `{"a.b":2,"a":{"d":"x"}}`, `{"a":{"c":null}}`} {
		wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "data", data), "0")
	}
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "profile", `{"lastName":null,"phones":[{"number":"1"}]}`), "0")
	a := h.account(testUID)
	if got, want := string(a.Data), `{"a":{"b":2,"d":"x"},"n":12345678901234567890}`; got != want {
		t.Errorf("data = %s, want %s", got, want)
	}
	if got, want := string(a.Profile), `{"firstName":"Zoë","email":"zoe@example.com","phones":[{"number":"1"}]}`; got != want {
		t.Errorf("profile = %s, want %s", got, want)
	}
	if !strings.Contains(string(a.Identities), `"phones":[{"number":"1"}]`) || strings.Contains(string(a.Identities), "lastName") {
		t.Errorf("the site identity is out of step: %s", a.Identities)
	}
}

func TestLastUpdatedMovesOnlyWithAChange(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	first := h.account(testUID)
	h.clock.Advance(time.Minute)
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "profile", `{"firstName":"Zoë"}`), "0")
	if a := h.account(testUID); a.Rev != first.Rev {
		t.Error("a change that changes nothing was written")
	}
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "data", `{"x":1}`), "0")
	a := h.account(testUID)
	if a.LastUpdated != first.LastUpdated+60000 || a.OldestDataUpdated != first.OldestDataUpdated {
		t.Errorf("lastUpdated = %d, oldestDataUpdated = %d", a.LastUpdated, a.OldestDataUpdated)
	}
}

func TestDataOverTheLimitAreRefused(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	half := func(name string) string {
		fields := make([]string, 30)
		for i := range fields {
			fields[i] = fmt.Sprintf(`"%s%d":"%s"`, name, i, strings.Repeat("x", 10<<10))
		}
		return "{" + strings.Join(fields, ",") + "}"
	}
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "data", half("a")), "0")
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "data", half("b")), "413003")
}

func TestNothingOutsideOfItsDocumentCanBeWrittenThroughADocument(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	before := h.account(testUID)
	tests := []struct{ name, parameter, value string }{
		{"a profile field that does not exist", "profile", `{"UID":"x"}`},
		{"flags", "profile", `{"isActive":false}`},
		{"identities", "profile", `{"identities":[]}`},
		{"login identifiers", "profile", `{"loginIDs":{"emails":["a@example.com"]}}`},
		{"a dotted name", "profile", `{"profile.email":"x@example.com"}`},
		{"a prototype", "data", `{"__proto__":{"x":1}}`},
		{"a constructor", "data", `{"constructor":{"x":1}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wantCode(t, h.call(user(session), "accounts.setAccountInfo", test.parameter, test.value), "400009")
			if h.account(testUID).Rev != before.Rev {
				t.Error("the account was written")
			}
		})
	}
	h.configure(`{}`, `{"preferencesSchema":{"fields":{"terms.tos":{}}},"subscriptionsSchema":{"fields":{"news":{"email":{}}}}}`)
	for parameter, value := range map[string]string{
		"preferences":   `{"terms":{"tos":{"isConsentGranted":true},"other":{"isConsentGranted":true}}}`,
		"subscriptions": `{"news":{"sms":{"isSubscribed":true}}}`,
	} {
		answer := h.call(user(session), "accounts.setAccountInfo", parameter, value)
		if !strings.Contains(answer, `"errorCode": 400024`) || h.account(testUID).Rev != before.Rev {
			t.Errorf("a name of %s that the schema has not: %s", parameter, answer)
		}
	}
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "preferences", `{"terms":{"tos":{"isConsentGranted":true,"lastConsentModified":"1999","docVersion":9}},"UID":"x"}`), "0")
	if got, want := string(h.account(testUID).Preferences), `{"terms":{"tos":{"isConsentGranted":true}}}`; got != want {
		t.Errorf("preferences = %s, want %s", got, want)
	}
}

func TestNewPassword(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	other := field(h.login("loginID", "zoe@example.com", "password", testPass), "sessionInfo", "cookieValue")
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "newPassword", "battery staple"), "400002")
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "newPassword", "battery staple", "password", "wrong"), "403042")
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "newPassword", "abc", "password", testPass), "400009")
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "newPassword", "battery staple", "password", testPass), "0")
	if user(session)(h).UID == "" {
		t.Error("the calling session was ended")
	}
	if user(other)(h).UID != "" {
		t.Error("another session lives on")
	}
	wantCode(t, h.login("loginID", "zoe@example.com", "password", testPass), "403042")
	wantCode(t, h.login("loginID", "zoe@example.com", "password", "battery staple"), "0")
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "newPassword", "third one"), "400002")
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "newPassword", "third one", "securityOverride", "true"), "0")
	if user(session)(h).UID != "" {
		t.Error("a session outlived a server's new password")
	}
}

func TestPasswordChangeThatWasDemanded(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "requirePasswordChange", "true"), "0")
	other := field(h.login("loginID", "zoe@example.com", "password", testPass), "regToken")
	regToken := field(h.login("loginID", "zoe@example.com", "password", testPass), "regToken")
	wantCode(t, h.call(public, "accounts.finalizeRegistration", "regToken", regToken), "403100")
	wantCode(t, h.call(public, "accounts.setAccountInfo", "regToken", regToken, "password", testPass, "newPassword", "battery staple"), "0")
	wantCode(t, h.call(public, "accounts.finalizeRegistration", "regToken", other), "400006")
	wantCode(t, h.call(public, "accounts.finalizeRegistration", "regToken", regToken), "0")
	wantCode(t, h.call(public, "accounts.finalizeRegistration", "regToken", regToken), "400006")
}

func TestAfterAChangeOfTheEmailBothAddressesLogIn(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	h.clock.Set(time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC))
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "isVerified", "true"), "0")
	h.clock.Set(time.Date(2026, 3, 9, 9, 0, 0, 0, time.UTC))
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "profile", `{"email":"zoe@new.example"}`), "0")
	for _, loginID := range []string{"zoe@example.com", "zoe@new.example"} {
		wantCode(t, h.login("loginID", loginID, "password", testPass), "0")
	}
}

func TestLoginEmailsAreAddedAndRemoved(t *testing.T) {
	h := newHouse(t)
	h.zoe("email", "taken@example.com", "siteUID", "other")
	session := h.zoe()
	set := func(params ...string) string { return h.call(user(session), "accounts.setAccountInfo", params...) }
	wantCode(t, set("removeLoginEmails", "zoe@example.com"), "400006")
	wantCode(t, set("addLoginEmails", "second@example.com, taken@example.com"), "400009")
	wantCode(t, h.login("loginID", "second@example.com", "password", testPass), "403042")
	wantCode(t, set("addLoginEmails", "Second@example.com"), "0")
	wantCode(t, set("removeLoginEmails", "ZOE@example.com"), "0")
	wantCode(t, h.login("loginID", "zoe@example.com", "password", testPass), "403042")
	wantCode(t, h.login("loginID", "second@example.com", "password", testPass), "0")
	a := h.account(testUID)
	if string(a.Emails) != `{"verified":[],"unverified":["second@example.com"]}` || string(a.LoginIDs) != `{"emails":[],"unverifiedEmails":["second@example.com"]}` {
		t.Errorf("emails = %s, loginIDs = %s", a.Emails, a.LoginIDs)
	}
	if !strings.Contains(string(a.Profile), "zoe@example.com") {
		t.Error("profile.email was changed")
	}
	if field(h.call(public, "accounts.isAvailableLoginID", "loginID", "zoe@example.com"), "isAvailable") != "true" {
		t.Error("the removed address is not free")
	}
}

func TestDeleteAccount(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	pending := field(h.call(public, "accounts.register", "regToken", h.regToken(), "email", "p@example.com", "password", testPass, "siteUID", "p"), "regToken")
	wantCode(t, h.call(server, "accounts.deleteAccount", "UID", testUID), "0")
	wantCode(t, h.call(server, "accounts.deleteAccount", "UID", testUID), "403005")
	if user(session)(h).UID != "" {
		t.Error("a session outlived its account")
	}
	wantCode(t, h.login("loginID", "zoe@example.com", "password", testPass), "403042")
	wantCode(t, h.call(server, "accounts.deleteAccount", "UID", "p"), "0")
	wantCode(t, h.call(public, "accounts.getAccountInfo", "regToken", pending), "400006")
	if _, err := h.store.Owner(context.Background(), testKey, account.LoginIdentifier("zoe@example.com")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the identifier is held: %v", err)
	}
	h.zoe()
}

func TestIsAvailableLoginID(t *testing.T) {
	h := newHouse(t)
	wantCode(t, h.call(public, "accounts.isAvailableLoginID", "loginID", "new@example.com"), "0")
	h.zoe()
	if got := h.call(public, "accounts.isAvailableLoginID", "loginID", "ZOE@example.com"); field(got, "isAvailable") != "false" {
		t.Errorf("answer:\n%s", got)
	}
	h.configure(`{"accountOptions":{"preventLoginIDHarvesting":true,"verifyEmail":true}}`, "")
	wantCode(t, h.call(public, "accounts.isAvailableLoginID", "loginID", "new@example.com"), "403026")
	wantCode(t, h.call(server, "accounts.isAvailableLoginID", "loginID", "new@example.com"), "0")
}

func TestRegTokensAreBoundToTheirHourAndKind(t *testing.T) {
	h := newHouse(t)
	pending := field(h.call(public, "accounts.register", "regToken", h.regToken(), "email", "p@example.com", "password", testPass), "regToken")
	initial := h.regToken()
	wantCode(t, h.call(public, "accounts.getAccountInfo", "regToken", initial), "400006")
	wantCode(t, h.call(public, "accounts.register", "regToken", pending, "email", "q@example.com", "password", testPass), "400006")
	lite := field(h.call(public, "accounts.initRegistration", "isLite", "true"), "regToken")
	wantCode(t, h.call(public, "accounts.register", "regToken", lite, "email", "q@example.com", "password", testPass), "400006")
	h.clock.Advance(time.Hour)
	wantCode(t, h.call(public, "accounts.getAccountInfo", "regToken", pending), "400006")
	wantCode(t, h.call(public, "accounts.register", "regToken", initial, "email", "q@example.com", "password", testPass), "400006")
}

func TestParallelChangesOfOneAccountLoseNothing(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	answers := race(t, 32, func(i int) (string, error) {
		return h.try(server, "accounts.setAccountInfo", "UID", testUID, "data", fmt.Sprintf(`{"f%d":%d}`, i, i))
	})
	for _, answer := range answers {
		wantCode(t, answer, "0")
	}
	for i := range 32 {
		if !strings.Contains(string(h.account(testUID).Data), fmt.Sprintf(`"f%d":%d`, i, i)) {
			t.Errorf("f%d is lost", i)
		}
	}
	// The dynamic schema learnt every field: a client may read and a strict check would know them.
	current, err := h.deps.Sites.Site(context.Background(), testKey)
	if err != nil {
		t.Fatal(err)
	}
	if !current.Schema.Has("data.f0") || !current.Schema.Has("data.f31") {
		t.Error("the schema does not know the new fields")
	}
}

func TestGuessesThroughAStolenSessionCountTowardTheLockout(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"security":{"accountLockout":{"failedLoginThreshold":2,"lockoutTimeSec":300}}}`, "")
	session := h.zoe()
	for range 2 {
		wantCode(t, h.call(user(session), "accounts.setAccountInfo", "password", "guess", "newPassword", "battery staple"), "403042")
	}
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "password", testPass, "newPassword", "battery staple"), "403120")
}

func TestFindByAsksForTheKindOfIdentifierThatItNames(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"accountOptions":{"loginIdentifiers":"email,username"}}`, "")
	wantCode(t, h.call(server, "accounts.register", "email", "zoe@example.com", "username", "zoe", "password", testPass, "siteUID", testUID), "206001")
	for findBy, want := range map[string]string{
		`{"_email":"ZOE@example.com"}`: "0", `{"_username":"Zoe"}`: "0", `{"_uid":"` + testUID + `","_email":"nobody@example.com"}`: "0",
		`{"_email":"zoe"}`: "403005", `{"_username":"zoe@example.com"}`: "403005", `{"_Email":"zoe@example.com"}`: "403005",
		`{"_email":["zoe@example.com"]}`: "403005", `{}`: "403005",
	} {
		if got := h.call(server, "accounts.getAccountInfo", "findBy", findBy); code(got) != want {
			t.Errorf("%s: want %s\n%s", findBy, want, got)
		}
	}
}
