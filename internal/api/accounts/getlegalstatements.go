package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/consent"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
)

// getLegalStatements serves accounts.getLegalStatements: the versions of a consent statement's text in a language.
//
// Anybody may call: a page shows the text to whoever is asked to agree. Without a server's credential there are neither drafts nor
// statements that are switched off. What is not there is 404000.
//
// Sources: SAP's toolkit, with its recorded answers, whose LegalStatementStatus is written so; the web SDK.
func getLegalStatements(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.getLegalStatements",
		Summary: "Returns the versions of a consent statement's text in a language.",
		Callers: caller.Public | caller.RegToken | caller.Session | caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[ConsentParams]) (*document.Object, error) {
		if err := c.Params.check(); err != nil {
			return nil, err
		}
		doc, err := d.consent(ctx, c.Invocation, c.Params.ConsentID)
		if err != nil {
			return nil, err
		}
		legal, err := consent.Legal(doc, c.Params.Lang, c.Server())
		if err != nil {
			return nil, err
		}
		return member("legalStatements", legal), nil
	})
}
