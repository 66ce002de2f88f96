package site_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

func TestAMemberHasThePoliciesAndTheSchemaOfItsGroup(t *testing.T) {
	r := newRoom(t, file(t))
	parent, member := r.newSite(t), r.newSite(t)
	r.change(t, func(tx store.Tx) error {
		parent.Policies = []byte(`{"passwordComplexity":{"minLength":9},"accountOptions":{"verifyEmail":true}}`)
		parent.Schema = []byte(`{"dataSchema":{"fields":{"tier":{"type":"string"}}}}`)
		member.Group = parent.APIKey
		member.Policies = []byte(`{"passwordComplexity":{"minLength":3},"accountOptions":{"verifyEmail":false}}`)
		member.Schema = []byte(`{"dataSchema":{"fields":{"tier":{"required":true},"gone":{"required":true}}}}`)
		return errors.Join(tx.PutSite(parent), tx.PutSite(member))
	})
	s, err := r.Site(t.Context(), member.APIKey)
	if err != nil {
		t.Fatal(err)
	}
	if !s.IsMember() || s.Parent.APIKey != parent.APIKey || s.Policies.PasswordComplexity.MinLength != 9 || s.Policies.AccountOptions.VerifyEmail {
		t.Errorf("policies %s", s.Policies.Full())
	}
	if !s.Schema.Has("data.tier") || s.Schema.Has("data.gone") || !s.Schema.FieldFold("data", "tier").Required {
		t.Errorf("schema %s", s.Schema.Explicit())
	}
	group, err := s.GroupSchema()
	if err != nil || group.FieldFold("data", "tier").Required {
		t.Errorf("the member's requirement is the group's: %v", err)
	}
	// A change of the parent is seen at the member.
	r.change(t, func(tx store.Tx) error {
		parent.Policies = nil
		return tx.PutSite(parent)
	})
	if s, err = r.Site(t.Context(), member.APIKey); err != nil || s.Policies.PasswordComplexity.MinLength != 6 {
		t.Errorf("%v", err)
	}
	r.change(t, func(tx store.Tx) error {
		member.Group = "3_none"
		return tx.PutSite(member)
	})
	if _, err = r.Site(t.Context(), member.APIKey); err == nil || errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "the parent of site") {
		t.Errorf("a member without its parent: %v", err)
	}
}

// counted counts the reads of configuration objects.
type counted struct {
	store.Configuration
	reads int
}

func (c *counted) ConfigObjects(ctx context.Context, owner, kind string) ([]*store.ConfigObject, error) {
	c.reads++
	return c.Configuration.ConfigObjects(ctx, owner, kind)
}

func TestConfigurationObjectsAreReadOnceWhileNothingChanges(t *testing.T) {
	r := newRoom(t, file(t))
	record := r.newSite(t)
	c := &counted{Configuration: r.store}
	d := site.NewDirectory(c, r.Sealer)
	if _, err := d.Site(t.Context(), record.APIKey); err != nil {
		t.Fatal(err)
	}
	read := func(owner string) int {
		t.Helper()
		records, err := d.ConfigObjects(t.Context(), owner, "kind")
		if err != nil {
			t.Fatal(err)
		}
		return len(records)
	}
	for range 3 { // Nothing is remembered too, of an owner that is there.
		if read(record.APIKey) != 0 || read(store.OwnerOfPartner(r.partner.ID)) != 0 {
			t.Error("there is something")
		}
	}
	if c.reads != 2 {
		t.Errorf("%d reads", c.reads)
	}
	r.change(t, func(tx store.Tx) error {
		return tx.PutConfigObject(&store.ConfigObject{Owner: record.APIKey, Kind: "kind", Name: "a", Document: []byte(`{}`)})
	})
	first := read(record.APIKey)
	if again := read(record.APIKey); first != 1 || again != 1 || c.reads != 3 {
		t.Errorf("%d reads after a change", c.reads)
	}
	c.reads = 0
	read("3_stranger")
	read("3_stranger")
	if c.reads != 2 {
		t.Error("who may not be there is remembered")
	}
}
