package accounts

import (
	"context"
	"fmt"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// GetLiteTokenParams are the parameters of accounts.getLiteToken.
type GetLiteTokenParams struct {
	// Email or EmailToken, the token of a row of emailAccounts, says which account is meant.
	Email      string `param:"email"`
	EmailToken string `param:"emailToken,len=1024"`
	// SessionExpiration is the life of the token in seconds; absent: 3600.
	SessionExpiration *int64 `param:"sessionExpiration,min=1,max=5184000"`
}

// GetLiteTokenResult is the answer of accounts.getLiteToken.
type GetLiteTokenResult struct {
	Token string `json:"token"`
}

// getLiteToken serves accounts.getLiteToken: it hands out a token to read and write one lite account, or to register with.
//
// Servers may call. Who has the token reads the account with getAccountInfo and changes it with setAccountInfo any number of
// times, and takes it along with one register, as regToken: the site gives it to nobody but the person whose address it is. It is
// dead for good once the account is deleted or a full one has taken its place. Neither of the parameters is 400002, both are 400006, an
// address without a lite account is 404000, one with a full account in its place 400006.
//
// Source: the type definitions of a client.
func getLiteToken(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.getLiteToken",
		Summary: "Hands out a token to read and write one lite account.",
		Callers: caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[GetLiteTokenParams]) (*GetLiteTokenResult, error) {
		p := &c.Params
		switch {
		case p.Email == "" && p.EmailToken == "":
			return nil, gigya.MissingParameter("email")
		case p.Email != "" && p.EmailToken != "":
			return nil, gigya.InvalidArgumentBecause("emailToken", "must not be sent together with email")
		}
		life := regTokenLife
		if p.SessionExpiration != nil {
			life = time.Duration(*p.SessionExpiration) * time.Second
		}
		var lite *store.Account
		err := d.Store.Change(ctx, func(tx store.Tx) (err error) {
			if p.Email != "" {
				lite, err = account.LiteOf(tx, c.Site.Group, account.Normalize(p.Email))
			} else {
				lite, err = d.liteByEmailToken(tx, c.Site.Group, p.EmailToken)
			}
			switch {
			case err != nil:
				return err
			case lite == nil:
				return noLite()
			case account.Progressed(lite):
				return gigya.NewError(gigya.InvalidParameterValue, "A full account has taken the place of the lite account")
			}
			c.UID = lite.UID
			return c.Succeed(tx)
		})
		if err != nil {
			return nil, fmt.Errorf("making a token of a lite account: %w", err)
		}
		return &GetLiteTokenResult{d.newToken(c.Invocation, token.RegToken{
			Kind: token.KindLite, UID: lite.UID, Epoch: lite.Secrets.TokenEpoch, Expires: clock.FromTime(c.Now.Add(life)),
		})}, nil
	})
}
