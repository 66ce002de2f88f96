package siteconfig_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
)

const (
	parentKey = "3_Parent-0123456789_abcdefghijklmnopqrstuvwxyz"
	childKey  = "3_Child-0123456789_abcdefghijklmnopqrstuvwxyz"
)

// hook is a kind with all that a kind may have.
var hook = &siteconfig.Kind{
	Name: "hook", Of: siteconfig.OfSite, Inherit: siteconfig.ParentIfAbsent, Most: 3, Size: 400,
	Secrets: []string{"headers.*.value", "apps.*.app.secret", "keys.*"},
	Shape: siteconfig.Object(
		siteconfig.Member{Name: "url", Shape: siteconfig.Text(1, 50), Required: true},
		siteconfig.Member{Name: "active", Shape: siteconfig.Flag()},
		siteconfig.Member{Name: "timeout", Shape: siteconfig.Whole(10, 5000)},
		siteconfig.Member{Name: "version", Shape: siteconfig.OneOf("1.0", "2.0")},
		siteconfig.Member{Name: "headers", Shape: siteconfig.List(2, siteconfig.Object(
			siteconfig.Member{Name: "name", Shape: siteconfig.Text(1, 20), Required: true},
			siteconfig.Member{Name: "value", Shape: siteconfig.Text(0, 20)},
		))},
		siteconfig.Member{Name: "texts", Shape: siteconfig.Map(2, siteconfig.Text(0, 5))},
		siteconfig.Member{Name: "more", Shape: siteconfig.AnyObject(20)},
		siteconfig.Member{Name: "keys", Shape: siteconfig.List(5, siteconfig.Text(0, 9))},
	),
	Check: func(doc json.RawMessage) error {
		if bytes.Contains(doc, []byte("forbidden")) {
			return gigya.InvalidArgumentBecause("url", "is forbidden")
		}
		return nil
	},
	Together: func(name string, doc json.RawMessage, others []siteconfig.Entry) error {
		for _, other := range others {
			if bytes.Equal(other.Document, doc) {
				return gigya.NewError(gigya.UniqueIdentifierExists, other.Name+" is the same as "+name)
			}
		}
		return nil
	},
}

// extension is laid over the parent's.
var extension = &siteconfig.Kind{
	Name: "extension", Of: siteconfig.OfSite, Inherit: siteconfig.ParentMerged, OnChild: []string{"enabled", "deep"},
	Shape: siteconfig.Object(siteconfig.Member{Name: "point", Shape: siteconfig.Text(1, 9), Required: true}),
	Default: func(*site.Site) map[string]json.RawMessage {
		return map[string]json.RawMessage{"d": json.RawMessage(`{"point":"D","deep":{"a":1,"b":2}}`)}
	},
}

// parents are what the parent of a site group decides alone.
var parents = &siteconfig.Kind{Name: "parents", Of: siteconfig.OfSite, Inherit: siteconfig.ParentIfAbsent, OnChild: []string{}}

// screens are a site's own, and large.
var screens = &siteconfig.Kind{
	Name: "screens", Of: siteconfig.OfSite, Large: true,
	Default: func(*site.Site) map[string]json.RawMessage {
		return map[string]json.RawMessage{"login": json.RawMessage(`{"html":"default"}`)}
	},
}

var list = &siteconfig.Kind{Name: "acl", Of: siteconfig.OfPartner}

var switches = &siteconfig.Kind{Name: "switches", Of: siteconfig.OfSite, Single: true}

type house struct {
	t             *testing.T
	store         store.Store
	sealer        *seal.Sealer
	sites         *site.Directory
	clock         *clock.Fake
	book          *siteconfig.Book
	parent, child *site.Site
}

