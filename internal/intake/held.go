package intake

import (
	"errors"
	"fmt"
	"slices"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// release gives up what was claimed for an account that is not written, but what one with its UID that is there holds: to claim
// that again was no claim.
func release(tx store.Tx, a *store.Account, claimed []store.Identifier) error {
	present, err := tx.Account(a.Group, a.UID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("reading the account that is there: %w", err)
	}
	var held []store.Identifier
	if err == nil {
		held = heldBy(present)
	}
	for _, id := range lacking(claimed, held) {
		if err := tx.ReleaseIdentifier(a.Group, id, a.UID); err != nil {
			return fmt.Errorf("releasing an identifier: %w", err)
		}
	}
	return nil
}

// heldBy are the identifiers that the record says.
func heldBy(a *store.Account) []store.Identifier {
	token, _ := document.Member(a.More, "token")
	text, _ := document.Text(token)
	return append(slices.Concat(logins(account.ParseLoginIDs(a.LoginIDs)), identityKeys(items(a.Identities))),
		store.Identifier{Space: store.LiteSpace, Value: account.LiteAddress(a)},
		store.Identifier{Space: account.EmailTokenSpace, Value: text},
		store.Identifier{Space: phoneSpace, Value: phoneOf(a)})
}
