package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"

	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/setup"
)

// configured are the flags of every verb that works on an installation.
type configured struct {
	ConfigFile string            `name:"config" short:"c" env:"DOORWARD_CONFIG" type:"path" placeholder:"FILE" help:"Configuration file (TOML)."`
	Data       string            `placeholder:"DIR" help:"Data folder; overrides the setting data."`
	Database   string            `placeholder:"URL" help:"Database, such as postgres://user@host/name; overrides the setting database. Keep passwords out of it: others can see the arguments of a process."`
	Set        map[string]string `placeholder:"KEY=VALUE" mapsep:"none" help:"Override any setting; may be repeated."`
}

// given is a setting that a flag of its own gives.
type given struct{ flag, key, value string }

// load reads the configuration; more are further settings that a verb's own flags give.
func (c configured) load(more ...given) (*config.Config, []config.Value, error) {
	flags := map[string]string{}
	maps.Copy(flags, c.Set)
	if c.Data != "" {
		more = append(more, given{"--data", "data", c.Data})
	}
	if c.Database != "" {
		more = append(more, given{"--database", "database", c.Database})
	}
	for _, g := range more {
		if _, twice := flags[g.key]; twice {
			return nil, nil, usagef("the setting %s is given twice, by %s and by --set: leave one out", g.key, g.flag)
		}
		flags[g.key] = g.value
	}
	return loadConfig(config.Sources{File: c.ConfigFile, Environ: os.Environ(), Flags: flags})
}

// loadConfig loads the sources and checks what no setting can check alone.
func loadConfig(src config.Sources) (*config.Config, []config.Value, error) {
	cfg, values, err := config.Load(src)
	if err != nil {
		return nil, nil, err
	}
	if err := passwordParams(cfg).Check(); err != nil {
		return nil, nil, fmt.Errorf("settings password.memory_kib and password.time: %w", err)
	}
	for _, service := range cfg.PasswordServices {
		if err := password.CheckService(service); err != nil {
			return nil, nil, fmt.Errorf("setting %s: %w", password.ServicesSetting, err)
		}
	}
	return cfg, values, nil
}

// passwordParams are the argon2id parameters of the configuration.
func passwordParams(cfg *config.Config) password.Params {
	p := password.DefaultParams()
	p.Memory, p.Time = uint32(cfg.PasswordMemory), uint32(cfg.PasswordTime)
	return p
}

// openWith opens the installation that the configuration names, with further options.
func openWith(ctx context.Context, cfg *config.Config, more setup.Options) (*setup.Installation, error) {
	return setup.Open(ctx, setup.Options{
		Folder:        cfg.Data,
		Database:      cfg.Database,
		PasswordFile:  cfg.DatabasePasswordFile,
		MasterKeyFile: cfg.MasterKeyFile,
		MasterKey:     os.Getenv(config.MasterKeyVariable),
		Create:        more.Create,
		WriteCache:    more.WriteCache,
		Passing:       more.Passing,
	})
}

// with opens the installation of the verb's flags, runs fn and closes it.
func (c configured) with(ctx context.Context, create bool, fn func(cfg *config.Config, inst *setup.Installation) error) (err error) {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	return withOptions(ctx, cfg, setup.Options{Create: create}, fn)
}

func withOptions(ctx context.Context, cfg *config.Config, more setup.Options, fn func(cfg *config.Config, inst *setup.Installation) error) (err error) {
	inst, err := openWith(ctx, cfg, more)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inst.Close()) }()
	return fn(cfg, inst)
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// confirm asks a question that only "yes" answers, unless sure is set.
func confirm(con console, sure bool, question string) error {
	if sure {
		return nil
	}
	fmt.Fprintf(con.Err, "%s Type yes to go on: ", question)
	var answer string
	if _, err := fmt.Fscanln(con.In, &answer); err != nil || answer != "yes" {
		return fmt.Errorf("nothing was changed (pass --yes to go on without the question)")
	}
	return nil
}
