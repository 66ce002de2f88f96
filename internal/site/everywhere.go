package site

import (
	"context"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/store"
)

// EverywhereRights returns what the key may do in calls about the partner and at every site that it has or will have: what its groups
// without a list of sites give.
func (d *Directory) EverywhereRights(ctx context.Context, k *Key, partner int64) (*acl.Rights, error) {
	return d.rights(ctx, k, partner, func(scope acl.Scope) bool { return scope.Partner(partner) && len(scope.AllowSites) == 0 })
}

// SitesOf returns the sites of the partner, oldest first, whatever their status, as they are in one configuration.
func (d *Directory) SitesOf(ctx context.Context, partner int64) ([]*Site, error) {
	s, err := d.refresh(ctx)
	if err != nil {
		return nil, err
	}
	owner, err := d.partner(ctx, s, partner)
	if err != nil {
		return nil, err
	}
	records, err := d.store.Sites(ctx, partner)
	if err != nil {
		return nil, wrap("site", err)
	}
	byKey := make(map[string]*store.Site, len(records))
	for _, record := range records {
		byKey[record.APIKey] = record
	}
	sites := make([]*Site, len(records))
	for i, record := range records {
		if found, ok := s.sites.Load(record.APIKey); ok {
			sites[i] = found.(*Site)
			continue
		}
		parent := byKey[record.Group]
		if record.Group == record.APIKey {
			parent = nil
		}
		if sites[i], err = newSite(record, parent, owner, &s.parsed); err != nil {
			return nil, err
		}
		s.sites.Store(record.APIKey, sites[i])
	}
	return sites, nil
}
