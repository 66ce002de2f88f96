package query

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// containsWords tells whether the words of phrase follow one another in text. Words are runs of letters and digits;
// everything else separates them, the underscore too. Case does not count. A phrase without words is in no text.
func containsWords(text, phrase string) bool {
	// Every word of the text may be the first of them: what stands between those of the phrase is read once.
	var few [8]string
	words := few[:0]
	Words(phrase, func(word string) bool {
		words = append(words, word)
		return true
	})
	if len(words) == 0 {
		return false
	}
	for {
		word, rest := nextWord(text)
		if word == "" {
			return false
		}
		if strings.EqualFold(word, words[0]) && beginsWithWords(rest, words[1:]) {
			return true
		}
		text = rest
	}
}

// beginsWithWords tells whether these are the first words of the text.
func beginsWithWords(text string, words []string) bool {
	for _, want := range words {
		var word string
		if word, text = nextWord(text); !strings.EqualFold(word, want) {
			return false
		}
	}
	return true
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
