package admin

import (
	"context"
	"slices"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// UpdateGroupParams are the parameters of admin.updateGroup. Those that are not sent change nothing.
type UpdateGroupParams struct {
	GroupParams
	// NewGroupID renames the group.
	NewGroupID  string  `param:"newGroupID"`
	ACLID       string  `param:"aclID"`
	Scope       string  `param:"scope,len=1048576"`
	Description *string `param:"description"`
	// SetUsers, AddUsers and RemoveUsers are JSON arrays of user keys, done in this order.
	SetUsers    string `param:"setUsers,len=1048576"`
	AddUsers    string `param:"addUsers,len=1048576"`
	RemoveUsers string `param:"removeUsers,len=1048576"`
}

// updateGroup serves admin.updateGroup: it changes a permission group. The change holds for the next call of every member.
//
// Servers may call. A group that there is not is 400006; so is anything but members of a built-in one, an id that is taken, an ACL, a site or a
// user key that there is not, each with its path, and a change that would leave _admins without a key that can call. Rights that the
// caller does not hold itself are given to nobody: 403007.
//
// Sources: the accelerator, which relies on 400006; exported ACLs, which name the parameters.
func updateGroup(d Deps) *method.Method {
	spec := changing(aboutPartner("admin.updateGroup", "Changes a permission group: members, scope, ACL, name."))
	return method.New(spec, func(ctx context.Context, c *method.Call[UpdateGroupParams]) (method.None, error) {
		change, err := readGroupChange(&c.Params)
		if err != nil {
			return method.None{}, err
		}
		return method.None{}, d.changeGroups(ctx, c.Invocation, c.Params.PartnerID, func(tx store.Tx, h *holder) error {
			return change.apply(tx, h, clock.FromTime(c.Now))
		})
	})
}

// groupChange is what a call changes of a group, read.
type groupChange struct {
	params *UpdateGroupParams
	scope  *acl.Scope
	// set is nil for members that stay.
	set, add, remove []string
}

func readGroupChange(p *UpdateGroupParams) (*groupChange, error) {
	g := &groupChange{params: p}
	if p.Scope != "" {
		scope, err := readScope(p.Scope)
		if err != nil {
			return nil, err
		}
		g.scope = &scope
	}
	if p.NewGroupID != "" && p.NewGroupID != p.GroupID {
		if err := checkID("newGroupID", p.NewGroupID); err != nil {
			return nil, err
		}
	}
	for _, list := range []struct {
		name, text string
		to         *[]string
	}{{"setUsers", p.SetUsers, &g.set}, {"addUsers", p.AddUsers, &g.add}, {"removeUsers", p.RemoveUsers, &g.remove}} {
		if list.text == "" {
			continue
		}
		users, err := readUsers(list.name, list.text)
		if err != nil {
			return nil, err
		}
		*list.to = users
	}
	fixed := p.ACLID != "" || g.scope != nil || p.NewGroupID != "" && p.NewGroupID != p.GroupID || p.Description != nil
	if builtIn(p.GroupID) && fixed {
		return nil, gigya.InvalidArgumentBecause("groupID", "of a built-in group only the members can change")
	}
	return g, nil
}

func (g *groupChange) apply(tx store.Tx, h *holder, now clock.Millis) error {
	p := g.params
	before, err := readGroup(tx, h.partner, p.GroupID, "groupID")
	if err != nil {
		return err
	}
	after, err := g.after(tx, h.partner, before)
	if err != nil {
		return err
	}
	if p.GroupID == acl.Admins {
		if err := checkAdmins(tx, before.Users, after.Users, "groupID"); err != nil {
			return err
		}
	}
	if g.gives(before, after) {
		if err := h.checkGroup(tx, after); err != nil {
			return err
		}
	}
	groupID := p.GroupID
	if p.NewGroupID != "" && p.NewGroupID != groupID {
		if err := checkFree(tx, h.partner, "newGroupID", p.NewGroupID); err != nil {
			return err
		}
		if err := tx.DeleteConfigObject(store.OwnerOfPartner(h.partner), acl.KindGroup, groupID); err != nil {
			return err
		}
		groupID = p.NewGroupID
	}
	return putGroup(tx, h.partner, groupID, after, now)
}

// after is the group as the call leaves it.
func (g *groupChange) after(tx store.Tx, partner int64, before acl.Group) (acl.Group, error) {
	after := before
	if g.params.ACLID != "" {
		after.ACLID = g.params.ACLID
	}
	if g.scope != nil {
		after.Scope = *g.scope
	}
	if g.params.Description != nil {
		after.Description = *g.params.Description
	}
	if g.set != nil {
		after.Users = g.set
		if err := checkUsers(tx, partner, "setUsers", g.set); err != nil {
			return after, err
		}
	}
	if err := checkUsers(tx, partner, "addUsers", g.add); err != nil {
		return after, err
	}
	after.Users = unique(append(slices.Clone(after.Users), g.add...))
	removed := setOf(g.remove)
	after.Users = slices.DeleteFunc(after.Users, func(u string) bool { return removed[u] })
	if len(after.Users) > maxUsers {
		return after, gigya.InvalidArgumentBecause("addUsers", "a group has at most 5000 members")
	}
	return after, nil
}

// gives tells whether the change may give somebody rights: another list or scope, or a new member.
func (g *groupChange) gives(before, after acl.Group) bool {
	was := setOf(before.Users)
	return g.params.ACLID != "" || g.scope != nil || slices.ContainsFunc(after.Users, func(u string) bool { return !was[u] })
}
