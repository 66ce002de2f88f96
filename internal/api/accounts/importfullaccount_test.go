package accounts_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/api/accounts"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// Hashes of "correct horse" (testPass) by Python's hashlib and by libcrypt.
const (
	importedMD5    = `{"hashedPassword":"PLTnMmMfR+brlh80VUt83g==","hashSettings":{"algorithm":"md5"}}`
	importedPBKDF2 = `{"hashedPassword":"SRl9U3XB4V6sE0qgj2kNlpHjNAE=","hashSettings":{"algorithm":"pbkdf2_sha512","rounds":10000,"salt":"c2FsdHNhbHQ="}}`
)

const userNamesToo = `{"accountOptions":{"loginIdentifiers":"email,username"}}`

func TestImportFullAccountTakesEverythingThatItIsTold(t *testing.T) {
	h := newHouse(t)
	h.configure(userNamesToo, "")
	got := h.call(server, "accounts.importFullAccount",
		"UID", testUID, "importPolicy", "insert",
		"created", "2014-09-27T23:47:41.59Z", "registered", "2014-09-28T00:00:00Z", "verified", "2014-09-29T00:00:00Z",
		"lastLogin", "2020-01-02T03:04:05Z", "lastUpdated", "2020-02-02",
		"isActive", "true", "isRegistered", "true", "isVerified", "true",
		"loginIDs", `{"username":"Zoe","emails":["Zoe@Example.com"],"unverifiedEmails":["z2@example.com"]}`,
		"emails", `{"verified":["zoe@example.com"],"unverified":["z3@example.com"]}`,
		"phoneNumber", "+4930123456", "password", importedPBKDF2,
		"identities", `[{"provider":"facebook","providerUID":"123","firstName":"Zoë"}]`,
		"providerSessions", `{"facebook":{"token":"x"}}`,
		"profile", `{"email":"Zoe@Example.com","firstName":"Zoë"}`, "data", `{"tier":"gold"}`,
		"subscriptions", `{"news.email.isSubscribed":true,"news.email.lastUpdatedSubscriptionState":"2001-01-01T00:00:00Z"}`,
		"preferences", `{"terms.isConsentGranted":true,"terms.actionTimestamp":"2019-01-01T00:00:00Z","terms.lastConsentModified":"2001-01-01T00:00:00Z"}`,
		"communications", `{"C_Email":{"status":"optIn"}}`,
		"regSource", "https://example.com/", "lang", "de", "dataCenter", "eu1",
	)
	want := `{
  "callId": "CALLID",
  "errorCode": 0,
  "apiVersion": 2,
  "statusCode": 200,
  "statusReason": "OK",
  "time": "2026-03-02T10:15:30.000Z"
}`
	if diff := cmp.Diff(want, strings.TrimSpace(got)); diff != "" {
		t.Error(diff)
	}
	shown := h.call(server, "accounts.getAccountInfo", "UID", testUID,
		"include", "loginIDs,emails,profile,data,preferences,subscriptions,identities-all,regSource,phoneNumber,password")
	for _, part := range []string{
		`"created": "2014-09-27T23:47:41.590Z"`, `"registered": "2014-09-28T00:00:00.000Z"`, `"verified": "2014-09-29T00:00:00.000Z"`,
		`"lastLogin": "2020-01-02T03:04:05.000Z"`, `"lastUpdated": "2020-02-02T00:00:00.000Z"`,
		`"isRegistered": true`, `"isVerified": true`, `"socialProviders": "site,facebook"`, `"regSource": "https://example.com/"`,
		`"phoneNumber": "+4930123456"`,
	} {
		if !strings.Contains(shown, part) {
			t.Errorf("%s is missing in\n%s", part, shown)
		}
	}
	a := h.account(testUID)
	for _, c := range []struct{ name, got, want string }{
		{"loginIDs", string(a.LoginIDs), `{"username":"Zoe","emails":["zoe@example.com"],"unverifiedEmails":["z2@example.com"]}`},
		{"emails", string(a.Emails), `{"verified":["zoe@example.com"],"unverified":["z3@example.com","z2@example.com"]}`},
		{"data", string(a.Data), `{"tier":"gold"}`},
		{"subscriptions", string(a.Subscriptions), `{"news":{"email":{"isSubscribed":true}}}`},
		{"preferences", string(a.Preferences), `{"terms":{"isConsentGranted":true,"actionTimestamp":"2019-01-01T00:00:00Z","lang":"de"}}`},
		{"more", string(a.More), `{"phoneNumber":"+4930123456","dataCenter":"eu1","communications":{"C_Email":{"status":"optIn"}}}`},
	} {
		if c.got != c.want {
			t.Errorf("%s is %s, want %s", c.name, c.got, c.want)
		}
	}
	wantCode(t, h.call(public, "accounts.login", "loginID", "zoe", "password", testPass), "0")
}

