package admin_test

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

func TestANewSiteIsUsedByTheNextCall(t *testing.T) {
	h := newHouse(t)
	answer := h.must(h.boss, "admin.createSite", "partnerID", h.id, "baseDomain", "shop.example.com", "description", "Shop", "dataCenter", "eu1")
	if !regexp.MustCompile(`^\{"apiKey":"4_[A-Za-z0-9_-]{22}","siteID":\d+\}$`).MatchString(answer) {
		t.Errorf("the answer is %s", answer)
	}
	apiKey := field(answer, "apiKey")
	h.play(
		step{method: "admin.getSiteConfig", params: p("apiKey", apiKey, "includeSiteGroupConfig", "true", "includeGlobalConf", "true", "includeSiteID", "true"),
			want: `{"baseDomain":"shop.example.com","dataCenter":"eu1","trustedSiteURLs":["shop.example.com/*","*.shop.example.com/*"],"description":"Shop",` +
				`"trustedShareURLs":["bit.ly/*","fw.to/*","shr.gs/*","vst.to/*","socli.ru/*","s.gigya-api.cn/*"],"tags":[],"captchaProvider":"Google",` +
				`"settings":{"CNAME":"","shortURLDomain":"","shortURLRedirMethod":"js","encryptPII":true},"enableDataSharing":true,"isCDP":false,"isGlobalSite":false,` +
				`"customAPIDomainPrefix":"","enableHSTS":false,"logoutURL":"","urlShorteners":{},"invisibleRecaptcha":{"SiteKey":"","Secret":""},` +
				`"recaptchaV2":{"SiteKey":"","Secret":""},"funCaptcha":{"SiteKey":"","Secret":""},"globalConf":"","siteID":` + field(answer, "siteID") +
				`,"siteGroupConfig":{"enableSSO":false}}`},
	)
	if got := field(h.must(h.boss, "accounts.initRegistration", "apiKey", apiKey), "regToken"); got == "" {
		t.Error("the site does not answer")
	}
}

func TestCreateSiteRefusals(t *testing.T) {
	h := newHouse(t)
	h.play(
		step{method: "admin.createSite", params: p("baseDomain", "a.example.com"), want: "400002 Missing required parameter : partnerID"},
		step{method: "admin.createSite", params: p("partnerID", h.id), want: "400002 Missing required parameter : baseDomain"},
		step{method: "admin.createSite", params: p("partnerID", "x", "baseDomain", "a"), want: "400004 Invalid argument: partnerID"},
		step{method: "admin.createSite", params: p("partnerID", h.id, "baseDomain", "a.example.com", "dataCenter", "mars1"), want: "400006 Datacenter is invalid"},
		step{method: "admin.createSite", params: p("partnerID", h.id, "baseDomain", "a\nb"),
			want: "400006 Invalid argument: baseDomain: the base domain has 1 to 256 characters and no control characters"},
		step{method: "admin.createSite", params: p("partnerID", h.stranger, "baseDomain", "a.example.com"), want: deniedText("admin.createSite")},
		step{method: "admin.createSite", params: p("partnerID", "12345", "baseDomain", "a.example.com"), want: deniedText("admin.createSite")},
		step{by: h.strangerKey, method: "admin.createSite", params: p("partnerID", h.id, "baseDomain", "a.example.com"), want: deniedText("admin.createSite")},
		step{by: credential{}, method: "admin.createSite", params: p("partnerID", h.id, "baseDomain", "a.example.com"), want: deniedText("admin.createSite")},
		step{by: credential{"userKey", h.UserKey}, method: "admin.createSite", params: p("partnerID", h.id, "baseDomain", "a.example.com"), want: deniedText("admin.createSite")},
		step{by: credential{"userKey", h.UserKey, "secret", "wrong"}, method: "admin.createSite", params: p("partnerID", h.id, "baseDomain", "a.example.com"), want: "403010 Invalid parameter: secret"},
		step{by: credential{"userKey", "ANobody00000", "secret", "wrong"}, method: "admin.createSite", params: p("partnerID", h.id, "baseDomain", "a.example.com"), want: "403005 The supplied userkey was not found"},
		step{by: credential{"apiKey", h.APIKey, "secret", h.Secret}, method: "admin.createSite", params: p("partnerID", h.stranger, "baseDomain", "a"), want: deniedText("admin.createSite")},
	)
	sites, err := h.Store().Sites(t.Context(), 0)
	h.check(err)
	if len(sites) != 2 {
		t.Errorf("there are %d sites", len(sites))
	}
	// Free text, two of a name, and the partner's own secret will do.
	h.must(credential{"apiKey", h.APIKey, "secret", h.Secret}, "admin.createSite", "partnerID", h.id, "baseDomain", "us parent test")
	h.must(h.boss, "admin.createSite", "partnerID", h.id, "baseDomain", "us parent test")
}

