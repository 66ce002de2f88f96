package document_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/doorward/doorward/internal/document"
)

func TestMergeDeep(t *testing.T) {
	for _, c := range []struct{ name, dst, patch, want string }{
		{"leaves what is not named", `{"a":1,"b":{"c":2}}`, `{}`, `{"a":1,"b":{"c":2}}`},
		{"merges objects at every depth", `{"a":{"b":{"c":1,"d":2}}}`, `{"a":{"b":{"c":3,"e":4}}}`, `{"a":{"b":{"c":3,"d":2,"e":4}}}`},
		{"replaces arrays whole", `{"a":[1,2,3]}`, `{"a":[4]}`, `{"a":[4]}`},
		{"replaces a scalar by an object", `{"a":1}`, `{"a":{"b":null,"c":2}}`, `{"a":{"c":2}}`},
		{"replaces an object by a scalar", `{"a":{"b":1}}`, `{"a":2}`, `{"a":2}`},
		{"clears by null", `{"a":1,"b":{"c":2,"d":3}}`, `{"a":null,"b":{"c":null},"x":null}`, `{"b":{"d":3}}`},
		{"leaves the empty object around a cleared field", `{"b":{"c":2}}`, `{"b":{"c":null}}`, `{"b":{}}`},
		{"does not empty an object by an empty object", `{"b":{"c":2}}`, `{"b":{}}`, `{"b":{"c":2}}`},
		{"takes dotted names as paths", `{"a":{"b":1}}`, `{"a.c":2,"x.y.z":3}`, `{"a":{"b":1,"c":2},"x":{"y":{"z":3}}}`},
		{"clears by a dotted name", `{"a":{"b":1,"c":2}}`, `{"a.b":null,"q.r":null}`, `{"a":{"c":2}}`},
		{"merges an object under a dotted name", `{"a":{"b":{"c":1}}}`, `{"a.b":{"d":2,"e.f":3}}`, `{"a":{"b":{"c":1,"d":2,"e":{"f":3}}}}`},
		{"takes names with empty parts as they are", `{}`, `{".":1,"a.":2,".a":3,"a..b":4,"":5}`, `{".":1,"a.":2,".a":3,"a..b":4,"":5}`},
		{"keeps nulls and dotted names inside arrays", `{}`, `{"a":[null,{"b.c":null}]}`, `{"a":[null,{"b.c":null}]}`},
		{"applies members in order", `{}`, `{"a":{"b":1},"a.b":2,"a.c":3}`, `{"a":{"b":2,"c":3}}`},
		{"gives special names no meaning", `{}`, `{"__proto__":{"admin":true},"constructor.prototype":1}`, `{"__proto__":{"admin":true},"constructor":{"prototype":1}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dst, patch := object(t, c.dst), object(t, c.patch)
			if err := document.MergeDeep(dst, patch); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(dst.JSON())); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(string(object(t, c.patch).JSON()), string(patch.JSON())); diff != "" {
				t.Errorf("the patch was altered: %s", diff)
			}
		})
	}
}

// A document that could be written and never read again would lock its account.
func TestMergeDeepRefusesWhatCouldNotBeReadAgain(t *testing.T) {
	path := func(n int) string { return strings.TrimSuffix(strings.Repeat("a.", n), ".") }
	for _, c := range []struct {
		patch string
		ok    bool
	}{
		{fmt.Sprintf(`{%q:1}`, path(document.MaxDepth)), true},
		{fmt.Sprintf(`{%q:1}`, path(document.MaxDepth+1)), false},
		{fmt.Sprintf(`{%q:null}`, path(document.MaxDepth+1)), false},
		{fmt.Sprintf(`{%q:{}}`, path(document.MaxDepth)), false},
		{fmt.Sprintf(`{%q:[]}`, path(document.MaxDepth)), false},
		{fmt.Sprintf(`{%q:[]}`, path(document.MaxDepth-1)), true},
		{fmt.Sprintf(`{"x":{%q:[{"a":1}]}}`, path(document.MaxDepth-3)), true},
		{fmt.Sprintf(`{"x":{%q:[{"a":1}]}}`, path(document.MaxDepth-2)), false},
	} {
		dst := object(t, `{"keep":1}`)
		err := document.MergeDeep(dst, object(t, c.patch))
		if c.ok {
			if _, again := document.ParseObject(dst.JSON()); err != nil || again != nil {
				t.Errorf("%.20s…: %v, read again: %v", c.patch, err, again)
			}
			continue
		}
		if !errors.Is(err, document.ErrDepth) || string(dst.JSON()) != `{"keep":1}` {
			t.Errorf("%.20s…: %v, left %s", c.patch, err, dst.JSON())
		}
		if _, err := document.MergedDeep(&document.Object{}, object(t, c.patch)); !errors.Is(err, document.ErrDepth) {
			t.Errorf("%.20s… into nothing: %v", c.patch, err)
		}
	}
}

func TestMergeFlat(t *testing.T) {
	for _, c := range []struct{ name, dst, patch, want string }{
		{"leaves what is not named", `{"a":1,"b":2}`, `{"b":3}`, `{"a":1,"b":3}`},
		{"replaces objects whole", `{"work":{"company":"A","title":"B"}}`, `{"work":{"title":"C"}}`, `{"work":{"title":"C"}}`},
		{"replaces arrays whole", `{"likes":[{"name":"x"}]}`, `{"likes":[]}`, `{"likes":[]}`},
		{"clears by null", `{"a":1,"b":2}`, `{"a":null,"c":null}`, `{"b":2}`},
		{"leaves out null fields of objects", `{}`, `{"work":{"company":null,"title":"C","x":{"y":null}},"l":[null]}`, `{"work":{"title":"C","x":{}},"l":[null]}`},
		{"takes dotted names as they are", `{"a":{"b":1}}`, `{"a.b":2}`, `{"a":{"b":1},"a.b":2}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dst, patch := object(t, c.dst), object(t, c.patch)
			document.MergeFlat(dst, patch)
			if diff := cmp.Diff(c.want, string(dst.JSON())); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(string(object(t, c.patch).JSON()), string(patch.JSON())); diff != "" {
				t.Errorf("the patch was altered: %s", diff)
			}
		})
	}
}

