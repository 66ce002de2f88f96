package query

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// containsWords tells whether the words of phrase follow one another in text. Words are runs of letters and digits;
// everything else separates them, the underscore too. Case does not count. A phrase without words is in no text. It takes a
// time linear in both.
func containsWords(text, phrase string) bool {
	// What stands between the words of the phrase is read once.
	var few [8]string
	words := few[:0]
	Words(phrase, func(word string) bool {
		words = append(words, word)
		return true
	})
	if len(words) == 0 {
		return false
	}
	var some [8]int
	back := fallbacks(some[:0], words)
	for met := 0; ; {
		word, rest := nextWord(text)
		if word == "" {
			return false
		}
		for met > 0 && !strings.EqualFold(word, words[met]) {
			met = back[met-1]
		}
		if strings.EqualFold(word, words[met]) {
			if met++; met == len(words) {
				return true
			}
		}
		text = rest
	}
}

// fallbacks appends, for every number of words that were met, how many of them are met still if the next is another: the words at
// their end that the phrase begins with (Knuth, Morris, Pratt).
func fallbacks(back []int, words []string) []int {
	back = append(back, 0)
	for met := 0; len(back) < len(words); back = append(back, met) {
		word := words[len(back)]
		for met > 0 && !strings.EqualFold(word, words[met]) {
			met = back[met-1]
		}
		if strings.EqualFold(word, words[met]) {
			met++
		}
	}
	return back
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
