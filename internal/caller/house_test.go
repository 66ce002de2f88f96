package caller_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/token"
)

var start = time.Unix(1700000000, 0).UTC()

// key is a key with what its holder knows.
type key struct {
	*site.NewKey
	pair *rsa.PrivateKey
}

// house is two partners with their sites, keys and a user, on a real store.
type house struct {
	file     string
	clock    *clock.Fake
	sealer   *seal.Sealer
	store    *sqlite.Store
	factory  site.Factory
	sites    *site.Directory
	sessions *session.Sessions
	tokens   *token.Tokens
	keyring  *token.Keyring
	resolver *caller.Resolver

	partner, stranger                                *store.Partner
	secret, strangerSecret                           string
	site, sibling, child, foreign                    *store.Site
	deleted, disabled, ofDisabled                    *store.Site
	key, scoped, foreignKey, disabledKey, revokedKey key
}

const uid = "u1"

func newHouse(t testing.TB) *house {
	t.Helper()
	return openHouse(t, filepath.Join(t.TempDir(), "test.db"), true)
}

// openHouse opens a server on the store; the first of a file also fills it.
func openHouse(t testing.TB, file string, fill bool) *house {
	t.Helper()
	h := &house{file: file, clock: clock.NewFake(start)}
	var err error
	h.store, err = sqlite.Open(t.Context(), sqlite.Options{File: file, Clock: h.clock})
	must(t, err)
	t.Cleanup(func() { _ = h.store.Close() })
	h.sealer, err = seal.New(bytes.Repeat([]byte{3}, seal.KeySize))
	must(t, err)
	h.factory = site.Factory{Sealer: h.sealer, Rand: rand.Reader, Clock: h.clock}
	h.sites = site.NewDirectory(h.store, h.sealer)
	h.sessions = session.New(h.store, h.sealer, h.clock, rand.Reader)
	h.tokens = token.New(h.sealer, rand.Reader)
	h.keyring = token.NewKeyring(h.store, h.sealer, h.clock, rand.Reader)
	h.resolver = caller.NewResolver(h.sites, h.sessions, h.tokens, h.keyring, h.store)
	if fill {
		h.fill(t)
	}
	return h
}

func (h *house) fill(t testing.TB) {
	t.Helper()
	must(t, h.keyring.EnsureKey(t.Context()))
	h.partner, h.secret = h.newPartner(t)
	h.stranger, h.strangerSecret = h.newPartner(t)
	off, _ := h.newPartner(t)
	off.Disabled = true
	h.put(t, off)
	h.site, h.sibling, h.foreign = h.newSite(t, h.partner, ""), h.newSite(t, h.partner, ""), h.newSite(t, h.stranger, "")
	h.site.Config = []byte(`{"siteGroupConfig":{"enableSSO":true}}`)
	h.put(t, h.site)
	h.child, h.ofDisabled = h.newSite(t, h.partner, h.site.APIKey), h.newSite(t, off, "")
	h.deleted, h.disabled = h.newSite(t, h.partner, ""), h.newSite(t, h.partner, "")
	h.deleted.Status, h.disabled.Status = store.SiteDeleted, store.SiteDisabled
	h.put(t, h.deleted)
	h.put(t, h.disabled)
	h.key = h.newKey(t, site.KeyOptions{Partner: h.partner.ID, RSA: true})
	h.scoped = h.newKey(t, site.KeyOptions{Partner: h.partner.ID, Sites: []string{h.sibling.APIKey}})
	h.foreignKey = h.newKey(t, site.KeyOptions{Partner: h.stranger.ID})
	h.disabledKey, h.revokedKey = h.newKey(t, site.KeyOptions{Partner: h.partner.ID}), h.newKey(t, site.KeyOptions{Partner: h.partner.ID})
	h.disabledKey.Record.Disabled, h.revokedKey.Record.Revoked = true, clock.FromTime(start)
	h.put(t, h.disabledKey.Record)
	h.put(t, h.revokedKey.Record)
	h.put(t, &store.Account{Group: h.site.APIKey, UID: uid, IsActive: true, Registered: clock.FromTime(start)})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) put(t testing.TB, record any) {
	t.Helper()
	must(t, h.store.Change(t.Context(), func(tx store.Tx) error {
		switch r := record.(type) {
		case *store.Partner:
			return tx.PutPartner(r)
		case *store.Site:
			return tx.PutSite(r)
		case *store.Key:
			return tx.PutKey(r)
		case *store.Account:
			return tx.PutAccount(r)
		}
		return errors.New("what is this?")
	}))
}