func TestTheFirstLoginMakesAForeignHashAnew(t *testing.T) {
	h := newHouse(t)
	wantCode(t, h.call(server, "accounts.importFullAccount", "UID", testUID, "isRegistered", "true",
		"loginIDs", `{"emails":["zoe@example.com"]}`, "password", importedMD5), "0")
	before := h.account(testUID)
	shown := h.call(server, "accounts.getAccountInfo", "UID", testUID, "include", "password")
	if want := `{"hash":"PLTnMmMfR+brlh80VUt83g==","hashSettings":{"algorithm":"md5","rounds":1},"created":"2026-03-02T10:15:30.000Z"}`; !sameJSON(t, field(shown, "password"), want) {
		t.Errorf("password is shown as %s, want %s", field(shown, "password"), want)
	}
	if shown := h.call(server, "accounts.getAccountInfo", "UID", testUID, "include", "profile"); strings.Contains(shown, "PLTn") {
		t.Errorf("a hash that was not asked for is shown:\n%s", shown)
	}
	if !strings.HasPrefix(before.Secrets.PasswordHash, "$md5$") {
		t.Fatalf("stored %q", before.Secrets.PasswordHash)
	}
	wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", "wrong"), "403042")
	if now := h.account(testUID); now.Secrets.PasswordHash != before.Secrets.PasswordHash {
		t.Error("a wrong password changed the hash")
	}
	wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", testPass), "0")
	after := h.account(testUID)
	if shown := field(h.call(server, "accounts.getAccountInfo", "UID", testUID, "include", "password"), "password"); strings.Contains(shown, "hash") {
		t.Errorf("our own hash is shown: %s", shown)
	}
	if !strings.HasPrefix(after.Secrets.PasswordHash, "$argon2id$") {
		t.Errorf("the hash is still %q", after.Secrets.PasswordHash)
	}
	if after.Secrets.PasswordCreated != before.Secrets.PasswordCreated {
		t.Error("a new hash counts as a new password")
	}
	wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", testPass), "0")
	if again := h.account(testUID); again.Secrets.PasswordHash != after.Secrets.PasswordHash {
		t.Error("the second login made another hash")
	}
}

// swapping is a store in which the password changes between the proof of a login and its change.
type swapping struct {
	store.Store
	swapped atomic.Bool
	swap    func()
}

func (s *swapping) Account(ctx context.Context, group, uid string) (*store.Account, error) {
	a, err := s.Store.Account(ctx, group, uid)
	if err == nil && strings.HasPrefix(a.Secrets.PasswordHash, "$md5$") && s.swapped.CompareAndSwap(false, true) {
		s.swap()
	}
	return a, err
}

// hook runs fn once, after the next read of an account whose hash is a foreign one.
func (h *house) hook(fn func()) {
	h.deps.Store = &swapping{Store: h.store, swap: fn}
	h.Methods = method.NewTable(accounts.Methods(h.deps)...)
}

