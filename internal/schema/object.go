package schema

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// Members of the stored document of an [ObjectSchema].
const (
	objectFields  = "fields"
	objectUnique  = "unique"
	objectDynamic = "dynamicSchema"
	// objectLearned has the type of every field that was ever written, {path: type}: from then on it is fixed.
	objectLearned = "learned"
	// objectRetired is the array of the paths that were deleted for good.
	objectRetired = "retired"
)

// ObjectSchema is the schema of one type of the data store: the declared fields, those that came into being by being written,
// those that are retired, and which values are unique. It must not be altered.
//
// Paths are dotted and flat, as those of the data schema of accounts: a path is a field or has fields below it, never both, and
// what is in an array is declared by the path of the array. Unlike those of accounts, names begin with a letter, integers have
// 64 bits, texts are bounded by the object alone, and a suffix of the name (_i, _f, _s, _t, _b, _d) says the type.
type ObjectSchema struct {
	fields  map[string]*Field
	folded  map[string]*Field
	order   []*Field
	parents map[string]struct{}
	retired []string
	// gone is the set of retired.
	gone    map[string]struct{}
	unique  [][]string
	dynamic bool

	declared *document.Object // fields as they were set, by path
	learned  *document.Object
}

// objectRule are the attributes of a declared field, in the order of the answer.
var objectRule = sectionRule{name: "dataSchema", attributes: []attribute{
	{"type", objectType, document.Value{}},
	{"writeAccess", writeAccess, document.String(ServerOnly)},
	{"format", regexFormat, document.Value{}},
	{"languages", languages, document.Value{}},
	{"encrypt", oneOf("AES", ""), document.Value{}},
	{"required", boolean, document.Value{}},
	{"allowNull", boolean, document.Value{}},
	{"arrayOp", text, document.Value{}},
}}

func objectType(v document.Value) error {
	return oneOf("integer", "float", "boolean", "string", "date", "long", "text", "binary")(v)
}

// maxLanguages is how many languages a text field may have beside English (documented).
const maxLanguages = 4

func languages(v document.Value) error {
	if words(v) != nil || len(v.Items()) > maxLanguages {
		return fmt.Errorf("must be an array of at most %d strings", maxLanguages)
	}
	return nil
}

func regexFormat(v document.Value) error {
	if err := text(v); err != nil {
		return err
	}
	_, err := parseFormat(v.Str())
	return err
}

// ParseObject returns the schema that a type has stored (empty: nothing is known of it). The error says that the text is none.
func ParseObject(stored json.RawMessage) (*ObjectSchema, error) {
	own, err := parseStored(stored)
	if err != nil {
		return nil, err
	}
	s := &ObjectSchema{
		fields: map[string]*Field{}, folded: map[string]*Field{}, parents: map[string]struct{}{}, gone: map[string]struct{}{}, dynamic: true,
		declared: sectionOf(own, objectFields).Clone(), learned: sectionOf(own, objectLearned).Clone(),
	}
	if v, ok := own.Get(objectDynamic); ok {
		s.dynamic = v.Bool()
	}
	retired, _ := own.Get(objectRetired)
	for _, v := range retired.Items() {
		s.retire(v.Str())
	}
	unique, _ := own.Get(objectUnique)
	for _, v := range unique.Items() {
		var paths []string
		for _, path := range v.Items() {
			paths = append(paths, path.Str())
		}
		s.unique = append(s.unique, paths)
	}
	for path, v := range s.declared.All() {
		s.add(objectField(path, v.Object(), s.learned))
	}
	for path, kind := range s.learned.All() {
		if s.fields[path] == nil {
			s.add(&Field{Path: path, Type: kind.Str(), AllowNull: true, WriteAccess: ServerOnly, parts: strings.Split(path, ".")})
		}
	}
	return s, nil
}

func (s *ObjectSchema) add(f *Field) {
	if s.isRetired(f.Path) {
		return
	}
	s.order = append(s.order, f)
	s.fields[f.Path] = f
	s.folded[document.FoldName(f.Path)] = f
	for parent := range parentsOf(f.Path) {
		s.parents[parent] = struct{}{}
	}
}

// objectField returns a declared field. Its format is compiled where it is needed: an object has few of the fields.
func objectField(path string, attributes, learned *document.Object) *Field {
	get := func(name string) document.Value {
		v, _ := attributes.Get(name)
		return v
	}
	f := &Field{
		Path: path, Type: get("type").Str(), Required: get("required").Bool(), AllowNull: true, WriteAccess: get("writeAccess").Str(),
		Format: get("format").Str(), Encrypt: get("encrypt").Str(), parts: strings.Split(path, "."),
	}
	if v, ok := attributes.Get("allowNull"); ok {
		f.AllowNull = v.Bool()
	}
	if f.WriteAccess == "" {
		f.WriteAccess = ServerOnly
	}
	if kind, ok := learned.Get(path); ok && f.Type == "" {
		f.Type = kind.Str()
	}
	if f.Type == "" {
		f.Type = suffixType(path)
	}
	return f
}

