package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// purgeBatch is what one transaction removes of a deleted site: accounts take a dozen rows each.
const purgeBatch = 64

// purger removes what belonged to sites that were deleted a while ago: accounts, lite accounts, objects of the data store,
// the configuration. The record of the site stays, since its API key is never given to another, and so do its audit records, as
// long as those of their partner are kept.
type purger struct {
	store store.Store
	// kept is how long everything stays after the deletion; 0: for ever.
	kept time.Duration
	// wait returns false when ctx ends before the time is over.
	wait func(ctx context.Context, d time.Duration) bool
}

// purge removes what is over at now and tells how many accounts, objects and settings that were.
func (p *purger) purge(ctx context.Context, now time.Time) (total int, err error) {
	if p.kept == 0 {
		return 0, nil
	}
	partners, err := p.store.Partners(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading the partners: %w", err)
	}
	before := clock.FromTime(now.Add(-p.kept))
	var failed []error // One site that cannot be purged keeps no other.
	for _, partner := range partners {
		sites, err := p.store.Sites(ctx, partner.ID)
		if err != nil {
			failed = append(failed, fmt.Errorf("reading the sites of partner %d: %w", partner.ID, err))
			continue
		}
		for _, s := range sites {
			if ctx.Err() != nil {
				return total, errors.Join(append(failed, ctx.Err())...)
			}
			if !purgeable(s, sites, before) {
				continue
			}
			removed, err := p.site(ctx, s, before)
			if total += removed; err != nil {
				failed = append(failed, fmt.Errorf("what belonged to the deleted site %s: %w", s.APIKey, err))
			}
		}
	}
	return total, errors.Join(failed...)
}

// purgeable tells whether the site's time of grace was over before the time. Accounts of a group are there as long as one of
// its sites.
func purgeable(s *store.Site, all []*store.Site, before clock.Millis) bool {
	return over(s, before) && !slices.ContainsFunc(all, func(other *store.Site) bool { return other.Group == s.APIKey && !over(other, before) })
}

// over tells whether the site was deleted before the time. One that was deleted nobody knows when is never over.
func over(s *store.Site, before clock.Millis) bool {
	return s.Status == store.SiteDeleted && s.Deleted != 0 && s.Deleted < before
}

// errRestored ends a purge: the site is there again, or a member of its group.
var errRestored = errors.New("the site was restored")

func (p *purger) site(ctx context.Context, s *store.Site, before clock.Millis) (total int, err error) {
	// A member of a group has accounts of its own too, if one was made while it joined.
	parts := []func() (removed int, err error){
		func() (int, error) { return p.accounts(ctx, s, s.APIKey, before) },
		func() (int, error) { return p.accounts(ctx, s, store.LiteGroup(s.APIKey), before) },
		func() (int, error) { return p.objects(ctx, s, before) },
		func() (int, error) { return p.configuration(ctx, s, before) },
	}
	for _, part := range parts {
		for {
			removed, err := part()
			if total += removed; errors.Is(err, errRestored) {
				return total, nil
			}
			if err != nil {
				return total, err
			}
			if removed == 0 {
				break
			}
			if !p.wait(ctx, sweepPause) {
				return total, nil
			}
		}
	}
	return total, nil
}

// change runs fn in a transaction in which the site is still purgeable.
func (p *purger) change(ctx context.Context, s *store.Site, before clock.Millis, fn func(tx store.Tx, record *store.Site) error) error {
	return p.store.Change(ctx, func(tx store.Tx) error {
		all, err := tx.Sites(s.Partner)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(other *store.Site) bool { return other.APIKey == s.APIKey })
		if i < 0 || !purgeable(all[i], all, before) {
			return errRestored
		}
		return fn(tx, all[i])
	})
}

// accounts removes a batch of the group's accounts, with their identifiers, sessions and objects.
func (p *purger) accounts(ctx context.Context, s *store.Site, group string, before clock.Millis) (int, error) {
	var uids []string
	_, err := p.store.SearchAccounts(ctx, store.Search{Group: group, Limit: purgeBatch}, func(a *store.Account, _ []query.Value) error {
		uids = append(uids, a.UID)
		return nil
	})
	if err != nil || len(uids) == 0 {
		return 0, err
	}
	err = p.change(ctx, s, before, func(tx store.Tx, _ *store.Site) error {
		for _, uid := range uids {
			if err := tx.DeleteAccount(group, uid); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return len(uids), nil
}

// errEnough ends a walk.
var errEnough = errors.New("enough")

// objects removes a batch of the group's objects. Their types stay: they say nothing about anybody.
func (p *purger) objects(ctx context.Context, s *store.Site, before clock.Millis) (int, error) {
	kinds, err := p.store.DataTypes(ctx, s.APIKey)
	if err != nil {
		return 0, err
	}
	for _, kind := range kinds {
		if removed, err := p.objectsOf(ctx, s, kind, before); removed > 0 || err != nil {
			return removed, err
		}
	}
	return 0, nil
}

func (p *purger) objectsOf(ctx context.Context, s *store.Site, kind string, before clock.Millis) (int, error) {
	var keys []store.DataKey
	err := p.store.DataObjects(ctx, store.DataQuery{Group: s.APIKey, Type: kind}, func(o *store.DataObject) error {
		if keys = append(keys, o.Key()); len(keys) == purgeBatch {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) || len(keys) == 0 {
		return 0, err
	}
	err = p.change(ctx, s, before, func(tx store.Tx, _ *store.Site) error {
		for _, key := range keys {
			if err := tx.DeleteDataObject(s.APIKey, kind, key); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return len(keys), nil
}

// configuration removes the settings of the site, those with secrets included. What tells it from others stays.
func (p *purger) configuration(ctx context.Context, s *store.Site, before clock.Millis) (removed int, err error) {
	objects, err := p.store.ConfigObjects(ctx, s.APIKey, "")
	if err != nil {
		return 0, err
	}
	if len(objects) == 0 && s.Settings == nil && s.Policies == nil && s.Schema == nil && bytes.Equal(s.Config, segmentOf(s.Config)) {
		return 0, nil
	}
	err = p.change(ctx, s, before, func(tx store.Tx, record *store.Site) error {
		removed = 1
		record.Settings, record.Policies, record.Schema, record.Config = nil, nil, nil, segmentOf(record.Config)
		objects, err := tx.ConfigObjects(s.APIKey, "")
		if err != nil {
			return err
		}
		for _, o := range objects {
			if err := tx.DeleteConfigObject(o.Owner, o.Kind, o.Name); err != nil {
				return err
			}
			removed++
		}
		return tx.PutSite(record)
	})
	if err != nil {
		return 0, err
	}
	s.Settings, s.Policies, s.Schema, s.Config = nil, nil, nil, segmentOf(s.Config)
	return removed, nil
}

// segmentOf is the configuration with the segment for single sign-on alone; nil: it names none. Sessions that were opened at the site
// live on with its group, and without it they would be those of another segment.
func segmentOf(config json.RawMessage) json.RawMessage {
	const segment = "SSOSegment"
	value, ok := document.MemberAt(config, site.GroupMember, segment)
	if !ok {
		return nil
	}
	return slices.Concat(json.RawMessage(`{"`+site.GroupMember+`":{"`+segment+`":`), value, json.RawMessage(`}}`))
}
