package accounts_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/store"
)

func (h *house) login(params ...string) string {
	h.t.Helper()
	return h.call(public, "accounts.login", params...)
}

func TestLoginIDTokenSaysThatTheUserIsLoggedIn(t *testing.T) {
	h := newHouse(t)
	h.sign()
	h.zoe()
	got := field(h.login("loginID", "zoe@example.com", "password", testPass, "include", "id_token"), "id_token")
	parts := strings.Split(got, ".")
	if len(parts) != 3 {
		t.Fatalf("id_token = %q", got)
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	want := `{"iss":"https://fidm.gigya.com/jwt/` + testKey + `/","apiKey":"` + testKey + `","iat":1772446530,"exp":1772446830,"sub":"` + testUID + `","isLoggedIn":true}`
	if string(claims) != want {
		t.Errorf("claims = %s\nwant %s", claims, want)
	}
}

func TestLoginRefusals(t *testing.T) {
	tests := []struct {
		name     string
		policies string
		params   []string
		code     string
	}{
		{name: "passwords are off", policies: `{"authentication":{"methods":{"password":{"enabled":false}}}}`, code: "403300"},
		{name: "link is not served", params: []string{"loginMode", "link", "regToken", "x"}, code: "400006"},
		{name: "unknown mode", params: []string{"loginMode", "other"}, code: "400006"},
		{name: "reAuth without a session", params: []string{"loginMode", "reAuth"}, code: "403005"},
		{name: "no login ID", params: []string{"loginID", ""}, code: "400002"},
		{name: "addresses do not log in", policies: `{"accountOptions":{"loginIdentifiers":"username"}}`, code: "403042"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t)
			h.zoe()
			h.configure(test.policies, "")
			wantCode(t, h.login(append([]string{"loginID", "zoe@example.com", "password", testPass}, test.params...)...), test.code)
		})
	}
}

func TestLoginInterruptions(t *testing.T) {
	tests := []struct {
		name     string
		policies string
		schema   string
		change   func(a *store.Account)
		want     string
	}{
		{name: "disabled", change: func(a *store.Account) { a.IsActive = false }, want: "403041"},
		{name: "locked", change: func(a *store.Account) { a.Secrets.LockedUntil = 1772446531000 }, want: "403120"},
		{name: "password to be changed", change: func(a *store.Account) { a.Secrets.MustChangePassword = true }, want: "403100"},
		{name: "password too old", policies: `{"security":{"passwordChangeInterval":30}}`, change: func(a *store.Account) {
			a.Secrets.PasswordCreated -= 31 * 86400000
		}, want: "403100"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t)
			h.zoe()
			h.configure(test.policies, test.schema)
			h.change(func(tx store.Tx) error {
				a, err := tx.Account(testKey, testUID)
				if err != nil {
					return err
				}
				test.change(a)
				return tx.PutAccount(a)
			})
			wantCode(t, h.login("loginID", "zoe@example.com", "password", testPass), test.want)
			if test.name != "locked" {
				wantCode(t, h.login("loginID", "zoe@example.com", "password", "wrong"), "403042")
			}
		})
	}
}

func TestARequiredFieldThatComesLaterHoldsALoginBack(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	h.configure("", `{"profileSchema":{"fields":{"zip":{"required":true}}}}`)
	got := h.login("loginID", "zoe@example.com", "password", testPass)
	wantCode(t, got, "206001")
	if field(got, "errorDetails") != "Missing required fields for registration: zip" || field(got, "isRegistered") != "true" || field(got, "newUser") != "false" {
		t.Errorf("answer:\n%s", got)
	}
	if strings.Contains(got, "cookieValue") || strings.Contains(got, "id_token") {
		t.Error("a session was opened")
	}
	regToken := field(got, "regToken")
	wantCode(t, h.call(public, "accounts.setAccountInfo", "regToken", regToken, "profile", `{"zip":"50667"}`), "0")
	done := h.call(public, "accounts.finalizeRegistration", "regToken", regToken)
	wantCode(t, done, "0")
	if field(done, "newUser") != "false" {
		t.Error("a user of old is called new")
	}
}

