package idx

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// DataParams are the parameters of methods that take one object.
type DataParams struct {
	Data method.Object `param:"data,required"`
}

// IDResult is the answer of methods that make an object.
type IDResult struct {
	// ID is of 32 hexadecimal digits.
	ID string `json:"id"`
}

// createDataflow serves idx.createDataflow: stores a dataflow as a published one.
//
// Servers may call. Id, version, times and status are the server's: what is sent of them is not looked at. Several dataflows may have
// one name. What is wrong is 400006 with the path of the member; steps of any type are stored.
//
// Sources: the REST guide; SAP's toolkit; a client in TypeScript.
func createDataflow(d Deps) *method.Method {
	return d.creator("idx.createDataflow", "Stores a published dataflow.", dataflowKind)
}

// creator declares a method that stores a new dataflow of the kind.
func (d Deps) creator(name, summary string, kind *siteconfig.Kind) *method.Method {
	spec := method.Spec{Name: name, Summary: summary, Callers: caller.Server, Write: true, Partial: notRun}
	return method.New(spec, func(ctx context.Context, c *method.Call[DataParams]) (*IDResult, error) {
		flow, err := dataflowOf(c.Params.Data)
		if err != nil {
			return nil, err
		}
		id, err := newID(d.Rand)
		if err != nil {
			return nil, err
		}
		return &IDResult{id}, d.change(ctx, c.Invocation, func(tx store.Tx) error {
			return d.Config.Put(tx, c.Site, kind, id, stamp(c.Invocation, flow, 1))
		})
	})
}

// notRun is what is missing of the methods that store.
const notRun = "stored; that dataflows are run comes later"

// change changes what is stored in one transaction, with which the call has succeeded.
func (d Deps) change(ctx context.Context, c *method.Invocation, change func(tx store.Tx) error) error {
	return d.Store.Change(ctx, func(tx store.Tx) error {
		if err := change(tx); err != nil {
			return err
		}
		return c.Succeed(tx)
	})
}

// newID draws an id.
func newID(from io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(from, b[:]); err != nil {
		return "", fmt.Errorf("drawing an id: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}
