package sqlite_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/store/storetest"
)

func TestMoves(t *testing.T) {
	end := func(t *testing.T) storetest.Movable {
		return openWith(t, sqlite.Options{File: filepath.Join(t.TempDir(), "doorward.db"), Unfinished: true})
	}
	storetest.RunMoves(t, end, end)
}

func TestAnUnfinishedCopyIsNotOpened(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorward.db")
	s := openWith(t, sqlite.Options{File: file, Unfinished: true})
	if err := s.BeginCopy(t.Context(), 7, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), sqlite.Options{File: file}); !errors.Is(err, store.ErrUnfinished) {
		t.Errorf("opened with %v", err)
	}
	openWith(t, sqlite.Options{File: file, Unfinished: true})
	if err := s.FinishCopy(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	openWith(t, sqlite.Options{File: file})
}
