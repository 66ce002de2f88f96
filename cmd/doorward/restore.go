package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/setup"
)

type restoreCmd struct {
	configured
	From      string `arg:"" type:"path" help:"Folder of the backup."`
	MasterKey string `type:"path" placeholder:"FILE" help:"The master key, if it is not in the backup."`
}

// Run makes the data folder from the backup.
func (c *restoreCmd) Run(ctx context.Context, con console) error {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	if cfg.Database != "" {
		return errors.New("restore makes a data folder with a database in it: leave the setting database empty; a server's database is restored with the server's own tools (pg_restore)")
	}
	m, err := setup.Restore(ctx, setup.RestoreOptions{
		From: c.From, Folder: cfg.Data, KeyFile: c.MasterKey,
		MasterKeyFile: cfg.MasterKeyFile, MasterKey: os.Getenv(config.MasterKeyVariable),
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(con.Out, "%s holds the backup of %s (version %s)\n", cfg.Data, m.Made.Format("2006-01-02 15:04:05 MST"), m.Version)
	return err
}