// lites counts the lite accounts.
func (h *house) lites() (n int) {
	h.t.Helper()
	s := store.Search{Group: store.LiteGroup(testKey), Limit: 100}
	if _, err := h.store.SearchAccounts(context.Background(), s, func(*store.Account, []query.Value) error { n++; return nil }); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	v, err := document.Parse([]byte(a))
	w, err2 := document.Parse([]byte(b))
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	return v.Equal(w)
}

func TestANewPasswordWinsOverTheRehashOfTheOldOne(t *testing.T) {
	h := newHouse(t)
	wantCode(t, h.call(server, "accounts.importFullAccount", "UID", testUID, "isRegistered", "true",
		"loginIDs", `{"emails":["zoe@example.com"]}`, "password", importedMD5), "0")
	var changed *store.Account
	h.hook(func() {
		wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "newPassword", "a new password", "securityOverride", "true"), "0")
		changed = h.account(testUID)
	})
	wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", testPass), "403042")
	if now := h.account(testUID); changed == nil || now.Secrets.PasswordHash != changed.Secrets.PasswordHash {
		t.Error("the login put the hash of the old password over the new one")
	}
	wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", "a new password"), "0")
}

func TestImportFullAccountRefusals(t *testing.T) {
	tests := []struct {
		name    string
		params  []string
		code    string
		details string
	}{
		{"no UID", []string{"profile", `{}`}, "400002", "Missing required parameter : UID"},
		{"an unknown policy", []string{"UID", "u", "importPolicy", "update"}, "400006", "Invalid argument: importPolicy: want insert or upsert"},
		{"a UID with a blank", []string{"UID", "a b"}, "400006", "Invalid argument: UID: want 1 to 252 visible ASCII characters"},
		{"a UID that is there", []string{"UID", "taken"}, "400003", "UID already exists"},
		{"an address that is taken", []string{"UID", "u", "loginIDs", `{"emails":["TAKEN@example.com"]}`}, "400003", "Email already exists"},
		{"an unverified one", []string{"UID", "u", "loginIDs", `{"unverifiedEmails":["taken@example.com"]}`}, "400003", "Email already exists"},
		{"a user name that is taken", []string{"UID", "u", "loginIDs", `{"username":"TAKEN"}`}, "400003", "Username already exists"},
		{"a phone number that is taken", []string{"UID", "u", "phoneNumber", "+4930123456"}, "400003", "Phone number already exists"},
		{"no number", []string{"UID", "u", "phoneNumber", "030 123456"}, "400006", "Invalid argument: phoneNumber: want an international number such as +4930123456"},
		{"no address", []string{"UID", "u", "loginIDs", `{"emails":["nobody"]}`}, "400006", `Invalid argument: loginIDs.emails: "nobody" is not an e-mail address`},
		{"no list", []string{"UID", "u", "emails", `{"verified":"a@example.com"}`}, "400006", "Invalid argument: emails.verified: want an array of texts"},
		{"no object", []string{"UID", "u", "loginIDs", `[]`}, "400004", ""},
		{"no time", []string{"UID", "u", "created", "yesterday"}, "400006", `Invalid argument: created: "yesterday" is not a time such as 2024-05-31T08:00:00Z`},
		{"no boolean", []string{"UID", "u", "isActive", "perhaps"}, "400006", "Invalid argument: isActive"},
		{"a wrong type", []string{"UID", "u", "profile", `{"birthYear":"x"}`}, "400009", "Validation failed"},
		{"an unknown profile field", []string{"UID", "u", "profile", `{"shoesize":44}`}, "400009", "Validation failed"},
		{"a consent that is no flag", []string{"UID", "u", "preferences", `{"terms":{"isConsentGranted":"yes"}}`}, "400009", "Validation failed"},
		{"too much data", []string{"UID", "u", "data", `{"x":"` + strings.Repeat("x", 600<<10) + `"}`}, "413003", ""},
		{"an identity of a SAML provider", []string{"UID", "u", "identities", `[{"provider":"saml-x","providerUID":"1"}]`}, "400006",
			"Invalid argument: identities: identities of SAML and OpenID Connect providers cannot be imported"},
		{"an identity without its ID", []string{"UID", "u", "identities", `[{"provider":"facebook"}]`}, "400006",
			"Invalid argument: identities: want an array of objects with provider and providerUID each"},
		{"identities that are none", []string{"UID", "u", "identities", `{`}, "400004", ""},
		{"two of one", []string{"UID", "u", "identities", `[{"provider":"x","providerUID":"1"},{"provider":"X","providerUID":"1"}]`}, "400006",
			"Invalid argument: identities: there are two of one provider and providerUID"},
		{"a clear password", []string{"UID", "u", "password", `{"password":"secret"}`}, "400006", "Invalid argument: password.password: there is no such member of a password"},
		{"a compound text beside an algorithm", []string{"UID", "u", "password", `{"compoundHashedPassword":"$1$a$b","hashSettings":{"algorithm":"md5_crypt"}}`}, "400006",
			"Invalid argument: password.hashSettings.algorithm: cannot stand beside compoundHashedPassword, which says it itself"},
		{"bcrypt of cost 31", []string{"UID", "u", "password", `{"compoundHashedPassword":"$2a$31$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"}`}, "400006",
			"Invalid argument: password.compoundHashedPassword: the cost of bcrypt must be 4 to 14"},
		{"10^9 rounds", []string{"UID", "u", "password", `{"hashedPassword":"SRl9U3XB4V6sE0qgj2kNlpHjNAE=","hashSettings":{"algorithm":"pbkdf2","rounds":1000000000,"salt":"AAAA"}}`}, "400006",
			"Invalid argument: password.hashSettings.rounds: at most 1500000 for pbkdf2"},
		{"argon2id of 4 GiB", []string{"UID", "u", "password", `{"hash":"$argon2id$v=19$m=4194304,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`}, "400006", ""},
		{"a URL that hashes", []string{"UID", "u", "password", `{"hashedPassword":"SRl9U3XB4V6sE0qgj2kNlpHjNAE=","hashSettings":{"algorithm":"custom","URL":"http://169.254.169.254/"}}`}, "400006",
			"Invalid argument: password.hashSettings.URL: want https, or http to this machine itself, and at most 400 bytes"},
		{"a question without an answer", []string{"UID", "u", "secretQuestionAndAnswer", `{"secretQuestion":"Why?"}`}, "400006",
			"Invalid argument: secretQuestionAndAnswer: want secretQuestion and secretAnswer, both texts"},
	}
	h := newHouse(t)
	h.configure(userNamesToo, "")
	wantCode(t, h.call(server, "accounts.importFullAccount", "UID", "taken", "loginIDs", `{"username":"taken","emails":["taken@example.com"]}`,
		"phoneNumber", "+4930123456"), "0")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := h.call(server, "accounts.importFullAccount", test.params...)
			wantCode(t, got, test.code)
			if details := field(got, "errorDetails"); test.details != "" && details != test.details {
				t.Errorf("errorDetails = %q, want %q", details, test.details)
			}
			if _, err := h.store.Account(t.Context(), testKey, "u"); err == nil {
				t.Error("an account was made")
			}
		})
	}
	// What was refused holds nothing.
	wantCode(t, h.call(server, "accounts.importFullAccount", "UID", "u", "loginIDs", `{"emails":["a@example.com"]}`), "0")
	wantCode(t, h.call(server, "accounts.importFullAccount", "UID", "v", "loginIDs", `{"username":"taken","emails":["b@example.com"]}`), "400003")
	wantCode(t, h.call(server, "accounts.importFullAccount", "UID", "w", "loginIDs", `{"emails":["b@example.com"]}`), "0")
}

