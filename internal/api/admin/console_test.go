package admin_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/store"
)

func TestTheConsolesLists(t *testing.T) {
	h := newHouse(t)
	second := h.newSite("second.example.com")
	record, err := h.Store().Site(t.Context(), h.APIKey)
	h.check(err)
	id := strconv.FormatInt(record.SiteID, 10)
	here := h.newKey("here", listOf("getSiteConfig", "deleteSite", "getUserSites", "console.getPartners")+"", `{"allowSites":["`+h.APIKey+`"]}`)
	h.must(h.boss, "admin.setACL", "partnerID", h.id, "aclID", "here",
		"acl", `{"_inherit":["_basicSiteAccess"],"_api":{"admin":{"deleteSite":{"_ace":{"perms":"x"}}}}}`)
	h.play(
		step{by: here, method: "admin.console.getPartners",
			want: `{"partners":[{"partner":{"PartnerID":` + h.id + `,"Name":"Example","Enabled":true,"Invalidated":false,"Homepage":"","IsPaying":true,"IsCDP":false,` +
				`"Created":"2026-03-02T10:15:30.123","LastUpdated":"2026-03-02T10:15:30.123","DefaultDataCenter":"us1","Licenses":{"accounts":{"Enabled":true},` +
				`"audit":{"Enabled":true},"ds":{"Enabled":true},"ids":{"Enabled":true},"liteAccount":{"Enabled":true},"subscriptions":{"Enabled":true},` +
				`"samlIdp":{"Enabled":false},"gm":{"Enabled":false},"comments":{"Enabled":false},"nexus":{"Enabled":false}},"IsMigratedToSoa":false,` +
				`"IsSapCustomer":false,"TenantID":"` + h.id + `","AuditRetention":12},"errorCode":0,"statusCode":200,"errorMessage":"OK"}]}`},
		step{by: here, method: "admin.console.getPagedUserEffectiveSites", params: p("targetPartnerID", h.id, "pageSize", "9999999"),
			want: `{"sites":[{"name":"example.com","apiKey":"` + h.APIKey + `","datacenter":"us1","siteID":` + id + `,"tags":[],"description":"",` +
				`"licensesAccountsEnabled":true,"enableTags":false,"enableReports":false,"enableCustomerInsights":false,"enableIdentityAccess":false,` +
				`"enableIdentityQueryTool":false,"enableDeleteSite":true,"isGlobalSite":false,"globalSiteSettings":{},"group":{"isGroupMaster":false}}],` +
				`"lastPageSiteId":` + id + `,"enableCreateSite":false}`},
		step{by: here, method: "admin.console.getPagedUserEffectiveSites", params: p("targetPartnerID", h.stranger), want: deniedText("admin.console.getPagedUserEffectiveSites")},
		step{by: here, method: "admin.getUserSites", want: `{"sites":[{"partnerID":` + h.id + `,"tenantID":"` + h.id + `","sites":[{"siteID":` + id +
			`,"apiKey":"` + h.APIKey + `","baseDomain":"example.com","description":"","dataCenter":"us1"}]}]}`},
		step{by: here, method: "admin.getPartnerSites", params: p("partnerID", h.id), want: deniedText("admin.getPartnerSites")},
		step{by: here, method: "admin.getUserSites", params: p("targetUserKey", h.UserKey), want: deniedText("admin.getUserSites")},
		step{by: h.strangerKey, method: "admin.getUserSites", params: p("targetPartnerID", h.id), want: deniedText("admin.getUserSites")},
	)
	if got := h.must(h.boss, "admin.getUserSites", "targetUserKey", here[1]); strings.Count(got, `"apiKey"`) != 1 {
		t.Errorf("the sites of the key are %s", got)
	}
	if got := h.must(h.boss, "admin.getPartnerSites", "targetPartnerID", h.id); !strings.Contains(got, second) || strings.Contains(got, h.strangerSite) {
		t.Errorf("the partner's sites are %s", got)
	}
}

