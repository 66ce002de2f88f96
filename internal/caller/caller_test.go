package caller_test

import (
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// situation is a request and what it must come to: a caller, or a code with its details.
type situation struct {
	name    string
	request *caller.Request
	via     string // of the caller
	class   caller.Class
	code    gigya.Code
	details string
}

func check(t *testing.T, h *house, situations []situation) {
	t.Helper()
	for _, c := range situations {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			got, err := h.call(t, c.request)
			code, details := refusal(t, err)
			if code != c.code || details != c.details {
				t.Fatalf("answer %d %q, want %d %q", code, details, c.code, c.details)
			}
			if err != nil {
				return
			}
			if got.Class != c.class || got.Via != c.via {
				t.Errorf("caller %v by %q, want %v by %q", got.Class, got.Via, c.class, c.via)
			}
			if (c.class == caller.Session) != (got.UID == uid && got.Session != nil) {
				t.Errorf("user %q, session %v", got.UID, got.Session)
			}
		})
	}
}

func TestSiteOfACall(t *testing.T) {
	h := newHouse(t)
	anonymous := func(params ...string) *caller.Request {
		r := h.request(params...)
		r.Anonymous, r.NoSite, r.Accepts = true, true, caller.Public
		return r
	}
	header := func(r *caller.Request, apiKey string) *caller.Request {
		r.HeaderAPIKey = apiKey
		return r
	}
	elsewhere := func(r *caller.Request) *caller.Request {
		r.Elsewhere = func(*site.Site) error { return gigya.NewError(gigya.InvalidDataCenter, "") }
		return r
	}
	noSite := func(r *caller.Request) *caller.Request {
		r.NoSite = true
		return r
	}
	long := strings.Repeat("x", 500)
	check(t, h, []situation{
		{name: "no apiKey", request: h.request(), code: 400002, details: "Missing required parameter : apiKey"},
		{name: "empty apiKey", request: h.request("apiKey", ""), code: 400002, details: "Missing required parameter : apiKey"},
		{name: "no version", request: h.request("apiKey", "abc"), code: 400093, details: "GSKeyBase is invalid, no version: abc"},
		{name: "one digit", request: h.request("apiKey", "3"), code: 400093, details: "GSKeyBase is invalid, no version: 3"},
		{name: "long garbage is cut", request: h.request("apiKey", long), code: 400093, details: "GSKeyBase is invalid, no version: " + long[:128]},
		{name: "version and no more", request: h.request("apiKey", "3_abc"), code: 400093, details: "Invalid ApiKey parameter"},
		{name: "unknown", request: h.request("apiKey", "4_0000000000000000000000"), code: 400093, details: "Invalid ApiKey parameter"},
		{name: "deleted", request: h.request("apiKey", h.deleted.APIKey), code: 403007, details: "Site was deleted"},
		{name: "disabled", request: h.request("apiKey", h.disabled.APIKey), code: 403036, details: "Unauthorized partner"},
		{name: "of a disabled partner", request: h.request("apiKey", h.ofDisabled.APIKey), code: 403036, details: "Unauthorized partner"},
		{name: "elsewhere comes before the status", request: elsewhere(h.request("apiKey", h.deleted.APIKey)), code: 301001, details: "Invalid data center"},
		{name: "elsewhere comes after the look-up", request: elsewhere(h.request("apiKey", "4_0000000000000000000000")), code: 400093, details: "Invalid ApiKey parameter"},
		{name: "name in another letter case", request: h.request("APIKEY", h.site.APIKey), class: caller.Public, via: "none"},
		{name: "header", request: header(h.request(), h.site.APIKey), class: caller.Public, via: "none"},
		{name: "parameter before header", request: header(h.request("apiKey", h.site.APIKey), "garbage"), class: caller.Public, via: "none"},
		{name: "oauth_token that is an API key", request: h.request("oauth_token", h.site.APIKey), class: caller.Public, via: "none"},
		{name: "oauth_token that looks like one", request: h.request("oauth_token", "4_0000000000000000000000"), code: 400093, details: "Invalid ApiKey parameter"},
		{name: "both the same", request: h.request("oauth_token", h.site.APIKey, "apiKey", h.site.APIKey), class: caller.Public, via: "none"},
		{name: "two that differ", request: h.request("oauth_token", h.sibling.APIKey, "apiKey", h.site.APIKey), code: 403005, details: "Session not found"},
		{name: "anonymous without", request: anonymous(), class: caller.Public, via: "none"},
		{name: "anonymous with a wrong one", request: anonymous("apiKey", "4_0000000000000000000000"), code: 400093, details: "Invalid ApiKey parameter"},
		{name: "anonymous looks at no credential", request: anonymous("apiKey", h.site.APIKey, "secret", "wrong", "oauth_token", "x"), class: caller.Public, via: "none"},
		{name: "partner secret needs a site", request: noSite(h.request("secret", h.secret)), code: 400002, details: "Missing required parameter : apiKey"},
		{name: "a key needs none where none is needed", request: noSite(h.request("userKey", h.key.Record.UserKey, "secret", h.key.Secret)), class: caller.Server, via: "userKey"},
		{name: "else it does", request: h.request("userKey", h.key.Record.UserKey, "secret", h.key.Secret), code: 400002, details: "Missing required parameter : apiKey"},
	})
}

