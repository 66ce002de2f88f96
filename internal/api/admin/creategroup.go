package admin

import (
	"context"
	"errors"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// CreateGroupParams are the parameters of admin.createGroup.
type CreateGroupParams struct {
	GroupParams
	// ACLID is a list of the partner or a privilege.
	ACLID string `param:"aclID,required"`
	// Scope is {allowPartners, allowSites}: where the rights hold. Without it nowhere.
	Scope string `param:"scope,len=1048576"`
	// SetUsers is a JSON array of user keys.
	SetUsers    string `param:"setUsers,len=1048576"`
	Description string `param:"description"`
}

// createGroup serves admin.createGroup: it makes a permission group.
//
// Servers may call. An id that is taken or begins with an underscore, an ACL, a site or a user key that there is not are 400006 with the
// path; rights that the caller does not hold itself, wherever the scope lets them hold, 403007.
//
// Sources: the accelerator; public scripts; exported ACLs.
func createGroup(d Deps) *method.Method {
	spec := changing(aboutPartner("admin.createGroup", "Makes a permission group."))
	return method.New(spec, func(ctx context.Context, c *method.Call[CreateGroupParams]) (method.None, error) {
		p := &c.Params
		if err := checkID("groupID", p.GroupID); err != nil {
			return method.None{}, err
		}
		g := acl.Group{ACLID: p.ACLID, Users: []string{}, Description: p.Description}
		var err error
		if g.Scope, err = readScope(p.Scope); err != nil {
			return method.None{}, err
		}
		if p.SetUsers != "" {
			if g.Users, err = readUsers("setUsers", p.SetUsers); err != nil {
				return method.None{}, err
			}
		}
		return method.None{}, d.changeGroups(ctx, c.Invocation, p.PartnerID, func(tx store.Tx, h *holder) error {
			if err := checkFree(tx, h.partner, "groupID", p.GroupID); err != nil {
				return err
			}
			if err := checkUsers(tx, h.partner, "setUsers", g.Users); err != nil {
				return err
			}
			if err := h.checkGroup(tx, g); err != nil {
				return err
			}
			return putGroup(tx, h.partner, p.GroupID, g, clock.FromTime(c.Now))
		})
	})
}

// checkFree refuses an id that a group has, and one group too many.
func checkFree(tx store.Tx, partner int64, parameter, groupID string) error {
	groups, err := groupsIn(tx, partner)
	if err != nil {
		return err
	}
	if _, taken := groups[groupID]; taken {
		return gigya.InvalidArgumentBecause(parameter, "there is a group of this id already")
	}
	if len(groups) >= maxGroups {
		return gigya.InvalidArgumentBecause(parameter, "a partner has at most 1000 groups")
	}
	return nil
}

// missing tells whether the error is that of a record that there is not.
func missing(err error) bool { return errors.Is(err, store.ErrNotFound) }