func TestPagesOfSitesJoinUp(t *testing.T) {
	h := newHouse(t)
	for i := range 7 {
		h.newSite("s" + strconv.Itoa(i) + ".example.com")
	}
	gone := h.newSite("gone.example.com")
	h.Change(func(tx store.Tx) error {
		s, err := tx.Site(gone)
		h.check(err)
		s.Status = store.SiteDeleted
		return tx.PutSite(s)
	})
	seen, last := map[string]bool{}, "0"
	for range 10 {
		answer := h.must(h.boss, "admin.console.getPagedUserEffectiveSites", "targetPartnerID", h.id, "pageSize", "3", "lastPageSiteId", last)
		if field(answer, "sites") == "[]" {
			break
		}
		last = field(answer, "lastPageSiteId")
		for _, part := range strings.Split(answer, `"apiKey":"`)[1:] {
			seen[part[:24]] = true
		}
	}
	if len(seen) != 8 || seen[gone] {
		t.Errorf("the pages hold %d sites", len(seen))
	}
	// The context comes back as it was sent: the toolkit reads it as JSON without a check.
	answer := h.call(h.boss, "admin.console.getPagedUserEffectiveSites", "targetPartnerID", h.id, "context", `{"partnerId":1}`)
	if !strings.Contains(answer, `"context": "{\"partnerId\":1}"`) {
		t.Errorf("the answer is %s", answer)
	}
}

func TestAPersonMayBelongToSeveralPartners(t *testing.T) {
	h := newHouse(t)
	h.must(h.strangerKey, "admin.updateGroup", "partnerID", h.stranger, "groupID", acl.Admins, "addUsers", `["`+h.UserKey+`"]`)
	if got := h.must(h.boss, "admin.console.getPartners"); !strings.Contains(got, h.id) || !strings.Contains(got, h.stranger) {
		t.Errorf("the partners are %s", got)
	}
	h.must(h.boss, "admin.getGroups", "partnerID", h.stranger)
	h.must(h.boss, "admin.getSiteConfig", "apiKey", h.strangerSite)
	// Applications are for their own partner alone.
	app := h.newKey("app", "", "")
	h.play(step{by: h.strangerKey, method: "admin.updateGroup", params: p("partnerID", h.stranger, "groupID", acl.Admins, "addUsers", `["`+app[1]+`"]`),
		want: "400006 Invalid argument: addUsers[0]: there is no such user key"})
	// Whoever administers one of the partners alone does not come by the rights in the other.
	local := h.newKey("local", `{"_inherit":["_admins"]}`, wholePartner)
	h.play(
		step{by: local, method: "admin.getUserKeyInfo", params: p("targetUserKey", h.UserKey, "includeSecret", "true"), want: "403007 targetUserKey: this goes beyond the rights of the caller"},
		step{by: local, method: "admin.rotateUserKeySecret", params: p("targetUserKey", h.UserKey), want: "403007 targetUserKey: this goes beyond the rights of the caller"},
	)
}

func TestSearchingPartnersAndSites(t *testing.T) {
	h := newHouse(t)
	second := h.newSite("second.example.com")
	h.play(
		step{method: "admin.search", params: p("query", `select partnerID from sites where apiKey="`+second+`"`),
			want: `{"data":[{"partnerID":` + h.id + `}],"objectsCount":1,"totalCount":1}`},
		step{method: "admin.search", params: p("query", `SELECT baseDomain, companyName FROM sites WHERE isTrial = false ORDER BY baseDomain DESC LIMIT 1`),
			want: `{"data":[{"baseDomain":"second.example.com","companyName":"Example"}],"objectsCount":1,"totalCount":2}`},
		step{method: "admin.search", params: p("query", `SELECT companyName FROM partners`), want: `{"data":[{"companyName":"Example"}],"objectsCount":1,"totalCount":1}`},
		step{method: "admin.search", params: p("query", `SELECT count(*) FROM sites`), want: `{"data":[{"count(*)":2}],"objectsCount":1,"totalCount":2}`},
		step{method: "admin.search", params: p("query", `SELECT partnerID FROM sites WHERE apiKey = "`+h.strangerSite+`"`), want: `{"data":[],"objectsCount":0,"totalCount":0}`},
		step{method: "admin.search", params: p("query", `SELECT partnerID FROM partners WHERE secret = "x"`), want: "400006 Invalid argument: query: position 38: secret is not a field of partners"},
		step{method: "admin.search", params: p("query", `SELECT * FROM keys`), want: "400006 Invalid argument: query: want FROM sites or FROM partners"},
		step{method: "admin.search", params: p("query", `SELECT`), want: h.call(h.boss, "admin.search", "query", "SELECT")},
		step{method: "admin.search", want: "400002 Missing required parameter : query"},
		step{by: h.newKey("app", "", ""), method: "admin.search", params: p("query", `SELECT * FROM sites`), want: deniedText("admin.search")},
	)
	if got := h.call(h.boss, "admin.search", "query", "SELECT"); !strings.HasPrefix(got, "400006 Invalid argument: query: ") {
		t.Errorf("a query that ends early is %s", got)
	}
}
