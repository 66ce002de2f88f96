package accounts_test

import (
	"testing"
	"time"
)

// Recorded channels and topics.
const (
	channelSMS  = `"SMS":{"dependsOn":[{"fieldID":"phoneNumber","required":true}],"description":"You can send SMS campaigns via this preconfigured channel"}`
	channelWiFi = `"WiFi":{"dependsOn":[{"fieldID":"firstName","required":true}],"description":"You can send campaigns using WiFi","more":1.50}`
	topicApp    = `{"schema":{"properties":{"optIn":{"properties":{"acceptanceLocation":{"type":"string"}},"required":[]}}},"topicChannelId":"C_mobileApp","channel":"mobileApp","topic":"marketing","description":"","lastModified":"%"}`
	toolQuery   = "select topicChannelId, topic, channel, lastModified, description,schema from topicChannels limit 2000"
)

func TestChannels(t *testing.T) {
	h := newGroup(t)
	h.follow([]ask{
		{method: "accounts.communication.getChannels", want: `{"Channels":{}}`},
		{method: "accounts.communication.setChannels", params: p("Channels", `{`+channelSMS+`}`), want: `{}`},
		{method: "accounts.communication.setChannels", params: p("Channels", `{`+channelWiFi+`}`), want: `{}`},
		{method: "accounts.communication.getChannels", want: `{"Channels":{` + channelSMS + `,` + channelWiFi + `}}`},
		{at: childKey, method: "accounts.communication.getChannels", want: `{"Channels":{` + channelSMS + `,` + channelWiFi + `}}`},
		{at: childKey, method: "accounts.communication.setChannels", params: p("Channels", `{`+channelSMS+`}`), want: "400009 Setting channels is prohibited on child site."},
		{method: "accounts.communication.setChannels", params: p("Channels", `{"WiFi":{"description":"short"}}`), want: `{}`},
		{method: "accounts.communication.getChannels", want: `{"Channels":{` + channelSMS + `,"WiFi":{"description":"short"}}}`},
		// All or nothing.
		{method: "accounts.communication.setChannels", params: p("Channels", `{"New":{},"Bad":{"dependsOn":[{"required":true}]}}`), want: "400006 Invalid argument: Channels.Bad.dependsOn[0].fieldID: is missing"},
		{method: "accounts.communication.setChannels", params: p("Channels", `{"New":{},"Bad":"x"}`), want: "400006 Invalid argument: Channels.Bad: must be an object"},
		{method: "accounts.communication.setChannels", params: p("Channels", `{"":{}}`), want: "400006 Invalid argument: communicationChannel: a name has 1 to 256 bytes of UTF-8 and no control characters"},
		{method: "accounts.communication.setChannels", params: p("Channels", `[]`), want: "400004 Invalid argument: Channels: want a JSON object: offset 0: an object was expected"},
		{method: "accounts.communication.getChannels", want: `{"Channels":{` + channelSMS + `,"WiFi":{"description":"short"}}}`},
	})
}

