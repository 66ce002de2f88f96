package caller_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
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

// code runs a call and returns the code of its answer.
func (h *house) code(t testing.TB, r *caller.Request) gigya.Code {
	t.Helper()
	_, err := h.call(t, r)
	code, _ := refusal(t, err)
	return code
}

func (h *house) want(t testing.TB, what string, r *caller.Request, want gigya.Code) {
	t.Helper()
	if got := h.code(t, r); got != want {
		t.Errorf("%s: %d, want %d", what, got, want)
	}
}

func (h *house) signed(t testing.TB, params ...string) *caller.Request {
	t.Helper()
	return sign(t, h.request(append([]string{"apiKey", h.site.APIKey}, params...)...), h.secret)
}

func TestAttack(t *testing.T) {
	h := newHouse(t)
	t.Run("A01_signed_over_plain_HTTP_is_served", func(t *testing.T) {
		r := h.request("apiKey", h.site.APIKey)
		r.Secure, r.Schemes = false, []string{"http"}
		h.want(t, "signed", sign(t, r, h.secret), 0)
	})
	t.Run("A02_replayed_signed_request", func(t *testing.T) {
		r := h.signed(t)
		h.want(t, "first", r, 0)
		h.want(t, "second", r, 403004)
		var fresh atomic.Int32
		r = h.signed(t)
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				if _, err := h.call(t, r); err == nil {
					fresh.Add(1)
				}
			})
		}
		wg.Wait()
		if fresh.Load() != 1 {
			t.Errorf("of 32 at once %d were accepted", fresh.Load())
		}
	})
	t.Run("A03_nonce_with_another_timestamp_on_another_node_and_after_a_restart", func(t *testing.T) {
		h := newHouse(t)
		h.want(t, "first", h.signed(t, "nonce", "n1"), 0)
		h.clock.Advance(119 * time.Second)
		h.want(t, "another timestamp", h.signed(t, "nonce", "n1"), 403004)
		node := openHouse(t, h.file, false)
		node.clock.Set(h.clock.Now())
		again := h.signed(t, "nonce", "n1")
		h.want(t, "the same node", again, 403004)
		if got := node.code(t, again); got != 403004 {
			t.Errorf("another node: %d, want 403004", got)
		}
		must(t, h.store.Close())
		restarted := openHouse(t, h.file, false)
		if got := restarted.code(t, again); got != 403004 {
			t.Errorf("after a restart: %d, want 403004", got)
		}
	})
	t.Run("A03_a_request_stamped_ahead_cannot_be_replayed_at_the_end_of_its_window", func(t *testing.T) {
		h := newHouse(t)
		r := h.signed(t, "timestamp", itoa(start.Add(120*time.Second).Unix()))
		h.want(t, "first", r, 0)
		h.clock.Advance(240*time.Second + 999*time.Millisecond)
		r.Now = h.clock.Now()
		h.want(t, "in the last moment of its window", r, 403004)
	})
	t.Run("A03_nonces_belong_to_a_credential", func(t *testing.T) {
		userKey := []string{"apiKey", h.site.APIKey, "nonce", "shared", "userKey", h.key.Record.UserKey}
		h.want(t, "partner", h.signed(t, "nonce", "shared"), 0)
		h.want(t, "key", sign(t, h.request(userKey...), h.key.Secret), 0)
		h.want(t, "key again", sign(t, h.request(userKey...), h.key.Secret), 403004)
	})
	t.Run("A02_a_signed_request_is_not_moved_to_another_site_by_a_header", func(t *testing.T) {
		for name, signer := range map[string]string{"partner": h.secret, "key": h.key.Secret} {
			r := h.request("UID", uid)
			if name == "key" {
				r.Params.Set("userKey", h.key.Record.UserKey)
			}
			r = sign(t, r, signer)
			for _, apiKey := range []string{h.site.APIKey, h.sibling.APIKey} {
				r.HeaderAPIKey = apiKey
				h.want(t, name, r, 400002)
			}
		}
		named := h.signed(t)
		named.HeaderAPIKey = h.sibling.APIKey
		s, err := h.resolver.Site(t.Context(), named)
		if err != nil || s.APIKey != h.site.APIKey {
			t.Errorf("a signed apiKey beside the header: %v, %v", s, err)
		}
	})
	t.Run("A04_timestamp_out_of_the_window_and_the_nonce_is_not_burnt", func(t *testing.T) {
		h.want(t, "late", h.signed(t, "nonce", "a4", "timestamp", itoa(start.Add(-time.Hour).Unix())), 403002)
		h.want(t, "corrected, same nonce", h.signed(t, "nonce", "a4"), 0)
		bad := h.signed(t, "nonce", "a4b")
		bad.Params.Set("sig", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
		h.want(t, "wrong signature", bad, 403003)
		h.want(t, "right one, same nonce", h.signed(t, "nonce", "a4b"), 0)
	})
	t.Run("A05_signed_for_GET_sent_as_POST", func(t *testing.T) {
		r := h.request("apiKey", h.site.APIKey)
		r.HTTPMethod = "GET"
		sign(t, r, h.secret).HTTPMethod = "POST"
		h.want(t, "POST", r, 403003)
	})
	t.Run("A07_address_in_other_forms", func(t *testing.T) {
		for host, want := range map[string]gigya.Code{
			"ACCOUNTS.us1.Gigya.com": 0, "accounts.us1.gigya.com:443": 0, "accounts.eu1.gigya.com": 403003, "evil.test": 403003,
		} {
			r := h.signed(t)
			r.Hosts = []string{host}
			h.want(t, host, r, want)
		}
		r := h.signed(t)
		r.Path = "/accounts.deleteAccount"
		h.want(t, "another method", r, 403003)
	})
	t.Run("A09_swapped_secrets", func(t *testing.T) {
		h.want(t, "partner secret of another", sign(t, h.request("apiKey", h.site.APIKey), h.strangerSecret), 403003)
		h.want(t, "key of another partner", sign(t, h.request("apiKey", h.site.APIKey, "userKey", h.foreignKey.Record.UserKey), h.foreignKey.Secret), 403007)
		h.want(t, "one key's name with another's secret", sign(t, h.request("apiKey", h.site.APIKey, "userKey", h.key.Record.UserKey), h.scoped.Secret), 403003)
	})
	t.Run("A09_a_missing_secret_is_nobodys", func(t *testing.T) {
		if caller.SameSecret("", "") || caller.SameSecret("", " ") || caller.SameSecret(h.secret, "") || !caller.SameSecret(h.secret, h.secret) {
			t.Error("a secret that is not there is the same as one")
		}
	})
	t.Run("A12_no_error_shows_a_secret", func(t *testing.T) {
		for _, r := range []*caller.Request{
			h.request("apiKey", h.site.APIKey, "secret", "sEcReT-value"),
			h.request("apiKey", h.site.APIKey, "userKey", h.key.Record.UserKey, "secret", "sEcReT-value"),
			h.request("apiKey", h.site.APIKey, "userKey", "sEcReT-value", "secret", "x"),
			h.request("apiKey", h.site.APIKey, "oauth_token", "sEcReT-value"),
			h.request("apiKey", h.site.APIKey, "login_token", "sEcReT-value"),
			h.withHeader("Bearer sEcReT-value"), h.withHeader("sEcReT-value"),
		} {
			r.DevMode = true
			if _, err := h.call(t, r); err == nil || strings.Contains(err.Error(), "sEcReT") {
				t.Errorf("error %v", err)
			}
		}
	})
	t.Run("A14_revoked_and_rescoped_keys_are_refused_at_the_very_next_call", func(t *testing.T) {
		k := h.newKey(t, site.KeyOptions{Partner: h.partner.ID})
		r := func() *caller.Request {
			return h.request("apiKey", h.site.APIKey, "userKey", k.Record.UserKey, "secret", k.Secret)
		}
		h.want(t, "at first", r(), 0)
		node := openHouse(t, h.file, false)
		k.Record.Sites = []string{h.sibling.APIKey}
		node.put(t, k.Record) // Changed by another process.
		h.want(t, "out of its scope now", r(), 403007)
		k.Record.Revoked = 1
		node.put(t, k.Record)
		h.want(t, "revoked", r(), 403005)
	})
	t.Run("A14_a_key_of_a_disabled_partner_does_nothing_about_no_site_either", func(t *testing.T) {
		k := h.newKey(t, site.KeyOptions{Partner: h.ofDisabled.Partner})
		r := h.request("userKey", k.Record.UserKey, "secret", k.Secret)
		r.NoSite = true
		h.want(t, "its secret", r, 403036)
		r = sign(t, h.request("userKey", k.Record.UserKey), k.Secret)
		r.NoSite = true
		h.want(t, "its signature", r, 403036)
	})
	t.Run("A14_a_partners_token_does_not_follow_a_site_to_its_next_owner", func(t *testing.T) {
		text := h.tokens.SealAccess(token.Access{
			Site: h.foreign.APIKey, Partner: h.partner.ID, Issued: clock.FromTime(start), Expires: clock.FromTime(start.Add(time.Hour)),
		})
		h.want(t, "the owner that was", h.withHeader("OAuth "+text), 403007)
	})
	attackRights(t, h)
	attackBearer(t, h)
	t.Run("A16_mixed_credentials", func(t *testing.T) { mixed(t, h) })
	t.Run("A18_secret_at_sites_of_the_partner_and_no_others", func(t *testing.T) {
		for _, c := range []struct {
			s    *store.Site
			want gigya.Code
		}{{h.site, 0}, {h.child, 0}, {h.sibling, 0}, {h.foreign, 403010}} {
			h.want(t, c.s.APIKey, h.request("apiKey", c.s.APIKey, "secret", h.secret), c.want)
		}
	})
}

