package query_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/doorward/doorward/internal/query"
)

// The truth table of the search guide, and what its rules say further.
var patterns = []struct {
	pattern, text string
	want          bool
}{
	{`ab.*`, "abcde", true},
	{`abcd`, "abcde", false},
	{`ab...`, "abcde", true},
	{`a+b+`, "aaabbb", true},
	{`aa+bbb+`, "aaabbb", true},
	{`a{4}b{4}`, "aaabbb", false},
	{`.{3}.{3}`, "aaabbb", true},
	{`(ab)+`, "ababab", true},
	{`(...)+`, "ababab", true},
	{`(ab){1,2}`, "ababab", false},
	{`a+|b+`, "aabb", false},
	{`a+b+|b+a+`, "aabb", true},
	{`aa(cc|bb)`, "aabb", true},
	{`A.*`, "agnostic", false},
	{`[A-Z]{2}-[0-9]{3,4}`, "AB-123", true},
	{`[A-Z]{2}-[0-9]{3,4}`, "AB-12345", false},
	{`[A-Z]{2}-[0-9]{3,}`, "AB-12345", true},
	{`.*@example\.com`, "jo@example.com", true},
	{`.*@example\.com`, "jo@exampleXcom", false},
	{`a.b`, "a\nb", true},
	{`a.b`, "aéb", true},
	{`[^a-c]`, "d", true},
	{`[^a-c]`, "\n", true},
	{`[^a-c]`, "b", false},
	{`[-abc]`, "-", true},
	{`[abc-]`, "-", true},
	{`[a\-c]`, "b", false},
	{`[\]\[]`, "]", true},
	{`[.*^$]+`, "$^*.", true},
	{`a+?`, "", true},
	{`a**`, "aaa", true},
	{`\?\.\+\*\|\{\}\[\]\(\)\"\\`, `?.+*|{}[]()"\`, true},
	{`\$\^\-\@\_\ \/`, "$^-@_ /", true},
	{`#@&<>~`, "#@&<>~", true},
	{``, "", true},
	{``, "a", false},
	{`()`, "", true},
	{`a|`, "", true},
	{`a{0}`, "", true},
	{`^a$`, "a", false},
}

var refusedPatterns = []struct{ pattern, want string }{
	{`a)`, "character 2: there is a closing bracket without an opening one"},
	{`(a`, "character 3: a closing bracket was expected"},
	{`é[b`, "character 4: a closing ] was expected"},
	{`[]`, "character 2: a character was expected between [ and ]"},
	{`[^]`, "character 3: a character was expected between [ and ]"},
	{`[c-a]`, "character 5: a range must go upwards"},
	{`[[a]]`, "character 2: a backslash was expected before ["},
	{`*a`, "character 1: there is nothing to repeat"},
	{`a|+`, "character 3: there is nothing to repeat"},
	{`a{2`, "character 4: a count such as {2}, {2,} or {2,3} was expected"},
	{`a{,2}`, "character 3: a count such as {2}, {2,} or {2,3} was expected"},
	{`a{3,2}`, "character 7: the second count must not be less than the first"},
	{`a{1001}`, "character 3: a count such as {2}, {2,} or {2,3} was expected"},
	{`a}`, "character 2: a backslash was expected before }"},
	{`a]`, "character 2: a backslash was expected before ]"},
	{`"a"`, `character 1: a backslash was expected before "`},
	{`\d+`, `character 1: \d is not supported`},
	{`[\w]`, `character 2: \w is not supported`},
	{`a\`, "character 2: a character was expected behind the backslash"},
	{`(?i)a`, "character 2: look-around and flags are not supported"},
	{`(?=a)`, "character 2: look-around and flags are not supported"},
	{`^a`, `character 1: an expression always matches the whole text; \^ stands for the character`},
	{`a$`, `character 2: an expression always matches the whole text; \$ stands for the character`},
}

func TestPatternsMatchWholeTexts(t *testing.T) {
	for _, row := range patterns {
		p, err := query.NewPattern(row.pattern)
		if row.pattern == `^a$` {
			if err == nil {
				t.Errorf("%s was read", row.pattern)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", row.pattern, err)
			continue
		}
		if got := p.Match(row.text); got != row.want {
			t.Errorf("%s on %q: %t", row.pattern, row.text, got)
		}
		if p.String() != row.pattern {
			t.Errorf("%s became %s", row.pattern, p)
		}
	}
	p, err := query.NewPattern(`[a-z]+@X\.y`)
	if err != nil || p.Match("JO@x.Y") || !p.Fold().Match("JO@x.Y") {
		t.Error("without regard to case the expression does not match")
	}
}

func TestPatternsThatAreRefused(t *testing.T) {
	const prefix = "the regular expression cannot be read: "
	for _, row := range refusedPatterns {
		if _, err := query.NewPattern(row.pattern); err == nil || err.Error() != prefix+row.want {
			t.Errorf("%s\n got %v\nwant %s", row.pattern, err, prefix+row.want)
		}
	}
	for _, big := range []string{`((a{1000}){1000}){1000}`, strings.Repeat("(", 100) + strings.Repeat(")", 100), "a" + strings.Repeat("{9}", 300)} {
		if _, err := query.NewPattern(big); err == nil {
			t.Errorf("%.30s was read", big)
		}
	}
}

// expression is a random expression with the plainest way to match it: the ends of its matches that begin at a place.
type expression struct {
	text string
	ends func(s string, at int) []int
}

func character(set, text string) expression {
	return expression{text, func(s string, at int) []int {
		if at < len(s) && strings.IndexByte(set, s[at]) >= 0 {
			return []int{at + 1}
		}
		return nil
	}}
}

func repeated(x expression, suffix string, least, most int) expression {
	return expression{"(" + x.text + ")" + suffix, func(s string, at int) []int {
		var all []int
		from := []int{at}
		for n := 0; n <= most && len(from) > 0; n++ {
			if n >= least {
				all = append(all, from...)
			}
			var next []int
			for _, place := range from {
				next = append(next, x.ends(s, place)...)
			}
			slices.Sort(next)
			from = slices.Compact(next)
		}
		slices.Sort(all)
		return slices.Compact(all)
	}}
}

func drawExpression(rt *rapid.T, depth int) expression {
	kind := rapid.IntRange(0, 7).Draw(rt, "kind")
	if depth == 0 {
		kind %= 4
	}
	switch kind {
	case 0:
		return character("a", "a")
	case 1:
		return character("bc", "[b-c]")
	case 2:
		return character("bcd.", "[^a]")
	case 3:
		return character("abcd.", ".")
	}
	x := drawExpression(rt, depth-1)
	switch kind {
	case 4:
		y := drawExpression(rt, depth-1)
		return expression{"(" + x.text + "|" + y.text + ")", func(s string, at int) []int {
			return append(x.ends(s, at), y.ends(s, at)...)
		}}
	case 5:
		y := drawExpression(rt, depth-1)
		return expression{x.text + y.text, func(s string, at int) (ends []int) {
			for _, middle := range x.ends(s, at) {
				ends = append(ends, y.ends(s, middle)...)
			}
			return ends
		}}
	case 6:
		least := rapid.IntRange(0, 2).Draw(rt, "least")
		most := least + rapid.IntRange(0, 2).Draw(rt, "more")
		return repeated(x, fmt.Sprintf("{%d,%d}", least, most), least, most)
	}
	counts := map[string][2]int{"*": {0, 12}, "+": {1, 12}, "?": {0, 1}, "{2,}": {2, 12}, "{2}": {2, 2}}
	suffix := rapid.SampledFrom([]string{"*", "+", "?", "{2,}", "{2}"}).Draw(rt, "suffix")
	return repeated(x, suffix, counts[suffix][0], counts[suffix][1])
}

func TestPatternsAgreeWithThePlainestMatcher(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e := drawExpression(rt, 3)
		p, err := query.NewPattern(e.text)
		if err != nil {
			rt.Fatal(err)
		}
		text := rapid.StringOfN(rapid.SampledFrom([]rune("abcd.")), 0, 6, -1).Draw(rt, "text")
		if want := slices.Contains(e.ends(text, 0), len(text)); p.Match(text) != want {
			rt.Fatalf("%s on %q: %t", e.text, text, !want)
		}
	})
}
