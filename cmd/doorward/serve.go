package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"math"

	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/gateway"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/setup"
)

type serveCmd struct {
	configured
	HTTP  string `name:"http" placeholder:"ADDR" help:"Address of plain HTTP; overrides listen.http."`
	HTTPS string `name:"https" placeholder:"ADDR" help:"Address of TLS; overrides listen.https."`
}

// Run starts the server and ends it, with every accepted call finished, when the process is told to stop.
func (c serveCmd) Run(ctx context.Context, con console) (err error) {
	cfg, _, err := c.load(map[string]string{"listen.http": c.HTTP, "listen.https": c.HTTPS})
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
			return err
		}
	}
	inst, err := open(ctx, cfg, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inst.Close()) }()
	srv, err := server.New(ctx, serverOptions(cfg, inst, log))
	if err != nil {
		return err
	}
	listeners, err := server.Listen(server.ListenOptions{
		HTTP: cfg.HTTP, HTTPS: cfg.HTTPS, Ops: cfg.Ops, Handler: srv.Handler(), OpsHandler: srv.OpsHandler(),
		Certificate: certificate, ShutdownTimeout: cfg.ShutdownTimeout, Draining: srv.Drain, Log: log,
	})
	if err != nil {
		return err
	}
	log.Info("serving", "version", versionText(), "http", listeners.HTTPAddr(), "https", listeners.HTTPSAddr(), "ops", listeners.OpsAddr())
	err = errors.Join(listeners.Serve(ctx), srv.Close())
	log.Info("stopped")
	return err
}

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
	}
	return nil
}

// serverOptions are what dev and serve have in common.
func serverOptions(cfg *config.Config, inst *setup.Installation, log *slog.Logger) server.Options {
	return server.Options{
		Store: inst.Store, Sealer: inst.Sealer, Clock: inst.Clock, Log: log,
		Issuer: cfg.Issuer, OAuthIssuer: cfg.OAuthIssuer, PublicURL: cfg.PublicURL,
		Routes: cfg.DataCenters, TrustedProxies: cfg.TrustedProxies,
		Password: password.Options{Params: passwordParams(cfg), Slots: cfg.PasswordSlots, Queue: cfg.PasswordQueue},
		Rates: gateway.Rates{
			Client: gateway.Rate{Limit: cfg.RatePerAddress, Burst: burst(cfg.RatePerAddress)},
			Server: gateway.Rate{Limit: cfg.RatePerKey, Burst: burst(cfg.RatePerKey)},
		},
		ContentType: cfg.ContentType, CallTimeout: cfg.CallTimeout,
	}
}

// burst lets a second's worth of calls come at once.
func burst(perSecond float64) int { return int(math.Ceil(perSecond)) }

func newLog(cfg *config.Config, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	if cfg.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
