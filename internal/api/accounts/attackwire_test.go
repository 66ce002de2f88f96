package accounts_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/doorward/doorward/doorwardtest"
	doorward "github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/token"
)

// attackLoginFlood sends far more logins at once than there is room for: each is answered, and the server is well.
func attackLoginFlood(t *testing.T) {
	d := doorwardtest.New(t, doorwardtest.WithServer(func(o *doorward.Options) { o.Password.Slots, o.Password.Queue = 1, -1 }))
	var mu sync.Mutex
	codes := map[string]int{}
	var calls sync.WaitGroup
	for range 500 {
		calls.Go(func() {
			answer := string(d.Call("accounts.login", "apiKey", d.APIKey, "loginID", "nobody@example.com", "password", "x"))
			mu.Lock()
			defer mu.Unlock()
			codes[code(answer)]++
		})
	}
	healthy := func() int {
		request, err := http.NewRequest(http.MethodGet, d.OpsURL+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, _ := d.Do(request)
		return response.StatusCode
	}
	if got := healthy(); got != http.StatusOK {
		t.Errorf("health during the flood: %d", got)
	}
	calls.Wait()
	if codes["403042"] == 0 || codes["403042"]+codes["403048"] != 500 {
		t.Errorf("answers by code: %v", codes)
	}
}

// attackFixedSession brings a session token of one's own along: a login gives another one.
func attackFixedSession(t *testing.T) {
	d := doorwardtest.New(t)
	d.CallAsPartner("accounts.register", "email", "zoe@example.com", "password", testPass, "finalizeRegistration", "true")
	planted := "st2.s.cGxhbnRlZA." + strings.Repeat("A", 43) + ".sc3"
	post := func(method, form string) string {
		request, err := http.NewRequest(http.MethodPost, d.URL+"/"+method, strings.NewReader("apiKey="+d.APIKey+"&"+form))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.AddCookie(&http.Cookie{Name: "glt_" + d.APIKey, Value: planted})
		_, body := d.Do(request)
		return string(body)
	}
	login := post("accounts.login", "loginID=zoe@example.com&password=correct+horse")
	wantCode(t, login, "0")
	if got := field(login, "sessionInfo", "cookieValue"); got == "" || got == planted {
		t.Errorf("session %q", got)
	}
	wantCode(t, post("accounts.getAccountInfo", ""), "403005")
}

// attackKeyRotation looks for the key of an old token after a rotation, as a verifier does.
func attackKeyRotation(t *testing.T) {
	h := keyed(t)
	h.zoe()
	old := field(h.call(server, "accounts.getJWT", "targetUID", testUID, "expiration", "31536000"), "id_token")
	if _, err := h.deps.Keyring.Rotate(context.Background(), token.Rotation{}); err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(time.Minute)
	fresh := field(h.call(server, "accounts.getJWT", "targetUID", testUID), "id_token")
	for name, text := range map[string]string{"the old token": old, "a new token": fresh} {
		if claims := h.claimsOf(text); !strings.Contains(claims, testUID) {
			t.Errorf("%s: claims %s", name, claims)
		}
	}
	parsed := func(text string) string {
		signed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatal(err)
		}
		return signed.Signatures[0].Header.KeyID
	}
	if parsed(old) == parsed(fresh) {
		t.Error("the key did not change")
	}
	if now := field(h.call(public, "accounts.getJWTPublicKey"), "kid"); now != parsed(fresh) {
		t.Errorf("the key shown is %s, the one that signs %s", now, parsed(fresh))
	}
}

// hostile are texts that break formats.
var hostile = []string{
	"</script><script>alert(1)</script>", "]]>", "<!-- & -->", "&amp;", "\u2028\u2029", "\x00\x01\x08\x1b[31m", "\ufffe\uffff", "\xed\xa0\x80",
	"\U0001f600", `"'\/`, "\r\nSet-Cookie: a=b\r\n\r\n", "{{.}}", "${7*7}",
}

// attackMarkup stores what could be read as markup and reads it in every format.
func attackMarkup(t *testing.T) {
	d := doorwardtest.New(t)
	profile, err := json.Marshal(map[string]string{"firstName": strings.Join(hostile, "|"), "email": "zoe@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	data := `{"a b":1,"1a":{"<x>":"]]>"},"xmlns:y":[["&"],{"é":null}],"_x0041_":true}`
	answer := string(d.CallAsPartner("accounts.register", "email", "zoe@example.com", "password", testPass, "siteUID", "z", "profile", string(profile)))
	wantCode(t, answer, "206001")
	wantCode(t, string(d.CallAsPartner("accounts.setAccountInfo", "UID", "z", "internal", data)), "0")
	get := func(params string) (*http.Response, string) {
		request, err := http.NewRequest(http.MethodPost, d.URL+"/accounts.getAccountInfo",
			strings.NewReader("apiKey="+d.APIKey+"&secret="+d.Secret+"&UID=z&include=profile,internal&context="+"%3C%2Fscript%3E%0d%0aX:%20y"+params))
		if err != nil {
			t.Fatal(err)
		}
		response, body := d.Do(request)
		return response, string(body)
	}
	response, body := get("")
	wantCode(t, body, "0")
	if strings.Contains(body, "<") || strings.ContainsAny(body, "\u2028\u2029") {
		t.Errorf("markup or a line separator in JSON:\n%s", body)
	}
	if kind := response.Header.Get("Content-Type"); strings.Contains(kind, "html") || response.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", response.Header)
	}
	if len(response.Header.Values("Set-Cookie")) > 0 || response.Header.Get("X") != "" {
		t.Errorf("headers %v", response.Header)
	}
	var read struct {
		Context string
		Profile struct{ FirstName string }
	}
	if err := json.Unmarshal([]byte(body), &read); err != nil {
		t.Fatal(err)
	}
	response, text := get("&format=xml")
	if kind := response.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/xml") {
		t.Errorf("Content-Type %s", kind)
	}
	var tree struct {
		Context string `xml:"context"`
		Profile struct {
			FirstName string `xml:"firstName"`
		} `xml:"profile"`
	}
	if err := xml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatalf("XML: %v\n%s", err, text)
	}
	// XML has no way to write the control characters.
	forbidden := strings.NewReplacer("\x00", "", "\x01", "", "\x08", "", "\x1b", "", "\ufffe", "", "\uffff", "")
	if want := forbidden.Replace(read.Profile.FirstName); tree.Profile.FirstName != want {
		t.Errorf("XML says %q, JSON %q", tree.Profile.FirstName, want)
	}
	if tree.Context != read.Context {
		t.Errorf("context: XML says %q, JSON %q", tree.Context, read.Context)
	}
	if _, script := get("&format=jsonp&callback=f"); !strings.HasPrefix(script, "f({") || strings.Contains(script, "<") {
		t.Errorf("JSONP:\n%s", script)
	}
	for _, callback := range []string{"alert(1)", "a\r\nb", "f//", "<script>", "a;b", "\x00f", strings.Repeat("f", 200)} {
		got := string(d.Call("accounts.initRegistration", "apiKey", d.APIKey, "format", "jsonp", "callback", callback))
		if code(got) != "400006" || strings.Contains(got, callback) {
			t.Errorf("callback %.20q:\n%s", callback, got)
		}
	}
}

