package accounts

import (
	"context"
	"slices"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// UnregisterCountersParams are the parameters of accounts.unregisterCounters.
type UnregisterCountersParams struct {
	// Counters is an array of {class, path}.
	Counters string `param:"counters,required,len=65536"`
}

// unregisterCounters serves accounts.unregisterCounters: it takes declarations of counters back, all of them or none.
//
// Servers may call. What was counted stays, and can be read and searched. A counter that is not registered is 409011; the other
// faults are those of accounts.registerCounters.
//
// Source: a client in TypeScript.
func unregisterCounters(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.unregisterCounters",
		Aliases: []string{"ids.unregisterCounters"},
		Summary: "Takes declarations of counters back.",
		Callers: caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[UnregisterCountersParams]) (method.None, error) {
		unwanted, err := countersOf(c.Params.Counters)
		if err != nil {
			return method.None{}, err
		}
		err = d.changeSite(ctx, c.Invocation, func(s *store.Site) error {
			return changeCounters(s, func(present []site.Counter) ([]site.Counter, error) {
				for _, counter := range unwanted {
					if !slices.Contains(present, counter) {
						return nil, account.UnknownCounter(counter)
					}
				}
				return slices.DeleteFunc(present, func(c site.Counter) bool { return slices.Contains(unwanted, c) }), nil
			})
		})
		return method.None{}, err
	})
}
