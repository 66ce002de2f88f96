package admin_test

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/acl"
)

func TestNobodyBringsAStrongerKeyBackOrLetsItInFromElsewhere(t *testing.T) {
	h := newHouse(t)
	weak := h.newKey("weak", listOf("setUserKeyInfo"), wholePartner)
	strong := h.newKey("strong", `{"_inherit":["_admins"]}`, wholePartner)
	set := func(by credential, want string, params ...string) step {
		return step{by: by, method: "admin.setUserKeyInfo", params: append(p("targetUserKey", strong[1]), params...), want: want}
	}
	const refused = "403007 targetUserKey: this goes beyond the rights of the caller"
	h.play(
		set(h.boss, `{}`, "enabled", "false", "allowedIPs", `["198.51.100.0/24"]`),
		set(weak, refused, "enabled", "true"),
		set(weak, refused, "allowedIPs", `[]`),
		set(weak, refused, "allowedIPs", `["192.0.2.0/24"]`),
		set(weak, `{}`, "enabled", "false", "description", "found on the street"),
		set(h.boss, `{}`, "enabled", "true", "allowedIPs", `[]`),
	)
	h.must(strong, "admin.getGroups", "partnerID", h.id)
}

// TestAnotherPartnerDoesNotKeepAKeyInService: whoever knows the name of a key can make it the only one of his _admins.
func TestAnotherPartnerDoesNotKeepAKeyInService(t *testing.T) {
	h := newHouse(t)
	person := h.must(h.boss, "admin.createUserKey", "name", "person")
	by := credential{"userKey", field(person, "user", "userKey"), "secret", field(person, "user", "secret")}
	h.must(h.strangerKey, "admin.updateGroup", "partnerID", h.stranger, "groupID", acl.Admins, "setUsers", `["`+by[1]+`"]`)
	h.must(by, "admin.getGroups", "partnerID", h.stranger)
	h.must(h.boss, "admin.setUserKeyInfo", "targetUserKey", by[1], "enabled", "false")
	if got := h.call(by, "admin.getGroups", "partnerID", h.stranger); !strings.HasPrefix(got, "403005") {
		t.Errorf("a key that was disabled calls: %s", got)
	}
	h.must(h.boss, "admin.deleteUserKey", "targetUserKey", by[1])
	if got := h.must(h.strangerKey, "admin.getGroupUsers", "partnerID", h.stranger, "groupID", acl.Admins); got != `{"users":[]}` {
		t.Errorf("a deleted key administers: %s", got)
	}
}

func TestAnInvitationIsWorthWhatItsSenderHoldsWhenItIsAccepted(t *testing.T) {
	h := newHouse(t)
	h.must(h.boss, "admin.setACL", "partnerID", h.id, "aclID", "viewer", "acl", listOf("getGroups"))
	h.must(h.boss, "admin.createGroup", "partnerID", h.id, "groupID", "viewer", "aclID", "viewer", "scope", wholePartner)
	invite := func(by credential, group string) string {
		return field(h.must(by, "admin.inviteAdmin", "partnerID", h.id, "email", "eve@example.com", "groups", `["`+group+`"]`), "invitationToken")
	}
	accept := func(name, token, want string) {
		t.Helper()
		before := h.configObjects()
		got := h.call(nil, "admin.acceptInvitation", "invitationToken", token)
		if want == "" && got[0] != '{' || want != "" && (got != want || h.configObjects() != before) {
			t.Errorf("%s: %s", name, got)
		}
	}
	const over = "400006 Invalid argument: invitationToken"
	sender := h.newKey("sender", `{"_inherit":["_admins"]}`, wholePartner)
	all, some, raised, late := invite(sender, acl.Admins), invite(sender, "viewer"), invite(sender, "viewer"), invite(sender, "viewer")
	h.must(h.boss, "admin.setACL", "partnerID", h.id, "aclID", "sender", "acl", listOf("inviteAdmin", "getGroups"))
	accept("more than the sender holds by now", all, over)
	accept("what the sender holds still", some, "")
	h.must(h.boss, "admin.setACL", "partnerID", h.id, "aclID", "viewer", "acl", listOf("getGroups", "setACL"))
	accept("a group that holds more by now", raised, over)
	h.must(h.boss, "admin.setACL", "partnerID", h.id, "aclID", "viewer", "acl", listOf("getGroups"))
	h.must(h.boss, "admin.setACL", "partnerID", h.id, "aclID", "sender", "acl", listOf("getGroups"))
	accept("a sender that may not invite any more", late, over)
}

func TestLimitsOfParametersHoldInEveryPartnerThatACallShows(t *testing.T) {
	h := newHouse(t)
	person := h.must(h.boss, "admin.createUserKey", "name", "person")
	by := credential{"userKey", field(person, "user", "userKey"), "secret", field(person, "user", "secret")}
	h.member(h.boss, h.id, "free", listOf("search", "getUserSites"), by[1])
	h.member(h.strangerKey, h.stranger, "bound", `{"_api":{"admin":{"search":{"_ace":{"perms":"x"},"query":{"_ace":{"allowValues":["SELECT partnerID FROM partners"]}}},`+
		`"getUserSites":{"_ace":{"perms":"x"},"targetUserKey":{"_ace":{"allowValues":["none"]}}}}}}`, by[1])
	if got := h.must(by, "admin.search", "query", "SELECT * FROM sites"); strings.Contains(got, h.strangerSite) || !strings.Contains(got, h.APIKey) {
		t.Errorf("a query that one partner does not allow: %s", got)
	}
	if got := h.must(by, "admin.search", "query", "SELECT partnerID FROM partners"); !strings.Contains(got, h.stranger) {
		t.Errorf("a query that both allow: %s", got)
	}
	if got := h.call(by, "admin.getUserSites", "targetUserKey", h.strangerKey[1]); got != deniedText("admin.getUserSites") {
		t.Errorf("a key that is not to be looked at: %s", got)
	}
}

func TestLimitsAtTheParentHoldForCallsAtAMemberThatActThere(t *testing.T) {
	h := newHouse(t)
	parent, child := h.newSite("parent.example.com"), h.newSite("child.example.com")
	h.must(h.boss, "admin.setSiteConfig", "apiKey", child, "siteGroupOwner", parent)
	by := h.newKey("free", `{"_api":{"accounts":{"setSchema":{"_ace":{"perms":"x"}}}}}`, `{"allowSites":["`+child+`"]}`)
	h.must(h.boss, "admin.setACL", "partnerID", h.id, "aclID", "bound",
		"acl", `{"_api":{"accounts":{"setSchema":{"_ace":{"perms":"x"},"dataSchema":{"_ace":{"allowValues":["none"]}}}}}}`)
	h.must(h.boss, "admin.createGroup", "partnerID", h.id, "groupID", "bound", "aclID", "bound", "scope", `{"allowSites":["`+parent+`"]}`, "setUsers", `["`+by[1]+`"]`)
	for _, site := range []string{parent, child} {
		got := h.call(by, "accounts.setSchema", "apiKey", site, "dataSchema", `{"fields":{"mine":{"type":"string"}}}`)
		if !strings.HasPrefix(got, "403007 Invalid namespace &#39;accounts&#39;") {
			t.Errorf("at %s: %s", site, got)
		}
	}
	if got := h.must(h.boss, "accounts.getSchema", "apiKey", parent); strings.Contains(got, "mine") {
		t.Error("the schema has changed")
	}
}
