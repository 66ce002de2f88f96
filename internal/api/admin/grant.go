package admin

import (
	"context"
	"slices"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
)

// holder is what a caller holds in a partner, wherever it holds it: the measure of what it may give away. It is read before a
// transaction, which must not wait.
type holder struct {
	partner int64
	// everything is set for the partner itself.
	everything bool
	// atPartner are the rights in calls about the partner, everywhere those that hold for it and all its sites, those to come too.
	atPartner, everywhere *acl.Rights
	// sites are those of the partner, atSite the rights at each.
	sites  []*site.Site
	atSite map[string]*acl.Rights
}

// holder reads what the caller holds in the partner.
func (d Deps) holder(ctx context.Context, c *method.Invocation, partner int64) (*holder, error) {
	return d.holderOf(ctx, c.Caller.Key, partner)
}

// holderOf reads what the key holds in the partner; nil is the partner itself, or the secret of it.
func (d Deps) holderOf(ctx context.Context, key *site.Key, partner int64) (*holder, error) {
	h := &holder{partner: partner, everything: key == nil}
	if h.everything {
		return h, nil
	}
	var err error
	if h.sites, err = d.Sites.SitesOf(ctx, partner); err != nil {
		return nil, err
	}
	return h, d.readHeld(ctx, h, key)
}

// readHeld reads the rights of the key at the holder's sites, and above them.
func (d Deps) readHeld(ctx context.Context, h *holder, key *site.Key) (err error) {
	// The caller may have changed its own rights a moment ago: they are read anew.
	if key, err = d.Sites.Key(ctx, key.UserKey); err != nil {
		return err
	}
	if h.atPartner, err = d.Sites.PartnerRights(ctx, key, h.partner); err != nil {
		return err
	}
	if h.everywhere, err = d.Sites.EverywhereRights(ctx, key, h.partner); err != nil {
		return err
	}
	h.atSite = make(map[string]*acl.Rights, len(h.sites))
	for _, s := range h.sites {
		if h.atSite[s.APIKey], err = d.Sites.Rights(ctx, key, s); err != nil {
			return err
		}
	}
	return nil
}

// all tells whether the holder has every right everywhere in the partner.
func (h *holder) all() bool { return h.everything || h.everywhere.Covers(acl.All) }

// covers tells whether the holder has the rights wherever the scope lets them hold.
func (h *holder) covers(scope acl.Scope, wanted *acl.Rights) bool {
	if h.everything {
		return true
	}
	if scope.Partner(h.partner) {
		if len(scope.AllowSites) == 0 {
			return h.everywhere.Covers(wanted)
		}
		if !h.atPartner.Covers(wanted) {
			return false
		}
	}
	return !slices.ContainsFunc(scope.AllowSites, func(apiKey string) bool {
		held := h.atSite[apiKey]
		return held != nil && !held.Covers(wanted) // A site that there is not any more gives nothing.
	})
}

// coversKey tells whether the holder has all that the key has in the partner.
func (h *holder) coversKey(ctx context.Context, d Deps, key *site.Key) (bool, error) {
	if h.everything {
		return true, nil
	}
	theirs := &holder{partner: h.partner, sites: h.sites}
	if err := d.readHeld(ctx, theirs, key); err != nil {
		return false, err
	}
	for apiKey, rights := range theirs.atSite {
		if !h.atSite[apiKey].Covers(rights) {
			return false, nil
		}
	}
	return h.atPartner.Covers(theirs.atPartner) && h.everywhere.Covers(theirs.everywhere), nil
}

// beyond is 403007 for who would give away, or come by, rights that they do not hold.
func beyond(parameter string) error {
	return gigya.NewError(gigya.PermissionDenied, parameter+": this goes beyond the rights of the caller")
}
