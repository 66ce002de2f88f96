package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/doorward/doorward/doorwardtest"
)

// withFields is a server with one account, and an application that may call everything about accounts and has these fields:
// what stands in _data.accounts.account.
func withFields(t *testing.T) (*doorwardtest.Server, string, func(fields string) *application) {
	t.Helper()
	d := doorwardtest.New(t)
	got := read(t, d.CallAsPartner("accounts.register", "email", "zoe@example.com", "password", "Correct-horse-7", "finalizeRegistration", "true",
		"profile", `{"firstName":"Zoë","lastName":"Example","city":"Köln"}`, "data", `{"tier":"gold","notes":{"pub":"open","priv":"hush"}}`))
	var made struct{ UID string }
	if err := json.Unmarshal([]byte(got.text), &made); err != nil || made.UID == "" {
		t.Fatalf("%v: %s", err, got.text)
	}
	app := newApplication(t, d, d.Partner)
	return d, made.UID, func(fields string) *application {
		return app.holds(`{"_data":{"accounts":{"account":` + fields + `}},"_inherit":["_accountsFullAccess"]}`)
	}
}

// shows compares what an answer shows and hides with words that stand in it.
func (got answer) shows(t *testing.T, shown, hidden string) {
	t.Helper()
	for _, word := range strings.Fields(shown) {
		if !strings.Contains(got.text, word) {
			t.Errorf("%s is missing: %s", word, strings.Join(strings.Fields(got.text), " "))
		}
	}
	for _, word := range strings.Fields(hidden) {
		if strings.Contains(got.text, word) {
			t.Errorf("%s is there: %s", word, strings.Join(strings.Fields(got.text), " "))
		}
	}
}

const (
	readAll   = `{"_ace":{"perms":"r"}}`
	readSome  = `{"profile":{"firstName":{"_ace":{"perms":"r"}}},"data":{"_ace":{"perms":"r"},"notes":{"priv":{"_ace":{"perms":"-r"}}}}}`
	everyWord = "Zoë Example Köln gold open hush zoe@example.com"
)

func TestAnswersShowAKeyItsFields(t *testing.T) {
	d, uid, with := withFields(t)
	include := "profile,data,emails,loginIDs,identities-all,preferences,subscriptions,regSource,isLockedOut,lastLoginLocation,password,rba"
	for name, call := range map[string]func(*application) answer{
		"getAccountInfo": func(a *application) answer {
			return a.calls(t, "accounts.getAccountInfo", "UID", uid, "include", include, "extraProfileFields", "languages")
		},
		"login": func(a *application) answer {
			return a.calls(t, "accounts.login", "loginID", "zoe@example.com", "password", "Correct-horse-7", "include", include+",userInfo", "includeUserInfo", "true")
		},
		"search": func(a *application) answer {
			return a.calls(t, "accounts.search", "query", "SELECT * FROM accounts")
		},
	} {
		t.Run(name, func(t *testing.T) {
			call(with(readAll)).shows(t, everyWord+" UID", "")
			call(with(readSome)).shows(t, `Zoë gold open UID created`, "Example Köln hush zoe@example.com emails loginIDs isVerified socialProviders identities password")
			call(with(`{}`)).shows(t, `UID createdTimestamp`, everyWord+" profile data emails loginIDs isActive isVerified socialProviders identities password regSource")
			call(with(`{"_ace":{"perms":"w"}}`)).shows(t, "UID", everyWord+" profile")
			call(with(`{"_ace":{"perms":"rw"},"emails":{"_ace":{"perms":"-r"}},"loginIDs":{"_ace":{"perms":"-r"}},"profile":{"email":{"_ace":{"perms":"-r"}}},"identities":{"_ace":{"perms":"-r"}}}`)).
				shows(t, "Zoë Example Köln gold open hush", "zoe@example.com")
		})
	}
	t.Run("notifyLogin", func(t *testing.T) {
		call := func(a *application) answer { return a.calls(t, "accounts.notifyLogin", "siteUID", uid) }
		call(with(readAll)).shows(t, "UID Zoë Example isActive sessionInfo", "")
		call(with(readSome)).shows(t, "UID Zoë sessionInfo", "Example isActive isVerified")
		call(with(`{}`)).shows(t, "UID sessionInfo", "Zoë profile isActive")
	})
	t.Run("getUserInfo", func(t *testing.T) {
		call := func(a *application) answer { return a.calls(t, "socialize.getUserInfo", "UID", uid) }
		call(with(readAll)).shows(t, "UID Zoë Example zoe@example.com loginProvider", "")
		call(with(readSome)).shows(t, "UID Zoë", "Example zoe@example.com loginProvider identities")
	})
	// The partner's own secret and a key's own grant have every field.
	read(t, d.CallAsPartner("accounts.getAccountInfo", "UID", uid, "include", include)).shows(t, everyWord, "")
	read(t, d.CallAsKey("accounts.getAccountInfo", "UID", uid, "include", include)).shows(t, everyWord, "")
	with(readAll).holds(`{"_inherit":["_admins"]}`).calls(t, "accounts.getAccountInfo", "UID", uid, "include", include).shows(t, everyWord, "")
}