func TestSecrets(t *testing.T) {
	h := newHouse(t)
	at := func(s *store.Site, params ...string) *caller.Request {
		return h.request(append([]string{"apiKey", s.APIKey}, params...)...)
	}
	wrong := func(name string, r *caller.Request) situation {
		return situation{name: name, request: r, code: 403010, details: "Invalid parameter: secret"}
	}
	unknown := func(name string, r *caller.Request) situation {
		return situation{name: name, request: r, code: 403005, details: "The supplied userkey was not found"}
	}
	rsaOnly := h.newKey(t, site.KeyOptions{Partner: h.partner.ID, RSA: true, NoSecret: true})
	check(t, h, []situation{
		{name: "partner", request: at(h.site, "secret", h.secret), class: caller.Server, via: "partnerSecret"},
		{name: "partner at a child of the group", request: at(h.child, "secret", h.secret), class: caller.Server, via: "partnerSecret"},
		wrong("partner wrong", at(h.site, "secret", h.secret[:43]+"x")),
		wrong("partner of another", at(h.site, "secret", h.strangerSecret)),
		wrong("key's without its name", at(h.site, "secret", h.key.Secret)),
		{name: "empty is none", request: at(h.site, "secret", ""), class: caller.Public, via: "none"},
		{name: "key", request: at(h.site, "userKey", h.key.Record.UserKey, "secret", h.key.Secret), class: caller.Server, via: "userKey"},
		{name: "key in other letter case", request: at(h.site, "USERKEY", h.key.Record.UserKey, "Secret", h.key.Secret), class: caller.Server, via: "userKey"},
		wrong("key wrong", at(h.site, "userKey", h.key.Record.UserKey, "secret", "x")),
		wrong("key with the partner's", at(h.site, "userKey", h.key.Record.UserKey, "secret", h.secret)),
		wrong("key with another key's", at(h.site, "userKey", h.key.Record.UserKey, "secret", h.scoped.Secret)),
		wrong("key without a secret", at(h.site, "userKey", rsaOnly.Record.UserKey, "secret", "x")),
		unknown("key unknown", at(h.site, "userKey", "ANobody", "secret", h.key.Secret)),
		unknown("key disabled", at(h.site, "userKey", h.disabledKey.Record.UserKey, "secret", h.disabledKey.Secret)),
		unknown("key revoked", at(h.site, "userKey", h.revokedKey.Record.UserKey, "secret", h.revokedKey.Secret)),
		{name: "key of another partner", request: at(h.site, "userKey", h.foreignKey.Record.UserKey, "secret", h.foreignKey.Secret), code: 403007, details: denied},
		{name: "key out of its scope", request: at(h.site, "userKey", h.scoped.Record.UserKey, "secret", h.scoped.Secret), code: 403007, details: denied},
		{name: "key in its scope", request: at(h.sibling, "userKey", h.scoped.Record.UserKey, "secret", h.scoped.Secret), class: caller.Server, via: "userKey"},
		{name: "userKey alone proves nothing", request: at(h.site, "userKey", h.key.Record.UserKey), class: caller.Public, via: "none"},
	})
	t.Run("blanks_stand_for_plus_signs", func(t *testing.T) {
		p := h.partner
		text := "++++//+/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
		p.Secret = h.sealer.Seal([]byte(text), "partner:"+itoa(p.ID))
		h.put(t, p)
		check(t, h, []situation{{name: "sent unencoded", request: at(h.site, "secret", strings.ReplaceAll(text, "+", " ")), class: caller.Server, via: "partnerSecret"}})
	})
}

