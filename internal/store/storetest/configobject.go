package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/store"
)

var configObjectTests = []test{
	{"an object comes back byte for byte until it is replaced or deleted", configObjectFidelity},
	{"objects are listed by kind and name, those of their owner alone", configObjectOrder},
	{"every change of an object raises the version of the configuration", configObjectVersion},
	{"a transaction sees its own objects, and nothing of one that fails remains", configObjectChange},
	{"changes at once lose none of each other", func(t *testing.T, s store.Store) { configObjectCounter(t, s, s) }},
	{"of the last members of a list one remains, however many leave at once", func(t *testing.T, s store.Store) { configObjectLast(t, s, s) }},
	{"nobody joins a site that goes because nobody has joined it", func(t *testing.T, s store.Store) { siteMembers(t, s, s) }},
	{"nobody gets a key for a partner that ends because it has none", func(t *testing.T, s store.Store) { partnerKeys(t, s, s) }},
}

// RunShared checks two stores over one database, as two processes have them. open returns a new, empty database in two stores,
// whose clocks stand at [Now], and closes them when t ends.
func RunShared(t *testing.T, open func(t *testing.T) (one, other store.Store)) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, one, other store.Store)
	}{
		{"the configuration that one changes the other reads", sharedConfiguration},
		{"changes of objects in two stores at once lose none of each other", configObjectCounter},
		{"of the last members of a list one remains, whichever stores they leave through", configObjectLast},
		{"nobody joins through one store a site that goes in the other", siteMembers},
		{"nobody gets a key through one store for a partner that ends in the other", partnerKeys},
	} {
		t.Run(tt.name, func(t *testing.T) {
			one, other := open(t)
			tt.run(t, one, other)
		})
	}
}

// acl is an object of partner 1.
func acl(name, document string) *store.ConfigObject {
	return &store.ConfigObject{Owner: store.OwnerOfPartner(1), Kind: "acl", Name: name, Document: json.RawMessage(document), Created: now, Updated: now + 1}
}

func configObjectFidelity(t *testing.T, s store.Store) {
	list := []*store.ConfigObject{
		acl("shop", `{ "b":1.50,"a":"\u00fc ü <\/>","b":12345678901234567890}`),
		acl("SHOP", `null`),
		acl("", `{}`),
		acl(`odd "name", ö%_`, `[]`),
		{Owner: "4_site", Kind: "acl", Name: "shop", Document: json.RawMessage(`{"x":[]}`), Secrets: store.Sealed{0, 1, 255, 0}, Created: now + 7, Updated: now + 8},
	}
	check := func() {
		t.Helper()
		for _, want := range list {
			got, err := s.ConfigObject(t.Context(), want.Owner, want.Kind, want.Name)
			must(t, err)
			same(t, got, want)
			change(t, s, func(tx store.Tx) error {
				got, err = tx.ConfigObject(want.Owner, want.Kind, want.Name)
				return err
			})
			same(t, got, want)
		}
	}
	putAll := func(tx store.Tx) error {
		for _, o := range list {
			if err := tx.PutConfigObject(o); err != nil {
				return err
			}
		}
		return nil
	}
	change(t, s, putAll)
	check()
	for i, o := range list {
		o.Document, o.Secrets = json.RawMessage(fmt.Sprintf(`{"n":%d}`, i)), store.Sealed{byte(i), 9}
		o.Created, o.Updated = o.Created+100, o.Updated+100
	}
	list[1].Secrets = nil
	list[4].Secrets = nil
	change(t, s, putAll)
	check()

	gone := list[0]
	list = list[1:]
	change(t, s, func(tx store.Tx) error { return tx.DeleteConfigObject(gone.Owner, gone.Kind, gone.Name) })
	check()
	for _, key := range [][3]string{
		{gone.Owner, gone.Kind, gone.Name}, {"4_SITE", "acl", "shop"}, {"4_site", "ACL", "shop"}, {"4_site", "", "shop"}, {"", "acl", "shop"},
	} {
		_, err := s.ConfigObject(t.Context(), key[0], key[1], key[2])
		wantError(t, err, store.ErrNotFound)
		change(t, s, func(tx store.Tx) error {
			if _, err := tx.ConfigObject(key[0], key[1], key[2]); !errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("read of %q: %w", key, err)
			}
			if err := tx.DeleteConfigObject(key[0], key[1], key[2]); !errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("delete of %q: %w", key, err)
			}
			return nil
		})
	}
	check()
}

