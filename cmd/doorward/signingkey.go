package main

import (
	"context"
	"fmt"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/token"
)

type signingKeyCmd struct {
	List   signingKeyListCmd   `cmd:"" help:"List the keys that sign id_tokens."`
	Rotate signingKeyRotateCmd `cmd:"" help:"Make the next signing key. The old one stays published until its longest token has died."`
}

type signingKeyListCmd struct{ configured }

// Run prints a line a key.
func (c *signingKeyListCmd) Run(ctx context.Context, con console) error {
	return c.with(ctx, false, func(_ *config.Config, inst *setup.Installation) error {
		keys, err := inst.Store.SigningKeys(ctx)
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			fmt.Fprintln(con.Err, "There is no key yet: the server makes the first when it starts.")
			return nil
		}
		w := newTable(con.Out)
		w.row("KEY ID", "CREATED", "SIGNS FROM", "PUBLISHED UNTIL")
		for _, k := range keys {
			until := "-"
			if k.Retired != 0 {
				until = k.Retired.ISO()
			}
			w.row(k.ID, k.Created.ISO(), k.Activates.ISO(), until)
		}
		return w.flush()
	})
}

// longestDelay is longer than any receiver caches keys.
const longestDelay = 30 * 24 * time.Hour

type signingKeyRotateCmd struct {
	configured
	Delay time.Duration `default:"24h" help:"Publish the new key this long before it signs, so that receivers which cache keys know it. 24 h is what the .NET SDK caches."`
	Life  time.Duration `default:"0s" help:"Keep the old key published this long after it signed last; default: the longest life of a token, 365 days."`
}

// Run makes the next key.
func (c *signingKeyRotateCmd) Run(ctx context.Context, con console) error {
	if c.Delay < 0 || c.Life < 0 {
		return usagef("--delay and --life: a time is negative")
	}
	if c.Delay > longestDelay {
		return usagef("--delay %s: a key that signs so late is most likely a mistake; at most %s", c.Delay, longestDelay)
	}
	return c.with(ctx, false, func(_ *config.Config, inst *setup.Installation) error {
		keyring := token.NewKeyring(inst.Store, inst.Sealer, clock.System{}, inst.Rand)
		key, err := keyring.Rotate(ctx, token.Rotation{Delay: c.Delay, Life: c.Life})
		if err != nil {
			return err
		}
		from := key.Activates.ISO()
		if c.Delay == 0 {
			from = "now on"
		}
		_, err = fmt.Fprintf(con.Out, "%s is published now and signs from %s\n", key.ID, from)
		return err
	})
}
