package accounts_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/api/accounts"
	"github.com/doorward/doorward/internal/api/apitest"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

const mail = `<html><head><meta name=\"from\" content=\"a &lt;a@example.com&gt;\"><meta name=\"subject\" content=\"s\"></head></html>`

func TestMailTemplates(t *testing.T) {
	h := newGroup(t)
	get := func(apiKey string) string {
		return result(h.at(apiKey, server, "accounts.policies.emailTemplates.getConfig"))
	}
	set := func(params ...string) string {
		return h.call(server, "accounts.policies.emailTemplates.setConfig", params...)
	}
	text, err := os.ReadFile("../../policy/mails.json")
	if err != nil {
		t.Fatal(err)
	}
	defaults, err := document.ParseObject(text)
	if err != nil {
		t.Fatal(err)
	}
	answer := h.call(server, "accounts.policies.emailTemplates.getConfig")
	for name, v := range defaults.All() {
		got, err := document.ParseObject([]byte(field(answer, name)))
		if err != nil || !got.Equal(v.Object()) {
			t.Errorf("%s: %v %s", name, err, field(answer, name))
		}
	}

	// A part leaves the rest as it was; a map of templates is replaced whole.
	wantCode(t, set("passwordReset", `{"emailTemplates":{"de":"`+mail+`","fr":"`+mail+`"},"defaultLanguage":"de"}`), "0")
	wantCode(t, set("passwordReset", `{"emailTemplates":{"en":"`+mail+`"}}`, "magicLink", `{"emailTemplates":{"it":"`+mail+`"}}`), "0")
	answer = h.call(server, "accounts.policies.emailTemplates.getConfig")
	for path, want := range map[string]string{
		"passwordReset.defaultLanguage": "de", "passwordReset.tokenExpiration": "3600", "magicLink.defaultLanguage": "en", "magicLink.urlPlaceHolder": "$url",
		"passwordReset.emailTemplates.de": "", "magicLink.emailTemplates.en": "",
	} {
		wantField(t, answer, want, strings.Split(path, ".")...)
	}
	if !strings.Contains(field(answer, "passwordReset", "emailTemplates", "en"), "a@example.com") {
		t.Errorf("%s", field(answer, "passwordReset"))
	}
	// They are the same as those of the policies.
	wantField(t, h.call(server, "accounts.getPolicies"), "de", "passwordReset", "defaultLanguage")
	wantCode(t, h.call(server, "accounts.setPolicies", "passwordReset", `{"tokenExpiration":60}`), "0")
	wantField(t, h.call(server, "accounts.policies.emailTemplates.getConfig"), "60", "passwordReset", "tokenExpiration")
	// A member has its parent's until it sets its own.
	if get(childKey) != get(testKey) {
		t.Error("a member has not its parent's templates")
	}
	wantCode(t, h.child("accounts.policies.emailTemplates.setConfig", "magicLink", `{"emailTemplates":{"es":"`+mail+`"}}`), "0")
	child := h.child("accounts.policies.emailTemplates.getConfig")
	wantField(t, child, "", "magicLink", "emailTemplates", "it")
	wantField(t, child, "de", "passwordReset", "defaultLanguage")
	wantField(t, h.call(server, "accounts.policies.emailTemplates.getConfig"), "", "magicLink", "emailTemplates", "es")

	before := get(testKey)
	for name, test := range map[string]struct {
		params        []string
		code, details string
	}{
		"nothing":        {nil, "400002", "one of magicLink"},
		"no subject":     {[]string{"codeVerification", `{"emailTemplates":{"en":"<meta name=\"from\" content=\"a\">"}}`}, "400006", "codeVerification.emailTemplates: en: email templates must contain valid META 'subject' html headers"},
		"no from":        {[]string{"twoFactorAuth", `{"emailProvider":{"emailTemplates":{"en":"<meta name=\"subject\" content=\"a\">"}}}`}, "400006", "twoFactorAuth.emailProvider.emailTemplates: en: email templates must contain valid META 'from'"},
		"one good, bad":  {[]string{"magicLink", `{"defaultLanguage":"xx"}`, "doubleOptIn", `{"confirmationEmailTemplates":{"en":5}}`}, "400006", "doubleOptIn.confirmationEmailTemplates"},
		"a wrong value":  {[]string{"passwordReset", `{"tokenExpiration":"soon"}`}, "400006", "passwordReset.tokenExpiration"},
		"no JSON object": {[]string{"passwordReset", `"x"`}, "400004", "passwordReset"},
	} {
		t.Run(name, func(t *testing.T) {
			wantRefusal(t, set(test.params...), test.code, test.details)
			if get(testKey) != before {
				t.Error("a refused call has changed something")
			}
		})
	}
	wantCode(t, set("magicLink", "null", "passwordReset", "null"), "0")
	if got := h.call(server, "accounts.policies.emailTemplates.getConfig"); field(got, "magicLink", "emailTemplates", "en") == "" {
		t.Error("null does not bring the default back")
	}
}

