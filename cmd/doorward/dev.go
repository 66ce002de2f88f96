package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/localca"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/setup"
)

type devCmd struct {
	HTTP   string            `name:"http" default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address of plain HTTP; port 0: any free one."`
	HTTPS  string            `name:"https" default:"127.0.0.1:8443" placeholder:"ADDR" help:"Address of TLS; port 0: any free one."`
	Data   string            `type:"path" placeholder:"DIR" help:"Keep everything in this folder; default: a temporary one, removed at the end."`
	JSON   bool              `name:"json" help:"Print one line of JSON on standard output once calls are accepted, for scripts."`
	Listen bool              `name:"allow-remote" help:"Allow addresses that other machines can reach. Everything is open to them: for closed networks only."`
	Set    map[string]string `placeholder:"KEY=VALUE" help:"Override any setting."`
	Log    bool              `help:"Log every call to standard error."`
}

// Run starts the server and ends it when the process is told to stop.
func (c devCmd) Run(ctx context.Context, con console) (err error) {
	cfg, _, err := config.Load(config.Sources{Flags: c.Set})
	if err != nil {
		return err
	}
	for _, address := range []string{c.HTTP, c.HTTPS} {
		if err := c.checkAddress(address); err != nil {
			return err
		}
	}
	folder, remove, err := c.folder()
	if err != nil {
		return err
	}
	defer remove()
	inst, err := setup.Open(ctx, setup.Options{Folder: folder, Create: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inst.Close()) }()
	identity, err := inst.EnsureDev(ctx, cfg.DataCenter)
	if err != nil {
		return err
	}
	return c.serve(ctx, con, cfg, inst, identity)
}

func (c devCmd) serve(ctx context.Context, con console, cfg *config.Config, inst *setup.Installation, identity *setup.Dev) error {
	log := slog.New(slog.DiscardHandler)
	if c.Log {
		log = newLog(cfg, con.Err)
	}
	authority, err := localca.Open(inst.Folder, time.Now)
	if err != nil {
		return err
	}
	options := serverOptions(cfg, inst, log)
	options.AllowInsecure, options.DevMode = true, true
	srv, err := server.New(ctx, options)
	if err != nil {
		return err
	}
	listeners, err := server.Listen(server.ListenOptions{
		HTTP: c.HTTP, HTTPS: c.HTTPS, Handler: withOps(srv), Certificate: authority.Certificate,
		ShutdownTimeout: cfg.ShutdownTimeout, Draining: srv.Drain, Log: log,
	})
	if err != nil {
		return fmt.Errorf("%w\nChoose other addresses with --http and --https; port 0 takes any free one", err)
	}
	ready := devReady{
		HTTP: "http://" + readable(listeners.HTTPAddr()), HTTPS: "https://" + readable(listeners.HTTPSAddr()),
		CAFile: authority.File(), DataDir: inst.Folder,
		APIKey: identity.APIKey, Secret: identity.Secret, UserKey: identity.UserKey, UserSecret: identity.UserSecret,
		UserPrivateKeyFile: identity.UserPrivateKeyFile,
	}
	if c.JSON {
		err = json.NewEncoder(con.Out).Encode(ready)
	} else {
		err = ready.print(con.Out, c.Data == "")
	}
	if err != nil {
		return err
	}
	return errors.Join(listeners.Serve(ctx), srv.Close())
}

// devReady is what a start tells, with --json in this form.
type devReady struct {
	HTTP               string `json:"http"`
	HTTPS              string `json:"https"`
	CAFile             string `json:"caFile"`
	DataDir            string `json:"dataDir"`
	APIKey             string `json:"apiKey"`
	Secret             string `json:"secret"`
	UserKey            string `json:"userKey"`
	UserSecret         string `json:"userSecret"`
	UserPrivateKeyFile string `json:"userPrivateKeyFile"`
}

func (r devReady) print(w io.Writer, temporary bool) error {
	kept := "kept between starts"
	if temporary {
		kept = "temporary, removed at the end; --data DIR keeps it"
	}
	_, err := fmt.Fprintf(w, `Doorward is ready.

  http        %s
  https       %s      (CA certificate: %s)
  data        %s      (%s)

  apiKey      %s
  secret      %s      (the partner's)
  userKey     %s      (an application that may do everything)
  userSecret  %s
  private key %s      (the application's RSA key, PKCS#8)

Paste these:

# Find accounts, as an application
curl %s/accounts.search -d apiKey=%s -d userKey=%s -d secret=%s --data-urlencode 'query=SELECT * FROM accounts'

# Register an account and log in
curl %s/accounts.register -d apiKey=%s -d secret=%s -d email=zoe@example.com -d password=Correct-horse-7 -d siteUID=zoe -d finalizeRegistration=true

# Get an id_token for that user
curl %s/accounts.getJWT -d apiKey=%s -d secret=%s -d targetUID=zoe -d fields=email

Stop with Ctrl-C.
`, r.HTTP, r.HTTPS, r.CAFile, r.DataDir, kept, r.APIKey, r.Secret, r.UserKey, r.UserSecret, r.UserPrivateKeyFile,
		r.HTTP, r.APIKey, r.UserKey, r.UserSecret, r.HTTP, r.APIKey, r.Secret, r.HTTP, r.APIKey, r.Secret)
	return err
}

// folder is the data folder, and what removes it if it is a temporary one.
func (c devCmd) folder() (folder string, remove func(), err error) {
	if c.Data != "" {
		return c.Data, func() {}, nil
	}
	folder, err = os.MkdirTemp("", "doorward-dev-")
	return folder, func() { _ = os.RemoveAll(folder) }, err
}

// checkAddress refuses an address that other machines can reach, unless that was asked for.
func (c devCmd) checkAddress(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is not an address such as 127.0.0.1:8080", address)
	}
	ip, err := netip.ParseAddr(host)
	if c.Listen || host == "localhost" || err == nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("%q can be reached from other machines, and dev has no locks: bind 127.0.0.1, use serve, or pass --allow-remote on a closed network", address)
}

// readable replaces an address that stands for every interface by one that a client can use.
func readable(address string) string {
	bound, err := netip.ParseAddrPort(address)
	if err == nil && bound.Addr().IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", bound.Port())
	}
	return address
}

// withOps puts the operator's paths on the listener of the calls, where serve keeps them apart.
func withOps(srv *server.Server) http.Handler {
	calls, ops := srv.Handler(), srv.OpsHandler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz", "/readyz", "/metrics":
			ops.ServeHTTP(w, r)
		default:
			calls.ServeHTTP(w, r)
		}
	})
}
