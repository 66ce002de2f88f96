package ds

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

// Bounds that no source gives, in bytes.
const (
	maxType = 64
	maxOID  = 256
)

// checkType refuses what is no name of a type: letters, digits and underscores, a letter first.
func checkType(name string) error {
	for i, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) || i >= maxType {
			return gigya.InvalidArgumentBecause("type", fmt.Sprintf("want a letter, then letters, digits and underscores, at most %d", maxType))
		}
	}
	return nil
}

// checkOID refuses what is no id of an object.
func checkOID(oid string) error {
	if len(oid) > maxOID || !utf8.ValidString(oid) || strings.ContainsFunc(oid, unicode.IsControl) {
		return gigya.InvalidArgumentBecause("oid", fmt.Sprintf("want at most %d bytes of UTF-8 without control characters", maxOID))
	}
	return nil
}

// address is where an object is: its type, and its key within it.
type address struct {
	kind string
	key  store.DataKey
}

// addressOf checks the parameters that name an object. Sessions have objects of their own alone: another's UID is 403005.
func addressOf(c *method.Invocation, kind, oid, uid string) (address, error) {
	if err := checkType(kind); err != nil {
		return address{}, err
	}
	if err := checkOID(oid); err != nil {
		return address{}, err
	}
	if c.Caller.Class == caller.Session || uid != "" {
		var err error
		if uid, err = login.Target(c, uid); err != nil {
			return address{}, err
		}
	}
	return address{kind, store.DataKey{OID: oid, UID: uid}}, nil
}

// notFound turns the store's word for a missing object into the answer.
func notFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return gigya.NewError(gigya.NotFound, "")
	}
	return err
}

// typeSchema returns the schema of a type that was read with the error; one that is not there has none and may have anything.
func typeSchema(t *store.DataType, err error) (*schema.ObjectSchema, error) {
	var stored []byte
	switch {
	case err == nil:
		stored = t.Schema
	case !errors.Is(err, store.ErrNotFound):
		return nil, fmt.Errorf("reading a type: %w", err)
	}
	return schema.ParseObject(stored)
}

// renewed returns the object with other data, as of now. A value that the object has already and does not hold, because it is
// older than the rule that made it unique, is not claimed: existing duplicates stay.
func renewed(c *method.Invocation, s *schema.ObjectSchema, o *store.DataObject, before, after *document.Object) *store.DataObject {
	changed := *o
	changed.Data = after.JSON()
	changed.LastUpdated = clock.FromTime(c.Now)
	had := s.UniqueValues(before)
	changed.Unique = nil
	for _, hash := range s.UniqueValues(after) {
		if contains(o.Unique, hash) || !contains(had, hash) {
			changed.Unique = append(changed.Unique, hash)
		}
	}
	return &changed
}

func contains[H ~[32]byte](all []H, hash [32]byte) bool {
	for _, h := range all {
		if h == H(hash) {
			return true
		}
	}
	return false
}

// split reads a comma list of paths of fields, each with the member data before it or without. all tells that every field is
// meant: the list is empty, or holds "*" or the whole of data.
func split(fields method.List) (paths []string, all bool) {
	for _, path := range fields {
		path = strings.TrimPrefix(path, "data.")
		if path == "*" || path == "data" {
			return nil, true
		}
		paths = append(paths, path)
	}
	return paths, len(paths) == 0
}
