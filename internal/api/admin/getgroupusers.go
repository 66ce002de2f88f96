package admin

import (
	"context"

	"github.com/doorward/doorward/internal/method"
)

// getGroupUsers serves admin.getGroupUsers: it lists the members of a permission group, without secrets.
//
// Servers may call. A group that there is not is 400006. Members that were deleted since are left out.
//
// Source: public scripts, which look for the name of an application.
func getGroupUsers(d Deps) *method.Method {
	spec := aboutPartner("admin.getGroupUsers", "Lists the members of a permission group.")
	return method.New(spec, func(ctx context.Context, c *method.Call[GroupParams]) (*UserKeysResult, error) {
		owner, err := d.partner(ctx, c.Invocation, c.Params.PartnerID)
		if err != nil {
			return nil, err
		}
		groups, err := d.Sites.Groups(ctx, owner.ID)
		if err != nil {
			return nil, err
		}
		g, there := groups[c.Params.GroupID]
		if !there {
			return nil, noGroup("groupID")
		}
		result := &UserKeysResult{Users: []*UserKey{}}
		for _, userKey := range g.Users {
			k, err := d.Store.Key(ctx, userKey)
			if missing(err) || err == nil && k.Revoked != 0 {
				continue
			}
			if err != nil {
				return nil, err
			}
			v, err := viewKey(k)
			if err != nil {
				return nil, err
			}
			result.Users = append(result.Users, v)
		}
		return result, nil
	})
}