// attackReadersLogIn tries what is told to a key that may read accounts as the word of the site for a login: with the partner's
// signature of a UID anybody opens a session of that user.
func attackReadersLogIn(t *testing.T) {
	d := doorwardtest.New(t)
	register := func(email, finalize string) (uid string) {
		var made struct{ UID string }
		answer := d.CallAsPartner("accounts.register", "email", email, "password", "Correct-horse-7", "finalizeRegistration", finalize)
		if err := json.Unmarshal(answer, &made); err != nil {
			t.Fatal(err)
		}
		return made.UID
	}
	victim, pending := register("victim@example.com", "true"), ""
	d.CallAsPartner("accounts.importFullAccount", "UID", "pending", "isRegistered", "false", "loginIDs", `{"emails":["pending@example.com"]}`)
	pending = "pending"
	reading := `"accounts":{"getAccountInfo":{"_ace":{"perms":"x"}},"verifyLogin":{"_ace":{"perms":"x"}}},"socialize":{"getUserInfo":{"_ace":{"perms":"x"}}`
	const fields = `,"_data":{"accounts":{"account":{"_ace":{"perms":"rw"}}}}}`
	for _, c := range []struct {
		name, list string
		may        bool
	}{
		{"a key that reads", `{"_api":{` + reading + `}}` + fields, false},
		{"a reader of the console", `{"_inherit":["_accounts_sections_limited_access"]}`, false},
		{"a key that may stand for some", `{"_api":{` + reading + `,"notifyLogin":{"_ace":{"perms":"x"},"siteUID":{"_ace":{"allowValues":["bot-*"]}}}}}` + fields, false},
		{"a key that may stand for users", `{"_api":{` + reading + `,"notifyLogin":{"_ace":{"perms":"x"}}}}` + fields, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			app := newApplication(t, d, d.Partner).holds(c.list)
			for _, call := range [][2]string{{"accounts.getAccountInfo", victim}, {"accounts.verifyLogin", victim}, {"socialize.getUserInfo", victim}, {"accounts.verifyLogin", pending}} {
				got := app.calls(t, call[0], "UID", call[1])
				if strings.Contains(got.text, "regToken") && !c.may {
					t.Errorf("%s of %s hands out its regToken: %s", call[0], call[1], got.text)
				}
				var told struct{ UIDSignature, SignatureTimestamp string }
				if err := json.Unmarshal([]byte(got.text), &told); err != nil {
					t.Fatal(err)
				}
				opened := read(t, d.Call("socialize.notifyLogin", "apiKey", d.APIKey, "siteUID", call[1], "UIDSig", told.UIDSignature, "UIDTimestamp", told.SignatureTimestamp))
				if opened.ErrorCode != 403007 && !c.may {
					t.Errorf("what %s tells opens a session: %s", call[0], opened.text)
				}
				if told.UIDSignature == "" && c.may && got.ErrorCode == 0 {
					t.Errorf("%s has no signature for whom may have it: %s", call[0], got.text)
				}
			}
		})
	}
}

