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

// IDParams are the parameters of methods about one object.
type IDParams struct {
	ID string `param:"id,required"`
}

// getDataflow serves idx.getDataflow: a dataflow, published or a draft, by its id. Secrets are masked.
//
// Servers may call. An unknown id is 404000.
//
// Source: a client in TypeScript.
func getDataflow(d Deps) *method.Method {
	spec := method.Spec{Name: "idx.getDataflow", Summary: "Returns a dataflow.", Callers: caller.Server}
	return method.New(spec, func(ctx context.Context, c *method.Call[IDParams]) (*document.Object, error) {
		for _, kind := range []*siteconfig.Kind{dataflowKind, draftKind} {
			e, err := d.Config.Entry(ctx, c.Site, kind, c.Params.ID)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			shown, err := show(c.Invocation, e, statusOf(kind))
			if err != nil {
				return nil, err
			}
			answer := &document.Object{}
			answer.Set("dataflow", document.FromObject(shown))
			return answer, nil
		}
		return nil, notFound("dataflow", c.Params.ID)
	})
}

func statusOf(kind *siteconfig.Kind) string {
	if kind == draftKind {
		return draft
	}
	return published
}
