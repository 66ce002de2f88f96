package blueprint_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/api/admin"
	"github.com/doorward/doorward/internal/blueprint"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/policy"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

// TestAnyConfigurationIsCarriedByItsFiles draws two configurations of the same partners, sites and keys. The files of the first make an
// empty installation the same, and those of the second make the first the second. What was applied leaves nothing to do.
func TestAnyConfigurationIsCarriedByItsFiles(t *testing.T) {
	for name, driver := range map[string]struct {
		open func(testing.TB) store.Store
		most int
	}{"sqlite": {openSQLite, 20}, "postgres": {openPostgres, 3}} {
		t.Run(name, func(t *testing.T) {
			fewer(t, driver.most)
			rapid.Check(t, func(rt *rapid.T) {
				one, two, empty := houseIn(rt, driver.open(t)), houseIn(rt, driver.open(t)), houseIn(rt, driver.open(t))
				skeleton := drawSkeleton(rt)
				one.draw(rt, skeleton, "one")
				two.draw(rt, skeleton, "two")

				files := one.export()
				secrets := secretsOf(files)
				empty.apply(files, blueprint.How{Create: true, Strict: len(empty.strange(files)) == 0}, secrets...)
				wantFiles(rt, empty.export(), files)
				for _, variables := range [][]string{nil, secrets} { // The secrets are where they belong.
					if got := empty.plan(files, blueprint.How{Prune: true}, variables...); !strings.Contains(got, "No changes") {
						rt.Fatalf("applied twice:\n%s", got)
					}
				}

				files = two.export()
				secrets = secretsOf(files)
				one.apply(files, blueprint.How{Prune: true}, secrets...)
				wantFiles(rt, one.export(), files)
				if got := one.plan(files, blueprint.How{Prune: true}, secrets...); !strings.Contains(got, "No changes") {
					rt.Fatalf("applied twice:\n%s", got)
				}
			})
		})
	}
}

// fewer lets rapid draw no more configurations than that in this test.
func fewer(t *testing.T, most int) {
	const checks = "rapid.checks"
	told := flag.Lookup(checks).Value.String()
	if n, err := strconv.Atoi(told); err != nil || n <= most {
		return
	}
	if err := flag.Set(checks, strconv.Itoa(most)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set(checks, told) })
}

// strange are the unknown members of the files.
func (h *house) strange(files blueprint.Files) []string {
	h.t.Helper()
	var list []string
	for line := range strings.Lines(h.plan(files, blueprint.How{Create: true}, secretsOf(files)...)) {
		if strings.HasPrefix(line, "unknown: ") {
			list = append(list, line)
		}
	}
	return list
}

// skeleton is what no file changes: which partners, sites and keys there are.
type skeleton struct {
	partners []int64
	// sites are base domains, keys user keys, by partner. Several may be the same.
	sites map[int64][]string
	keys  map[int64][]string
}

func drawSkeleton(rt *rapid.T) *skeleton {
	s := &skeleton{sites: map[int64][]string{}, keys: map[int64][]string{}}
	domain := rapid.SampledFrom([]string{"shop.example.com", "blog.example.com", "xn--bcher-kva.example", "a.example"})
	for id := range int64(rapid.IntRange(1, 2).Draw(rt, "partners")) {
		id++
		s.partners = append(s.partners, id)
		s.sites[id] = rapid.SliceOfN(domain, 0, 3).Draw(rt, "sites")
		for n := range rapid.IntRange(0, 2).Draw(rt, "keys") {
			s.keys[id] = append(s.keys[id], fmt.Sprintf("KeyOfPartner%dNumber%d", id, n))
		}
	}
	return s
}

func (s *skeleton) apiKey(partner int64, n int) string {
	return fmt.Sprintf("4_ofpartner%dandnumber%05d", partner, n)
}

// texts are what may stand in a text.
var anyText = rapid.OneOf(rapid.SampledFrom([]string{
	"", "a", "two\nlines", "\r\n", "${ENV:X}", "$${FILE:x.html}", "${FILE:../x}", "${ENV_JSON:}", "<p>" + strings.Repeat("long ", 60), "Ümläut",
	"\x00\u2028", "-----BEGIN X-----\n", "{\"a\":1}", "${", "%41", "ends with space ",
}), rapid.String())

