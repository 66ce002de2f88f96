package accounts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// extensionIDs are derived from the group and the extension point.
var extensionIDs = map[string]string{"OnBeforeAccountsLogin": "8e6af0c2e574221e66824ac5c4c5ef03", "OnBeforeSendSMS": "6f7ad43970be71dfb9b87d769f7ce23b"}

func TestExtensions(t *testing.T) {
	h := newHouse(t)
	list := func() string { return result(h.call(server, "accounts.extensions.list")) }
	if got := list(); got != `"result":[]}` {
		t.Errorf("none: %s", got)
	}
	created := h.call(server, "accounts.extensions.create", "extensionPoint", "OnBeforeAccountsLogin", "extensionFuncUrl", "https://example.com/ext", "friendlyName", "Check it")
	loginID := extensionIDs["OnBeforeAccountsLogin"]
	login := `{"id":"` + loginID + `","extensionPoint":"OnBeforeAccountsLogin","friendlyName":"Check it","description":"","extensionFuncUrl":"https://example.com/ext",` +
		`"enabled":false,"timeout":1000,"fallback":"IgnoreAllErrors","headers":[],"integration":"Generic","created":"2026-03-02T10:15:30.0000000Z","lastModified":"2026-03-02T10:15:30.0000000Z"}`
	if diff := cmp.Diff(`"result":`+login+`}`, result(created)); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	wantCode(t, h.call(server, "accounts.extensions.create", "extensionPoint", "OnBeforeSendSMS", "extensionFuncUrl", "http://localhost:1/x", "friendlyName", "SMS",
		"description", "all of it", "timeout", "10", "fallback", "FailOnAnyError", "headers", `[{"name":"X-Key","value":"hidden"}]`, "integration", "Other", "enabled", "true"), "0")
	sms := `{"id":"` + extensionIDs["OnBeforeSendSMS"] + `","extensionPoint":"OnBeforeSendSMS","friendlyName":"SMS","description":"all of it","extensionFuncUrl":"http://localhost:1/x",` +
		`"enabled":true,"timeout":10,"fallback":"FailOnAnyError","headers":[{"name":"X-Key","value":"hidden"}],"integration":"Other",` +
		`"created":"2026-03-02T10:15:30.0000000Z","lastModified":"2026-03-02T10:15:30.0000000Z"}`
	if diff := cmp.Diff(`"result":[`+login+`,`+sms+`]}`, list()); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	if got := result(h.call(server, "accounts.extensions.get", "extensionId", loginID)); got != `"result":`+login+`}` {
		t.Errorf("get %s", got)
	}
	wantCode(t, h.call(server, "accounts.extensions.get", "extensionId", "none"), "404000")
	reader := h.key([]string{"accounts.extensions.list"})
	if answer := h.call(holding(testKey, reader), "accounts.extensions.list"); strings.Contains(answer, "hidden") || !strings.Contains(answer, "X-Key") {
		t.Errorf("a key that only reads is shown\n%s", answer)
	}

	before := list()
	create := []string{"extensionPoint", "OnBeforeSocialLogin", "extensionFuncUrl", "https://example.com/b", "friendlyName", "b"}
	for name, test := range map[string]struct {
		method        string
		params        []string
		code, details string
	}{
		"a point that has one":  {"create", []string{"extensionPoint", "OnBeforeSendSMS", "extensionFuncUrl", "https://example.com/b", "friendlyName", "b"}, "400003", "extensionPoint"},
		"an unknown point":      {"create", []string{"extensionPoint", "OnBeforeLunch", "extensionFuncUrl", "https://example.com/b", "friendlyName", "b"}, "400006", "extensionPoint: must be one of"},
		"no URL":                {"create", []string{"extensionPoint", "OnBeforeSocialLogin", "friendlyName", "b"}, "400002", "extensionFuncUrl"},
		"plain HTTP":            {"create", []string{"extensionPoint", "OnBeforeSocialLogin", "extensionFuncUrl", "http://example.com/b", "friendlyName", "b"}, "400006", "extensionFuncUrl: must be an https URL"},
		"a wrong fallback":      {"create", append([]string{"fallback", "Shrug"}, create...), "400006", "fallback: must be one of IgnoreAllErrors, FailOnAnyError"},
		"a short timeout":       {"create", append([]string{"timeout", "9"}, create...), "400006", "timeout"},
		"a long timeout":        {"modify", []string{"extensionId", loginID, "timeout", "5001"}, "400006", "timeout"},
		"a reserved header":     {"modify", []string{"extensionId", loginID, "headers", `[{"name":"Content-Type","value":"x"}]`}, "400006", "headers[0].name"},
		"another point":         {"modify", []string{"extensionId", loginID, "extensionPoint", "OnBeforeSendSMS"}, "400006", "extensionPoint"},
		"an unknown id":         {"modify", []string{"extensionId", "none", "enabled", "true"}, "404000", ""},
		"an unknown id, delete": {"delete", []string{"extensionId", "none"}, "404000", ""},
		"no id":                 {"delete", nil, "400002", "extensionId"},
	} {
		t.Run(name, func(t *testing.T) {
			wantRefusal(t, h.call(server, "accounts.extensions."+test.method, test.params...), test.code, test.details)
			if got := list(); got != before {
				t.Errorf("a refused call has changed something: %s", got)
			}
		})
	}

	h.clock.Advance(time.Second)
	wantCode(t, h.call(server, "accounts.extensions.modify", "extensionId", loginID, "extensionPoint", "OnBeforeAccountsLogin", "enabled", "true", "description", "d", "timeout", "5000"), "0")
	changed := strings.NewReplacer(`"enabled":false`, `"enabled":true`, `"description":""`, `"description":"d"`, `"timeout":1000`, `"timeout":5000`,
		`"lastModified":"2026-03-02T10:15:30`, `"lastModified":"2026-03-02T10:15:31`).Replace(login)
	if diff := cmp.Diff(`"result":[`+changed+`,`+sms+`]}`, list()); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	wantCode(t, h.call(server, "accounts.extensions.modify", "extensionId", loginID, "description", ""), "0")
	wantCode(t, h.call(server, "accounts.extensions.delete", "extensionId", loginID), "0")
	wantCode(t, h.call(server, "accounts.extensions.delete", "extensionId", loginID), "404000")
	if got := list(); got != `"result":[`+sms+`]}` {
		t.Errorf("after deleting %s", got)
	}
}