func TestSignatures(t *testing.T) {
	h := newHouse(t)
	at := func(params ...string) *caller.Request {
		return h.request(append([]string{"apiKey", h.site.APIKey, "UID", "ü 1"}, params...)...)
	}
	stamp := func(after time.Duration) string { return itoa(start.Add(after).Unix()) }
	skew := func(after time.Duration) string {
		return "The requests timestamp skew more than 120 seconds from the server time. Please check you server's time and timezone " +
			"configuration. Server timestamp: 1700000000, Request timestamp: " + stamp(after)
	}
	altered := func(r *caller.Request, change func(*caller.Request)) *caller.Request {
		change(r)
		return r
	}
	wrong := func(name string, r *caller.Request) situation {
		return situation{name: name, request: r, code: 403003, details: "Invalid request signature"}
	}
	userKey := h.key.Record.UserKey
	check(t, h, []situation{
		{name: "partner", request: sign(t, at(), h.secret), class: caller.Server, via: "signature"},
		{name: "key", request: sign(t, at("userKey", userKey), h.key.Secret), class: caller.Server, via: "signature"},
		{name: "milliseconds", request: sign(t, at("timestamp", stamp(0)+"123"), h.secret), class: caller.Server, via: "signature"},
		{name: "two minutes old", request: sign(t, at("timestamp", stamp(-120*time.Second)), h.secret), class: caller.Server, via: "signature"},
		{name: "two minutes ahead", request: sign(t, at("timestamp", stamp(120*time.Second)), h.secret), class: caller.Server, via: "signature"},
		{name: "too old", request: sign(t, at("timestamp", stamp(-121*time.Second)), h.secret), code: 403002, details: skew(-121 * time.Second)},
		{name: "too far ahead", request: sign(t, at("timestamp", stamp(121*time.Second)), h.secret), code: 403002, details: skew(121 * time.Second)},
		{name: "no timestamp", request: at("sig", "x", "nonce", "n"), code: 400002, details: "Missing required parameter : timestamp"},
		{name: "no nonce", request: at("sig", "x", "timestamp", stamp(0)), code: 400002, details: "Missing required parameter : nonce"},
		{name: "timestamp of letters", request: at("sig", "x", "timestamp", "abc", "nonce", "n"), code: 400006, details: "Invalid argument: timestamp"},
		{name: "nonce too long", request: sign(t, at("nonce", strings.Repeat("n", 257)), h.secret), code: 400006, details: "Invalid argument: nonce"},
		{name: "nonce of 256", request: sign(t, at("nonce", strings.Repeat("n", 256)), h.secret), class: caller.Server, via: "signature"},
		wrong("another parameter", altered(sign(t, at(), h.secret), func(r *caller.Request) { r.Params.Set("UID", "u2") })),
		wrong("one parameter more", altered(sign(t, at(), h.secret), func(r *caller.Request) { r.Params.Set("x", "") })),
		wrong("sig that is no Base64", at("timestamp", stamp(0), "nonce", "n", "sig", "%%%")),
		wrong("sig cut short", altered(sign(t, at(), h.secret), func(r *caller.Request) { r.Params.Set("sig", r.Params.Get("sig")[:20]) })),
		wrong("key's secret without its name", sign(t, at(), h.key.Secret)),
		wrong("partner's secret with a key's name", sign(t, at("userKey", userKey), h.secret)),
		{name: "key unknown", request: sign(t, at("userKey", "ANobody"), h.secret), code: 403005, details: "The supplied userkey was not found"},
		{name: "key disabled", request: sign(t, at("userKey", h.disabledKey.Record.UserKey), h.disabledKey.Secret), code: 403005, details: "The supplied userkey was not found"},
		{name: "timestamp before the key", request: sign(t, at("userKey", "ANobody", "timestamp", stamp(-time.Hour)), h.secret), code: 403002, details: skew(-time.Hour)},
		{name: "key out of scope", request: sign(t, at("userKey", h.scoped.Record.UserKey), h.scoped.Secret), code: 403007, details: denied},
		{name: "empty oauth_token makes sig nothing", request: sign(t, at("oauth_token", ""), h.secret), class: caller.Public, via: "none"},
	})
	t.Run("expected_base_string_is_shown_in_development_alone", func(t *testing.T) {
		r := sign(t, at("password", "hunter2"), h.key.Secret)
		r.DevMode = true
		_, err := h.call(t, r)
		members, merr := gigya.Marshal(err.(*gigya.Error).Members)
		must(t, merr)
		text := string(members)
		if !strings.Contains(text, `"baseString":"POST&https%3A%2F%2Faccounts.us1.gigya.com`) || strings.Contains(text, "hunter2") || strings.Contains(text, h.secret) {
			t.Errorf("members %s", text)
		}
		r.DevMode = false
		if _, err = h.call(t, r); err.(*gigya.Error).Members != nil {
			t.Error("it is shown in production")
		}
	})
}

