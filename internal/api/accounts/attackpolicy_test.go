package accounts_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/store"
)

// switches sets the site's switches.
func (h *house) switches(settings string) {
	h.t.Helper()
	h.change(func(tx store.Tx) error {
		record, err := tx.Site(testKey)
		if err != nil {
			return err
		}
		record.Settings = []byte(settings)
		return tx.PutSite(record)
	})
}

// masked takes out of an answer what is another one in every answer.
func masked(answer string) string {
	for _, name := range []string{"UID", "UIDSignature", "regToken"} {
		if value := field(answer, name); value != "" {
			answer = strings.ReplaceAll(answer, value, name)
		}
	}
	return answer
}

const hidingPolicies = `{"accountOptions":{"verifyEmail":true,"preventLoginIDHarvesting":true,"loginIdentifiers":"email,username"}}`

// attackConcealedToken registers under addresses and names that are free and taken, and does everything that a regToken
// is good for.
func attackConcealedToken(t *testing.T) {
	const everything = "emails,loginIDs,profile,data,identities-all,missing-required-fields,isLockedOut,regSource"
	for name, test := range map[string]struct {
		policies, schema string
		register         []string
	}{
		"an address": {policies: hidingPolicies, register: []string{"email", "zoe@example.com", "finalizeRegistration", "true"}},
		"an address in another spelling, not finalized": {policies: hidingPolicies, register: []string{"email", " ZOE@example.com"}},
		"a user name": {policies: hidingPolicies, register: []string{"email", "NEW", "username", "zoe", "finalizeRegistration", "true"}},
		"an address in the profile": {policies: hidingPolicies,
			register: []string{"email", "NEW", "profile", `{"email":"zoe@example.com"}`, "finalizeRegistration", "true"}},
		"a site that wants a login identifier": {
			policies: strings.TrimSuffix(hidingPolicies, "}") + `,"registration":{"requireLoginID":true}}`,
			register: []string{"email", "zoe@example.com", "finalizeRegistration", "true"}},
		"a field is missing": {policies: hidingPolicies, schema: `{"profileSchema":{"fields":{"lastName":{"required":true}}}}`,
			register: []string{"email", "zoe@example.com", "finalizeRegistration", "true"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := keyed(t)
			h.configure(test.policies, test.schema)
			n := 0
			try := func() []string {
				n++
				params := []string{"regToken", h.regToken(), "password", testPass, "include", everything}
				for _, param := range test.register {
					params = append(params, strings.ReplaceAll(param, "NEW", fmt.Sprintf("new%d@example.com", n)))
				}
				answers := []string{h.call(public, "accounts.register", params...)}
				regToken := field(answers[0], "regToken")
				for _, call := range [][]string{
					{"accounts.getAccountInfo", "include", everything},
					{"accounts.setAccountInfo", "removeLoginEmails", "other@example.com"},
					{"accounts.setAccountInfo", "username", "zoe"},
					{"accounts.setAccountInfo", "profile", `{"email":"zoe@example.com","firstName":"Zoe"}`, "data", `{"a":1}`},
					{"accounts.setAccountInfo", "addLoginEmails", "zoe@example.com"},
					{"accounts.setAccountInfo", "password", "wrong", "newPassword", "battery staple"},
					{"accounts.setAccountInfo", "password", testPass, "newPassword", "battery staple"},
					{"accounts.getAccountInfo", "include", everything},
					{"accounts.finalizeRegistration", "include", everything},
					{"accounts.finalizeRegistration", "include", everything + ",id_token", "targetEnv", "mobile"},
				} {
					answers = append(answers, h.call(public, call[0], append(call[1:], "regToken", regToken)...))
				}
				for i := range answers {
					answers[i] = strings.ReplaceAll(masked(answers[i]), fmt.Sprintf("new%d@", n), "new@")
				}
				return answers
			}
			fresh := try()
			for i, taken := range try() {
				if fresh[i] != taken {
					t.Errorf("call %d, free:\n%s\ntaken:\n%s", i, fresh[i], taken)
				}
			}
		})
	}
}

