package plain_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/doorward/doorward/internal/plain"
)

func TestTextsOfOthersAreShownAndNotObeyed(t *testing.T) {
	for _, c := range []struct{ name, text, one, line, lines string }{
		{"what can be printed", "Zoë 名 \\u001b \U0001F600", "Zoë 名 \\u001b \U0001F600", "Zoë 名 \\u001b \U0001F600", "Zoë 名 \\u001b \U0001F600"},
		{"nothing", "", "", "", ""},
		{"commands of a terminal", "a\x1b]0;b\x07", `a\u001b]0;b\u0007`, `a\u001b]0;b\u0007`, `a\u001b]0;b\u0007`},
		{"C1 as a character", "a\u009b2J", `a\u009b2J`, `a\u009b2J`, `a\u009b2J`},
		{"C1 as a byte that is no UTF-8", "a\x9b2J", "a\ufffd2J", "a\ufffd2J", "a\ufffd2J"},
		{"direction of writing", "a\u202eb\u2066", `a\u202eb\u2066`, `a\u202eb\u2066`, `a\u202eb\u2066`},
		{"lines and columns", "a\r\n\tb", `a\u000d\u000a\u0009b`, "a\\u000d\\u000a\tb", "a\\u000d\n\tb"},
		{"beyond the first plane", "a\U000E0041", `a\ue0041`, `a\ue0041`, `a\ue0041`},
	} {
		for how, got := range map[string][2]string{
			"Text": {plain.Text(c.text), c.one}, "Line": {plain.Line(c.text), c.line}, "Lines": {plain.Lines(c.text), c.lines},
		} {
			if got[0] != got[1] {
				t.Errorf("%s, %s: %q, want %q", c.name, how, got[0], got[1])
			}
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("Zoë\x1b[2J\n\t\x9b\u202e\xff")
	f.Fuzz(func(t *testing.T, text string) {
		one, lines := plain.Text(text), plain.Lines(text)
		if !utf8.ValidString(one) || strings.ContainsFunc(one, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q became %q", text, one)
		}
		if plain.Text(lines) != one || plain.Text(one) != one {
			t.Errorf("%q became %q and %q", text, one, lines)
		}
	})
}
