package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
)

// ExtensionsResult is the answer of accounts.extensions.list.
type ExtensionsResult struct {
	// Result are the extensions, by extension point.
	Result []*document.Object `json:"result"`
}

// listExtensions serves accounts.extensions.list: the extensions of the site; a member of a site group has its parent's, with
// what it has changed.
//
// Callers: server credentials. The values of headers are shown to those alone who may also change extensions, at the parent of
// a site group.
//
// Source: recorded fixtures of the toolkit.
func listExtensions(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.extensions.list",
		Summary: "Lists the site's extensions.",
		Callers: caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[method.None]) (*ExtensionsResult, error) {
		entries, err := d.Config.List(ctx, c.Site, extensionKind)
		if err != nil {
			return nil, err
		}
		result := &ExtensionsResult{Result: make([]*document.Object, 0, len(entries))}
		for i := range entries {
			shown, err := d.showExtension(ctx, c.Invocation, &entries[i])
			if err != nil {
				return nil, err
			}
			result.Result = append(result.Result, shown)
		}
		return result, nil
	})
}