func TestAKeySearchesItsFieldsOnly(t *testing.T) {
	_, uid, with := withFields(t)
	app := with(readSome)
	for query, want := range map[string]string{
		"SELECT UID FROM accounts WHERE data.tier = 'gold'":                                  uid,
		"SELECT profile.firstName FROM accounts WHERE UID = '" + uid + "'":                   "Zoë",
		"SELECT profile FROM accounts ORDER BY created":                                      "Zoë",
		"SELECT data FROM accounts":                                                          "open",
		"SELECT count(*) FROM accounts WHERE data.notes.pub = 'open'":                        `"count(*)": 1`,
		"SELECT data.tier, count(*) FROM accounts GROUP BY data.tier":                        "gold",
		"SELECT profile.firstName AS x FROM accounts WHERE profile.firstName CONTAINS 'zoë'": "Zoë",
	} {
		app.calls(t, "accounts.search", "query", query).shows(t, want, "Example Köln hush zoe@example.com")
	}
	for _, query := range []string{
		"SELECT profile.lastName FROM accounts", "SELECT PROFILE.LASTNAME FROM accounts", "SELECT data.notes.priv AS pub FROM accounts",
		"SELECT UID FROM accounts WHERE profile.lastName = 'Example'", "SELECT UID FROM accounts WHERE Profile.LastName = 'Example'",
		"SELECT UID FROM accounts WHERE NOT data.notes.priv IS NULL", "SELECT UID FROM accounts WHERE data.tier = 'gold' AND (UID = 'x' OR loginIDs.emails = 'zoe@example.com')",
		"SELECT UID FROM accounts WHERE profile.email = 'zoe@example.com'", "SELECT UID FROM accounts WHERE isVerified = true",
		"SELECT UID FROM accounts ORDER BY profile.lastName", "SELECT max(profile.birthYear) FROM accounts",
		"SELECT profile.lastName, count(*) FROM accounts GROUP BY profile.lastName", "SELECT UID FROM accounts WHERE data.notes IS NOT NULL",
		"SELECT UID FROM accounts WHERE data.note\u017f.priv = 'hush'", "SELECT data.note\u017f.priv, count(*) FROM accounts GROUP BY data.note\u017f.priv",
		"SELECT email FROM emailAccounts", "SELECT UID FROM emailAccounts WHERE email = 'zoe@example.com'", "SELECT token FROM emailAccounts",
		"SELECT status FROM communications", "SELECT UID FROM communications WHERE channelId = 'x'",
	} {
		if got := app.calls(t, "accounts.search", "query", query); !got.denied("accounts.search") || !strings.Contains(got.ErrorDetails, "No access to the field ") {
			t.Errorf("%s: %s", query, got.text)
		}
	}
	if got := app.calls(t, "accounts.getAccountInfo", "findBy", `{"_email":"zoe@example.com"}`); !got.denied("accounts.getAccountInfo") {
		t.Errorf("an account found by a hidden address: %s", got.text)
	}
	if got := with(readAll).calls(t, "accounts.getAccountInfo", "findBy", `{"_email":"zoe@example.com"}`); got.ErrorCode != 0 {
		t.Errorf("an account found by its address: %s", got.text)
	}
	app = with(readSome)
	app.calls(t, "accounts.search", "query", "SELECT * FROM emailAccounts").shows(t, uid+" Zoë", "Example zoe@example.com token hush subscriptions")
	// A cursor goes on with the rights of now.
	opened := with(readAll).calls(t, "accounts.search", "query", "SELECT profile.lastName FROM accounts LIMIT 0", "openCursor", "true")
	var next struct{ NextCursorID string }
	_ = json.Unmarshal([]byte(opened.text), &next)
	if next.NextCursorID != "" {
		if got := with(readSome).calls(t, "accounts.search", "cursorId", next.NextCursorID); !got.denied("accounts.search") {
			t.Errorf("a cursor of rights that are gone: %s", got.text)
		}
	}
}