// drawObject makes small objects over few names, so that patches meet what is there. dots allows dotted names.
func drawObject(t *rapid.T, label string, dots bool, depth int) *document.Object {
	names := []string{"a", "b", "c"}
	if dots {
		names = append(names, "a.b", "b.a.c")
	}
	o := &document.Object{}
	for i := range rapid.IntRange(0, 3).Draw(t, label) {
		name := rapid.SampledFrom(names).Draw(t, "name")
		o.Set(name, drawValue(t, fmt.Sprint(label, ".", i), dots, depth))
	}
	return o
}

func drawValue(t *rapid.T, label string, dots bool, depth int) document.Value {
	kinds := 4
	if depth > 0 {
		kinds = 6
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return document.Int(rapid.Int64Range(0, 9).Draw(t, "n"))
	case 1:
		return document.String(rapid.SampledFrom([]string{"", "x"}).Draw(t, "s"))
	case 2:
		return document.NullValue()
	case 3:
		return document.ArrayOf(document.NullValue(), document.Int(1))
	}
	return document.FromObject(drawObject(t, label, dots, depth-1))
}

// The model of a deep merge: a set of leaves by path, where writing a leaf removes what lies below and above it.
func TestMergeDeepProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dst := drawObject(t, "dst", false, 3)
		patch := drawObject(t, "patch", true, 3)
		before, patchText := dst.Clone(), string(patch.JSON())
		if err := document.MergeDeep(dst, patch); err != nil {
			t.Fatal(err)
		}
		once := string(dst.JSON())

		if string(patch.JSON()) != patchText {
			t.Fatal("the patch was altered")
		}
		if err := document.Check(dst.JSON(), document.MaxDepth); err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		again := dst.Clone()
		_ = document.MergeDeep(again, patch)
		if !again.Equal(dst) {
			t.Fatalf("merging twice: %s, once: %s", again.JSON(), once)
		}
		for name, v := range before.All() { // what no name of the patch begins with stays
			named := false
			for p := range patch.All() {
				named = named || p == name || strings.HasPrefix(p, name+".")
			}
			if got, ok := dst.Get(name); !named && (!ok || !got.Equal(v)) {
				t.Fatalf("%s was not named and changed", name)
			}
		}
		for _, v := range patch.All() { // nothing is shared
			if v.Object() != nil {
				v.Object().Set("poison", document.Int(1))
			}
		}
		if string(dst.JSON()) != once {
			t.Fatal("the merged object shares with the patch")
		}
	})
}

