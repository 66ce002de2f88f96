package server_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
)

// plainHouse is a store with one site, and what makes servers over it.
type plainHouse struct {
	t       *testing.T
	store   store.Store
	sealer  *seal.Sealer
	site    *store.Site
	userKey string
}

func newPlainHouse(t *testing.T) *plainHouse {
	t.Helper()
	opened, err := sqlite.Open(context.Background(), sqlite.Options{File: filepath.Join(t.TempDir(), "test.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	sealer, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	factory := site.Factory{Sealer: sealer, Rand: rand.Reader, Clock: clock.System{}}
	partner, _, err := factory.NewPartner("Example")
	if err != nil {
		t.Fatal(err)
	}
	record, err := factory.NewSite(site.SiteOptions{Partner: partner.ID, BaseDomain: "example.com", DataCenter: "us1"})
	if err != nil {
		t.Fatal(err)
	}
	key, err := factory.NewKey(site.KeyOptions{Partner: partner.ID, Kind: store.KindUser, Name: "test", Privileges: []string{site.AllAPIs}})
	if err != nil {
		t.Fatal(err)
	}
	h := &plainHouse{t: t, store: opened, sealer: sealer, site: record, userKey: key.Record.UserKey}
	h.change(func(tx store.Tx) error {
		if err := tx.PutPartner(partner); err != nil {
			return err
		}
		if err := tx.PutSite(record); err != nil {
			return err
		}
		return tx.PutKey(key.Record)
	})
	return h
}

func (h *plainHouse) change(fn func(store.Tx) error) {
	h.t.Helper()
	if err := h.store.Change(context.Background(), fn); err != nil {
		h.t.Fatal(err)
	}
}

// answer calls a method of a server with the options over the store.
func (h *plainHouse) answer(o server.Options, name string, params ...string) string {
	h.t.Helper()
	o.Store, o.Sealer, o.AllowInsecure = h.store, h.sealer, true
	o.Password = password.Options{Params: password.Params{Memory: 8, Time: 1, Threads: 1}}
	srv, err := server.New(context.Background(), o)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = srv.Close() }()
	listening := httptest.NewServer(srv.Handler())
	defer listening.Close()
	form := url.Values{"apiKey": {h.site.APIKey}}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	response, err := http.PostForm(listening.URL+"/"+name, form)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

func TestEveryKindSaysWhatItIs(t *testing.T) {
	h := newPlainHouse(t)
	directory := site.NewDirectory(h.store, h.sealer)
	book := siteconfig.New(h.store, directory, h.sealer, clock.System{})
	built, err := directory.Site(context.Background(), h.site.APIKey)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, k := range server.Kinds() {
		if seen[k.Name] || k.Name == "" || strings.Trim(k.Name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" {
			t.Errorf("%q is the name of another kind, or none", k.Name)
		}
		seen[k.Name] = true
		if k.Of != siteconfig.OfSite && k.Of != siteconfig.OfPartner || !strings.HasSuffix(k.Summary, ".") {
			t.Errorf("%s does not say whose it is, or what", k.Name)
		}
		if k.Default == nil || k.Of != siteconfig.OfSite {
			continue
		}
		// What a site has by default can be stored, and comes back as it was.
		for name, doc := range k.Default(built) {
			h.change(func(tx store.Tx) error { return book.Put(tx, built, k, name, doc) })
			own, err := book.Own(context.Background(), built, k, name)
			if err != nil || !bytes.Equal(own, doc) {
				t.Errorf("%s %q: %v\n%s\nbecame\n%s", k.Name, name, err, doc, own)
			}
			if unknown := k.Unknown(doc); len(unknown) > 0 {
				t.Errorf("%s %q has members that its kind does not know: %v", k.Name, name, unknown)
			}
		}
	}
}

func TestMailTemplatesAreOpenOnlyWhereThatIsAskedFor(t *testing.T) {
	h := newPlainHouse(t)
	const name = "accounts.policies.emailTemplates.getConfig"
	ask := func(open bool, params ...string) string {
		return h.answer(server.Options{OpenTemplates: open}, name, params...)
	}
	for _, c := range []struct {
		open   bool
		params []string
		want   string
	}{
		{true, []string{"userKey", h.userKey}, `"magicLink": {`},
		{true, nil, `"errorCode": 403007`},
		{true, []string{"userKey", "AAAAAAAAAAAA"}, `"errorCode": 403007`},
		{true, []string{"userKey", h.userKey, "secret", "d3Jvbmc="}, `"errorCode": 403010`},
		{false, []string{"userKey", h.userKey}, `"errorCode": 403007`},
	} {
		answer := ask(c.open, c.params...)
		if !strings.Contains(answer, c.want) || strings.Contains(answer, "ignoredParams") || strings.Contains(c.want, "errorCode") && strings.Contains(answer, "magicLink") {
			t.Errorf("open %t, %v: %.300s", c.open, c.params, answer)
		}
	}
}
