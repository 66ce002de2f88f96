package siteconfig

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Book reads and writes the objects of all kinds. It is safe for concurrent use.
type Book struct {
	store  store.Configuration
	sites  *site.Directory
	sealer *seal.Sealer
	clock  clock.Clock
}

// New returns a book over what the store holds.
func New(s store.Configuration, d *site.Directory, sealer *seal.Sealer, c clock.Clock) *Book {
	return &Book{store: s, sites: d, sealer: sealer, clock: c}
}

// Entry is one object of a list. Documents may be altered by whoever got them.
type Entry struct {
	Name string
	// Document is the object with its secrets.
	Document json.RawMessage
	// Own tells whether the site, or the partner, has stored it itself.
	Own bool
	// Created and Updated are when it was stored; 0: it is a default.
	Created, Updated clock.Millis
}

// Get returns what is in force for the site under the name, inherited and default values included; it is
// [store.ErrNotFound] if there is nothing.
func (b *Book) Get(ctx context.Context, s *site.Site, k *Kind, name string) (json.RawMessage, error) {
	return documentOf(b.effective(b.kept(ctx), ofSite(s), k, name))
}

// Entry is [Book.Get] with what is known of the object beside its document.
func (b *Book) Entry(ctx context.Context, s *site.Site, k *Kind, name string) (*Entry, error) {
	return b.effective(b.kept(ctx), ofSite(s), k, name)
}

// List returns everything that is in force for the site, by name.
func (b *Book) List(ctx context.Context, s *site.Site, k *Kind) ([]Entry, error) {
	return b.list(b.kept(ctx), ofSite(s), k)
}

// Own returns what the site itself has stored, or [store.ErrNotFound].
func (b *Book) Own(ctx context.Context, s *site.Site, k *Kind, name string) (json.RawMessage, error) {
	return documentOf(b.own(b.kept(ctx), ofSite(s), k, name))
}

// OwnList returns all that the site itself has stored, by name.
func (b *Book) OwnList(ctx context.Context, s *site.Site, k *Kind) ([]Entry, error) {
	return b.ownList(b.kept(ctx), ofSite(s), k)
}

// GetIn is [Book.Get] inside a transaction.
func (b *Book) GetIn(tx store.Tx, s *site.Site, k *Kind, name string) (json.RawMessage, error) {
	return documentOf(b.effective(inTx{tx}, ofSite(s), k, name))
}

// ListIn is [Book.List] inside a transaction.
func (b *Book) ListIn(tx store.Tx, s *site.Site, k *Kind) ([]Entry, error) {
	return b.list(inTx{tx}, ofSite(s), k)
}

// OwnIn is [Book.Own] inside a transaction.
func (b *Book) OwnIn(tx store.Tx, s *site.Site, k *Kind, name string) (json.RawMessage, error) {
	return documentOf(b.own(inTx{tx}, ofSite(s), k, name))
}

// Put stores an object of the site, in place of one of the name. What is not as the kind says is a *gigya.Error that
// names the path of the member at fault, and nothing is stored.
func (b *Book) Put(tx store.Tx, s *site.Site, k *Kind, name string, doc json.RawMessage) error {
	return b.put(tx, ofSite(s), k, name, doc)
}

// Delete removes an object that the site has stored; one that it has not is [store.ErrNotFound].
func (b *Book) Delete(tx store.Tx, s *site.Site, k *Kind, name string) error {
	return remove(tx, ofSite(s), k, name)
}

// PartnerGet returns the partner's object of the name, or its default, or [store.ErrNotFound].
func (b *Book) PartnerGet(ctx context.Context, partner int64, k *Kind, name string) (json.RawMessage, error) {
	return documentOf(b.effective(b.kept(ctx), ofPartner(partner), k, name))
}

// PartnerList returns the partner's objects and the defaults, by name.
func (b *Book) PartnerList(ctx context.Context, partner int64, k *Kind) ([]Entry, error) {
	return b.list(b.kept(ctx), ofPartner(partner), k)
}

