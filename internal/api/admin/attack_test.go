package admin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/store"
)

func TestAttack(t *testing.T) {
	t.Run("088_every_method_about_another_partner", anotherPartner)
	t.Run("088_names_of_others_are_answered_like_names_of_nobody", namesOfOthers)
	t.Run("053_a_name_that_is_none", hostileNames)
	t.Run("100_secrets_do_not_lie_open", secretsAtRest)
	t.Run("101_every_change_is_on_the_record_or_does_not_happen", onTheRecord)
}

// required are values for required parameters, so that calls come as far as they can.
var required = map[string]string{
	"baseDomain": "a.example.com", "targetUserKey": "ANobody00000", "name": "n", "groupID": "g", "aclID": "a", "acl": "{}", "allowedIPs": "[]",
	"email": "a@example.com", "groups": `["_admins"]`, "query": "SELECT * FROM sites", "Config": "[]", "config": "{}", "invitationToken": "x",
}

// namespaceMethods are the methods of the namespace with the parameters that they require, but those that name the partner.
func (h *house) namespaceMethods() map[string][]string {
	h.t.Helper()
	methods := map[string][]string{}
	for _, m := range h.Methods().Methods() {
		if m.Namespace() != "admin" || !m.Spec.Callers.Has(caller.Server) {
			continue
		}
		params := []string{}
		for _, declared := range m.Params() {
			if strings.HasSuffix(strings.ToLower(declared.Name), "partnerid") || !declared.Required {
				continue
			}
			params = append(params, declared.Name, required[declared.Name])
		}
		methods[m.Spec.Name] = params
	}
	return methods
}

// anotherPartner calls every method about a partner, and a site, of somebody else: the answer is that of a key without any right.
func anotherPartner(t *testing.T) {
	h := newHouse(t)
	powerless := h.newKey("powerless", "", "")
	methods := h.namespaceMethods()
	if len(methods) < 35 {
		t.Fatalf("there are %d methods", len(methods))
	}
	for name, params := range methods {
		for _, by := range []credential{h.boss, powerless} {
			about := append([]string{"partnerID", h.stranger, "targetPartnerID", h.stranger, "ownerPartnerId", h.stranger, "apiKey", h.strangerSite}, params...)
			if got := h.call(by, name, about...); got != deniedText(name) {
				t.Errorf("%s of another's site and partner: %s", name, got)
			}
		}
		if got := h.call(powerless, name, append([]string{"apiKey", h.APIKey}, params...)...); got != deniedText(name) {
			t.Errorf("%s by a key without a right: %s", name, got)
		}
		session := credential{"apiKey", h.APIKey, "login_token", "st2.s.whatever"}
		if got := h.call(session, name, params...); got[0] == '{' {
			t.Errorf("%s by a session: %s", name, got)
		}
	}
	sites, err := h.Store().Sites(t.Context(), 0)
	h.check(err)
	if len(sites) != 2 {
		t.Errorf("there are %d sites", len(sites))
	}
}

// namesOfOthers asks about keys, groups, ACLs and sites of another partner, and about those of nobody.
func namesOfOthers(t *testing.T) {
	h := newHouse(t)
	h.must(h.strangerKey, "admin.setACL", "partnerID", h.stranger, "aclID", "theirs", "acl", `{}`)
	h.must(h.strangerKey, "admin.createGroup", "partnerID", h.stranger, "groupID", "theirs", "aclID", "theirs")
	h.must(h.boss, "admin.createGroup", "partnerID", h.id, "groupID", "g", "aclID", acl.NoPermissions)
	for _, c := range []struct {
		method, param, theirs, nobodys string
		more                           []string
	}{
		{"admin.getUserKeyInfo", "targetUserKey", h.strangerKey[1], "ANobody00000", nil},
		{"admin.setUserKeyInfo", "targetUserKey", h.strangerKey[1], "ANobody00000", p("publicKey", "")},
		{"admin.rotateUserKeySecret", "targetUserKey", h.strangerKey[1], "ANobody00000", nil},
		{"admin.deleteUserKey", "targetUserKey", h.strangerKey[1], "ANobody00000", nil},
		{"admin.getUserSites", "targetUserKey", h.strangerKey[1], "ANobody00000", nil},
		{"admin.getEffectiveACL", "targetUserKey", h.strangerKey[1], "ANobody00000", nil},
		{"admin.getEffectiveACL", "groupIds", "theirs", "nobodys", nil},
		{"admin.getGroupUsers", "groupID", "theirs", "nobodys", nil},
		{"admin.deleteGroup", "groupID", "theirs", "nobodys", nil},
		{"admin.updateGroup", "groupID", "theirs", "nobodys", nil},
		{"admin.updateGroup", "aclID", "theirs", "nobodys", p("groupID", "g")},
		{"admin.updateGroup", "scope", `{"allowSites":["` + h.strangerSite + `"]}`, `{"allowSites":["4_0000000000000000000000"]}`, p("groupID", "g")},
		{"admin.getACL", "aclID", "theirs", "nobodys", nil},
		{"admin.inviteAdmin", "groups", `["theirs"]`, `["nobodys"]`, p("email", "a@example.com")},
		{"admin.setSiteConfig", "siteGroupOwner", h.strangerSite, "4_0000000000000000000000", p("apiKey", h.APIKey)},
		{"admin.getPartner", "partnerID", h.stranger, "999", nil},
	} {
		params := append(p("partnerID", h.id), c.more...)
		theirs := h.call(h.boss, c.method, append(params, c.param, c.theirs)...)
		nobodys := h.call(h.boss, c.method, append(params, c.param, c.nobodys)...)
		if theirs != nobodys || theirs[0] == '{' {
			t.Errorf("%s %s: another's %s, nobody's %s", c.method, c.param, theirs, nobodys)
		}
	}
	h.must(h.strangerKey, "admin.getGroupUsers", "partnerID", h.stranger, "groupID", "theirs")
}

