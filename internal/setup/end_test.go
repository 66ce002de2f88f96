package setup_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
)

// A copy must not take its own work at the source's indexes for a server that nobody has stopped.
func TestTheIndexesOfASourceAreLeftAlone(t *testing.T) {
	file := filepath.Join(installation(t), "doorward.db")
	q, err := query.Parse("SELECT * FROM accounts WHERE data.a = 1")
	if err != nil {
		t.Fatal(err)
	}
	search := store.Search{Group: "g", Where: q.Where, Limit: 1}
	long := clock.NewFake(time.Now().Add(-2 * store.IndexUnusedFor))
	s, err := sqlite.Open(t.Context(), sqlite.Options{File: file, Clock: long, IndexAtOnce: true})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Change(t.Context(), func(tx store.Tx) error {
		for i := range 100 {
			if err := tx.PutAccount(&store.Account{Group: "g", UID: fmt.Sprint(i), Data: []byte(`{"a":1}`)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SearchAccounts(t.Context(), search, func(*store.Account, []query.Value) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	source, err := setup.End{Database: "sqlite:" + file}.OpenSource(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	still, err := source.Undisturbed(t.Context(), func() error { time.Sleep(300 * time.Millisecond); return nil })
	if err != nil || !still {
		t.Errorf("undisturbed: %t, %v", still, err)
	}
	if err := source.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = sqlite.Open(t.Context(), sqlite.Options{File: file, Clock: long}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if e, err := s.ExplainSearch(t.Context(), search); err != nil || e.Index != "data.a" {
		t.Errorf("%+v, %v", e, err)
	}
}
