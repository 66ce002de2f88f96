package main

import (
	"context"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/search"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/token"
)

type searchCmd struct {
	Explain searchExplainCmd `cmd:"" help:"Show how a query of accounts.search would be run: which index, or a look at every account."`
}

type searchExplainCmd struct {
	ofSite
	Query string `arg:"" help:"The query, e.g. \"SELECT UID FROM accounts WHERE UID = 'x'\"."`
}

// Run prints the plan as JSON. The query is not run.
func (c *searchExplainCmd) Run(ctx context.Context, con console) error {
	return c.withSite(ctx, func(_ *config.Config, inst *setup.Installation, s *site.Site) error {
		q, err := query.Parse(c.Query)
		if err != nil {
			return err
		}
		source, err := search.Accounts{
			Store: inst.Store, Site: s, Now: inst.Clock.Now(), Server: true, Full: true, EmailToken: token.New(inst.Sealer, nil).EmailToken,
			Fields: acl.FullFields,
		}.Source(q)
		if err != nil {
			return err
		}
		prepared, err := search.Prepare(q, source)
		if err != nil {
			return err
		}
		plan, err := prepared.Explain(ctx, search.Window{Total: true})
		if err != nil {
			return err
		}
		return printJSON(con.Out, plan)
	})
}
