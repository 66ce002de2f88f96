package accounts_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// squeezed returns the whole answer without blanks.
func squeezed(t *testing.T, answer string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(answer)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// sameMembers tells whether two objects are the same but for the order of their members.
func sameMembers(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && cmp.Equal(x, y)
}

// liteZoe makes the lite account of zoe@example.com and returns its UID.
func (h *house) liteZoe(more ...string) string {
	h.t.Helper()
	answer := h.call(server, "accounts.importLiteAccount", append([]string{"email", "Zoe@example.com", "subscriptions", liteSubscriptions}, more...)...)
	wantCode(h.t.(*testing.T), answer, "0")
	return field(answer, "UID")
}

// liteToken returns the token of the lite account of zoe@example.com.
func (h *house) liteToken(more ...string) string {
	h.t.Helper()
	answer := h.call(server, "accounts.getLiteToken", append([]string{"email", "zoe@EXAMPLE.com"}, more...)...)
	wantCode(h.t.(*testing.T), answer, "0")
	return field(answer, "token")
}

const (
	ofOpenData   = `{"dataSchema":{"fields":{"open":{"type":"string","writeAccess":"clientModify"},"once":{"type":"string","writeAccess":"clientCreate"},"closed":{"type":"string"}}},`
	openAndNews  = ofOpenData + `"subscriptionsSchema":{"fields":{"news":{"email":{}},"offers":{"email":{}}}}}`
	aboutLiteZoe = `{"callId":"CALLID","errorCode":0,"apiVersion":2,"statusCode":200,"statusReason":"OK","time":"2026-03-02T10:15:30.000Z",`
)

func TestTheTokenOfALiteAccountReadsAndChangesIt(t *testing.T) {
	h := newHouse(t)
	h.configure(`{}`, openAndNews)
	uid := h.liteZoe("profile", `{"firstName":"Zoë","bio":"long"}`, "data", `{"open":"a","closed":"c"}`)
	token := h.liteToken()
	read := func(more ...string) string {
		return h.call(public, "accounts.getAccountInfo", append([]string{"regToken", token}, more...)...)
	}
	for name, test := range map[string]struct {
		params []string
		want   string
	}{
		"all of it": {nil, `{"UID":"` + uid + `","data":{"open":"a","closed":"c"},"email":"zoe@example.com","hasFullAccount":false,"hasLiteAccount":true,` +
			`"preferences":{},"profile":{"firstName":"Zoë","email":"Zoe@example.com"},"subscriptions":` + liteSubscriptions + `}`},
		"a part": {[]string{"include", "profile,loginIDs,password,internal", "extraProfileFields", "bio"},
			`{"UID":"` + uid + `","email":"zoe@example.com","hasFullAccount":false,"hasLiteAccount":true,"profile":{"firstName":"Zoë","bio":"long","email":"Zoe@example.com"}}`},
	} {
		want := strings.TrimSuffix(aboutLiteZoe, ",") + "," + test.want[1:]
		if got := squeezed(t, read(test.params...)); got != want {
			t.Errorf("%s\n got %s\nwant %s", name, got, want)
		}
	}
	set := func(more ...string) string {
		return h.call(public, "accounts.setAccountInfo", append([]string{"regToken", token}, more...)...)
	}
	answer := set("profile", `{"lastName":"E"}`, "data", `{"open":"b","once":"1"}`, "subscriptions", `{"news":{"email":{"isSubscribed":false}}}`)
	if wantCode(t, answer, "0"); field(answer, "UID") != uid {
		t.Errorf("changed another account:\n%s", answer)
	}
	// What a client may create it may modify, in a lite account.
	wantCode(t, set("data", `{"once":"2"}`), "0")
	if a := h.lite(uid); string(a.Data) != `{"open":"b","closed":"c","once":"2"}` || field(string(a.Profile), "lastName") != "E" ||
		field(string(a.Profile), "email") != "Zoe@example.com" {
		t.Errorf("changed to %s %s", a.Profile, a.Data)
	}
	for name, refused := range map[string]struct{ answer, code string }{
		"a field of servers":              {set("data", `{"closed":"x"}`), "400009"},
		"another address":                 {set("profile", `{"email":"new@example.com"}`), "400006"},
		"as a finished registration":      {h.call(public, "accounts.finalizeRegistration", "regToken", token), "400006"},
		"signed, with a field of servers": {h.call(server, "accounts.setAccountInfo", "regToken", token, "data", `{"closed":"x"}`), "400009"},
	} {
		if code(refused.answer) != refused.code {
			t.Errorf("%s: want %s\n%s", name, refused.code, refused.answer)
		}
	}
	if n := h.lites(); n != 1 {
		t.Errorf("%d lite accounts", n)
	}
}

func TestGetLiteToken(t *testing.T) {
	h := newHouse(t)
	h.liteZoe()
	row := h.call(server, "accounts.search", "query", "SELECT token FROM emailAccounts")
	emailToken := field(strings.Trim(field(row, "results"), "[] \n"), "token")
	for name, test := range map[string]struct {
		params []string
		code   string
	}{
		"by the address":           {[]string{"email", "zoe@example.com"}, "0"},
		"by the token of its row":  {[]string{"emailToken", emailToken}, "0"},
		"for a day":                {[]string{"email", "zoe@example.com", "sessionExpiration", "86400"}, "0"},
		"neither":                  {nil, "400002"},
		"both":                     {[]string{"email", "zoe@example.com", "emailToken", emailToken}, "400006"},
		"another address":          {[]string{"email", "nobody@example.com"}, "404000"},
		"another token":            {[]string{"emailToken", strings.Repeat("0", 64)}, "404000"},
		"no token at all":          {[]string{"emailToken", "x"}, "404000"},
		"a life that is over":      {[]string{"email", "zoe@example.com", "sessionExpiration", "0"}, "400006"},
		"a life without an end":    {[]string{"email", "zoe@example.com", "sessionExpiration", "99999999"}, "400006"},
		"a life that is no number": {[]string{"email", "zoe@example.com", "sessionExpiration", "x"}, "400004"},
	} {
		answer := h.call(server, "accounts.getLiteToken", test.params...)
		if code(answer) != test.code || (field(answer, "token") != "") != (test.code == "0") {
			t.Errorf("%s: want %s\n%s", name, test.code, answer)
		}
	}
	if m, _ := h.Methods.Lookup("accounts.getLiteToken"); public(h).Permitted(m.Spec.Callers, m.Right()) {
		t.Error("clients may ask for tokens of lite accounts")
	}
}

func TestATokenOfALiteAccountEnds(t *testing.T) {
	for name, test := range map[string]struct {
		life string
		end  func(h *house, uid string)
		dead bool
	}{
		"not before its hour":        {"", func(h *house, _ string) { h.clock.Advance(time.Hour - time.Second) }, false},
		"after its hour":             {"", func(h *house, _ string) { h.clock.Advance(time.Hour) }, true},
		"not before the time it got": {"7200", func(h *house, _ string) { h.clock.Advance(2*time.Hour - time.Second) }, false},
		"after the time it got":      {"60", func(h *house, _ string) { h.clock.Advance(time.Minute) }, true},
		"when the account is deleted": {"", func(h *house, uid string) {
			wantCode(h.t.(*testing.T), h.call(server, "accounts.deleteLiteAccount", "emailAccountToken", h.deps.Tokens.EmailToken(store.LiteGroup(testKey), uid)), "0")
		}, true},
		"when somebody registers and proves the address": {"", func(h *house, _ string) { h.zoe(); h.verify(testUID) }, true},
		"not when somebody merely registers":             {"", func(h *house, _ string) { h.zoe() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			uid := h.liteZoe()
			var params []string
			if test.life != "" {
				params = []string{"sessionExpiration", test.life}
			}
			text := h.liteToken(params...)
			test.end(h, uid)
			want := "0"
			if test.dead {
				want = "400006"
			}
			for _, method := range []string{"accounts.getAccountInfo", "accounts.setAccountInfo", "accounts.initProgression"} {
				if answer := h.call(public, method, "regToken", text); code(answer) != want {
					t.Errorf("%s: want %s\n%s", method, want, answer)
				}
			}
		})
	}
}

func TestDeleteLiteAccount(t *testing.T) {
	rowToken := func(h *house) string {
		answer := h.call(server, "accounts.search", "query", "SELECT token FROM emailAccounts WHERE email = 'zoe@example.com'")
		return field(strings.Trim(field(answer, "results"), "[] \n"), "token")
	}
	t.Run("alone", func(t *testing.T) {
		h := newHouse(t)
		h.liteZoe()
		emailToken := rowToken(h)
		wantCode(t, h.call(server, "accounts.deleteLiteAccount"), "400002")
		wantCode(t, h.call(server, "accounts.deleteLiteAccount", "emailAccountToken", "x"), "404000")
		wantCode(t, h.call(server, "accounts.deleteLiteAccount", "emailAccountToken", emailToken), "0")
		wantCode(t, h.call(server, "accounts.deleteLiteAccount", "emailAccountToken", emailToken), "404000")
		h.wantAddresses("nothing", `[]`)
		// The address is free for another.
		h.liteZoe()
	})
	t.Run("beside a full account", func(t *testing.T) {
		h := newHouse(t)
		uid := h.liteZoe()
		h.zoe()
		h.verify(testUID)
		wantCode(t, h.call(server, "accounts.deleteLiteAccount", "emailAccountToken", rowToken(h)), "0")
		h.wantAddresses("the full one", `[{"email":"zoe@example.com","hasFullAccount":true,"hasLiteAccount":false,"subscriptions":`+liteSubscriptions+`}]`)
		if more := h.account(testUID).More; more != nil {
			t.Errorf("the full one has %s", more)
		}
		if n := h.lites(); n != 0 {
			t.Errorf("%d lite accounts, %s among them", n, uid)
		}
		wantCode(t, h.call(server, "accounts.deleteLiteAccount", "emailAccountToken", rowToken(h)), "404000")
	})
	t.Run("of a token from elsewhere", func(t *testing.T) {
		h := newHouse(t)
		uid := h.liteZoe()
		lite := h.lite(uid)
		lite.More = []byte(`{"accountTypes":["lite"],"hasLiteAccount":true,"token":"00ff"}`)
		h.change(func(tx store.Tx) error {
			if err := tx.ClaimIdentifier(lite.Group, store.Identifier{Space: account.EmailTokenSpace, Value: "00ff"}, uid); err != nil {
				return err
			}
			return tx.PutAccount(lite)
		})
		h.zoe()
		h.verify(testUID)
		if rowToken(h) != "00ff" {
			t.Errorf("the row has %s", rowToken(h))
		}
		wantCode(t, h.call(server, "accounts.deleteLiteAccount", "emailAccountToken", "00ff"), "0")
		if more := h.account(testUID).More; more != nil || rowToken(h) == "00ff" {
			t.Errorf("the full one has %s", more)
		}
	})
}

// Whoever registers with somebody's address, and has not proved that it is theirs, learns nothing of the lite account.
func TestAnAddressThatIsNotVerifiedBringsNothingOfItsLiteAccount(t *testing.T) {
	h := newHouse(t)
	h.configure(`{}`, newsAndOffers)
	h.auto()
	uid := h.liteZoe("profile", `{"city":"Secret"}`)
	session := h.zoe("include", "subscriptions,profile,data,preferences")
	nothing := func(what, answer string) {
		t.Helper()
		wantCode(t, answer, "0")
		for _, secret := range []string{"isSubscribed", "Secret", "hasLiteAccount", uid} {
			if strings.Contains(answer, secret) {
				t.Errorf("%s shows %s:\n%s", what, secret, answer)
			}
		}
	}
	all := []string{"include", "subscriptions,profile,data,preferences,emails,loginIDs,identities-all"}
	nothing("registered", h.call(user(session), "accounts.getAccountInfo", all...))
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "addLoginEmails", "second@example.com", "profile", `{"email":"second@example.com"}`), "0")
	nothing("with another address", h.call(user(session), "accounts.getAccountInfo", all...))
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "removeLoginEmails", "zoe@example.com"), "0")
	if lite := h.lite(uid); string(lite.Subscriptions) != liteSubscriptions || account.Progressed(lite) {
		t.Errorf("the lite account has %s %s", lite.Subscriptions, lite.More)
	}
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "addLoginEmails", "zoe@example.com"), "0")
	nothing("given again", h.call(user(session), "accounts.getAccountInfo", all...))
	// What is written to the address stays the lite account's.
	h.liteZoe("subscriptions", `{"news":{"email":{"isSubscribed":true}}}`)
	nothing("written beside", h.call(user(session), "accounts.getAccountInfo", all...))
	h.verify(testUID)
	if a := h.account(testUID); string(a.Subscriptions) != liteSubscriptions || field(string(a.Profile), "city") != "Secret" {
		t.Errorf("verified, it has %s %s", a.Subscriptions, a.Profile)
	}
}

