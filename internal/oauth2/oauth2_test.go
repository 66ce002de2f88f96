package oauth2_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/oauth2"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/token"
)

// pair makes one RSA pair for all tests: making one takes time.
var pair = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func signingKey(sealer *seal.Sealer) *store.SigningKey {
	key, err := pair()
	if err != nil {
		panic(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic(err)
	}
	kid := token.KeyID(public)
	return &store.SigningKey{ID: kid, Private: sealer.Seal(private, "signing:"+kid), Public: public, Created: 1, Activates: 1}
}

// stand is the endpoints over a store with one site and two keys.
type stand struct {
	t        *testing.T
	clock    *clock.Fake
	store    store.Store
	sites    *site.Directory
	tokens   *token.Tokens
	resolver *caller.Resolver
	server   *oauth2.Server
	log      bytes.Buffer

	apiKey              string
	key, other, rsaOnly *site.NewKey
	// from is the address of the client with its port; empty: that of all tests.
	from string
}

func newStand(t *testing.T, change func(*oauth2.Options)) *stand {
	t.Helper()
	s := &stand{t: t, clock: clock.NewFake(time.Unix(1772446530, 0))}
	db, err := sqlite.Open(t.Context(), sqlite.Options{File: filepath.Join(t.TempDir(), "db"), Clock: s.clock})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	s.store = db
	sealer, err := seal.New(bytes.Repeat([]byte{7}, 32))
	must(t, err)
	s.sites = site.NewDirectory(db, sealer)
	s.tokens = token.New(sealer, rand.Reader)
	keyring := token.NewKeyring(db, sealer, s.clock, rand.Reader)
	must(t, db.Change(t.Context(), func(tx store.Tx) error { return tx.PutSigningKey(signingKey(sealer)) }))
	s.resolver = caller.NewResolver(s.sites, session.New(db, sealer, s.clock, rand.Reader), s.tokens, keyring, db)
	s.seed(site.Factory{Sealer: sealer, Rand: rand.Reader, Clock: s.clock})
	options := oauth2.Options{
		Store: db, Sites: s.sites, Tokens: s.tokens, Keyring: keyring, Clock: s.clock, Rand: rand.Reader,
		Base:          func(*http.Request) string { return "https://accounts.example.com" },
		Secure:        func(r *http.Request) bool { return r.Header.Get("X-Plain") == "" },
		RefreshTokens: true, Log: slog.New(slog.NewTextHandler(&s.log, nil)),
		Audit:    func(context.Context, oauth2.Done) {},
		ClientIP: func(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() },
	}
	if change != nil {
		change(&options)
	}
	s.server = oauth2.New(options)
	return s
}

func (s *stand) seed(f site.Factory) {
	partner, _, err := f.NewPartner("Example")
	must(s.t, err)
	record, err := f.NewSite(site.SiteOptions{Partner: partner.ID, BaseDomain: "example.com", DataCenter: "us1"})
	must(s.t, err)
	s.apiKey = record.APIKey
	make := func(name string, o site.KeyOptions) *site.NewKey {
		o.Partner, o.Name, o.Kind, o.Privileges = partner.ID, name, store.KindApplication, []string{site.AllAPIs}
		key, err := f.NewKey(o)
		must(s.t, err)
		return key
	}
	s.key, s.other = make("one", site.KeyOptions{}), make("two", site.KeyOptions{})
	s.rsaOnly = make("three", site.KeyOptions{})
	s.rsaOnly.Record.Secret = nil
	must(s.t, s.store.Change(s.t.Context(), func(tx store.Tx) error {
		if err := tx.PutPartner(partner); err != nil {
			return err
		}
		if err := tx.PutSite(record); err != nil {
			return err
		}
		for _, key := range []*site.NewKey{s.key, s.other, s.rsaOnly} {
			if err := tx.PutKey(key.Record); err != nil {
				return err
			}
		}
		return nil
	}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// post sends a form and returns status, header and body.
func (s *stand) post(path string, form url.Values, header ...string) (int, http.Header, string) {
	return s.send(http.MethodPost, path, strings.NewReader(form.Encode()), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)...)
}

func (s *stand) send(method, path string, body io.Reader, header ...string) (int, http.Header, string) {
	s.t.Helper()
	r := httptest.NewRequest(method, path, body)
	if s.from != "" {
		r.RemoteAddr = s.from
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	text := w.Body.String()
	for _, secret := range []string{s.key.Secret, s.other.Secret} {
		if strings.Contains(text, secret) || strings.Contains(s.log.String(), secret) {
			s.t.Errorf("%s %s shows a secret", method, path)
		}
	}
	return w.Code, w.Header(), strings.TrimSpace(text)
}

func credentials(key *site.NewKey, more ...string) url.Values {
	form := url.Values{"client_id": {key.Record.UserKey}, "client_secret": {key.Secret}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form
}

type issued struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
}

func (s *stand) issue(key *site.NewKey) issued {
	s.t.Helper()
	status, _, body := s.post("/oauth2/token", credentials(key, "grant_type", "client_credentials"))
	var got issued
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != 200 {
		s.t.Fatalf("status %d, body %s", status, body)
	}
	return got
}

// call proves the token as the front door does for a method of the site.
func (s *stand) call(access string) (*caller.Caller, error) {
	s.t.Helper()
	at, err := s.sites.Site(s.t.Context(), s.apiKey)
	must(s.t, err)
	return s.resolver.Caller(s.t.Context(), &caller.Request{
		MethodName: "accounts.getAccountInfo", Accepts: caller.Server, Params: &gigya.Params{},
		Authorization: "Bearer " + access, Secure: true, Now: s.clock.Now(),
	}, at)
}

func TestATokenActsForItsKeyUntilItDies(t *testing.T) {
	s := newStand(t, nil)
	got := s.issue(s.key)
	if got.TokenType != "Bearer" || got.ExpiresIn != 600 || strings.Count(got.AccessToken, ".") != 2 {
		t.Fatalf("issued %+v", got)
	}
	who, err := s.call(got.AccessToken)
	must(t, err)
	if who.Class != caller.Server || who.Key == nil || who.Key.UserKey != s.key.Record.UserKey {
		t.Errorf("caller %+v", who)
	}

	s.clock.Advance(oauth2.AccessLife + 10*time.Second)
	if _, err := s.call(got.AccessToken); code(err) != gigya.SessionHasExpired {
		t.Errorf("after its life: %v", err)
	}
}

func code(err error) gigya.Code {
	if e, ok := err.(*gigya.Error); ok {
		return e.Code
	}
	return 0
}

func TestARevokedKeyTakesItsTokensWithIt(t *testing.T) {
	s := newStand(t, nil)
	got := s.issue(s.key)
	s.key.Record.Revoked = clock.FromTime(s.clock.Now())
	must(t, s.store.Change(t.Context(), func(tx store.Tx) error { return tx.PutKey(s.key.Record) }))

	if _, err := s.call(got.AccessToken); code(err) != gigya.InvalidToken {
		t.Errorf("call with the token: %v", err)
	}
	status, _, body := s.post("/oauth2/token", credentials(s.key, "grant_type", "refresh_token", "refresh_token", got.RefreshToken))
	if want := `{"error":"invalid_client","error_description":"client authentication failed"}`; status != 401 || body != want {
		t.Errorf("refresh: %d %s", status, body)
	}
}

func TestADisabledPartnersKeysAreNoClients(t *testing.T) {
	s := newStand(t, nil)
	must(t, s.store.Change(t.Context(), func(tx store.Tx) error {
		partner, err := tx.Partner(s.key.Record.Partner)
		if err != nil {
			return err
		}
		partner.Disabled = true
		return tx.PutPartner(partner)
	}))
	for _, path := range []string{"/oauth2/token", "/introspect", "/revocation"} {
		status, _, body := s.post(path, credentials(s.key, "grant_type", "client_credentials", "token", "x"))
		if want := `{"error":"invalid_client","error_description":"client authentication failed"}`; status != 401 || body != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

func TestClientsComeFromAllowedNetworks(t *testing.T) {
	const inside, outside = "192.0.2.7:1", "203.0.113.9:1"
	allowed := json.RawMessage(`{"allowedIPs":["192.0.2.0/24"]}`)
	for name, restrict := range map[string]func(p *store.Partner, k *store.Key){
		"of the key":     func(_ *store.Partner, k *store.Key) { k.Config = allowed },
		"of the partner": func(p *store.Partner, _ *store.Key) { p.Config = allowed },
	} {
		t.Run(name, func(t *testing.T) {
			var failed []string
			s := newStand(t, func(o *oauth2.Options) {
				o.Audit = func(_ context.Context, done oauth2.Done) {
					failed = append(failed, fmt.Sprint(done.Client.UserKey, " ", done.Failed, " ", done.Refused))
				}
			})
			must(t, s.store.Change(t.Context(), func(tx store.Tx) error {
				partner, err := tx.Partner(s.key.Record.Partner)
				if err != nil {
					return err
				}
				key := *s.key.Record
				restrict(partner, &key)
				return errors.Join(tx.PutPartner(partner), tx.PutKey(&key))
			}))
			for _, path := range []string{"/oauth2/token", "/introspect", "/revocation"} {
				form := credentials(s.key, "grant_type", "client_credentials", "token", "x")
				s.from, failed = outside, nil
				status, _, body := s.post(path, form)
				if want := `{"error":"invalid_client","error_description":"client authentication failed"}`; status != 401 || body != want {
					t.Errorf("%s from elsewhere: %d %s", path, status, body)
				}
				if diff := cmp.Diff([]string{s.key.Record.UserKey + " invalid_client true"}, failed); diff != "" {
					t.Errorf("%s on the record: %s", path, diff)
				}
				s.from = inside
				if status, _, body := s.post(path, form); status != 200 {
					t.Errorf("%s from within: %d %s", path, status, body)
				}
			}
		})
	}
}

func TestARevokedTokenStaysDeadToItsEnd(t *testing.T) {
	s := newStand(t, nil)
	got := s.issue(s.key)
	for _, text := range []string{got.AccessToken, got.RefreshToken} {
		if status, _, body := s.post("/revocation", credentials(s.key, "token", text)); status != 200 {
			t.Fatalf("revocation: %d %s", status, body)
		}
	}
	s.clock.Advance(oauth2.AccessLife + 4*time.Second) // The last moment, clocks of others being off.
	if _, err := s.call(got.AccessToken); code(err) != gigya.InvalidToken {
		t.Errorf("call with the revoked token: %v", err)
	}
	s.clock.Advance(oauth2.RefreshLife - oauth2.AccessLife - 5*time.Second)
	if status, _, body := s.post("/oauth2/token", credentials(s.key, "grant_type", "refresh_token", "refresh_token", got.RefreshToken)); status != 400 {
		t.Errorf("refresh: %d %s", status, body)
	}
}

func TestARefreshTokenDies(t *testing.T) {
	s := newStand(t, nil)
	refresh := credentials(s.key, "grant_type", "refresh_token", "refresh_token", s.issue(s.key).RefreshToken)
	s.clock.Advance(oauth2.RefreshLife - time.Second)
	if status, _, body := s.post("/oauth2/token", refresh); status != 200 {
		t.Errorf("a second before its end: %d %s", status, body)
	}
	s.clock.Advance(time.Second)
	if status, _, body := s.post("/oauth2/token", refresh); status != 400 || !strings.HasPrefix(body, `{"error":"invalid_grant"`) {
		t.Errorf("at its end: %d %s", status, body)
	}
}

func TestRevocationEndsOneToken(t *testing.T) {
	s := newStand(t, nil)
	doomed, spared := s.issue(s.key), s.issue(s.key)
	introspect := func(text string) string {
		_, _, body := s.post("/introspect", credentials(s.key, "token", text))
		return body
	}
	if got := introspect(doomed.AccessToken); !strings.HasPrefix(got, `{"active":true,"client_id":"`+s.key.Record.UserKey+`","token_type":"Bearer","exp":1772447130,"iat":1772446530,"sub":"`+s.key.Record.UserKey+`","iss":"https://accounts.example.com","jti":"`) {
		t.Errorf("before: %s", got)
	}
	for range 2 { // The second time it is dead already, which is a success.
		status, header, body := s.post("/revocation", credentials(s.key, "token", doomed.AccessToken, "token_type_hint", "refresh_token"))
		if status != 200 || body != "" || header.Get("Cache-Control") != "no-store" {
			t.Errorf("revocation: %d %q %v", status, body, header)
		}
	}
	if got := introspect(doomed.AccessToken); got != `{"active":false}` {
		t.Errorf("after: %s", got)
	}
	if _, err := s.call(doomed.AccessToken); code(err) != gigya.InvalidToken {
		t.Errorf("call with the revoked token: %v", err)
	}
	if _, err := s.call(spared.AccessToken); err != nil {
		t.Errorf("call with the other token: %v", err)
	}
}

func TestARefreshTokenWorksUntilItIsRevoked(t *testing.T) {
	s := newStand(t, nil)
	first := s.issue(s.key)
	refresh := credentials(s.key, "grant_type", "refresh_token", "refresh_token", first.RefreshToken)
	for range 2 {
		status, _, body := s.post("/oauth2/token", refresh)
		if status != 200 || strings.Contains(body, "refresh_token") {
			t.Fatalf("refresh: %d %s", status, body)
		}
	}
	_, _, body := s.post("/introspect", credentials(s.key, "token", first.RefreshToken))
	if !strings.HasPrefix(body, `{"active":true,"client_id":"`+s.key.Record.UserKey+`","exp":`) {
		t.Errorf("introspection: %s", body)
	}
	s.post("/revocation", credentials(s.key, "token", first.RefreshToken))
	const refused = `{"error":"invalid_grant","error_description":"the refresh token is not valid"}`
	if status, _, body := s.post("/oauth2/token", refresh); status != 400 || body != refused {
		t.Errorf("after revocation: %d %s", status, body)
	}
}

func TestTokensOfOneClientAreNothingToAnother(t *testing.T) {
	s := newStand(t, nil)
	theirs := s.issue(s.other)
	for _, text := range []string{theirs.AccessToken, theirs.RefreshToken} {
		if _, _, body := s.post("/introspect", credentials(s.key, "token", text)); body != `{"active":false}` {
			t.Errorf("introspection: %s", body)
		}
		if status, _, body := s.post("/revocation", credentials(s.key, "token", text)); status != 400 || !strings.HasPrefix(body, `{"error":"invalid_grant"`) {
			t.Errorf("revocation: %d %s", status, body)
		}
	}
	status, _, body := s.post("/oauth2/token", credentials(s.key, "grant_type", "refresh_token", "refresh_token", theirs.RefreshToken))
	if status != 400 || !strings.HasPrefix(body, `{"error":"invalid_grant"`) {
		t.Errorf("refresh: %d %s", status, body)
	}
	if _, err := s.call(theirs.AccessToken); err != nil {
		t.Errorf("the other's token: %v", err)
	}
}

func TestAlteredAndForeignTokensAreNotActive(t *testing.T) {
	s := newStand(t, nil)
	got := s.issue(s.key)
	elsewhere := newStand(t, nil)
	stranger := elsewhere.issue(elsewhere.key)
	parts := strings.Split(got.AccessToken, ".")
	for name, text := range map[string]string{
		"another signature":      parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
		"another server's":       stranger.AccessToken,
		"a sealed one, cut":      got.RefreshToken[:len(got.RefreshToken)-3],
		"a refresh token as JWT": got.RefreshToken + ".a.b",
		"nonsense":               "nonsense",
	} {
		if status, _, body := s.post("/introspect", credentials(s.key, "token", text)); status != 200 || body != `{"active":false}` {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	s := newStand(t, nil)
	good := credentials(s.key, "grant_type", "client_credentials")
	form := "application/x-www-form-urlencoded"
	for name, test := range map[string]struct {
		method, path, body string
		header             []string
		status             int
		want               string
	}{
		"no client":                 {path: "/oauth2/token", body: "grant_type=client_credentials", status: 401, want: `"invalid_client"`},
		"no secret":                 {path: "/oauth2/token", body: "grant_type=client_credentials&client_id=" + s.key.Record.UserKey, status: 401, want: `"invalid_client"`},
		"wrong secret":              {path: "/oauth2/token", body: credentials(s.key, "client_secret", s.other.Secret, "grant_type", "client_credentials").Encode(), status: 401, want: `"invalid_client"`},
		"unknown client":            {path: "/oauth2/token", body: credentials(s.key, "client_id", "AAAAAAAAAAAA").Encode(), status: 401, want: `"invalid_client"`},
		"key with an RSA pair only": {path: "/oauth2/token", body: credentials(s.rsaOnly, "client_secret", "").Encode(), status: 401, want: `"invalid_client"`},
		"header":                    {path: "/oauth2/token", body: "grant_type=client_credentials", header: []string{"Authorization", "Basic QTpC"}, status: 401, want: `"invalid_client"`},
		"header and body":           {path: "/oauth2/token", body: good.Encode(), header: []string{"Authorization", "Basic QTpC"}, status: 400, want: `"invalid_request"`},
		"no grant":                  {path: "/oauth2/token", body: credentials(s.key).Encode(), status: 400, want: `"invalid_request"`},
		"another grant":             {path: "/oauth2/token", body: credentials(s.key, "grant_type", "password").Encode(), status: 400, want: `"unsupported_grant_type"`},
		"no refresh token":          {path: "/oauth2/token", body: credentials(s.key, "grant_type", "refresh_token").Encode(), status: 400, want: `"invalid_request"`},
		"no token":                  {path: "/introspect", body: credentials(s.key).Encode(), status: 400, want: `"invalid_request"`},
		"no token to revoke":        {path: "/revocation", body: credentials(s.key).Encode(), status: 400, want: `"invalid_request"`},
		"parameters in the URL":     {path: "/oauth2/token?" + good.Encode(), status: 400, want: `"invalid_request"`},
		"a parameter twice":         {path: "/oauth2/token", body: good.Encode() + "&grant_type=client_credentials", status: 400, want: `"invalid_request"`},
		"not a form":                {path: "/oauth2/token", body: `{}`, header: []string{"Content-Type", "application/json"}, status: 400, want: `"invalid_request"`},
		"a broken form":             {path: "/oauth2/token", body: "a=%zz", status: 400, want: `"invalid_request"`},
		"a body that is too large":  {path: "/oauth2/token", body: good.Encode() + "&x=" + strings.Repeat("x", 20000), status: 413, want: `"invalid_request"`},
		"plain HTTP":                {path: "/oauth2/token", body: good.Encode(), header: []string{"X-Plain", "1"}, status: 400, want: `"invalid_request"`},
		"a slash and capitals":      {path: "/OAuth2/Token/", body: credentials(s.key).Encode(), status: 400, want: `"invalid_request"`},
		"GET":                       {method: "GET", path: "/oauth2/token", status: 405, want: `"invalid_request"`},
		"POST where GET is":         {path: "/oauth2/jwks", status: 405, want: `"invalid_request"`},
		"another path":              {path: "/oauth2/other", status: 404, want: "404"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.method == "" {
				test.method = "POST"
			}
			status, header, body := s.send(test.method, test.path, strings.NewReader(test.body), append([]string{"Content-Type", form}, test.header...)...)
			if status != test.status || !strings.Contains(body, test.want) || strings.Contains(body, "access_token") {
				t.Errorf("%d %s, want %d %s", status, body, test.status, test.want)
			}
			if status == 401 && strings.Contains(name, "header") && header.Get("WWW-Authenticate") == "" {
				t.Error("a client that tried the header is not told")
			}
			if status == 405 && header.Get("Allow") == "" {
				t.Error("no Allow")
			}
		})
	}
}

func TestEveryUnprovenClientGetsTheSameBytes(t *testing.T) {
	s := newStand(t, nil)
	_, _, unknown := s.post("/oauth2/token", credentials(s.key, "client_id", "AAAAAAAAAAAA"))
	_, _, wrong := s.post("/oauth2/token", credentials(s.key, "client_secret", "d3Jvbmc="))
	if unknown != wrong {
		t.Errorf("unknown client %s\nwrong secret %s", unknown, wrong)
	}
}

func TestRefreshTokensAreASwitch(t *testing.T) {
	s := newStand(t, func(o *oauth2.Options) { o.RefreshTokens, o.Issuer = false, "https://oauth2.gigya.com" })
	if got := s.issue(s.key); got.RefreshToken != "" {
		t.Errorf("issued %+v", got)
	}
	status, _, body := s.post("/oauth2/token", credentials(s.key, "grant_type", "refresh_token", "refresh_token", "x"))
	if status != 400 || body != `{"error":"unsupported_grant_type"}` {
		t.Errorf("%d %s", status, body)
	}
	_, _, metadata := s.send("GET", "/.well-known/oauth-authorization-server", nil)
	if !strings.Contains(metadata, `"grant_types_supported":["client_credentials"]`) || !strings.HasPrefix(metadata, `{"issuer":"https://oauth2.gigya.com",`) {
		t.Errorf("metadata %s", metadata)
	}
}

func TestMetadata(t *testing.T) {
	s := newStand(t, nil)
	status, header, body := s.send("GET", "/.well-known/oauth-authorization-server", nil)
	want := `{"issuer":"https://accounts.example.com","jwks_uri":"https://accounts.example.com/oauth2/jwks",` +
		`"token_endpoint":"https://accounts.example.com/oauth2/token","revocation_endpoint":"https://accounts.example.com/revocation",` +
		`"introspection_endpoint":"https://accounts.example.com/introspect","grant_types_supported":["client_credentials","refresh_token"],` +
		`"response_types_supported":["token"],"token_endpoint_auth_methods_supported":["client_secret_post"]}`
	if diff := cmp.Diff(want, body); status != 200 || diff != "" {
		t.Errorf("%d (-want +got):\n%s", status, diff)
	}
	if header.Get("Content-Type") != "application/json; charset=utf-8" || header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("header %v", header)
	}
}

func TestThePublishedKeysVerifyAccessTokens(t *testing.T) {
	s := newStand(t, nil)
	got := s.issue(s.key)
	_, _, body := s.send("GET", "/oauth2/jwks", nil)
	var set jose.JSONWebKeySet
	must(t, json.Unmarshal([]byte(body), &set))
	parsed, err := jose.ParseSignedCompact(got.AccessToken, []jose.SignatureAlgorithm{jose.RS256})
	must(t, err)
	payload, err := parsed.Verify(set.Keys[0])
	must(t, err)
	var c struct {
		Iss, Sub, Jti string
		ClientID      string `json:"client_id"`
		Iat, Exp      int64
	}
	must(t, json.Unmarshal(payload, &c))
	if c.Iss != "https://accounts.example.com" || c.Sub != s.key.Record.UserKey || c.ClientID != c.Sub || c.Exp-c.Iat != 600 || c.Jti == "" {
		t.Errorf("claims %s", payload)
	}
}
