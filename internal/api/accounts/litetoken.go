package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// boundLite returns the lite account that the token names.
func (d Deps) boundLite(ctx context.Context, c *method.Invocation, r token.RegToken) (*store.Account, error) {
	if r.UID == "" {
		return nil, badToken()
	}
	a, err := d.Store.Account(ctx, store.LiteGroup(c.Site.Group), r.UID)
	if err := goodFor(r, a, err); err != nil {
		return nil, err
	}
	c.UID = a.UID
	return a, nil
}

// goodFor returns an error unless the token is good for the lite account, of which the store was asked. Once a full account has
// taken its place, nobody comes to it by a token any more.
func goodFor(r token.RegToken, a *store.Account, err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return badToken()
	case err != nil:
		return fmt.Errorf("reading the lite account of a token: %w", err)
	case a.Secrets.TokenEpoch != r.Epoch || account.Progressed(a):
		return badToken()
	}
	return nil
}

// namedLite returns the lite account that a server names by its UID.
func (d Deps) namedLite(ctx context.Context, c *method.Invocation, uid string) (*store.Account, error) {
	if uid == "" {
		return nil, gigya.MissingParameter("UID")
	}
	a, err := d.Store.Account(ctx, store.LiteGroup(c.Site.Group), uid)
	if err != nil {
		return nil, named(err)
	}
	return a, nil
}

// named is 403005 for a lite account that a server named and that is not there, or nil, or the error.
func named(err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return gigya.NewError(gigya.UnauthorizedUser, "")
	case err != nil:
		return fmt.Errorf("reading a lite account: %w", err)
	}
	return nil
}

// spelledEmail returns the address of the lite account as it was given.
func spelledEmail(lite *store.Account) string {
	raw, _ := document.Member(lite.Profile, "email")
	email, _ := document.Text(raw)
	return email
}

// liteByEmailToken returns the lite account to which the token of a row of emailAccounts belongs, whichever account's row it
// is; nil: there is none.
func (d Deps) liteByEmailToken(tx store.Tx, group, text string) (*store.Account, error) {
	lites := store.LiteGroup(group)
	uid, ok := d.Tokens.OpenEmailToken(lites, text)
	if !ok {
		if full, ok := d.Tokens.OpenEmailToken(group, text); ok {
			return account.LiteBehind(tx, group, full)
		}
		var err error
		uid, err = tx.Owner(lites, store.Identifier{Space: account.EmailTokenSpace, Value: text})
		if err != nil {
			return nil, absent(err)
		}
	}
	a, err := tx.Account(lites, uid)
	if err != nil {
		return nil, absent(err)
	}
	return a, nil
}

// absent returns nil for what is not there, or the error.
func absent(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return fmt.Errorf("looking for the lite account of a token: %w", err)
}

// noLite is 404000.
func noLite() error {
	return gigya.NewError(gigya.NotFound, "There is no lite account of this address")
}
