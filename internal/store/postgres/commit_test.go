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
)

const group = "4_group"

// increment counts one up in the account, which it makes if it is not there.
func increment(ctx context.Context, s store.Store, uid string) error {
	return s.Change(ctx, func(tx store.Tx) error {
		a, err := tx.Account(group, uid)
		if errors.Is(err, store.ErrNotFound) {
			a, err = &store.Account{Group: group, UID: uid}, nil
		}
		if err != nil {
			return err
		}
		a.Secrets.FailedLogins++
		return tx.PutAccount(a)
	})
}

func counted(t *testing.T, s store.Store, uid string) int {
	t.Helper()
	a, err := s.Account(t.Context(), group, uid)
	if errors.Is(err, store.ErrNotFound) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return a.Secrets.FailedLogins
}

// TestACommitWhoseAnswerIsLostHappensOnce cuts connections in the middle of commits: before they arrive, before their answer
// does, and so that they arrive when they have been given up already. Each change must have happened exactly once.
func TestACommitWhoseAnswerIsLostHappensOnce(t *testing.T) {
	url := database(t)
	direct := open(t, postgres.Options{URL: url})
	var commits atomic.Int64
	p, through := between(t, url, func() fate {
		return []fate{pass, lose, pass, mute, pass, late, pass}[commits.Add(1)%7]
	})
	s := open(t, postgres.Options{URL: through})
	const writers, each = 6, 25
	var running sync.WaitGroup
	errs := make(chan error, writers*each)
	for w := range writers {
		running.Go(func() {
			for range each {
				if err := increment(t.Context(), s, fmt.Sprint("counter", w)); err != nil {
					errs <- err
				}
			}
		})
	}
	running.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	for w := range writers {
		if got := counted(t, direct, fmt.Sprint("counter", w)); got != each {
			t.Errorf("writer %d: counted %d, want %d", w, got, each)
		}
	}
	if p.cut.Load() < 30 {
		t.Errorf("only %d commits were cut: the test says nothing", p.cut.Load())
	}
	t.Logf("%d commits were cut", p.cut.Load())
}

// TestACommitThatNobodyCanBeAskedAboutIsReportedAsUnknown loses the server together with the answer.
func TestACommitThatNobodyCanBeAskedAboutIsReportedAsUnknown(t *testing.T) {
	for name, f := range map[string]fate{"it had happened": mute, "it had not": lose} {
		t.Run(name, func(t *testing.T) {
			url := database(t, "pool_max_conns", "1")
			var p *proxy
			var armed atomic.Bool
			p, through := between(t, url, func() fate {
				if !armed.Load() {
					return pass
				}
				p.refuses.Store(true)
				return f
			})
			s := open(t, postgres.Options{URL: through, Patience: 300 * time.Millisecond})
			if err := increment(t.Context(), s, "a"); err != nil {
				t.Fatal(err)
			}
			armed.Store(true)
			err := increment(t.Context(), s, "a")
			if !errors.Is(err, store.ErrUnknown) || errors.Is(err, store.ErrBusy) {
				t.Errorf("error %v, want ErrUnknown alone", err)
			}
			if err := increment(t.Context(), s, "a"); !errors.Is(err, store.ErrBusy) || errors.Is(err, store.ErrUnknown) {
				t.Errorf("without a server: %v, want ErrBusy", err)
			}
			if _, err := s.Account(t.Context(), group, "a"); !errors.Is(err, store.ErrBusy) {
				t.Errorf("a read without a server: %v, want ErrBusy", err)
			}
			armed.Store(false)
			p.refuses.Store(false)
			want := 1
			if f == mute {
				want = 2
			}
			if got := counted(t, open(t, postgres.Options{URL: url}), "a"); got != want {
				t.Errorf("counted %d, want %d", got, want)
			}
			if err := increment(t.Context(), s, "a"); err != nil {
				t.Errorf("after the server came back: %v", err)
			}
		})
	}
}

// TestOutcomesDoNotStay sees the rows that tell of commits go when they are old.
func TestOutcomesDoNotStay(t *testing.T) {
	url := database(t)
	s := open(t, postgres.Options{URL: url})
	for range 5 {
		if err := increment(t.Context(), s, "a"); err != nil {
			t.Fatal(err)
		}
	}
	rows := func() int { return number(t, url, "SELECT count(*) FROM outcomes") }
	if n := rows(); n != 5 {
		t.Fatalf("%d outcomes, want 5", n)
	}
	statement(t, url, "UPDATE outcomes SET at = at - 3600000 WHERE id IN (SELECT id FROM outcomes LIMIT 3)")
	if err := postgres.Tidy(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if n := rows(); n != 2 {
		t.Errorf("%d outcomes remain, want the 2 new ones", n)
	}
}
