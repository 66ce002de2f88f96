package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// regroup makes the site a child of the parent, or with an empty parent a site of its own. All that it reads it reads in the
// transaction, so that two sites never hang on each other, whoever is faster.
func regroup(tx store.Tx, record *store.Site, parent string, now clock.Millis) error {
	if parent == "" {
		parent = record.APIKey
	} else if parent == record.APIKey {
		return gigya.InvalidArgumentBecause("siteGroupOwner", "a site is not its own parent")
	}
	if parent == record.Group {
		return nil
	}
	if parent != record.APIKey {
		if err := join(tx, record, parent); err != nil {
			return err
		}
	}
	if record.Group != record.APIKey {
		if err := leave(tx, record.Group, now); err != nil {
			return err
		}
	}
	record.Group = parent
	return nil
}

// leave begins the time of grace of a deleted parent anew. Its accounts stayed for its members, and this may have been the last: for
// as long as a deleted site can be restored, the parent can be, and the member be put back.
func leave(tx store.Tx, parent string, now clock.Millis) error {
	found, err := tx.Site(parent)
	if err != nil {
		return fmt.Errorf("reading the parent that a site leaves: %w", err)
	}
	if found.Status != store.SiteDeleted || found.Deleted == 0 || found.Deleted >= now {
		return nil
	}
	found.Deleted = now
	return tx.PutSite(found)
}

// join refuses a parent that the site cannot have.
func join(tx store.Tx, record *store.Site, parent string) error {
	refuse := func(reason string) error { return gigya.InvalidArgumentBecause("siteGroupOwner", reason) }
	found, err := tx.Site(parent)
	if errors.Is(err, store.ErrNotFound) || err == nil && (found.Partner != record.Partner || found.Status == store.SiteDeleted) {
		return refuse("there is no such site")
	}
	if err != nil {
		return err
	}
	if found.Group != found.APIKey {
		return refuse("the site is a member of a group itself, and groups do not nest")
	}
	if found.DataCenter != record.DataCenter {
		return refuse("all sites of a group are in one data center")
	}
	all, err := tx.Sites(record.Partner)
	if err != nil {
		return err
	}
	if len(hangingOn(all, record.APIKey)) > 0 {
		return refuse("the site is the parent of a group with members")
	}
	for _, s := range all {
		if s.Group != record.APIKey || s.APIKey == record.APIKey {
			continue
		}
		s.Group = s.APIKey // It was deleted, and is no member of a member when it is restored.
		if err := tx.PutSite(s); err != nil {
			return err
		}
	}
	return nil
}

// checkJoins refuses a parent at which the key does not hold all that it holds at the site, where it would have the accounts of the parent.
func (d Deps) checkJoins(ctx context.Context, c *method.Invocation, parent string) error {
	if c.Caller.Key == nil {
		return nil
	}
	found, err := d.Sites.Site(ctx, parent)
	if errors.Is(err, store.ErrNotFound) || err == nil && found.Site.Partner != c.Site.Site.Partner {
		return nil // The change says so.
	}
	if err != nil {
		return err
	}
	rights, err := d.Sites.Rights(ctx, c.Caller.Key, found)
	switch {
	case err != nil:
		return err
	case rights.Empty():
		return gigya.InvalidArgumentBecause("siteGroupOwner", "there is no such site")
	case !rights.Covers(c.Caller.Rights):
		return beyond("siteGroupOwner")
	}
	return nil
}

// checkEmpty refuses a site with accounts, lite ones too, or objects of its own: as a member of a group it would have the parent's, and its own would be
// out of reach until it leaves.
func (d Deps) checkEmpty(ctx context.Context, s *site.Site) error {
	if s.Group != s.APIKey {
		return nil // It hangs on another parent, and has none.
	}
	accounts := int64(0)
	for _, group := range []string{s.Group, store.LiteGroup(s.Group)} {
		n, err := d.Store.SearchAccounts(ctx, store.Search{Group: group, Total: true}, nil)
		if err != nil {
			return err
		}
		accounts += n
	}
	kinds, err := d.Store.DataTypes(ctx, s.Group)
	if err != nil {
		return err
	}
	objects := slices.ContainsFunc(kinds, func(kind string) bool {
		n, failed := d.Store.DataCount(ctx, s.Group, kind)
		err = errors.Join(err, failed)
		return n > 0
	})
	switch {
	case err != nil:
		return err
	case accounts > 0:
		return gigya.InvalidArgumentBecause("siteGroupOwner", "the site has accounts of its own, which nobody could reach as a member of a group")
	case objects:
		return gigya.InvalidArgumentBecause("siteGroupOwner", "the site has objects of its own in the data store, which nobody could reach as a member of a group")
	}
	return nil
}
