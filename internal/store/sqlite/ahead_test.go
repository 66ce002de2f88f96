package sqlite

import (
	"errors"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/doorward/doorward/internal/store"
)

// TestOnlyACommitOfChangesAheadDoesNotWaitForTheDisk: with one other change in its group it does.
func TestOnlyACommitOfChangesAheadDoesNotWaitForTheDisk(t *testing.T) {
	const full, normal = 2, 1
	s := openInside(t)
	mode := func(ahead bool) (got int64) {
		t.Helper()
		j := &job{ahead: ahead, fn: func(t *tx) (err error) { got, err = number(t.c, "PRAGMA synchronous"); return err }}
		if err := s.submit(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, tt := range []struct {
		ahead bool
		want  int64
	}{{false, full}, {true, normal}, {true, normal}, {false, full}, {true, normal}} {
		if got := mode(tt.ahead); got != tt.want {
			t.Errorf("ahead %t: synchronous = %d, want %d", tt.ahead, got, tt.want)
		}
	}
	// The writer is kept busy until both wait for it.
	held, free := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		if err := s.submit(t.Context(), &job{ahead: true, fn: func(*tx) error { close(held); <-free; return nil }}); err != nil {
			t.Error(err)
		}
	})
	<-held
	var modes [2]int64
	for i, ahead := range []bool{true, false} {
		all.Go(func() { modes[i] = mode(ahead) })
	}
	for len(s.writer.jobs) < 2 {
		runtime.Gosched()
	}
	close(free)
	all.Wait()
	if modes != [2]int64{full, full} {
		t.Errorf("in one group: synchronous = %v", modes)
	}
}

// TestAChangeAheadIsThereAtOnce, for this store and another one of the file, and settles until the store is closed.
func TestAChangeAheadIsThereAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorward.db")
	var both [2]*Store
	for i := range both {
		var err error
		if both[i], err = Open(t.Context(), Options{File: file}); err != nil {
			t.Fatal(err)
		}
		defer both[i].Close()
	}
	s := both[0]
	var settles []func() error
	for _, uid := range []string{"a", "b"} {
		settle, err := s.ChangeAhead(t.Context(), func(tx store.Tx) error { return tx.PutAccount(&store.Account{Group: "g", UID: uid}) })
		if err != nil {
			t.Fatal(err)
		}
		settles = append(settles, settle)
		for _, from := range both {
			if _, err := from.Account(t.Context(), "g", uid); err != nil {
				t.Errorf("account %s: %v", uid, err)
			}
		}
	}
	for _, settle := range settles {
		if err := settle(); err != nil {
			t.Error(err)
		}
	}
	gone := errors.New("no")
	if settle, err := s.ChangeAhead(t.Context(), func(store.Tx) error { return gone }); !errors.Is(err, gone) || settle != nil {
		t.Errorf("a change that fails: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := settles[1](); !errors.Is(err, store.ErrClosed) {
		t.Errorf("settled after the end: %v", err)
	}
	if _, err := s.ChangeAhead(t.Context(), func(store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("changed after the end: %v", err)
	}
}
