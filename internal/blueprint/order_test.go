package blueprint_test

import (
	"context"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/blueprint"
)

// TestTheOrderOfFoldersDecidesNothing: what is named may be in a folder that is read later.
func TestTheOrderOfFoldersDecidesNothing(t *testing.T) {
	files := blueprint.Files{
		"partners/a/partner.json":                 []byte(`{"name":"One","partnerID":1}`),
		"partners/a/permissionGroup/_admins.json": []byte(`{"users":["KeyOfPartner2"]}`),
		"partners/b/partner.json":                 []byte(`{"name":"Two","partnerID":2}`),
		"partners/b/key/KeyOfPartner2.json":       []byte(`{"name":"Ann","kind":"user","hasSecret":true,"sites":["` + shopKey + `"],"privileges":["accounts.search"]}`),
		"sites/a/site.json":                       []byte(`{"baseDomain":"a.example","partnerID":2,"apiKey":"` + shopKey + `"}`),
		"sites/a/webhook/crm.json":                []byte(`{"url":"https://x.example.com/","events":["accountLoggedIn"],"signingUserKey":"KeyOfPartner2"}`),
	}
	h := newHouse(t)
	h.apply(files, blueprint.How{Create: true})
	if got := h.plan(files, blueprint.How{}); !strings.Contains(got, "No changes") {
		t.Error(got)
	}
}

func TestParentsAndMembersOfGroupsChangePlaces(t *testing.T) {
	const one, two, three = "4_oneoneoneoneoneoneoneone", "4_twotwotwotwotwotwotwotwo", "4_threethreethreethreethree"
	groups := func(ownerOfOne, ownerOfTwo, ownerOfThree string) blueprint.Files {
		files := blueprint.Files{"partners/p/partner.json": []byte(`{"name":"Us","partnerID":1}`)}
		for name, keys := range map[string][2]string{"a": {one, ownerOfOne}, "b": {two, ownerOfTwo}, "c": {three, ownerOfThree}} {
			files["sites/"+name+"/site.json"] = []byte(`{"baseDomain":"` + name + `.example","apiKey":"` + keys[0] + `","siteGroupOwner":"` + keys[1] + `"}`)
		}
		return files
	}
	h := newHouse(t)
	for _, owners := range [][3]string{{"", one, one}, {two, "", two}, {three, three, ""}, {"", "", one}, {"", one, ""}, {three, three, ""}} {
		h.apply(groups(owners[0], owners[1], owners[2]), blueprint.How{Create: true})
		for i, apiKey := range []string{one, two, three} {
			s, err := h.store.Site(context.Background(), apiKey)
			h.must(err)
			if want := owners[i]; s.Group != want && !(want == "" && s.Group == apiKey) {
				t.Errorf("%v: %s is in the group of %s", owners, apiKey, s.Group)
			}
		}
	}
}

