package schema

import (
	"encoding/json"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
)

// The schema belongs to the parent of a site group. A member stores only which fields it requires besides, or does not
// require: {section: {fields: {path: {required: …}}}}.

// parseMember reads the defaults, what the group's parent has stored, and what its member has.
func parseMember(group, own json.RawMessage) (base, of, member *document.Object, err error) {
	if base, of, err = parseOwn(group); err != nil {
		return nil, nil, nil, err
	}
	member, err = parseStored(own)
	return base, of, member, err
}

// requires is what a member stores of a field.
func requires(required document.Value) *document.Object {
	attributes := &document.Object{}
	attributes.Set("required", required)
	return attributes
}

// ParseMember is [Parse] for a member of a site group, with what the group's parent stored.
func ParseMember(group, own json.RawMessage) (*Schema, error) {
	base, of, member, err := parseMember(group, own)
	if err != nil {
		return nil, err
	}
	for i := range sections {
		rule := &sections[i]
		full := sectionOf(effective(rule, base, of), "fields")
		section := sectionOf(of, rule.name).Clone()
		rule.each(sectionOf(member, rule.name), func(key fieldKey, attributes *document.Object) {
			required, ok := attributes.Get("required")
			if !ok || key.get(full) == nil {
				return
			}
			if _, ok := section.Get("fields"); !ok {
				section.Set("fields", document.FromObject(&document.Object{}))
			}
			fields := sectionOf(section, "fields")
			field := key.get(fields).Clone()
			field.Set("required", required)
			key.set(fields, field)
		})
		if section.Len() > 0 {
			of.Set(rule.name, document.FromObject(section))
		}
	}
	return Parse(of.JSON())
}

// OfMember returns what counts of what a member of a site group has stored: which fields of the group it requires. A site may have set more
// before it joined.
func OfMember(group, own json.RawMessage) (json.RawMessage, error) {
	base, of, member, err := parseMember(group, own)
	if err != nil {
		return nil, err
	}
	counts := &document.Object{}
	for i := range sections {
		rule := &sections[i]
		full, fields := sectionOf(effective(rule, base, of), "fields"), &document.Object{}
		rule.each(sectionOf(member, rule.name), func(key fieldKey, attributes *document.Object) {
			if required, ok := attributes.Get("required"); ok && key.get(full) != nil {
				key.set(fields, requires(required))
			}
		})
		if fields.Len() > 0 {
			counts.Set(rule.name, document.FromObject(sectionWith(fields)))
		}
	}
	return counts.JSON(), nil
}

// Dormant is the rest beside [OfMember]: what counts again when the site leaves the group.
func Dormant(group, own json.RawMessage) (json.RawMessage, error) {
	base, of, member, err := parseMember(group, own)
	if err != nil {
		return nil, err
	}
	for i := range sections {
		rule := &sections[i]
		full := sectionOf(effective(rule, base, of), "fields")
		section := sectionOf(member, rule.name).Clone()
		fields := sectionOf(section, "fields")
		var counts []fieldKey
		rule.each(section, func(key fieldKey, attributes *document.Object) {
			if _, ok := attributes.Get("required"); ok && key.get(full) != nil {
				counts = append(counts, key)
			}
		})
		for _, key := range counts {
			forget(fields, key)
		}
		if fields.Len() == 0 {
			section.Delete("fields")
		}
		if section.Len() == 0 {
			member.Delete(rule.name)
			continue
		}
		member.Set(rule.name, document.FromObject(section))
	}
	return member.JSON(), nil
}

// forget takes required from the field, and the field away when nothing is left of it.
func forget(fields *document.Object, key fieldKey) {
	attributes := key.get(fields).Clone()
	attributes.Delete("required")
	if attributes.Len() == 0 {
		key.remove(fields)
		return
	}
	key.set(fields, attributes)
}

// MemberSection returns the section of what a member has stored, as getSchema returns it for the scope of a site.
func MemberSection(own json.RawMessage, name string) (json.RawMessage, bool) {
	rule := findSection(name)
	if rule == nil {
		return nil, false
	}
	member, err := parseStored(own)
	if err != nil {
		return nil, false
	}
	fields := &document.Object{}
	rule.each(sectionOf(member, rule.name), func(key fieldKey, attributes *document.Object) {
		if required, ok := attributes.Get("required"); ok {
			key.set(fields, requires(required))
		}
	})
	return sectionWith(fields).JSON(), true
}