// PartnerOwn returns what the partner has stored under the name, or [store.ErrNotFound].
func (b *Book) PartnerOwn(ctx context.Context, partner int64, k *Kind, name string) (json.RawMessage, error) {
	return documentOf(b.own(b.kept(ctx), ofPartner(partner), k, name))
}

// PartnerOwnList returns all that the partner has stored, by name.
func (b *Book) PartnerOwnList(ctx context.Context, partner int64, k *Kind) ([]Entry, error) {
	return b.ownList(b.kept(ctx), ofPartner(partner), k)
}

// PartnerOwnIn is [Book.PartnerOwn] inside a transaction.
func (b *Book) PartnerOwnIn(tx store.Tx, partner int64, k *Kind, name string) (json.RawMessage, error) {
	return documentOf(b.own(inTx{tx}, ofPartner(partner), k, name))
}

// PartnerListIn is [Book.PartnerList] inside a transaction.
func (b *Book) PartnerListIn(tx store.Tx, partner int64, k *Kind) ([]Entry, error) {
	return b.list(inTx{tx}, ofPartner(partner), k)
}

// PartnerPut is [Book.Put] for an object of the partner.
func (b *Book) PartnerPut(tx store.Tx, partner int64, k *Kind, name string, doc json.RawMessage) error {
	return b.put(tx, ofPartner(partner), k, name, doc)
}

// PartnerDelete is [Book.Delete] for an object of the partner.
func (b *Book) PartnerDelete(tx store.Tx, partner int64, k *Kind, name string) error {
	return remove(tx, ofPartner(partner), k, name)
}

func documentOf(e *Entry, err error) (json.RawMessage, error) {
	if err != nil {
		return nil, err
	}
	return e.Document, nil
}

// owner is whose objects a call is about.
type owner struct {
	// id is the owner's name in the store; parent that of the site's parent, or empty.
	id, parent string
	// site is nil for a partner.
	site *site.Site
	of   Owner
}

func ofSite(s *site.Site) owner {
	o := owner{id: s.APIKey, site: s, of: OfSite}
	if s.Group != s.APIKey {
		o.parent = s.Group
	}
	return o
}

func ofPartner(id int64) owner { return owner{id: store.OwnerOfPartner(id), of: OfPartner} }

// parentOf returns whose objects of the kind the owner inherits; empty: nobody's.
func (o owner) parentOf(k *Kind) string {
	if k.Inherit == OwnOnly {
		return ""
	}
	return o.parent
}

// effective returns what is in force.
func (b *Book) effective(r reader, o owner, k *Kind, name string) (*Entry, error) {
	own, err := b.own(r, o, k, name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if own != nil && k.Inherit != ParentMerged {
		return own, nil
	}
	below, err := b.below(r, o, k, name)
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return nil, err
	case own == nil && below == nil:
		return nil, store.ErrNotFound
	case own == nil:
		return below, nil
	case below == nil && k.OnChild != nil && (o.parent != "" || !k.whole(own.Document)):
		return nil, store.ErrNotFound // A part of what the parent no longer has, or of what it has and the site has left.
	case below == nil:
		return own, nil
	}
	if own.Document, err = merged(below.Document, own.Document); err != nil {
		return nil, err
	}
	return own, nil
}

