package admin

import (
	"context"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// deleteGroup serves admin.deleteGroup: it deletes a permission group. Its members lose its rights at once and stay what they are. The
// ACL of the same id goes with it unless another group has it.
//
// Servers may call. A group that there is not, or that is built in, is 400006.
//
// Sources: exported ACLs, which name the method. What becomes of the ACL is not documented.
func deleteGroup(d Deps) *method.Method {
	spec := changing(aboutPartner("admin.deleteGroup", "Deletes a permission group."))
	return method.New(spec, func(ctx context.Context, c *method.Call[GroupParams]) (method.None, error) {
		groupID := c.Params.GroupID
		return method.None{}, d.changeGroups(ctx, c.Invocation, c.Params.PartnerID, func(tx store.Tx, h *holder) error {
			if builtIn(groupID) {
				return gigya.InvalidArgumentBecause("groupID", "a built-in group cannot be deleted")
			}
			groups, err := groupsIn(tx, h.partner)
			if err != nil {
				return err
			}
			g, there := groups[groupID]
			if !there {
				return noGroup("groupID")
			}
			owner := store.OwnerOfPartner(h.partner)
			if err := tx.DeleteConfigObject(owner, acl.KindGroup, groupID); err != nil {
				return err
			}
			delete(groups, groupID)
			if g.ACLID != groupID || len(groupsWith(groups, groupID)) > 0 {
				return nil
			}
			if err := tx.DeleteConfigObject(owner, acl.KindList, groupID); err != nil && !missing(err) {
				return err
			}
			return nil
		})
	})
}

// groupsWith are the groups that have the list.
func groupsWith(groups map[string]acl.Group, aclID string) []acl.Group {
	var with []acl.Group
	for _, g := range groups {
		if g.ACLID == aclID {
			with = append(with, g)
		}
	}
	return with
}
