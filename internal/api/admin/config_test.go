package admin_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/api/admin"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

func TestSetSiteConfigChangesWhatIsSentAlone(t *testing.T) {
	h := newHouse(t)
	apiKey := h.newSite("a.example.com")
	set := func(params ...string) {
		h.must(h.boss, "admin.setSiteConfig", append([]string{"apiKey", apiKey}, params...)...)
	}
	set("globalConf", "{ // a comment\r\n  enabledProviders: 'x' }", "tags", `["one"]`, "description", "first", "customAPIDomainPrefix", "login",
		"enableHSTS", "true", "enableDataSharing", "false", "logoutURL", "https://a.example.com/logout", "captchaProvider", "FunCaptcha",
		"urlShorteners", `{"bitly":{}}`, "abTesting", `{"x":[1,2]}`, "settings", `{"CNAME":"c.example.com","mystery":"kept"}`,
		"services", `{"gm":{"enabled":true,"odd":1}}`, "gigyaSettings", `{"dsSize":"10"}`, "trustedShareURLs", `["bit.ly/*"]`)
	set("settings", `{"encryptPII":false,"CNAME":null}`, "description", "", "trustedSiteURLs", `["https://a.example.com/*","*.b.example.com"]`)
	got := h.must(h.boss, "admin.getSiteConfig", "apiKey", apiKey, "includeGlobalConf", "true", "includeServices", "true", "includeGigyaSettings", "true")
	for path, want := range map[string]string{
		"globalConf": "{ // a comment\r\n  enabledProviders: 'x' }", "tags": `["one"]`, "description": "", "customAPIDomainPrefix": "login",
		"enableHSTS": "true", "enableDataSharing": "false", "logoutURL": "https://a.example.com/logout", "captchaProvider": "FunCaptcha",
		"urlShorteners": `{"bitly":{}}`, "abTesting": `{"x":[1,2]}`, "gigyaSettings": `{"dsSize":"10"}`, "trustedShareURLs": `["bit.ly/*"]`,
		"settings":        `{"CNAME":"","shortURLDomain":"","shortURLRedirMethod":"js","encryptPII":false,"mystery":"kept"}`,
		"trustedSiteURLs": `["https://a.example.com/*","*.b.example.com"]`,
	} {
		if value := field(got, path); value != want {
			t.Errorf("%s is %s, want %s", path, value, want)
		}
	}
	services, _ := document.MemberAt([]byte(got), "services", "gm")
	if string(services) != `{"enabled":true,"odd":1}` {
		t.Errorf("services.gm is %s", services)
	}
}

func TestUnknownMembersOfAStoredConfigurationStay(t *testing.T) {
	h := newHouse(t)
	h.Change(func(tx store.Tx) error {
		s, err := tx.Site(h.APIKey)
		h.check(err)
		s.Config = []byte(`{"later":{"b":1,"a":[null]},"settings":{"x":1},"tags":["t"]}`)
		return tx.PutSite(s)
	})
	h.must(h.boss, "admin.setSiteConfig", "apiKey", h.APIKey, "tags", `[]`, "settings", `{"CNAME":"c"}`)
	s, err := h.Store().Site(t.Context(), h.APIKey)
	h.check(err)
	if want := `{"later":{"b":1,"a":[null]},"settings":{"x":1,"CNAME":"c"},"tags":[]}`; string(s.Config) != want {
		t.Errorf("stored is %s, want %s", s.Config, want)
	}
	if got := field(h.must(h.boss, "admin.getSiteConfig", "apiKey", h.APIKey), "later"); got != `{"b":1,"a":[null]}` {
		t.Errorf("shown is %s", got)
	}
}