// mixed sends several credentials: the first in the order decides, whatever the others are.
func mixed(t *testing.T, h *house) {
	live := h.login(t, session.Open{}).Token
	site, userKey := h.site.APIKey, h.key.Record.UserKey
	cookie := func(r *caller.Request) *caller.Request {
		r.Cookie = func(string) string { return live }
		return r
	}
	badSig := func(params ...string) *caller.Request {
		r := h.signed(t, params...)
		r.Params.Set("sig", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
		return r
	}
	for _, c := range []struct {
		name    string
		request *caller.Request
		want    gigya.Code
		via     string
	}{
		{"good session, bad sig", badSig("login_token", live), 403003, ""},
		{"good secret, bad sig", badSig("secret", h.secret), 403003, ""},
		{"bad secret, good sig", h.signed(t, "secret", "x"), 0, "signature"},
		{"good session, bad secret", h.request("apiKey", site, "secret", "x", "login_token", live), 403010, ""},
		{"bad session, good secret", h.request("apiKey", site, "secret", h.secret, "login_token", "x"), 0, "partnerSecret"},
		{"good partner secret, unknown userKey", h.request("apiKey", site, "secret", h.secret, "userKey", "ANobody"), 403005, ""},
		{"good cookie, bad login_token", cookie(h.request("apiKey", site, "login_token", "x")), 403005, ""},
		{"good login_token, bad oauth_token", h.request("apiKey", site, "login_token", live, "oauth_token", "x"), 403005, ""},
		{"bad header, good secret", h.withHeader("Bearer x", "secret", h.secret), 403025, ""},
		{"header of no form, good secret", h.withHeader("x", "secret", h.secret), 400008, ""},
		{"good header, bad secret", h.withHeader(bearer(t, h.key, "mixed", start), "secret", "x"), 0, "bearer"},
		{"good session, bad header", cookie(h.withHeader("Bearer x")), 403025, ""},
		{"userKey goes with sig before the session", sign(t, h.request("apiKey", site, "userKey", userKey, "oauth_token", "x"), h.key.Secret), 0, "signature"},
		{"session before the partner with sig", sign(t, h.request("apiKey", site, "oauth_token", live), h.secret), 403003, ""},
		{"good everything below a bad userKey", cookie(h.request("apiKey", site, "userKey", userKey, "secret", h.secret, "login_token", live)), 403010, ""},
	} {
		got, err := h.call(t, c.request)
		if code, _ := refusal(t, err); code != c.want || err == nil && got.Via != c.via {
			t.Errorf("%s: %d by %+v, want %d by %s", c.name, code, got, c.want, c.via)
		}
	}
}

// attackBearer tries what can be tried with RSA bearer tokens.
func attackBearer(t *testing.T, h *house) {
	kid := h.key.Record.UserKey
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	public := h.key.Record.PublicKey
	t.Run("A15_jti_replay", func(t *testing.T) {
		header := bearer(t, h.key, "once", start)
		h.want(t, "first", h.withHeader(header), 0)
		h.want(t, "second", h.withHeader(header), 403004)
		again := bearer(t, h.key, "once", start.Add(time.Second))
		h.want(t, "the same jti in another token", h.withHeader(again), 403004)
		h.clock.Advance(300 * time.Second)
		h.want(t, "at the end of its window", h.withHeader(header), 403004)
		h.clock.Set(start)
	})
	t.Run("A15_algorithm_confusion_and_foreign_keys", func(t *testing.T) {
		claims := part(`{"iat":1700000000,"jti":"x"}`)
		pemKey := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
		for name, token := range map[string]string{
			"none":           part(`{"alg":"none","kid":"`+kid+`"}`) + "." + claims + ".",
			"None":           part(`{"alg":"None","kid":"`+kid+`"}`) + "." + claims + ".AA",
			"no alg":         part(`{"kid":"`+kid+`"}`) + "." + claims + ".AA",
			"two algs":       part(`{"alg":"RS256","alg":"none","kid":"`+kid+`"}`) + "." + claims + ".",
			"RS512":          part(`{"alg":"RS512","kid":"`+kid+`"}`) + "." + claims + ".AA",
			"jwk":            part(`{"alg":"RS256","kid":"`+kid+`","jwk":{"kty":"RSA","n":"AQ","e":"AQ"}}`) + "." + claims + ".AA",
			"jku":            part(`{"alg":"RS256","kid":"`+kid+`","jku":"https://evil.test/"}`) + "." + claims + ".AA",
			"not JSON":       part(`x`) + "." + claims + ".AA",
			"nothing at all": "..",
		} {
			h.want(t, name, h.withHeader("Bearer "+token), 403003)
		}
		input := part(`{"alg":"HS256","kid":"`+kid+`"}`) + "." + claims
		h.want(t, "HS256 with the public key as secret", h.withHeader("Bearer "+input+"."+part(gigya.Signature(pemKey, input))), 403003)
	})
	t.Run("A15_kid_of_all_kinds", func(t *testing.T) {
		for _, kid := range []string{"ANobody", "../../etc/passwd", "' OR 1=1 --", strings.Repeat("k", 5000), "\x00"} {
			text, err := gigya.SignJWT(h.key.pair, []byte(`{"alg":"RS256","kid":`+quote(kid)+`}`), []byte(`{"iat":1700000000,"jti":"k"}`))
			must(t, err)
			h.want(t, kid, h.withHeader("Bearer "+text), 403005)
		}
	})
	t.Run("A15_token_of_100_KB", func(t *testing.T) {
		h.want(t, "long", h.withHeader("Bearer a."+strings.Repeat("A", 100<<10)+".b"), 403025)
		h.want(t, "long parameter", h.request("apiKey", h.site.APIKey, "oauth_token", "a."+strings.Repeat("A", 100<<10)+".b"), 403025)
	})
}

func quote(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// The published vectors, through the whole way of a call.
func TestPublishedVectors(t *testing.T) {
	text, err := os.ReadFile("../../gigya/testdata/vectors.json")
	must(t, err)
	var vectors struct {
		Requests []struct {
			Name       string
			HTTPMethod string `json:"http_method"`
			URL        string
			Params     map[string]string
			Secret     string
			Sig        string
			URLSafe    string `json:"sig_url_safe_base64"`
		} `json:"request_signatures"`
		RSA struct {
			Public string `json:"public_key_pem"`
			Tokens []struct{ Client, Authorization, Expect string }
		} `json:"rsa_bearer"`
	}
	must(t, json.Unmarshal(text, &vectors))
	for _, v := range vectors.Requests {
		if !site.ValidAPIKey(v.Params["apiKey"]) || v.Params["oauth_token"] != "" {
			continue // Of the signature alone; package gigya checks it.
		}
		t.Run("A08_"+v.Name, func(t *testing.T) {
			h := newVectorHouse(t, v.Params["apiKey"], v.Params["userKey"], v.Secret, nil)
			u, err := url.Parse(v.URL)
			must(t, err)
			stamp, err := gigya.CheckTimestamp(v.Params["timestamp"], start)
			must(t, err)
			for i, sig := range []string{v.Sig, v.URLSafe} {
				if sig == "" || i > 0 && sig == v.Sig {
					continue
				}
				r := h.request("sig", sig)
				r.HTTPMethod, r.Schemes, r.Hosts, r.Path, r.Now = v.HTTPMethod, []string{u.Scheme}, []string{u.Host}, u.EscapedPath(), stamp
				for name, value := range v.Params {
					r.Params.Set(name, value)
				}
				c, err := h.call(t, r)
				want := gigya.Code(0)
				if i > 0 {
					want = 403004 // The same request again.
				}
				if code, _ := refusal(t, err); code != want || err == nil && c.Class != caller.Server {
					t.Errorf("sig %s: %d, want %d", sig, code, want)
				}
			}
		})
	}
	block, _ := pem.Decode([]byte(vectors.RSA.Public))
	h := newVectorHouse(t, "3_TestApiKey-0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGH", "AKtest0User1Key2", "", block.Bytes)
	for _, v := range vectors.RSA.Tokens {
		r := h.request("apiKey", "3_TestApiKey-0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGH")
		r.Authorization = v.Authorization
		want := gigya.Code(0)
		if v.Expect == "403003" {
			want = 403003
		}
		h.want(t, v.Client, r, want)
	}
}

// newVectorHouse has one site with the API key, and the secret as the partner's or the key's.
func newVectorHouse(t *testing.T, apiKey, userKey, secret string, public []byte) *house {
	t.Helper()
	h := openHouse(t, t.TempDir()+"/vectors.db", false)
	partnerSecret := secret
	if userKey != "" {
		partnerSecret = "AAAA"
	}
	h.put(t, &store.Partner{ID: 1, Secret: h.sealer.Seal([]byte(partnerSecret), "partner:1")})
	if site.ValidAPIKey(apiKey) {
		h.put(t, &store.Site{APIKey: apiKey, Partner: 1, Group: apiKey, Status: store.SiteActive})
	}
	if userKey != "" {
		k := &store.Key{UserKey: userKey, Partner: 1, Kind: store.KindUser, PublicKey: public, Privileges: []string{site.AllAPIs}}
		if secret != "" {
			k.Secret = h.sealer.Seal([]byte(secret), "key:"+userKey)
		}
		h.put(t, k)
	}
	return h
}
