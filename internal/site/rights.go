package site

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/store"
)

// Rights returns what the key may do at the site: the union of its own grant and of the permission groups of the site's
// partner that it is in and whose scope covers the site. They are those of the configuration under which the key was read,
// and kept with it: asking again costs a look into a table.
func (d *Directory) Rights(ctx context.Context, k *Key, s *Site) (*acl.Rights, error) {
	if found, ok := k.rights.Load(s); ok { // A pointer: asking by name would need memory at every call.
		return found.(*acl.Rights), nil
	}
	rights, err := d.rights(ctx, k, s.Site.Partner, func(scope acl.Scope) bool {
		return scope.Site(s.Site.Partner, s.APIKey, s.Group)
	})
	if err != nil {
		return nil, err
	}
	k.rights.Store(s, rights)
	return rights, nil
}

// PartnerRights returns what the key may do in calls that are about the partner and no site.
func (d *Directory) PartnerRights(ctx context.Context, k *Key, partner int64) (*acl.Rights, error) {
	return d.rights(ctx, k, partner, func(scope acl.Scope) bool { return scope.Partner(partner) })
}

// SomeRights returns what the key may do anywhere in the partner: at one of its sites at least, or in calls about itself.
func (d *Directory) SomeRights(ctx context.Context, k *Key, partner int64) (*acl.Rights, error) {
	return d.rights(ctx, k, partner, func(scope acl.Scope) bool {
		return scope.Partner(partner) || len(scope.AllowSites) > 0
	})
}

// PartnersOf returns the ids of the partners in which the key has a right of some kind, its own first, ascending.
func (d *Directory) PartnersOf(ctx context.Context, k *Key) ([]int64, error) {
	records, err := d.store.Partners(ctx)
	if err != nil {
		return nil, wrap("partner", err)
	}
	var ids []int64
	for _, record := range records {
		rights, err := d.SomeRights(ctx, k, record.ID)
		if err != nil {
			return nil, err
		}
		member, err := d.member(ctx, k, record.ID)
		if err != nil {
			return nil, err
		}
		if member || !rights.Empty() {
			ids = append(ids, record.ID)
		}
	}
	slices.SortFunc(ids, func(a, b int64) int {
		switch {
		case a == k.Partner:
			return -1
		case b == k.Partner:
			return 1
		}
		return int(min(max(a-b, -1), 1))
	})
	return ids, nil
}

// member tells whether the key is in a group of the partner.
func (d *Directory) member(ctx context.Context, k *Key, partner int64) (bool, error) {
	found, err := d.access(ctx, partner)
	return err == nil && len(found.groupsOf[k.UserKey]) > 0, err
}

// Groups returns the permission groups of the partner by their ids, those that are built in too. The caller must not alter
// them.
func (d *Directory) Groups(ctx context.Context, partner int64) (map[string]acl.Group, error) {
	found, err := d.access(ctx, partner)
	if err != nil {
		return nil, err
	}
	return found.groups, nil
}

// List returns the list of the id, one that the partner has stored or a privilege, or [store.ErrNotFound].
func (d *Directory) List(ctx context.Context, partner int64, id string) (*acl.List, error) {
	found, err := d.access(ctx, partner)
	if err != nil {
		return nil, err
	}
	if l := found.list(id); l != nil {
		return l, nil
	}
	return nil, wrap("list", store.ErrNotFound)
}

// access are the lists and groups of a partner, read. It is good as long as their records are the same, under however many
// configuration versions.
type access struct {
	records []*store.ConfigObject
	lists   map[string]*acl.List
	groups  map[string]acl.Group
	// groupsOf are the ids of the groups that a user key is in, in order.
	groupsOf map[string][]string
	// compiled are rights, in functions that make them once, by what they were compiled of: many keys hold the same lists at many sites.
	compiled sync.Map
}

func (a *access) list(id string) *acl.List {
	if p, ok := acl.Lookup(id); ok {
		return p.List()
	}
	return a.lists[id]
}

