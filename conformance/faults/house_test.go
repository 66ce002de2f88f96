// Package faults_test breaks whole servers on purpose: storage that fails at any call, processes that are killed, full
// disks, clocks that jump, floods. What holds all the same is what docs/reliability.md promises.
package faults_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/daemon"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/faulty"
	"github.com/doorward/doorward/internal/store/sqlite"
)

// testPassword is that of every account; no answer and no log shows it.
const testPassword = "Correct-horse-7"

// house is a whole server over a store that fails as the plan of a request says.
type house struct {
	t      *testing.T
	file   string
	store  *faulty.Store
	server *server.Server
	log    *daemon.Log
	url    string

	apiKey, secret, userKey, userSecret string
	private                             *rsa.PrivateKey

	plans sync.Map // number, as a text → *faulty.Plan
	next  atomic.Int64
}

// lockPatience is how long a write waits for another process's lock: shorter than the default, to spare the tests time.
const lockPatience = 500 * time.Millisecond

// planHeader names the plan that a request meets.
const planHeader = "X-Test-Plan"

func newHouse(t *testing.T, folder string, change func(*server.Options)) *house {
	t.Helper()
	h := &house{t: t, file: filepath.Join(folder, "doorward.db"), log: &daemon.Log{}}
	opened, err := sqlite.Open(context.Background(), sqlite.Options{File: h.file, Busy: lockPatience})
	h.check(err)
	t.Cleanup(func() { h.check(opened.Close()) })
	h.store = faulty.New(opened)
	sealer, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	h.check(err)
	h.furnish(sealer)
	o := server.Options{
		Store: h.store, Sealer: sealer, AllowInsecure: true, Log: slog.New(slog.NewJSONHandler(h.log, nil)),
		Password: password.Options{Params: password.Params{Memory: 8, Time: 1, Threads: 1}},
	}
	if change != nil {
		change(&o)
	}
	h.server, err = server.New(context.Background(), o)
	h.check(err)
	t.Cleanup(func() { h.check(h.server.Close()) })
	listening := httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(listening.Close)
	h.url = listening.URL
	return h
}

// serve hands the request on with its plan.
func (h *house) serve(w http.ResponseWriter, r *http.Request) {
	if plan, ok := h.plans.Load(r.Header.Get(planHeader)); ok {
		r = r.WithContext(faulty.With(r.Context(), plan.(*faulty.Plan)))
	}
	h.server.Handler().ServeHTTP(w, r)
}

func (h *house) furnish(sealer *seal.Sealer) {
	h.t.Helper()
	factory := site.Factory{Sealer: sealer, Rand: rand.Reader, Clock: clock.System{}}
	partner, secret, err := factory.NewPartner("Example")
	h.check(err)
	record, err := factory.NewSite(site.SiteOptions{Partner: partner.ID, BaseDomain: "example.com", DataCenter: "us1"})
	h.check(err)
	record.Policies = []byte(`{"accountOptions":{"loginIdentifiers":"email,username"},
		"security":{"accountLockout":{"failedLoginThreshold":50},"passwordHistorySize":2}}`)
	key, err := factory.NewKey(site.KeyOptions{
		Partner: partner.ID, Kind: store.KindUser, Name: "test", Privileges: []string{site.AllAPIs}, RSA: true,
	})
	h.check(err)
	h.private = parsePrivate(h.t, key.PKCS8)
	h.apiKey, h.secret, h.userKey, h.userSecret = record.APIKey, secret, key.Record.UserKey, key.Secret
	h.check(h.store.Change(context.Background(), func(tx store.Tx) error {
		if err := tx.PutPartner(partner); err != nil {
			return err
		}
		if err := tx.PutSite(record); err != nil {
			return err
		}
		return tx.PutKey(key.Record)
	}))
}

// forget makes the server read its configuration anew: the next call meets the reads that are mostly spared.
func (h *house) forget() {
	h.t.Helper()
	h.check(h.store.Change(context.Background(), func(tx store.Tx) error {
		record, err := tx.Site(h.apiKey)
		if err != nil {
			return err
		}
		return tx.PutSite(record)
	}))
}

// a credential proves the caller of a request: it adds to the form or the header.
type credential func(h *house, method string, form url.Values, header http.Header)

func anybody(h *house, _ string, form url.Values, _ http.Header) { form.Set("apiKey", h.apiKey) }

func partner(h *house, _ string, form url.Values, _ http.Header) {
	form.Set("apiKey", h.apiKey)
	form.Set("secret", h.secret)
}

func userKey(h *house, _ string, form url.Values, _ http.Header) {
	form.Set("apiKey", h.apiKey)
	form.Set("userKey", h.userKey)
	form.Set("secret", h.userSecret)
}

