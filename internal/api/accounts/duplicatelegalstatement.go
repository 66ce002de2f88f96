package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/consent"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
)

// duplicateLegalStatement serves accounts.duplicateLegalStatement: the start of a new version of a consent statement's text, which is
// the latest one as a draft under the next number or the next day. Nothing is stored.
//
// Servers may call. What is not there is 404000.
//
// Source: the type definitions of a client.
func duplicateLegalStatement(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.duplicateLegalStatement",
		Summary: "Returns the start of a new version of a consent statement's text.",
		Callers: caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[ConsentParams]) (*document.Object, error) {
		if err := c.Params.check(); err != nil {
			return nil, err
		}
		doc, err := d.consent(ctx, c.Invocation, c.Params.ConsentID)
		if err != nil {
			return nil, err
		}
		legal, err := consent.Duplicate(doc, c.Params.Lang, c.Now)
		if err != nil {
			return nil, err
		}
		return member("legalStatements", legal), nil
	})
}
