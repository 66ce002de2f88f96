package siteconfig

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Batch stores several objects of one kind in a transaction, at the price of one look at what there is already. It serves one
// goroutine.
type Batch struct {
	book  *Book
	tx    store.Tx
	owner owner
	kind  *Kind
	// sizes are those of what the owner has stored, by name; nil: nobody has looked.
	sizes map[string]int
}

// Batch returns a batch for objects of the site.
func (b *Book) Batch(tx store.Tx, s *site.Site, k *Kind) *Batch {
	return &Batch{book: b, tx: tx, owner: ofSite(s), kind: k}
}

func (b *Book) put(tx store.Tx, o owner, k *Kind, name string, text json.RawMessage) error {
	return (&Batch{book: b, tx: tx, owner: o, kind: k}).Put(name, text)
}

// Put is [Book.Put].
func (t *Batch) Put(name string, text json.RawMessage) error {
	b, tx, o, k := t.book, t.tx, t.owner, t.kind
	doc, err := document.ParseObject(text)
	if err != nil {
		return gigya.InvalidFormat(k.Name, "want a JSON object: "+err.Error())
	}
	if err := k.CheckName(name); err != nil {
		return err
	}
	whole, err := b.check(tx, o, k, name, doc)
	if err != nil {
		return err
	}
	now := clock.FromTime(b.clock.Now())
	record := &store.ConfigObject{Owner: o.id, Kind: k.Name, Name: name, Created: now, Updated: now}
	old, err := inTx{tx}.object(o.id, k, name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if old != nil {
		record.Created = old.Created
	}
	if secrets := takeSecrets(doc, k.Secrets); secrets != nil {
		record.Secrets = b.sealer.Seal(secrets.JSON(), sealedFor(record))
	}
	record.Document = doc.JSON()
	if err := t.checkRoom(old, record); err != nil {
		return err
	}
	if err := b.checkOthers(inTx{tx}, o, k, name, whole); err != nil {
		return err
	}
	if err := tx.PutConfigObject(record); err != nil {
		return fmt.Errorf("storing a %s: %w", k.Name, err)
	}
	return nil
}

// check refuses an object that cannot be stored. It returns what would be in force.
func (b *Book) check(tx store.Tx, o owner, k *Kind, name string, doc *document.Object) (whole *document.Object, err error) {
	if o.of != k.Of {
		return nil, fmt.Errorf("objects of kind %s belong to another owner", k.Name)
	}
	whole = doc.Clone()
	if o.parent != "" {
		if err := checkChild(k, doc); err != nil {
			return nil, err
		}
	}
	if k.Inherit == ParentMerged {
		below, err := b.below(inTx{tx}, o, k, name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if below != nil {
			if whole, err = document.ParseObject(below.Document); err != nil {
				return nil, fmt.Errorf("reading a configuration object: %w", err)
			}
			overlay(whole, doc)
		}
	}
	return whole, k.check(tx, o.site, name, whole)
}

// checkRoom refuses an object that is one too many, or too large for what is there. An old one that does not grow is neither.
func (t *Batch) checkRoom(old, record *store.ConfigObject) error {
	if old != nil && sizeOf(record) <= sizeOf(old) {
		if t.sizes != nil {
			t.sizes[record.Name] = sizeOf(record)
		}
		return nil
	}
	k := t.kind
	if t.sizes == nil {
		records, err := inTx{t.tx}.objects(t.owner.id, k)
		if err != nil {
			return err
		}
		t.sizes = make(map[string]int, len(records)+1)
		for _, other := range records {
			t.sizes[other.Name] = sizeOf(other)
		}
	}
	if old == nil && len(t.sizes) >= k.most() {
		return gigya.InvalidArgumentBecause(k.Name, fmt.Sprintf("there are %d already, the most that there can be", len(t.sizes)))
	}
	t.sizes[record.Name] = sizeOf(record)
	total := 0
	for _, size := range t.sizes {
		total += size
	}
	if total > k.total() {
		return gigya.NewError(gigya.RequestEntityTooLarge, k.Name+": all together are too large")
	}
	return nil
}

func sizeOf(record *store.ConfigObject) int { return len(record.Document) + len(record.Secrets) }

// checkChild refuses what a member of a site group may not store: what only the parent sets, and an object that says nothing.
func checkChild(k *Kind, doc *document.Object) error {
	if k.OnChild == nil {
		return nil
	}
	for _, member := range doc.Names() {
		if !slices.Contains(k.OnChild, member) {
			return gigya.InvalidArgumentBecause(MemberPath("", member), "a member of a site group cannot set it: the parent does")
		}
	}
	if doc.Len() == 0 {
		return gigya.InvalidArgumentBecause(k.Name, "a member of a site group cannot have an empty one: the parent has it")
	}
	return nil
}

// checkOthers refuses an object that cannot be beside the others.
func (b *Book) checkOthers(r reader, o owner, k *Kind, name string, whole *document.Object) error {
	if k.Together == nil {
		return nil
	}
	others, err := b.list(r, o, k)
	if err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(e Entry) bool { return e.Name == name })
	return k.Together(name, whole.JSON(), others)
}

func remove(tx store.Tx, o owner, k *Kind, name string) error {
	if err := tx.DeleteConfigObject(o.id, k.Name, name); err != nil {
		return fmt.Errorf("deleting a %s: %w", k.Name, err)
	}
	return nil
}