func TestSessionCredentials(t *testing.T) {
	h := newHouse(t)
	live, mobile := h.login(t, session.Open{}), h.login(t, session.Open{Mobile: true})
	over, mobileOver := h.login(t, session.Open{Expiration: 30}), h.login(t, session.Open{Mobile: true, Expiration: 30})
	dynamic, ended := h.login(t, session.Open{Expiration: session.Dynamic}), h.login(t, session.Open{})
	must(t, h.store.Change(t.Context(), func(tx store.Tx) error {
		return tx.DeleteSession(h.site.APIKey, uid, ended.Session.Hash)
	}))
	h.clock.Advance(5 * time.Minute)
	secret, err := gigya.DecodeSecret(h.secret)
	must(t, err)
	proof := gigya.SignDynamicSession(secret, dynamic.Token, h.clock.Now().Add(time.Minute), "")
	stale := gigya.SignDynamicSession(secret, dynamic.Token, h.clock.Now().Add(-time.Minute), "")
	at := func(params ...string) *caller.Request {
		return h.request(append([]string{"apiKey", h.site.APIKey}, params...)...)
	}
	cookies := func(r *caller.Request, pairs ...string) *caller.Request {
		r.Cookie = func(name string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == name {
					return pairs[i+1]
				}
			}
			return ""
		}
		return r
	}
	open := func(r *caller.Request, classes caller.Class) *caller.Request {
		r.Accepts = classes
		return r
	}
	plain := func(r *caller.Request) *caller.Request {
		r.Secure = false
		return r
	}
	glt := "glt_" + h.site.APIKey
	user := func(name string, r *caller.Request) situation {
		return situation{name: name, request: r, class: caller.Session, via: "session"}
	}
	public := func(name string, r *caller.Request) situation {
		return situation{name: name, request: r, class: caller.Public, via: "none"}
	}
	refused := func(name string, code gigya.Code, details string, r *caller.Request) situation {
		return situation{name: name, request: r, code: code, details: details}
	}
	const over11, over5, over3 = "Session has expired", "Unauthorized user", "Invalid request signature"
	both := caller.Public | caller.Session
	check(t, h, []situation{
		user("login_token", at("login_token", live.Token)),
		user("login_token with something behind a bar", at("login_token", live.Token+"|x")),
		user("login_token at another site of the group", h.request("apiKey", h.child.APIKey, "login_token", live.Token)),
		refused("login_token at an unrelated site", 403005, over5, h.request("apiKey", h.sibling.APIKey, "login_token", live.Token)),
		refused("login_token ended", 403005, over5, at("login_token", ended.Token)),
		refused("login_token garbage", 403005, over5, at("login_token", "x")),
		refused("login_token over", 403011, over11, at("login_token", over.Token)),
		refused("login_token of a mobile session", 403003, over3, at("login_token", mobile.Token)),
		public("unknown login_token where everybody may call", open(at("login_token", "x"), both)),
		public("session over where everybody may call", open(at("login_token", over.Token), both)),
		user("good login_token where everybody may call", open(at("login_token", live.Token), both)),
		public("login_token where sessions may not call", open(at("login_token", live.Token), caller.Public)),

		user("cookie", cookies(at(), glt, live.Token)),
		user("cookie with something behind a bar", cookies(at(), glt, live.Token+"|abc|def")),
		refused("cookie of an ended session", 403005, over5, cookies(at(), glt, ended.Token)),
		public("stale cookie where everybody may call", cookies(open(at(), both), glt, ended.Token)),
		public("cookie of another site", cookies(at(), "glt_"+h.sibling.APIKey, live.Token)),
		user("parameter before cookie", cookies(at("login_token", live.Token), glt, "garbage")),

		user("bare oauth_token", at("oauth_token", live.Token)),
		user("oauth_token alone names its site", h.request("oauth_token", live.Token)),
		refused("oauth_token over plain HTTP", 403006, "Secret Sent Over Http", plain(at("oauth_token", live.Token))),
		refused("oauth_token unknown", 403005, "Session not found", at("oauth_token", "x")),
		refused("oauth_token ended", 403005, "Session not found", at("oauth_token", ended.Token)),
		refused("oauth_token over", 403011, over11, at("oauth_token", over.Token)),
		refused("bare mobile token", 403003, over3, at("oauth_token", mobile.Token)),
		refused("unknown oauth_token where everybody may call", 403005, "Session not found", open(at("oauth_token", "x"), both)),

		user("mobile signature", sign(t, at("oauth_token", mobile.Token), mobile.Secret)),
		user("mobile signature without apiKey", sign(t, h.request("oauth_token", mobile.Token), mobile.Secret)),
		user("mobile signature over plain HTTP", plain(sign(t, at("oauth_token", mobile.Token), mobile.Secret))),
		refused("mobile signature with another secret", 403003, over3, sign(t, at("oauth_token", mobile.Token), mobileOver.Secret)),
		refused("mobile signature with the partner's secret", 403003, over3, sign(t, at("oauth_token", mobile.Token), h.secret)),
		refused("mobile signature of an unknown session", 403005, "Session not found", sign(t, at("oauth_token", ended.Token), mobile.Secret)),
		refused("mobile session over", 403011, over11, sign(t, at("oauth_token", mobileOver.Token), mobileOver.Secret)),
		refused("mobile session over and wrong secret", 403003, over3, sign(t, at("oauth_token", mobileOver.Token), mobile.Secret)),
		refused("signature with a session that is not mobile", 403003, over3, sign(t, at("oauth_token", live.Token), h.sessions.Secret(live.Token))),

		refused("dynamic without proof", 403011, over11, at("login_token", dynamic.Token)),
		user("dynamic with proof as a parameter", at("login_token", dynamic.Token, "gltexp", proof)),
		user("dynamic with proof as a cookie", cookies(at("login_token", dynamic.Token), "gltexp_"+h.site.APIKey, proof)),
		user("dynamic with the proof of the group", cookies(h.request("apiKey", h.child.APIKey, "login_token", dynamic.Token), "gltexp_"+h.site.APIKey, proof)),
		user("dynamic with the proof of a key", at("login_token", dynamic.Token, "gltexp", h.keyProof(t, h.key, dynamic.Token))),
		refused("dynamic with a stale proof", 403011, over11, at("login_token", dynamic.Token, "gltexp", stale)),
		refused("dynamic with the proof of a disabled key", 403011, over11, at("login_token", dynamic.Token, "gltexp", h.keyProof(t, h.disabledKey, dynamic.Token))),
		refused("dynamic with the proof of another partner's key", 403011, over11, at("login_token", dynamic.Token, "gltexp", h.keyProof(t, h.foreignKey, dynamic.Token))),
		refused("dynamic with the proof of a key out of scope", 403011, over11, at("login_token", dynamic.Token, "gltexp", h.keyProof(t, h.scoped, dynamic.Token))),
	})
	t.Run("a_cookie_is_marked_as_ambient", func(t *testing.T) {
		c, err := h.call(t, cookies(at(), glt, live.Token))
		must(t, err)
		p, err := h.call(t, at("login_token", live.Token))
		must(t, err)
		if !c.Ambient || p.Ambient {
			t.Errorf("by cookie %v, by parameter %v", c.Ambient, p.Ambient)
		}
	})
}

