package site_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
)

type room struct {
	*site.Directory
	site.Factory
	store   *sqlite.Store
	partner *store.Partner
	secret  string
}

func openStore(t testing.TB, file string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{File: file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newRoom(t testing.TB, file string) *room {
	t.Helper()
	sealer, err := seal.New(bytes.Repeat([]byte{5}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	r := &room{store: openStore(t, file)}
	r.Directory = site.NewDirectory(r.store, sealer)
	r.Factory = site.Factory{Sealer: sealer, Rand: rand.Reader, Clock: clock.NewFake(time.Unix(1700000000, 0))}
	if r.partner, r.secret, err = r.NewPartner("Partner"); err != nil {
		t.Fatal(err)
	}
	r.change(t, func(tx store.Tx) error { return tx.PutPartner(r.partner) })
	return r
}

func file(t testing.TB) string { return filepath.Join(t.TempDir(), "test.db") }

func (r *room) change(t testing.TB, fn func(tx store.Tx) error) {
	t.Helper()
	if err := r.store.Change(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func (r *room) newSite(t testing.TB) *store.Site {
	t.Helper()
	record, err := r.NewSite(site.SiteOptions{Partner: r.partner.ID, BaseDomain: "example.com", DataCenter: "us1"})
	if err != nil {
		t.Fatal(err)
	}
	r.change(t, func(tx store.Tx) error { return tx.PutSite(record) })
	return record
}

func (r *room) newKey(t testing.TB, o site.KeyOptions) *site.NewKey {
	t.Helper()
	o.Partner, o.Kind, o.Name = r.partner.ID, store.KindUser, "key"
	if o.Privileges == nil {
		o.Privileges = []string{site.AllAPIs}
	}
	key, err := r.Factory.NewKey(o)
	if err != nil {
		t.Fatal(err)
	}
	r.change(t, func(tx store.Tx) error { return tx.PutKey(key.Record) })
	return key
}

func TestDirectoryOpensWhatTheFactoryMade(t *testing.T) {
	r := newRoom(t, file(t))
	record := r.newSite(t)
	s, err := r.Site(t.Context(), record.APIKey)
	if err != nil {
		t.Fatal(err)
	}
	if s.Group != record.APIKey || s.Status != store.SiteActive || s.Policies == nil || s.Schema == nil {
		t.Errorf("site %+v", s.Site)
	}
	secret, err := base64.StdEncoding.DecodeString(r.secret)
	if err != nil || s.Partner.SecretText != r.secret || !bytes.Equal(s.Partner.Secret, secret) {
		t.Errorf("the partner's secret came back as another: %v", err)
	}
	if !s.Trusts("https://www.example.com/x") || s.Trusts("https://example.net/") {
		t.Error("a new site trusts its base domain and what is below it")
	}
	key := r.newKey(t, site.KeyOptions{RSA: true})
	k, err := r.Key(t.Context(), key.Record.UserKey)
	if err != nil {
		t.Fatal(err)
	}
	if k.SecretText != key.Secret || len(k.Secret) != 24 || k.RSA() == nil || !k.Live() {
		t.Errorf("key %+v", k)
	}
	if rights, err := r.Rights(t.Context(), k, s); err != nil || !rights.May("accounts.search") {
		t.Errorf("rights %v, %v", rights, err)
	}
	if bytes.Contains(key.Record.Secret, []byte(key.Secret)) || bytes.Contains(r.partner.Secret, []byte(r.secret)) {
		t.Error("a record holds its secret in the open")
	}
}

func TestBothFormsOfAPrivateKeyFitThePublicHalf(t *testing.T) {
	r := newRoom(t, file(t))
	key := r.newKey(t, site.KeyOptions{RSA: true, NoSecret: true})
	if key.Secret != "" || key.Record.Secret != nil {
		t.Error("a key without secret has one")
	}
	block1, _ := pem.Decode([]byte(key.PKCS1))
	block8, _ := pem.Decode([]byte(key.PKCS8))
	if block1 == nil || block1.Type != "RSA PRIVATE KEY" || block8 == nil || block8.Type != "PRIVATE KEY" {
		t.Fatal("not the two PEM forms")
	}
	one, err := x509.ParsePKCS1PrivateKey(block1.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	eight, err := x509.ParsePKCS8PrivateKey(block8.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	k, err := r.Key(t.Context(), key.Record.UserKey)
	if err != nil {
		t.Fatal(err)
	}
	if !one.Equal(eight) || !k.RSA().Equal(one.Public()) || one.N.BitLen() != 2048 {
		t.Error("the forms are not one pair of 2048 bits")
	}
	if bytes.Contains(k.PublicKey, one.D.Bytes()) {
		t.Error("the private half is stored")
	}
	_ = eight.(*rsa.PrivateKey)
}

func TestChangesByAnyProcessAreSeenByTheNextCall(t *testing.T) {
	path := file(t)
	r := newRoom(t, path)
	record, key := r.newSite(t), r.newKey(t, site.KeyOptions{})
	other := openStore(t, path) // Its own connections, as another process has.
	if _, err := r.Site(t.Context(), record.APIKey); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Key(t.Context(), key.Record.UserKey); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		record.Description = fmt.Sprint("change ", i)
		key.Record.Disabled = i%2 == 0
		r.partner.Disabled = i%2 == 0
		err := other.Change(t.Context(), func(tx store.Tx) error {
			return errors.Join(tx.PutSite(record), tx.PutKey(key.Record), tx.PutPartner(r.partner))
		})
		if err != nil {
			t.Fatal(err)
		}
		s, err := r.Site(t.Context(), record.APIKey)
		if err != nil || s.Description != record.Description || s.Partner.Disabled != r.partner.Disabled {
			t.Fatalf("change %d is not seen: %v", i, err)
		}
		k, err := r.Key(t.Context(), key.Record.UserKey)
		if err != nil || k.Live() == key.Record.Disabled {
			t.Fatalf("change %d of the key is not seen: %v", i, err)
		}
	}
}

func TestUnchangedRecordsAreReadOnce(t *testing.T) {
	r := newRoom(t, file(t))
	record := r.newSite(t)
	a, err := r.Site(t.Context(), record.APIKey)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Site(t.Context(), record.APIKey)
	if err != nil || a != b {
		t.Errorf("the site was built twice: %v", err)
	}
}

func TestDirectoryUnderConcurrentChangesNeverShowsTheOld(t *testing.T) {
	r := newRoom(t, file(t))
	record := r.newSite(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	committed := 0
	for range 4 {
		wg.Go(func() {
			for range 200 {
				mu.Lock()
				least := committed
				mu.Unlock()
				s, err := r.Site(t.Context(), record.APIKey)
				if err != nil {
					t.Error(err)
					return
				}
				if got := len(s.Description); got < least {
					t.Errorf("saw change %d after %d was committed", got, least)
					return
				}
			}
		})
	}
	for i := range 30 {
		next := *record
		next.Description = strings.Repeat("x", i+1)
		r.change(t, func(tx store.Tx) error { return tx.PutSite(&next) })
		mu.Lock()
		committed = i + 1
		mu.Unlock()
	}
	wg.Wait()
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	r := newRoom(t, file(t))
	_, siteErr := r.Site(t.Context(), "4_0000000000000000000000")
	_, keyErr := r.Key(t.Context(), "ANobody")
	_, partnerErr := r.PartnerByID(t.Context(), 42)
	for _, err := range []error{siteErr, keyErr, partnerErr} {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("error %v, want ErrNotFound", err)
		}
	}
}

func TestASecretMovedToAnotherRecordDoesNotOpen(t *testing.T) {
	r := newRoom(t, file(t))
	a, b := r.newKey(t, site.KeyOptions{}), r.newKey(t, site.KeyOptions{})
	a.Record.Secret = b.Record.Secret
	r.change(t, func(tx store.Tx) error { return tx.PutKey(a.Record) })
	_, err := r.Key(t.Context(), a.Record.UserKey)
	if err == nil || errors.Is(err, store.ErrNotFound) || strings.Contains(err.Error(), b.Secret) {
		t.Errorf("error %v", err)
	}
}

func TestFactoryRefusesWhatCannotBe(t *testing.T) {
	r := newRoom(t, file(t))
	good := site.KeyOptions{Partner: 1, Kind: store.KindApplication, Name: "n", Privileges: []string{"accounts.search"}}
	with := func(change func(*site.KeyOptions)) site.KeyOptions {
		o := good
		change(&o)
		return o
	}
	if _, err := r.Factory.NewKey(good); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]site.KeyOptions{
		"no partner":             with(func(o *site.KeyOptions) { o.Partner = 0 }),
		"no kind":                with(func(o *site.KeyOptions) { o.Kind = "" }),
		"no name":                with(func(o *site.KeyOptions) { o.Name = "" }),
		"a name of two lines":    with(func(o *site.KeyOptions) { o.Name = "a\nb" }),
		"nothing to prove with":  with(func(o *site.KeyOptions) { o.NoSecret = true }),
		"a word as a privilege":  with(func(o *site.KeyOptions) { o.Privileges = []string{"search"} }),
		"an empty privilege":     with(func(o *site.KeyOptions) { o.Privileges = []string{"accounts.search", ""} }),
		"a pattern as privilege": with(func(o *site.KeyOptions) { o.Privileges = []string{"accounts.*"} }),
	} {
		if _, err := r.Factory.NewKey(o); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	goodSite := site.SiteOptions{Partner: 1, BaseDomain: "example.com", DataCenter: "us1"}
	for name, change := range map[string]func(*site.SiteOptions){
		"no partner":             func(o *site.SiteOptions) { o.Partner = 0 },
		"no data center":         func(o *site.SiteOptions) { o.DataCenter = "" },
		"no domain":              func(o *site.SiteOptions) { o.BaseDomain = "" },
		"an API key of no form":  func(o *site.SiteOptions) { o.APIKey = "abc" },
		"a pattern with nothing": func(o *site.SiteOptions) { o.TrustedSiteURLs = []string{"/x"} },
	} {
		o := goodSite
		change(&o)
		if _, err := r.NewSite(o); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestFormOfAPIKeys(t *testing.T) {
	long := strings.Repeat("a", 64)
	got := map[string]bool{}
	want := map[string]bool{
		"4_NMlrtRahOmBColBJ89vBxw": true, "3_" + long: true, "2_" + long + "a": false, "4_short": false, "": false,
		"x_NMlrtRahOmBColBJ89vBxw": false, "44NMlrtRahOmBColBJ89vBxwx": false, "4_NMlrtRahOmBColBJ89vBx.": false,
	}
	for text := range want {
		got[text] = site.ValidAPIKey(text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSettingsThatAreWrittenByHand(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"ownUIDsOnly":true,"counters":[{"class":"news","path":"/a/b"}]}`, "[] <nil>"},
		{`{"ownUIDsOnly":true,"mine":1,"more":{}}`, "[mine more] <nil>"},
		// They would be in force all the same.
		{`{"OwnUIDsOnly":true}`, "[] OwnUIDsOnly: the member is called ownUIDsOnly"},
		{`{"ownUIDsOnly":false,"OWNUIDSONLY":true}`, "[] OWNUIDSONLY: the member is called ownUIDsOnly"},
		{`{"counters":[{"class":"news","Path":"/a"}]}`, "[] counters[0].Path: the member is called path"},
		{`{"progression":"full"}`, "[] progression: want auto, or leave it out"},
		{`{"ownUIDsOnly":1}`, "[] ownUIDsOnly: want a value of another kind, not number"},
		{`{"counters":[{"class":"a<b","path":"/"}]}`, "[] counters[0].class: this cannot be a class"},
		{`{"counters":[{"class":"a","path":"/a/b/c"}]}`, "[] counters[0].path: want the path / or one of at most two levels: /news/sport"},
		{`{"counters":[{"class":"a","path":"/"},{"class":"a","path":"/"}]}`, "[] counters[1]: it is there twice"},
		{`{"counters":[` + strings.Repeat(`{"class":"a","path":"/"},`, 100) + `{"class":"a","path":"/"}]}`, "[] counters: at most 100"},
		{`[]`, "[] : want a value of another kind, not array"},
	} {
		unknown, err := site.CheckSettings([]byte(c.text))
		if got := fmt.Sprint(unknown, " ", err); got != c.want {
			t.Errorf("%.60s: %s, want %s", c.text, got, c.want)
		}
	}
}

// FuzzCheckSettings: of settings that are taken, those alone are in force that have the documented names.
func FuzzCheckSettings(f *testing.F) {
	f.Add(`{"registerIsClientCall":true,"ownUIDsOnly":true,"disablingEndsSessions":false,"search.emulateEncryption":true,"progression":"auto"}`)
	f.Add(`{"counters":[{"class":"_x","path":"/"},{"class":"news","path":"/a/b","more":1}],"mine":{}}`)
	f.Add(`{"OwnUIDsOnly":true,"counters":[{"Class":"a","path":"/"}]}`)
	f.Add(`{"ownUIDsOnly":null,"counters":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		unknown, err := site.CheckSettings([]byte(text))
		if err != nil {
			return
		}
		var inForce, known site.Settings
		if err := json.Unmarshal([]byte(text), &inForce); err != nil {
			t.Fatal(err)
		}
		doc, err := document.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range unknown {
			doc.Delete(name)
		}
		if err := json.Unmarshal(doc.JSON(), &known); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(known, inForce, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
		for _, c := range inForce.Counters {
			if !c.ValidClass() || !c.ValidPath() {
				t.Errorf("a counter %+v", c)
			}
		}
	})
}
