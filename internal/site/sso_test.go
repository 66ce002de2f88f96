package site_test

import (
	"errors"
	"testing"

	"github.com/doorward/doorward/internal/store"
)

func TestSharedSessionsFollowTheConfigurationOfTheGroup(t *testing.T) {
	r := newRoom(t, file(t))
	parent, member, lone := r.newSite(t), r.newSite(t), r.newSite(t)
	member.Group = parent.APIKey
	for _, c := range []struct {
		parent, member     string
		toMember, toParent bool
	}{
		{`{}`, `{}`, false, false},
		{`{"siteGroupConfig":{"enableSSO":true}}`, `{}`, true, true},
		{`{"siteGroupConfig":{"enableSSO":"true"}}`, `{}`, false, false},
		{`{"siteGroupConfig":{"enableSSO":true}}`, `{"siteGroupConfig":{"SSOSegment":"a"}}`, false, false},
		{`{"siteGroupConfig":{"enableSSO":true,"SSOSegment":"a"}}`, `{"siteGroupConfig":{"SSOSegment":"a"}}`, true, true},
		{`{"siteGroupConfig":{"enableSSO":true,"SSOSegment":"A"}}`, `{"siteGroupConfig":{"SSOSegment":"a"}}`, false, false},
		{`{"siteGroupConfig":{"enableSSO":true,"SSOSegment":7}}`, `{}`, true, true}, // It was never set so: nothing.
	} {
		parent.Config, member.Config = []byte(c.parent), []byte(c.member)
		r.change(t, func(tx store.Tx) error { return errors.Join(tx.PutSite(parent), tx.PutSite(member)) })
		for _, way := range []struct {
			from, to *store.Site
			want     bool
		}{
			{parent, member, c.toMember}, {member, parent, c.toParent}, {member, member, true}, {parent, parent, true},
			{lone, parent, false}, {member, lone, false}, {&store.Site{APIKey: "3_nobody"}, parent, false},
		} {
			at, err := r.Site(t.Context(), way.to.APIKey)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := r.SharesSessions(t.Context(), at, way.from.APIKey); err != nil || got != way.want {
				t.Errorf("parent %s, member %s: %v, %v, want %v", c.parent, c.member, got, err, way.want)
			}
		}
	}
}