// auto sets the policy of progression.
func (h *house) auto() {
	h.t.Helper()
	t := h.t.(*testing.T)
	wantPolicy := func(want string) {
		t.Helper()
		if got := field(h.call(server, "accounts.progression.getPolicy"), "policy"); got != want {
			t.Errorf("the policy is %q, want %s", got, want)
		}
	}
	wantPolicy("none")
	wantCode(t, h.call(server, "accounts.progression.setPolicy"), "400002")
	wantCode(t, h.call(server, "accounts.progression.setPolicy", "policy", "none"), "400006")
	wantCode(t, h.call(server, "accounts.progression.setPolicy", "policy", "auto"), "0")
	wantPolicy("auto")
}

func TestARegistrationWithTheTokenOfALiteAccountTakesItsPlace(t *testing.T) {
	const required = `{"profileSchema":{"fields":{"country":{"required":true}}},` +
		`"dataSchema":{"fields":{"open":{"type":"string","writeAccess":"clientModify"},"deep.a":{"type":"long"},"deep.b":{"type":"long"}}},` +
		`"subscriptionsSchema":{"fields":{"news":{"email":{}},"offers":{"email":{}}}}}`
	for name, test := range map[string]struct {
		auto, exchange bool
		code           string
	}{
		"by the token itself, none": {false, false, "206001"},
		"by the token itself, auto": {true, false, "0"},
		"by initProgression, auto":  {true, true, "0"},
		"by initProgression, none":  {false, true, "206001"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.configure(`{}`, required)
			if test.auto {
				h.auto()
			}
			uid := h.liteZoe("profile", `{"firstName":"L","country":"DE","work":{"title":"x"}}`, "data", `{"open":"lite","deep":{"a":1,"b":2}}`)
			text := h.liteToken()
			if test.exchange {
				answer := h.call(public, "accounts.initProgression", "regToken", text)
				wantCode(t, answer, "0")
				text = field(answer, "regToken")
				wantCode(t, h.call(public, "accounts.getAccountInfo", "regToken", text), "400006")
				wantCode(t, h.call(public, "accounts.setAccountInfo", "regToken", text, "profile", `{"city":"x"}`), "400006")
			}
			register := func(more ...string) string {
				return h.call(public, "accounts.register", append([]string{"regToken", text, "password", testPass, "siteUID", testUID,
					"profile", `{"firstName":"Zoë"}`, "data", `{"open":"full"}`, "subscriptions", `{"news":{"email":{"isSubscribed":false}}}`,
					"finalizeRegistration", "true"}, more...)...)
			}
			wantCode(t, register("email", "other@example.com"), "400006")
			wantCode(t, register(), test.code)
			full, lite := h.account(testUID), h.lite(uid)
			if string(full.Subscriptions) != `{"news":{"email":{"isSubscribed":false}},"offers":{"email":{"isSubscribed":true}}}` || lite.Subscriptions != nil {
				t.Errorf("subscriptions %s and %s", full.Subscriptions, lite.Subscriptions)
			}
			profile, data := `{"firstName":"Zoë","email":"Zoe@example.com"}`, `{"open":"full"}`
			if test.auto {
				profile, data = `{"firstName":"Zoë","country":"DE","work":{"title":"x"},"email":"Zoe@example.com"}`, `{"open":"full","deep":{"a":1,"b":2}}`
			}
			if got := string(full.Profile); !sameMembers(got, profile) {
				t.Errorf("profile %s, want %s", got, profile)
			}
			if got := string(full.Data); got != data {
				t.Errorf("data %s, want %s", got, data)
			}
			if identity := string(full.Identities); strings.Contains(identity, `"country":"DE"`) != test.auto {
				t.Errorf("identities %s", identity)
			}
			if full.Verified != 0 || !strings.Contains(string(full.LoginIDs), `"unverifiedEmails":["zoe@example.com"]`) {
				t.Errorf("the address was verified: %s", full.LoginIDs)
			}
			// The token is used up, and so is every other of the lite account.
			wantCode(t, h.call(public, "accounts.register", "regToken", text, "password", testPass), "400006")
			wantCode(t, h.call(server, "accounts.getLiteToken", "email", "zoe@example.com"), "400006")
			// What the person clears later is not brought again when the address is verified.
			wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "profile", `{"work":null,"country":"US"}`, "data", `{"deep":null}`), "0")
			h.verify(testUID)
			if a := h.account(testUID); strings.Contains(string(a.Profile), "work") || string(a.Data) != `{"open":"full"}` {
				t.Errorf("verified, it has %s %s", a.Profile, a.Data)
			}
			wantCode(t, h.call(server, "accounts.deleteAccount", "UID", testUID), "0")
			if lite := h.lite(uid); len(lite.Subscriptions) == 0 || account.Progressed(lite) || field(string(lite.Profile), "firstName") != "L" {
				t.Errorf("left alone, the lite account has %s %s %s", lite.Subscriptions, lite.Profile, lite.More)
			}
		})
	}
}

