package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// SetWebhookParams are the parameters of accounts.webhooks.set.
type SetWebhookParams struct {
	// Name is unique on the site: one that is there is replaced.
	Name string `param:"name,required,len=100"`
	// URL is unique on the site, its letter case counts.
	URL string `param:"url,required,len=2048"`
	// Events is a JSON array or a comma list.
	Events string `param:"events,required,len=8192"`
	// Active is true if it is absent.
	Active *bool `param:"active"`
	// SigningUserKey is the key whose secret signs notifications of version 1; empty: the partner's secret does.
	SigningUserKey string `param:"signingUserKey,len=64"`
	// Headers is a JSON array of {name, value}.
	Headers string `param:"headers,len=131072"`
	// Version is 1.0, 1.1, 2.0 (if it is absent) or 3.0. The text undefined is as none: SAP's toolkit sends it with webhooks that
	// it kept in files.
	Version string `param:"version"`
	// Include is params: notifications of version 3.0 then tell the parameters of the call.
	Include string `param:"include"`
}

// setWebhook serves accounts.webhooks.set: makes a webhook, or takes the place of the one of the same name.
//
// Callers: server credentials. An unknown event or version, a URL that is neither https nor on the machine itself, a header of
// the server's own and an unknown user key are 400006; a URL that another webhook of the site has is 400003. What is absent
// has its default, also where the webhook was there before. The values of headers lie sealed in the store and are shown to
// those alone who may set webhooks.
//
// Sources: the REST guide; the type definitions of a client; recorded fixtures of the toolkit.
func setWebhook(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.webhooks.set",
		Summary: "Makes a webhook, or changes the one of the same name.",
		Callers: caller.Server,
		Write:   true,
		Partial: "stored; the delivery of notifications comes later",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetWebhookParams]) (method.None, error) {
		doc, err := webhookOf(&c.Params)
		if err != nil {
			return method.None{}, err
		}
		return method.None{}, d.Store.Change(ctx, func(tx store.Tx) error {
			if err := d.Config.Put(tx, c.Site, webhookKind, c.Params.Name, doc.JSON()); err != nil {
				return err
			}
			return c.Succeed(tx)
		})
	})
}

// webhookOf returns the object that the parameters describe.
func webhookOf(p *SetWebhookParams) (*document.Object, error) {
	list, err := events(p.Events)
	if err != nil {
		return nil, err
	}
	doc := &document.Object{}
	doc.Set("url", document.String(p.URL))
	doc.Set("active", document.Boolean(p.Active == nil || *p.Active))
	doc.Set("events", list)
	headers := document.ArrayOf()
	if p.Headers != "" {
		if headers, err = jsonArray("headers", p.Headers); err != nil {
			return nil, err
		}
	}
	doc.Set("headers", headers)
	if p.SigningUserKey != "" {
		doc.Set("signingUserKey", document.String(p.SigningUserKey))
	}
	if p.Version == "" || p.Version == "undefined" {
		p.Version = "2.0"
	}
	doc.Set("version", document.String(p.Version))
	if p.Include != "" {
		doc.Set("include", document.String(p.Include))
	}
	return doc, nil
}
