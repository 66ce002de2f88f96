package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
)

// logout serves accounts.logout: it ends sessions.
//
// A session ends itself, for every site of its group that shares it; a server call ends every session of the user on all
// devices, at whatever site of the group. The account stays as it is. A UID that does not exist is 403005.
//
// Sources: the REST guide; members of the answer recorded in the Android SDK's fixtures.
//
// Differs: a server call about a user without a live session succeeds, where the original answers 403012: to end what
// has ended is no fault. A session call ends the current session only.
func logout(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.logout",
		Summary: "Ends the sessions of a user.",
		Callers: caller.Session | caller.Server,
		Write:   true,
		Event:   true,
		Partial: "refresh tokens of OIDC, logout at social providers",

		Unverified: true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[login.LogoutParams]) (login.LogoutResult, error) {
		return login.Logout(ctx, d.Store, c.Invocation, c.Params)
	})
}
