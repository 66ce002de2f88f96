package search

import (
	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

// Permit refuses who may not search: a client, with a session or without, needs a query that the site has signed with its
// partner secret (403007, 403003, 403002), and has no cursors (400006).
func Permit(c *method.Invocation, p *Params) error {
	switch {
	case c.Server():
		return nil
	case p.QuerySig == "":
		return caller.Denied(c.Method.Spec.Name)
	case p.OpenCursor || p.CursorID != "":
		return gigya.InvalidArgumentBecause("openCursor", "cursors need a server credential")
	case p.Query == "":
		return gigya.MissingParameter("query")
	}
	var refused error
	_, _ = c.Site.Partner.Proven(c.Now, func(_ string, secret []byte) bool {
		refused = gigya.VerifyQuery(secret, p.QuerySig, p.Query, p.ExpTime, c.Now)
		return refused == nil
	})
	return refused
}
