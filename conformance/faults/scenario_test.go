package faults_test

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/oauth2"
	"github.com/doorward/doorward/internal/store"
)

// scenario is a call that succeeds when nothing fails.
type scenario struct {
	// method is the method's name, or the path of an OAuth 2 endpoint; variant tells several of one method apart.
	method, variant string
	// prepare makes what the call needs, anew for each run, and returns the call without its method.
	prepare func(h *house) call
	// code is the errorCode without faults.
	code int
	// changes: the call leaves something behind.
	changes bool
	// cold: the server has forgotten its configuration when the call comes.
	cold bool
}

func (s scenario) oauth() bool { return strings.HasPrefix(s.method, "/") }

func (s scenario) name() string {
	return strings.TrimSuffix(strings.TrimPrefix(s.method, "/")+" "+s.variant, " ")
}

func (s scenario) call(h *house) call {
	h.t.Helper()
	c := s.prepare(h)
	c.method = strings.TrimPrefix(s.method, "/")
	return c
}

func oauthPaths() []string { return oauth2.Paths() }

// plain is a call that needs nothing made before.
func plain(by credential, params ...string) func(*house) call {
	return func(*house) call { return call{by: by, params: params} }
}

// about is a call about a fresh account, whose UID is added under the name.
func about(name string, by credential, params ...string) func(*house) call {
	return func(h *house) call {
		uid := newUID()
		h.register(uid)
		return call{by: by, params: append([]string{name, uid}, params...)}
	}
}

// own is a call of a fresh account's session.
func own(params ...string) func(*house) call {
	return func(h *house) call {
		return call{by: session(h.register(newUID())), params: params}
	}
}

// ofMobile is a call signed by a fresh mobile session.
func ofMobile(params ...string) func(*house) call {
	return func(h *house) call {
		uid := newUID()
		h.register(uid)
		a := h.must(0, call{method: "accounts.login", by: partner, params: []string{
			"loginID", uid + "@example.com", "password", testPassword, "targetEnv", "mobile",
		}})
		return call{by: mobile(a.member("sessionInfo", "sessionToken"), a.member("sessionInfo", "sessionSecret")), params: params}
	}
}

// initToken is a fresh token of initRegistration.
func initToken(h *house) string {
	h.t.Helper()
	return h.must(0, call{method: "accounts.initRegistration", by: anybody}).member("regToken")
}

// pendingToken is the regToken of an account that was registered and not finalized.
func pendingToken(h *house) string {
	h.t.Helper()
	uid := newUID()
	return h.must(206001, call{method: "accounts.register", by: partner, params: []string{
		"siteUID", uid, "email", uid + "@example.com", "password", testPassword,
	}}).member("regToken")
}

func signature(h *house) call {
	key, err := gigya.DecodeSecret(h.secret)
	h.check(err)
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	return call{by: userKey, params: []string{
		"UID", "u", "UIDSignature", gigya.SignUID(key, stamp, "u"), "signatureTimestamp", stamp,
	}}
}

// accessToken is a fresh token of the OAuth 2 endpoint.
func accessToken(h *house) string {
	h.t.Helper()
	a := h.send(call{method: "oauth2/token", by: oauthClient, params: []string{"grant_type", "client_credentials"}}, nil)
	if a.member("access_token") == "" {
		h.t.Fatal(a.text)
	}
	return a.member("access_token")
}

func withToken(h *house) call {
	return call{by: oauthClient, params: []string{"token", accessToken(h)}}
}

// lite makes a lite account and returns the local part of its address.
func (h *house) lite() string {
	h.t.Helper()
	name := newUID()
	h.must(0, call{method: "accounts.importLiteAccount", by: partner, params: []string{
		"email", name + "@example.com", "subscriptions", `{"news":{"email":{"isSubscribed":true}}}`,
	}})
	return name
}

// liteToken is a token of a fresh lite account.
func (h *house) liteToken() string {
	h.t.Helper()
	return h.must(0, call{method: "accounts.getLiteToken", by: partner, params: []string{"email", h.lite() + "@example.com"}}).member("token")
}

// proven registers the account and verifies its address.
func (h *house) proven(uid string) {
	h.t.Helper()
	h.register(uid)
	h.must(0, call{method: "accounts.setAccountInfo", by: partner, params: []string{"UID", uid, "isVerified", "true"}})
}

// forgetProgression takes the policy of progression back, which no method does.
func (h *house) forgetProgression() {
	h.t.Helper()
	h.check(h.store.Change(h.t.Context(), func(tx store.Tx) error {
		record, err := tx.Site(h.apiKey)
		if err != nil {
			return err
		}
		record.Settings = nil
		return tx.PutSite(record)
	}))
}

