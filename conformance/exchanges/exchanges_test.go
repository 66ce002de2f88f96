// Package exchanges_test holds whole calls as they go over the wire, and proves that the server answers them byte for
// byte. The calls are data, testdata/*.txtar, in the form that README.md describes, so that other implementations of the
// protocol, and programs that must understand its answers, can use them too.
package exchanges_test

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/gigya"
)

func TestTheServerAnswersAsTheFilesSay(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			play(t, readScript(t, file))
		})
	}
}

// play goes through the sections of a file.
func play(t *testing.T, script []section, more ...doorwardtest.Option) {
	t.Helper()
	configuration := ""
	if script[0].kind == "server" {
		configuration, script = script[0].text, script[1:]
	}
	h := build(t, configuration, more...)
	var response *http.Response
	var body []byte
	for i, s := range script {
		h.at = fmt.Sprintf("section %d, %s", i+1, s.kind)
		switch s.kind {
		case "before":
			h.prepare(s.text)
		case "request":
			response, body = h.Do(h.request(s.text))
		case "answer":
			h.answered(s.text, response, body)
		case "claims":
			h.claims(s.name, s.text)
		}
	}
}

// prepare makes the calls of a before section.
func (h *house) prepare(text string) {
	h.t.Helper()
	list, err := directives(text)
	h.check(err)
	var answer []byte
	for _, words := range list {
		switch {
		case words[0] == "clock" && len(words) == 2:
			now, err := time.Parse(time.RFC3339Nano, words[1])
			h.check(err)
			h.clock.Set(now)
		case words[0] == "call" && len(words) > 1:
			answer = h.call("0", words[1], words[2:])
		case words[0] == "fail" && len(words) > 2:
			answer = h.call(words[1], words[2], words[3:])
		case words[0] == "keep" && len(words) == 2:
			name, path, named := strings.Cut(words[1], "=")
			if !named {
				path = name
			}
			h.values[name] = h.member(answer, path)
		default:
			h.t.Fatalf("%s: before: %q is unknown", h.at, words)
		}
	}
}

// call makes a call over TLS with the site's key and the parameters, and fails unless the answer has the code.
func (h *house) call(code, method string, params []string) []byte {
	h.t.Helper()
	form := url.Values{"apiKey": {apiKey}}
	for _, word := range params {
		name, value, _ := strings.Cut(word, "=")
		filled, err := h.values.fill(value, plain)
		h.check(err)
		form.Set(name, filled)
	}
	request, err := http.NewRequest(http.MethodPost, h.TLSURL+"/"+method, strings.NewReader(form.Encode()))
	h.check(err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, body := h.Do(request)
	if got := h.member(body, "errorCode"); got != code {
		h.t.Fatalf("%s: before: %s %s: errorCode %s, want %s in\n%s", h.at, method, params, got, code, body)
	}
	return body
}

// member returns a member of a JSON answer by the names on the way to it.
func (h *house) member(answer []byte, path string) string {
	h.t.Helper()
	var value any
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.UseNumber()
	h.check(decoder.Decode(&value))
	for name := range strings.SplitSeq(path, ".") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	if value == nil {
		h.t.Fatalf("%s: no %s in\n%s", h.at, path, answer)
	}
	return fmt.Sprint(value)
}

// signed is a signature to be made with a secret that an earlier answer brought; callID finds the one of an
// answer.
var (
	signed = regexp.MustCompile(`\$\{sign ([A-Za-z]+)\}`)
	callID = regexp.MustCompile(`(?:"callId": "|<callId>)([^"<]*)["<]`)
)

func plain(text string) string { return text }

// request makes the HTTP request of a request section.
func (h *house) request(text string) *http.Request {
	h.t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	first, headers, _ := strings.Cut(strings.TrimSuffix(head, "\n"), "\n")
	verb, target, _ := strings.Cut(first, " ")
	target, err := h.values.fill(target, url.QueryEscape)
	h.check(err)
	address, err := url.Parse(target)
	h.check(err)
	header := http.Header{}
	for line := range strings.SplitSeq(headers, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			value, err := h.values.fill(value, plain)
			h.check(err)
			header.Add(name, value)
		}
	}
	payload := h.payload(header.Get("Content-Type"), body)
	if secret := signed.FindStringSubmatch(payload + address.RawQuery); secret != nil {
		sig := url.QueryEscape(h.sign(verb, *address, payload, secret[1]))
		payload = signed.ReplaceAllLiteralString(payload, sig)
		address.RawQuery = signed.ReplaceAllLiteralString(address.RawQuery, sig)
	}
	host := address.Host
	base, err := url.Parse(map[string]string{"http": h.URL, "https": h.TLSURL}[address.Scheme])
	h.check(err)
	address.Scheme, address.Host = base.Scheme, base.Host
	request, err := http.NewRequest(verb, address.String(), strings.NewReader(payload))
	h.check(err)
	request.Host, request.Header = host, header
	return request
}

