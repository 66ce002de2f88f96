package accounts_test

import (
	"testing"

	"github.com/doorward/doorward/internal/store"
)

// lite returns the lite account.
func (h *house) lite(uid string) *store.Account {
	h.t.Helper()
	a, err := h.store.Account(h.t.(*testing.T).Context(), store.LiteGroup(testKey), uid)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

const (
	liteSubscriptions = `{"news":{"email":{"isSubscribed":true}},"offers":{"email":{"isSubscribed":true}}}`
	newsAndOffers     = `{"subscriptionsSchema":{"fields":{"news":{"email":{}},"offers":{"email":{}}}}}`
)

// verify lets a server say that every address of the account is its own.
func (h *house) verify(uid string) {
	h.t.Helper()
	wantCode(h.t.(*testing.T), h.call(server, "accounts.setAccountInfo", "UID", uid, "isVerified", "true"), "0")
}

// The rows of emailAccounts are one for each address, whatever accounts there are of it.
func (h *house) wantAddresses(what, want string) {
	h.t.Helper()
	answer := h.call(server, "accounts.search", "query", "SELECT email, hasFullAccount, hasLiteAccount, subscriptions FROM emailAccounts ORDER BY email")
	if got := compact(h.t.(*testing.T), answer, "results"); got != want {
		h.t.Errorf("%s: addresses\n got %s\nwant %s", what, got, want)
	}
}

func TestALiteAccountAndALaterFullOneShareTheSubscriptions(t *testing.T) {
	for name, begin := range map[string]func(h *house) (full string){
		"registered": func(h *house) string {
			h.zoe("subscriptions", `{"news":{"email":{"isSubscribed":false}}}`)
			h.verify(testUID)
			return testUID
		},
		"imported": func(h *house) string {
			wantCode(h.t.(*testing.T), h.call(server, "accounts.importFullAccount", "UID", testUID, "importPolicy", "insert",
				"loginIDs", `{"emails":["zoe@example.com"]}`, "profile", `{"email":"zoe@example.com"}`, "subscriptions", `{"news":{"email":{"isSubscribed":false}}}`), "0")
			return testUID
		},
		"given as a further address": func(h *house) string {
			answer := h.call(server, "accounts.register", "siteUID", "other", "email", "other@example.com", "password", testPass,
				"subscriptions", `{"news":{"email":{"isSubscribed":false}}}`, "finalizeRegistration", "true")
			wantCode(h.t.(*testing.T), answer, "0")
			wantCode(h.t.(*testing.T), h.call(server, "accounts.setAccountInfo", "UID", "other", "addLoginEmails", "zoe@example.com",
				"profile", `{"email":"zoe@example.com"}`), "0")
			h.verify("other")
			return "other"
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.configure(`{}`, newsAndOffers)
			uid := field(h.call(server, "accounts.importLiteAccount", "email", "Zoe@example.com", "profile", `{"firstName":"L"}`, "subscriptions", liteSubscriptions), "UID")
			h.wantAddresses("before", `[{"email":"zoe@example.com","hasFullAccount":false,"hasLiteAccount":true,"subscriptions":`+liteSubscriptions+`}]`)
			full := begin(h)
			// What the full account says goes before what the lite one said.
			const shared = `{"news":{"email":{"isSubscribed":false}},"offers":{"email":{"isSubscribed":true}}}`
			h.wantAddresses("beside", `[{"email":"zoe@example.com","hasFullAccount":true,"hasLiteAccount":true,"subscriptions":`+shared+`}]`)
			if lite := h.lite(uid); lite.Subscriptions != nil || field(string(lite.Profile), "firstName") != "L" {
				t.Errorf("the lite one has %s %s", lite.Subscriptions, lite.Profile)
			}
			wantCode(t, h.call(server, "accounts.deleteAccount", "UID", uid), "403005")
			wantCode(t, h.call(server, "accounts.deleteAccount", "UID", full), "0")
			h.wantAddresses("after", `[{"email":"zoe@example.com","hasFullAccount":false,"hasLiteAccount":true,"subscriptions":`+shared+`}]`)
		})
	}
}

