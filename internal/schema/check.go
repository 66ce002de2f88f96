package schema

import (
	"slices"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
)

// CheckProfile returns what is wrong with a change of the profile, in the order of the patch, one item a field, at most
// a hundred; nil: nothing. existing is the profile before; it and the patch may be nil. server tells a server call from a client's: for
// a client every field that is written, and every one that vanishes because an object around it is replaced whole, must
// be one that clients may write. A field with ClientCreate may be written while it is empty, or with the value that it
// has.
//
// "specialties" is taken as another spelling of specialities; the caller stores it under the schema's name.
func (s *Schema) CheckProfile(patch, existing *document.Object, server bool) []gigya.ValidationError {
	c := checker{section: &s.profile, existing: existing, server: server}
	c.members("", patch, false)
	return c.items
}

// CheckData is CheckProfile for the data, which are merged at every depth and whose patch may have dotted names. With a
// dynamic schema a server may write fields that are not there yet; extends tells whether there are any, and [Schema.Extend]
// makes them.
func (s *Schema) CheckData(patch, existing *document.Object, server bool) (items []gigya.ValidationError, extends bool) {
	c := checker{section: &s.data, existing: existing, server: server}
	c.members("", patch, false)
	c.newConflicts()
	return c.items, len(c.found.order) > 0
}

// checker walks over one patch.
type checker struct {
	*section
	existing *document.Object
	server   bool
	items    []gigya.ValidationError
	// found are the dynamic fields that are not there yet.
	found newFields
	// before holds what valuesBefore has looked up.
	before map[*Field]earlier
}

// newFields are paths with their types, in the order in which they were found.
type newFields struct {
	order []string
	types map[string]string
}

// maxItems bounds the items of one check: a document of one megabyte can have a hundred thousand faults, which would
// make an answer of thirty.
const maxItems = 100

func (c *checker) refuse(code gigya.Code, path string) {
	if len(c.items) >= maxItems {
		return
	}
	message := ""
	switch code {
	case gigya.WriteAccessValidationError:
		message = "write access denied for field: "
	case gigya.InvalidTypeValidationError:
		message = "invalid type for field: "
	case gigya.DynamicFieldsValidationError:
		message = "unknown field: "
	case gigya.InvalidFormatValidationError:
		message = "invalid format for field: "
	case gigya.RequiredValueValidationError:
		c.items = append(c.items, gigya.ValidationError{ErrorCode: code, Message: "This field is required", FieldName: c.name + "." + path})
		return
	}
	path = shown(path)
	c.items = append(c.items, gigya.ValidationError{ErrorCode: code, Message: message + path, FieldName: c.name + "." + path})
}

// members checks the members of an object of the patch. Within arrays objects are stored as they come, so that a dotted
// name there is no path.
func (c *checker) members(prefix string, o *document.Object, inArray bool) {
	for name, v := range o.All() {
		path := name
		if prefix != "" {
			path = prefix + "." + name
		}
		if strings.IndexByte(name, '.') >= 0 && (c.flat || inArray) {
			c.refuse(gigya.DynamicFieldsValidationError, path)
			continue
		}
		c.value(path, v, inArray)
	}
}

func (c *checker) value(path string, v document.Value, inArray bool) {
	f := c.fields[path]
	if f == nil && c.flat && path == "specialties" {
		f = c.fields["specialities"]
	}
	if f != nil {
		c.leaf(f, path, v)
		return
	}
	if _, ok := c.parents[path]; ok {
		c.parent(path, v, inArray)
		return
	}
	c.unknown(path, v, inArray)
}

// leaf checks the value of a field.
func (c *checker) leaf(f *Field, path string, v document.Value) {
	if !c.server && !c.mayWrite(f, v) {
		c.refuse(gigya.WriteAccessValidationError, path)
		return
	}
	switch v.Kind() {
	case document.KindNull:
		if f.Required || !f.AllowNull {
			c.refuse(gigya.RequiredValueValidationError, path)
		}
		return
	case document.KindArray:
		if !c.arrays {
			c.refuse(gigya.InvalidTypeValidationError, path)
			return
		}
		if f.Required && len(v.Items()) == 0 {
			c.refuse(gigya.RequiredValueValidationError, path)
			return
		}
		for _, item := range v.Items() {
			if code := f.fault(item); code != 0 {
				c.refuse(code, path)
				return
			}
		}
		return
	}
	if f.Required && v.Kind() == document.KindString && v.Str() == "" {
		c.refuse(gigya.RequiredValueValidationError, path)
		return
	}
	if code := f.fault(v); code != 0 {
		c.refuse(code, path)
	}
}