// payload is the body as it is sent: a form stands on several lines, which are joined.
func (h *house) payload(contentType, body string) string {
	h.t.Helper()
	body = strings.TrimSuffix(body, "\n")
	encode, lines := url.QueryEscape, ""
	switch {
	case strings.HasPrefix(contentType, "multipart/"):
		encode, lines = plain, "\r\n"
		body += "\n"
	case strings.HasPrefix(contentType, "application/json"):
		encode = plain
	}
	body, err := h.values.fill(body, encode)
	h.check(err)
	return strings.ReplaceAll(body, "\n", lines)
}

// sign computes the signature of a request with a secret that is known by name.
func (h *house) sign(verb string, address url.URL, payload, secret string) string {
	h.t.Helper()
	key, err := gigya.DecodeSecret(h.values[secret])
	h.check(err)
	var params []gigya.Param
	for _, text := range []string{address.RawQuery, payload} {
		form, err := url.ParseQuery(text)
		h.check(err)
		for name, list := range form {
			if name != "sig" {
				params = append(params, gigya.Param{Name: name, Value: list[len(list)-1]})
			}
		}
	}
	return gigya.Signature(key, gigya.BaseString(verb, address.Scheme+"://"+address.Host+address.EscapedPath(), params))
}

// answered compares an answer with an answer section.
func (h *house) answered(text string, response *http.Response, body []byte) {
	h.t.Helper()
	head, want, _ := strings.Cut(text, "\n\n")
	status, headers, _ := strings.Cut(strings.TrimSuffix(head, "\n"), "\n")
	if got := strconv.Itoa(response.StatusCode); got != status {
		h.t.Errorf("%s: HTTP status %s, want %s", h.at, got, status)
	}
	if length := response.Header.Get("Content-Length"); response.Request.Method != http.MethodHead && length != strconv.Itoa(len(body)) {
		h.t.Errorf("%s: Content-Length %s for %d bytes", h.at, length, len(body))
	}
	h.headers(headers, response.Header)
	if response.Header.Get("Content-Encoding") == "gzip" {
		body = h.unzip(body)
	}
	h.newCallID(response.Header.Get("X-Callid"), body)
	diff, err := h.values.match(strings.TrimSuffix(want, "\n"), string(body))
	h.check(err)
	if diff != "" {
		h.t.Errorf("%s: %s: the answer differs (-want +got):\n%s", h.at, response.Request.URL.Path, diff)
	}
	h.proveUIDSignatures(body)
}

// always are the headers of every answer to a call, unless the file says another value.
var always = map[string]string{
	"Date":                   "${httpDate}",
	"Content-Type":           "text/javascript; charset=utf-8",
	"Cache-Control":          "private, no-store",
	"Pragma":                 "no-cache",
	"X-Content-Type-Options": "nosniff",
}

