package accounts

import (
	"context"
	"fmt"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/intake"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// ImportLiteAccountParams are the parameters of accounts.importLiteAccount.
type ImportLiteAccountParams struct {
	Email         string        `param:"email,required"`
	Profile       method.Object `param:"profile"`
	Subscriptions method.Object `param:"subscriptions"`
	Data          method.Object `param:"data"`
	Preferences   method.Object `param:"preferences"`
}

// ImportLiteAccountResult is the answer of accounts.importLiteAccount.
type ImportLiteAccountResult struct {
	UID string `json:"UID"`
}

// importLiteAccount serves accounts.importLiteAccount: it creates the lite account of an address, or changes it.
//
// Servers may call. What the call gives is merged into what is there; subscriptions may bring lastUpdatedSubscriptionState.
// A full account that logs in with the address, which is verified, keeps its own data, has the subscriptions, and says
// hasLiteAccount. An address that is none is 400006, faults of profile and data are 400009 with their items. No mail is sent.
//
// Sources: published import jobs; the type definitions of a client.
func importLiteAccount(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.importLiteAccount",
		Aliases: []string{"accounts.importLiteAccounts"},
		Summary: "Creates or changes a lite account: an address with data and subscriptions.",
		Callers: caller.Server,
		Write:   true,
		Partial: "webhooks, consent vault",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[ImportLiteAccountParams]) (*ImportLiteAccountResult, error) {
		p := &c.Params
		if err := mayWrite(c.Invocation, documents(p.Profile, p.Data, p.Preferences, p.Subscriptions)...); err != nil {
			return nil, err
		}
		lite, err := liteOf(c.Params.Email, c.Params.Profile, c.Params.Data, c.Params.Preferences, c.Params.Subscriptions)
		if err != nil {
			return nil, err
		}
		write := intake.NewLiteWrite(c.Site, clock.FromTime(c.Now), d.Rand)
		if err := d.storeLite(ctx, c.Invocation, write, lite, nil); err != nil {
			return nil, fmt.Errorf("importing a lite account: %w", err)
		}
		return &ImportLiteAccountResult{UID: c.UID}, nil
	})
}

// liteOf reads what a call brings of a lite account.
func liteOf(email string, profile, data, preferences, subscriptions method.Object) (intake.Lite, error) {
	var ch account.Change
	err := readDocuments(&ch, profile, data, preferences, subscriptions)
	return intake.Lite{Email: email, Profile: ch.Profile, Data: ch.Data, Preferences: ch.Preferences, Subscriptions: ch.Subscriptions}, err
}

// storeLite makes or changes the lite account, whose UID the call has then, if the check of the same transaction, which may be
// nil, says that it may.
func (d Deps) storeLite(ctx context.Context, c *method.Invocation, write intake.LiteWrite, lite intake.Lite, check func(store.Tx) error) error {
	return importFault(d.Store.Change(ctx, func(tx store.Tx) error {
		if check != nil {
			if err := check(tx); err != nil {
				return err
			}
		}
		uid, err := write.Store(tx, lite)
		if err != nil {
			return err
		}
		c.UID = uid
		return c.Succeed(tx)
	}))
}