// TestWhatASiteSetBeforeItJoinedAGroupIsNotInItsWay: what only the parent sets is not in force at a member, and not in its files.
func TestWhatASiteSetBeforeItJoinedAGroupIsNotInItsWay(t *testing.T) {
	const parent, member = "4_oneoneoneoneoneoneoneone", "4_twotwotwotwotwotwotwotwo"
	h := newHouse(t)
	h.apply(blueprint.Files{
		"partners/p/partner.json":                  []byte(`{"name":"Us","partnerID":1}`),
		"sites/a/site.json":                        []byte(`{"baseDomain":"a.example","apiKey":"` + parent + `"}`),
		"sites/b/site.json":                        []byte(`{"baseDomain":"b.example","apiKey":"` + member + `"}`),
		"sites/b/policies/passwordComplexity.json": []byte(`{"minLength":9}`),
		"sites/b/policies/registration.json":       []byte(`{"requireCaptcha":true}`),
		"sites/b/schema/dataSchema.json":           []byte(`{"fields":{"plan":{"type":"integer","required":true}}}`),
		"sites/b/schema/profileSchema.json":        []byte(`{"fields":{"email":{"required":true,"writeAccess":"serverOnly"}}}`),
		"sites/b/communicationChannel/SMS.json":    []byte(`{"description":"of the member"}`),
		"sites/b/consentStatement/terms.json":      []byte(objects["consentStatement"]["terms.v1"]),
		"sites/b/webhook/crm.json":                 []byte(`{"url":"https://x.example.com/","events":["accountLoggedIn"]}`),
	}, blueprint.How{Create: true})
	h.apply(blueprint.Files{"site.json": []byte(`{"baseDomain":"b.example","siteGroupOwner":"` + parent + `"}`)}, blueprint.How{})
	files := h.export()
	for name, want := range map[string]bool{"communicationChannel/SMS": false, "consentStatement/terms": false, "webhook/crm": true} {
		if _, there := files["sites/b.example/"+name+".json"]; there != want {
			t.Errorf("%s of the member has a file: %v", name, there)
		}
	}
	other := newHouse(t)
	other.apply(files, blueprint.How{Create: true})
	wantFiles(t, other.export(), files)
	changed := edited(t, files, "sites/b.example/policies/registration.json", "true", "false")
	if got := h.plan(changed, blueprint.How{}); !strings.Contains(got, "0 to add, 1 to change, 0 to remove.") {
		t.Error(got)
	}
	changed = edited(t, files, "sites/b.example/policies/passwordComplexity.json", "", `{"minLength":9}`)
	if got := h.plan(changed, blueprint.How{}); !strings.HasPrefix(got, "sites/b.example/policies/passwordComplexity.json: Member sites may not override") {
		t.Error(got)
	}
	// Not in the plan that takes the site in, nor in a later one.
	for _, doc := range []string{`{"description":"of the member"}`, `{}`} {
		changed = edited(t, files, "sites/b.example/communicationChannel/SMS.json", "", doc)
		if got := h.plan(changed, blueprint.How{}); !strings.HasPrefix(got, "sites/b.example/communicationChannel/SMS.json: ") || !strings.Contains(got, "a member of a site group cannot") {
			t.Error(got)
		}
	}
	// Files that say something else of the same groups leave it where it is.
	h.apply(edited(t, files, "sites/b.example/policies/registration.json", "true", "false", "sites/b.example/policies/gigyaPlugins.json", "", `{"sessionExpiration":7}`,
		"sites/b.example/schema/profileSchema.json", "true", "false"), blueprint.How{Prune: true})
	h.apply(blueprint.Files{"site.json": []byte(`{"baseDomain":"b.example"}`)}, blueprint.How{})
	left := h.export()
	for name, want := range map[string]string{
		"communicationChannel/SMS": "of the member", "policies/passwordComplexity": `"minLength": 9`, "policies/registration": `"requireCaptcha": false`,
		"schema/profileSchema": `"writeAccess": "serverOnly"`,
	} {
		if got := string(left["sites/b.example/"+name+".json"]); !strings.Contains(got, want) {
			t.Errorf("%s, after it left the group: %s", name, got)
		}
	}
	joining := edited(t, h.export(), "sites/b.example/site.json", `"baseDomain"`, `"siteGroupOwner": "`+parent+`", "baseDomain"`,
		"sites/b.example/policies/passwordComplexity.json", "", "-", "sites/b.example/policies/registration.json", "", "-",
		"sites/b.example/schema/dataSchema.json", "", "-", "sites/b.example/schema/profileSchema.json", "", "-")
	if got := h.plan(joining, blueprint.How{}); !strings.Contains(got, "sites/b.example/communicationChannel/SMS.json: description: a member of a site group cannot set it") {
		t.Error(got)
	}
	if got := string(h.export()["sites/b.example/schema/dataSchema.json"]); !strings.Contains(got, `"type": "integer"`) {
		t.Errorf("after it left the group: %s", got)
	}
}
