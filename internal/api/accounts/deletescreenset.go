package accounts

import (
	"context"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// DeleteScreenSetParams are the parameters of accounts.deleteScreenSet.
type DeleteScreenSetParams struct {
	ScreenSetID string `param:"screenSetID,required,len=400"`
}

// deleteScreenSet serves accounts.deleteScreenSet.
//
// Callers: server credentials. A default screen-set, and one that the policies name as the one to register with, those of the site
// or of a member of its group that has none of the name, is 400006; an id that the site has no screen-set of is 404000.
//
// Source: the type definitions of a client.
func deleteScreenSet(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.deleteScreenSet",
		Summary: "Deletes a screen-set of the site's own.",
		Callers: caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[DeleteScreenSetParams]) (method.None, error) {
		id := c.Params.ScreenSetID
		if isDefaultScreenSet(id) {
			return method.None{}, gigya.InvalidArgumentBecause("screenSetID", "a default screen-set cannot be deleted")
		}
		err := d.Store.Change(ctx, func(tx store.Tx) error {
			if err := screenSetNeeded(tx, c.Site, id); err != nil {
				return err
			}
			if err := d.Config.Delete(tx, c.Site, screenSetKind, id); err != nil {
				return err
			}
			return c.Succeed(tx)
		})
		return method.None{}, notFound(err, "screen-set")
	})
}