func TestImportFullAccountUpserts(t *testing.T) {
	h := newHouse(t)
	h.configure(userNamesToo, "")
	wantCode(t, h.call(server, "accounts.importFullAccount", "UID", testUID, "isRegistered", "true", "created", "2020-01-01T00:00:00Z",
		"loginIDs", `{"username":"zoe","emails":["zoe@example.com"]}`, "emails", `{"verified":["zoe@example.com"]}`,
		"password", importedMD5, "profile", `{"firstName":"Zoë","lastName":"X"}`, "data", `{"a":1,"b":{"c":2}}`, "phoneNumber", "+4930123456"), "0")
	session := field(h.call(public, "accounts.login", "loginID", "zoe", "password", testPass), "sessionInfo", "cookieValue")
	wantCode(t, h.call(user(session), "accounts.getAccountInfo"), "0")

	wantCode(t, h.call(server, "accounts.importFullAccount", "uid", testUID, "importPolicy", "upsert",
		"profile", `{"lastName":"Y"}`, "data", `{"b":{"d":3}}`), "0")
	a := h.account(testUID)
	if got := string(a.Profile); got != `{"firstName":"Zoë","lastName":"Y"}` {
		t.Errorf("profile %s", got)
	}
	if got := string(a.Data); got != `{"a":1,"b":{"c":2,"d":3}}` {
		t.Errorf("data %s", got)
	}
	if a.Created.ISO() != "2020-01-01T00:00:00.000Z" || a.Registered == 0 || string(a.LoginIDs) != `{"username":"zoe","emails":["zoe@example.com"],"unverifiedEmails":[]}` {
		t.Errorf("what was not given has changed: %+v", a)
	}
	wantCode(t, h.call(user(session), "accounts.getAccountInfo"), "0")

	// A password that the account has already is no new one.
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "regSource", "x"), "0")
	h.change(func(tx store.Tx) error {
		a, err := tx.Account(testKey, testUID)
		if err != nil {
			return err
		}
		a.Secrets.PasswordHash = "$md5$r=1$$PLTnMmMfR-brlh80VUt83g"
		return tx.PutAccount(a)
	})
	wantCode(t, h.call(server, "accounts.importFullAccount", "UID", testUID, "importPolicy", "upsert", "password", importedMD5), "0")
	if _, err := h.deps.Sessions.Find(t.Context(), testKey, session); err != nil {
		t.Errorf("the import of the same password ended a session: %v", err)
	}

	// Members that belong together are replaced whole, and what is free can be had by others.
	wantCode(t, h.call(server, "accounts.importFullAccount", "UID", testUID, "importPolicy", "upsert",
		"loginIDs", `{"unverifiedEmails":["new@example.com"]}`, "password", importedPBKDF2, "phoneNumber", "+4930999999"), "0")
	if _, err := h.deps.Sessions.Find(t.Context(), testKey, session); err == nil {
		t.Error("a session outlived the new password")
	}
	wantCode(t, h.call(public, "accounts.login", "loginID", "zoe", "password", testPass), "403042")
	wantCode(t, h.call(public, "accounts.login", "loginID", "new@example.com", "password", testPass), "0")
	wantCode(t, h.call(server, "accounts.importFullAccount", "createUID", "true", "phoneNumber", "+4930123456",
		"loginIDs", `{"username":"zoe","emails":["zoe@example.com"]}`), "0")
}

