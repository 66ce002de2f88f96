package search

import (
	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

// Signed is what a client call shows beside the query: that the site allows just this one for a while.
type Signed struct{ QuerySig, ExpTime string }

// Permit refuses who may not search: a client, with a session or without, needs a query that the site has signed with its
// partner secret (403007, 403003, 403002), and has no cursors (400006).
func Permit(c *method.Invocation, r Request, s Signed) error {
	switch {
	case c.Server():
		return nil
	case s.QuerySig == "":
		return caller.Denied(c.Method.Spec.Name)
	case r.OpenCursor || r.CursorID != "":
		return gigya.InvalidArgumentBecause("openCursor", "cursors need a server credential")
	case r.Query == "":
		return gigya.MissingParameter("query")
	}
	return gigya.VerifyQuery(c.Site.Partner.Secret, s.QuerySig, r.Query, s.ExpTime, c.Now)
}
