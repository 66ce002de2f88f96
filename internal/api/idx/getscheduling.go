package idx

import (
	"context"
	"errors"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// getScheduling serves idx.getScheduling: a scheduling by its id.
//
// Servers may call. An unknown id is 404000.
//
// Source: a client in TypeScript.
func getScheduling(d Deps) *method.Method {
	spec := method.Spec{Name: "idx.getScheduling", Summary: "Returns a scheduling.", Callers: caller.Server}
	return method.New(spec, func(ctx context.Context, c *method.Call[IDParams]) (*document.Object, error) {
		e, err := d.Config.Entry(ctx, c.Site, schedulingKind, c.Params.ID)
		if errors.Is(err, store.ErrNotFound) {
			return nil, notFound("scheduling", c.Params.ID)
		}
		if err != nil {
			return nil, err
		}
		shown, err := showScheduling(e)
		if err != nil {
			return nil, err
		}
		answer := &document.Object{}
		answer.Set("scheduling", document.FromObject(shown))
		return answer, nil
	})
}