// anyName may name an object.
var anyName = rapid.SampledFrom([]string{
	"crm", "CRM", "Crm", "a/b", "..", ".x", "x.json", "Ümläut", "a b", " a", "%63rm", "con", "~", "a~4_x", "*", "c:\\d", strings.Repeat("n", 60), "NUL.x",
	"nul.x", strings.Repeat("./Ü", 60), strings.Repeat("./ü", 60), strings.Repeat("long", 64),
})

// draw fills the empty installation.
func (h *house) draw(rt *rapid.T, s *skeleton, label string) {
	h.t.Helper()
	factory := site.Factory{Sealer: h.seal, Rand: fixed{}, Clock: clock.NewFake(time.UnixMilli(1))}
	pick := func(what string, texts ...string) string { return rapid.SampledFrom(texts).Draw(rt, label+" "+what) }
	for _, id := range s.partners {
		partner, _, err := factory.NewPartnerAs(id, pick("name", "One", "Two & more", "../x"))
		h.must(err)
		if config := pick("partner", "", `{"isTrial":true}`, `{"auditRetention":3,"ours":{"x":null}}`, `{"allowedIPs":["192.0.2.0/24"]}`); config != "" {
			partner.Config = json.RawMessage(config)
		}
		var records []func(store.Tx) error
		for _, userKey := range s.keys[id] {
			key, err := factory.NewKey(site.KeyOptions{Partner: id, UserKey: userKey, Kind: store.KindUser, Name: pick("key", "Ann", "Bo")})
			h.must(err)
			key.Record.Description, key.Record.Disabled = anyText.Draw(rt, label+" description"), rapid.Bool().Draw(rt, label+" disabled")
			if rapid.Bool().Draw(rt, label+" configured") {
				key.Record.Config = json.RawMessage(`{"email":"ann@example.com","unheard":1e2}`)
			}
			records = append(records, func(tx store.Tx) error { return tx.PutKey(key.Record) })
		}
		if len(s.keys[id]) > 0 && rapid.Bool().Draw(rt, label+" groups") {
			records = append(records, putRights(id, s.keys[id][0], pick("perms", "x", "-x")))
		}
		sites := h.drawSites(rt, s, id, factory, label)
		h.must(h.store.Change(rt.Context(), func(tx store.Tx) error {
			errs := []error{tx.PutPartner(partner)}
			for _, s := range sites {
				errs = append(errs, tx.PutSite(s))
			}
			for _, put := range records {
				errs = append(errs, put(tx))
			}
			return errors.Join(errs...)
		}))
		for _, record := range sites {
			h.drawObjects(rt, record, label)
		}
	}
}

// fixed is a source of secrets that are all the same: files do not have them.
type fixed struct{}

func (fixed) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}

func putRights(partner int64, member, perms string) func(store.Tx) error {
	return func(tx store.Tx) error {
		owner := store.OwnerOfPartner(partner)
		list, err := admin.CheckList("mine", []byte(`{"acl":{"_api":{"accounts":{"search":{"_ace":{"perms":"`+perms+`"}}}}},"description":""}`))
		return errors.Join(err,
			tx.PutConfigObject(&store.ConfigObject{Owner: owner, Kind: acl.KindList, Name: "mine", Document: list}),
			tx.PutConfigObject(&store.ConfigObject{Owner: owner, Kind: acl.KindGroup, Name: "Group " + perms, Document: json.RawMessage(
				`{"aclID":"mine","scope":{"allowPartners":["_owner"],"allowSites":[]},"users":["` + member + `"],"description":""}`)}))
	}
}

