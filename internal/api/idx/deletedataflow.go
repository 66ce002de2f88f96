package idx

import (
	"context"
	"errors"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// deleteDataflow serves idx.deleteDataflow: deletes a published dataflow with the drafts of its name and its schedulings, or a draft
// alone.
//
// Servers may call. An unknown id is 404000.
//
// Source: the type definitions of a client.
func deleteDataflow(d Deps) *method.Method {
	spec := method.Spec{
		Name: "idx.deleteDataflow", Summary: "Deletes a dataflow with its drafts and schedulings.", Callers: caller.Server, Write: true,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[IDParams]) (method.None, error) {
		id := c.Params.ID
		return method.None{}, d.change(ctx, c.Invocation, func(tx store.Tx) error {
			doc, err := d.Config.OwnIn(tx, c.Site, dataflowKind, id)
			if errors.Is(err, store.ErrNotFound) {
				if err = d.Config.Delete(tx, c.Site, draftKind, id); errors.Is(err, store.ErrNotFound) {
					return notFound("dataflow", id)
				}
				return err
			}
			if err != nil {
				return err
			}
			if err := d.Config.Delete(tx, c.Site, dataflowKind, id); err != nil {
				return err
			}
			name, _ := document.Member(doc, nameMember)
			if err := d.deleteWhere(tx, c.Invocation, draftKind, nameMember, string(name)); err != nil {
				return err
			}
			return d.deleteWhere(tx, c.Invocation, schedulingKind, flowMember, string(document.AppendString(nil, id)))
		})
	})
}

// deleteWhere deletes the objects of the kind whose member is this literal.
func (d Deps) deleteWhere(tx store.Tx, c *method.Invocation, kind *siteconfig.Kind, member, literal string) error {
	list, err := d.Config.ListIn(tx, c.Site, kind)
	if err != nil {
		return err
	}
	for _, e := range list {
		if raw, _ := document.Member(e.Document, member); string(raw) != literal {
			continue
		}
		if err := d.Config.Delete(tx, c.Site, kind, e.Name); err != nil {
			return err
		}
	}
	return nil
}
