package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/token"
)

// InitProgressionParams are the parameters of accounts.initProgression.
type InitProgressionParams struct {
	// RegToken is the token of a lite account.
	RegToken string `param:"regToken,required,len=8192"`
}

// InitProgressionResult is the answer of accounts.initProgression.
type InitProgressionResult struct {
	RegToken string `json:"regToken"`
}

// initProgression serves accounts.initProgression: it opens the registration of somebody who has a lite account.
//
// Who holds the token of a lite account may call (400006 for any other token, those of initRegistration included). The new
// token lives one hour, makes one account by accounts.register, and can neither read nor change the lite one.
//
// Source: the type definitions of the web SDK, which names neither the answer nor more.
func initProgression(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.initProgression",
		Summary: "Exchanges the token of a lite account for one that registers a full account in its place.",
		Callers: caller.Public | caller.RegToken | caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[InitProgressionParams]) (*InitProgressionResult, error) {
		r, err := d.openToken(c.Invocation, c.Params.RegToken)
		if err != nil {
			return nil, err
		}
		if r.Kind != token.KindLite {
			return nil, badToken()
		}
		lite, err := d.boundLite(ctx, c.Invocation, r)
		if err != nil {
			return nil, err
		}
		made := token.RegToken{Kind: token.KindProgression, UID: lite.UID, Epoch: lite.Secrets.TokenEpoch}
		return &InitProgressionResult{d.newToken(c.Invocation, made)}, nil
	})
}
