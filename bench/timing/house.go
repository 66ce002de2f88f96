package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
)

// house is a whole server without a network, on a store in a folder of its own.
type house struct {
	folder         string
	store          store.Store
	server         *server.Server
	sealer         *seal.Sealer
	handler        http.Handler
	apiKey, secret string
	key            *site.NewKey
}

// accounts is how many the store holds beside those of the cases, so that its trees have the depth of real ones.
const accounts = 2000

// knownPassword is that of every account that has one.
const knownPassword = "Correct-horse-7"

// openHouse starts a server whose password hashes cost params, with the site's policies as JSON.
func openHouse(params password.Params, policies string) (h *house, err error) {
	h = &house{}
	if h.folder, err = os.MkdirTemp("", "doorward-timing-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	if h.sealer, err = seal.New(bytes.Repeat([]byte{1}, 32)); err != nil {
		return nil, err
	}
	h.store, err = sqlite.Open(context.Background(), sqlite.Options{File: filepath.Join(h.folder, "doorward.db"), Clock: clock.System{}})
	if err != nil {
		return nil, err
	}
	if err := h.makeSite(policies); err != nil {
		return nil, err
	}
	h.server, err = server.New(context.Background(), server.Options{
		Store: h.store, Sealer: h.sealer, AllowInsecure: true, Password: password.Options{Params: params},
	})
	if err != nil {
		return nil, err
	}
	h.handler = h.server.Handler()
	return h, nil
}

func (h *house) close() error {
	var err error
	if h.server != nil {
		err = h.server.Close()
	}
	if h.store != nil {
		err = errors.Join(err, h.store.Close())
	}
	return errors.Join(err, os.RemoveAll(h.folder))
}

func (h *house) makeSite(policies string) error {
	factory := site.Factory{Sealer: h.sealer, Rand: rand.Reader, Clock: clock.System{}}
	partner, secret, err := factory.NewPartner("Example")
	if err != nil {
		return err
	}
	record, err := factory.NewSite(site.SiteOptions{Partner: partner.ID, BaseDomain: "example.com", DataCenter: "us1"})
	if err != nil {
		return err
	}
	record.Policies = json.RawMessage(policies)
	key, err := factory.NewKey(site.KeyOptions{Partner: partner.ID, Kind: store.KindUser, Name: "timing", Privileges: []string{site.AllAPIs}})
	if err != nil {
		return err
	}
	h.apiKey, h.secret, h.key = record.APIKey, secret, key
	return h.store.Change(context.Background(), func(tx store.Tx) error {
		return errors.Join(tx.PutPartner(partner), tx.PutSite(record), tx.PutKey(key.Record))
	})
}

// request makes a call of the method with the parameters, names and values by turns.
func (h *house) request(path string, params ...string) *http.Request {
	form := url.Values{}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, "http://accounts.example.com/"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// call makes the call and returns its answer, which must have the member.
func (h *house) call(member, path string, params ...string) (map[string]any, error) {
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, h.request(path, params...))
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if answer[member] == nil {
		return nil, fmt.Errorf("%s: no %s in\n%s", path, member, w.Body.Bytes())
	}
	return answer, nil
}

// register makes an account with an address and lets change, if there is one, alter its record.
func (h *house) register(uid string, change func(a *store.Account)) error {
	_, err := h.call("UID", "accounts.register", "apiKey", h.apiKey, "secret", h.secret, "siteUID", uid,
		"email", uid+"@example.com", "password", knownPassword, "finalizeRegistration", "true")
	if err != nil || change == nil {
		return err
	}
	return h.store.Change(context.Background(), func(tx store.Tx) error {
		a, err := tx.Account(h.apiKey, uid)
		if err != nil {
			return err
		}
		change(a)
		return tx.PutAccount(a)
	})
}

// fill stores many accounts that are copies of the first.
func (h *house) fill(of string) error {
	return h.store.Change(context.Background(), func(tx store.Tx) error {
		a, err := tx.Account(h.apiKey, of)
		if err != nil {
			return err
		}
		for i := range accounts {
			a.UID, a.Rev = fmt.Sprintf("copy-%d", i), 0
			address := account.LoginIdentifier(a.UID + "@example.com")
			if err := errors.Join(tx.PutAccount(a), tx.ClaimIdentifier(h.apiKey, address, a.UID)); err != nil {
				return err
			}
		}
		return nil
	})
}

// discard takes an answer and keeps its body for the check that comes after the clock has stopped.
type discard struct {
	header http.Header
	body   bytes.Buffer
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { return d.body.Write(p) }

// repeated returns the population of one and the same call.
func (h *house) repeated(want string, path string, params ...string) population {
	return func() (operation, error) { return h.timed(want, h.request(path, params...)), nil }
}

// timed is one call, whose answer must hold the text.
func (h *house) timed(want string, r *http.Request) operation {
	w := &discard{header: http.Header{}}
	return operation{
		run: func() { h.handler.ServeHTTP(w, r) },
		check: func() error {
			if !bytes.Contains(w.body.Bytes(), []byte(want)) {
				return fmt.Errorf("%s: want %s in\n%s", r.URL.Path, want, w.body.Bytes())
			}
			return nil
		},
	}
}
