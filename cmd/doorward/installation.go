package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/setup"
)

// open opens the installation that the configuration names.
func open(ctx context.Context, cfg *config.Config, create bool) (*setup.Installation, error) {
	return setup.Open(ctx, setup.Options{
		Folder:        cfg.Data,
		MasterKeyFile: cfg.MasterKeyFile,
		MasterKey:     os.Getenv(config.MasterKeyVariable),
		Create:        create,
	})
}

// with opens the installation of the verb's flags, runs fn and closes it.
func (c configured) with(ctx context.Context, create bool, fn func(cfg *config.Config, inst *setup.Installation) error) (err error) {
	cfg, _, err := c.load(nil)
	if err != nil {
		return err
	}
	inst, err := open(ctx, cfg, create)
	if err != nil {
		return err
	}
	defer func() {
		if e := inst.Close(); err == nil {
			err = e
		}
	}()
	return fn(cfg, inst)
}

// masterKeyFile is where the configuration has the master key.
func masterKeyFile(cfg *config.Config) string {
	if cfg.MasterKeyFile != "" {
		return cfg.MasterKeyFile
	}
	return filepath.Join(cfg.Data, setup.MasterKeyFile)
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
