package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
)

// getRBAPolicy serves accounts.rba.getPolicy: the rules of risk-based authentication.
//
// Servers may call. A member of a site group has the policy of its parent; a new site has one rule set without rules, _off.
//
// Sources: the REST guide; SAP's toolkit, with its recorded answers.
func getRBAPolicy(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.rba.getPolicy",
		Summary: "Returns the rules of risk-based authentication.",
		Callers: caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[method.None]) (*document.Object, error) {
		owner, err := d.parentOf(ctx, c.Site)
		if err != nil {
			return nil, err
		}
		doc, err := d.Config.Get(ctx, owner, rbaPolicyKind, "")
		if err != nil {
			return nil, err
		}
		policy, err := document.ParseObject(doc)
		if err != nil {
			return nil, err
		}
		return member("policy", policy), nil
	})
}
