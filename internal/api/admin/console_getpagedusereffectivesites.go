package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
)

// Bounds of pages of sites. A page that is asked for larger is as large as may be, and no error: tools ask for 9999999.
const (
	defaultSites = 50
	maxSites     = 10_000
)

// PagedSitesParams are the parameters of admin.console.getPagedUserEffectiveSites.
type PagedSitesParams struct {
	// TargetPartnerID is the partner.
	TargetPartnerID int64  `param:"targetPartnerID,required"`
	PageSize        *int64 `param:"pageSize"`
	// LastPageSiteID is that of the answer before: sites with greater ids follow.
	LastPageSiteID int64 `param:"lastPageSiteId"`
}

// ConsoleSite is a site as the console's list shows it.
type ConsoleSite struct {
	Name                    string          `json:"name"`
	APIKey                  string          `json:"apiKey"`
	DataCenter              string          `json:"datacenter"`
	SiteID                  int64           `json:"siteID"`
	Tags                    json.RawMessage `json:"tags"`
	Description             string          `json:"description"`
	LicensesAccountsEnabled bool            `json:"licensesAccountsEnabled"`
	EnableTags              bool            `json:"enableTags"`
	EnableReports           bool            `json:"enableReports"`
	EnableCustomerInsights  bool            `json:"enableCustomerInsights"`
	EnableIdentityAccess    bool            `json:"enableIdentityAccess"`
	EnableIdentityQueryTool bool            `json:"enableIdentityQueryTool"`
	EnableDeleteSite        bool            `json:"enableDeleteSite"`
	IsGlobalSite            bool            `json:"isGlobalSite"`
	GlobalSiteSettings      json.RawMessage `json:"globalSiteSettings"`
	Group                   ConsoleGroup    `json:"group"`
}

// ConsoleGroup is a site's place in its group.
type ConsoleGroup struct {
	IsGroupMaster bool   `json:"isGroupMaster"`
	MasterAPIKey  string `json:"masterApiKey,omitempty"`
}

// PagedSitesResult is the answer of admin.console.getPagedUserEffectiveSites.
type PagedSitesResult struct {
	Sites            []ConsoleSite `json:"sites"`
	LastPageSiteID   int64         `json:"lastPageSiteId"`
	EnableCreateSite bool          `json:"enableCreateSite"`
}

// consoleGetPagedSites serves admin.console.getPagedUserEffectiveSites: it pages through the sites of a partner at which the caller has
// some right, by siteID. What the console offers of each (enable…) follows from the caller's rights there.
//
// Servers may call, without an apiKey. A partner that the caller has no right in is refused like a missing right.
//
// Source: the toolkit, with a recorded answer. lastPageSiteId as a parameter is not documented.
func consoleGetPagedSites(d Deps) *method.Method {
	spec := aboutPartner("admin.console.getPagedUserEffectiveSites", "Pages through the sites that the caller sees.")
	spec.Anywhere = true
	return method.New(spec, func(ctx context.Context, c *method.Call[PagedSitesParams]) (*PagedSitesResult, error) {
		p := &c.Params
		if seen, err := d.visible(ctx, c.Invocation, p.TargetPartnerID); err != nil || !seen {
			return nil, cmp.Or(err, denied(c.Invocation))
		}
		r, err := d.reach(ctx, c.Caller.Key, p.TargetPartnerID)
		if err != nil {
			return nil, err
		}
		slices.SortStableFunc(r.sites, func(a, b *site.Site) int { return cmp.Compare(a.SiteID, b.SiteID) })
		parents := map[string]bool{}
		for _, s := range r.sites {
			parents[s.Group] = parents[s.Group] || s.Group != s.APIKey
		}
		result := &PagedSitesResult{Sites: []ConsoleSite{}, LastPageSiteID: p.LastPageSiteID}
		if result.EnableCreateSite, err = d.mayCreate(ctx, c.Invocation, p.TargetPartnerID); err != nil {
			return nil, err
		}
		size := pageSize(p.PageSize)
		for _, s := range r.sites {
			if s.SiteID <= p.LastPageSiteID {
				continue
			}
			if len(result.Sites) == size {
				break
			}
			shown, err := d.consoleSite(ctx, c.Invocation, s, parents[s.APIKey])
			if err != nil {
				return nil, err
			}
			result.Sites, result.LastPageSiteID = append(result.Sites, shown), s.SiteID
		}
		return result, nil
	})
}

func pageSize(sent *int64) int {
	if sent == nil || *sent <= 0 {
		return defaultSites
	}
	return int(min(*sent, maxSites))
}

func (d Deps) mayCreate(ctx context.Context, c *method.Invocation, partner int64) (bool, error) {
	if c.Caller.Key == nil {
		return true, nil
	}
	rights, err := d.Sites.PartnerRights(ctx, c.Caller.Key, partner)
	return err == nil && rights.May("admin.createSite"), err
}

func (d Deps) consoleSite(ctx context.Context, c *method.Invocation, s *site.Site, parent bool) (ConsoleSite, error) {
	rights := acl.All
	if c.Caller.Key != nil {
		var err error
		if rights, err = d.Sites.Rights(ctx, c.Caller.Key, s); err != nil {
			return ConsoleSite{}, err
		}
	}
	own, err := document.ParseStored(s.Config)
	if err != nil {
		return ConsoleSite{}, err
	}
	shown := ConsoleSite{
		Name: s.BaseDomain, APIKey: s.APIKey, DataCenter: strings.ToLower(s.DataCenter), SiteID: s.SiteID, Description: s.Description,
		Tags: json.RawMessage("[]"), LicensesAccountsEnabled: true, EnableTags: rights.May("admin.setSiteConfig"),
		EnableReports: rights.May("reports.getAccountsStats"), EnableCustomerInsights: rights.May("reports.getAccountsStats"),
		EnableIdentityAccess: rights.May("accounts.search"), EnableIdentityQueryTool: rights.May("accounts.search"),
		EnableDeleteSite: rights.May("admin.deleteSite"), IsGlobalSite: config{own}.flag("isGlobalSite"),
		GlobalSiteSettings: json.RawMessage("{}"), Group: ConsoleGroup{IsGroupMaster: parent},
	}
	if tags, set := own.Get("tags"); set && tags.Kind() == document.KindArray {
		shown.Tags = tags.AppendJSON(nil)
	}
	if global, set := own.Get(memberGlobalSite); set && global.Kind() == document.KindObject {
		shown.GlobalSiteSettings = global.AppendJSON(nil)
	}
	if s.Group != s.APIKey {
		shown.Group.MasterAPIKey = s.Group
	}
	return shown, nil
}
