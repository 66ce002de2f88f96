package doorwardtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/localca"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/sqlite"
)

// Server is a running server with a seeded site.
type Server struct {
	// URL and TLSURL are scheme, host and port of the two listeners, on 127.0.0.1.
	URL, TLSURL string
	// OpsURL is that of /healthz, /readyz and /metrics.
	OpsURL string
	// CAFile is the file with the certificate that signed the TLS listener's.
	CAFile string
	// Pool trusts that certificate alone.
	Pool *x509.CertPool

	// Partner is the partner's id; Secret is its secret.
	Partner int64
	Secret  string
	// APIKey is the site's.
	APIKey string
	// UserKey may call everything for every site of the partner. UserSecret is its secret, UserPrivateKey its RSA key as
	// a PKCS#8 PEM text, UserPrivateKeyPKCS1 the same in the older form.
	UserKey, UserSecret                 string
	UserPrivateKey, UserPrivateKeyPKCS1 string

	t       testing.TB
	options options
	store   store.Store
	sealer  *seal.Sealer
	server  *server.Server
	log     *lockedBuffer
	client  *http.Client
}

// New starts a server that ends with the test.
func New(t testing.TB, opts ...Option) *Server {
	t.Helper()
	d := &Server{t: t, log: &lockedBuffer{}, options: options{clock: clock.System{}}}
	d.options.server.AllowInsecure = true
	for _, opt := range opts {
		opt(&d.options)
	}
	d.check(d.options.fault)
	folder := t.TempDir()
	d.open(folder)
	d.seed()
	d.start(folder)
	return d
}

func (d *Server) open(folder string) {
	d.t.Helper()
	var err error
	d.sealer, err = seal.LoadOrCreate(filepath.Join(folder, "master.key"))
	d.check(err)
	d.store, err = d.openStore(folder)
	d.check(err)
	d.t.Cleanup(func() { d.check(d.store.Close()) })
}

func (d *Server) openStore(folder string) (store.Store, error) {
	if d.options.database != "" {
		return postgres.Open(context.Background(), postgres.Options{URL: d.options.database, Clock: d.options.clock})
	}
	return sqlite.Open(context.Background(), sqlite.Options{File: filepath.Join(folder, "doorward.db"), Clock: d.options.clock})
}

func (d *Server) seed() {
	d.t.Helper()
	factory := d.Factory()
	partner, secret, err := factory.NewPartner("Example")
	d.check(err)
	d.Partner, d.Secret = partner.ID, secret
	record, err := factory.NewSite(site.SiteOptions{Partner: partner.ID, BaseDomain: "example.com", DataCenter: "us1"})
	d.check(err)
	d.APIKey = record.APIKey
	key, err := factory.NewKey(site.KeyOptions{
		Partner: partner.ID, Kind: store.KindUser, Name: "test", Privileges: []string{site.AllAPIs}, RSA: true,
	})
	d.check(err)
	d.UserKey, d.UserSecret = key.Record.UserKey, key.Secret
	d.UserPrivateKey, d.UserPrivateKeyPKCS1 = key.PKCS8, key.PKCS1
	d.Change(func(tx store.Tx) error {
		if err := tx.PutPartner(partner); err != nil {
			return err
		}
		if err := tx.PutSite(record); err != nil {
			return err
		}
		return tx.PutKey(key.Record)
	})
}

func (d *Server) start(folder string) {
	d.t.Helper()
	o := d.options.server
	o.Store, o.Sealer, o.Clock = d.store, d.sealer, d.options.clock
	o.Log = slog.New(slog.NewJSONHandler(d.log, nil))
	o.Password.Params = password.Params{Memory: 8, Time: 1, Threads: 1}
	var err error
	d.server, err = server.New(context.Background(), o)
	d.check(err)
	authority, err := localca.Open(folder, time.Now)
	d.check(err)
	d.CAFile, d.Pool = authority.File(), authority.Pool()
	listening := server.ListenOptions{
		HTTP: "127.0.0.1:0", HTTPS: "127.0.0.1:0", Ops: "127.0.0.1:0",
		Handler: d.server.Handler(), OpsHandler: d.server.OpsHandler(),
		Certificate: authority.Certificate, Draining: d.server.Drain, Log: o.Log,
	}
	if d.options.proxy {
		listening.ProxyCertificate = authority.CertificateFor
	}
	listeners, err := server.Listen(listening)
	d.check(err)
	d.URL, d.TLSURL, d.OpsURL = "http://"+listeners.HTTPAddr(), "https://"+listeners.HTTPSAddr(), "http://"+listeners.OpsAddr()
	d.client = &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: d.Pool}, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- listeners.Serve(ctx) }()
	d.t.Cleanup(func() {
		d.client.CloseIdleConnections()
		cancel()
		d.check(<-served)
		d.check(d.server.Close())
	})
}

