package idx

import (
	"context"
	"errors"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// deleteScheduling serves idx.deleteScheduling: a scheduling is no more.
//
// Servers may call. An unknown id is 404000.
//
// Source: a client in TypeScript.
func deleteScheduling(d Deps) *method.Method {
	spec := method.Spec{Name: "idx.deleteScheduling", Summary: "Deletes a scheduling.", Callers: caller.Server, Write: true}
	return method.New(spec, func(ctx context.Context, c *method.Call[IDParams]) (method.None, error) {
		return method.None{}, d.change(ctx, c.Invocation, func(tx store.Tx) error {
			err := d.Config.Delete(tx, c.Site, schedulingKind, c.Params.ID)
			if errors.Is(err, store.ErrNotFound) {
				return notFound("scheduling", c.Params.ID)
			}
			return err
		})
	})
}
