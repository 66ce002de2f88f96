package gigya_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
	partType = "multipart/form-data; boundary=b"
)

// part is one part of a multipart body with the boundary b.
func part(disposition, value string) string {
	return "--b\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + value + "\r\n"
}

func zip(text string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write([]byte(text))
	w.Close()
	return out.String()
}

func params(nameValues ...string) []gigya.Param {
	var list []gigya.Param
	for i := 0; i < len(nameValues); i += 2 {
		list = append(list, gigya.Param{Name: nameValues[i], Value: nameValues[i+1]})
	}
	return list
}

func TestDecodeTakesParametersFromEverywhere(t *testing.T) {
	tests := []struct {
		name, query, contentType, body string
		gzip                           bool
		want                           []gigya.Param
	}{
		{name: "nothing"},
		{name: "query", query: "a=1&b=2", want: params("a", "1", "b", "2")},
		{name: "form", contentType: formType, body: "a=1&b=2", want: params("a", "1", "b", "2")},
		{name: "form with charset", contentType: formType + "; charset=UTF-8", body: "a=1", want: params("a", "1")},
		{name: "no content type", body: "a=1", want: params("a", "1")},
		{name: "wrong content type", contentType: "text/plain", body: "a=1", want: params("a", "1")},
		{name: "broken content type", contentType: `application/x-www-form-urlencoded; "`, body: "a=1", want: params("a", "1")},
		{name: "form said to be JSON", contentType: jsonType, body: "a=1", want: params("a", "1")},
		{name: "body wins", query: "a=1&b=2", body: "a=3", want: params("a", "3", "b", "2")},
		{name: "last value wins", query: "a=1&a=2&b=1&a=3", want: params("a", "3", "b", "1")},
		{name: "two spellings with one value", query: "apiKey=k&apikey=k", want: params("apiKey", "k", "apikey", "k")},
		{name: "escapes", body: "a=%7E~%2A*+%20%C3%a9", want: params("a", "~~**  é")},
		{name: "escaped name", body: "a%5Bb%5D=1", want: params("a[b]", "1")},
		{name: "percent signs that are none", body: "a=100%&b=%zz&c=%4", want: params("a", "100%", "b", "%zz", "c", "%4")},
		{name: "equals signs in a value", body: "sig=abc==", want: params("sig", "abc==")},
		{name: "empty values and pairs", body: "&a=&&b&=x&", want: params("a", "", "b", "")},
		{name: "semicolon", body: "a=1;b=2", want: params("a", "1;b=2")},
		{name: "no UTF-8", body: "a=%FF%C3&b=\xc3(", want: params("a", "\uFFFD\uFFFD", "b", "\uFFFD(")},
		{name: "NUL and line ends", body: "a=%00%0D%0A", want: params("a", "\x00\r\n")},
		{
			name: "multipart", contentType: partType, body: part(`name="a"`, "1") + part(`name="b"`, "x+y%20\r\nz") + "--b--\r\n",
			want: params("a", "1", "b", "x+y%20\r\nz"),
		},
		{
			name: "multipart, repeated, no name, empty", contentType: partType,
			body: part(`name="a"`, "1") + part(`name="a"`, "2") + part(`x="a"`, "3") + part(`name="e"`, "") + "--b--",
			want: params("a", "2", "e", ""),
		},
		{
			name: "a text file", contentType: partType, body: part(`name="template"; filename="t.html"`, "<p>é</p>") + "--b--",
			want: params("template", "<p>é</p>"),
		},
		{
			name: "JSON", contentType: jsonType + "; charset=utf-8",
			body: ` {"UID":"u\n\u00e9","n":12e3,"t":true,"o":{"a" : [1]},"z":null,"l":[],"a":1,"a":2} `,
			want: params("UID", "u\né", "n", "12e3", "t", "true", "o", `{"a" : [1]}`, "z", "null", "l", "[]", "a", "2"),
		},
		{name: "JSON null", query: "a=1", contentType: jsonType, body: " null\n", want: params("a", "1")},
		{name: "JSON empty", query: "a=1", contentType: jsonType, body: "  ", want: params("a", "1")},
		{name: "JSON half a pair", contentType: jsonType, body: `{"a":"\ud800","":1}`, want: params("a", "\uFFFD")},
		{name: "gzip", body: zip("a=1"), gzip: true, want: params("a", "1")},
		{name: "gzip declared, nothing sent", gzip: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := gigya.Decode(gigya.DecodeRequest{
				Query: tt.query, ContentType: tt.contentType, Body: strings.NewReader(tt.body), Gzip: tt.gzip,
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.All()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestDecodeRefusesWhatItCannotReadOrHold(t *testing.T) {
	many := strings.Repeat("a=1&", 1001)
	limits := gigya.Limits{Body: 100, Name: 10, Value: 20, Depth: 3, Params: 5}
	tests := []struct {
		name    string
		request gigya.DecodeRequest
		code    gigya.Code
		details string
	}{
		{"too many in the query", gigya.DecodeRequest{Query: many}, 400001, "The request has more than 1000 parameters."},
		{"too many together", gigya.DecodeRequest{Query: "a=1&b=1&c=1", Body: strings.NewReader("d=1&e=1&f=1"), Limits: limits}, 400001, "The request has more than 5 parameters."},
		{"too many without names", gigya.DecodeRequest{Query: "=&=&=&=&=&=", Limits: limits}, 400001, "The request has more than 5 parameters."},
		{"long name", gigya.DecodeRequest{Query: "abcdefghijk=1", Limits: limits}, 400001, "The name of a parameter is longer than 10 bytes."},
		{"very long name", gigya.DecodeRequest{Query: strings.Repeat("a", 1000) + "=1", Limits: limits}, 400001, "The name of a parameter is longer than 10 bytes."},
		{"long value", gigya.DecodeRequest{Query: "a=123456789012345678901", Limits: limits}, 413001, `The value of a parameter is longer than 20 bytes: "a"`},
		{"large body", gigya.DecodeRequest{Body: strings.NewReader(strings.Repeat("a", 101)), Limits: limits}, 413001, "The body is larger than 100 bytes."},
		{"endless body", gigya.DecodeRequest{Body: endless{}}, 413001, "The body is larger than 4194304 bytes."},
		{"body cut by the server", gigya.DecodeRequest{Body: iotest.ErrReader(&http.MaxBytesError{Limit: 1})}, 413001, "The body is larger than 4194304 bytes."},
		{"body that breaks off", gigya.DecodeRequest{Body: iotest.ErrReader(io.ErrUnexpectedEOF)}, 400001, "The body could not be read."},
		{"gzip bomb", gigya.DecodeRequest{Body: strings.NewReader(zip(strings.Repeat("a", 5<<20))), Gzip: true}, 413001, "The body is larger than 4194304 bytes."},
		{"no gzip", gigya.DecodeRequest{Body: strings.NewReader("a=1"), Gzip: true}, 400001, "The body could not be read."},
		{"gzip cut short", gigya.DecodeRequest{Body: strings.NewReader(zip("a=1")[:15]), Gzip: true}, 400001, "The body could not be read."},
		{"JSON array", gigya.DecodeRequest{ContentType: jsonType, Body: strings.NewReader("[1]")}, 400001, "A JSON body must be an object whose members are the parameters."},
		{"JSON text", gigya.DecodeRequest{ContentType: jsonType, Body: strings.NewReader(`"a"`)}, 400001, "A JSON body must be an object whose members are the parameters."},
		{"JSON broken", gigya.DecodeRequest{ContentType: jsonType, Body: strings.NewReader(`{"a":1`)}, 400001, "The body is not valid JSON."},
		{"JSON, more behind", gigya.DecodeRequest{ContentType: jsonType, Body: strings.NewReader(`{"a":1}{}`)}, 400001, "The body is not valid JSON."},
		{"JSON, name no text", gigya.DecodeRequest{ContentType: jsonType, Body: strings.NewReader(`{1:1}`)}, 400001, "The body is not valid JSON."},
		{"JSON NaN", gigya.DecodeRequest{ContentType: jsonType, Body: strings.NewReader(`{"a":NaN}`)}, 400001, "The body is not valid JSON."},
		{"JSON deep", gigya.DecodeRequest{ContentType: jsonType, Body: strings.NewReader(`{"a":` + strings.Repeat("[", 10000))}, 400006, "The JSON body nests deeper than 64 levels."},
		{"multipart without boundary", gigya.DecodeRequest{ContentType: "multipart/form-data", Body: strings.NewReader("--b")}, 400001, "The content type multipart/form-data has no boundary."},
		{"multipart broken", gigya.DecodeRequest{ContentType: partType, Body: strings.NewReader("a=1")}, 400001, "The multipart body is malformed."},
		{"multipart cut short", gigya.DecodeRequest{ContentType: partType, Body: strings.NewReader(part(`name="a"`, "1")[:20])}, 400001, "The multipart body is malformed."},
		{"a file that is no text", gigya.DecodeRequest{ContentType: partType, Body: strings.NewReader(part(`name="photo"; filename="p.png"`, "\x89PNG") + "--b--")}, 400006, `Invalid argument: "photo": a file must be text; send its bytes as Base64.`},
		{"two spellings, two values", gigya.DecodeRequest{Query: "apiKey=1", Body: strings.NewReader("apikey=2")}, 400001, `The parameter "apikey" was sent in two spellings with different values. Send it once.`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := gigya.Decode(tt.request)
			var e *gigya.Error
			if !errors.As(err, &e) || e.Code != tt.code || e.Details != tt.details {
				t.Errorf("got %v, want %d %s", err, int(tt.code), tt.details)
			}
		})
	}
}

func TestDecodeTakesExactlyAsMuchAsItsLimits(t *testing.T) {
	limits := gigya.Limits{Body: 20, Params: 2, Name: 3, Value: 4, Depth: 2}
	for _, body := range []string{"abc=1234&d=1", "a=123", `{"a":[1],"b":[2]}`} {
		kind := formType
		if body[0] == '{' {
			kind = jsonType
		}
		if _, err := gigya.Decode(gigya.DecodeRequest{ContentType: kind, Body: strings.NewReader(body), Limits: limits}); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestDecodeKeepsTheOrderOfLongLists(t *testing.T) {
	var query strings.Builder
	var want []gigya.Param
	for i := range 900 {
		fmt.Fprintf(&query, "p%d=%d&", i, i)
		want = append(want, gigya.Param{Name: fmt.Sprint("p", i), Value: fmt.Sprint(i)})
	}
	query.WriteString("p10=x&p800=y&P800=y")
	want[10].Value, want[800].Value = "x", "y"
	want = append(want, gigya.Param{Name: "P800", Value: "y"})
	got, err := gigya.Decode(gigya.DecodeRequest{Query: query.String()})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.All()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := gigya.Decode(gigya.DecodeRequest{Query: query.String() + "z"}); codeOf(t, err) != gigya.InvalidRequestFormat {
		t.Errorf("two spellings in a long list: %v", err)
	}
}

func TestParamsAreFoundInAnyLetterCase(t *testing.T) {
	p := gigya.NewParams(params("APIKey", "k", "empty", "", "APIKey", "k2")...)
	for _, name := range []string{"apiKey", "ApiKey", "APIKEY", "apikey"} {
		if p.Get(name) != "k2" {
			t.Errorf("%s: got %q", name, p.Get(name))
		}
	}
	if _, ok := p.Lookup("EMPTY"); !ok || p.Has("empty") || p.Has("none") || p.Len() != 2 {
		t.Error("an empty value is there without being one")
	}
}

// slow gives a compressed body byte by byte at its end, and measures there what is held meanwhile.
type slow struct {
	rest string
	held uint64
}

func (s *slow) Read(p []byte) (int, error) {
	if len(s.rest) > 64 {
		n := copy(p, s.rest[:len(s.rest)-64])
		s.rest = s.rest[n:]
		return n, nil
	}
	if s.rest == "" {
		return 0, io.EOF
	}
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	s.held = max(s.held, memory.HeapAlloc)
	n := copy(p, s.rest[:1])
	s.rest = s.rest[n:]
	return n, nil
}

func TestASlowCompressedBodyHoldsNoMoreThanWasSent(t *testing.T) {
	body := zip("a=" + strings.Repeat("b", 4<<20-2))
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	source := &slow{rest: body}
	got, err := gigya.Decode(gigya.DecodeRequest{Body: source, Gzip: true})
	if err != nil || len(got.Get("a")) != 4<<20-2 {
		t.Fatalf("%d bytes, %v", len(got.Get("a")), err)
	}
	if held := int64(source.held) - int64(before.HeapAlloc); held > 1<<20 {
		t.Errorf("%d bytes were sent, and %d held", len(body), held)
	}
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func FuzzDecode(f *testing.F) {
	f.Add("a=1&b=%20", formType, "c=+&a=2", false)
	f.Add("", jsonType, `{"a":{"b":[1,null]},"c":"\ud83d\ude00"}`, false)
	f.Add("", partType, part(`name="a"; filename="x"`, "1")+"--b--", false)
	f.Add("a=%FF&A=%FF", "text/plain; x", "null", false)
	f.Add("", "", zip("a=1"), true)
	f.Fuzz(func(t *testing.T, query, contentType, body string, gzipped bool) {
		limits := gigya.Limits{Body: 1 << 16, Params: 100, Name: 64}
		got, err := gigya.Decode(gigya.DecodeRequest{
			Query: query, ContentType: contentType, Body: strings.NewReader(body), Gzip: gzipped, Limits: limits,
		})
		if err != nil {
			var e *gigya.Error
			if !errors.As(err, &e) || !utf8.ValidString(e.Details) {
				t.Fatalf("%v", err)
			}
			return
		}
		if got.Len() > 100 || got.Conflict() != "" {
			t.Errorf("%d parameters, conflict %q", got.Len(), got.Conflict())
		}
		seen := map[string]bool{}
		for _, p := range got.All() {
			if seen[p.Name] || p.Name == "" || !utf8.ValidString(p.Name) || !utf8.ValidString(p.Value) || len(p.Name) > 64 {
				t.Errorf("bad parameter %q=%q", p.Name, p.Value)
			}
			seen[p.Name] = true
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	body := readVectors(b).Requests[0].Percent20
	b.ReportAllocs()
	for b.Loop() {
		if _, err := gigya.Decode(gigya.DecodeRequest{ContentType: formType, Body: strings.NewReader(body)}); err != nil {
			b.Fatal(err)
		}
	}
}
