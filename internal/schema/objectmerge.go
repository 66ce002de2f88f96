package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
)

// Bounds of unique constraints that no source gives.
const (
	maxUnique       = 32
	maxUniqueFields = 8
)

// MergeObjectSchema returns what a type stores after setSchema with the changes. Only the fields and attributes that are sent
// change; an attribute that is not known is ignored, one that is null goes back to its default, a field that is null is removed
// if it never held a value. unique replaces all constraints. The error is a *gigya.Error that names the path:
//   - 400020: another type for a field that has held a value, the removal of one, encryption taken off, a field above or below
//     another, a field that was deleted for good, more than [MaxCustomFields];
//   - 400006: everything else.
func MergeObjectSchema(stored json.RawMessage, changes *document.Object) (json.RawMessage, error) {
	s, err := ParseObject(stored)
	if err != nil {
		return nil, err
	}
	if v, ok := changes.Get("dynamicSchema"); ok && !v.IsNull() {
		if err := boolean(v); err != nil {
			return nil, gigya.InvalidArgumentBecause("dataSchema.dynamicSchema", err.Error())
		}
		s.dynamic = v.Bool()
	}
	fields, _ := changes.Get("fields")
	if !fields.IsNull() && fields.Object() == nil {
		return nil, gigya.InvalidArgumentBecause("dataSchema.fields", "must be an object")
	}
	for path, v := range fields.Object().All() {
		if err := s.mergeField(path, v); err != nil {
			return nil, err
		}
	}
	if v, ok := changes.Get("unique"); ok {
		if s.unique, err = readUnique(v); err != nil {
			return nil, gigya.InvalidArgumentBecause("dataSchema.unique", err.Error())
		}
	}
	return s.checked()
}

// checked returns what is stored of a schema that was changed, unless its fields contradict one another.
func (s *ObjectSchema) checked() (json.RawMessage, error) {
	text := s.JSON()
	merged, err := ParseObject(text)
	if err != nil {
		return nil, err
	}
	if len(merged.order) > MaxCustomFields {
		return nil, invalidObject(fmt.Sprintf("a type has at most %d fields", MaxCustomFields))
	}
	for _, f := range merged.order {
		for above := range parentsOf(f.Path) {
			if merged.fields[above] != nil {
				return nil, invalidObject(above + " is a field and cannot have " + f.Path + " below it")
			}
		}
	}
	for _, paths := range merged.unique {
		for _, path := range paths {
			if merged.isRetired(path) {
				return nil, invalidObject("the field was deleted for good: " + path)
			}
		}
	}
	return text, nil
}

func (s *ObjectSchema) mergeField(path string, v document.Value) error {
	at := "dataSchema.fields." + shown(path)
	if err := CheckObjectPath(path); err != nil {
		return gigya.InvalidArgumentBecause(at, err.Error())
	}
	if s.isRetired(path) {
		return invalidObject("the field was deleted for good: " + path)
	}
	kind, held := s.learned.Get(path)
	if v.IsNull() {
		if held {
			return invalidObject("a field that has held a value is not removed by null; call ds.deleteSchemaFields: " + path)
		}
		s.declared.Delete(path)
		return nil
	}
	if v.Object() == nil {
		return gigya.InvalidArgumentBecause(at, "must be an object")
	}
	own, _ := s.declared.Get(path)
	attributes := own.Object().Clone()
	for name, value := range v.Object().All() {
		a := objectRule.attribute(name)
		if a == nil {
			continue
		}
		present, _ := attributes.Get(name)
		if value.IsNull() {
			value = a.initial
		} else if err := a.check(value); err != nil {
			return gigya.InvalidArgumentBecause(at+"."+name, err.Error())
		}
		switch {
		case name == "type" && held && !value.IsNull() && value.Str() != kind.Str():
			return invalidObject("the field has held a value of type " + kind.Str() + ", which cannot be changed: " + path)
		case name == "encrypt" && present.Str() == "AES" && value.Str() != "AES":
			return invalidObject("encryption cannot be undone: " + path)
		case value.IsNull():
			attributes.Delete(name)
		default:
			attributes.Set(name, value.Clone())
		}
	}
	s.declared.Set(path, document.FromObject(inAttributeOrder(attributes)))
	return nil
}

// readUnique reads unique: an array of fields, or of arrays of fields.
func readUnique(v document.Value) ([][]string, error) {
	if v.IsNull() {
		return nil, nil
	}
	if v.Kind() != document.KindArray || len(v.Items()) > maxUnique {
		return nil, fmt.Errorf("must be an array of at most %d fields or arrays of fields", maxUnique)
	}
	var unique [][]string
	for _, item := range v.Items() {
		fields := item.Items()
		if item.Kind() == document.KindString {
			fields = []document.Value{item}
		}
		if len(fields) == 0 || len(fields) > maxUniqueFields {
			return nil, fmt.Errorf("must have fields or arrays of 1 to %d fields", maxUniqueFields)
		}
		var paths []string
		for _, field := range fields {
			if field.Kind() != document.KindString {
				return nil, fmt.Errorf("must have fields or arrays of 1 to %d fields", maxUniqueFields)
			}
			if err := CheckObjectPath(field.Str()); err != nil {
				return nil, err
			}
			paths = append(paths, field.Str())
		}
		// The order of the fields does not make another constraint.
		slices.Sort(paths)
		paths = slices.Compact(paths)
		if !slices.ContainsFunc(unique, func(other []string) bool { return slices.Equal(other, paths) }) {
			unique = append(unique, paths)
		}
	}
	return unique, nil
}

// maxRetired bounds the paths that a type may have deleted for good.
const maxRetired = 10_000

// RetireFields returns what a type stores after deleteSchemaFields with the paths: the fields, and all below them, can neither
// be written nor read nor made again, and constraints that name them are gone. A path that names no field is 400006.
func RetireFields(stored json.RawMessage, paths []string) (json.RawMessage, error) {
	s, err := ParseObject(stored)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		_, parent := s.parents[path]
		switch {
		case s.isRetired(path):
			continue
		case s.fields[path] == nil && !parent:
			return nil, gigya.InvalidArgumentBecause("dataSchema", "there is no field "+strconv.Quote(shown(path)))
		case len(s.retired) >= maxRetired:
			return nil, invalidObject(fmt.Sprintf("at most %d fields of a type are deleted for good", maxRetired))
		}
		s.retire(path)
	}
	return s.withoutRetired()
}

// withoutRetired returns what is stored of the schema once nothing names what was deleted for good.
func (s *ObjectSchema) withoutRetired() (json.RawMessage, error) {
	for _, members := range []*document.Object{s.declared, s.learned} {
		for _, name := range members.Names() {
			if s.isRetired(name) {
				members.Delete(name)
			}
		}
	}
	s.unique = slices.DeleteFunc(s.unique, func(paths []string) bool { return slices.ContainsFunc(paths, s.isRetired) })
	return s.checked()
}
