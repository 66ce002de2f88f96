package blueprint

import (
	"encoding/json"
	"errors"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// writeKinds makes the site's objects of all kinds what the files say.
func (r *run) writeKinds(o *Owner, record *store.Site) error {
	parent, err := r.parentOf(record)
	if err != nil {
		return err
	}
	s, err := site.Build(record, parent)
	if err != nil {
		return err
	}
	before, group := r.before[o], ""
	if parent != nil {
		group = parent.APIKey
	}
	if before.text("siteGroupOwner") != group { // What counts of the site's objects is other than it was.
		if before, err = r.siteState(r.tx, record); err != nil {
			return err
		}
	}
	batches := map[*siteconfig.Kind]*siteconfig.Batch{} // All that goes is gone before the first object is put.
	removed, err := r.objects(o, before, siteconfig.OfSite, func(k *siteconfig.Kind, name string, doc json.RawMessage) error {
		if doc == nil {
			return r.book.Delete(r.tx, s, k, name)
		}
		if batches[k] == nil {
			batches[k] = r.book.Batch(r.tx, s, k)
		}
		err := batches[k].Put(name, doc)
		if err != nil {
			delete(batches, k) // It may have counted what it refused.
		}
		return err
	})
	r.removed[o] = removed
	return err
}

// checkRemoved refuses what was removed and is needed, now that everything else of the site and its group is as the files say.
func (r *run) checkRemoved(o *Owner, record *store.Site) error {
	parent, err := r.parentOf(record)
	if err != nil {
		return err
	}
	s, err := site.Build(record, parent)
	if err != nil {
		return err
	}
	for _, obj := range r.removed[o] {
		if obj.section.kind.Needed == nil {
			continue
		}
		err := obj.section.kind.Needed(r.tx, s, obj.name)
		var refused *gigya.Error
		if errors.As(err, &refused) {
			r.faultf(o.fileOf(obj.key()), "the file is not there, and --prune cannot remove what it was of: %s; change that too, or keep the file", reason(refused))
		} else if err != nil {
			return err
		}
	}
	return nil
}

// pending is an object that is not stored yet.
type pending struct {
	obj         *object
	before, doc *document.Object
}

// objects makes the owner's objects of all kinds what the files say, and returns those that it has removed. put stores one; no document:
// it removes it.
func (r *run) objects(
	o, before *Owner, of siteconfig.Owner, put func(k *siteconfig.Kind, name string, doc json.RawMessage) error,
) (removed []*object, err error) {
	var wanted []pending
	for _, s := range r.sections {
		if s.kind == nil || s.of != of {
			continue
		}
		for _, obj := range before.in(s) {
			if o.get(obj.key()) != nil {
				continue
			}
			if !r.how.Prune {
				r.plans[o].Kept = append(r.plans[o].Kept, obj.key())
				continue
			}
			if err := put(s.kind, obj.name, nil); err != nil {
				return nil, err
			}
			removed = append(removed, obj)
			r.changed(o, obj, obj.doc, nil)
		}
		for _, obj := range o.in(s) {
			p := pending{obj: obj}
			if was := before.get(obj.key()); was != nil {
				p.before = was.doc
			}
			var ok bool
			if p.doc, ok = r.filled(obj, p.before); !ok {
				continue
			}
			r.unknown(obj.file, s.kind.Unknown(p.doc.JSON()))
			if r.changed(o, obj, p.before, p.doc) {
				wanted = append(wanted, p)
			}
		}
	}
	return removed, r.putAll(wanted, put)
}

// putAll stores the objects. One that cannot be beside what another still has is tried again when the other has changed: the order in
// which files are read decides nothing.
func (r *run) putAll(wanted []pending, put func(k *siteconfig.Kind, name string, doc json.RawMessage) error) error {
	for {
		var refused []pending
		faults := len(r.faults)
		for _, p := range wanted {
			before := len(r.faults)
			if err := r.fault(p.obj.file, put(p.obj.section.kind, p.obj.name, p.doc.JSON())); err != nil {
				return err
			}
			if len(r.faults) > before {
				refused = append(refused, p)
			}
		}
		if len(refused) == 0 || len(refused) == len(wanted) {
			return nil
		}
		r.faults = r.faults[:faults]
		wanted = refused
	}
}
