package document_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/doorward/doorward/internal/document"
)

func TestFoldedTextsAreEqualIfTheyDifferInCaseOnly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		letters := rapid.StringOfN(rapid.SampledFrom([]rune("kK\u212asS\u017fßẞéÉσςΣ1_\ufffdÿŸµμaA")), 0, 3, -1)
		a, b := letters.Draw(rt, "a"), letters.Draw(rt, "b")
		if got, want := document.FoldCase(a) == document.FoldCase(b), strings.EqualFold(a, b); got != want {
			rt.Fatalf("%q and %q: %t, want %t", a, b, got, want)
		}
		if got, want := document.FoldName(a) == document.FoldName(b), strings.EqualFold(a, b); got != want {
			rt.Fatalf("names %q and %q: %t, want %t", a, b, got, want)
		}
		if _, _, found := document.MemberFold(document.FromObject(objectOf(a)).AppendJSON(nil), b); found != strings.EqualFold(a, b) {
			rt.Fatalf("member %q by %q: %t", a, b, found)
		}
	})
}

func objectOf(name string) *document.Object {
	o := &document.Object{}
	o.Set(name, document.Boolean(true))
	return o
}

func TestAFoldedNameOfASCIIIsInLowerCase(t *testing.T) {
	for name, want := range map[string]string{"": "", "lastName": "lastname", "A_b-1": "a_b-1", "la\u017ftName": "lastname", "\u212aey": "key"} {
		if got := document.FoldName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
