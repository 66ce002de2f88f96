package socialize_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/api/socialize"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/token"
)

// What the published vectors use.
const (
	testKey    = "3_TestApiKey-0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGH"
	otherKey   = "4_AnotherSite-0123456789ab"
	testSecret = "dGhpcyBpcyBhIDMyLWJ5dGUgcGFydG5lciBzZWNyZXQhISE="
	userKey    = "AKtest0User1Key2"
	userSecret = "c2Vjb25kLXVzZXIta2V5LXNlY3JldC0yMDI2"
	// scopedKey reaches one site.
	scopedKey = "AScopedToOne"
)

var testTime = time.Unix(1772446530, 0).UTC()

// house is a store with two sites of one partner and the methods over it.
type house struct {
	t        *testing.T
	clock    *clock.Fake
	store    store.Store
	deps     socialize.Deps
	methods  *method.Table
	resolver *caller.Resolver
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, clock: clock.NewFake(testTime)}
	db, err := sqlite.Open(t.Context(), sqlite.Options{File: filepath.Join(t.TempDir(), "db"), Clock: h.clock})
	h.must(err)
	t.Cleanup(func() { h.must(db.Close()) })
	h.store = db
	sealer, err := seal.New(bytes.Repeat([]byte{7}, 32))
	h.must(err)
	h.deps = socialize.Deps{
		Store: db, Sites: site.NewDirectory(db, sealer), Tokens: token.New(sealer, rand.Reader),
		Keyring: token.NewKeyring(db, sealer, h.clock, rand.Reader), Sessions: session.New(db, sealer, h.clock, rand.Reader),
		Rand:   rand.Reader,
		Issuer: func(apiKey string) string { return "https://fidm.gigya.com/jwt/" + apiKey + "/" },
	}
	h.resolver = caller.NewResolver(h.deps.Sites, h.deps.Sessions, h.deps.Tokens, h.deps.Keyring, db)
	h.methods = method.NewTable(socialize.Methods(h.deps)...)
	h.change(func(tx store.Tx) error {
		partner := &store.Partner{ID: 1, Name: "Example", Secret: sealer.Seal([]byte(testSecret), "partner:1")}
		key := func(name string, sites ...string) *store.Key {
			return &store.Key{
				UserKey: name, Partner: 1, Kind: store.KindApplication, Name: name, Privileges: []string{site.AllAPIs},
				Sites: sites, Secret: sealer.Seal([]byte(userSecret), "key:"+name),
			}
		}
		at := func(apiKey string) *store.Site {
			return &store.Site{APIKey: apiKey, SiteID: 1, Partner: 1, Group: apiKey, BaseDomain: "example.com", DataCenter: "us1", Status: store.SiteActive}
		}
		return errors.Join(tx.PutPartner(partner), tx.PutSite(at(testKey)), tx.PutSite(at(otherKey)),
			tx.PutKey(key(userKey)), tx.PutKey(key(scopedKey, testKey)))
	})
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) change(fn func(tx store.Tx) error) {
	h.t.Helper()
	h.must(h.store.Change(h.t.Context(), fn))
}

// Callers of tests.
type who func(h *house) *caller.Caller

func public(*house) *caller.Caller { return &caller.Caller{Class: caller.Public, Via: "none"} }

func server(*house) *caller.Caller {
	return &caller.Caller{Class: caller.Server, Via: "partnerSecret", Secret: secret(testSecret)}
}

func secret(text string) []byte {
	b, _ := base64.StdEncoding.DecodeString(text)
	return b
}

// user is the session of the token.
func user(text string) who {
	return func(h *house) *caller.Caller {
		found, err := h.deps.Sessions.Find(h.t.Context(), testKey, text)
		h.must(err)
		return &caller.Caller{Class: caller.Session, Via: "session", UID: found.UID, Session: found}
	}
}

// request is a call of a test.
type request struct {
	by     who
	name   string
	params []string
	// authorization is the header, noSite leaves the site of the call open.
	authorization string
	noSite        bool
}