// below returns what is in force where the owner has stored nothing: the parent's, or the default.
func (b *Book) below(r reader, o owner, k *Kind, name string) (*Entry, error) {
	var parent *Entry
	if id := o.parentOf(k); id != "" {
		var err error
		if parent, err = b.own(r, owner{id: id}, k, name); err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	if parent != nil {
		parent.Own = false
		if k.Inherit != ParentMerged {
			return parent, nil
		}
	}
	base, ok := k.defaults(o.site)[name]
	switch {
	case parent == nil && !ok:
		return nil, store.ErrNotFound
	case parent == nil:
		return &Entry{Name: name, Document: slices.Clone(base)}, nil
	case !ok:
		return parent, nil
	}
	var err error
	parent.Document, err = merged(base, parent.Document)
	return parent, err
}

// merged returns over laid over base.
func merged(base, over json.RawMessage) (json.RawMessage, error) {
	doc, err := document.ParseObject(base)
	if err != nil {
		return nil, fmt.Errorf("reading a configuration object: %w", err)
	}
	own, err := document.ParseObject(over)
	if err != nil {
		return nil, fmt.Errorf("reading a configuration object: %w", err)
	}
	overlay(doc, own)
	return doc.JSON(), nil
}

// list returns everything that is in force, by name.
func (b *Book) list(r reader, o owner, k *Kind) ([]Entry, error) {
	names := map[string]bool{}
	for name := range k.defaults(o.site) {
		names[name] = true
	}
	read := fixed{}
	for _, id := range []string{o.id, o.parentOf(k)} {
		if id == "" {
			continue
		}
		records, err := r.objects(id, k)
		if err != nil {
			return nil, err
		}
		read[id] = records
		for _, record := range records {
			names[record.Name] = true
		}
	}
	entries := make([]Entry, 0, len(names))
	for name := range names {
		e, err := b.effective(read, o, k, name)
		if errors.Is(err, store.ErrNotFound) {
			continue // A part of what the parent no longer has.
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, *e)
	}
	slices.SortFunc(entries, byName)
	return entries, nil
}

// own returns what the owner has stored under the name, as far as it counts.
func (b *Book) own(r reader, o owner, k *Kind, name string) (*Entry, error) {
	record, err := r.object(o.id, k, name)
	if err != nil {
		return nil, err
	}
	return b.counted(o, k, record)
}

// counted returns the owner's object, or [store.ErrNotFound] for one that does not count: it holds more than a member of a site group
// may store, for it is of the time before the site joined, and counts again when it leaves. A part of it would not do: the member's
// address would get what the parent's headers tell.
func (b *Book) counted(o owner, k *Kind, record *store.ConfigObject) (*Entry, error) {
	e, err := b.open(record, k)
	if err != nil || o.parent == "" || k.OnChild == nil {
		return e, err
	}
	doc, err := document.ParseObject(e.Document)
	if err != nil {
		return nil, fmt.Errorf("reading a configuration object: %w", err)
	}
	if checkChild(k, doc) != nil {
		return nil, store.ErrNotFound
	}
	return e, nil
}

// ownList returns all that the owner has stored, as far as it counts.
func (b *Book) ownList(r reader, o owner, k *Kind) ([]Entry, error) {
	records, err := r.objects(o.id, k)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(records))
	for _, record := range records {
		e, err := b.counted(o, k, record)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, *e)
	}
	slices.SortFunc(entries, byName)
	return entries, nil
}

func byName(a, b Entry) int {
	switch {
	case a.Name < b.Name:
		return -1
	case a.Name > b.Name:
		return 1
	}
	return 0
}

// open returns the record's object with its secrets.
func (b *Book) open(record *store.ConfigObject, k *Kind) (*Entry, error) {
	e := &Entry{Name: record.Name, Document: slices.Clone(record.Document), Own: true, Created: record.Created, Updated: record.Updated}
	if len(record.Secrets) == 0 {
		return e, nil
	}
	plain, err := b.sealer.Open(record.Secrets, sealedFor(record))
	if err != nil {
		return nil, fmt.Errorf("opening the secrets of %s %q of %s: %w", k.Name, record.Name, record.Owner, err)
	}
	secrets, err := document.ParseObject(plain)
	if err != nil {
		return nil, fmt.Errorf("reading the secrets of %s %q of %s: %w", k.Name, record.Name, record.Owner, err)
	}
	doc, err := document.ParseObject(record.Document)
	if err != nil {
		return nil, fmt.Errorf("reading %s %q of %s: %w", k.Name, record.Name, record.Owner, err)
	}
	fillSecrets(doc, secrets)
	e.Document = doc.JSON()
	return e, nil
}

// sealedFor is what the secrets of a record are sealed for: they do not open in another. Neither owners nor kinds hold a
// slash.
func sealedFor(record *store.ConfigObject) string {
	return "config/" + record.Owner + "/" + record.Kind + "/" + record.Name
}
