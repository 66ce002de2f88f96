package socialize

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
)

// GetProvidersConfigParams are the parameters of socialize.getProvidersConfig.
type GetProvidersConfigParams struct {
	// IncludeSettings asks for the options, those of each provider and those of all.
	IncludeSettings     bool `param:"includeSettings"`
	IncludeCapabilities bool `param:"includeCapabilities"`
	// IncludeSecretKeys asks for the secrets, which those get who may set them.
	IncludeSecretKeys bool `param:"includeSecretKeys"`
}

// getProvidersConfig serves socialize.getProvidersConfig: what the social providers know the site as, and the options of logins there.
//
// Servers may call. Secrets are shown to callers alone who ask for them and may call socialize.setProvidersConfig at the site that has
// set them; for others they are left out. Every known provider is there, with empty credentials if nothing was set up; a member of a site group has those of its
// parent that it has not set itself.
//
// Source: SAP's toolkit, with its recorded answers, whose settings and capabilities are texts.
func getProvidersConfig(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "socialize.getProvidersConfig",
		Summary: "Returns the credentials and options of the social providers.",
		Callers: caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[GetProvidersConfigParams]) (*document.Object, error) {
		p := &c.Params
		list, err := d.Config.List(ctx, c.Site, providerKind)
		if err != nil {
			return nil, err
		}
		providers := &document.Object{}
		for _, e := range inOrder(list) {
			secrets := p.IncludeSecretKeys
			if secrets {
				if secrets, err = d.maySet(ctx, c.Invocation, e.Own); err != nil {
					return nil, err
				}
			}
			shown, err := shownProvider(e.Document, secrets, p.IncludeSettings)
			if err != nil {
				return nil, err
			}
			providers.Set(e.Name, document.FromObject(shown))
		}
		answer := &document.Object{}
		if p.IncludeCapabilities || p.IncludeSettings {
			doc, err := d.Config.Get(ctx, c.Site, switchesKind, "")
			if err != nil {
				return nil, err
			}
			switches, err := document.ParseObject(doc)
			if err != nil {
				return nil, err
			}
			setText(answer, "capabilities", switches, p.IncludeCapabilities)
			setText(answer, "settings", switches, p.IncludeSettings)
		}
		answer.Set("providers", document.FromObject(providers))
		return answer, nil
	})
}

// maySet tells whether the caller may set the providers of the site, or with own false those that it inherits: whoever may, may see
// their secrets.
func (d Deps) maySet(ctx context.Context, c *method.Invocation, own bool) (bool, error) {
	owner := c.Site.Group
	if own {
		owner = c.Site.APIKey
	}
	return c.MayAt(ctx, d.Sites, owner, "socialize.setProvidersConfig")
}

func setText(answer *document.Object, name string, from *document.Object, asked bool) {
	if v, _ := from.Get(name); asked {
		answer.Set(name, document.String(v.Str()))
	}
}

// shownProvider returns a provider as the caller may see it and asked for it.
func shownProvider(doc json.RawMessage, secrets, settings bool) (*document.Object, error) {
	if !secrets {
		doc = providerKind.WithoutSecrets(doc)
	}
	shown, err := document.ParseObject(doc)
	if err != nil {
		return nil, err
	}
	if !settings {
		shown.Delete("settings")
	}
	return shown, nil
}
