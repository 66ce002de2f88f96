package site

import (
	"context"

	"github.com/doorward/doorward/internal/store"
)

// objectsOf names the configuration objects of one kind of one owner.
type objectsOf struct{ owner, kind string }

// ConfigObjects returns the configuration objects of the kind that the owner, an API key or [store.OwnerOfPartner], has
// stored, by name. They are kept with the snapshot, shared, and must not be altered.
func (d *Directory) ConfigObjects(ctx context.Context, owner, kind string) ([]*store.ConfigObject, error) {
	s, err := d.refresh(ctx)
	if err != nil {
		return nil, err
	}
	key := objectsOf{owner, kind}
	if found, ok := s.objects.Load(key); ok {
		return found.([]*store.ConfigObject), nil
	}
	records, err := d.store.ConfigObjects(ctx, owner, kind)
	if err != nil {
		return nil, wrap("configuration object", err)
	}
	if len(records) > 0 || s.knows(owner) {
		s.objects.Store(key, records)
	}
	return records, nil
}

// knows tells whether the owner was read: that one who may not exist has nothing is not remembered.
func (s *snapshot) knows(owner string) bool {
	if _, ok := s.sites.Load(owner); ok {
		return true
	}
	_, ok := s.owners.Load(owner)
	return ok
}
