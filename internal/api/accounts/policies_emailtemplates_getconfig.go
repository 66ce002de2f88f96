package accounts

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// getMailTemplates serves accounts.policies.emailTemplates.getConfig: the groups of the policies that hold mail templates, and
// four more that getPolicies does not show.
//
// Callers: server credentials. With the switch compat.templates_without_secret (on in dev, off in serve) an apiKey together
// with a known and enabled user key that may call the method is enough, without the key's secret: SAP's toolkit 1.6.7 asks so.
// Templates are no secret.
//
// Sources: the toolkit and its recorded fixtures; exports of the accelerator.
func getMailTemplates(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.policies.emailTemplates.getConfig",
		Summary: "Returns all mail templates and their settings.",
		Callers: caller.Server,
	}
	if d.OpenTemplates {
		spec.Callers |= caller.Public
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[method.None]) (json.RawMessage, error) {
		if c.Caller.Class != caller.Server {
			if ok, err := d.namesKey(ctx, c.Invocation); err != nil {
				return nil, err
			} else if !ok {
				return nil, caller.Denied(c.Method.Spec.Name)
			}
		}
		return c.Site.Policies.Mails()
	})
}

// namesKey tells whether the call names a live user key that may call the method at the site.
func (d Deps) namesKey(ctx context.Context, c *method.Invocation) (bool, error) {
	if c.Caller.Class != caller.Public || c.Raw.Get("userKey") == "" {
		return false, nil
	}
	key, err := d.Sites.Key(ctx, c.Raw.Get("userKey"))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil || !key.Live() {
		return false, err
	}
	rights, err := d.Sites.Rights(ctx, key, c.Site)
	return err == nil && rights.May(c.Method.Spec.Name), err
}
