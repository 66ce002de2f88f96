package admin

import (
	"context"
	"slices"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// reached is a partner with those of its sites that somebody has some right at, oldest first. Deleted sites are none of them.
type reached struct {
	partner *site.Partner
	sites   []*site.Site
}

// callersPartners are the ids of the partners that the caller sees.
func (d Deps) callersPartners(ctx context.Context, c *method.Invocation) ([]int64, error) {
	if c.Caller.Key == nil {
		return []int64{ownPartner(c)}, nil
	}
	return d.Sites.PartnersOf(ctx, c.Caller.Key)
}

// reach returns what the key reaches in the partner; nil is the partner's own secret, which reaches all.
func (d Deps) reach(ctx context.Context, key *site.Key, id int64) (*reached, error) {
	partner, err := d.Sites.PartnerByID(ctx, id)
	if err != nil {
		return nil, err
	}
	sites, err := d.Sites.SitesOf(ctx, id)
	if err != nil {
		return nil, err
	}
	r := &reached{partner: partner}
	for _, s := range sites {
		if s.Status == store.SiteDeleted {
			continue
		}
		if key != nil {
			if reaches, err := caller.Reaches(ctx, d.Sites, key, s); err != nil || !reaches {
				if err != nil {
					return nil, err
				}
				continue
			}
		}
		r.sites = append(r.sites, s)
	}
	return r, nil
}

// visible tells whether the caller sees the partner.
func (d Deps) visible(ctx context.Context, c *method.Invocation, id int64) (bool, error) {
	ids, err := d.callersPartners(ctx, c)
	return slices.Contains(ids, id), err
}
