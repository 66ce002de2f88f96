package ds_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/api/ds"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/token"
)

const (
	testKey    = "3_TestApiKey-0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGH"
	otherKey   = "3_OtherApiKey-123456789_abcdefghijklmnopqrstuvwxyzABCDEFGH"
	testSecret = "dGhpcyBpcyBhIDMyLWJ5dGUgcGFydG5lciBzZWNyZXQhISE="
)

var testTime = time.Date(2026, 3, 2, 10, 15, 30, 123_000_000, time.UTC)

// house is a store with two sites and the methods over it: all of a server but the gateway.
type house struct {
	t       testing.TB
	clock   *clock.Fake
	store   store.Store
	sites   *site.Directory
	methods *method.Table
}

func newHouse(t testing.TB) *house {
	t.Helper()
	c := clock.NewFake(testTime)
	opened, err := sqlite.Open(context.Background(), sqlite.Options{File: filepath.Join(t.TempDir(), "test.db"), Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	sealer, err := seal.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, clock: c, store: opened, sites: site.NewDirectory(opened, sealer)}
	h.change(func(tx store.Tx) error {
		partner := &store.Partner{ID: 1, Name: "Example", Secret: sealer.Seal([]byte(testSecret), "partner:1")}
		if err := tx.PutPartner(partner); err != nil {
			return err
		}
		for _, key := range []string{testKey, otherKey} {
			record := &store.Site{APIKey: key, SiteID: 1, Partner: 1, Group: key, BaseDomain: "example.com", DataCenter: "us1", Status: store.SiteActive}
			if err := tx.PutSite(record); err != nil {
				return err
			}
		}
		for _, uid := range []string{"ann", "bob"} {
			if err := tx.PutAccount(&store.Account{Group: testKey, UID: uid, Created: 1, Registered: 1, IsActive: true}); err != nil {
				return err
			}
		}
		return tx.PutAccount(&store.Account{Group: testKey, UID: "pending", Created: 1})
	})
	h.methods = method.NewTable(ds.Methods(ds.Deps{Store: opened, Tokens: token.New(sealer, rand.Reader), Rand: rand.Reader})...)
	return h
}

func (h *house) change(fn func(tx store.Tx) error) {
	h.t.Helper()
	if err := h.store.Change(context.Background(), fn); err != nil {
		h.t.Fatal(err)
	}
}

// Callers of tests.
var (
	public = &caller.Caller{Class: caller.Public, Via: "none"}
	server = &caller.Caller{Class: caller.Server, Via: "partnerSecret", Secret: secret()}
	ann    = &caller.Caller{Class: caller.Session, Via: "session", UID: "ann"}
	bob    = &caller.Caller{Class: caller.Session, Via: "session", UID: "bob"}
)

func secret() []byte {
	key, _ := base64.StdEncoding.DecodeString(testSecret)
	return key
}

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
	m, _ := h.methods.Lookup(name)
	if m == nil {
		return "", errors.New("no such method")
	}
	if !by.Permitted(m.Spec.Callers, m.Privilege()) {
		return "403007", nil
	}
	current, err := h.sites.Site(context.Background(), apiKey)
	if err != nil {
		return "", err
	}
	raw := gigya.NewParams()
	for i := 0; i < len(params); i += 2 {
		raw.Set(params[i], params[i+1])
	}
	result, err := m.Call(context.Background(), &method.Invocation{Method: m, Site: current, Caller: by, Raw: raw, Now: h.clock.Now(), CallID: "CALLID"})
	var refused *gigya.Error
	if errors.As(err, &refused) {
		return strings.TrimSuffix(fmt.Sprintf("%d %s", refused.Code, refused.Details), " "), nil
	}
	if err != nil {
		return "", err
	}
	members, err := gigya.Marshal(result)
	return string(members), err
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
