package blueprint_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/doorward/doorward/internal/blueprint"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/faulty"
)

// TestAnApplyThatFailsAnywhereChangesNothing makes each call of the store fail in turn, the audit record and the commit among them.
func TestAnApplyThatFailsAnywhereChangesNothing(t *testing.T) {
	wrapped := faulty.New(openSQLite(t))
	h := houseIn(t, wrapped)
	h.furnish()
	before := h.export()
	files := edited(t, before, shop+"riskAssessment.json", "false", "true", shop+"policies/registration.json", "true", "false",
		people+"partner.json", `"isTrial": true`, `"isTrial": false`, shop+"webhook/new.json", "", `{"url":"https://x.example.com/","events":["accountLoggedIn"]}`)
	tree, err := h.read(files)
	h.must(err)
	counting := &faulty.Plan{}
	_, err = h.b.Plan(faulty.With(context.Background(), counting), tree, blueprint.How{})
	h.must(err)
	failure := errors.New("the disk is gone")
	seen := map[string]bool{}
	// A plan makes all calls but the commit.
	for at, name := range append(counting.Calls(), "Tx.Commit") {
		if seen[name] && !strings.HasPrefix(name, "Tx.Put") && name != "Tx.AppendAudit" {
			continue
		}
		seen[name] = true
		ctx := faulty.With(context.Background(), &faulty.Plan{At: at + 1, Err: failure})
		if _, _, err := h.b.Apply(ctx, tree, blueprint.How{}, nil); !errors.Is(err, failure) {
			t.Errorf("%s failed, and apply: %v", name, err)
		}
	}
	for _, name := range []string{"Tx.AppendAudit", "Tx.PutSite", "Tx.PutPartner", "Tx.PutConfigObject", "Tx.Commit"} {
		if !seen[name] {
			t.Errorf("no call of %s", name)
		}
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if _, _, err := h.b.Apply(ended, tree, blueprint.How{}, nil); err == nil {
		t.Error("applied after the end")
	}
	wantFiles(t, h.export(), before)
	h.must(h.store.Audits(context.Background(), store.AuditQuery{Log: shopKey, Until: clock.Millis(1 << 50), Limit: 10}, func(a *store.Audit, _ string) error {
		t.Errorf("a record of what did not happen: %s", a.Record)
		return nil
	}))
	if _, _, err := h.b.Apply(context.Background(), tree, blueprint.How{}, nil); err != nil {
		t.Error(err)
	}
}

// accounts is a digest of all accounts of the shop, read one by one.
func (h *house) accounts() string {
	h.t.Helper()
	digest := sha256.New()
	for _, group := range []string{shopKey, store.LiteGroup(shopKey)} {
		for i := range 20 {
			a, err := h.store.Account(context.Background(), group, fmt.Sprint("uid", i))
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			h.must(err)
			fmt.Fprintf(digest, "%+v\n", *a)
		}
	}
	return fmt.Sprintf("%x", digest.Sum(nil))
}

func TestAccountsAreNeverTouched(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	h.must(h.store.Change(context.Background(), func(tx store.Tx) error {
		for i := range 20 {
			group := shopKey
			if i%4 == 3 {
				group = store.LiteGroup(shopKey)
			}
			err := tx.PutAccount(&store.Account{Group: group, UID: fmt.Sprint("uid", i), Created: 1, LastUpdated: 2, IsActive: true,
				Profile: []byte(`{"email":"a@example.com"}`), Data: []byte(`{"plan":3,"loyalty":{"tier":"gold"},"unknown":[1]}`)})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	before := h.accounts()
	files := h.export()
	// Everything that can go goes: fields of the schema that accounts hold, consents, policies, the group.
	least := blueprint.Files{}
	for name, text := range files {
		if strings.HasPrefix(name, people) || strings.HasSuffix(name, "/site.json") || name == blueprint.FormatFile || name == shop+"site.js" {
			least[name] = text
		}
	}
	least = edited(t, least, blog+"site.json", `"siteGroupOwner": "`+shopKey+`",`, "")
	h.apply(least, blueprint.How{Prune: true})
	if h.accounts() != before {
		t.Error("accounts are others after everything was removed")
	}
	// What has accounts joins no group with its own: nothing is moved.
	got := h.plan(edited(t, least, shop+"site.json", `"baseDomain"`, `"siteGroupOwner": "`+blogKey+`", "baseDomain"`), blueprint.How{})
	if !strings.Contains(got, shop+"site.json: siteGroupOwner: ") {
		t.Errorf("a site with accounts joins a group: %s", got)
	}
	h.apply(files, blueprint.How{Prune: true}, secretsOf(files)...)
	if h.accounts() != before {
		t.Error("accounts are others after everything came back")
	}
	wantFiles(t, h.export(), files)
}

func TestAPlanThatShowsTheSameForAnotherStateIsOutdated(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	h.furnish()
	page := shop + "screenSet/Mine %C3%9Cml%C3%A4ut.html"
	files := edited(t, h.export(), page, "another", "a third")
	long := strings.Repeat("x", 300)
	h.apply(edited(t, files, page, "a third", long+"1"), blueprint.How{})
	tree, err := h.read(files)
	h.must(err)
	shown, err := h.b.Plan(ctx, tree, blueprint.How{})
	h.must(err)
	// Somebody changes what the plan has shortened.
	h.apply(edited(t, files, page, "a third", long+"2"), blueprint.How{})
	if _, _, err := h.b.Apply(ctx, tree, blueprint.How{}, shown); !errors.Is(err, blueprint.ErrOutdated) {
		t.Errorf("applied over a change that nobody has seen: %v", err)
	}
}

// endless is a file system with one file that has no end.
type endless struct {
	fstest.MapFS
	name string
}

func (e endless) Open(name string) (fs.File, error) {
	f, err := e.MapFS.Open(name)
	if err == nil && name == e.name {
		return noEnd{f}, nil
	}
	return f, err
}

type noEnd struct{ fs.File }

func (noEnd) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestWhatIsReadIsBounded(t *testing.T) {
	h := newHouse(t)
	none := func(string) (string, bool) { return "", false }
	small := folder(blueprint.Files{"sites/x/site.json": []byte(`{"baseDomain":"x.example.com"}`)})
	if _, err := h.b.Read(endless{small, "sites/x/site.json"}, none); err == nil || err.Error() != "sites/x/site.json: it has more than 16 MiB" {
		t.Errorf("an endless file: %v", err)
	}
	// One file of a megabyte is named more often than may be read.
	var many strings.Builder
	many.WriteString(`{"html":["${FILE:x}"`)
	for range 1100 {
		many.WriteString(`,"${FILE:x}"`)
	}
	many.WriteString(`]}`)
	small["sites/x/screenSet/a.json"] = &fstest.MapFile{Data: []byte(many.String())}
	small["sites/x/screenSet/x"] = &fstest.MapFile{Data: make([]byte, 1<<20)}
	if _, err := h.b.Read(small, none); err == nil || !strings.Contains(err.Error(), "sites/x/screenSet/a.json: html[1023]: x: the files have more than 1024 MiB together") {
		t.Errorf("many files: %.300v", err)
	}
	deep := folder(blueprint.Files{"sites/x/site.json": []byte(strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000))})
	if _, err := h.b.Read(deep, none); err == nil || !strings.HasPrefix(err.Error(), "sites/x/site.json: want a JSON object: ") {
		t.Errorf("a deep file: %v", err)
	}
}

func TestLinksAndPipesInAFolder(t *testing.T) {
	h, dir := newHouse(t), t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(dir, "root", filepath.FromSlash(name))
		h.must(os.MkdirAll(filepath.Dir(file), 0o755))
		h.must(os.WriteFile(file, []byte(text), 0o644))
	}
	link := func(to, name string) { h.must(os.Symlink(to, filepath.Join(dir, "root", filepath.FromSlash(name)))) }
	read := func() string {
		root, err := os.OpenRoot(filepath.Join(dir, "root"))
		h.must(err)
		defer root.Close()
		tree, err := h.b.Read(root.FS(), func(string) (string, bool) { return "", false })
		if err != nil {
			return err.Error()
		}
		files, err := tree.Files()
		h.must(err)
		return allOf(files) + strings.Join(tree.Unknown, "\n")
	}
	h.must(os.WriteFile(filepath.Join(dir, "outside.json"), []byte(`{"stolen":1}`), 0o644))
	write("sites/x/site.json", `{"baseDomain":"x.example.com"}`)
	write("joint/crm.json", `{"url":"https://joint.example.com/"}`)
	// A link within the folder is followed: sites share what they have in common.
	link("../../joint", "sites/x/webhook")
	if got := read(); !strings.Contains(got, "https://joint.example.com/") {
		t.Errorf("a joint folder: %s", got)
	}
	link("x", "sites/y")
	if got := read(); strings.Count(got, "x.example.com") != 2 {
		t.Errorf("a linked site: %s", got)
	}
	h.must(os.Remove(filepath.Join(dir, "root", "sites", "y")))
	for name, to := range map[string]string{
		"sites/x/captcha.json": "../../../outside.json", "sites/x/settings.json": filepath.Join(dir, "outside.json"), "sites/x/extension": "../../..",
		"sites/x/rbaPolicy.json": "rbaPolicy.json", "sites/x/policies": "nowhere",
	} {
		link(to, name)
		if got := read(); !strings.HasPrefix(got, name+": ") || strings.Contains(got, "stolen") || strings.Contains(got, "\n") {
			t.Errorf("%s → %s: %s", name, to, got)
		}
		h.must(os.Remove(filepath.Join(dir, "root", filepath.FromSlash(name))))
	}
	h.must(syscall.Mkfifo(filepath.Join(dir, "root", "sites", "x", "captcha.json"), 0o644))
	if got := read(); got != "sites/x/captcha.json: it is not an ordinary file" {
		t.Errorf("a pipe: %s", got)
	}
}

func TestWhatMeansNothingInAFolderIsSaid(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	files := edited(t, h.export(),
		shop+"site.yaml", "", "a: 1", shop+"README.md", "", "notes", shop+".hidden/x.json", "", "{}", shop+"webhook/sub/x.json", "", "{}",
		shop+"screenSet/old.html", "", "<p>", "sites/loose.json", "", "{}", blog+"accounts.ndjson", "", "{}", "sites/.x/site.json", "", "{}",
		shop+"webhook.json", "", "{}", shop+"captcha/x.json", "", "{}", people+"site.json", "", "{}", "Makefile", "", "all:")
	got := h.plan(files, blueprint.How{})
	want := []string{"partners/Example %26 S%C3%B6hne/site.json", "sites/loose.json", shop + "captcha", shop + "screenSet/old.html", shop + "site.yaml",
		shop + "webhook.json", shop + "webhook/sub"}
	for _, name := range want {
		if !strings.Contains(got, "unknown: "+name+"\n") {
			t.Errorf("nothing is said of %s:\n%s", name, got)
		}
	}
	for _, name := range []string{"README", "hidden", "accounts.ndjson", "sites/.x", "Makefile", ".gitattributes"} {
		if strings.Contains(got, name) {
			t.Errorf("%s is said to mean nothing:\n%s", name, got)
		}
	}
	if got := h.plan(files, blueprint.How{Strict: true}); !strings.Contains(got, shop+"site.yaml: is not known") {
		t.Errorf("strict: %s", got)
	}
}
