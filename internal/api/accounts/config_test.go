package accounts_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/internal/document"
)

// names returns the names of the answer's members behind the envelope.
func names(answer string) string {
	var list []string
	behind := false
	_ = document.Members([]byte(answer), func(name string, _ []byte) bool {
		if behind {
			list = append(list, name)
		}
		behind = behind || name == "time"
		return true
	})
	return strings.Join(list, ",")
}

func TestGetPolicies(t *testing.T) {
	h := newHouse(t)
	everything := names(h.call(server, "accounts.getPolicies"))
	for name, test := range map[string]struct {
		by     who
		params []string
		names  string
		code   string
	}{
		"a client without sections":      {by: public, names: "registration,gigyaPlugins,passwordComplexity,security"},
		"public sections":                {by: public, params: []string{"sections", "security, passwordComplexity,registration"}, names: "registration,passwordComplexity,security"},
		"a private one among them":       {by: public, params: []string{"sections", "registration,accountOptions"}, code: "403007"},
		"a section that is none":         {by: public, params: []string{"sections", "shoes"}, code: "400006"},
		"a server and a private section": {by: server, params: []string{"sections", "federation,accountOptions"}, names: "accountOptions,federation"},
		"nothing is set explicitly":      {by: server, params: []string{"include", "explicitOnly"}, names: ""},
		"the older name":                 {by: server, params: []string{"filter", "explicitonly"}, names: ""},
		"another include":                {by: server, params: []string{"include", "some"}, code: "400006"},
		"a server and everything":        {by: server, params: []string{"include", "full"}, names: everything},
	} {
		t.Run(name, func(t *testing.T) {
			answer := h.call(test.by, "accounts.getPolicies", test.params...)
			if test.code == "" {
				test.code = "0"
			}
			wantCode(t, answer, test.code)
			if got := names(answer); test.code == "0" && got != test.names {
				t.Errorf("members %s\nwant    %s", got, test.names)
			}
		})
	}
	for _, name := range []string{"registration", "accountOptions", "security", "twoFactorAuth"} {
		if !strings.Contains(","+everything+",", ","+name+",") {
			t.Errorf("a server is not shown %s, but %s", name, everything)
		}
	}
}

