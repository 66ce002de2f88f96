package faults_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/store/faulty"
)

// settingsScenarios are those of the methods that store configuration objects of sites.
var settingsScenarios = []scenario{
	{method: "accounts.getScreenSets", variant: "client", cold: true,
		prepare: plain(anybody, "screenSetIDs", "Default-RegistrationLogin", "include", "html,css,javascript,translations")},
	{method: "accounts.getScreenSets", variant: "server", prepare: plain(partner, "include", "metadata")},
	{method: "accounts.setScreenSet", changes: true, cold: true, prepare: func(*house) call {
		return call{by: partner, params: []string{"screenSetID", "Mine", "html", "<div>" + newUID() + "</div>", "metadata", `{"desc":"d"}`}}
	}},
	{method: "accounts.deleteScreenSet", changes: true, prepare: func(h *house) call {
		id := newUID()
		h.must(0, call{method: "accounts.setScreenSet", by: partner, params: []string{"screenSetID", id, "html", "x"}})
		return call{by: partner, params: []string{"screenSetID", id}}
	}},
	{method: "accounts.policies.emailTemplates.getConfig", prepare: plain(partner)},
	{method: "accounts.policies.emailTemplates.setConfig", changes: true, prepare: func(*house) call {
		return call{by: partner, params: []string{"magicLink", `{"defaultLanguage":"` + newUID() + `"}`}}
	}},
	{method: "accounts.sms.templates.get", prepare: plain(partner), cold: true},
	{method: "accounts.sms.templates.set", changes: true, prepare: func(*house) call {
		return call{by: partner, params: []string{"templates", `{"otp":{"globalTemplates":{"templates":{"en":"` + newUID() + ` {{code}}"},"defaultLanguage":"en"}}}`}}
	}},
	{method: "accounts.webhooks.set", changes: true, prepare: func(h *house) call {
		h.webhook("hook")
		return call{by: partner, params: []string{
			"name", "hook", "url", "https://example.com/" + newUID(), "events", "accountCreated", "signingUserKey", h.userKey,
			"headers", `[{"name":"Authorization","value":"hidden"}]`,
		}}
	}},
	{method: "accounts.webhooks.getAll", cold: true, prepare: func(h *house) call {
		h.webhook("hook")
		return call{by: partner}
	}},
	{method: "accounts.webhooks.getStatus", prepare: func(h *house) call {
		return call{by: partner, params: []string{"url", h.webhook("hook")}}
	}},
	{method: "accounts.webhooks.delete", changes: true, prepare: func(h *house) call {
		h.webhook("gone")
		return call{by: partner, params: []string{"name", "gone"}}
	}},
	{method: "accounts.extensions.create", changes: true, prepare: func(h *house) call {
		h.must(0, call{method: "accounts.extensions.delete", by: partner, params: []string{"extensionId", h.extension()}})
		return call{by: partner, params: extensionParams}
	}},
	{method: "accounts.extensions.list", prepare: func(h *house) call {
		h.extension()
		return call{by: partner}
	}, cold: true},
	{method: "accounts.extensions.get", prepare: func(h *house) call {
		return call{by: partner, params: []string{"extensionId", h.extension()}}
	}},
	{method: "accounts.extensions.modify", changes: true, prepare: func(h *house) call {
		return call{by: partner, params: []string{"extensionId", h.extension(), "description", newUID(), "headers", `[{"name":"X-Key","value":"hidden"}]`}}
	}},
	{method: "accounts.extensions.delete", changes: true, prepare: func(h *house) call {
		return call{by: partner, params: []string{"extensionId", h.extension()}}
	}},
}

// webhook makes a webhook of the name, with a URL of its own, which is returned.
func (h *house) webhook(name string) string {
	h.t.Helper()
	url := "https://example.com/" + newUID()
	h.must(0, call{method: "accounts.webhooks.set", by: partner, params: []string{"name", name, "url", url, "events", "accountCreated"}})
	return url
}

var extensionParams = []string{"extensionPoint", "OnBeforeAccountsLogin", "extensionFuncUrl", "https://example.com/ext", "friendlyName", "Check"}

// extension makes the extension of the scenarios anew, if it is not there, and returns its id.
func (h *house) extension() string {
	h.t.Helper()
	found := h.send(call{method: "accounts.extensions.list", by: partner}, nil)
	if !strings.Contains(found.text, `"id"`) {
		h.must(0, call{method: "accounts.extensions.create", by: partner, params: extensionParams})
		found = h.must(0, call{method: "accounts.extensions.list", by: partner})
	}
	_, rest, _ := strings.Cut(found.text, `"id": "`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

// TestAStoredObjectAndItsAuditRecordAreOne: a change of a configuration object is not there without its record, and the secrets
// that it holds are in no record.
func TestAStoredObjectAndItsAuditRecordAreOne(t *testing.T) {
	h := newHouse(t, t.TempDir(), nil)
	d := openDatabase(t, h.file)
	for _, s := range settingsScenarios {
		if !s.changes {
			continue
		}
		t.Run(s.name(), func(t *testing.T) {
			h.t, d.t = t, t
			c := s.call(h)
			before := d.dump()
			plan := &faulty.Plan{At: 1, Only: []string{"Tx.AppendAudit"}, Err: errors.New(marker)}
			if a := h.send(c, plan); a.number("errorCode") != 500001 || plan.Fired() != 1 {
				t.Errorf("%d faults: %s", plan.Fired(), a.text)
			}
			if after := d.dump(); after != before {
				t.Errorf("a change without its record:\n%s", difference(before, after))
			}
			a := h.must(0, c)
			records := d.rows("SELECT record FROM audit WHERE call_id = ?", a.member("callId"))
			if len(records) != 1 || strings.Contains(records[0], "hidden") {
				t.Errorf("the records of a success: %q", records)
			}
		})
	}
}
