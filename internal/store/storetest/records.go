package storetest

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/doorward/doorward/internal/store"
)

var sessionTests = []test{
	{"a session comes back as it was put, until it is ended", func(t *testing.T, s store.Store) {
		want := &store.Session{Group: group, UID: "a", Hash: hash(1), Site: "4_site", Mobile: true, Created: now,
			Expires: now + 1, Dynamic: true, Provider: "site", ClientIP: "2001:db8::1", UserAgent: "Mozilla/5.0 (ü)"}
		change(t, s, func(tx store.Tx) error { return tx.PutSession(want) })
		got, err := s.Session(t.Context(), group, "a", hash(1))
		must(t, err)
		same(t, got, want)
		want.Expires, want.Mobile = now+5, false
		change(t, s, func(tx store.Tx) error { return tx.PutSession(want) })
		change(t, s, func(tx store.Tx) error {
			got, err = tx.Session(group, "a", hash(1))
			return err
		})
		same(t, got, want)
		for range 2 {
			change(t, s, func(tx store.Tx) error { return tx.DeleteSession(group, "a", hash(1)) })
		}
		_, err = s.Session(t.Context(), group, "a", hash(1))
		wantError(t, err, store.ErrNotFound)
	}},
	{"ending all sessions of an account spares the excepted one and other accounts'", func(t *testing.T, s store.Store) {
		change(t, s, func(tx store.Tx) error {
			var errs []error
			for i := range 5 {
				errs = append(errs, tx.PutSession(&store.Session{Group: group, UID: "a", Hash: hash(i)}))
			}
			errs = append(errs, tx.PutSession(&store.Session{Group: group, UID: "b", Hash: hash(0)}))
			return errors.Join(errs...)
		})
		end := func(except store.Hash) (n int) {
			change(t, s, func(tx store.Tx) (err error) {
				n, err = tx.DeleteSessions(group, "a", except)
				return err
			})
			return n
		}
		if n := end(hash(3)); n != 4 {
			t.Errorf("ended %d, want 4", n)
		}
		_, err := s.Session(t.Context(), group, "a", hash(3))
		must(t, err)
		_, err = s.Session(t.Context(), group, "a", hash(2))
		wantError(t, err, store.ErrNotFound)
		if n := end(store.Hash{}); n != 1 {
			t.Errorf("ended %d, want 1", n)
		}
		_, err = s.Session(t.Context(), group, "b", hash(0))
		must(t, err)
	}},
}

var configurationTests = []test{
	{"partners, sites and keys come back as they were put", configurationFidelity},
	{"lists are ordered by age and narrowed by partner", func(t *testing.T, s store.Store) {
		change(t, s, func(tx store.Tx) error {
			return errors.Join(
				tx.PutSite(&store.Site{APIKey: "young", Partner: 1, Created: now + 2}),
				tx.PutSite(&store.Site{APIKey: "old", Partner: 1, Created: now + 1}),
				tx.PutSite(&store.Site{APIKey: "other", Partner: 2, Created: now}),
				tx.PutKey(&store.Key{UserKey: "young", Partner: 1, Created: now + 2}),
				tx.PutKey(&store.Key{UserKey: "old", Partner: 1, Created: now + 1}),
				tx.PutKey(&store.Key{UserKey: "other", Partner: 2, Created: now}))
		})
		for partner, want := range map[int64][]string{0: {"other", "old", "young"}, 1: {"old", "young"}, 2: {"other"}, 3: {}} {
			sites, err := s.Sites(t.Context(), partner)
			must(t, err)
			keys, err := s.Keys(t.Context(), partner)
			must(t, err)
			change(t, s, func(tx store.Tx) error {
				txSites, sitesErr := tx.Sites(partner)
				txKeys, keysErr := tx.Keys(partner)
				same(t, txSites, sites)
				same(t, txKeys, keys)
				return errors.Join(sitesErr, keysErr)
			})
			var siteNames, keyNames []string
			for _, site := range sites {
				siteNames = append(siteNames, site.APIKey)
			}
			for _, key := range keys {
				keyNames = append(keyNames, key.UserKey)
			}
			same(t, siteNames, want)
			same(t, keyNames, want)
		}
	}},
	{"signing keys come and go", func(t *testing.T, s store.Store) {
		first := &store.SigningKey{ID: "one", Private: []byte{1}, Public: []byte{2}, Created: now, Activates: now + 1}
		second := &store.SigningKey{ID: "two", Private: []byte{3}, Public: []byte{4}, Created: now + 1, Retired: now + 2}
		change(t, s, func(tx store.Tx) error { return errors.Join(tx.PutSigningKey(second), tx.PutSigningKey(first)) })
		got, err := s.SigningKeys(t.Context())
		must(t, err)
		same(t, got, []*store.SigningKey{first, second})
		first.Retired = now + 9
		change(t, s, func(tx store.Tx) error {
			if err := errors.Join(tx.PutSigningKey(first), tx.DeleteSigningKey("two")); err != nil {
				return err
			}
			got, err = tx.SigningKeys()
			return err
		})
		same(t, got, []*store.SigningKey{first})
	}},
	{"every change of the configuration raises its version, and nothing else does", func(t *testing.T, s store.Store) {
		version, err := s.ConfigVersion(t.Context())
		must(t, err)
		for name, put := range map[string]func(tx store.Tx) error{
			"partner":             func(tx store.Tx) error { return tx.PutPartner(&store.Partner{ID: 1}) },
			"site":                func(tx store.Tx) error { return tx.PutSite(&store.Site{APIKey: "a"}) },
			"key":                 func(tx store.Tx) error { return tx.PutKey(&store.Key{UserKey: "a"}) },
			"signing key":         func(tx store.Tx) error { return tx.PutSigningKey(&store.SigningKey{ID: "a"}) },
			"deleted signing key": func(tx store.Tx) error { return tx.DeleteSigningKey("a") },
		} {
			change(t, s, put)
			after, err := s.ConfigVersion(t.Context())
			must(t, err)
			if after <= version {
				t.Errorf("%s: the version went from %d to %d", name, version, after)
			}
			version = after
		}
		put(t, s, full("a"))
		if after, _ := s.ConfigVersion(t.Context()); after != version {
			t.Errorf("an account's change moved the version")
		}
	}},
}

