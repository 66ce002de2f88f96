package gigya_test

import (
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
)

var testKey = []byte("a key of thirty-two bytes, or so")

func TestBaseStringNormalisesTheAddress(t *testing.T) {
	const want = "GET&https%3A%2F%2Fa.example%2FPath%2Fx&a%3D1%26b%3D%2520"
	params := []gigya.Param{{Name: "b", Value: " "}, {Name: "sig", Value: "left out"}, {Name: "a", Value: "1"}}
	for _, url := range []string{
		"https://a.example/Path/x", "HTTPS://A.Example/Path/x", "https://a.example:443/Path/x",
		"https://a.example/Path/x?a=1", "https://a.example/Path/x#f",
	} {
		if got := gigya.BaseString("get", url, params); got != want {
			t.Errorf("%s: got %s, want %s", url, got, want)
		}
	}
	for url, want := range map[string]string{
		"http://a.example:443/p":  "http%3A%2F%2Fa.example%3A443%2Fp",
		"http://a.example:80/p":   "http%3A%2F%2Fa.example%2Fp",
		"https://a.example:80/p":  "https%3A%2F%2Fa.example%3A80%2Fp",
		"https://[2001:DB8::1]/p": "https%3A%2F%2F%5B2001%3Adb8%3A%3A1%5D%2Fp",
		"not a url":               "not%20a%20url",
		"":                        "",
	} {
		if got := gigya.BaseString("GET", url, nil); got != "GET&"+want+"&" {
			t.Errorf("%s: got %s", url, got)
		}
	}
}

func TestBaseStringOfALongValueIsWhole(t *testing.T) {
	value := strings.Repeat("é", 5000) + "z"
	got := gigya.BaseString("POST", "https://h/p", []gigya.Param{{Name: "a", Value: value}, {Name: "b", Value: "c"}})
	want := "POST&https%3A%2F%2Fh%2Fp&a%3D" + strings.Repeat("%25C3%25A9", 5000) + "z%26b%3Dc"
	if got != want {
		t.Error("the text differs")
	}
}

