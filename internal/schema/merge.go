package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
)

// MaxCustomFields is how many data and internal fields a site may have beside the default ones, dynamic fields included.
const MaxCustomFields = 1000

// Merge returns what a site stores after setSchema: its explicit schema with the changes, an object of sections. Only the
// fields and attributes that are sent change. What is not known is ignored, other sections and attributes of other
// versions, and subType, which the vendor's tools strip. An attribute that is null goes back to its default; a field that
// is null is removed, which is allowed while it has no type.
//
// Nothing is merged unless all is valid. The error is then a *gigya.Error that names the path:
//   - 400029: another type for a field that has one, encryption taken off, a leaf above or below another;
//   - 400030: an attribute of a profile field other than required, writeAccess and languages. Sent back with the value
//     that it has, it is taken, but for allowNull, dynamicSchema, the format of gender and the type of
//     lastLoginLocation.coordinates, which the original refuses and its tools strip;
//   - 400020: more than [MaxCustomFields];
//   - 400006: everything else, a new profile field among it.
func Merge(explicit json.RawMessage, changes *document.Object) (json.RawMessage, error) {
	base, own, err := parseOwn(explicit)
	if err != nil {
		return nil, err
	}
	for i := range sections {
		v, ok := changes.Get(sections[i].name)
		if !ok || v.Kind() == document.KindNull {
			continue
		}
		if v.Kind() != document.KindObject {
			return nil, gigya.InvalidArgumentBecause(sections[i].name, "must be an object")
		}
		m := merger{rule: &sections[i], base: base, own: own, changed: sectionOf(own, sections[i].name).Clone()}
		if err := m.section(v.Object()); err != nil {
			return nil, err
		}
		own.Set(sections[i].name, document.FromObject(m.changed))
		if err := checkTree(&sections[i], base, own); err != nil {
			return nil, err
		}
	}
	if err := checkNumber(base, own); err != nil {
		return nil, err
	}
	return inOrder(own).JSON(), nil
}

// merger changes one section.
type merger struct {
	rule      *sectionRule
	base, own *document.Object
	// changed becomes the site's own section.
	changed *document.Object
}

func (m *merger) section(change *document.Object) error {
	if v, ok := change.Get("dynamicSchema"); ok {
		if err := m.dynamicSchema(v); err != nil {
			return err
		}
	}
	fields, err := sentFields(m.rule, change)
	if err != nil || len(fields) == 0 {
		return err
	}
	if _, ok := m.changed.Get("fields"); !ok {
		m.changed.Set("fields", document.FromObject(&document.Object{}))
	}
	for _, f := range fields {
		if err := m.field(f.key, f.value); err != nil {
			return err
		}
	}
	return nil
}

// sentField is a field of a change.
type sentField struct {
	key   fieldKey
	value document.Value
}

// sentFields returns the fields of a section's change, in their order.
func sentFields(rule *sectionRule, change *document.Object) ([]sentField, error) {
	at := rule.name + ".fields"
	fields, _ := change.Get("fields")
	if !fields.IsNull() && fields.Kind() != document.KindObject {
		return nil, gigya.InvalidArgumentBecause(at, "must be an object")
	}
	var list []sentField
	for name, v := range fields.Object().All() {
		if !rule.nested {
			list = append(list, sentField{fieldKey{name: name}, v})
			continue
		}
		if v.Kind() != document.KindObject {
			return nil, gigya.InvalidArgumentBecause(at+"."+shown(name), "must be an object")
		}
		for inner, attributes := range v.Object().All() {
			list = append(list, sentField{fieldKey{name, inner}, attributes})
		}
	}
	return list, nil
}

func (m *merger) dynamicSchema(v document.Value) error {
	at := m.rule.name + ".dynamicSchema"
	switch {
	case m.rule.fixed:
		return notAllowed(at)
	case !m.rule.dynamic:
		return nil
	case v.Kind() == document.KindNull:
		m.changed.Delete("dynamicSchema")
		return nil
	}
	if err := boolean(v); err != nil {
		return gigya.InvalidArgumentBecause(at, err.Error())
	}
	m.changed.Set("dynamicSchema", v)
	return nil
}

func (m *merger) field(key fieldKey, v document.Value) error {
	at := m.rule.name + ".fields." + shown(key.path())
	fields, _ := m.changed.Get("fields")
	baseFields, _ := sectionOf(m.base, m.rule.name).Get("fields")
	base, own := key.get(baseFields.Object()), key.get(fields.Object())
	if base == nil {
		base = implied(m.rule, m.own, key)
	}
	if err := m.checkKey(key, base, own); err != nil {
		return gigya.InvalidArgumentBecause(at, err.Error())
	}
	if v.Kind() == document.KindNull {
		_, typed := own.Get("type")
		if base != nil || typed {
			return gigya.InvalidArgumentBecause(at, "a field that has a type is not removed by null; call accounts.deleteSchemaFields")
		}
		key.remove(fields.Object())
		return nil
	}
	if v.Kind() != document.KindObject {
		return gigya.InvalidArgumentBecause(at, "must be an object")
	}
	attributes := own.Clone()
	for name, value := range v.Object().All() {
		a := m.rule.attribute(name)
		if a == nil {
			continue
		}
		if err := m.set(attributes, base, a, key, at+"."+name, value); err != nil {
			return err
		}
	}
	if base != nil && attributes.Len() == 0 {
		key.remove(fields.Object())
		return nil
	}
	sorted := &document.Object{}
	for i := range m.rule.attributes {
		if value, ok := attributes.Get(m.rule.attributes[i].name); ok {
			sorted.Set(m.rule.attributes[i].name, value)
		}
	}
	if err := checkFormat(m.rule.complete(base, sorted)); err != nil {
		return gigya.InvalidArgumentBecause(at+".format", err.Error())
	}
	key.set(fields.Object(), sorted)
	return nil
}

