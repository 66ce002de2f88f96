package main

import (
	"context"
	"fmt"

	"github.com/doorward/doorward/internal/blueprint"
	"github.com/doorward/doorward/internal/plain"
)

type applyCmd struct {
	filesAsPlanned
	Yes bool `help:"Do it without a question."`
}

// Run makes the installation what the files say, all of it or nothing. It shows the difference and asks before; secrets that it makes are
// shown once.
func (c *applyCmd) Run(ctx context.Context, con console) error {
	return c.plan(ctx, con, c.Create, func(b *blueprint.Blueprint, t *blueprint.Tree, p *blueprint.Plan) error {
		if p.Empty() {
			return nil
		}
		if err := confirm(con, c.Yes, "Apply this?"); err != nil {
			return err
		}
		done, secrets, err := b.Apply(ctx, t, c.how(), p)
		if err != nil {
			return fileError(err)
		}
		for _, s := range secrets {
			if _, err := fmt.Fprintf(con.Out, "secret of %s: %s\n", plain.Text(s.Of), s.Text); err != nil {
				return fmt.Errorf("the files were applied, and the secret of %s could not be printed: make another: %w", plain.Text(s.Of), err)
			}
		}
		if len(secrets) > 0 {
			fmt.Fprintln(con.Err, "Secrets are not shown again.")
		}
		added, changed, removed := done.Count()
		fmt.Fprintf(con.Err, "applied: %d added, %d changed, %d removed\n", added, changed, removed)
		return nil
	})
}