func TestMailTemplatesWithoutASecret(t *testing.T) {
	h := newHouse(t)
	good, narrow, disabled := h.key([]string{"_allApis"}), h.key([]string{"accounts.search"}), h.key([]string{"_allApis"})
	h.change(func(tx store.Tx) error {
		record := *disabled.Record
		record.Disabled = true
		return tx.PutKey(&record)
	})
	accepts := func() caller.Class {
		m, _ := h.Methods.Lookup("accounts.policies.emailTemplates.getConfig")
		return m.Spec.Callers
	}
	if accepts() != caller.Server {
		t.Error("without the switch the method is not for servers alone")
	}
	h.deps.OpenTemplates = true
	h.Methods = method.NewTable(accounts.Methods(h.deps)...)
	if accepts() != caller.Server|caller.Public {
		t.Error("with the switch the method is not open")
	}
	call := func(params ...string) string {
		return h.call(public, "accounts.policies.emailTemplates.getConfig", params...)
	}
	wantCode(t, call("userKey", good.Record.UserKey), "0")
	wantCode(t, call(), "403007")
	wantCode(t, call("userKey", "AAAAAAAAAAAA"), "403007")
	wantCode(t, call("userKey", disabled.Record.UserKey), "403007")
	wantCode(t, call("userKey", narrow.Record.UserKey), "403007")
	h.zoe()
	withSession := apitest.Call{APIKey: testKey, By: &caller.Caller{Class: caller.Session, UID: testUID}, Method: "accounts.policies.emailTemplates.getConfig", Params: []string{"userKey", good.Record.UserKey}}
	answer, _, err := h.Call(withSession)
	if err != nil || answer.Err == nil {
		t.Errorf("a session is let in: %v", err)
	}
}

func TestSMSTemplates(t *testing.T) {
	h := newGroup(t)
	get := func(apiKey string) string { return result(h.at(apiKey, server, "accounts.sms.templates.get")) }
	set := func(templates string) string {
		return h.call(server, "accounts.sms.templates.set", "templates", templates)
	}
	const texts = `{"globalTemplates":{"templates":{"en":"Your code is {{code}}"},"defaultLanguage":"en"}}`
	if diff := cmp.Diff(`"templates":{"tfa":`+texts+`,"otp":`+texts+`}}`, get(testKey)); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	const own = `{"globalTemplates":{"templates":{"de":"{{code}}","en":"c {{code}}"},"defaultLanguage":"de"},"templatesPerCountryCode":{"44":{"templates":{"en":"x {{code}}"},"defaultLanguage":"en"}}}`
	wantCode(t, set(`{"otp":`+own+`}`), "0")
	if diff := cmp.Diff(`"templates":{"tfa":`+texts+`,"otp":`+own+`}}`, get(testKey)); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	if get(childKey) != get(testKey) {
		t.Error("a member has not its parent's texts")
	}
	wantCode(t, h.child("accounts.sms.templates.set", "templates", `{"tfa":`+own+`,"otp":`+texts+`}`), "0")
	if got := get(childKey); got != `"templates":{"tfa":`+own+`,"otp":`+texts+`}}` || strings.Contains(get(testKey), `"tfa":`+own) {
		t.Errorf("a member's own: %s", got)
	}
	before := get(testKey)
	for name, test := range map[string]struct{ templates, code, details string }{
		"nothing":                  {``, "400002", "templates"},
		"no object":                {`[]`, "400004", "templates"},
		"no placeholder":           {`{"otp":{"globalTemplates":{"templates":{"en":"hello"},"defaultLanguage":"en"}}}`, "400006", "otp.globalTemplates.templates.en: must be a text"},
		"no placeholder, country":  {`{"tfa":{"globalTemplates":{"templates":{"en":"{{code}}"},"defaultLanguage":"en"},"templatesPerCountryCode":{"1":{"templates":{"en":"hello"}}}}}`, "400006", "tfa.templatesPerCountryCode.1.templates.en"},
		"no texts":                 {`{"otp":{"templatesPerCountryCode":{}}}`, "400006", "otp.globalTemplates: is missing"},
		"a default without a text": {`{"otp":{"globalTemplates":{"templates":{"en":"{{code}}"},"defaultLanguage":"fr"}}}`, "400006", "otp.globalTemplates.defaultLanguage: must be"},
		"a default that is null":   {`{"otp":{"globalTemplates":{"templates":{"fr":null,"en":"{{code}}"},"defaultLanguage":"fr"}}}`, "400006", "otp.globalTemplates.defaultLanguage: must be"},
		"null":                     {`{"otp":null}`, "400006", "otp: is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			wantRefusal(t, set(test.templates), test.code, test.details)
			if get(testKey) != before {
				t.Error("a refused call has changed something")
			}
		})
	}
}
