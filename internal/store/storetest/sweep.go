package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

var sweepTests = []test{
	{"sessions go when their end is past, and none that has no end of its own", func(t *testing.T, s store.Store) {
		change(t, s, func(tx store.Tx) error {
			return errors.Join(
				tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(1), Expires: now - 1}),
				tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(2), Expires: now}),
				tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(3), Expires: now + 1}),
				tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(4)}),
				tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(5), Expires: now - 1, Dynamic: true}),
				tx.PutSession(&store.Session{Group: "4_other", UID: "b", Hash: hash(6), Expires: 1}))
		})
		sweep(t, s, store.SweptSessions, now, 10, 2)
		wantSessions(t, s, "a", 2, 3, 4, 5)
		if _, err := s.Session(t.Context(), "4_other", "b", hash(6)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the other group's: %v", err)
		}
		sweep(t, s, store.SweptSessions, now, 10, 0)
	}},
	{"a session that was prolonged stays", func(t *testing.T, s store.Store) {
		for _, expires := range []clock.Millis{now - 5, now + 5} {
			change(t, s, func(tx store.Tx) error {
				return tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(1), Expires: expires})
			})
		}
		sweep(t, s, store.SweptSessions, now, 10, 0)
		wantSessions(t, s, "a", 1)
	}},
	{"marks go when they are dead, and can be set anew", func(t *testing.T, s store.Store) {
		change(t, s, func(tx store.Tx) error {
			return errors.Join(
				tx.UseOnce("space", hash(1), now-9, now+2),
				tx.UseOnce("space", hash(2), now-9, now+3),
				tx.UseOnce("other", hash(1), now-9, now+9))
		})
		sweep(t, s, store.SweptMarks, now+3, 10, 1)
		for i, mark := range []struct {
			space string
			n     int
		}{{"space", 2}, {"other", 1}} {
			if lives, err := s.Marked(t.Context(), mark.space, hash(mark.n), now); !lives || err != nil {
				t.Errorf("mark %d: %v, %v", i, lives, err)
			}
		}
		change(t, s, func(tx store.Tx) error { return tx.UseOnce("space", hash(1), now, now+1) })
	}},
	{"audit records of every site go by their time, but for those behind one that stays", func(t *testing.T, s store.Store) {
		for i, apiKey := range []string{"", "b", "a", "b", "c"} {
			change(t, s, func(tx store.Tx) error {
				return errors.Join(
					tx.AppendAudit(&store.Audit{Time: now - 1, CallID: fmt.Sprint("gone", i), APIKey: apiKey, Partner: int64(i)}),
					tx.AppendAudit(&store.Audit{Time: now + 5, CallID: fmt.Sprint("kept", i), APIKey: apiKey, Partner: int64(i)}),
					tx.AppendAudit(&store.Audit{Time: now - 2, CallID: fmt.Sprint("late", i), APIKey: apiKey, Partner: int64(i)}),
					tx.AppendAudit(&store.Audit{Time: now, CallID: fmt.Sprint("just", i), APIKey: apiKey, Partner: int64(i)}))
			})
		}
		for i := range 5 {
			n, err := s.Sweep(t.Context(), store.Sweep{Kind: store.SweptAudits, Partner: int64(i), Before: now, Limit: 100})
			must(t, err)
			if n != 1 {
				t.Errorf("partner %d: %d were swept", i, n)
			}
		}
		for apiKey, want := range map[string][]string{
			"": {"kept0", "just0", "late0"}, "a": {"kept2", "just2", "late2"}, "b": {"kept3", "kept1", "just3", "just1", "late3", "late1"}, "c": {"kept4", "just4", "late4"},
		} {
			var got []string
			must(t, s.Audits(t.Context(), store.AuditQuery{Log: apiKey, Newest: true, Limit: 10}, func(a *store.Audit, _ string) error { got = append(got, a.CallID); return nil }))
			same(t, got, want)
		}
	}},
	{"a batch removes no more than its limit, and the next goes on", func(t *testing.T, s store.Store) {
		change(t, s, func(tx store.Tx) error {
			var errs []error
			for i := range 25 {
				errs = append(errs,
					tx.PutSession(&store.Session{Group: group, UID: uid(i), Hash: hash(i), Expires: now - clock.Millis(i)}),
					tx.UseOnce("space", hash(i), now-9, now+clock.Millis(i)),
					tx.AppendAudit(&store.Audit{Time: now - clock.Millis(i), APIKey: uid(i % 3)}))
			}
			return errors.Join(errs...)
		})
		for _, kind := range []store.Swept{store.SweptSessions, store.SweptMarks, store.SweptAudits} {
			for _, want := range []int{10, 10, 5, 0} {
				sweep(t, s, kind, now+100, 10, want)
			}
		}
	}},
	{"a sweep that cannot be meant is an error", func(t *testing.T, s store.Store) {
		for _, what := range []store.Sweep{{Before: now, Limit: 1}, {Kind: 99, Before: now, Limit: 1}, {Kind: store.SweptMarks, Before: now}} {
			if n, err := s.Sweep(t.Context(), what); n != 0 || err == nil {
				t.Errorf("%+v: %d, %v", what, n, err)
			}
		}
		must(t, s.Close())
		_, err := s.Sweep(t.Context(), store.Sweep{Kind: store.SweptMarks, Before: now, Limit: 1})
		wantError(t, err, store.ErrClosed)
	}},
	{"sweeps beside changes lose nothing that lives", func(t *testing.T, s store.Store) {
		errs := together(8, func(i int) error {
			for n := range 20 {
				if i%2 == 0 {
					if _, err := s.Sweep(t.Context(), store.Sweep{Kind: store.SweptSessions, Before: now, Limit: 3}); err != nil {
						return err
					}
					continue
				}
				err := s.Change(t.Context(), func(tx store.Tx) error {
					return errors.Join(
						tx.PutSession(&store.Session{Group: group, UID: uid(i), Hash: hash(n), Expires: now + 1}),
						tx.PutSession(&store.Session{Group: group, UID: uid(i), Hash: hash(1000 + n), Expires: now - 1}))
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		must(t, errors.Join(errs...))
		for i := 1; i < 8; i += 2 {
			for n := range 20 {
				_, err := s.Session(t.Context(), group, uid(i), hash(n))
				must(t, err)
			}
		}
	}},
}

func sweep(t *testing.T, s store.Store, kind store.Swept, before clock.Millis, limit, want int) {
	t.Helper()
	n, err := s.Sweep(t.Context(), store.Sweep{Kind: kind, Before: before, Limit: limit})
	must(t, err)
	if n != want {
		t.Errorf("swept %d %s, want %d", n, kind, want)
	}
}

// sessionCandidates are the numbers of the sessions that wantSessions looks for.
const sessionCandidates = 20

// wantSessions tells which of the sessions hash(0), hash(1) … the account has.
func wantSessions(t *testing.T, s store.Store, uid string, want ...int) {
	t.Helper()
	var got []int
	for n := range sessionCandidates {
		_, err := s.Session(t.Context(), group, uid, hash(n))
		if err == nil {
			got = append(got, n)
		} else if !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("sessions of %s: %v, want %v", uid, got, want)
	}
}

var sessionBoundTests = []test{
	{"the oldest sessions end when there are more than are kept", func(t *testing.T, s store.Store) {
		change(t, s, func(tx store.Tx) error {
			var errs []error
			for n, created := range []clock.Millis{30, 10, 50, 20, 40} {
				errs = append(errs, tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(n), Created: created}))
			}
			errs = append(errs, tx.PutSession(&store.Session{Group: group, UID: "b", Hash: hash(9), Created: 1}))
			return errors.Join(errs...)
		})
		limitSessions(t, s, 5, 2, 0)
		wantSessions(t, s, "a", 0, 1, 2, 3, 4)
		limitSessions(t, s, 3, 2, 2)
		wantSessions(t, s, "a", 0, 2, 4)
		wantSessions(t, s, "b", 9)
	}},
	{"sessions that are over end before older ones that live", func(t *testing.T, s store.Store) {
		change(t, s, func(tx store.Tx) error {
			return errors.Join(
				tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(0), Created: 1}),
				tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(1), Created: 2, Expires: now}),
				tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(2), Created: 3, Expires: now + 1}),
				tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(3), Created: 4, Expires: 5, Dynamic: true}),
				tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(4), Created: 5}))
		})
		limitSessions(t, s, 4, 4, 1)
		wantSessions(t, s, "a", 0, 2, 3, 4)
		limitSessions(t, s, 3, 4, 1)
		wantSessions(t, s, "a", 2, 3, 4)
	}},
	{"the newest one stays, whatever the clock said when it was opened", func(t *testing.T, s store.Store) {
		change(t, s, func(tx store.Tx) error {
			return errors.Join(
				tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(1), Created: now}),
				tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(2), Created: now - 9, Expires: now - 1}),
				tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(3), Created: now}))
		})
		limitSessions(t, s, 1, 2, 2)
		wantSessions(t, s, "a", 2)
	}},
}

func limitSessions(t *testing.T, s store.Store, keep, newest, want int) {
	t.Helper()
	var ended int
	change(t, s, func(tx store.Tx) (err error) {
		ended, err = tx.LimitSessions(group, "a", hash(newest), keep, now)
		return err
	})
	if ended != want {
		t.Errorf("ended %d, want %d", ended, want)
	}
}