// names are what the objects are called, with their kinds.
func names(objects []*store.ConfigObject) []string {
	all := []string{}
	for _, o := range objects {
		all = append(all, o.Kind+" "+o.Name)
	}
	return all
}

func configObjectOrder(t *testing.T, s store.Store) {
	keys := [][3]string{
		{"partner:1", "acl", "é"}, {"partner:1", "acl", "b"}, {"partner:1", "acl", "B"}, {"partner:1", "acl", ""}, {"partner:1", "acl", "a b"},
		{"partner:1", "acl", "a"}, {"partner:1", "acl", "aa"}, {"partner:1", "acl", "\U0001F6AA"}, {"partner:1", "Group", "z"},
		{"partner:1", "aclx", "0"}, {"partner:11", "acl", "other"}, {"partner:", "acl", "other"}, {"4_site", "screenSet", "login"},
	}
	change(t, s, func(tx store.Tx) error {
		for _, k := range keys {
			if err := tx.PutConfigObject(&store.ConfigObject{Owner: k[0], Kind: k[1], Name: k[2], Document: json.RawMessage(`"` + k[2] + `"`)}); err != nil {
				return err
			}
		}
		return nil
	})
	acls := []string{"acl ", "acl B", "acl a", "acl a b", "acl aa", "acl b", "acl é", "acl \U0001F6AA"}
	for _, tt := range []struct {
		owner, kind string
		want        []string
	}{
		{"partner:1", "acl", acls},
		{"partner:1", "Group", []string{"Group z"}},
		{"partner:1", "", append(append([]string{"Group z"}, acls...), "aclx 0")},
		{"partner:11", "", []string{"acl other"}},
		{"4_site", "screenSet", []string{"screenSet login"}},
		{"4_site", "acl", []string{}},
		{"4_SITE", "", []string{}},
		{"", "", []string{}},
	} {
		got, err := s.ConfigObjects(t.Context(), tt.owner, tt.kind)
		must(t, err)
		same(t, names(got), tt.want)
		for _, o := range got {
			if o.Owner != tt.owner || string(o.Document) != `"`+o.Name+`"` {
				t.Errorf("owner %q, document %s among those of %q", o.Owner, o.Document, tt.owner)
			}
		}
		change(t, s, func(tx store.Tx) (err error) {
			got, err = tx.ConfigObjects(tt.owner, tt.kind)
			return err
		})
		same(t, names(got), tt.want)
	}
}

func configObjectVersion(t *testing.T, s store.Store) {
	version := func() int64 {
		t.Helper()
		v, err := s.ConfigVersion(t.Context())
		must(t, err)
		return v
	}
	missing := func(tx store.Tx) error {
		if err := tx.DeleteConfigObject("partner:1", "acl", "missing"); !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("a missing object: %w", err)
		}
		return nil
	}
	put := func(tx store.Tx) error { return tx.PutConfigObject(acl("a", `{}`)) }
	for _, tt := range []struct {
		name   string
		change func(tx store.Tx) error
		raises bool
	}{
		{"put", put, true},
		{"put of the same", put, true},
		{"a missing one deleted", missing, false},
		{"a missing one deleted beside a put", func(tx store.Tx) error { return errors.Join(put(tx), missing(tx)) }, true},
		{"reads", func(tx store.Tx) error {
			_, oneErr := tx.ConfigObject("partner:1", "acl", "a")
			_, allErr := tx.ConfigObjects("partner:1", "")
			_, sitesErr := tx.Sites(0)
			_, keysErr := tx.Keys(0)
			return errors.Join(oneErr, allErr, sitesErr, keysErr)
		}, false},
		{"deleted", func(tx store.Tx) error { return tx.DeleteConfigObject("partner:1", "acl", "a") }, true},
	} {
		before := version()
		change(t, s, tt.change)
		if after := version(); after < before || after > before != tt.raises {
			t.Errorf("%s: the version went from %d to %d", tt.name, before, after)
		}
	}
}

