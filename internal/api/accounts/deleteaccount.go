package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// DeleteAccountParams are the parameters of accounts.deleteAccount.
type DeleteAccountParams struct {
	UID string `param:"UID,required"`
}

// deleteAccount serves accounts.deleteAccount: it deletes an account for good, on all sites of the group.
//
// Servers may call. Sessions and regTokens of the account are dead, its identifiers free and its objects in the data store gone
// when the call returns. A lite account of an address of its stays, with the subscriptions. A UID that does not exist is
// 403005, and so is that of a lite account.
//
// Sources: the REST guide.
//
// Differs: no mail and no webhook yet.
func deleteAccount(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.deleteAccount",
		Summary: "Deletes an account for good.",
		Callers: caller.Server,
		Write:   true,
		Partial: "mail (policy sendAccountDeletedEmail), webhook",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[DeleteAccountParams]) (method.None, error) {
		c.UID = c.Params.UID
		err := d.Store.Change(ctx, func(tx store.Tx) error {
			if err := account.Delete(tx, c.Site.Group, c.Params.UID); err != nil {
				return err
			}
			return c.Succeed(tx)
		})
		if errors.Is(err, store.ErrNotFound) {
			return method.None{}, gigya.NewError(gigya.UnauthorizedUser, "")
		}
		if err != nil {
			return method.None{}, fmt.Errorf("deleting an account: %w", err)
		}
		return method.None{}, nil
	})
}
