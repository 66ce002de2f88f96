package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/internal/api/accounts"
	"github.com/doorward/doorward/internal/api/admin"
	auditapi "github.com/doorward/doorward/internal/api/audit"
	"github.com/doorward/doorward/internal/api/ds"
	"github.com/doorward/doorward/internal/api/idx"
	"github.com/doorward/doorward/internal/api/socialize"
	"github.com/doorward/doorward/internal/audit"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/gateway"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/oauth2"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// DefaultIssuer is the issuer of id_tokens; {apiKey} stands for the site. The Java SDK compares it exactly.
const DefaultIssuer = "https://fidm.gigya.com/jwt/{apiKey}/"

// Options are what a server is made of. Store and Sealer must be set.
type Options struct {
	// Store is open; it stays the caller's to close, after [Server.Close].
	Store  store.Store
	Sealer *seal.Sealer
	// Clock tells the time; nil: the machine's.
	Clock clock.Clock
	// Rand is the source of everything that must not be guessed; nil: the machine's.
	Rand io.Reader
	// Log takes one record a call; nil: nothing is logged.
	Log *slog.Logger
	// Issuer is the pattern of the iss claim of id_tokens; empty: [DefaultIssuer].
	Issuer string
	// OAuthIssuer is the issuer of OAuth 2 access tokens; empty: the public URL.
	OAuthIssuer string
	// PublicURL is scheme and host as clients know them, without a slash at the end; empty: what each request says.
	PublicURL string
	// DataCenter is the label of new sites that name none; empty: us1.
	DataCenter string
	// Routes are the data centers that other installations serve: site label to api domain.
	Routes         map[string]string
	TrustedProxies []netip.Prefix
	// AllowInsecure takes secrets over plain HTTP: for development on the machine itself.
	AllowInsecure bool
	// DevMode makes refusals explain themselves to whoever caused them. Never in production.
	DevMode bool
	// OpenTemplates answers accounts.policies.emailTemplates.getConfig to whoever names a user key, without its secret.
	OpenTemplates bool
	// Password are the costs of password hashes and their number at a time; Rand is filled in.
	Password password.Options
	Rates    gateway.Rates
	// ContentType is that of JSON answers; empty: the original's text/javascript.
	ContentType string
	// Methods are served beside the server's own: those of a program that embeds the server, or of a test.
	Methods []*method.Method
	// CallTimeout bounds one call; 0: the gateway's default.
	CallTimeout time.Duration
	// BodyMemory bounds the bytes of request bodies in memory; 0: the gateway's default.
	BodyMemory int64
	// AuditRetention is how long audit records are kept at most, whatever partners want; 0: as long as they want.
	AuditRetention time.Duration
	// DeletedSites is how long the accounts and settings of a deleted site are kept; 0: for ever.
	DeletedSites time.Duration
	// AuditPersonal says what becomes of personal parameters in audit records: see [audit.NewPersonal]. Empty: they are kept.
	AuditPersonal string
}

// Server is a whole server without its doors. It is safe for concurrent use.
type Server struct {
	store    store.Store
	gateway  *gateway.Gateway
	table    *method.Table
	metrics  *gateway.Metrics
	audit    *audit.Writer
	sweeper  *sweeper
	draining atomic.Bool
}

