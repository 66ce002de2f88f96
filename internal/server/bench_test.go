package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/gigya"
)

// registered is what the tests need of an account.
type registered struct {
	UID         string `json:"UID"`
	SessionInfo struct {
		CookieValue string `json:"cookieValue"`
	} `json:"sessionInfo"`
}

// withAccount starts a server with one account.
func withAccount(tb testing.TB) (*doorwardtest.Server, registered) {
	tb.Helper()
	s := doorwardtest.New(tb)
	answer := s.CallAsPartner("accounts.register", "email", "zoe@example.com", "password", "Correct-horse-7",
		"profile", `{"firstName":"Zoë","lastName":"Example","city":"Köln"}`, "data", `{"tier":"gold","visits":3}`, "finalizeRegistration", "true")
	var r registered
	if err := json.Unmarshal(answer, &r); err != nil {
		tb.Fatal(err)
	}
	return s, r
}

// BenchmarkCall measures calls through the whole server but the network.
func BenchmarkCall(b *testing.B) {
	s, registered := withAccount(b)
	secret := url.Values{"apiKey": {s.APIKey}, "secret": {s.Secret}, "UID": {registered.UID}}
	key := url.Values{"apiKey": {s.APIKey}, "userKey": {s.UserKey}, "secret": {s.UserSecret}, "UID": {registered.UID}}
	session := url.Values{"apiKey": {s.APIKey}, "login_token": {registered.SessionInfo.CookieValue}}
	b.Run("getAccountInfo by secret", func(b *testing.B) { calls(b, s, "accounts.getAccountInfo", same(secret)) })
	b.Run("getAccountInfo by key", func(b *testing.B) { calls(b, s, "accounts.getAccountInfo", same(key)) })
	b.Run("getAccountInfo by session", func(b *testing.B) { calls(b, s, "accounts.getAccountInfo", same(session)) })
	b.Run("getAccountInfo signed", func(b *testing.B) { calls(b, s, "accounts.getAccountInfo", signedForms(b, s, registered.UID)) })
	b.Run("session.verify", func(b *testing.B) { calls(b, s, "accounts.session.verify", same(session)) })
}

// TestACallAllocatesLittle holds the allocations of hot calls, those of the request that net/http would make included. The race detector
// costs a few, for which there is room.
func TestACallAllocatesLittle(t *testing.T) {
	s, account := withAccount(t)
	secret := url.Values{"apiKey": {s.APIKey}, "secret": {s.Secret}, "UID": {account.UID}}
	for _, tt := range []struct {
		name, method string
		form         func(n int) string
		most         float64
	}{
		{"getAccountInfo by secret", "accounts.getAccountInfo", same(secret), 80},
		{"getAccountInfo signed", "accounts.getAccountInfo", signedForms(t, s, account.UID), 96},
	} {
		n := 0
		got := testing.AllocsPerRun(200, func() {
			n++
			call(t, s, tt.method, tt.form(n))
		})
		// Making the form of a signed call is not the server's work.
		got -= testing.AllocsPerRun(200, func() { n++; tt.form(n) })
		if got > tt.most {
			t.Errorf("%s: %v allocations, at most %v", tt.name, got, tt.most)
		}
	}
}

func calls(b *testing.B, s *doorwardtest.Server, method string, form func(n int) string) {
	forms := make([]string, b.N)
	for n := range forms {
		forms[n] = form(n)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, text := range forms {
		call(b, s, method, text)
	}
}

// call makes one call without a network.
func call(tb testing.TB, s *doorwardtest.Server, method, form string) {
	request, err := http.NewRequest(http.MethodPost, s.URL+"/"+method, strings.NewReader(form))
	if err != nil {
		tb.Fatal(err)
	}
	request.RequestURI, request.RemoteAddr = "/"+method, "127.0.0.1:1"
	request.Header["Content-Type"] = []string{"application/x-www-form-urlencoded"}
	w := &sink{header: http.Header{}}
	s.Handler().ServeHTTP(w, request)
	if !strings.Contains(w.text, `"errorCode": 0`) {
		tb.Fatal(w.text)
	}
}

func same(form url.Values) func(int) string {
	text := form.Encode()
	return func(int) string { return text }
}

func signedForms(tb testing.TB, s *doorwardtest.Server, uid string) func(int) string {
	key, err := gigya.DecodeSecret(s.Secret)
	if err != nil {
		tb.Fatal(err)
	}
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	return func(n int) string {
		form := url.Values{"UID": {uid}, "apiKey": {s.APIKey}, "nonce": {run + "-" + strconv.Itoa(n)}, "timestamp": {strconv.FormatInt(time.Now().Unix(), 10)}}
		var params []gigya.Param
		for name := range form {
			params = append(params, gigya.Param{Name: name, Value: form.Get(name)})
		}
		form.Set("sig", gigya.Signature(key, gigya.BaseString("POST", s.URL+"/accounts.getAccountInfo", params)))
		return form.Encode()
	}
}

// sink keeps the answer.
type sink struct {
	header http.Header
	text   string
}

func (s *sink) Header() http.Header { return s.header }
func (s *sink) WriteHeader(int)     {}
func (s *sink) Write(p []byte) (int, error) {
	s.text = string(p)
	return len(p), nil
}
