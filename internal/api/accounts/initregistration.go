package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/token"
)

// InitRegistrationParams are the parameters of accounts.initRegistration.
type InitRegistrationParams struct {
	// IsLite asks for a token that makes and changes lite accounts by setAccountInfo, and which register refuses.
	IsLite bool `param:"isLite"`
	// DataCenter is the home of the new account on sites that live in several; accepted and of no effect.
	DataCenter string `param:"dataCenter"`
}

// InitRegistrationResult is the answer of accounts.initRegistration.
type InitRegistrationResult struct {
	RegToken string `json:"regToken"`
}

// initRegistration serves accounts.initRegistration: it opens a registration and hands out a regToken.
//
// Anybody may call. No account is made and nothing is stored: the token says by itself what it is for. It lives one hour
// and makes at most one account.
//
// Sources: the REST guide.
func initRegistration(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.initRegistration",
		Summary: "Opens a registration and hands out a regToken.",
		Callers: caller.Public | caller.Server,
	}
	return method.New(spec, func(_ context.Context, c *method.Call[InitRegistrationParams]) (InitRegistrationResult, error) {
		kind := token.KindInit
		if c.Params.IsLite {
			kind = token.KindLite
		}
		return InitRegistrationResult{RegToken: d.newToken(c.Invocation, token.RegToken{Kind: kind})}, nil
	})
}