func (h *house) keyProof(t testing.TB, k key, token string) string {
	t.Helper()
	secret, err := gigya.DecodeSecret(k.Secret)
	must(t, err)
	return gigya.SignDynamicSession(secret, token, h.clock.Now().Add(time.Minute), k.Record.UserKey)
}

func TestRegTokens(t *testing.T) {
	h := newHouse(t)
	seal := func(change func(*token.RegToken)) string {
		r := token.RegToken{
			Kind: token.KindAccount, Group: h.site.Group, Site: h.site.APIKey, UID: uid, Epoch: 4,
			Issued: clock.FromTime(start), Expires: clock.FromTime(start.Add(time.Hour)),
		}
		change(&r)
		return h.tokens.SealRegToken(r)
	}
	good := seal(func(*token.RegToken) {})
	at := func(text string, accepts caller.Class) *caller.Request {
		r := h.request("apiKey", h.site.APIKey, "regToken", text)
		r.Accepts = accepts
		return r
	}
	bad := func(name, text string) situation {
		return situation{name: name, request: at(text, caller.RegToken), code: 400006, details: "Invalid argument: regToken"}
	}
	withSecret := at("garbage", caller.RegToken)
	withSecret.Params.Set("secret", h.secret)
	check(t, h, []situation{
		{name: "good", request: at(good, caller.RegToken), class: caller.RegToken, via: "regToken"},
		{name: "where it is no credential", request: at("garbage", caller.Public|caller.Session), class: caller.Public, via: "none"},
		{name: "is the lowest", request: withSecret, class: caller.Server, via: "partnerSecret"},
		bad("garbage", "garbage"),
		bad("over", seal(func(r *token.RegToken) { r.Expires = clock.FromTime(start) })),
		bad("of another site", seal(func(r *token.RegToken) { r.Site = h.child.APIKey })),
		bad("of a group that its site has left", seal(func(r *token.RegToken) { r.Group = h.sibling.APIKey })),
		bad("that is an access token", h.tokens.SealAccess(token.Access{Site: h.site.APIKey, Expires: clock.FromTime(start.Add(time.Hour))})),
	})
	c, err := h.call(t, at(good, caller.RegToken))
	must(t, err)
	if c.UID != uid || c.RegToken == nil || c.RegToken.Epoch != 4 {
		t.Errorf("caller %+v", c)
	}
}

