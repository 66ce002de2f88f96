package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// DeleteWebhookParams are the parameters of accounts.webhooks.delete.
type DeleteWebhookParams struct {
	Name string `param:"name,required,len=100"`
}

// deleteWebhook serves accounts.webhooks.delete.
//
// Callers: server credentials. A name that the site itself has no webhook of is 404000: one of the parent of its group is
// deleted there.
//
// Source: the type definitions of a client.
func deleteWebhook(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.webhooks.delete",
		Summary: "Deletes a webhook.",
		Callers: caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[DeleteWebhookParams]) (method.None, error) {
		err := d.Store.Change(ctx, func(tx store.Tx) error {
			if err := d.Config.Delete(tx, c.Site, webhookKind, c.Params.Name); err != nil {
				return err
			}
			return c.Succeed(tx)
		})
		return method.None{}, notFound(err, "webhook")
	})
}
