package caller_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// group stores a permission group of the partner.
func (h *house) group(t testing.TB, p *store.Partner, id, aclID string, scope acl.Scope, users ...string) {
	t.Helper()
	text, err := json.Marshal(acl.Group{ACLID: aclID, Scope: scope, Users: users})
	must(t, err)
	must(t, h.store.Change(t.Context(), func(tx store.Tx) error {
		return tx.PutConfigObject(&store.ConfigObject{Owner: store.OwnerOfPartner(p.ID), Kind: acl.KindGroup, Name: id, Document: text})
	}))
}

// keyInGroups is a key without a grant of its own.
func (h *house) keyInGroups(t testing.TB, p *store.Partner) key {
	t.Helper()
	k := h.newKey(t, site.KeyOptions{Partner: p.ID})
	k.Record.Privileges = nil
	h.put(t, k.Record)
	return k
}

func (h *house) asKey(k key, params ...string) *caller.Request {
	return h.request(append([]string{"userKey", k.Record.UserKey, "secret", k.Secret}, params...)...)
}

var everywhere = acl.Scope{AllowPartners: []string{acl.Owner}}

func TestWhereAKeyHoldsARight(t *testing.T) {
	h := newHouse(t)
	onSite, onPartner := acl.Scope{AllowSites: []string{h.site.APIKey}}, acl.Scope{AllowPartners: []string{acl.Owner}, AllowSites: []string{h.sibling.APIKey}}
	local, wide, none := h.keyInGroups(t, h.partner), h.keyInGroups(t, h.partner), h.keyInGroups(t, h.partner)
	h.group(t, h.partner, "Local", "_viewSiteAuditLog", onSite, local.Record.UserKey)
	h.group(t, h.partner, "Wide", "_viewSiteAuditLog", onPartner, wide.Record.UserKey)
	h.group(t, h.partner, acl.NoPermissions, "", acl.Scope{}, none.Record.UserKey)
	number := strconv.FormatInt
	own, other := number(h.partner.ID, 10), number(h.stranger.ID, 10)
	for _, c := range []struct {
		name    string
		key     key
		level   caller.Level
		apiKey  string
		partner string
		want    gigya.Code
	}{
		{"its site", local, caller.AtSite, h.site.APIKey, "", 0},
		{"a child of its site", local, caller.AtSite, h.child.APIKey, "", 0},
		{"another site", local, caller.AtSite, h.sibling.APIKey, "", 403007},
		{"a site of another partner", local, caller.AtSite, h.foreign.APIKey, "", 403007},
		{"its site and another partner", local, caller.AtSite, h.site.APIKey, other, 403007},
		{"its site and its partner", local, caller.AtSite, h.site.APIKey, own, 0},
		{"its partner", local, caller.AtPartner, "", "", 403007},
		{"its partner by name", local, caller.AtPartner, "", own, 403007},
		{"its partner beside its site", local, caller.AtPartner, h.site.APIKey, own, 403007},
		{"itself", local, caller.Anywhere, "", "", 0},
		{"itself in another partner", local, caller.Anywhere, "", other, 403007},

		{"wide: its partner", wide, caller.AtPartner, "", "", 0},
		{"wide: by name", wide, caller.AtPartner, "", own, 0},
		{"wide: with blanks", wide, caller.AtPartner, "", " " + own + " ", 0},
		{"wide: beside a site of it", wide, caller.AtPartner, h.site.APIKey, own, 0},
		{"wide: beside a site of another", wide, caller.AtPartner, h.foreign.APIKey, own, 403007},
		{"wide: another partner", wide, caller.AtPartner, "", other, 403007},
		{"wide: another partner, with blanks", wide, caller.AtPartner, "", " " + other, 403007},
		{"wide: no partner", wide, caller.AtPartner, "", "77", 403007},
		{"wide: partner 0", wide, caller.AtPartner, "", "0", 403007},
		{"wide: no number, which is told later", wide, caller.AtPartner, "", "x", 0},
		{"wide: a site on its list", wide, caller.AtSite, h.sibling.APIKey, "", 0},
		{"wide: a site that is not", wide, caller.AtSite, h.site.APIKey, "", 403007},

		{"without rights: a site", none, caller.AtSite, h.site.APIKey, "", 403007},
		{"without rights: the partner", none, caller.AtPartner, "", "", 403007},
		{"without rights: itself", none, caller.Anywhere, "", "", 403007},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := h.asKey(c.key)
			if c.apiKey != "" {
				r.Params.Set("apiKey", c.apiKey)
			}
			r.NoSite, r.Level, r.Partner = c.level != caller.AtSite, c.level, c.partner
			h.want(t, c.name, r, c.want)
		})
	}
}

