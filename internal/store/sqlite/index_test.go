package sqlite_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/store/storetest"
)

// find returns the UIDs that the search gives, and the total.
func find(t testing.TB, s store.Store, text string) (uids []string, total int64) {
	t.Helper()
	q, err := query.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	limit := 1000
	if q.HasLimit {
		limit = q.Limit
	}
	total, err = s.SearchAccounts(t.Context(), store.Search{Group: "g", Where: q.Where, Order: q.Order, Start: q.Start, Limit: limit, Total: true},
		func(a *store.Account, _ []query.Value) error { uids = append(uids, a.UID); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return uids, total
}

// access is how the store would come by the accounts.
func access(t testing.TB, s store.Store, text string) store.Explanation {
	t.Helper()
	q, err := query.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.ExplainSearch(t.Context(), store.Search{Group: "g", Where: q.Where, Order: q.Order, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// wantWholeIndexes compares the rows of all indexes in the file with the accounts: nothing is missing, nothing too much.
func wantWholeIndexes(t testing.TB, s store.Store, file string) (indexes int) {
	t.Helper()
	wantTrueCounts(t, file)
	c := raw(t.(*testing.T), file)
	defer closeRaw(t.(*testing.T), c)
	want, got := map[string]bool{}, map[string]bool{}
	stmt, _, err := c.PrepareTransient("SELECT id, kind, path FROM search_fields WHERE grp = 'g' AND state = 2")
	if err != nil {
		t.Fatal(err)
	}
	for {
		if more, err := stmt.Step(); err != nil || !more {
			break
		}
		indexes++
		var path query.Path
		if err := json.Unmarshal([]byte(stmt.ColumnText(2)), &path); err != nil {
			t.Fatal(err)
		}
		ix, ok := store.NewIndex(path, store.IndexKind(stmt.ColumnInt(1)))
		if !ok {
			t.Fatal(path)
		}
		_, err := s.SearchAccounts(t.Context(), store.Search{Group: "g", Limit: 1 << 20}, func(a *store.Account, _ []query.Value) error {
			keys, _ := ix.Keys(a)
			for i, key := range keys {
				want[fmt.Sprintf("%d %x %s %t", stmt.ColumnInt(0), key, a.UID, i == 0)] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := stmt.Finalize(); err != nil {
		t.Fatal(err)
	}
	rows, _, err := c.PrepareTransient(`SELECT field, hex(key), owner, first, EXISTS (SELECT 1 FROM accounts WHERE id = account AND uid = owner)
		FROM search_keys WHERE field IN (SELECT id FROM search_fields WHERE grp = 'g' AND state = 2)`)
	if err != nil {
		t.Fatal(err)
	}
	for {
		if more, err := rows.Step(); err != nil || !more {
			break
		}
		if rows.ColumnInt(4) != 1 {
			t.Errorf("a row of the index leads to another account than %s", rows.ColumnText(2))
		}
		got[fmt.Sprintf("%d %s %s %t", rows.ColumnInt(0), strings.ToLower(rows.ColumnText(1)), rows.ColumnText(2), rows.ColumnInt(3) == 1)] = true
	}
	if err := rows.Finalize(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows of the indexes (-want +got):\n%s", diff)
	}
	return indexes
}

// indexedTexts are searches that indexes answer in every way there is.
var indexedTexts = []string{
	`data.a = 7`, `data.a IN (7, "x", "y")`, `data.a > 3 ORDER BY data.a`, `data.a > 3 ORDER BY data.a DESC`, `data.a <= "x" ORDER BY data.a DESC`,
	`data.a IS NULL`, `data.a CONTAINS "x"`, `data.a CONTAINS "red car"`, `data.a = 7 OR data.b = 7`, `data.a = 7 AND data.b > 1`,
	`data.a <= "x" START 9 LIMIT 1`, `data.a >= 1 START 9 LIMIT 1`, `data.a CONTAINS "x" START 9 LIMIT 1`, `data.a CONTAINS "red car" START 9 LIMIT 1`,
	`data.a = 7 AND NOT data.b = 1 ORDER BY data.b`, `NOT data.a = 7 ORDER BY data.a`, `data.b >= 0 ORDER BY data.a DESC, data.b`, `data.a = "x" LIMIT 2`,
	`data.b < 5 ORDER BY data.b DESC START 1 LIMIT 2`, `(data.a = 1 AND data.b = 1) OR data.a = "x"`, `regSource = "x" ORDER BY lastLogin DESC`,
}

func TestIndexesFollowEveryChange(t *testing.T) {
	leaf := rapid.SampledFrom([]string{`1`, `7`, `9`, `"x"`, `"y"`, `"a red car"`, `[1,9]`, `[9,1,"x"]`, `["x","red car"]`, `[]`, `null`, `{"c":1}`})
	file := filepath.Join(t.TempDir(), "indexed.db")
	indexed := openWith(t, sqlite.Options{File: file, IndexAtOnce: true})
	plain := openWith(t, sqlite.Options{File: filepath.Join(t.TempDir(), "plain.db"), IndexAfter: -1})
	refused := errors.New("refused")
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 6).Draw(rt, "changes") {
			uid := fmt.Sprint("u", rapid.IntRange(0, 7).Draw(rt, "uid"))
			remove, fails := rapid.IntRange(0, 4).Draw(rt, "remove") == 0, rapid.IntRange(0, 4).Draw(rt, "fails") == 0
			data := fmt.Sprintf(`{"a":%s,"b":%s}`, leaf.Draw(rt, "a"), leaf.Draw(rt, "b"))
			login := clock.Millis(rapid.IntRange(0, 2).Draw(rt, "login"))
			for _, s := range []store.Store{indexed, plain} {
				err := s.Change(t.Context(), func(tx store.Tx) error {
					a, err := tx.Account("g", uid)
					switch {
					case err == store.ErrNotFound:
						a, err = &store.Account{Group: "g", UID: uid}, nil
					case err == nil && remove:
						err = tx.DeleteAccount("g", uid)
						a.Rev = 0
					}
					if err == nil {
						a.Data, a.LastLogin, a.HasRegSource, a.RegSource = json.RawMessage(data), login, login == 1, "x"
						err = tx.PutAccount(a)
					}
					if err == nil && remove {
						err = tx.DeleteAccount("g", uid)
					}
					if err == nil && fails {
						err = refused
					}
					return err
				})
				if err != nil && err != refused {
					rt.Fatal(err)
				}
			}
		}
		text := "SELECT * FROM accounts WHERE " + rapid.SampledFrom(indexedTexts).Draw(rt, "text")
		want, wantTotal := find(t, plain, text)
		got, total := find(t, indexed, text)
		if !slices.Equal(got, want) || total != wantTotal {
			rt.Fatalf("%s\n got %v, %d\nwant %v, %d", text, got, total, want, wantTotal)
		}
	})
	if n := wantWholeIndexes(t, indexed, file); n < 5 {
		t.Errorf("%d indexes", n)
	}
}

// busy writes accounts until the context ends: new ones, changed ones and deleted ones.
func busy(ctx context.Context, s store.Store, tag string, count int) error {
	for n := 0; count == 0 || n < count; n++ {
		if ctx.Err() != nil {
			return nil
		}
		uid := fmt.Sprint(tag, rand.IntN(300))
		err := s.Change(context.WithoutCancel(ctx), func(tx store.Tx) error {
			a, err := tx.Account("g", uid)
			if err == store.ErrNotFound {
				a, err = &store.Account{Group: "g", UID: uid}, nil
			}
			if err != nil {
				return err
			}
			if a.Rev > 0 && rand.IntN(4) == 0 {
				return tx.DeleteAccount("g", uid)
			}
			a.Data = fmt.Appendf(nil, `{"a":%d,"b":[%d,"x%d"],"c":"w%d"}`, rand.IntN(9), rand.IntN(9), rand.IntN(9), n)
			return tx.PutAccount(a)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// comes searches until an index answers.
func comes(t *testing.T, s store.Store, text string) {
	t.Helper()
	for begin := time.Now(); access(t, s, text).Scan; {
		find(t, s, text)
		if time.Since(begin) > 20*time.Second {
			t.Fatalf("%s: no index came", text)
		}
	}
}

func TestAnIndexComesByUseWhileAccountsChange(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorward.db")
	s := openWith(t, sqlite.Options{File: file, IndexAfter: 5000})
	if err := busy(t.Context(), s, "u", 1500); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- busy(ctx, s, "u", 0) }()
	comes(t, s, `SELECT * FROM accounts WHERE data.a = 3`)
	comes(t, s, `SELECT * FROM accounts WHERE data.b CONTAINS "x3"`)
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if n := wantWholeIndexes(t, s, file); n != 2 {
		t.Errorf("%d indexes", n)
	}
	if e := access(t, s, `SELECT * FROM accounts WHERE data.a = 3`); e.Access != "by an index on data.a" || e.Index != "data.a" || e.Sort {
		t.Errorf("%+v", e)
	}
}

func TestSearchesThatLookAtLittleMakeNoIndex(t *testing.T) {
	s := openWith(t, sqlite.Options{File: filepath.Join(t.TempDir(), "doorward.db")})
	putNew(t, s, "a")
	for range 100 {
		find(t, s, `SELECT * FROM accounts WHERE data.a = 3`)
	}
	if e := access(t, s, `SELECT * FROM accounts WHERE data.a = 3`); !e.Scan {
		t.Errorf("%+v", e)
	}
}

// rewrite is another process that changes accounts and knows of no index.
func rewrite(s *sqlite.Store, tag string) error {
	fmt.Println("begun")
	return busy(context.Background(), s, tag, 1500)
}

func TestAProcessThatNeverSearchedKeepsUpTheIndexesOfAnother(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorward.db")
	s := openWith(t, sqlite.Options{File: file, IndexAfter: 2000})
	if err := busy(t.Context(), s, "u", 1000); err != nil {
		t.Fatal(err)
	}
	cmd, out := child(t, "rewrite", file, "u")
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	comes(t, s, `SELECT * FROM accounts WHERE data.a = 3`)
	comes(t, s, `SELECT * FROM accounts WHERE data.b = 3`)
	comes(t, s, `SELECT * FROM accounts WHERE data.c = "w7"`)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := wantWholeIndexes(t, s, file); n != 3 {
		t.Errorf("%d indexes", n)
	}
}

func TestAnIndexThatNobodyUsesGoes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorward.db")
	now := clock.NewFake(storetest.Now)
	reopen := func() *sqlite.Store {
		s, err := sqlite.Open(t.Context(), sqlite.Options{File: file, Clock: now, IndexAfter: 100})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := reopen()
	if err := busy(t.Context(), s, "u", 100); err != nil {
		t.Fatal(err)
	}
	const text = `SELECT * FROM accounts WHERE data.a = 3`
	comes(t, s, text)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	now.Advance(31 * 24 * time.Hour)
	s = reopen()
	defer s.Close()
	c := raw(t, file)
	defer closeRaw(t, c)
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		stmt, _, err := c.PrepareTransient("SELECT (SELECT count(*) FROM search_fields) + (SELECT count(*) FROM search_keys)")
		if err != nil {
			t.Fatal(err)
		}
		_, err = stmt.Step()
		left := stmt.ColumnInt(0)
		if err := errors.Join(err, stmt.Finalize()); err != nil {
			t.Fatal(err)
		}
		if left == 0 {
			break
		}
		if time.Since(begin) > 20*time.Second {
			t.Fatalf("%d rows are left", left)
		}
	}
	if e := access(t, s, text); !e.Scan {
		t.Errorf("%+v", e)
	}
	// The indexer is done with it, and makes others.
	comes(t, s, `SELECT * FROM accounts WHERE data.b = 3`)
}
