package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// GetAccountInfoParams are the parameters of accounts.getAccountInfo.
type GetAccountInfoParams struct {
	// UID is the account of a server call.
	UID string `param:"UID"`
	// RegToken is of a pending account or, from getLiteToken, of a lite one; the call is a client's then, even when it is signed.
	RegToken string `param:"regToken,len=8192"`
	// FindBy is for servers: {"_uid": …}, {"_email": …} or {"_username": …}.
	FindBy                method.Object `param:"findBy,server,len=4096"`
	Include               method.List   `param:"include"`
	ExtraProfileFields    method.List   `param:"extraProfileFields"`
	IncludeCommunications method.List   `param:"includeCommunications"`
}

// getAccountInfo serves accounts.getAccountInfo: it returns one account.
//
// Sessions and regTokens read their own account, servers any one of the user base. Of a lite account its address, profile, data,
// preferences and subscriptions are shown. An account that does not exist is
// 403005, a bad regToken 400006. A field without a value is absent, but data, subscriptions, preferences and profile come
// as {} when they are included. Only servers see that there is a password, and internal.
//
// Sources: the REST guide of 2025; answers recorded in two clients.
//
// Differs: any number of calls for one UID may run at once (the original answers 409030 above five).
func getAccountInfo(d Deps) *method.Method {
	spec := method.Spec{
		Name:                "accounts.getAccountInfo",
		Summary:             "Returns one account.",
		Callers:             caller.Session | caller.RegToken | caller.Server,
		RegTokenMakesClient: true,
		Partial:             "communications, groups, findBy phone number and custom identifiers, export of password hashes",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[GetAccountInfoParams]) (*AccountResult, error) {
		a, lite, err := d.accountAskedFor(ctx, c)
		if err != nil {
			return nil, err
		}
		absent := account.IncludeProfile | account.IncludeData | account.IncludeEmails | account.IncludePreferences
		if lite || c.Site.Schema.SubscriptionsDefined() {
			absent |= account.IncludeSubscriptions
		}
		r := show(c.Params.Include, c.Params.ExtraProfileFields, absent).result(c.Invocation, a)
		r.View.Server, r.View.Lite = c.Server(), lite
		return r, d.addOwnIDToken(ctx, c.Invocation, r)
	})
}

// accountAskedFor finds the account by regToken, by findBy, or by the UID of the parameter or session, in this order, and tells
// whether it is a lite one.
func (d Deps) accountAskedFor(ctx context.Context, c *method.Call[GetAccountInfoParams]) (a *store.Account, lite bool, err error) {
	switch {
	case c.Params.RegToken != "":
		var r token.RegToken
		if r, err = d.openToken(c.Invocation, c.Params.RegToken); err == nil && r.Kind == token.KindLite {
			a, err = d.boundLite(ctx, c.Invocation, r)
			return a, true, err
		}
		a, _, err = d.tokenAccount(ctx, c.Invocation, c.Params.RegToken)
		return a, false, err
	case c.Params.UID == "" && c.Params.FindBy != nil:
		a, err = d.findBy(ctx, c.Invocation, c.Params.FindBy)
		return a, false, err
	}
	uid, err := login.Target(c.Invocation, c.Params.UID)
	if err != nil {
		return nil, false, err
	}
	a, err = d.account(ctx, c.Invocation, uid)
	return a, false, err
}

// findBy finds an account by an identifier. The names are compared with regard to letter case and _uid goes before the
// others (documented). An identifier that nobody has, or that is not known, is 403005.
func (d Deps) findBy(ctx context.Context, c *method.Invocation, by method.Object) (*store.Account, error) {
	value := func(name string) string {
		raw, _ := document.Member(by, name)
		text, _ := document.Text(raw)
		return text
	}
	if uid := value("_uid"); uid != "" {
		c.UID = uid
		return d.account(ctx, c, uid)
	}
	for _, name := range []string{"_email", "_username"} {
		text := value(name)
		if text == "" {
			continue
		}
		if !c.Caller.Fields().At("loginIDs").All(acl.Read) { // Who has an address is what a search by it would tell.
			return nil, caller.DeniedField(c.Method.Spec.Name, "loginIDs")
		}
		a, err := d.holder(ctx, c, text)
		if errors.Is(err, store.ErrNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		ids := account.ParseLoginIDs(a.LoginIDs)
		if name == "_email" && ids.HasEmail(account.Normalize(text)) ||
			name == "_username" && account.Normalize(ids.Username) == account.Normalize(text) {
			c.UID = a.UID
			return a, nil
		}
	}
	return nil, gigya.NewError(gigya.UnauthorizedUser, "")
}

// holder returns the account that has the text as a login identifier, or [store.ErrNotFound].
func (d Deps) holder(ctx context.Context, c *method.Invocation, text string) (*store.Account, error) {
	uid, err := d.Store.Owner(ctx, c.Site.Group, account.LoginIdentifier(text))
	if err != nil {
		return nil, fmt.Errorf("looking for a login identifier: %w", err)
	}
	a, err := d.Store.Account(ctx, c.Site.Group, uid)
	if err != nil {
		return nil, fmt.Errorf("reading the account of a login identifier: %w", err)
	}
	return a, nil
}
