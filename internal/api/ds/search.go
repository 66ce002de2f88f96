package ds

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/dataobject"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/search"
)

// devSearchParams are those of ds.search of a server for development.
type devSearchParams struct {
	search.Params
	search.DevParams
}

// findObjects serves ds.search: objects of one type that satisfy a condition, in the language of accounts.search.
//
// Servers may call; a client call, with a session or without, needs querySig and expTime, made by the site with its partner
// secret, else it is 403007. What cannot be read or run is 400006 with the position in the text, neither query nor cursorId
// 400002, a search that takes longer than timeout 504001. A type that is not there has no objects.
//
// Paths of fields are written with data before them or without. Values of aggregates are within data.
//
// Sources: the REST guide; a client in TypeScript.
//
// Differs: a search sees every write that was acknowledged before it began.
func findObjects(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "ds.search",
		Aliases: []string{"gcs.search"},
		Summary: "Finds objects of one type by a query in a language that looks like SQL.",
		Callers: caller.Public | caller.RegToken | caller.Session | caller.Server,
	}
	if d.Dev {
		return method.New(spec, func(ctx context.Context, c *method.Call[devSearchParams]) (json.RawMessage, error) {
			return d.search(ctx, c.Invocation, &c.Params.Params, c.Params.Explain)
		})
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[search.Params]) (json.RawMessage, error) {
		return d.search(ctx, c.Invocation, &c.Params, false)
	})
}

func (d Deps) search(ctx context.Context, c *method.Invocation, p *search.Params, explain bool) (json.RawMessage, error) {
	if err := search.Permit(c, p); err != nil {
		return nil, err
	}
	return search.Searches{Tokens: d.Tokens}.Answer(ctx, c, search.Request{
		Params: *p, Explain: explain, Within: search.DataMember,
		Source: func(q *query.Query, _ string) (search.Source, error) {
			name := search.DataType(q)
			known, err := dataobject.SchemaOf(d.Store.DataType(ctx, c.Site.Group, name))
			if err != nil {
				return nil, err
			}
			return search.DataObjects{Store: d.Store, Site: c.Site, Type: name, Schema: known}.Source(q)
		},
	})
}
