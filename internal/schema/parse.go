package schema

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/doorward/doorward/internal/document"
)

//go:embed defaults.json
var defaults []byte

// dynamicFields is the member of the stored document, beside the sections, with the data fields that came into being by
// being written: {path: type}.
const dynamicFields = "dynamicFields"

// Parse returns the schema that is in force on a site which stored the explicit one (what [Merge] or [Schema.Extend]
// returned; empty: none). The error says that the text is no schema.
func Parse(explicit json.RawMessage) (*Schema, error) {
	base, own, err := parseOwn(explicit)
	if err != nil {
		return nil, err
	}
	s := &Schema{own: own, explicit: own.JSON(), effective: &document.Object{}}
	for i := range sections {
		s.effective.Set(sections[i].name, document.FromObject(effective(&sections[i], base, own)))
	}
	s.full = s.effective.JSON()
	if s.profile, err = newSection(s.effective, "profile"); err != nil {
		return nil, err
	}
	if s.data, err = newSection(s.effective, "data"); err != nil {
		return nil, err
	}
	s.profile.flat = true
	s.data.arrays = true
	if f := s.profile.fields["phones.default"]; f != nil {
		f.orBool = true
	}
	s.consents = s.required("preferencesSchema")
	s.subscriptions = s.required("subscriptionsSchema")
	return s, nil
}

// parseOwn reads the defaults and what a site has stored.
func parseOwn(explicit json.RawMessage) (base, own *document.Object, err error) {
	if own, err = parseStored(explicit); err != nil {
		return nil, nil, err
	}
	base, err = parseDefaults()
	return base, own, err
}

func parseStored(explicit json.RawMessage) (*document.Object, error) {
	own, err := document.ParseStored(explicit)
	if err != nil {
		return nil, fmt.Errorf("reading a stored schema: %w", err)
	}
	return own, nil
}

func parseDefaults() (*document.Object, error) {
	base, err := document.ParseObject(defaults)
	if err != nil {
		return nil, fmt.Errorf("reading the default schema: %w", err)
	}
	return base, nil
}

// effective returns the section with all attributes in force: of the default fields, the site's own and the dynamic ones,
// in this order.
func effective(rule *sectionRule, base, own *document.Object) *document.Object {
	fields := &document.Object{}
	section := sectionWith(fields)
	baseSection, ownSection := sectionOf(base, rule.name), sectionOf(own, rule.name)
	ownFields, _ := ownSection.Get("fields")
	rule.each(baseSection, func(key fieldKey, attributes *document.Object) {
		key.set(fields, rule.complete(attributes, key.get(ownFields.Object())))
	})
	rule.each(ownSection, func(key fieldKey, attributes *document.Object) {
		if key.get(fields) == nil {
			key.set(fields, rule.complete(implied(rule, own, key), attributes))
		}
	})
	if rule.name == "dataSchema" {
		dynamic, _ := own.Get(dynamicFields)
		for path := range dynamic.Object().All() {
			key := fieldKey{name: path}
			if key.get(fields) == nil {
				key.set(fields, rule.complete(implied(rule, own, key), nil))
			}
		}
	}
	if v, ok := baseSection.Get("dynamicSchema"); ok {
		if own, ok := ownSection.Get("dynamicSchema"); ok {
			v = own
		}
		section.Set("dynamicSchema", v)
	}
	return section
}

func sectionOf(o *document.Object, name string) *document.Object {
	v, _ := o.Get(name)
	return v.Object()
}

// sectionWith returns a section that holds the fields themselves, no copy.
func sectionWith(fields *document.Object) *document.Object {
	section := &document.Object{}
	section.Set("fields", document.FromObject(fields))
	return section
}

// implied returns the attributes of a dynamic field before anything was set for it, or nil.
func implied(rule *sectionRule, own *document.Object, key fieldKey) *document.Object {
	if rule.name != "dataSchema" {
		return nil
	}
	kind, ok := sectionOf(own, dynamicFields).Get(key.name)
	if !ok {
		return nil
	}
	attributes := &document.Object{}
	attributes.Set("type", kind)
	return attributes
}

// complete returns the attributes in force: the field's own, else those of base, else the initial ones.
func (r *sectionRule) complete(base, own *document.Object) *document.Object {
	full := &document.Object{}
	for i := range r.attributes {
		a := &r.attributes[i]
		v, ok := own.Get(a.name)
		if !ok {
			v, ok = base.Get(a.name)
		}
		if !ok {
			v = a.initial
		}
		if v.Kind() != document.KindNull {
			full.Set(a.name, v)
		}
	}
	return full
}

func newSection(schema *document.Object, name string) (section, error) {
	rule := findSection(name + "Schema")
	full := sectionOf(schema, rule.name)
	dynamic, _ := full.Get("dynamicSchema")
	s := section{name: name, dynamic: dynamic.Bool(), fields: map[string]*Field{}, folded: map[string]*Field{}, parents: map[string]struct{}{}}
	var failed error
	rule.each(full, func(key fieldKey, attributes *document.Object) {
		f, err := newField(key.path(), attributes)
		if err != nil {
			failed = fmt.Errorf("reading field %s.%s: %w", rule.name, key.path(), err)
			return
		}
		s.order = append(s.order, f)
		s.fields[f.Path] = f
		if name := document.FoldName(f.Path); s.folded[name] == nil || f.Hidden {
			s.folded[name] = f
		}
		for parent := range parentsOf(f.Path) {
			s.parents[parent] = struct{}{}
		}
	})
	return s, failed
}

// parentsOf yields the paths above the path, the nearest last.
func parentsOf(path string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := range len(path) {
			if path[i] == '.' && !yield(path[:i]) {
				return
			}
		}
	}
}

func newField(path string, attributes *document.Object) (*Field, error) {
	get := func(name string) document.Value {
		v, _ := attributes.Get(name)
		return v
	}
	f := &Field{
		Path: path, Type: get("type").Str(), Required: get("required").Bool(), AllowNull: get("allowNull").Bool(),
		WriteAccess: get("writeAccess").Str(), Format: get("format").Str(), Encrypt: get("encrypt").Str(),
		Hidden: get("encryptedNonSearchable").Bool(),
		parts:  strings.Split(path, "."),
	}
	form := get("format")
	if form.Kind() == document.KindNull {
		return f, nil
	}
	if holds(form) {
		f.Format, f.mustHold = "true", true
		return f, nil
	}
	var err error
	f.form, err = parseFormat(f.Format)
	return f, err
}

// required returns the paths of the section's required fields.
func (s *Schema) required(name string) []string {
	var paths []string
	findSection(name).each(sectionOf(s.effective, name), func(key fieldKey, attributes *document.Object) {
		if v, _ := attributes.Get("required"); v.Bool() {
			paths = append(paths, key.path())
		}
	})
	return paths
}