func TestDeletingASiteTakesTwoSteps(t *testing.T) {
	h := newHouse(t)
	apiKey, other := h.newSite("a.example.com"), h.newSite("b.example.com")
	first := field(h.must(h.boss, "admin.deleteSite", "apiKey", apiKey), "deleteToken")
	if first == "" {
		t.Fatal("there is no token")
	}
	second := h.newKey("second", listOf("deleteSite"), wholePartner)
	h.play(
		step{method: "admin.deleteSite", params: p("apiKey", other, "deleteToken", first), want: "400006 Invalid argument: deleteToken"},
		step{by: second, method: "admin.deleteSite", params: p("apiKey", apiKey, "deleteToken", first), want: "400006 Invalid argument: deleteToken"},
		step{method: "admin.deleteSite", params: p("apiKey", apiKey, "deleteToken", first+"A"), want: "400006 Invalid argument: deleteToken"},
		step{by: h.strangerKey, method: "admin.deleteSite", params: p("apiKey", apiKey), want: deniedText("admin.deleteSite")},
	)
	h.clock.Advance(10 * time.Minute)
	h.play(step{method: "admin.deleteSite", params: p("apiKey", apiKey, "deleteToken", first), want: "400006 Invalid argument: deleteToken"})
	token := field(h.must(h.boss, "admin.deleteSite", "apiKey", apiKey), "deleteToken")
	h.play(
		step{method: "admin.deleteSite", params: p("apiKey", apiKey, "deleteToken", token), want: `{}`},
		step{method: "admin.deleteSite", params: p("apiKey", apiKey, "deleteToken", token), want: "403007 Site was deleted"},
		step{method: "admin.getSiteConfig", params: p("apiKey", apiKey), want: "403007 Site was deleted"},
	)
	record, err := h.Store().Site(t.Context(), apiKey)
	h.check(err)
	if record.Deleted != clock.FromTime(h.clock.Now()) || record.Status != store.SiteDeleted {
		t.Errorf("the record is %+v", record)
	}
}

func TestADeleteTokenIsUsedOnceHoweverManyTry(t *testing.T) {
	h := newHouse(t)
	apiKey := h.newSite("a.example.com")
	token := field(h.must(h.boss, "admin.deleteSite", "apiKey", apiKey), "deleteToken")
	var answers [8]string
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() {
			answers[i] = h.from("192.0.2.1:1", h.boss, "admin.deleteSite", "apiKey", apiKey, "deleteToken", token)
		})
	}
	group.Wait()
	deleted := 0
	for _, answer := range answers {
		switch answer {
		case "{}":
			deleted++
		case "403007 Site was deleted":
		default:
			t.Errorf("got %s", answer)
		}
	}
	if deleted != 1 {
		t.Errorf("%d calls have deleted the site", deleted)
	}
}

