package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"strings"
	"syscall"

	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/gateway"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/token"
)

type serveCmd struct {
	configured
	HTTP  *string `name:"http" placeholder:"ADDR" help:"Address of plain HTTP; overrides listen.http. Empty: none."`
	HTTPS *string `name:"https" placeholder:"ADDR" help:"Address of TLS; overrides listen.https. Empty: none."`
}

// Run starts the server and ends it, with every accepted call finished, when the process is told to stop.
func (c *serveCmd) Run(ctx context.Context, con console) (err error) {
	var flags []given
	if c.HTTP != nil {
		flags = append(flags, given{"--http", "listen.http", *c.HTTP})
	}
	if c.HTTPS != nil {
		flags = append(flags, given{"--https", "listen.https", *c.HTTPS})
	}
	cfg, _, err := c.load(flags...)
	if err != nil {
		return err
	}
	if err := checkProduction(cfg); err != nil {
		return err
	}
	log := newLog(cfg, con.Err)
	var certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	if cfg.HTTPS != "" {
		if certificate, err = server.CertificateFiles(cfg.TLSCert, cfg.TLSKey, log); err != nil {
			return fmt.Errorf("settings tls.cert and tls.key: %w", err)
		}
	}
	room := newProcessors()
	inst, err := openWith(ctx, cfg, setup.Options{Create: true, Passing: room.forPasses})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inst.Close()) }()
	if err := sayIfEmpty(ctx, inst, log); err != nil {
		return err
	}
	defer spareCollector()()
	srv, err := server.New(ctx, serverOptions(cfg, inst, log, room))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.Close()) }()
	listeners, err := server.Listen(server.ListenOptions{
		HTTP: cfg.HTTP, HTTPS: cfg.HTTPS, Ops: cfg.Ops, Handler: srv.Handler(), OpsHandler: srv.OpsHandler(),
		Bounds: bounds(cfg), Certificate: certificate, ShutdownTimeout: cfg.ShutdownTimeout, Draining: srv.Drain, Log: log,
	})
	if err != nil {
		return listenError(err, "listen.http", "listen.https", "listen.ops")
	}
	log.Info("serving", "version", versionText(), "signing", token.SigningLibrary(), "http", listeners.HTTPAddr(), "https", listeners.HTTPSAddr(), "ops", listeners.OpsAddr())
	if err := listeners.Serve(ctx); err != nil {
		return err
	}
	log.Info("stopped")
	return nil
}

// sayIfEmpty tells the operator of a new installation what comes next.
func sayIfEmpty(ctx context.Context, inst *setup.Installation, log *slog.Logger) error {
	sites, err := inst.Store.Sites(ctx, 0)
	if err == nil && len(sites) == 0 {
		log.Warn("there is no site yet: make one with `doorward site create`; this server need not be started again")
	}
	return err
}

// listenError explains why an address cannot be bound; names are the flags or settings that choose another.
func listenError(err error, names ...string) error {
	var failed *net.OpError
	address := "the address"
	if errors.As(err, &failed) && failed.Addr != nil {
		address = failed.Addr.String()
	}
	others := strings.Join(names, ", ")
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use by another program: choose another address (%s)", address, others)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s may not be bound by this user: choose a port from 1024 on (%s), or give the program the right (CAP_NET_BIND_SERVICE)", address, others)
	}
	return fmt.Errorf("%w: choose another address (%s)", err, others)
}

// leastWork is memory times passes of the weakest argon2id parameters in OWASP's password storage guide, in KiB.
const leastWork = 7168 * 5

// checkProduction refuses settings that are unsafe outside of development, and says why.
func checkProduction(cfg *config.Config) error {
	switch {
	case cfg.AllowHTTP:
		return errors.New("allow_http_secrets lets secrets travel in the clear: it is for dev alone; serve refuses it")
	case cfg.HTTP == "" && cfg.HTTPS == "":
		return errors.New("nothing to listen on: set listen.https, or listen.http behind a TLS proxy")
	case cfg.HTTPS != "" && (cfg.TLSCert == "" || cfg.TLSKey == ""):
		return errors.New("TLS needs a certificate: set tls.cert and tls.key; behind a TLS proxy set listen.https to an empty text, listen.http, and trusted_proxies")
	case cfg.HTTPS == "" && len(cfg.TrustedProxies) == 0:
		return errors.New("plain HTTP alone would make every call with a secret fail (403006): set listen.https, or name the TLS proxy in trusted_proxies")
	case strings.HasPrefix(cfg.PublicURL, "http:"):
		return errors.New("public_url begins with http: clients would be told to send secrets in the clear; it must begin with https")
	case cfg.PasswordMemory*cfg.PasswordTime < leastWork:
		return fmt.Errorf("password.memory_kib times password.time is %d: hashes that cost so little are soon guessed; at least %d is needed", cfg.PasswordMemory*cfg.PasswordTime, leastWork)
	}
	for _, service := range cfg.PasswordServices {
		if !strings.HasPrefix(service, "https:") {
			return fmt.Errorf("%s lists %s, which is for dev alone: passwords leave a server that is in use by https", password.ServicesSetting, service)
		}
	}
	for _, network := range cfg.TrustedProxies {
		if network.Bits() == 0 {
			return fmt.Errorf("trusted_proxies names %s, the whole internet: anybody could claim to have come by TLS, from any address; name the proxies alone", network)
		}
	}
	return nil
}

// serverOptions are what dev and serve have in common.
func serverOptions(cfg *config.Config, inst *setup.Installation, log *slog.Logger, room *processors) server.Options {
	return server.Options{
		Store: inst.Store, Sealer: inst.Sealer, Clock: inst.Clock, Log: log,
		Issuer: cfg.Issuer, OAuthIssuer: cfg.OAuthIssuer, PublicURL: cfg.PublicURL,
		DataCenter: cfg.DataCenter, Routes: cfg.DataCenters, TrustedProxies: cfg.TrustedProxies,
		Password: password.Options{
			Params: passwordParams(cfg), Slots: cfg.PasswordSlots, Queue: cfg.PasswordQueue, Hashing: room.forHashes,
			Services: cfg.PasswordServices, Transport: password.NewTransport(),
		},
		Rates:         gateway.Rates{Address: rate(cfg.RateAll), Client: rate(cfg.RateClients), Server: rate(cfg.RateKeys)},
		OpenTemplates: cfg.OpenTemplates == "always",
		ContentType:   cfg.ContentType, CallTimeout: cfg.CallTimeout,
		BodyMemory: int64(cfg.BodyMemory) << 20, AuditRetention: cfg.AuditRetention, AuditPersonal: cfg.AuditPersonal,
		DeletedSites: cfg.DeletedSites,
	}
}

// bounds are those of the listeners; trusted proxies come for many clients.
func bounds(cfg *config.Config) server.Bounds {
	return server.Bounds{Connections: cfg.Connections, PerAddress: cfg.ConnectionsPerAddress, Exempt: cfg.TrustedProxies}
}

// rate lets a second's worth of calls come at once where the setting does not say how many.
func rate(r config.Rate) gateway.Rate {
	if r.Burst == 0 {
		r.Burst = int(math.Ceil(r.Limit))
	}
	return gateway.Rate{Limit: r.Limit, Burst: r.Burst}
}

func newLog(cfg *config.Config, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	if cfg.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
