// Package apitest is what the tests of every namespace have in common: a store with sites of one partner, calls of methods without
// the gateway before them, and a look into answers.
package apitest

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
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/token"
)

// What the published vectors use: the signatures in expected answers are made with it.
const (
	Key    = "3_TestApiKey-0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGH"
	Secret = "dGhpcyBpcyBhIDMyLWJ5dGUgcGFydG5lciBzZWNyZXQhISE="
)

// House is a store with sites of one partner, and what methods work with: all of a server but the gateway and the methods.
type House struct {
	T        testing.TB
	Clock    *clock.Fake
	Store    store.Store
	Sealer   *seal.Sealer
	Sites    *site.Directory
	Tokens   *token.Tokens
	Keyring  *token.Keyring
	Sessions *session.Sessions
	// Methods are those that are called; the test sets them.
	Methods *method.Table
}

// New opens a store of its own for the test and makes the sites.
func New(t testing.TB, now time.Time, apiKeys ...string) *House {
	t.Helper()
	c := clock.NewFake(now)
	opened, err := sqlite.Open(context.Background(), sqlite.Options{File: filepath.Join(t.TempDir(), "test.db"), Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return Over(t, c, opened, apiKeys...)
}

// Over makes the sites in an empty store.
func Over(t testing.TB, c *clock.Fake, opened store.Store, apiKeys ...string) *House {
	t.Helper()
	sealer, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	h := &House{
		T: t, Clock: c, Store: opened, Sealer: sealer, Sites: site.NewDirectory(opened, sealer), Tokens: token.New(sealer, rand.Reader),
		Keyring: token.NewKeyring(opened, sealer, c, rand.Reader), Sessions: session.New(opened, sealer, c, rand.Reader),
	}
	h.Change(func(tx store.Tx) error {
		err := tx.PutPartner(&store.Partner{ID: 1, Name: "Example", Secret: sealer.Seal([]byte(Secret), "partner:1")})
		for _, key := range apiKeys {
			err = errors.Join(err, tx.PutSite(&store.Site{
				APIKey: key, SiteID: 1, Partner: 1, Group: key, BaseDomain: "example.com", DataCenter: "us1", Status: store.SiteActive,
			}))
		}
		return err
	})
	return h
}

// Change changes the store, or ends the test.
func (h *House) Change(fn func(tx store.Tx) error) {
	h.T.Helper()
	if err := h.Store.Change(context.Background(), fn); err != nil {
		h.T.Fatal(err)
	}
}

// Public is a caller without a credential.
func Public() *caller.Caller { return &caller.Caller{Class: caller.Public, Via: "none"} }

// Server is a caller with the secret of the partner.
func Server() *caller.Caller {
	secret, _ := base64.StdEncoding.DecodeString(Secret)
	return &caller.Caller{Class: caller.Server, Via: "partnerSecret", Secret: secret}
}

// Session is the caller who is logged in with the token at the site; public once the session is over.
func (h *House) Session(apiKey, text string) *caller.Caller {
	found, err := h.Sessions.Find(context.Background(), apiKey, text)
	if err != nil {
		return &caller.Caller{Class: caller.Public, Via: "dead session"}
	}
	return &caller.Caller{Class: caller.Session, Via: "session", UID: found.UID, Session: found}
}

// Call is a call of a test.
type Call struct {
	// APIKey is the site's; empty: the call has none.
	APIKey string
	By     *caller.Caller
	Method string
	// Params are names and values by turns.
	Params []string
	// Authorization is the header of that name.
	Authorization string
	// Ending is the invocation's: it is told how changes end the call; nil: nobody is.
	Ending func(failure *gigya.Error) *store.Audit
}

// ErrNoMethod: the test calls a method that there is not.
var ErrNoMethod = errors.New("no such method")

// Call makes the call. It returns the answer, a fault too, and the invocation as the method left it. The error is one that is no
// answer. It may be called by several goroutines.
func (h *House) Call(c Call) (*gigya.Answer, *method.Invocation, error) {
	ctx := context.Background()
	m, _ := h.Methods.Lookup(c.Method)
	if m == nil {
		return nil, nil, ErrNoMethod
	}
	raw := gigya.NewParams()
	for i := 0; i < len(c.Params); i += 2 {
		raw.Set(c.Params[i], c.Params[i+1])
	}
	inv := &method.Invocation{Method: m, Caller: c.By, Raw: raw, Now: h.Clock.Now(), CallID: "CALLID", Authorization: c.Authorization, Ending: c.Ending}
	if c.APIKey != "" {
		var err error
		if inv.Site, err = h.Sites.Site(ctx, c.APIKey); err != nil {
			return nil, nil, err
		}
	}
	answer := &gigya.Answer{Method: c.Method, CallID: inv.CallID, Time: inv.Now}
	bound, ignored, err := m.Bind(inv)
	var result any
	if err == nil {
		result, err = m.Invoke(ctx, bound)
	}
	answer.Ignored = append(ignored, inv.Ignored...)
	switch {
	case err == nil:
		answer.Members, err = gigya.Marshal(result)
	case errors.As(err, &answer.Err):
		err = nil
	// What the gateway has words for is an answer; any other error is the test's to see.
	case method.Fault(err).Code != gigya.GeneralServerError:
		answer.Err, err = method.Fault(err), nil
	}
	return answer, inv, err
}

// Text returns the answer as it goes over the wire, indented.
func Text(answer *gigya.Answer) string {
	return string(gigya.AppendAnswer(nil, answer, gigya.JSON, ""))
}

// Field returns the text or the raw value of a member of the answer; empty: it has none.
func Field(answer string, path ...string) string {
	raw, ok := document.MemberAt([]byte(answer), path...)
	if !ok {
		return ""
	}
	if text, ok := document.Text(raw); ok {
		return text
	}
	return string(raw)
}
