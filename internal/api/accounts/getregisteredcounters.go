package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
)

// GetRegisteredCountersResult is the answer of accounts.getRegisteredCounters.
type GetRegisteredCountersResult struct {
	Counters []site.Counter `json:"counters"`
}

// getRegisteredCounters serves accounts.getRegisteredCounters: it lists the counters that were registered, in that order.
//
// Servers may call.
//
// Source: a client in TypeScript.
func getRegisteredCounters(Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.getRegisteredCounters",
		Aliases: []string{"ids.getRegisteredCounters"},
		Summary: "Lists the counters that the site has registered.",
		Callers: caller.Server,
	}
	return method.New(spec, func(_ context.Context, c *method.Call[method.None]) (*GetRegisteredCountersResult, error) {
		return &GetRegisteredCountersResult{append([]site.Counter{}, c.Site.Settings.Counters...)}, nil
	})
}
