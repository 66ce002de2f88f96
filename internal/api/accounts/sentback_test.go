package accounts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/document"
)

// What SAP's tools read of one site and send to another, or send back, in their own forms.
func TestWhatWasReadCanBeSentBack(t *testing.T) {
	h := newGroup(t)
	providers := func(method, want string) {
		t.Helper()
		doc, err := document.ParseObject([]byte(field(h.call(server, method), "twoFactorAuth")))
		if err != nil {
			t.Fatal(err)
		}
		if list, _ := doc.Get("providers"); string(list.AppendJSON(nil)) != want {
			t.Errorf("%s: providers %s, want %s", method, list.AppendJSON(nil), want)
		}
	}
	const (
		phone = `{"name":"gigyaPhone","enabled":true}`
		email = `{"name":"gigyaEmail","enabled":true}`
		rest  = `{"name":"gigyaTotp","enabled":false},{"name":"gigyaPush","enabled":false,"params":{"defaultRuleset":"_off"}}`
	)
	t.Run("a schema with its switch, to a member of a site group", func(t *testing.T) {
		h.follow([]ask{
			{at: childKey, method: "accounts.setSchema", params: p("scope", "site", "dataSchema", `{"fields":{"terms":{"required":true}},"dynamicSchema":true}`), want: `{}`},
			{at: childKey, method: "accounts.setSchema", params: p("scope", "site", "internalSchema", `{"fields":{},"dynamicSchema":false}`), want: `{}`},
			{at: childKey, method: "accounts.setSchema", params: p("scope", "site", "dataSchema", `{"fields":{},"dynamicSchema":false}`),
				want: "400006 Invalid argument: dataSchema.dynamicSchema: a member of a site group cannot set it"},
			{method: "accounts.setSchema", params: p("dataSchema", `{"dynamicSchema":false}`), want: `{}`},
			{at: childKey, method: "accounts.setSchema", params: p("scope", "site", "dataSchema", `{"fields":{},"dynamicSchema":false}`), want: `{}`},
			{at: childKey, method: "accounts.getSchema", params: p("scope", "site", "include", "dataSchema"), want: `{"dataSchema":{"fields":{"terms":{"required":true}}}}`},
		})
	})
	t.Run("the providers that templates of mails are shown with", func(t *testing.T) {
		back := field(h.call(server, "accounts.policies.emailTemplates.getConfig"), "twoFactorAuth")
		wantCode(t, h.call(server, "accounts.policies.emailTemplates.setConfig", "twoFactorAuth", back), "0")
		providers("accounts.getPolicies", `[`+phone+`]`)
		wantCode(t, h.call(server, "accounts.setPolicies", "twoFactorAuth", `{"providers":[`+phone+`,`+email+`]}`), "0")
		providers("accounts.policies.emailTemplates.getConfig", `[`+phone+`,`+email+`,`+rest+`]`)
		back = field(h.call(server, "accounts.policies.emailTemplates.getConfig"), "twoFactorAuth")
		wantCode(t, h.call(server, "accounts.policies.emailTemplates.setConfig", "twoFactorAuth", back), "0")
		providers("accounts.getPolicies", `[`+phone+`,`+email+`]`)
		// What the site lists itself stays, and what says more than the default is set.
		wantCode(t, h.call(server, "accounts.setPolicies", "twoFactorAuth", `{"providers":[{"name":"gigyaTotp","enabled":false}]}`), "0")
		wantCode(t, h.call(server, "accounts.policies.emailTemplates.setConfig", "twoFactorAuth", `{"providers":[{"name":"gigyaTotp","enabled":false},{"name":"gigyaEmail","enabled":true}]}`), "0")
		providers("accounts.getPolicies", `[{"name":"gigyaTotp","enabled":false},`+email+`]`)
	})
	t.Run("names of placeholders, which policies do not show", func(t *testing.T) {
		for _, group := range []string{"codeVerification", "preferencesCenter"} {
			before := field(h.call(server, "accounts.getPolicies"), group)
			back := field(h.call(server, "accounts.policies.emailTemplates.getConfig"), group)
			wantCode(t, h.call(server, "accounts.policies.emailTemplates.setConfig", group, back), "0")
			if after := field(h.call(server, "accounts.getPolicies"), group); after != before {
				t.Errorf("%s: %s, before %s", group, after, before)
			}
			if after := field(h.call(server, "accounts.policies.emailTemplates.getConfig"), group); after != back {
				t.Errorf("mails: %s, before %s", after, back)
			}
		}
	})
	t.Run("a webhook without the version that it had", func(t *testing.T) {
		wantCode(t, h.call(server, "accounts.webhooks.set", "name", "kept", "url", "https://example.com/kept", "events", `["accountDeleted"]`, "version", "undefined"), "0")
		if got := h.reply(ask{method: "accounts.webhooks.getAll"}); !strings.Contains(got, `"version":"2.0"`) {
			t.Error(got)
		}
	})
}

