package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/setup"
)

type backupCmd struct {
	configured
	To      string `arg:"" type:"path" help:"New folder for the backup."`
	WithKey bool   `help:"Put the master key into the backup too. Whoever has both has everything."`
}

// Run writes the backup. The server may go on running.
func (c *backupCmd) Run(ctx context.Context, con console) error {
	return c.with(ctx, false, func(cfg *config.Config, inst *setup.Installation) error {
		from, key := masterKeyFile(cfg), ""
		if os.Getenv(config.MasterKeyVariable) != "" {
			from = "in " + config.MasterKeyVariable
			if c.WithKey {
				return fmt.Errorf("the master key is %s and in no file that could be put into the backup: leave --with-key out", from)
			}
		}
		if c.WithKey {
			key = from
		}
		m, err := inst.Backup(ctx, c.To, versionText(), key)
		if err != nil {
			return err
		}
		fmt.Fprintf(con.Out, "%s: %d bytes, SHA-256 %s\n", c.To, m.Bytes, m.SHA256)
		if !c.WithKey {
			fmt.Fprintf(con.Err, "The master key (%s) is not in it. Keep a copy of it in another place: without it the secrets in the backup cannot be opened.\n", from)
		}
		return nil
	})
}

// masterKeyFile is where the configuration has the master key.
func masterKeyFile(cfg *config.Config) string {
	if cfg.MasterKeyFile != "" {
		return cfg.MasterKeyFile
	}
	return filepath.Join(cfg.Data, setup.MasterKeyFile)
}
