package blueprint

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/api/admin"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// matchPartners finds the partners of the files by their ids, else by their names, or makes new ones.
func (r *run) matchPartners() error {
	seen := map[int64]*Owner{}
	for _, o := range r.tree.Owners {
		if !o.Partner {
			continue
		}
		file := o.fileOf(partnerSection)
		if o.get(partnerSection) == nil {
			r.faultf(file, "the file is missing: it says which partner the folder is about")
			continue
		}
		if !o.saysNumber("partnerID") {
			r.faultf(file, "partnerID: want a whole number")
			continue
		}
		record, isNew := r.matchPartner(o), false
		if record == nil {
			if !r.how.Create {
				r.faultf(file, "there is no such partner, neither by its id nor by its name: --create makes it")
				continue
			}
			var err error
			if record, err = r.newPartner(o, file); err != nil || record == nil {
				if err != nil {
					return err
				}
				continue
			}
			isNew = true
		} else {
			// The list was read before the transaction: a secret may have been rotated since.
			var err error
			if record, err = r.tx.Partner(record.ID); err != nil {
				return err
			}
		}
		if other := seen[record.ID]; other != nil {
			if r.how.Into != 0 {
				r.faultf(file, "%s is of a partner too, and here is one for all files", other.fileOf(partnerSection))
				continue
			}
			r.faultf(file, "%s is about the same partner", other.fileOf(partnerSection))
			continue
		}
		seen[record.ID] = o
		r.partners[o] = record
		name := fmt.Sprintf("partner %d", record.ID)
		if _, named := o.number("partnerID"); isNew && !named {
			name = "with an id of its own"
		}
		r.plans[o] = &OwnerPlan{Title: o.Folder, Name: name, New: isNew}
	}
	return nil
}

func (r *run) matchPartner(o *Owner) *store.Partner {
	id, _ := o.number("partnerID")
	var named []*store.Partner
	for _, p := range r.known {
		if r.how.Into != 0 && p.ID == r.how.Into || r.how.Into == 0 && p.ID == id {
			return p
		}
		if p.Name == o.text("name") {
			named = append(named, p)
		}
	}
	if len(named) == 1 {
		return named[0]
	}
	return nil
}

func (r *run) newPartner(o *Owner, file string) (*store.Partner, error) {
	id, named := o.number("partnerID")
	var record *store.Partner
	var secret string
	var err error
	switch {
	case named && id <= 0:
		r.faultf(file, "partnerID: want a number above 0")
		return nil, nil
	case named:
		record, secret, err = r.Factory.NewPartnerAs(id, o.text("name"))
	default:
		record, secret, err = r.Factory.NewPartner(o.text("name"))
	}
	if err != nil {
		r.faultf(file, "name: %v", err)
		return nil, nil
	}
	r.secrets = append(r.secrets, Secret{fmt.Sprintf("partner %d (%s)", record.ID, record.Name), secret})
	return record, r.tx.PutPartner(record)
}

// writePartner makes the partner's record and keys what the files say. The sites that they name are there already.
func (r *run) writePartner(o *Owner, record *store.Partner) error {
	before := &Owner{Partner: true}
	var err error
	if !r.plans[o].New {
		if before, err = r.partnerState(r.tx, record.ID); err != nil {
			return err
		}
	}
	r.before[o] = before
	if r.administrators[o], err = admin.AdministratorsOf(r.tx, record.ID); err != nil {
		return err
	}
	if err := r.setPartner(o, before, record); err != nil {
		return err
	}
	return r.setKeys(o, before, record.ID)
}

// writeRights makes all else that a partner has what the files say. The keys of all partners are there already.
func (r *run) writeRights(o *Owner, record *store.Partner) error {
	before := r.before[o]
	for _, kind := range []string{acl.KindList, acl.KindGroup} {
		if err := r.setRights(o, before, record.ID, kind); err != nil {
			return err
		}
	}
	_, err := r.objects(o, before, siteconfig.OfPartner, func(k *siteconfig.Kind, name string, doc json.RawMessage) error {
		if doc == nil {
			return r.book.PartnerDelete(r.tx, record.ID, k, name)
		}
		return r.book.PartnerPut(r.tx, record.ID, k, name, doc)
	})
	if err != nil || len(r.faults) > 0 {
		return err
	}
	return r.fault(o.Folder+"/"+acl.KindGroup, r.administrators[o].Check(r.tx))
}

