package site

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/internal/policy"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

// parent returns the record of the parent of the site's group; nil: the site has none.
func (d *Directory) parent(ctx context.Context, record *store.Site) (*store.Site, error) {
	if record.Group == record.APIKey {
		return nil, nil
	}
	parent, err := d.store.Site(ctx, record.Group)
	if errors.Is(err, store.ErrNotFound) {
		// A broken record, not a caller's mistake: it must not look like a missing site.
		return nil, fmt.Errorf("the parent of site %s is not there", record.APIKey)
	}
	if err != nil {
		return nil, fmt.Errorf("parent of site %s: %w", record.APIKey, err)
	}
	return parent, nil
}

// IsMember tells whether the site is a member of a site group and not its parent.
func (s *Site) IsMember() bool { return s.Parent != nil }

// parsePolicies returns the policies in force: the site's own over those of its group.
func (s *Site) parsePolicies() (*policy.Policies, error) {
	if s.Parent == nil {
		return policy.Parse(s.Site.Policies)
	}
	return policy.ParseMember(s.Parent.Policies, s.Site.Policies)
}

// parseSchema returns the schema in force: that of the site's group, with what the site itself requires.
func (s *Site) parseSchema() (*schema.Schema, error) {
	if s.Parent == nil {
		return schema.Parse(s.Site.Schema)
	}
	return schema.ParseMember(s.Parent.Schema, s.Site.Schema)
}

// GroupSchema returns the schema of the site's group; it is the site's own where there is no group.
func (s *Site) GroupSchema() (*schema.Schema, error) {
	if s.Parent == nil {
		return s.Schema, nil
	}
	return schema.Parse(s.Parent.Schema)
}
