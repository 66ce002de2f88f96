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
	{"what a change expects changes nothing of what it sees", expectationsOfAChange},
	{"a change that expects much writes all of it, and nothing if it fails", func(t *testing.T, s store.Store) {
		var uids []string
		var ids []store.Identifier
		for n := range 1500 {
			uids, ids = append(uids, fmt.Sprint("u", n)), append(ids, email(fmt.Sprint("u", n, "@example.com")))
		}
		write := func(end error) func(tx store.Tx) error {
			return func(tx store.Tx) error {
				must(t, tx.Expect(group, uids, ids))
				for n, uid := range uids {
					must(t, errors.Join(tx.ClaimIdentifier(group, ids[n], uid), tx.PutAccount(bare(uid))))
				}
				return end
			}
		}
		there := func() (accounts, owners int) {
			for n, uid := range uids {
				if a, err := s.Account(t.Context(), group, uid); err == nil && a.Rev == 1 {
					accounts++
				}
				if owner, err := s.Owner(t.Context(), group, ids[n]); err == nil && owner == uid {
					owners++
				}
			}
			return accounts, owners
		}
		if err := s.Change(t.Context(), write(errRefused)); err != errRefused {
			t.Fatalf("error = %v, want the function's own", err)
		}
		if accounts, owners := there(); accounts+owners != 0 {
			t.Errorf("a change that failed has left %d accounts and %d identifiers", accounts, owners)
		}
		change(t, s, write(nil))
		if accounts, owners := there(); accounts != 1500 || owners != 1500 {
			t.Errorf("%d accounts and %d identifiers of 1500", accounts, owners)
		}
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

// expectationsOfAChange: whether something was expected, rightly or not, a change answers as without.
func expectationsOfAChange(t *testing.T, s store.Store) {
	mine, theirs, late, other := email("mine@example.com"), email("theirs@example.com"), email("late@example.com"), email("other@example.com")
	change(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutAccount(full("present")), tx.ClaimIdentifier(group, theirs, "present"))
	})
	change(t, s, func(tx store.Tx) error {
		must(t, tx.Expect(group, []string{"new", "present", "never"}, []store.Identifier{mine, theirs}))
		must(t, tx.Expect(group, nil, []store.Identifier{late}))
		owner := func(id store.Identifier, want string) {
			t.Helper()
			got, err := tx.Owner(group, id)
			if got != want || (want == "") != errors.Is(err, store.ErrNotFound) {
				t.Errorf("owner of %s = %q, %v; want %q", id.Value, got, err, want)
			}
		}
		taken := func(id store.Identifier, by string) {
			t.Helper()
			var taken *store.TakenError
			if err := tx.ClaimIdentifier(group, id, "new"); !errors.As(err, &taken) || taken.UID != by || taken.Identifier != id {
				t.Errorf("claiming %s: %v", id.Value, err)
			}
		}
		owner(mine, "")
		owner(theirs, "present")
		taken(theirs, "present")
		_, err := tx.Account(group, "new")
		wantError(t, err, store.ErrNotFound)
		wantError(t, tx.PutAccount(full("present")), store.ErrExists)
		must(t, tx.ClaimIdentifier(group, mine, "new"))
		must(t, tx.ClaimIdentifier(group, mine, "new"))
		owner(mine, "new")
		// Said again, and in between.
		must(t, tx.Expect(group, []string{"new"}, []store.Identifier{mine}))
		owner(mine, "new")
		a := full("new")
		must(t, tx.PutAccount(a))
		if a.Rev != 1 {
			t.Errorf("revision %d after the insertion", a.Rev)
		}
		wantError(t, tx.PutAccount(full("new")), store.ErrExists)
		got, err := tx.Account(group, "new")
		must(t, err)
		got.LoginProvider = "changed"
		must(t, tx.PutAccount(got))
		// Given back, taken by somebody else, and what was not expected at all.
		must(t, tx.ReleaseIdentifier(group, mine, "new"))
		owner(mine, "")
		must(t, tx.ClaimIdentifier(group, mine, "present"))
		taken(mine, "present")
		must(t, tx.ReleaseIdentifier(group, late, "new"))
		must(t, tx.ClaimIdentifier(group, late, "new"))
		must(t, tx.ClaimIdentifier(group, other, "new"))
		must(t, tx.ReleaseIdentifier(group, theirs, "new")) // It is another's: nothing happens.
		owner(theirs, "present")
		return nil
	})
	for id, want := range map[store.Identifier]string{mine: "present", theirs: "present", late: "new", other: "new"} {
		if owner, err := s.Owner(t.Context(), group, id); err != nil || owner != want {
			t.Errorf("%s is %q's, want %q: %v", id.Value, owner, want, err)
		}
	}
	a, err := s.Account(t.Context(), group, "new")
	must(t, err)
	if a.LoginProvider != "changed" || a.Rev != 2 {
		t.Errorf("provider %q, revision %d", a.LoginProvider, a.Rev)
	}
	_, err = s.Account(t.Context(), group, "never")
	wantError(t, err, store.ErrNotFound)

	change(t, s, func(tx store.Tx) error {
		must(t, tx.Expect(group, []string{"new"}, []store.Identifier{late}))
		must(t, tx.DeleteAccount(group, "new"))
		_, err := tx.Owner(group, late)
		wantError(t, err, store.ErrNotFound)
		return errors.Join(tx.ClaimIdentifier(group, late, "again"), tx.PutAccount(bare("again")))
	})
	if owner, err := s.Owner(t.Context(), group, late); err != nil || owner != "again" {
		t.Errorf("the identifier is %q's: %v", owner, err)
	}
}
