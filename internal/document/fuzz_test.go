package document_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/doorward/doorward/internal/document"
)

var seeds = []string{
	`{}`, ` {"a" : 1 } `, `{"a":{"b":[1,2.5e-3,"x",true,false,null]}}`, `{"a":1,"a":2}`, `{"\u0061":"\ud83d\ude00\ud83d"}`,
	"{\"\xff\":\"\xe2\x80\xa8\"}", `{"a":[}`, `{"a":"\u00`, `[[[[]]]]`, `{"__proto__":{}}`, `"text"`, `-0.0`, `{"a":1}{`, `{"é":"<&>"}`,
}

// decoded reads the text by encoding/json, the oracle: what Go's own library makes of it.
func decoded(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := document.Parse(text)
		if errors.Is(err, document.ErrDepth) {
			return
		}
		if valid := json.Valid(text); valid != (err == nil) {
			t.Fatalf("error %v, encoding/json says valid: %v", err, valid)
		}
		if checked := document.Check(text, document.MaxDepth); (checked == nil) != (err == nil && v.Kind() == document.KindObject) {
			t.Fatalf("Check says %v, Parse %v", checked, err)
		}
		if err != nil {
			return
		}
		out := v.AppendJSON(nil)
		want, _ := decoded(text)
		got, err := decoded(out)
		if err != nil || !reflect.DeepEqual(want, got) {
			t.Fatalf("%s became %s (%v)", text, out, err)
		}
		again, err := document.Parse(out)
		if err != nil || !again.Equal(v) || !bytes.Equal(again.AppendJSON(nil), out) {
			t.Fatalf("%s is not stable: %s (%v)", out, again.AppendJSON(nil), err)
		}
		if clone := v.Clone(); !clone.Equal(v) {
			t.Fatal("a clone differs")
		}
	})
}

func FuzzMember(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), "a")
	}
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		raw, ok := document.Member(text, name)
		if ok {
			if _, err := document.Parse(raw); err != nil && !errors.Is(err, document.ErrDepth) {
				t.Fatalf("Member gave %q: %v", raw, err)
			}
		}
		o, err := document.ParseObject(text)
		seen := map[string][]byte{}
		walked := document.Members(text, func(name string, raw []byte) bool {
			if _, again := seen[name]; !again { // Member takes the first
				seen[name] = raw
			}
			return true
		})
		if errors.Is(err, document.ErrDepth) { // looking into a text goes deeper than parsing
			return
		}
		if (err == nil) != (walked == nil) {
			t.Fatalf("ParseObject says %v, Members %v", err, walked)
		}
		if err != nil {
			return
		}
		if len(seen) != o.Len() {
			t.Fatalf("Members found %d names, the object has %d", len(seen), o.Len())
		}
		if first, there := seen[name]; there != ok || !bytes.Equal(first, raw) {
			t.Fatalf("Member(%q) = %q, %v; Members found %q, %v", name, raw, ok, first, there)
		}
		for _, name := range o.Names() {
			if _, ok := document.Member(text, name); !ok {
				t.Fatalf("Member does not find %q", name)
			}
		}
	})
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "a\"\\\b\f\n\r\t\x00\x1f\x7f", "é😀\u2028\u2029\ufffd", "\xff\xc3(", "<>&'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := document.AppendString(nil, s)
		var back string
		if err := json.Unmarshal(out, &back); err != nil {
			t.Fatal(err)
		}
		encoded, _ := json.Marshal(s)
		var want string
		_ = json.Unmarshal(encoded, &want)
		if got, ok := document.Text(out); !ok || back != want || got != want || !utf8.Valid(out) {
			t.Fatalf("%q became %q", s, out)
		}
	})
}
