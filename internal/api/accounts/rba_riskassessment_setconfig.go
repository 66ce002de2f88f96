package accounts

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// SetRiskAssessmentParams are the parameters of accounts.rba.riskAssessment.setConfig.
type SetRiskAssessmentParams struct {
	// Config has one member, Enabled.
	Config method.Object `param:"Config,required"`
}

// setRiskAssessment serves accounts.rba.riskAssessment.setConfig: whether logins are assessed for account takeover.
//
// Servers may call, for a site of any data center. An object without Enabled is 400006.
//
// Source: SAP's toolkit, which calls a host without a data center.
func setRiskAssessment(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.rba.riskAssessment.setConfig",
		Summary: "Sets whether logins are assessed for account takeover.",
		Callers: caller.Server,
		Write:   true,
		Partial: "stored; the assessment comes later",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetRiskAssessmentParams]) (method.None, error) {
		return method.None{}, d.configure(ctx, c.Invocation, func(tx store.Tx) error {
			return d.Config.Put(tx, c.Site, riskAssessmentKind, "", json.RawMessage(c.Params.Config))
		})
	})
}
