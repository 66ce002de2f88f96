package login

import (
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// RegTokenLife is the life of every regToken (documented).
const RegTokenLife = time.Hour

// NewRegToken returns a regToken for the call's site; kind, account and epoch are those of r, and so is its end if it has one.
func NewRegToken(tokens *token.Tokens, c *method.Invocation, r token.RegToken) string {
	r.Group, r.Site = c.Site.Group, c.Site.APIKey
	r.Issued = clock.FromTime(c.Now)
	if r.Expires == 0 {
		r.Expires = r.Issued.Add(RegTokenLife)
	}
	return tokens.SealRegToken(r)
}

// AccountToken returns a regToken of the account.
func AccountToken(tokens *token.Tokens, c *method.Invocation, a *store.Account) string {
	return NewRegToken(tokens, c, token.RegToken{Kind: token.KindAccount, UID: a.UID, Epoch: a.Secrets.TokenEpoch})
}