// mayWrite tells whether a client may give the field the value.
func (c *checker) mayWrite(f *Field, v document.Value) bool {
	switch f.WriteAccess {
	case ClientModify:
		return true
	case ClientCreate:
		if c.lite {
			return true
		}
		before := c.valuesBefore(f)
		if len(before.list) == 0 {
			return true
		}
		if v.Kind() == document.KindArray {
			return slices.EqualFunc(before.list, values(v, nil), document.Value.Equal)
		}
		// Below an array of objects there are several before, and v is one of those after.
		return before.texts[string(v.AppendJSON(nil))]
	}
	return false
}

// earlier are the values that a field has before the change, in their order and by their JSON texts.
type earlier struct {
	list  []document.Value
	texts map[string]bool
}

// valuesBefore returns the field's values before the change. It looks them up once: the field may stand in each element
// of a long array.
func (c *checker) valuesBefore(f *Field) earlier {
	if found, ok := c.before[f]; ok {
		return found
	}
	e := earlier{values(document.FromObject(c.existing), f.parts), map[string]bool{}}
	for _, v := range e.list {
		e.texts[string(v.AppendJSON(nil))] = true
	}
	if c.before == nil {
		c.before = map[*Field]earlier{}
	}
	c.before[f] = e
	return e
}

// parent checks a value where fields are below: an object, an array of objects, or null, which clears them all.
func (c *checker) parent(path string, v document.Value, inArray bool) {
	switch v.Kind() {
	case document.KindObject:
		c.members(path, v.Object(), inArray)
	case document.KindArray:
		for _, item := range v.Items() {
			if item.Kind() != document.KindObject {
				c.refuse(gigya.InvalidTypeValidationError, path)
				return
			}
		}
		for _, item := range v.Items() {
			before := len(c.items)
			c.members(path, item.Object(), true)
			if len(c.items) > before {
				// What is wrong in one element is most often wrong in all.
				return
			}
		}
	case document.KindNull:
	default:
		c.refuse(gigya.InvalidTypeValidationError, path)
		return
	}
	if !inArray {
		c.vanishing(path, v)
	}
}

// vanishing checks the fields below the path that have a value now and none after the change.
func (c *checker) vanishing(path string, v document.Value) {
	depth := strings.Count(path, ".") + 1
	merged := !c.flat && v.Kind() == document.KindObject && c.holdsObject(path)
	if merged || c.flat && depth > 1 {
		return
	}
	for _, f := range c.order {
		if !strings.HasPrefix(f.Path, path) || len(f.Path) == len(path) || f.Path[len(path)] != '.' {
			continue
		}
		if len(values(v, f.parts[depth:])) > 0 || len(values(document.FromObject(c.existing), f.parts)) == 0 {
			continue
		}
		switch {
		case !c.server && f.WriteAccess != ClientModify:
			c.refuse(gigya.WriteAccessValidationError, f.Path)
		case v.Kind() == document.KindNull && (f.Required || !f.AllowNull):
			c.refuse(gigya.RequiredValueValidationError, f.Path)
		}
	}
}

// holdsObject tells whether there is an object at the path now, with which one of the patch is merged.
func (c *checker) holdsObject(path string) bool {
	v, ok := c.existing.Lookup(strings.Split(path, "."))
	return !ok || v.Kind() == document.KindObject
}

// unknown checks a value for which the schema has no field.
func (c *checker) unknown(path string, v document.Value, inArray bool) {
	if !c.server || !c.dynamic || checkPath(path) != nil {
		c.refuse(gigya.DynamicFieldsValidationError, path)
		return
	}
	for parent := range parentsOf(path) {
		if c.fields[parent] != nil {
			// A dotted name that leads through a field.
			c.refuse(gigya.InvalidTypeValidationError, parent)
			return
		}
	}
	switch {
	case v.Kind() == document.KindObject:
		c.members(path, v.Object(), inArray)
		return
	case v.Kind() == document.KindArray && len(v.Items()) > 0 && v.Items()[0].Kind() == document.KindObject:
		for _, item := range v.Items() {
			if item.Kind() != document.KindObject {
				c.refuse(gigya.InvalidTypeValidationError, path)
				return
			}
			c.members(path, item.Object(), true)
		}
		return
	}
	kind, ok := typeFor(path, v)
	if !ok {
		c.refuse(gigya.InvalidTypeValidationError, path)
		return
	}
	if kind == "" {
		return
	}
	if kind, ok = widest(c.found.types[path], kind); !ok {
		c.refuse(gigya.InvalidTypeValidationError, path)
		return
	}
	c.found.add(path, kind)
}

func (n *newFields) add(path, kind string) {
	if n.types == nil {
		n.types = map[string]string{}
	}
	if _, ok := n.types[path]; !ok {
		n.order = append(n.order, path)
	}
	n.types[path] = kind
}

// newConflicts refuses a patch that has a new field both as a value and with fields below it.
func (c *checker) newConflicts() {
	for _, path := range c.found.order {
		for parent := range parentsOf(path) {
			if _, ok := c.found.types[parent]; ok {
				c.refuse(gigya.InvalidTypeValidationError, path)
				break
			}
		}
	}
}
