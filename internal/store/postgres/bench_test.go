package postgres_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
)

// benchAccounts is how many accounts, of about a kilobyte, are there while something is measured.
const benchAccounts = 10_000

func benchUID(n int64) string { return fmt.Sprintf("%032x", uint64(n)*0x9E3779B97F4A7C15) }

func benchAccount(n int64) *store.Account {
	uid := benchUID(n)
	return &store.Account{
		Group: group, UID: uid, Created: clock.Millis(n), LastUpdated: clock.Millis(n), IsActive: true,
		Profile:  json.RawMessage(fmt.Sprintf(`{"firstName":"Zoë","email":"%s@example.com","text":"%s"}`, uid, strings.Repeat("word ", 100))),
		Data:     json.RawMessage(fmt.Sprintf(`{"score":%d,"list":[1,2,3]}`, n%1000)),
		LoginIDs: json.RawMessage(fmt.Sprintf(`{"emails":["%s@example.com"]}`, uid)),
	}
}

// benchStore returns a store with accounts, of the machine's time.
func benchStore(b *testing.B) *postgres.Store {
	s := open(b, postgres.Options{URL: postgrestest.URL(b), Clock: clock.System{}, Trace: func(string) {}})
	for first := int64(0); first < benchAccounts; first += 1000 {
		err := s.Change(b.Context(), func(tx store.Tx) error {
			for n := first; n < first+1000; n++ {
				a := benchAccount(n)
				if err := tx.PutAccount(a); err != nil {
					return err
				}
				id := store.Identifier{Space: store.LoginSpace, Value: a.UID + "@example.com"}
				if err := tx.ClaimIdentifier(group, id, a.UID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return s
}

func BenchmarkStore(b *testing.B) {
	s := benchStore(b)
	var next atomic.Int64
	job := func(name string, callers int, fn func(n int64) error) {
		b.Run(fmt.Sprintf("%s/%d", name, callers), func(b *testing.B) {
			b.SetParallelism(callers / 2)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := fn(next.Add(1)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
	for _, callers := range []int{2, 16, 64} {
		job("read an account", callers, func(n int64) error {
			_, err := s.Account(b.Context(), group, benchUID(n%benchAccounts))
			return err
		})
		job("change an account", callers, func(n int64) error {
			return s.Change(b.Context(), func(tx store.Tx) error {
				a, err := tx.Account(group, benchUID(n%benchAccounts))
				if err != nil {
					return err
				}
				a.LastUpdated++
				return tx.PutAccount(a)
			})
		})
		job("register", callers, func(n int64) error {
			return s.Change(b.Context(), func(tx store.Tx) error {
				a := benchAccount(n + 1<<40)
				id := store.Identifier{Space: store.LoginSpace, Value: a.UID + "@example.com"}
				if _, err := tx.Owner(group, id); err != store.ErrNotFound {
					return fmt.Errorf("owner: %w", err)
				}
				if err := tx.PutAccount(a); err != nil {
					return err
				}
				return tx.ClaimIdentifier(group, id, a.UID)
			})
		})
		job("claim a nonce", callers, func(n int64) error {
			now := clock.FromTime(clock.System{}.Now())
			_, err := s.ClaimNonce(b.Context(), "owner", store.Hash{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24), byte(n >> 32)}, now, now+1000)
			return err
		})
	}
	job("configuration version", 2, func(int64) error {
		_, err := s.ConfigVersion(b.Context())
		return err
	})
	for name, text := range map[string]string{
		"search by UID":          `SELECT * FROM accounts WHERE UID = "` + benchUID(7) + `"`,
		"search by login e-mail": `SELECT * FROM accounts WHERE loginIDs.emails = "` + benchUID(7) + `@example.com"`,
		"search 10,000 accounts": `SELECT * FROM accounts WHERE data.score = 2000`,
	} {
		q, err := query.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		job(name, 2, func(int64) error {
			_, err := s.SearchAccounts(b.Context(), store.Search{Group: group, Where: q.Where, Limit: 10},
				func(*store.Account, []query.Value) error { return nil })
			return err
		})
	}
}
