//go:build !race

// With the race detector the accounts of these tests take minutes to make, and nothing here runs beside anything.

package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// planned is how many accounts the store of the plans has.
const planned = 100_000

// indexedStore has indexes on data.city, data.n and data.tags (words). A city has a thousand accounts, a number ten.
func indexedStore(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{File: filepath.Join(t.TempDir(), "doorward.db"), IndexAtOnce: true, WriteCache: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	s.indexer.pieceRows = pieceRows // Not those of tests with few accounts.
	for from := 0; from < planned; from += 5000 {
		err := s.Change(t.Context(), func(tx store.Tx) error {
			for n := from; n < from+5000; n++ {
				a := &store.Account{Group: "g", UID: fmt.Sprintf("%06d", n),
					Data: fmt.Appendf(nil, `{"city":"c%d","n":%d,"tags":["t%d","u%d"],"half":%d}`, n%100, n/10, n%1000, n%7, n%2)}
				if err := tx.PutAccount(a); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, where := range []string{`data.city = "x"`, `data.n = 1`, `data.tags CONTAINS "x"`, `data.half = 1`} {
		mustPlan(t, s, "SELECT * FROM accounts WHERE "+where, 0)
	}
	s.indexer.atOnce = false
	return s
}

// mustPlan runs the search and returns its plan, with what it looked at, its explanation, and the accounts and the total.
func mustPlan(t *testing.T, s *Store, text string, limit int) (*plan, store.Explanation, int, int64) {
	t.Helper()
	parsed, err := query.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	q := store.Search{Group: "g", Where: parsed.Where, Order: parsed.Order, Start: parsed.Start, Limit: limit, Total: true}
	p, err := newPlan(q, s.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.indexer.beforehand(t.Context(), "g", store.WantedIndexes(q)); err != nil {
		t.Fatal(err)
	}
	found, total := 0, int64(0)
	err = s.search(t.Context(), p, q, func(c *conn) error {
		ids, err := p.page(c, q)
		if err != nil {
			return err
		}
		found = len(ids)
		total, err = p.count(c, q, found)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.ExplainSearch(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return p, e, found, total
}

func TestSearchesOfIndexedFieldsAmongManyDoNotScan(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 100,000 accounts")
	}
	s := indexedStore(t)
	const keys = "SEARCH search_keys USING PRIMARY KEY "
	const row = "SEARCH accounts USING INTEGER PRIMARY KEY (rowid=?)"
	for _, tt := range []struct {
		text, access string
		steps        []string
		sort         bool
		// looked bounds the values that functions are asked about.
		looked int64
		found  int
		total  int64
	}{
		{`WHERE data.city = "c7"`, "by an index on data.city", []string{keys + "(field=? AND key=?)"}, false, 0, 20, 1000},
		{`WHERE data.city = "c7" AND data.n < 500`, "by an index on data.city", []string{keys + "(field=? AND key=?)", row}, false, 3000, 20, 50},
		{`WHERE data.city = "c7" ORDER BY data.n DESC`, "by an index on data.city",
			[]string{row, "LIST SUBQUERY", keys + "(field=? AND key=?)", "USE TEMP B-TREE FOR ORDER BY"}, true, 3000, 20, 1000},
		{`WHERE data.n >= 9000 ORDER BY data.n`, "in the order of an index on data.n, within a range", []string{keys + "(field=? AND key>? AND key<?)"}, false, 0, 20, 10000},
		{`WHERE data.n < 9000 ORDER BY data.n DESC`, "in the order of an index on data.n, within a range",
			[]string{keys + "(field=? AND key>? AND key<?)", "USE TEMP B-TREE FOR LAST TERM OF ORDER BY"}, false, 0, 20, 90000},
		{`ORDER BY data.city`, "in the order of an index on data.city", []string{keys + "(field=? AND key>? AND key<?)"}, false, 0, 20, planned},
		{`WHERE data.half = 1 ORDER BY data.n`, "in the order of an index on data.n", []string{keys + "(field=? AND key>? AND key<?)", row}, false, 100, 20, 50000},
		{`WHERE data.half = 1`, "by an index on data.half", []string{keys + "(field=? AND key=?)"}, false, 0, 20, 50000},
		{`WHERE data.tags CONTAINS "t7"`, "by an index on data.tags", []string{keys + "(field=? AND key=?)"}, false, 0, 20, 100},
		{`WHERE data.n IN (7, 8)`, "by an index on data.n",
			[]string{row, "LIST SUBQUERY", "COMPOUND QUERY", "LEFT-MOST SUBQUERY", keys + "(field=? AND key=?)", "UNION ALL", keys + "(field=? AND key=?)", "USE TEMP B-TREE FOR ORDER BY"}, true, 100, 20, 20},
		{`WHERE data.n = 7 OR data.city = "c7"`, "by an index on data.n, by an index on data.city",
			[]string{row, "LIST SUBQUERY", "COMPOUND QUERY", "LEFT-MOST SUBQUERY", keys + "(field=? AND key=?)", "UNION ALL", keys + "(field=? AND key=?)", "USE TEMP B-TREE FOR ORDER BY"}, true, 3000, 20, 1010},
		{`WHERE data.n = -1 AND data.other = 1`, "an index says that there is none", nil, true, 0, 0, 0},
	} {
		p, e, found, total := mustPlan(t, s, "SELECT * FROM accounts "+tt.text, 20)
		if e.Access != tt.access || e.Sort != tt.sort || p.looked > tt.looked || found != tt.found || total != tt.total {
			t.Errorf("%s: %+v; looked at %d values, found %d of %d", tt.text, e, p.looked, found, total)
		}
		if tt.steps != nil {
			wantSteps(t, tt.text, e.Steps, tt.steps...)
		}
		if strings.Contains(strings.Join(e.Steps, "\n"), "SCAN accounts") {
			t.Errorf("%s: %q", tt.text, e.Steps)
		}
	}
	_, e, _, _ := mustPlan(t, s, `SELECT * FROM accounts WHERE NOT data.city = "c7"`, 20)
	if !e.Scan {
		t.Errorf("%+v", e)
	}
}

// TestPagesBehindACursorBeginAtIt: the statement of a page has the cursor's place as the bound of its index.
func TestPagesBehindACursorBeginAtIt(t *testing.T) {
	s := openInside(t)
	s.indexer.atOnce = true
	for _, where := range []string{`data.city = "x"`, `data.n = 1`} {
		mustPlan(t, s, "SELECT * FROM accounts WHERE "+where, 0)
	}
	// An account that all conditions leave, so that the ranges are not empty.
	err := s.Change(t.Context(), func(tx store.Tx) error {
		return tx.PutAccount(&store.Account{Group: "g", UID: "a", Data: []byte(`{"city":"x","n":7}`)})
	})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`WHERE data.city = "x"`:            "SEARCH search_keys USING PRIMARY KEY (field=? AND key=? AND owner>?)",
		`ORDER BY data.n`:                  "SEARCH search_keys USING PRIMARY KEY (field=? AND (key,owner)>(?,?) AND key<?)",
		`WHERE data.n > 1 ORDER BY data.n`: "SEARCH search_keys USING PRIMARY KEY (field=? AND (key,owner)>(?,?) AND key<?)",
		`ORDER BY data.n DESC`:             "SEARCH search_keys USING PRIMARY KEY (field=? AND key=? AND owner>?)",
	} {
		parsed, err := query.Parse("SELECT * FROM accounts " + text)
		if err != nil {
			t.Fatal(err)
		}
		q := store.Search{Group: "g", Where: parsed.Where, Order: parsed.Order, Limit: 5, After: &store.Position{UID: "a"}}
		for range parsed.Order {
			q.After.Sort = append(q.After.Sort, query.Value{Kind: query.Number, Num: "3"})
		}
		e, err := s.ExplainSearch(t.Context(), q)
		if err != nil || !slices.Contains(e.Steps, want) || e.Sort {
			t.Errorf("%s: %q, %v", text, e.Steps, err)
		}
	}
}

// TestWhatWasRolledBackIsForgotten: the version of the catalogue that a change saw that never happened is later another's.
func TestWhatWasRolledBackIsForgotten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorward.db")
	var stores [2]*Store
	for i := range stores {
		s, err := Open(t.Context(), Options{File: file, IndexAfter: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		s.indexer.atOnce = true
		stores[i] = s
	}
	one, two := stores[0], stores[1]
	mustPlan(t, one, `SELECT * FROM accounts WHERE data.a = 1`, 0)
	put := func(tx store.Tx, uid, data string) error {
		return tx.PutAccount(&store.Account{Group: "g", UID: uid, Data: []byte(data)})
	}
	refused := errors.New("refused")
	err := one.Change(t.Context(), func(tx store.Tx) error {
		// As many versions as an index takes to come: one for a second key, one for a key that is cut.
		long := `{"a":"` + strings.Repeat("x", 1000) + `"}`
		return errors.Join(put(tx, "u", `{"a":[1,2]}`), put(tx, "v", long), put(tx, "x", long), refused)
	})
	if !errors.Is(err, refused) {
		t.Fatal(err)
	}
	mustPlan(t, two, `SELECT * FROM accounts WHERE data.b = 1`, 0)
	if err := one.Change(t.Context(), func(tx store.Tx) error { return put(tx, "w", `{"b":1}`) }); err != nil {
		t.Fatal(err)
	}
	if _, e, found, _ := mustPlan(t, two, `SELECT * FROM accounts WHERE data.b = 1`, 5); found != 1 || e.Index != "data.b" {
		t.Errorf("found %d, %+v", found, e)
	}
}

// TestAccountsThatChangeWhileAnIndexIsFilled: one keeps a key, one comes again with the row, the UID and the revision of the
// one that was read.
func TestAccountsThatChangeWhileAnIndexIsFilled(t *testing.T) {
	s, err := Open(t.Context(), Options{File: filepath.Join(t.TempDir(), "doorward.db"), IndexAfter: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put := func(rev int64, uid, data string) {
		err := s.Change(t.Context(), func(tx store.Tx) error {
			if rev < 0 {
				if err := tx.DeleteAccount("g", uid); err != nil {
					return err
				}
			}
			return tx.PutAccount(&store.Account{Group: "g", UID: uid, Rev: max(rev, 0), Data: []byte(data)})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	put(0, "v", `{"a":[7,8]}`)
	put(0, "u", `{"a":1}`)
	ix, _ := store.NewIndex(query.Path{"data", "a"}, store.IndexValues)
	// Held, so that nobody else fills the index.
	s.indexer.working.Lock()
	if err := s.indexer.activate(t.Context(), "g", ix); err != nil {
		t.Fatal(err)
	}
	fields, err := point(t.Context(), s, searchFields)
	if err != nil || len(fields) != 1 {
		t.Fatal(fields, err)
	}
	read, err := s.indexer.read(t.Context(), fields[0])
	if err != nil {
		t.Fatal(err)
	}
	put(-1, "u", `{"a":2}`)
	put(1, "v", `{"a":[7,9]}`)
	if err := s.indexer.write(t.Context(), fields[0], read); err != nil {
		t.Fatal(err)
	}
	s.indexer.working.Unlock()
	if err := s.indexer.work(t.Context()); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{`data.a = 1`: 0, `data.a = 2`: 1, `data.a = 7`: 1, `data.a = 8`: 0, `data.a = 9`: 1} {
		_, e, found, total := mustPlan(t, s, "SELECT * FROM accounts WHERE "+text, 5)
		if found != want || int(total) != want || e.Scan {
			t.Errorf("%s: found %d of %d, %+v", text, found, total, e)
		}
	}
}