// checkKey tells whether the field is there or may be made.
func (m *merger) checkKey(key fieldKey, base, own *document.Object) error {
	if base != nil || own != nil {
		return nil
	}
	if m.rule.fixed {
		return fmt.Errorf("there is no such field, and none can be added")
	}
	if m.rule.nested && !validName(key.group) {
		return fmt.Errorf("names are made of letters, digits, _, - and $")
	}
	if m.rule.channels != nil && !slices.Contains(m.rule.channels, key.name) {
		return fmt.Errorf("the channel must be %s", strings.Join(m.rule.channels, ", "))
	}
	return checkPath(key.path())
}

// set changes one attribute.
func (m *merger) set(attributes, base *document.Object, a *attribute, key fieldKey, at string, v document.Value) error {
	present, ok := attributes.Get(a.name)
	if !ok {
		present, ok = base.Get(a.name)
	}
	settled := ok && (a.name == "type" || a.name == "encrypt" && present.Str() == "AES")
	if settled && !present.Equal(v) {
		return gigya.NewError(gigya.SchemaConflictError, "Schema conflict: "+at+": cannot be changed once it is set")
	}
	if m.rule.fixed && !slices.Contains([]string{"required", "writeAccess", "languages"}, a.name) {
		if refusedForProfile(key.name, a.name) || !present.Equal(v) {
			return notAllowed(at)
		}
		return nil
	}
	if v.Kind() == document.KindNull {
		attributes.Delete(a.name)
		return nil
	}
	if err := a.check(v); err != nil {
		return gigya.InvalidArgumentBecause(at, err.Error())
	}
	attributes.Set(a.name, v.Clone())
	return nil
}

// refusedForProfile tells which attributes of profile fields are refused even with the value that they have. The vendor's
// tools strip exactly these before they copy a schema.
func refusedForProfile(path, attribute string) bool {
	switch attribute {
	case "allowNull":
		return true
	case "format":
		return path == "gender"
	case "type":
		return strings.HasPrefix(path, "lastLoginLocation.coordinates.")
	}
	return false
}

func notAllowed(at string) error {
	return gigya.NewError(gigya.OperationNotAllowed, "Operation not allowed: "+at+" cannot be set")
}

// checkFormat tells whether the format suits the type.
func checkFormat(attributes *document.Object) error {
	kind, _ := attributes.Get("type")
	form, _ := attributes.Get("format")
	if form.Kind() == document.KindNull || kind.Str() == "consent" {
		return nil
	}
	if holds(form) != (kind.Str() == "boolean") {
		return fmt.Errorf("must be true for booleans, regex('…') for other types")
	}
	return nil
}

// checkTree refuses a section in which a leaf has leaves below it.
func checkTree(rule *sectionRule, base, own *document.Object) error {
	if rule.nested {
		return nil
	}
	leaves := map[string]bool{}
	full := effective(rule, base, own)
	rule.each(full, func(key fieldKey, _ *document.Object) { leaves[key.name] = true })
	var err error
	rule.each(full, func(key fieldKey, _ *document.Object) {
		for parent := range parentsOf(key.name) {
			if leaves[parent] && err == nil {
				err = gigya.NewError(gigya.SchemaConflictError,
					fmt.Sprintf("Schema conflict: %s: %s is a field and cannot have %s below it", rule.name, parent, key.name))
			}
		}
	})
	return err
}

// checkNumber refuses too many fields.
func checkNumber(base, own *document.Object) error {
	custom, rest := 0, 0
	for i := range sections {
		rule := &sections[i]
		before := 0
		rule.each(sectionOf(base, rule.name), func(fieldKey, *document.Object) { before++ })
		after := 0
		rule.each(effective(rule, base, own), func(fieldKey, *document.Object) { after++ })
		if rule.custom {
			custom += after - before
		} else {
			rest += after - before
		}
	}
	// Nothing tells of a limit for newsletters, consents and addresses; as many are more than any site has.
	if custom > MaxCustomFields || rest > MaxCustomFields {
		return gigya.NewError(gigya.SchemaValidationFailed,
			fmt.Sprintf("Schema validation failed: a site has at most %d custom fields", MaxCustomFields))
	}
	return nil
}

// inOrder returns the stored document with its members in the order of the answer and without empty sections.
func inOrder(own *document.Object) *document.Object {
	sorted := &document.Object{}
	for i := range sections {
		section := sectionOf(own, sections[i].name)
		fields, _ := section.Get("fields")
		dynamic, switched := section.Get("dynamicSchema")
		if fields.Object().Len() == 0 && !switched {
			continue
		}
		kept := &document.Object{}
		kept.Set("fields", document.FromObject(fields.Object().Clone()))
		if switched {
			kept.Set("dynamicSchema", dynamic)
		}
		sorted.Set(sections[i].name, document.FromObject(kept))
	}
	if v, ok := own.Get(dynamicFields); ok {
		sorted.Set(dynamicFields, v)
	}
	return sorted
}

// shown cuts a name that may be very long for an error.
func shown(name string) string {
	if len(name) > maxPath {
		return strings.ToValidUTF8(name[:maxPath], "") + "…"
	}
	return name
}