// access returns the lists and groups of the partner.
func (d *Directory) access(ctx context.Context, partner int64) (*access, error) {
	s, err := d.refresh(ctx)
	if err != nil {
		return nil, err
	}
	return d.accessIn(ctx, s, partner)
}

func (d *Directory) accessIn(ctx context.Context, s *snapshot, partner int64) (*access, error) {
	if found, ok := s.access.Load(partner); ok {
		return found.(*access), nil
	}
	owner := store.OwnerOfPartner(partner)
	lists, err := d.store.ConfigObjects(ctx, owner, acl.KindList)
	if err != nil {
		return nil, wrap("list", err)
	}
	groups, err := d.store.ConfigObjects(ctx, owner, acl.KindGroup)
	if err != nil {
		return nil, wrap("permission group", err)
	}
	records := append(lists[:len(lists):len(lists)], groups...)
	a := d.accessOf(partner, records)
	s.access.Store(partner, a)
	return a, nil
}

// accessOf returns what the records say: what was read last, if they are the same, and what one of several callers reads, who
// come at once after a change.
func (d *Directory) accessOf(partner int64, records []*store.ConfigObject) *access {
	d.reading.Lock()
	defer d.reading.Unlock()
	if a := d.lastAccess[partner]; a != nil && slices.EqualFunc(a.records, records, sameObject) {
		return a
	}
	a := newAccess(records)
	d.lastAccess[partner] = a
	return a
}

func sameObject(a, b *store.ConfigObject) bool {
	return a.Kind == b.Kind && a.Name == b.Name && bytes.Equal(a.Document, b.Document)
}

// newAccess reads the records of lists and groups. What cannot be read gives nothing; it was refused when it was set.
func newAccess(records []*store.ConfigObject) *access {
	a := &access{records: records, lists: map[string]*acl.List{}, groups: acl.BuiltInGroups(), groupsOf: map[string][]string{}}
	for _, record := range records {
		if record.Kind == acl.KindGroup {
			if g, err := acl.ReadGroup(record.Name, record.Document); err == nil {
				a.groups[record.Name] = g
			}
			continue
		}
		stored, err := acl.ReadStored(record.Document)
		if err != nil {
			continue
		}
		if l, err := acl.Parse(stored.ACL); err == nil {
			a.lists[record.Name] = l
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.groups)) {
		for _, userKey := range a.groups[id].Users {
			if ids := a.groupsOf[userKey]; len(ids) == 0 || ids[len(ids)-1] != id {
				a.groupsOf[userKey] = append(ids, id)
			}
		}
	}
	return a
}

// rights compiles what the key holds in the partner where the scopes that covers accepts hold.
func (d *Directory) rights(ctx context.Context, k *Key, partner int64, covers func(acl.Scope) bool) (*acl.Rights, error) {
	in := k.in
	if in == nil {
		return nil, errors.New("a key that the directory has not read has no rights")
	}
	found, err := d.accessIn(ctx, in, partner)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, id := range found.groupsOf[k.UserKey] {
		if g := found.groups[id]; covers(g.Scope) && found.list(g.ACLID) != nil {
			ids = append(ids, g.ACLID)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	own := k.Partner == partner && len(k.privileges) > 0 && covers(k.scope)
	signature := made(ids)
	if own {
		signature += "own\x00" + made(k.privileges)
	}
	if compiled, ok := found.compiled.Load(signature); ok {
		return compiled.(func() *acl.Rights)(), nil
	}
	lists := make([]*acl.List, 0, len(ids)+1)
	for _, id := range ids {
		lists = append(lists, found.list(id))
	}
	if own {
		lists = append(lists, acl.Grant(k.privileges))
	}
	// Of many calls that come at once after a change, one compiles.
	compiled, _ := found.compiled.LoadOrStore(signature, sync.OnceValue(func() *acl.Rights { return acl.Compile(lists...) }))
	return compiled.(func() *acl.Rights)(), nil
}

// made is a text that no other names make.
func made(names []string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString(strconv.Itoa(len(name)) + ":" + name)
	}
	return b.String()
}