func TestImportFullAccountIsUnavailableAfterFiveCallsAMinute(t *testing.T) {
	h := newHouse(t)
	for range 5 {
		wantCode(t, h.call(server, "accounts.importFullAccount", "UID", testUID, "importPolicy", "upsert", "profile", `{"firstName":"Zoë"}`), "0")
	}
	got := h.call(server, "accounts.importFullAccount", "UID", testUID, "importPolicy", "upsert")
	wantCode(t, got, "503001")
	if details := field(got, "errorDetails"); details != "Service unavailable for this operation" {
		t.Errorf("errorDetails = %q", details)
	}
	wantCode(t, h.call(server, "accounts.importFullAccount", "UID", "another"), "0")
	h.clock.Advance(61 * time.Second)
	wantCode(t, h.call(server, "accounts.importFullAccount", "UID", testUID, "importPolicy", "upsert"), "0")
}

func TestAnIdentityOfAnotherAccountIsLeftOut(t *testing.T) {
	h := newHouse(t)
	const two = `[{"provider":"facebook","providerUID":"1"},{"provider":"google","providerUID":"g"}]`
	wantCode(t, h.call(server, "accounts.importFullAccount", "UID", "first", "identities", `[{"provider":"Facebook","providerUID":"1"}]`), "0")
	got := h.call(server, "accounts.importFullAccount", "createUID", "true", "identities", two)
	wantCode(t, got, "206004")
	if conflicts := field(got, "identityConflicts"); !sameJSON(t, conflicts, `[{"provider":"facebook","providerUID":"1"}]`) {
		t.Errorf("identityConflicts = %s", conflicts)
	}
	a := h.account(field(got, "UID"))
	if string(a.Identities) != `[{"provider":"google","providerUID":"g"}]` || a.SocialProviders != "google" {
		t.Errorf("identities %s of %s", a.Identities, a.SocialProviders)
	}
	// A deleted account's identity is free.
	wantCode(t, h.call(server, "accounts.deleteAccount", "UID", "first"), "0")
	wantCode(t, h.call(server, "accounts.importFullAccount", "createUID", "true", "identities", two), "206004")
	wantCode(t, h.call(server, "accounts.importFullAccount", "createUID", "true", "identities", `[{"provider":"facebook","providerUID":"1"}]`), "206004")
}

