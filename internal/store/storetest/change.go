package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/doorward/doorward/internal/store"
)

var errRefused = errors.New("refused by the test")

var changeTests = []test{
	{"a change that fails leaves nothing and returns its own error", func(t *testing.T, s store.Store) {
		before, err := s.ConfigVersion(t.Context())
		must(t, err)
		err = s.Change(t.Context(), func(tx store.Tx) error {
			err := errors.Join(
				tx.PutAccount(full("a")),
				tx.ClaimIdentifier(group, email("a@example.com"), "a"),
				tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(1)}),
				tx.UseOnce("space", hash(1), now, now+1000),
				tx.PutPartner(&store.Partner{ID: 1}),
				tx.AppendAudit(&store.Audit{APIKey: "key", Time: now}))
			if err != nil {
				return err
			}
			return errRefused
		})
		if err != errRefused {
			t.Fatalf("error = %v, want the function's own", err)
		}
		_, err = s.Account(t.Context(), group, "a")
		wantError(t, err, store.ErrNotFound)
		_, err = s.Owner(t.Context(), group, email("a@example.com"))
		wantError(t, err, store.ErrNotFound)
		_, err = s.Session(t.Context(), group, "a", hash(1))
		wantError(t, err, store.ErrNotFound)
		used, err := s.Marked(t.Context(), "space", hash(1), now)
		if used || err != nil {
			t.Errorf("mark = %t, %v", used, err)
		}
		if after, _ := s.ConfigVersion(t.Context()); after != before {
			t.Errorf("config version went from %d to %d", before, after)
		}
		must(t, s.Audits(t.Context(), store.AuditQuery{Log: "key", Limit: 10}, func(*store.Audit, string) error { t.Error("audit record remains"); return nil }))
	}},
	{"a refused claim and a UID that is there leave the rest of the change as it is", func(t *testing.T, s store.Store) {
		change(t, s, func(tx store.Tx) error {
			return errors.Join(tx.PutAccount(full("a")), tx.ClaimIdentifier(group, email("a@example.com"), "a"))
		})
		change(t, s, func(tx store.Tx) error {
			must(t, tx.ClaimIdentifier(group, email("b@example.com"), "b"))
			var taken *store.TakenError
			if err := tx.ClaimIdentifier(group, email("a@example.com"), "b"); !errors.As(err, &taken) || taken.UID != "a" {
				t.Errorf("the claim of a taken identifier: %v", err)
			}
			if err := tx.PutAccount(full("a")); !errors.Is(err, store.ErrExists) {
				t.Errorf("an account that is there: %v", err)
			}
			must(t, tx.ReleaseIdentifier(group, email("b@example.com"), "b"))
			return errors.Join(tx.PutAccount(full("c")), tx.ClaimIdentifier(group, email("b@example.com"), "c"))
		})
		owner, err := s.Owner(t.Context(), group, email("b@example.com"))
		must(t, err)
		if owner != "c" {
			t.Errorf("the identifier is %q's", owner)
		}
		_, err = s.Account(t.Context(), group, "c")
		must(t, err)
	}},
	{"a transaction sees its own writes", func(t *testing.T, s store.Store) {
		change(t, s, func(tx store.Tx) error {
			a := bare("a")
			if err := tx.PutAccount(a); err != nil {
				return err
			}
			got, err := tx.Account(group, "a")
			if err != nil {
				return err
			}
			got.LoginProvider = "second"
			if err := tx.PutAccount(got); err != nil {
				return err
			}
			if err := tx.ClaimIdentifier(group, email("a"), "a"); err != nil {
				return err
			}
			if owner, err := tx.Owner(group, email("a")); err != nil || owner != "a" {
				return fmt.Errorf("owner = %q, %v", owner, err)
			}
			return nil
		})
		if got := account(t, s, "a"); got.Rev != 2 || got.LoginProvider != "second" {
			t.Errorf("rev %d, provider %q", got.Rev, got.LoginProvider)
		}
	}},
	{"nobody sees a change before it is done", func(t *testing.T, s store.Store) {
		inside, goOn, done := make(chan struct{}, 1), make(chan struct{}), make(chan error, 1)
		go func() {
			done <- s.Change(context.WithoutCancel(t.Context()), func(tx store.Tx) error {
				err := tx.PutAccount(bare("a"))
				select {
				case inside <- struct{}{}:
				default:
				}
				<-goOn
				return err
			})
		}()
		<-inside
		_, err := s.Account(t.Context(), group, "a")
		wantError(t, err, store.ErrNotFound)
		close(goOn)
		must(t, <-done)
		account(t, s, "a")
	}},
	{"failures do not touch the changes beside them", siblings},
	{"a panic is an error, leaves nothing, and the store lives on", func(t *testing.T, s store.Store) {
		err := s.Change(t.Context(), func(tx store.Tx) error {
			if err := tx.PutAccount(bare("a")); err != nil {
				return err
			}
			panic("on purpose")
		})
		if err == nil {
			t.Fatal("no error")
		}
		_, err = s.Account(t.Context(), group, "a")
		wantError(t, err, store.ErrNotFound)
		put(t, s, bare("a"))
	}},
	{"a function that ends its goroutine does not end the store", func(t *testing.T, s store.Store) {
		errs := together(20, func(i int) error {
			if i == 7 {
				err := s.Change(t.Context(), func(tx store.Tx) error {
					_ = tx.PutAccount(bare(uid(i)))
					exit()
					return nil
				})
				if err == nil {
					return errRefused
				}
				return nil
			}
			return s.Change(t.Context(), func(tx store.Tx) error { return tx.PutAccount(bare(uid(i))) })
		})
		must(t, errors.Join(errs...))
		for i := range 20 {
			_, err := s.Account(t.Context(), group, uid(i))
			if (err != nil) != (i == 7) {
				t.Errorf("account %d: %v", i, err)
			}
		}
	}},
	{"however often a function runs, it has happened once", func(t *testing.T, s store.Store) {
		put(t, s, bare("counter"))
		errs := together(50, func(int) error {
			return s.Change(t.Context(), func(tx store.Tx) error {
				a, err := tx.Account(group, "counter")
				if err != nil {
					return err
				}
				a.Secrets.FailedLogins++
				return tx.PutAccount(a)
			})
		})
		must(t, errors.Join(errs...))
		if got := account(t, s, "counter"); got.Secrets.FailedLogins != 50 || got.Rev != 51 {
			t.Errorf("counted %d, rev %d", got.Secrets.FailedLogins, got.Rev)
		}
	}},
	{"a change whose time is over before it begins does not happen", func(t *testing.T, s store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := s.Change(ctx, func(tx store.Tx) error { return tx.PutAccount(bare("a")) })
		wantError(t, err, context.Canceled)
		_, err = s.Account(ctx, group, "a")
		wantError(t, err, context.Canceled)
		_, err = s.Account(t.Context(), group, "a")
		wantError(t, err, store.ErrNotFound)
	}},
	{"a change that is given up while it waits does not happen", givenUp},
	{"a transaction is of no use after its function", func(t *testing.T, s store.Store) {
		var kept store.Tx
		change(t, s, func(tx store.Tx) error { kept = tx; return nil })
		if err := kept.PutAccount(bare("a")); err == nil {
			t.Error("no error")
		}
		_, err := s.Account(t.Context(), group, "a")
		wantError(t, err, store.ErrNotFound)
	}},
	{"a read sees every change that was acknowledged before it", func(t *testing.T, s store.Store) {
		errs := together(16, func(i int) error {
			a := bare(uid(i))
			for n := int64(1); n <= 20; n++ {
				if err := s.Change(t.Context(), func(tx store.Tx) error { a.Rev = n - 1; return tx.PutAccount(a) }); err != nil {
					return err
				}
				got, err := s.Account(t.Context(), group, a.UID)
				if err != nil || got.Rev != n {
					return fmt.Errorf("read after write %d: %+v, %v", n, got, err)
				}
			}
			return nil
		})
		must(t, errors.Join(errs...))
	}},
	{"a closed store says so", func(t *testing.T, s store.Store) {
		must(t, s.Ready(t.Context()))
		must(t, s.Close())
		wantError(t, s.Ready(t.Context()), store.ErrClosed)
		wantError(t, s.Change(t.Context(), func(store.Tx) error { return nil }), store.ErrClosed)
		_, err := s.Account(t.Context(), group, "a")
		wantError(t, err, store.ErrClosed)
		must(t, s.Close())
	}},
}

