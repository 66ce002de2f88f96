package main

import (
	"context"

	"github.com/doorward/doorward/internal/blueprint"
)

// planCmd shows what apply would do, having run all of its checks.
type planCmd struct{ filesAsPlanned }

// differs is the exit status where files and installation differ. 1 and 2 are those of failures and of wrong usage.
const differs = exitStatus(3)

// Run prints the difference. The exit status is 0 if there is none and 3 if there is one.
func (c *planCmd) Run(ctx context.Context, con console) error {
	return c.plan(ctx, con, false, func(_ *blueprint.Blueprint, _ *blueprint.Tree, p *blueprint.Plan) error {
		if p.Empty() {
			return nil
		}
		return differs
	})
}
