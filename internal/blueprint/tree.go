package blueprint

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/siteconfig"
)

// Tree is the configuration of partners and sites.
type Tree struct {
	Owners []*Owner
	// Unknown are files and folders that mean nothing here.
	Unknown []string
	// taken are the variables of the environment that the files have taken.
	taken []taking
}

// Owner is a partner or a site with its objects.
type Owner struct {
	// Partner tells a partner from a site.
	Partner bool
	// Folder is where its files are, with slashes; "." is the root.
	Folder string
	// Accounts is a file of accounts beside the site's own, of one JSON object a line; empty: there is none. It is for trials.
	Accounts string
	objects  map[string]*object
}

// object is one object of an owner.
type object struct {
	section *section
	name    string
	doc     *document.Object
	// holes are the places in doc, which are null, that take what is stored there.
	holes []hole
	// taken are the places in doc that come from variables of the environment.
	taken [][]string
	// file is where the object was read from.
	file string
}

// key names the object among those of its owner: screenSet/Default-Login, captcha.
func (o *object) key() string {
	if o.section.single {
		return o.section.name
	}
	return o.section.name + "/" + o.name
}

// section is one sort of objects.
type section struct {
	name    string
	of      siteconfig.Owner
	single  bool
	summary string
	// kind is nil for what is built in here.
	kind *siteconfig.Kind
	// rank orders sections.
	rank int
}

// Names of the sections that are no kinds.
const (
	partnerSection  = "partner"
	keySection      = "key"
	siteSection     = "site"
	settingsSection = "settings"
	policiesSection = "policies"
	schemaSection   = "schema"
)

// sections are the built-in ones and those of the kinds.
func sections(kinds []*siteconfig.Kind) ([]*section, error) {
	list := []*section{
		{name: partnerSection, of: siteconfig.OfPartner, single: true, summary: "The partner: its name, features and networks."},
		{name: keySection, of: siteconfig.OfPartner, summary: "User keys and applications, without their secrets."},
		{name: acl.KindList, of: siteconfig.OfPartner, summary: "Access control lists."},
		{name: acl.KindGroup, of: siteconfig.OfPartner, summary: "Permission groups: who, with which rights, where."},
		{name: siteSection, of: siteconfig.OfSite, single: true, summary: "The site: its domain, trusted pages, group and features."},
		{name: settingsSection, of: siteconfig.OfSite, single: true, summary: "Switches of this server, and counters."},
		{name: policiesSection, of: siteconfig.OfSite, summary: "Policies, by their groups, with the templates of mails."},
		{name: schemaSection, of: siteconfig.OfSite, summary: "The account schema, by its parts."},
	}
	for _, k := range kinds {
		list = append(list, &section{name: k.Name, of: k.Of, single: k.Single, summary: k.Summary, kind: k})
	}
	seen := map[string]bool{}
	for i, s := range list {
		s.rank = i
		if seen[s.name] {
			return nil, fmt.Errorf("two kinds of configuration objects have the name %s", s.name)
		}
		seen[s.name] = true
	}
	return list, nil
}

func (o *Owner) put(obj *object) {
	if o.objects == nil {
		o.objects = map[string]*object{}
	}
	o.objects[obj.key()] = obj
}

// get returns the object; nil: there is none.
func (o *Owner) get(key string) *object {
	if o == nil {
		return nil
	}
	return o.objects[key]
}

// text is a text of the owner's own file, partner.json or site.json; empty: it has none.
func (o *Owner) text(member string) string {
	own := o.get(siteSection)
	if o.Partner {
		own = o.get(partnerSection)
	}
	if own == nil {
		return ""
	}
	v, _ := own.doc.Get(member)
	return v.Str()
}

// in returns the owner's objects of the section, by name.
func (o *Owner) in(s *section) []*object {
	var list []*object
	for _, obj := range o.sorted() {
		if obj.section == s {
			list = append(list, obj)
		}
	}
	return list
}

// sorted returns all objects, by section and name.
func (o *Owner) sorted() []*object {
	return slices.SortedFunc(maps.Values(o.objects), func(a, b *object) int {
		return cmp.Or(cmp.Compare(a.section.rank, b.section.rank), strings.Compare(a.name, b.name))
	})
}

// members makes an object of names and values by turns.
func members(list ...any) *document.Object {
	o := &document.Object{}
	for i := 0; i < len(list); i += 2 {
		o.Set(list[i].(string), list[i+1].(document.Value))
	}
	return o
}

// textsOf are the elements of an array of texts; ok is false for anything else.
func textsOf(v document.Value) (list []string, ok bool) {
	if v.Kind() != document.KindArray {
		return nil, false
	}
	list = []string{}
	for _, item := range v.Items() {
		if item.Kind() != document.KindString {
			return nil, false
		}
		list = append(list, item.Str())
	}
	return list, true
}

// parse reads a stored JSON object; no text is an empty one.
func parse(text []byte) (*document.Object, error) {
	o, err := document.ParseStored(text)
	if err != nil {
		return nil, fmt.Errorf("reading what is stored: %w", err)
	}
	return o, nil
}

// without returns a copy without the members.
func without(o *document.Object, names ...string) *document.Object {
	rest := o.Clone()
	for _, name := range names {
		rest.Delete(name)
	}
	return rest
}

// jsonOf is the text that is stored of a configuration; nil for an empty one.
func jsonOf(o *document.Object) []byte {
	if o.Len() == 0 {
		return nil
	}
	return o.JSON()
}
