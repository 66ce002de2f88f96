package blueprint_test

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/blueprint"
	"github.com/doorward/doorward/internal/store"
)

// TestNamesThatFileSystemsTakeAmiss carries names that are long, differ in letter case alone, or end like files that are left alone
// through a real folder.
func TestNamesThatFileSystemsTakeAmiss(t *testing.T) {
	h := newHouse(t)
	html := func(text string) []byte { return []byte(`{"html":` + text + `}`) }
	key := strings.Repeat("translated.", 40)
	long := `{"html":"<p>\n</p>","css":"p {\n}","translations":{"default":{"` + key + `1":"one\ntwo","` + key + `2":"one\nthree"}}}`
	files := blueprint.Files{
		"partners/a/partner.json": []byte(`{"name":"Us","partnerID":1}`),
		"partners/b/partner.json": []byte(`{"name":"US","partnerID":2}`),
		"partners/c/partner.json": []byte(`{"name":"` + strings.Repeat("Ü", 128) + `","partnerID":3}`),
		"partners/d/partner.json": []byte(`{"name":"notes.ndjson","partnerID":4}`),
		"sites/a/site.json":       []byte(`{"baseDomain":"shop.md","apiKey":"` + shopKey + `","partnerID":1}`),
		"sites/b/site.json":       []byte(`{"baseDomain":"SHOP.example","apiKey":"` + blogKey + `","partnerID":2}`),
		"sites/c/site.json":       []byte(`{"baseDomain":"shop.example","apiKey":"4_thirdthirdthirdthirdth","partnerID":2}`),
		"sites/d/site.json":       []byte(`{"baseDomain":"` + strings.Repeat("д", 128) + `","apiKey":"4_fourthfourthfourthfourth","partnerID":2}`),
	}
	h.apply(files, blueprint.How{Create: true})
	folder := "sites/shop.md/"
	files = h.export()
	for name, text := range map[string][]byte{
		"screenSet/" + strings.Repeat("Ж", 50) + ".json": html(`"x"`), "screenSet/" + strings.Repeat("ж", 50) + ".json": html(`"y"`),
		"screenSet/con.json": html(`"z"`), "screenSet/a.md.json": html(`"a\nb"`), "screenSet/" + strings.Repeat("Ж", 49) + ".json": []byte(long),
	} {
		files[folder+name] = text
	}
	h.apply(files, blueprint.How{})
	files = h.export()
	folded := map[string]string{}
	for name := range files {
		for part := range strings.SplitSeq(name, "/") {
			if base, _, _ := strings.Cut(part, "."); len(part) > 240 || base == "con" {
				t.Errorf("the name %q is none on some systems", part)
			}
		}
		for part := name; part != "."; part = path.Dir(part) {
			if other, ok := folded[strings.ToLower(part)]; ok && other != part {
				t.Errorf("%s and %s are one on some systems", part, other)
			}
			folded[strings.ToLower(part)] = part
		}
	}
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		h.must(os.MkdirAll(filepath.Dir(name), 0o755))
		h.must(os.WriteFile(name, text, 0o644))
	}
	tree, err := h.b.Read(os.DirFS(dir), func(string) (string, bool) { return "", false })
	h.must(err)
	plan, err := h.b.Plan(context.Background(), tree, blueprint.How{Prune: true, Strict: true})
	h.must(err)
	if len(plan.Owners) != 8 || !plan.Empty() {
		t.Errorf("read again: %+v", plan.Owners)
	}
	other := newHouse(t)
	other.apply(files, blueprint.How{Create: true})
	wantFiles(t, other.export(), files)
}

func TestAFolderThatLeadsIntoItselfEnds(t *testing.T) {
	h, dir := newHouse(t), t.TempDir()
	h.must(os.MkdirAll(filepath.Join(dir, "screenSet"), 0o755))
	h.must(os.WriteFile(filepath.Join(dir, "site.json"), []byte(`{"baseDomain":"x.example.com"}`), 0o644))
	h.must(os.Symlink(".", filepath.Join(dir, "screenSet", "a%")))
	root, err := os.OpenRoot(dir)
	h.must(err)
	defer root.Close()
	if _, err := h.b.Read(root.FS(), func(string) (string, bool) { return "", false }); err == nil {
		t.Error("read")
	}
}

// TestWhatIsReadIsNoCommandForATerminal: whoever plans the files of a stranger shows them.
func TestWhatIsReadIsNoCommandForATerminal(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	files := edited(t, h.export(), shop+"webhook/crm.json", `"2.0"`, `"2.0", "\u001b[2J\n::set": 1`,
		shop+"screenSet/\x1b[2J\u202ex.json", "", `{"html":"<p>"}`, shop+"webhook/new\x1b.json", "", `{"url":"x"}`)
	for _, how := range []blueprint.How{{}, {Strict: true}} {
		if got := h.plan(files, how); strings.ContainsAny(got, "\x1b\u202e") || strings.Contains(got, "\n::") {
			t.Errorf("%q", got)
		}
	}
}

