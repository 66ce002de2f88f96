package ds_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/api/apitest"
	"github.com/doorward/doorward/internal/api/ds"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

const (
	testKey    = apitest.Key
	otherKey   = "3_OtherApiKey-123456789_abcdefghijklmnopqrstuvwxyzABCDEFGH"
	testSecret = apitest.Secret
)

var testTime = time.Date(2026, 3, 2, 10, 15, 30, 123_000_000, time.UTC)

// house is a store with two sites and the methods over it.
type house struct {
	*apitest.House
	t     testing.TB
	clock *clock.Fake
	store store.Store
}

func newHouse(t testing.TB) *house {
	t.Helper()
	in := apitest.New(t, testTime, testKey, otherKey)
	in.Change(func(tx store.Tx) error {
		for _, uid := range []string{"ann", "bob"} {
			if err := tx.PutAccount(&store.Account{Group: testKey, UID: uid, Created: 1, Registered: 1, IsActive: true}); err != nil {
				return err
			}
		}
		return tx.PutAccount(&store.Account{Group: testKey, UID: "pending", Created: 1})
	})
	in.Methods = method.NewTable(ds.Methods(ds.Deps{Store: in.Store, Tokens: in.Tokens, Rand: rand.Reader})...)
	return &house{House: in, t: t, clock: in.Clock, store: in.Store}
}

func (h *house) change(fn func(tx store.Tx) error) {
	h.t.Helper()
	h.Change(fn)
}

// Callers of tests.
var (
	public = apitest.Public()
	server = apitest.Server()
	ann    = &caller.Caller{Class: caller.Session, Via: "session", UID: "ann"}
	bob    = &caller.Caller{Class: caller.Session, Via: "session", UID: "bob"}
)

// call makes a call and returns the members of the answer, or the code and the details of the error.
func (h *house) call(by *caller.Caller, name string, params ...string) string {
	h.t.Helper()
	text, err := h.try(testKey, by, name, params...)
	if err != nil {
		h.t.Fatalf("%s: %v", name, err)
	}
	return text
}

// try is call at a site and for goroutines: an error that is no answer is returned.
func (h *house) try(apiKey string, by *caller.Caller, name string, params ...string) (string, error) {
	if m, _ := h.Methods.Lookup(name); m != nil && !by.Permitted(m.Spec.Callers, m.Right()) {
		return "403007", nil
	}
	answer, _, err := h.Call(apitest.Call{APIKey: apiKey, By: by, Method: name, Params: params})
	switch {
	case err != nil:
		return "", err
	case answer.Err != nil:
		return strings.TrimSuffix(fmt.Sprintf("%d %s", answer.Err.Code, answer.Err.Details), " "), nil
	}
	return string(answer.Members), nil
}

func field(answer string, path ...string) string { return apitest.Field(answer, path...) }

// data returns the data of an object.
func (h *house) data(kind, oid, uid string) string {
	h.t.Helper()
	return field(h.call(server, "ds.get", "type", kind, "oid", oid, "UID", uid), "data")
}

// step is one call of a scenario with its whole answer.
type step struct {
	by     *caller.Caller
	method string
	params []string
	want   string
}

func (h *house) play(steps []step) {
	h.t.Helper()
	for i, s := range steps {
		if s.by == nil {
			s.by = server
		}
		if got := h.call(s.by, s.method, s.params...); got != s.want {
			h.t.Errorf("step %d, %s %v:\n got %s\nwant %s", i, s.method, s.params, got, s.want)
		}
	}
}

func p(params ...string) []string { return params }
