package query_test

import (
	"testing"

	"github.com/doorward/doorward/internal/query"
)

func BenchmarkParse(b *testing.B) {
	const text = `SELECT UID, profile.email FROM accounts WHERE profile.country = "US" AND profile.age >= 18 ORDER BY UID LIMIT 5`
	b.ReportAllocs()
	for b.Loop() {
		if _, err := query.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatchRaw(b *testing.B) {
	row := []byte(person)
	c := is("data.deep.b.c", query.Equal, text("x"))
	b.SetBytes(int64(len(row)))
	b.ReportAllocs()
	for b.Loop() {
		if !c.MatchRaw(row, c.Path) {
			b.Fatal("no match")
		}
	}
}

// BenchmarkMatchRegex is what a search by a regular expression does with one document.
func BenchmarkMatchRegex(b *testing.B) {
	row := []byte(person)
	pattern, err := query.NewPattern(".*(ev|iv)e.*")
	if err != nil {
		b.Fatal(err)
	}
	c := is("profile.firstName", query.Regex)
	c.Pattern = pattern
	b.SetBytes(int64(len(row)))
	b.ReportAllocs()
	for b.Loop() {
		c.MatchRaw(row, c.Path)
	}
}