// attackConcealedAccount looks at what an account that was made under somebody's address can become.
func attackConcealedAccount(t *testing.T) {
	h := newHouse(t)
	h.configure(hidingPolicies, "")
	wantCode(t, h.call(server, "accounts.register", "email", "zoe@example.com", "password", testPass, "siteUID", testUID, "finalizeRegistration", "true"), "206002")
	got := h.call(public, "accounts.register", "regToken", h.regToken(), "email", "zoe@example.com", "password", "battery staple", "finalizeRegistration", "true")
	wantCode(t, got, "206002")
	other := field(got, "UID")
	if other == testUID {
		t.Fatal("the account of another is answered")
	}
	wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", "battery staple"), "403042")
	// A server that verifies whatever it is asked to does not give the address away, nor let the account in.
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", other, "isVerified", "true"), "0")
	a := h.account(other)
	if emails := account.ParseEmails(a.Emails); len(emails.Verified) > 0 || a.Verified != 0 {
		t.Errorf("verified %d, emails %s", a.Verified, a.Emails)
	}
	wantCode(t, h.call(public, "accounts.finalizeRegistration", "regToken", field(got, "regToken")), "206002")
	if owner, err := h.store.Owner(context.Background(), testKey, account.LoginIdentifier("zoe@example.com")); err != nil || owner != testUID {
		t.Errorf("the address belongs to %s, %v", owner, err)
	}
	// It ends without taking anything along.
	wantCode(t, h.call(server, "accounts.deleteAccount", "UID", other), "0")
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "isVerified", "true"), "0")
	wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", testPass), "0")
	// With an address of its own it is an account like any other, once it shows that one.
	got = h.call(public, "accounts.register", "regToken", h.regToken(), "email", "zoe@example.com", "password", "battery staple", "finalizeRegistration", "true")
	wantCode(t, h.call(public, "accounts.setAccountInfo", "regToken", field(got, "regToken"), "addLoginEmails", "two@example.com"), "0")
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", field(got, "UID"), "isVerified", "true"), "0")
	wantCode(t, h.call(public, "accounts.login", "loginID", "two@example.com", "password", "battery staple"), "206002")
	got = h.call(public, "accounts.register", "regToken", h.regToken(), "email", "zoe@example.com", "password", "battery staple", "finalizeRegistration", "true")
	wantCode(t, h.call(public, "accounts.setAccountInfo", "regToken", field(got, "regToken"), "profile", `{"email":"own@example.com"}`), "0")
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", field(got, "UID"), "isVerified", "true"), "0")
	if emails := account.ParseEmails(h.account(field(got, "UID")).Emails); strings.Join(emails.Verified, ",") != "own@example.com" {
		t.Errorf("verified addresses %v", emails.Verified)
	}
	got = h.call(public, "accounts.login", "loginID", "own@example.com", "password", "battery staple")
	wantCode(t, got, "0")
	// Who was let in once cannot put somebody's address into their profile.
	session := field(got, "sessionInfo", "cookieValue")
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "profile", `{"email":"zoe@example.com"}`), "400009")
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "addLoginEmails", "zoe@example.com"), "400009")
	// Where unverified users are let in, there is no such account at all.
	h.configure(`{"accountOptions":{"verifyEmail":true,"allowUnverifiedLogin":true,"preventLoginIDHarvesting":true}}`, "")
	for _, finalize := range []string{"true", "false"} {
		got = h.call(public, "accounts.register", "regToken", h.regToken(), "email", "zoe@example.com", "password", "battery staple", "finalizeRegistration", finalize)
		if code(got) != "206002" && code(got) != "206001" {
			t.Errorf("finalizeRegistration %s:\n%s", finalize, got)
		}
		wantCode(t, h.call(public, "accounts.finalizeRegistration", "regToken", field(got, "regToken")), "400006")
	}
}

// attackDisabledAccount disables an account that is logged in.
func attackDisabledAccount(t *testing.T) {
	for name, test := range map[string]struct {
		settings string
		lives    bool
	}{"as documented": {"", true}, "with the switch": {`{"disablingEndsSessions":true}`, false}} {
		h := newHouse(t)
		h.switches(test.settings)
		session := h.zoe()
		h.meanwhileChange(func(a *store.Account) { a.Secrets.MustChangePassword = true })
		token := field(h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", testPass), "regToken")
		wantCode(t, h.call(public, "accounts.getAccountInfo", "regToken", token), "0")
		wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "isActive", "false"), "0")
		if _, err := h.deps.Sessions.Find(context.Background(), testKey, session); (err == nil) != test.lives {
			t.Errorf("%s: the session: %v", name, err)
		}
		wantCode(t, h.call(public, "accounts.getAccountInfo", "regToken", token), "400006")
		wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", testPass), "403041")
		// Enabled again, neither of them is alive that was dead.
		wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "isActive", "true"), "0")
		if _, err := h.deps.Sessions.Find(context.Background(), testKey, session); (err == nil) != test.lives {
			t.Errorf("%s: enabled again, the session: %v", name, err)
		}
		wantCode(t, h.call(public, "accounts.getAccountInfo", "regToken", token), "400006")
	}
}

// meanwhileChange changes the account at once.
func (h *house) meanwhileChange(change func(a *store.Account)) {
	h.t.Helper()
	h.change(func(tx store.Tx) error {
		a, err := tx.Account(testKey, testUID)
		if err != nil {
			return err
		}
		change(a)
		return tx.PutAccount(a)
	})
}