func TestWhoMayCallWhat(t *testing.T) {
	h := newHouse(t)
	limited := h.newKey(t, site.KeyOptions{Partner: h.partner.ID, Privileges: []string{"accounts.search"}})
	k, err := h.sites.Key(t.Context(), limited.Record.UserKey)
	must(t, err)
	s, err := h.sites.Site(t.Context(), h.site.APIKey)
	must(t, err)
	rights, err := h.sites.Rights(t.Context(), k, s)
	must(t, err)
	for _, c := range []struct {
		who     caller.Caller
		accepts caller.Class
		want    bool
	}{
		{caller.Caller{Class: caller.Server}, 0, true},
		{caller.Caller{Class: caller.Server, Key: k, Rights: rights}, caller.Server, true},
		{caller.Caller{Class: caller.Server, Key: k}, caller.Server, false},
		{caller.Caller{Class: caller.Session}, caller.Session, true},
		{caller.Caller{Class: caller.Session}, caller.Public, true},
		{caller.Caller{Class: caller.Session}, caller.Server | caller.RegToken, false},
		{caller.Caller{Class: caller.RegToken}, caller.RegToken, true},
		{caller.Caller{Class: caller.RegToken}, caller.Public | caller.Session, false},
		{caller.Caller{Class: caller.Public}, caller.Public, true},
		{caller.Caller{Class: caller.Public}, caller.Server | caller.Session, false},
	} {
		if got := c.who.Permitted(c.accepts, "accounts.search"); got != c.want {
			t.Errorf("class %v, method %v: %v, want %v", c.who.Class, c.accepts, got, c.want)
		}
	}
	server := caller.Caller{Class: caller.Server, Key: k, Rights: rights}
	if server.Permitted(caller.Server|caller.Public, "accounts.getjwt") {
		t.Error("a key may do what it has no privilege for")
	}
	if got := caller.Denied(`accounts.tfa.<b>"x"`).Details; !strings.HasPrefix(got, "Invalid namespace &#39;accounts&#39; or method &#39;tfa.&lt;b&gt;&#34;x&#34;&#39; or") {
		t.Errorf("text %s", got)
	}
}