func configurationFidelity(t *testing.T, s store.Store) {
	partner := &store.Partner{ID: 7, Name: "Ærø", Secret: store.Sealed{0, 1, 2, 255}, Disabled: true, Created: now,
		Previous: store.Sealed{7, 0, 255}, PreviousUntil: now + 3, Config: json.RawMessage(`{"isTrial":false, "n":1.0}`)}
	site := &store.Site{APIKey: "4_site", SiteID: 12, Partner: 7, Group: "4_site", BaseDomain: "example.com",
		Description: "a shop", DataCenter: "eu1", TrustedSiteURLs: []string{"*.example.com/*", `odd "url"`},
		Status: store.SiteActive, Created: now, Settings: json.RawMessage(`{"a":1}`),
		Policies: json.RawMessage(`{"b":1}`), Schema: json.RawMessage(`{"c":1}`), Config: json.RawMessage(`{"d":1}`), Deleted: now + 4}
	key := &store.Key{UserKey: "Akey", Partner: 7, Kind: store.KindApplication, Name: "sync", Description: "nightly",
		Secret: store.Sealed{9, 0, 9}, PublicKey: []byte{1, 0}, Privileges: []string{"_allApis"},
		Sites: []string{"4_site"}, Disabled: true, Created: now, Revoked: now + 1,
		Previous: store.Sealed{8, 0, 8}, PreviousUntil: now + 2, Config: json.RawMessage(`{"email":"a@example.com"}`)}
	check := func() {
		t.Helper()
		gotPartner, err := s.Partner(t.Context(), 7)
		must(t, err)
		same(t, gotPartner, partner)
		gotSite, err := s.Site(t.Context(), "4_site")
		must(t, err)
		same(t, gotSite, site)
		gotKey, err := s.Key(t.Context(), "Akey")
		must(t, err)
		same(t, gotKey, key)
		partners, err := s.Partners(t.Context())
		must(t, err)
		same(t, partners, []*store.Partner{partner})
	}
	putAll := func(tx store.Tx) error {
		return errors.Join(tx.PutPartner(partner), tx.PutSite(site), tx.PutKey(key))
	}
	change(t, s, putAll)
	check()
	*partner = store.Partner{ID: 7, Name: "renamed", Created: now}
	*site = store.Site{APIKey: "4_site", Partner: 7, Created: now}
	*key = store.Key{UserKey: "Akey", Partner: 7, Created: now}
	change(t, s, putAll)
	check()
	change(t, s, func(tx store.Tx) error {
		gotPartner, err := tx.Partner(7)
		if err != nil {
			return err
		}
		gotSite, err := tx.Site("4_site")
		if err != nil {
			return err
		}
		gotKey, err := tx.Key("Akey")
		if err != nil {
			return err
		}
		if gotPartner.Name != "renamed" || gotSite.APIKey != "4_site" || gotKey.UserKey != "Akey" {
			return errors.New("wrong records in the transaction")
		}
		return nil
	})
	_, err := s.Partner(t.Context(), 8)
	wantError(t, err, store.ErrNotFound)
	_, err = s.Site(t.Context(), "4_SITE")
	wantError(t, err, store.ErrNotFound)
	_, err = s.Key(t.Context(), "gone")
	wantError(t, err, store.ErrNotFound)
}
