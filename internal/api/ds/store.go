package ds

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/dataobject"
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
		return &StoreResult{OID: w.At.Key.OID}, nil
	})
}

// write is one call of ds.store.
type write struct {
	dataobject.Write
	c *method.Invocation
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
	if at.Key.OID == "auto" {
		at.Key.OID = id.UID(c.Now, d.Rand)
	}
	patch, err := dataobject.Read([]byte(p.Data))
	if err != nil {
		return nil, err
	}
	return &write{c: c.Invocation, Write: dataobject.Write{
		Group: c.Site.Group, At: at, Patch: patch, How: how, Server: c.Server(), Now: clock.FromTime(c.Now),
	}}, nil
}

// write works the object out before the transaction, which then only has to hold it against what is there. If somebody else
// was faster, it is all done within.
func (d Deps) write(ctx context.Context, w *write) error {
	p, err := w.Plan(dataobject.Of(ctx, d.Store, w.Group))
	if err != nil {
		return err
	}
	err = d.Store.Change(ctx, func(tx store.Tx) error { return w.put(tx, p) })
	if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrNotFound) {
		err = d.Store.Change(ctx, func(tx store.Tx) error {
			p, err := w.Plan(dataobject.In(tx, w.Group))
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

// put stores what was planned.
func (w *write) put(tx store.Tx, p *dataobject.Planned) error {
	if err := w.checkAccount(tx); err != nil {
		return err
	}
	if err := p.Put(tx); err != nil {
		return err
	}
	return w.c.Succeed(tx)
}

// checkAccount refuses an object of nobody. It is asked in the transaction, so that none is left behind when the account is
// deleted at the same time.
func (w *write) checkAccount(tx store.Tx) error {
	if w.At.Key.UID == "" {
		return nil
	}
	a, err := tx.Account(w.Group, w.At.Key.UID)
	if errors.Is(err, store.ErrNotFound) || err == nil && a.Registered == 0 {
		return gigya.NewError(gigya.UnauthorizedUser, "")
	}
	return err
}
