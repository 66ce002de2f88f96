package site_test

import (
	"encoding/json"
	"testing"

	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

func TestSitesWithTheSameDocumentsShareWhatWasReadOfThem(t *testing.T) {
	r := newRoom(t, file(t))
	add := func(domain, group, policies, schema string) *site.Site {
		t.Helper()
		record, err := r.Factory.NewSite(site.SiteOptions{Partner: r.partner.ID, Group: group, BaseDomain: domain, DataCenter: "us1"})
		if err != nil {
			t.Fatal(err)
		}
		record.Policies, record.Schema = json.RawMessage(policies), json.RawMessage(schema)
		r.change(t, func(tx store.Tx) error { return tx.PutSite(record) })
		return &site.Site{Site: *record}
	}
	const short, long = `{"passwordComplexity":{"minLength":7}}`, `{"passwordComplexity":{"minLength":9}}`
	parent := add("p.example.com", "", long, "")
	made := []*site.Site{
		add("a.example.com", "", short, ""), add("b.example.com", "", short, ""), add("c.example.com", "", long, ""),
		add("d.example.com", parent.APIKey, "", ""), add("e.example.com", parent.APIKey, "", ""), add("f.example.com", "", "", ""),
	}
	var s [6]*site.Site
	for i := range made {
		found, err := r.Site(t.Context(), made[i].APIKey)
		if err != nil {
			t.Fatal(err)
		}
		s[i] = found
	}
	if s[0].Policies != s[1].Policies || s[3].Policies != s[4].Policies || s[0].Schema != s[5].Schema || s[3].Schema != s[4].Schema {
		t.Error("the same documents are there twice")
	}
	for i, want := range []int64{7, 7, 9, 9, 9, 6} {
		if got := int64(s[i].Policies.PasswordComplexity.MinLength); got != want {
			t.Errorf("site %d: passwords of %d, want %d", i, got, want)
		}
	}
	if s[2].Policies == s[3].Policies || s[2].Schema == s[3].Schema {
		t.Error("a member of a group shares with a site of its own")
	}
}