func TestATokenOfALiteAccountRegistersNobodyElse(t *testing.T) {
	h := newHouse(t)
	h.liteZoe()
	ofZoe := h.liteToken()
	ofAll := field(h.call(public, "accounts.initRegistration", "isLite", "true"), "regToken")
	wantCode(t, h.call(public, "accounts.initProgression"), "400002")
	wantCode(t, h.call(public, "accounts.initProgression", "regToken", ofAll), "400006")
	wantCode(t, h.call(public, "accounts.initProgression", "regToken", h.regToken()), "400006")
	wantCode(t, h.call(public, "accounts.initProgression", "regToken", "x"), "400006")
	wantCode(t, h.call(public, "accounts.register", "regToken", ofAll, "email", "zoe@example.com", "password", testPass), "400006")
	// The address is another full account's already, which has not proved that it is its own.
	h.zoe()
	answer := h.call(public, "accounts.register", "regToken", ofZoe, "password", testPass, "finalizeRegistration", "true")
	if wantCode(t, answer, "400009"); !strings.Contains(answer, "email already exists") {
		t.Errorf("refused with\n%s", answer)
	}
	old := h.deps.Tokens.SealRegToken(token.RegToken{
		Kind: token.KindLite, Group: testKey, Site: testKey, UID: "nobody", Expires: clock.FromTime(testTime.Add(time.Hour)),
	})
	for _, method := range []string{"accounts.register", "accounts.getAccountInfo", "accounts.setAccountInfo", "accounts.initProgression"} {
		if answer := h.call(public, method, "regToken", old, "password", testPass); code(answer) != "400006" {
			t.Errorf("%s with the token of nobody\n%s", method, answer)
		}
	}
}

