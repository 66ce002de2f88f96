package postgres_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
)

// benchSize sets the number of accounts of BenchmarkSearch.
const benchSize = "DOORWARD_BENCH_ACCOUNTS"

// searchable is an account with fields that are searched: of a city 1,000 in a million, of a tag 3,000.
func searchable(n int) *store.Account {
	a := benchAccount(int64(n))
	a.Profile = fmt.Appendf(nil, `{"firstName":"First%d","lastName":"Last%d","email":"user%d@example.com","city":"City%d","country":"%s","birthYear":%d,"gender":"%c"}`,
		n, n%5000, n, n*7919%1000, []string{"DE", "FR", "US"}[n%3], 1940+n*31%70, "mf"[n%2])
	a.Data = fmt.Appendf(nil, `{"score":%d,"tags":["tag%d","tag%d","tag%d"],"note":"%0300d"}`, n*104729%1000000, n%1000, n*7%1000, n*13%1000, n)
	return a
}

// BenchmarkSearch measures searches without indexes, how long indexes take to come, searches with them, and what a change costs
// with none and with four of them. Each figure is the least of several.
func BenchmarkSearch(b *testing.B) {
	count := benchAccounts
	if text := os.Getenv(benchSize); text != "" {
		count, _ = strconv.Atoi(text)
	}
	url := database(b)
	s := open(b, postgres.Options{URL: url, Clock: clock.System{}, Trace: func(string) {}, IndexAfter: -1})
	for from := 0; from < count; from += 1000 {
		err := s.Change(b.Context(), func(tx store.Tx) error {
			for n := from; n < min(from+1000, count); n++ {
				if err := tx.PutAccount(searchable(n)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	jobs := []struct {
		name, text string
		total      bool
	}{
		{"equality page", `WHERE profile.city = "City7" LIMIT 20`, false},
		{"equality page with total", `WHERE profile.city = "City7" LIMIT 20`, true},
		{"range and order page", `WHERE data.score >= 500000 ORDER BY data.score LIMIT 20`, false},
		{"range and order page with total", `WHERE data.score >= 500000 ORDER BY data.score LIMIT 20`, true},
		{"order page descending", `ORDER BY data.score DESC LIMIT 20`, false},
		{"newest page with total of all", `ORDER BY created DESC LIMIT 20`, true},
		{"count of all", `LIMIT 0`, true},
		{"two conditions with total", `WHERE profile.city = "City7" AND profile.birthYear > 1980 LIMIT 20`, true},
		{"CONTAINS", `WHERE data.tags CONTAINS "tag7" LIMIT 20`, false},
		{"CONTAINS with total", `WHERE data.tags CONTAINS "tag7" LIMIT 20`, true},
		{"count of a thousandth", `WHERE profile.city = "City7" LIMIT 0`, true},
		{"count of half a range", `WHERE data.score >= 500000 LIMIT 0`, true},
	}
	run := func(prefix string) {
		for _, job := range jobs {
			q := asked(b, group, job.text, 0)
			q.Total = job.total
			least(b, prefix+job.name, func() error {
				_, err := s.SearchAccounts(b.Context(), q, func(*store.Account, []query.Value) error { return nil })
				return err
			})
		}
	}
	change := func(name string) {
		n := 0
		least(b, name, func() error {
			return s.Change(b.Context(), func(tx store.Tx) error {
				for range 100 {
					n++
					a, err := tx.Account(group, benchUID(int64(n*7919%count)))
					if err != nil {
						return err
					}
					a.Data = fmt.Appendf(nil, `{"score":%d,"tags":["tag1","tag2"],"note":"%0300d"}`, n*31, n)
					if err := tx.PutAccount(a); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	one := func(name string) {
		n := 0
		least(b, name, func() error {
			return s.Change(b.Context(), func(tx store.Tx) error {
				n++
				a, err := tx.Account(group, benchUID(int64(n*7919%count)))
				if err != nil {
					return err
				}
				a.Data = fmt.Appendf(nil, `{"score":%d,"tags":["tag1","tag2"],"note":"%0300d"}`, n*31, n)
				return tx.PutAccount(a)
			})
		})
	}
	b.Logf("accounts of %d MB", number(b, url, `SELECT pg_total_relation_size('accounts') >> 20`))
	run("scan/")
	change("change, 100 in one")
	one("change")
	for _, ix := range []struct {
		path []string
		kind store.IndexKind
	}{{[]string{"profile", "city"}, store.IndexValues}, {[]string{"data", "score"}, store.IndexValues},
		{[]string{"profile", "birthYear"}, store.IndexValues}, {[]string{"data", "tags"}, store.IndexWords}} {
		if err := postgres.BeginIndex(b.Context(), s, group, ix.kind, ix.path...); err != nil {
			b.Fatal(err)
		}
		begin := time.Now()
		if err := postgres.Work(b.Context(), s); err != nil {
			b.Fatal(err)
		}
		b.Logf("index on %v in %v, all are %d MB", ix.path, time.Since(begin), number(b, url, `SELECT pg_total_relation_size('search_keys') >> 20`))
	}
	begin := time.Now()
	if err := postgres.Fold(b.Context(), s, 0); err != nil {
		b.Fatal(err)
	}
	b.Logf("numbers to add up in %v", time.Since(begin))
	// What the server does by itself some time after so many changes.
	statement(b, url, "VACUUM (ANALYZE)")
	run("index/")
	change("change with four indexes, 100 in one")
	one("change with four indexes")
}

// least reports the shortest time that fn took.
func least(b *testing.B, name string, fn func() error) {
	b.Run(name, func(b *testing.B) {
		shortest := time.Hour
		for b.Loop() {
			begin := time.Now()
			if err := fn(); err != nil {
				b.Fatal(err)
			}
			shortest = min(shortest, time.Since(begin))
		}
		b.ReportMetric(float64(shortest.Microseconds()), "µs-least")
	})
}
