package ds

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

// StoreParams are the parameters of ds.store.
type StoreParams struct {
	Type string `param:"type,required"`
	// OID is the id, or auto for a new one.
	OID string `param:"oid,required"`
	// UID is the account that the object belongs to; of a session its own.
	UID string `param:"UID"`
	// Data is a JSON object of at most 512 KB.
	Data string `param:"data,required,len=67108864"`
	// UpdateBehavior is arrayPush, arraySet or replace.
	UpdateBehavior string `param:"updateBehavior"`
}

// StoreResult is the answer of ds.store.
type StoreResult struct {
	OID string `json:"oid"`
}

// maxData bounds the data of one object, as compact JSON, in bytes.
const maxData = 512 << 10

// maxSent bounds data as they are sent, blanks included: what is read to find out that it is too much.
const maxSent = 4 * maxData

// storeObject serves ds.store: it creates an object, or changes the one that is there.
//
// Servers and sessions may call; sessions write objects of their own alone, and of them the fields that the schema lets clients
// write. Without a type, oid or data it is 400002; what is no JSON object, a name that is none, an updateBehavior that is not
// known 400006; what does not fit the schema 400020, with the first fault; a unique value that another object has 400022; over
// 512 KB, as sent or as they would be stored, 413003; a UID that no registered account has, or another's, 403005.
//
// Sources: the REST guide, the guide to the data store, a client in TypeScript.
//
// Differs: a search sees the object at once.
func storeObject(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "ds.store",
		Aliases: []string{"gcs.store"},
		Summary: "Stores an object, or changes it.",
		Callers: caller.Session | caller.Server,
		Write:   true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[StoreParams]) (*StoreResult, error) {
		w, err := d.read(c)
		if err != nil {
			return nil, err
		}
		if err := d.write(ctx, w); err != nil {
			return nil, err
		}
		return &StoreResult{OID: w.at.key.OID}, nil
	})
}

// write is one call of ds.store.
type write struct {
	c     *method.Invocation
	at    address
	patch *document.Object
	how   schema.Behavior
}

// read checks what can be checked of the parameters alone.
func (d Deps) read(c *method.Call[StoreParams]) (*write, error) {
	p := &c.Params
	how, ok := schema.ParseBehavior(p.UpdateBehavior)
	if !ok {
		return nil, gigya.InvalidArgumentBecause("updateBehavior", "must be arrayPush, arraySet or replace")
	}
	at, err := addressOf(c.Invocation, p.Type, p.OID, p.UID)
	if err != nil {
		return nil, err
	}
	if at.key.OID == "auto" {
		at.key.OID = id.UID(c.Now, d.Rand)
	}
	if len(p.Data) > maxSent {
		return nil, tooLarge()
	}
	patch, err := schema.ReadObject([]byte(p.Data))
	if err != nil {
		return nil, gigya.InvalidArgumentBecause("data", err.Error())
	}
	if len(patch.JSON()) > maxData {
		return nil, tooLarge()
	}
	return &write{c.Invocation, at, patch, how}, nil
}

func tooLarge() error {
	return gigya.NewError(gigya.ObjectTooLarge, fmt.Sprintf("Object too large: an object has at most %d bytes of data", maxData))
}

// records are the reads that a write stands on: those of the store, or of a transaction.
type records struct {
	object func(kind string, key store.DataKey) (*store.DataObject, error)
	kind   func(name string) (*store.DataType, error)
}

// planned is a write that was worked out: the records to be put.
type planned struct {
	object *store.DataObject
	kind   *store.DataType
	// extended: the type is put too. If not, it must still be the one that was read.
	extended bool
}

// write works the object out before the transaction, which then only has to hold it against what is there. If somebody else
// was faster, it is all done within.
func (d Deps) write(ctx context.Context, w *write) error {
	group := w.c.Site.Group
	p, err := w.plan(records{
		object: func(kind string, key store.DataKey) (*store.DataObject, error) {
			return d.Store.DataObject(ctx, group, kind, key)
		},
		kind: func(name string) (*store.DataType, error) { return d.Store.DataType(ctx, group, name) },
	})
	if err != nil {
		return err
	}
	err = d.Store.Change(ctx, func(tx store.Tx) error { return w.put(tx, p) })
	if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrNotFound) {
		err = d.Store.Change(ctx, func(tx store.Tx) error {
			p, err := w.plan(records{
				object: func(kind string, key store.DataKey) (*store.DataObject, error) {
					return tx.DataObject(group, kind, key)
				},
				kind: func(name string) (*store.DataType, error) { return tx.DataType(group, name) },
			})
			if err != nil {
				return err
			}
			return w.put(tx, p)
		})
	}
	if errors.Is(err, store.ErrNotUnique) {
		return gigya.NewError(gigya.UniqueIndexValidationError, "")
	}
	if err != nil {
		return fmt.Errorf("storing an object: %w", err)
	}
	return nil
}

// plan works out what is to be stored.
func (w *write) plan(r records) (*planned, error) {
	now := clock.FromTime(w.c.Now)
	kind, err := r.kind(w.at.kind)
	known, err := typeSchema(kind, err)
	if err != nil {
		return nil, err
	}
	if kind == nil {
		kind = &store.DataType{Group: w.c.Site.Group, Name: w.at.kind, Created: now}
	}
	object, err := r.object(w.at.kind, w.at.key)
	if errors.Is(err, store.ErrNotFound) {
		object, err = &store.DataObject{
			Group: w.c.Site.Group, Type: w.at.kind, OID: w.at.key.OID, UID: w.at.key.UID, Created: now, Data: []byte("{}"),
		}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading an object: %w", err)
	}
	before, err := document.ParseObject(object.Data)
	if err != nil {
		return nil, fmt.Errorf("reading an object: %w", err)
	}
	written, err := known.Write(before, w.patch, w.how, w.c.Server())
	if err != nil {
		return nil, err
	}
	p := &planned{object: renewed(w.c, known, object, before, written.Data), kind: kind, extended: kind.Rev == 0}
	if written.Schema != nil {
		extended := *kind
		extended.Schema = written.Schema
		p.kind, p.extended = &extended, true
	}
	if len(p.object.Data) > maxData {
		return nil, tooLarge()
	}
	return p, nil
}

// put stores what was planned, if everything that it stands on is still so.
func (w *write) put(tx store.Tx, p *planned) error {
	if err := w.checkAccount(tx); err != nil {
		return err
	}
	if p.extended {
		if err := tx.PutDataType(p.kind); err != nil {
			return err
		}
	} else {
		present, err := tx.DataType(p.kind.Group, p.kind.Name)
		if err == nil && present.Rev != p.kind.Rev {
			err = store.ErrConflict
		}
		if err != nil {
			return err
		}
	}
	if err := tx.PutDataObject(p.object); err != nil {
		return err
	}
	return w.c.Succeed(tx)
}

// checkAccount refuses an object of nobody. It is asked in the transaction, so that none is left behind when the account is
// deleted at the same time.
func (w *write) checkAccount(tx store.Tx) error {
	if w.at.key.UID == "" {
		return nil
	}
	a, err := tx.Account(w.c.Site.Group, w.at.key.UID)
	if errors.Is(err, store.ErrNotFound) || err == nil && a.Registered == 0 {
		return gigya.NewError(gigya.UnauthorizedUser, "")
	}
	return err
}