func TestBadConfigurationChangesNothing(t *testing.T) {
	h := newHouse(t)
	before, err := h.Store().Site(t.Context(), h.APIKey)
	h.check(err)
	pattern := "a trusted site URL begins with a host name such as www.example.com or *.example.com"
	for _, c := range []struct{ name, value, want string }{
		{"trustedSiteURLs", `["a.example.com/*","b c"]`, "400006 Invalid argument: trustedSiteURLs[1]: " + pattern},
		{"trustedSiteURLs", `["ftp://a.example.com"]`, "400006 Invalid argument: trustedSiteURLs[0]: the scheme of a trusted site URL is http or https"},
		{"trustedSiteURLs", `["a.example.com",7]`, "400006 Invalid argument: trustedSiteURLs[1]: want a text"},
		{"trustedShareURLs", `[""]`, "400006 Invalid argument: trustedShareURLs[0]: " + pattern},
		{"trustedSiteURLs", `a.example.com`, "400004"},
		{"trustedSiteURLs", `{}`, `400004 Invalid argument: trustedSiteURLs: want a JSON array of texts, such as ["a","b"]`},
		{"trustedSiteURLs", `a.example.com/*,b.example.com/*`, `400004 Invalid argument: trustedSiteURLs: want a JSON array of texts, such as ["a","b"]`},
		{"tags", `[{}]`, "400006 Invalid argument: tags[0]: want a text"},
		{"settings", `{"encryptPII":"yes"}`, "400006 Invalid argument: settings.encryptPII: must be true or false"},
		{"settings", `[]`, "400006 Invalid argument: settings: must be an object"},
		{"settings", `{`, "400004"},
		{"siteGroupConfig", `{"SSOSegment":5}`, "400006 Invalid argument: siteGroupConfig.SSOSegment: must be a string of 0 to 64 bytes"},
		{"gigyaSettings", `{"enableRequestLoggingUntil":"2026"}`, "400006 Invalid argument: gigyaSettings.enableRequestLoggingUntil: it can only be read"},
		{"gigyaSettings", `{"customAPIDomainPrefix":"a.b"}`, "400006 Invalid argument: gigyaSettings.customAPIDomainPrefix: must be a label of a domain, such as login"},
		{"captchaProvider", `None`, "400006 Invalid argument: captchaProvider: must be one of Google, FunCaptcha"},
		{"recaptchaV2", `{"SiteKey":5}`, "400006 Invalid argument: recaptchaV2.SiteKey: want a text"},
		{"dataCenter", "eu1", "400006 Invalid argument: dataCenter: the data center of a site cannot change"},
		{"customAPIDomainPrefix", "a.b", "400006 Invalid argument: customAPIDomainPrefix: want a label of a domain, such as login"},
		{"logoutURL", "javascript:alert(1)", "400006 Invalid argument: logoutURL: want an address that begins with http:// or https://"},
		{"baseDomain", "", "400006 Invalid argument: baseDomain: the base domain has 1 to 256 characters and no control characters"},
		{"enableHSTS", "perhaps", "400006"},
	} {
		got := h.call(h.boss, "admin.setSiteConfig", "apiKey", h.APIKey, "description", "changed", c.name, c.value)
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s=%s: got %s, want %s", c.name, c.value, got, c.want)
		}
	}
	h.play(
		step{method: "admin.setSiteConfig", params: p("apiKey", "nonsense"), want: "400093 GSKeyBase is invalid, no version: nonsense"},
		step{method: "admin.getSiteConfig", params: p("apiKey", "4_0000000000000000000000"), want: "400093 Invalid ApiKey parameter"},
		step{method: "admin.getSiteConfig", want: "400002 Missing required parameter : apiKey"},
		step{by: h.strangerKey, method: "admin.getSiteConfig", params: p("apiKey", h.APIKey), want: deniedText("admin.getSiteConfig")},
	)
	after, err := h.Store().Site(t.Context(), h.APIKey)
	h.check(err)
	if after.Description != before.Description || string(after.Config) != string(before.Config) {
		t.Errorf("the site has changed to %+v", after)
	}
}

func TestCaptchaKeysHaveTwoViews(t *testing.T) {
	h := newHouse(t)
	child := h.newSite("child.example.com")
	h.play(
		step{method: "admin.captcha.getConfig", params: p("apiKey", h.APIKey),
			want: `{"Config":[{"Type":1,"Key":"","Secret":""},{"Type":2,"Key":"","Secret":""},{"Type":3,"Key":"","Secret":""},{"Type":4,"Key":"","Secret":""}]}`},
		step{method: "admin.setSiteConfig", params: p("apiKey", h.APIKey, "recaptchaV2", `{"SiteKey":"k1","Secret":"s1"}`, "funCaptcha", `{"siteKey":"k4","secret":"s4"}`, "invisibleRecaptcha", `{}`), want: `{}`},
		step{method: "admin.captcha.setConfig", params: p("apiKey", h.APIKey, "Config", `[{"Type":2,"Key":"k2","Secret":"s2"},{"Type":5,"Key":"k5","Secret":""}]`), want: `{}`},
		step{method: "admin.captcha.getConfig", params: p("apiKey", h.APIKey),
			want: `{"Config":[{"Type":1,"Key":"k1","Secret":"s1"},{"Type":2,"Key":"k2","Secret":"s2"},{"Type":3,"Key":"","Secret":""},{"Type":4,"Key":"k4","Secret":"s4"},{"Type":5,"Key":"k5","Secret":""}]}`},
		step{method: "admin.captcha.setConfig", params: p("apiKey", h.APIKey), want: "400002 Missing required parameter : Config"},
		step{method: "admin.captcha.setConfig", params: p("apiKey", h.APIKey, "Config", `[{"Type":1,"Key":"x"},{"Type":0}]`),
			want: "400006 Invalid argument: Config[1].Type: must be a whole number from 1 to 9"},
		step{method: "admin.captcha.setConfig", params: p("apiKey", h.APIKey, "Config", `[{"Key":"x"}]`), want: "400006 Invalid argument: Config[0].Type: is missing"},
		step{method: "admin.captcha.setConfig", params: p("apiKey", h.APIKey, "Config", `[{"Type":1},{"Type":1}]`), want: "400006 Invalid argument: Config[1].Type: is there twice"},
	)
	config := h.must(h.boss, "admin.getSiteConfig", "apiKey", h.APIKey)
	for name, want := range map[string]string{
		"recaptchaV2": `{"SiteKey":"k1","Secret":"s1"}`, "invisibleRecaptcha": `{"SiteKey":"k2","Secret":"s2"}`, "funCaptcha": `{"SiteKey":"k4","Secret":"s4"}`,
	} {
		if got := field(config, name); got != want {
			t.Errorf("%s is %s", name, got)
		}
	}
	// A child has its parent's, type by type, until it sets its own.
	h.must(h.boss, "admin.setSiteConfig", "apiKey", child, "siteGroupOwner", h.APIKey)
	h.must(h.boss, "admin.captcha.setConfig", "apiKey", child, "Config", `[{"Type":1,"Key":"own","Secret":"o"}]`)
	config = h.must(h.boss, "admin.getSiteConfig", "apiKey", child)
	if field(config, "recaptchaV2") != `{"SiteKey":"own","Secret":"o"}` || field(config, "funCaptcha") != `{"SiteKey":"k4","Secret":"s4"}` {
		t.Errorf("the child has %s", config)
	}
	records, err := h.Store().ConfigObjects(t.Context(), h.APIKey, "captcha")
	h.check(err)
	if len(records) != 1 || strings.Contains(string(records[0].Document), "s1") {
		t.Errorf("a secret lies open: %s", records[0].Document)
	}
}

