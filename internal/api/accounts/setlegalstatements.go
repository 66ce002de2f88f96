package accounts

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/consent"
	"github.com/doorward/doorward/internal/method"
)

// SetLegalStatementsParams are the parameters of accounts.setLegalStatements.
type SetLegalStatementsParams struct {
	ConsentParams
	// LegalStatements has versions or dates, and which of them are published, current and the least that counts.
	LegalStatements method.Object `param:"legalStatements,required"`
}

// setLegalStatements serves accounts.setLegalStatements: creates versions of a consent statement's text, and changes drafts.
//
// Servers may call. A version without a status is a draft; publishing one makes the published one before it historic. A version that
// was published cannot be changed: that, and a call that brings nothing but versions that are there, is 400009 with the recorded
// text. Wrong members are 400006, a statement that is not there 404000. A text has numbers or dates, never both.
//
// Sources: SAP's toolkit, with its recorded answers; the type definitions of a client.
func setLegalStatements(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.setLegalStatements",
		Summary: "Creates versions of a consent statement's text in a language, and changes drafts.",
		Callers: caller.Server,
		Write:   true,
		Partial: "stored; that users are asked again when the least version rises comes later",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetLegalStatementsParams]) (method.None, error) {
		p := &c.Params
		if err := p.check(); err != nil {
			return method.None{}, err
		}
		sent, err := object("legalStatements", p.LegalStatements)
		if err != nil {
			return method.None{}, err
		}
		return method.None{}, d.changeConsent(ctx, c.Invocation, p.ConsentID, func(doc json.RawMessage) (json.RawMessage, error) {
			return consent.SetLegal(doc, p.ConsentID, p.Lang, "legalStatements", sent)
		})
	})
}
