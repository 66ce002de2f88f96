package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
)

// VerifyLoginParams are the parameters of accounts.verifyLogin.
type VerifyLoginParams struct {
	// UID is the user of a server call.
	UID                string      `param:"UID"`
	Include            method.List `param:"include"`
	ExtraProfileFields method.List `param:"extraProfileFields"`
}

// verifyLogin serves accounts.verifyLogin: it holds a live session against the rules of the site and returns the account.
//
// Sessions and servers may call. What would interrupt a login interrupts here too (403041, 403100, 206001, 206002), with
// a regToken: at a member of a site group, what this very site demands of somebody who logged in at another. A lock (403120)
// does not: it is for those who try to log in. No stamp is moved. The Android SDK polls this method and drops its session on any errorCode but 0 and 500026.
//
// Sources: the REST guide; the Android SDK.
//
// Differs: a server call does not need a live session of the user.
func verifyLogin(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.verifyLogin",
		Summary: "Checks a live session against the site's rules and returns the account.",
		Callers: caller.Session | caller.Server,
		Partial: "403012 for server calls",

		Unverified: true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[VerifyLoginParams]) (*AccountResult, error) {
		uid, err := login.Target(c.Invocation, c.Params.UID)
		if err != nil {
			return nil, err
		}
		a, err := d.account(ctx, c.Invocation, uid)
		if err != nil {
			return nil, err
		}
		s := show(c.Params.Include, c.Params.ExtraProfileFields, account.IncludeAccount)
		if stop := account.Pending(a, c.Site, clock.FromTime(c.Now)); stop != nil {
			return nil, d.interrupted(c.Invocation, a, stop, s)
		}
		r := s.result(c.Invocation, a)
		return r, d.addOwnIDToken(ctx, c.Invocation, r)
	})
}
