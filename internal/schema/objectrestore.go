package schema

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/doorward/doorward/internal/document"
)

// RestoreObject returns what a type stores of a schema that another installation stored: the same bytes. Declared fields and
// constraints are checked as [MergeObjectSchema] checks them, and so are the types that were learned and the paths that were
// retired. The error says what is wrong.
func RestoreObject(stored *document.Object) (json.RawMessage, error) {
	declared := &document.Object{}
	for name, v := range stored.All() {
		switch name {
		case objectFields, objectUnique, objectDynamic:
			declared.Set(name, v)
		case objectLearned, objectRetired:
		default:
			return nil, fmt.Errorf("%q is no member of a schema", name)
		}
	}
	merged, err := MergeObjectSchema(nil, declared)
	if err != nil {
		return nil, err
	}
	s, err := ParseObject(merged)
	if err != nil {
		return nil, err
	}
	learned, _ := stored.Get(objectLearned)
	for path, kind := range learned.Object().All() {
		if err := CheckObjectPath(path); err != nil {
			return nil, err
		}
		if err := objectType(kind); err != nil {
			return nil, fmt.Errorf("the type of %s %w", path, err)
		}
		s.learned.Set(path, kind)
	}
	retired, _ := stored.Get(objectRetired)
	for _, v := range retired.Items() {
		if err := CheckObjectPath(v.Str()); err != nil {
			return nil, err
		}
		s.retire(v.Str())
	}
	if !retired.IsNull() && retired.Kind() != document.KindArray || !learned.IsNull() && learned.Kind() != document.KindObject {
		return nil, errors.New("learned must be an object and retired an array")
	}
	return s.checked()
}

// ReplaceObject returns what a type stores when the schema, made by [RestoreObject], replaces its present one: what was deleted
// from it for good stays deleted.
func ReplaceObject(present, by json.RawMessage) (json.RawMessage, error) {
	was, err := ParseObject(present)
	if err != nil || len(was.retired) == 0 {
		return by, err
	}
	s, err := ParseObject(by)
	if err != nil {
		return nil, err
	}
	for _, path := range was.retired {
		if !s.isRetired(path) {
			s.retire(path)
		}
	}
	return s.withoutRetired()
}