// send makes the call and returns the whole answer with the invocation as the method left it.
func (h *house) send(r request) (string, *method.Invocation) {
	h.t.Helper()
	m, _ := h.methods.Lookup(r.name)
	raw := gigya.NewParams()
	for i := 0; i < len(r.params); i += 2 {
		raw.Set(r.params[i], r.params[i+1])
	}
	inv := &method.Invocation{Method: m, Caller: r.by(h), Raw: raw, Now: h.clock.Now(), CallID: "CALLID", Authorization: r.authorization}
	if !r.noSite {
		current, err := h.deps.Sites.Site(h.t.Context(), testKey)
		h.must(err)
		inv.Site = current
	}
	answer := &gigya.Answer{Method: r.name, CallID: inv.CallID, Time: inv.Now}
	bound, ignored, err := m.Bind(inv)
	answer.Ignored = ignored
	var result any
	if err == nil {
		result, err = m.Invoke(h.t.Context(), bound)
	}
	if err == nil {
		answer.Members, err = gigya.Marshal(result)
		h.must(err)
	} else if !errors.As(err, &answer.Err) {
		h.t.Fatalf("%s: %v", r.name, err)
	}
	return string(gigya.AppendAnswer(nil, answer, gigya.JSON, "")), inv
}

func (h *house) call(by who, name string, params ...string) string {
	h.t.Helper()
	answer, _ := h.send(request{by: by, name: name, params: params})
	return answer
}

// field returns the text or the raw value of a member of the answer.
func field(answer string, path ...string) string {
	raw, _ := document.MemberAt([]byte(answer), path...)
	if text, ok := document.Text(raw); ok {
		return text
	}
	return string(raw)
}

func wantCode(t *testing.T, answer, want string) {
	t.Helper()
	if got := field(answer, "errorCode"); got != want {
		t.Fatalf("errorCode %s, want %s\n%s", got, want, answer)
	}
}

func TestGetIDs(t *testing.T) {
	h := newHouse(t)
	answer, inv := h.send(request{by: public, name: "socialize.getIDs", params: []string{"include", "permissions,ids,appIds"}})
	form := regexp.MustCompile(`^gmid\.ver4\.[\w-]{32}$`)
	if gmid := field(answer, "gmid"); !form.MatchString(gmid) || field(answer, "gcid") != gmid || len(field(answer, "ucid")) != 22 {
		t.Errorf("answer\n%s", answer)
	}
	if field(answer, "refreshTime") != "1775038530000" || strings.Contains(answer, "gmidTicket") {
		t.Errorf("answer\n%s", answer)
	}
	if len(inv.Cookies) != 2 || inv.Cookies[0].Name != "gmid" || inv.Cookies[1].Name != "ucid" || inv.Cookies[0].MaxAge != 365*24*time.Hour {
		t.Errorf("cookies %v", inv.Cookies)
	}

	again, inv := h.send(request{by: public, name: "socialize.getIDs", params: []string{"gmid", "from-elsewhere", "ucid", "two words", "targetEnv", "mobile", "includeTicket", "true"}})
	if field(again, "gmid") != "from-elsewhere" || strings.Contains(again, "two words") || len(inv.Cookies) != 0 {
		t.Errorf("ids that were brought:\n%s\ncookies %v", again, inv.Cookies)
	}
	if field(again, "gmidTicket") == "" || field(again, "expirationTime") != "1772450130000" {
		t.Errorf("ticket:\n%s", again)
	}
}

func TestGetGmidTicket(t *testing.T) {
	h := newHouse(t)
	answer := h.call(public, "socialize.getGmidTicket", "gmid", "g-1", "expires", "60")
	if field(answer, "gmidTicket") == "" || field(answer, "expirationTime") != "1772446590000" {
		t.Errorf("answer\n%s", answer)
	}
	wantCode(t, h.call(public, "socialize.getGmidTicket"), "400002")
	wantCode(t, h.call(public, "socialize.getGmidTicket", "gmid", "<b>"), "400006")
	wantCode(t, h.call(public, "socialize.getGmidTicket", "gmid", "g-1", "expires", "0"), "400006")
}