func TestRiskProvidersAreKept(t *testing.T) {
	h := newHouse(t)
	site, err := h.Store().Site(t.Context(), h.APIKey)
	h.check(err)
	id := string(document.Int(site.SiteID).AppendJSON(nil))
	h.play(
		step{method: "admin.riskProviders.getConfig", params: p("apiKey", h.APIKey),
			want: `{"config":{"subscriberId":"","account":"","environment":0,"integrationPoint":""},"configType":0,"siteId":` + id + `}`},
		step{method: "admin.riskProviders.setConfig", params: p("apiKey", h.APIKey, "config", `{"configType":0,"config":"{\"subscriberId\":\"s\",\"environment\":1,\"more\":[1]}"}`), want: `{}`},
		step{method: "admin.riskProviders.getConfig", params: p("apiKey", h.APIKey),
			want: `{"config":{"subscriberId":"s","environment":1,"more":[1]},"configType":0,"siteId":` + id + `}`},
		step{method: "admin.riskProviders.setConfig", params: p("apiKey", h.APIKey, "config", `{"config":{"environment":"x"}}`),
			want: "400006 Invalid argument: config.environment: must be a whole number from 0 to 2147483647"},
		step{method: "admin.riskProviders.setConfig", params: p("apiKey", h.APIKey, "config", `{"configType":0}`), want: "400006 Invalid argument: config: is missing"},
		step{method: "admin.certificates.createRequest", want: "400096 Certificates are set up on the server itself"},
	)
}

func TestAListInAFileHasItsMembersAsTheyAreSpelt(t *testing.T) {
	for _, c := range []struct{ doc, want string }{
		{`{"acl":{"_inherit":[]},"description":"d"}`, `{"acl":{"_inherit":[],"_api":{},"_data":{}},"description":"d"}`},
		{`{"acl":{},"Description":"` + strings.Repeat("x", 2000) + `"}`, `{"acl":{"_api":{},"_data":{},"_inherit":[]},"description":""}`},
		{`{"acl":{},"ACL":{"_api":{"_ace":{"perms":"x"}}}}`, `{"acl":{"_api":{},"_data":{},"_inherit":[]},"description":""}`},
		{`{"ACL":{}}`, "400006 Invalid argument: acl: want an object"},
		{`{"acl":null}`, "400004 Invalid argument: acl: want a JSON object: offset 0: an object was expected"},
		{`{"acl":[]}`, "400004 Invalid argument: acl: want a JSON object: offset 0: an object was expected"},
		{`{"acl":{},"description":"` + strings.Repeat("x", 2000) + `"}`, "400006 Invalid argument: description: at most 1024 bytes"},
	} {
		stored, err := admin.CheckList("mine", []byte(c.doc))
		got := string(stored)
		var refused *gigya.Error
		if errors.As(err, &refused) {
			got = fmt.Sprint(int(refused.Code), " ", refused.Details)
		}
		if got != c.want {
			t.Errorf("%.80s\n got %.200s\nwant %s", c.doc, got, c.want)
		}
	}
}