func configObjectChange(t *testing.T, s store.Store) {
	change(t, s, func(tx store.Tx) error { return tx.PutConfigObject(acl("kept", `{"n":1}`)) })
	before, err := s.ConfigVersion(t.Context())
	must(t, err)
	err = s.Change(t.Context(), func(tx store.Tx) error {
		must := func(errs ...error) error { return errors.Join(errs...) }
		if err := must(tx.PutConfigObject(acl("new", `{}`)), tx.PutConfigObject(acl("kept", `{"n":2}`)), tx.PutSite(&store.Site{APIKey: "4_new", Partner: 1}),
			tx.PutKey(&store.Key{UserKey: "new", Partner: 1})); err != nil {
			return err
		}
		all, err := tx.ConfigObjects("partner:1", "acl")
		if err != nil || len(all) != 2 || string(all[0].Document) != `{"n":2}` {
			return fmt.Errorf("the transaction sees %q, %w", names(all), err)
		}
		sites, sitesErr := tx.Sites(1)
		keys, keysErr := tx.Keys(1)
		if len(sites) != 1 || len(keys) != 1 {
			return fmt.Errorf("the transaction sees %d sites and %d keys: %w", len(sites), len(keys), errors.Join(sitesErr, keysErr))
		}
		if err := must(tx.DeleteConfigObject("partner:1", "acl", "new"), tx.DeleteConfigObject("partner:1", "acl", "kept")); err != nil {
			return err
		}
		if all, err := tx.ConfigObjects("partner:1", ""); err != nil || len(all) != 0 {
			return fmt.Errorf("the transaction sees %q, %w", names(all), err)
		}
		return errRefused
	})
	if err != errRefused {
		t.Fatal(err)
	}
	got, err := s.ConfigObjects(t.Context(), "partner:1", "")
	must(t, err)
	same(t, got, []*store.ConfigObject{acl("kept", `{"n":1}`)})
	sites, err := s.Sites(t.Context(), 0)
	must(t, err)
	if after, _ := s.ConfigVersion(t.Context()); after != before || len(sites) != 0 {
		t.Errorf("the version went from %d to %d, and there are %d sites", before, after, len(sites))
	}
}

// configRacers is how many goroutines change one record of the configuration. They are few: each has all others' version in its way.
const configRacers = 12

func configObjectCounter(t *testing.T, one, other store.Store) {
	stores := []store.Store{one, other}
	change(t, one, func(tx store.Tx) error { return tx.PutConfigObject(acl("n", `0`)) })
	before, err := one.ConfigVersion(t.Context())
	must(t, err)
	must(t, errors.Join(together(configRacers, func(i int) error {
		return stores[i%2].Change(t.Context(), func(tx store.Tx) error {
			o, err := tx.ConfigObject("partner:1", "acl", "n")
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(string(o.Document))
			if err != nil {
				return err
			}
			o.Document = json.RawMessage(strconv.Itoa(n + 1))
			return tx.PutConfigObject(o)
		})
	})...))
	got, err := one.ConfigObject(t.Context(), "partner:1", "acl", "n")
	must(t, err)
	if string(got.Document) != strconv.Itoa(configRacers) {
		t.Errorf("%d changes came to %s", configRacers, got.Document)
	}
	for _, s := range stores {
		wantVersion(t, s, before+configRacers)
	}
}

// wantVersion waits until the store knows the version: one that shares its database may be a second late.
func wantVersion(t *testing.T, s store.Store, want int64) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		got, err := s.ConfigVersion(t.Context())
		must(t, err)
		if got == want {
			return
		}
		if got > want || time.Now().After(end) {
			t.Fatalf("version %d, want %d", got, want)
		}
	}
}

var errLast = errors.New("the last one stays")

func configObjectLast(t *testing.T, one, other store.Store) {
	stores := []store.Store{one, other}
	for i := range configRacers {
		change(t, one, func(tx store.Tx) error { return tx.PutConfigObject(acl(fmt.Sprint("member", i), `{}`)) })
	}
	errs := together(configRacers, func(i int) error {
		return stores[i%2].Change(t.Context(), func(tx store.Tx) error {
			all, err := tx.ConfigObjects("partner:1", "acl")
			if err != nil {
				return err
			}
			if len(all) == 1 {
				return errLast
			}
			return tx.DeleteConfigObject("partner:1", "acl", fmt.Sprint("member", i))
		})
	})
	left, err := one.ConfigObjects(t.Context(), "partner:1", "acl")
	must(t, err)
	stayed := 0
	for i, err := range errs {
		if err == nil {
			continue
		}
		wantError(t, err, errLast)
		stayed++
		if len(left) == 1 && left[0].Name != fmt.Sprint("member", i) {
			t.Errorf("%d stayed, but what is left is %q", i, left[0].Name)
		}
	}
	if stayed != 1 || len(left) != 1 {
		t.Errorf("%d stayed, %q are left", stayed, names(left))
	}
}

