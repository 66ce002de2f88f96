package admin

import (
	"context"
	"errors"

	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// GetUserSitesParams are the parameters of admin.getUserSites.
type GetUserSitesParams struct {
	// TargetUserKey is the key whose sites are listed; absent: the caller's.
	TargetUserKey string `param:"targetUserKey"`
	// TargetPartnerID limits the list to one partner.
	TargetPartnerID int64 `param:"targetPartnerID"`
}

// SiteEntry is a site in lists.
type SiteEntry struct {
	SiteID      int64  `json:"siteID"`
	APIKey      string `json:"apiKey"`
	BaseDomain  string `json:"baseDomain"`
	Description string `json:"description"`
	DataCenter  string `json:"dataCenter"`
}

// PartnerSites are the sites of one partner.
type PartnerSites struct {
	PartnerID int64       `json:"partnerID"`
	TenantID  string      `json:"tenantID"`
	Sites     []SiteEntry `json:"sites"`
}

// GetUserSitesResult is the answer of admin.getUserSites.
type GetUserSitesResult struct {
	Sites []PartnerSites `json:"sites"`
}

// getUserSites serves admin.getUserSites: it lists the sites that a key reaches, by partner.
//
// Servers may call. The sites of another key are shown to who holds the right to this method for the partner itself; to others, and for a
// partner that the caller does not see, it is 403007.
//
// Sources: public scripts, which find an API key by its domain; a client in TypeScript.
func getUserSites(d Deps) *method.Method {
	spec := aboutPartner("admin.getUserSites", "Lists the sites that a key reaches, by partner.")
	spec.Anywhere = true
	return method.New(spec, func(ctx context.Context, c *method.Call[GetUserSitesParams]) (*GetUserSitesResult, error) {
		ids, err := d.callersPartners(ctx, c.Invocation)
		if err != nil {
			return nil, err
		}
		key := c.Caller.Key
		if target := c.Params.TargetUserKey; target != "" && (key == nil || key.UserKey != target) {
			if key, ids, err = d.otherKey(ctx, c.Invocation, target); err != nil {
				return nil, err
			}
		}
		result := &GetUserSitesResult{Sites: []PartnerSites{}}
		for _, id := range ids {
			if c.Params.TargetPartnerID != 0 && c.Params.TargetPartnerID != id {
				continue
			}
			r, err := d.reach(ctx, key, id)
			if err != nil {
				return nil, err
			}
			result.Sites = append(result.Sites, PartnerSites{PartnerID: id, TenantID: tenantID(r.partner), Sites: siteEntries(r.sites)})
		}
		if c.Params.TargetPartnerID != 0 && len(result.Sites) == 0 {
			return nil, denied(c.Invocation)
		}
		return result, nil
	})
}

// otherKey returns another key, and of the partners that it reaches those in which the caller may know that.
func (d Deps) otherKey(ctx context.Context, c *method.Invocation, userKey string) (*site.Key, []int64, error) {
	key, err := d.Sites.Key(ctx, userKey)
	if errors.Is(err, store.ErrNotFound) || err == nil && !key.Live() {
		return nil, nil, denied(c)
	}
	if err != nil {
		return nil, nil, err
	}
	theirs, err := d.Sites.PartnersOf(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	var ids []int64
	for _, id := range theirs {
		if c.Caller.Key == nil {
			if id == ownPartner(c) {
				ids = append(ids, id)
			}
			continue
		}
		rights, err := d.Sites.PartnerRights(ctx, c.Caller.Key, id)
		if err != nil {
			return nil, nil, err
		}
		if c.Method.Within(c, rights, c.Method.Right()) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil, denied(c)
	}
	return key, ids, nil
}

func siteEntries(sites []*site.Site) []SiteEntry {
	list := []SiteEntry{}
	for _, s := range sites {
		list = append(list, SiteEntry{
			SiteID: s.SiteID, APIKey: s.APIKey, BaseDomain: s.BaseDomain, Description: s.Description, DataCenter: s.DataCenter,
		})
	}
	return list
}