// keyAlone names no site: calls about a partner need none.
func keyAlone(h *house, _ string, form url.Values, _ http.Header) {
	form.Set("userKey", h.userKey)
	form.Set("secret", h.userSecret)
}

func noCredential(*house, string, url.Values, http.Header) {}

// oauthClient proves a client of the OAuth 2 endpoints.
func oauthClient(h *house, _ string, form url.Values, _ http.Header) {
	form.Set("client_id", h.userKey)
	form.Set("client_secret", h.userSecret)
}

// signed signs with the user key's secret, with a nonce of its own.
func signed(h *house, method string, form url.Values, _ http.Header) {
	form.Set("apiKey", h.apiKey)
	form.Set("userKey", h.userKey)
	key, err := gigya.DecodeSecret(h.userSecret)
	h.check(err)
	sign(h.url+"/"+method, key, form)
}

func sign(address string, key []byte, form url.Values) {
	form.Set("timestamp", strconv.FormatInt(time.Now().Unix(), 10))
	form.Set("nonce", id.Token(rand.Reader, 16))
	form.Set("sig", gigya.Signature(key, gigya.BaseString(http.MethodPost, address, pairs(form))))
}

func pairs(form url.Values) []gigya.Param {
	var list []gigya.Param
	for name, values := range form {
		list = append(list, gigya.Param{Name: name, Value: values[0]})
	}
	return list
}

// bearer shows a token signed with the user key's RSA pair, with a jti of its own.
func bearer(h *house, _ string, form url.Values, header http.Header) {
	form.Set("apiKey", h.apiKey)
	text, err := gigya.SignBearer(h.private, h.userKey, id.Token(rand.Reader, 16), time.Now())
	h.check(err)
	header.Set("Authorization", "Bearer "+text)
}

// session shows a login token.
func session(token string) credential {
	return func(h *house, _ string, form url.Values, _ http.Header) {
		form.Set("apiKey", h.apiKey)
		form.Set("login_token", token)
	}
}

// mobile signs with the secret of a mobile session.
func mobile(token, secret string) credential {
	return func(h *house, method string, form url.Values, _ http.Header) {
		key, err := gigya.DecodeSecret(secret)
		h.check(err)
		form.Set("apiKey", h.apiKey)
		form.Set("oauth_token", token)
		sign(h.url+"/"+method, key, form)
	}
}

// call is a request that can be sent again: its credential is made anew each time.
type call struct {
	method string
	get    bool
	by     credential
	params []string
}

// send sends the call; its store calls meet the plan.
func (h *house) send(c call, plan *faulty.Plan) *answer {
	h.t.Helper()
	form, header := url.Values{}, http.Header{}
	for i := 0; i < len(c.params); i += 2 {
		form.Set(c.params[i], c.params[i+1])
	}
	c.by(h, c.method, form, header)
	request, err := http.NewRequest(http.MethodPost, h.url+"/"+c.method, strings.NewReader(form.Encode()))
	if c.get {
		request, err = http.NewRequest(http.MethodGet, h.url+"/"+c.method, nil)
	}
	h.check(err)
	request.Header = header
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if plan != nil {
		number := strconv.FormatInt(h.next.Add(1), 10)
		h.plans.Store(number, plan)
		defer h.plans.Delete(number)
		request.Header.Set(planHeader, number)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		h.t.Fatalf("%s: the call got no answer: %v", c.method, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	h.check(err)
	return &answer{t: h.t, status: response.StatusCode, header: response.Header, text: string(body)}
}

// must sends the call without faults and fails the test unless the answer has the code.
func (h *house) must(code int, c call) *answer {
	h.t.Helper()
	a := h.send(c, nil)
	if a.number("errorCode") != code {
		h.t.Fatalf("%s: want %d, got %s", c.method, code, a.text)
	}
	return a
}

// register makes a registered account and returns its login token.
func (h *house) register(uid string) string {
	h.t.Helper()
	a := h.must(0, call{method: "accounts.register", by: partner, params: []string{
		"siteUID", uid, "email", uid + "@example.com", "password", testPassword, "finalizeRegistration", "true",
	}})
	return a.member("sessionInfo", "cookieValue")
}

func (h *house) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// secrets are texts that no answer to others and no log may show.
func (h *house) secrets() []string {
	return []string{h.secret, h.userSecret, testPassword, "$argon2id$"}
}

var uidNumber atomic.Int64

// newUID returns a UID that no other test uses.
func newUID() string { return fmt.Sprintf("user%d", uidNumber.Add(1)) }
