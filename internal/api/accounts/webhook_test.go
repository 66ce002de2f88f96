package accounts_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWebhooks(t *testing.T) {
	h := newHouse(t)
	set := func(params ...string) string { return h.call(server, "accounts.webhooks.set", params...) }
	list := func() string { return result(h.call(server, "accounts.webhooks.getAll")) }
	if got := list(); got != `"webhooks":[]}` {
		t.Errorf("none: %s", got)
	}
	signer := h.key([]string{"_allApis"}).Record.UserKey
	wantCode(t, set("name", "second", "url", "https://example.com/two?a=b", "events", "accountCreated, accountUpdated"), "0")
	wantCode(t, set("name", "first", "url", "https://example.com/One", "events", `["accountDeleted"]`, "active", "false", "version", "1.0",
		"signingUserKey", signer, "headers", `[{"name":"Authorization","value":"Basic hidden"},{"name":"X-A","value":""}]`), "0")
	first := `{"url":"https://example.com/One","name":"first","active":false,"events":["accountDeleted"],"useXfCredentials":false,` +
		`"headers":[{"name":"Authorization","value":"Basic hidden"},{"name":"X-A","value":""}],"signingUserKey":"` + signer + `",` +
		`"version":"1.0","product":"UserManagement","id":"` + webhookIDs["first"] + `"}`
	second := `{"url":"https://example.com/two?a=b","name":"second","active":true,"events":["accountCreated","accountUpdated"],"useXfCredentials":false,` +
		`"headers":[],"version":"2.0","product":"UserManagement","id":"` + webhookIDs["second"] + `"}`
	if diff := cmp.Diff(`"webhooks":[`+first+`,`+second+`]}`, list()); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	before := list()
	for name, test := range map[string]struct {
		params        []string
		code, details string
	}{
		"no name":               {[]string{"url", "https://a.example", "events", "accountCreated"}, "400002", "name"},
		"no URL":                {[]string{"name", "x", "events", "accountCreated"}, "400002", "url"},
		"no events":             {[]string{"name", "x", "url", "https://a.example", "events", " , "}, "400006", "events: there must be one"},
		"a long name":           {[]string{"name", strings.Repeat("n", 101), "url", "https://a.example", "events", "accountCreated"}, "400006", "name"},
		"an unknown event":      {[]string{"name", "x", "url", "https://a.example", "events", `["accountCreated","accountBorn"]`}, "400006", "events[1]: must be one of accountCreated"},
		"events that are none":  {[]string{"name", "x", "url", "https://a.example", "events", `[`}, "400004", "events"},
		"an unknown version":    {[]string{"name", "x", "url", "https://a.example", "events", "accountCreated", "version", "4.0"}, "400006", "version: must be one of 1.0, 1.1, 2.0, 3.0"},
		"plain HTTP":            {[]string{"name", "x", "url", "http://a.example", "events", "accountCreated"}, "400006", "url: must be an https URL"},
		"a user in the URL":     {[]string{"name", "x", "url", "https://u:p@a.example", "events", "accountCreated"}, "400006", "url"},
		"no host":               {[]string{"name", "x", "url", "https:///path", "events", "accountCreated"}, "400006", "url"},
		"a file":                {[]string{"name", "x", "url", "file:///etc/passwd", "events", "accountCreated"}, "400006", "url"},
		"a line in the URL":     {[]string{"name", "x", "url", "https://a.example/\r\nX: y", "events", "accountCreated"}, "400006", "url"},
		"the URL of another":    {[]string{"name", "x", "url", "https://example.com/One", "events", "accountCreated"}, "400003", "url"},
		"a header of the host":  {[]string{"name", "x", "url", "https://a.example", "events", "accountCreated", "headers", `[{"name":"A","value":""},{"name":"hOst","value":"b"}]`}, "400006", "headers[1].name"},
		"a line in a header":    {[]string{"name", "x", "url", "https://a.example", "events", "accountCreated", "headers", `[{"name":"A","value":"b\r\nC: d"}]`}, "400006", "headers[0].value"},
		"a header without name": {[]string{"name", "x", "url", "https://a.example", "events", "accountCreated", "headers", `[{"value":"b"}]`}, "400006", "headers[0].name: is missing"},
		"headers as object":     {[]string{"name", "x", "url", "https://a.example", "events", "accountCreated", "headers", `{"A":"b"}`}, "400004", "headers"},
		"an unknown signer":     {[]string{"name", "x", "url", "https://a.example", "events", "accountCreated", "signingUserKey", "nobody"}, "400006", "signingUserKey"},
		"an unknown include":    {[]string{"name", "x", "url", "https://a.example", "events", "accountCreated", "include", "all"}, "400006", "include"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := set(test.params...)
			wantRefusal(t, answer, test.code, test.details)
			if got := list(); got != before {
				t.Errorf("a refused call has changed something: %s", got)
			}
		})
	}
	// The same name takes the place of the earlier one, and what is absent is as in a new one.
	wantCode(t, set("name", "first", "url", "https://example.com/one", "events", "accountCreated", "version", "3.0", "include", "params"), "0")
	first = `{"url":"https://example.com/one","name":"first","active":true,"events":["accountCreated"],"useXfCredentials":false,"headers":[],` +
		`"version":"3.0","include":"params","product":"UserManagement","id":"` + webhookIDs["first"] + `"}`
	if diff := cmp.Diff(`"webhooks":[`+first+`,`+second+`]}`, list()); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	for _, url := range []string{"http://localhost:8080/a", "http://127.0.0.1/b", "http://[::1]:9/c"} {
		wantCode(t, set("name", url, "url", url, "events", "accountCreated"), "0")
	}

	status := func(url string) string { return h.call(server, "accounts.webhooks.getStatus", "url", url) }
	if got := result(status("https://example.com/one")); got != `"webhookStatus":{"statusCode":404,"message":"No Webhook activity was found"}}` {
		t.Errorf("status %s", got)
	}
	wantCode(t, status("https://example.com/ONE"), "404000")
	wantCode(t, status(""), "400002")

	remove := func(name string) string { return h.call(server, "accounts.webhooks.delete", "name", name) }
	wantCode(t, remove("first"), "0")
	wantCode(t, remove("first"), "404000")
	wantCode(t, remove(""), "400002")
	if got := list(); strings.Contains(got, `"first"`) || !strings.Contains(got, `"second"`) {
		t.Errorf("after deleting %s", got)
	}
}

