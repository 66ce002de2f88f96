package admin

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// Bounds of groups. They are ours.
const (
	maxGroups      = 1000
	maxUsers       = 5000
	maxDescription = 1024
)

// GroupParams name a permission group.
type GroupParams struct {
	PartnerParams
	GroupID string `param:"groupID,required"`
}

// noGroup is the answer to a group that there is not: the original's accelerator makes it then.
func noGroup(parameter string) error {
	return gigya.InvalidArgumentBecause(parameter, "there is no such group")
}

// builtIn tells whether every partner has the group.
func builtIn(groupID string) bool {
	_, ok := acl.BuiltInGroups()[groupID]
	return ok
}

// readGroup reads a group in the transaction; a built-in one that nothing is stored of is there all the same. One that there is not is
// 400006 for the parameter.
func readGroup(tx store.Tx, partner int64, groupID, parameter string) (acl.Group, error) {
	record, err := tx.ConfigObject(store.OwnerOfPartner(partner), acl.KindGroup, groupID)
	if errors.Is(err, store.ErrNotFound) {
		if g, ok := acl.BuiltInGroups()[groupID]; ok {
			return g, nil
		}
		return acl.Group{}, noGroup(parameter)
	}
	if err != nil {
		return acl.Group{}, err
	}
	return acl.ReadGroup(groupID, record.Document)
}

