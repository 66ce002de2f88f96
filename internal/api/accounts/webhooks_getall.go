package accounts

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
)

// WebhooksResult is the answer of accounts.webhooks.getAll.
type WebhooksResult struct {
	// Webhooks are in the order of their names.
	Webhooks []json.RawMessage `json:"webhooks"`
}

// getAllWebhooks serves accounts.webhooks.getAll: the webhooks of the site, those of its group's parent among them.
//
// Callers: server credentials. The values of headers are shown to those alone who may also set webhooks, those of the parent's
// to who may at the parent.
//
// Sources: recorded fixtures of the toolkit, the order of members among them.
func getAllWebhooks(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.webhooks.getAll",
		Summary: "Lists the site's webhooks.",
		Callers: caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[method.None]) (*WebhooksResult, error) {
		entries, err := d.Config.List(ctx, c.Site, webhookKind)
		if err != nil {
			return nil, err
		}
		result := &WebhooksResult{Webhooks: make([]json.RawMessage, 0, len(entries))}
		for i := range entries {
			shown, err := d.showWebhook(ctx, c.Invocation, &entries[i])
			if err != nil {
				return nil, err
			}
			result.Webhooks = append(result.Webhooks, shown)
		}
		return result, nil
	})
}

// showWebhook returns the webhook with its members in the recorded order.
func (d Deps) showWebhook(ctx context.Context, c *method.Invocation, e *siteconfig.Entry) (json.RawMessage, error) {
	stored, err := d.shownHeaders(ctx, c, webhookKind, ownerOf(c, e), e.Document, "accounts.webhooks.set")
	if err != nil {
		return nil, err
	}
	shown := &document.Object{}
	for _, m := range []struct {
		name   string
		absent document.Value
	}{
		{"url", document.NullValue()},
		{"name", document.String(e.Name)},
		{"active", document.Boolean(true)},
		{"events", document.ArrayOf()},
		{"useXfCredentials", document.Boolean(false)},
		{"headers", document.ArrayOf()},
		{"signingUserKey", document.NullValue()},
		{"version", document.String("2.0")},
		{"include", document.NullValue()},
		{"product", document.String("UserManagement")},
		{"id", document.String(webhookID(ownerOf(c, e), e.Name))},
	} {
		v, ok := stored.Get(m.name)
		if !ok || v.IsNull() || m.name == "name" || m.name == "id" {
			v = m.absent
		}
		if !v.IsNull() {
			shown.Set(m.name, v)
		}
	}
	return shown.JSON(), nil
}
