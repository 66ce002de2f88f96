package accounts_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/api/accounts"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/token"
)

// What the published vectors use: the UID signatures of the expected answers are made with it.
const (
	testKey    = "3_TestApiKey-0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGH"
	testSecret = "dGhpcyBpcyBhIDMyLWJ5dGUgcGFydG5lciBzZWNyZXQhISE="
	testUID    = "4c7c20989f4643dc97eef9fea7b0086e"
	testPass   = "correct horse"
)

var testTime = time.Date(2026, 3, 2, 10, 15, 30, 0, time.UTC)

// house is a store with one site and the methods over it: all of a server but the gateway.
type house struct {
	t       testing.TB
	clock   *clock.Fake
	store   store.Store
	deps    accounts.Deps
	methods *method.Table
	hashes  *counter
}

// counter counts the salts that were drawn: one for every password hash that was made.
type counter struct{ n int }

func (c *counter) Read(p []byte) (int, error) {
	c.n++
	return rand.Read(p)
}

func newHouse(t testing.TB) *house {
	t.Helper()
	c := clock.NewFake(testTime)
	opened, err := sqlite.Open(context.Background(), sqlite.Options{File: filepath.Join(t.TempDir(), "test.db"), Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	h := newHouseOver(t, opened)
	h.clock = c
	return h
}

// newHouseOver is newHouse over an empty store.
func newHouseOver(t testing.TB, opened store.Store) *house {
	t.Helper()
	h := &house{t: t, clock: clock.NewFake(testTime), hashes: &counter{}}
	h.store = opened
	sealer, err := seal.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	h.deps = accounts.Deps{
		Store: opened, Sites: site.NewDirectory(opened, sealer), Tokens: token.New(sealer, rand.Reader),
		Keyring:   token.NewKeyring(opened, sealer, h.clock, rand.Reader),
		Sessions:  session.New(opened, sealer, h.clock, rand.Reader),
		Passwords: password.New(password.Options{Params: password.Params{Memory: 8, Time: 1, Threads: 1}, Slots: 2, Queue: 200, Rand: h.hashes}),
		Rand:      rand.Reader,
		Issuer:    func(apiKey string) string { return "https://fidm.gigya.com/jwt/" + apiKey + "/" },
	}
	h.change(func(tx store.Tx) error {
		partner := &store.Partner{ID: 1, Name: "Example", Secret: sealer.Seal([]byte(testSecret), "partner:1")}
		if err := tx.PutPartner(partner); err != nil {
			return err
		}
		return tx.PutSite(&store.Site{
			APIKey: testKey, SiteID: 1, Partner: 1, Group: testKey, BaseDomain: "example.com", DataCenter: "us1", Status: store.SiteActive,
		})
	})
	h.methods = method.NewTable(accounts.Methods(h.deps)...)
	return h
}

func (h *house) change(fn func(tx store.Tx) error) {
	h.t.Helper()
	if err := h.store.Change(context.Background(), fn); err != nil {
		h.t.Fatal(err)
	}
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

func public(*house) *caller.Caller { return &caller.Caller{Class: caller.Public, Via: "none"} }

func server(*house) *caller.Caller {
	secret, _ := base64.StdEncoding.DecodeString(testSecret)
	return &caller.Caller{Class: caller.Server, Via: "partnerSecret", Secret: secret}
}

// user is the session of the token.
func user(token string) who {
	return func(h *house) *caller.Caller {
		found, err := h.deps.Sessions.Find(context.Background(), testKey, token)
		if err != nil {
			return &caller.Caller{Class: caller.Public, Via: "dead session"}
		}
		return &caller.Caller{Class: caller.Session, Via: "session", UID: found.UID, Session: found}
	}
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
	m, _ := h.methods.Lookup(name)
	if m == nil {
		return "", errors.New("no such method")
	}
	current, err := h.deps.Sites.Site(context.Background(), apiKey)
	if err != nil {
		return "", err
	}
	raw := gigya.NewParams()
	for i := 0; i < len(params); i += 2 {
		raw.Set(params[i], params[i+1])
	}
	inv := &method.Invocation{Method: m, Site: current, Caller: by(h), Raw: raw, Now: h.clock.Now(), CallID: "CALLID"}
	answer := &gigya.Answer{Method: name, CallID: inv.CallID, Time: inv.Now}
	bound, ignored, err := m.Bind(inv)
	answer.Ignored = ignored
	var result any
	if err == nil {
		result, err = m.Invoke(context.Background(), bound)
		answer.Ignored = append(answer.Ignored, inv.Ignored...)
	}
	switch {
	case err == nil:
		if answer.Members, err = gigya.Marshal(result); err != nil {
			return "", err
		}
	case !errors.As(err, &answer.Err):
		return "", err
	}
	return string(gigya.AppendAnswer(nil, answer, gigya.JSON, "")), nil
}

// field returns the text or the raw value of a member of the answer.
func field(answer string, path ...string) string {
	raw, ok := document.MemberAt([]byte(answer), path...)
	if !ok {
		return ""
	}
	if text, ok := document.Text(raw); ok {
		return text
	}
	return string(raw)
}

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