func (h *house) newPartner(t testing.TB) (*store.Partner, string) {
	t.Helper()
	p, secret, err := h.factory.NewPartner("partner")
	must(t, err)
	h.put(t, p)
	return p, secret
}

func (h *house) newSite(t testing.TB, p *store.Partner, group string) *store.Site {
	t.Helper()
	s, err := h.factory.NewSite(site.SiteOptions{Partner: p.ID, Group: group, BaseDomain: "example.com", DataCenter: "us1"})
	must(t, err)
	h.put(t, s)
	return s
}

func (h *house) newKey(t testing.TB, o site.KeyOptions) key {
	t.Helper()
	o.Kind, o.Name = store.KindApplication, "app"
	if o.Privileges == nil {
		o.Privileges = []string{site.AllAPIs}
	}
	made, err := h.factory.NewKey(o)
	must(t, err)
	h.put(t, made.Record)
	k := key{NewKey: made}
	if o.RSA {
		block, _ := pem.Decode([]byte(made.PKCS1))
		k.pair, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		must(t, err)
	}
	return k
}

func (h *house) login(t testing.TB, o session.Open) session.Opened {
	t.Helper()
	o.Group, o.Site, o.UID = h.site.APIKey, h.site.APIKey, uid
	var opened session.Opened
	must(t, h.store.Change(t.Context(), func(tx store.Tx) (err error) {
		opened, err = h.sessions.Open(tx, o)
		return err
	}))
	return opened
}

// request returns a call of accounts.getAccountInfo with these parameters, name after value.
func (h *house) request(params ...string) *caller.Request {
	r := &caller.Request{
		MethodName: "accounts.getAccountInfo", Accepts: caller.Server | caller.Session | caller.RegToken,
		HTTPMethod: "POST", Path: "/accounts.getAccountInfo", Schemes: []string{"https"}, Hosts: []string{"accounts.us1.gigya.com"},
		Params: &gigya.Params{}, Secure: true, Now: h.clock.Now(),
	}
	for i := 0; i < len(params); i += 2 {
		r.Params.Set(params[i], params[i+1])
	}
	return r
}

var nonces int

// sign adds timestamp, nonce and sig, unless they are there.
func sign(t testing.TB, r *caller.Request, secret string) *caller.Request {
	t.Helper()
	secretKey, err := gigya.DecodeSecret(secret)
	must(t, err)
	if _, ok := r.Params.Lookup("timestamp"); !ok {
		r.Params.Set("timestamp", strconv.FormatInt(r.Now.Unix(), 10))
	}
	if _, ok := r.Params.Lookup("nonce"); !ok {
		nonces++
		r.Params.Set("nonce", "nonce-"+strconv.Itoa(nonces))
	}
	base := gigya.BaseString(r.HTTPMethod, r.Schemes[0]+"://"+r.Hosts[0]+r.Path, r.Params.All())
	r.Params.Set("sig", gigya.Signature(secretKey, base))
	return r
}

// call runs both phases.
func (h *house) call(t testing.TB, r *caller.Request) (*caller.Caller, error) {
	t.Helper()
	s, err := h.resolver.Site(t.Context(), r)
	if err != nil {
		return nil, err
	}
	return h.resolver.Caller(t.Context(), r, s)
}

// refusal is the code and errorDetails of an error, as the envelope would show them.
func refusal(t testing.TB, err error) (gigya.Code, string) {
	t.Helper()
	var e *gigya.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("an error that is no answer: %v", err)
	}
	if e == nil {
		return 0, ""
	}
	if e.Details == "" {
		return e.Code, e.Code.Message()
	}
	return e.Code, e.Details
}

const denied = "Invalid namespace &#39;accounts&#39; or method &#39;getAccountInfo&#39; or you do not have the required permissions to call it. "