// Call calls the method over plain HTTP with a form in the body, and returns the body of the answer. Parameters are
// names and values by turns.
func (d *Server) Call(method string, params ...string) []byte {
	d.t.Helper()
	if len(params)%2 != 0 {
		d.t.Fatalf("doorwardtest: %s: %q has no value", method, params[len(params)-1])
	}
	form := url.Values{}
	for i := 0; i < len(params); i += 2 {
		form.Add(params[i], params[i+1])
	}
	request, err := http.NewRequest(http.MethodPost, d.URL+"/"+method, bytes.NewBufferString(form.Encode()))
	d.check(err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, body := d.Do(request)
	return body
}

// CallAsPartner is Call with the site's apiKey and the partner's secret.
func (d *Server) CallAsPartner(method string, params ...string) []byte {
	d.t.Helper()
	return d.Call(method, append([]string{"apiKey", d.APIKey, "secret", d.Secret}, params...)...)
}

// CallAsKey is Call with the site's apiKey and the user key with its secret.
func (d *Server) CallAsKey(method string, params ...string) []byte {
	d.t.Helper()
	return d.Call(method, append([]string{"apiKey", d.APIKey, "userKey", d.UserKey, "secret", d.UserSecret}, params...)...)
}

// Do sends the request with a client that trusts the server's certificate, follows no redirects and asks for no
// compression, and returns the answer with its whole body.
func (d *Server) Do(request *http.Request) (*http.Response, []byte) {
	d.t.Helper()
	response, err := d.client.Do(request)
	d.check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	d.check(err)
	return response, body
}

// Reference is the reference page of the methods that the server serves, Markdown.
func (d *Server) Reference() string { return d.server.Methods().Reference() }

// Methods returns the table of the methods that the server serves: for tests inside the module.
func (d *Server) Methods() *method.Table { return d.server.Methods() }

// Client returns the client that Do uses.
func (d *Server) Client() *http.Client { return d.client }

// Handler answers calls without a connection.
func (d *Server) Handler() http.Handler { return d.server.Handler() }

// Log returns what the server has logged so far, one JSON object a line.
func (d *Server) Log() string { return d.log.String() }

// Store returns the server's store: for tests inside the module.
func (d *Server) Store() store.Store { return d.store }

// Sealer returns what the server's secrets are sealed with: for tests inside the module.
func (d *Server) Sealer() *seal.Sealer { return d.sealer }

// Factory makes further partners, sites and keys, to be stored with Change.
func (d *Server) Factory() site.Factory {
	return site.Factory{Sealer: d.sealer, Rand: rand.Reader, Clock: d.options.clock}
}

// Change changes the store.
func (d *Server) Change(fn func(tx store.Tx) error) {
	d.t.Helper()
	d.check(d.store.Change(context.Background(), fn))
}

// AddSite stores one more site of the seeded partner and returns its API key.
func (d *Server) AddSite(change func(*store.Site)) string {
	d.t.Helper()
	record, err := d.Factory().NewSite(site.SiteOptions{Partner: d.Partner, BaseDomain: "example.org", DataCenter: "us1"})
	d.check(err)
	if change != nil {
		change(record)
	}
	d.Change(func(tx store.Tx) error { return tx.PutSite(record) })
	return record.APIKey
}

// AddKey stores one more key of the seeded partner with the privileges, and returns it with its secret.
func (d *Server) AddKey(privileges ...string) (userKey, secret string) {
	d.t.Helper()
	key, err := d.Factory().NewKey(site.KeyOptions{
		Partner: d.Partner, Kind: store.KindUser, Name: id.UserKey(rand.Reader), Privileges: privileges,
	})
	d.check(err)
	d.Change(func(tx store.Tx) error { return tx.PutKey(key.Record) })
	return key.Record.UserKey, key.Secret
}

func (d *Server) check(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatalf("doorwardtest: %v", err)
	}
}

// lockedBuffer takes the log lines of concurrent calls.
type lockedBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}
