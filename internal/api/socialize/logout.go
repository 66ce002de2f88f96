package socialize

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
)

// logout serves socialize.logout, the older name of accounts.logout. The rule is [login.Logout].
//
// Callers: a session ends itself; a server call ends every session of the user. A UID that does not exist is 403005.
//
// Sources: the REST guide; the WordPress plugin calls it.
func logout(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "socialize.logout",
		Summary: "Ends the sessions of a user.",
		Callers: caller.Session | caller.Server,
		Write:   true,
		Event:   true,
		Partial: "logout at social providers, SAML sessions",

		Unverified: true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[login.LogoutParams]) (login.LogoutResult, error) {
		return login.Logout(ctx, d.Store, c.Invocation, c.Params)
	})
}
