package admin_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/internal/acl"
)

func TestGroupsAndLists(t *testing.T) {
	h := newHouse(t)
	by := h.newKey("app", "", "")
	list := `{"_api":{"admin":{"getGroups":{"_ace":{"perms":"x"}}}},"_inherit":["_mystery"],"more":1}`
	group := func(params ...string) []string { return append(p("partnerID", h.id, "groupID", "A & B's"), params...) }
	h.play(
		step{method: "admin.getGroups", params: p("partnerID", h.id),
			want: `{"groups":{"_admins":{"aclID":"_admins","scope":{"allowPartners":["_owner"],"allowSites":[]},"users":[],"description":"Administrators"},` +
				`"_no_permissions":{"aclID":"_no_permissions","scope":{"allowPartners":["_owner"],"allowSites":[]},"users":[],"description":"Without rights"}}}`},
		step{method: "admin.setACL", params: p("partnerID", h.id, "aclID", "mine", "acl", list), want: `{}`},
		step{method: "admin.getACL", params: p("partnerID", h.id, "aclID", "mine"),
			want: `{"acl":{"_api":{"admin":{"getGroups":{"_ace":{"perms":"x"}}}},"_inherit":["_mystery"],"more":1,"_data":{}},"description":""}`},
		step{method: "admin.createGroup", params: group("aclID", "mine", "scope", wholePartner, "setUsers", `["`+by[1]+`","`+by[1]+`"]`, "description", "d"), want: `{}`},
		step{method: "admin.getGroupUsers", params: group(),
			want: `{"users":[{"userKey":"` + by[1] + `","name":"app","description":"","ownerPartnerID":` + h.id + `,"created":"2026-03-02T10:15:30.123Z","enabled":true,"hasPublicKey":false}]}`},
		step{by: by, method: "admin.getACL", params: p("partnerID", h.id, "aclID", "mine"), want: deniedText("admin.getACL")},
	)
	if got := field(h.must(by, "admin.getGroups", "partnerID", h.id), "groups", "A & B's"); got != `{"aclID":"mine","scope":{"allowPartners":["_owner"],"allowSites":[]},"users":["`+by[1]+`"],"description":"d"}` {
		t.Errorf("the group is %s", got)
	}
	h.play(
		step{method: "admin.updateGroup", params: group("description", "", "newGroupID", "C"), want: `{}`},
		step{method: "admin.updateGroup", params: group("description", "x"), want: "400006 Invalid argument: groupID: there is no such group"},
		step{method: "admin.setACL", params: p("partnerID", h.id, "aclID", "mine", "acl", `{}`, "description", "nothing"), want: `{}`},
		step{by: by, method: "admin.getGroups", params: p("partnerID", h.id), want: deniedText("admin.getGroups")},
		step{method: "admin.getACL", params: p("partnerID", h.id, "aclID", "mine"), want: `{"acl":{"_api":{},"_data":{},"_inherit":[]},"description":"nothing"}`},
		step{method: "admin.deleteGroup", params: p("partnerID", h.id, "groupID", "C"), want: `{}`},
		step{method: "admin.deleteGroup", params: p("partnerID", h.id, "groupID", "C"), want: "400006 Invalid argument: groupID: there is no such group"},
		step{method: "admin.getACL", params: p("partnerID", h.id, "aclID", "mine"), want: `{"acl":{"_api":{},"_data":{},"_inherit":[]},"description":"nothing"}`},
	)
	// The list of the same id goes with its group, unless another has it.
	h.newKey("pair", listOf("getGroups"), wholePartner)
	h.play(
		step{method: "admin.createGroup", params: p("partnerID", h.id, "groupID", "other", "aclID", "pair"), want: `{}`},
		step{method: "admin.deleteGroup", params: p("partnerID", h.id, "groupID", "pair"), want: `{}`},
		step{method: "admin.getACL", params: p("partnerID", h.id, "aclID", "pair"), want: `{"acl":` + listOf("getGroups") + `,"description":""}`},
		step{method: "admin.updateGroup", params: p("partnerID", h.id, "groupID", "other", "newGroupID", "pair"), want: `{}`},
		step{method: "admin.deleteGroup", params: p("partnerID", h.id, "groupID", "pair"), want: `{}`},
		step{method: "admin.getACL", params: p("partnerID", h.id, "aclID", "pair"), want: "400006 Invalid argument: aclID: there is no such ACL"},
	)
}

