package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/consent"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
)

// getConsentsStatements serves accounts.getConsentsStatements: the consent statements of the site, by their ids.
//
// Servers may call. langs are the languages that there are texts in; a member of a site group has the statements of its parent.
//
// Sources: SAP's toolkit, with its recorded answers; the type definitions of a client, which knows the method by its alias.
func getConsentsStatements(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.getConsentsStatements",
		Aliases: []string{"accounts.getConsentStatements"},
		Summary: "Returns the consent statements of the site.",
		Callers: caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[method.None]) (*document.Object, error) {
		list, err := d.Config.List(ctx, c.Site, consent.Kind)
		if err != nil {
			return nil, err
		}
		preferences := &document.Object{}
		for _, e := range list {
			view, err := consent.View(e.Document)
			if err != nil {
				return nil, err
			}
			preferences.Set(e.Name, document.FromObject(view))
		}
		return member("preferences", preferences), nil
	})
}
