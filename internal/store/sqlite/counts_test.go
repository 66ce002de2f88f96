package sqlite_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
)

// wantTrueCounts compares the numbers that are kept with what there is.
func wantTrueCounts(t testing.TB, file string) {
	t.Helper()
	c := raw(t.(*testing.T), file)
	defer closeRaw(t.(*testing.T), c)
	for _, text := range []string{
		// A group whose accounts are all gone may stay, with none.
		`SELECT grp || ': ' || accounts FROM group_sizes s WHERE accounts <> (SELECT count(*) FROM accounts a WHERE a.grp = s.grp)`,
		`SELECT DISTINCT 'no size of ' || grp FROM accounts WHERE grp NOT IN (SELECT grp FROM group_sizes)`,
		`WITH pieces AS (SELECT field, key, owner, rows, lead(key) OVER w AS next_key, lead(owner) OVER w AS next_owner FROM search_counts
				WINDOW w AS (PARTITION BY field ORDER BY key, owner)),
			counted AS (SELECT *, (SELECT count(*) FROM search_keys k WHERE k.field = p.field AND (k.key, k.owner) >= (p.key, p.owner)
				AND (p.next_key IS NULL OR (k.key, k.owner) < (p.next_key, p.next_owner))) AS really FROM pieces p)
			SELECT 'field ' || field || ', piece ' || hex(key) || ' ' || owner || ': ' || rows || ', really ' || really FROM counted WHERE rows >= 0 AND rows <> really`,
		`SELECT 'field ' || field || ' has no first piece' FROM search_counts GROUP BY field HAVING min(key) <> x''`,
	} {
		stmt, _, err := c.PrepareTransient(text)
		if err != nil {
			t.Fatal(err)
		}
		for {
			more, err := stmt.Step()
			if err != nil {
				t.Fatal(err)
			}
			if !more {
				break
			}
			t.Error(stmt.ColumnText(0))
		}
		if err := stmt.Finalize(); err != nil {
			t.Fatal(err)
		}
	}
}