func TestBadGroupsChangeNothing(t *testing.T) {
	h := newHouse(t)
	h.newKey("app", listOf("getGroups"), wholePartner)
	before := h.configObjects()
	create := func(params ...string) []string {
		return append(p("partnerID", h.id, "groupID", "new", "aclID", "app"), params...)
	}
	update := func(params ...string) []string { return append(p("partnerID", h.id, "groupID", "app"), params...) }
	for _, s := range []struct {
		method string
		params []string
		want   string
	}{
		{"admin.createGroup", p("groupID", "x", "aclID", "app"), "400002 Missing required parameter : partnerID"},
		{"admin.createGroup", p("partnerID", h.id, "aclID", "app"), "400002 Missing required parameter : groupID"},
		{"admin.createGroup", p("partnerID", h.id, "groupID", "x"), "400002 Missing required parameter : aclID"},
		{"admin.createGroup", p("partnerID", h.id, "groupID", "_x", "aclID", "app"), "400006 Invalid argument: groupID: names with an underscore at the beginning are built in"},
		{"admin.createGroup", p("partnerID", h.id, "groupID", "app", "aclID", "app"), "400006 Invalid argument: groupID: there is a group of this id already"},
		{"admin.createGroup", p("partnerID", h.id, "groupID", "x", "aclID", "none"), "400006 Invalid argument: aclID: there is no such ACL"},
		{"admin.createGroup", create("scope", `{"allowSites":["`+h.APIKey+`","4_0000000000000000000000"]}`), "400006 Invalid argument: scope.allowSites[1]: there is no such site"},
		{"admin.createGroup", create("scope", `{"allowSites":["`+h.strangerSite+`"]}`), "400006 Invalid argument: scope.allowSites[0]: there is no such site"},
		{"admin.createGroup", create("scope", `{"allowPartners":["`+h.stranger+`"]}`), "400006 Invalid argument: scope.allowPartners[0]: want _owner"},
		{"admin.createGroup", create("scope", `{"sites":[]}`), "400006 Invalid argument: scope.sites: want allowPartners or allowSites"},
		{"admin.createGroup", create("scope", `[]`), "400004"},
		{"admin.createGroup", create("setUsers", `["ANobody00000"]`), "400006 Invalid argument: setUsers[0]: there is no such user key"},
		{"admin.createGroup", create("setUsers", `[1]`), "400006 Invalid argument: setUsers[0]: want a text"},
		{"admin.createGroup", create("setUsers", `x`), "400004"},
		{"admin.updateGroup", update("addUsers", `["`+h.UserKey+`","x"]`), "400006 Invalid argument: addUsers[1]: there is no such user key"},
		{"admin.updateGroup", update("aclID", "none"), "400006 Invalid argument: aclID: there is no such ACL"},
		{"admin.updateGroup", update("newGroupID", "_a"), "400006 Invalid argument: newGroupID: names with an underscore at the beginning are built in"},
		{"admin.updateGroup", p("partnerID", h.id, "groupID", "none"), "400006 Invalid argument: groupID: there is no such group"},
		{"admin.updateGroup", p("partnerID", h.id, "groupID", acl.Admins, "aclID", "app"), "400006 Invalid argument: groupID: of a built-in group only the members can change"},
		{"admin.updateGroup", p("partnerID", h.id, "groupID", acl.NoPermissions, "newGroupID", "x"), "400006 Invalid argument: groupID: of a built-in group only the members can change"},
		{"admin.setACL", p("partnerID", h.id, "aclID", "_admins", "acl", `{}`), "400006 Invalid argument: aclID: names with an underscore at the beginning are built in"},
		{"admin.setACL", p("partnerID", h.id, "aclID", "app", "acl", `{"_api":{"admin":{"getGroups":{"_ace":{"perms":"y"}}}}}`), "400006 Invalid argument: acl._api.admin.getGroups._ace.perms: want x or -x"},
		{"admin.setACL", p("partnerID", h.id, "aclID", "app", "acl", `[`), "400004"},
		{"admin.setACL", p("partnerID", h.id, "aclID", "app"), "400002 Missing required parameter : acl"},
		{"admin.getACL", p("partnerID", h.id, "aclID", "none"), "400006 Invalid argument: aclID: there is no such ACL"},
		{"admin.getGroupUsers", p("partnerID", h.id, "groupID", "none"), "400006 Invalid argument: groupID: there is no such group"},
	} {
		if got := h.call(h.boss, s.method, s.params...); !strings.HasPrefix(got, s.want) {
			t.Errorf("%s %v:\n got %s\nwant %s", s.method, s.params, got, s.want)
		}
	}
	if after := h.configObjects(); after != before {
		t.Errorf("something has changed:\n%s", after)
	}
}

