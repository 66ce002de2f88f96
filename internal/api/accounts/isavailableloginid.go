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

// IsAvailableLoginIDParams are the parameters of accounts.isAvailableLoginID.
type IsAvailableLoginIDParams struct {
	LoginID string `param:"loginID,required"`
}

// IsAvailableLoginIDResult is the answer of accounts.isAvailableLoginID.
type IsAvailableLoginIDResult struct {
	IsAvailable bool `json:"isAvailable"`
}

// isAvailableLoginID serves accounts.isAvailableLoginID: it tells whether an address or user name is free.
//
// Anybody may ask. Identifiers of disabled and pending accounts are taken too. With policy
// accountOptions.preventLoginIDHarvesting only servers are told, others get 403026 for every identifier.
//
// Sources: the REST guide; the error table of a PHP client.
func isAvailableLoginID(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.isAvailableLoginID",
		Summary: "Tells whether an e-mail address or user name is free.",
		Callers: caller.Public | caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[IsAvailableLoginIDParams]) (IsAvailableLoginIDResult, error) {
		if c.Site.Policies.AccountOptions.PreventLoginIDHarvesting && !c.Server() {
			return IsAvailableLoginIDResult{}, gigya.NewError(gigya.UnauthorizedAccessError, "")
		}
		_, err := d.Store.Owner(ctx, c.Site.Group, account.LoginIdentifier(c.Params.LoginID))
		switch {
		case errors.Is(err, store.ErrNotFound):
			return IsAvailableLoginIDResult{IsAvailable: true}, nil
		case err != nil:
			return IsAvailableLoginIDResult{}, fmt.Errorf("looking for a login identifier: %w", err)
		}
		return IsAvailableLoginIDResult{}, nil
	})
}
