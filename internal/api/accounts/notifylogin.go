package accounts

import (
	"cmp"
	"context"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/session"
)

// NotifyLoginParams are the parameters of accounts.notifyLogin.
type NotifyLoginParams struct {
	// SiteUID is the site's own id of the user, or an existing UID.
	SiteUID          string        `param:"siteUID"`
	ProviderSessions method.Object `param:"providerSessions"`
	// SessionExpiration is the policy's when absent.
	SessionExpiration *int64 `param:"sessionExpiration"`
	// SkipValidation opens the session whatever the site's rules want of an account.
	SkipValidation bool    `param:"skipValidation"`
	RegSource      *string `param:"regSource"`
}

// notifyLogin serves accounts.notifyLogin: it opens a session for a user whom the site itself authenticated, and makes
// the account when it is new.
//
// Servers may call. Unless skipValidation is true, what interrupts a login interrupts this one, with a regToken. A new
// account is registered once nothing that the site requires is missing: there is no form to finish.
//
// Sources: the REST guide.
//
// Differs: providerSessions is refused with 400096; a disabled account is refused with skipValidation too.
func notifyLogin(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.notifyLogin",
		Summary: "Opens a session for a user that the site itself authenticated.",
		Callers: caller.Server,
		Write:   true,
		Event:   true,
		Partial: "providerSessions, two-factor, id_token, webhooks",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[NotifyLoginParams]) (*AccountResult, error) {
		switch {
		case c.Params.SiteUID == "" && c.Params.ProviderSessions != nil:
			return nil, gigya.NewError(gigya.NotSupported, "providerSessions is not served")
		case c.Params.SiteUID == "":
			return nil, gigya.MissingParameter("siteUID")
		}
		if err := cmp.Or(validExpiration(c.Params.SessionExpiration), validTargetEnv(c.Invocation)); err != nil {
			return nil, err
		}
		v := login.Vouched{
			SiteUID: c.Params.SiteUID, RegSource: c.Params.RegSource, SkipValidation: c.Params.SkipValidation,
			Expiration: c.Site.Policies.GigyaPlugins.SessionExpiration, Mobile: c.TargetEnv() == "mobile",
		}
		if c.Params.SessionExpiration != nil {
			v.Expiration = *c.Params.SessionExpiration
		}
		done, err := login.Vouch(ctx, d.Store, d.Sessions, c.Invocation, v)
		if err != nil {
			return nil, err
		}
		s := showing{include: account.IncludeProfile | account.IncludeIdentitiesAll, newUser: &done.NewUser}
		if done.Stop != nil {
			return nil, d.interrupted(c.Invocation, done.Account, done.Stop, s)
		}
		r, err := d.loggedIn(ctx, c.Invocation, done.Account, done.Opened, s)
		if info, ok := r.SessionInfo.(session.BrowserInfo); ok {
			info.CookieDomain, info.CookiePath = c.Site.BaseDomain, "/"
			r.SessionInfo = info
		}
		return r, err
	})
}
