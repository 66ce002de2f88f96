package socialize

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
)

// exchangeUIDSignature serves socialize.exchangeUIDSignature, the older name of accounts.exchangeUIDSignature. The rule is
// [login.ExchangeSignature].
//
// Callers: server credentials. Errors: 400002, 403002 for a signature more than 60 s away, 400006 for a wrong one, 403007
// for a key without a secret.
//
// Sources: the method's page; the WordPress, Magento and Drupal plugins call it at every login.
func exchangeUIDSignature(Deps) *method.Method {
	spec := method.Spec{
		Name:    "socialize.exchangeUIDSignature",
		Summary: "Takes a UID signature made with the partner secret and returns one made with the caller's own.",
		Callers: caller.Server,
	}
	return method.New(spec, func(_ context.Context, c *method.Call[login.SignatureParams]) (login.Signature, error) {
		c.UID = c.Params.UID
		return login.ExchangeSignature(c.Invocation, c.Params)
	})
}
