package ds

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/search"
)

// GetParams are the parameters of ds.get.
type GetParams struct {
	OID  string `param:"oid,required"`
	Type string `param:"type,required"`
	// Fields are paths of fields, or of what has fields below it; * or nothing: all.
	Fields method.List `param:"fields"`
	// UID is needed for an object that belongs to an account; of a session its own.
	UID string `param:"UID"`
}

// getObject serves ds.get: it returns one object.
//
// Servers and sessions may call; sessions read objects of their own, and every field of them. Without an oid or a type it is
// 400002, an object that is not there 404000, another's 403005.
//
// Sources: the REST guide; a client in TypeScript.
//
// Differs: 404000 and what sessions see are not settled by any source.
func getObject(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "ds.get",
		Aliases: []string{"gcs.get"},
		Summary: "Returns one object.",
		Callers: caller.Session | caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[GetParams]) (json.RawMessage, error) {
		at, err := addressOf(c.Invocation, c.Params.Type, c.Params.OID, c.Params.UID)
		if err != nil {
			return nil, err
		}
		o, err := d.Store.DataObject(ctx, c.Site.Group, at.kind, at.key)
		if err != nil {
			return nil, notFound(err)
		}
		known, err := typeSchema(d.Store.DataType(ctx, c.Site.Group, at.kind))
		if err != nil {
			return nil, err
		}
		data, err := document.ParseObject(o.Data)
		if err != nil {
			return nil, fmt.Errorf("reading an object: %w", err)
		}
		known.WithoutRetired(data)
		shown, err := query.Project(data.JSON(), items(c.Params.Fields))
		if err != nil {
			return nil, fmt.Errorf("showing an object: %w", err)
		}
		return search.AppendDataObject(nil, o, shown), nil
	})
}

// items are the fields in the form of a query's SELECT.
func items(fields method.List) []query.Item {
	paths, all := split(fields)
	if all {
		return []query.Item{{Star: true}}
	}
	chosen := make([]query.Item, len(paths))
	for i, path := range paths {
		chosen[i].Path = strings.Split(path, ".")
	}
	return chosen
}