// New builds a server. The store must be open; a signing key is made if there is none.
func New(ctx context.Context, o Options) (*Server, error) {
	if o.Store == nil || o.Sealer == nil {
		return nil, errors.New("server: store and sealer are needed")
	}
	o = o.withDefaults()
	directory := site.NewDirectory(o.Store, o.Sealer)
	keyring := token.NewKeyring(o.Store, o.Sealer, o.Clock, o.Rand)
	if err := keyring.EnsureKey(ctx); err != nil {
		return nil, fmt.Errorf("server: signing key: %w", err)
	}
	tokens := token.New(o.Sealer, o.Rand)
	sessions := session.New(o.Store, o.Sealer, o.Clock, o.Rand)
	o.Password.Rand = o.Rand
	issuer := func(apiKey string) string { return strings.ReplaceAll(o.Issuer, "{apiKey}", apiKey) }

	book := siteconfig.New(o.Store, directory, o.Sealer, o.Clock)

	var table *method.Table
	table = method.NewTable(slices.Concat(
		accounts.Methods(accounts.Deps{
			Store: o.Store, Sites: directory, Config: book, Tokens: tokens, Keyring: keyring, Sessions: sessions,
			Passwords: password.New(o.Password), Rand: o.Rand, Issuer: issuer, Dev: o.DevMode, OpenTemplates: o.OpenTemplates,
		}),
		socialize.Methods(socialize.Deps{
			Store: o.Store, Sites: directory, Config: book, Tokens: tokens, Keyring: keyring, Sessions: sessions,
			Rand: o.Rand, Issuer: issuer,
		}),
		ds.Methods(ds.Deps{Store: o.Store, Tokens: tokens, Rand: o.Rand, Dev: o.DevMode}),
		idx.Methods(idx.Deps{Store: o.Store, Config: book, Tokens: tokens, Rand: o.Rand}),
		admin.Methods(admin.Deps{
			Store: o.Store, Sites: directory, Config: book, Tokens: tokens, DataCenter: o.DataCenter,
			DataCenters: slices.Sorted(maps.Keys(o.Routes)),
			Factory:     site.Factory{Sealer: o.Sealer, Rand: o.Rand, Clock: o.Clock},
			Names:       func() []string { return table.Names() },
		}),
		auditapi.Methods(auditapi.Deps{Store: o.Store, Sites: directory, Tokens: tokens, Dev: o.DevMode}),
		o.Methods,
	)...)
	s := &Server{
		store: o.Store, table: table, metrics: gateway.NewMetrics(),
		sweeper: newSweeper(o.Store, o.Clock, o.Log, o.AuditRetention, o.DeletedSites),
	}
	proxies := gateway.Proxies{Trusted: o.TrustedProxies, PublicURL: o.PublicURL}
	personal, err := audit.NewPersonal(o.AuditPersonal, o.Sealer.Key(audit.PseudonymKey))
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	if err := o.Store.SealAudits(ctx, o.Sealer.Key(audit.ChainKey)); err != nil {
		return nil, fmt.Errorf("server: audit log: %w", err)
	}
	s.audit = audit.NewWriter(o.Store, o.Log)
	records := recorder{s.audit, personal}
	s.sweeper.start()
	s.gateway, err = gateway.New(gateway.Options{
		Methods:       table,
		Sites:         directory,
		Credentials:   caller.NewResolver(directory, sessions, tokens, keyring, o.Store),
		Clock:         o.Clock,
		CallID:        func() string { return id.CallID(o.Rand) },
		Log:           o.Log,
		Recorder:      records,
		Metrics:       s.metrics,
		Proxies:       proxies,
		AllowInsecure: o.AllowInsecure,
		DevMode:       o.DevMode,
		Routes:        o.Routes,
		Rates:         o.Rates,
		ContentType:   o.ContentType,
		CallTimeout:   o.CallTimeout,
		BodyMemory:    o.BodyMemory,
		Paths:         oauthPaths(o, directory, keyring, tokens, proxies, records),
	})
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Rand == nil {
		o.Rand = id.NewReader()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.DataCenter == "" {
		o.DataCenter = "us1"
	}
	if o.Issuer == "" {
		o.Issuer = DefaultIssuer
	}
	return o
}

// oauthPaths are the endpoints of OAuth 2 beside the methods.
func oauthPaths(o Options, d *site.Directory, k *token.Keyring, t *token.Tokens, p gateway.Proxies, records recorder) map[string]http.Handler {
	endpoints := oauth2.New(oauth2.Options{
		Store: o.Store, Sites: d, Tokens: t, Keyring: k, Clock: o.Clock, Rand: o.Rand,
		Base:     func(r *http.Request) string { return p.Of(r).BaseURL },
		Secure:   func(r *http.Request) bool { return o.AllowInsecure || p.Of(r).Secure },
		ClientIP: func(r *http.Request) netip.Addr { return p.Of(r).ClientIP },
		Issuer:   o.OAuthIssuer, RefreshTokens: true, Log: o.Log,
		Audit: records.oauth(o, p),
	})
	paths := map[string]http.Handler{
		"/favicon.ico": http.NotFoundHandler(),
		"/robots.txt":  http.HandlerFunc(robots),
	}
	for _, path := range oauth2.Paths() {
		paths[path] = endpoints
	}
	return paths
}

func robots(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "User-agent: *\nDisallow: /\n")
}

// Handler answers the calls of clients.
func (s *Server) Handler() http.Handler { return s.gateway }

// Methods is the table of the methods, for reference and coverage pages.
func (s *Server) Methods() *method.Table { return s.table }

// Drain makes /readyz say no, so that a load balancer sends no more calls.
func (s *Server) Drain() { s.draining.Store(true) }

// closeTimeout bounds the wait for what is still to be written.
const closeTimeout = 10 * time.Second

// Close ends the sweeps and writes what is still to be written to the audit log. The store stays open. Calls must have ended before.
func (s *Server) Close() error {
	s.Drain()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return errors.Join(s.sweeper.close(ctx), s.audit.Close(ctx))
}