func (r *run) setPartner(o, before *Owner, record *store.Partner) error {
	obj := o.get(partnerSection)
	var was *document.Object
	if old := before.get(partnerSection); old != nil {
		was = old.doc
	}
	doc, ok := r.filled(obj, was)
	if !ok {
		return nil
	}
	name := textOf(doc, "name")
	config := without(doc, "partnerID", "name", "isEnabled")
	unknown, err := r.rules.CheckPartnerConfig(config)
	if err != nil {
		return r.fault(obj.file, err)
	}
	r.unknown(obj.file, unknown)
	if err := site.CheckPartnerName(name); err != nil && r.how.Into == 0 {
		r.faultf(obj.file, "name: %v", err)
	}
	enabled, said := doc.Get("isEnabled")
	if said && enabled.Kind() != document.KindBool {
		r.faultf(obj.file, "isEnabled: want true or false")
	}
	switch {
	case r.how.Into != 0: // A partner that stands for another keeps its own name, and goes on serving whom it serves.
		own, err := parse(record.Config)
		if err != nil {
			return err
		}
		config.Delete(site.AllowedIPsMember)
		if networks, ok := own.Get(site.AllowedIPsMember); ok {
			config.Set(site.AllowedIPsMember, networks)
		}
	case said:
		record.Disabled = !enabled.Bool()
		fallthrough
	default:
		record.Name = name
	}
	record.Config = jsonOf(config)
	after, err := partnerDoc(record)
	if err != nil {
		return err
	}
	if !r.changed(o, obj, was, after) {
		return nil
	}
	return r.tx.PutPartner(record)
}

