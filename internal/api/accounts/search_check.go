package accounts

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/schema"
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
func checkSearch(q *query.Query, s *schema.Schema) error {
	// The PHP SDK's own tests read from "user" and want an answer.
	if !strings.EqualFold(q.From, "accounts") && !strings.EqualFold(q.From, "user") {
		return queryFault("the source " + strconv.Quote(q.From) + " is not served; use accounts")
	}
	if q.Start > maxSearchStart {
		return queryFault("START must not be greater than " + strconv.Itoa(maxSearchStart) + "; use a cursor")
	}
	return checkHidden(q, s)
}

// hiddenAttribute is the attribute of fields that can be neither searched nor sorted by.
const hiddenAttribute = "encryptedNonSearchable"

// checkHidden refuses conditions on, and order by, fields that the schema makes unsearchable.
func checkHidden(q *query.Query, s *schema.Schema) error {
	full := s.Full()
	if !bytes.Contains(full, []byte(hiddenAttribute)) {
		return nil
	}
	var fault error
	conditions(q.Where, func(c *query.Comparison) {
		if fault == nil && hidden(full, c.Path) {
			fault = readable(&query.SyntaxError{Position: c.At, Reason: c.Path.String() + " cannot be searched: it is encrypted"})
		}
	})
	for _, order := range q.Order {
		if fault == nil && hidden(full, order.Path) {
			fault = queryFault(order.Path.String() + " cannot be sorted by: it is encrypted")
		}
	}
	return fault
}

// hidden tells whether the field, or one around it, has the attribute.
func hidden(full []byte, path query.Path) bool {
	section := ""
	switch {
	case len(path) < 2:
		return false
	case strings.EqualFold(path[0], "profile"):
		section = "profileSchema"
	case strings.EqualFold(path[0], "data"):
		section = "dataSchema"
	}
	fields, ok := document.MemberAt(full, section, "fields")
	for end := 2; ok && end <= len(path); end++ {
		_, field, found := document.MemberFold(fields, path[1:end].String())
		if !found {
			continue
		}
		if value, _ := document.Member(field, hiddenAttribute); string(value) == "true" {
			return true
		}
	}
	return false
}

// conditions calls fn for every comparison of the expression.
func conditions(e query.Expr, fn func(*query.Comparison)) {
	switch e := e.(type) {
	case *query.And:
		for _, part := range e.Parts {
			conditions(part, fn)
		}
	case *query.Or:
		for _, part := range e.Parts {
			conditions(part, fn)
		}
	case *query.Not:
		conditions(e.X, fn)
	case *query.Comparison:
		fn(e)
	}
}

func queryFault(reason string) error { return gigya.InvalidArgumentBecause("query", reason) }