// TestIdentitiesThatReadAlikeAreTwo: a colon is a sign like others, in the name of a provider and in the user's name there.
func TestIdentitiesThatReadAlikeAreTwo(t *testing.T) {
	h := newHouse(t)
	const one, other = `{"provider":"a:b","providerUID":"c"}`, `{"provider":"a","providerUID":"b:c"}`
	wantCode(t, h.call(server, "accounts.importFullAccount", "UID", "one", "identities", "["+one+"]"), "0")
	wantCode(t, h.call(server, "accounts.importFullAccount", "UID", "other", "identities", "["+other+"]"), "0")
	for _, identity := range []string{one, other} {
		got := h.call(server, "accounts.importFullAccount", "createUID", "true", "identities", "["+identity+"]")
		if conflicts := field(got, "identityConflicts"); field(got, "errorCode") != "206004" || !sameJSON(t, conflicts, "["+identity+"]") {
			t.Errorf("%s a second time: %s, conflicts %s", identity, field(got, "errorCode"), conflicts)
		}
	}
	wantCode(t, h.call(server, "accounts.deleteAccount", "UID", "one"), "0")
	wantCode(t, h.call(server, "accounts.deleteAccount", "UID", "other"), "0")
	for _, uid := range []string{"both", "none"} {
		want := map[string]string{"both": "0", "none": "206004"}[uid]
		wantCode(t, h.call(server, "accounts.importFullAccount", "UID", uid, "identities", "["+one+","+other+"]"), want)
	}
}

func TestImportFullAccountTakesTheAccountAsOneObject(t *testing.T) {
	h := newHouse(t)
	got := h.call(server, "accounts.importFullAccount", "importPolicy", "insert", "account",
		`{"Uid":"whole","loginIds":{"emails":["w@example.com"]},"isRegistered":true,"shoesize":44,"createdTimestamp":1,`+
			`"password":{"HashSettings":{"HashAlgorithm":"md5"},"hashedPassword":"PLTnMmMfR+brlh80VUt83g==","secretQuestionAndAnswer":{"secretQuestion":"q","secretAnswer":"A"}}}`)
	wantCode(t, got, "0")
	if !strings.Contains(got, `"paramName": "shoesize"`) || strings.Contains(got, "createdTimestamp") {
		t.Errorf("ignoredParams in\n%s", got)
	}
	a := h.account("whole")
	if a.Secrets.SecretQuestion != "q" || !strings.HasPrefix(a.Secrets.SecretAnswerHash, "$argon2id$") || strings.Contains(got, "UID") {
		t.Errorf("%+v\n%s", a.Secrets, got)
	}
	wantCode(t, h.call(public, "accounts.login", "loginID", "w@example.com", "password", testPass), "0")
}

