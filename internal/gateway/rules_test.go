package gateway_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/gateway"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

func TestSecretsTravelByTLSOnly(t *testing.T) {
	d := front(t, doorwardtest.WithoutInsecure(), doorwardtest.WithTrustedProxies("192.0.2.1/32"))
	overHTTP := failure("403006", "Secret Sent Over Http", "Secret Sent Over Http", "403", "Forbidden")
	fromProxy := func(r *http.Request) *http.Request {
		return headed(headed(r, "X-Forwarded-Proto", "https"), "X-Forwarded-For", "203.0.113.5")
	}
	fromStranger := func(r *http.Request) *http.Request {
		r.RemoteAddr = "198.51.100.7:1234"
		return fromProxy(r)
	}
	overTLS := func(r *http.Request) *http.Request {
		r.TLS = &tls.ConnectionState{}
		return r
	}
	bySecret := success(",\n  \"via\": \"partnerSecret\"")
	tests := map[string]struct {
		request *http.Request
		want    string
	}{
		"a secret in the body":                       {post("/test.echo", "apiKey", d.APIKey, "secret", d.Secret), overHTTP},
		"a secret in the query":                      {get("/test.echo", "apiKey", d.APIKey, "SECRET", d.Secret), overHTTP},
		"a client_secret":                            {post("/test.echo", "apiKey", d.APIKey, "client_secret", "x"), overHTTP},
		"a password":                                 {post("/test.echo", "apiKey", d.APIKey, "password", "x"), overHTTP},
		"a new password":                             {post("/test.echo", "apiKey", d.APIKey, "newPassword", "x"), overHTTP},
		"the password by its other name":             {post("/test.echo", "apiKey", d.APIKey, "oldPassword", "x"), overHTTP},
		"an Authorization header":                    {headed(post("/test.echo", "apiKey", d.APIKey), "Authorization", "Bearer x"), overHTTP},
		"before the apiKey is looked at":             {post("/test.echo", "password", "x"), overHTTP},
		"a method that wants TLS":                    {post("/test.secure", "apiKey", d.APIKey), failure("400001", "This method is served over HTTPS only.", "Invalid request format", "400", "Bad Request")},
		"a public call":                              {post("/test.echo", "apiKey", d.APIKey), success(publicVia)},
		"an empty secret":                            {post("/test.echo", "apiKey", d.APIKey, "secret", ""), success(publicVia)},
		"a secret over TLS":                          {overTLS(post("/test.echo", "apiKey", d.APIKey, "secret", d.Secret)), bySecret},
		"a secret in a GET query over TLS":           {overTLS(get("/test.echo", "apiKey", d.APIKey, "secret", d.Secret)), bySecret},
		"a secret over TLS that a trusted proxy had": {fromProxy(post("/test.echo", "apiKey", d.APIKey, "secret", d.Secret)), bySecret},
		"a stranger who says that it was TLS":        {fromStranger(post("/test.echo", "apiKey", d.APIKey, "secret", d.Secret)), overHTTP},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, body := serve(d, test.request)
			if diff := cmp.Diff(test.want, normal(d, body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPagesMayReadWhatTheyAreTrustedWith(t *testing.T) {
	d := front(t)
	from := func(r *http.Request, origin string) *http.Request { return headed(r, "Origin", origin) }
	tests := map[string]struct {
		request            *http.Request
		origin, credential string
	}{
		"a trusted page":                    {from(post("/test.echo", "apiKey", d.APIKey), "https://www.example.com"), "https://www.example.com", "true"},
		"the base domain":                   {from(post("/test.echo", "apiKey", d.APIKey), "https://example.com"), "https://example.com", "true"},
		"errors too":                        {from(post("/test.echo", "apiKey", d.APIKey, "count", "x"), "https://example.com"), "https://example.com", "true"},
		"a stranger's page":                 {from(post("/test.echo", "apiKey", d.APIKey), "https://evilexample.com"), "", ""},
		"a name that goes on":               {from(post("/test.echo", "apiKey", d.APIKey), "https://example.com.evil.net"), "", ""},
		"a sandboxed page":                  {from(post("/test.echo", "apiKey", d.APIKey), "null"), "", ""},
		"an unknown site":                   {from(post("/test.echo", "apiKey", "4_AAAAAAAAAAAAAAAAAAAAAA"), "https://example.com"), "", ""},
		"an answer that is all the same":    {from(get("/test.anonymous"), "https://evil.example"), "*", ""},
		"no page":                           {post("/test.echo", "apiKey", d.APIKey), "", ""},
		"a preflight of a trusted page":     {from(verb("OPTIONS", "/test.echo?apiKey="+d.APIKey), "https://example.com"), "https://example.com", "true"},
		"a preflight of a stranger":         {from(verb("OPTIONS", "/test.echo?apiKey="+d.APIKey), "https://evil.example"), "", ""},
		"a preflight that names no site":    {from(verb("OPTIONS", "/test.echo"), "https://evil.example"), "*", ""},
		"a preflight for an unknown site":   {from(verb("OPTIONS", "/test.echo?apikey=4_x"), "https://evil.example"), "", ""},
		"a preflight of the origin named *": {from(verb("OPTIONS", "/test.echo"), "*"), "*", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			response, _ := serve(d, test.request)
			header := response.Header
			if got := header.Get("Access-Control-Allow-Origin"); got != test.origin {
				t.Errorf("origin %q, want %q", got, test.origin)
			}
			if got := header.Get("Access-Control-Allow-Credentials"); got != test.credential {
				t.Errorf("credentials %q, want %q", got, test.credential)
			}
			preflight := test.request.Method == http.MethodOptions && test.origin != ""
			if got := header.Get("Access-Control-Max-Age"); (got == "86400") != preflight {
				t.Errorf("max age %q", got)
			}
			if got := header.Get("Access-Control-Allow-Headers"); (got == "Content-Type, Authorization, apikey") != preflight {
				t.Errorf("headers %q", got)
			}
			if vary := header.Get("Vary"); test.request.Header.Get("Origin") != "" && !strings.Contains(vary, "Origin") {
				t.Errorf("vary %q", vary)
			}
		})
	}
}

func TestACookieActsForTrustedPagesOnly(t *testing.T) {
	d := front(t)
	token := logIn(t, d)
	withCookie := func(r *http.Request) *http.Request {
		r.AddCookie(&http.Cookie{Name: "glt_" + d.APIKey, Value: token})
		return r
	}
	untrusted := failure("400120", "Invalid site domain", "Invalid site domain", "400", "Bad Request")
	served := success(",\n  \"via\": \"session\"")
	script := func(query ...string) *http.Request {
		return get("/test.sub.session", append([]string{"apiKey", d.APIKey, "format", "jsonp", "callback", "f"}, query...)...)
	}
	wrap := func(body string) string { return "f(" + body + ");" }
	tests := map[string]struct {
		request *http.Request
		want    string
	}{
		"a trusted page":                         {headed(withCookie(post("/test.sub.session", "apiKey", d.APIKey)), "Origin", "https://example.com"), served},
		"a stranger's form":                      {headed(withCookie(post("/test.sub.session", "apiKey", d.APIKey)), "Origin", "https://evil.example"), untrusted},
		"a stranger's form, sandboxed":           {headed(headed(withCookie(post("/test.sub.session", "apiKey", d.APIKey)), "Origin", "null"), "Referer", "https://evil.example/"), untrusted},
		"a sandboxed form that hides its page":   {headed(withCookie(post("/test.sub.session", "apiKey", d.APIKey)), "Origin", "null"), untrusted},
		"a stranger's link that hides its page":  {headed(withCookie(get("/test.sub.session", "apiKey", d.APIKey)), "Sec-Fetch-Site", "cross-site"), untrusted},
		"a neighbour's link that hides its page": {headed(withCookie(get("/test.sub.session", "apiKey", d.APIKey)), "Sec-Fetch-Site", "same-site"), untrusted},
		"an address that the user typed":         {headed(withCookie(get("/test.sub.session", "apiKey", d.APIKey)), "Sec-Fetch-Site", "none"), served},
		"a program, which is no page":            {withCookie(post("/test.sub.session", "apiKey", d.APIKey)), served},
		"a page whose name begins as ours":       {headed(withCookie(post("/test.sub.session", "apiKey", d.APIKey)), "Origin", "http://id.example.evil.test"), untrusted},
		"the server's own page":                  {headed(withCookie(post("/test.sub.session", "apiKey", d.APIKey)), "Origin", "http://id.example"), served},
		"a script of a trusted page":             {headed(withCookie(script()), "Referer", "https://www.example.com/a"), wrap(served)},
		"a script of a stranger":                 {headed(withCookie(script()), "Referer", "https://evil.example/"), wrap(untrusted)},
		"a script that hides its page":           {withCookie(script()), wrap(untrusted)},
		"a script with a token":                  {script("login_token", token), wrap(served)},
		"a stranger with a token":                {headed(post("/test.sub.session", "apiKey", d.APIKey, "login_token", token), "Origin", "https://evil.example"), served},
		"a stranger's script, no cookie":         {headed(get("/test.echo", "apiKey", d.APIKey, "format", "jsonp", "callback", "f"), "Referer", "https://evil.example/"), wrap(untrusted)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, body := serve(d, test.request)
			if diff := cmp.Diff(test.want, normal(d, body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// logIn opens a session of a new account and returns its token.
func logIn(t *testing.T, d *doorwardtest.Server) string {
	t.Helper()
	sessions := session.New(d.Store(), d.Sealer(), fixedClock{}, zeroes{})
	var token string
	d.Change(func(tx store.Tx) error {
		if err := tx.PutAccount(&store.Account{Group: d.APIKey, UID: "u1", IsActive: true}); err != nil {
			return err
		}
		opened, err := sessions.Open(tx, session.Open{Group: d.APIKey, Site: d.APIKey, UID: "u1", Expiration: session.Never, Now: noon})
		token = opened.Token
		return err
	})
	return token
}

func TestRatesBoundAddressesAndCredentials(t *testing.T) {
	tooMany := failure("403048", "Api rate limit exceeded", "Api rate limit exceeded", "403", "Forbidden")
	one := gateway.Rate{Limit: 0.001, Burst: 1}
	limited := func(rates gateway.Rates) *doorwardtest.Server {
		return front(t, doorwardtest.WithServer(func(o *server.Options) { o.Methods, o.Rates = testMethods(), rates }))
	}
	call := func(d *doorwardtest.Server, ip string, params ...string) (string, string) {
		r := post("/test.echo", append([]string{"apiKey", d.APIKey}, params...)...)
		r.RemoteAddr = ip
		response, body := serve(d, r)
		return normal(d, body), response.Header.Get("Retry-After")
	}
	t.Run("clients by address", func(t *testing.T) {
		d := limited(gateway.Rates{Client: one})
		if body, _ := call(d, "[2001:db8::1]:1"); body != success(publicVia) {
			t.Error(body)
		}
		body, retry := call(d, "[2001:db8::2]:1")
		if body != tooMany || retry != "1" {
			t.Errorf("%q %s", retry, body)
		}
		if body, _ := call(d, "[2001:db8:0:1::1]:1"); body != success(publicVia) {
			t.Error("another network: " + body)
		}
		if body, _ := call(d, "[2001:db8::1]:1", "secret", d.Secret); body != success(",\n  \"via\": \"partnerSecret\"") {
			t.Error("a server: " + body)
		}
	})
	t.Run("wrong secrets count as clients", func(t *testing.T) {
		d := limited(gateway.Rates{Client: one})
		call(d, "192.0.2.9:1", "secret", "wrong")
		if body, _ := call(d, "192.0.2.9:1", "secret", "wrong"); body != tooMany {
			t.Error(body)
		}
	})
	t.Run("OAuth 2 endpoints by address", func(t *testing.T) {
		for _, rates := range []gateway.Rates{{Client: one}, {Address: one}} {
			d := limited(rates)
			for i, want := range []int{http.StatusUnauthorized, http.StatusTooManyRequests} {
				r := post("/oauth2/token", "grant_type", "client_credentials", "client_id", d.UserKey, "client_secret", "wr0ng-guess")
				r.RemoteAddr = "192.0.2.9:1"
				if response, body := serve(d, r); response.StatusCode != want || (response.Header.Get("Retry-After") == "1") != (i == 1) {
					t.Errorf("%d. request: %d %s", i+1, response.StatusCode, body)
				}
			}
			if log := d.Log(); !strings.Contains(log, `"path":"/oauth2/token","verb":"POST","status":429,"ip":"192.0.2.9"`) || strings.Contains(log, "wr0ng") {
				t.Error(log)
			}
		}
	})
	t.Run("servers by credential", func(t *testing.T) {
		d := limited(gateway.Rates{Server: one})
		call(d, "192.0.2.9:1", "secret", d.Secret)
		if body, _ := call(d, "192.0.2.10:1", "secret", d.Secret); body != tooMany {
			t.Error(body)
		}
		if body, _ := call(d, "192.0.2.9:1", "userKey", d.UserKey, "secret", d.UserSecret); body != success(",\n  \"via\": \"userKey\"") {
			t.Error(body)
		}
	})
	t.Run("everything by address", func(t *testing.T) {
		d := limited(gateway.Rates{Address: one})
		call(d, "192.0.2.9:1")
		if body, _ := call(d, "192.0.2.9:1", "secret", d.Secret); body != tooMany {
			t.Error(body)
		}
	})
}

func TestGzipOnlyWhenAskedAndWorthIt(t *testing.T) {
	d := front(t)
	long := strings.Repeat("ab", 500)
	tests := map[string]struct {
		text, accept string
		want         bool
	}{
		"asked":           {long, "deflate, gzip;q=0.8", true},
		"not asked":       {long, "", false},
		"refused":         {long, "gzip;q=0", false},
		"another one":     {long, "br", false},
		"a small answer":  {"a", "gzip", false},
		"in capitals":     {long, "GZIP", true},
		"refused finely":  {long, "gzip; q=0.000", false},
		"everything goes": {long, "*", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := post("/test.echo", "apiKey", d.APIKey, "text", test.text)
			if test.accept != "" {
				r.Header.Set("Accept-Encoding", test.accept)
			}
			response, body := serve(d, r)
			if response.Header.Get("Content-Length") != itoa(len(body)) {
				t.Error("the length is wrong")
			}
			zipped := response.Header.Get("Content-Encoding") == "gzip"
			if zipped != test.want {
				t.Fatalf("compressed: %v", zipped)
			}
			if zipped {
				reader, err := gzip.NewReader(strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				plain, err := io.ReadAll(reader)
				if err != nil {
					t.Fatal(err)
				}
				body = string(plain)
			}
			if !strings.Contains(body, `"text": "`+test.text+`"`) {
				t.Error(body)
			}
		})
	}
}

func TestNoSecretIsEverLogged(t *testing.T) {
	d := front(t)
	token := logIn(t, d)
	secrets := []string{d.Secret, d.UserSecret, token, "p4ssw0rd", "n3wpassword", "bearer.token.here", "s3cr3t-answer", "my-reg-token"}
	calls := [][]string{
		{"secret", d.Secret}, {"secret", d.Secret + "x"}, {"userKey", d.UserKey, "secret", d.UserSecret},
		{"login_token", token}, {"oauth_token", token}, {"password", "p4ssw0rd", "newPassword", "n3wpassword"},
		{"secretAnswer", "s3cr3t-answer", "regToken", "my-reg-token"},
		{"userKey", d.Secret, "secret", "p4ssw0rd"}, {"userKey", d.UserSecret, "secret", d.UserKey},
	}
	for _, call := range calls {
		for _, name := range []string{"/test.echo", "/test.write", "/test.panic", "/test.nothing", "/accounts.login", "/accounts.register"} {
			params := append([]string{"apiKey", d.APIKey}, call...)
			serve(d, post(name, params...))
			serve(d, headed(get(name, params...), "Authorization", "Bearer bearer.token.here"))
		}
	}
	log := d.Log()
	if len(strings.Split(log, "\n")) < 2*len(calls)*6 {
		t.Fatal("calls are missing in the log")
	}
	for _, secret := range secrets {
		if i := strings.Index(log, secret); i >= 0 {
			t.Errorf("%q is in the log: …%s", secret, log[max(0, i-200):i+len(secret)])
		}
	}
}

func TestALogLineCannotBeForged(t *testing.T) {
	d := front(t)
	r := post("/test.echo", "apiKey", d.APIKey, "sdk", "x\n{\"level\":\"INFO\"}\x1b[31m", "context", "\n")
	r.Header.Set("User-Agent", "a\n{\"level\":\"INFO\"}")
	serve(d, r)
	if n := strings.Count(d.Log(), "\n"); n != 1 {
		t.Errorf("%d lines", n)
	}
	if strings.Contains(d.Log(), "\x1b") {
		t.Error("an escape sequence came through")
	}
}

func TestCallsOfKeysLeaveAnAuditRecord(t *testing.T) {
	d := front(t)
	serve(d, post("/test.echo", "apiKey", d.APIKey, "secret", d.Secret))                                   // A read of the partner: none.
	serve(d, post("/test.echo", "apiKey", d.APIKey))                                                       // A public read: none.
	serve(d, post("/test.write", "apiKey", d.APIKey, "secret", d.Secret))                                  // A write.
	serve(d, post("/test.echo", "apiKey", d.APIKey, "userKey", d.UserKey, "secret", d.UserSecret))         // A read by a key.
	serve(d, post("/test.echo", "apiKey", d.APIKey, "userKey", d.UserKey, "secret", "wrong", "text", "x")) // A failed one.
	want := map[string]int{"test.write 0": 1, "test.echo 0": 1, "test.echo 403010": 1}
	got := map[string]int{}
	eventually(t, func() bool {
		clear(got)
		err := d.Store().Audits(context.Background(), store.AuditQuery{Log: d.APIKey, Newest: true, Limit: 100}, func(a *store.Audit, _ string) error {
			got[a.Method+" "+itoa(a.ErrorCode)]++
			if strings.Contains(string(a.Record), d.UserSecret) || strings.Contains(string(a.Record), "wrong") {
				t.Errorf("a secret is in %s", a.Record)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return len(got) == len(want)
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestARevokedKeyIsRefusedByTheNextCall(t *testing.T) {
	d := front(t)
	call := func() string {
		_, body := serve(d, post("/test.server", "apiKey", d.APIKey, "userKey", d.UserKey, "secret", d.UserSecret))
		return normal(d, body)
	}
	if got := call(); got != success(",\n  \"via\": \"userKey\"") {
		t.Fatal(got)
	}
	d.Change(func(tx store.Tx) error {
		key, err := tx.Key(d.UserKey)
		if err != nil {
			return err
		}
		key.Revoked = 1
		return tx.PutKey(key)
	})
	if got := call(); got != failure("403005", "The supplied userkey was not found", "Unauthorized user", "403", "Forbidden") {
		t.Error(got)
	}
}

func TestACookieOfTheServerIsForScriptsUnreadable(t *testing.T) {
	d := front(t)
	response, _ := serve(d, post("/test.cookie", "apiKey", d.APIKey))
	if got := response.Header.Get("Set-Cookie"); got != "gmid=g; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax" {
		t.Error(got)
	}
	r := post("/test.cookie", "apiKey", d.APIKey)
	r.TLS = &tls.ConnectionState{}
	response, _ = serve(d, r)
	if got := response.Header.Get("Set-Cookie"); got != "gmid=g; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=None" {
		t.Error(got)
	}
}

func TestPathsThatAreNoMethods(t *testing.T) {
	d := front(t)
	tests := map[string]int{
		"/": 200, "//": 200, "/robots.txt": 200, "/favicon.ico": 404, "/metrics": 404, "/healthz": 404, "/_test/reset": 404,
		"/debug/pprof/": 404, "/accounts": 404, "/a/accounts.login": 404, "/.well-known/oauth-authorization-server": 200,
		"/.well-known/openid-configuration": 404, "/oauth2/jwks": 200,
	}
	for path, want := range tests {
		t.Run(path, func(t *testing.T) {
			if response, body := serve(d, get(path)); response.StatusCode != want {
				t.Errorf("%d %s", response.StatusCode, body)
			}
		})
	}
}

func TestAddingASiteNeedsNoRestart(t *testing.T) {
	d := front(t)
	record, err := d.Factory().NewSite(site.SiteOptions{Partner: d.Partner, BaseDomain: "new.example", DataCenter: "us1"})
	if err != nil {
		t.Fatal(err)
	}
	call := func() string {
		_, body := serve(d, post("/test.echo", "apiKey", record.APIKey))
		return body
	}
	if !strings.Contains(call(), "400093") {
		t.Error("the site is known before it is made")
	}
	d.Change(func(tx store.Tx) error { return tx.PutSite(record) })
	if !strings.Contains(call(), `"errorCode": 0`) {
		t.Error("the site is not known")
	}
}

func TestABadTokenIs401ForThoseWhoAskForStatuses(t *testing.T) {
	d := front(t)
	r := headed(post("/test.server", "apiKey", d.APIKey, "httpStatusCodes", "true"), "Authorization", "OAuth nonsense")
	response, body := serve(d, r)
	if response.StatusCode != 401 || response.Header.Get("WWW-Authenticate") != `OAuth realm="Gigya", error="invalid_token"` {
		t.Errorf("%d %q %s", response.StatusCode, response.Header.Get("WWW-Authenticate"), body)
	}
	r = headed(post("/test.server", "apiKey", d.APIKey), "Authorization", "OAuth nonsense")
	response, body = serve(d, r)
	if response.StatusCode != 200 || response.Header.Get("WWW-Authenticate") != "" || !strings.Contains(body, `"statusCode": 403`) {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

func TestANameThatTheCallerMadeUpIsHarmless(t *testing.T) {
	d := front(t)
	for _, name := range []string{"a.<script>alert(1)", "a.\"'&", "a.\r\nX: y", "a.\x00", "a.\xff\xfe", "a." + strings.Repeat("ü", 3000)} {
		for _, format := range []string{"json", "xml"} {
			r := post("/x.y", "apiKey", d.APIKey, "format", format)
			r.URL.Path = "/" + name
			response, body := serve(d, r)
			if response.StatusCode != 200 || strings.Contains(body, "<script") || !strings.Contains(body, "403007") || len(body) > 4000 {
				t.Errorf("%q %s: %d %s", name, format, response.StatusCode, body)
			}
			if format == "xml" && xml.Unmarshal([]byte(body), new(struct{})) != nil {
				t.Errorf("%q: no XML: %s", name, body)
			}
		}
	}
	if strings.Contains(d.Log(), "\x00") {
		t.Error("a control character is in the log")
	}
}

// TestANameThatTheCallerMadeUpLeadsNowhere names a method whose namespace would end the host name of the address that clients are sent to.
func TestANameThatTheCallerMadeUpLeadsNowhere(t *testing.T) {
	d := front(t, doorwardtest.WithDataCenterElsewhere("eu1", "eu1.gigya.com"))
	elsewhere := d.AddSite(func(s *store.Site) { s.DataCenter = "eu1" })
	for name, want := range map[string]string{
		"accounts.nothing": "https://accounts.eu1.gigya.com/accounts.nothing", "3221225986#.x": "", "3221225986?.x": "", "a:b@c.x": "", "\\evil.x": "", ".x": "", "a b.x": "",
		"a.\r\nX: y": "", "a.b#c": "",
	} {
		r := post("/x.y", "apiKey", elsewhere, "httpStatusCodes", "true")
		r.URL.Path = "/" + name
		response, body := serve(d, r)
		location, _ := document.Member([]byte(body), "location")
		if got := response.Header.Get("Location"); got != want || strings.Trim(string(location), `"`) != want || response.StatusCode != http.StatusMovedPermanently {
			t.Errorf("%q: status %d, Location %q, want %q, and\n%s", name, response.StatusCode, got, want, body)
		}
	}
}
