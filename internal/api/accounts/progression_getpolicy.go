package accounts

import (
	"cmp"
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

// ProgressionPolicyResult is the answer of accounts.progression.getPolicy.
type ProgressionPolicyResult struct {
	// Policy is none or auto.
	Policy string `json:"policy"`
}

// getProgressionPolicy serves accounts.progression.getPolicy: what of a lite account goes to the full one that takes its place.
//
// Servers may call. none: the subscriptions alone, which both share; it is so until accounts.progression.setPolicy was called.
//
// Source: the type definitions of a client.
func getProgressionPolicy(Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.progression.getPolicy",
		Summary: "Tells what of a lite account goes to the full one that takes its place.",
		Callers: caller.Server,
	}
	return method.New(spec, func(_ context.Context, c *method.Call[method.None]) (*ProgressionPolicyResult, error) {
		return &ProgressionPolicyResult{cmp.Or(c.Site.Settings.Progression, "none")}, nil
	})
}
