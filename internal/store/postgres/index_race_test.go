package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
)

// mustWork makes the indexes that are begun.
func mustWork(t *testing.T, s *postgres.Store) {
	t.Helper()
	if err := postgres.Work(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

// mustWorkAndFold makes the indexes that are begun, and their pieces.
func mustWorkAndFold(t *testing.T, s *postgres.Store) {
	t.Helper()
	mustWork(t, s)
	mustFold(t, s, 3)
}

func mustBegin(t *testing.T, s *postgres.Store, name string) {
	t.Helper()
	if err := postgres.BeginIndex(t.Context(), s, group, store.IndexValues, "data", name); err != nil {
		t.Fatal(err)
	}
}

// putData makes or changes an account.
func putData(tx store.Tx, uid, data string) error {
	a, err := tx.Account(group, uid)
	if err == store.ErrNotFound {
		a, err = &store.Account{Group: group, UID: uid}, nil
	}
	if err != nil {
		return err
	}
	a.Data = []byte(data)
	return tx.PutAccount(a)
}

// lateChanges are what a change may do to accounts before something happens to the indexes and it commits.
var lateChanges = map[string]func(tx store.Tx) error{
	"a new account":            func(tx store.Tx) error { return putData(tx, "u5x", `{"a":[5,"x"]}`) },
	"a new account behind all": func(tx store.Tx) error { return putData(tx, "zzz", `{"a":"z"}`) },
	"a change":                 func(tx store.Tx) error { return putData(tx, "u5", `{"a":"changed"}`) },
	"a deletion":               func(tx store.Tx) error { return tx.DeleteAccount(group, "u5") },
	"a deletion and a new account": func(tx store.Tx) error {
		return firstOf(tx.DeleteAccount(group, "u5"), putData(tx, "u5", `{"a":"new"}`))
	},
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// wantNothingMissed has changes written before something happens to the indexes and committed after, and looks whether the indexes
// are whole. Each is the only thing in its way, whatever the server does about it.
func wantNothingMissed(t *testing.T, newURL func(t *testing.T) string) {
	happenings := map[string]struct {
		before, during, after func(t *testing.T, s *postgres.Store)
	}{
		"an index is made and filled": {
			during: func(t *testing.T, s *postgres.Store) { mustBegin(t, s, "a"); mustWorkAndFold(t, s) },
		},
		"an index is made": {
			during: func(t *testing.T, s *postgres.Store) { mustBegin(t, s, "a") },
			after:  mustWork,
		},
		"an index is filled": {
			before: func(t *testing.T, s *postgres.Store) { mustBegin(t, s, "a") },
			during: mustWorkAndFold,
		},
		"an index is filled in part": {
			before: func(t *testing.T, s *postgres.Store) { mustBegin(t, s, "a") },
			during: func(t *testing.T, s *postgres.Store) {
				if err := postgres.FillSome(t.Context(), s, group, 7); err != nil {
					t.Fatal(err)
				}
			},
			after: mustWork,
		},
		"another index is made": {
			before: func(t *testing.T, s *postgres.Store) { mustBegin(t, s, "a"); mustWorkAndFold(t, s) },
			during: func(t *testing.T, s *postgres.Store) { mustBegin(t, s, "b"); mustWorkAndFold(t, s) },
		},
		"an index that is filled gets ready": {
			before: func(t *testing.T, s *postgres.Store) {
				mustBegin(t, s, "a")
				if err := postgres.FillSome(t.Context(), s, group, 1000); err != nil {
					t.Fatal(err)
				}
			},
			during: mustWorkAndFold,
		},
		"the rows of an index are counted": {
			before: func(t *testing.T, s *postgres.Store) { mustBegin(t, s, "a"); mustWork(t, s) },
			during: func(t *testing.T, s *postgres.Store) { mustFold(t, s, 3) },
		},
	}
	for what, h := range happenings {
		for change, fn := range lateChanges {
			t.Run(what+" during "+change, func(t *testing.T) {
				url := newURL(t)
				s := open(t, postgres.Options{URL: url})
				other := open(t, postgres.Options{URL: url})
				err := s.Change(t.Context(), func(tx store.Tx) error {
					for n := range 10 {
						if err := putData(tx, fmt.Sprint("u", n), fmt.Sprintf(`{"a":[%d,1,2],"b":%d}`, n, n)); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if h.before != nil {
					h.before(t, s)
				}
				runs := 0
				err = other.Change(t.Context(), func(tx store.Tx) error {
					runs++
					if err := fn(tx); err != nil {
						return err
					}
					if runs == 1 {
						h.during(t, s)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if h.after != nil {
					h.after(t, s)
				}
				if n := wantWholeIndexes(t, s, url); n == 0 {
					t.Error("there is no index")
				}
			})
		}
	}
}

func TestAChangeThatBeganBeforeAnIndexIsNotMissed(t *testing.T) {
	wantNothingMissed(t, func(t *testing.T) string { return database(t) })
}

func TestAChangeThatBeganBeforeAnIndexIsNotMissedOnCitus(t *testing.T) {
	cluster := postgrestest.AnyCitus(t)
	wantNothingMissed(t, func(t *testing.T) string {
		url := postgrestest.With(t, cluster.URL(t), "pool_max_conns", "4")
		distribute(t, url, postgres.Distribution{Shards: testShards})
		return url
	})
}

// TestALateChangeLeavesNoRowOfAnIndexThatIsGone: it goes by the index as it was.
func TestALateChangeLeavesNoRowOfAnIndexThatIsGone(t *testing.T) {
	url := database(t)
	s, other := open(t, postgres.Options{URL: url}), open(t, postgres.Options{URL: url})
	mustBegin(t, s, "a")
	mustWork(t, s)
	runs := 0
	err := other.Change(t.Context(), func(tx store.Tx) error {
		runs++
		if err := putData(tx, "u", `{"a":1}`); err != nil {
			return err
		}
		if runs == 1 {
			statement(t, url, `UPDATE search_fields SET used = 0`)
			mustWork(t, s)
			mustWork(t, s)
		}
		return nil
	})
	if err != nil || runs < 2 {
		t.Errorf("%d runs, %v", runs, err)
	}
	if n := number(t, url, `SELECT (SELECT count(*) FROM search_keys) + (SELECT count(*) FROM search_fields)`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

// TestAnIndexIsFilledByOneProcessAndGoneOnWithByAnother: one dies in the middle, and the other waits until its claim is over.
func TestAnIndexIsFilledByOneProcessAndGoneOnWithByAnother(t *testing.T) {
	url := database(t)
	first, second := open(t, postgres.Options{URL: url}), open(t, postgres.Options{URL: url})
	for from := range 3 {
		err := first.Change(t.Context(), func(tx store.Tx) error {
			for n := range 500 {
				if err := putData(tx, fmt.Sprintf("u%d-%d", from, n), fmt.Sprintf(`{"a":%d}`, n%10)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	mustBegin(t, first, "a")
	if err := postgres.FillSome(t.Context(), first, group, 200); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	rows := func() int { return number(t, url, `SELECT count(*) FROM search_keys`) }
	mustWork(t, second)
	if e := access(t, second, `WHERE data.a = 3`); rows() != 200 || !e.Scan {
		t.Errorf("%d rows, %+v", rows(), e)
	}
	// Changes of accounts that are in it and that are not.
	err := second.Change(t.Context(), func(tx store.Tx) error {
		return firstOf(tx.DeleteAccount(group, "u0-0"), putData(tx, "u0-1", `{"a":"x"}`), tx.DeleteAccount(group, "u2-7"), putData(tx, "u2-8", `{"a":"x"}`))
	})
	if err != nil {
		t.Fatal(err)
	}
	statement(t, url, `UPDATE search_fields SET until = 1`) // As if time had passed.
	mustWork(t, second)
	if e := access(t, second, `WHERE data.a = 3`); rows() != 1498 || e.Scan {
		t.Errorf("%d rows, %+v", rows(), e)
	}
	wantWholeIndexes(t, second, url)
}

// TestAnIndexWhoseFillingIsBrokenOffAgainAndAgainGetsWhole stops the filling at any moment, while accounts change.
func TestAnIndexWhoseFillingIsBrokenOffAgainAndAgainGetsWhole(t *testing.T) {
	url := database(t)
	s, other := open(t, postgres.Options{URL: url}), open(t, postgres.Options{URL: url})
	for n := range 3 {
		if err := busy(t.Context(), s, fmt.Sprint("tag", n), 400); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- busy(ctx, other, "tag1", 0) }()
	mustBegin(t, s, "a")
	mustBegin(t, s, "b")
	for n := range 20 {
		breaking, stop := context.WithTimeout(t.Context(), time.Duration(n)*2*time.Millisecond)
		_ = postgres.Work(breaking, s)
		stop()
	}
	statement(t, url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%search_keys%' AND pid <> pg_backend_pid()`)
	mustWork(t, s)
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if n := wantWholeIndexes(t, s, url); n != 2 {
		t.Errorf("%d indexes", n)
	}
}
