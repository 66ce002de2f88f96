package accounts

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/consent"
	"github.com/doorward/doorward/internal/method"
)

// DeleteLegalStatementsParams are the parameters of accounts.deleteLegalStatements: either a number or a date.
type DeleteLegalStatementsParams struct {
	ConsentParams
	DocVersion string `param:"docVersion"`
	DocDate    string `param:"docDate"`
}

// deleteLegalStatements serves accounts.deleteLegalStatements: deletes the draft of a version of a consent statement's text.
//
// Servers may call. A version that is no draft is 400030, one that is not there 404000.
//
// Source: the type definitions of a client.
func deleteLegalStatements(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.deleteLegalStatements",
		Summary: "Deletes a draft of a consent statement's text.",
		Callers: caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[DeleteLegalStatementsParams]) (method.None, error) {
		p := &c.Params
		if err := p.check(); err != nil {
			return method.None{}, err
		}
		switch {
		case p.DocVersion == "" && p.DocDate == "":
			return method.None{}, gigya.MissingParameter("docVersion")
		case p.DocVersion != "" && p.DocDate != "":
			return method.None{}, gigya.InvalidArgumentBecause("docDate", "must not be sent together with docVersion")
		}
		return method.None{}, d.changeConsent(ctx, c.Invocation, p.ConsentID, func(doc json.RawMessage) (json.RawMessage, error) {
			return consent.DeleteDraft(doc, p.Lang, cmp.Or(p.DocVersion, p.DocDate), p.DocDate != "")
		})
	})
}
