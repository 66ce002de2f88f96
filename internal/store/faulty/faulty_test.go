package faulty_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/faulty"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/store/storetest"
)

func open(t *testing.T) *faulty.Store {
	t.Helper()
	inner, err := sqlite.Open(t.Context(), sqlite.Options{
		File: filepath.Join(t.TempDir(), "test.db"), Clock: clock.NewFake(storetest.Now),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inner.Close() })
	return faulty.New(inner)
}

func TestWithoutAPlanItIsTheStoreThatItWraps(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t) })
}

// register is a read and a change with two writes.
func register(ctx context.Context, s store.Store) error {
	if _, err := s.Account(ctx, "g", "u"); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return s.Change(ctx, func(tx store.Tx) error {
		if err := tx.PutAccount(&store.Account{Group: "g", UID: "u"}); err != nil {
			return err
		}
		return tx.ClaimIdentifier("g", store.Identifier{Space: "s", Value: "v"}, "u")
	})
}

func TestEveryCallIsCountedAndFailsInItsTurn(t *testing.T) {
	names := []string{"Account", "Change", "Tx.PutAccount", "Tx.ClaimIdentifier", "Tx.Commit"}
	broken := errors.New("broken")
	s := open(t)
	for n := 1; n <= len(names); n++ {
		plan := &faulty.Plan{At: n, Err: broken}
		if err := register(faulty.With(t.Context(), plan), s); !errors.Is(err, broken) {
			t.Errorf("call %d: error %v", n, err)
		}
		if diff := cmp.Diff(names[:n], plan.Calls()); diff != "" || plan.Fired() != 1 {
			t.Errorf("call %d, fired %d: %s", n, plan.Fired(), diff)
		}
		if _, err := s.Account(t.Context(), "g", "u"); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("after call %d failed: %v", n, err)
		}
	}
	if err := register(faulty.With(t.Context(), &faulty.Plan{At: len(names) + 1, Err: broken}), s); err != nil {
		t.Errorf("behind the last call: %v", err)
	}
}

func TestPanicsDelaysAndNames(t *testing.T) {
	s := open(t)
	t.Run("a panic of a read reaches its caller", func(t *testing.T) {
		defer func() {
			if p := recover(); p != "ouch" {
				t.Errorf("recovered %v", p)
			}
		}()
		_, _ = s.ConfigVersion(faulty.With(t.Context(), &faulty.Plan{At: 1, Panic: "ouch"}))
	})
	t.Run("a delay ends with the context", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := s.ConfigVersion(faulty.With(ctx, &faulty.Plan{At: 1, Delay: time.Hour}))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a delay alone changes nothing", func(t *testing.T) {
		if _, err := s.ConfigVersion(faulty.With(t.Context(), &faulty.Plan{At: 1, Delay: time.Millisecond})); err != nil {
			t.Error(err)
		}
	})
	t.Run("names and times choose", func(t *testing.T) {
		plan := &faulty.Plan{At: 2, Times: 2, Only: []string{"ConfigVersion"}, Err: store.ErrBusy}
		s.Default(plan)
		defer s.Default(nil)
		var got []bool
		for range 4 {
			_, err := s.Partners(t.Context())
			if err != nil {
				t.Error(err)
			}
			_, err = s.ConfigVersion(t.Context())
			got = append(got, errors.Is(err, store.ErrBusy))
		}
		if diff := cmp.Diff([]bool{false, true, true, false}, got); diff != "" || plan.Fired() != 2 {
			t.Errorf("fired %d: %s", plan.Fired(), diff)
		}
	})
}