// RFC 7396 has the same rules without dotted names, so its algorithm is the oracle.
func TestMergeDeepWithoutDotsIsJSONMergePatch(t *testing.T) {
	var mergePatch func(target, patch document.Value) document.Value
	mergePatch = func(target, patch document.Value) document.Value {
		if patch.Kind() != document.KindObject {
			return patch
		}
		result := target.Object().Clone()
		for name, v := range patch.Object().All() {
			if v.IsNull() {
				result.Delete(name)
				continue
			}
			old, _ := result.Get(name)
			result.Set(name, mergePatch(old, v))
		}
		return document.FromObject(result)
	}
	rapid.Check(t, func(t *rapid.T) {
		dst, patch := drawObject(t, "dst", false, 3), drawObject(t, "patch", false, 3)
		want := mergePatch(document.FromObject(dst), document.FromObject(patch))
		if err := document.MergeDeep(dst, patch); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want.AppendJSON(nil)), string(dst.JSON())); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestMergeFlatProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dst, patch := drawObject(t, "dst", false, 3), drawObject(t, "patch", true, 3)
		before := dst.Clone()
		document.MergeFlat(dst, patch)
		for name, v := range patch.All() {
			got, ok := dst.Get(name)
			if ok == v.IsNull() || ok && got.Kind() != v.Kind() {
				t.Fatalf("%s is %s after %s", name, dst.JSON(), patch.JSON())
			}
		}
		for name, v := range before.All() {
			if _, named := patch.Get(name); named {
				continue
			}
			if got, ok := dst.Get(name); !ok || !got.Equal(v) {
				t.Fatalf("%s was not named and changed", name)
			}
		}
	})
}

// What is only read may be the patch itself; what it says is what the merge says, and nobody's document is altered by it.
func TestMergedIsWhatTheMergeMakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dst, patch := &document.Object{}, drawObject(t, "patch", rapid.Bool().Draw(t, "dots"), 3)
		if rapid.Bool().Draw(t, "something is there") {
			dst = drawObject(t, "dst", false, 3)
		}
		patchText := string(patch.JSON())
		deep, flat := dst.Clone(), dst.Clone()
		if err := document.MergeDeep(deep, patch); err != nil {
			t.Fatal(err)
		}
		document.MergeFlat(flat, patch)
		merged, err := document.MergedDeep(dst.Clone(), patch)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(deep.JSON()), string(merged.JSON())); diff != "" {
			t.Fatalf("deep: %s", diff)
		}
		if diff := cmp.Diff(string(flat.JSON()), string(document.MergedFlat(dst, patch).JSON())); diff != "" {
			t.Fatalf("flat: %s", diff)
		}
		if string(patch.JSON()) != patchText {
			t.Fatal("the patch was altered")
		}
	})
}

func TestAWholePatchIntoNothingIsNotCopied(t *testing.T) {
	for _, c := range []struct {
		patch      string
		deep, flat bool
	}{
		{`{"a":1,"b":{"c":"x","d":{}},"e":[null,{"f.g":null}]}`, true, true},
		{`{"a":null}`, false, false},
		{`{"a":{"b":null}}`, false, false},
		{`{"a.b":1}`, false, true},
		{`{"a":{"b.c":1}}`, false, true},
		{`{"a..b":1}`, false, true},
	} {
		patch := object(t, c.patch)
		deep, err := document.MergedDeep(&document.Object{}, patch)
		if err != nil {
			t.Fatal(err)
		}
		flat := document.MergedFlat(&document.Object{}, patch)
		if (deep == patch) != c.deep || (flat == patch) != c.flat {
			t.Errorf("%s is taken as it is: deep %v, flat %v", c.patch, deep == patch, flat == patch)
		}
	}
}
