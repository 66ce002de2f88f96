package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// What the jobs about rights put into the store.
const (
	manySites  = 1000
	manyKeys   = 5000
	manyGroups = 20
)

// key is a key with the site that it calls for.
type key struct{ userKey, secret, apiKey string }

// rights measures the permission check: a key whose rights come from twenty groups, and one with the one privilege of everything.
func (r *run) rights() (figures, error) {
	keys, err := r.addKeys(func(f site.Factory, tx store.Tx, home *store.Site) ([]key, error) {
		one, err := addKey(f, tx, home, acl.AllAPIs)
		if err != nil {
			return nil, err
		}
		many, err := addKey(f, tx, home)
		if err != nil {
			return nil, err
		}
		return []key{many, one}, addGroups(tx, home.Partner, many.userKey)
	})
	if err != nil {
		return figures{}, err
	}
	got, err := alternate(r.seconds, r.byKeys(keys[:1]), r.byKeys(keys[1:]))
	if err != nil {
		return figures{}, err
	}
	many, one := got[0], got[1]
	return figures{side(many), side(one), fmt.Sprintf("%+.1f µs", float64(many.perCall()-one.perCall())/float64(time.Microsecond))}, nil
}

// sites measures what many sites and keys cost a call by the secret of the partner, keys what they cost one by a key, which leaves an
// audit record: in turn, and at one of them.
func (r *run) sites() (figures, error) { return r.tenants(false) }
func (r *run) keys() (figures, error)  { return r.tenants(true) }

// crowd measures what many sites and keys cost a call that has nothing to do with them: the same key before and after they come.
func (r *run) crowd() (figures, error) {
	one, err := r.addKeys(func(f site.Factory, tx store.Tx, home *store.Site) ([]key, error) {
		k, err := addKey(f, tx, home, acl.AllAPIs)
		return []key{k}, err
	})
	if err != nil {
		return figures{}, err
	}
	alone, err := alternate(r.seconds, r.byKeys(one))
	if err != nil {
		return figures{}, err
	}
	others, err := r.addKeys(addTenants)
	if err != nil {
		return figures{}, err
	}
	if err := r.greet(others); err != nil {
		return figures{}, err
	}
	among, err := alternate(r.seconds, r.byKeys(one))
	if err != nil {
		return figures{}, err
	}
	return versus(among[0], alone[0]), nil
}

// addTenants makes sites and keys. The sites are members of one group, so that the accounts are the same.
func addTenants(f site.Factory, tx store.Tx, home *store.Site) ([]key, error) {
	sites := make([]*store.Site, manySites)
	for i := range sites {
		s, err := f.NewSite(site.SiteOptions{
			Partner: home.Partner, Group: home.APIKey, BaseDomain: fmt.Sprintf("site%d.example.com", i), DataCenter: home.DataCenter,
		})
		if err != nil {
			return nil, err
		}
		if err := tx.PutSite(s); err != nil {
			return nil, err
		}
		sites[i] = s
	}
	keys := make([]key, manyKeys)
	for i := range keys {
		var err error
		if keys[i], err = addKey(f, tx, sites[i%manySites], acl.AllAPIs); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func (r *run) tenants(audited bool) (figures, error) {
	keys, err := r.addKeys(addTenants)
	if err != nil {
		return figures{}, err
	}
	// Everybody has called before the clock starts: what was read once is kept.
	if err := r.greet(keys); err != nil {
		return figures{}, err
	}
	if !audited {
		for i := range keys { // By the secret of the partner, whose reads leave no audit record.
			keys[i].userKey, keys[i].secret = "", r.site.Secret
		}
	}
	got, err := alternate(r.seconds, r.byKeys(keys), r.byKeys(keys[:1]))
	if err != nil {
		return figures{}, err
	}
	return versus(got[0], got[1]), nil
}

// greet makes a call by each key.
func (r *run) greet(keys []key) error {
	conn, err := newConn(r.server.address)
	if err != nil {
		return err
	}
	defer conn.close()
	for _, k := range keys {
		if _, err := conn.call(post("accounts.getAccountInfo", k.form()+"&UID="+uid(1))); err != nil {
			return err
		}
	}
	return nil
}

// byKeys are calls of the keys in turn.
func (r *run) byKeys(keys []key) func(d time.Duration) (result, error) {
	return func(d time.Duration) (result, error) {
		return load(r.server, 16, d, `"errorCode": 0`, func(c, n int) []byte {
			k := keys[(c*7919+n*104729)%len(keys)]
			return post("accounts.getAccountInfo", k.form()+"&UID="+uid((c*7919+n*104729)%r.accounts))
		})
	}
}

func (k key) form() string {
	form := "apiKey=" + k.apiKey + "&secret=" + url.QueryEscape(k.secret)
	if k.userKey != "" {
		form += "&userKey=" + k.userKey
	}
	return form
}

// addKeys changes the configuration beside the server, which sees it with the next call.
func (r *run) addKeys(fn func(f site.Factory, tx store.Tx, home *store.Site) ([]key, error)) (keys []key, err error) {
	ctx := context.Background()
	inst, err := setup.Open(ctx, setup.Options{Folder: r.data()})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, inst.Close()) }()
	err = inst.Store.Change(ctx, func(tx store.Tx) error {
		home, err := tx.Site(r.site.APIKey)
		if err == nil {
			keys, err = fn(inst.Factory(), tx, home)
		}
		return err
	})
	return keys, err
}

func addKey(f site.Factory, tx store.Tx, s *store.Site, privileges ...string) (key, error) {
	made, err := f.NewKey(site.KeyOptions{Partner: s.Partner, Kind: store.KindApplication, Name: "bench", Privileges: privileges})
	if err != nil {
		return key{}, err
	}
	return key{made.Record.UserKey, made.Secret, s.APIKey}, tx.PutKey(made.Record)
}

// addGroups makes groups of lists that each say something of their own and inherit two privileges, and puts the key into all.
func addGroups(tx store.Tx, partner int64, userKey string) error {
	privileges := slices.DeleteFunc(slices.Clone(acl.Privileges()), func(p *acl.Privilege) bool { return p.Name == acl.Admins })
	for i := range manyGroups {
		id := fmt.Sprintf("bench%d", i)
		list := fmt.Sprintf(`{"_api":{"accounts":{"getAccountInfo":{"_ace":{"perms":"x"}},"search":{"_ace":{"perms":"x"},"openCursor":{"_ace":{"perms":"-x"}}}}},`+
			`"_data":{"accounts":{"account":{"_ace":{"perms":"r"}}}},"_inherit":[%q,%q]}`,
			privileges[i%len(privileges)].Name, privileges[(i+manyGroups)%len(privileges)].Name)
		for kind, v := range map[string]any{
			acl.KindList:  acl.Stored{ACL: []byte(list)},
			acl.KindGroup: acl.Group{ACLID: id, Scope: acl.Scope{AllowPartners: []string{acl.Owner}}, Users: []string{userKey}},
		} {
			text, err := gigya.Marshal(v)
			if err != nil {
				return err
			}
			if err := tx.PutConfigObject(&store.ConfigObject{Owner: store.OwnerOfPartner(partner), Kind: kind, Name: id, Document: text}); err != nil {
				return err
			}
		}
	}
	return nil
}
