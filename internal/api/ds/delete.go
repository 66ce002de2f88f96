package ds

import (
	"context"
	"fmt"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/dataobject"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

// deleteObject serves ds.delete: it deletes an object, or fields of it.
//
// Servers and sessions may call; sessions delete what they may modify of their own objects (400020), and an object when they may
// modify all of it. Without an oid or a type it is 400002, a path that is none 400006, a required field 400020, an object that is
// not there 404000, another's 403005. A field that is not there is no fault.
//
// Source: the REST guide.
//
// Differs: that an object without fields stays, and 404000, are not settled by any source.
func deleteObject(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "ds.delete",
		Aliases: []string{"gcs.delete"},
		Summary: "Deletes an object or some of its fields.",
		Callers: caller.Session | caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[ObjectParams]) (method.None, error) {
		at, err := c.Params.address(c.Invocation)
		if err != nil {
			return method.None{}, err
		}
		paths, all := split(c.Params.Fields)
		for _, path := range paths {
			if err := schema.CheckObjectPath(path); err != nil {
				return method.None{}, gigya.InvalidArgumentBecause("fields", err.Error())
			}
		}
		err = d.Store.Change(ctx, func(tx store.Tx) error {
			if err := deleteFields(tx, c.Invocation, at, paths, all); err != nil {
				return notFound(err)
			}
			return c.Succeed(tx)
		})
		if err != nil {
			return method.None{}, fmt.Errorf("deleting an object: %w", err)
		}
		return method.None{}, nil
	})
}

// deleteFields deletes the fields of the object, or all of it.
func deleteFields(tx store.Tx, c *method.Invocation, at dataobject.Address, paths []string, all bool) error {
	if all && c.Server() {
		return tx.DeleteDataObject(c.Site.Group, at.Type, at.Key)
	}
	found, err := dataobject.In(tx, c.Site.Group).Find(at)
	if err != nil {
		return err
	}
	after := found.Data.Clone()
	for _, path := range paths {
		schema.DeleteField(after, strings.Split(path, "."))
	}
	if all {
		if err := found.Schema.Deletable(found.Data); err != nil {
			return err
		}
		return tx.DeleteDataObject(c.Site.Group, at.Type, at.Key)
	}
	if err := found.Schema.Check(found.Data, after, c.Server()); err != nil {
		return err
	}
	return tx.PutDataObject(dataobject.Renewed(found.Schema, found.Object, found.Data, after, clock.FromTime(c.Now)))
}