// uniqueType is a fresh type with a unique field, which clients may write, and an object.
func (h *house) uniqueType() string {
	h.t.Helper()
	kind := newUID()
	h.must(0, call{method: "ds.setSchema", by: partner, params: []string{
		"type", kind, "dataSchema", `{"fields":{"code":{"type":"string","writeAccess":"clientModify"}},"unique":["code"]}`,
	}})
	h.must(0, call{method: "ds.store", by: partner, params: []string{"type", kind, "oid", "1", "data", `{"code":"first"}`}})
	return kind
}

// counter registers the counter of the scenarios, and returns the parameter that names it.
func (h *house) counter() string {
	h.t.Helper()
	const counter = `[{"class":"visits","path":"/shop"}]`
	h.must(0, call{method: "accounts.registerCounters", by: partner, params: []string{"counters", counter}})
	return counter
}

// scenarios has every method and endpoint at least once, and each kind of credential.
var scenarios = slices.Concat(coreScenarios, adminScenarios, settingsScenarios, copiedScenarios, auditScenarios)

// coreScenarios are those of accounts, of the data store and of the OAuth 2 endpoints.
var coreScenarios = []scenario{
	{method: "accounts.initRegistration", prepare: plain(anybody), cold: true},
	{method: "accounts.register", variant: "client", changes: true, prepare: func(h *house) call {
		return call{by: anybody, params: []string{
			"regToken", initToken(h), "email", newUID() + "@Example.com", "username", newUID(), "password", testPassword,
			"profile", `{"firstName":"Ann"}`, "finalizeRegistration", "true", "include", "profile,id_token",
		}}
	}},
	{method: "accounts.register", variant: "not finalized", code: 206001, changes: true, prepare: func(*house) call {
		uid := newUID()
		return call{by: partner, params: []string{"siteUID", uid, "email", uid + "@example.com", "password", testPassword}}
	}},
	{method: "accounts.register", variant: "server with new fields", changes: true, cold: true, prepare: func(*house) call {
		uid := newUID()
		return call{by: partner, params: []string{
			"siteUID", uid, "email", uid + "@example.com", "password", testPassword, "secretQuestion", "q", "secretAnswer", "a",
			"data", `{"` + newUID() + `":"new"}`, "finalizeRegistration", "true",
		}}
	}},
	{method: "accounts.register", variant: "beside a lite one", changes: true, prepare: func(h *house) call {
		uid := h.lite()
		return call{by: partner, params: []string{"siteUID", uid, "email", uid + "@example.com", "password", testPassword, "finalizeRegistration", "true"}}
	}},
	{method: "accounts.register", variant: "in the place of a lite one", changes: true, prepare: func(h *house) call {
		return call{by: anybody, params: []string{"regToken", h.liteToken(), "password", testPassword, "finalizeRegistration", "true"}}
	}},
	{method: "accounts.finalizeRegistration", changes: true, prepare: func(h *house) call {
		return call{by: anybody, params: []string{"regToken", pendingToken(h), "include", "profile,id_token"}}
	}},
	{method: "accounts.login", changes: true, prepare: func(h *house) call {
		uid := newUID()
		h.register(uid)
		return call{by: anybody, params: []string{"loginID", uid + "@example.com", "password", testPassword, "include", "profile,id_token"}}
	}},
	{method: "accounts.login", variant: "wrong password", code: 403042, changes: true, prepare: func(h *house) call {
		uid := newUID()
		h.register(uid)
		return call{by: anybody, params: []string{"loginID", uid + "@example.com", "password", "wrong"}}
	}},
	{method: "accounts.login", variant: "nobody", code: 403042, changes: true,
		prepare: plain(anybody, "loginID", "nobody@example.com", "password", "wrong")},
	{method: "accounts.login", variant: "reAuth", changes: true, prepare: own("loginMode", "reAuth", "password", testPassword)},
	{method: "accounts.logout", variant: "session", changes: true, prepare: own()},
	{method: "accounts.logout", variant: "server", changes: true, prepare: about("UID", partner)},
	{method: "accounts.notifyLogin", variant: "new", changes: true, prepare: func(*house) call {
		return call{by: partner, params: []string{"siteUID", newUID()}}
	}},
	{method: "accounts.notifyLogin", variant: "known", changes: true, prepare: about("siteUID", partner)},
	{method: "accounts.verifyLogin", variant: "server", prepare: about("UID", partner)},
	{method: "accounts.verifyLogin", variant: "session", prepare: own("include", "profile,id_token")},
	{method: "accounts.getAccountInfo", variant: "partner", prepare: about("UID", partner), cold: true},
	{method: "accounts.getAccountInfo", variant: "key", prepare: about("UID", userKey), cold: true},
	{method: "accounts.getAccountInfo", variant: "signed", prepare: about("UID", signed)},
	{method: "accounts.getAccountInfo", variant: "bearer", prepare: about("UID", bearer), cold: true},
	{method: "accounts.getAccountInfo", variant: "access token", prepare: func(h *house) call {
		uid := newUID()
		h.register(uid)
		return call{by: noCredential, params: []string{"apiKey", h.apiKey, "oauth_token", accessToken(h), "UID", uid}}
	}},
	{method: "accounts.getAccountInfo", variant: "session", prepare: own("include", "profile,id_token")},
	{method: "accounts.getAccountInfo", variant: "mobile session", prepare: ofMobile()},
	{method: "accounts.getAccountInfo", variant: "regToken", prepare: func(h *house) call {
		return call{by: anybody, params: []string{"regToken", pendingToken(h)}}
	}},
	{method: "accounts.setAccountInfo", variant: "server", changes: true, prepare: func(h *house) call {
		uid := newUID()
		h.register(uid)
		return call{by: partner, params: []string{
			"UID", uid, "profile", `{"email":"` + newUID() + `@example.com","lastName":"X"}`, "data", `{"` + newUID() + `":1}`,
			"addLoginEmails", newUID() + "@example.com", "removeLoginEmails", uid + "@example.com", "username", newUID(),
		}}
	}},
	{method: "accounts.setAccountInfo", variant: "new password", changes: true,
		prepare: own("password", testPassword, "newPassword", testPassword+"-new")},
	{method: "accounts.setAccountInfo", variant: "regToken", changes: true, prepare: func(h *house) call {
		return call{by: anybody, params: []string{"regToken", pendingToken(h), "profile", `{"firstName":"Bea"}`}}
	}},
	{method: "accounts.setAccountInfo", variant: "lite", changes: true, prepare: func(h *house) call {
		a := h.must(0, call{method: "accounts.initRegistration", by: anybody, params: []string{"isLite", "true"}})
		return call{by: anybody, params: []string{"regToken", a.member("regToken"), "profile", `{"email":"` + newUID() + `@example.com"}`}}
	}},
	{method: "accounts.setAccountInfo", variant: "verifies beside a lite one", changes: true, prepare: func(h *house) call {
		uid := h.lite()
		h.register(uid)
		return call{by: partner, params: []string{"UID", uid, "isVerified", "true"}}
	}},
	{method: "accounts.setAccountInfo", variant: "token of a lite one", changes: true, prepare: func(h *house) call {
		return call{by: anybody, params: []string{"regToken", h.liteToken(), "profile", `{"firstName":"Li"}`}}
	}},
	{method: "accounts.getAccountInfo", variant: "token of a lite one", prepare: func(h *house) call {
		return call{by: anybody, params: []string{"regToken", h.liteToken()}}
	}},
	{method: "accounts.getLiteToken", prepare: func(h *house) call {
		return call{by: partner, params: []string{"email", h.lite() + "@example.com"}}
	}},
	{method: "accounts.deleteLiteAccount", changes: true, prepare: func(h *house) call {
		uid := h.lite()
		h.proven(uid)
		found := h.must(0, call{method: "accounts.search", by: partner, params: []string{
			"query", "SELECT token FROM emailAccounts WHERE email = '" + uid + "@example.com'",
		}})
		_, rest, _ := strings.Cut(found.text, `"token": "`)
		emailToken, _, _ := strings.Cut(rest, `"`)
		return call{by: partner, params: []string{"emailAccountToken", emailToken}}
	}},
	{method: "accounts.initProgression", prepare: func(h *house) call {
		return call{by: anybody, params: []string{"regToken", h.liteToken()}}
	}},
	{method: "accounts.progression.getPolicy", prepare: plain(partner)},
	{method: "accounts.progression.setPolicy", changes: true, prepare: func(h *house) call {
		h.forgetProgression()
		return call{by: partner, params: []string{"policy", "auto"}}
	}},
	{method: "accounts.importFullAccount", variant: "new", changes: true, cold: true, prepare: func(*house) call {
		uid := newUID()
		return call{by: partner, params: []string{
			"UID", uid, "importPolicy", "insert", "loginIDs", `{"emails":["` + uid + `@example.com"]}`, "isVerified", "true", "profile", `{"firstName":"Ida"}`,
			"data", `{"` + newUID() + `":"new"}`, "identities", `[{"provider":"facebook","providerUID":"` + uid + `"}]`,
		}}
	}},
	{method: "accounts.importFullAccount", variant: "known", changes: true, prepare: func(h *house) call {
		uid := newUID()
		h.register(uid)
		return call{by: partner, params: []string{"UID", uid, "importPolicy", "upsert", "profile", `{"city":"` + uid + `"}`}}
	}},
	{method: "accounts.importLiteAccount", variant: "new", changes: true, cold: true, prepare: func(*house) call {
		return call{by: partner, params: []string{"email", newUID() + "@example.com", "profile", `{"firstName":"Li"}`}}
	}},
	{method: "accounts.importLiteAccount", variant: "beside a full one", changes: true, prepare: func(h *house) call {
		uid := newUID()
		h.proven(uid)
		return call{by: partner, params: []string{"email", uid + "@example.com", "subscriptions", `{"news":{"email":{"isSubscribed":true}}}`}}
	}},
	{method: "accounts.deleteAccount", changes: true, prepare: about("UID", partner)},
	{method: "accounts.deleteAccount", variant: "beside a lite one", changes: true, prepare: func(h *house) call {
		uid := h.lite()
		h.proven(uid)
		return call{by: partner, params: []string{"UID", uid}}
	}},
	{method: "accounts.isAvailableLoginID", prepare: plain(anybody, "loginID", "nobody@example.com")},
	{method: "accounts.getJWT", variant: "server", prepare: about("targetUID", userKey, "fields", "firstName"), cold: true},
	{method: "accounts.getJWT", variant: "session", prepare: own()},
	{method: "accounts.getJWTPublicKey", prepare: plain(anybody, "V2", "true"), cold: true},
	{method: "accounts.exchangeUIDSignature", prepare: signature},
	{method: "accounts.session.verify", prepare: own()},
	{method: "accounts.getSchema", prepare: plain(partner)},
	{method: "accounts.setSchema", changes: true, prepare: func(*house) call {
		return call{by: partner, params: []string{"dataSchema", `{"fields":{"` + newUID() + `":{"type":"string"}}}`}}
	}},
	{method: "accounts.getPolicies", prepare: plain(partner)},
	{method: "accounts.setPolicies", changes: true, prepare: func(*house) call {
		// A number that is another one each time, so that the change is seen.
		n := strconv.FormatInt(600+uidNumber.Add(1), 10)
		return call{by: partner, params: []string{"accountOptions", `{"verifyEmail":false}`, "emailVerification", `{"verificationEmailExpiration":` + n + `}`}}
	}},
	{method: "accounts.registerCounters", changes: true, prepare: func(h *house) call {
		counter := h.counter()
		h.must(0, call{method: "accounts.unregisterCounters", by: partner, params: []string{"counters", counter}})
		return call{by: partner, params: []string{"counters", counter}}
	}},
	{method: "accounts.unregisterCounters", changes: true, prepare: func(h *house) call {
		return call{by: partner, params: []string{"counters", h.counter()}}
	}},
	{method: "accounts.getRegisteredCounters", prepare: plain(partner)},
	{method: "accounts.incrementCounters", variant: "server", changes: true, prepare: func(h *house) call {
		counter := h.counter()
		return about("UID", partner, "counters", counter)(h)
	}},
	{method: "accounts.incrementCounters", variant: "session", changes: true, prepare: func(h *house) call {
		counter := h.counter()
		return own("counters", counter)(h)
	}},
	{method: "accounts.getCounters", prepare: func(h *house) call {
		counter := h.counter()
		return about("UID", partner, "counters", counter)(h)
	}},
	{method: "accounts.search", prepare: plain(userKey, "query", "SELECT UID FROM accounts ORDER BY created LIMIT 2"), cold: true},
	{method: "accounts.search", variant: "lite accounts", prepare: plain(partner, "query", "SELECT UID FROM accounts LIMIT 2", "accountTypes", "full,lite")},
	{method: "accounts.search", variant: "cursor", prepare: plain(partner, "query", "SELECT UID FROM accounts", "openCursor", "true", "pagesize", "5")},

	{method: "socialize.getIDs", prepare: plain(anybody)},
	{method: "socialize.getGmidTicket", prepare: plain(anybody, "gmid", "gmid.ver4.x")},
	{method: "socialize.getSDKConfig", prepare: plain(anybody)},
	{method: "socialize.notifyLogin", changes: true, prepare: func(*house) call {
		return call{by: partner, params: []string{"siteUID", newUID(), "userInfo", `{"firstName":"Cy"}`}}
	}},
	{method: "socialize.logout", changes: true, prepare: about("UID", partner)},
	{method: "socialize.getUserInfo", variant: "session", prepare: own("include", "id_token")},
	{method: "socialize.getUserInfo", variant: "server", prepare: about("UID", partner)},
	{method: "socialize.getToken", variant: "client", cold: true, prepare: func(h *house) call {
		return call{by: noCredential, params: []string{"grant_type", "none", "client_id", h.userKey, "client_secret", h.userSecret}}
	}},
	{method: "socialize.getToken", variant: "user", changes: true, prepare: func(h *house) call {
		return call{by: noCredential, params: []string{
			"grant_type", "client_credentials", "client_id", h.apiKey, "client_secret", h.secret, "x_siteUID", newUID(),
		}}
	}},
	{method: "socialize.exchangeUIDSignature", prepare: signature},

	{method: "ds.store", variant: "new type", changes: true, cold: true, prepare: func(*house) call {
		return call{by: partner, params: []string{"type", newUID(), "oid", "auto", "data", `{"a":1}`}}
	}},
	{method: "ds.store", variant: "unique", changes: true, prepare: func(h *house) call {
		kind := h.uniqueType()
		return call{by: userKey, params: []string{"type", kind, "oid", "1", "data", `{"code":"` + newUID() + `","` + newUID() + `":1}`}}
	}},
	{method: "ds.store", variant: "session", changes: true, prepare: func(h *house) call {
		kind := h.uniqueType()
		return call{by: session(h.register(newUID())), params: []string{"type", kind, "oid", "1", "data", `{"code":"` + newUID() + `"}`}}
	}},
	{method: "ds.get", prepare: func(h *house) call {
		return call{by: userKey, params: []string{"type", h.uniqueType(), "oid", "1"}}
	}, cold: true},
	{method: "ds.delete", changes: true, prepare: func(h *house) call {
		return call{by: partner, params: []string{"type", h.uniqueType(), "oid", "1"}}
	}},
	{method: "ds.delete", variant: "fields", changes: true, prepare: func(h *house) call {
		return call{by: partner, params: []string{"type", h.uniqueType(), "oid", "1", "fields", "code"}}
	}},
	{method: "ds.search", prepare: func(h *house) call {
		return call{by: userKey, params: []string{"query", "SELECT * FROM " + h.uniqueType() + " ORDER BY code", "openCursor", "true"}}
	}},
	{method: "ds.getSchema", prepare: plain(partner, "type", "photos")},
	{method: "ds.setSchema", changes: true, prepare: func(*house) call {
		return call{by: partner, params: []string{"type", newUID(), "dataSchema", `{"fields":{"a":{"type":"string"}}}`}}
	}},
	{method: "ds.deleteSchemaFields", changes: true, prepare: func(h *house) call {
		return call{by: partner, params: []string{"type", h.uniqueType(), "dataSchema", `["code"]`}}
	}},
	{method: "ds.getTypes", prepare: plain(partner)},
	{method: "accounts.deleteAccount", variant: "with objects", changes: true, prepare: func(h *house) call {
		kind, uid := h.uniqueType(), newUID()
		h.register(uid)
		h.must(0, call{method: "ds.store", by: partner, params: []string{"type", kind, "oid", "1", "UID", uid, "data", `{"code":"` + uid + `"}`}})
		return call{by: partner, params: []string{"UID", uid}}
	}},

	{method: "/oauth2/token", variant: "client", prepare: plain(oauthClient, "grant_type", "client_credentials"), cold: true},
	{method: "/oauth2/token", variant: "refresh", prepare: func(h *house) call {
		a := h.send(call{method: "oauth2/token", by: oauthClient, params: []string{"grant_type", "client_credentials"}}, nil)
		return call{by: oauthClient, params: []string{"grant_type", "refresh_token", "refresh_token", a.member("refresh_token")}}
	}},
	{method: "/introspect", prepare: withToken},
	{method: "/revocation", changes: true, prepare: withToken},
	{method: "/oauth2/jwks", prepare: func(*house) call { return call{get: true, by: noCredential} }, cold: true},
	{method: "/.well-known/oauth-authorization-server", prepare: func(*house) call { return call{get: true, by: noCredential} }},
}
