package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/store"
)

// TestAConfigurationIsCopiedFromSiteToSite does what SAP's toolkit does, with its parameters: it reads one site and writes what it
// read to another. Both then answer alike, and the secrets among it are nowhere in the log, in the audit or open in the store.
func TestAConfigurationIsCopiedFromSiteToSite(t *testing.T) {
	d := doorwardtest.New(t)
	to := d.AddSite(func(s *store.Site) {
		s.APIKey = "3_CopiedTo-0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGH"
		s.SiteID = 77
		s.Group = s.APIKey
	})
	const context = `{"id":"copied","targetApiKey":"x & \"y\""}`
	call := func(apiKey, name string, params ...string) map[string]json.RawMessage {
		t.Helper()
		text := d.Call(name, append([]string{"apiKey", apiKey, "userKey", d.UserKey, "secret", d.UserSecret, "context", context}, params...)...)
		answer := map[string]json.RawMessage{}
		if err := json.Unmarshal(text, &answer); err != nil {
			t.Fatal(err)
		}
		var echoed string
		if err := json.Unmarshal(answer["context"], &echoed); err != nil || echoed != context || string(answer["errorCode"]) != "0" {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		return answer
	}
	seed(call, d.APIKey)
	read := []string{"includeSettings", "true", "includeCapabilities", "true", "includeSecretKeys", "true", "format", "json"}
	topics := []string{"query", "select topicChannelId, topic, channel, lastModified, description,schema from topicChannels limit 2000"}
	steps := []struct {
		get    string
		params []string
		// copy writes what was read; members are those that are then compared.
		copy    func(answer map[string]json.RawMessage)
		members []string
	}{
		{"socialize.getProvidersConfig", read, func(a map[string]json.RawMessage) {
			var settings string
			_ = json.Unmarshal(a["settings"], &settings)
			call(to, "socialize.setProvidersConfig", "settings", settings, "capabilities", "undefined", "providers", string(a["providers"]), "format", "json")
		}, []string{"providers", "settings", "capabilities"}},
		{"accounts.rba.getPolicy", nil, func(a map[string]json.RawMessage) {
			call(to, "accounts.rba.setPolicy", "policy", string(a["policy"]))
		}, []string{"policy"}},
		{"accounts.rba.riskAssessment.getConfig", nil, func(a map[string]json.RawMessage) {
			call(to, "accounts.rba.riskAssessment.setConfig", "Config", `{"Enabled":`+string(a["Enabled"])+`}`)
		}, []string{"Enabled"}},
		{"accounts.getConsentsStatements", nil, func(a map[string]json.RawMessage) {
			call(to, "accounts.setConsentsStatements", "preferences", string(a["preferences"]))
			one := []string{"consentId", "terms.tos", "lang", "en"}
			call(to, "accounts.setConsentDefaultLang", one...)
			legal := call(d.APIKey, "accounts.getLegalStatements", one...)
			call(to, "accounts.setLegalStatements", append(one, "legalStatements", string(legal["legalStatements"]))...)
		}, []string{"preferences"}},
		{"accounts.communication.getChannels", nil, func(a map[string]json.RawMessage) {
			call(to, "accounts.communication.setChannels", "Channels", string(a["Channels"]))
		}, []string{"Channels"}},
		{"accounts.communications.settings.search", topics, func(a map[string]json.RawMessage) {
			var results []json.RawMessage
			_ = json.Unmarshal(a["results"], &results)
			for _, topic := range results {
				call(to, "accounts.communications.settings.set", "topicChannel", string(topic))
			}
		}, []string{"objectsCount", "totalCount"}},
		{"idx.search", []string{"query", "SELECT * FROM dataflow"}, func(a map[string]json.RawMessage) {
			var result []json.RawMessage
			_ = json.Unmarshal(a["result"], &result)
			for _, flow := range result {
				call(to, "idx.createDataflow", "data", string(flow))
			}
		}, []string{"resultCount", "totalCount"}},
	}
	for _, s := range steps {
		there := call(d.APIKey, s.get, s.params...)
		s.copy(there)
		here := call(to, s.get, s.params...)
		for _, name := range s.members {
			if len(there[name]) == 0 || string(here[name]) != string(there[name]) {
				t.Errorf("%s: %s is\n%s\nwant\n%s", s.get, name, here[name], there[name])
			}
		}
	}
	if providers := string(call(to, "socialize.getProvidersConfig", read...)["providers"]); !strings.Contains(providers, "hidden-1") {
		t.Errorf("the secret was not copied: %s", providers)
	}
	if log := d.Log(); strings.Contains(log, "hidden-") {
		t.Errorf("the log tells a secret:\n%s", log)
	}
	for _, apiKey := range []string{d.APIKey, to} {
		records := 0
		err := d.Store().Audits(t.Context(), store.AuditQuery{Log: apiKey, Limit: 1000}, func(a *store.Audit, _ string) error {
			records++
			if strings.Contains(string(a.Record), "hidden-") {
				t.Errorf("the audit tells a secret: %s", a.Record)
			}
			return nil
		})
		if err != nil || records < 7 {
			t.Errorf("%d records, %v", records, err)
		}
		objects, err := d.Store().ConfigObjects(t.Context(), apiKey, "")
		if err != nil || len(objects) < 7 {
			t.Errorf("%d objects, %v", len(objects), err)
		}
		for _, o := range objects {
			if strings.Contains(string(o.Document), "hidden-") {
				t.Errorf("%s %s has a secret open: %s", o.Kind, o.Name, o.Document)
			}
		}
	}
}

// seed configures the site that is copied.
func seed(call func(apiKey, name string, params ...string) map[string]json.RawMessage, apiKey string) {
	call(apiKey, "socialize.setProvidersConfig", "settings", "disableGooglePlusLoginScope",
		"providers", `{"facebook":{"app":{"appID":"2083515","secertKey":"hidden-1"}},"amazon":{"app":{"accessKey":"A","secretAccessKey":"hidden-2"}}}`)
	call(apiKey, "accounts.rba.setPolicy", "policy", `{"commonRules":[],"rulesSets":[{"id":"_off","rules":[]},{"id":"mine","rules":[]}],"defaultPolicy":"mine"}`)
	call(apiKey, "accounts.rba.riskAssessment.setConfig", "Config", `{"Enabled":true}`)
	call(apiKey, "accounts.setConsentsStatements", "preferences", `{"terms.tos":{"isActive":true,"isMandatory":true,"langs":["en"],"defaultLang":"en"}}`)
	call(apiKey, "accounts.setLegalStatements", "consentId", "terms.tos", "lang", "en",
		"legalStatements", `{"publishedDocVersion":1.0,"versions":{"1":{"purpose":"p","LegalStatementStatus":"Published"}}}`)
	call(apiKey, "accounts.communication.setChannels", "Channels", `{"SMS":{"description":"d","dependsOn":[]}}`)
	call(apiKey, "accounts.communications.settings.set", "topicChannel", `{"topicChannelId":"C_SMS","topic":"marketing","channel":"SMS"}`)
	call(apiKey, "idx.createDataflow", "data", `{"name":"nightly","steps":[{"id":"a","type":"datasource.read.sftp","params":{"password":"hidden-3",`+
		`"apiParams":[{"paramName":"secret","value":"hidden-4"}]}},{"id":"b","type":"datasource.write.mailchimp","params":{"apiKey":"hidden-5"}}]}`)
}
