package accounts

import (
	"context"
	"errors"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/consent"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// DeleteConsentStatementParams are the parameters of accounts.deleteConsentStatement.
type DeleteConsentStatementParams struct {
	ConsentID string `param:"consentId,required"`
}

// deleteConsentStatement serves accounts.deleteConsentStatement: deletes a consent statement with its texts.
//
// Servers may call. A statement that is not there is 404000, a call for a member of a site group 400009: its parent has the
// statement.
//
// Sources: the type definitions of a client; the documentation of the consent vault.
func deleteConsentStatement(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.deleteConsentStatement",
		Summary: "Deletes a consent statement.",
		Callers: caller.Server,
		Write:   true,
		Partial: "what users have agreed to stays in their accounts",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[DeleteConsentStatementParams]) (method.None, error) {
		id := c.Params.ConsentID
		if err := consent.CheckID("consentId", id); err != nil {
			return method.None{}, err
		}
		if inGroup(c.Site) {
			return method.None{}, parentsConsent(id)
		}
		return method.None{}, d.configure(ctx, c.Invocation, func(tx store.Tx) error {
			err := d.Config.Delete(tx, c.Site, consent.Kind, id)
			if errors.Is(err, store.ErrNotFound) {
				return noConsent(id)
			}
			return err
		})
	})
}
