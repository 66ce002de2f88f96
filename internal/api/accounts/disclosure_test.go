package accounts_test

import (
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/api/apitest"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

const lockAfterTwo = `"security":{"accountLockout":{"failedLoginThreshold":2,"lockoutTimeSec":300}}`

// TestGuessesAtOnceAreNoMoreThanTheThreshold: of guesses that were sent together, those that are proven after the lock must not
// tell which was right, or the threshold would bound nothing.
func TestGuessesAtOnceAreNoMoreThanTheThreshold(t *testing.T) {
	lock := func(a *store.Account) { a.Secrets.LockedUntil = clock.FromTime(testTime.Add(time.Hour)) }
	for name, test := range map[string]struct{ policies, want string }{
		"told":   {`{` + lockAfterTwo + `}`, "403120"},
		"hidden": {`{"accountOptions":{"preventLoginIDHarvesting":true,"verifyEmail":true},` + lockAfterTwo + `}`, "403042"},
	} {
		t.Run(name, func(t *testing.T) {
			for method, params := range map[string][]string{
				"accounts.login":          {"loginID", "zoe@example.com"},
				"accounts.setAccountInfo": {"newPassword", "battery staple"},
			} {
				answers := map[string]string{}
				for _, given := range []string{testPass, "wrong"} {
					h := newHouse(t)
					session := h.zoe()
					h.configure(test.policies, "")
					by := who(public)
					if method != "accounts.login" {
						by = user(session)
					}
					h.meanwhile(lock)
					answers[given] = h.call(by, method, append(params, "password", given)...)
				}
				wantCode(t, answers["wrong"], test.want)
				if answers["wrong"] != answers[testPass] {
					t.Errorf("%s: the right password is answered\n%s\na wrong one\n%s", method, answers[testPass], answers["wrong"])
				}
			}
		})
	}
}

func TestALockEndsNobodysSession(t *testing.T) {
	h := newHouse(t)
	h.configure(`{`+lockAfterTwo+`}`, "")
	session := h.zoe()
	for range 2 {
		wantCode(t, h.login("loginID", "zoe@example.com", "password", "wrong"), "403042")
	}
	wantCode(t, h.login("loginID", "zoe@example.com", "password", testPass), "403120")
	// An app that hears of a lock here forgets its session: anybody could log anybody out.
	wantCode(t, h.call(user(session), "accounts.verifyLogin"), "0")
	h.change(func(tx store.Tx) error {
		a, err := tx.Account(testKey, testUID)
		if err != nil {
			return err
		}
		account.Unlock(&a.Secrets)
		a.IsActive = false
		return tx.PutAccount(a)
	})
	wantCode(t, h.call(user(session), "accounts.verifyLogin"), "403041")
}

// TestAVouchedLoginThatIsHeldBackLeavesItsRecordInItsChange: what it changed stands, so its record must.
func TestAVouchedLoginThatIsHeldBackLeavesItsRecordInItsChange(t *testing.T) {
	h := newHouse(t)
	h.configure("", `{"profileSchema":{"fields":{"zip":{"required":true}}}}`)
	var ended []gigya.Code
	call := apitest.Call{APIKey: testKey, By: apitest.Server(), Method: "accounts.notifyLogin", Params: []string{"siteUID", "new"}}
	call.Ending = func(failure *gigya.Error) *store.Audit {
		code := gigya.Code(0)
		if failure != nil {
			code = failure.Code
		}
		ended = append(ended, code)
		return nil
	}
	answer, _, err := h.Call(call)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, apitest.Text(answer), "206001")
	if len(ended) != 1 || ended[0] != gigya.AccountPendingRegistration {
		t.Errorf("records %v, want one of 206001", ended)
	}
	h.account("new")
}

// TestAFormOfANewsletterTellsNothingWhereAddressesAreHidden: a UID says when its account was made.
func TestAFormOfANewsletterTellsNothingWhereAddressesAreHidden(t *testing.T) {
	h := newHouse(t)
	wantCode(t, h.call(server, "accounts.importLiteAccount", "email", "known@example.com"), "0")
	h.clock.Advance(time.Hour)
	set := func(by who, email string) string {
		token := field(h.call(public, "accounts.initRegistration", "isLite", "true"), "regToken")
		return h.call(by, "accounts.setAccountInfo", "regToken", token, "profile", `{"email":"`+email+`"}`)
	}
	if field(set(public, "known@example.com"), "UID") == "" {
		t.Error("no UID where nothing is hidden")
	}
	h.configure(`{"accountOptions":{"preventLoginIDHarvesting":true,"verifyEmail":true}}`, "")
	known, fresh := set(public, "known@example.com"), set(public, "new@example.com")
	wantCode(t, known, "0")
	if known != fresh {
		t.Errorf("an address that is known is answered\n%s\na new one\n%s", known, fresh)
	}
	if field(set(server, "known@example.com"), "UID") == "" {
		t.Error("a server is told no UID")
	}
}