// A lite account that anybody may have filled is no reason to refuse a registration.
func TestALiteAccountThatDoesNotFitIsLeftBehind(t *testing.T) {
	h := newHouse(t)
	h.auto()
	// Half of what fits, in fields that begin with the letter.
	half := func(letter string) string {
		var fields []string
		for i := range account.MaxDocument / 2 / 16_000 {
			fields = append(fields, fmt.Sprintf(`"%s%d":"%s"`, letter, i, strings.Repeat("x", 16_000)))
		}
		return "{" + strings.Join(fields, ",") + `,"` + letter + `":"` + strings.Repeat("x", 8_000) + `"}`
	}
	uid := h.liteZoe("data", half("x"), "profile", `{"city":"Fits"}`)
	h.zoe()
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "data", half("y")), "0")
	h.verify(testUID)
	if a := h.account(testUID); string(a.Data) != half("y") || field(string(a.Profile), "city") != "Fits" {
		t.Errorf("%d bytes of data, profile %s", len(a.Data), a.Profile)
	}
	if lite := h.lite(uid); string(lite.Data) != half("x") {
		t.Errorf("the lite account has %d bytes", len(lite.Data))
	}
}

// Who held a token when somebody took the place of the lite account has nothing of it later on.
func TestATokenOfALiteAccountStaysDeadWhenTheFullOneGoes(t *testing.T) {
	h := newHouse(t)
	h.liteZoe()
	held := h.liteToken("sessionExpiration", "86400")
	progression := field(h.call(public, "accounts.initProgression", "regToken", held), "regToken")
	wantCode(t, h.call(public, "accounts.register", "regToken", h.liteToken(), "password", testPass, "siteUID", testUID, "finalizeRegistration", "true"), "0")
	wantCode(t, h.call(server, "accounts.deleteAccount", "UID", testUID), "0")
	for _, name := range []string{"accounts.getAccountInfo", "accounts.setAccountInfo", "accounts.initProgression"} {
		wantCode(t, h.call(public, name, "regToken", held), "400006")
	}
	for _, text := range []string{held, progression} {
		wantCode(t, h.call(public, "accounts.register", "regToken", text, "password", testPass), "400006")
	}
	wantCode(t, h.call(public, "accounts.getAccountInfo", "regToken", h.liteToken()), "0")
}

