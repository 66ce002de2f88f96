package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
)

// ExtensionParams are the parameters of methods that are about one extension.
type ExtensionParams struct {
	// ExtensionID is the id that accounts.extensions.list shows.
	ExtensionID string `param:"extensionId,required,len=64"`
}

// ExtensionResult is the answer of methods that show one extension.
type ExtensionResult struct {
	Result *document.Object `json:"result"`
}

// getExtension serves accounts.extensions.get.
//
// Callers: server credentials. An id that no extension of the site has is 404000.
//
// Source: the type definitions of a client.
func getExtension(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.extensions.get",
		Summary: "Returns one extension.",
		Callers: caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[ExtensionParams]) (*ExtensionResult, error) {
		entries, err := d.Config.List(ctx, c.Site, extensionKind)
		if err != nil {
			return nil, err
		}
		e, err := findExtension(c.Invocation, entries, c.Params.ExtensionID)
		if err != nil {
			return nil, err
		}
		shown, err := d.showExtension(ctx, c.Invocation, e)
		return &ExtensionResult{shown}, err
	})
}
