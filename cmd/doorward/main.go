// Command doorward is a customer-identity server that speaks the Gigya REST API.
//
// "doorward dev" starts it for trying out, "doorward serve" for production; the other verbs look after an installation:
// its sites, keys, signing keys, accounts and backups. Each verb has a file of its own here and does its work by the
// packages below internal.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/doorward/doorward/internal/config"
)

// cli are the verbs. Kong derives parsing and help from it.
type cli struct {
	Dev         devCmd         `cmd:"" help:"Start a server for trying out and for tests: loopback only, everything made ready."`
	Serve       serveCmd       `cmd:"" help:"Start a server for production."`
	Site        siteCmd        `cmd:"" help:"Create, list and change sites."`
	Key         keyCmd         `cmd:"" help:"Create, list and revoke user keys and applications."`
	SigningKey  signingKeyCmd  `cmd:"" help:"List and rotate the keys that sign id_tokens."`
	Account     accountCmd     `cmd:"" help:"Create, show, import and export accounts."`
	Backup      backupCmd      `cmd:"" help:"Write a consistent copy of the database while the server runs."`
	Restore     restoreCmd     `cmd:"" help:"Make a data folder from a backup."`
	Config      configCmd      `cmd:"" help:"Print the configuration in force and where each setting comes from."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask a running server whether it is ready; exit status 0 if it is."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

// configured are the flags of every verb that works on an installation.
type configured struct {
	ConfigFile string            `name:"config" short:"c" env:"DOORWARD_CONFIG" type:"path" placeholder:"FILE" help:"Configuration file (TOML)."`
	Data       string            `placeholder:"DIR" help:"Data folder; overrides the setting data."`
	Set        map[string]string `placeholder:"KEY=VALUE" help:"Override any setting."`
}

// load reads the configuration; more are further settings that a verb's own flags give.
func (c configured) load(more map[string]string) (*config.Config, []config.Value, error) {
	flags := map[string]string{}
	for key, value := range c.Set {
		flags[key] = value
	}
	if c.Data != "" {
		flags["data"] = c.Data
	}
	for key, value := range more {
		if value != "" {
			flags[key] = value
		}
	}
	return config.Load(config.Sources{File: c.ConfigFile, Environ: os.Environ(), Flags: flags})
}

// console is where a verb writes: Out is for what was asked for, Err for everything else.
type console struct {
	In       io.Reader
	Out, Err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], console{os.Stdin, os.Stdout, os.Stderr}))
}

// run parses the arguments and runs the verb. It returns the exit status: 0, 1 for a failure, 2 for wrong arguments.
func run(ctx context.Context, args []string, con console) int {
	exit := -1
	parser, err := kong.New(&cli{},
		kong.Name("doorward"),
		kong.Description("A self-hosted customer-identity server that speaks the Gigya REST API."),
		kong.Writers(con.Out, con.Err),
		kong.Exit(func(status int) { exit = status }),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(con),
	)
	if err != nil {
		fmt.Fprintln(con.Err, "doorward:", err)
		return 1
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	verb, err := parser.Parse(args)
	if exit >= 0 {
		return exit
	}
	if err != nil {
		fmt.Fprintf(con.Err, "doorward: %v\nTry: doorward --help\n", err)
		return 2
	}
	if err := verb.Run(); err != nil {
		fmt.Fprintln(con.Err, "doorward:", err)
		return 1
	}
	return 0
}