// attackChosenUID takes the UID under which the site will vouch for somebody else.
func attackChosenUID(t *testing.T) {
	for settings, squatted := range map[string]bool{"": true, `{"ownUIDsOnly":true}`: false} {
		h := newHouse(t)
		h.switches(settings)
		got := h.call(public, "accounts.register", "regToken", h.regToken(), "email", "mallory@example.com", "password", testPass,
			"siteUID", "customer-7", "finalizeRegistration", "true")
		wantCode(t, got, "0")
		if (field(got, "UID") == "customer-7") != squatted {
			t.Errorf("%s: UID %s", settings, field(got, "UID"))
		}
		got = h.call(server, "accounts.notifyLogin", "siteUID", "customer-7")
		wantCode(t, got, "0")
		if newUser := field(got, "newUser"); newUser == "true" == squatted {
			t.Errorf("%s: newUser %s", settings, newUser)
		}
		// Servers choose as before.
		got = h.call(server, "accounts.register", "email", "zoe@example.com", "password", testPass, "siteUID", "customer-8", "finalizeRegistration", "true")
		if field(got, "UID") != "customer-8" {
			t.Errorf("%s: a server's UID is %s", settings, field(got, "UID"))
		}
	}
}

// attackUnknownParameters sends as many parameters without a meaning as a request holds.
func attackUnknownParameters(t *testing.T) {
	h := newHouse(t)
	var params []string
	sent := 0
	for i := range 990 {
		name := fmt.Sprintf("%d", i)
		params, sent = append(params, name, ""), sent+len(name)+1
	}
	got := h.call(server, "accounts.getSchema", params...)
	wantCode(t, got, "0")
	plain := h.call(server, "accounts.getSchema")
	if more := len(got) - len(plain); more > 6*sent || strings.Count(got, `"paramName"`) != 50 {
		t.Errorf("%d bytes of names make an answer %d longer, with %d of them", sent, more, strings.Count(got, `"paramName"`))
	}
	if !strings.Contains(got, `"paramName": "0"`) || !strings.Contains(got, `"paramName": "49"`) {
		t.Error("the first ones are not named")
	}
}

func TestNotifyLoginOpensASessionForAsLongAsThePolicySays(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"gigyaPlugins":{"sessionExpiration":120}}`, "")
	for chosen, want := range map[string]string{"": "120", "60": "60", "0": "0"} {
		params := []string{"siteUID", "zoe", "targetEnv", "mobile"}
		if chosen != "" {
			params = append(params, "sessionExpiration", chosen)
		}
		got := h.call(server, "accounts.notifyLogin", params...)
		if expires := field(got, "sessionInfo", "expires_in"); expires != want {
			t.Errorf("sessionExpiration %q: expires_in %q, want %q", chosen, expires, want)
		}
	}
}

// attackSpray tries one password at many accounts, and many at one, from everywhere.
func attackSpray(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"security":{"accountLockout":{"failedLoginThreshold":3,"lockoutTimeSec":300}}}`, "")
	for i := range 20 {
		wantCode(t, h.call(server, "accounts.register", "email", fmt.Sprintf("u%d@example.com", i), "password", testPass,
			"siteUID", fmt.Sprintf("u%d", i), "finalizeRegistration", "true"), "0")
	}
	for range 2 {
		for i := range 20 {
			wantCode(t, h.call(public, "accounts.login", "loginID", fmt.Sprintf("u%d@example.com", i), "password", "Summer2026!"), "403042")
		}
	}
	// No account was hit often enough to be locked: everybody still gets in.
	for i := range 20 {
		wantCode(t, h.call(public, "accounts.login", "loginID", fmt.Sprintf("u%d@example.com", i), "password", testPass), "0")
	}
}

// attackLockedOutOnPurpose fails at somebody's account for as long as it takes.
func attackLockedOutOnPurpose(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"security":{"accountLockout":{"failedLoginThreshold":3,"lockoutTimeSec":300}}}`, "")
	session := h.zoe()
	for range 3 {
		wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", "wrong"), "403042")
	}
	until := h.account(testUID).Secrets.LockedUntil
	for range 50 {
		h.clock.Advance(5 * time.Second)
		wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", "wrong"), "403120")
	}
	if h.account(testUID).Secrets.LockedUntil != until {
		t.Error("failures during a lock make it longer")
	}
	// Who is logged in stays so, and a server lets them in again.
	wantCode(t, h.call(user(session), "accounts.getAccountInfo"), "0")
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "isLockedOut", "false"), "0")
	wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", testPass), "0")
	for range 3 {
		h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", "wrong")
	}
	h.clock.Set(h.account(testUID).Secrets.LockedUntil.Time())
	wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", testPass), "0")
}