// hostileNames sends names that no group, list, key or site can have.
func hostileNames(t *testing.T) {
	h := newHouse(t)
	before := h.configObjects()
	for _, name := range []string{"", "_x", "a\x00b", "a\nb", strings.Repeat("x", 300), "__proto__"} {
		for _, c := range [][]string{
			p("admin.createGroup", "groupID", name, "aclID", acl.NoPermissions), p("admin.setACL", "aclID", name, "acl", `{}`),
			p("admin.createUserKey", "name", name+"\x01"),
		} {
			if got := h.call(h.boss, c[0], append(p("partnerID", h.id), c[1:]...)...); got[0] == '{' {
				t.Errorf("%s %q: %s", c[0], c[2], got)
			}
		}
	}
	if after := h.configObjects(); after != before {
		t.Errorf("something has changed:\n%s", after)
	}
}

// secretsAtRest looks for secrets in what is stored of keys, partners and sites.
func secretsAtRest(t *testing.T) {
	h := newHouse(t)
	by := h.newKey("app", listOf("getGroups"), wholePartner)
	rotated := field(h.must(h.boss, "admin.rotateUserKeySecret", "targetUserKey", by[1], "overlapSeconds", "60"), "user", "secret")
	h.must(h.boss, "admin.setSiteConfig", "apiKey", h.APIKey, "recaptchaV2", `{"SiteKey":"shown","Secret":"captcha-secret"}`)
	var all strings.Builder
	key, err := h.Store().Key(t.Context(), by[1])
	h.check(err)
	all.Write(key.Secret)
	all.Write(key.Previous)
	all.Write(key.Config)
	site, err := h.Store().Site(t.Context(), h.APIKey)
	h.check(err)
	all.Write(site.Config)
	objects, err := h.Store().ConfigObjects(t.Context(), h.APIKey, "")
	h.check(err)
	for _, o := range objects {
		all.Write(o.Document)
		all.Write(o.Secrets)
	}
	h.check(h.Store().Audits(t.Context(), store.AuditQuery{Log: h.APIKey, Limit: 100}, func(a *store.Audit, _ string) error {
		all.Write(a.Record)
		return nil
	}))
	h.check(h.Store().Audits(t.Context(), store.AuditQuery{Log: store.OwnerOfPartner(h.Partner), Limit: 100}, func(a *store.Audit, _ string) error {
		all.Write(a.Record)
		return nil
	}))
	all.WriteString(h.Log())
	for _, secret := range []string{by[3], rotated, "captcha-secret", h.Secret, h.UserSecret} {
		if strings.Contains(all.String(), secret) {
			t.Errorf("%s lies open", secret)
		}
	}
	if !strings.Contains(all.String(), "shown") {
		t.Error("nothing was looked at")
	}
}

// onTheRecord makes changes and looks for their records, with the key that made them and without secrets.
func onTheRecord(t *testing.T) {
	h := newHouse(t)
	h.newKey("app", listOf("getGroups"), wholePartner)
	h.call(h.boss, "admin.createGroup", "partnerID", h.id, "groupID", "_bad", "aclID", "app")
	var counts map[string]int
	// What succeeds is on the record with its change; nobody waits for the record of a refusal.
	for range 100 {
		counts = map[string]int{}
		h.check(h.Store().Audits(t.Context(), store.AuditQuery{Log: store.OwnerOfPartner(h.Partner), Limit: 100}, func(a *store.Audit, _ string) error {
			if a.UserKey != h.UserKey {
				t.Errorf("%s was made by %q", a.Method, a.UserKey)
			}
			counts[a.Method]++
			return nil
		}))
		if counts["admin.createGroup"] == 2 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	for name, want := range map[string]int{"admin.createUserKey": 1, "admin.setACL": 1, "admin.createGroup": 2} {
		if counts[name] != want {
			t.Errorf("%s has %d records, want %d", name, counts[name], want)
		}
	}
}
