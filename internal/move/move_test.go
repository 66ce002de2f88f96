package move_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/move"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

// closed closes the store with the test.
func closed(t *testing.T, s storetest.Movable, err error) storetest.Movable {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func file(t *testing.T) storetest.Movable { return fileOf(t, storetest.Now) }

// fileOf is a file that was made at the time.
func fileOf(t *testing.T, made time.Time) storetest.Movable {
	s, err := sqlite.Open(t.Context(), sqlite.Options{
		File: filepath.Join(t.TempDir(), "doorward.db"), Clock: clock.NewFake(made), Unfinished: true,
	})
	return closed(t, s, err)
}

func server(t *testing.T) storetest.Movable {
	url := postgrestest.With(t, postgrestest.URL(t), "pool_max_conns", "6")
	s, err := postgres.Open(t.Context(), postgres.Options{URL: url, Clock: clock.NewFake(storetest.Now), Unfinished: true})
	return closed(t, s, err)
}

// dump returns the contents of a store, record by record.
func dump(t *testing.T, m store.Mover) (all []string) {
	t.Helper()
	for _, r := range storetest.Dumped(t, m, store.Place{}) {
		all = append(all, string(store.AppendRecord(nil, r)))
	}
	return all
}

func wantSame(t *testing.T, a, b store.Mover) {
	t.Helper()
	x, y := dump(t, a), dump(t, b)
	if len(x) != len(y) {
		t.Fatalf("%d records and %d", len(x), len(y))
	}
	for i := range x {
		if x[i] != y[i] {
			t.Fatalf("record %d differs:\n%q\n%q", i, x[i], y[i])
		}
	}
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

// TestACopyCatchesUpWithAnythingThatHappens copies, changes the source in every way, and copies again, until it is finished.
func TestACopyCatchesUpWithAnythingThatHappens(t *testing.T) {
	for _, tt := range []struct {
		name     string
		from, to func(t *testing.T) storetest.Movable
		worlds   int
	}{
		{"file to file", file, file, 8},
		{"file to server", file, server, 2},
		{"server to file", server, file, 2},
		{"server to server", server, server, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for seed := range tt.worlds {
				from, to := tt.from(t), tt.to(t)
				rng := rand.New(rand.NewPCG(uint64(seed), 7))
				c := &move.Copy{From: from, To: to}
				for range 4 {
					storetest.Live(t, from, rng, 20+rng.IntN(150))
					if _, err := c.Pass(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				storetest.Live(t, from, rng, 60)
				r, err := c.Finish(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if r.SourceDigest != r.DestinationDigest || r.Passes < 2 || r.Changes() == 0 || r.Records() == 0 {
					t.Errorf("%+v", r)
				}
				wantSame(t, from, to)
				if state, err := to.CopyState(t.Context()); err != nil || state.Run != 0 {
					t.Errorf("state %+v, %v", state, err)
				}
			}
		})
	}
}

// TestThereAndBack goes from a file to a server and to another file, which then holds what the first one does.
func TestThereAndBack(t *testing.T) {
	first, second, third := file(t), server(t), file(t)
	storetest.Live(t, first, rand.New(rand.NewPCG(1, 1)), 300)
	for _, c := range []move.Copy{{From: first, To: second}, {From: second, To: third}} {
		if _, err := c.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	wantSame(t, first, third)
}

func TestAPassCountsWhatItDoes(t *testing.T) {
	from, to := file(t), file(t)
	put := func(uids ...string) {
		t.Helper()
		err := from.Change(t.Context(), func(tx store.Tx) error {
			for _, uid := range uids {
				a, err := tx.Account("g", uid)
				if err != nil {
					a = &store.Account{Group: "g", UID: uid}
				}
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
	c := &move.Copy{From: from, To: to}
	want := func(want move.Tally) {
		t.Helper()
		r, err := c.Pass(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := *r.Kinds[store.AccountRecord]; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	put("a", "b", "c")
	want(move.Tally{Source: 3, Stored: 3})
	want(move.Tally{Source: 3, Destination: 3})
	put("b", "d")
	if err := from.Change(t.Context(), func(tx store.Tx) error { return tx.DeleteAccount("g", "c") }); err != nil {
		t.Fatal(err)
	}
	want(move.Tally{Source: 3, Destination: 3, Stored: 1, Replaced: 1, Removed: 1})
	// One that is deleted and made anew has the revision that the copy has, and is another one all the same.
	if err := from.Change(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.DeleteAccount("g", "a"), tx.PutAccount(&store.Account{Group: "g", UID: "a", LoginProvider: "other"}))
	}); err != nil {
		t.Fatal(err)
	}
	want(move.Tally{Source: 3, Destination: 3, Replaced: 1})
}

// TestTheSourceMayServeDuringAPass changes the source as fast as it can while it is copied.
func TestTheSourceMayServeDuringAPass(t *testing.T) {
	from, to := file(t), file(t)
	storetest.Live(t, from, rand.New(rand.NewPCG(1, 3)), 500)
	ctx, cancel := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	serving.Go(func() {
		for rng := rand.New(rand.NewPCG(2, 3)); ctx.Err() == nil; {
			storetest.Live(t, from, rng, 5)
		}
	})
	c := &move.Copy{From: from, To: to}
	for range 3 {
		if _, err := c.Pass(t.Context()); err != nil {
			t.Error(err)
		}
	}
	// It is not finished while somebody writes.
	_, err := c.Finish(t.Context())
	wantError(t, err, move.ErrDisturbed)
	if state, err := to.CopyState(t.Context()); err != nil || state.Run == 0 {
		t.Errorf("state %+v, %v", state, err)
	}
	cancel()
	serving.Wait()
	if _, err := c.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantSame(t, from, to)
}

// broken is an end of a copy that fails, or does something else, at some of its calls.
type broken struct {
	store.Mover
	load func(n int, edits []store.Edit) (instead []store.Edit, err error)
	dump func(n int) error

	mu           sync.Mutex
	loads, dumps int
}

func (b *broken) Load(ctx context.Context, run int64, edits []store.Edit) error {
	if b.load == nil {
		return b.Mover.Load(ctx, run, edits)
	}
	b.mu.Lock()
	b.loads++
	n := b.loads
	b.mu.Unlock()
	edits, err := b.load(n, edits)
	if err != nil {
		return err
	}
	return b.Mover.Load(ctx, run, edits)
}

func (b *broken) Dump(ctx context.Context, after store.Place, each func(store.Record) error) error {
	return b.Mover.Dump(ctx, after, func(r store.Record) error {
		b.mu.Lock()
		b.dumps++
		n := b.dumps
		b.mu.Unlock()
		if b.dump != nil {
			if err := b.dump(n); err != nil {
				return err
			}
		}
		return each(r)
	})
}

var errBroken = errors.New("broken by the test")

// TestAnInterruptedCopyGoesOn breaks a copy off everywhere, and resumes it.
func TestAnInterruptedCopyGoesOn(t *testing.T) {
	from, to := file(t), file(t)
	storetest.Live(t, from, rand.New(rand.NewPCG(5, 5)), 2500)
	for i := 1; i < 9; i++ {
		ends := []move.Copy{
			{From: from, To: &broken{Mover: to, load: func(n int, edits []store.Edit) ([]store.Edit, error) {
				if n == 2 {
					return nil, errBroken
				}
				return edits, nil
			}}},
			{From: &broken{Mover: from, dump: func(n int) error {
				if n == 100*i {
					return errBroken
				}
				return nil
			}}, To: to},
			{From: from, To: &broken{Mover: to, dump: func(n int) error {
				if n == 40*i {
					return errBroken
				}
				return nil
			}}},
		}
		_, err := ends[i%len(ends)].Pass(t.Context())
		if err != nil {
			wantError(t, err, errBroken)
		}
		if state, err := to.CopyState(t.Context()); err != nil || state.Run == 0 {
			t.Fatalf("state %+v, %v", state, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := (&move.Copy{From: &broken{Mover: from, dump: func(n int) error {
		if n == 50 {
			cancel()
		}
		return nil
	}}, To: to}).Finish(ctx)
	wantError(t, err, context.Canceled)
	if _, err := (&move.Copy{From: from, To: to}).Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantSame(t, from, to)
}

func TestASourceWithoutItsEndIsNotTakenForWhole(t *testing.T) {
	from, to := file(t), file(t)
	storetest.Live(t, from, rand.New(rand.NewPCG(9, 9)), 100)
	_, err := (&move.Copy{From: cut{from}, To: to}).Finish(t.Context())
	if err == nil {
		t.Error("it is finished")
	}
}

// cut is a store that loses its last record.
type cut struct{ store.Mover }

func (c cut) Dump(ctx context.Context, after store.Place, each func(store.Record) error) error {
	return c.Mover.Dump(ctx, after, func(r store.Record) error {
		if r.Place().Kind == store.VersionRecord {
			return nil
		}
		return each(r)
	})
}

// TestACopyThatLosesSomethingIsNotFinished has a destination that acknowledges what it does not store.
func TestACopyThatLosesSomethingIsNotFinished(t *testing.T) {
	from, to := file(t), file(t)
	storetest.Live(t, from, rand.New(rand.NewPCG(6, 6)), 100)
	lossy := &broken{Mover: to, load: func(_ int, edits []store.Edit) ([]store.Edit, error) {
		var kept []store.Edit
		for _, e := range edits {
			if e.New == nil || e.New.Place().Kind != store.SessionRecord {
				kept = append(kept, e)
			}
		}
		return kept, nil
	}}
	_, err := (&move.Copy{From: from, To: lossy}).Finish(t.Context())
	wantError(t, err, move.ErrDifferent)
	if state, err := to.CopyState(t.Context()); err != nil || state.Run == 0 {
		t.Errorf("state %+v, %v", state, err)
	}
}

func TestAnotherRunTakesOver(t *testing.T) {
	from, to := file(t), file(t)
	storetest.Live(t, from, rand.New(rand.NewPCG(8, 8)), 100)
	begun := false
	_, err := (&move.Copy{From: &broken{Mover: from, dump: func(int) error {
		if begun {
			return nil
		}
		begun = true
		_, err := (&move.Copy{From: from, To: to}).Finish(t.Context())
		return err
	}}, To: to}).Pass(t.Context())
	wantError(t, err, store.ErrOvertaken)
	wantSame(t, from, to)
	_, err = (&move.Copy{From: from, To: to}).Pass(t.Context())
	wantError(t, err, store.ErrFinished)
	_, err = (&move.Copy{From: fileOf(t, storetest.Now.Add(time.Second)), To: to}).Pass(t.Context())
	wantError(t, err, store.ErrNotEmpty)
	wantSame(t, from, to)
}

// TestLargeRecordsThatAreReplacedGoInSmallTransactions: what is in memory are both, the new ones and those that they replace.
func TestLargeRecordsThatAreReplacedGoInSmallTransactions(t *testing.T) {
	from, to := file(t), file(t)
	put := func(data string) {
		t.Helper()
		err := from.Change(t.Context(), func(tx store.Tx) error {
			for i := range 100 {
				uid := fmt.Sprint(i)
				a, err := tx.Account("g", uid)
				if err == store.ErrNotFound {
					a, err = &store.Account{Group: "g", UID: uid}, nil
				}
				if err != nil {
					return err
				}
				a.Data = []byte(`{"a":"` + data + `"}`)
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
	put(strings.Repeat("x", 100_000))
	if _, err := (&move.Copy{From: from, To: to}).Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	put("")
	largest := 0
	_, err := (&move.Copy{From: from, To: &broken{Mover: to, load: func(_ int, edits []store.Edit) ([]store.Edit, error) {
		size := 0
		for _, e := range edits {
			for _, r := range []store.Record{e.Old, e.New} {
				if r != nil {
					size += len(store.AppendRecord(nil, r))
				}
			}
		}
		largest = max(largest, size)
		return edits, nil
	}}}).Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if largest > 3<<20 {
		t.Errorf("a transaction has records of %d bytes", largest)
	}
}