func TestGetSDKConfig(t *testing.T) {
	h := newHouse(t)
	answer := h.call(public, "socialize.getSDKConfig", "gmid", "g-1", "ucid", "u-1")
	_, after, _ := strings.Cut(answer, `"errorReportRules"`)
	const want = `:[],"permissions":{},"appIds":{},"ids":{"gmid":"g-1","gcid":"g-1","ucid":"u-1","refreshTime":1775038530000}}`
	if got := strings.Join(strings.Fields(after), ""); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNotifyLogin(t *testing.T) {
	h := newHouse(t)
	stamp := "1772446530"
	sig := gigya.SignUID(secret(testSecret), stamp, "site-1")
	for name, test := range map[string]struct {
		by     who
		params []string
		code   string
		has    []string
	}{
		"a server": {by: server, params: []string{"siteUID", "site-1", "userInfo", `{"firstName":"Zoë","email":"zoe@example.com"}`}, code: "0",
			has: []string{`"UID": "site-1"`, `"UIDSignature": "` + sig + `"`, `"cookieName": "glt_` + testKey + `"`, `"cookieValue": "st2.s.`, `"cookieDomain": "example.com"`, `"cookiePath": "/"`, `"newUser": `}},
		"an app":                       {by: server, params: []string{"siteUID", "site-2", "targetEnv", "mobile"}, code: "0", has: []string{`"sessionToken": "st2.s.`, `"sessionSecret": "`, `"newUser": true`}},
		"a page with the site's word":  {by: public, params: []string{"siteUID", "site-1", "UIDSig", sig, "UIDTimestamp", stamp}, code: "0", has: []string{`"cookieValue": "st2.s.`}},
		"a page without":               {by: public, params: []string{"siteUID", "site-1"}, code: "403007"},
		"a page with another's":        {by: public, params: []string{"siteUID", "site-2", "UIDSig", sig, "UIDTimestamp", stamp}, code: "403003"},
		"a page with an old one":       {by: public, params: []string{"siteUID", "site-1", "UIDSig", sig, "UIDTimestamp", "1772446469"}, code: "403002"},
		"no siteUID":                   {by: server, code: "400002"},
		"a siteUID with blanks":        {by: server, params: []string{"siteUID", "a b"}, code: "400006"},
		"a siteUID that is too long":   {by: server, params: []string{"siteUID", strings.Repeat("x", 253)}, code: "400006"},
		"an expiration that is none":   {by: server, params: []string{"siteUID", "site-1", "sessionExpiration", "-3"}, code: "400006"},
		"social sessions":              {by: server, params: []string{"providerSessions", `{"facebook":{"authToken":"x"}}`}, code: "400096"},
		"user info that is no object":  {by: server, params: []string{"siteUID", "site-1", "userInfo", "[1]"}, code: "400004"},
		"a page cannot skip the rules": {by: public, params: []string{"siteUID", "site-1", "UIDSig", sig, "UIDTimestamp", stamp, "skipValidation", "true"}, code: "0", has: []string{`"paramName": "skipValidation"`}},
	} {
		t.Run(name, func(t *testing.T) {
			answer := h.call(test.by, "socialize.notifyLogin", test.params...)
			wantCode(t, answer, test.code)
			for _, want := range test.has {
				if !strings.Contains(answer, want) {
					t.Errorf("%s is not in\n%s", want, answer)
				}
			}
			if test.code != "0" && strings.Contains(answer, "st2.") {
				t.Errorf("a refused login gives a token:\n%s", answer)
			}
		})
	}
}

func TestNotifyLoginMakesTheAccountOnce(t *testing.T) {
	h := newHouse(t)
	first := h.call(server, "socialize.notifyLogin", "siteUID", "site-1", "userInfo", `{"firstName":"Zoë","email":"zoe@example.com"}`)
	h.clock.Advance(time.Hour)
	second := h.call(server, "socialize.notifyLogin", "siteUID", "site-1")
	if field(first, "newUser") != "true" || field(second, "newUser") != "false" {
		t.Errorf("newUser %s, then %s", field(first, "newUser"), field(second, "newUser"))
	}
	a, err := h.store.Account(t.Context(), testKey, "site-1")
	h.must(err)
	if a.Registered != clock.FromTime(testTime) || a.LastLogin != clock.FromTime(testTime.Add(time.Hour)) || !strings.Contains(string(a.Profile), "Zoë") {
		t.Errorf("account %+v", a)
	}
}

func TestNotifyLoginIsHeldBackByTheSitesRules(t *testing.T) {
	h := newHouse(t)
	h.change(func(tx store.Tx) error {
		record, err := tx.Site(testKey)
		if err != nil {
			return err
		}
		record.Schema = json.RawMessage(`{"profileSchema":{"fields":{"firstName":{"required":true}}}}`)
		return tx.PutSite(record)
	})
	answer := h.call(server, "socialize.notifyLogin", "siteUID", "site-1")
	wantCode(t, answer, "206001")
	if !strings.HasPrefix(field(answer, "regToken"), "st2.r.") || field(answer, "sessionInfo", "expires_in") != "3600" || strings.Contains(answer, "cookieValue") {
		t.Errorf("answer\n%s", answer)
	}
	wantCode(t, h.call(server, "socialize.notifyLogin", "siteUID", "site-1", "skipValidation", "true"), "0")
	h.change(func(tx store.Tx) error {
		a, err := tx.Account(testKey, "site-1")
		if err != nil {
			return err
		}
		a.IsActive = false
		return tx.PutAccount(a)
	})
	answer = h.call(server, "socialize.notifyLogin", "siteUID", "site-1", "skipValidation", "true")
	wantCode(t, answer, "403041")
	if strings.Contains(answer, "regToken") || strings.Contains(answer, "st2.") {
		t.Errorf("a disabled account is shown:\n%s", answer)
	}
}

func TestLogoutAndGetUserInfo(t *testing.T) {
	h := newHouse(t)
	login := h.call(server, "socialize.notifyLogin", "siteUID", "site-1", "userInfo", `{"firstName":"Zoë"}`)
	text := field(login, "cookieValue")

	info := h.call(user(text), "socialize.getUserInfo")
	if field(info, "UID") != "site-1" || field(info, "firstName") != "Zoë" || field(info, "isLoggedIn") != "true" || field(info, "isSiteUID") != "true" ||
		field(info, "UIDSignature") != gigya.SignUID(secret(testSecret), "1772446530", "site-1") || !strings.HasPrefix(field(info, "identities"), "[") {
		t.Errorf("info\n%s", info)
	}
	wantCode(t, h.call(user(text), "socialize.getUserInfo", "UID", "site-2"), "403005")
	wantCode(t, h.call(server, "socialize.getUserInfo", "UID", "nobody"), "403005")
	wantCode(t, h.call(server, "socialize.getUserInfo"), "400002")
	wantCode(t, h.call(server, "socialize.getUserInfo", "UID", "site-1"), "0")
	nobody := h.call(public, "socialize.getUserInfo")
	if field(nobody, "errorCode") != "0" || field(nobody, "isLoggedIn") != "false" || !strings.Contains(nobody, `"UID": ""`) {
		t.Errorf("nobody\n%s", nobody)
	}

	out := h.call(user(text), "socialize.logout")
	if field(out, "UID") != "site-1" || field(out, "logoutActiveSession") != "true" {
		t.Errorf("logout\n%s", out)
	}
	if _, err := h.deps.Sessions.Find(context.Background(), testKey, text); !errors.Is(err, session.ErrUnknown) {
		t.Errorf("the session lives: %v", err)
	}
	wantCode(t, h.call(server, "socialize.logout", "UID", "nobody"), "403005")
}
