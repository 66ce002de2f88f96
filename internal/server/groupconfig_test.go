package server_test

import (
	"slices"
	"strings"
	"testing"
)

// setting is a part of the configuration, with the call that writes a mark into it and the one that shows it.
type setting struct {
	set, get string
	write    func(mark string) []string
	read     []string
	// whose it is in a site group.
	whose whose
	// member is the answer to a member that writes it.
	member int
}

type whose int

const (
	// ownOnly: each site's own.
	ownOnly whose = iota
	// parents: the parent's, with what a member writes itself before it, at that member alone.
	parents
	// groups: there is one, which members write as well as the parent.
	groups
)

// with makes the parameters of a write: %s in the value is the mark.
func with(param, value string, more ...string) func(string) []string {
	return func(mark string) []string {
		list := append([]string{param, value}, more...)
		for i := range list {
			list[i] = strings.ReplaceAll(list[i], "%s", mark)
		}
		return list
	}
}

var settings = []setting{
	{set: "accounts.setPolicies", get: "accounts.getPolicies", whose: parents, write: with("emailVerification", `{"emailTemplates":{"en":"<meta name=from content=a@example.com><meta name=subject content=%s>"}}`)},
	{set: "accounts.setPolicies", get: "accounts.getPolicies", whose: parents, member: 400006, write: with("accountOptions", `{"defaultLanguage":"%s"}`)},
	{set: "accounts.setSchema", get: "accounts.getSchema", whose: groups, write: with("dataSchema", `{"fields":{"%s":{"type":"string"}}}`)},
	{set: "accounts.policies.emailTemplates.setConfig", get: "accounts.policies.emailTemplates.getConfig", whose: parents,
		write: with("magicLink", `{"defaultLanguage":"%s"}`)},
	{set: "accounts.sms.templates.set", get: "accounts.sms.templates.get", whose: parents,
		write: with("templates", `{"otp":{"globalTemplates":{"templates":{"en":"%s {{code}}"},"defaultLanguage":"en"}}}`)},
	{set: "accounts.rba.setPolicy", get: "accounts.rba.getPolicy", whose: parents, member: 400009,
		write: with("policy", `{"commonRules":[],"rulesSets":[{"id":"%s","rules":[]}]}`)},
	{set: "accounts.communication.setChannels", get: "accounts.communication.getChannels", whose: parents, member: 400009,
		write: with("Channels", `{"SMS":{"description":"%s"}}`)},
	{set: "accounts.communication.setTopicSettings", get: "accounts.communication.getTopicSettings", whose: parents,
		write: with("CommunicationSettings", `{"A_x":{"channel":"SMS","topic":"%s"}}`)},
	{set: "accounts.setConsentsStatements", get: "accounts.getConsentsStatements", whose: parents, member: 400009,
		write: with("preferences", `{"terms.%s":{"isActive":true,"langs":["en"]}}`)},
	{set: "accounts.extensions.create", get: "accounts.extensions.list", whose: parents, member: 400009,
		write: with("friendlyName", "%s", "extensionPoint", "OnBeforeAccountsLogin", "extensionFuncUrl", "https://example.com/ext")},
	{set: "accounts.webhooks.set", get: "accounts.webhooks.getAll", whose: parents, write: with("name", "a", "url", "https://example.com/%s", "events", "accountCreated")},
	{set: "accounts.registerCounters", get: "accounts.getRegisteredCounters", write: with("counters", `[{"class":"%s","path":"/"}]`)},
	{set: "accounts.setScreenSet", get: "accounts.getScreenSets", write: with("screenSetID", "%s", "html", "<p></p>")},
	{set: "admin.captcha.setConfig", get: "admin.captcha.getConfig", whose: parents, write: with("Config", `[{"Type":3,"Key":"%s","Secret":"s"}]`)},
	{set: "admin.riskProviders.setConfig", get: "admin.riskProviders.getConfig", whose: parents, write: with("config", `{"configType":0,"config":{"account":"%s"}}`)},
	{set: "admin.setRestrictions", get: "admin.getRestrictions", write: with("blockedWords", `["%s"]`)},
	{set: "admin.setSiteConfig", get: "admin.getSiteConfig", write: with("description", "%s")},
	{set: "socialize.setProvidersConfig", get: "socialize.getProvidersConfig", whose: parents,
		write: with("providers", `{"facebook":{"app":{"appID":"%s","secertKey":"x"}}}`)},
	{set: "idx.createDataflow", get: "idx.search", read: []string{"query", "SELECT * FROM dataflow"}, write: with("data", `{"name":"%s","steps":[]}`)},
	{set: "ds.setSchema", get: "ds.getSchema", whose: groups, read: []string{"type", "shared"}, write: with("type", "shared", "dataSchema", `{"fields":{"%s":{"type":"string"}}}`)},
}

// Writes about a site alone that leave no mark of ours, and what tries them instead.
var settingsElsewhere = map[string]string{
	"accounts.initRegistration":             "what it gives out is the subject registration of the matrix",
	"accounts.migrateConsentFlow":           "it changes nothing",
	"accounts.progression.setPolicy":        "TestOneSwitchOfASiteIsNoOthers",
	"accounts.rba.riskAssessment.setConfig": "TestOneSwitchOfASiteIsNoOthers",
	"accounts.unregisterCounters":           "it needs a counter of its own site, which registerCounters shows to be",
	"admin.certificates.createRequest":      "it is not served",
	"idx.createDataflowDraft":               "its dataflows are those of idx.createDataflow",
}