func (s *ObjectSchema) retire(path string) {
	s.retired = append(s.retired, path)
	s.gone[path] = struct{}{}
}

// isParent tells whether there are fields below the path.
func (s *ObjectSchema) isParent(path string) bool {
	_, ok := s.parents[path]
	return ok
}

// isRetired tells whether the path, or one above it, was deleted for good.
func (s *ObjectSchema) isRetired(path string) bool {
	if len(s.gone) == 0 {
		return false
	}
	_, gone := s.gone[path]
	for above := range parentsOf(path) {
		if gone {
			break
		}
		_, gone = s.gone[above]
	}
	return gone
}

// Field returns the field with the path or, if there is none, with one that differs by case only; nil: there is none.
func (s *ObjectSchema) Field(path string) *Field {
	if f := s.fields[path]; f != nil {
		return f
	}
	return s.folded[document.FoldName(path)]
}

// JSON is the text that a type stores.
func (s *ObjectSchema) JSON() json.RawMessage {
	o := &document.Object{}
	set := func(name string, v document.Value, some bool) {
		if some {
			o.Set(name, v)
		}
	}
	set(objectFields, document.FromObject(s.declared), s.declared.Len() > 0)
	set(objectUnique, s.uniqueValue(false), len(s.unique) > 0)
	set(objectDynamic, document.Boolean(false), !s.dynamic)
	set(objectLearned, document.FromObject(s.learned), s.learned.Len() > 0)
	set(objectRetired, document.Texts(s.retired), len(s.retired) > 0)
	return o.JSON()
}

// uniqueValue writes the constraints; short: those of one field as the field alone, as they are sent.
func (s *ObjectSchema) uniqueValue(short bool) document.Value {
	items := make([]document.Value, len(s.unique))
	for i, paths := range s.unique {
		items[i] = document.Texts(paths)
		if short && len(paths) == 1 {
			items[i] = document.String(paths[0])
		}
	}
	return document.ArrayOf(items...)
}

// Show returns the schema the way getSchema does. Full has every field with its type and access; ExplicitOnly what was
// declared, as it was; ClientOnly the fields that clients may write, reduced to type, format, required and writeAccess.
func (s *ObjectSchema) Show(f Filter) json.RawMessage {
	fields := &document.Object{}
	for _, field := range s.order {
		own, _ := s.declared.Get(field.Path)
		attributes := own.Object()
		switch {
		case f == ExplicitOnly && attributes == nil, f == ClientOnly && field.WriteAccess == ServerOnly:
			continue
		case f != ExplicitOnly:
			attributes = objectRule.complete(attributes, nil)
			if field.Type != "" {
				attributes.Set("type", document.String(field.Type))
			}
			attributes = inAttributeOrder(attributes)
		}
		if f == ClientOnly {
			for _, name := range []string{"languages", "encrypt", "allowNull", "arrayOp"} {
				attributes.Delete(name)
			}
		}
		fields.Set(field.Path, document.FromObject(attributes))
	}
	o := &document.Object{}
	o.Set(objectFields, document.FromObject(fields))
	if len(s.unique) > 0 && f != ClientOnly {
		o.Set(objectUnique, s.uniqueValue(true))
	}
	o.Set(objectDynamic, document.Boolean(s.dynamic))
	return o.JSON()
}

func inAttributeOrder(attributes *document.Object) *document.Object {
	sorted := &document.Object{}
	for i := range objectRule.attributes {
		if v, ok := attributes.Get(objectRule.attributes[i].name); ok {
			sorted.Set(objectRule.attributes[i].name, v)
		}
	}
	return sorted
}

// WithoutRetired removes from the data, at every depth, what was deleted for good, and tells whether there was any. It is
// cheap for a type that has nothing retired.
func (s *ObjectSchema) WithoutRetired(data *document.Object) bool {
	some := false
	for _, path := range s.retired {
		some = DeleteField(data, strings.Split(path, ".")) || some
	}
	return some
}

// Retires tells whether anything was deleted for good.
func (s *ObjectSchema) Retires() bool { return len(s.retired) > 0 }

// DeleteField removes what is at the path, in every element of the arrays that it leads through, and tells whether there was
// anything.
func DeleteField(o *document.Object, path []string) bool {
	if len(path) == 1 {
		return o.Delete(path[0])
	}
	v, ok := o.Get(path[0])
	return ok && deleteBelow(v, path[1:])
}

func deleteBelow(v document.Value, path []string) bool {
	if o := v.Object(); o != nil {
		return DeleteField(o, path)
	}
	some := false
	for _, item := range v.Items() {
		some = deleteBelow(item, path) || some
	}
	return some
}
