package accounts

import (
	"context"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// SetRBAPolicyParams are the parameters of accounts.rba.setPolicy.
type SetRBAPolicyParams struct {
	// Policy is the whole policy.
	Policy method.Object `param:"policy,required"`
}

// setRBAPolicy serves accounts.rba.setPolicy: replaces the rules of risk-based authentication, as a whole.
//
// Servers may call. What is wrong is 400006 with the path of the member; a call for a member of a site group 400009. A policy that
// comes without the built-in rule set _off gets it.
//
// Sources: the REST guide; SAP's toolkit, which reads, merges and writes back.
func setRBAPolicy(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.rba.setPolicy",
		Summary: "Replaces the rules of risk-based authentication.",
		Callers: caller.Server,
		Write:   true,
		Partial: "stored; that logins are held against the rules comes later",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetRBAPolicyParams]) (method.None, error) {
		policy, err := object("policy", c.Params.Policy)
		if err != nil {
			return method.None{}, err
		}
		if inGroup(c.Site) {
			return method.None{}, gigya.NewError(gigya.ValidationFailed, "Setting the RBA policy is prohibited on child site.")
		}
		policy = withOff(policy)
		return method.None{}, d.configure(ctx, c.Invocation, func(tx store.Tx) error {
			return d.Config.Put(tx, c.Site, rbaPolicyKind, "", policy.JSON())
		})
	})
}
