package admin

import (
	"context"

	"github.com/doorward/doorward/internal/method"
)

// GetPartnerSitesParams are the parameters of admin.getPartnerSites.
type GetPartnerSitesParams struct {
	// PartnerID is the partner.
	PartnerID int64 `param:"partnerID,required,alias=targetPartnerID"`
}

// GetPartnerSitesResult is the answer of admin.getPartnerSites.
type GetPartnerSitesResult struct {
	Sites []SiteEntry `json:"sites"`
}

// getPartnerSites serves admin.getPartnerSites: it lists the sites of one partner that the caller reaches.
//
// Servers may call. A partner that the caller has no right in is refused like a missing right.
//
// Source: the name alone is known, from a tool; parameter and answer are those of getUserSites.
func getPartnerSites(d Deps) *method.Method {
	spec := aboutPartner("admin.getPartnerSites", "Lists the sites of one partner.")
	return method.New(spec, func(ctx context.Context, c *method.Call[GetPartnerSitesParams]) (*GetPartnerSitesResult, error) {
		owner, err := d.partner(ctx, c.Invocation, c.Params.PartnerID)
		if err != nil {
			return nil, err
		}
		r, err := d.reach(ctx, c.Caller.Key, owner.ID)
		if err != nil {
			return nil, err
		}
		return &GetPartnerSitesResult{Sites: siteEntries(r.sites)}, nil
	})
}