func TestAPartnersSecretSpeaksForNoOtherPartner(t *testing.T) {
	h := newHouse(t)
	for partner, want := range map[int64]bool{h.partner.ID: false, h.stranger.ID: true, 77: true} {
		r := h.request("apiKey", h.site.APIKey, "secret", h.secret)
		r.Partner = strconv.FormatInt(partner, 10)
		s, err := h.resolver.Site(t.Context(), r)
		must(t, err)
		c, err := h.resolver.Caller(t.Context(), r, s)
		must(t, err)
		if got := c.OfAnotherPartner(r, s); got != want {
			t.Errorf("partner %d: %v", partner, got)
		}
	}
}

func TestFieldsOfCallers(t *testing.T) {
	h := newHouse(t)
	k, err := h.sites.Key(t.Context(), h.key.Record.UserKey)
	must(t, err)
	full := acl.Read | acl.Write
	for _, c := range []struct {
		name string
		who  caller.Caller
		want bool
	}{
		{"the partner", caller.Caller{Class: caller.Server}, true},
		{"a session", caller.Caller{Class: caller.Session}, true},
		{"a key without rights", caller.Caller{Class: caller.Server, Key: k}, false},
		{"a key with a privilege", caller.Caller{Class: caller.Server, Key: k, Rights: compiled(t, `{"_inherit":["_accountsFullAccess"]}`)}, false},
		{"a key of an administrator", caller.Caller{Class: caller.Server, Key: k, Rights: compiled(t, `{"_inherit":["_admins"]}`)}, true},
		{"a key with a grant of its own", caller.Caller{Class: caller.Server, Key: k, Rights: acl.Compile(acl.Grant([]string{"accounts.search"}))}, true},
	} {
		if got := c.who.Fields().All(full); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func compiled(t testing.TB, list string) *acl.Rights {
	t.Helper()
	l, err := acl.Parse([]byte(list))
	must(t, err)
	return acl.Compile(l)
}

// attackRights are the attacks on what a key may do by its groups.
func attackRights(t *testing.T, h *house) {
	t.Run("A14_a_key_that_leaves_its_group_is_refused_at_the_very_next_call", func(t *testing.T) {
		k := h.keyInGroups(t, h.partner)
		r := func() *caller.Request { return h.asKey(k, "apiKey", h.site.APIKey) }
		h.want(t, "in no group", r(), 403007)
		node := openHouse(t, h.file, false)
		node.group(t, h.partner, "Team", "_insights", everywhere, k.Record.UserKey) // By another process.
		h.want(t, "in a group", r(), 0)
		node.group(t, h.partner, "Team", "_insights", acl.Scope{AllowSites: []string{h.sibling.APIKey}}, k.Record.UserKey)
		h.want(t, "whose scope is another site now", r(), 403007)
		node.group(t, h.partner, "Team", "_insights", everywhere, k.Record.UserKey)
		h.want(t, "and this one again", r(), 0)
		node.group(t, h.partner, "Team", "_insights", everywhere)
		h.want(t, "that it has left", r(), 403007)
	})
	t.Run("A14_a_key_named_in_a_group_of_another_partner_gains_nothing_at_home", func(t *testing.T) {
		k := h.keyInGroups(t, h.partner)
		h.group(t, h.stranger, "Friends", acl.Admins, everywhere, k.Record.UserKey)
		h.want(t, "at home", h.asKey(k, "apiKey", h.site.APIKey), 403007)
		h.want(t, "there", h.asKey(k, "apiKey", h.foreign.APIKey), 0)
	})
	t.Run("A14_a_group_names_its_partners_sites_only", func(t *testing.T) {
		k := h.keyInGroups(t, h.partner)
		scope := acl.Scope{AllowPartners: []string{fmt.Sprint(h.stranger.ID)}, AllowSites: []string{h.foreign.APIKey}}
		h.group(t, h.partner, "Conquest", acl.Admins, scope, k.Record.UserKey)
		h.want(t, "the stranger's site", h.asKey(k, "apiKey", h.foreign.APIKey), 403007)
		r := h.asKey(k)
		r.NoSite, r.Level, r.Partner = true, caller.AtPartner, fmt.Sprint(h.stranger.ID)
		h.want(t, "the stranger", r, 403007)
	})
	t.Run("A18_a_key_for_the_parent_works_on_every_member_and_no_stranger", func(t *testing.T) {
		parent, child := h.keyInGroups(t, h.partner), h.keyInGroups(t, h.partner)
		h.group(t, h.partner, "Parent", "_insights", acl.Scope{AllowSites: []string{h.site.APIKey}}, parent.Record.UserKey)
		h.group(t, h.partner, "Child", "_insights", acl.Scope{AllowSites: []string{h.child.APIKey}}, child.Record.UserKey)
		for _, c := range []struct {
			key  key
			at   *store.Site
			want gigya.Code
		}{
			{parent, h.site, 0}, {parent, h.child, 0}, {parent, h.sibling, 403007}, {parent, h.foreign, 403007},
			{child, h.child, 0}, {child, h.site, 403007}, {child, h.sibling, 403007}, {child, h.foreign, 403007},
		} {
			h.want(t, c.at.APIKey, h.asKey(c.key, "apiKey", c.at.APIKey), c.want)
		}
	})
}