// decided is what two changes that exclude each other come to: the one finds what the other did.
func decided(t *testing.T, what string, errs []error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			wantError(t, err, errRefused)
		}
	}
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("%s: %v, %v", what, errs[0], errs[1])
	}
}

// siteMembers deletes a site that has no members, while another site joins it.
func siteMembers(t *testing.T, one, other store.Store) {
	for round := range 8 {
		parent := fmt.Sprint("4_parent", round)
		change(t, one, func(tx store.Tx) error {
			return tx.PutSite(&store.Site{APIKey: parent, Partner: 1, Group: parent, Status: store.SiteActive, Created: now})
		})
		remove := func(tx store.Tx) error {
			sites, err := tx.Sites(1)
			if err != nil {
				return err
			}
			var own *store.Site
			for _, site := range sites {
				switch {
				case site.APIKey == parent:
					own = site
				case site.Group == parent:
					return errRefused
				}
			}
			own.Status, own.Deleted = store.SiteDeleted, now
			return tx.PutSite(own)
		}
		join := func(tx store.Tx) error {
			site, err := tx.Site(parent)
			if err != nil {
				return err
			}
			if site.Status == store.SiteDeleted {
				return errRefused
			}
			return tx.PutSite(&store.Site{APIKey: parent + "_member", Partner: 1, Group: parent, Created: now})
		}
		decided(t, parent, together(2, func(i int) error {
			if i == 0 {
				return one.Change(t.Context(), remove)
			}
			return other.Change(t.Context(), join)
		}))
	}
}

// partnerKeys disables a partner that has no keys, while it gets one.
func partnerKeys(t *testing.T, one, other store.Store) {
	for round := range 8 {
		id := int64(round + 1)
		change(t, one, func(tx store.Tx) error { return tx.PutPartner(&store.Partner{ID: id, Created: now}) })
		end := func(tx store.Tx) error {
			keys, err := tx.Keys(id)
			if err != nil {
				return err
			}
			if len(keys) > 0 {
				return errRefused
			}
			return tx.PutPartner(&store.Partner{ID: id, Disabled: true, Created: now})
		}
		grant := func(tx store.Tx) error {
			p, err := tx.Partner(id)
			if err != nil {
				return err
			}
			if p.Disabled {
				return errRefused
			}
			return tx.PutKey(&store.Key{UserKey: fmt.Sprint("key", id), Partner: id, Created: now})
		}
		decided(t, fmt.Sprint("partner ", id), together(2, func(i int) error {
			if i == 0 {
				return one.Change(t.Context(), end)
			}
			return other.Change(t.Context(), grant)
		}))
	}
}

// sharedConfiguration reads in one store what the other one wrote, as soon as the write has returned.
func sharedConfiguration(t *testing.T, one, other store.Store) {
	ctx := t.Context()
	before, err := other.ConfigVersion(ctx)
	must(t, err)
	for i := range 5 {
		o := acl("a", fmt.Sprintf(`{"n":%d}`, i))
		o.Secrets = store.Sealed{byte(i), 1}
		p := &store.Partner{ID: 1, Created: now, Previous: store.Sealed{byte(i), 2}, PreviousUntil: now + 5, Config: o.Document}
		change(t, one, func(tx store.Tx) error { return errors.Join(tx.PutConfigObject(o), tx.PutPartner(p)) })
		wantShared(ctx, t, other, o, p)
		wantVersion(t, other, before+int64(2*i)+2)
	}
	change(t, one, func(tx store.Tx) error { return tx.DeleteConfigObject("partner:1", "acl", "a") })
	_, err = other.ConfigObject(ctx, "partner:1", "acl", "a")
	wantError(t, err, store.ErrNotFound)
	wantVersion(t, other, before+11)
}

func wantShared(ctx context.Context, t *testing.T, s store.Store, o *store.ConfigObject, p *store.Partner) {
	t.Helper()
	got, err := s.ConfigObject(ctx, o.Owner, o.Kind, o.Name)
	must(t, err)
	same(t, got, o)
	all, err := s.ConfigObjects(ctx, o.Owner, "")
	must(t, err)
	same(t, all, []*store.ConfigObject{o})
	partner, err := s.Partner(ctx, p.ID)
	must(t, err)
	same(t, partner, p)
}
