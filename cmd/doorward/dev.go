package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/localca"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/setup"
)

// devCmd is a server for trials, with everything that it needs made at its first start.
//
// --proxy is a flag, and off without it: with it the listener of plain HTTP refuses requests in absolute form that it
// answers otherwise (their host is not looked at), and whoever answers in the name of others should have been asked to.
type devCmd struct {
	HTTP   string            `name:"http" default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address of plain HTTP; port 0: any free one."`
	HTTPS  string            `name:"https" default:"127.0.0.1:8443" placeholder:"ADDR" help:"Address of TLS; port 0: any free one."`
	Data   string            `type:"path" placeholder:"DIR" help:"Keep everything in this folder; default: a temporary one, removed at the end."`
	Seed   []string          `type:"path" sep:"none" placeholder:"FILE|DIR" help:"Fill it at the start: a folder of configuration as export writes it, with accounts in sites/NAME/accounts.ndjson, or a file of accounts, one JSON object a line; may be repeated."`
	Proxy  bool              `name:"proxy" help:"Make the address of plain HTTP a proxy too that answers for *.gigya.com and *.gigya-api.cn itself and refuses every other host: for clients with built-in host names."`
	JSON   bool              `name:"json" help:"Print one line of JSON on standard output once calls are accepted, for scripts."`
	Listen bool              `name:"allow-remote" help:"Allow addresses that other machines can reach. Everything is open to them: for closed networks only."`
	Set    map[string]string `placeholder:"KEY=VALUE" mapsep:"none" help:"Override a setting, such as rate.per_address=5; may be repeated. Configuration files and the environment are not read."`
	Log    bool              `help:"Log every call to standard error."`
}

// Run starts the server and ends it when the process is told to stop.
func (c *devCmd) Run(ctx context.Context, con console) (err error) {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	folder, remove, err := c.folder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	room := newProcessors()
	inst, err := setup.Open(ctx, setup.Options{
		Folder: folder, Database: cfg.Database, PasswordFile: cfg.DatabasePasswordFile, Create: true, Passing: room.forPasses,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inst.Close()) }()
	identity, err := inst.EnsureDev(ctx, cfg.DataCenter)
	if err != nil {
		return err
	}
	if identity.Shut {
		fmt.Fprintf(con.Err, "doorward: the application %s was disabled or deleted, its calls are refused: make another with `doorward key create --data %s --name NAME --privilege _allApis`\n", identity.UserKey, folder)
	}
	if err := c.seed(ctx, con, cfg, inst, identity); err != nil {
		return err
	}
	return c.serve(ctx, con, cfg, inst, identity, room)
}

// settings are those of --set. What the environment says of a server in production is not meant for a trial.
func (c devCmd) settings() (*config.Config, error) {
	for key := range c.Set {
		section, _, _ := strings.Cut(key, ".")
		switch section {
		case "data", "master_key_file", "listen", "tls", "allow_http_secrets":
			return nil, usagef("dev decides on the setting %s itself: see --data, --http and --https, or use serve", key)
		}
	}
	cfg, _, err := loadConfig(config.Sources{Flags: c.Set})
	if err != nil {
		return nil, err
	}
	if c.Data == "" && cfg.Database != "" {
		return nil, usagef("--set database without --data: the master key would be removed with the temporary folder, and without it the database opens no more; give --data too")
	}
	for _, address := range []string{c.HTTP, c.HTTPS} {
		if err := c.checkAddress(address); err != nil {
			return nil, err
		}
	}
	return cfg, nil
}

func (c devCmd) serve(ctx context.Context, con console, cfg *config.Config, inst *setup.Installation, identity *setup.Dev, room *processors) (err error) {
	log := slog.New(slog.DiscardHandler)
	if c.Log {
		log = newLog(cfg, con.Err)
	}
	authority, err := localca.Open(inst.Folder, time.Now)
	if err != nil {
		return err
	}
	options := serverOptions(cfg, inst, log, room)
	options.AllowInsecure, options.DevMode = true, true
	options.OpenTemplates = cfg.OpenTemplates != "never"
	defer spareCollector()()
	srv, err := server.New(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.Close()) }()
	listening := server.ListenOptions{
		HTTP: c.HTTP, HTTPS: c.HTTPS, Handler: withOps(srv), Certificate: authority.Certificate,
		Bounds: bounds(cfg), ShutdownTimeout: cfg.ShutdownTimeout, Draining: srv.Drain, Log: log,
	}
	if c.Proxy {
		listening.ProxyCertificate = authority.CertificateFor
	}
	listeners, err := server.Listen(listening)
	if err != nil {
		return listenError(err, "--http", "--https")
	}
	ready := devReady{
		HTTP: "http://" + readable(listeners.HTTPAddr()), HTTPS: "https://" + readable(listeners.HTTPSAddr()),
		CAFile: authority.File(), DataDir: inst.Folder,
		APIKey: identity.APIKey, Secret: identity.Secret, UserKey: identity.UserKey, UserSecret: identity.UserSecret,
		UserPrivateKeyFile: identity.UserPrivateKeyFile,
	}
	if c.Proxy {
		ready.Proxy = ready.HTTP
	}
	if authority.Replaced() {
		fmt.Fprintf(con.Err, "doorward: the CA in %s is a new one, because the earlier one was of another version or about to end: clients have to be given it again\n", authority.File())
	}
	if c.JSON {
		err = json.NewEncoder(con.Out).Encode(ready)
	} else {
		err = ready.print(con.Out, c.Data == "")
	}
	if err != nil {
		return err
	}
	return listeners.Serve(ctx)
}

// folder is the data folder, and what removes it if it is a temporary one.
func (c devCmd) folder() (folder string, remove func() error, err error) {
	if c.Data != "" {
		return c.Data, func() error { return nil }, nil
	}
	folder, err = os.MkdirTemp("", "doorward-dev-") // Mode 0700.
	return folder, func() error { return os.RemoveAll(folder) }, err
}

// checkAddress refuses an address that other machines can reach, unless that was asked for.
func (c devCmd) checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return usagef("%q is not an address such as 127.0.0.1:8080", address)
	}
	ip, err := netip.ParseAddr(host)
	if c.Listen || host == "localhost" || err == nil && ip.IsLoopback() {
		return nil
	}
	return usagef("%q can be reached from other machines, and dev has no locks: bind 127.0.0.1, use serve, or pass --allow-remote on a closed network", address)
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