func TestALiteAccountThatIsDeletedMeanwhileIsNotMadeAgain(t *testing.T) {
	h := newHouse(t)
	uid := h.liteZoe()
	deps := h.deps
	deps.Store = &interposedStore{Store: h.store, before: func() {
		h.change(func(tx store.Tx) error { return account.DeleteLite(tx, testKey, uid) })
	}}
	h.Methods = tableOf(deps)
	answer := h.call(server, "accounts.setAccountInfo", "UID", uid, "isLite", "true", "profile", `{"city":"x"}`)
	wantCode(t, answer, "403005")
	if n := h.lites(); n != 0 {
		t.Errorf("%d lite accounts", n)
	}
}

// The row of a full account is one of its addresses, and so is the token.
func TestTheTokenOfAnotherAddressIsNotShown(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	second := field(h.call(server, "accounts.importLiteAccount", "email", "second@example.com"), "UID")
	brought := h.lite(second)
	brought.More = []byte(`{"accountTypes":["lite"],"hasLiteAccount":true,"token":"00bb"}`)
	h.change(func(tx store.Tx) error { return tx.PutAccount(brought) })
	h.liteZoe()
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "addLoginEmails", "second@example.com"), "0")
	h.verify(testUID)
	own := `[{"email":"zoe@example.com","token":"` + h.deps.Tokens.EmailToken(testKey, testUID) + `"}]`
	answer := h.call(server, "accounts.search", "query", "SELECT email, token FROM emailAccounts")
	if got := compact(t, answer, "results"); got != own {
		t.Errorf("rows %s, want %s", got, own)
	}
	// Another address takes no token along.
	h.change(func(tx store.Tx) error {
		a, err := tx.Account(testKey, testUID)
		if err != nil {
			return err
		}
		a.More = []byte(`{"hasLiteAccount":true,"token":"00ff"}`)
		return tx.PutAccount(a)
	})
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "profile", `{"email":"Zoe@example.com"}`), "0")
	if more := string(h.account(testUID).More); more != `{"hasLiteAccount":true,"token":"00ff"}` {
		t.Errorf("in another spelling it has %s", more)
	}
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "profile", `{"email":"third@example.com"}`), "0")
	if more := string(h.account(testUID).More); more != `{"hasLiteAccount":true}` {
		t.Errorf("with another address it has %s", more)
	}
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "profile", `{"email":"zoe@example.com"}`), "0")
	// It is the lite account of that address that the token deletes.
	wantCode(t, h.call(server, "accounts.deleteLiteAccount", "emailAccountToken", h.deps.Tokens.EmailToken(testKey, testUID)), "0")
	if h.lite(second); h.lites() != 1 {
		t.Errorf("%d lite accounts", h.lites())
	}
}
