package document_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/doorward/doorward/internal/document"
)

func object(t *testing.T, text string) *document.Object {
	t.Helper()
	o, err := document.ParseObject([]byte(text))
	if err != nil {
		t.Fatalf("ParseObject(%s): %v", text, err)
	}
	return o
}

func TestParsing(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"keeps the order of members", `{"b":1,"a":2,"c":3}`, `{"b":1,"a":2,"c":3}`},
		{"drops white space", " {\t\"a\" :\r\n [ 1 , 2 , { } , [ ] ] } \n", `{"a":[1,2,{},[]]}`},
		{"keeps the text of numbers", `{"a":9223372036854775808,"b":1.10,"c":-0,"d":1E+400}`, `{"a":9223372036854775808,"b":1.10,"c":-0,"d":1E+400}`},
		{"takes the last of equal names in the place of the first", `{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{"knows equal names by their meaning", `{"a":1,"\u0061":2}`, `{"a":2}`},
		{"resolves escapes", `{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}`, `{"a":"\"\\/\b\f\n\r\té😀"}`},
		{"replaces lone surrogates", `{"a":"\ud83d","b":"\ude00x","c":"\ud83d\u0041"}`, "{\"a\":\"\ufffd\",\"b\":\"\ufffdx\",\"c\":\"\ufffdA\"}"},
		{"replaces what is not UTF-8", "{\"\xff\":\"a\xc3(\"}", "{\"\ufffd\":\"a\ufffd(\"}"},
		{"does not escape for HTML", `{"a":"<b>&'\u2028"}`, `{"a":"<b>&'\u2028"}`},
		{"escapes control characters", `{"a":"\u0000\u001f` + "\x7f" + `"}`, `{"a":"\u0000\u001f` + "\x7f" + `"}`},
		{"gives special names no meaning", `{"__proto__":{"x":1},"constructor":2,"":3,"a.b":4}`, `{"__proto__":{"x":1},"constructor":2,"":3,"a.b":4}`},
		{"reads all words", `{"a":true,"b":false,"c":null}`, `{"a":true,"b":false,"c":null}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, string(object(t, c.in).JSON())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParsingRefuses(t *testing.T) {
	for _, c := range []struct {
		in     string
		offset int
	}{
		{``, 0}, {`  `, 2}, {`[]`, 0}, {`1`, 0}, {`null`, 0}, {`"a"`, 0},
		{`{`, 1}, {`{"a"`, 4}, {`{"a":`, 5}, {`{"a":1`, 6}, {`{"a":1,`, 7}, {`{"a":1,}`, 7}, {`{,}`, 1}, {`{a:1}`, 1},
		{`{"a" 1}`, 5}, {`{"a":1 "b":2}`, 7}, {`{'a':1}`, 1},
		{`{} {}`, 3}, {`{}x`, 2}, {`{"a":01}`, 5}, {`{"a":+1}`, 5}, {`{"a":1.}`, 7}, {`{"a":.5}`, 5}, {`{"a":1e}`, 7}, {`{"a":-}`, 6},
		{`{"a":tru}`, 5}, {`{"a":NaN}`, 5}, {`{"a":"\x"}`, 6}, {`{"a":"\u12g4"}`, 6}, {`{"a":"` + "\n" + `"}`, 6}, {`{"a":"x`, 7}, {`{"a":"\`, 7},
		{`{"a":[1,]}`, 8}, {`{"a":[1`, 7}, {`{"a":[1}`, 7}, {"\ufeff{}", 0},
	} {
		t.Run(c.in, func(t *testing.T) {
			_, err := document.ParseObject([]byte(c.in))
			var syntax *document.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("error %v, want a SyntaxError", err)
			}
			if syntax.Offset != c.offset {
				t.Errorf("offset %d, want %d (%v)", syntax.Offset, c.offset, err)
			}
			if err := document.Check([]byte(c.in), document.MaxDepth); err == nil || err.Error() != syntax.Error() {
				t.Errorf("Check says %v, ParseObject %v", err, syntax)
			}
		})
	}
}

func TestNestingIsBounded(t *testing.T) {
	nested := func(open, inner, end string, n int) []byte {
		return []byte(strings.Repeat(open, n) + inner + strings.Repeat(end, n))
	}
	for _, c := range []struct {
		name       string
		open, tail string
	}{{"objects", `{"a":`, `}`}, {"arrays", `[`, `]`}} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := document.Parse(nested(c.open, "1", c.tail, document.MaxDepth)); err != nil {
				t.Errorf("at the bound: %v", err)
			}
			if _, err := document.Parse(nested(c.open, "1", c.tail, document.MaxDepth+1)); !errors.Is(err, document.ErrDepth) {
				t.Errorf("above the bound: %v", err)
			}
			if _, err := document.Parse(nested(c.open, "", "", 1_000_000)); !errors.Is(err, document.ErrDepth) {
				t.Errorf("a million: %v", err)
			}
		})
	}
	if err := document.Check([]byte(`{"a":{"b":1}}`), 2); err != nil {
		t.Errorf("Check at its bound: %v", err)
	}
	if err := document.Check([]byte(`{"a":{"b":[]}}`), 2); !errors.Is(err, document.ErrDepth) {
		t.Errorf("Check above its bound: %v", err)
	}
}

func TestAnObjectKeepsItsOrder(t *testing.T) {
	o := object(t, `{"a":1,"b":2,"c":3}`)
	o.Set("b", document.String("x"))
	o.Set("d", document.Int(-4))
	if !o.Delete("a") || o.Delete("a") || o.Delete("zz") {
		t.Error("Delete does not tell what was there")
	}
	o.Set("a", document.Boolean(true))
	if diff := cmp.Diff(`{"b":"x","c":3,"d":-4,"a":true}`, string(o.JSON())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"b", "c", "d", "a"}, o.Names()); diff != "" {
		t.Error(diff)
	}
	if o.Len() != 4 {
		t.Errorf("Len %d", o.Len())
	}
}

// Removing and adding one by one must neither lose a member nor cost the square of their number.
func TestALargeObject(t *testing.T) {
	const n = 50_000
	o := &document.Object{}
	for i := range n {
		o.Set(strconv.Itoa(i), document.Int(int64(i)))
	}
	for i := range n {
		if i%10 != 0 && !o.Delete(strconv.Itoa(i)) {
			t.Fatalf("%d is not there", i)
		}
	}
	if o.Len() != n/10 || len(o.Names()) != n/10 {
		t.Fatalf("Len %d, %d names", o.Len(), len(o.Names()))
	}
	for i := range n {
		v, ok := o.Get(strconv.Itoa(i))
		if got, _ := v.Int64(); ok != (i%10 == 0) || got != int64(i) && ok {
			t.Fatalf("Get(%d) = %d, %v", i, got, ok)
		}
	}
}

func TestPaths(t *testing.T) {
	o := object(t, `{"a":{"b":{"c":1}},"s":"x","l":[{"m":1}]}`)
	for _, c := range []struct{ path, want string }{
		{"a.b.c", "1"}, {"a.b", `{"c":1}`}, {"s", `"x"`}, {"a.x", ""}, {"s.x", ""}, {"l.m", ""}, {"x.y.z", ""},
	} {
		v, ok := o.Lookup(strings.Split(c.path, "."))
		got := ""
		if ok {
			got = string(v.AppendJSON(nil))
		}
		if got != c.want {
			t.Errorf("Lookup(%s) = %q, want %q", c.path, got, c.want)
		}
	}
	if _, ok := o.Lookup(nil); ok {
		t.Error("the empty path was found")
	}
	o.SetPath([]string{"a", "b", "d"}, document.Int(2))
	o.SetPath([]string{"s", "t"}, document.Int(3))
	o.SetPath(nil, document.Int(9))
	if !o.DeletePath([]string{"a", "b", "c"}) || o.DeletePath([]string{"l", "m"}) || o.DeletePath(nil) || !o.DeletePath([]string{"l"}) {
		t.Error("DeletePath does not tell what was there")
	}
	if diff := cmp.Diff(`{"a":{"b":{"d":2}},"s":{"t":3}}`, string(o.JSON())); diff != "" {
		t.Error(diff)
	}
}

func TestACloneSharesNothing(t *testing.T) {
	o := object(t, `{"a":{"b":[{"c":1}]}}`)
	c := o.Clone()
	if !o.Equal(c) {
		t.Error("the clone differs")
	}
	a, _ := o.Lookup([]string{"a", "b"})
	a.Items()[0].Object().Set("c", document.Int(2))
	o.SetPath([]string{"a", "x"}, document.NullValue())
	if diff := cmp.Diff(`{"a":{"b":[{"c":1}]}}`, string(c.JSON())); diff != "" {
		t.Error(diff)
	}
	if o.Equal(c) {
		t.Error("different objects are called equal")
	}
}

func TestFilteringCopiesOnlyWhereSomethingIsLeftOut(t *testing.T) {
	for _, c := range []struct {
		name, given, want string
		same              bool
	}{
		{"all is kept", `{"a":1,"b":{"c":2},"d":[]}`, `{"a":1,"b":{"c":2},"d":[]}`, true},
		{"nothing is there", `{}`, `{}`, true},
		{"the first is left out", `{"x":0,"a":1,"b":2}`, `{"a":1,"b":2}`, false},
		{"one in the middle is left out", `{"a":1,"x":0,"b":2}`, `{"a":1,"b":2}`, false},
		{"the last is left out", `{"a":1,"b":2,"x":0}`, `{"a":1,"b":2}`, false},
		{"several are left out", `{"x":0,"a":1,"x2":0,"x3":0,"b":2,"x4":0}`, `{"a":1,"b":2}`, false},
		{"all is left out", `{"x":0,"x2":{}}`, `{}`, false},
		{"a value is another", `{"a":1,"n":1,"x":0,"b":2}`, `{"a":1,"n":"new","b":2}`, false},
	} {
		o := object(t, c.given)
		got := o.Filtered(func(name string, v document.Value) (document.Value, bool) {
			if name == "n" {
				return document.String("new"), true
			}
			return v, name[0] != 'x'
		})
		if string(got.JSON()) != c.want || (got == o) != c.same || string(o.JSON()) != c.given {
			t.Errorf("%s: %s, the same: %v; it was %s", c.name, got.JSON(), got == o, o.JSON())
		}
	}
	o := object(t, `{"gone":0,"a":1}`)
	o.Delete("gone")
	if o.Filtered(func(_ string, v document.Value) (document.Value, bool) { return v, true }) != o {
		t.Error("what was removed is taken for something left out")
	}
	var none *document.Object
	if none.Filtered(nil).Len() != 0 {
		t.Error("nil has members")
	}
}

// The objects of one text lie side by side in memory: what one is given must not get into another.
func TestObjectsOfOneTextGrowApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawObject(t, "document", false, 4).JSON()
		o, err := document.ParseObject(text)
		if err != nil {
			t.Fatal(err)
		}
		model, err := document.ParseObject(text)
		if err != nil {
			t.Fatal(err)
		}
		model = model.Clone()
		for _, both := range rapid.Permutation(pairs(o, model, nil)).Draw(t, "order") {
			for i := range rapid.IntRange(0, 3).Draw(t, "more") {
				name := fmt.Sprint("more", i)
				both[0].Set(name, document.String(name))
				both[1].Set(name, document.String(name))
			}
			if rapid.Bool().Draw(t, "less") {
				both[0].Delete("a")
				both[1].Delete("a")
			}
		}
		if diff := cmp.Diff(string(model.JSON()), string(o.JSON())); diff != "" {
			t.Fatalf("%s: %s", text, diff)
		}
	})
}

// pairs returns the objects within two that are alike, each with its counterpart.
func pairs(a, b *document.Object, found [][2]*document.Object) [][2]*document.Object {
	found = append(found, [2]*document.Object{a, b})
	for name, v := range a.All() {
		if w, _ := b.Get(name); v.Object() != nil {
			found = pairs(v.Object(), w.Object(), found)
		}
	}
	return found
}

func TestANilObjectReadsAsEmpty(t *testing.T) {
	var o *document.Object
	if _, ok := o.Get("a"); ok || o.Len() != 0 || string(o.JSON()) != "{}" || len(o.Names()) != 0 || o.Clone().Len() != 0 {
		t.Error("a nil object is not empty")
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		value document.Value
		kind  document.Kind
		want  string
	}{
		{document.Value{}, document.KindNull, "null"},
		{document.NullValue(), document.KindNull, "null"},
		{document.FromObject(nil), document.KindNull, "null"},
		{document.Boolean(true), document.KindBool, "true"},
		{document.Int(-1 << 63), document.KindNumber, "-9223372036854775808"},
		{document.Number("1.50"), document.KindNumber, "1.50"},
		{document.Number("0x1"), document.KindNull, "null"},
		{document.Number("1,2"), document.KindNull, "null"},
		{document.String(`a"b`), document.KindString, `"a\"b"`},
		{document.ArrayOf(), document.KindArray, `[]`},
		{document.ArrayOf(document.Int(1), document.String("")), document.KindArray, `[1,""]`},
	} {
		if c.value.Kind() != c.kind {
			t.Errorf("%s is a %v", c.want, c.value.Kind())
		}
		if got := string(c.value.AppendJSON(nil)); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	n := document.Int(1)
	if n.Str() != "" || n.Bool() || n.Object() != nil || n.Items() != nil || document.String("1").Num() != "" {
		t.Error("a getter answers for another kind")
	}
}

func TestLookingIntoText(t *testing.T) {
	text := []byte(` {"a":{"b":"x\"}","c":[1,{"d":2}]},"\u00e9":1,"é2":2,"n":null,"a.b":3} `)
	for _, c := range []struct {
		path []string
		want string
	}{
		{[]string{"a", "b"}, `"x\"}"`}, {[]string{"a", "c"}, `[1,{"d":2}]`}, {[]string{"é"}, "1"}, {[]string{"é2"}, "2"},
		{[]string{"n"}, "null"}, {[]string{"a.b"}, "3"}, {[]string{"b"}, ""}, {[]string{"a", "c", "d"}, ""}, {[]string{"n", "x"}, ""},
	} {
		raw, ok := document.MemberAt(text, c.path...)
		if string(raw) != c.want || ok != (c.want != "") {
			t.Errorf("MemberAt(%q) = %s, %v", c.path, raw, ok)
		}
	}
	var names []string
	err := document.Members(text, func(name string, raw []byte) bool {
		names = append(names, name+"="+document.KindOf(raw).String())
		return true
	})
	if diff := cmp.Diff([]string{"a=object", "é=number", "é2=number", "n=null", "a.b=number"}, names); err != nil || diff != "" {
		t.Error(err, diff)
	}
	var items []string
	err = document.Elements([]byte(`[1, "a" ,[],true]`), func(raw []byte) bool {
		items = append(items, string(raw)+"="+document.KindOf(raw).String())
		return len(items) < 3
	})
	if diff := cmp.Diff([]string{"1=number", `"a"=string`, "[]=array"}, items); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if s, ok := document.Text([]byte(` "a\u0062" `)); s != "ab" || !ok {
		t.Errorf("Text = %q, %v", s, ok)
	}
	for _, bad := range []string{``, `1`, `"a`, `"a" b`} {
		if _, ok := document.Text([]byte(bad)); ok {
			t.Errorf("Text took %s", bad)
		}
	}
	if document.Members([]byte(`[1]`), nil) == nil || document.Elements([]byte(`{}`), nil) == nil || document.Elements([]byte(`[] 1`), nil) == nil {
		t.Error("a wrong text was taken")
	}
}

// What is handed out is cut so that appending to it cannot overwrite the document behind it.
func TestHandedOutTextHasNoRoomToGrow(t *testing.T) {
	text := []byte(`{"a":1,"b":2}`)
	raw, _ := document.Member(text, "a")
	_ = append(raw, "9999"...)
	if string(text) != `{"a":1,"b":2}` {
		t.Errorf("the document became %s", text)
	}
}

func BenchmarkMember(b *testing.B) {
	text := []byte(`{"firstName":"Johannes","lastName":"Example","email":"jo@example.com","work":{"company":"ACME","title":"x"},"city":"Basel"}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := document.Member(text, "city"); !ok {
			b.Fatal("missing")
		}
	}
}

func BenchmarkParseObject(b *testing.B) {
	text := []byte(`{"firstName":"Johannes","lastName":"Example","email":"jo@example.com","work":{"company":"ACME","title":"x"},"city":"Basel"}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := document.ParseObject(text); err != nil {
			b.Fatal(err)
		}
	}
}

func TestMemberFoldPrefersTheExactName(t *testing.T) {
	text := []byte(`{"EMAIL":1,"Email":2,"email":3,"doubleOptIn":4,"\u00c9t\u00e9":5}`)
	for _, c := range []struct{ name, stored, raw string }{
		{"email", "email", "3"}, {"Email", "Email", "2"}, {"eMail", "EMAIL", "1"}, {"doubleOptin", "doubleOptIn", "4"},
		{"été", "Été", "5"}, {"emai", "", ""}, {"", "", ""},
	} {
		stored, raw, ok := document.MemberFold(text, c.name)
		if stored != c.stored || string(raw) != c.raw || ok != (c.raw != "") {
			t.Errorf("MemberFold(%q) = %q, %s, %v", c.name, stored, raw, ok)
		}
	}
}

func TestADocumentThatIsStored(t *testing.T) {
	for text, want := range map[string]string{"": "{}", `{"a":1}`: `{"a":1}`, " ": "", "null": "", "[]": ""} {
		o, err := document.ParseStored([]byte(text))
		if (err != nil) != (want == "") || err == nil && string(o.JSON()) != want {
			t.Errorf("%q: %v, %v", text, o, err)
		}
	}
	if got := string(document.Texts([]string{"a", ""}).AppendJSON(nil)) + string(document.Texts(nil).AppendJSON(nil)); got != `["a",""][]` {
		t.Error(got)
	}
}
