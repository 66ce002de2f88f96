package accounts

import (
	"strconv"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/query"
)

// allowSearch refuses who may not search at all: client calls without a signed query, and restricted queries, which
// need a privilege that pins their text; no key has one.
func allowSearch(c *method.Call[SearchParams]) error {
	p := &c.Params
	if p.RestrictedQuery != "" {
		return method.Denied(c.Method.Spec.Name)
	}
	if c.Server() {
		return nil
	}
	if p.QuerySig == "" {
		return method.Denied(c.Method.Spec.Name)
	}
	if p.OpenCursor || p.CursorID != "" {
		return gigya.InvalidArgumentBecause("openCursor", "cursors need a server credential")
	}
	if p.Query == "" {
		return gigya.MissingParameter("query")
	}
	return gigya.VerifyQuery(c.Site.Partner.Secret, p.QuerySig, p.Query, p.ExpTime, c.Now)
}

// checkSearch refuses what the language allows and a search over accounts does not.
func checkSearch(q *query.Query) error {
	if !strings.EqualFold(q.From, "accounts") {
		return queryFault("the source " + strconv.Quote(q.From) + " is not served; use accounts")
	}
	if q.Start > maxSearchStart {
		return queryFault("START must not be greater than " + strconv.Itoa(maxSearchStart) + "; use a cursor")
	}
	return nil
}

func queryFault(reason string) error { return gigya.InvalidArgumentBecause("query", reason) }
