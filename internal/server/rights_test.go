package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// application is a key that holds what its group gives.
type application struct {
	d           *doorwardtest.Server
	partner     int64
	key, secret string
	scope       acl.Scope
}

// newApplication makes a key of the partner without any right.
func newApplication(t testing.TB, d *doorwardtest.Server, partner int64) *application {
	t.Helper()
	made, err := d.Factory().NewKey(site.KeyOptions{Partner: partner, Kind: store.KindApplication, Name: "app"})
	if err != nil {
		t.Fatal(err)
	}
	d.Change(func(tx store.Tx) error { return tx.PutKey(made.Record) })
	return &application{d, partner, made.Record.UserKey, made.Secret, acl.Scope{AllowPartners: []string{acl.Owner}}}
}

// holds makes the list the only one that the application holds.
func (a *application) holds(list string) *application {
	owner := store.OwnerOfPartner(a.partner)
	group, _ := json.Marshal(acl.Group{ACLID: "list of " + a.key, Scope: a.scope, Users: []string{a.key}})
	stored, _ := json.Marshal(acl.Stored{ACL: json.RawMessage(list)})
	a.d.Change(func(tx store.Tx) error {
		return errors.Join(
			tx.PutConfigObject(&store.ConfigObject{Owner: owner, Kind: acl.KindGroup, Name: "group of " + a.key, Document: group}),
			tx.PutConfigObject(&store.ConfigObject{Owner: owner, Kind: acl.KindList, Name: "list of " + a.key, Document: stored}))
	})
	return a
}

// answer is what the tests look at of an answer.
type answer struct {
	ErrorCode    int    `json:"errorCode"`
	ErrorDetails string `json:"errorDetails"`
	text         string
}

func read(t testing.TB, body []byte) answer {
	t.Helper()
	got := answer{text: string(body)}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return got
}

// calls makes a call with the application's key, at the seeded site unless the method is about none.
func (a *application) calls(t testing.TB, name string, params ...string) answer {
	t.Helper()
	m, _ := a.d.Methods().Lookup(name)
	if m == nil {
		t.Fatalf("%s is not served", name)
	}
	all := []string{"userKey", a.key, "secret", a.secret}
	if !m.Spec.NoSite && !slices.Contains(params, "apiKey") {
		all = append(all, "apiKey", a.d.APIKey)
	}
	return read(t, a.d.Call(name, append(all, params...)...))
}

// denied tells whether the answer is the one for a missing right.
func (got answer) denied(name string) bool {
	text := strings.TrimSpace(strings.SplitN(strings.ReplaceAll(got.ErrorDetails, "&#39;", "'"), " or you do not", 2)[0])
	namespace, rest, _ := strings.Cut(name, ".")
	return got.ErrorCode == 403007 && text == fmt.Sprintf("Invalid namespace '%s' or method '%s'", namespace, rest)
}

func give(name string) string {
	cut := strings.LastIndexByte(name, '.')
	return fmt.Sprintf(`{"_api":{%q:{%q:{"_ace":{"perms":"x"}}}},"_data":{"accounts":{"account":{"_ace":{"perms":"rw"}}}}}`, name[:cut], name[cut+1:])
}

func allBut(name string) string {
	cut := strings.LastIndexByte(name, '.')
	return fmt.Sprintf(`{"_api":{"_ace":{"perms":"x"},%q:{%q:{"_ace":{"perms":"-x"}}}},"_data":{"_ace":{"perms":"rw"}}}`, name[:cut], name[cut+1:])
}

// guardedMethods are the served methods that look at who calls.
func guardedMethods(d *doorwardtest.Server) []*method.Method {
	var list []*method.Method
	for _, m := range d.Methods().Methods() {
		if !m.Spec.Anonymous && !m.Spec.OwnCredential {
			list = append(list, m)
		}
	}
	return list
}

