package ds

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/dataobject"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/search"
)

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
	return method.New(spec, func(ctx context.Context, c *method.Call[ObjectParams]) (json.RawMessage, error) {
		at, err := c.Params.address(c.Invocation)
		if err != nil {
			return nil, err
		}
		found, err := dataobject.Of(ctx, d.Store, c.Site.Group).Find(at)
		if err != nil {
			return nil, notFound(err)
		}
		shown, err := query.Project(found.Data.JSON(), items(c.Params.Fields))
		if err != nil {
			return nil, fmt.Errorf("showing an object: %w", err)
		}
		return search.AppendDataObject(nil, found.Object, shown), nil
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
