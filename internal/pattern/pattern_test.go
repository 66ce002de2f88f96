package pattern_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/pattern"
)

const email = `^(?=(.{1,64}@.{1,255}))([!#$%&'*+\-\/=?\^_` + "`" + `{|}~a-zA-Z0-9}]{1,64}(\.[!#$%&'*+\-\/=?\^_` + "`" +
	`{|}~a-zA-Z0-9]{0,}){0,})@((\[(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)(\.(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)){3}\])|` +
	`([a-zA-Z0-9-]{1,63}(\.[a-zA-Z0-9-]{2,63}){1,}))$`

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		name    string
		compile func(string) (*pattern.Pattern, error)
		expr    string
		yes, no []string
	}{
		{"whole text", pattern.Whole, `[a-z]+`, []string{"a", "abc"}, []string{"", "a1", "1a", "a\n"}},
		{"whole text with alternatives", pattern.Whole, `a|bc`, []string{"a", "bc"}, []string{"abc", "ac", "b"}},
		{"whole text with anchors of its own", pattern.Whole, `^[fmu]{1}$`, []string{"f", "m", "u"}, []string{"", "x", "fm", "F"}},
		{"somewhere", pattern.Search, `[0-9]`, []string{"a1b", "1"}, []string{"", "abc"}},
		{"look-ahead", pattern.Search, `^(?=.*[a-z])(?=.*\d)(?!.*\s).{4,}$`, []string{"abc1", "1aaa"}, []string{"abcd", "1234", "ab1", "abc 1"}},
		{"look-ahead before the whole", pattern.Whole, `(?=.*\d)[a-z0-9]+`, []string{"a1"}, []string{"aa", "a1!"}},
		{"look-ahead and nothing else", pattern.Search, `^(?=.*\d)`, []string{"a1"}, []string{"a"}},
		{"brackets and classes in look-ahead", pattern.Search, `^(?=.*[()\]](x|\)))a`, []string{"a(x", "a])"}, []string{"ax", "b(x"}},
		{"a class that begins with its bracket", pattern.Search, `^(?=.*[])]x)a`, []string{"a]x", "a)x"}, []string{"ax"}},
		{"a class within a class", pattern.Search, `^(?=.*[[:digit:])|])a`, []string{"a1", "a)", "a|"}, []string{"ab", "b1"}},
		{"a class within a class behind look-ahead", pattern.Search, `^(?=a)[[:alpha:]|]+$`, []string{"a|"}, []string{"|a", "a1"}},
		{"what looks like a class within a class", pattern.Search, `^(?=.*[[:a])b`, []string{"b[", "b:", "ba"}, []string{"b"}},
		{"a quotation in look-ahead", pattern.Search, `^(?=.*\Q(|)\E)a`, []string{"a(|)"}, []string{"a", "a|"}},
		{"a quotation behind look-ahead", pattern.Search, `^(?=a)a\Q)|(\E$`, []string{"a)|("}, []string{"a"}},
		{"unicode escapes", pattern.Whole, `[a-z\u00e4\u00F6]+`, []string{"käö"}, []string{"ü"}},
		{"an escaped backslash before u", pattern.Whole, `\\u00e4`, []string{`\u00e4`}, []string{"ä"}},
		{"the default format of profile.email", pattern.Whole, email,
			[]string{"zoe@example.com", "a.b+c@sub.example.co", "o'neil@example.com", "x@[127.0.0.1]", "a..b@example.com"},
			[]string{"", "zoe", "zoe@", "@example.com", "zoe@example", "zoe@example.c", "zoe @example.com", "zoe@exa mple.com",
				"zoe@example.com\n", "zoë@example.com", strings.Repeat("a", 65) + "@example.com", "x@[256.0.0.1]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := c.compile(c.expr)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range c.yes {
				if !p.Match(text) {
					t.Errorf("%q does not match", text)
				}
			}
			for _, text := range c.no {
				if p.Match(text) {
					t.Errorf("%q matches", text)
				}
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	for name, expr := range map[string]string{
		"an open bracket":                   `(a`,
		"a bracket that closes another's":   `a)(b`,
		"back references":                   `(a)\1`,
		"look-behind":                       `(?<=a)b`,
		"look-ahead in the middle":          `^a(?=b).*`,
		"look-ahead within look-ahead":      `^(?=a(?=b)).*`,
		"look-ahead without an anchor":      `(?=.*\d).{8,}`,
		"alternatives after look-ahead":     `^(?=a)a|b`,
		"alternatives behind a quotation":   `^(?=a)\Q(\E|b`,
		"repeated look-ahead":               `^(?=a)*b`,
		"look-ahead that does not end":      `^(?=a`,
		"a bracket too many in look-ahead":  `^(?=a))b`,
		"an expression that is very long":   strings.Repeat("a", pattern.MaxLength+1),
		"repeats that compile to very much": strings.Repeat(`[a-z]{1000}`, 50),
		"nested repeats":                    `((a{100}){100}){100}`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := pattern.Search(expr); err == nil {
				t.Errorf("%.40q was accepted", expr)
			}
		})
	}
}

// TestATextThatWouldTakeTooLongDoesNotMatch, though it would; one that does not take long does.
func TestATextThatWouldTakeTooLongDoesNotMatch(t *testing.T) {
	tests := []struct {
		name string
		expr string
		text string
		want bool
	}{
		{"small expression, long text", `^a+$`, strings.Repeat("a", 500_000), true},
		{"large expression, short text", `^(a?){900}b$`, strings.Repeat("a", 900) + "b", true},
		{"large expression, long text", `^(a?){900}a*b$`, strings.Repeat("a", 500_000) + "b", false},
		{"several expressions count together", `^(?=(a?){900})(?=(a?){900})a*b$`, strings.Repeat("a", 2_000) + "b", false},
		{"nested repetition is linear", `^(a+)+$`, strings.Repeat("a", 50_000), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := pattern.Search(tt.expr)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Match(tt.text); got != tt.want {
				t.Errorf("matches: %v, want %v", got, tt.want)
			}
		})
	}
}

func FuzzCompile(f *testing.F) {
	for _, expr := range []string{email, `a|b`, `^(?=a)(?!b)c`, `^(?=[)])a`, `\u00e4`, `(?i)x`, `^(?=\)`, `(?=`} {
		f.Add(expr, "text")
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		p, err := pattern.Whole(expr)
		if err == nil {
			got := p.Match(text)
			if re, err := regexp.Compile(`\A(?:` + expr + `)\z`); err == nil && len(text) < 2_000 && got != re.MatchString(text) {
				t.Errorf("%q on the whole of %q: %v", expr, text, got)
			}
		}
		q, err := pattern.Search(expr)
		if err != nil {
			return
		}
		got := q.Match(text)
		// Where Go's engine knows the expression itself, nothing may differ.
		if re, err := regexp.Compile(expr); err == nil && len(text) < 2_000 && got != re.MatchString(text) {
			t.Errorf("%q on %q: %v", expr, text, got)
		}
	})
}