func newHouse(t *testing.T) *house {
	t.Helper()
	c := clock.NewFake(time.UnixMilli(1_000))
	opened, err := sqlite.Open(context.Background(), sqlite.Options{File: filepath.Join(t.TempDir(), "test.db"), Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	sealer, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, store: opened, sealer: sealer, sites: site.NewDirectory(opened, sealer), clock: c}
	h.book = siteconfig.New(opened, h.sites, sealer, c)
	h.must(opened.Change(context.Background(), func(tx store.Tx) error {
		partner := &store.Partner{ID: 7, Name: "Example", Secret: sealer.Seal([]byte("c2VjcmV0"), "partner:7")}
		return errors.Join(tx.PutPartner(partner), tx.PutSite(record(parentKey)), tx.PutSite(record(childKey)))
	}))
	h.parent, err = h.sites.Site(context.Background(), parentKey)
	h.must(err)
	h.child, err = h.sites.Site(context.Background(), childKey)
	h.must(err)
	return h
}

func record(key string) *store.Site {
	return &store.Site{
		APIKey: key, SiteID: int64(len(key)), Partner: 7, Group: parentKey, BaseDomain: "example.com", DataCenter: "us1",
		Status: store.SiteActive,
	}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) put(s *site.Site, k *siteconfig.Kind, name, doc string) error {
	return h.store.Change(context.Background(), func(tx store.Tx) error { return h.book.Put(tx, s, k, name, json.RawMessage(doc)) })
}

// get returns what is in force, or the error's text.
func (h *house) get(s *site.Site, k *siteconfig.Kind, name string) string {
	doc, err := h.book.Get(context.Background(), s, k, name)
	if err != nil {
		return err.Error()
	}
	return string(doc)
}

// list returns what is in force, one object a line.
func (h *house) list(s *site.Site, k *siteconfig.Kind) string {
	h.t.Helper()
	entries, err := h.book.List(context.Background(), s, k)
	h.must(err)
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&b, "%s %s own=%t updated=%d\n", e.Name, e.Document, e.Own, e.Updated)
	}
	return b.String()
}