func TestVerifySignatureTriesWhatTheClientMayHaveSeen(t *testing.T) {
	params := []gigya.Param{{Name: "apiKey", Value: "k"}, {Name: "nonce", Value: "n"}}
	received := gigya.SignedRequest{
		HTTPMethod: "POST", Schemes: []string{"http", "https"},
		Hosts: []string{"inner:8080", "accounts.example.com:8443", "[::1]:9000"}, Path: "/accounts.login", Params: params,
	}
	tests := []struct {
		method, url string
		want        bool
	}{
		{"POST", "http://inner:8080/accounts.login", true},
		{"POST", "https://inner/accounts.login", true},
		{"POST", "https://accounts.example.com:8443/accounts.login", true},
		{"POST", "https://ACCOUNTS.example.com/accounts.login", true},
		{"POST", "https://[::1]:9000/accounts.login", true},
		{"POST", "https://[::1]/accounts.login", true},
		{"GET", "http://inner:8080/accounts.login", false},
		{"POST", "http://other:8080/accounts.login", false},
		{"POST", "http://inner:8081/accounts.login", false},
		{"POST", "ftp://inner:8080/accounts.login", false},
		{"POST", "http://inner:8080/accounts.logout", false},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.url, func(t *testing.T) {
			sig := gigya.Signature(testKey, gigya.BaseString(tt.method, tt.url, params))
			if got := gigya.VerifySignature(testKey, sig, received); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
	if gigya.VerifySignature(testKey, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", gigya.SignedRequest{}) {
		t.Error("a request without an address was accepted")
	}
	if got := (gigya.SignedRequest{}).BaseString(); got != "" {
		t.Errorf("base string of nothing: %q", got)
	}
}

func TestASignatureCoversEveryParameter(t *testing.T) {
	base := gigya.SignedRequest{HTTPMethod: "POST", Schemes: []string{"https"}, Hosts: []string{"h"}, Path: "/p"}
	base.Params = []gigya.Param{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}
	sig := gigya.Signature(testKey, base.BaseString())
	for name, params := range map[string][]gigya.Param{
		"changed value": {{Name: "a", Value: "1"}, {Name: "b", Value: "3"}},
		"changed name":  {{Name: "a", Value: "1"}, {Name: "B", Value: "2"}},
		"one more":      {{Name: "a", Value: "1"}, {Name: "b", Value: "2"}, {Name: "c", Value: ""}},
		"one less":      {{Name: "a", Value: "1"}},
		"swapped":       {{Name: "a", Value: "2"}, {Name: "b", Value: "1"}},
	} {
		changed := base
		changed.Params = params
		if gigya.VerifySignature(testKey, sig, changed) {
			t.Errorf("%s was accepted", name)
		}
	}
	base.Params = []gigya.Param{{Name: "b", Value: "2"}, {Name: "Sig", Value: sig}, {Name: "a", Value: "1"}}
	if !gigya.VerifySignature(testKey, sig, base) {
		t.Error("the order of parameters must not matter, nor sig itself")
	}
}

func TestDecodeSecretReadsWhatClientsSend(t *testing.T) {
	for text, want := range map[string]string{
		"+/+/": "\xfb\xff\xbf", " / /": "\xfb\xff\xbf", "-_-_": "\xfb\xff\xbf", "YQ==": "a", "YQ": "a",
	} {
		got, err := gigya.DecodeSecret(text)
		if err != nil || string(got) != want {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "=", "a", "sec!ret", "+/-_", "YW\nJj"} {
		if _, err := gigya.DecodeSecret(text); err == nil {
			t.Errorf("%q was accepted", text)
		} else if len(text) > 2 && strings.Contains(err.Error(), text) {
			t.Errorf("the error repeats the secret: %v", err)
		}
	}
}

func TestCheckTimestampSaysWhatTheOriginalSays(t *testing.T) {
	now := time.Unix(1772446530, 0)
	_, err := gigya.CheckTimestamp("1772446130", now)
	const want = "The requests timestamp skew more than 120 seconds from the server time. Please check you server's time and " +
		"timezone configuration. Server timestamp: 1772446530, Request timestamp: 1772446130"
	if e, ok := err.(*gigya.Error); !ok || e.Code != gigya.RequestHasExpired || e.Details != want {
		t.Errorf("got %v", err)
	}
	for text, code := range map[string]gigya.Code{
		" 1772446530 ": gigya.OK, "1772446530123": gigya.OK, "+1772446530": gigya.OK,
		"-1": gigya.RequestHasExpired, "0": gigya.RequestHasExpired, "9223372036854775807": gigya.RequestHasExpired,
		"-9223372036854775808": gigya.RequestHasExpired, "17724465301234": gigya.RequestHasExpired,
		"9223372036854775808": gigya.InvalidParameterValue, "1772446530.5": gigya.InvalidParameterValue,
		" ": gigya.InvalidParameterValue, "0x69": gigya.InvalidParameterValue,
	} {
		if _, err := gigya.CheckTimestamp(text, now); codeOf(t, err) != code {
			t.Errorf("%q: got %v, want %d", text, err, int(code))
		}
	}
}

func TestVerifyQueryChecksTimeAndSignature(t *testing.T) {
	now := time.Unix(1700000000, 0)
	const query = "SELECT UID FROM accounts WHERE profile.firstName = 'Zoë'"
	for expTime, code := range map[string]gigya.Code{
		"1700000000": gigya.OK, "1700000000000": gigya.OK, "1700000060": gigya.OK, "1699999999": gigya.RequestHasExpired,
		"1699999999999": gigya.RequestHasExpired, "soon": gigya.InvalidParameterValue, "": gigya.MissingRequiredParameter,
	} {
		sig := gigya.SignQuery(testKey, query, expTime)
		if err := gigya.VerifyQuery(testKey, sig, query, expTime, now); codeOf(t, err) != code {
			t.Errorf("%q: got %v, want %d", expTime, err, int(code))
		}
	}
	sig := gigya.SignQuery(testKey, query, "1700000060")
	for name, err := range map[string]error{
		"another query":   gigya.VerifyQuery(testKey, sig, query+" ", "1700000060", now),
		"another expTime": gigya.VerifyQuery(testKey, sig, query, "1700000061", now),
		"another key":     gigya.VerifyQuery([]byte("k"), sig, query, "1700000060", now),
		"no Base64":       gigya.VerifyQuery(testKey, "???", query, "1700000060", now),
	} {
		if codeOf(t, err) != gigya.InvalidRequestSignature {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := gigya.VerifyQuery(testKey, "", query, "1700000060", now); codeOf(t, err) != gigya.MissingRequiredParameter {
		t.Errorf("no signature: %v", err)
	}
}

func FuzzVerifySignature(f *testing.F) {
	f.Add("POST", "https", "accounts.example.com:8443", "/accounts.login", "query", "a > `b`", []byte("key"))
	f.Add("get", "HTTP", "[::1]:80", "", "", "\xff\x00", []byte{})
	f.Add("", "", "a:b:c", "//?#%", "sig", "x", []byte("k"))
	f.Fuzz(func(t *testing.T, method, scheme, host, path, name, value string, key []byte) {
		r := gigya.SignedRequest{
			HTTPMethod: method, Schemes: []string{scheme}, Hosts: []string{host}, Path: path,
			Params: []gigya.Param{{Name: name, Value: value}, {Name: name + "2", Value: ""}},
		}
		sig := gigya.Signature(key, r.BaseString())
		if !gigya.VerifySignature(key, sig, r) {
			t.Error("a request's own signature was refused")
		}
		if !gigya.VerifySignature(key, strings.NewReplacer("+", "-", "/", "_").Replace(sig), r) {
			t.Error("the URL-safe alphabet was refused")
		}
		gigya.VerifySignature(key, value, r)
		r.Params[1].Value = "x"
		if gigya.VerifySignature(key, sig, r) {
			t.Error("a changed value was accepted")
		}
	})
}

func BenchmarkVerifySignature(b *testing.B) {
	r := gigya.SignedRequest{HTTPMethod: "POST", Schemes: []string{"https"}, Hosts: []string{"accounts.example.com"}, Path: "/accounts.getAccountInfo"}
	for _, name := range []string{"apiKey", "format", "httpStatusCodes", "nonce", "timestamp", "sdk", "UID", "userKey"} {
		r.Params = append(r.Params, gigya.Param{Name: name, Value: "4c7c20989f4643dc97eef9fea7b0086e"})
	}
	sig := gigya.Signature(testKey, r.BaseString())
	b.ReportAllocs()
	for b.Loop() {
		if !gigya.VerifySignature(testKey, sig, r) {
			b.Fatal("refused")
		}
	}
}
