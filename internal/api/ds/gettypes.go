package ds

import (
	"context"
	"fmt"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

// GetTypesResult is the answer of ds.getTypes.
type GetTypesResult struct {
	Types []string `json:"types"`
}

// getTypes serves ds.getTypes: it lists the types of the site's data store, sorted by name. A type is there once an object or a
// schema was stored for it.
//
// Servers may call.
//
// Source: a client in TypeScript.
func getTypes(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "ds.getTypes",
		Aliases: []string{"gcs.getTypes"},
		Summary: "Lists the types of the data store.",
		Callers: caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[method.None]) (*GetTypesResult, error) {
		names, err := d.Store.DataTypes(ctx, c.Site.Group)
		if err != nil {
			return nil, fmt.Errorf("listing types: %w", err)
		}
		return &GetTypesResult{append([]string{}, names...)}, nil
	})
}
