package admin

import (
	"context"
	"maps"
	"slices"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
)

// getGroups serves admin.getGroups: it returns the permission groups of a partner, an object by their ids.
//
// Servers may call. The groups _admins and _no_permissions are always there.
//
// Source: the accelerator, with a recorded answer.
func getGroups(d Deps) *method.Method {
	spec := aboutPartner("admin.getGroups", "Returns the permission groups of a partner.")
	return method.New(spec, func(ctx context.Context, c *method.Call[PartnerParams]) (*document.Object, error) {
		owner, err := d.partner(ctx, c.Invocation, c.Params.PartnerID)
		if err != nil {
			return nil, err
		}
		groups, err := d.Sites.Groups(ctx, owner.ID)
		if err != nil {
			return nil, err
		}
		shown := &document.Object{}
		for _, groupID := range slices.Sorted(maps.Keys(groups)) {
			v, err := viewGroup(groups[groupID])
			if err != nil {
				return nil, err
			}
			shown.Set(groupID, v)
		}
		result := &document.Object{}
		result.Set("groups", document.FromObject(shown))
		return result, nil
	})
}

// viewGroup shows a group: lists are arrays, empty ones too.
func viewGroup(g acl.Group) (document.Value, error) {
	if g.Users == nil {
		g.Users = []string{}
	}
	if g.Scope.AllowPartners == nil {
		g.Scope.AllowPartners = []string{}
	}
	if g.Scope.AllowSites == nil {
		g.Scope.AllowSites = []string{}
	}
	text, err := gigya.Marshal(g)
	if err != nil {
		return document.Value{}, err
	}
	return document.Parse(text)
}