// MergeMember returns what a member stores after setSchema for its own scope. Fields must be the group's, and of their
// attributes only required can be set: null goes back to the group's value. Anything else is 400006 that names the path.
func MergeMember(group, own json.RawMessage, changes *document.Object) (json.RawMessage, error) {
	base, of, member, err := parseMember(group, own)
	if err != nil {
		return nil, err
	}
	for i := range sections {
		v, ok := changes.Get(sections[i].name)
		if !ok || v.IsNull() {
			continue
		}
		if err := mergeRequired(&sections[i], base, of, member, v); err != nil {
			return nil, err
		}
	}
	return inOrder(member).JSON(), nil
}

// mergeRequired changes one section of what a member has stored.
func mergeRequired(rule *sectionRule, base, of, member *document.Object, change document.Value) error {
	inForce := effective(rule, base, of)
	sent, err := fieldsOf(rule, inForce, change)
	if err != nil {
		return err
	}
	full := sectionOf(inForce, "fields")
	section := sectionOf(member, rule.name).Clone()
	fields := sectionOf(section, "fields").Clone()
	for _, f := range sent {
		at := rule.name + ".fields." + shown(f.key.path())
		if key := f.key; key.get(full) == nil {
			return gigya.InvalidArgumentBecause(at, "there is no such field in the site group")
		}
		attributes := f.value.Object()
		if attributes == nil {
			return gigya.InvalidArgumentBecause(at, "must be an object")
		}
		for name := range attributes.All() {
			if name != "required" && rule.attribute(name) != nil {
				return gigya.InvalidArgumentBecause(at+"."+name, "a member of a site group can set required alone")
			}
		}
		required, ok := attributes.Get("required")
		switch {
		case !ok:
		case required.IsNull():
			forget(fields, f.key)
		case required.Kind() != document.KindBool:
			return gigya.InvalidArgumentBecause(at+".required", "must be true or false")
		default:
			attributes := f.key.get(fields).Clone() // What else is there was set before the site joined.
			attributes.Set("required", required)
			f.key.set(fields, attributes)
		}
	}
	section.Set("fields", document.FromObject(fields))
	member.Set(rule.name, document.FromObject(section))
	return nil
}

// fieldsOf returns the fields of a section's change for a member; a switch of the whole section is refused unless it is as in
// force: SAP's toolkit sends it back with the fields.
func fieldsOf(rule *sectionRule, inForce *document.Object, change document.Value) ([]sentField, error) {
	if change.Kind() != document.KindObject {
		return nil, gigya.InvalidArgumentBecause(rule.name, "must be an object")
	}
	present, known := inForce.Get("dynamicSchema")
	if v, ok := change.Object().Get("dynamicSchema"); ok && !v.IsNull() && !(known && present.Equal(v)) {
		return nil, gigya.InvalidArgumentBecause(rule.name+".dynamicSchema", "a member of a site group cannot set it")
	}
	return sentFields(rule, change.Object())
}

// WithoutRequired returns the changes that a member makes to the schema of its group: without required where it is as the
// group has it. Where it is not, it is 400006, because a member sets it in its own scope.
func WithoutRequired(group json.RawMessage, changes *document.Object) (*document.Object, error) {
	base, of, err := parseOwn(group)
	if err != nil {
		return nil, err
	}
	kept := changes.Clone()
	for i := range sections {
		rule := &sections[i]
		full := sectionOf(effective(rule, base, of), "fields")
		var refused error
		rule.each(sectionOf(kept, rule.name), func(key fieldKey, attributes *document.Object) {
			required, ok := attributes.Get("required")
			if !ok {
				return
			}
			present, known := key.get(full).Get("required")
			if !known {
				present = document.Boolean(false)
			}
			if !present.Equal(required) && refused == nil {
				refused = gigya.InvalidArgumentBecause(rule.name+".fields."+shown(key.path())+".required",
					"a member of a site group sets it alone, with scope=site")
			}
			attributes.Delete("required")
		})
		if refused != nil {
			return nil, refused
		}
	}
	return kept, nil
}
