// Package storetest is the conformance suite of storage: what every driver of package store must do, with the races that
// tell a driver that promises from one that keeps its promises.
package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Now is the time at which the suite's stores must stand: open gives it to the driver as its clock.
var Now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Run checks a driver. open returns a new, empty store, whose clock stands at [Now], and closes it when t ends.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	groups := []struct {
		name  string
		tests []test
	}{
		{"accounts", accountTests},
		{"changes", changeTests},
		{"races", raceTests},
		{"sessions", sessionTests},
		{"configuration", configurationTests},
		{"objects of the configuration", configObjectTests},
		{"audit", auditTests},
		{"sweeps", sweepTests},
		{"bounds of sessions", sessionBoundTests},
		{"search", searchTests},
		{"values", valueTests},
		{"data store", dataTests},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, tt := range g.tests {
				t.Run(tt.name, func(t *testing.T) { tt.run(t, open(t)) })
			}
		})
	}
}

type test struct {
	name string
	run  func(t *testing.T, s store.Store)
}

const group = "4_storetestGroupOne00000"

// now is what the suite gives to methods that ask for the time.
var now = clock.FromTime(Now)

// empty makes nil and empty lists and documents equal: a driver may give either.
var empty = cmpopts.EquateEmpty()

func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, empty); diff != "" {
		t.Errorf("wrong record (-want +got):\n%s", diff)
	}
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error = %v, want %v", err, want)
	}
}

// must fails the test at an error. It is not for functions given to Change: they return their errors.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func change(t *testing.T, s store.Store, fn func(tx store.Tx) error) {
	t.Helper()
	must(t, s.Change(t.Context(), fn))
}

func put(t *testing.T, s store.Store, a *store.Account) {
	t.Helper()
	change(t, s, func(tx store.Tx) error { return tx.PutAccount(a) })
}

func account(t *testing.T, s store.Store, uid string) *store.Account {
	t.Helper()
	a, err := s.Account(t.Context(), group, uid)
	must(t, err)
	return a
}

// hash makes a hash out of any number.
func hash(n int) (h store.Hash) {
	h[0], h[1], h[2], h[31] = byte(n), byte(n>>8), byte(n>>16), 1
	return h
}

// full returns an account with something in every field.
func full(uid string) *store.Account {
	return &store.Account{
		Group: group, UID: uid,
		Created: now, Registered: now + 1, Verified: now + 2, LastLogin: now + 3, LastUpdated: now + 4,
		OldestDataUpdated: now + 5,
		IsActive:          true, LoginProvider: "site", SocialProviders: "site,facebook",
		RegSource: "https://shop.example.com/signup", HasRegSource: true,
		Profile:           json.RawMessage(`{"firstName":"Zoë","z":1,"a":2.50,"n":12345678901234567890,"e":1E+2}`),
		Data:              json.RawMessage(`{"tags":["a","b"],"nested":{"deep":{"er":[{"x":null},[],{}]}}}`),
		Preferences:       json.RawMessage(`{"terms":{"tos":{"isConsentGranted":true}}}`),
		Subscriptions:     json.RawMessage(`{"news":{"email":{"isSubscribed":true}}}`),
		Internal:          json.RawMessage(`{"k":"v"}`),
		CustomIdentifiers: json.RawMessage(`{"Loyalty_Number":"12345"}`),
		Emails:            json.RawMessage(`{"verified":["zoe@example.com"],"unverified":[]}`),
		LoginIDs:          json.RawMessage(`{"username":"zoe","emails":["zoe@example.com"],"unverifiedEmails":[]}`),
		Identities:        json.RawMessage(`[{"provider":"site","isLoginIdentity":true}]`),
		More:              json.RawMessage(`{"rbaPolicy":{"riskPolicyLocked":false}}`),
		Secrets: store.Secrets{
			PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", PasswordCreated: now + 6,
			PasswordHistory: []string{"first", "second"}, MustChangePassword: true,
			SecretQuestion: "Name of the dog?", SecretAnswerHash: "answer",
			FailedLogins: 3, LastFailedLogin: now + 7, LockedUntil: now + 8, TokenEpoch: 9,
		},
	}
}

// bare returns an account with as little as there can be.
func bare(uid string) *store.Account {
	return &store.Account{Group: group, UID: uid, Created: now, LastUpdated: now}
}

func email(value string) store.Identifier {
	return store.Identifier{Space: store.LoginSpace, Value: value}
}

// uid returns the n-th of a row of ordered UIDs.
func uid(n int) string { return fmt.Sprintf("%032x", n) }

// together runs fn on n goroutines that start at the same moment, and returns their errors.
func together(n int, fn func(i int) error) []error {
	start := make(chan struct{})
	type result struct {
		i   int
		err error
	}
	results := make(chan result)
	for i := range n {
		go func() {
			<-start
			results <- result{i, fn(i)}
		}()
	}
	close(start)
	errs := make([]error, n)
	for range n {
		r := <-results
		errs[r.i] = r.err
	}
	return errs
}
