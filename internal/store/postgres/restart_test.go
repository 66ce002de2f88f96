package postgres_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
)

// TestAServerThatIsKilledOrRestartedUnderTrafficLosesAndDoublesNothing counts up while the server goes and comes back: callers
// wait a little, and each change has happened exactly once.
func TestAServerThatIsKilledOrRestartedUnderTrafficLosesAndDoublesNothing(t *testing.T) {
	cluster := postgrestest.Own(t)
	s := open(t, postgres.Options{URL: postgrestest.With(t, cluster.URL(), "pool_max_conns", "6"), Patience: 30 * time.Second})
	var stop atomic.Bool
	var done [4]int
	var running sync.WaitGroup
	for w := range done {
		running.Go(func() {
			for !stop.Load() {
				if err := increment(t.Context(), s, fmt.Sprint("counter", w)); err != nil {
					t.Errorf("writer %d after %d: %v", w, done[w], err)
					return
				}
				done[w]++
			}
		})
	}
	var reads atomic.Int64
	running.Go(func() {
		for !stop.Load() {
			if _, err := s.Owner(t.Context(), group, store.Identifier{}); err != store.ErrNotFound {
				t.Errorf("read: %v", err)
				return
			}
			reads.Add(1)
		}
	})
	for _, step := range []func() error{
		cluster.Restart,
		func() error { cluster.Kill(); return cluster.Start() },
	} {
		time.Sleep(300 * time.Millisecond)
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(300 * time.Millisecond)
	stop.Store(true)
	running.Wait()
	total := 0
	for w, n := range done {
		if got := counted(t, s, fmt.Sprint("counter", w)); got != n {
			t.Errorf("writer %d: counted %d, %d were acknowledged", w, got, n)
		}
		total += n
	}
	if total < 20 {
		t.Errorf("only %d changes: the test says nothing", total)
	}
	t.Logf("%d changes, %d reads", total, reads.Load())
}

// TestAConfigurationThatAnotherProcessChangesIsSeenWithinASecond changes the configuration through one store and looks at the
// version of another.
func TestAConfigurationThatAnotherProcessChangesIsSeenWithinASecond(t *testing.T) {
	for name, parameters := range map[string][]string{
		"told by NOTIFY":      nil,
		"found by asking":     {"listen", "off"},
		"behind a pooler too": {"pooler", "transaction"},
	} {
		t.Run(name, func(t *testing.T) {
			url := database(t, parameters...)
			writer, reader := open(t, postgres.Options{URL: url}), open(t, postgres.Options{URL: url})
			var slowest time.Duration
			for range 5 {
				if err := writer.Change(t.Context(), func(tx store.Tx) error { return tx.PutPartner(&store.Partner{ID: 1}) }); err != nil {
					t.Fatal(err)
				}
				begun := time.Now()
				want, err := writer.ConfigVersion(t.Context())
				if err != nil || want != int64(number(t, url, "SELECT value FROM meta WHERE name = 'config_version'")) {
					t.Fatalf("the process that made the change sees %d, %v", want, err)
				}
				for {
					asked := time.Now()
					got, err := reader.ConfigVersion(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if got == want {
						break
					}
					if after := asked.Sub(begun); after > postgres.Freshness {
						t.Fatalf("after %s the other sees %d, want %d", after, got, want)
					}
					time.Sleep(time.Millisecond)
				}
				slowest = max(slowest, time.Since(begun))
			}
			t.Logf("the slowest of 5 took %s", slowest)
		})
	}
}