func TestNobodyGivesMoreThanTheyHold(t *testing.T) {
	h := newHouse(t)
	second := h.newSite("second.example.com")
	grants := listOf("createGroup", "updateGroup", "setACL", "inviteAdmin", "getGroups")
	manager := h.newKey("manager", grants, wholePartner)
	// Of the partner's calls it has all, of sites one: its rights do not hold at those to come.
	local := h.newKey("local", grants, `{"allowPartners":["_owner"],"allowSites":["`+h.APIKey+`"]}`)
	friend := h.newKey("friend", "", "")
	h.must(h.boss, "admin.setACL", "partnerID", h.id, "aclID", "strong", "acl", listOf("deleteSite"))
	h.must(h.boss, "admin.createGroup", "partnerID", h.id, "groupID", "strong", "aclID", "strong", "scope", wholePartner)
	before := h.configObjects()
	beyond := "403007 aclID: this goes beyond the rights of the caller"
	create := func(aclID, scope string) []string {
		return p("partnerID", h.id, "groupID", "new", "aclID", aclID, "scope", scope, "setUsers", `["`+manager[1]+`"]`)
	}
	h.play(
		step{by: manager, method: "admin.createGroup", params: create("_admins", wholePartner), want: beyond},
		step{by: manager, method: "admin.createGroup", params: create("strong", wholePartner), want: beyond},
		step{by: manager, method: "admin.createGroup", params: create("strong", `{"allowSites":["`+second+`"]}`), want: beyond},
		step{by: manager, method: "admin.updateGroup", params: p("partnerID", h.id, "groupID", acl.Admins, "addUsers", `["`+manager[1]+`"]`), want: beyond},
		step{by: manager, method: "admin.updateGroup", params: p("partnerID", h.id, "groupID", "manager", "aclID", "_admins"), want: beyond},
		step{by: manager, method: "admin.setACL", params: p("partnerID", h.id, "aclID", "manager", "acl", `{"_inherit":["_admins"]}`),
			want: "403007 acl: this goes beyond the rights of the caller"},
		step{by: manager, method: "admin.inviteAdmin", params: p("partnerID", h.id, "email", "ann@example.com", "groups", `["_admins"]`), want: beyond},
		step{by: local, method: "admin.createGroup", params: create("local", wholePartner), want: beyond},
		step{by: local, method: "admin.createGroup", params: create("local", `{"allowSites":["`+second+`"]}`), want: beyond},
		step{by: local, method: "admin.updateGroup", params: p("partnerID", h.id, "groupID", "local", "scope", wholePartner), want: beyond},
	)
	if after := h.configObjects(); after != before {
		t.Errorf("something has changed:\n%s", after)
	}
	h.play(
		step{by: manager, method: "admin.createGroup", params: p("partnerID", h.id, "groupID", "new", "aclID", "manager", "scope", wholePartner, "setUsers", `["`+friend[1]+`"]`), want: `{}`},
		step{by: local, method: "admin.createGroup", params: p("partnerID", h.id, "groupID", "here", "aclID", "local", "scope", `{"allowSites":["`+h.APIKey+`"]}`), want: `{}`},
		// An ACL that no group has gives nobody anything; a group that has it would.
		step{by: manager, method: "admin.setACL", params: p("partnerID", h.id, "aclID", "plan", "acl", `{"_inherit":["_admins"]}`), want: `{}`},
		step{by: manager, method: "admin.createGroup", params: p("partnerID", h.id, "groupID", "newer", "aclID", "plan", "scope", wholePartner), want: beyond},
		step{by: manager, method: "admin.updateGroup", params: p("partnerID", h.id, "groupID", "strong", "description", "seen"), want: `{}`},
	)
	h.must(friend, "admin.getGroups", "partnerID", h.id)
}

func TestTwoUpdatesOfAGroupAtOnceLoseNothing(t *testing.T) {
	h := newHouse(t)
	h.must(h.boss, "admin.createGroup", "partnerID", h.id, "groupID", "g", "aclID", acl.NoPermissions, "scope", wholePartner)
	const many = 12
	keys := make([]credential, many)
	for i := range keys {
		keys[i] = h.newKey("k"+strconv.Itoa(i), "", "")
	}
	var group sync.WaitGroup
	for i := range keys {
		group.Go(func() {
			h.from("192.0.2.1:1", h.boss, "admin.updateGroup", "partnerID", h.id, "groupID", "g", "addUsers", `["`+keys[i][1]+`"]`)
		})
		group.Go(func() {
			h.from("192.0.2.1:1", h.boss, "admin.setACL", "partnerID", h.id, "aclID", "l"+strconv.Itoa(i%3), "acl", `{"_inherit":["_sites"]}`)
		})
	}
	group.Wait()
	users := field(h.must(h.boss, "admin.getGroups", "partnerID", h.id), "groups", "g", "users")
	if strings.Count(users, `"`) != 2*many {
		t.Errorf("the members are %s", users)
	}
	if got := strings.Count(h.configObjects(), "acl l"); got != 3 {
		t.Errorf("there are %d ACLs", got)
	}
}