func TestTopicSettings(t *testing.T) {
	h := newGroup(t)
	const get, set = "accounts.communication.getTopicSettings", "accounts.communication.setTopicSettings"
	now := h.clock.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	const noTax = `"NoTax_SMS":{"isActive":true,"description":"day without tax","lastModified":"`
	h.follow([]ask{
		{method: get, want: `{"CommunicationSettings":{}}`},
		{method: "accounts.communication.setChannels", params: p("Channels", `{`+channelSMS+`}`), want: `{}`},
		{method: set, params: p("CommunicationSettings", `{"NoTax_SMS":{"isActive":true,"description":"day without tax","channel":"SMS","topic":"NoTax","dependsOn":["other"],"lastModified":"x"}}`), want: `{}`},
		{method: get, want: `{"CommunicationSettings":{` + noTax + now + `","channel":"SMS","topic":"NoTax","dependsOn":["phoneNumber"]}}}`},
		// The same objects in the form of today.
		{method: "accounts.communications.settings.search", params: p("query", toolQuery),
			want: `{"results":[{"topicChannelId":"NoTax_SMS","topic":"NoTax","channel":"SMS","lastModified":"` + now + `","description":"day without tax"}],"objectsCount":1,"totalCount":1,"errorDetails":""}`},
		{method: "accounts.communications.settings.set", params: p("topicChannel", `{"topicChannelId":"A_x","channel":"other","topic":"A"}`), want: `{}`},
		{method: get, want: `{"CommunicationSettings":{"A_x":{"isActive":true,"lastModified":"` + now + `","channel":"other","topic":"A","dependsOn":[]},` +
			noTax + now + `","channel":"SMS","topic":"NoTax","dependsOn":["phoneNumber"]}}}`},
	})
	h.clock.Advance(time.Hour)
	later := h.clock.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	h.follow([]ask{
		{at: childKey, method: set, params: p("CommunicationSettings", `{"NoTax_SMS":{"isActive":false},"A_x":{"description":null}}`), want: `{}`},
		{at: childKey, method: get, want: `{"CommunicationSettings":{"A_x":{"isActive":true,"lastModified":"` + later + `","channel":"other","topic":"A","dependsOn":[]},` +
			`"NoTax_SMS":{"isActive":false,"description":"day without tax","lastModified":"` + later + `","channel":"SMS","topic":"NoTax","dependsOn":["phoneNumber"]}}}`},
		{method: get, want: `{"CommunicationSettings":{"A_x":{"isActive":true,"lastModified":"` + now + `","channel":"other","topic":"A","dependsOn":[]},` +
			noTax + now + `","channel":"SMS","topic":"NoTax","dependsOn":["phoneNumber"]}}}`},
		// All or nothing.
		{method: set, params: p("CommunicationSettings", `{"A_x":{"topic":"B"},"B_x":{"isActive":true}}`), want: "400006 Invalid argument: CommunicationSettings.B_x.channel: is missing"},
		{method: set, params: p("CommunicationSettings", `{"A_x":{"isActive":"yes"}}`), want: "400006 Invalid argument: CommunicationSettings.A_x.isActive: must be true or false"},
		{method: set, params: p("CommunicationSettings", `{"A_x":true}`), want: "400006 Invalid argument: CommunicationSettings.A_x: must be an object"},
		{method: set, want: "400002 Missing required parameter : CommunicationSettings"},
		{method: "accounts.communications.settings.search", params: p("query", "select topic from topicChannels where topic = 'B'"), want: `{"results":[],"objectsCount":0,"totalCount":0,"errorDetails":""}`},
	})
}
