package schema

import (
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// objectChecker walks over one change and keeps the first fault.
type objectChecker struct {
	s      *ObjectSchema
	server bool
	fault  string
	// objects are the paths at which the change has objects, empty ones too.
	objects map[string]bool
	// types are those that are fixed by the change, order the paths as they were found.
	types map[string]string
	order []string
}

func (c *objectChecker) refuse(what, path string) {
	if c.fault == "" {
		c.fault = what + ": " + shown(path)
	}
}

// The words for what is wrong with a field, those of account fields.
const (
	faultAccess   = "write access denied for field"
	faultType     = "invalid type for field"
	faultUnknown  = "unknown field"
	faultFormat   = "invalid format for field"
	faultRequired = "required field without a value"
	faultUnique   = "a field of a unique constraint holds one value alone"
)

func (c *objectChecker) object(prefix string, o *document.Object) {
	for name, v := range o.All() {
		if c.fault != "" {
			return
		}
		path := name
		if prefix != "" {
			path = prefix + "." + name
		}
		c.value(path, v)
	}
}

func (c *objectChecker) value(path string, v document.Value) {
	f, parent := c.s.fields[path], false
	if f == nil {
		parent = c.s.isParent(path)
	}
	switch {
	case c.s.isRetired(path) || CheckObjectPath(path) != nil:
		c.refuse(faultUnknown, path)
	case f != nil:
		c.leaf(f, path, v)
	case v.Kind() == document.KindObject:
		c.below(path, parent)
		c.object(path, v.Object())
	case ofObjects(v):
		c.below(path, parent)
		for _, item := range v.Items() {
			if item.Kind() != document.KindObject && !item.IsNull() {
				c.refuse(faultType, path)
				return
			}
			c.object(path, item.Object())
		}
	case v.IsNull():
	case parent && !(v.Kind() == document.KindArray && len(v.Items()) == 0):
		c.refuse(faultType, path)
	case !c.server:
		c.refuse(faultAccess, path)
	case !c.s.dynamic && !parent:
		c.refuse(faultUnknown, path)
	default:
		c.learn(path, "", v)
	}
}

// below refuses fields below a path that neither a strict schema nor a client knows.
func (c *objectChecker) below(path string, parent bool) {
	c.objects[path] = true
	if !parent && !c.server {
		c.refuse(faultAccess, path)
	} else if !parent && !c.s.dynamic {
		c.refuse(faultUnknown, path)
	}
}

// ofObjects tells whether the first element that is not null is an object.
func ofObjects(v document.Value) bool {
	for _, item := range v.Items() {
		if !item.IsNull() {
			return item.Kind() == document.KindObject
		}
	}
	return false
}

func (c *objectChecker) leaf(f *Field, path string, v document.Value) {
	switch {
	case !c.server && f.WriteAccess == ServerOnly:
		c.refuse(faultAccess, path)
	case v.IsNull() && (f.Required || !f.AllowNull):
		c.refuse(faultRequired, path)
	case v.IsNull():
	default:
		c.learn(path, f.Type, v)
		c.format(f, path, v)
	}
}

// learn holds the value against the type, and fixes it where it was not.
func (c *objectChecker) learn(path, kind string, v document.Value) {
	if earlier := c.types[path]; kind == "" {
		kind = earlier
	}
	fixed := kind != ""
	each(v, func(item document.Value) {
		guess := kind
		if !fixed {
			guess, _ = widest(kind, guessType(path, item))
		}
		if guess == "" || item.Kind() == document.KindObject || !fitsType(guess, item) {
			c.refuse(faultType, path)
			return
		}
		kind = guess
	})
	if _, known := c.s.learned.Get(path); known || kind == "" || !some(v) {
		return
	}
	if _, found := c.types[path]; !found {
		c.order = append(c.order, path)
	}
	c.types[path] = kind
}

// each calls fn for a value, or for every element of an array at every depth, but for null.
func each(v document.Value, fn func(document.Value)) {
	switch v.Kind() {
	case document.KindNull:
	case document.KindArray:
		for _, item := range v.Items() {
			each(item, fn)
		}
	default:
		fn(v)
	}
}

func some(v document.Value) (found bool) {
	each(v, func(document.Value) { found = true })
	return found
}

func (c *objectChecker) format(f *Field, path string, v document.Value) {
	if f.Format == "" || c.fault != "" {
		return
	}
	form, err := parseFormat(f.Format)
	if err != nil {
		// It was read when it was set: the rule has become stricter since.
		c.refuse(faultFormat, path)
		return
	}
	each(v, func(item document.Value) {
		text := item.Num() + item.Str()
		if item.Kind() != document.KindBool && !form.Match(text) {
			c.refuse(faultFormat, path)
		}
	})
}

// conflicts refuses a change that has a new field both as a value and with fields below it.
func (c *objectChecker) conflicts() {
	for _, path := range c.order {
		if c.objects[path] {
			c.refuse(faultType, path)
		}
	}
}

// result holds the data after the change against those before.
func (c *objectChecker) result(before, after *document.Object) {
	if !c.server {
		c.changed("", document.FromObject(before), document.FromObject(after))
	}
	for _, f := range c.s.order {
		if f.Required && len(values(document.FromObject(after), f.parts)) == 0 {
			c.refuse(faultRequired, f.Path)
		}
	}
	for _, paths := range c.s.unique {
		for _, path := range paths {
			parts := strings.Split(path, ".")
			v, ok := after.Lookup(parts)
			if single := ok && single(v); !single && len(values(document.FromObject(after), parts)) > 0 {
				c.refuse(faultUnique, path)
			}
		}
	}
}

func single(v document.Value) bool {
	return v.Kind() == document.KindString || v.Kind() == document.KindNumber || v.Kind() == document.KindBool
}

// changed refuses every field that a client has changed and may not change. Elements of arrays of objects are compared place
// by place; a client may therefore add one behind those with fields that are not the client's.
func (c *objectChecker) changed(path string, before, after document.Value) {
	if c.fault != "" || before.Equal(after) {
		return
	}
	switch {
	case before.Object() != nil || after.Object() != nil:
		c.changedMembers(path, before, after)
	case ofObjects(before) || ofObjects(after):
		for i := range max(len(before.Items()), len(after.Items())) {
			c.changed(path, place(before, i), place(after, i))
		}
	}
	if isLeaf(before) || isLeaf(after) {
		c.changedLeaf(path, before, after)
	}
}

func place(v document.Value, i int) document.Value {
	if i < len(v.Items()) {
		return v.Items()[i]
	}
	return document.NullValue()
}

// isLeaf tells whether the value is that of a field: no object, no array of objects, not absent. Empty arrays count for one
// where there was a value: who empties a field has changed it.
func isLeaf(v document.Value) bool {
	return v.Kind() != document.KindObject && !v.IsNull() && !ofObjects(v)
}

func (c *objectChecker) changedMembers(path string, before, after document.Value) {
	below := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	if path != "" && before.Object().Len() == 0 && after.Object().Len() == 0 && !c.s.isParent(path) {
		// An empty object came or went that no client knows.
		c.refuse(faultAccess, path)
	}
	for name, v := range before.Object().All() {
		w, _ := after.Object().Get(name)
		c.changed(below(name), v, w)
	}
	for name, v := range after.Object().All() {
		if _, both := before.Object().Get(name); !both {
			c.changed(below(name), document.NullValue(), v)
		}
	}
}

func (c *objectChecker) changedLeaf(path string, before, after document.Value) {
	f := c.s.fields[path]
	switch {
	case f == nil && c.s.isParent(path) && !some(before) && !some(after):
		// An empty array where objects stand: nothing in it was the server's.
	case f != nil && f.WriteAccess == ClientModify:
	case f != nil && f.WriteAccess == ClientCreate && len(values(before, nil)) == 0:
	default:
		c.refuse(faultAccess, path)
	}
}