// siblings runs many changes at once, a third of which fail, so that a driver that groups them has failures in its groups.
func siblings(t *testing.T, s store.Store) {
	errs := together(200, func(i int) error {
		return s.Change(t.Context(), func(tx store.Tx) error {
			if err := errors.Join(tx.PutAccount(bare(uid(i))), tx.ClaimIdentifier(group, email(uid(i)), uid(i))); err != nil {
				return err
			}
			switch i % 6 {
			case 0:
				return errRefused
			case 1:
				panic("on purpose")
			case 2:
				// A refused statement that the function lives with.
				if err := tx.PutAccount(bare(uid(i))); !errors.Is(err, store.ErrExists) {
					return fmt.Errorf("second insert: %w", err)
				}
			}
			return nil
		})
	})
	for i, err := range errs {
		failed := i%6 < 2
		if (err != nil) != failed {
			t.Errorf("change %d: %v", i, err)
		}
		_, readErr := s.Account(t.Context(), group, uid(i))
		_, ownerErr := s.Owner(t.Context(), group, email(uid(i)))
		if failed {
			wantError(t, readErr, store.ErrNotFound)
			wantError(t, ownerErr, store.ErrNotFound)
		} else {
			must(t, errors.Join(readErr, ownerErr))
		}
	}
}

// givenUp cancels a change while another one, which cannot end before, holds the store.
func givenUp(t *testing.T, s store.Store) {
	inside, goOn, done := make(chan struct{}, 1), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- s.Change(context.WithoutCancel(t.Context()), func(store.Tx) error {
			select {
			case inside <- struct{}{}:
			default:
			}
			<-goOn
			return nil
		})
	}()
	<-inside
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error, 1)
	go func() {
		second <- s.Change(ctx, func(tx store.Tx) error { return tx.PutAccount(bare("a")) })
	}()
	cancel()
	err := <-second
	close(goOn)
	must(t, <-done)
	wantError(t, err, context.Canceled)
	// Whatever was still on its way has passed when this change is done.
	change(t, s, func(store.Tx) error { return nil })
	_, err = s.Account(t.Context(), group, "a")
	wantError(t, err, store.ErrNotFound)
}