func TestExtensionsOfASiteGroup(t *testing.T) {
	h := newGroup(t)
	create := []string{"extensionPoint", "OnBeforeAccountsLogin", "extensionFuncUrl", "https://example.com/ext", "friendlyName", "Check it"}
	wantRefusal(t, h.child("accounts.extensions.create", create...), "400009", "create it there")
	wantCode(t, h.call(server, "accounts.extensions.create", create...), "0")
	id := extensionIDs["OnBeforeAccountsLogin"]
	get := func(apiKey, member string) string {
		return field(h.at(apiKey, server, "accounts.extensions.get", "extensionId", id), "result", member)
	}
	modify := func(apiKey string, params ...string) string {
		return h.at(apiKey, server, "accounts.extensions.modify", append([]string{"extensionId", id}, params...)...)
	}
	if get(childKey, "friendlyName") != "Check it" || get(childKey, "enabled") != "false" {
		t.Error("a member has not its parent's extension")
	}
	wantCode(t, modify(childKey, "enabled", "true", "extensionPoint", "OnBeforeAccountsLogin", "friendlyName", "Check it"), "0")
	wantRefusal(t, modify(childKey, "friendlyName", "Mine"), "400006", "friendlyName: a member of a site group")
	wantRefusal(t, modify(childKey, "extensionFuncUrl", "ftp://x", "enabled", "false"), "400006", "extensionFuncUrl")
	if get(childKey, "enabled") != "true" || get(testKey, "enabled") != "false" {
		t.Error("the switch of a member is not its own")
	}
	wantCode(t, modify(testKey, "extensionFuncUrl", "https://example.com/new"), "0")
	if get(childKey, "extensionFuncUrl") != "https://example.com/new" {
		t.Error("what the member has not set is not its parent's")
	}
	wantCode(t, modify(childKey, "extensionFuncUrl", "https://child.example.com"), "0")
	wantCode(t, modify(testKey, "extensionFuncUrl", "https://example.com/newer"), "0")
	if get(childKey, "extensionFuncUrl") != "https://child.example.com" {
		t.Error("what the member has set is its parent's")
	}
	for range 2 { // Back to the parent's settings; the second time there is nothing to take back.
		wantCode(t, h.child("accounts.extensions.delete", "extensionId", id), "0")
		if get(childKey, "extensionFuncUrl") != "https://example.com/newer" || get(childKey, "enabled") != "false" {
			t.Error("the parent's settings are not back")
		}
	}
	wantCode(t, modify(childKey, "enabled", "true"), "0")
	wantCode(t, h.call(server, "accounts.extensions.delete", "extensionId", id), "0")
	if got := result(h.child("accounts.extensions.list")); got != `"result":[]}` {
		t.Errorf("what is left of a deleted extension: %s", got)
	}
}