func TestTopics(t *testing.T) {
	h := newGroup(t)
	stamped := func(at string, topic string) string {
		out := ""
		for _, r := range topic {
			if r == '%' {
				out += at
			} else {
				out += string(r)
			}
		}
		return out
	}
	now := h.clock.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	app := stamped(now, topicApp)
	const sms = `{"topicChannelId":"T_SMS","channel":"SMS","topic":"transactional","description":"d"`
	h.follow([]ask{
		{method: "accounts.communications.settings.search", params: p("query", toolQuery), want: `{"results":[],"objectsCount":0,"totalCount":0,"errorDetails":""}`},
		{method: "accounts.communications.settings.set", params: p("topicChannel", stamped("2024-12-09T07:42:38.326Z", topicApp)), want: `{}`},
		{method: "accounts.communications.settings.set", params: p("topicChannel", `{"T_SMS":{"channel":"SMS","topic":"transactional","description":"d"}}`), want: `{}`},
		{method: "accounts.communications.settings.search", params: p("query", toolQuery),
			want: `{"results":[{"topicChannelId":"C_mobileApp","topic":"marketing","channel":"mobileApp","lastModified":"` + now + `","description":"",` +
				`"schema":{"properties":{"optIn":{"properties":{"acceptanceLocation":{"type":"string"}},"required":[]}}}},` +
				`{"topicChannelId":"T_SMS","topic":"transactional","channel":"SMS","lastModified":"` + now + `","description":"d"}],"objectsCount":2,"totalCount":2,"errorDetails":""}`},
		{method: "accounts.communications.settings.search", params: p("query", "select * from topicChannels where topic = 'marketing'"), want: `{"results":[` + app + `],"objectsCount":1,"totalCount":1,"errorDetails":""}`},
		{method: "accounts.communications.settings.search", params: p("query", "SELECT topic FROM TopicChannels WHERE channel = 'SMS' ORDER BY lastModified DESC"),
			want: `{"results":[{"topic":"transactional"}],"objectsCount":1,"totalCount":1,"errorDetails":""}`},
		{method: "accounts.communications.settings.search", params: p("query", "select count(*) from topicChannels"), want: `{"results":[{"count(*)":2}],"objectsCount":1,"totalCount":2,"errorDetails":""}`},
		{method: "accounts.communications.settings.search", params: p("query", "select * from accounts"),
			want: `400006 Invalid argument: query: position 15: the source "accounts" is not served; use topicChannels`},
		{method: "accounts.communications.settings.search", want: "400002 Missing required parameter : query"},
	})
	// A member of a group has topics of its own beside its parent's, and in their place.
	h.clock.Advance(time.Hour)
	later := h.clock.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	h.follow([]ask{
		{at: childKey, method: "accounts.communications.settings.set", params: p("topicChannel", sms+`}`), want: `{}`},
		{at: childKey, method: "accounts.communications.settings.search", params: p("query", "select topicChannelId, lastModified from topicChannels"),
			want: `{"results":[{"topicChannelId":"C_mobileApp","lastModified":"` + now + `"},{"topicChannelId":"T_SMS","lastModified":"` + later + `"}],"objectsCount":2,"totalCount":2,"errorDetails":""}`},
		{method: "accounts.communications.settings.search", params: p("query", "select topicChannelId from topicChannels where lastModified > '"+now+"'"),
			want: `{"results":[],"objectsCount":0,"totalCount":0,"errorDetails":""}`},
	})
	for sent, want := range map[string]string{
		`{"topicChannelId":"a b","channel":"SMS","topic":"t"}`:           "400006 Invalid argument: topicChannel.topicChannelId: must be 1 to 100 letters, digits, _, - and dots",
		`{"topicChannelId":"a","topic":"t"}`:                             "400006 Invalid argument: topicChannel.channel: is missing",
		`{"topicChannelId":5,"channel":"SMS","topic":"t"}`:               "400006 Invalid argument: topicChannel.topicChannelId: must be 1 to 100 letters, digits, _, - and dots",
		`{"topic":"t","channel":"SMS"}`:                                  "400006 Invalid argument: topicChannel.topicChannelId: is missing",
		`{"x":{"topic":"t"}}`:                                            "400006 Invalid argument: topicChannel.x.channel: is missing",
		`{"x y":{"topic":"t","channel":"c"}}`:                            "400006 Invalid argument: topicChannel.x y.topicChannelId: must be 1 to 100 letters, digits, _, - and dots",
		`{"topicChannelId":"a","channel":"SMS","topic":"t","schema":[]}`: "400006 Invalid argument: topicChannel.schema: must be an object",
	} {
		if got := h.reply(ask{method: "accounts.communications.settings.set", params: p("topicChannel", sent)}); got != want {
			t.Errorf("%s\n got %s\nwant %s", sent, got, want)
		}
	}
}