func TestGetPoliciesAnswersAsRecorded(t *testing.T) {
	h := newHouse(t)
	got := members(h.call(public, "accounts.getPolicies", "sections", "passwordComplexity,registration"))
	const want = `"registration":{"requireCaptcha":false,"requireSecurityQuestion":false,"requireLoginID":false,"enforceCoppa":false},` +
		`"passwordComplexity":{"minCharGroups":0,"minLength":6}}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	refused := h.call(public, "accounts.getPolicies", "sections", "accountOptions")
	const text = "Invalid namespace &#39;accounts&#39; or method &#39;getPolicies&#39; or you do not have the required permissions to call it. "
	if field(refused, "errorDetails") != text {
		t.Errorf("refusal:\n%s", refused)
	}
}

func TestSetPolicies(t *testing.T) {
	h := newHouse(t)
	set := func(params ...string) string { return h.call(server, "accounts.setPolicies", params...) }
	get := func(section string) string {
		return members(h.call(server, "accounts.getPolicies", "sections", section))
	}
	wantCode(t, set(), "0")
	before := get("passwordComplexity")

	wantCode(t, set("passwordComplexity", `{"minLength":9}`, "security", `{"passwordHistorySize":3}`), "0")
	if got, want := get("passwordComplexity"), `"passwordComplexity":{"minCharGroups":0,"minLength":9}}`; got != want {
		t.Errorf("after a change %s, want %s", got, want)
	}
	if got := members(h.call(server, "accounts.getPolicies", "include", "explicitOnly")); got != `"passwordComplexity":{"minLength":9},"security":{"passwordHistorySize":3}}` {
		t.Errorf("explicit %s", got)
	}
	wantCode(t, set("passwordComplexity", `{"minCharGroups":2}`), "0")
	if got, want := get("passwordComplexity"), `"passwordComplexity":{"minCharGroups":2,"minLength":9}}`; got != want {
		t.Errorf("a field that was not sent has changed: %s, want %s", got, want)
	}

	// One wrong group keeps all of them from being stored.
	wantCode(t, set("passwordComplexity", `{"minLength":"nine"}`, "security", `{"passwordHistorySize":5}`), "400006")
	wantCode(t, set("passwordComplexity", `[1]`), "400004")
	wantCode(t, set("passwordComplexity", `{"minLength":`), "400004")
	if got := get("security"); !strings.Contains(got, `"passwordHistorySize":3`) {
		t.Errorf("a refused call has changed something: %s", got)
	}

	wantCode(t, set("passwordComplexity", "null"), "0")
	if got := get("passwordComplexity"); got != before {
		t.Errorf("null does not bring the default back: %s, want %s", got, before)
	}
}

func TestWhatGetPoliciesAnswersCanBeSentBack(t *testing.T) {
	h := newHouse(t)
	answer := h.call(server, "accounts.getPolicies")
	var params []string
	for _, name := range strings.Split(names(answer), ",") {
		params = append(params, name, field(answer, name))
	}
	back := h.call(server, "accounts.setPolicies", params...)
	wantCode(t, back, "0")
	if strings.Contains(back, "ignoredParams") {
		t.Errorf("a group is no parameter:\n%s", back)
	}
	if again := h.call(server, "accounts.getPolicies"); members(again) != members(answer) {
		t.Errorf("the policies have changed:\n%s\nto\n%s", answer, again)
	}
}

func TestConcurrentChangesOfPoliciesAreAllKept(t *testing.T) {
	h := newHouse(t)
	changes := [][]string{
		{"passwordComplexity", `{"minLength":9}`}, {"passwordComplexity", `{"minCharGroups":2}`},
		{"security", `{"passwordHistorySize":3}`}, {"registration", `{"requireCaptcha":false}`},
	}
	var wait sync.WaitGroup
	for _, change := range changes {
		wait.Go(func() {
			if answer, err := h.try(server, "accounts.setPolicies", change...); err != nil || code(answer) != "0" {
				t.Errorf("%v %s", err, answer)
			}
		})
	}
	wait.Wait()
	got := members(h.call(server, "accounts.getPolicies", "include", "explicitOnly"))
	for _, want := range []string{`"minLength":9`, `"minCharGroups":2`, `"passwordHistorySize":3`, `"requireCaptcha":false`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s was lost: %s", want, got)
		}
	}
}

func TestGetSchema(t *testing.T) {
	h := newHouse(t)
	for name, test := range map[string]struct {
		by     who
		params []string
		names  string
		code   string
	}{
		"a server":                     {by: server, names: "profileSchema,dataSchema,subscriptionsSchema,preferencesSchema"},
		"in the order of the document": {by: server, params: []string{"include", "dataSchema, profileSchema"}, names: "profileSchema,dataSchema"},
		"the web SDK's name":           {by: public, params: []string{"sections", "dataSchema"}, names: "dataSchema"},
		"internal when named":          {by: server, params: []string{"include", "internalSchema"}, names: "internalSchema"},
		"internal the older way":       {by: server, params: []string{"include", "dataSchema", "internalSchema", "true"}, names: "dataSchema,internalSchema"},
		"internal is not for clients":  {by: public, params: []string{"include", "internalSchema"}, code: "403007"},
		"a schema that is none":        {by: server, params: []string{"include", "shoeSchema"}, code: "400006"},
		"a filter that is none":        {by: server, params: []string{"filter", "some"}, code: "400006"},
		"a scope that is none":         {by: server, params: []string{"scope", "world"}, code: "400006"},
		"a scope":                      {by: server, params: []string{"scope", "effective", "include", "dataSchema"}, names: "dataSchema"},
		"a client":                     {by: public, params: []string{"include", "profileSchema,dataSchema,subscriptionsSchema"}, names: "profileSchema,dataSchema,subscriptionsSchema"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := h.call(test.by, "accounts.getSchema", test.params...)
			if test.code == "" {
				test.code = "0"
			}
			wantCode(t, answer, test.code)
			if got := names(answer); test.code == "0" && got != test.names {
				t.Errorf("members %s\nwant    %s", got, test.names)
			}
		})
	}
	full := h.call(server, "accounts.getSchema", "include", "profileSchema")
	forClients := h.call(public, "accounts.getSchema", "include", "profileSchema", "filter", "full")
	if !strings.Contains(full, `"serverOnly"`) || strings.Contains(forClients, `"serverOnly"`) {
		t.Error("a client is shown fields that only servers may write, or a server is not")
	}
}

func TestSetSchema(t *testing.T) {
	h := newHouse(t)
	set := func(params ...string) string { return h.call(server, "accounts.setSchema", params...) }
	wantCode(t, set(), "0")
	wantCode(t, set("dataSchema", `{"fields":{"tier":{"type":"integer","writeAccess":"clientModify"},"a.b":{"type":"string"}}}`), "0")
	got := members(h.call(server, "accounts.getSchema", "include", "dataSchema", "filter", "explicitOnly"))
	if !strings.Contains(got, `"tier":{`) || !strings.Contains(got, `"a.b":{`) {
		t.Errorf("explicit schema %s", got)
	}
	for name, test := range map[string]struct{ schema, code string }{
		"another type":           {`{"fields":{"tier":{"type":"string"}}}`, "400029"},
		"a field under a field":  {`{"fields":{"tier.x":{"type":"string"}}}`, "400029"},
		"a field above a field":  {`{"fields":{"a":{"type":"string"}}}`, "400029"},
		"a type that is none":    {`{"fields":{"x":{"type":"shoe"}}}`, "400006"},
		"text that is no object": {`"x"`, "400004"},
		"one good, one bad":      {`{"fields":{"good":{"type":"string"},"bad":{"type":"shoe"}}}`, "400006"},
	} {
		if answer := set("dataSchema", test.schema); code(answer) != test.code {
			t.Errorf("%s: want %s\n%s", name, test.code, answer)
		}
	}
	if after := members(h.call(server, "accounts.getSchema", "include", "dataSchema", "filter", "explicitOnly")); after != got {
		t.Errorf("refused calls have changed the schema: %s\nwas %s", after, got)
	}
	wantCode(t, set("profileSchema", `{"fields":{"shoeSize":{"required":true}}}`, "scope", "world"), "400006")
}