func wantText(t *testing.T, got, want string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

func TestWhatIsStoredComesBackAndSecretsDoNotLieOpen(t *testing.T) {
	h := newHouse(t)
	const doc = `{"url":"u","headers":[{"name":"A","value":"hidden one"},{"name":"B","value":null}],"apps":{"x/y~z.w":{"app":{"id":"1","secret":"hidden two"}}},` +
		`"keys":["hidden 3"],"unknown":{"n":1.50,"t":"\u00e9<"}}`
	h.must(h.put(h.parent, hook, "first", strings.ReplaceAll(doc, `,"`, `, "`)))
	compact := strings.ReplaceAll(doc, `\u00e9<`, "é<")
	wantText(t, h.get(h.parent, hook, "first"), compact)

	stored, err := h.store.ConfigObject(context.Background(), parentKey, "hook", "first")
	h.must(err)
	wantText(t, string(stored.Document), `{"url":"u","headers":[{"name":"A","value":null},{"name":"B","value":null}],`+
		`"apps":{"x/y~z.w":{"app":{"id":"1","secret":null}}},"keys":[null],"unknown":{"n":1.50,"t":"é<"}}`)
	if bytes.Contains(stored.Secrets, []byte("hidden")) {
		t.Error("the secrets lie open")
	}
	wantText(t, string(hook.WithoutSecrets([]byte(compact))), `{"url":"u","headers":[{"name":"A"},{"name":"B"}],`+
		`"apps":{"x/y~z.w":{"app":{"id":"1"}}},"keys":[null],"unknown":{"n":1.50,"t":"é<"}}`)

	// Sealed secrets open in their own record only.
	stored.Name = "second"
	h.must(h.store.Change(context.Background(), func(tx store.Tx) error { return tx.PutConfigObject(stored) }))
	if got := h.get(h.parent, hook, "second"); !strings.Contains(got, seal.ErrSealed.Error()) {
		t.Errorf("the secrets of another record opened: %s", got)
	}
}

func TestWhatAKindRefusesIsNamedAndNotStored(t *testing.T) {
	h := newHouse(t)
	h.must(h.put(h.parent, hook, "there", `{"url":"there"}`))
	before := h.list(h.parent, hook)
	for _, test := range []struct {
		name, doc string
		code      gigya.Code
		details   string
	}{
		{"x", `[]`, 400004, "hook: want a JSON object"},
		{"x", `{`, 400004, "hook: want a JSON object"},
		{"", `{"url":"u"}`, 400006, "hook: a name has 1 to 256 bytes"},
		{"a\nb", `{"url":"u"}`, 400006, "hook: a name has 1 to 256 bytes"},
		{"a\xffb", `{"url":"u"}`, 400006, "hook: a name has 1 to 256 bytes of UTF-8"},
		{"a\u0085b", `{"url":"u"}`, 400006, "hook: a name has 1 to 256 bytes"},
		{strings.Repeat("n", 257), `{"url":"u"}`, 400006, "hook: a name has 1 to 256 bytes"},
		{"x", `{}`, 400006, "Invalid argument: url: is missing"},
		{"x", `{"url":null}`, 400006, "Invalid argument: url: is missing"},
		{"x", `{"url":""}`, 400006, "Invalid argument: url: must be a string of 1 to 50 bytes"},
		{"x", `{"url":5}`, 400006, "Invalid argument: url: must be a string of 1 to 50 bytes"},
		{"x", `{"url":"u","active":"true"}`, 400006, "Invalid argument: active: must be true or false"},
		{"x", `{"url":"u","timeout":9}`, 400006, "Invalid argument: timeout: must be a whole number from 10 to 5000"},
		{"x", `{"url":"u","timeout":10.5}`, 400006, "Invalid argument: timeout: must be a whole number from 10 to 5000"},
		{"x", `{"url":"u","version":"4"}`, 400006, "Invalid argument: version: must be one of 1.0, 2.0"},
		{"x", `{"url":"u","headers":{}}`, 400006, "Invalid argument: headers: must be an array of at most 2 elements"},
		{"x", `{"url":"u","headers":[{"name":"A"},{"value":""}]}`, 400006, "Invalid argument: headers[1].name: is missing"},
		{"x", `{"url":"u","headers":[{"name":"A"},"B"]}`, 400006, "Invalid argument: headers[1]: must be an object"},
		{"x", `{"url":"u","headers":[{"name":"A"},{"name":"B"},{"name":"C"}]}`, 400006, "Invalid argument: headers: must be an array of at most 2 elements"},
		{"x", `{"url":"u","texts":{"en":"123456"}}`, 400006, "Invalid argument: texts.en: must be a string of 0 to 5 bytes"},
		{"x", `{"url":"u","texts":{"a":"","b":"","c":""}}`, 400006, "Invalid argument: texts: must be an object of at most 2 members"},
		{"x", `{"url":"u","more":{"a":"12345678901234567"}}`, 400006, "Invalid argument: more: must be an object of at most 20 bytes"},
		{"x", `{"url":"forbidden"}`, 400006, "Invalid argument: url: is forbidden"},
		{"x", `{"url":"there"}`, 400003, "there is the same as x"},
		{"x", `{"url":"u","free":"` + strings.Repeat("x", 400) + `"}`, 413001, "hook is too large"},
	} {
		err := h.put(h.parent, hook, test.name, test.doc)
		var refused *gigya.Error
		if !errors.As(err, &refused) || refused.Code != test.code || !strings.Contains(refused.Details, test.details) {
			t.Errorf("%s: %v, want %d %s", test.doc, err, test.code, test.details)
		}
	}
	h.must(h.put(h.parent, hook, "two", `{"url":"2"}`))
	h.must(h.put(h.parent, hook, "three", `{"url":"3"}`))
	if err := h.put(h.parent, hook, "four", `{"url":"4"}`); err == nil || !strings.Contains(err.Error(), "there are 3 already") {
		t.Errorf("one too many: %v", err)
	}
	h.must(h.put(h.parent, hook, "three", `{"url":"3b"}`))
	if !strings.HasPrefix(h.list(h.parent, hook), before) {
		t.Errorf("a refused object has changed something:\n%s", h.list(h.parent, hook))
	}
	if err := h.put(h.parent, switches, "name", `{}`); err == nil {
		t.Error("a single object has a name")
	}
	if err := h.put(h.parent, list, "name", `{}`); err == nil {
		t.Error("a site has the object of a partner")
	}
}

func TestABatchIsHeldToTheBoundsOfAll(t *testing.T) {
	h := newHouse(t)
	h.must(h.put(h.parent, hook, "one", `{"url":"1"}`))
	batch := func(names ...string) error {
		return h.store.Change(context.Background(), func(tx store.Tx) error {
			b := h.book.Batch(tx, h.parent, hook)
			for _, name := range names {
				if err := b.Put(name, json.RawMessage(`{"url":"`+name+`"}`)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := batch("two", "three", "four"); err == nil || !strings.Contains(err.Error(), "there are 3 already") {
		t.Errorf("one too many: %v", err)
	}
	wantText(t, h.list(h.parent, hook), `one {"url":"1"} own=true updated=1000`+"\n")
	h.must(batch("two", "one", "two", "three"))
	if err := batch("three", "same", "two"); err == nil {
		t.Error("one too many")
	}

	large := &siteconfig.Kind{Name: "large", Of: siteconfig.OfSite, Large: true, Total: 4000, Secrets: []string{"secret"}}
	doc := func(member string, size int) string { return `{"` + member + `":"` + strings.Repeat("x", size) + `"}` }
	h.must(h.put(h.parent, large, "a", doc("open", 2000)))
	h.must(h.put(h.parent, large, "b", doc("secret", 1000)))
	err := h.put(h.parent, large, "c", doc("secret", 1000))
	var refused *gigya.Error
	if !errors.As(err, &refused) || refused.Code != gigya.RequestEntityTooLarge || refused.Details != "large: all together are too large" {
		t.Errorf("too much: %v", err)
	}
	if err := h.put(h.parent, large, "b", doc("open", 2000)); err == nil {
		t.Error("too much of what is there")
	}
	h.must(h.put(h.parent, large, "a", doc("open", 10)))
	h.must(h.put(h.parent, large, "c", doc("secret", 1000)))
}

func TestAMemberOfAGroupInherits(t *testing.T) {
	h := newHouse(t)
	h.must(h.put(h.parent, hook, "a", `{"url":"of the parent"}`))
	h.must(h.put(h.parent, hook, "b", `{"url":"of the parent too","headers":[{"name":"A","value":"v"}]}`))
	h.clock.Advance(time.Second)
	h.must(h.put(h.child, hook, "a", `{"url":"of the child"}`))
	h.must(h.put(h.child, hook, "c", `{"url":"c"}`))
	wantText(t, h.list(h.child, hook), `a {"url":"of the child"} own=true updated=2000
b {"url":"of the parent too","headers":[{"name":"A","value":"v"}]} own=false updated=1000
c {"url":"c"} own=true updated=2000
`)
	wantText(t, h.list(h.parent, hook), `a {"url":"of the parent"} own=true updated=1000
b {"url":"of the parent too","headers":[{"name":"A","value":"v"}]} own=true updated=1000
`)
	if err := h.put(h.child, hook, "d", `{"url":"of the parent too","headers":[{"name":"A","value":"v"}]}`); err == nil {
		t.Error("the parent's objects are not looked at")
	}
	own, err := h.book.OwnList(context.Background(), h.child, hook)
	h.must(err)
	if len(own) != 2 || own[0].Name != "a" || own[1].Name != "c" {
		t.Errorf("own %v", own)
	}
	if _, err := h.book.Own(context.Background(), h.child, hook, "b"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the parent's is the child's own: %v", err)
	}
	// Without inheritance, and with a default.
	h.must(h.put(h.parent, screens, "login", `{"html":"of the parent"}`))
	h.must(h.put(h.parent, screens, "other", `{"html":"other"}`))
	wantText(t, h.list(h.child, screens), "login {\"html\":\"default\"} own=false updated=0\n")
	wantText(t, h.get(h.parent, screens, "login"), `{"html":"of the parent"}`)
}

func TestWhatAMemberStoresIsLaidOverItsParents(t *testing.T) {
	h := newHouse(t)
	wantText(t, h.list(h.child, extension), `d {"point":"D","deep":{"a":1,"b":2}} own=false updated=0`+"\n")
	h.must(h.put(h.parent, extension, "d", `{"deep":{"b":3,"c":{"d":4}}}`))
	h.must(h.put(h.parent, extension, "p", `{"point":"P","url":"u"}`))
	h.must(h.put(h.child, extension, "p", `{"enabled":true}`))
	h.must(h.put(h.child, extension, "d", `{"deep":{"a":null,"c":{"e":5}}}`))
	wantText(t, h.list(h.child, extension), `d {"point":"D","deep":{"b":3,"c":{"d":4,"e":5}}} own=true updated=1000
p {"point":"P","url":"u","enabled":true} own=true updated=1000
`)
	wantText(t, h.get(h.parent, extension, "d"), `{"point":"D","deep":{"a":1,"b":3,"c":{"d":4}}}`)
	for _, doc := range []string{`{"point":"P"}`, `{"enabled":true,"url":"x"}`} {
		err := h.put(h.child, extension, "p", doc)
		if err == nil || !strings.Contains(err.Error(), "a member of a site group cannot set it") {
			t.Errorf("%s: %v", doc, err)
		}
	}
	if err := h.put(h.child, extension, "new", `{"enabled":true}`); err == nil || !strings.Contains(err.Error(), "point: is missing") {
		t.Errorf("half an object: %v", err)
	}
	h.must(h.store.Change(context.Background(), func(tx store.Tx) error { return h.book.Delete(tx, h.child, extension, "p") }))
	wantText(t, h.get(h.child, extension, "p"), `{"point":"P","url":"u"}`)
	h.must(h.put(h.child, extension, "p", `{"enabled":true}`))
	h.must(h.store.Change(context.Background(), func(tx store.Tx) error { return h.book.Delete(tx, h.parent, extension, "p") }))
	wantText(t, h.list(h.child, extension), `d {"point":"D","deep":{"b":3,"c":{"d":4,"e":5}}} own=true updated=1000`+"\n")
	err := h.store.Change(context.Background(), func(tx store.Tx) error { return h.book.Delete(tx, h.parent, extension, "p") })
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestWhatASiteStoredBeforeItJoinedIsThereWhenItLeaves(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	alone := *h.child
	alone.Group = alone.APIKey
	h.must(h.put(h.parent, extension, "p", `{"point":"P","url":"of the parent"}`))
	h.must(h.put(&alone, extension, "p", `{"point":"Q","url":"of the child","enabled":true}`))
	h.must(h.put(&alone, extension, "q", `{"point":"Q","url":"of the child"}`))
	h.must(h.put(h.parent, parents, "a", `{"by":"the parent"}`))
	h.must(h.put(&alone, parents, "a", `{"by":"the child"}`))
	h.must(h.put(&alone, parents, "b", `{}`))
	wantText(t, h.get(h.child, extension, "p"), `{"point":"P","url":"of the parent"}`)
	wantText(t, h.list(h.child, parents), `a {"by":"the parent"} own=false updated=1000`+"\n")
	own, err := h.book.OwnList(ctx, h.child, extension)
	h.must(err)
	if len(own) != 0 {
		t.Errorf("of the child: %v", own)
	}
	if doc, err := h.book.Own(ctx, h.child, parents, "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%s %v", doc, err)
	}
	wantText(t, h.get(&alone, extension, "p"), `{"point":"Q","url":"of the child","enabled":true}`)
	wantText(t, h.list(&alone, parents), `a {"by":"the child"} own=true updated=1000`+"\n"+`b {} own=true updated=1000`+"\n")
	// It stores nothing of what the parent decides, not even an object without members.
	for _, doc := range []string{`{"by":"the child"}`, `{}`} {
		if err := h.put(h.child, parents, "c", doc); err == nil || !strings.Contains(err.Error(), "a member of a site group cannot") {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func TestATransactionSeesItsOwnWrites(t *testing.T) {
	h := newHouse(t)
	h.must(h.store.Change(context.Background(), func(tx store.Tx) error {
		if err := h.book.Put(tx, h.parent, hook, "a", json.RawMessage(`{"url":"1","keys":["k"]}`)); err != nil {
			return err
		}
		doc, err := h.book.GetIn(tx, h.child, hook, "a")
		wantText(t, string(doc), `{"url":"1","keys":["k"]}`)
		entries, listErr := h.book.ListIn(tx, h.child, hook)
		if _, ownErr := h.book.OwnIn(tx, h.child, hook, "a"); !errors.Is(ownErr, store.ErrNotFound) || len(entries) != 1 {
			t.Errorf("%v %v", ownErr, entries)
		}
		return errors.Join(err, listErr)
	}))
	h.clock.Advance(time.Minute)
	h.must(h.put(h.parent, hook, "a", `{"url":"2"}`))
	e, err := h.book.Entry(context.Background(), h.parent, hook, "a")
	h.must(err)
	if e.Created != 1_000 || e.Updated != 61_000 {
		t.Errorf("created %d, updated %d", e.Created, e.Updated)
	}
}

func TestAPartnerHasObjectsOfItsOwn(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	h.must(h.store.Change(ctx, func(tx store.Tx) error {
		return errors.Join(h.book.PartnerPut(tx, 7, list, "b", json.RawMessage(`{"_api":{}}`)),
			h.book.PartnerPut(tx, 7, list, "a", json.RawMessage(`{}`)), h.book.PartnerPut(tx, 8, list, "c", json.RawMessage(`{}`)))
	}))
	entries, err := h.book.PartnerList(ctx, 7, list)
	h.must(err)
	if len(entries) != 2 || entries[0].Name != "a" || string(entries[1].Document) != `{"_api":{}}` {
		t.Errorf("%v", entries)
	}
	h.must(h.store.Change(ctx, func(tx store.Tx) error { return h.book.PartnerDelete(tx, 7, list, "b") }))
	if _, err := h.book.PartnerGet(ctx, 7, list, "b"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
}

func TestUnknownMembersAreListedByTheirPaths(t *testing.T) {
	got := hook.Unknown(json.RawMessage(`{"url":"u","uri":1,"headers":[{"name":"A","nmae":"B"}],"texts":{"en":""},"more":{"any":1},"zzz":{}}`))
	if diff := cmp.Diff([]string{"uri", "headers[0].nmae", "zzz"}, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzSecretsComeBackWhereTheyWere(f *testing.F) {
	for _, seed := range []string{`{"headers":[{"name":"A","value":"v"}]}`, `{"apps":{"a/b":{"app":{"secret":{"x":[1]}}},"c":null}}`, `{"keys":[1,[2],{"a":null}]}`, `{"keys":{"~1/":"0"},"headers":{"value":1}}`} {
		f.Add(seed)
	}
	f.Add(`{"token":{"secret":"s","a":[{"token":1}]},"secret":[{"token":"t"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		siteconfig.CheckSecrets(t, text, hook.Secrets)
		siteconfig.CheckSecrets(t, text, []string{"**.*secret*", "**.*token*"})
	})
}
