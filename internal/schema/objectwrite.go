package schema

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
)

// Behavior is how the write of an object changes what is stored.
type Behavior int

// The behaviors. ArrayPush merges objects field by field and appends arrays to arrays that are there, ArraySet merges the same
// way and replaces arrays, Replace keeps only what is sent. null removes the field in all of them.
const (
	ArrayPush Behavior = iota
	ArraySet
	Replace
)

// ParseBehavior reads the parameter updateBehavior; empty: ArrayPush.
func ParseBehavior(text string) (Behavior, bool) {
	switch text {
	case "", "arrayPush":
		return ArrayPush, true
	case "arraySet":
		return ArraySet, true
	case "replace":
		return Replace, true
	}
	return ArrayPush, false
}

// maxObjectLevels bounds the nesting of an object's data, dotted names taken apart. It leaves room below
// [document.MaxDepth] for the row that a search makes of it.
const maxObjectLevels = 60

// ReadObject reads the data of an object as they are sent: a JSON object, in which a dotted name is the same as nested objects
// at every depth. The error says what is wrong, for whoever sent it.
func ReadObject(text []byte) (*document.Object, error) {
	o, err := document.ParseObject(text)
	if err != nil {
		return nil, fmt.Errorf("want a JSON object: %w", err)
	}
	return takenApart(o, maxObjectLevels)
}

var errObjectDepth = errors.New("the object is nested too deep")

// takenApart returns the object with its dotted names taken apart and all names checked. Of two members that name the same
// field the later wins; two objects are one.
func takenApart(o *document.Object, levels int) (*document.Object, error) {
	if levels <= 0 {
		return nil, errObjectDepth
	}
	result := &document.Object{}
	for name, v := range o.All() {
		path := strings.Split(name, ".")
		if len(name) > maxPath || len(path) > levels {
			return nil, errObjectDepth
		}
		for _, part := range path {
			if err := checkObjectName(part); err != nil {
				return nil, err
			}
		}
		v, err := valueTakenApart(v, levels-len(path))
		if err != nil {
			return nil, err
		}
		join(result, path, v)
	}
	return result, nil
}

func valueTakenApart(v document.Value, levels int) (document.Value, error) {
	switch v.Kind() {
	case document.KindObject:
		o, err := takenApart(v.Object(), levels)
		return document.FromObject(o), err
	case document.KindArray:
		if levels <= 0 {
			return v, errObjectDepth
		}
		items := make([]document.Value, len(v.Items()))
		for i, item := range v.Items() {
			var err error
			if items[i], err = valueTakenApart(item, levels-1); err != nil {
				return v, err
			}
		}
		return document.ArrayOf(items...), nil
	}
	return v, nil
}

// join puts the value at the path, an object into the object that is there.
func join(o *document.Object, path []string, v document.Value) {
	old, _ := o.Lookup(path)
	if old.Object() == nil || v.Object() == nil {
		o.SetPath(path, v)
		return
	}
	for name, item := range v.Object().All() {
		join(old.Object(), []string{name}, item)
	}
}

// MergeObject changes the data by the patch, both as [ReadObject] reads them. They share nothing afterwards.
func MergeObject(data, patch *document.Object, how Behavior) {
	for name, v := range patch.All() {
		old, _ := data.Get(name)
		switch {
		case v.IsNull():
			data.Delete(name)
		case v.Object() != nil && old.Object() != nil:
			MergeObject(old.Object(), v.Object(), how)
		case v.Kind() == document.KindArray && old.Kind() == document.KindArray && how == ArrayPush:
			added := filled(v).Items()
			data.Set(name, document.ArrayOf(append(old.Items()[:len(old.Items()):len(old.Items())], added...)...))
		default:
			data.Set(name, filled(v))
		}
	}
}

// filled copies a value without the members that are null, at every depth. Elements of arrays that are null stay: the places
// of the others say something.
func filled(v document.Value) document.Value {
	switch v.Kind() {
	case document.KindObject:
		o := &document.Object{}
		for name, item := range v.Object().All() {
			if !item.IsNull() {
				o.Set(name, filled(item))
			}
		}
		return document.FromObject(o)
	case document.KindArray:
		items := make([]document.Value, len(v.Items()))
		for i, item := range v.Items() {
			items[i] = filled(item)
		}
		return document.ArrayOf(items...)
	}
	return v
}

// Written is an object after a write.
type Written struct {
	Data *document.Object
	// Schema is what the type stores from now on; nil: what it stores already.
	Schema json.RawMessage
}

// Write checks a change of an object's data and makes it. data are those before, without a member for a new object; they are
// not altered. A client (server is false) may write the declared fields with ClientModify, and those with ClientCreate that
// have no value yet. With a dynamic schema a server makes the fields that are not there. The error is a *gigya.Error 400020
// that names the first fault.
func (s *ObjectSchema) Write(data, patch *document.Object, how Behavior, server bool) (*Written, error) {
	c := objectChecker{s: s, server: server, objects: map[string]bool{}, types: map[string]string{}}
	c.object("", patch)
	c.conflicts()
	before, after := data.Clone(), &document.Object{}
	s.WithoutRetired(before)
	if how != Replace {
		after = before.Clone()
	}
	MergeObject(after, patch, how)
	c.result(before, after)
	if c.fault != "" {
		return nil, invalidObject(c.fault)
	}
	w := &Written{Data: after}
	if len(c.order) == 0 {
		return w, nil
	}
	extended := *s
	extended.learned = s.learned.Clone()
	fields := len(s.order)
	for _, path := range c.order {
		if s.fields[path] == nil {
			fields++
		}
		extended.learned.Set(path, document.String(c.types[path]))
	}
	if fields > MaxCustomFields {
		return nil, invalidObject(fmt.Sprintf("a type has at most %d fields", MaxCustomFields))
	}
	w.Schema = extended.JSON()
	return w, nil
}

// Check is [ObjectSchema.Write] for a change that was made already: fields were deleted.
func (s *ObjectSchema) Check(before, after *document.Object, server bool) error {
	c := objectChecker{s: s, server: server}
	c.result(before, after)
	if c.fault != "" {
		return invalidObject(c.fault)
	}
	return nil
}

// Deletable refuses, with the error of [ObjectSchema.Write], an object that a client may not delete: one that has a field that
// it may not modify.
func (s *ObjectSchema) Deletable(data *document.Object) error {
	c := objectChecker{s: s}
	c.changed("", document.FromObject(data), document.FromObject(&document.Object{}))
	if c.fault != "" {
		return invalidObject(c.fault)
	}
	return nil
}

func invalidObject(fault string) error {
	return gigya.NewError(gigya.SchemaValidationFailed, "Schema validation failed: "+fault)
}

// UniqueValues returns a hash for each unique constraint whose fields all have a value in the data: equal for equal values.
func (s *ObjectSchema) UniqueValues(data *document.Object) [][32]byte {
	var hashes [][32]byte
	for _, paths := range s.unique {
		text := document.Texts(paths).AppendJSON(nil)
		whole := true
		for _, path := range paths {
			v, ok := data.Lookup(strings.Split(path, "."))
			if !ok || !single(v) {
				whole = false
				break
			}
			kind := guessType(path, v)
			if f := s.fields[path]; f != nil && f.Type != "" {
				kind = f.Type
			}
			text = document.AppendString(append(text, ','), canonical(kind, v))
		}
		if whole {
			hashes = append(hashes, sha256.Sum256(text))
		}
	}
	return hashes
}
