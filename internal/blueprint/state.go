package blueprint

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/policy"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// put gives the owner an object of a built-in section; an empty one is none.
func (b *Blueprint) put(o *Owner, section, name string, doc *document.Object) {
	if doc.Len() == 0 {
		return
	}
	for _, s := range b.sections {
		if s.name == section {
			o.put(&object{section: s, name: name, doc: doc})
		}
	}
}

// partnerState reads a partner.
func (b *Blueprint) partnerState(tx store.Tx, id int64) (*Owner, error) {
	record, err := tx.Partner(id)
	if err != nil {
		return nil, err
	}
	o := &Owner{Partner: true}
	doc, err := partnerDoc(record)
	if err != nil {
		return nil, err
	}
	b.put(o, partnerSection, "", doc)
	keys, err := tx.Keys(id)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k.Revoked != 0 {
			continue
		}
		if doc, err = keyDoc(k); err != nil {
			return nil, err
		}
		b.put(o, keySection, k.UserKey, doc)
	}
	for _, kind := range []string{acl.KindList, acl.KindGroup} {
		records, err := tx.ConfigObjects(store.OwnerOfPartner(id), kind)
		if err != nil {
			return nil, err
		}
		for _, record := range records {
			if doc, err = parse(record.Document); err != nil {
				return nil, err
			}
			b.put(o, kind, record.Name, doc)
		}
	}
	return o, b.kinds(tx, o, siteconfig.OfPartner, store.OwnerOfPartner(id), func(k *siteconfig.Kind, name string) ([]byte, error) {
		return b.book.PartnerOwnIn(tx, id, k, name)
	})
}

func partnerDoc(p *store.Partner) (*document.Object, error) {
	doc := members("partnerID", document.Int(p.ID), "name", document.String(p.Name), "isEnabled", document.Boolean(!p.Disabled))
	return doc, lay(doc, p.Config)
}

// lay puts the members of a stored configuration behind those of doc. None of them has a name of these.
func lay(doc *document.Object, config []byte) error {
	own, err := parse(config)
	for name, v := range own.All() {
		doc.Set(name, v)
	}
	return err
}

func keyDoc(k *store.Key) (*document.Object, error) {
	doc := members("userKey", document.String(k.UserKey), "name", document.String(k.Name), "kind", document.String(k.Kind),
		"description", document.String(k.Description), "isEnabled", document.Boolean(!k.Disabled),
		"privileges", document.Texts(k.Privileges), "sites", document.Texts(k.Sites), "hasSecret", document.Boolean(len(k.Secret) > 0))
	if len(k.PublicKey) > 0 {
		doc.Set("publicKey", document.String(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.PublicKey}))))
	}
	return doc, lay(doc, k.Config)
}

// siteState reads a site.
func (b *Blueprint) siteState(tx store.Tx, record *store.Site) (*Owner, error) {
	o := &Owner{}
	if err := b.recordState(tx, o, record); err != nil {
		return nil, err
	}
	s := &site.Site{Site: *record}
	return o, b.kinds(tx, o, siteconfig.OfSite, record.APIKey, func(k *siteconfig.Kind, name string) ([]byte, error) {
		return b.book.OwnIn(tx, s, k, name)
	})
}

// recordState puts what a site's record holds into the owner, in place of what it had of it.
func (b *Blueprint) recordState(tx store.Tx, o *Owner, record *store.Site) error {
	for key, obj := range o.objects {
		if obj.section.kind == nil {
			delete(o.objects, key)
		}
	}
	doc := members("apiKey", document.String(record.APIKey), "partnerID", document.Int(record.Partner),
		"baseDomain", document.String(record.BaseDomain), "description", document.String(record.Description),
		"dataCenter", document.String(record.DataCenter), "status", document.String(record.Status))
	if record.Group != record.APIKey {
		doc.Set("siteGroupOwner", document.String(record.Group))
	}
	doc.Set("trustedSiteURLs", document.Texts(record.TrustedSiteURLs))
	if err := lay(doc, record.Config); err != nil {
		return err
	}
	b.put(o, siteSection, "", doc)
	settings, err := parse(record.Settings)
	if err != nil {
		return err
	}
	b.put(o, settingsSection, "", settings)
	policies := record.Policies
	fields, err := schema.Explicit(record.Schema)
	if err != nil {
		return err
	}
	if record.Group != record.APIKey {
		parent, err := tx.Site(record.Group)
		if err != nil {
			return fmt.Errorf("reading the parent of site %s: %w", record.APIKey, err)
		}
		if policies, fields, err = ofMember(parent, record); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		section string
		text    []byte
	}{{policiesSection, policies}, {schemaSection, fields}} {
		whole, err := parse(part.text)
		if err != nil {
			return err
		}
		for name, v := range whole.All() {
			if v.Kind() != document.KindObject {
				return fmt.Errorf("%s of site %s: %s is not an object", part.section, record.APIKey, name)
			}
			b.put(o, part.section, name, v.Object())
		}
	}
	return nil
}

// ofMember are the policies and the schema that count of those that a member of a group has stored.
func ofMember(parent, record *store.Site) (policies, fields json.RawMessage, err error) {
	if policies, err = policy.OfMember(record.Policies); err != nil {
		return nil, nil, err
	}
	fields, err = schema.OfMember(parent.Schema, record.Schema)
	return policies, fields, err
}

// kinds reads the owner's objects of all kinds.
func (b *Blueprint) kinds(tx store.Tx, o *Owner, of siteconfig.Owner, id string, own func(k *siteconfig.Kind, name string) ([]byte, error)) error {
	for _, s := range b.sections {
		if s.kind == nil || s.of != of {
			continue
		}
		records, err := tx.ConfigObjects(id, s.name)
		if err != nil {
			return err
		}
		for _, record := range records {
			text, err := own(s.kind, record.Name)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			doc, err := parse(text)
			if err != nil {
				return err
			}
			o.put(&object{section: s, name: record.Name, doc: doc})
		}
	}
	return nil
}