func TestClaimedKeyOfARefusedCall(t *testing.T) {
	h := newHouse(t)
	idToken, err := h.keyring.SignAccess(t.Context(), token.AccessClaims{UserKey: "AKey", ID: "j", Issued: start, Expires: start})
	must(t, err)
	for _, c := range []struct {
		name         string
		request      *caller.Request
		via, userKey string
	}{
		{"secret", h.request("secret", "x"), "partnerSecret", ""},
		{"key and secret", h.request("secret", "x", "userKey", "A1"), "userKey", "A1"},
		{"signature", h.request("sig", "x", "userKey", "A1"), "signature", "A1"},
		{"signature of the partner", h.request("sig", "x"), "signature", ""},
		{"bearer", h.withHeader(bearer(t, h.key, "claimed", start)), "bearer", h.key.Record.UserKey},
		{"access token", h.withHeader("Bearer " + idToken), "oauth", "AKey"},
		{"garbage", h.withHeader("Bearer x"), "", ""},
		{"session", h.request("login_token", "x", "userKey", "A1"), "", ""},
		{"nothing", h.request(), "", ""},
	} {
		if via, userKey := caller.Claimed(c.request); via != c.via || userKey != c.userKey {
			t.Errorf("%s: %q, %q", c.name, via, userKey)
		}
	}
}

func BenchmarkCaller(b *testing.B) {
	h := newHouse(b)
	live := h.login(b, session.Open{})
	for name, r := range map[string]*caller.Request{
		"secret":  h.request("apiKey", h.site.APIKey, "userKey", h.key.Record.UserKey, "secret", h.key.Secret),
		"session": h.request("apiKey", h.site.APIKey, "login_token", live.Token),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.call(b, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
