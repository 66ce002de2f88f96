package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/consent"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
)

// getSiteConsentDetails serves accounts.getSiteConsentDetails: the consent statements that are in force, with the text of each language
// as a page shows it.
//
// Anybody may call. A statement that is switched off, or has nothing published, is not among them.
//
// Sources: the web SDK; SAP's storefront, which reads isActive, isMandatory, defaultLang, and of the texts purpose, documentUrl and the
// versions.
func getSiteConsentDetails(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.getSiteConsentDetails",
		Summary: "Returns the consent statements in force, as a page shows them.",
		Callers: caller.Public | caller.RegToken | caller.Session | caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[method.None]) (*document.Object, error) {
		list, err := d.Config.List(ctx, c.Site, consent.Kind)
		if err != nil {
			return nil, err
		}
		all := &document.Object{}
		for _, e := range list {
			details, err := consent.Details(e.Document)
			if err != nil {
				return nil, err
			}
			if details != nil {
				all.Set(e.Name, document.FromObject(details))
			}
		}
		return member("siteConsentDetails", all), nil
	})
}