func execRaw(t *testing.T, file, text string) {
	t.Helper()
	c := raw(t, file)
	defer closeRaw(t, c)
	stmt, _, err := c.PrepareTransient(text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stmt.Step(); err != nil {
		t.Fatal(err)
	}
	if err := stmt.Finalize(); err != nil {
		t.Fatal(err)
	}
}

func TestLargeResultsAreCountedByAddingUp(t *testing.T) {
	file := filepath.Join(t.TempDir(), "counted.db")
	s := openWith(t, sqlite.Options{File: file, IndexAtOnce: true})
	r := rand.New(rand.NewPCG(3, 4))
	numbers := map[string]int{}
	change := func(n int) {
		err := s.Change(t.Context(), func(tx store.Tx) error {
			for range n {
				uid := fmt.Sprint("u", r.IntN(400))
				_, known := numbers[uid]
				a, err := tx.Account("g", uid)
				switch {
				case !known && err == store.ErrNotFound:
					a, err = &store.Account{Group: "g", UID: uid}, nil
				case err == nil && r.IntN(4) == 0:
					delete(numbers, uid)
					if err := tx.DeleteAccount("g", uid); err != nil {
						return err
					}
					continue
				}
				if err != nil {
					return err
				}
				// Some values have many accounts, more than a piece has rows.
				numbers[uid] = r.IntN(5) * r.IntN(60)
				a.Data = json.RawMessage(fmt.Sprintf(`{"n":%d}`, numbers[uid]))
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
	for round := range 5 {
		change(200)
		// A further index has the indexer look after all of them.
		find(t, s, fmt.Sprintf("SELECT * FROM accounts WHERE data.round%d = 1 LIMIT 1", round))
		for range 15 {
			from := r.IntN(240)
			to := from + r.IntN(240-from+1)
			want := int64(0)
			for _, n := range numbers {
				if n >= from && n < to {
					want++
				}
			}
			text := fmt.Sprintf("SELECT * FROM accounts WHERE data.n >= %d AND data.n < %d LIMIT 1", from, to)
			if _, total := find(t, s, text); total != want {
				t.Fatalf("round %d: %s: total %d, want %d", round, text, total, want)
			}
		}
		if _, total := find(t, s, "SELECT * FROM accounts LIMIT 1"); total != int64(len(numbers)) {
			t.Fatalf("round %d: %d accounts in all, want %d", round, total, len(numbers))
		}
		wantTrueCounts(t, file)
	}

	_, before := find(t, s, "SELECT * FROM accounts WHERE data.n >= 0 LIMIT 1")
	execRaw(t, file, `UPDATE search_counts SET rows = rows + 1 WHERE (field, key, owner) = (SELECT field, key, owner FROM search_counts
		WHERE field = (SELECT id FROM search_fields WHERE path = '["data","n"]') AND rows BETWEEN 1 AND 5 ORDER BY key, owner LIMIT 1 OFFSET 9)`)
	if _, total := find(t, s, "SELECT * FROM accounts WHERE data.n >= 0 LIMIT 1"); total != before+1 {
		t.Errorf("the numbers of the pieces are not what is added up: %d, before %d", total, before)
	}
}

// The engine's own tool keeps the numbers of the pieces right.
func TestAnyProgramKeepsTheCountsOfPieces(t *testing.T) {
	file := filepath.Join(t.TempDir(), "counted.db")
	s := openWith(t, sqlite.Options{File: file, IndexAtOnce: true})
	err := s.Change(t.Context(), func(tx store.Tx) error {
		for n := range 40 {
			if err := tx.PutAccount(&store.Account{Group: "g", UID: fmt.Sprint(n), Data: fmt.Appendf(nil, `{"n":%d}`, n)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	find(t, s, "SELECT * FROM accounts WHERE data.n >= 0 LIMIT 1")
	execRaw(t, file, "DELETE FROM search_keys WHERE owner IN ('3', '4')")
	wantTrueCounts(t, file)
	if _, total := find(t, s, "SELECT * FROM accounts WHERE data.n >= 0 LIMIT 1"); total != 38 {
		t.Errorf("total %d, want 38", total)
	}
}

func TestTheSizeOfAGroupCountsNoChangeThatFailed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "counted.db")
	s := openWith(t, sqlite.Options{File: file})
	failed := errors.New("no")
	var running sync.WaitGroup
	for n := range 64 {
		running.Go(func() {
			err := s.Change(t.Context(), func(tx store.Tx) error {
				// Of one group all that remains fails, another one grows and shrinks in the same change.
				group := fmt.Sprint("g", n%4)
				for i := range 3 {
					if err := tx.PutAccount(&store.Account{Group: group, UID: fmt.Sprint(n, "-", i)}); err != nil {
						return err
					}
				}
				if n%2 == 1 {
					return failed
				}
				return errors.Join(tx.PutAccount(&store.Account{Group: "all", UID: fmt.Sprint(n)}), tx.DeleteAccount(group, fmt.Sprint(n, "-1")))
			})
			if err != nil && (err != failed || n%2 == 0) {
				t.Errorf("change %d: %v", n, err)
			}
		})
	}
	running.Wait()
	wantTrueCounts(t, file)
	for group, want := range map[string]int64{"g0": 32, "g1": 0, "g2": 32, "g3": 0, "all": 32} {
		if total := accounts(t, s, group); total != want {
			t.Errorf("group %s has %d accounts, want %d", group, total, want)
		}
	}
}

// accounts is the total that a search of all accounts of the group tells.
func accounts(t *testing.T, s *sqlite.Store, group string) int64 {
	t.Helper()
	total, err := s.SearchAccounts(t.Context(), store.Search{Group: group, Total: true}, func(*store.Account, []query.Value) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return total
}