func TestImportsAreForServersAlone(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	for _, name := range []string{"accounts.importFullAccount", "accounts.importLiteAccount"} {
		m, _ := h.Methods.Lookup(name)
		if m == nil || !m.Spec.Write || m.Privilege() != name {
			t.Errorf("%s is not audited as a write, or has another privilege", name)
		}
		// Who may call is checked before the handler, by what the method declares.
		if m.Spec.Callers.Has(user(session)(h).Class) || m.Spec.Callers.Has(public(h).Class) {
			t.Errorf("%s may be called by clients", name)
		}
	}
}

func TestImportLiteAccount(t *testing.T) {
	h := newHouse(t)
	got := h.call(server, "accounts.importLiteAccount", "email", "Li@Example.com", "profile", `{"firstName":"Li"}`, "data", `{"tier":"x"}`,
		"subscriptions", `{"news":{"email":{"isSubscribed":true,"lastUpdatedSubscriptionState":"2020-01-01T00:00:00Z"}}}`,
		"preferences", `{"terms":{"isConsentGranted":true}}`)
	wantCode(t, got, "0")
	uid := field(got, "UID")
	a, err := h.store.Account(t.Context(), store.LiteGroup(testKey), uid)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, got, want string }{
		{"emails", string(a.Emails), `{"verified":[],"unverified":["li@example.com"]}`},
		{"profile", string(a.Profile), `{"firstName":"Li","email":"Li@Example.com"}`},
		{"subscriptions", string(a.Subscriptions), `{"news":{"email":{"isSubscribed":true,"lastUpdatedSubscriptionState":"2020-01-01T00:00:00Z"}}}`},
		{"loginIDs", string(a.LoginIDs), ``}, {"identities", string(a.Identities), ``}, {"providers", a.SocialProviders, ``},
		{"accountTypes", field(string(a.More), "accountTypes"), `["lite"]`}, {"hasLiteAccount", field(string(a.More), "hasLiteAccount"), `true`},
	} {
		if c.got != c.want {
			t.Errorf("%s is %s, want %s", c.name, c.got, c.want)
		}
	}
	// The same address again, by the other name of the method.
	again := h.call(server, "accounts.importLiteAccounts", "email", "li@example.com", "profile", `{"lastName":"X"}`)
	if field(again, "UID") != uid {
		t.Errorf("another account was made:\n%s", again)
	}
	a, _ = h.store.Account(t.Context(), store.LiteGroup(testKey), uid)
	if string(a.Profile) != `{"firstName":"Li","email":"li@example.com","lastName":"X"}` || a.LoginProvider != "" || len(a.Identities) > 0 {
		t.Errorf("%s %s", a.Profile, a.Identities)
	}
	// No search over full accounts sees it, nobody logs in to it, and it is in nobody's way.
	if found := h.call(server, "accounts.search", "query", "select UID from accounts"); field(found, "objectsCount") != "0" {
		t.Errorf("found\n%s", found)
	}
	wantCode(t, h.call(server, "accounts.getAccountInfo", "UID", uid), "403005")
	wantCode(t, h.call(public, "accounts.login", "loginID", "li@example.com", "password", "x"), "403042")
	wantCode(t, h.call(public, "accounts.register", "regToken", h.regToken(), "email", "li@example.com", "password", testPass, "finalizeRegistration", "true"), "0")
}

