package accounts

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/consent"
	"github.com/doorward/doorward/internal/method"
)

// setConsentDefaultLang serves accounts.setConsentDefaultLang: chooses the language of a consent statement for users whose own it has
// not.
//
// Servers may call. A language that the statement has no text in, and did not name when it was set, is 400006; a statement that is
// not there 404000.
//
// Source: SAP's toolkit, which calls it before it sends the texts.
func setConsentDefaultLang(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.setConsentDefaultLang",
		Summary: "Sets the default language of a consent statement.",
		Callers: caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[ConsentParams]) (method.None, error) {
		if err := c.Params.check(); err != nil {
			return method.None{}, err
		}
		return method.None{}, d.changeConsent(ctx, c.Invocation, c.Params.ConsentID, func(doc json.RawMessage) (json.RawMessage, error) {
			return consent.SetDefaultLanguage(doc, c.Params.Lang)
		})
	})
}
