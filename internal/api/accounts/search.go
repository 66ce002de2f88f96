package accounts

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/search"
)

// SearchParams are the parameters of accounts.search.
type SearchParams struct {
	search.Params
	// RestrictedQuery is sent in place of query by keys whose rights pin the text of their queries.
	RestrictedQuery string `param:"restrictedQuery,pinned,len=65536"`
	// AccountTypes is full, lite, or both.
	AccountTypes method.List `param:"accountTypes"`
}

// devSearchParams are those of a server for development.
type devSearchParams struct {
	SearchParams
	search.DevParams
}

// findAccounts serves accounts.search: accounts that satisfy a condition, in the language that looks like SQL.
//
// Callers: server credentials; a client call needs querySig and expTime, made by the site with its partner secret, else
// it is 403007. A wrong signature is 403003, one whose time is over 403002. What cannot be read or run is 400006 with the
// position in the text, neither query nor cursorId 400002, a search that takes longer than timeout 504001.
//
// A page after a cursor is the page behind the last row that was answered: it costs what the first page costs, and the
// same cursorId can be asked again after a lost answer. A cursor is good for one site and one credential for 300 seconds.
//
// Sources: the REST guide of 2025; answers recorded; readers in the field loop until nextCursorId is absent.
//
// Differs: a search sees every write that was acknowledged before it began, and encrypted fields are searched like others
// unless the site's setting search.emulateEncryption says otherwise. A server for development takes the parameter explain.
func findAccounts(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.search",
		Summary: "Finds accounts by a query in a language that looks like SQL.",
		Callers: caller.Public | caller.RegToken | caller.Session | caller.Server,
		Partial: "rows of communications are there as far as other methods write them",
	}
	if d.Dev {
		return method.New(spec, func(ctx context.Context, c *method.Call[devSearchParams]) (json.RawMessage, error) {
			return d.search(ctx, c.Invocation, &c.Params.SearchParams, c.Params.Explain)
		})
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SearchParams]) (json.RawMessage, error) {
		return d.search(ctx, c.Invocation, &c.Params, false)
	})
}

func (d Deps) search(ctx context.Context, c *method.Invocation, p *SearchParams, explain bool) (json.RawMessage, error) {
	if err := allowSearch(c, p); err != nil {
		return nil, err
	}
	scope, err := scopeOf(p.AccountTypes)
	if err != nil {
		return nil, err
	}
	return search.Searches{Tokens: d.Tokens}.Answer(ctx, c, search.Request{
		Params: p.Params, Scope: scope, Explain: explain,
		Source: func(q *query.Query, scope string) (search.Source, error) {
			return search.Accounts{
				Store: d.Store, Site: c.Site, Now: c.Now, Server: c.Server(),
				Full: scope != scopeLite, Lite: scope != scopeFull, EmailToken: d.Tokens.EmailToken,
				Fields: c.Caller.Fields(), Denied: func(path string) error { return caller.DeniedField(c.Method.Spec.Name, path) },
			}.Source(q)
		},
		Members: missingMember,
	})
}

// The scopes of a search: which accounts are seen.
const (
	scopeFull = ""
	scopeLite = "lite"
	scopeBoth = "full,lite"
)

// missingMember is shown by answers over emailAccounts (recorded); readers ask for it to be a number.
func missingMember(q *query.Query) string {
	if strings.EqualFold(q.From, "emailAccounts") {
		return `,"missing":0`
	}
	return ""
}

// scopeOf returns the scope of the types.
func scopeOf(types []string) (string, error) {
	full, lite := len(types) == 0, false
	for _, t := range types {
		switch {
		case strings.EqualFold(t, "full"):
			full = true
		case strings.EqualFold(t, "lite"):
			lite = true
		default:
			return "", gigya.InvalidArgumentBecause("accountTypes", "must be full, lite or full,lite")
		}
	}
	switch {
	case !lite:
		return scopeFull, nil
	case full:
		return scopeBoth, nil
	}
	return scopeLite, nil
}

// allowSearch refuses who may not search at all: client calls without a signed query. That a restricted query is one that the
// caller's rights allow was checked with the other limits of parameters.
func allowSearch(c *method.Invocation, p *SearchParams) error {
	switch {
	case p.RestrictedQuery == "":
	case !c.Server():
		return caller.Denied(c.Method.Spec.Name)
	case p.Query != "":
		return gigya.InvalidArgumentBecause("restrictedQuery", "must not be sent together with query")
	default:
		p.Query = p.RestrictedQuery
	}
	return search.Permit(c, &p.Params)
}
