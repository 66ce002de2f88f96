package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/store"
)

// FinalizeRegistrationParams are the parameters of accounts.finalizeRegistration.
type FinalizeRegistrationParams struct {
	RegToken string      `param:"regToken,required,len=8192"`
	Include  method.List `param:"include"`
	// AllowAccountsLinking takes tokens of account linking; of no effect without it.
	AllowAccountsLinking bool          `param:"allowAccountsLinking"`
	Subscriptions        method.Object `param:"subscriptions"`
	IncludeUserInfo      bool          `param:"includeUserInfo"`
}

// finalizeRegistration serves accounts.finalizeRegistration: it turns a pending registration into a registered account
// and logs the user in. On an account that is registered already it acts as a login.
//
// Whoever holds a regToken of the account may call. What still holds the account back is told as at a login (403041,
// 403120, 403100, 206001, 206003, 206002, 206006), with a new regToken. A success ends all regTokens of the account: of
// any number of parallel calls with one token one succeeds, the others get 400006.
//
// Sources: the REST guide.
func finalizeRegistration(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.finalizeRegistration",
		Summary: "Turns a pending registration into a registered account and logs the user in.",
		Callers: caller.Public | caller.RegToken | caller.Server,
		Write:   true,
		Event:   true,
		Partial: "account linking, two-factor, webhooks, vToken of 206006",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[FinalizeRegistrationParams]) (*AccountResult, error) {
		if err := validTargetEnv(c.Invocation); err != nil {
			return nil, err
		}
		subscriptions, err := object("subscriptions", c.Params.Subscriptions)
		if err != nil {
			return nil, err
		}
		known, _, err := d.tokenAccount(ctx, c.Invocation, c.Params.RegToken)
		if err != nil {
			return nil, err
		}
		s := show(c.Params.Include, nil, account.IncludeAccount)
		if err := d.chooseKey(ctx, &s); err != nil {
			return nil, err
		}
		done, err := d.finalize(ctx, c.Invocation, known, subscriptions)
		if err != nil {
			return nil, err
		}
		s.userInfo, s.newUser = c.Params.IncludeUserInfo, &done.isNew
		if done.stop != nil {
			return nil, d.interrupted(c.Invocation, done.account, done.stop, s)
		}
		return d.loggedIn(ctx, c.Invocation, done.account, done.opened, s)
	})
}

// finalized is what became of a registration.
type finalized struct {
	account *store.Account
	isNew   bool
	stop    *account.Interruption
	opened  session.Opened
}

// finalize does what is left to do in one transaction. known is the account as the regToken found it: if its tokens were
// ended meanwhile, this one is dead.
func (d Deps) finalize(ctx context.Context, c *method.Invocation, known *store.Account, subscriptions *document.Object) (finalized, error) {
	now := clock.FromTime(c.Now)
	var done finalized
	err := d.Store.Change(ctx, func(tx store.Tx) error {
		done = finalized{}
		a, err := tx.Account(known.Group, known.UID)
		if errors.Is(err, store.ErrNotFound) || err == nil && a.Secrets.TokenEpoch != known.Secrets.TokenEpoch {
			return badToken()
		}
		if err != nil {
			return err
		}
		done.account, done.isNew = a, a.LastLogin == 0
		out, err := account.Apply(a, &account.Change{Subscriptions: subscriptions}, rules(c, false, ownerIn(tx, a.Group)))
		if err == nil {
			err = out.Err()
		}
		if err != nil {
			return err
		}
		if a.Registered == 0 && a.IsActive && len(account.Missing(a, c.Site)) == 0 {
			account.Finalize(a, now)
			out.Changed = true
		}
		if done.stop = account.Next(a, c.Site, now); done.stop == nil {
			account.LoggedIn(a, now)
			a.Secrets.TokenEpoch++
			out.Changed = true
			done.opened, err = d.Sessions.Open(tx, sessionOf(c, a.UID, nil, c.Site.Policies.GigyaPlugins.SessionExpiration))
			if err != nil {
				return err
			}
		}
		if err := out.Store(tx, a); err != nil {
			return err
		}
		switch {
		case done.stop != nil && !out.Changed:
			return nil
		case done.stop != nil:
			return c.Interrupt(tx, done.stop.Code, done.stop.Details)
		}
		return c.Succeed(tx)
	})
	if err != nil {
		var failure *gigya.Error
		if errors.As(err, &failure) {
			return done, failure
		}
		return done, fmt.Errorf("finalizing a registration: %w", err)
	}
	return done, nil
}
