package accounts_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// childKey is the API key of a member of the group whose parent is the test's site.
const childKey = "3_TestChild-0123456789_abcdefghijklmnopqrstuvwxyzABCDEFG"

// newGroup is a house with a site group: the test's site is the parent of one member.
func newGroup(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	h.change(func(tx store.Tx) error {
		return tx.PutSite(&store.Site{
			APIKey: childKey, SiteID: 2, Partner: 1, Group: testKey, BaseDomain: "child.example.com", DataCenter: "us1", Status: store.SiteActive,
		})
	})
	return h
}

// at is a call of a server, at the member of the group.
func (h *house) child(name string, params ...string) string {
	h.t.Helper()
	return h.at(childKey, server, name, params...)
}

func (h *house) at(apiKey string, by who, name string, params ...string) string {
	h.t.Helper()
	answer, err := h.tryAt(apiKey, by, name, params...)
	if err != nil {
		h.t.Fatalf("%s: %v", name, err)
	}
	return answer
}

// key makes a user key with the privileges, for the sites or all of the partner.
func (h *house) key(privileges []string, sites ...string) *site.NewKey {
	h.t.Helper()
	made, err := site.Factory{Sealer: h.Sealer, Rand: rand.Reader, Clock: h.clock}.NewKey(site.KeyOptions{
		Partner: 1, Kind: store.KindUser, Name: "test", Privileges: privileges, Sites: sites,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.change(func(tx store.Tx) error { return tx.PutKey(made.Record) })
	return made
}

// holding is a caller with a key of the privileges.
func holding(apiKey string, made *site.NewKey) who {
	return func(h *house) *caller.Caller {
		ctx := context.Background()
		key, err := h.Sites.Key(ctx, made.Record.UserKey)
		if err != nil {
			h.t.Fatal(err)
		}
		at, err := h.Sites.Site(ctx, apiKey)
		if err != nil {
			h.t.Fatal(err)
		}
		rights, err := h.Sites.Rights(ctx, key, at)
		if err != nil {
			h.t.Fatal(err)
		}
		return &caller.Caller{Class: caller.Server, Via: "userKey", Key: key, Rights: rights, Secret: key.Secret}
	}
}

func wantField(t *testing.T, answer, want string, path ...string) {
	t.Helper()
	if got := field(answer, path...); got != want {
		t.Errorf("%s is %s\nwant %s", strings.Join(path, "."), got, want)
	}
}

// result is the compact text of the answer's members behind the envelope; blanks in texts stay.
func result(answer string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(answer)) != nil {
		return answer
	}
	_, behind, _ := strings.Cut(b.String(), `"time":"`)
	_, behind, _ = strings.Cut(behind, `",`)
	return behind
}

// wantRefusal fails unless the answer has the code and its details hold the text.
func wantRefusal(t *testing.T, answer, want, details string) {
	t.Helper()
	if code(answer) != want || !strings.Contains(field(answer, "errorDetails"), details) {
		t.Errorf("want %s with %q in\n%s", want, details, answer)
	}
}

func TestPoliciesOfASiteGroup(t *testing.T) {
	h := newGroup(t)
	wantCode(t, h.call(server, "accounts.setPolicies", "passwordComplexity", `{"minLength":9}`, "accountOptions", `{"sendWelcomeEmail":true}`), "0")
	wantCode(t, h.child("accounts.setPolicies", "accountOptions", `{"sendWelcomeEmail":false}`, "registration", `{"requireCaptcha":true}`), "0")

	answer := h.child("accounts.getPolicies")
	wantField(t, answer, "9", "passwordComplexity", "minLength")
	wantField(t, answer, "false", "accountOptions", "sendWelcomeEmail")
	wantField(t, answer, "true", "registration", "requireCaptcha")
	wantField(t, h.call(server, "accounts.getPolicies"), "false", "registration", "requireCaptcha")
	if got := members(h.child("accounts.getPolicies", "include", "explicitOnly")); got != `"registration":{"requireCaptcha":true},"accountOptions":{"sendWelcomeEmail":false}}` {
		t.Errorf("explicit %s", got)
	}
	// The parent's change is the member's at once.
	wantCode(t, h.call(server, "accounts.setPolicies", "passwordComplexity", `{"minLength":10}`), "0")
	wantField(t, h.child("accounts.getPolicies"), "10", "passwordComplexity", "minLength")

	refused := h.child("accounts.setPolicies", "passwordComplexity", `{"minLength":8}`, "security", `{"passwordHistorySize":2,"captcha":{"failedLoginThreshold":1}}`,
		"accountOptions", `{"loginIdentifiers":"username","verifyEmail":true}`)
	wantRefusal(t, refused, "400006", "Member sites may not override group-level policies (accountOptions.loginIdentifiers,passwordComplexity,security.passwordHistorySize)")
	wantField(t, h.child("accounts.getPolicies"), "0", "security", "captcha", "failedLoginThreshold")

	// All that a member reads can be written back to it, and changes nothing.
	before := h.child("accounts.getPolicies")
	var params []string
	for _, name := range strings.Split(names(before), ",") {
		params = append(params, name, field(before, name))
	}
	wantCode(t, h.child("accounts.setPolicies", params...), "0")
	if after := h.child("accounts.getPolicies"); members(after) != members(before) {
		t.Errorf("%s\nbecame\n%s", before, after)
	}
}

func TestSchemaOfASiteGroup(t *testing.T) {
	h := newGroup(t)
	set := func(params ...string) string { return h.child("accounts.setSchema", params...) }
	get := func(apiKey string, params ...string) string {
		return members(h.at(apiKey, server, "accounts.getSchema", append([]string{"include", "dataSchema", "filter", "explicitOnly"}, params...)...))
	}
	wantCode(t, h.call(server, "accounts.setSchema", "dataSchema", `{"fields":{"tier":{"type":"string","writeAccess":"clientModify"}}}`), "0")
	// Without a scope the group's schema changes.
	wantCode(t, set("dataSchema", `{"fields":{"shoe":{"type":"integer","required":false}}}`, "include", "dataSchema"), "0")
	const group = `"dataSchema":{"fields":{"tier":{"type":"string","writeAccess":"clientModify"},"shoe":{"type":"integer"}}}}`
	if got := get(testKey); got != group {
		t.Errorf("parent %s", got)
	}
	wantCode(t, set("dataSchema", `{"fields":{"tier":{"required":true}}}`, "scope", "site"), "0")
	for name, test := range map[string]struct{ apiKey, scope, want string }{
		"the parent":       {testKey, "effective", group},
		"the group":        {childKey, "group", group},
		"the site":         {childKey, "site", `"dataSchema":{"fields":{"tier":{"required":true}}}}`},
		"what is in force": {childKey, "effective", `"dataSchema":{"fields":{"tier":{"type":"string","writeAccess":"clientModify","required":true},"shoe":{"type":"integer"}}}}`},
	} {
		if got := get(test.apiKey, "scope", test.scope); got != test.want {
			t.Errorf("%s: %s\nwant %s", name, got, test.want)
		}
	}
	effective := h.child("accounts.getSchema", "include", "dataSchema")
	if !strings.Contains(field(effective, "dataSchema", "fields", "tier"), `"required": true`) {
		t.Errorf("the member's requirement is not in force: %s", field(effective, "dataSchema", "fields", "tier"))
	}
	wantRefusal(t, set("dataSchema", `{"fields":{"tier":{"required":true}}}`), "400006", "dataSchema.fields.tier.required: a member of a site group sets it alone, with scope=site")
	wantRefusal(t, set("dataSchema", `{"fields":{"tier":{"required":true,"writeAccess":"serverOnly"}}}`, "scope", "site"), "400006", "dataSchema.fields.tier.writeAccess: a member")
	wantRefusal(t, set("dataSchema", `{"fields":{"none":{"required":true}}}`, "scope", "site"), "400006", "dataSchema.fields.none: there is no such field")
	wantRefusal(t, set("dataSchema", `{"fields":{"tier":{"required":"yes"}}}`, "scope", "site"), "400006", "dataSchema.fields.tier.required: must be true or false")
	wantRefusal(t, set("dataSchema", `{"dynamicSchema":false}`, "scope", "site"), "400006", "dataSchema.dynamicSchema")
	wantRefusal(t, set("dataSchema", `{"fields":{"tier":true}}`, "scope", "site"), "400006", "dataSchema.fields.tier: must be an object")
	wantCode(t, set("profileSchema", `{"fields":{"zip":{"required":true}}}`, "subscriptionsSchema", `{"fields":{}}`, "scope", "site"), "0")
	if missing := h.child("accounts.getSchema", "include", "profileSchema"); !strings.Contains(field(missing, "profileSchema", "fields", "zip"), `"required": true`) {
		t.Error("a field of the profile is not required")
	}
	// null takes it back.
	wantCode(t, set("dataSchema", `{"fields":{"tier":{"required":null}}}`, "scope", "site"), "0")
	if got := get(childKey, "scope", "site"); got != `"dataSchema":{"fields":{}}}` {
		t.Errorf("taken back: %s", got)
	}
	// A key of the member alone does not change the group.
	limited := h.key([]string{"accounts.setSchema"}, childKey)
	answer := h.at(childKey, holding(childKey, limited), "accounts.setSchema", "dataSchema", `{"fields":{"mine":{"type":"string"}}}`)
	wantCode(t, answer, "403007")
	wantCode(t, h.at(childKey, holding(childKey, limited), "accounts.setSchema", "dataSchema", `{"fields":{"tier":{"required":true}}}`, "scope", "site"), "0")
}

func TestTheDynamicSchemaOfAGroupGrowsWhereverDataIsWritten(t *testing.T) {
	h := newGroup(t)
	h.zoe()
	wantCode(t, h.child("accounts.setAccountInfo", "UID", testUID, "data", `{"grown":5}`), "0")
	if got := field(h.call(server, "accounts.getSchema", "include", "dataSchema"), "dataSchema", "fields", "grown"); !strings.Contains(got, `"integer"`) && !strings.Contains(got, `"long"`) {
		t.Errorf("the group's schema has %s", got)
	}
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "data", `{"grown":6}`), "0")
}

func TestSAPsToolsAskForFiveOrSixSchemas(t *testing.T) {
	h := newHouse(t)
	for _, asked := range []string{
		"profileSchema,dataSchema,subscriptionsSchema,preferencesSchema,internalSchema",
		"profileSchema,dataSchema,subscriptionsSchema,internalSchema,addressesSchema",
	} {
		answer := h.call(server, "accounts.getSchema", "include", asked)
		wantCode(t, answer, "0")
		for _, name := range strings.Split(asked, ",") {
			if !strings.HasPrefix(field(answer, name, "fields"), "{") {
				t.Errorf("%s has no fields", name)
			}
		}
		// Each is sent back alone, as the tools do.
		for _, name := range strings.Split(asked, ",") {
			if name == "profileSchema" {
				continue // The tools strip what cannot be set.
			}
			wantCode(t, h.call(server, "accounts.setSchema", name, field(answer, name), "include", asked), "0")
		}
	}
	answer := h.call(server, "accounts.setSchema", "include", "x")
	wantCode(t, answer, "0")
	if strings.Contains(answer, "ignoredParams") {
		t.Errorf("%s", answer)
	}
}