func TestEffectiveRights(t *testing.T) {
	h := newHouse(t)
	second := h.newSite("second.example.com")
	by := h.newKey("app", listOf("getGroups"), wholePartner)
	h.must(h.boss, "admin.setACL", "partnerID", h.id, "aclID", "here", "acl", listOf("getSiteConfig"))
	h.must(h.boss, "admin.createGroup", "partnerID", h.id, "groupID", "here", "aclID", "here", "scope", `{"allowSites":["`+h.APIKey+`"]}`, "setUsers", `["`+by[1]+`"]`)
	both := `{"eACL":{"_api":{"admin":{"getGroups":{"_ace":{"perms":"x"}},"getSiteConfig":{"_ace":{"perms":"x"}}}},"_data":{"accounts":{"account":{}}},"_inherit":[]}}`
	one := `{"eACL":{"_api":{"admin":{"getGroups":{"_ace":{"perms":"x"}}}},"_data":{"accounts":{"account":{}}},"_inherit":[]}}`
	get := func(params ...string) []string { return append(p("partnerID", h.id), params...) }
	h.play(
		step{method: "admin.getEffectiveACL", params: get("targetUserKey", by[1]), want: one},
		step{method: "admin.getEffectiveACL", params: get("targetUserKey", by[1], "apiKey", h.APIKey), want: both},
		step{method: "admin.getEffectiveACL", params: get("targetUserKey", by[1], "apiKey", second), want: one},
		step{method: "admin.getEffectiveACL", params: get("groupIds", "app, here", "apiKey", h.APIKey), want: both},
		step{method: "admin.getEffectiveACL", params: get("groupIds", "app,here"), want: one},
		step{method: "admin.getEffectiveACL", params: get(), want: "400002 Missing required parameter : targetUserKey"},
		step{method: "admin.getEffectiveACL", params: get("groupIds", "app,none"), want: "400006 Invalid argument: groupIds[1]: there is no such group"},
		step{method: "admin.getEffectiveACL", params: get("groupIds", "app", "targetUserKey", by[1]), want: "400006 Invalid argument: groupIds: must not be sent together with targetUserKey"},
		step{method: "admin.getEffectiveACL", params: get("targetUserKey", h.strangerKey[1]), want: "400006 Invalid argument: targetUserKey: there is no such user key"},
	)
}

// TestWhatHoldsAtASiteIsNotGivenForThePartner: a scope that names both needs both.
func TestWhatHoldsAtASiteIsNotGivenForThePartner(t *testing.T) {
	h := newHouse(t)
	manager := h.newKey("manager", listOf("createGroup"), wholePartner)
	h.must(h.boss, "admin.setACL", "partnerID", h.id, "aclID", "strong", "acl", listOf("getPartner"))
	h.must(h.boss, "admin.createGroup", "partnerID", h.id, "groupID", "onsite", "aclID", "strong", "scope", `{"allowSites":["`+h.APIKey+`"]}`, "setUsers", `["`+manager[1]+`"]`)
	create := func(groupID, scope string) []string {
		return p("partnerID", h.id, "groupID", groupID, "aclID", "strong", "scope", scope)
	}
	h.play(
		step{by: manager, method: "admin.createGroup", params: create("both", `{"allowPartners":["_owner"],"allowSites":["`+h.APIKey+`"]}`), want: "403007 aclID: this goes beyond the rights of the caller"},
		step{by: manager, method: "admin.createGroup", params: create("site", `{"allowSites":["`+h.APIKey+`"]}`), want: `{}`},
	)
}

// TestADisabledKeyIsNoAdministratorThatIsLeft: the last that can call cannot be taken away, however many others there are.
func TestADisabledKeyIsNoAdministratorThatIsLeft(t *testing.T) {
	h := newHouse(t)
	one, other := h.newKey("one", "", ""), h.newKey("other", "", "")
	h.must(h.boss, "admin.updateGroup", "partnerID", h.id, "groupID", acl.Admins, "setUsers", `["`+one[1]+`","`+other[1]+`"]`)
	h.must(one, "admin.setUserKeyInfo", "targetUserKey", other[1], "enabled", "false")
	h.play(
		step{by: one, method: "admin.setUserKeyInfo", params: p("targetUserKey", one[1], "enabled", "false"), want: "400006 Invalid argument: enabled: the group _admins would be left without a key that can call"},
		step{by: one, method: "admin.deleteUserKey", params: p("targetUserKey", one[1]), want: "400006 Invalid argument: targetUserKey: the group _admins would be left without a key that can call"},
		step{by: one, method: "admin.setUserKeyInfo", params: p("targetUserKey", other[1], "enabled", "true"), want: `{}`},
		step{by: one, method: "admin.setUserKeyInfo", params: p("targetUserKey", one[1], "enabled", "false"), want: `{}`},
	)
}