func (h *house) headers(text string, got http.Header) {
	h.t.Helper()
	want := map[string][]string{}
	for name, value := range always {
		want[name] = []string{value}
	}
	for line := range strings.SplitSeq(text, "\n") {
		name, value, ok := strings.Cut(line, ":")
		if value = strings.TrimSpace(value); !ok {
			continue
		}
		if _, first := always[name]; first || value == "" {
			want[name] = nil
		}
		if value != "" {
			want[name] = append(want[name], value)
		}
	}
	for name, lines := range want {
		diff, err := h.values.match(strings.Join(lines, "\n"), strings.Join(got.Values(name), "\n"))
		h.check(err)
		if diff != "" {
			h.t.Errorf("%s: header %s differs (-want +got):\n%s", h.at, name, diff)
		}
	}
}

func (h *house) unzip(body []byte) []byte {
	h.t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(body))
	h.check(err)
	text, err := io.ReadAll(reader)
	h.check(err)
	return text
}

// newCallID fails when the callId of an answer is that of an earlier one, or not that of the header.
func (h *house) newCallID(header string, body []byte) {
	h.t.Helper()
	found := callID.FindSubmatch(body)
	if found == nil {
		return
	}
	id := string(found[1])
	if h.callID[id] || header != "" && header != id {
		h.t.Errorf("%s: callId %s is not new, or not that of the header, %s", h.at, id, header)
	}
	h.callID[id] = true
}

// proveUIDSignatures recomputes every UIDSignature of a JSON answer: with the partner's secret, or with that of the user
// key that has exchanged it.
func (h *house) proveUIDSignatures(body []byte) {
	h.t.Helper()
	var answer any
	if json.Unmarshal(body, &answer) != nil {
		return
	}
	walk(answer, func(object map[string]any) {
		sig, ok := object["UIDSignature"].(string)
		if !ok {
			return
		}
		uid, _ := object["UID"].(string)
		timestamp, _ := object["signatureTimestamp"].(string)
		for _, secret := range []string{partnerSecret, userSecret} {
			if key, err := gigya.DecodeSecret(secret); err == nil && gigya.SignUID(key, timestamp, uid) == sig {
				return
			}
		}
		h.t.Errorf("%s: the UIDSignature %s is not that of %s at %s", h.at, sig, uid, timestamp)
	})
}

func walk(value any, visit func(map[string]any)) {
	switch v := value.(type) {
	case map[string]any:
		visit(v)
		for _, member := range v {
			walk(member, visit)
		}
	case []any:
		for _, item := range v {
			walk(item, visit)
		}
	}
}

// claims compares header and payload of the id_token of the name, byte for byte, and proves its signature.
func (h *house) claims(name, want string) {
	h.t.Helper()
	parts := strings.Split(h.values[name], ".")
	if len(parts) != 3 {
		h.t.Fatalf("%s: %s is no token: %q", h.at, name, h.values[name])
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		decoded[i], err = base64.RawURLEncoding.DecodeString(part)
		h.check(err)
	}
	var header struct{ Kid string }
	h.check(json.Unmarshal(decoded[0], &header))
	if want := `{"typ":"JWT","alg":"RS256","kid":"` + header.Kid + `"}`; string(decoded[0]) != want {
		h.t.Errorf("%s: header %s, want %s", h.at, decoded[0], want)
	}
	if diff := cmp.Diff(strings.TrimSuffix(want, "\n"), string(decoded[1])); diff != "" {
		h.t.Errorf("%s: the claims of %s differ (-want +got):\n%s", h.at, name, diff)
	}
	public, err := x509.ParsePKIXPublicKey(h.signingKeys()[header.Kid])
	h.check(err)
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(public.(*rsa.PublicKey), crypto.SHA256, digest[:], decoded[2]); err != nil {
		h.t.Errorf("%s: the signature of %s: %v", h.at, name, err)
	}
}
