package query_test

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/query"
)

// Every text of up to eleven words, of which there are two, and every phrase of up to seven.
func TestAPhraseIsFoundWhereverItBegins(t *testing.T) {
	texts := func(longest int) (all []string) {
		last := []string{""}
		for range longest {
			var next []string
			for _, text := range last {
				next = append(next, text+"a ", text+"b ")
			}
			all, last = append(all, next...), next
		}
		return all
	}
	all := texts(11)
	for _, phrase := range texts(7) {
		c := query.Comparison{Op: query.Contains, Values: []query.Value{{Kind: query.String, Str: strings.ReplaceAll(phrase, " ", "_")}}}
		for _, text := range all {
			if got, want := c.MatchValue(query.Value{Kind: query.String, Str: strings.ToUpper(text)}), strings.Contains(text, phrase); got != want {
				t.Fatalf("%q in %q: %t", phrase, text, got)
			}
		}
	}
}
