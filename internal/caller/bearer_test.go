package caller_test

import (
	"encoding/base64"
	"strconv"
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

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func (h *house) withHeader(header string, params ...string) *caller.Request {
	r := h.request(append([]string{"apiKey", h.site.APIKey}, params...)...)
	r.Authorization = header
	return r
}

func bearer(t testing.TB, k key, jti string, issued time.Time) string {
	t.Helper()
	text, err := gigya.SignBearer(k.pair, k.Record.UserKey, jti, issued)
	must(t, err)
	return "Bearer " + text
}

func TestRSABearer(t *testing.T) {
	h := newHouse(t)
	other := h.newKey(t, site.KeyOptions{Partner: h.stranger.ID, RSA: true})
	scoped := h.newKey(t, site.KeyOptions{Partner: h.partner.ID, RSA: true, NoSecret: true, Sites: []string{h.sibling.APIKey}})
	off := h.newKey(t, site.KeyOptions{Partner: h.partner.ID, RSA: true})
	off.Record.Disabled = true
	h.put(t, off.Record)
	unknown, impostor, noPair := h.key, other, h.key
	nobody, stolen, secretOnly := *h.key.Record, *h.key.Record, *h.scoped.Record
	nobody.UserKey = "ANobody"
	unknown.NewKey, impostor.NewKey, noPair.NewKey = &site.NewKey{Record: &nobody}, &site.NewKey{Record: &stolen}, &site.NewKey{Record: &secretOnly}
	n := 0
	fresh := func(k key, after time.Duration) *caller.Request {
		n++
		return h.withHeader(bearer(t, k, "jti-"+strconv.Itoa(n), start.Add(after)))
	}
	jwt := func(header, claims string) string {
		text, err := gigya.SignJWT(h.key.pair, []byte(header), []byte(claims))
		must(t, err)
		return "Bearer " + text
	}
	good := `{"alg":"RS256","typ":"JWT","kid":"` + h.key.Record.UserKey + `"}`
	dotNet := strings.Split(strings.TrimPrefix(bearer(t, h.key, "guid-1", start), "Bearer "), ".")
	raw, err := base64.RawURLEncoding.DecodeString(dotNet[2])
	must(t, err)
	dotNet[2] = base64.StdEncoding.EncodeToString(raw)
	wrong := func(name string, r *caller.Request) situation {
		return situation{name: name, request: r, code: 403003, details: "Invalid request signature"}
	}
	window := func(name string, r *caller.Request, iat time.Duration) situation {
		return situation{name: name, request: r, code: 403002, details: "The bearer token is not valid now. Server timestamp: 1700000000, " +
			"Token iat: " + itoa(start.Add(iat).Unix())}
	}
	server := func(name string, r *caller.Request) situation {
		return situation{name: name, request: r, class: caller.Server, via: "bearer"}
	}
	check(t, h, []situation{
		server("now", fresh(h.key, 0)),
		server("five minutes old", fresh(h.key, -300*time.Second)),
		server("two minutes ahead", fresh(h.key, 120*time.Second)),
		server("scheme in other letter case", h.withHeader("bEARER"+strings.TrimPrefix(bearer(t, h.key, "case", start), "Bearer"))),
		server("in the standard alphabet with padding", h.withHeader("Bearer "+strings.Join(dotNet, "."))),
		server("jti as a number", h.withHeader(jwt(good, `{"iat":1700000000,"jti":17000000001231804289383}`))),
		window("too old", fresh(h.key, -301*time.Second), -301*time.Second),
		window("too far ahead", fresh(h.key, 121*time.Second), 121*time.Second),
		window("past its exp", h.withHeader(jwt(good, `{"iat":1700000000,"jti":"a","exp":1699999999}`)), 0),
		window("before its nbf", h.withHeader(jwt(good, `{"iat":1700000000,"jti":"b","nbf":1700000200}`)), 0),
		{name: "no iat", request: h.withHeader(jwt(good, `{"jti":"c"}`)), code: 403002, details: "The bearer token has no iat."},
		wrong("no jti", h.withHeader(jwt(good, `{"iat":1700000000}`))),
		wrong("of another pair", fresh(key{impostor.NewKey, other.pair}, 0)),
		wrong("of a key without a pair", fresh(noPair, 0)),
		wrong("alg none", h.withHeader(jwt(`{"alg":"none","kid":"`+h.key.Record.UserKey+`"}`, `{"iat":1700000000,"jti":"d"}`))),
		wrong("no kid", h.withHeader(jwt(`{"alg":"RS256"}`, `{"iat":1700000000,"jti":"e"}`))),
		{name: "kid unknown", request: fresh(unknown, 0), code: 403005, details: "The supplied userkey was not found"},
		{name: "key disabled", request: fresh(off, 0), code: 403005, details: "The supplied userkey was not found"},
		{name: "key of another partner", request: fresh(other, 0), code: 403007, details: denied},
		{name: "key out of scope", request: fresh(scoped, 0), code: 403007, details: denied},
	})
}

// The scheme and the number of words decide on 400008, never what is in the token: a token with a wrong signature is
// 403003 whichever letter of it was changed, those with spare bits included.
func TestATamperedBearerIsRefusedAlikeWhereverItWasTampered(t *testing.T) {
	h := newHouse(t)
	good := bearer(t, h.key, "tampered", start)
	var situations []situation
	for back := 1; back <= 342; back += 31 {
		at := len(good) - back
		for _, letter := range "ABQgw9_" {
			if text := good[:at] + string(letter) + good[at+1:]; text != good {
				situations = append(situations, situation{
					name: string(letter) + " in place " + strconv.Itoa(back) + " from the end", request: h.withHeader(text),
					code: 403003, details: "Invalid request signature",
				})
			}
		}
	}
	situations = append(situations, situation{name: "the token itself is still unused", request: h.withHeader(good), class: caller.Server, via: "bearer"})
	check(t, h, situations)
}

func TestHeadersOfAnotherForm(t *testing.T) {
	h := newHouse(t)
	var situations []situation
	for _, header := range []string{
		"Bearer", "Bearer a b", "Basic " + base64.StdEncoding.EncodeToString([]byte("a:b")), "Digest x=y", "x",
		`OAuth oauth_consumer_key="a", oauth_nonce="b"`,
	} {
		situations = append(situations, situation{
			name: header, request: h.withHeader(header, "secret", h.secret), code: 400008, details: "Invalid authentication header",
		})
	}
	blank, own := h.withHeader("  "), h.withHeader("Basic YTpi")
	own.OwnCredential = true
	situations = append(situations,
		situation{name: "blank is none", request: blank, class: caller.Public, via: "none"},
		situation{name: "Basic is for the method that reads it", request: own, class: caller.Public, via: "none"},
		situation{name: "garbage token", request: h.withHeader("Bearer x"), code: 403025, details: "Invalid token"},
		situation{name: "long token", request: h.withHeader("Bearer " + strings.Repeat("a.", 1<<19)), code: 403025, details: "Invalid token"},
	)
	check(t, h, situations)
}

func TestAccessTokens(t *testing.T) {
	h := newHouse(t)
	live, ended := h.login(t, session.Open{}), h.login(t, session.Open{})
	must(t, h.store.Change(t.Context(), func(tx store.Tx) error {
		return tx.DeleteSession(h.site.APIKey, uid, ended.Session.Hash)
	}))
	hour := clock.FromTime(start.Add(time.Hour))
	opaque := func(a token.Access) string {
		if a.Site == "" {
			a.Site = h.site.APIKey
		}
		if a.Expires == 0 {
			a.Expires = hour
		}
		a.Issued = clock.FromTime(start)
		return h.tokens.SealAccess(a)
	}
	jwt := func(userKey, jti string, life time.Duration) string {
		text, err := h.keyring.SignAccess(t.Context(), token.AccessClaims{
			Issuer: "https://oauth2.gigya.com", UserKey: userKey, ID: jti, Issued: start.Add(-time.Hour), Expires: start.Add(life),
		})
		must(t, err)
		return text
	}
	signer, err := h.keyring.Current(t.Context())
	must(t, err)
	idToken, err := token.JWT(signer, []byte(`{"iss":"https://fidm.gigya.com/jwt/`+h.site.APIKey+`/","apiKey":"`+h.site.APIKey+
		`","iat":1700000000,"exp":1700000300,"sub":"`+h.key.Record.UserKey+`"}`))
	must(t, err)
	partner := opaque(token.Access{Partner: h.partner.ID})
	forKey := opaque(token.Access{Partner: h.partner.ID, UserKey: h.key.Record.UserKey})
	user := opaque(token.Access{UID: uid, Session: true, Login: live.Session.Hash})
	revoke := func(id string) {
		must(t, h.store.Change(t.Context(), func(tx store.Tx) error {
			return tx.UseOnce(token.RevokedSpace, token.Hash(id), clock.FromTime(start), hour)
		}))
	}
	revoke("revoked-1")
	revoke("revoked-2")

	for _, way := range []struct {
		name string
		send func(text string) *caller.Request
	}{
		{"Bearer", func(text string) *caller.Request { return h.withHeader("Bearer " + text) }},
		{"OAuth", func(text string) *caller.Request { return h.withHeader("OAuth " + text) }},
		{"parameter", func(text string) *caller.Request {
			return h.request("apiKey", h.site.APIKey, "oauth_token", text)
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			invalid := func(name, text string) situation {
				return situation{name: name, request: way.send(text), code: 403025, details: "Invalid token"}
			}
			over := func(name, text string) situation {
				return situation{name: name, request: way.send(text), code: 403011, details: "Session has expired"}
			}
			server := func(name, text string) situation {
				return situation{name: name, request: way.send(text), class: caller.Server, via: "oauth"}
			}
			check(t, h, []situation{
				server("of the partner", partner),
				server("of a key", forKey),
				server("JWT of a key", jwt(h.key.Record.UserKey, "j1", time.Minute)),
				{name: "of a user", request: way.send(user), class: caller.Session, via: "oauth"},
				over("over", opaque(token.Access{Partner: h.partner.ID, Expires: clock.FromTime(start)})),
				over("JWT over", jwt(h.key.Record.UserKey, "j2", -time.Minute)),
				invalid("altered", partner[:30]+string(partner[30]^3)+partner[31:]),
				invalid("revoked", opaque(token.Access{Partner: h.partner.ID, ID: "revoked-1"})),
				invalid("JWT revoked", jwt(h.key.Record.UserKey, "revoked-2", time.Minute)),
				invalid("of a disabled key", opaque(token.Access{Partner: h.partner.ID, UserKey: h.disabledKey.Record.UserKey})),
				invalid("JWT of a revoked key", jwt(h.revokedKey.Record.UserKey, "j3", time.Minute)),
				invalid("JWT of a key that never was", jwt("ANobody", "j4", time.Minute)),
				invalid("of a user who has logged out", opaque(token.Access{UID: uid, Session: true, Login: ended.Session.Hash})),
				invalid("of a user without a login", opaque(token.Access{UID: uid, Session: true})),
				invalid("that is an id_token", idToken),
				{name: "of another site", request: way.send(opaque(token.Access{Site: h.sibling.APIKey, Partner: h.partner.ID})), code: 403007, details: denied},
				{name: "of a key for another site", request: way.send(opaque(token.Access{Site: h.sibling.APIKey, Partner: h.partner.ID, UserKey: h.key.Record.UserKey})), code: 403007, details: denied},
				{name: "JWT of another partner's key", request: way.send(jwt(h.foreignKey.Record.UserKey, "j5", time.Minute)), code: 403007, details: denied},
				{name: "JWT of a key out of scope", request: way.send(jwt(h.scoped.Record.UserKey, "j6", time.Minute)), code: 403007, details: denied},
			})
		})
	}
	t.Run("a_token_names_its_site", func(t *testing.T) {
		alone, inHeader := h.request("oauth_token", user), h.request()
		inHeader.Authorization = "OAuth " + partner
		check(t, h, []situation{
			{name: "as a parameter", request: alone, class: caller.Session, via: "oauth"},
			{name: "in the header", request: inHeader, class: caller.Server, via: "oauth"},
			{name: "a JWT does not", request: h.request("oauth_token", jwt(h.key.Record.UserKey, "j7", time.Minute)), code: 400002, details: "Missing required parameter : apiKey"},
		})
	})
	t.Run("rights_are_those_of_now", func(t *testing.T) {
		h.key.Record.Privileges = []string{"accounts.search"}
		h.put(t, h.key.Record)
		c, err := h.call(t, h.withHeader("Bearer "+forKey))
		must(t, err)
		if c.Permitted(caller.Server, "accounts.getjwt") || !c.Permitted(caller.Server, "accounts.search") {
			t.Error("the token keeps the rights that its key has lost")
		}
	})
}