func TestLockout(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"security":{"accountLockout":{"failedLoginThreshold":3,"lockoutTimeSec":300}}}`, "")
	h.zoe()
	pending := func() string { return h.login("loginID", "zoe@example.com", "password", testPass) }
	for _, loginID := range []string{"zoe@example.com", "ZOE@example.com"} {
		wantCode(t, h.login("loginID", loginID, "password", "wrong"), "403042")
	}
	wantCode(t, pending(), "0")
	for range 3 {
		wantCode(t, h.login("loginID", "zoe@example.com", "password", "wrong"), "403042")
	}
	wantCode(t, pending(), "403120")
	before := h.account(testUID).Secrets.LockedUntil
	h.clock.Advance(299 * time.Second)
	wantCode(t, h.login("loginID", "zoe@example.com", "password", "wrong"), "403120")
	if h.account(testUID).Secrets.LockedUntil != before {
		t.Error("a failure during the lock made it longer")
	}
	h.clock.Advance(time.Second)
	wantCode(t, pending(), "0")
	h.change(func(tx store.Tx) error { // A server lifts a lock.
		a, err := tx.Account(testKey, testUID)
		if err != nil {
			return err
		}
		a.Secrets.LockedUntil = a.LastLogin + 1000000
		return tx.PutAccount(a)
	})
	wantCode(t, pending(), "403120")
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "isLockedOut", "false"), "0")
	wantCode(t, pending(), "0")
}

func TestThePreviousPasswordIsToldIfAHistoryIsKept(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"security":{"passwordHistorySize":2}}`, "")
	session := h.zoe()
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "password", testPass, "newPassword", "battery staple"), "0")
	wantCode(t, h.login("loginID", "zoe@example.com", "password", testPass), "401030")
	wantCode(t, h.login("loginID", "zoe@example.com", "password", "battery staple"), "0")
	got := h.call(user(session), "accounts.setAccountInfo", "password", "battery staple", "newPassword", testPass)
	wantCode(t, got, "401030")
}

func TestReAuthProvesThePasswordOfTheSessionsUser(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	wantCode(t, h.call(user(session), "accounts.login", "loginMode", "reAuth", "loginID", "other@example.com", "password", testPass), "0")
	wantCode(t, h.call(user(session), "accounts.login", "loginMode", "reAuth", "password", "wrong"), "403042")
}

func TestSessionExpiration(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"gigyaPlugins":{"sessionExpiration":120}}`, "")
	h.zoe()
	tests := []struct{ chosen, env, want string }{
		{"", "browser", "120"}, {"", "mobile", "120"}, {"30", "jssdk", "30"}, {"-2", "mobile", "0"}, {"-1", "browser", ""}, {"0", "mobile", "0"},
	}
	for _, test := range tests {
		got := h.login("loginID", "zoe@example.com", "password", testPass, "sessionExpiration", test.chosen, "targetEnv", test.env)
		if expires := field(got, "sessionInfo", "expires_in"); expires != test.want {
			t.Errorf("sessionExpiration %q, %s: expires_in = %q, want %q", test.chosen, test.env, expires, test.want)
		}
	}
}

func TestLogoutEndsTheSession(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	second := field(h.login("loginID", "zoe@example.com", "password", testPass), "sessionInfo", "cookieValue")
	wantCode(t, h.call(user(session), "accounts.logout"), "0")
	if by := user(session)(h); by.UID != "" {
		t.Error("the session lives on")
	}
	if by := user(second)(h); by.UID == "" {
		t.Error("another session of the user was ended")
	}
	wantCode(t, h.call(server, "accounts.logout", "UID", testUID), "0")
	if by := user(second)(h); by.UID != "" {
		t.Error("a server's logout left a session")
	}
	wantCode(t, h.call(server, "accounts.logout", "UID", "nobody"), "403005")
	wantCode(t, h.call(server, "accounts.logout"), "400002")
}

func TestVerifyLoginHoldsTheSessionAgainstTheRules(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	before := h.account(testUID).Rev
	got := h.call(user(session), "accounts.verifyLogin")
	wantCode(t, got, "0")
	if field(got, "data") != "{}" || field(got, "sessionInfo") != "" {
		t.Errorf("answer:\n%s", got)
	}
	h.configure(`{"accountOptions":{"verifyEmail":true}}`, "")
	wantCode(t, h.call(user(session), "accounts.verifyLogin"), "206002")
	if h.account(testUID).Rev != before {
		t.Error("the account was written")
	}
	wantCode(t, h.call(user(session), "accounts.verifyLogin", "UID", "somebody"), "403005")
}

func TestNotifyLoginMakesTheAccountOnce(t *testing.T) {
	h := newHouse(t)
	got := h.call(server, "accounts.notifyLogin", "siteUID", "shop-1")
	wantCode(t, got, "0")
	if field(got, "newUser") != "true" || field(got, "sessionInfo", "cookiePath") != "/" || field(got, "isRegistered") != "true" ||
		!strings.Contains(got, `"providerUID": "shop-1"`) {
		t.Errorf("answer:\n%s", got)
	}
	got = h.call(server, "accounts.notifyLogin", "siteUID", "shop-1", "targetEnv", "mobile")
	if field(got, "newUser") != "false" || field(got, "sessionInfo", "sessionSecret") == "" {
		t.Errorf("answer:\n%s", got)
	}
	wantCode(t, h.call(server, "accounts.notifyLogin"), "400002")
	wantCode(t, h.call(server, "accounts.notifyLogin", "siteUID", "a b"), "400006")
	wantCode(t, h.call(server, "accounts.notifyLogin", "providerSessions", "{}"), "400096")
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", "shop-1", "isActive", "false"), "0")
	wantCode(t, h.call(server, "accounts.notifyLogin", "siteUID", "shop-1", "skipValidation", "true"), "403041")
}