func TestAnAddressThatIsNoLoginAnyMoreLeavesItsLiteAccount(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "addLoginEmails", "second@example.com,third@example.com"), "0")
	h.verify(testUID)
	for _, email := range []string{"second@example.com", "third@example.com"} {
		wantCode(t, h.call(server, "accounts.importLiteAccount", "email", email, "subscriptions", liteSubscriptions), "0")
	}
	h.wantAddresses("beside", `[{"email":"zoe@example.com","hasFullAccount":true,"hasLiteAccount":true,"subscriptions":`+liteSubscriptions+`}]`)
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "removeLoginEmails", "second@example.com"), "0")
	h.wantAddresses("one left", `[{"email":"second@example.com","hasFullAccount":false,"hasLiteAccount":true,"subscriptions":`+liteSubscriptions+`},`+
		`{"email":"zoe@example.com","hasFullAccount":true,"hasLiteAccount":true,"subscriptions":`+liteSubscriptions+`}]`)
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "removeLoginEmails", "third@example.com"), "0")
	h.wantAddresses("none left", `[{"email":"second@example.com","hasFullAccount":false,"hasLiteAccount":true,"subscriptions":`+liteSubscriptions+`},`+
		`{"email":"third@example.com","hasFullAccount":false,"hasLiteAccount":true,"subscriptions":`+liteSubscriptions+`},`+
		`{"email":"zoe@example.com","hasFullAccount":true,"hasLiteAccount":false,"subscriptions":`+liteSubscriptions+`}]`)
}

func TestTheTokenOfAnAddressStays(t *testing.T) {
	const query = "SELECT token FROM emailAccounts WHERE email = 'zoe@example.com'"
	h := newHouse(t)
	uid := field(h.call(server, "accounts.importLiteAccount", "email", "Zoe@example.com"), "UID")
	own := `[{"token":"` + h.deps.Tokens.EmailToken(store.LiteGroup(testKey), uid) + `"}]`
	if got := compact(t, h.call(server, "accounts.search", "query", query), "results"); got != own {
		t.Errorf("the lite account's %s, want %s", got, own)
	}
	brought := h.lite(uid)
	brought.More = []byte(`{"accountTypes":["lite"],"hasLiteAccount":true,"token":"00ff"}`)
	h.change(func(tx store.Tx) error { return tx.PutAccount(brought) })
	h.zoe()
	h.verify(testUID)
	if got := compact(t, h.call(server, "accounts.search", "query", query), "results"); got != `[{"token":"00ff"}]` {
		t.Errorf("beside a full one %s", got)
	}
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "addLoginEmails", "new@example.com", "profile", `{"email":"new@example.com"}`), "0")
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "removeLoginEmails", "zoe@example.com"), "0")
	if got := compact(t, h.call(server, "accounts.search", "query", "SELECT email FROM emailAccounts WHERE email = 'zoe@example.com'"), "results"); got != `[{"email":"zoe@example.com"}]` {
		t.Errorf("given up %s", got)
	}
	if more := h.account(testUID).More; field(string(more), "token") != "" {
		t.Errorf("the full account keeps %s", more)
	}
}

// A lite account is in nobody's way, and an address of somebody else's is not taken over with it.
func TestAnAddressThatARegistrationDidNotGetKeepsItsLiteAccount(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	h.verify(testUID)
	h.configure(`{"accountOptions":{"preventLoginIDHarvesting":true,"verifyEmail":true}}`, "")
	uid := field(h.call(server, "accounts.importLiteAccount", "email", "zoe@example.com"), "UID")
	answer := h.call(public, "accounts.register", "regToken", h.regToken(), "email", "zoe@example.com", "password", testPass, "siteUID", "thief", "finalizeRegistration", "true")
	if code(answer) == "0" {
		t.Fatalf("let in\n%s", answer)
	}
	if more := h.account("thief").More; field(string(more), "hasLiteAccount") != "" {
		t.Errorf("the account has %s", more)
	}
	if field(string(h.lite(uid).More), "hasFullAccount") != "true" {
		t.Errorf("the lite one has %s", h.lite(uid).More)
	}
}

