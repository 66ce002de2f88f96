package ds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/dataobject"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

// SetSchemaParams are the parameters of ds.setSchema.
type SetSchemaParams struct {
	Type string `param:"type,required"`
	// DataSchema is a JSON object with fields, unique and dynamicSchema.
	DataSchema string `param:"dataSchema,required,len=1048576"`
}

// setSchema serves ds.setSchema: it declares types, formats, access and encryption of the fields of a type, what is unique, and
// whether fields may come into being by being written.
//
// Servers may call. What is not sent stays. Either all of it is stored or none: another type for a field that has held a value,
// its removal, encryption taken off, a field that was deleted for good are 400020; what is no such schema 400006.
//
// Sources: the REST guide; a client in TypeScript.
//
// Differs: encrypt says what may be searched where the site emulates encryption; the data are as safe as the database.
func setSchema(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "ds.setSchema",
		Aliases: []string{"gcs.setSchema"},
		Summary: "Declares the fields of a type.",
		Callers: caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetSchemaParams]) (method.None, error) {
		if err := dataobject.CheckType(c.Params.Type); err != nil {
			return method.None{}, err
		}
		changes, err := document.ParseObject([]byte(c.Params.DataSchema))
		if err != nil {
			return method.None{}, gigya.InvalidArgumentBecause("dataSchema", "want a JSON object: "+err.Error())
		}
		return method.None{}, d.changeType(ctx, c.Invocation, c.Params.Type, func(stored json.RawMessage) (json.RawMessage, error) {
			return schema.MergeObjectSchema(stored, changes)
		})
	})
}

// changeType changes what a type stores in one transaction, with which the call has succeeded. A type that is not there is made.
func (d Deps) changeType(ctx context.Context, c *method.Invocation, name string, change func(json.RawMessage) (json.RawMessage, error)) error {
	err := d.Store.Change(ctx, func(tx store.Tx) error {
		t, err := tx.DataType(c.Site.Group, name)
		if errors.Is(err, store.ErrNotFound) {
			t, err = &store.DataType{Group: c.Site.Group, Name: name, Created: clock.FromTime(c.Now)}, nil
		}
		if err != nil {
			return err
		}
		if t.Schema, err = change(t.Schema); err != nil {
			return err
		}
		if err := tx.PutDataType(t); err != nil {
			return err
		}
		return c.Succeed(tx)
	})
	if err != nil {
		return fmt.Errorf("changing a type: %w", err)
	}
	return nil
}
