package saptools_test

import (
	"strings"
	"testing"
)

// copies are the reads that show all that the toolkit copies.
var copies = []*step{
	read("accounts.getSchema", "include", "profileSchema,dataSchema,subscriptionsSchema,internalSchema,addressesSchema"),
	read("accounts.getPolicies"),
	read("accounts.getScreenSets", "include", "screenSetID,html,css,javascript,translations,metadata"),
	read("accounts.policies.emailTemplates.getConfig"),
	read("accounts.sms.templates.get"),
	read("socialize.getProvidersConfig", "includeSettings", "true", "includeCapabilities", "true", "includeSecretKeys", "true"),
	read("admin.getSiteConfig", "includeSiteGroupConfig", "true", "includeGlobalConf", "true"),
	read("accounts.getConsentsStatements"),
	read("accounts.getLegalStatements", "consentId", "terms.tos", "lang", "en"),
	read("accounts.getLegalStatements", "consentId", "terms.tos", "lang", "de"),
	read("accounts.getLegalStatements", "consentId", "privacy.cookies", "lang", "en"),
	read("accounts.communication.getChannels"),
	read("accounts.communications.settings.search", "query", "select topicChannelId, topic, channel, description from topicChannels"),
	read("accounts.webhooks.getAll"),
	read("accounts.extensions.list"),
	read("idx.search", "query", "SELECT * FROM dataflow"),
	read("idx.search", "query", "SELECT * FROM dataflow_draft"),
	read("accounts.rba.getPolicy"),
	read("accounts.rba.riskAssessment.getConfig"),
	read("admin.captcha.getConfig"),
	read("admin.riskProviders.getConfig"),
}

func read(method string, params ...string) *step {
	s := &step{method: method, dataCenter: "us1"}
	for i := 0; i < len(params); i += 2 {
		s.params = append(s.params, param{params[i], params[i+1]})
	}
	return s
}

// ownOfSites is what each site has of its own, and what counts changes.
var ownOfSites = map[string][]string{
	"*":                              {"callId", "time"},
	"accounts.getScreenSets":         {"screenSets/*/metadata/version", "screenSets/*/metadata/lastModified"},
	"accounts.getConsentsStatements": {"preferences/*/langs"}, // in the order in which the texts came, which are sent at once
	"accounts.webhooks.getAll":       {"webhooks/*/id"},
	"accounts.extensions.list":       {"result/*/id", "result/*/created", "result/*/lastModified"},
	"idx.search":                     {"result/*/id", "result/*/apiKey", "result/*/siteId", "result/*/createTime", "result/*/updateTime"},
	"admin.riskProviders.getConfig":  {"siteId"},
	"admin.getSiteConfig": {
		"apiKey", "siteID", "siteId", "baseDomain", "description", "dataCenter", "siteGroupConfig", "siteGroupOwner", "trustedSiteURLs",
		"trustedShareURLs", "CNameURL", "createTime", "updateTime", "created", "lastModified",
	},
}

// notCopied is what the tools themselves leave out or change, by tool.
var notCopied = map[string]map[string][]string{
	"toolkit-1.11.3": {
		"accounts.getPolicies":   {"security/accountLockout"}, // taken out before the policies are sent
		"accounts.rba.getPolicy": {"policy/rulesSets"},        // sent with _off first
	},
	"toolkit-1.6.7": {
		"accounts.getPolicies":                  {"security/accountLockout"},
		"accounts.rba.getPolicy":                {"policy"}, // this and what follows came with later versions
		"accounts.rba.riskAssessment.getConfig": {"Enabled"},
		"admin.captcha.getConfig":               {"Config"},
		"admin.getSiteConfig":                   {"invisibleRecaptcha", "recaptchaV2"},
		"admin.riskProviders.getConfig":         {"config"},
	},
}

// compareSites holds what the toolkit copied from site a to site b and its member c against what it read.
func (s *stage) compareSites(t *testing.T, tool string) {
	for _, call := range copies {
		of := func(site string) any {
			asked := *call
			asked.params = append([]param{{"apiKey", "${" + site + "}"}}, call.params...)
			answer, err := s.play(&asked)
			if err != nil {
				t.Fatalf("%s for %s: %v", call.method, site, err)
			}
			return answer
		}
		exceptions := append(append([]string{}, ownOfSites["*"]...), ownOfSites[call.method]...)
		exceptions = append(exceptions, notCopied[tool][call.method]...)
		origin := of("a")
		for _, site := range []string{"b", "c"} {
			for _, d := range differences(origin, of(site), exceptions) {
				t.Errorf("%s, a and %s: %s", call.method, site, d)
			}
		}
	}
}

// compareReads holds the last answer to each read against the one before: between them the accelerator deployed what it had read.
func (s *stage) compareReads(t *testing.T) {
	compared := 0
	for key, answers := range s.last {
		method, _, _ := strings.Cut(key, " ")
		short := method[strings.LastIndexByte(method, '.')+1:]
		if len(answers) < 2 || !strings.HasPrefix(short, "get") {
			continue
		}
		compared++
		exceptions := append(append([]string{}, ownOfSites["*"]...), ownOfSites[method]...)
		for _, d := range differences(answers[1], answers[0], exceptions) {
			t.Errorf("%s: %s", key, d)
		}
	}
	if compared < 8 {
		t.Errorf("%d reads were compared", compared)
	}
}
