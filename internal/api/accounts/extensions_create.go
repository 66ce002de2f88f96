package accounts

import (
	"context"
	"errors"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// CreateExtensionParams are the parameters of accounts.extensions.create.
type CreateExtensionParams struct {
	ExtensionPoint   string `param:"extensionPoint,required"`
	ExtensionFuncURL string `param:"extensionFuncUrl,required,len=2048"`
	FriendlyName     string `param:"friendlyName,required,len=256"`
	ExtensionFields
}

// createExtension serves accounts.extensions.create: gives an extension point an extension, which is switched off unless the
// call says otherwise.
//
// Callers: server credentials. A point that has one is 400003, an unknown point, a wrong URL or a wrong header 400006. A
// member of a site group has its parent's extensions: 400009.
//
// Sources: the REST guide; recorded fixtures of the toolkit, which creates with the three required parameters and then
// modifies.
func createExtension(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.extensions.create",
		Summary: "Makes an extension for an extension point that has none.",
		Callers: caller.Server,
		Write:   true,
		Partial: "stored; extensions are called later",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[CreateExtensionParams]) (*ExtensionResult, error) {
		if c.Site.IsMember() {
			return nil, gigya.NewError(gigya.ValidationFailed, "A member of a site group has the extensions of its parent: create it there")
		}
		p := &c.Params
		doc := &document.Object{}
		doc.Set("extensionPoint", document.String(p.ExtensionPoint))
		changes, err := p.changes(c.Invocation, p.ExtensionFuncURL, p.FriendlyName)
		if err != nil {
			return nil, err
		}
		for name, v := range changes.All() {
			doc.Set(name, v)
		}
		err = d.Store.Change(ctx, func(tx store.Tx) error {
			_, err := d.Config.GetIn(tx, c.Site, extensionKind, p.ExtensionPoint)
			if err == nil {
				return gigya.NewError(gigya.UniqueIdentifierExists, "extensionPoint: there is an extension already")
			}
			if !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if err := d.Config.Put(tx, c.Site, extensionKind, p.ExtensionPoint, doc.JSON()); err != nil {
				return err
			}
			return c.Succeed(tx)
		})
		if err != nil {
			return nil, err
		}
		now := clock.FromTime(c.Now)
		shown, err := d.showExtension(ctx, c.Invocation, &siteconfig.Entry{
			Name: p.ExtensionPoint, Document: doc.JSON(), Own: true, Created: now, Updated: now,
		})
		return &ExtensionResult{shown}, err
	})
}
