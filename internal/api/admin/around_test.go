package admin_test

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/store"
)

func TestNobodyGetsAroundTheRightsOfAPlaceByAnother(t *testing.T) {
	t.Run("a_site_hangs_itself_on_one_where_the_key_holds_less", hangsItselfOnAnother)
	t.Run("limits_hold_where_the_call_acts", limitsHoldWhereTheCallActs)
	t.Run("networks_hold_where_the_call_acts", networksHoldWhereTheCallActs)
}

// hangsItselfOnAnother makes a site a member of a group by a key that holds less, or nothing, at the parent: the accounts of the group would
// be the key's then.
func hangsItselfOnAnother(t *testing.T) {
	h := newHouse(t)
	mine, parent := h.newSite("mine.example.com"), h.newSite("parent.example.com")
	const noSite = "400006 Invalid argument: siteGroupOwner: there is no such site"
	list := `{"_api":{"admin":{"setSiteConfig":{"_ace":{"perms":"x"}}},"accounts":{"_ace":{"perms":"x"}}},"_data":{"accounts":{"account":{"_ace":{"perms":"rw"}}}}}`
	here := h.newKey("here", list, `{"allowSites":["`+mine+`"]}`)
	less := h.newKey("less", list, `{"allowSites":["`+mine+`"]}`)
	h.must(h.boss, "admin.setACL", "partnerID", h.id, "aclID", "config", "acl", listOf("setSiteConfig"))
	h.must(h.boss, "admin.createGroup", "partnerID", h.id, "groupID", "config", "aclID", "config", "scope", `{"allowSites":["`+parent+`"]}`,
		"setUsers", `["`+less[1]+`"]`)
	both := h.newKey("both", list, `{"allowSites":["`+mine+`","`+parent+`"]}`)
	join := p("apiKey", mine, "siteGroupOwner", parent)
	h.play(
		step{here, "admin.setSiteConfig", join, noSite},
		step{less, "admin.setSiteConfig", join, "403007 siteGroupOwner: this goes beyond the rights of the caller"},
		step{here, "admin.setSiteConfig", p("apiKey", mine, "siteGroupOwner", "4_0000000000000000000000"), noSite},
	)
	h.must(here, "admin.setSiteConfig", "apiKey", mine, "description", "mine")
	h.must(both, "admin.setSiteConfig", join...)
}

// member puts a key into a group of the partner of the boss with the list.
func (h *house) member(boss credential, partner, name, list string, userKey string) {
	h.t.Helper()
	h.must(boss, "admin.setACL", "partnerID", partner, "aclID", name, "acl", list)
	h.must(boss, "admin.createGroup", "partnerID", partner, "groupID", name, "aclID", name, "scope", wholePartner, "setUsers", `["`+userKey+`"]`)
}

// limitsHoldWhereTheCallActs has a key with limits in one partner and none in another bring the freedom along.
func limitsHoldWhereTheCallActs(t *testing.T) {
	h := newHouse(t)
	partial := `{"_api":{"admin":{"getPartner":{"_ace":{"perms":"x"},"includeSecretKeys":{"_ace":{"perms":"-x","defaultValues":["partial"]}}}}}}`
	free := `{"_api":{"admin":{"getPartner":{"_ace":{"perms":"x"},"partnerID":{"_ace":{"perms":"-x","defaultValues":["` + h.id + `"]}}}}}}`
	person := h.must(h.boss, "admin.createUserKey", "name", "person")
	by := credential{"userKey", field(person, "user", "userKey"), "secret", field(person, "user", "secret")}
	h.member(h.boss, h.id, "partial", partial, by[1])
	h.member(h.strangerKey, h.stranger, "free", free, by[1])
	if got := h.must(by, "admin.getPartner", "partnerID", h.id); strings.Contains(got, h.Secret) || !strings.Contains(got, `****"`) {
		t.Errorf("with limits: %s", got)
	}
	if got := h.call(by, "admin.getPartner", "partnerID", h.stranger); got != deniedText("admin.getPartner") {
		t.Errorf("a partner in place of the one that was named: %s", got)
	}

	info := `{"_api":{"admin":{"getUserKeyInfo":{"_ace":{"perms":"x"},"targetUserKey":{"_ace":{"perms":"x","allowValues":["none"]}}}}}}`
	h.member(h.boss, h.id, "info", info, by[1])
	h.member(h.strangerKey, h.stranger, "info", listOf("getUserKeyInfo"), by[1])
	for _, params := range [][]string{p(), p("apiKey", h.strangerSite)} {
		if got := h.call(by, "admin.getUserKeyInfo", append(params, "targetUserKey", h.UserKey)...); strings.Contains(got, `"user"`) {
			t.Errorf("a key that is not to be looked at, by %v: %s", params, got)
		}
	}
}

// networksHoldWhereTheCallActs has a key call from a network that one partner does not allow, by way of another.
func networksHoldWhereTheCallActs(t *testing.T) {
	h := newHouse(t)
	person := h.must(h.boss, "admin.createUserKey", "name", "person")
	by := credential{"userKey", field(person, "user", "userKey"), "secret", field(person, "user", "secret")}
	list := listOf("getPartner", "createUserKey", "getUserKeyInfo")
	h.member(h.boss, h.id, "own", list, by[1])
	h.member(h.strangerKey, h.stranger, "own", list, by[1])
	const inside, outside = "192.0.2.1:1234", "198.51.100.7:1234"
	h.must(h.boss, "admin.setIPRestrictions", "partnerID", h.id, "allowedIPs", `["192.0.2.0/24"]`)
	for _, c := range [][]string{
		p("admin.getPartner", "partnerID", h.id), p("admin.createUserKey", "name", "n"), p("admin.createUserKey", "name", "n", "apiKey", h.strangerSite),
	} {
		if got := h.from(outside, by, c[0], c[1:]...); !strings.HasPrefix(got, "403007 Calls from the address 198.51.100.7") {
			t.Errorf("%v from outside: %s", c, got)
		}
	}
	h.must(h.boss, "admin.setIPRestrictions", "partnerID", h.id, "allowedIPs", `[]`)
	h.must(h.strangerKey, "admin.setIPRestrictions", "partnerID", h.stranger, "allowedIPs", `["192.0.2.0/24"]`)
	if got := h.from(outside, by, "admin.getPartner", "partnerID", h.stranger); !strings.HasPrefix(got, "403007 Calls from the address 198.51.100.7") {
		t.Errorf("another partner from outside: %s", got)
	}
	if got := h.from(inside, by, "admin.getPartner", "partnerID", h.stranger); got[0] != '{' {
		t.Errorf("another partner from inside: %s", got)
	}
	keys, err := h.Store().Keys(t.Context(), h.Partner)
	h.check(err)
	for _, k := range keys {
		if k.Kind == store.KindUser && k.Name == "n" {
			t.Errorf("the key was made")
		}
	}
}