func TestSiteGroups(t *testing.T) {
	h := newHouse(t)
	parent, child, third := h.newSite("parent.example.com"), h.newSite("child.example.com"), h.newSite("third.example.com")
	elsewhere := field(h.must(h.boss, "admin.createSite", "partnerID", h.id, "baseDomain", "eu.example.com", "dataCenter", "eu1"), "apiKey")
	h.must(h.boss, "admin.setSiteConfig", "apiKey", parent, "siteGroupConfig", `{"enableSSO":true}`, "globalConf", "{a: 1}",
		"settings", `{"CNAME":"login.example.com","mystery":{"x":1}}`)
	join := "admin.setSiteConfig"
	h.play(
		step{method: join, params: p("apiKey", child, "siteGroupOwner", parent, "siteGroupConfig", `{"SSOSegment":"eu"}`), want: `{}`},
		step{method: join, params: p("apiKey", child, "siteGroupOwner", parent), want: `{}`},
		step{method: join, params: p("apiKey", third, "siteGroupOwner", child),
			want: "400006 Invalid argument: siteGroupOwner: the site is a member of a group itself, and groups do not nest"},
		step{method: join, params: p("apiKey", parent, "siteGroupOwner", third),
			want: "400006 Invalid argument: siteGroupOwner: the site is the parent of a group with members"},
		step{method: join, params: p("apiKey", third, "siteGroupOwner", third), want: "400006 Invalid argument: siteGroupOwner: a site is not its own parent"},
		step{method: join, params: p("apiKey", elsewhere, "siteGroupOwner", parent),
			want: "400006 Invalid argument: siteGroupOwner: all sites of a group are in one data center"},
		step{method: join, params: p("apiKey", third, "siteGroupOwner", h.strangerSite), want: "400006 Invalid argument: siteGroupOwner: there is no such site"},
		step{method: join, params: p("apiKey", third, "siteGroupOwner", "4_0000000000000000000000"), want: "400006 Invalid argument: siteGroupOwner: there is no such site"},
		step{method: join, params: p("apiKey", child, "siteGroupConfig", `{"enableSSO":true}`),
			want: "400006 Invalid argument: siteGroupConfig.enableSSO: it is set on the parent of the group"},
		step{method: "admin.deleteSite", params: p("apiKey", parent),
			want: "403023 You can't delete this site because it's a group site. Please delete it's member sites first."},
	)
	config := h.must(h.boss, "admin.getSiteConfig", "apiKey", child, "includeSiteGroupConfig", "true", "includeGlobalConf", "true")
	for path, want := range map[string]string{
		"siteGroupOwner": parent, "siteGroupConfig": `{"enableSSO":true,"SSOSegment":"eu"}`, "globalConf": "{a: 1}",
		"settings":   `{"CNAME":"login.example.com","shortURLDomain":"","shortURLRedirMethod":"js","encryptPII":true,"mystery":{"x":1}}`,
		"baseDomain": "child.example.com", "trustedSiteURLs": `["child.example.com/*","*.child.example.com/*"]`,
	} {
		if got := field(config, path); got != want {
			t.Errorf("%s of the child is %s, want %s", path, got, want)
		}
	}
	explicit := h.must(h.boss, "admin.getSiteConfig", "apiKey", child, "includeSiteGroupConfig", "true", "includeGlobalConf", "true",
		"explicitSiteConfig", "true", "explicitSiteGroupConfig", "true")
	if want := `{"baseDomain":"child.example.com","dataCenter":"us1","trustedSiteURLs":["child.example.com/*","*.child.example.com/*"],"description":"",` +
		`"siteGroupConfig":{"SSOSegment":"eu"},"siteGroupOwner":"` + parent + `"}`; explicit != want {
		t.Errorf("what the child set is %s, want %s", explicit, want)
	}
	if got := field(h.must(h.boss, "admin.getSiteConfig", "apiKey", parent, "includeSiteGroupConfig", "true"), "siteGroupConfig"); got != `{"members":["`+child+`"],"enableSSO":true}` {
		t.Errorf("the parent's group is %s", got)
	}
	h.must(h.boss, join, "apiKey", child, "siteGroupOwner", "")
	token := field(h.must(h.boss, "admin.deleteSite", "apiKey", parent), "deleteToken")
	h.must(h.boss, "admin.deleteSite", "apiKey", parent, "deleteToken", token)
	h.play(step{method: join, params: p("apiKey", third, "siteGroupOwner", parent), want: "400006 Invalid argument: siteGroupOwner: there is no such site"})
}

