package site_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// putGroup stores a permission group of the partner.
func (r *room) putGroup(t testing.TB, partner int64, id string, g acl.Group) {
	t.Helper()
	text, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	r.putObject(t, partner, acl.KindGroup, id, text)
}

// putList stores a list of the partner.
func (r *room) putList(t testing.TB, partner int64, id, list string) {
	t.Helper()
	r.putObject(t, partner, acl.KindList, id, []byte(`{"acl":`+list+`,"description":""}`))
}

func (r *room) putObject(t testing.TB, partner int64, kind, id string, text []byte) {
	t.Helper()
	r.change(t, func(tx store.Tx) error {
		return tx.PutConfigObject(&store.ConfigObject{
			Owner: store.OwnerOfPartner(partner), Kind: kind, Name: id, Document: text, Created: 1, Updated: 1,
		})
	})
}

// may tells what the key may call at the site, or about the partner without one.
func (r *room) may(t testing.TB, userKey string, at *store.Site, method string) bool {
	t.Helper()
	k, err := r.Key(t.Context(), userKey)
	if err != nil {
		t.Fatal(err)
	}
	var rights *acl.Rights
	if at == nil {
		rights, err = r.PartnerRights(t.Context(), k, r.partner.ID)
	} else {
		var s *site.Site
		if s, err = r.Site(t.Context(), at.APIKey); err == nil {
			rights, err = r.Rights(t.Context(), k, s)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return rights.May(method)
}

var everywhere = acl.Scope{AllowPartners: []string{acl.Owner}}

func TestWhereAKeysOwnGrantHolds(t *testing.T) {
	r := newRoom(t, file(t))
	one, two := r.newSite(t), r.newSite(t)
	scoped := r.newKey(t, site.KeyOptions{Sites: []string{one.APIKey}, Privileges: []string{"accounts.search"}}).Record.UserKey
	wide := r.newKey(t, site.KeyOptions{Privileges: []string{"accounts.search", "_viewSiteAuditLog"}}).Record.UserKey
	for _, c := range []struct {
		key    string
		at     *store.Site
		method string
		want   bool
	}{
		{scoped, one, "accounts.search", true}, {scoped, one, "accounts.getJWT", false}, {scoped, one, "", false},
		{scoped, two, "accounts.search", false}, {scoped, nil, "accounts.search", false},
		{wide, one, "accounts.search", true}, {wide, two, "audit.search", true}, {wide, nil, "audit.search", true},
		{wide, one, "accounts.getJWT", false},
	} {
		if got := r.may(t, c.key, c.at, c.method); got != c.want {
			t.Errorf("%s at %v: %s: %v", c.key, c.at, c.method, got)
		}
	}
	k, err := r.Key(t.Context(), wide)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := &site.Site{Site: store.Site{APIKey: one.APIKey, Group: one.APIKey, Partner: k.Partner + 1}}
	if rights, err := r.Rights(t.Context(), k, elsewhere); err != nil || !rights.Empty() {
		t.Errorf("a right at a site of another partner: %v", err)
	}
}

func TestRightsOfGroups(t *testing.T) {
	r := newRoom(t, file(t))
	parent, lone := r.newSite(t), r.newSite(t)
	child := r.newSite(t)
	child.Group = parent.APIKey
	r.change(t, func(tx store.Tx) error { return tx.PutSite(child) })
	key := r.newKey(t, site.KeyOptions{Privileges: []string{"_no_permissions"}}).Record.UserKey
	r.putList(t, r.partner.ID, "Search", `{"_api":{"accounts":{"search":{"_ace":{"perms":"x"}}}},"_data":{"accounts":{"account":{"profile":{"_ace":{"perms":"r"}}}}}}`)
	r.putList(t, r.partner.ID, "Broken", `{"_api":7}`)
	users := []string{"AOther", key}
	r.putGroup(t, r.partner.ID, "Search", acl.Group{ACLID: "Search", Scope: acl.Scope{AllowSites: []string{parent.APIKey}}, Users: users})
	r.putGroup(t, r.partner.ID, "Partner", acl.Group{ACLID: "_rolesAndPermissionsManagement", Scope: everywhere, Users: users})
	r.putGroup(t, r.partner.ID, "Nowhere", acl.Group{ACLID: "_accountsFullAccess", Users: users})
	r.putGroup(t, r.partner.ID, "Others", acl.Group{ACLID: "_accountsFullAccess", Scope: everywhere, Users: users[:1]})
	r.putGroup(t, r.partner.ID, "Broken", acl.Group{ACLID: "Broken", Scope: everywhere, Users: users})
	r.putGroup(t, r.partner.ID, "Missing", acl.Group{ACLID: "There is no such list", Scope: everywhere, Users: users})
	r.putObject(t, r.partner.ID, acl.KindGroup, "Unreadable", []byte(`{"users":7}`))
	for _, c := range []struct {
		at     *store.Site
		method string
		want   bool
	}{
		{parent, "accounts.search", true}, {child, "accounts.search", true}, {lone, "accounts.search", false}, {nil, "accounts.search", false},
		{parent, "admin.getGroups", true}, {lone, "admin.getGroups", true}, {nil, "admin.getGroups", true},
		{parent, "accounts.setAccountInfo", false}, {nil, "accounts.setAccountInfo", false},
	} {
		if got := r.may(t, key, c.at, c.method); got != c.want {
			t.Errorf("%s at %v: %v", c.method, c.at, got)
		}
	}
	k, err := r.Key(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	some, err := r.SomeRights(t.Context(), k, r.partner.ID)
	if err != nil || !some.May("accounts.search") || !some.May("admin.getGroups") || some.May("accounts.setAccountInfo") {
		t.Errorf("rights somewhere: %v", err)
	}
	s, err := r.Site(t.Context(), parent.APIKey)
	if err != nil {
		t.Fatal(err)
	}
	rights, err := r.Rights(t.Context(), k, s)
	if err != nil || !rights.Fields().At("profile").All(acl.Read) {
		t.Errorf("fields of the group: %v", err)
	}
	groups, err := r.Groups(t.Context(), r.partner.ID)
	if err != nil || groups["Search"].ACLID != "Search" || groups[acl.Admins].ACLID != acl.Admins || len(groups) != 8 {
		t.Errorf("groups %v, %v", groups, err)
	}
	if _, err := r.List(t.Context(), r.partner.ID, "Search"); err != nil {
		t.Error(err)
	}
	if _, err := r.List(t.Context(), r.partner.ID, "Broken"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a list that cannot be read: %v", err)
	}
}

func TestAKeyInTheGroupOfAnotherPartner(t *testing.T) {
	r := newRoom(t, file(t))
	r.newSite(t)
	other, _, err := r.NewPartner("Other")
	if err != nil {
		t.Fatal(err)
	}
	r.change(t, func(tx store.Tx) error { return tx.PutPartner(other) })
	key := r.newKey(t, site.KeyOptions{}).Record.UserKey
	k, err := r.Key(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if rights, err := r.PartnerRights(t.Context(), k, other.ID); err != nil || !rights.Empty() {
		t.Errorf("a right in another partner: %v", err)
	}
	if ids, err := r.PartnersOf(t.Context(), k); err != nil || !slices.Equal(ids, []int64{r.partner.ID}) {
		t.Errorf("partners %v, %v", ids, err)
	}
	r.putGroup(t, other.ID, "Guests", acl.Group{ACLID: "_viewSiteAuditLog", Scope: everywhere, Users: []string{key}})
	if k, err = r.Key(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	rights, err := r.PartnerRights(t.Context(), k, other.ID)
	if err != nil || !rights.May("audit.search") || rights.May("accounts.search") || rights.Fields().Any(acl.Read) {
		t.Errorf("rights as a guest: %v", err)
	}
	if ids, err := r.PartnersOf(t.Context(), k); err != nil || !slices.Equal(ids, []int64{r.partner.ID, other.ID}) {
		t.Errorf("partners %v, %v", ids, err)
	}
}

func TestAChangeOfRightsTakesHoldForTheNextCall(t *testing.T) {
	name := file(t)
	r := newRoom(t, name)
	at := r.newSite(t)
	key := r.newKey(t, site.KeyOptions{Privileges: []string{"accounts.getJWT"}}).Record
	// Another process over the same database.
	node := &room{store: openStore(t, name), partner: r.partner}
	node.Directory = site.NewDirectory(node.store, r.Sealer)
	want := func(what, method string, want bool) {
		t.Helper()
		if got := r.may(t, key.UserKey, at, method); got != want {
			t.Errorf("%s: %s: %v", what, method, got)
		}
		if got := node.may(t, key.UserKey, at, method); got != want {
			t.Errorf("%s: %s: %v in another process", what, method, got)
		}
	}
	want("at first", "accounts.search", false)
	r.putGroup(t, r.partner.ID, "G", acl.Group{ACLID: "L", Scope: everywhere, Users: []string{key.UserKey}})
	want("a group without a list", "accounts.search", false)
	r.putList(t, r.partner.ID, "L", `{"_inherit":["_insights"]}`)
	want("its list", "accounts.search", true)
	r.putList(t, r.partner.ID, "L", `{"_inherit":["_webhooks"]}`)
	want("another list", "accounts.search", false)
	want("another list", "accounts.webhooks.set", true)
	r.putGroup(t, r.partner.ID, "G", acl.Group{ACLID: "L", Scope: acl.Scope{AllowSites: []string{"4_another"}}, Users: []string{key.UserKey}})
	want("another scope", "accounts.webhooks.set", false)
	r.putGroup(t, r.partner.ID, "G", acl.Group{ACLID: "_admins", Scope: everywhere, Users: []string{key.UserKey}})
	want("a privilege", "admin.deleteSite", true)
	r.putGroup(t, r.partner.ID, "G", acl.Group{ACLID: "_admins", Scope: everywhere, Users: []string{}})
	want("no member any more", "admin.deleteSite", false)
	want("its own grant", "accounts.getJWT", true)
	key.Privileges = []string{"accounts.search"}
	r.change(t, func(tx store.Tx) error { return tx.PutKey(key) })
	want("another grant", "accounts.getJWT", false)
	want("another grant", "accounts.search", true)
	r.putGroup(t, r.partner.ID, "G", acl.Group{ACLID: "_admins", Scope: everywhere, Users: []string{key.UserKey}})
	want("a member again", "admin.deleteSite", true)
	r.change(t, func(tx store.Tx) error {
		return tx.DeleteConfigObject(store.OwnerOfPartner(r.partner.ID), acl.KindGroup, "G")
	})
	want("the group is gone", "admin.deleteSite", false)
}

func TestAskingForRightsAgainAllocatesNothing(t *testing.T) {
	r := newRoom(t, file(t))
	record := r.newSite(t)
	key := r.newKey(t, site.KeyOptions{}).Record.UserKey
	k, err := r.Key(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Site(t.Context(), record.APIKey)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		if rights, err := r.Rights(ctx, k, s); err != nil || rights.Empty() {
			t.Error("no rights")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
