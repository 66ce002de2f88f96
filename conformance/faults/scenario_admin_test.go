package faults_test

import (
	"strconv"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/store"
)

// partnerID is the house's partner, as a text.
func (h *house) partnerID() string {
	h.t.Helper()
	record, err := h.store.Site(h.t.Context(), h.apiKey)
	h.check(err)
	return strconv.FormatInt(record.Partner, 10)
}

// ofPartner is a call about the partner.
func ofPartner(params ...string) func(*house) call {
	return func(h *house) call {
		return call{by: keyAlone, params: append([]string{"partnerID", h.partnerID()}, params...)}
	}
}

// freshSite makes a site, with which each run has one of its own.
func (h *house) freshSite() string {
	h.t.Helper()
	return h.must(0, call{method: "admin.createSite", by: keyAlone, params: []string{
		"partnerID", h.partnerID(), "baseDomain", newUID() + ".example.com",
	}}).member("apiKey")
}

// freshKey makes an application.
func (h *house) freshKey() string {
	h.t.Helper()
	return h.must(0, call{method: "admin.createUserKey", by: keyAlone, params: []string{
		"name", newUID(), "ownerPartnerId", h.partnerID(),
	}}).member("user", "userKey")
}

// freshGroup makes a group with a list of the same id.
func (h *house) freshGroup() string {
	h.t.Helper()
	name := newUID()
	h.must(0, call{method: "admin.setACL", by: keyAlone, params: []string{
		"partnerID", h.partnerID(), "aclID", name, "acl", `{"_inherit":["_sites"]}`,
	}})
	h.must(0, call{method: "admin.createGroup", by: keyAlone, params: []string{
		"partnerID", h.partnerID(), "groupID", name, "aclID", name, "scope", `{"allowPartners":["_owner"]}`,
	}})
	return name
}

// rotateBack makes the partner's previous secret the present one: the house calls with it all the time.
func (h *house) rotateBack() {
	h.t.Helper()
	id, err := strconv.ParseInt(h.partnerID(), 10, 64)
	h.check(err)
	h.check(h.store.Change(h.t.Context(), func(tx store.Tx) error {
		record, err := tx.Partner(id)
		if err != nil || record.Previous == nil {
			return err
		}
		record.Secret, record.Previous, record.PreviousUntil = record.Previous, nil, 0
		return tx.PutPartner(record)
	}))
}

// aboutKey is a call about a fresh application.
func aboutKey(params ...string) func(*house) call {
	return func(h *house) call {
		return call{by: keyAlone, params: append([]string{"targetUserKey", h.freshKey()}, params...)}
	}
}

// aboutGroup is a call about a fresh group.
func aboutGroup(params ...string) func(*house) call {
	return func(h *house) call {
		return call{by: keyAlone, params: append([]string{"partnerID", h.partnerID(), "groupID", h.freshGroup()}, params...)}
	}
}

