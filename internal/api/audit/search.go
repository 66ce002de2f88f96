package audit

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/search"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// SearchParams are the parameters of audit.search.
type SearchParams struct {
	// Query is the text to run; it is not sent together with cursorId.
	Query string `param:"query,len=65536"`
	// OpenCursor asks for a nextCursorId.
	OpenCursor bool `param:"openCursor"`
	// CursorID is the nextCursorId of an earlier answer.
	CursorID string `param:"cursorId,len=1048576"`
}

// devSearchParams are those of audit.search of a server for development.
type devSearchParams struct {
	SearchParams
	search.DevParams
}

// Rights that a key needs: the first, the method's own, for the entries of a site, the second for those about no site, which
// are the partner's. In lower case.
const (
	siteRight    = "audit.search"
	partnerRight = "audit.searchpartner"
)

// searchLog serves audit.search: entries of the audit log that satisfy a condition, the newest first.
//
// Servers may call. With apiKey the entries are those of the site, without those of all sites that the key may look at; in
// both cases also those about no site, such as the creation of one, if the key may look at them: _viewSiteAuditLog lets it
// look at sites, _viewPartnerAndSiteAuditLog at both. Who may look at none is answered 403007. What cannot be read or run
// is 400006 with the position in the text, neither query nor cursorId 400002, a search that takes longer than its time
// 504001. A cursor can be used for 300 seconds, as often as wanted.
//
// Sources: the REST guide's pages on the audit log; two clients in TypeScript and Go.
//
// Differs: an entry can be found as soon as its call was answered. Without ORDER BY the newest come first. Entries have a
// member duration, in milliseconds.
func searchLog(d Deps) *method.Method {
	spec := method.Spec{
		Name:     "audit.search",
		Summary:  "Finds entries of the audit log by a query in a language that looks like SQL.",
		Callers:  caller.Server,
		NoSite:   true,
		Anywhere: true,
	}
	if d.Dev {
		return method.New(spec, func(ctx context.Context, c *method.Call[devSearchParams]) (json.RawMessage, error) {
			return d.search(ctx, c.Invocation, &c.Params.SearchParams, c.Params.Explain)
		})
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SearchParams]) (json.RawMessage, error) {
		return d.search(ctx, c.Invocation, &c.Params, false)
	})
}

func (d Deps) search(ctx context.Context, c *method.Invocation, p *SearchParams, explain bool) (json.RawMessage, error) {
	logs, err := d.logs(ctx, c)
	if err != nil {
		return nil, err
	}
	return search.Searches{Tokens: d.Tokens}.Answer(ctx, c, search.Request{
		Params:  search.Params{Query: p.Query, OpenCursor: p.OpenCursor, CursorID: p.CursorID},
		Explain: explain,
		Source: func(q *query.Query, _ string) (search.Source, error) {
			return search.Audits{Store: d.Store, Logs: logs}.Source(q)
		},
	})
}

// logs are those that the caller may look at: of the site, or of all sites of the key's partner, and of the partner.
func (d Deps) logs(ctx context.Context, c *method.Invocation) ([]string, error) {
	if !c.Server() {
		return nil, caller.Denied(c.Method.Spec.Name)
	}
	key := c.Caller.Key
	var partner int64
	var sites []*site.Site
	if c.Site != nil {
		partner, sites = c.Site.Site.Partner, []*site.Site{c.Site}
	} else {
		partner = key.Partner
		records, err := d.Store.Sites(ctx, partner)
		if err != nil {
			return nil, err
		}
		for _, record := range records {
			s, err := d.Sites.Site(ctx, record.APIKey)
			if err != nil {
				return nil, err
			}
			sites = append(sites, s)
		}
	}
	var logs []string
	for _, s := range sites {
		if key != nil {
			rights, err := d.Sites.Rights(ctx, key, s)
			if err != nil {
				return nil, err
			}
			if !c.Method.Within(c, rights, siteRight) {
				continue
			}
		}
		logs = append(logs, s.APIKey)
	}
	if key != nil {
		rights, err := d.Sites.PartnerRights(ctx, key, partner)
		if err != nil {
			return nil, err
		}
		if !c.Method.Within(c, rights, partnerRight) {
			if len(logs) == 0 {
				return nil, caller.Denied(c.Method.Spec.Name)
			}
			return logs, nil
		}
	}
	return append(logs, store.OwnerOfPartner(partner)), nil
}
