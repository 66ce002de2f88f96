package document

import (
	"strings"
	"unicode"
)

// FoldCase returns a text that is the same for all texts that differ in nothing but case, as strings.EqualFold tells: small
// letters of ASCII become great ones. Stores keep such texts in indexes.
func FoldCase(text string) string {
	return strings.Map(func(r rune) rune {
		if r <= unicode.MaxASCII {
			if 'a' <= r && r <= 'z' {
				// No letter that equals it has a lesser code point.
				return r - 'a' + 'A'
			}
			return r
		}
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, text)
}

// FoldName returns a name that is the same for all names that [MemberFold] takes for equal. Of ASCII it is the name in lower
// case; strings.ToLower alone keeps some letters apart that equal one another (s and \u017f), so that who looks up by
// it what a name may not find is got around.
func FoldName(name string) string {
	if !isASCII(name) {
		name = FoldCase(name)
	}
	return strings.ToLower(name)
}
