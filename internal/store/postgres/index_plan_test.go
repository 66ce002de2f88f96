//go:build !race

// With the race detector the accounts of these tests take minutes to make, and nothing here runs beside anything.

package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
)

// planned is how many accounts the store of the plans has.
const planned = 100_000

// indexedStore has indexes on data.city, data.n, data.tags (words) and data.half. A city has a thousand accounts, a number ten.
func indexedStore(t *testing.T) *postgres.Store {
	t.Helper()
	url := database(t)
	s := open(t, postgres.Options{URL: url, IndexAfter: -1})
	// Rows as the store writes them, by the server alone: a hundred thousand changes take longer than all that is tested.
	statement(t, url, fmt.Sprintf(`INSERT INTO accounts (grp, uid, rev, created, registered, verified, last_login, last_updated, oldest_data_updated,
		is_active, login_provider, social_providers, password_hash, password_created, must_change, secret_question, secret_answer, failed_logins,
		last_failed_login, locked_until, token_epoch, data)
		SELECT '%s', lpad(n::text, 6, '0'), 1, 0, 0, 0, 0, 0, 0, true, '', '', '', 0, false, '', '', 0, 0, 0, 0,
		format('{"city":"c%%s","n":%%s,"tags":["t%%s","u%%s"],"half":%%s}', n %% 100, n / 10, n %% 1000, n %% 7, n %% 2)
		FROM generate_series(0, %d) AS n`, group, planned-1))
	for path, kind := range map[string]store.IndexKind{"city": store.IndexValues, "n": store.IndexValues, "tags": store.IndexWords, "half": store.IndexValues} {
		if err := postgres.BeginIndex(t.Context(), s, group, kind, "data", path); err != nil {
			t.Fatal(err)
		}
	}
	mustWork(t, s)
	mustFold(t, s, 0)
	// What the server does by itself some time after so many changes: its choice of plans is that of a table that it knows.
	statement(t, url, "VACUUM (ANALYZE) accounts, search_keys, search_counts")
	return s
}

func TestSearchesOfIndexedFieldsAmongManyDoNotScan(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 100,000 accounts")
	}
	s := indexedStore(t)
	const index, accounts = "search_keys_pkey on search_keys", "accounts_pkey on accounts"
	for _, tt := range []struct {
		text, access string
		steps        []string
		sort         bool
		found        int
		total        int64
	}{
		{`WHERE data.city = "c7"`, "by an index on data.city", []string{index}, false, 20, 1000},
		{`WHERE data.city = "c7" AND data.n < 500`, "by an index on data.city", []string{index, accounts}, false, 20, 50},
		{`WHERE data.city = "c7" ORDER BY data.n DESC`, "by an index on data.city", []string{index, accounts}, true, 20, 1000},
		{`WHERE data.n >= 9000 ORDER BY data.n`, "in the order of an index on data.n, within a range", []string{index}, false, 20, 10000},
		{`WHERE data.n < 9000 ORDER BY data.n DESC`, "in the order of an index on data.n, within a range", []string{index, "Presorted Key: key"}, false, 20, 90000},
		{`ORDER BY data.city`, "in the order of an index on data.city", []string{index}, false, 20, planned},
		{`WHERE data.half = 1 ORDER BY data.n`, "in the order of an index on data.n", []string{index, accounts}, false, 20, 50000},
		{`WHERE data.half = 1`, "by an index on data.half", []string{index}, false, 20, 50000},
		{`WHERE data.tags CONTAINS "t7"`, "by an index on data.tags", []string{index}, false, 20, 100},
		{`WHERE data.n IN (7, 8)`, "by an index on data.n", []string{index, accounts}, true, 20, 20},
		{`WHERE data.n = 7 OR data.city = "c7"`, "by an index on data.n, by an index on data.city", []string{index, accounts}, true, 20, 1010},
		{`WHERE data.n = -1 AND data.other = 1`, "an index says that there is none", []string{accounts}, true, 0, 0},
	} {
		q := asked(t, group, tt.text, 20)
		found := 0
		total, err := s.SearchAccounts(t.Context(), q, func(*store.Account, []query.Value) error { found++; return nil })
		if err != nil || found != tt.found || total != tt.total {
			t.Errorf("%s: found %d of %d: %v", tt.text, found, total, err)
		}
		e := access(t, s, tt.text)
		all := strings.Join(e.Steps, "\n")
		if e.Access != tt.access || e.Sort != tt.sort || strings.Contains(all, "Seq Scan") {
			t.Errorf("%s: %+v", tt.text, e)
		}
		for _, step := range tt.steps {
			if !strings.Contains(all, step) {
				t.Errorf("%s: no %q in\n%s", tt.text, step, all)
			}
		}
	}
	if e := access(t, s, `WHERE NOT data.city = "c7"`); !e.Scan {
		t.Errorf("%+v", e)
	}
	n := 0
	where := asked(t, group, `WHERE data.city = "c7"`, 0).Where
	err := s.AccountValues(t.Context(), group, where, []query.Path{{"data", "n"}}, func(values []query.Value) error { n++; return nil })
	if err != nil || n != 1000 {
		t.Errorf("values of %d accounts: %v", n, err)
	}
	wantWalk(t, s, `WHERE data.half = 1 ORDER BY data.n DESC`, planned/2)
	wantWalk(t, s, `WHERE data.city = "c7"`, planned/100)
	wantWalk(t, s, `ORDER BY data.city DESC`, planned)
}

// wantWalk walks a result in pages behind cursors: each account comes once, in the order of the search.
func wantWalk(t *testing.T, s store.Store, text string, want int) {
	t.Helper()
	q := asked(t, group, text, 10_000)
	q.Total = false
	seen := map[string]bool{}
	for {
		rows := 0
		_, err := s.SearchAccounts(t.Context(), q, func(a *store.Account, sort []query.Value) error {
			if at := (&store.Position{UID: a.UID, Sort: sort}); q.After == nil || before(q, q.After, at) {
				q.After = at
			} else {
				t.Errorf("%s: %v comes behind %v", text, at, q.After)
			}
			rows++
			seen[a.UID] = true
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if rows == 0 {
			break
		}
	}
	if len(seen) != want {
		t.Errorf("%s: %d accounts", text, len(seen))
	}
}

func before(q store.Search, a, b *store.Position) bool {
	for i, o := range q.Order {
		if n := o.Compare(a.Sort[i], b.Sort[i]); n != 0 {
			return n < 0
		}
	}
	return slices.Compare([]string{a.UID}, []string{b.UID}) < 0
}
