package postgres_test

import (
	"os"
	"testing"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
	"github.com/doorward/doorward/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

// open opens the database as the tests do; the store closes with the test.
func open(t testing.TB, o postgres.Options) *postgres.Store {
	t.Helper()
	if o.Clock == nil {
		o.Clock = clock.NewFake(storetest.Now)
	}
	if o.Trace == nil {
		o.Trace = issued.add
	}
	s, err := postgres.Open(t.Context(), o)
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

// database returns the URL of an empty database, with the parameters (name and value by turns), for few connections: each is
// a process of the server's.
func database(t testing.TB, parameters ...string) string {
	t.Helper()
	u := postgrestest.With(t, postgrestest.URL(t), "pool_max_conns", "6")
	for i := 0; i < len(parameters); i += 2 {
		u = postgrestest.With(t, u, parameters[i], parameters[i+1])
	}
	return u
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, postgres.Options{URL: database(t)}) })
}

// TestConformanceOfTwoStores is for what two processes have of one database.
func TestConformanceOfTwoStores(t *testing.T) {
	storetest.RunShared(t, func(t *testing.T) (one, other store.Store) {
		url := database(t)
		return open(t, postgres.Options{URL: url}), open(t, postgres.Options{URL: url})
	})
}

// TestConformanceBehindATransactionPooler runs the suite with pgbouncer in between, which has fewer connections to the server
// than the store has to it.
func TestConformanceBehindATransactionPooler(t *testing.T) {
	next := postgrestest.Own(t, postgrestest.Unsynced).Pooler(t)
	storetest.Run(t, func(t *testing.T) store.Store {
		url := postgrestest.With(t, postgrestest.With(t, next(), "pool_max_conns", "12"), "pooler", "transaction")
		return open(t, postgres.Options{URL: url})
	})
}

// TestConformanceWithIndexes runs the suite with an index of every field that a search could use one of.
func TestConformanceWithIndexes(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		return open(t, postgres.Options{URL: database(t), IndexAtOnce: true})
	})
}