// TestVariablesAreNotShown: what somebody took from the environment is a secret to him.
func TestVariablesAreNotShown(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	files := h.export()
	const value = "hush-of-the-environment"
	for name, edits := range map[string][]string{
		"of a kind":    {shop + "webhook/crm.json", "https://hooks.example.com/crm", "${ENV:HIDDEN}"},
		"of a site":    {shop + "site.json", `"login.example.com"`, `"${ENV:HIDDEN}"`},
		"a group":      {shop + "site.json", `"us1"`, `"${ENV:HIDDEN}"`},
		"a new site":   {"sites/x/site.json", "", `{"baseDomain":"x.example.com","apiKey":"${ENV:HIDDEN}"}`},
		"a partner":    {people + "partner.json", `"companyName": "Example"`, `"companyName": "${ENV:HIDDEN}"`},
		"a key":        {people + "key/" + adminKey + ".json", `"description": ""`, `"description": "${ENV:HIDDEN}"`},
		"of a policy":  {shop + "policies/passwordComplexity.json", "{", `{"regExp": "${ENV:HIDDEN}",`},
		"no privilege": {people + "key/" + adminKey + ".json", `"privileges": []`, `"privileges": ["${ENV:HIDDEN}"]`},
	} {
		if got := h.plan(edited(t, files, edits...), blueprint.How{Create: true}, "HIDDEN", value); strings.Contains(got, value) || got == "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	files = edited(t, files, shop+"webhook/crm.json", "https://hooks.example.com/crm", "${ENV:DOORWARD_KEY}")
	if got := h.plan(files, blueprint.How{}, "DOORWARD_KEY", value); !strings.Contains(got, "url: DOORWARD_KEY is a setting of the server, not a variable for files") {
		t.Errorf("a setting of the server: %s", got)
	}
}

// TestAVariableThatIsNotSetLeavesWhatIsStored in every file, not only in those of kinds.
func TestAVariableThatIsNotSetLeavesWhatIsStored(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	files := edited(t, h.export(),
		people+"partner.json", `"companyName": "Example"`, `"companyName": "${ENV:NONE}"`, people+"partner.json", `"name": "Example & Söhne"`, `"name": "${ENV:NONE}"`,
		people+"key/"+adminKey+".json", `"ann@example.com"`, `"${ENV:NONE}"`, shop+"settings.json", `"news"`, `"${ENV:NONE}"`,
		people+"acl/support.json", `"description": "d"`, `"description": "${ENV:NONE}"`, people+"permissionGroup/_admins.json", `"Administrators"`, `"${ENV:NONE}"`)
	if got := h.plan(files, blueprint.How{}); !strings.Contains(got, "No changes") {
		t.Error(got)
	}
}

// rotating is a store in which somebody rotates the partner's secret as soon as the partners were listed.
type rotating struct {
	store.Store
	rotate func()
}

func (r *rotating) Partners(ctx context.Context) ([]*store.Partner, error) {
	list, err := r.Store.Partners(ctx)
	r.rotate()
	return list, err
}

func TestASecretThatIsRotatedMeanwhileStaysRotated(t *testing.T) {
	r := &rotating{Store: openSQLite(t), rotate: func() {}}
	h, ctx := houseIn(t, r), context.Background()
	h.furnish()
	tree, err := h.read(edited(t, h.export(), people+"partner.json", `"isTrial": true`, `"isTrial": false`))
	h.must(err)
	r.rotate = func() {
		h.must(r.Change(ctx, func(tx store.Tx) error {
			p, err := tx.Partner(7)
			if err != nil {
				return err
			}
			p.Secret = []byte("rotated")
			return tx.PutPartner(p)
		}))
	}
	_, _, err = h.b.Apply(ctx, tree, blueprint.How{}, nil)
	h.must(err)
	p, err := r.Partner(ctx, 7)
	h.must(err)
	if string(p.Secret) != "rotated" {
		t.Error("the old secret is good again")
	}
	if !strings.Contains(string(p.Config), `"isTrial":false`) {
		t.Errorf("config %s", p.Config)
	}
}

// TestAPlaceholderWhereSomethingElseIsStored: a file may say an object with whatever names where an array is stored.
func TestAPlaceholderWhereSomethingElseIsStored(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	files := edited(t, h.export(), shop+"policies/passwordReset.json", "", `{"securityFields": [["email"], ["profile.zip"]]}`)
	h.apply(files, blueprint.How{})
	for _, said := range []string{`{"-1": "${ENV:NONE}"}`, `{"0": {"-9": "${ENV:NONE}"}}`, `{"9": "${ENV:NONE}"}`, `[["${ENV:NONE}"]]`} {
		got := h.plan(edited(t, files, shop+"policies/passwordReset.json", `[["email"], ["profile.zip"]]`, "["+said+"]"), blueprint.How{})
		if !strings.Contains(got, "the variable NONE of the environment is not set, and nothing is stored that could stay") {
			t.Errorf("%s: %s", said, got)
		}
	}
}

// TestAVariableThatBeginsLikeAnotherIsNotShownEither.
func TestAVariableThatBeginsLikeAnotherIsNotShownEither(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	files := edited(t, h.export(), people+"key/"+adminKey+".json", `"privileges": []`, `"privileges": ["${ENV:SHORT}", "${ENV:LONG}"]`)
	got := h.plan(files, blueprint.How{}, "SHORT", "hush", "LONG", "hush-and-more")
	if strings.Contains(got, "more") || !strings.Contains(got, "${ENV:LONG}") {
		t.Error(got)
	}
}