// setRights makes access lists or permission groups what the files say.
func (r *run) setRights(o, before *Owner, partner int64, kind string) error {
	owner, now := store.OwnerOfPartner(partner), clock.FromTime(r.Clock.Now())
	for _, obj := range before.sorted() {
		if obj.section.name != kind || o.get(obj.key()) != nil {
			continue
		}
		if _, builtIn := acl.BuiltInGroups()[obj.name]; !r.how.Prune || builtIn {
			r.plans[o].Kept = append(r.plans[o].Kept, obj.key())
			continue
		}
		if err := r.tx.DeleteConfigObject(owner, kind, obj.name); err != nil {
			return err
		}
		r.changed(o, obj, obj.doc, nil)
	}
	for _, obj := range o.sorted() {
		if obj.section.name != kind {
			continue
		}
		var was *document.Object
		if old := before.get(obj.key()); old != nil {
			was = old.doc
		}
		doc, err := r.checkRights(obj, was, partner)
		if err != nil || doc == nil {
			if err := r.fault(obj.file, err); err != nil {
				return err
			}
			continue
		}
		if !r.changed(o, obj, was, doc) {
			continue
		}
		record := &store.ConfigObject{Owner: owner, Kind: kind, Name: obj.name, Document: doc.JSON(), Created: now, Updated: now}
		old, err := r.tx.ConfigObject(owner, kind, obj.name)
		if err == nil {
			record.Created = old.Created
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := r.tx.PutConfigObject(record); err != nil {
			return err
		}
	}
	return nil
}

// checkRights returns what is stored of an access list or a group. API keys of the files stand for those of the store.
func (r *run) checkRights(obj *object, was *document.Object, partner int64) (*document.Object, error) {
	said, ok := r.filled(obj, was)
	if !ok {
		return nil, nil
	}
	var text json.RawMessage
	var err error
	if obj.section.name == acl.KindList {
		text, err = admin.CheckList(obj.name, said.JSON())
	} else {
		if scope, ok := said.Get("scope"); ok && scope.Kind() == document.KindObject {
			r.translate(scope.Object(), "allowSites")
		}
		text, err = admin.CheckGroup(r.tx, partner, obj.name, said.JSON())
	}
	if err != nil {
		return nil, err
	}
	doc, err := parse(text)
	if err != nil {
		return nil, err
	}
	r.unknown(obj.file, lost(document.FromObject(said), document.FromObject(doc), place{}))
	return doc, nil
}

// translate puts the API keys of the store in the place of those of the files.
func (r *run) translate(o *document.Object, member string) {
	v, _ := o.Get(member)
	if list, ok := textsOf(v); ok {
		for i := range list {
			list[i] = r.apiKeyOf(list[i])
		}
		o.Set(member, document.Texts(list))
	}
}

// keyMembers are the members of a key's file that are no part of the configuration in its record.
var keyMembers = []string{"userKey", "name", "kind", "description", "isEnabled", "privileges", "sites", "hasSecret", "publicKey"}

// setKeys makes user keys and applications what the files say. One that no file has is never revoked.
func (r *run) setKeys(o, before *Owner, partner int64) error {
	for _, obj := range before.sorted() {
		if obj.section.name == keySection && o.get(obj.key()) == nil {
			r.plans[o].Kept = append(r.plans[o].Kept, obj.key())
		}
	}
	for _, obj := range o.sorted() {
		if obj.section.name != keySection {
			continue
		}
		var was *document.Object
		if old := before.get(obj.key()); old != nil {
			was = old.doc
		}
		doc, ok := r.filled(obj, was)
		if !ok {
			continue
		}
		r.translate(doc, "sites")
		record, err := r.keyRecord(o, obj, doc, partner)
		if err != nil {
			return err
		}
		if record == nil || !r.setKey(obj, doc, record) {
			continue
		}
		after, err := keyDoc(record)
		if err != nil {
			return err
		}
		if r.changed(o, obj, was, after) {
			if err := r.tx.PutKey(record); err != nil {
				return err
			}
		}
	}
	return nil
}

// keyRecord finds the key, or makes one; nil: neither can be, and that was noted.
func (r *run) keyRecord(o *Owner, obj *object, doc *document.Object, partner int64) (*store.Key, error) {
	record, err := r.tx.Key(obj.name)
	switch {
	case err == nil && record.Partner != partner:
		r.faultf(obj.file, "userKey: there is such a key of another partner")
		return nil, nil
	case err == nil && record.Revoked != 0:
		r.faultf(obj.file, "userKey: the key was revoked for good")
		return nil, nil
	case err == nil:
		return record, nil
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	case !r.how.Create:
		r.faultf(obj.file, "there is no such key: --create makes it, with a secret of its own")
		return nil, nil
	}
	hasSecret, _ := doc.Get("hasSecret")
	public, ok := r.publicKey(obj, doc)
	if !ok {
		return nil, nil
	}
	made, err := r.Factory.NewKey(site.KeyOptions{
		Partner: partner, UserKey: obj.name, Kind: textOf(doc, "kind"), Name: textOf(doc, "name"), NoSecret: !hasSecret.Bool(), PublicKey: public,
	})
	if err != nil {
		r.faultf(obj.file, "%v", err)
		return nil, nil
	}
	if made.Secret != "" {
		r.secrets = append(r.secrets, Secret{fmt.Sprintf("key %s (%s)", obj.name, made.Record.Name), made.Secret})
	}
	return made.Record, nil
}

func textOf(o *document.Object, name string) string {
	v, _ := o.Get(name)
	return v.Str()
}

func (r *run) publicKey(obj *object, doc *document.Object) (public []byte, ok bool) {
	text := textOf(doc, "publicKey")
	if text == "" {
		return nil, true
	}
	public, err := site.ParsePublicKey(text)
	if err != nil {
		r.faultf(obj.file, "publicKey: %v", err)
	}
	return public, err == nil
}

// setKey gives the record what the file says. ok is false if something is wrong, which was noted.
func (r *run) setKey(obj *object, doc *document.Object, record *store.Key) (ok bool) {
	before := len(r.faults)
	wrong := func(path, want string) { r.faultf(obj.file, "%s: %s", path, want) }
	if err := site.CheckKeyName(textOf(doc, "name")); err != nil || strings.TrimSpace(textOf(doc, "name")) == "" {
		wrong("name", "want 1 to 256 characters and no control characters")
	}
	if textOf(doc, "kind") != record.Kind {
		wrong("kind", "a key stays what it is: "+record.Kind)
	}
	if said := textOf(doc, "userKey"); said != "" && said != obj.name {
		wrong("userKey", "the file has the name of another key, "+obj.name)
	}
	description, _ := doc.Get("description")
	if r.fault(obj.file, admin.CheckDescription(description)) != nil {
		wrong("description", "cannot be checked")
	}
	record.Name, record.Description = textOf(doc, "name"), description.Str()
	for _, member := range []struct {
		name, want string
		kind       document.Kind
	}{{"userKey", "a text", document.KindString}, {"publicKey", "a text", document.KindString}, {"isEnabled", "true or false", document.KindBool}, {"hasSecret", "true or false", document.KindBool}} {
		if v, set := doc.Get(member.name); set && v.Kind() != member.kind {
			wrong(member.name, "want "+member.want)
		}
	}
	if enabled, set := doc.Get("isEnabled"); set {
		record.Disabled = !enabled.Bool()
	}
	for _, list := range []struct {
		name  string
		value *[]string
		check func(i int, text string)
	}{
		{"privileges", &record.Privileges, func(i int, text string) {
			if err := site.CheckPrivileges([]string{text}); err != nil {
				wrong(fmt.Sprintf("privileges[%d]", i), err.Error())
			}
		}},
		{"sites", &record.Sites, func(i int, text string) {
			if s, err := r.tx.Site(text); err != nil || s.Partner != record.Partner {
				wrong(fmt.Sprintf("sites[%d]", i), "there is no such site")
			}
		}},
	} {
		v, _ := doc.Get(list.name)
		texts, isList := textsOf(v)
		if !isList && !v.IsNull() {
			wrong(list.name, "want an array of texts")
		}
		for i, text := range texts {
			list.check(i, text)
		}
		*list.value = texts
	}
	public, fine := r.publicKey(obj, doc)
	if fine && public == nil && len(record.Secret) == 0 {
		wrong("publicKey", "the key has no secret, and would have no credential left")
	}
	record.PublicKey = public
	config := without(doc, keyMembers...)
	unknown, err := admin.CheckKeyConfig(config)
	if r.fault(obj.file, err) != nil {
		wrong("the object", err.Error())
	}
	r.unknown(obj.file, unknown)
	record.Config = jsonOf(config)
	return len(r.faults) == before
}
