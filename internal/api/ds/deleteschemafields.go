package ds

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/dataobject"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/schema"
)

// DeleteSchemaFieldsParams are the parameters of ds.deleteSchemaFields.
type DeleteSchemaFieldsParams struct {
	Type string `param:"type,required"`
	// DataSchema is a JSON array of paths.
	DataSchema string `param:"dataSchema,required,len=1048576"`
}

// deleteSchemaFields serves ds.deleteSchemaFields: it retires fields of a type, and all below them, for good. They can neither
// be written nor read nor made again.
//
// Servers may call. What is no array of paths, and a path that names no field of the type, are 400006; a field that is retired
// already is no fault.
//
// Source: a client in TypeScript.
func deleteSchemaFields(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "ds.deleteSchemaFields",
		Aliases: []string{"gcs.deleteSchemaFields"},
		Summary: "Retires fields of a type for good.",
		Callers: caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[DeleteSchemaFieldsParams]) (method.None, error) {
		if err := dataobject.CheckType(c.Params.Type); err != nil {
			return method.None{}, err
		}
		sent, err := document.Parse([]byte(c.Params.DataSchema))
		if err != nil || len(sent.Items()) == 0 {
			return method.None{}, gigya.InvalidArgumentBecause("dataSchema", "want a JSON array of paths")
		}
		var paths []string
		for _, item := range sent.Items() {
			if item.Kind() != document.KindString {
				return method.None{}, gigya.InvalidArgumentBecause("dataSchema", "want a JSON array of paths")
			}
			paths = append(paths, item.Str())
		}
		return method.None{}, d.changeType(ctx, c.Invocation, c.Params.Type, func(stored json.RawMessage) (json.RawMessage, error) {
			return schema.RetireFields(stored, paths)
		})
	})
}
