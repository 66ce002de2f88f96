package idx

import (
	"context"
	"errors"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// setScheduling serves idx.setScheduling: replaces a scheduling, as a whole; enabled false stops it.
//
// Servers may call. An unknown id, and a dataflow that is not there, are 404000; what is wrong 400006 with the path of the member.
//
// Source: a client in TypeScript.
func setScheduling(d Deps) *method.Method {
	spec := method.Spec{Name: "idx.setScheduling", Summary: "Replaces a scheduling.", Callers: caller.Server, Write: true, Partial: notRun}
	return method.New(spec, func(ctx context.Context, c *method.Call[DataParams]) (method.None, error) {
		id, err := idOf(c.Params.Data)
		if err != nil {
			return method.None{}, err
		}
		s, err := schedulingOf(c.Invocation, c.Params.Data)
		if err != nil {
			return method.None{}, err
		}
		return method.None{}, d.change(ctx, c.Invocation, func(tx store.Tx) error {
			if _, err := d.Config.OwnIn(tx, c.Site, schedulingKind, id); errors.Is(err, store.ErrNotFound) {
				return notFound("scheduling", id)
			} else if err != nil {
				return err
			}
			return d.Config.Put(tx, c.Site, schedulingKind, id, s.JSON())
		})
	})
}
