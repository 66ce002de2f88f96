package schema

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/pattern"
)

// Schema is the schema in force on a site. It is shared between calls and must not be altered.
type Schema struct {
	// full is the effective document; explicit is what the site set, with the dynamic fields.
	full, explicit json.RawMessage
	// effective and own are the sections of both.
	effective, own *document.Object
	profile, data  section
	// consents and subscriptions are the paths of what has to be granted, below preferences and subscriptions.
	consents, subscriptions []string
}

// OfLite returns the schema as it is for lite accounts: ClientCreate is as good as ClientModify.
func (s *Schema) OfLite() *Schema {
	of := *s
	of.profile.lite, of.data.lite = true, true
	return &of
}

// section is what the checks of writes need of the profile or data schema.
type section struct {
	name    string
	dynamic bool
	// arrays tells whether a field of a simple type may hold an array of it.
	arrays bool
	// flat tells whether a write replaces objects whole (profile) or merges them (data).
	flat bool
	// lite: clients may modify what else they may only create (documented for lite accounts).
	lite   bool
	fields map[string]*Field
	// folded finds fields by their paths without regard to case: of several a hidden one.
	folded map[string]*Field
	// order is the fields in schema order; parents are the paths that have fields below them.
	order   []*Field
	parents map[string]struct{}
}

// Field is one field of the profile, data or internal schema.
type Field struct {
	// Path is dotted, without the section: work.company.
	Path        string
	Type        string
	Required    bool
	AllowNull   bool
	WriteAccess string
	Format      string
	Encrypt     string
	// Hidden: the field can be neither searched nor sorted by.
	Hidden bool

	parts    []string
	form     *pattern.Pattern // of a regex format
	mustHold bool             // the format true
	// orBool lets a string field take booleans: phones.default is declared a string and sent as a flag.
	orBool bool
}

// Write access of a field.
const (
	ServerOnly   = "serverOnly"
	ClientCreate = "clientCreate"
	ClientModify = "clientModify"
)

// Filter is how much of a section getSchema returns.
type Filter int

// The filters. ClientOnly is what clients get whatever they ask for: the fields that they may write, reduced to required,
// format, type and writeAccess (which the web SDK looks at).
const (
	Full Filter = iota
	ExplicitOnly
	ClientOnly
)

// ParseFilter reads the parameter filter; empty: Full.
func ParseFilter(text string) (Filter, bool) {
	switch text {
	case "", "full":
		return Full, true
	case "explicitOnly":
		return ExplicitOnly, true
	case "clientOnly":
		return ClientOnly, true
	}
	return Full, false
}

// SectionNames returns the names of all sections in the order of the answer; they are also the parameters of setSchema.
func SectionNames() []string {
	names := make([]string, len(sections))
	for i := range sections {
		names[i] = sections[i].name
	}
	return names
}

// DefaultSectionNames returns the names of the sections that getSchema returns unasked.
func DefaultSectionNames() []string {
	return []string{"profileSchema", "dataSchema", "subscriptionsSchema", "preferencesSchema"}
}

// Full returns all sections as they are in force.
func (s *Schema) Full() json.RawMessage { return s.full }

// Explicit returns what the site stores: what was set, and the dynamic fields. It is no answer of getSchema.
func (s *Schema) Explicit() json.RawMessage { return s.explicit }

// Section returns a section the way getSchema does; false: there is none of that name, or it is not for clients (the
// internal schema under ClientOnly).
func (s *Schema) Section(name string, f Filter) (json.RawMessage, bool) {
	rule := findSection(name)
	if rule == nil || f == ClientOnly && rule.serverOnly {
		return nil, false
	}
	v, _ := s.effective.Get(name)
	section := v.Object()
	switch f {
	case ExplicitOnly:
		section = sectionWith(&document.Object{})
		if v, ok := s.own.Get(name); ok {
			overlay(section, v.Object())
		}
	case ClientOnly:
		section = forClients(rule, section)
	}
	return section.JSON(), true
}

func overlay(base, over *document.Object) {
	for name, v := range over.All() {
		base.Set(name, v)
	}
}

// forClients returns the section with the fields that clients may write, reduced to the attributes that concern them.
func forClients(rule *sectionRule, full *document.Object) *document.Object {
	fields := &document.Object{}
	section := sectionWith(fields)
	rule.each(full, func(key fieldKey, attributes *document.Object) {
		access, _ := attributes.Get("writeAccess")
		if access.Str() == ServerOnly {
			return
		}
		reduced := &document.Object{}
		for name, v := range attributes.All() {
			if slices.Contains([]string{"required", "format", "type", "writeAccess"}, name) {
				reduced.Set(name, v)
			}
		}
		key.set(fields, reduced)
	})
	if v, ok := full.Get("dynamicSchema"); ok {
		section.Set("dynamicSchema", v)
	}
	return section
}

// Has tells whether there is such a field, or fields below it, in the profile or data schema: profile.firstName, data.x,
// data. A field that was never written is not there, be the schema dynamic or not.
func (s *Schema) Has(path string) bool {
	name, rest, below := strings.Cut(path, ".")
	for _, section := range []*section{&s.profile, &s.data} {
		if section.name != name {
			continue
		}
		if !below {
			return true
		}
		_, parent := section.parents[rest]
		return parent || section.fields[rest] != nil
	}
	return false
}

// TakesFlags tells whether a text field holds booleans too.
func (f *Field) TakesFlags() bool { return f.orBool }

func (s *Schema) searched() []*section { return []*section{&s.profile, &s.data} }

// FieldFold returns the field of the section, profile or data, with the path or, if there is none, with one that differs by case
// only; nil: there is none. A hidden field comes before all others: where a document lacks the one the search takes the other.
func (s *Schema) FieldFold(section, path string) *Field {
	for _, of := range s.searched() {
		if !strings.EqualFold(of.name, section) {
			continue
		}
		folded := of.folded[document.FoldName(path)]
		if f := of.fields[path]; f != nil && !folded.Hidden {
			return f
		}
		return folded
	}
	return nil
}

// SubscriptionsDefined tells whether the site has any subscription.
func (s *Schema) SubscriptionsDefined() bool {
	v, _ := s.effective.Lookup([]string{"subscriptionsSchema", "fields"})
	return v.Object().Len() > 0
}
