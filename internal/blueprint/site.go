package blueprint

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/api/admin"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// matching finds the sites of the store that files mean.
type matching struct {
	all []*store.Site
	// named are the API keys that files name: such a site is not meant by a file that names another.
	named map[string]bool
}

func (t *Tree) matching(all []*store.Site) *matching {
	m := &matching{all: all, named: map[string]bool{}}
	for _, o := range t.Owners {
		if !o.Partner {
			m.named[o.text("apiKey")] = true
		}
	}
	return m
}

// of returns the site that the owner means: the one with the API key, or else the only one of the base domain. Nil: there is none.
func (m *matching) of(o *Owner) (*store.Site, error) {
	apiKey, domain := o.text("apiKey"), o.text("baseDomain")
	var found []*store.Site
	for _, s := range m.all {
		switch {
		case s.APIKey == apiKey && s.Status == store.SiteDeleted:
			return nil, fmt.Errorf("apiKey: the site %s was deleted, and its API key stays taken", apiKey)
		case s.APIKey == apiKey:
			return s, nil
		case s.BaseDomain == domain && s.Status != store.SiteDeleted && (apiKey == "" || !m.named[s.APIKey]):
			found = append(found, s)
		}
	}
	if len(found) > 1 {
		return nil, fmt.Errorf("apiKey: there are %d sites of the base domain %q: say which is meant", len(found), domain)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found[0], nil
}

// SiteOf returns the site of the store that an owner of the tree means, or [store.ErrNotFound].
func (b *Blueprint) SiteOf(ctx context.Context, t *Tree, o *Owner) (*store.Site, error) {
	all, err := b.Store.Sites(ctx, 0)
	if err != nil {
		return nil, err
	}
	record, err := t.matching(all).of(o)
	if err == nil && record == nil {
		err = store.ErrNotFound
	}
	return record, err
}

// checkJoining refuses sites with accounts of their own that would become members of a group. It reads more than a transaction does.
func (b *Blueprint) checkJoining(ctx context.Context, t *Tree) error {
	all, err := b.Store.Sites(ctx, 0)
	if err != nil {
		return err
	}
	var faults Faults
	m := t.matching(all)
	for _, o := range t.Owners {
		if o.Partner || o.text("siteGroupOwner") == "" {
			continue
		}
		record, err := m.of(o)
		if err != nil || record == nil || record.Group != record.APIKey {
			continue // What is wrong with it is said later.
		}
		err = b.rules.CheckEmpty(ctx, &site.Site{Site: *record})
		var refused *gigya.Error
		if errors.As(err, &refused) {
			faults = append(faults, fmt.Errorf("%s: %s", o.fileOf(siteSection), reason(refused)))
		} else if err != nil {
			return err
		}
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}

// matchSites finds the records of the sites, or makes new ones.
func (r *run) matchSites() error {
	all, err := r.tx.Sites(0)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Group != s.APIKey {
			r.parents[s.Group] = true
		}
	}
	seen, m := map[string]*Owner{}, r.tree.matching(all)
	for _, o := range r.tree.Owners {
		if o.Partner {
			continue
		}
		file := o.fileOf(siteSection)
		if o.get(siteSection) == nil {
			r.faultf(file, "the file is missing: it says which site the folder is about")
			continue
		}
		if !o.saysNumber("partnerID") {
			r.faultf(file, "partnerID: want a whole number")
			continue
		}
		if o.text("baseDomain") == "" {
			r.faultf(file, "baseDomain: is missing")
			continue
		}
		record, err := m.of(o)
		if err != nil {
			r.faultf(file, "%v", err)
			continue
		}
		isNew := record == nil
		if isNew {
			if record = r.newSite(o, file); record == nil {
				continue
			}
		}
		if other := seen[record.APIKey]; other != nil {
			r.faultf(file, "%s is about the same site", other.fileOf(siteSection))
			continue
		}
		seen[record.APIKey] = o
		r.sites[o] = record
		name := record.APIKey
		if isNew { // A plan does not know the API key that is made.
			name = cmp.Or(o.text("apiKey"), "with an API key of its own")
		}
		r.plans[o] = &OwnerPlan{Title: o.Folder, Name: name, New: isNew}
		if apiKey := o.text("apiKey"); apiKey != "" {
			r.apiKeys[apiKey] = record.APIKey
		}
		r.before[o] = &Owner{}
		if !isNew {
			if r.before[o], err = r.siteState(r.tx, record); err != nil {
				return err
			}
		}
	}
	return nil
}

// newSite makes the record of a site that is not there; nil: it cannot be, and that was noted.
func (r *run) newSite(o *Owner, file string) *store.Site {
	if !r.how.Create {
		r.faultf(file, "there is no such site, neither by its API key nor by its base domain: --create makes it")
		return nil
	}
	partner := r.partnerOf(o, file)
	if partner == nil {
		return nil
	}
	options := site.SiteOptions{Partner: partner.ID, BaseDomain: o.text("baseDomain"), APIKey: o.text("apiKey"), DataCenter: strings.ToLower(o.text("dataCenter"))}
	if options.DataCenter == "" {
		options.DataCenter = r.DataCenter
	}
	if !r.rules.KnownDataCenter(options.DataCenter) {
		r.faultf(file, "dataCenter: %q is the label of no data center", options.DataCenter)
		return nil
	}
	record, err := r.Factory.NewSite(options)
	if err != nil {
		r.faultf(file, "%v", err)
		return nil
	}
	return record
}

// partnerOf is the partner that a new site of the files belongs to.
func (r *run) partnerOf(o *Owner, file string) *store.Partner {
	wanted, named := o.number("partnerID")
	var all []*store.Partner
	for folder, p := range r.partners {
		if id, _ := folder.number("partnerID"); named && id == wanted {
			return p
		}
		all = append(all, p)
	}
	for _, p := range r.known {
		if p.ID == r.how.Into || named && p.ID == wanted {
			return p
		}
		if !slices.ContainsFunc(all, func(q *store.Partner) bool { return q.ID == p.ID }) {
			all = append(all, p)
		}
	}
	switch {
	case named:
		r.faultf(file, "partnerID: there is no partner %d; give the files a folder partners/NAME with its partner.json, or leave partnerID out", wanted)
	case len(all) == 1:
		return all[0]
	case len(all) == 0:
		r.faultf(file, "partnerID: there is no partner yet: give the files a folder partners/NAME with its partner.json")
	default:
		r.faultf(file, "partnerID: is missing, and there are several partners")
	}
	return nil
}

// number is a whole number of the owner's own file.
func (o *Owner) number(member string) (int64, bool) {
	obj := o.get(siteSection)
	if o.Partner {
		obj = o.get(partnerSection)
	}
	if obj == nil {
		return 0, false
	}
	v, _ := obj.doc.Get(member)
	return v.Int64()
}

// saysNumber tells whether the member of the owner's own file, if it is there, is a whole number.
func (o *Owner) saysNumber(member string) bool {
	obj := o.get(siteSection)
	if o.Partner {
		obj = o.get(partnerSection)
	}
	v, there := obj.doc.Get(member)
	_, ok := v.Int64()
	return ok || !there || v.IsNull()
}

// recordMembers are the members of site.json that are no part of the configuration in the record.
var recordMembers = []string{"apiKey", "partnerID", "baseDomain", "description", "dataCenter", "status", "siteGroupOwner", "trustedSiteURLs"}

// writeRecord makes the site's record what the files say: site, settings, policies and schema.
func (r *run) writeRecord(o *Owner, record *store.Site) error {
	var parent *store.Site
	steps := []func() error{
		func() error { return r.setSite(o, record) },
		func() error { return r.setSettings(o, record) },
		func() (err error) { parent, err = r.parentOf(record); return err },
		func() error { return r.setPolicies(o, record, parent) },
		func() error { return r.setSchema(o, record, parent) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	after := &Owner{}
	if err := r.recordState(r.tx, after, record); err != nil {
		return err
	}
	before, different := r.before[o], r.plans[o].New
	for _, s := range r.sections {
		if s.of != after.get(siteSection).section.of || s.kind != nil {
			continue
		}
		for _, obj := range before.in(s) {
			now := after.get(obj.key())
			if now == nil {
				r.changed(o, obj, obj.doc, nil)
				different = true
			} else if r.changed(o, obj, obj.doc, now.doc) {
				different = true
			}
			if o.get(obj.key()) == nil && now != nil {
				r.plans[o].Kept = append(r.plans[o].Kept, obj.key())
			}
		}
		for _, obj := range after.in(s) {
			if before.get(obj.key()) == nil {
				different = r.changed(o, obj, nil, obj.doc) || different
			}
		}
	}
	if !different {
		return nil
	}
	return r.tx.PutSite(record)
}

// parentOf is the record of the parent of the site's group; nil: it has none.
func (r *run) parentOf(record *store.Site) (*store.Site, error) {
	if record.Group == record.APIKey {
		return nil, nil
	}
	return r.tx.Site(record.Group)
}

func (r *run) setSite(o *Owner, record *store.Site) error {
	obj := o.get(siteSection)
	var before *document.Object
	if was := r.before[o].get(siteSection); was != nil {
		before = was.doc
	}
	doc, ok := r.filled(obj, before)
	if !ok {
		return nil
	}
	for _, name := range recordMembers {
		if err := r.setColumn(o, obj.file, record, name, doc); err != nil {
			return err
		}
	}
	config := without(doc, recordMembers...)
	checked := config.Clone()
	if v, ok := doc.Get("trustedSiteURLs"); ok {
		checked.Set("trustedSiteURLs", v)
	}
	unknown, err := admin.CheckSiteConfig(record, checked)
	if err != nil {
		return r.fault(obj.file, err)
	}
	r.unknown(obj.file, unknown)
	record.Config = jsonOf(config)
	return nil
}

// setColumn sets what a member of site.json says of the record. A member that the file has not leaves the record as it is, but for the
// group.
func (r *run) setColumn(o *Owner, file string, record *store.Site, name string, doc *document.Object) error {
	v, ok := doc.Get(name)
	if name == "siteGroupOwner" {
		return r.setGroup(o, file, record, v)
	}
	if name == "partnerID" {
		r.notePartner(o, file, record)
		return nil
	}
	if !ok {
		return nil
	}
	if name == "trustedSiteURLs" {
		if list, ok := textsOf(v); ok {
			record.TrustedSiteURLs = list // What it holds is checked with the configuration.
		}
		return nil
	}
	if v.Kind() != document.KindString {
		r.faultf(file, "%s: want a text", name)
		return nil
	}
	switch text := v.Str(); name {
	case "baseDomain":
		if err := site.CheckBaseDomain(text); err != nil {
			r.faultf(file, "baseDomain: %v", err)
		}
		record.BaseDomain = text
	case "description":
		if err := admin.CheckDescription(v); err != nil {
			return r.fault(file, err)
		}
		record.Description = text
	case "dataCenter":
		if !strings.EqualFold(text, record.DataCenter) {
			r.faultf(file, "dataCenter: the data center of a site cannot change from %s", record.DataCenter)
		}
	case "status":
		if text != store.SiteActive && text != store.SiteDisabled {
			r.faultf(file, "status: want active or disabled")
		}
		record.Status = text
	}
	return nil
}

// notePartner says that a site stays with its partner, where the file names another.
func (r *run) notePartner(o *Owner, file string, record *store.Site) {
	id, named := o.number("partnerID")
	for folder, p := range r.partners {
		if said, ok := folder.number("partnerID"); ok && said == id {
			id = p.ID
			break
		}
	}
	if named && id != record.Partner && r.how.Into == 0 {
		r.plan.Notes = append(r.plan.Notes, fmt.Sprintf("%s: partnerID: the site is of partner %d, and no site changes its partner.", file, record.Partner))
	}
}

// setGroup makes the site a member of the group that the file names. API keys of the files stand for those of the store.
func (r *run) setGroup(o *Owner, file string, record *store.Site, v document.Value) error {
	if v.Kind() != document.KindString && !v.IsNull() {
		r.faultf(file, "siteGroupOwner: want the API key of a site")
		return nil
	}
	parent := r.apiKeyOf(v.Str())
	err := admin.Regroup(r.tx, record, parent, clock.FromTime(r.Clock.Now()))
	return r.fault(o.fileOf(siteSection), err)
}

// apiKeyOf is the API key in the store of a site that the files call so.
func (r *run) apiKeyOf(text string) string {
	if apiKey, ok := r.apiKeys[text]; ok {
		return apiKey
	}
	return text
}

// setSettings replaces the switches of the site.
func (r *run) setSettings(o *Owner, record *store.Site) error {
	obj := o.get(settingsSection)
	if obj == nil {
		if r.how.Prune {
			record.Settings = nil
		}
		return nil
	}
	var before *document.Object
	if was := r.before[o].get(settingsSection); was != nil {
		before = was.doc
	}
	doc, ok := r.filled(obj, before)
	if !ok {
		return nil
	}
	text := doc.JSON()
	unknown, err := site.CheckSettings(text)
	if err != nil {
		r.faultf(obj.file, "%v", err)
		return nil
	}
	r.unknown(obj.file, unknown)
	record.Settings = json.RawMessage(text)
	return nil
}