// adminScenarios are those of partners, sites, keys and groups.
var adminScenarios = []scenario{
	{method: "admin.createSite", changes: true, cold: true, prepare: func(h *house) call {
		return call{by: keyAlone, params: []string{"partnerID", h.partnerID(), "baseDomain", newUID() + ".example.com"}}
	}},
	{method: "admin.deleteSite", variant: "token", prepare: plain(userKey), cold: true},
	{method: "admin.deleteSite", changes: true, prepare: func(h *house) call {
		apiKey := h.freshSite()
		token := h.must(0, call{method: "admin.deleteSite", by: keyAlone, params: []string{"apiKey", apiKey}}).member("deleteToken")
		return call{by: keyAlone, params: []string{"apiKey", apiKey, "deleteToken", token}}
	}},
	{method: "admin.getSiteConfig", prepare: plain(userKey, "includeSiteGroupConfig", "true", "includeGlobalConf", "true"), cold: true},
	{method: "admin.setSiteConfig", changes: true, prepare: func(*house) call {
		return call{by: userKey, params: []string{
			"description", newUID(), "settings", `{"CNAME":"` + newUID() + `"}`, "recaptchaV2", `{"SiteKey":"k","Secret":"` + newUID() + `"}`,
		}}
	}},
	{method: "admin.setSiteConfig", variant: "joins a group", changes: true, cold: true, prepare: func(h *house) call {
		return call{by: keyAlone, params: []string{"apiKey", h.freshSite(), "siteGroupOwner", h.freshSite()}}
	}},
	{method: "admin.getRestrictions", prepare: plain(userKey)},
	{method: "admin.setRestrictions", changes: true, prepare: func(*house) call {
		return call{by: userKey, params: []string{"blockedIps", `["198.51.100.7"]`, "blockedWords", `["` + newUID() + `"]`}}
	}},
	{method: "admin.captcha.getConfig", prepare: plain(userKey), cold: true},
	{method: "admin.captcha.setConfig", changes: true, prepare: func(*house) call {
		return call{by: userKey, params: []string{"Config", `[{"Type":3,"Key":"` + newUID() + `","Secret":"s"}]`}}
	}},
	{method: "admin.riskProviders.getConfig", prepare: plain(userKey)},
	{method: "admin.riskProviders.setConfig", changes: true, prepare: func(*house) call {
		return call{by: userKey, params: []string{"config", `{"configType":0,"config":{"account":"` + newUID() + `"}}`}}
	}},
	{method: "admin.certificates.createRequest", code: 400096, prepare: plain(keyAlone)},
	{method: "admin.createUserKey", changes: true, prepare: func(h *house) call {
		return call{by: keyAlone, params: []string{"name", newUID(), "ownerPartnerId", h.partnerID()}}
	}},
	{method: "admin.deleteUserKey", changes: true, prepare: func(h *house) call {
		key := h.freshKey()
		h.must(0, call{method: "admin.updateGroup", by: keyAlone, params: []string{
			"partnerID", h.partnerID(), "groupID", acl.NoPermissions, "setUsers", `["` + key + `"]`,
		}})
		return call{by: keyAlone, params: []string{"targetUserKey", key}}
	}},
	{method: "admin.getUserKeys", prepare: ofPartner()},
	{method: "admin.getUserKeyInfo", prepare: aboutKey("includeSecret", "true"), cold: true},
	{method: "admin.setUserKeyInfo", changes: true, prepare: aboutKey("enabled", "false")},
	{method: "admin.rotateUserKeySecret", changes: true, prepare: aboutKey("overlapSeconds", "60")},
	{method: "admin.getIPRestrictions", prepare: ofPartner()},
	{method: "admin.setIPRestrictions", changes: true, prepare: func(h *house) call {
		n := strconv.FormatInt(uidNumber.Add(1), 16)
		return call{by: keyAlone, params: []string{"partnerID", h.partnerID(), "allowedIPs", `["127.0.0.1","::1","2001:db8::` + n[max(0, len(n)-4):] + `"]`}}
	}},
	{method: "admin.getPartner", prepare: ofPartner("full", "true", "includeSecretKeys", "partial"), cold: true},
	{method: "admin.updatePartner", changes: true, prepare: func(h *house) call {
		return call{by: keyAlone, params: []string{"partnerID", h.partnerID(), "tenantID", newUID()}}
	}},
	{method: "admin.rotatePartnerSecret", changes: true, prepare: func(h *house) call {
		h.rotateBack()
		return ofPartner("overlapSeconds", "31536000")(h)
	}},
	{method: "admin.getGroups", prepare: ofPartner(), cold: true},
	{method: "admin.createGroup", changes: true, cold: true, prepare: func(h *house) call {
		return call{by: keyAlone, params: []string{
			"partnerID", h.partnerID(), "groupID", newUID(), "aclID", "_sites", "scope", `{"allowSites":["` + h.apiKey + `"]}`, "setUsers", `["` + h.userKey + `"]`,
		}}
	}},
	{method: "admin.updateGroup", changes: true, prepare: aboutGroup("description", "changed")},
	{method: "admin.deleteGroup", changes: true, prepare: aboutGroup()},
	{method: "admin.getGroupUsers", prepare: ofPartner("groupID", acl.NoPermissions)},
	{method: "admin.getACL", prepare: func(h *house) call {
		return call{by: keyAlone, params: []string{"partnerID", h.partnerID(), "aclID", h.freshGroup()}}
	}},
	{method: "admin.setACL", changes: true, prepare: func(h *house) call {
		return call{by: keyAlone, params: []string{"partnerID", h.partnerID(), "aclID", newUID(), "acl", `{"_inherit":["_sites"]}`}}
	}},
	{method: "admin.getEffectiveACL", cold: true, prepare: func(h *house) call {
		return call{by: keyAlone, params: []string{"partnerID", h.partnerID(), "targetUserKey", h.userKey}}
	}},
	{method: "admin.inviteAdmin", prepare: ofPartner("email", "ann@example.com", "groups", `["_no_permissions"]`)},
	{method: "admin.acceptInvitation", changes: true, prepare: func(h *house) call {
		c := ofPartner("email", newUID()+"@example.com", "groups", `["_no_permissions"]`)(h)
		c.method = "admin.inviteAdmin"
		return call{by: noCredential, params: []string{"invitationToken", h.must(0, c).member("invitationToken")}}
	}},
	{method: "admin.getUserSites", prepare: plain(keyAlone), cold: true},
	{method: "admin.getPartnerSites", prepare: ofPartner()},
	{method: "admin.search", prepare: plain(keyAlone, "query", "SELECT * FROM sites LIMIT 2"), cold: true},
	{method: "admin.console.getPartners", prepare: plain(keyAlone), cold: true},
	{method: "admin.console.getPagedUserEffectiveSites", prepare: func(h *house) call {
		return call{by: keyAlone, params: []string{"targetPartnerID", h.partnerID(), "pageSize", "1"}}
	}},
}
