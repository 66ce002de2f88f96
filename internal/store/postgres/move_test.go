package postgres_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/store/storetest"
)

// TestMoves moves between databases of the server, and between them and files, both ways.
func TestMoves(t *testing.T) {
	server := func(t *testing.T) storetest.Movable {
		return open(t, postgres.Options{URL: database(t), Unfinished: true})
	}
	file := func(t *testing.T) storetest.Movable {
		s, err := sqlite.Open(t.Context(), sqlite.Options{
			File: filepath.Join(t.TempDir(), "doorward.db"), Clock: clock.NewFake(storetest.Now), Unfinished: true,
		})
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
	t.Run("server to server", func(t *testing.T) { storetest.RunMoves(t, server, server) })
	t.Run("file to server", func(t *testing.T) { storetest.RunMoves(t, file, server) })
	t.Run("server to file", func(t *testing.T) { storetest.RunMoves(t, server, file) })
}

func TestAnUnfinishedCopyIsNotOpened(t *testing.T) {
	url := database(t)
	s := open(t, postgres.Options{URL: url, Unfinished: true})
	if err := s.BeginCopy(t.Context(), 7, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := postgres.Open(t.Context(), postgres.Options{URL: url}); !errors.Is(err, store.ErrUnfinished) {
		t.Errorf("opened with %v", err)
	}
	open(t, postgres.Options{URL: url, Unfinished: true})
	if err := s.FinishCopy(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	open(t, postgres.Options{URL: url})
}

// TestADumpWaitsForItsReceiver has one that needs longer for a record than changes may be silent.
func TestADumpWaitsForItsReceiver(t *testing.T) {
	url := postgrestest.With(t, database(t), "idle_in_transaction_session_timeout", "400")
	s := open(t, postgres.Options{URL: url})
	postgres.SetLifeSign(s, 50*time.Millisecond)
	err := s.Change(t.Context(), func(tx store.Tx) error { return tx.PutPartner(&store.Partner{ID: 1}) })
	if err != nil {
		t.Fatal(err)
	}
	records := 0
	err = s.Dump(t.Context(), store.Place{}, func(store.Record) error {
		if records++; records == 1 {
			time.Sleep(time.Second)
		}
		return nil
	})
	if err != nil || records != 2 {
		t.Errorf("%d records, %v", records, err)
	}
}