// groupsIn reads all stored groups in the transaction, by their ids.
func groupsIn(tx store.Tx, partner int64) (map[string]acl.Group, error) {
	records, err := tx.ConfigObjects(store.OwnerOfPartner(partner), acl.KindGroup)
	if err != nil {
		return nil, err
	}
	groups := map[string]acl.Group{}
	for _, record := range records {
		if groups[record.Name], err = acl.ReadGroup(record.Name, record.Document); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// putGroup stores the group. Of a built-in one only the members are anything but what is built in.
func putGroup(tx store.Tx, partner int64, groupID string, g acl.Group, now clock.Millis) error {
	return putObject(tx, store.OwnerOfPartner(partner), acl.KindGroup, groupID, g, now)
}

// putObject stores a configuration object of a partner.
func putObject(tx store.Tx, owner, kind, name string, v any, now clock.Millis) error {
	text, err := gigya.Marshal(v)
	if err != nil {
		return err
	}
	record := &store.ConfigObject{Owner: owner, Kind: kind, Name: name, Document: text, Created: now, Updated: now}
	old, err := tx.ConfigObject(owner, kind, name)
	switch {
	case err == nil:
		record.Created = old.Created
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	return tx.PutConfigObject(record)
}

// leaveGroups takes the key out of every group of the partners.
func leaveGroups(tx store.Tx, partners []int64, userKey string, now clock.Millis) error {
	for _, partner := range partners {
		groups, err := groupsIn(tx, partner)
		if err != nil {
			return err
		}
		for _, groupID := range slices.Sorted(maps.Keys(groups)) {
			g := groups[groupID]
			rest := slices.DeleteFunc(slices.Clone(g.Users), func(u string) bool { return u == userKey })
			if len(rest) == len(g.Users) {
				continue
			}
			g.Users = rest
			if err := putGroup(tx, partner, groupID, g, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// partnerIDs are those of all partners: a person may be in groups of several.
func (d Deps) partnerIDs(ctx context.Context) ([]int64, error) {
	all, err := d.Store.Partners(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(all))
	for i, p := range all {
		ids[i] = p.ID
	}
	return ids, nil
}

// listIn reads a list in the transaction: a privilege, or one that the partner has stored. One that there is not is 400006.
func listIn(tx store.Tx, partner int64, aclID string) (*acl.List, error) {
	if p, ok := acl.Lookup(aclID); ok {
		return p.List(), nil
	}
	record, err := tx.ConfigObject(store.OwnerOfPartner(partner), acl.KindList, aclID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, gigya.InvalidArgumentBecause("aclID", "there is no such ACL")
	}
	if err != nil {
		return nil, err
	}
	kept, err := acl.ReadStored(record.Document)
	if err != nil {
		return nil, err
	}
	return acl.Parse(kept.ACL)
}

// checkGroup refuses a group that names what there is not, or gives away more than the caller holds.
func (h *holder) checkGroup(tx store.Tx, g acl.Group) error {
	for i, apiKey := range g.Scope.AllowSites {
		path := element("scope.allowSites", i)
		s, err := tx.Site(apiKey)
		if errors.Is(err, store.ErrNotFound) || err == nil && s.Partner != h.partner {
			return gigya.InvalidArgumentBecause(path, "there is no such site")
		}
		if err != nil {
			return err
		}
	}
	for i, word := range g.Scope.AllowPartners {
		if !(acl.Scope{AllowPartners: []string{word}}).Partner(h.partner) {
			return gigya.InvalidArgumentBecause(element("scope.allowPartners", i), "want _owner")
		}
	}
	list, err := listIn(tx, h.partner, g.ACLID)
	if err != nil {
		return err
	}
	if !h.covers(g.Scope, acl.Compile(list)) {
		return beyond("aclID")
	}
	return nil
}

// checkUsers refuses members that are no keys: parameter names the list. People may belong to several partners, applications to their
// own alone.
func checkUsers(tx store.Tx, partner int64, parameter string, users []string) error {
	for i, userKey := range users {
		k, err := tx.Key(userKey)
		if errors.Is(err, store.ErrNotFound) || err == nil && (k.Revoked != 0 || k.Kind == store.KindApplication && k.Partner != partner) {
			return gigya.InvalidArgumentBecause(element(parameter, i), "there is no such user key")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readUsers reads a JSON array of user keys; each is taken once.
func readUsers(parameter, text string) ([]string, error) {
	list, err := textList(parameter, text)
	if err != nil {
		return nil, err
	}
	if len(list) > maxUsers {
		return nil, gigya.InvalidArgumentBecause(parameter, "at most 5000 user keys")
	}
	return unique(list), nil
}

// setOf are the texts of a list.
func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, text := range list {
		set[text] = true
	}
	return set
}

// unique is the list with each text once, in the order in which they come first.
func unique(list []string) []string {
	seen := make(map[string]bool, len(list))
	once := make([]string, 0, len(list))
	for _, text := range list {
		if !seen[text] {
			seen[text] = true
			once = append(once, text)
		}
	}
	return once
}

// readScope reads a scope, or returns 400006 with the path of the member at fault.
func readScope(text string) (acl.Scope, error) {
	if strings.TrimSpace(text) == "" {
		text = "{}"
	}
	if _, err := parsedObject("scope", text); err != nil {
		return acl.Scope{}, err
	}
	scope, err := acl.ParseScope([]byte(text))
	if err != nil {
		return acl.Scope{}, atPath("scope", err)
	}
	scope.AllowSites, scope.AllowPartners = unique(scope.AllowSites), unique(scope.AllowPartners)
	return scope, nil
}

// atPath makes an answer of an error of package acl, whose paths are below the parameter.
func atPath(parameter string, err error) error {
	var fault *acl.Error
	if !errors.As(err, &fault) {
		return err
	}
	return gigya.InvalidArgumentBecause(strings.Join(append([]string{parameter}, fault.Path...), "."), fault.Want)
}

// checkID is 400006 for what cannot be the id of a group or a list that somebody makes.
func checkID(parameter, text string) error {
	if err := acl.CheckID(text); err != nil {
		return gigya.InvalidArgumentBecause(parameter, err.Error())
	}
	return nil
}

// changeGroups runs a change of groups or lists in one transaction. What the caller may give away is read before.
func (d Deps) changeGroups(ctx context.Context, c *method.Invocation, partner int64, change func(tx store.Tx, h *holder) error) error {
	owner, err := d.partner(ctx, c, partner)
	if err != nil {
		return err
	}
	h, err := d.holder(ctx, c, owner.ID)
	if err != nil {
		return err
	}
	return d.change(ctx, c, func(tx store.Tx) error { return change(tx, h) })
}
