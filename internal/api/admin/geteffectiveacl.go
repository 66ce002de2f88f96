package admin

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// GetEffectiveACLParams are the parameters of admin.getEffectiveACL: one of targetUserKey and groupIds.
type GetEffectiveACLParams struct {
	PartnerParams
	TargetUserKey string      `param:"targetUserKey"`
	GroupIDs      method.List `param:"groupIds"`
}

// EffectiveACLResult is the answer of admin.getEffectiveACL.
type EffectiveACLResult struct {
	EACL json.RawMessage `json:"eACL"`
}

// getEffectiveACL serves admin.getEffectiveACL: it returns what a key, or the members of some groups, may do, method by method: at the site that
// apiKey names, else in calls about the partner.
//
// Servers may call. Neither a key nor groups, or both, is 400002 and 400006; a key or a group that there is not is 400006, and so is
// a site of another partner.
//
// Source: a client in TypeScript.
func getEffectiveACL(d Deps) *method.Method {
	spec := aboutPartner("admin.getEffectiveACL", "Returns what a key or the members of groups may do.")
	return method.New(spec, func(ctx context.Context, c *method.Call[GetEffectiveACLParams]) (*EffectiveACLResult, error) {
		p := &c.Params
		owner, err := d.partner(ctx, c.Invocation, p.PartnerID)
		if err != nil {
			return nil, err
		}
		if c.Site != nil && c.Site.Site.Partner != owner.ID {
			return nil, gigya.InvalidArgumentBecause("apiKey", "there is no such site")
		}
		var rights *acl.Rights
		switch {
		case p.TargetUserKey != "" && len(p.GroupIDs) > 0:
			return nil, gigya.InvalidArgumentBecause("groupIds", "must not be sent together with targetUserKey")
		case p.TargetUserKey != "":
			rights, err = d.rightsOfKey(ctx, c.Invocation, owner.ID, p.TargetUserKey)
		case len(p.GroupIDs) > 0:
			rights, err = d.rightsOfGroups(ctx, c.Site, owner.ID, p.GroupIDs)
		default:
			return nil, gigya.MissingParameter("targetUserKey")
		}
		if err != nil {
			return nil, err
		}
		return &EffectiveACLResult{EACL: rights.Document(d.Names())}, nil
	})
}

func (d Deps) rightsOfKey(ctx context.Context, c *method.Invocation, partner int64, userKey string) (*acl.Rights, error) {
	key, err := d.Sites.Key(ctx, userKey)
	if errors.Is(err, store.ErrNotFound) || err == nil && !key.Live() {
		return nil, noKey()
	}
	if err != nil {
		return nil, err
	}
	if key.Partner != partner { // Of others, members of the partner's groups alone are known here.
		ids, err := d.Sites.PartnersOf(ctx, key)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, partner) {
			return nil, noKey()
		}
	}
	if c.Site != nil {
		return d.Sites.Rights(ctx, key, c.Site)
	}
	return d.Sites.PartnerRights(ctx, key, partner)
}

func (d Deps) rightsOfGroups(ctx context.Context, s *site.Site, partner int64, groupIDs []string) (*acl.Rights, error) {
	groups, err := d.Sites.Groups(ctx, partner)
	if err != nil {
		return nil, err
	}
	var lists []*acl.List
	for i, groupID := range groupIDs {
		g, there := groups[groupID]
		if !there {
			return nil, gigya.InvalidArgumentBecause(element("groupIds", i), "there is no such group")
		}
		holds := g.Scope.Partner(partner)
		if s != nil {
			holds = g.Scope.Site(partner, s.APIKey, s.Group)
		}
		if !holds {
			continue
		}
		list, err := d.Sites.List(ctx, partner, g.ACLID)
		if errors.Is(err, store.ErrNotFound) {
			continue // It was deleted, and gives nothing.
		}
		if err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	return acl.Compile(lists...), nil
}
