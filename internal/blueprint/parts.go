package blueprint

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/policy"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

// part is a document of a site's record that several files hold, a member each.
type part struct {
	section string
	// said are the members that files have, stored what the record has.
	said, stored *document.Object
	ok           bool
}

// part reads the part of the record and what the files say of it.
func (r *run) part(o *Owner, section string, record []byte) (*part, error) {
	p := &part{section: section, said: &document.Object{}, ok: true}
	var err error
	if p.stored, err = parse(record); err != nil {
		return nil, err
	}
	for _, obj := range o.sorted() {
		if obj.section.name != section {
			continue
		}
		var before *document.Object
		if v, ok := p.stored.Get(obj.name); ok {
			before = v.Object()
		}
		doc, ok := r.filled(obj, before)
		p.ok = p.ok && ok
		p.said.Set(obj.name, document.FromObject(doc))
	}
	return p, nil
}

// fail notes what a check refuses, with the file of the member that its words begin with or speak of.
func (r *run) fail(o *Owner, p *part, err error) error {
	var refused *gigya.Error
	if !errors.As(err, &refused) {
		return err
	}
	path := reason(refused)
	for name := range p.said.All() {
		if path == name || strings.HasPrefix(path, name+":") || strings.Contains(path, name+".") || strings.Contains(path, "("+name+")") {
			return r.fault(o.fileOf(p.section+"/"+name), err)
		}
	}
	return r.fault(o.Folder+"/"+p.section, err)
}

// reportLost notes what the files say and the checks left out.
func (r *run) reportLost(o *Owner, p *part, kept []byte) error {
	now, err := parse(kept)
	if err != nil {
		return err
	}
	for name, v := range p.said.All() {
		file := o.fileOf(p.section + "/" + name)
		stored, there := now.Get(name)
		if !there && v.Object().Len() > 0 {
			r.plan.Unknown = append(r.plan.Unknown, file)
			continue
		}
		r.unknown(file, lost(v, stored, place{}))
	}
	return nil
}

// setPolicies replaces the groups of policies that files have. The checks are those of setPolicies, for a site that has nothing yet.
func (r *run) setPolicies(o *Owner, record, parent *store.Site) error {
	stored := record.Policies
	if parent != nil {
		var err error
		if stored, _, err = ofMember(parent, record); err != nil {
			return err
		}
	}
	p, err := r.part(o, policiesSection, stored)
	if err != nil || !p.ok {
		return err
	}
	wanted := p.stored.Clone()
	if r.how.Prune {
		wanted = &document.Object{}
	}
	for name, v := range p.said.All() {
		wanted.Set(name, v)
	}
	if wanted.Equal(p.stored) {
		return nil
	}
	var merged json.RawMessage
	if parent == nil {
		merged, err = policy.Merge(nil, wanted)
	} else {
		var dormant json.RawMessage
		if dormant, err = policy.Dormant(record.Policies); err != nil {
			return err
		}
		merged, err = policy.MergeMember(parent.Policies, dormant, wanted)
	}
	if err != nil {
		return r.fail(o, p, err)
	}
	record.Policies = emptied(merged)
	return r.reportLost(o, p, merged)
}

// setSchema replaces the parts of the schema that files have. A field that no file has stays, for accounts may hold it, unless it is asked to
// be removed.
func (r *run) setSchema(o *Owner, record, parent *store.Site) error {
	dormant := json.RawMessage(nil)
	stored, err := schema.Explicit(record.Schema)
	if err != nil {
		return err
	}
	if parent != nil {
		if _, stored, err = ofMember(parent, record); err != nil {
			return err
		}
		if dormant, err = schema.Dormant(parent.Schema, record.Schema); err != nil {
			return err
		}
	}
	p, err := r.part(o, schemaSection, stored)
	if err != nil || !p.ok {
		return err
	}
	wanted := p.said.Clone()
	if !r.how.Prune {
		for name, v := range p.stored.All() {
			said, ok := wanted.Get(name)
			if !ok {
				wanted.Set(name, v.Clone())
				continue
			}
			for _, field := range keepFields(said.Object(), v.Object()) {
				r.plans[o].Kept = append(r.plans[o].Kept, schemaSection+"/"+name+" "+field)
			}
		}
	}
	if wanted.Equal(p.stored) {
		return nil
	}
	merge := schema.Merge
	if parent != nil {
		merge = func(own json.RawMessage, changes *document.Object) (json.RawMessage, error) {
			return schema.MergeMember(parent.Schema, own, changes)
		}
	}
	// What is stored already forbids some changes, such as another type of a field.
	if _, err := merge(stored, p.said); err != nil {
		return r.fail(o, p, err)
	}
	merged, err := merge(dormant, wanted)
	if err != nil {
		return r.fail(o, p, err)
	}
	record.Schema = emptied(merged)
	return r.reportLost(o, p, merged)
}

// emptied is nil for a document without members.
func emptied(doc json.RawMessage) json.RawMessage {
	if string(doc) == "{}" {
		return nil
	}
	return doc
}

// keepFields gives the part of a schema the fields that the stored one has besides, and returns their names.
func keepFields(said, stored *document.Object) (kept []string) {
	fields, ok := stored.Get("fields")
	if !ok {
		return nil
	}
	if _, ok := said.Get("fields"); !ok {
		said.Set("fields", document.FromObject(&document.Object{}))
	}
	into, _ := said.Get("fields")
	return keepMissing(into.Object(), fields.Object(), "")
}

func keepMissing(into, stored *document.Object, prefix string) (kept []string) {
	if into == nil {
		return nil // It is no object; the checks say so.
	}
	for name, v := range stored.All() {
		now, there := into.Get(name)
		switch {
		case !there:
			into.Set(name, v.Clone())
			kept = append(kept, prefix+name)
		case holdsFields(v):
			kept = append(kept, keepMissing(now.Object(), v.Object(), prefix+name+".")...)
		}
	}
	return kept
}

// holdsFields tells the object of several fields, which some parts of a schema have, from a field with its attributes.
func holdsFields(v document.Value) bool {
	if v.Kind() != document.KindObject || v.Object().Len() == 0 {
		return false
	}
	for _, member := range v.Object().All() {
		if member.Kind() != document.KindObject {
			return false
		}
	}
	return true
}
