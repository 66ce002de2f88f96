package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/store/storetest"
)

// open opens the file as the tests do; the store closes with the test.
func open(t testing.TB, file string) *sqlite.Store {
	t.Helper()
	return openWith(t, sqlite.Options{File: file})
}

func openWith(t testing.TB, o sqlite.Options) *sqlite.Store {
	t.Helper()
	o.Clock = clock.NewFake(storetest.Now)
	s, err := sqlite.Open(t.Context(), o)
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

func fresh(t testing.TB) *sqlite.Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "doorward.db"))
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return fresh(t) })
}

// TestConformanceOfTwoStores is for what two processes have of one file.
func TestConformanceOfTwoStores(t *testing.T) {
	storetest.RunShared(t, func(t *testing.T) (one, other store.Store) {
		file := filepath.Join(t.TempDir(), "doorward.db")
		return open(t, file), open(t, file)
	})
}

// TestConformanceWithIndexes is the same in a store that makes every index at once.
func TestConformanceWithIndexes(t *testing.T) {
	if racing {
		t.Skip("the race detector has what the indexer does beside others in the tests of indexes")
	}
	storetest.Run(t, func(t *testing.T) store.Store {
		return openWith(t, sqlite.Options{File: filepath.Join(t.TempDir(), "doorward.db"), IndexAtOnce: true})
	})
}

// TestConformanceWithPasses is the same in a store whose connections look at tables together wherever they may.
func TestConformanceWithPasses(t *testing.T) {
	if racing {
		t.Skip("the race detector has what connections do together in the tests of crews")
	}
	storetest.Run(t, func(t *testing.T) store.Store {
		return openWith(t, sqlite.Options{File: filepath.Join(t.TempDir(), "doorward.db"), Hands: 3, Passes: true})
	})
}