func TestSetAccountInfoMakesAndChangesLiteAccounts(t *testing.T) {
	h := newHouse(t)
	h.configure(`{}`, `{"dataSchema":{"fields":{"open":{"type":"string","writeAccess":"clientModify"},"closed":{"type":"string"}}},`+
		`"subscriptionsSchema":{"fields":{"news":{"email":{}}}}}`)
	liteToken := func() string {
		return field(h.call(public, "accounts.initRegistration", "isLite", "true"), "regToken")
	}
	token := liteToken()
	set := func(more ...string) string {
		return h.call(public, "accounts.setAccountInfo", append([]string{"regToken", token}, more...)...)
	}
	made := set("profile", `{"email":"Li@example.com","firstName":"Li"}`, "data", `{"open":"x"}`,
		"subscriptions", `{"news":{"email":{"isSubscribed":true,"lastUpdatedSubscriptionState":"2020-01-01T00:00:00Z"}}}`)
	wantCode(t, made, "0")
	uid := field(made, "UID")
	a := h.lite(uid)
	if string(a.Profile) != `{"email":"Li@example.com","firstName":"Li"}` || string(a.Data) != `{"open":"x"}` ||
		string(a.Subscriptions) != `{"news":{"email":{"isSubscribed":true}}}` || a.LoginIDs != nil {
		t.Errorf("made with %s %s %s %s", a.Profile, a.Data, a.Subscriptions, a.LoginIDs)
	}
	// The same token again, and another: the address says which account it is.
	if again := set("profile", `{"email":"li@example.com","lastName":"X"}`); field(again, "UID") != uid {
		t.Errorf("another account:\n%s", again)
	}
	token = liteToken()
	if again := set("profile", `{"email":"li@example.com"}`, "data", `{"open":null}`); field(again, "UID") != uid {
		t.Errorf("another account:\n%s", again)
	}
	if a = h.lite(uid); string(a.Profile) != `{"email":"li@example.com","firstName":"Li","lastName":"X"}` || a.Data != nil {
		t.Errorf("changed to %s %s", a.Profile, a.Data)
	}
	for name, refused := range map[string]struct{ answer, code string }{
		"no address":              {set("profile", `{"firstName":"x"}`), "400002"},
		"no profile":              {set(), "400002"},
		"an address that is none": {set("profile", `{"email":"x"}`), "400006"},
		"a field of servers":      {set("profile", `{"email":"new@example.com"}`, "data", `{"closed":"x"}`), "400009"},
		"an unknown field":        {set("profile", `{"email":"new@example.com"}`, "data", `{"other":"x"}`), "400009"},
		"a read":                  {h.call(public, "accounts.getAccountInfo", "regToken", token), "400006"},
		"a registration":          {h.call(public, "accounts.register", "regToken", token, "email", "q@example.com", "password", testPass), "400006"},
		"a full token":            {h.call(public, "accounts.setAccountInfo", "regToken", h.regToken(), "profile", `{"email":"new@example.com"}`), "400006"},
		"a client by isLite":      {h.call(public, "accounts.setAccountInfo", "isLite", "true", "UID", uid, "profile", `{"city":"x"}`), "403005"},
		"a UID of nobody":         {h.call(server, "accounts.setAccountInfo", "isLite", "true", "UID", "nobody", "profile", `{"city":"x"}`), "403005"},
		"another address":         {h.call(server, "accounts.setAccountInfo", "isLite", "true", "UID", uid, "profile", `{"email":"new@example.com"}`), "400006"},
		"a lite one as a full":    {h.call(server, "accounts.setAccountInfo", "UID", uid, "profile", `{"city":"x"}`), "403005"},
	} {
		if code(refused.answer) != refused.code {
			t.Errorf("%s: want %s\n%s", name, refused.code, refused.answer)
		}
	}
	if n := h.lites(); n != 1 {
		t.Errorf("%d lite accounts", n)
	}
	wantCode(t, h.call(server, "accounts.setAccountInfo", "isLite", "true", "UID", uid, "data", `{"closed":"x"}`), "0")
	if a = h.lite(uid); string(a.Data) != `{"closed":"x"}` {
		t.Errorf("a server leaves %s", a.Data)
	}
}
