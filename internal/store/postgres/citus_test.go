package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
)

// registered is what became of the registrations of one caller.
type registered struct {
	acknowledged, unknown, failed []string
}

// register makes an account and claims an address for it, which most likely lie on two machines.
func register(ctx context.Context, s store.Store, uid string) error {
	return s.Change(ctx, func(tx store.Tx) error {
		if err := tx.PutAccount(&store.Account{Group: group, UID: uid}); err != nil {
			return err
		}
		return tx.ClaimIdentifier(group, address(uid), uid)
	})
}

func address(uid string) store.Identifier {
	return store.Identifier{Space: store.LoginSpace, Value: uid + "@example.com"}
}

// TestAWorkerThatIsKilledUnderTrafficLosesAndDoublesNothing registers and counts while a worker dies and comes back: callers of
// its shards wait, each change has happened exactly once, and no account is without its address.
func TestAWorkerThatIsKilledUnderTrafficLosesAndDoublesNothing(t *testing.T) {
	cluster := postgrestest.Citus(t)
	url := postgrestest.With(t, cluster.URL(t), "pool_max_conns", "8")
	distribute(t, url, postgres.Distribution{Shards: 4})
	s := open(t, postgres.Options{URL: url, Patience: 40 * time.Second})
	var stop atomic.Bool
	var running sync.WaitGroup
	var slowest atomic.Int64
	timed := func(fn func() error) error {
		begun := time.Now()
		err := fn()
		for took := int64(time.Since(begun)); ; {
			if old := slowest.Load(); took <= old || slowest.CompareAndSwap(old, took) {
				return err
			}
		}
	}
	var counts [4]int
	for w := range counts {
		running.Go(func() {
			for !stop.Load() {
				if err := timed(func() error { return increment(t.Context(), s, fmt.Sprint("counter", w)) }); err != nil {
					t.Errorf("counter %d after %d: %v", w, counts[w], err)
					return
				}
				counts[w]++
			}
		})
	}
	var results [4]registered
	for w := range results {
		running.Go(func() {
			r := &results[w]
			for n := 0; !stop.Load(); n++ {
				uid := fmt.Sprintf("r%d-%d", w, n)
				switch err := timed(func() error { return register(t.Context(), s, uid) }); {
				case err == nil:
					r.acknowledged = append(r.acknowledged, uid)
				case errors.Is(err, store.ErrUnknown):
					r.unknown = append(r.unknown, uid)
				default:
					t.Errorf("register %s: %v", uid, err)
					r.failed = append(r.failed, uid)
				}
			}
		})
	}
	for _, w := range cluster.Workers {
		time.Sleep(time.Second)
		w.Kill()
		time.Sleep(time.Second)
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(2 * time.Second)
	stop.Store(true)
	running.Wait()
	total := wantWhole(t, s, results[:])
	for w, n := range counts {
		if got := counted(t, s, fmt.Sprint("counter", w)); got != n {
			t.Errorf("counter %d: %d, %d were acknowledged", w, got, n)
		}
		total += n
	}
	if total < 20 {
		t.Errorf("only %d changes: the test says nothing", total)
	}
	t.Logf("%d changes, the slowest took %s", total, time.Duration(slowest.Load()))
}

// wantWhole wants what was acknowledged to be there, what failed not to, and nothing to be half there. It returns how many
// were acknowledged.
func wantWhole(t *testing.T, s store.Store, results []registered) int {
	t.Helper()
	look := func(uid string) (account, owned bool) {
		_, err := s.Account(t.Context(), group, uid)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		owner, ownerErr := s.Owner(t.Context(), group, address(uid))
		if ownerErr != nil && !errors.Is(ownerErr, store.ErrNotFound) {
			t.Fatal(ownerErr)
		}
		return err == nil, owner == uid
	}
	total, unknown := 0, 0
	for _, r := range results {
		total += len(r.acknowledged)
		unknown += len(r.unknown)
		for _, uid := range r.acknowledged {
			if account, owned := look(uid); !account || !owned {
				t.Errorf("%s was acknowledged: account %t, address %t", uid, account, owned)
			}
		}
		for _, uid := range r.unknown {
			if account, owned := look(uid); account != owned {
				t.Errorf("%s is half there: account %t, address %t", uid, account, owned)
			}
		}
		for _, uid := range r.failed {
			if account, owned := look(uid); account || owned {
				t.Errorf("%s failed: account %t, address %t", uid, account, owned)
			}
		}
	}
	t.Logf("%d registrations acknowledged, %d of unknown outcome", total, unknown)
	return total
}

// TestWhatIsDecidedAboutOneAddressIsSerializableOnCitus lets two changes each look for what the other writes, an identifier of
// the same value in another space and group, before either writes. The engine keeps transactions serializable on each machine and
// not across them, so this holds because identifiers are spread by their value alone.
func TestWhatIsDecidedAboutOneAddressIsSerializableOnCitus(t *testing.T) {
	cluster := postgrestest.AnyCitus(t)
	url := postgrestest.With(t, cluster.URL(t), "pool_max_conns", "8")
	distribute(t, url, postgres.Distribution{Shards: 4})
	s := open(t, postgres.Options{URL: url})
	for n := range 8 {
		value := fmt.Sprintf("both%d@example.com", n)
		keys := []struct {
			group string
			id    store.Identifier
		}{{group, store.Identifier{Space: store.LoginSpace, Value: value}}, {"lite/" + group, store.Identifier{Space: store.LiteSpace, Value: value}}}
		var both sync.WaitGroup
		both.Add(2)
		var running sync.WaitGroup
		for i, own := range keys {
			running.Go(func() {
				met := sync.OnceFunc(func() { both.Done(); both.Wait() })
				err := s.Change(t.Context(), func(tx store.Tx) error {
					_, err := tx.Owner(keys[1-i].group, keys[1-i].id)
					met()
					if !errors.Is(err, store.ErrNotFound) {
						return err
					}
					return tx.ClaimIdentifier(own.group, own.id, fmt.Sprint("u", i))
				})
				if err != nil {
					t.Errorf("%s, %d: %v", value, i, err)
				}
			})
		}
		running.Wait()
		found := 0
		for _, k := range keys {
			if _, err := s.Owner(t.Context(), k.group, k.id); err == nil {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s: %d of two changes that exclude each other happened", value, found)
		}
	}
}
