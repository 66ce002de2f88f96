package dataobject

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

// Bounds that no source gives, in bytes.
const (
	maxType = 64
	maxOID  = 256
)

// MaxData bounds the data of one object, as compact JSON, in bytes (documented).
const MaxData = 512 << 10

// maxSent bounds data as they are sent, blanks included: what is read to find out that it is too much.
const maxSent = 4 * MaxData

// Address is where an object is: its type, and its key within it.
type Address struct {
	Type string
	Key  store.DataKey
}

// CheckType refuses with 400006 what is no name of a type: letters, digits and underscores, a letter first.
func CheckType(name string) error {
	valid := name != "" && len(name) <= maxType
	for i, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		valid = valid && (letter || i > 0 && (c == '_' || '0' <= c && c <= '9'))
	}
	if !valid {
		return gigya.InvalidArgumentBecause("type", fmt.Sprintf("want a letter, then letters, digits and underscores, at most %d", maxType))
	}
	return nil
}

// CheckOID refuses with 400006 what is no id of an object.
func CheckOID(oid string) error {
	if len(oid) > maxOID || !utf8.ValidString(oid) || strings.ContainsFunc(oid, unicode.IsControl) {
		return gigya.InvalidArgumentBecause("oid", fmt.Sprintf("want at most %d bytes of UTF-8 without control characters", maxOID))
	}
	return nil
}

// Read reads the data of an object as they are sent. The error is 400006, or 413003.
func Read(text []byte) (*document.Object, error) {
	if len(text) > maxSent {
		return nil, tooLarge()
	}
	data, err := schema.ReadObject(text)
	if err != nil {
		return nil, gigya.InvalidArgumentBecause("data", err.Error())
	}
	if len(data.JSON()) > MaxData {
		return nil, tooLarge()
	}
	return data, nil
}

func tooLarge() error {
	return gigya.NewError(gigya.ObjectTooLarge, fmt.Sprintf("Object too large: an object has at most %d bytes of data", MaxData))
}

// SchemaOf returns the schema of a type that was read with the error; one that is not there has none and may have anything.
func SchemaOf(t *store.DataType, err error) (*schema.ObjectSchema, error) {
	var stored []byte
	switch {
	case err == nil:
		stored = t.Schema
	case !errors.Is(err, store.ErrNotFound):
		return nil, fmt.Errorf("reading a type: %w", err)
	}
	return schema.ParseObject(stored)
}

// Renewed returns the object with other data, as of now. A value that the object has already and does not hold, because it is
// older than the rule that made it unique, is not claimed: existing duplicates stay.
func Renewed(s *schema.ObjectSchema, o *store.DataObject, before, after *document.Object, now clock.Millis) *store.DataObject {
	changed := *o
	changed.Data = after.JSON()
	changed.LastUpdated = now
	had := s.UniqueValues(before)
	changed.Unique = nil
	for _, hash := range s.UniqueValues(after) {
		if slices.Contains(o.Unique, store.Hash(hash)) || !slices.Contains(had, hash) {
			changed.Unique = append(changed.Unique, hash)
		}
	}
	return &changed
}

// Shared returns which of the object's unique values, by their place among them, it has and does not hold: another object had
// each of them already when it was made unique.
func Shared(s *schema.ObjectSchema, o *store.DataObject, data *document.Object) []int {
	var shared []int
	for i, hash := range s.UniqueValues(data) {
		if !slices.Contains(o.Unique, store.Hash(hash)) {
			shared = append(shared, i)
		}
	}
	return shared
}