// attackEveryMethod calls every method with the keys of those who may not call it.
func attackEveryMethod(t *testing.T) {
	d := doorwardtest.New(t)
	stranger, _, err := d.Factory().NewPartner("Stranger")
	if err != nil {
		t.Fatal(err)
	}
	d.Change(func(tx store.Tx) error { return tx.PutPartner(stranger) })
	abroad, err := d.Factory().NewSite(site.SiteOptions{Partner: stranger.ID, BaseDomain: "example.net", DataCenter: "us1"})
	if err != nil {
		t.Fatal(err)
	}
	d.Change(func(tx store.Tx) error { return tx.PutSite(abroad) })
	own, other := strconv.FormatInt(d.Partner, 10), strconv.FormatInt(stranger.ID, 10)
	nobody := newApplication(t, d, d.Partner)
	exact := newApplication(t, d, d.Partner)
	foreign := newApplication(t, d, stranger.ID).holds(`{"_inherit":["_admins"]}`)
	methods := guardedMethods(d)
	for _, m := range methods {
		t.Run(m.Spec.Name, func(t *testing.T) {
			name := m.Spec.Name
			var params, theirs []string
			for _, word := range []string{"ownerPartnerId", "targetPartnerID", "partnerID"} {
				if m.Partner(gigya.NewParams(gigya.Param{Name: word, Value: "1"})) != "" {
					params, theirs = []string{word, own}, []string{word, other}
				}
			}
			if got := nobody.calls(t, name, params...); !got.denied(name) {
				t.Errorf("a key that holds nothing: %s", got.text)
			}
			if got := exact.holds(allBut(name)).calls(t, name, params...); !got.denied(name) {
				t.Errorf("a key that holds all but this: %s", got.text)
			}
			if got := exact.holds(give(name)).calls(t, name, params...); got.denied(name) {
				t.Errorf("a key that holds exactly this: %s", got.text)
			}
			if len(theirs) > 0 {
				// Of another partner, of one that there is not, and of no number that could be one: the same answer.
				for _, id := range []string{other, "77"} {
					if got := exact.calls(t, name, theirs[0], id); !got.denied(name) {
						t.Errorf("about partner %s: %s", id, got.text)
					}
				}
			}
			if len(params) > 0 || !m.Spec.NoSite {
				if got := foreign.calls(t, name, params...); !got.denied(name) {
					t.Errorf("a key of another partner: %s", got.text)
				}
			}
			if got := exact.calls(t, name, append(params, "apiKey", abroad.APIKey)...); !got.denied(name) && !m.Spec.NoSite {
				t.Errorf("at a site of another partner: %s", got.text)
			}
			exact.scope = acl.Scope{AllowSites: []string{"4_AAAAAAAAAAAAAAAAAAAAAA"}}
			if got := exact.holds(give(name)).calls(t, name, params...); m.Level() != caller.Anywhere && !got.denied(name) {
				t.Errorf("a key that holds this at another site: %s", got.text)
			}
			exact.scope = acl.Scope{AllowPartners: []string{acl.Owner}}
		})
	}
	if len(methods) < 40 {
		t.Errorf("%d methods were tried", len(methods))
	}
}

func TestAChangeOfRightsTakesHoldForTheVeryNextCall(t *testing.T) {
	d := doorwardtest.New(t)
	app := newApplication(t, d, d.Partner)
	want := func(what string, denied bool) {
		t.Helper()
		if got := app.calls(t, "accounts.getSchema"); got.denied("accounts.getSchema") != denied {
			t.Errorf("%s: %s", what, got.text)
		}
	}
	for range 20 {
		want("without rights", true)
		app.holds(give("accounts.getSchema"))
		want("with the right", false)
		app.holds(give("accounts.search"))
	}
	app.holds(give("accounts.getSchema"))
	want("with the right", false)
	d.Change(func(tx store.Tx) error {
		k, err := tx.Key(app.key)
		if err != nil {
			return err
		}
		k.Revoked = 1
		return tx.PutKey(k)
	})
	if got := app.calls(t, "accounts.getSchema"); got.ErrorCode != 403005 {
		t.Errorf("a revoked key: %s", got.text)
	}
}