func TestAKeyWritesItsFieldsOnly(t *testing.T) {
	d, uid, with := withFields(t)
	some := `{"profile":{"firstName":{"_ace":{"perms":"rw"}}},"data":{"_ace":{"perms":"rw"},"notes":{"priv":{"_ace":{"perms":"-w"}}}},"isActive":{"_ace":{"perms":"w"}}}`
	for _, c := range []struct {
		method, field string
		params        []string
	}{
		{"accounts.setAccountInfo", "", []string{"profile", `{"firstName":"Ann"}`, "data", `{"tier":"silver","notes":{"pub":"x"}}`, "isActive", "true"}},
		{"accounts.setAccountInfo", "", []string{"data", `{"notes.pub":"y"}`}},
		{"accounts.setAccountInfo", "profile.lastName", []string{"profile", `{"firstName":"Eve","lastName":"X"}`}},
		{"accounts.setAccountInfo", "data.notes.priv", []string{"data", `{"tier":"tin","notes":{"priv":"X"}}`}},
		{"accounts.setAccountInfo", "data.notes.priv", []string{"data", `{"notes.priv":"X"}`}},
		{"accounts.setAccountInfo", "data.notes", []string{"data", `{"notes":null}`}},
		{"accounts.setAccountInfo", "loginIDs", []string{"addLoginEmails", "eve@example.com"}},
		{"accounts.setAccountInfo", "loginIDs", []string{"username", "eve"}},
		{"accounts.setAccountInfo", "password", []string{"newPassword", "Correct-horse-8", "securityOverride", "true"}},
		{"accounts.setAccountInfo", "isVerified", []string{"isVerified", "true"}},
		{"accounts.setAccountInfo", "isLockedOut", []string{"isLockedOut", "false"}},
		{"accounts.setAccountInfo", "internal", []string{"internal", `{"a":1}`}},
		{"accounts.setAccountInfo", "preferences", []string{"preferences", `{"terms":{"isConsentGranted":true}}`}},
		{"accounts.setAccountInfo", "subscriptions", []string{"subscriptions", `{"news":{"email":{"isSubscribed":true}}}`}},
		{"accounts.importFullAccount", "profile.lastName", []string{"importPolicy", "upsert", "profile", `{"lastName":"X"}`}},
		{"accounts.importFullAccount", "password", []string{"importPolicy", "upsert", "account", `{"password":{"hashedPassword":"x"}}`}},
		{"accounts.importFullAccount", "emails", []string{"importPolicy", "upsert", "emails", `{"verified":["eve@example.com"]}`}},
		{"accounts.importFullAccount", "", []string{"importPolicy", "upsert", "data", `{"tier":"bronze"}`}},
		{"accounts.importLiteAccount", "profile.city", []string{"email", "lite@example.com", "profile", `{"city":"X"}`}},
		{"socialize.notifyLogin", "profile.lastName", []string{"siteUID", uid, "userInfo", `{"lastName":"X"}`}},
		{"socialize.notifyLogin", "", []string{"siteUID", uid, "userInfo", `{"firstName":"Ann"}`}},
		{"accounts.register", "profile.city", []string{"email", "new@example.com", "password", "Correct-horse-7", "profile", `{"city":"X"}`}},
	} {
		params := c.params
		if strings.HasSuffix(c.method, "FullAccount") || strings.HasSuffix(c.method, "setAccountInfo") {
			params = append(params, "UID", uid)
		}
		got := with(some).calls(t, c.method, params...)
		switch {
		case c.field == "" && got.ErrorCode != 0:
			t.Errorf("%s %s: %s", c.method, c.params, got.text)
		case c.field != "" && (!got.denied(c.method) || !strings.HasSuffix(got.ErrorDetails, "No access to the field "+c.field+".")):
			t.Errorf("%s %s, want %s: %s", c.method, c.params, c.field, got.text)
		}
	}
	read(t, d.CallAsPartner("accounts.getAccountInfo", "UID", uid, "include", "profile,data,emails,loginIDs")).
		shows(t, "Ann Example hush bronze zoe@example.com", "Eve eve@example.com tin silver")
	if got := with(readAll).calls(t, "accounts.setAccountInfo", "UID", uid, "data", `{"tier":"x"}`); !got.denied("accounts.setAccountInfo") {
		t.Errorf("a reader writes: %s", got.text)
	}
}

