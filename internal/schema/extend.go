package schema

import (
	"encoding/json"
	"fmt"

	"github.com/doorward/doorward/internal/document"
)

// Extend returns what the site stores after a server wrote the data patch: with the fields that the dynamic data schema
// did not have, with access serverOnly and a type taken from the value. false: there is none, which is so for every patch
// but the first of its kind; the stored text stays as it is. [Schema.CheckData] must have passed the patch; fields that
// it refuses are left out here. The error is a *gigya.Error 400020 when the site has as many fields as are allowed.
//
// Two writes at the same time may both find a new field. The caller therefore extends, in its transaction, the schema
// that it reads there.
func (s *Schema) Extend(patch *document.Object) (json.RawMessage, bool, error) {
	c := s.unknown(patch)
	if c == nil {
		return nil, false, nil
	}
	own := s.own.Clone()
	for _, path := range c.found.order {
		own.SetPath([]string{dynamicFields, path}, document.String(c.found.types[path]))
	}
	base, err := parseDefaults()
	if err != nil {
		return nil, false, err
	}
	if err := checkNumber(base, own); err != nil {
		return nil, false, err
	}
	if err := checkTree(findSection("dataSchema"), base, own); err != nil {
		return nil, false, fmt.Errorf("extending the data schema: %w", err)
	}
	return inOrder(own).JSON(), true, nil
}

// Explicit is what a site has stored with the fields that came into being by being written among the others: as files have it, which
// say of each field alike what is in force.
func Explicit(stored json.RawMessage) (json.RawMessage, error) {
	own, err := parseStored(stored)
	if err != nil {
		return nil, err
	}
	found := sectionOf(own, dynamicFields)
	if found == nil {
		return stored, nil
	}
	own.Delete(dynamicFields)
	for path, kind := range found.All() {
		at := []string{"dataSchema", "fields", path, "type"}
		if _, ok := own.Lookup(at); !ok {
			own.SetPath(at, kind)
		}
	}
	return inOrder(own).JSON(), nil
}

// unknown returns a checker that has found the fields of the patch that the dynamic data schema has not; nil: none.
func (s *Schema) unknown(patch *document.Object) *checker {
	if !s.data.dynamic || patch.Len() == 0 {
		return nil
	}
	c := &checker{section: &s.data, server: true}
	c.members("", patch, false)
	before := len(c.items)
	c.newConflicts()
	if len(c.found.order) == 0 || len(c.items) > before {
		return nil
	}
	return c
}
