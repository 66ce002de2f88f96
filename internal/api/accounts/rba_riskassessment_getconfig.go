package accounts

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

// RiskAssessmentResult is the answer of accounts.rba.riskAssessment.getConfig.
type RiskAssessmentResult struct {
	Enabled bool `json:"Enabled"`
}

// getRiskAssessment serves accounts.rba.riskAssessment.getConfig: whether logins are assessed for account takeover; false on a new
// site.
//
// Servers may call, for a site of any data center.
//
// Source: SAP's toolkit, with its recorded answers.
func getRiskAssessment(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.rba.riskAssessment.getConfig",
		Summary: "Tells whether logins are assessed for account takeover.",
		Callers: caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[method.None]) (*RiskAssessmentResult, error) {
		doc, err := d.Config.Get(ctx, c.Site, riskAssessmentKind, "")
		if err != nil {
			return nil, err
		}
		result := &RiskAssessmentResult{}
		return result, json.Unmarshal(doc, result)
	})
}
