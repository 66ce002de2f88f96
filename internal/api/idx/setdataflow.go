package idx

import (
	"context"
	"errors"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// VersionResult is the answer of methods that replace a dataflow.
type VersionResult struct {
	// Version is that of the dataflow now; it counts from 1.
	Version int64 `json:"version"`
}

// setDataflow serves idx.setDataflow: replaces a published dataflow, as a whole.
//
// Servers may call. ******** keeps the secret that the step of the same id has in that place. One that would be as it is already is
// 403200, which tools take for a success; an unknown id is 404000, what is wrong 400006 with the path of the member.
//
// Sources: the REST guide; SAP's toolkit, with its recorded answers.
func setDataflow(d Deps) *method.Method {
	return d.setter("idx.setDataflow", "Replaces a published dataflow.", dataflowKind)
}

// setter declares a method that replaces a dataflow of the kind.
func (d Deps) setter(name, summary string, kind *siteconfig.Kind) *method.Method {
	spec := method.Spec{Name: name, Summary: summary, Callers: caller.Server, Write: true, Partial: notRun}
	return method.New(spec, func(ctx context.Context, c *method.Call[DataParams]) (*VersionResult, error) {
		id, err := idOf(c.Params.Data)
		if err != nil {
			return nil, err
		}
		sent, err := dataflowOf(c.Params.Data)
		if err != nil {
			return nil, err
		}
		result := &VersionResult{}
		return result, d.change(ctx, c.Invocation, func(tx store.Tx) error {
			doc, err := d.Config.OwnIn(tx, c.Site, kind, id)
			if errors.Is(err, store.ErrNotFound) {
				return notFound("dataflow", id)
			}
			if err != nil {
				return err
			}
			stored, version, err := split(doc)
			if err != nil {
				return err
			}
			flow := sent.Clone()
			unmask(flow, stored)
			if flow.Equal(stored) {
				return gigya.NewError(gigya.RedundantOperation, "dataflow has not changed")
			}
			result.Version = version + 1
			return d.Config.Put(tx, c.Site, kind, id, stamp(c.Invocation, flow, result.Version))
		})
	})
}
