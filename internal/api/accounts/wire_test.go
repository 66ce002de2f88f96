package accounts_test

import (
	"testing"

	"github.com/doorward/doorward/doorwardtest"
)

// TestALifeOverTheWire takes one account through a whole server: each call proves that the gateway lets the right
// callers in.
func TestALifeOverTheWire(t *testing.T) {
	d := doorwardtest.New(t)
	call := func(want, method string, params ...string) string {
		t.Helper()
		answer := string(d.Call(method, append([]string{"apiKey", d.APIKey}, params...)...))
		wantCode(t, answer, want)
		return answer
	}
	init := field(call("0", "accounts.initRegistration"), "regToken")
	pending := call("206001", "accounts.register", "regToken", init, "email", "zoe@example.com", "password", testPass)
	call("400006", "accounts.register", "regToken", init, "email", "other@example.com", "password", testPass)
	regToken := field(pending, "regToken")
	call("0", "accounts.setAccountInfo", "regToken", regToken, "profile", `{"firstName":"Zoë"}`)
	call("0", "accounts.getAccountInfo", "regToken", regToken)
	call("0", "accounts.finalizeRegistration", "regToken", regToken)
	call("400006", "accounts.getAccountInfo", "regToken", regToken)

	login := call("0", "accounts.login", "loginID", "zoe@example.com", "password", testPass, "include", "id_token", "regToken", regToken)
	session := field(login, "sessionInfo", "cookieValue")
	if field(login, "id_token") == "" {
		t.Error("no id_token")
	}
	call("0", "accounts.getAccountInfo", "login_token", session)
	call("403005", "accounts.getAccountInfo", "login_token", session, "UID", "somebody")
	call("0", "accounts.setAccountInfo", "login_token", session, "profile", `{"zip":"50667"}`)
	call("0", "accounts.verifyLogin", "login_token", session)
	call("0", "accounts.login", "loginMode", "reAuth", "password", testPass, "login_token", session)
	call("403007", "accounts.getAccountInfo")
	call("403007", "accounts.setAccountInfo", "UID", field(login, "UID"), "profile", `{"zip":"1"}`)
	call("403007", "accounts.deleteAccount", "login_token", session, "UID", field(login, "UID"))
	call("403007", "accounts.notifyLogin", "siteUID", "x")
	call("0", "accounts.logout", "login_token", session)
	call("403005", "accounts.getAccountInfo", "login_token", session)

	call("0", "accounts.deleteAccount", "secret", d.Secret, "UID", field(login, "UID"))
	call("403042", "accounts.login", "loginID", "zoe@example.com", "password", testPass)
}
