package accounts

import (
	"context"
	"fmt"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// DeleteLiteAccountParams are the parameters of accounts.deleteLiteAccount.
type DeleteLiteAccountParams struct {
	// EmailAccountToken is the token of a row of emailAccounts.
	EmailAccountToken string `param:"emailAccountToken,required,len=1024"`
}

// deleteLiteAccount serves accounts.deleteLiteAccount: it deletes a lite account for good, on all sites of the group.
//
// Servers may call. Tokens of the account are dead when the call returns. A full account of the address stays as it is, with
// the subscriptions that both had. A token to which no lite account belongs is 404000.
//
// Sources: the REST guide; the type definitions of a client.
//
// Differs: that the subscriptions stay with the full account is not settled by any source.
func deleteLiteAccount(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.deleteLiteAccount",
		Summary: "Deletes a lite account for good.",
		Callers: caller.Server,
		Write:   true,
		Partial: "webhook",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[DeleteLiteAccountParams]) (method.None, error) {
		err := d.Store.Change(ctx, func(tx store.Tx) error {
			lite, err := d.liteByEmailToken(tx, c.Site.Group, c.Params.EmailAccountToken)
			if err == nil && lite == nil {
				err = noLite()
			}
			if err != nil {
				return err
			}
			c.UID = lite.UID
			if err := account.DeleteLite(tx, c.Site.Group, lite.UID); err != nil {
				return err
			}
			return c.Succeed(tx)
		})
		if err != nil {
			return method.None{}, fmt.Errorf("deleting a lite account: %w", err)
		}
		return method.None{}, nil
	})
}
