package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
)

const crewGroup = "crew"

// numbered is an account with a number.
func numbered(n, value int) *store.Account {
	return &store.Account{Group: crewGroup, UID: fmt.Sprintf("u%04d", n*7919%10000), Created: 1, LastUpdated: 1, Data: fmt.Appendf(nil, `{"n":%d,"v":%d}`, n, value)}
}

func putNumbered(t *testing.T, s store.Store, count int) {
	t.Helper()
	err := s.Change(t.Context(), func(tx store.Tx) error {
		for n := range count {
			if err := tx.PutAccount(numbered(n, 10)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func crewStore(t *testing.T, more func(o *sqlite.Options)) *sqlite.Store {
	t.Helper()
	o := sqlite.Options{File: filepath.Join(t.TempDir(), "doorward.db"), Hands: 4, Passes: true, IndexAfter: -1}
	if more != nil {
		more(&o)
	}
	return openWith(t, o)
}

// numbers walks over the values of a field.
func numbers(ctx context.Context, s store.Store, field string, each func(text string) error) error {
	return s.AccountValues(ctx, crewGroup, nil, []query.Path{{"data", field}}, func(values []query.Value) error { return each(values[0].Text()) })
}

// TestAPassSeesOneMoment moves values from account to account meanwhile: their sum stays what it is.
func TestAPassSeesOneMoment(t *testing.T) {
	s := crewStore(t, nil)
	const count, moves = 40, 1000
	putNumbered(t, s, count)
	ctx, cancel := context.WithCancel(t.Context())
	var moving sync.WaitGroup
	var moved atomic.Int64
	defer moving.Wait()
	defer cancel()
	moving.Go(func() {
		values := slices.Repeat([]int{10}, count)
		for n := 0; ctx.Err() == nil; n++ {
			from, to := n%count, (count-1-n*7%count)%count
			values[from], values[to] = values[from]-1, values[to]+1
			err := s.Change(t.Context(), func(tx store.Tx) error {
				for _, n := range []int{from, to} {
					a, err := tx.Account(crewGroup, numbered(n, 0).UID)
					if err != nil {
						return err
					}
					a.Data = numbered(n, values[n]).Data
					if err := tx.PutAccount(a); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
				cancel()
			}
			moved.Add(1)
		}
	})
	for ctx.Err() == nil && moved.Load() < moves {
		sum, rows := 0, 0
		err := numbers(t.Context(), s, "v", func(text string) error {
			var n int
			_, err := fmt.Sscan(text, &n)
			sum, rows = sum+n, rows+1
			return err
		})
		if err != nil || sum != 10*count || rows != count {
			t.Fatalf("the sum of %d accounts is %d, %v", rows, sum, err)
		}
	}
}

func TestAPassKeepsTheOrderOfTheTable(t *testing.T) {
	var told []int
	s := crewStore(t, func(o *sqlite.Options) { o.Passing = func(looking int) { told = append(told, looking) } })
	putNumbered(t, s, 300)
	var got []string
	if err := numbers(t.Context(), s, "n", func(text string) error { got = append(got, text); return nil }); err != nil {
		t.Fatal(err)
	}
	for n := range 300 {
		if len(got) != 300 || got[n] != fmt.Sprint(n) {
			t.Fatalf("the values come as %s", strings.Join(got, " "))
		}
	}
	if want := []int{4, 0}; !slices.Equal(told, want) {
		t.Errorf("%v connections were told of, want %v", told, want)
	}
}

func TestACountOfAPass(t *testing.T) {
	s := crewStore(t, nil)
	putNumbered(t, s, 100)
	q, err := query.Parse(`SELECT * FROM accounts WHERE data.n >= 31 AND NOT data.n = 50`)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	total, err := s.SearchAccounts(t.Context(), store.Search{Group: crewGroup, Where: q.Where, Limit: 2, Total: true}, func(a *store.Account, _ []query.Value) error {
		found = append(found, a.UID)
		return nil
	})
	if err != nil || total != 68 || len(found) != 2 {
		t.Errorf("%d accounts in all, %v on the page, %v", total, found, err)
	}
}

// TestAPassThatEndsEarlyLeavesTheStoreUsable: by an error of the receiver, by its panic, and by the end of the search's time.
func TestAPassThatEndsEarlyLeavesTheStoreUsable(t *testing.T) {
	s := crewStore(t, nil)
	putNumbered(t, s, 200)
	stop := errors.New("stop")
	seen := 0
	err := numbers(t.Context(), s, "n", func(string) error {
		if seen++; seen == 3 {
			return stop
		}
		return nil
	})
	if err != stop || seen != 3 {
		t.Errorf("after %d values: %v", seen, err)
	}
	func() {
		defer func() {
			if recover() != "no more" {
				t.Error("the panic of the receiver did not come back")
			}
		}()
		_ = numbers(t.Context(), s, "n", func(string) error { panic("no more") })
	}()
	ctx, cancel := context.WithCancel(t.Context())
	seen = 0
	err = numbers(ctx, s, "n", func(string) error {
		if seen++; seen == 5 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after %d values of a search whose time was over: %v", seen, err)
	}
	rows := 0
	if err := numbers(t.Context(), s, "n", func(string) error { rows++; return nil }); err != nil || rows != 200 {
		t.Errorf("afterwards there are %d values, %v", rows, err)
	}
}

// TestManyPassesAtOnce has more searches than there are connections.
func TestManyPassesAtOnce(t *testing.T) {
	s := crewStore(t, nil)
	putNumbered(t, s, 100)
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			for range 20 {
				rows := 0
				if err := numbers(t.Context(), s, "n", func(string) error { rows++; return nil }); err != nil || rows != 100 {
					t.Errorf("%d values, %v", rows, err)
				}
			}
		})
	}
	asking.Wait()
}