func (h *house) drawSites(rt *rapid.T, s *skeleton, partner int64, factory site.Factory, label string) (records []*store.Site) {
	h.t.Helper()
	pick := func(what string, texts ...string) string { return rapid.SampledFrom(texts).Draw(rt, label+" "+what) }
	for n, domain := range s.sites[partner] {
		options := site.SiteOptions{Partner: partner, BaseDomain: domain, APIKey: s.apiKey(partner, n), DataCenter: "us1", Description: anyText.Draw(rt, label+" site")}
		if n > 0 && rapid.Bool().Draw(rt, label+" member") {
			options.Group = s.apiKey(partner, 0)
		}
		record, err := factory.NewSite(options)
		h.must(err)
		record.Description = options.Description
		record.Status = pick("status", store.SiteActive, store.SiteDisabled)
		if rapid.Bool().Draw(rt, label+" configured") {
			config := object(h.t, pick("site", `{"tags":["a"]}`, `{"settings":{"CNAME":"login.example.com"},"restrictions":{"blockedIPs":["192.0.2.7"]}}`, `{}`))
			config.Set("globalConf", document.String(anyText.Draw(rt, label+" text")))
			config.Set("unheardOf", document.ArrayOf(document.String(anyText.Draw(rt, label+" text")), document.NullValue()))
			record.Config = config.JSON()
		}
		if settings := pick("settings", "", `{"ownUIDsOnly":true}`, `{"counters":[{"class":"news","path":"/"}]}`); settings != "" {
			record.Settings = json.RawMessage(settings)
		}
		parts := object(h.t, pick("policies", `{}`, `{"registration":{"requireCaptcha":true}}`,
			`{"gigyaPlugins":{"defaultRegScreenSet":"a\nb"},"emailVerification":{"emailTemplates":{"en":"<html>\n<meta name=\"from\" content=\"a@example.com\"><meta name=\"subject\" content=\"s\"></html>"}}}`))
		fields := object(h.t, pick("schema", `{}`, `{"dataSchema":{"fields":{"plan":{"type":"integer"}}}}`,
			`{"dataSchema":{"fields":{"plan":{"type":"integer","writeAccess":"serverOnly"},"loyalty.tier":{"type":"string"}}},"profileSchema":{"fields":{"email":{"required":true}}}}`))
		if options.Group == "" {
			record.Policies, err = policy.Merge(nil, parts)
			h.must(err)
			record.Schema, err = schema.Merge(nil, fields)
		} else {
			record.Policies, err = policy.MergeMember(records[0].Policies, nil, parts)
		}
		h.must(err)
		for _, text := range []*json.RawMessage{&record.Policies, &record.Schema} {
			if string(*text) == "{}" {
				*text = nil
			}
		}
		records = append(records, record)
	}
	return records
}

// drawObjects gives the site some objects of every kind. What a member of a group may not have is left out.
func (h *house) drawObjects(rt *rapid.T, record *store.Site, label string) {
	h.t.Helper()
	directory := site.NewDirectory(h.store, h.seal)
	book := siteconfig.New(h.store, directory, h.seal, clock.System{})
	s, err := directory.Site(rt.Context(), record.APIKey)
	h.must(err)
	for _, k := range server.Kinds() {
		samples := map[string]json.RawMessage{}
		if k.Default != nil {
			maps.Copy(samples, k.Default(s))
		}
		for name, doc := range objects[k.Name] {
			samples[name] = json.RawMessage(doc)
		}
		for _, name := range slices.Sorted(maps.Keys(samples)) {
			doc := object(h.t, string(samples[name]))
			if !rapid.Bool().Draw(rt, label+" "+k.Name) {
				continue
			}
			if k.Name == "screenSet" || k.Name == "communicationChannel" { // The first takes few of the names, the second all.
				name = anyName.Draw(rt, label+" name")
			}
			if k.Name == "screenSet" {
				doc.Set(rapid.SampledFrom([]string{"html", "css", "javascript"}).Draw(rt, label+" member"), document.String(anyText.Draw(rt, label+" text")))
			}
			if k.Name == "dataflow" {
				steps, _ := doc.Get("steps")
				params, _ := steps.Items()[0].Object().Get("params")
				params.Object().Set("password", rapid.SampledFrom([]document.Value{
					document.String("s"), document.String(""), document.Int(7), document.NullValue(), document.ArrayOf(document.Int(1)),
				}).Draw(rt, label+" secret"))
			}
			_ = h.store.Change(rt.Context(), func(tx store.Tx) error { return book.Put(tx, s, k, name, doc.JSON()) })
		}
	}
}
