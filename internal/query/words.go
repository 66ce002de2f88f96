package query

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// containsWords tells whether the words of phrase follow one another in text. Words are runs of letters and digits;
// everything else separates them, the underscore too. Case does not count. A phrase without words is in no text.
func containsWords(text, phrase string) bool {
	first, behind := nextWord(phrase)
	if first == "" {
		return false
	}
	for {
		word, rest := nextWord(text)
		if word == "" {
			return false
		}
		if strings.EqualFold(word, first) && beginsWithWords(rest, behind) {
			return true
		}
		text = rest
	}
}

// beginsWithWords tells whether the words of phrase are the first ones of text.
func beginsWithWords(text, phrase string) bool {
	for {
		var want, word string
		if want, phrase = nextWord(phrase); want == "" {
			return true
		}
		if word, text = nextWord(text); !strings.EqualFold(word, want) {
			return false
		}
	}
}

// nextWord returns the first word of text and what is behind it; the word is empty if there is none.
func nextWord(text string) (word, rest string) {
	start := strings.IndexFunc(text, isWordRune)
	if start < 0 {
		return "", ""
	}
	for i, r := range text[start:] {
		if !isWordRune(r) {
			return text[start : start+i], text[start+i:]
		}
	}
	return text[start:], ""
}

func countWords(text string) (n int) {
	for {
		word, rest := nextWord(text)
		if word == "" {
			return n
		}
		n, text = n+1, rest
	}
}

func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}
