package main

import (
	"context"
	"fmt"

	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/store/postgres"
)

type distributeCmd struct {
	configured
	DryRun bool `help:"Only say what would be done."`
	Shards int  `default:"32" help:"Number of pieces that a table is cut into, so as many machines can share it; 1 to 1024. It cannot be changed cheaply later."`
}

// Run spreads the tables over the machines of a Citus cluster, and prints a line a table.
func (c *distributeCmd) Run(ctx context.Context, con console) error {
	if c.Shards < 1 || c.Shards > 1024 {
		return usagef("--shards %d: it must be 1 to 1024", c.Shards)
	}
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	if !setup.OnServer(cfg.Database) {
		return fmt.Errorf("the setting database names no PostgreSQL server: only the tables of a Citus cluster can be distributed")
	}
	if err := setup.CheckPasswordFile(cfg.DatabasePasswordFile); err != nil {
		return err
	}
	return postgres.Distribute(ctx, postgres.Options{URL: cfg.Database, PasswordFile: cfg.DatabasePasswordFile}, postgres.Distribution{
		Shards: c.Shards,
		DryRun: c.DryRun,
		Told: func(p postgres.Placement) {
			state := "done"
			switch {
			case p.Done:
				state = "was so before"
			case c.DryRun:
				state = "would be done"
			}
			fmt.Fprintf(con.Out, "%s: %s\n", p, state)
		},
	})
}
