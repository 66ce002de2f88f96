package blueprint_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/api/admin"
	"github.com/doorward/doorward/internal/blueprint"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/policy"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
	"github.com/doorward/doorward/internal/store/sqlite"
)

const (
	shopKey  = "4_shopshopshopshopshopsh"
	blogKey  = "4_blogblogblogblogblogbl"
	adminKey = "AdminAdmin12"
)

// house is an installation in a store of its own.
type house struct {
	t     rapid.TB
	store store.Store
	seal  *seal.Sealer
	b     *blueprint.Blueprint
}

func newHouse(t testing.TB) *house {
	t.Helper()
	return houseIn(t, openSQLite(t))
}

// houseIn is an installation in the store, which is empty.
func houseIn(t rapid.TB, opened store.Store) *house {
	t.Helper()
	c := clock.NewFake(time.UnixMilli(1_700_000_000_000))
	sealer, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, store: opened, seal: sealer}
	h.must(opened.SealAudits(context.Background(), bytes.Repeat([]byte{1}, 32)))
	h.b, err = blueprint.New(blueprint.Options{
		Store: opened, Factory: site.Factory{Sealer: sealer, Rand: rand.Reader, Clock: c}, Clock: c, Kinds: server.Kinds(), DataCenter: "us1",
	})
	h.must(err)
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func openSQLite(t testing.TB) store.Store {
	t.Helper()
	opened, err := sqlite.Open(context.Background(),
		sqlite.Options{File: filepath.Join(t.TempDir(), "test.db"), Clock: clock.NewFake(time.UnixMilli(1_700_000_000_000))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return opened
}

func openPostgres(t testing.TB) store.Store {
	t.Helper()
	opened, err := postgres.Open(context.Background(), postgres.Options{
		URL: postgrestest.With(t, postgrestest.URL(t), "pool_max_conns", "4"), Clock: clock.NewFake(time.UnixMilli(1_700_000_000_000)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return opened
}

// webhookText has two headers whose values are secret.
const webhookText = `{"url":"https://hooks.example.com/crm","active":true,"events":["accountCreated"],` +
	`"headers":[{"name":"X-One","value":"hush-one"},{"name":"X-Two","value":"hush-two"}],"version":"2.0","note":"${ENV:kept as it is}"}`

// objects are, by kind and name, objects of the kinds that have nothing by default.
var objects = map[string]map[string]string{
	"webhook":              {"crm": webhookText, "CRM": strings.Replace(webhookText, "crm", "other", 1)},
	"extension":            {"OnBeforeAccountsLogin": `{"extensionPoint":"OnBeforeAccountsLogin","friendlyName":"Check","extensionFuncUrl":"https://check.example.com/","enabled":true,"headers":[{"name":"X-Key","value":"hush-three"}]}`},
	"captcha":              {"": `{"1":{"Key":"public","Secret":"hush-four"}}`},
	"riskProviders":        {"": `{"configType":1,"config":{"account":"a"}}`},
	"dataflow":             {"0123456789abcdef0123456789abcdef": `{"name":"n","steps":[{"id":"read","type":"datasource.read.sftp","params":{"host":"sftp.example.com","username":"ann","password":"hush-five","port":22}}]}`},
	"screenSet":            {"Mine Ümläut": `{"html":"<p>\n  one line, <b>and</b> another\r\n</p>","css":"p {\n}","javascript":"{\n}","metadata":{"n":1.50}}`},
	"dataflowDraft":        {"abc": `{"name":"draft","steps":[{"id":"read","type":"datasource.read.sftp","params":{"host":"h"}}]}`},
	"scheduling":           {"s1": `{"dataflowId":"0123456789abcdef0123456789abcdef","frequencyType":"day","frequencyInterval":1,"nextJobStartTime":"2030-01-01T00:00:00.000Z","name":"n"}`},
	"consentStatement":     {"terms.v1": `{"isActive":true,"legalStatements":{"en":{"publishedDocVersion":1,"currentDocVersion":1,"minDocVersion":1,"versions":{"1":{"purpose":"one","documentUrl":"https://example.com/terms","LegalStatementStatus":"Published"}}}}}`},
	"communicationChannel": {"SMS": `{"description":"Short","dependsOn":[{"fieldID":"profile.phones","required":true}]}`},
	"topicChannel":         {"C_SMS": `{"topicChannelId":"C_SMS","channel":"SMS","topic":"news","description":"d"}`},
	"socialProvider":       {"facebook": `{"app":{"appID":"1","appSecret":"hush-six"}}`},
}

// furnish fills the installation with objects of every kind.
func (h *house) furnish() {
	h.t.Helper()
	ctx := context.Background()
	factory := site.Factory{Sealer: h.seal, Rand: rand.Reader, Clock: clock.NewFake(time.UnixMilli(1))}
	partner, _, err := factory.NewPartnerAs(7, "Example & Söhne")
	h.must(err)
	partner.Config = json.RawMessage(`{"isTrial":true,"customData":{"companyName":"Example"},"allowedIPs":["192.0.2.0/24"],"ours":{"deep":[1]}}`)
	key, err := factory.NewKey(site.KeyOptions{Partner: 7, UserKey: adminKey, Kind: store.KindUser, Name: "Ann", RSA: true, Config: json.RawMessage(`{"email":"ann@example.com"}`)})
	h.must(err)
	shop, err := factory.NewSite(site.SiteOptions{Partner: 7, BaseDomain: "shop.example.com", APIKey: shopKey, DataCenter: "us1"})
	h.must(err)
	shop.Config = json.RawMessage(`{"tags":["a"],"globalConf":"{\n  lang: 'de'\n}","settings":{"CNAME":"login.example.com","shortURLDomain":""},"restrictions":{"blockedIPs":["192.0.2.7"]},"unheardOf":{"x":null}}`)
	shop.Settings = json.RawMessage(`{"ownUIDsOnly":true,"counters":[{"class":"news","path":"/"}]}`)
	shop.Policies, err = policy.Merge(nil, object(h.t, `{"registration":{"requireCaptcha":true},"passwordComplexity":{"minLength":9},"emailVerification":{"emailTemplates":{"en":"<html>\n<meta name=\"from\" content=\"a@example.com\"><meta name=\"subject\" content=\"s\"></html>"}}}`))
	h.must(err)
	shop.Schema, err = schema.Merge(nil, object(h.t, `{"dataSchema":{"fields":{"loyalty.tier":{"type":"string","writeAccess":"serverOnly"},"plan":{"type":"integer"}}},"profileSchema":{"fields":{"email":{"required":true}}}}`))
	h.must(err)
	// A field that came into being by being written.
	known, err := schema.Parse(shop.Schema)
	h.must(err)
	shop.Schema, _, err = known.Extend(object(h.t, `{"loyalty":{"points":7}}`))
	h.must(err)
	blog, err := factory.NewSite(site.SiteOptions{Partner: 7, BaseDomain: "blog.example.com", APIKey: blogKey, DataCenter: "us1", Group: shopKey})
	h.must(err)
	blog.Policies, err = policy.MergeMember(shop.Policies, nil, object(h.t, `{"registration":{"requireCaptcha":false}}`))
	h.must(err)
	h.must(h.store.Change(ctx, func(tx store.Tx) error {
		return errors.Join(tx.PutPartner(partner), tx.PutKey(key.Record), tx.PutSite(shop), tx.PutSite(blog))
	}))
	list, err := admin.CheckList("support", []byte(`{"acl":{"_api":{"accounts":{"search":{"_ace":{"perms":"x"}}}}},"description":"d"}`))
	h.must(err)
	group := []byte(`{"aclID":"support","scope":{"allowPartners":[],"allowSites":["` + shopKey + `"]},"users":["` + adminKey + `"],"description":""}`)
	admins := []byte(`{"aclID":"_admins","scope":{"allowPartners":["_owner"],"allowSites":[]},"users":["` + adminKey + `"],"description":"Administrators"}`)
	h.must(h.store.Change(ctx, func(tx store.Tx) error {
		for _, o := range []store.ConfigObject{
			{Kind: acl.KindList, Name: "support", Document: list}, {Kind: acl.KindGroup, Name: "Support", Document: group},
			{Kind: acl.KindGroup, Name: acl.Admins, Document: admins},
		} {
			o.Owner = store.OwnerOfPartner(7)
			if err := tx.PutConfigObject(&o); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, k := range server.Kinds() {
		h.furnishKind(k)
	}
}

func (h *house) furnishKind(k *siteconfig.Kind) {
	h.t.Helper()
	ctx := context.Background()
	directory := site.NewDirectory(h.store, h.seal)
	book := siteconfig.New(h.store, directory, h.seal, clock.System{})
	shop, err := directory.Site(ctx, shopKey)
	h.must(err)
	put := map[string]json.RawMessage{}
	if k.Default != nil {
		put = maps.Clone(k.Default(shop)) // It is every site's.
	}
	for name, doc := range objects[k.Name] {
		put[name] = json.RawMessage(doc)
	}
	for name, doc := range put {
		h.must(h.store.Change(ctx, func(tx store.Tx) error { return book.Put(tx, shop, k, name, doc) }))
	}
}

func object(t rapid.TB, text string) *document.Object {
	t.Helper()
	o, err := document.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (h *house) export() blueprint.Files {
	h.t.Helper()
	tree, err := h.b.Export(context.Background(), blueprint.Selection{})
	h.must(err)
	files, err := tree.Files()
	h.must(err)
	return files
}

// texts are the files as texts, for comparing.
func texts(files blueprint.Files) map[string]string {
	m := map[string]string{}
	for name, text := range files {
		m[name] = string(text)
	}
	return m
}

func wantFiles(t rapid.TB, got, want blueprint.Files) {
	t.Helper()
	if diff := cmp.Diff(texts(want), texts(got)); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

func folder(files blueprint.Files) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: text}
	}
	return m
}

// read reads the files with the variables, names and values by turns.
func (h *house) read(files blueprint.Files, variables ...string) (*blueprint.Tree, error) {
	return h.b.Read(folder(files), func(name string) (string, bool) {
		for i := 0; i < len(variables); i += 2 {
			if variables[i] == name {
				return variables[i+1], true
			}
		}
		return "", false
	})
}

// plan is the text of the plan, or of what is wrong.
func (h *house) plan(files blueprint.Files, how blueprint.How, variables ...string) string {
	h.t.Helper()
	tree, err := h.read(files, variables...)
	if err != nil {
		return err.Error() + "\n"
	}
	p, err := h.b.Plan(context.Background(), tree, how)
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for _, unknown := range p.Unknown {
		b.WriteString("unknown: " + unknown + "\n")
	}
	h.must(p.Print(&b))
	return b.String()
}

func (h *house) apply(files blueprint.Files, how blueprint.How, variables ...string) []blueprint.Secret {
	h.t.Helper()
	tree, err := h.read(files, variables...)
	h.must(err)
	p, err := h.b.Plan(context.Background(), tree, how)
	h.must(err)
	_, secrets, err := h.b.Apply(context.Background(), tree, how, p)
	h.must(err)
	return secrets
}

// webhook is a webhook of the shop as it is stored, secrets included.
func (h *house) webhook(name string) string {
	h.t.Helper()
	directory := site.NewDirectory(h.store, h.seal)
	s, err := directory.Site(context.Background(), shopKey)
	h.must(err)
	for _, k := range server.Kinds() {
		if k.Name == "webhook" {
			doc, err := siteconfig.New(h.store, directory, h.seal, clock.System{}).Own(context.Background(), s, k, name)
			h.must(err)
			return string(doc)
		}
	}
	return ""
}
