package dataobject

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

// Write is a change of one object, or a new one.
type Write struct {
	Group string
	At    Address
	// Patch was made by [Read].
	Patch *document.Object
	How   schema.Behavior
	// Server tells whether server rules hold for fields.
	Server bool
	Now    clock.Millis
}

// Records are the reads that a write stands on: those of the store, or of a transaction.
type Records struct {
	Object func(kind string, key store.DataKey) (*store.DataObject, error)
	Type   func(name string) (*store.DataType, error)
}

// In are the records of the group in the transaction.
func In(tx store.Tx, group string) Records {
	return Records{
		Object: func(kind string, key store.DataKey) (*store.DataObject, error) {
			return tx.DataObject(group, kind, key)
		},
		Type: func(name string) (*store.DataType, error) { return tx.DataType(group, name) },
	}
}

// Found is an object that is there, with the schema of its type.
type Found struct {
	Object *store.DataObject
	Schema *schema.ObjectSchema
	// Data are the object's without what was deleted from its type for good.
	Data *document.Object
}

// Find reads the object. A missing one is [store.ErrNotFound].
func (r Records) Find(at Address) (*Found, error) {
	o, err := r.Object(at.Type, at.Key)
	if err != nil {
		return nil, fmt.Errorf("reading an object: %w", err)
	}
	known, err := SchemaOf(r.Type(at.Type))
	if err != nil {
		return nil, err
	}
	data, err := document.ParseObject(o.Data)
	if err != nil {
		return nil, fmt.Errorf("reading an object: %w", err)
	}
	known.WithoutRetired(data)
	return &Found{o, known, data}, nil
}

// Of are the records of the group as they are committed.
func Of(ctx context.Context, s store.DataReader, group string) Records {
	return Records{
		Object: func(kind string, key store.DataKey) (*store.DataObject, error) {
			return s.DataObject(ctx, group, kind, key)
		},
		Type: func(name string) (*store.DataType, error) { return s.DataType(ctx, group, name) },
	}
}

// Planned is a write that was worked out: the records to be put.
type Planned struct {
	Object *store.DataObject
	Type   *store.DataType
	// Extended: the type is put too. If not, it must still be the one that was read.
	Extended bool

	known *schema.ObjectSchema
	data  *document.Object
}

// Restore gives a new object its times, and takes back its claims of the unique values at the places, as [Shared] tells them.
// Times that are 0 are those of the write.
func (p *Planned) Restore(created, updated clock.Millis, shared []int) {
	if created != 0 {
		p.Object.Created, p.Object.LastUpdated = created, created
	}
	if updated != 0 {
		p.Object.LastUpdated = updated
	}
	values := p.known.UniqueValues(p.data)
	p.Object.Unique = slices.DeleteFunc(p.Object.Unique, func(h store.Hash) bool {
		return slices.ContainsFunc(shared, func(i int) bool { return i >= 0 && i < len(values) && store.Hash(values[i]) == h })
	})
}

// Plan works out what is to be stored. The error is a *gigya.Error for what the object cannot be: 400020 with the first fault,
// 413003.
func (w *Write) Plan(r Records) (*Planned, error) {
	kind, err := r.Type(w.At.Type)
	known, err := SchemaOf(kind, err)
	if err != nil {
		return nil, err
	}
	if kind == nil {
		kind = &store.DataType{Group: w.Group, Name: w.At.Type, Created: w.Now}
	}
	object, err := r.Object(w.At.Type, w.At.Key)
	if errors.Is(err, store.ErrNotFound) {
		object, err = &store.DataObject{
			Group: w.Group, Type: w.At.Type, OID: w.At.Key.OID, UID: w.At.Key.UID, Created: w.Now, Data: []byte("{}"),
		}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading an object: %w", err)
	}
	before, err := document.ParseObject(object.Data)
	if err != nil {
		return nil, fmt.Errorf("reading an object: %w", err)
	}
	written, err := known.Write(before, w.Patch, w.How, w.Server)
	if err != nil {
		return nil, err
	}
	p := &Planned{Object: Renewed(known, object, before, written.Data, w.Now), Type: kind, Extended: kind.Rev == 0, known: known, data: written.Data}
	if written.Schema != nil {
		extended := *kind
		extended.Schema = written.Schema
		p.Type, p.Extended = &extended, true
	}
	if len(p.Object.Data) > MaxData {
		return nil, tooLarge()
	}
	return p, nil
}

// Put stores what was planned, if everything that it stands on is still so. The errors are those of [store.DataTx].
func (p *Planned) Put(tx store.Tx) error {
	if p.Extended {
		if err := tx.PutDataType(p.Type); err != nil {
			return err
		}
	} else {
		present, err := tx.DataType(p.Type.Group, p.Type.Name)
		if err == nil && present.Rev != p.Type.Rev {
			err = store.ErrConflict
		}
		if err != nil {
			return err
		}
	}
	return tx.PutDataObject(p.Object)
}
