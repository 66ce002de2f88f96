package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// deleteExtension serves accounts.extensions.delete: deletes an extension; a member of a site group goes back to its parent's
// settings.
//
// Callers: server credentials. An unknown id is 404000.
//
// Source: the type definitions of a client.
func deleteExtension(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.extensions.delete",
		Summary: "Deletes an extension; on a member of a site group, what it has changed of its parent's.",
		Callers: caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[ExtensionParams]) (method.None, error) {
		return method.None{}, d.changeExtension(ctx, c.Invocation, c.Params.ExtensionID, func(tx store.Tx, e *siteconfig.Entry) error {
			if !e.Own {
				return nil // Nothing was changed.
			}
			return d.Config.Delete(tx, c.Site, extensionKind, e.Name)
		})
	})
}
