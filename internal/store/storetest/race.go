package storetest

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

// racers is how many goroutines go for one thing.
const racers = 64

// exit ends the goroutine as FailNow of package testing does.
func exit() { runtime.Goexit() }

var raceTests = []test{
	{"of many registrations with one identifier exactly one succeeds", func(t *testing.T, s store.Store) {
		raceForIdentifier(t, s, func(store.Tx, string, store.Identifier) error { return nil })
	}},
	{"of many registrations that expect one identifier to be free exactly one succeeds", func(t *testing.T, s store.Store) {
		raceForIdentifier(t, s, func(tx store.Tx, uid string, id store.Identifier) error {
			return tx.Expect(group, []string{uid}, []store.Identifier{id})
		})
	}},
	{"of many inserts of one UID exactly one succeeds", func(t *testing.T, s store.Store) {
		wantOne(t, together(racers, func(int) error {
			return s.Change(t.Context(), func(tx store.Tx) error { return tx.PutAccount(bare("a")) })
		}), store.ErrExists)
	}},
	{"of many uses of one mark exactly one succeeds", func(t *testing.T, s store.Store) {
		wantOne(t, together(racers, func(int) error {
			return s.Change(t.Context(), func(tx store.Tx) error { return tx.UseOnce("token", hash(1), now, now+1000) })
		}), store.ErrUsed)
	}},
	{"of many claims of one nonce exactly one is the first", func(t *testing.T, s store.Store) {
		for round := range 10 {
			var first atomic.Int32
			errs := together(racers, func(int) error {
				ok, err := s.ClaimNonce(t.Context(), "owner", hash(round), now, now+1000)
				if ok {
					first.Add(1)
				}
				return err
			})
			must(t, errors.Join(errs...))
			if first.Load() != 1 {
				t.Errorf("round %d: %d claims were the first", round, first.Load())
			}
		}
	}},
	{"nonce claims and durable changes at once do not disturb each other", func(t *testing.T, s store.Store) {
		var first atomic.Int32
		must(t, errors.Join(together(racers, func(i int) error {
			if i%2 == 0 {
				return s.Change(t.Context(), func(tx store.Tx) error { return tx.PutAccount(bare(uid(i))) })
			}
			ok, err := s.ClaimNonce(t.Context(), "owner", hash(i/4), now, now+1000)
			if ok {
				first.Add(1)
			}
			return err
		})...))
		if first.Load() != racers/4 {
			t.Errorf("%d claims were the first, want %d", first.Load(), racers/4)
		}
		for i := 0; i < racers; i += 2 {
			account(t, s, uid(i))
		}
	}},
	{"a nonce is refused until its end, by owner", func(t *testing.T, s store.Store) {
		claims := []struct {
			owner string
			nonce int
			at    clock.Millis
			want  bool
		}{
			{"a", 1, now, true},
			{"a", 1, now, false},
			{"a", 2, now, true},
			{"b", 1, now, true},
			{"a", 1, now + 999, false},
			{"a", 1, now + 1000, true},
			{"a", 1, now + 1001, false},
		}
		for i, c := range claims {
			got, err := s.ClaimNonce(t.Context(), c.owner, hash(c.nonce), c.at, c.at+1000)
			if err != nil || got != c.want {
				t.Errorf("claim %d: %t, %v", i, got, err)
			}
		}
	}},
	{"a mark lives until its end, by space", func(t *testing.T, s store.Store) {
		use := func(space string, at clock.Millis) error {
			return s.Change(t.Context(), func(tx store.Tx) error { return tx.UseOnce(space, hash(1), at, at+1000) })
		}
		must(t, use("a", now))
		wantError(t, use("a", now+999), store.ErrUsed)
		must(t, use("b", now))
		for at, want := range map[clock.Millis]bool{now: true, now + 999: true, now + 1000: false} {
			if got, err := s.Marked(t.Context(), "a", hash(1), at); err != nil || got != want {
				t.Errorf("marked at +%d: %t, %v", at-now, got, err)
			}
		}
		must(t, use("a", now+1000))
	}},
	{"of what lives nothing is swept away", func(t *testing.T, s store.Store) {
		const hour = 3_600_000
		must(t, s.Change(t.Context(), func(tx store.Tx) error { return tx.UseOnce("long", hash(1), now, now+100*hour) }))
		if ok, err := s.ClaimNonce(t.Context(), "long", hash(1), now, now+100*hour); !ok || err != nil {
			t.Fatal(ok, err)
		}
		for i := range 100 {
			at := now + clock.Millis(i)*hour/2
			ok, err := s.ClaimNonce(t.Context(), "short", hash(i), at, at+1000)
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			must(t, s.Change(t.Context(), func(tx store.Tx) error { return tx.UseOnce("short", hash(i), at, at+1000) }))
		}
		if ok, err := s.ClaimNonce(t.Context(), "long", hash(1), now+50*hour, now+200*hour); ok || err != nil {
			t.Errorf("the living nonce was forgotten: %t, %v", ok, err)
		}
		if used, err := s.Marked(t.Context(), "long", hash(1), now+50*hour); !used || err != nil {
			t.Errorf("the living mark was forgotten: %t, %v", used, err)
		}
	}},
}

// wantOne expects one success, and the given error of all others.
func wantOne(t *testing.T, errs []error, other error) {
	t.Helper()
	winners := 0
	for _, err := range errs {
		if err == nil {
			winners++
		} else if !errors.Is(err, other) {
			t.Errorf("error = %v, want %v", err, other)
		}
	}
	if winners != 1 {
		t.Errorf("%d of %d succeeded, want one", winners, len(errs))
	}
}

// raceForIdentifier has many register with one identifier, each in a change that begins with first.
func raceForIdentifier(t *testing.T, s store.Store, first func(tx store.Tx, uid string, id store.Identifier) error) {
	id := email("wanted@example.com")
	errs := together(racers, func(i int) error {
		return s.Change(t.Context(), func(tx store.Tx) error {
			if err := first(tx, uid(i), id); err != nil {
				return err
			}
			return errors.Join(tx.PutAccount(bare(uid(i))), tx.ClaimIdentifier(group, id, uid(i)))
		})
	})
	owner, err := s.Owner(t.Context(), group, id)
	must(t, err)
	winners := 0
	for i, err := range errs {
		_, readErr := s.Account(t.Context(), group, uid(i))
		if err == nil {
			winners++
			if owner != uid(i) || readErr != nil {
				t.Errorf("%d won, but the owner is %s and the account: %v", i, owner, readErr)
			}
			continue
		}
		var taken *store.TakenError
		if !errors.As(err, &taken) || taken.UID != owner {
			t.Errorf("loser %d: %v", i, err)
		}
		wantError(t, readErr, store.ErrNotFound)
	}
	if winners != 1 {
		t.Errorf("%d winners", winners)
	}
}