func TestASiteWithAccountsJoinsNoGroup(t *testing.T) {
	h := newHouse(t)
	parent, child, third := h.newSite("parent.example.com"), h.newSite("child.example.com"), h.newSite("third.example.com")
	h.Change(func(tx store.Tx) error {
		return tx.PutAccount(&store.Account{Group: child, UID: "ann", Created: 1, Registered: 1, IsActive: true})
	})
	h.must(h.boss, "ds.store", "apiKey", third, "type", "notes", "oid", "1", "data", `{"a":1}`)
	h.play(
		step{method: "admin.setSiteConfig", params: p("apiKey", child, "siteGroupOwner", parent, "description", "changed"),
			want: "400006 Invalid argument: siteGroupOwner: the site has accounts of its own, which nobody could reach as a member of a group"},
		step{method: "admin.setSiteConfig", params: p("apiKey", third, "siteGroupOwner", parent),
			want: "400006 Invalid argument: siteGroupOwner: the site has objects of its own in the data store, which nobody could reach as a member of a group"},
	)
	if got := field(h.must(h.boss, "admin.getSiteConfig", "apiKey", child), "description"); got != "" {
		t.Errorf("a refused call has changed the description to %s", got)
	}
}

func TestADeletedParentIsKeptFromTheDayOnWhichItsLastMemberLeft(t *testing.T) {
	h := newHouse(t)
	parent, child, third := h.newSite("parent.example.com"), h.newSite("child.example.com"), h.newSite("third.example.com")
	day := clock.FromTime(testTime)
	status := func(deleted clock.Millis) {
		h.Change(func(tx store.Tx) error {
			s, err := tx.Site(parent)
			s.Status, s.Deleted = store.SiteDeleted, deleted
			return errors.Join(err, tx.PutSite(s))
		})
	}
	for _, c := range []struct {
		to            string
		deleted, want clock.Millis
	}{
		{"", day - 1e9, day},
		{third, day - 1e9, day},
		{parent, day - 1e9, day - 1e9}, // It stays.
		{"", day + 5, day + 5},
		{"", 0, 0}, // Nobody knows when: it is never purged.
	} {
		h.must(h.boss, "admin.setSiteConfig", "apiKey", child, "siteGroupOwner", "")
		h.Change(func(tx store.Tx) error {
			s, err := tx.Site(child)
			s.Group = parent
			return errors.Join(err, tx.PutSite(s))
		})
		status(c.deleted)
		h.must(h.boss, "admin.setSiteConfig", "apiKey", child, "siteGroupOwner", c.to)
		if s, err := h.Store().Site(t.Context(), parent); err != nil || s.Deleted != c.want || s.Status != store.SiteDeleted {
			t.Errorf("to %q: the parent is %+v, %v, want it to be deleted at %d", c.to, s, err, c.want)
		}
	}
}

func TestDeletedMembersOfASiteThatJoinsStandAlone(t *testing.T) {
	h := newHouse(t)
	parent, middle, member := h.newSite("parent.example.com"), h.newSite("middle.example.com"), h.newSite("member.example.com")
	h.must(h.boss, "admin.setSiteConfig", "apiKey", member, "siteGroupOwner", middle)
	token := field(h.must(h.boss, "admin.deleteSite", "apiKey", member), "deleteToken")
	h.must(h.boss, "admin.deleteSite", "apiKey", member, "deleteToken", token)
	h.must(h.boss, "admin.setSiteConfig", "apiKey", middle, "siteGroupOwner", parent)
	for apiKey, want := range map[string]string{member: member, middle: parent, parent: parent} {
		if s, err := h.Store().Site(t.Context(), apiKey); err != nil || s.Group != want {
			t.Errorf("the group of %s is %s, want %s", s.BaseDomain, s.Group, want)
		}
	}
}

func TestTwoSitesNeverHangOnEachOther(t *testing.T) {
	h := newHouse(t)
	a, b := h.newSite("a.example.com"), h.newSite("b.example.com")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { h.from("192.0.2.1:1", h.boss, "admin.setSiteConfig", "apiKey", a, "siteGroupOwner", b) })
		group.Go(func() { h.from("192.0.2.1:1", h.boss, "admin.setSiteConfig", "apiKey", b, "siteGroupOwner", a) })
	}
	group.Wait()
	children := 0
	for _, apiKey := range []string{a, b} {
		if strings.Contains(h.must(h.boss, "admin.getSiteConfig", "apiKey", apiKey, "includeSiteGroupConfig", "true"), "siteGroupOwner") {
			children++
		}
	}
	if children != 1 {
		t.Errorf("%d of the two sites are children", children)
	}
}