// What is configured at one site is seen where it is the group's or inherited, and nowhere else; a member that writes changes
// nothing at its parent but what is the group's.
func TestWhoSeesTheConfigurationOfWhom(t *testing.T) {
	n := newNeighbours(t)
	everybody := []*place{n.parent, n.child, n.outsider, n.abroad}
	for i := range settings {
		s := &settings[i]
		t.Run(s.set, func(t *testing.T) {
			shows := func(what, mark string, where ...*place) {
				t.Helper()
				for _, p := range everybody {
					got := n.must(t, p, 0, s.get, s.read...)
					if strings.Contains(got.text, mark) != slices.Contains(where, p) {
						t.Errorf("%s: seen at the %s: %t\n%s", what, p.name, !slices.Contains(where, p), got.short())
					}
				}
			}
			below := []*place{n.parent}
			if s.whose != ownOnly {
				below = append(below, n.child)
			}
			first, own, abroad := word(), word(), word()
			n.must(t, n.abroad, 0, s.set, s.write(abroad)...)
			shows("a stranger's", abroad, n.abroad)
			n.must(t, n.parent, 0, s.set, s.write(first)...)
			shows("the parent's", first, below...)
			shows("a stranger's, after it", abroad, n.abroad)
			n.must(t, n.child, s.member, s.set, s.write(own)...)
			switch {
			case s.member != 0:
				shows("a member's that was refused", own)
				shows("the parent's, after it", first, n.parent, n.child)
			case s.whose == groups:
				shows("a member's for the group", own, n.parent, n.child)
			default:
				shows("a member's", own, n.child)
				if got := n.must(t, n.parent, 0, s.get, s.read...); !strings.Contains(got.text, first) {
					t.Errorf("the parent lost its own: %s", got.short())
				}
			}
		})
	}
	written := map[string]bool{}
	for _, s := range settings {
		written[s.set] = true
	}
	for _, m := range n.d.Methods().Methods() {
		name := m.Spec.Name
		if _, elsewhere := settingsElsewhere[name]; m.Spec.Write && slices.Contains(aboutItself, name) && !written[name] && !elsewhere {
			t.Errorf("%s writes the configuration of a site and is not tried", name)
		}
	}
}

func TestOneSwitchOfASiteIsNoOthers(t *testing.T) {
	for _, s := range []struct {
		set, get  string
		params    []string
		mark      string
		inherited bool
	}{
		{"accounts.progression.setPolicy", "accounts.progression.getPolicy", []string{"policy", "auto"}, "auto", false},
		{"accounts.rba.riskAssessment.setConfig", "accounts.rba.riskAssessment.getConfig", []string{"Config", `{"Enabled":true}`}, "true", true},
	} {
		for _, at := range []string{"parent", "child", "stranger"} {
			n := newNeighbours(t)
			places := map[string]*place{"parent": n.parent, "child": n.child, "outsider": n.outsider, "stranger": n.abroad}
			n.must(t, places[at], 0, s.set, s.params...)
			for name, p := range places {
				want := name == at || s.inherited && at == "parent" && name == "child"
				if got := n.must(t, p, 0, s.get); strings.Contains(got.text, s.mark) != want {
					t.Errorf("%s at the %s, seen at the %s: %s", s.set, at, name, got.short())
				}
			}
		}
	}
}

// A site that is configured already may join a group: what is its parent's from then on is no hindrance, and is its own again
// when it leaves.
func TestAConfiguredSiteJoinsAndLeaves(t *testing.T) {
	n := newNeighbours(t)
	site := *n.outsider
	site.name = "site"
	for i := range settings {
		n.must(t, &site, 0, settings[i].set, settings[i].write("mine"+settings[i].set[:2])...)
	}
	n.must(t, &site, 0, "accounts.setSchema", "dataSchema", `{"fields":{"shoe":{"type":"integer","required":true}}}`)
	n.must(t, &site, 0, "accounts.setPolicies", "passwordComplexity", `{"minLength":14}`)
	n.must(t, &site, 0, "accounts.rba.setPolicy", "policy", `{"commonRules":[],"rulesSets":[{"id":"mine","rules":[]}]}`)
	before := n.must(t, &site, 0, "accounts.getPolicies").text

	n.must(t, &site, 0, "admin.setSiteConfig", "siteGroupOwner", n.parent.apiKey)
	for i := range settings {
		n.must(t, &site, 0, settings[i].get, settings[i].read...)
	}
	uid, _ := n.register(t, &site) // Without the field that it required, and with a shorter password.
	n.must(t, n.parent, 0, "accounts.getAccountInfo", "UID", uid)
	if got := n.must(t, &site, 0, "accounts.getSchema"); strings.Contains(got.text, "shoe") {
		t.Errorf("a field that is not the group's: %s", got.short())
	}
	for _, name := range []string{"accounts.rba.getPolicy", "accounts.communication.getChannels"} { // What a member cannot set.
		if got := n.must(t, &site, 0, name); strings.Contains(got.text, "mine") {
			t.Errorf("%s shows what is not the group's: %s", name, got.short())
		}
	}

	n.must(t, &site, 0, "admin.setSiteConfig", "siteGroupOwner", "")
	if got := n.must(t, &site, 0, "accounts.getSchema"); !strings.Contains(got.text, "shoe") {
		t.Errorf("its own field: %s", got.short())
	}
	cut := func(text string) string {
		_, rest, _ := strings.Cut(text, `"passwordComplexity"`)
		return rest[:strings.IndexByte(rest, '}')]
	}
	if got := n.must(t, &site, 0, "accounts.getPolicies").text; cut(got) != cut(before) {
		t.Errorf("its own policies: %s, before %s", cut(got), cut(before))
	}
}