// attackBodies sends bodies that are too large, too deep, or of no encoding.
func attackBodies(t *testing.T) {
	d := doorwardtest.New(t)
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	for range 200 {
		_, _ = zip.Write(bytes.Repeat([]byte("x"), 1<<20))
	}
	_ = zip.Close()
	form := "application/x-www-form-urlencoded"
	for name, test := range map[string]struct {
		kind, encoding string
		body           io.Reader
		codes          string
	}{
		"50 MB":                 {form, "", strings.NewReader("x=" + strings.Repeat("a", 50<<20)), "413001"},
		"a gzip bomb":           {form, "gzip", &bomb, "413001"},
		"no gzip":               {form, "gzip", strings.NewReader("x=1"), "400001"},
		"a hundred thousand":    {form, "", strings.NewReader(strings.Repeat("a=1&b=2&", 50_000)), "400001"},
		"deep JSON":             {"application/json", "", strings.NewReader(`{"a":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}"), "400006"},
		"deep JSON, not closed": {"application/json", "", strings.NewReader(strings.Repeat(`{"a":`, 100_000)), "400006"},
		"NaN":                   {"application/json", "", strings.NewReader(`{"profile":NaN}`), "400001"},
		"UTF-16":                {"application/json", "", strings.NewReader("\xff\xfe{\x00}\x00"), "0 400001 400002"},
		"a byte order mark":     {"application/json", "", strings.NewReader("\ufeff{\"a\":1}"), "0"},
		"no UTF-8":              {form, "", strings.NewReader("context=%ff%fe\xff"), "0"},
		"half a multipart":      {"multipart/form-data; boundary=x", "", strings.NewReader("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n"), "400001"},
		"two of everything":     {form, "", strings.NewReader("isLite=true&ISLITE=false"), "400001"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			request, err := http.NewRequest(http.MethodPost, d.URL+"/accounts.initRegistration?apiKey="+d.APIKey, test.body)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", test.kind)
			if test.encoding != "" {
				request.Header.Set("Content-Encoding", test.encoding)
			}
			start := time.Now()
			response, err := d.Client().Do(request)
			if err != nil {
				// A server that has answered may close the connection while the rest of the body is still being sent.
				t.Skipf("the connection was closed: %v", err)
			}
			defer response.Body.Close()
			answer, _ := io.ReadAll(response.Body)
			if got := code(string(answer)); got == "" || !strings.Contains(test.codes, got) {
				t.Errorf("want %s:\n%.300s", test.codes, answer)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// attackPaths sends paths in the parameters that are names of something: none is ever opened, or stored as what it is not.
func attackPaths(t *testing.T) {
	h := newHouse(t)
	for i, lang := range []string{"../../etc/passwd", "en%00", "https://evil.example/", "en\r\nX: y", strings.Repeat("a", 1000)} {
		uid := string(rune('a' + i))
		h.call(server, "accounts.register", "email", uid+"@example.com", "password", testPass, "siteUID", uid, "lang", lang)
		if got := string(h.account(uid).Profile); strings.Contains(got, "locale") {
			t.Errorf("lang %.30q: profile %s", lang, got)
		}
	}
}

// attackLogLines writes lines of its own into the log.
func attackLogLines(t *testing.T) {
	d := doorwardtest.New(t)
	forged := "zoe\"}\n{\"level\":\"INFO\",\"msg\":\"forged\"}\r\n\x1b[31m"
	for _, name := range []string{"loginID", "sdk", "context", "UID", "regToken", "targetEnv"} {
		d.Call("accounts.login", "apiKey", d.APIKey, "password", "s3cr3t-pass", name, forged)
		d.CallAsKey("accounts.getAccountInfo", name, forged)
	}
	for line := range strings.Lines(d.Log()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Errorf("a line is no record: %q", line)
		}
		if record["msg"] == "forged" || strings.Contains(line, "s3cr3t-pass") || strings.Contains(line, "\x1b") {
			t.Errorf("a line is forged or tells a secret: %q", line)
		}
	}
}
