package accounts

import (
	"context"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// SetProgressionPolicyParams are the parameters of accounts.progression.setPolicy.
type SetProgressionPolicyParams struct {
	// Policy is auto.
	Policy string `param:"policy,required"`
}

// setProgressionPolicy serves accounts.progression.setPolicy: consents, profile and data of a lite account go to the full one
// that takes its place, each where that has none.
//
// Servers may call. The only policy is auto (400006), and it cannot be taken back. It is gone by when an account is registered
// with the token of a lite one, and when the address of a lite account is verified as a login of a full one: what was joined
// before stays as it is.
//
// Source: the type definitions of a client.
func setProgressionPolicy(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.progression.setPolicy",
		Summary: "Gives full accounts what is known of the lite ones whose place they take.",
		Callers: caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetProgressionPolicyParams]) (method.None, error) {
		if c.Params.Policy != site.ProgressionAuto {
			return method.None{}, gigya.InvalidArgumentBecause("policy", "must be "+site.ProgressionAuto)
		}
		return method.None{}, d.changeSite(ctx, c.Invocation, func(s *store.Site) error {
			return changeSettings(s, func(settings *document.Object) error {
				settings.Set("progression", document.String(site.ProgressionAuto))
				return nil
			})
		})
	})
}