// A refusal is in the audit log of the site, with the key and without its secret.
func attackRefusalAudit(t *testing.T) {
	d := doorwardtest.New(t)
	app := newApplication(t, d, d.Partner)
	app.calls(t, "accounts.setPolicies", "policies", `{}`)
	var record map[string]any
	for range 200 {
		if record = lastAudit(t, d, d.APIKey); record != nil && record["userKey"] == app.key {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	text, _ := json.Marshal(record)
	if record["userKey"] != app.key || record["endpoint"] != "accounts.setPolicies" || !strings.Contains(string(text), "403007") || strings.Contains(string(text), app.secret) {
		t.Errorf("record %s", text)
	}
}

// The walk of docs/permissions.md, and what it says about taking everything away again.
func TestAnApplicationGetsExactlyWhatItNeeds(t *testing.T) {
	d, uid, _ := withFields(t)
	partner := strconv.FormatInt(d.Partner, 10)
	admin := func(name string, params ...string) answer {
		t.Helper()
		return read(t, d.Call(name, append([]string{"userKey", d.UserKey, "secret", d.UserSecret, "partnerID", partner}, params...)...))
	}
	var made struct {
		User struct{ UserKey, Secret string }
	}
	got := admin("admin.createUserKey", "name", "newsletter", "ownerPartnerId", partner)
	if err := json.Unmarshal([]byte(got.text), &made); err != nil || made.User.UserKey == "" || made.User.Secret == "" {
		t.Fatalf("%v: %s", err, got.text)
	}
	asApp := func(name string, params ...string) answer {
		t.Helper()
		return read(t, d.Call(name, append([]string{"apiKey", d.APIKey, "userKey", made.User.UserKey, "secret", made.User.Secret}, params...)...))
	}
	search := func(query string) answer { t.Helper(); return asApp("accounts.search", "query", query) }
	const rows, other = "SELECT UID, profile.email, profile.firstName FROM accounts", "SELECT profile.lastName FROM accounts"
	if got := search(rows); !got.denied("accounts.search") {
		t.Errorf("a new application: %s", got.text)
	}
	list := `{"_api":  {"accounts": {"search": {"_ace": {"perms": "x"}}}},
		"_data": {"accounts": {"account": {"profile": {"email": {"_ace": {"perms": "r"}}, "firstName": {"_ace": {"perms": "r"}}}}}}, "_inherit": []}`
	for _, step := range [][]string{
		{"admin.setACL", "aclID", "newsletter", "acl", list},
		{"admin.createGroup", "groupID", "newsletter", "aclID", "newsletter", "scope", `{"allowSites": ["` + d.APIKey + `"]}`, "setUsers", `["` + made.User.UserKey + `"]`},
	} {
		if got := admin(step[0], step[1:]...); got.ErrorCode != 0 {
			t.Fatalf("%s: %s", step[0], got.text)
		}
	}
	search(rows).shows(t, uid+" Zoë zoe@example.com", "Example")
	if got := search(other); !got.denied("accounts.search") {
		t.Errorf("a field that it was not given: %s", got.text)
	}
	if got := asApp("accounts.deleteAccount", "UID", uid); !got.denied("accounts.deleteAccount") {
		t.Errorf("a method that it was not given: %s", got.text)
	}
	admin("admin.getEffectiveACL", "targetUserKey", made.User.UserKey, "apiKey", d.APIKey).shows(t, `"search" "firstName"`, "deleteAccount lastName")
	if got := admin("admin.updateGroup", "groupID", "newsletter", "removeUsers", `["`+made.User.UserKey+`"]`); got.ErrorCode != 0 {
		t.Fatalf("%s", got.text)
	}
	if got := search(rows); !got.denied("accounts.search") {
		t.Errorf("out of its group: %s", got.text)
	}
	if got := admin("admin.deleteUserKey", "targetUserKey", made.User.UserKey); got.ErrorCode != 0 {
		t.Fatalf("%s", got.text)
	}
	if got := search(rows); got.ErrorCode != 403005 {
		t.Errorf("deleted: %s", got.text)
	}
}

func TestPrivilegesAndMethodsKnowEachOther(t *testing.T) {
	d := doorwardtest.New(t)
	// A right that is no method: to see entries about no site among what audit.search finds.
	parts := map[string]bool{"audit.searchPartner": true}
	for _, p := range acl.Privileges() {
		for _, written := range p.Methods {
			name, _, _ := strings.Cut(written, "(")
			if strings.HasSuffix(name, "*") || parts[name] {
				continue
			}
			if m, status := d.Methods().Lookup(name); status == method.Unknown || m != nil && m.Spec.Name != name && !slices.Contains(m.Spec.Aliases, name) {
				t.Errorf("%s gives %s, which is no method", p.Name, name)
			}
		}
	}
	// What no privilege but that of administrators gives, and why.
	administrators := map[string]string{
		"admin.updatePartner":       "switches the partner off",
		"admin.rotatePartnerSecret": "makes every program's secret another one",
		"admin.search":              "looks at all partners",
	}
	for _, m := range guardedMethods(d) {
		given := slices.ContainsFunc(acl.Privileges(), func(p *acl.Privilege) bool {
			return p.Name != acl.Admins && acl.Compile(p.List()).May(m.Spec.Name)
		})
		if _, alone := administrators[m.Spec.Name]; given == alone {
			t.Errorf("%s: given by a privilege: %v", m.Spec.Name, given)
		}
	}
}
