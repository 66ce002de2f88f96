package postgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
)

// TestChangesThatReadWhatOthersWriteAreSerializable lets pairs of changes each look whether the other has acted, and act if it
// has not: in whatever order they run, one of them must see the other.
func TestChangesThatReadWhatOthersWriteAreSerializable(t *testing.T) {
	s := open(t, postgres.Options{URL: database(t)})
	both := 0
	for round := range 20 {
		names := [2]string{fmt.Sprint("left", round), fmt.Sprint("right", round)}
		var running, looked sync.WaitGroup
		looked.Add(2)
		acted := [2]bool{}
		for i := range names {
			first := true
			running.Go(func() {
				err := s.Change(t.Context(), func(tx store.Tx) error {
					acted[i] = false
					_, err := tx.Account(group, names[1-i])
					if first {
						// Both have looked before one acts.
						first = false
						looked.Done()
						looked.Wait()
					}
					if !errors.Is(err, store.ErrNotFound) {
						return err
					}
					acted[i] = true
					return tx.PutAccount(&store.Account{Group: group, UID: names[i]})
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		if acted[0] && acted[1] {
			both++
		}
	}
	if both > 0 {
		t.Errorf("in %d of 20 rounds both acted", both)
	}
}

// TestAFunctionThatSwallowsAConflictIsRunAgain has a function hide that its write failed.
func TestAFunctionThatSwallowsAConflictIsRunAgain(t *testing.T) {
	s := open(t, postgres.Options{URL: database(t)})
	if err := increment(t.Context(), s, "a"); err != nil {
		t.Fatal(err)
	}
	runs := 0
	err := s.Change(t.Context(), func(tx store.Tx) error {
		runs++
		a, err := tx.Account(group, "a")
		if err != nil {
			return err
		}
		if runs == 1 {
			if err := increment(t.Context(), s, "a"); err != nil {
				return err
			}
		}
		a.Secrets.FailedLogins += 10
		_ = tx.PutAccount(a)
		return nil
	})
	if err != nil || runs != 2 {
		t.Fatalf("%v after %d runs, want 2", err, runs)
	}
	if got := counted(t, s, "a"); got != 12 {
		t.Errorf("counted %d, want 12", got)
	}
}

// TestAChangeThatIsGivenUpWhileItWaitsForALockEndsThen cancels a change that waits for another's row.
func TestAChangeThatIsGivenUpWhileItWaitsForALockEndsThen(t *testing.T) {
	s := open(t, postgres.Options{URL: database(t)})
	if err := increment(t.Context(), s, "a"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := s.Change(t.Context(), func(tx store.Tx) error {
		a, err := tx.Account(group, "a")
		if err != nil {
			return err
		}
		if err := tx.PutAccount(a); err != nil {
			return err
		}
		if err := increment(ctx, s, "a"); !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("the change that waits: %w", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := counted(t, s, "a"); got != 1 {
		t.Errorf("counted %d, want 1", got)
	}
}

// TestTextsThatTheServerCannotKeep gives the store texts with NUL and with bytes that are no UTF-8, as user agents have.
func TestTextsThatTheServerCannotKeep(t *testing.T) {
	s := open(t, postgres.Options{URL: database(t)})
	for i, odd := range []string{"a\x00b", "a\xffb"} {
		const kept = "a\uFFFDb"
		uid := fmt.Sprint("account", i)
		err := s.Change(t.Context(), func(tx store.Tx) error {
			return errors.Join(
				tx.PutAccount(&store.Account{Group: group, UID: uid, RegSource: odd, HasRegSource: true, LoginProvider: odd}),
				tx.ReleaseIdentifier(group, store.Identifier{Value: odd}, uid), tx.DeleteSession(group, odd, store.Hash{}),
				tx.PutSession(&store.Session{Group: group, UID: "a", Hash: store.Hash{1}, UserAgent: odd, ClientIP: odd}),
				tx.AppendAudit(&store.Audit{APIKey: "key", UserKey: odd, CallID: odd, UID: odd, Method: odd}))
		})
		if err != nil {
			t.Fatal(err)
		}
		session, err := s.Session(t.Context(), group, "a", store.Hash{1})
		if err != nil || session.UserAgent != kept {
			t.Errorf("%q came back as %q, %v", odd, session.UserAgent, err)
		}
		a, err := s.Account(t.Context(), group, uid)
		if err != nil || a.RegSource != kept || a.LoginProvider != kept {
			t.Errorf("%q came back as %+v, %v", odd, a, err)
		}
		// What cannot be a key is not found, by whatever asks for it.
		_, accountErr := s.Account(t.Context(), group, odd)
		_, ownerErr := s.Owner(t.Context(), group, store.Identifier{Space: store.LoginSpace, Value: odd})
		_, siteErr := s.Site(t.Context(), odd)
		_, keyErr := s.Key(t.Context(), odd)
		_, sessionErr := s.Session(t.Context(), group, odd, store.Hash{1})
		_, objectErr := s.ConfigObject(t.Context(), "partner:1", "acl", odd)
		deleteErr := s.Change(t.Context(), func(tx store.Tx) error { return tx.DeleteConfigObject(odd, "acl", "a") })
		if objects, err := s.ConfigObjects(t.Context(), odd, "acl"); err != nil || len(objects) != 0 {
			t.Errorf("the objects of %q: %d, %v", odd, len(objects), err)
		}
		for i, err := range []error{accountErr, ownerErr, siteErr, keyErr, sessionErr, objectErr, deleteErr} {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%q, read %d: %v", odd, i, err)
			}
		}
		where := &query.Comparison{Path: query.Path{"regSource"}, Op: query.Equal, Values: []query.Value{{Kind: query.String, Str: odd}}}
		_, err = s.SearchAccounts(t.Context(), store.Search{Group: group, Where: where, Limit: 1, Total: true},
			func(*store.Account, []query.Value) error { t.Errorf("%q was found", odd); return nil })
		if err != nil {
			t.Error(err)
		}
		if err := s.Change(t.Context(), func(tx store.Tx) error {
			return tx.ClaimIdentifier(group, store.Identifier{Space: store.LoginSpace, Value: odd}, "a")
		}); err == nil || strings.Contains(err.Error(), odd) {
			t.Errorf("claim of %q: %v", odd, err)
		}
	}
}

// TestErrorsOfTheServerShowNeitherValuesNorStatements has the server refuse something that holds a secret.
func TestErrorsOfTheServerShowNeitherValuesNorStatements(t *testing.T) {
	const secret = "pa55word-of-the-test"
	url := database(t)
	s := open(t, postgres.Options{URL: url})
	statement(t, url, "ALTER TABLE sessions ADD CHECK (user_agent <> '"+secret+"')")
	err := s.Change(t.Context(), func(tx store.Tx) error {
		return tx.PutSession(&store.Session{Group: group, UID: "a", UserAgent: secret})
	})
	if err == nil || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "INSERT") {
		t.Errorf("error %v", err)
	}
}

// TestANonceIsGoodOnceOverManyProcesses claims each nonce through several stores at once.
func TestANonceIsGoodOnceOverManyProcesses(t *testing.T) {
	url := database(t)
	stores := []*postgres.Store{open(t, postgres.Options{URL: url}), open(t, postgres.Options{URL: url}), open(t, postgres.Options{URL: url})}
	now := clock.FromTime(time.Now())
	for round := range 10 {
		var mu sync.Mutex
		first := 0
		var running sync.WaitGroup
		for i := range 24 {
			running.Go(func() {
				ok, err := stores[i%3].ClaimNonce(t.Context(), "owner", store.Hash{byte(round)}, now, now+60_000)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if ok {
					first++
				}
			})
		}
		running.Wait()
		if first != 1 {
			t.Errorf("round %d: %d claims were the first", round, first)
		}
	}
}

// TestASearchThatStopsHalfWayLeavesItsConnectionUsable ends long reads by errors of their receivers, more often than there
// are connections.
func TestASearchThatStopsHalfWayLeavesItsConnectionUsable(t *testing.T) {
	s := open(t, postgres.Options{URL: database(t, "pool_max_conns", "2")})
	err := s.Change(t.Context(), func(tx store.Tx) error {
		for i := range 2000 {
			a := &store.Account{Group: group, UID: fmt.Sprintf("%04d", i), Data: json.RawMessage(`{"text":"` + strings.Repeat("x", 500) + `"}`)}
			if err := tx.PutAccount(a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("enough")
	for range 6 {
		begun := time.Now()
		err := s.AccountValues(t.Context(), group, nil, []query.Path{{"data", "text"}}, func([]query.Value) error { return stop })
		if err != stop {
			t.Fatal(err)
		}
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("stopping took %s", took)
		}
		if err := s.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
