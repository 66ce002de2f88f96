package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// IncrementCountersParams are the parameters of accounts.incrementCounters.
type IncrementCountersParams struct {
	// UID is the account of a server call.
	UID string `param:"UID"`
	// RegToken is of a pending account.
	RegToken string `param:"regToken,len=8192"`
	// Counters is an array of {class, path, count, value}. Without count 1 is counted; value is 0 then, too, or for instance what
	// a purchase cost, up to a millionth and to a million millions, and may be negative.
	Counters string `param:"counters,required,len=65536"`
}

// incrementCounters serves accounts.incrementCounters: it counts what a user did.
//
// Sessions and regTokens count for their own account, servers for any one of the user base. Each element counts for its path and
// for those above it that are registered, in total, for the month and for the day (UTC). All is counted or, with an error,
// nothing. A class without an underscore in front, or a path other than /, that was not registered is 409011. An element
// without class or path is 400002, a text that is no array of objects 400004, any other value 400006, and so are a 33rd counter
// of one account and sums beyond 2^53 or a million millions. An account that does not exist is 403005, a bad regToken 400006.
// lastUpdated of the account stays.
//
// Months are kept for thirteen months and days for 31 days, the present ones included.
//
// Sources: the REST guide and that of the web SDK.
func incrementCounters(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.incrementCounters",
		Aliases: []string{"ids.incrementCounters"},
		Summary: "Counts what a user did.",
		Callers: caller.Session | caller.RegToken | caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[IncrementCountersParams]) (method.None, error) {
		n := &counting{c: c}
		var err error
		if n.increments, err = incrementsOf(c.Params.Counters); err != nil {
			return method.None{}, err
		}
		if n.found, n.token, err = d.countedAccount(ctx, c.Invocation, c.Params.UID, c.Params.RegToken); err != nil {
			return method.None{}, err
		}
		return method.None{}, d.count(ctx, n)
	})
}

// countedAccount finds the account by regToken, or by the UID of the parameter or session.
func (d Deps) countedAccount(ctx context.Context, c *method.Invocation, uid, regToken string) (a *store.Account, r token.RegToken, err error) {
	if regToken != "" {
		return d.tokenAccount(ctx, c, regToken)
	}
	if uid, err = login.Target(c, uid); err == nil {
		a, err = d.account(ctx, c, uid)
	}
	return a, r, err
}

// incrementsOf reads an array of {class, path, count, value}.
func incrementsOf(text string) ([]account.Increment, error) {
	elements, err := counterElements(text, maxCounterElements)
	if err != nil {
		return nil, err
	}
	list := make([]account.Increment, len(elements))
	for i, o := range elements {
		inc := account.Increment{Count: 1}
		if inc.Counter, err = counterOf(o); err != nil {
			return nil, err
		}
		if count, _ := o.Get("count"); !count.IsNull() {
			n, ok := count.Int64()
			if !ok || n < 0 || n > account.MaxCount {
				return nil, gigya.InvalidArgumentBecause("counters", "count: want a whole number from 0")
			}
			inc.Count = n
		}
		if value, _ := o.Get("value"); !value.IsNull() {
			amount, ok := account.ParseAmount(value.Num())
			if !ok {
				return nil, gigya.InvalidArgumentBecause("counters", "value: want a number up to a million millions")
			}
			inc.Value = amount
		}
		list[i] = inc
	}
	return list, nil
}

// counting is one call of incrementCounters.
type counting struct {
	c          *method.Call[IncrementCountersParams]
	increments []account.Increment
	// found is the account as it was read before the transaction.
	found *store.Account
	// token is the regToken of the call; its ID is empty if there is none.
	token token.RegToken
}

// count stores the increments: on the account as it was found if it is still the same, which its revision tells, and on what it
// is now otherwise, so that of any number of calls at once none is lost.
func (d Deps) count(ctx context.Context, n *counting) error {
	err := store.ErrConflict
	if n.token.ID == "" {
		counted := *n.found
		if err := n.add(&counted); err != nil {
			return err
		}
		err = d.Store.Change(ctx, func(tx store.Tx) error {
			a := counted // The function may run again, and storing raises the revision.
			return n.store(tx, &a)
		})
	}
	if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
		err = d.Store.Change(ctx, n.anew)
	}
	if err != nil {
		return fmt.Errorf("counting: %w", err)
	}
	return nil
}

func (n *counting) add(a *store.Account) error {
	return account.AddCounts(a, n.c.Site, n.increments, clock.FromTime(n.c.Now))
}

func (n *counting) store(tx store.Tx, a *store.Account) error {
	if err := tx.PutAccount(a); err != nil {
		return err
	}
	return n.c.Succeed(tx)
}

// anew counts on the account as it is now.
func (n *counting) anew(tx store.Tx) error {
	a, err := tx.Account(n.found.Group, n.found.UID)
	if errors.Is(err, store.ErrNotFound) {
		return gigya.NewError(gigya.UnauthorizedUser, "")
	}
	if err != nil {
		return err
	}
	if n.token.ID != "" && a.Secrets.TokenEpoch != n.found.Secrets.TokenEpoch {
		return badToken()
	}
	if err := n.add(a); err != nil {
		return err
	}
	return n.store(tx, a)
}
