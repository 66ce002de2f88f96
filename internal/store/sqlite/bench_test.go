package sqlite_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/store/storetest"

	_ "modernc.org/sqlite" // the driver "sqlite" of database/sql, for comparison
)

const (
	benchGroup    = "4_benchmarkGroup000000000"
	benchAccounts = 100_000
)

func benchUID(n int) string { return fmt.Sprintf("%012x%020x", 1_700_000_000_000+n, n*7919) }

// benchAccount is an account of one kilobyte.
func benchAccount(n int) *store.Account {
	at := clock.Millis(1_700_000_000_000 + n)
	address := fmt.Sprintf("user%d@example.com", n)
	return &store.Account{
		Group: benchGroup, UID: benchUID(n), Created: at, Registered: at, LastLogin: at, LastUpdated: at, OldestDataUpdated: at,
		IsActive: true, LoginProvider: "site", SocialProviders: "site",
		Emails:   json.RawMessage(`{"verified":["` + address + `"],"unverified":[]}`),
		LoginIDs: json.RawMessage(`{"emails":["` + address + `"],"unverifiedEmails":[]}`),
		Profile: json.RawMessage(fmt.Sprintf(`{"firstName":"First%d","lastName":"Last%d","email":"%s","city":"City%d","country":"DE","birthYear":%d}`,
			n, n%1000, address, n%500, 1940+n%70)),
		Data:       json.RawMessage(fmt.Sprintf(`{"score":%d,"note":"%s"}`, n%1000, strings.Repeat("0123456789", 50))),
		Identities: json.RawMessage(`[{"provider":"site","providerUID":"` + benchUID(n) + `","isLoginIdentity":true}]`),
		Secrets:    store.Secrets{PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g", PasswordCreated: at},
	}
}

// filled returns a store with benchAccounts accounts.
func filled(b *testing.B) (*sqlite.Store, string) {
	b.Helper()
	file := filepath.Join(b.TempDir(), "doorward.db")
	s := open(b, file)
	const piece = 1000
	for from := 0; from < benchAccounts; from += piece {
		err := s.Change(b.Context(), func(tx store.Tx) error {
			for n := from; n < from+piece; n++ {
				if err := tx.PutAccount(benchAccount(n)); err != nil {
					return err
				}
				id := store.Identifier{Space: store.LoginSpace, Value: fmt.Sprintf("user%d@example.com", n)}
				if err := tx.ClaimIdentifier(benchGroup, id, benchUID(n)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return s, file
}

func BenchmarkStore(b *testing.B) {
	s, file := filled(b)
	b.Run("account", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			readAccount(b, s, i)
		}
	})
	b.Run("account by 16", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(8)
		var n atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			for i := int(n.Add(1)) * 1000; pb.Next(); i++ {
				readAccount(b, s, i)
			}
		})
	})
	b.Run("owner", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			id := store.Identifier{Space: store.LoginSpace, Value: fmt.Sprintf("user%d@example.com", i*7919%benchAccounts)}
			if _, err := s.Owner(b.Context(), benchGroup, id); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("config version", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.ConfigVersion(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("account by database-sql", func(b *testing.B) { benchDatabaseSQL(b, file, 1) })
	b.Run("account by database-sql by 16", func(b *testing.B) { benchDatabaseSQL(b, file, 16) })
	for name, text := range map[string]string{
		"search by UID":       `SELECT * FROM accounts WHERE UID = "` + benchUID(77) + `"`,
		"search by login":     `SELECT * FROM accounts WHERE loginIDs.emails = "user77@example.com"`,
		"search newest 20":    `SELECT * FROM accounts ORDER BY lastUpdatedTimestamp DESC LIMIT 20`,
		"search sync page 20": `SELECT * FROM accounts WHERE lastUpdatedTimestamp > 1700000050000 ORDER BY lastUpdatedTimestamp LIMIT 20`,
		"search scan":         `SELECT * FROM accounts WHERE profile.city = "City7" AND profile.birthYear > 1950 LIMIT 20`,
	} {
		b.Run(name, func(b *testing.B) { benchSearch(b, s, text) })
	}
	benchWrites(b, s)
}

// benchWrites measures durable inserts and nonce claims, by one writer and by 64.
func benchWrites(b *testing.B, s *sqlite.Store) {
	var next atomic.Int64
	next.Store(benchAccounts)
	put := func(b *testing.B) {
		a := benchAccount(int(next.Add(1)))
		if err := s.Change(b.Context(), func(tx store.Tx) error { a.Rev = 0; return tx.PutAccount(a) }); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("put by 1", func(b *testing.B) {
		for b.Loop() {
			put(b)
		}
	})
	b.Run("put by 64", func(b *testing.B) {
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				put(b)
			}
		})
	})
	claim := func(b *testing.B) {
		n := next.Add(1)
		nonce := store.Hash{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}
		if first, err := s.ClaimNonce(b.Context(), "owner", nonce, clock.FromTime(storetest.Now), clock.FromTime(storetest.Now)+1000); err != nil || !first {
			b.Fatal(first, err)
		}
	}
	b.Run("nonce by 1", func(b *testing.B) {
		for b.Loop() {
			claim(b)
		}
	})
	b.Run("nonce by 64", func(b *testing.B) {
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				claim(b)
			}
		})
	})
}

func readAccount(b *testing.B, s *sqlite.Store, i int) {
	if _, err := s.Account(b.Context(), benchGroup, benchUID(i*7919%benchAccounts)); err != nil {
		b.Error(err)
	}
}

func benchSearch(b *testing.B, s *sqlite.Store, text string) {
	q, err := query.Parse(text)
	if err != nil {
		b.Fatal(err)
	}
	search := store.Search{Group: benchGroup, Where: q.Where, Order: q.Order, Limit: 20, Total: false}
	for b.Loop() {
		if _, err := s.SearchAccounts(b.Context(), search, func(*store.Account, []query.Value) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

// benchDatabaseSQL reads the columns of the hot read on the same engine through database/sql: what the direct use of
// connections is measured against.
func benchDatabaseSQL(b *testing.B, file string, parallel int) {
	db, err := sql.Open("sqlite", file+"?_pragma=query_only(1)&_pragma=cache_size(-2048)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	const columns = 31
	rows, err := db.Query("SELECT * FROM accounts LIMIT 0")
	if err != nil {
		b.Fatal(err)
	}
	names, err := rows.Columns()
	if err != nil {
		b.Fatal(err)
	}
	if err := rows.Close(); err != nil {
		b.Fatal(err)
	}
	stmt, err := db.Prepare("SELECT " + strings.Join(names[2:2+columns+1], ", ") + " FROM accounts WHERE grp = ? AND uid = ?")
	if err != nil {
		b.Fatal(err)
	}
	defer stmt.Close()
	read := func(i int) error {
		targets := make([]any, columns+1)
		for i := range targets {
			targets[i] = new([]byte)
		}
		return stmt.QueryRowContext(context.Background(), benchGroup, benchUID(i*7919%benchAccounts)).Scan(targets...)
	}
	b.ReportAllocs()
	b.ResetTimer()
	if parallel == 1 {
		for i := range b.N {
			if err := read(i); err != nil {
				b.Fatal(err)
			}
		}
		return
	}
	b.SetParallelism(parallel / 2)
	var n atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for i := int(n.Add(1)) * 1000; pb.Next(); i++ {
			if err := read(i); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