func TestALiteAccountBesideAFullOneSharesItsSubscriptions(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	h.verify(testUID)
	got := h.call(server, "accounts.importLiteAccount", "email", "ZOE@example.com", "profile", `{"firstName":"Other"}`,
		"subscriptions", `{"news":{"email":{"isSubscribed":true}}}`)
	wantCode(t, got, "0")
	full := h.account(testUID)
	if string(full.Subscriptions) != `{"news":{"email":{"isSubscribed":true}}}` || field(string(full.More), "hasLiteAccount") != "true" {
		t.Errorf("the full account has %s %s", full.Subscriptions, full.More)
	}
	if field(string(full.Profile), "firstName") != "Zoë" {
		t.Errorf("its profile changed: %s", full.Profile)
	}
	lite, err := h.store.Account(t.Context(), store.LiteGroup(testKey), field(got, "UID"))
	if err != nil || lite.Subscriptions != nil || field(string(lite.Profile), "firstName") != "Other" {
		t.Errorf("the lite one has %s %s (%v)", lite.Subscriptions, lite.Profile, err)
	}
}

func TestImportLiteAccountRefusals(t *testing.T) {
	h := newHouse(t)
	for _, test := range []struct {
		name   string
		params []string
		code   string
	}{
		{"no address", nil, "400002"},
		{"none that is one", []string{"email", "nobody"}, "400006"},
		{"a control character", []string{"email", "a\x00@example.com"}, "400006"},
		{"an unknown profile field", []string{"email", "a@example.com", "profile", `{"shoesize":4}`}, "400009"},
		{"a subscription that is no flag", []string{"email", "a@example.com", "subscriptions", `{"news":{"email":{"isSubscribed":"yes"}}}`}, "400009"},
		{"a list for an object", []string{"email", "a@example.com", "data", `[]`}, "400004"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantCode(t, h.call(server, "accounts.importLiteAccount", test.params...), test.code)
		})
	}
	if found := h.lites(); found != 0 {
		t.Errorf("%d lite accounts were made", found)
	}
}

// Every hash of another program is imported, and its password logs in.
func TestEveryForeignHashLogsIn(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "password", "testdata", "foreign.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []map[string]json.RawMessage
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	seen := map[string]bool{}
	for _, v := range vectors {
		var password, algorithm string
		_ = json.Unmarshal(v["password"], &password)
		if algorithm = string(v["hashSettings"]); algorithm == "" {
			algorithm = string(v["compoundHashedPassword"])[:4]
		}
		if algorithm = strings.SplitN(algorithm, ",", 2)[0]; password == "" || seen[algorithm] {
			continue
		}
		seen[algorithm] = true
		delete(v, "by")
		delete(v, "password")
		object, _ := json.Marshal(v)
		uid := field(h.call(server, "accounts.importFullAccount", "createUID", "true", "isRegistered", "true", "password", string(object)), "UID")
		wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", uid, "addLoginEmails", uid+"@example.com"), "0")
		got := h.call(public, "accounts.login", "loginID", uid+"@example.com", "password", password)
		if code(got) != "0" {
			t.Errorf("%s: %s", object, got)
		}
	}
	if len(seen) < 17 {
		t.Errorf("only %d algorithms were tried: %v", len(seen), seen)
	}
}

func TestALiteAccountShowsWhatItIsInARowOfASearch(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	h.verify(testUID)
	uid := field(h.call(server, "accounts.importLiteAccount", "email", "zoe@example.com"), "UID")
	lite, err := h.store.Account(t.Context(), store.LiteGroup(testKey), uid)
	if err != nil {
		t.Fatal(err)
	}
	row := string(account.Row(lite, testTime))
	if field(row, "accountTypes") != `["lite"]` || field(row, "hasLiteAccount") != "true" || strings.Contains(row, "loginProvider") {
		t.Errorf("the row is %s", row)
	}
	found := h.call(server, "accounts.search", "query", "select UID, hasLiteAccount from accounts where hasLiteAccount = true")
	if field(found, "objectsCount") != "1" || !strings.Contains(found, `"hasLiteAccount": true`) {
		t.Errorf("found\n%s", found)
	}
	if shown := h.call(server, "accounts.getAccountInfo", "UID", testUID); strings.Contains(shown, "hasLiteAccount") {
		t.Errorf("an account shows it\n%s", shown)
	}
}
