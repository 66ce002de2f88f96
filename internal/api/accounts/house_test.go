package accounts_test

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/api/accounts"
	"github.com/doorward/doorward/internal/api/apitest"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

const (
	testKey    = apitest.Key
	testSecret = apitest.Secret
	testUID    = "4c7c20989f4643dc97eef9fea7b0086e"
	testPass   = "correct horse"
)

var testTime = time.Date(2026, 3, 2, 10, 15, 30, 0, time.UTC)

// house is a store with one site and the methods over it.
type house struct {
	*apitest.House
	t      testing.TB
	clock  *clock.Fake
	store  store.Store
	deps   accounts.Deps
	hashes *counter
}

// counter counts the salts that were drawn: one for every password hash that was made.
type counter struct{ n int }

func (c *counter) Read(p []byte) (int, error) {
	c.n++
	return rand.Read(p)
}

func newHouse(t testing.TB) *house {
	t.Helper()
	return furnished(apitest.New(t, testTime, testKey))
}

// newHouseOver is newHouse over an empty store.
func newHouseOver(t testing.TB, opened store.Store) *house {
	t.Helper()
	return furnished(apitest.Over(t, clock.NewFake(testTime), opened, testKey))
}

// furnished adds the methods.
func furnished(in *apitest.House) *house {
	h := &house{House: in, t: in.T, clock: in.Clock, store: in.Store, hashes: &counter{}}
	h.deps = accounts.Deps{
		Store: in.Store, Sites: in.Sites, Config: siteconfig.New(in.Store, in.Sites, in.Sealer, in.Clock), Tokens: in.Tokens, Keyring: in.Keyring, Sessions: in.Sessions,
		Passwords: password.New(password.Options{Params: password.Params{Memory: 8, Time: 1, Threads: 1}, Slots: 2, Queue: 200, Rand: h.hashes}),
		Rand:      rand.Reader,
		Issuer:    func(apiKey string) string { return "https://fidm.gigya.com/jwt/" + apiKey + "/" },
	}
	h.Methods = method.NewTable(accounts.Methods(h.deps)...)
	return h
}

func (h *house) change(fn func(tx store.Tx) error) {
	h.t.Helper()
	h.Change(fn)
}

// sign makes a signing key, which takes time that most tests save.
func (h *house) sign() {
	h.t.Helper()
	if err := h.deps.Keyring.EnsureKey(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}

// configure sets the site's explicit policies, and its schema if it is not empty.
func (h *house) configure(policies, schema string) {
	h.t.Helper()
	h.change(func(tx store.Tx) error {
		record, err := tx.Site(testKey)
		if err != nil {
			return err
		}
		record.Policies = []byte(policies)
		if schema != "" {
			record.Schema = []byte(schema)
		}
		return tx.PutSite(record)
	})
}

// Callers of tests.
type who func(h *house) *caller.Caller

func public(*house) *caller.Caller { return apitest.Public() }
func server(*house) *caller.Caller { return apitest.Server() }

// user is the session of the token.
func user(token string) who {
	return func(h *house) *caller.Caller { return h.Session(testKey, token) }
}

// call makes a call and returns the whole answer, indented as it goes over the wire.
func (h *house) call(by who, name string, params ...string) string {
	h.t.Helper()
	text, err := h.try(by, name, params...)
	if err != nil {
		h.t.Fatalf("%s: %v", name, err)
	}
	return text
}

// try is call for goroutines: an error that is no answer is returned.
func (h *house) try(by who, name string, params ...string) (string, error) {
	return h.tryAt(testKey, by, name, params...)
}

// tryAt is try at another site.
func (h *house) tryAt(apiKey string, by who, name string, params ...string) (string, error) {
	answer, _, err := h.Call(apitest.Call{APIKey: apiKey, By: by(h), Method: name, Params: params})
	if err != nil {
		return "", err
	}
	return apitest.Text(answer), nil
}

func field(answer string, path ...string) string { return apitest.Field(answer, path...) }

func code(answer string) string { return field(answer, "errorCode") }

// wantCode fails the test unless the answer has the code.
func wantCode(t *testing.T, answer, want string) {
	t.Helper()
	if code(answer) != want {
		t.Fatalf("errorCode = %s, want %s in\n%s", code(answer), want, answer)
	}
}

// regToken returns a fresh token of initRegistration.
func (h *house) regToken() string {
	h.t.Helper()
	return field(h.call(public, "accounts.initRegistration"), "regToken")
}

// zoe registers the account of the expected answers and returns its session token.
func (h *house) zoe(more ...string) string {
	h.t.Helper()
	params := append([]string{
		"regToken", h.regToken(), "email", "zoe@example.com", "password", testPass, "siteUID", testUID,
		"profile", `{"firstName":"Zoë","lastName":"Example"}`, "finalizeRegistration", "true",
	}, more...)
	answer := h.call(public, "accounts.register", params...)
	if code(answer) != "0" {
		h.t.Fatalf("registering failed:\n%s", answer)
	}
	return field(answer, "sessionInfo", "cookieValue")
}

func (h *house) account(uid string) *store.Account {
	h.t.Helper()
	a, err := h.store.Account(context.Background(), testKey, uid)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}
