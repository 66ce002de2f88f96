package idx

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// createScheduling serves idx.createScheduling: says when a dataflow is to be run.
//
// Servers may call. A dataflow that is not there, or is a draft, is 404000; what is wrong 400006 with the path of the member. Without
// nextJobStartTime it is the time of the call, without enabled it is true.
//
// Sources: the REST guide; SAP's toolkit; public scripts, which send every member and null for most.
func createScheduling(d Deps) *method.Method {
	spec := method.Spec{Name: "idx.createScheduling", Summary: "Says when a dataflow is run.", Callers: caller.Server, Write: true, Partial: notRun}
	return method.New(spec, func(ctx context.Context, c *method.Call[DataParams]) (*IDResult, error) {
		s, err := schedulingOf(c.Invocation, c.Params.Data)
		if err != nil {
			return nil, err
		}
		id, err := newID(d.Rand)
		if err != nil {
			return nil, err
		}
		return &IDResult{id}, d.change(ctx, c.Invocation, func(tx store.Tx) error {
			return d.Config.Put(tx, c.Site, schedulingKind, id, s.JSON())
		})
	})
}
