package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
)

// benchSize sets the number of accounts of BenchmarkSearch.
const benchSize = "DOORWARD_BENCH_ACCOUNTS"

// searchable is an account with fields that are searched: of a city 1,000 in a million, of a tag 3,000.
func searchable(n int) *store.Account {
	a := benchAccount(n)
	a.Profile = fmt.Appendf(nil, `{"firstName":"First%d","lastName":"Last%d","email":"user%d@example.com","city":"City%d","country":"%s","birthYear":%d,"gender":"%c"}`,
		n, n%5000, n, n*7919%1000, []string{"DE", "FR", "US"}[n%3], 1940+n*31%70, "mf"[n%2])
	a.Data = fmt.Appendf(nil, `{"score":%d,"tags":["tag%d","tag%d","tag%d"],"note":"%0300d"}`, n*104729%1000000, n%1000, n*7%1000, n*13%1000, n)
	return a
}

func fillSearchable(b *testing.B, s store.Store, count int) {
	b.Helper()
	const piece = 1000
	for from := 0; from < count; from += piece {
		err := s.Change(b.Context(), func(tx store.Tx) error {
			for n := from; n < min(from+piece, count); n++ {
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
}

// BenchmarkSearch measures searches without indexes, how long indexes take to come, searches with them, and what a change costs
// with four of them.
func BenchmarkSearch(b *testing.B) {
	count := benchAccounts
	if text := os.Getenv(benchSize); text != "" {
		count, _ = strconv.Atoi(text)
	}
	file := filepath.Join(b.TempDir(), "doorward.db")
	s, err := sqlite.Open(b.Context(), sqlite.Options{File: file, IndexAfter: -1, WriteCache: 256 << 10})
	if err != nil {
		b.Fatal(err)
	}
	begin := time.Now()
	fillSearchable(b, s, count)
	b.Logf("%d accounts in %v, file of %d MB", count, time.Since(begin), size(b, file))
	b.Run("change", func(b *testing.B) { benchChange(b, s, count) })
	jobs := []struct {
		name, text string
		total      bool
	}{
		{"equality page", `SELECT * FROM accounts WHERE profile.city = "City7" LIMIT 20`, false},
		{"equality page with total", `SELECT * FROM accounts WHERE profile.city = "City7" LIMIT 20`, true},
		{"range and order page", `SELECT * FROM accounts WHERE data.score >= 500000 ORDER BY data.score LIMIT 20`, false},
		{"order page descending", `SELECT * FROM accounts ORDER BY data.score DESC LIMIT 20`, false},
		{"two conditions with total", `SELECT * FROM accounts WHERE profile.city = "City7" AND profile.birthYear > 1980 LIMIT 20`, true},
		{"CONTAINS", `SELECT * FROM accounts WHERE data.tags CONTAINS "tag7" LIMIT 20`, false},
		{"count of a thousandth", `SELECT * FROM accounts WHERE profile.city = "City7" LIMIT 0`, true},
		{"count of half a range", `SELECT * FROM accounts WHERE data.score >= 500000 LIMIT 0`, true},
	}
	run := func(prefix string) {
		for _, job := range jobs {
			q, err := query.Parse(job.text)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(prefix+job.name, func(b *testing.B) {
				for b.Loop() {
					_, err := s.SearchAccounts(b.Context(), store.Search{Group: benchGroup, Where: q.Where, Order: q.Order, Limit: q.Limit, Total: job.total}, drop)
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	run("scan/")
	b.Run("walk", func(b *testing.B) { benchWalk(b, s, count) })
	b.Run("values", func(b *testing.B) {
		for b.Loop() {
			err := s.AccountValues(b.Context(), benchGroup, nil, []query.Path{{"data", "score"}}, func([]query.Value) error { return nil })
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	if s, err = sqlite.Open(b.Context(), sqlite.Options{File: file, IndexAtOnce: true}); err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for _, text := range []string{`profile.city = "x"`, `data.score = 1`, `profile.birthYear = 1`, `data.tags CONTAINS "x"`} {
		q, err := query.Parse("SELECT * FROM accounts WHERE " + text)
		if err != nil {
			b.Fatal(err)
		}
		begin, before := time.Now(), size(b, file)
		if _, err := s.SearchAccounts(b.Context(), store.Search{Group: benchGroup, Where: q.Where, Limit: 1}, drop); err != nil {
			b.Fatal(err)
		}
		b.Logf("index for %s in %v, %d MB", text, time.Since(begin), size(b, file)-before)
	}
	run("index/")
	b.Run("change with indexes", func(b *testing.B) { benchChange(b, s, count) })
}

func drop(*store.Account, []query.Value) error { return nil }

func size(b *testing.B, file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		b.Fatal(err)
	}
	return info.Size() >> 20
}

// benchChange changes the scores of accounts, a hundred in one transaction, so that it is not the disk that is measured.
func benchChange(b *testing.B, s store.Store, count int) {
	n := 0
	for b.Loop() {
		err := s.Change(b.Context(), func(tx store.Tx) error {
			for range 100 {
				n++
				a, err := tx.Account(benchGroup, benchUID(n*7919%count))
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
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/100, "µs/account")
}

// benchWalk reads every account in pages of ten thousand.
func benchWalk(b *testing.B, s store.Store, count int) {
	for b.Loop() {
		q := store.Search{Group: benchGroup, Limit: 10000}
		rows := 0
		for {
			before := rows
			_, err := s.SearchAccounts(b.Context(), q, func(a *store.Account, sort []query.Value) error {
				rows++
				q.After = &store.Position{UID: a.UID, Sort: sort}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			if rows == before {
				break
			}
		}
		if rows != count {
			b.Fatal(rows)
		}
	}
	b.ReportMetric(float64(count)*float64(b.N)/b.Elapsed().Seconds(), "accounts/s")
}
