package accounts

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// regTokenLife is the life of every regToken (documented).
const regTokenLife = login.RegTokenLife

// Spaces of single-use marks.
const (
	// usedSpace holds the tokens of initRegistration that made their account.
	usedSpace = "regtoken-used"
	// keptSpace holds the tokens that outlive one raise of their account's TokenEpoch.
	keptSpace = "regtoken-kept"
)

// newToken returns a regToken of the kind for the call's site.
func (d Deps) newToken(c *method.Invocation, r token.RegToken) string {
	return login.NewRegToken(d.Tokens, c, r)
}

// accountToken returns a regToken of the account.
func (d Deps) accountToken(c *method.Invocation, a *store.Account) string {
	return login.AccountToken(d.Tokens, c, a)
}

// badToken is the one answer for a regToken that is malformed, unknown, expired, used up, of another site or of another
// kind.
func badToken() error { return gigya.InvalidArgument("regToken") }

// openToken reads a regToken of the call's site.
func (d Deps) openToken(c *method.Invocation, text string) (token.RegToken, error) {
	r, err := d.Tokens.OpenRegToken(text, c.Now)
	if err != nil || r.Group != c.Site.Group || r.Site != c.Site.APIKey {
		return token.RegToken{}, badToken()
	}
	return r, nil
}

// tokenAccount reads the account of a regToken, which must still be good for it.
func (d Deps) tokenAccount(ctx context.Context, c *method.Invocation, text string) (*store.Account, token.RegToken, error) {
	r, err := d.openToken(c, text)
	if err != nil {
		return nil, r, err
	}
	if r.Kind != token.KindAccount {
		return nil, r, badToken()
	}
	a, err := d.Store.Account(ctx, c.Site.Group, r.UID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, r, badToken()
	}
	if err != nil {
		return nil, r, fmt.Errorf("reading the account of a regToken: %w", err)
	}
	c.UID = a.UID
	if r.Epoch != a.Secrets.TokenEpoch {
		kept, err := d.Store.Marked(ctx, keptSpace, keptMark(r, a.Secrets.TokenEpoch), clock.FromTime(c.Now))
		if err != nil {
			return nil, r, fmt.Errorf("looking for a kept regToken: %w", err)
		}
		if !kept {
			return nil, r, badToken()
		}
	}
	return a, r, nil
}

// keep lets the token outlive the raise of the epoch that its own call made: the client that has to change the password
// goes on to finalizeRegistration with the token it has, while all others are dead. The next raise ends it too.
func keep(tx store.Tx, r token.RegToken, epoch int64, now clock.Millis) error {
	err := tx.UseOnce(keptSpace, keptMark(r, epoch), now, r.Expires)
	if errors.Is(err, store.ErrUsed) {
		return nil
	}
	return err
}

func keptMark(r token.RegToken, epoch int64) store.Hash {
	return token.Hash(r.ID + "." + strconv.FormatInt(epoch, 10))
}