// webhookIDs are derived from the site and the name: they are the same whenever the webhook is made again.
var webhookIDs = map[string]string{"first": "f3e3cd75-cbc5-e953-cfcd-c644281cdc2d", "second": "350b5d8a-adce-2a6e-dfe1-722795b68399"}

func TestHeadersOfWebhooksAreSecrets(t *testing.T) {
	h := newHouse(t)
	wantCode(t, h.call(server, "accounts.webhooks.set", "name", "w", "url", "https://example.com", "events", "accountCreated",
		"headers", `[{"name":"Authorization","value":"very hidden"}]`), "0")
	records, err := h.store.ConfigObjects(context.Background(), testKey, "")
	if err != nil || len(records) != 1 {
		t.Fatalf("%v %v", records, err)
	}
	if bytes.Contains(records[0].Document, []byte("hidden")) || bytes.Contains(records[0].Secrets, []byte("hidden")) || len(records[0].Secrets) == 0 {
		t.Errorf("the value lies open: %s %s", records[0].Document, records[0].Secrets)
	}
	reader := h.key([]string{"accounts.webhooks.getAll"})
	answer := h.call(holding(testKey, reader), "accounts.webhooks.getAll")
	if strings.Contains(answer, "hidden") || !strings.Contains(answer, `"Authorization"`) {
		t.Errorf("a key that only reads is shown\n%s", answer)
	}
	writer := h.key([]string{"accounts.webhooks.getAll", "accounts.webhooks.set"})
	if answer := h.call(holding(testKey, writer), "accounts.webhooks.getAll"); !strings.Contains(answer, "very hidden") {
		t.Errorf("a key that may set is not shown the value\n%s", answer)
	}
}

func TestWebhooksOfASiteGroup(t *testing.T) {
	h := newGroup(t)
	wantCode(t, h.call(server, "accounts.webhooks.set", "name", "of parent", "url", "https://example.com/p", "events", "accountCreated"), "0")
	wantCode(t, h.child("accounts.webhooks.set", "name", "of child", "url", "https://example.com/c", "events", "accountCreated"), "0")
	names := func(answer string) (parent, child bool) {
		return strings.Contains(answer, `"of parent"`), strings.Contains(answer, `"of child"`)
	}
	if parent, child := names(h.child("accounts.webhooks.getAll")); !parent || !child {
		t.Error("a member has its parent's webhooks and its own")
	}
	if parent, child := names(h.call(server, "accounts.webhooks.getAll")); !parent || child {
		t.Error("a parent has its own webhooks")
	}
	wantCode(t, h.child("accounts.webhooks.set", "name", "x", "url", "https://example.com/p", "events", "accountCreated"), "400003")
	wantCode(t, h.child("accounts.webhooks.delete", "name", "of parent"), "404000")
	wantCode(t, h.child("accounts.webhooks.set", "name", "of parent", "url", "https://example.com/p", "events", "accountDeleted", "active", "false"), "0")
	if answer := h.call(server, "accounts.webhooks.getAll"); strings.Contains(answer, "accountDeleted") {
		t.Errorf("a member has changed its parent's webhook\n%s", answer)
	}
	wantCode(t, h.child("accounts.webhooks.delete", "name", "of parent"), "0")
}