func TestAUserTokenWritesTheFieldsOfItsKeyOnly(t *testing.T) {
	d, uid, with := withFields(t)
	some := with(`{"profile":{"firstName":{"_ace":{"perms":"w"}}}}`)
	token := func(info string) answer {
		return read(t, d.Call("socialize.getToken", "grant_type", "client_credentials", "client_id", d.APIKey, "userKey", some.key, "secret", some.secret,
			"x_siteUID", uid, "x_userInfo", info))
	}
	if got := token(`{"lastName":"X"}`); !got.denied("socialize.getToken") {
		t.Errorf("a field that it may not write: %s", got.text)
	}
	if got := token(`{"firstName":"Ann"}`); got.ErrorCode != 0 || !strings.Contains(got.text, "access_token") {
		t.Errorf("a field that it may write: %s", got.text)
	}
}

func TestGetJWTNeedsEveryField(t *testing.T) {
	_, uid, with := withFields(t)
	for fields, allowed := range map[string]bool{readAll: true, readSome: false, `{}`: false, `{"_ace":{"perms":"r"},"password":{"_ace":{"perms":"-r"}}}`: false} {
		if got := with(fields).calls(t, "accounts.getJWT", "targetUID", uid, "fields", "profile.firstName"); (got.ErrorCode == 0) != allowed || !allowed && !got.denied("accounts.getJWT") {
			t.Errorf("%s: %s", fields, got.text)
		}
	}
}

func TestRestrictedQueries(t *testing.T) {
	d, uid, _ := withFields(t)
	app := newApplication(t, d, d.Partner)
	pinned := `{"_api":{"accounts":{"search":{"_ace":{"perms":"x"},"query":{"_ace":{"perms":"-x"}},"restrictedQuery":{"_ace":{"perms":"x","allowValues":["regex(\"SELECT UID FROM accounts WHERE data.tier = '[a-z]+'\")"]}}}}},` +
		`"_data":{"accounts":{"account":{"_ace":{"perms":"r"}}}}}`
	app.holds(pinned).calls(t, "accounts.search", "restrictedQuery", "SELECT UID FROM accounts WHERE data.tier = 'gold'").shows(t, uid, "Zoë")
	for _, params := range [][]string{
		{"restrictedQuery", "SELECT * FROM accounts WHERE data.tier = 'gold'"},
		{"restrictedQuery", "SELECT UID FROM accounts WHERE data.tier = 'gold' OR UID != ''"},
	} {
		if got := app.calls(t, "accounts.search", params...); !got.denied("accounts.search") {
			t.Errorf("%s: %s", params, got.text)
		}
	}
	if got := app.calls(t, "accounts.search", "query", "SELECT * FROM accounts"); got.ErrorCode != 400002 || !strings.Contains(got.text, `"paramName": "query"`) {
		t.Errorf("a query of its own: %s", got.text)
	}
	if got := app.holds(`{"_inherit":["_admins"]}`).calls(t, "accounts.search", "restrictedQuery", "SELECT UID FROM accounts"); !got.denied("accounts.search") {
		t.Errorf("a key whose queries are not restricted: %s", got.text)
	}
	if got := read(t, d.CallAsPartner("accounts.search", "restrictedQuery", "SELECT UID FROM accounts")); got.ErrorCode != 403007 {
		t.Errorf("the partner: %s", got.text)
	}
}
