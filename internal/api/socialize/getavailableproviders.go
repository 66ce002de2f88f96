package socialize

import (
	"context"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

// GetAvailableProvidersParams are the parameters of socialize.getAvailableProviders.
type GetAvailableProvidersParams struct {
	// RequiredCapabilities is read and of no effect.
	RequiredCapabilities method.List `param:"requiredCapabilities"`
	// EnabledProviders are the only ones to answer, DisabledProviders are left out; none or *: all, or none.
	EnabledProviders  method.List `param:"enabledProviders"`
	DisabledProviders method.List `param:"disabledProviders"`
}

// AvailableProvidersResult is the answer of socialize.getAvailableProviders.
type AvailableProvidersResult struct {
	AvailableProviders []string `json:"availableProviders"`
}

// getAvailableProviders serves socialize.getAvailableProviders: the social providers that know the site, so that a page can offer them.
//
// Anybody may call.
//
// Source: the type definitions of the web SDK.
func getAvailableProviders(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "socialize.getAvailableProviders",
		Summary: "Returns the social providers that logins can be offered with.",
		Callers: caller.Public | caller.RegToken | caller.Session | caller.Server,
		Partial: "requiredCapabilities; providers by OIDC and SAML come later",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[GetAvailableProvidersParams]) (*AvailableProvidersResult, error) {
		list, err := d.Config.List(ctx, c.Site, providerKind)
		if err != nil {
			return nil, err
		}
		result := &AvailableProvidersResult{AvailableProviders: []string{}}
		for _, e := range inOrder(list) {
			enabled := len(c.Params.EnabledProviders) == 0 || names(c.Params.EnabledProviders, e.Name)
			if enabled && !names(c.Params.DisabledProviders, e.Name) && configured(e.Document) {
				result.AvailableProviders = append(result.AvailableProviders, e.Name)
			}
		}
		return result, nil
	})
}

// names tells whether the list has the name, in any letter case, or every name.
func names(list method.List, name string) bool {
	return slices.ContainsFunc(list, func(one string) bool { return one == "*" || strings.EqualFold(one, name) })
}
