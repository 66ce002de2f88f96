package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/server"
)

// signed is a call with a request signature made for the url, sent to the address of the same path at host.
func signed(t *testing.T, verb, url, host, secret string, params ...gigya.Param) *http.Request {
	t.Helper()
	key, err := gigya.DecodeSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	sig := gigya.Signature(key, gigya.BaseString(verb, url, params))
	var pairs []string
	for _, p := range params {
		pairs = append(pairs, p.Name, p.Value)
	}
	path := url[strings.Index(url, "://")+3:]
	path = path[strings.Index(path, "/"):]
	r := httptest.NewRequest(http.MethodPost, "http://"+host+path, strings.NewReader(encode(append(pairs, "sig", sig))))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestSignedCallsAsClientsSeeTheAddress(t *testing.T) {
	d := front(t, doorwardtest.WithoutInsecure())
	stamp := func(nonce string, at time.Time) []gigya.Param {
		return []gigya.Param{{Name: "apiKey", Value: d.APIKey}, {Name: "timestamp", Value: strconv.FormatInt(at.Unix(), 10)},
			{Name: "nonce", Value: nonce}, {Name: "text", Value: "ä+ ~*"}}
	}
	served := success(",\n  \"text\": \"ä+ ~*\",\n  \"via\": \"signature\"")
	wrong := failure("403003", "Invalid request signature", "Invalid request signature", "403", "Forbidden")
	tests := []struct {
		name    string
		request *http.Request
		want    string
	}{
		{"over plain HTTP", signed(t, "POST", "http://accounts.us1.gigya.com/test.server", "accounts.us1.gigya.com", d.Secret, stamp("n1", noon)...), served},
		{"the same once more", signed(t, "POST", "http://accounts.us1.gigya.com/test.server", "accounts.us1.gigya.com", d.Secret, stamp("n1", noon)...),
			"*\"errorCode\": 403004"},
		{"a front that ended TLS", signed(t, "POST", "https://id.example/test.server", "id.example", d.Secret, stamp("n2", noon)...), served},
		{"a port that is signed", signed(t, "POST", "http://id.example:8080/test.server", "id.example:8080", d.Secret, stamp("n3", noon)...), served},
		{"a port that is not signed", signed(t, "POST", "http://id.example/test.server", "id.example:8080", d.Secret, stamp("n4", noon)...), served},
		{"a letter case of the path", signed(t, "POST", "http://id.example/TEST.server", "id.example", d.Secret, stamp("n5", noon)...), served},
		{"another host", signed(t, "POST", "http://other.example/test.server", "id.example", d.Secret, stamp("n6", noon)...), wrong},
		{"another verb", signed(t, "GET", "http://id.example/test.server", "id.example", d.Secret, stamp("n7", noon)...), wrong},
		{"a clock that is off", signed(t, "POST", "http://id.example/test.server", "id.example", d.Secret, stamp("n8", noon.Add(-121*time.Second))...),
			"*\"errorCode\": 403002"},
		{"a retry with the same nonce", signed(t, "POST", "http://id.example/test.server", "id.example", d.Secret, stamp("n8", noon)...), served},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, body := serve(d, test.request)
			got := normal(d, body)
			if part, ok := strings.CutPrefix(test.want, "*"); ok {
				if !strings.Contains(got, part) {
					t.Errorf("got %s, want a part %s", got, part)
				}
				return
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheHostOfThePublicURLMayBeSigned(t *testing.T) {
	d := front(t, doorwardtest.WithServer(func(o *server.Options) { o.Methods, o.PublicURL = testMethods(), "https://id.example.com" }))
	for name, test := range map[string]struct{ url, want string }{
		"the public URL": {"https://id.example.com/test.server", "\"errorCode\": 0,"},
		"another host":   {"https://www.example.com/test.server", "\"errorCode\": 403003,"},
	} {
		_, body := serve(d, signed(t, "POST", test.url, "10.0.0.7:8080", d.Secret,
			gigya.Param{Name: "apiKey", Value: d.APIKey}, gigya.Param{Name: "timestamp", Value: strconv.FormatInt(noon.Unix(), 10)}, gigya.Param{Name: "nonce", Value: name}))
		if !strings.Contains(string(body), test.want) {
			t.Errorf("%s: %s", name, body)
		}
	}
}
