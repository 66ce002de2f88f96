package postgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
	"github.com/doorward/doorward/internal/store/storetest"
)

// asked is the search that the text says, in a group.
func asked(t testing.TB, in, text string, limit int) store.Search {
	t.Helper()
	q, err := query.Parse("SELECT * FROM accounts " + text)
	if err != nil {
		t.Fatal(err)
	}
	if q.HasLimit {
		limit = q.Limit
	}
	return store.Search{Group: in, Where: q.Where, Order: q.Order, Start: q.Start, Limit: limit, Total: true}
}

// find returns the UIDs that the search gives, and the total.
func find(t testing.TB, s store.Store, text string) (uids []string, total int64) {
	t.Helper()
	total, err := s.SearchAccounts(t.Context(), asked(t, group, text, 1000), func(a *store.Account, _ []query.Value) error {
		uids = append(uids, a.UID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return uids, total
}

// access is how the store would come by the accounts.
func access(t testing.TB, s store.Store, text string) store.Explanation {
	t.Helper()
	e, err := s.ExplainSearch(t.Context(), asked(t, group, text, 10))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// wantWholeIndexes compares the rows of all indexes with the accounts: nothing is missing, nothing too much. It returns the
// number of indexes of the group.
func wantWholeIndexes(t testing.TB, s store.Store, url string) (indexes int) {
	t.Helper()
	c := beside(t, url)
	want, got, ids := map[string]bool{}, map[string]bool{}, []int64{}
	rows, err := c.Query(t.Context(), "SELECT id, grp, kind, path FROM search_fields WHERE state = 2")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var r store.IndexRecord
		var kind int64
		var path string
		if err := rows.Scan(&r.ID, &r.Group, &kind, &path); err != nil || !r.Read(store.IndexKind(kind), []byte(path)) {
			t.Fatal(path, err)
		}
		if ids = append(ids, r.ID); r.Group == group {
			indexes++
		}
		_, err := s.SearchAccounts(t.Context(), store.Search{Group: r.Group, Limit: 1 << 20}, func(a *store.Account, _ []query.Value) error {
			keys, _ := r.Index.Keys(a)
			for i, key := range keys {
				want[fmt.Sprintf("%d %x %s %t", r.ID, key, a.UID, i == 0)] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if rows, err = c.Query(t.Context(), "SELECT field, key, uid, first FROM search_keys WHERE field = ANY($1)", ids); err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var id int64
		var key []byte
		var uid string
		var first bool
		if err := rows.Scan(&id, &key, &uid, &first); err != nil {
			t.Fatal(err)
		}
		got[fmt.Sprintf("%d %x %s %t", id, key, uid, first)] = true
	}
	if diff := cmp.Diff(want, got); diff != "" || rows.Err() != nil {
		t.Errorf("rows of the indexes (-want +got):\n%s%v", diff, rows.Err())
	}
	wantTrueCounts(t, url)
	return indexes
}

// indexedTexts are searches that indexes answer in every way there is.
var indexedTexts = []string{
	`data.a = 7`, `data.a IN (7, "x", "y")`, `data.a > 3 ORDER BY data.a`, `data.a > 3 ORDER BY data.a DESC`, `data.a <= "x" ORDER BY data.a DESC`,
	`data.a IS NULL`, `data.a CONTAINS "x"`, `data.a CONTAINS "red car"`, `data.a = 7 OR data.b = 7`, `data.a = 7 AND data.b > 1`,
	`data.a = 7 AND NOT data.b = 1 ORDER BY data.b`, `NOT data.a = 7 ORDER BY data.a`, `data.b >= 0 ORDER BY data.a DESC, data.b`, `data.a = "x" LIMIT 2`,
	`data.b < 5 ORDER BY data.b DESC START 1 LIMIT 2`, `(data.a = 1 AND data.b = 1) OR data.a = "x"`, `regSource = "x" ORDER BY lastLogin DESC`,
}

func TestIndexesFollowEveryChange(t *testing.T) { wantIndexesToFollow(t, database(t)) }

func TestIndexesFollowEveryChangeOnCitus(t *testing.T) {
	url := postgrestest.With(t, postgrestest.AnyCitus(t).URL(t), "pool_max_conns", "6")
	distribute(t, url, postgres.Distribution{Shards: testShards})
	wantIndexesToFollow(t, url)
}

// wantIndexesToFollow compares a store with all indexes, over an empty database, with one that has none.
func wantIndexesToFollow(t *testing.T, url string) {
	leaf := rapid.SampledFrom([]string{`1`, `7`, `9`, `"x"`, `"y"`, `"a red car"`, `[1,9]`, `[9,1,"x"]`, `["x","red car"]`, `[]`, `null`, `{"c":1}`})
	indexed := open(t, postgres.Options{URL: url, IndexAtOnce: true})
	plain := open(t, postgres.Options{URL: database(t), IndexAfter: -1})
	refused := errors.New("refused")
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 6).Draw(rt, "changes") {
			uid := fmt.Sprint("u", rapid.IntRange(0, 7).Draw(rt, "uid"))
			remove, fails := rapid.IntRange(0, 4).Draw(rt, "remove") == 0, rapid.IntRange(0, 4).Draw(rt, "fails") == 0
			blind := rapid.Bool().Draw(rt, "blind")
			data := fmt.Sprintf(`{"a":%s,"b":%s}`, leaf.Draw(rt, "a"), leaf.Draw(rt, "b"))
			login := clock.Millis(rapid.IntRange(0, 2).Draw(rt, "login"))
			for _, s := range []store.Store{indexed, plain} {
				before, err := s.Account(t.Context(), group, uid)
				if err != nil && err != store.ErrNotFound {
					rt.Fatal(err)
				}
				err = s.Change(t.Context(), func(tx store.Tx) error {
					a, err := before, err
					if !blind || err != nil {
						a, err = tx.Account(group, uid)
					}
					switch {
					case err == store.ErrNotFound:
						a, err = &store.Account{Group: group, UID: uid}, nil
					case err == nil && remove:
						err = tx.DeleteAccount(group, uid)
						a.Rev = 0
					}
					if err == nil {
						a.Data, a.LastLogin, a.HasRegSource, a.RegSource = json.RawMessage(data), login, login == 1, "x"
						err = tx.PutAccount(a)
					}
					if err == nil && tx.PutAccount(&store.Account{Group: group, UID: uid, Data: json.RawMessage(`{"a":"none"}`)}) != store.ErrExists {
						err = errors.New("the account was not there")
					}
					if err == nil && remove {
						err = tx.DeleteAccount(group, uid)
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
		text := "WHERE " + rapid.SampledFrom(indexedTexts).Draw(rt, "text")
		want, wantTotal := find(t, plain, text)
		got, total := find(t, indexed, text)
		if !slices.Equal(got, want) || total != wantTotal {
			rt.Fatalf("%s\n got %v, %d\nwant %v, %d", text, got, total, want, wantTotal)
		}
	})
	// Not every text is drawn each time.
	for _, text := range indexedTexts {
		find(t, indexed, "WHERE "+text)
	}
	if n := wantWholeIndexes(t, indexed, url); n < 5 {
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
			a, err := tx.Account(group, uid)
			if err == store.ErrNotFound {
				a, err = &store.Account{Group: group, UID: uid}, nil
			}
			if err != nil {
				return err
			}
			if a.Rev > 0 && rand.IntN(4) == 0 {
				return tx.DeleteAccount(group, uid)
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
		if time.Since(begin) > 30*time.Second {
			t.Fatalf("%s: no index came", text)
		}
	}
}

// TestIndexesThatComeWhileSeveralProcessesWriteMissNothing has one process search, and others write that never do.
func TestIndexesThatComeWhileSeveralProcessesWriteMissNothing(t *testing.T) {
	url := database(t)
	s := open(t, postgres.Options{URL: url, IndexAfter: 2000})
	if err := busy(t.Context(), s, "u", 500); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 3)
	for _, tag := range []string{"u", "v", "u"} {
		other := open(t, postgres.Options{URL: url, IndexAfter: -1})
		go func() { ended <- busy(ctx, other, tag, 0) }()
	}
	comes(t, s, `WHERE data.a = 3`)
	comes(t, s, `WHERE data.b CONTAINS "x3"`)
	comes(t, s, `WHERE data.c = "w7"`)
	cancel()
	for range cap(ended) {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	if n := wantWholeIndexes(t, s, url); n != 3 {
		t.Errorf("%d indexes", n)
	}
	if e := access(t, s, `WHERE data.a = 3`); e.Access != "by an index on data.a" || e.Index != "data.a" || e.Sort {
		t.Errorf("%+v", e)
	}
}

func TestSearchesThatLookAtLittleMakeNoIndex(t *testing.T) {
	s := open(t, postgres.Options{URL: database(t)})
	if err := busy(t.Context(), s, "u", 20); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		find(t, s, `WHERE data.a = 3`)
	}
	if err := postgres.Work(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if e := access(t, s, `WHERE data.a = 3`); !e.Scan {
		t.Errorf("%+v", e)
	}
}

// TestIndexesOfOneGroupAreNotAnothers: the same UIDs, the same field.
func TestIndexesOfOneGroupAreNotAnothers(t *testing.T) {
	url := database(t)
	s := open(t, postgres.Options{URL: url})
	err := s.Change(t.Context(), func(tx store.Tx) error {
		for n := range 20 {
			for _, in := range []string{group, "other", store.LiteGroup(group)} {
				data := fmt.Appendf(nil, `{"a":"%s","b":%d}`, in, n)
				if err := tx.PutAccount(&store.Account{Group: in, UID: fmt.Sprint("u", n), Data: data}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{group, "other"} {
		if err := postgres.BeginIndex(t.Context(), s, in, store.IndexValues, "data", "a"); err != nil {
			t.Fatal(err)
		}
	}
	if err := postgres.Work(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{group, "other", store.LiteGroup(group)} {
		for _, value := range []string{group, "other", store.LiteGroup(group)} {
			total, err := s.SearchAccounts(t.Context(), asked(t, in, fmt.Sprintf(`WHERE data.a = "%s"`, value), 5),
				func(a *store.Account, _ []query.Value) error {
					if a.Group != in {
						t.Errorf("%s finds an account of %s", in, a.Group)
					}
					return nil
				})
			if want := map[bool]int64{true: 20}[in == value]; err != nil || total != want {
				t.Errorf("%s in %s: %d, want %d; %v", value, in, total, want, err)
			}
		}
	}
	if n := wantWholeIndexes(t, s, url); n != 1 {
		t.Errorf("%d indexes of the group", n)
	}
}

func TestAnIndexThatNobodyUsesGoes(t *testing.T) {
	url := database(t)
	now := clock.NewFake(storetest.Now)
	s := open(t, postgres.Options{URL: url, Clock: now})
	if err := busy(t.Context(), s, "u", 100); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "c"} {
		if err := postgres.BeginIndex(t.Context(), s, group, store.IndexValues, "data", name); err != nil {
			t.Fatal(err)
		}
	}
	days := func(n int) {
		now.Advance(time.Duration(n) * 24 * time.Hour)
		if err := postgres.Work(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	days(0)
	if n := wantWholeIndexes(t, s, url); n != 2 {
		t.Fatalf("%d indexes", n)
	}
	days(20)
	find(t, s, `WHERE data.c = "w7"`)
	days(0)
	days(11)
	days(0) // What goes is emptied the next time.
	if e := access(t, s, `WHERE data.a = 3`); !e.Scan {
		t.Errorf("%+v", e)
	}
	if e := access(t, s, `WHERE data.c = "w7"`); e.Scan {
		t.Errorf("%+v", e)
	}
	if n := wantWholeIndexes(t, s, url); n != 1 {
		t.Errorf("%d indexes are left", n)
	}
	if n := number(t, url, `SELECT count(*) FROM search_keys WHERE field NOT IN (SELECT id FROM search_fields)`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

func TestAnIndexHasTextsAsTheEngineKeepsThem(t *testing.T) {
	url := database(t)
	s := open(t, postgres.Options{URL: url, IndexAtOnce: true})
	put := func(source string) {
		t.Helper()
		err := s.Change(t.Context(), func(tx store.Tx) error {
			a, err := tx.Account(group, "u")
			if err == store.ErrNotFound {
				a, err = &store.Account{Group: group, UID: "u"}, nil
			}
			if err != nil {
				return err
			}
			a.HasRegSource, a.RegSource = true, source
			return tx.PutAccount(a)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const text = `WHERE regSource = "` + "a\uFFFDb" + `"`
	find(t, s, text)
	for _, source := range []string{"a\x00b", "a\xffb"} {
		put(source)
		if uids, total := find(t, s, text); len(uids) != 1 || total != 1 {
			t.Errorf("%q: found %q, %d in all", source, uids, total)
		}
		wantWholeIndexes(t, s, url)
		put("plain")
		if uids, total := find(t, s, text); len(uids) != 0 || total != 0 {
			t.Errorf("%q, then another: found %q, %d in all", source, uids, total)
		}
		wantWholeIndexes(t, s, url)
	}
}
