package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

// MigrateConsentFlowParams are the parameters of accounts.migrateConsentFlow.
type MigrateConsentFlowParams struct {
	// MigrateSite asks for it; nothing depends on it.
	MigrateSite bool `param:"MigrateSite"`
}

// migrateConsentFlow serves accounts.migrateConsentFlow, which moves a site of the original to its newer model of consent. Every site
// of this server is on that model, so that there is nothing to do.
//
// Servers may call.
//
// Source: SAP's toolkit, which calls it for every site that it makes.
func migrateConsentFlow(Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.migrateConsentFlow",
		Summary: "Moves a site to the newer model of consent, on which every site is here.",
		Callers: caller.Server,
	}
	return method.New(spec, func(context.Context, *method.Call[MigrateConsentFlowParams]) (method.None, error) {
		return method.None{}, nil
	})
}
