package ds

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/dataobject"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/schema"
)

// GetSchemaParams are the parameters of ds.getSchema.
type GetSchemaParams struct {
	Type string `param:"type,required"`
	// Mode is full, explicitOnly or clientOnly.
	Mode string `param:"mode"`
}

// GetSchemaResult is the answer of ds.getSchema.
type GetSchemaResult struct {
	Schema json.RawMessage `json:"schema"`
}

// getSchema serves ds.getSchema: it returns the schema of a type.
//
// Servers may call. full has the fields that were learned from data beside those that were declared, explicitOnly the declared
// ones, clientOnly those that clients may write. Without a type it is 400002, a mode that is not known 400006.
//
// Source: a client in TypeScript.
//
// Differs: a type that is not there has an empty dynamic schema; no source settles it.
func getSchema(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "ds.getSchema",
		Aliases: []string{"gcs.getSchema"},
		Summary: "Returns the schema of a type.",
		Callers: caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[GetSchemaParams]) (*GetSchemaResult, error) {
		mode, ok := schema.ParseFilter(c.Params.Mode)
		if !ok {
			return nil, gigya.InvalidArgumentBecause("mode", "must be full, explicitOnly or clientOnly")
		}
		if err := dataobject.CheckType(c.Params.Type); err != nil {
			return nil, err
		}
		known, err := dataobject.SchemaOf(d.Store.DataType(ctx, c.Site.Group, c.Params.Type))
		if err != nil {
			return nil, err
		}
		return &GetSchemaResult{known.Show(mode)}, nil
	})
}
