package document

import (
	"slices"
	"strconv"
)

// Kind is the type of a JSON value.
type Kind uint8

// The kinds of values.
const (
	KindNull Kind = iota
	KindBool
	KindNumber
	KindString
	KindObject
	KindArray

	// kindRemoved is that of a member that is no more: see [Object].
	kindRemoved
)

// String returns the word for the kind: null, bool, number, string, object or array.
func (k Kind) String() string {
	switch k {
	case KindNull:
		return "null"
	case KindBool:
		return "bool"
	case KindNumber:
		return "number"
	case KindString:
		return "string"
	case KindObject:
		return "object"
	case KindArray:
		return "array"
	}
	return "invalid"
}

// Value is one JSON value. The zero Value is null. A Value is passed by value; those that hold the same [Object] share it.
type Value struct {
	kind  Kind
	truth bool
	text  string
	// nested has the members of an object, or the items of an array: one pointer for both keeps values small.
	nested *Object
}

// NullValue returns null.
func NullValue() Value { return Value{} }

// Boolean returns true or false.
func Boolean(b bool) Value { return Value{kind: KindBool, truth: b} }

// String returns a string. Bytes that are not UTF-8 are written as U+FFFD.
func String(s string) Value { return Value{kind: KindString, text: s} }

// Int returns a whole number.
func Int(n int64) Value { return Value{kind: KindNumber, text: strconv.FormatInt(n, 10)} }

// Number returns the number with the given text, which is kept. A text that is no JSON number gives null, so that what is
// written is always JSON.
func Number(text string) Value {
	if !isNumber(text) {
		return Value{}
	}
	return Value{kind: KindNumber, text: text}
}

// ArrayOf returns an array of the values.
func ArrayOf(items ...Value) Value { return Value{kind: KindArray, nested: &Object{items: items}} }

// Texts returns an array of the texts.
func Texts(list []string) Value {
	items := make([]Value, len(list))
	for i, text := range list {
		items[i] = String(text)
	}
	return ArrayOf(items...)
}

// FromObject returns a value that holds o itself, no copy. A nil Object gives null. An object must not be put into itself.
func FromObject(o *Object) Value {
	if o == nil {
		return Value{}
	}
	return Value{kind: KindObject, nested: o}
}

// Kind returns the type of the value.
func (v Value) Kind() Kind { return v.kind }

// IsNull tells whether the value is null.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Str returns the text of a string, and "" for any other kind.
func (v Value) Str() string {
	if v.kind != KindString {
		return ""
	}
	return v.text
}

// Bool tells whether the value is true. It is false for any other kind.
func (v Value) Bool() bool { return v.kind == KindBool && v.truth }

// Num returns the text of a number, as it was written, and "" for any other kind.
func (v Value) Num() string {
	if v.kind != KindNumber {
		return ""
	}
	return v.text
}

// Int64 returns a number that is written as a whole number of 64 bits; ok is false for any other value.
func (v Value) Int64() (n int64, ok bool) {
	if v.kind != KindNumber {
		return 0, false
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	return n, err == nil
}

// Object returns the object, and nil for any other kind. Changes to it are changes to the value.
func (v Value) Object() *Object {
	if v.kind != KindObject {
		return nil
	}
	return v.nested
}

// Items returns the elements of an array, and nil for any other kind. The slice must not be altered.
func (v Value) Items() []Value {
	if v.kind != KindArray {
		return nil
	}
	return v.nested.items
}

// Clone returns a deep copy.
func (v Value) Clone() Value {
	switch v.kind {
	case KindObject:
		v.nested = v.nested.Clone()
	case KindArray:
		items := make([]Value, len(v.nested.items))
		for i, item := range v.nested.items {
			items[i] = item.Clone()
		}
		return ArrayOf(items...)
	}
	return v
}

// Equal tells whether both are the same value. The order of an object's members does not count; numbers are compared by
// their text.
func (v Value) Equal(w Value) bool {
	if v.kind != w.kind {
		return false
	}
	switch v.kind {
	case KindBool:
		return v.truth == w.truth
	case KindNumber, KindString:
		return v.text == w.text
	case KindObject:
		return v.nested.Equal(w.nested)
	case KindArray:
		return slices.EqualFunc(v.nested.items, w.nested.items, Value.Equal)
	}
	return true
}

// AppendJSON appends the value as compact JSON.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.kind {
	case KindBool:
		return strconv.AppendBool(dst, v.truth)
	case KindNumber:
		return append(dst, v.text...)
	case KindString:
		return AppendString(dst, v.text)
	case KindObject:
		return v.nested.AppendJSON(dst)
	case KindArray:
		dst = append(dst, '[')
		for i, item := range v.nested.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.AppendJSON(dst)
		}
		return append(dst, ']')
	}
	return append(dst, "null"...)
}

// size is about the length of the value's text.
func (v Value) size() int {
	switch v.kind {
	case KindString, KindNumber:
		return len(v.text) + len(`""`)
	case KindObject:
		return v.nested.size()
	case KindArray:
		n := len("[]")
		for i := range v.nested.items {
			n += v.nested.items[i].size() + len(",")
		}
		return n
	}
	return len("false")
}

// MarshalJSON is AppendJSON for encoding/json.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }
