package dataobject_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/dataobject"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

func codeOf(err error) gigya.Code {
	var failure *gigya.Error
	errors.As(err, &failure)
	if failure == nil {
		return 0
	}
	return failure.Code
}

func TestNamesAndBounds(t *testing.T) {
	for name, want := range map[string]gigya.Code{
		"": 400006, "a": 0, "Orders_2": 0, strings.Repeat("x", 64): 0, strings.Repeat("x", 65): 400006, "1a": 400006, "_a": 400006, "a b": 400006, "ä": 400006, "a-b": 400006,
	} {
		if got := codeOf(dataobject.CheckType(name)); got != want {
			t.Errorf("type %q: %d, want %d", name, got, want)
		}
	}
	for oid, want := range map[string]gigya.Code{
		"1": 0, "zoë / 2": 0, strings.Repeat("x", 256): 0, strings.Repeat("x", 257): 400006, "a\n": 400006, "\xff": 400006,
	} {
		if got := codeOf(dataobject.CheckOID(oid)); got != want {
			t.Errorf("oid %q: %d, want %d", oid, got, want)
		}
	}
	for name, test := range map[string]struct {
		text string
		want gigya.Code
	}{
		"an object":           {`{"a.b":1}`, 0},
		"as large as it may":  {`{"a":"` + strings.Repeat("x", dataobject.MaxData-len(`{"a":""}`)) + `"}`, 0},
		"larger":              {`{"a":"` + strings.Repeat("x", dataobject.MaxData) + `"}`, 413003},
		"blanks":              {`{"a":1` + strings.Repeat(" ", 4*dataobject.MaxData) + `}`, 413003},
		"an array":            {`[]`, 400006},
		"a name that is none": {`{"__proto__":1}`, 400006},
	} {
		if _, err := dataobject.Read([]byte(test.text)); codeOf(err) != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// records are an object and its type, nil if they are not there.
func records(o *store.DataObject, kind *store.DataType) dataobject.Records {
	return dataobject.Records{
		Object: func(string, store.DataKey) (*store.DataObject, error) {
			if o == nil {
				return nil, store.ErrNotFound
			}
			found := *o
			return &found, nil
		},
		Type: func(string) (*store.DataType, error) {
			if kind == nil {
				return nil, store.ErrNotFound
			}
			found := *kind
			return &found, nil
		},
	}
}

func TestAPlanHoldsValuesThatNobodyHeldBefore(t *testing.T) {
	kind := &store.DataType{Group: "g", Name: "t", Rev: 3, Schema: []byte(`{"unique":[["n"]],"learned":{"n":"long"}}`)}
	plan := func(o *store.DataObject, data string) *dataobject.Planned {
		t.Helper()
		patch, err := dataobject.Read([]byte(data))
		if err != nil {
			t.Fatal(err)
		}
		w := dataobject.Write{Group: "g", At: dataobject.Address{Type: "t", Key: store.DataKey{OID: "1"}}, Patch: patch, How: schema.ArraySet, Server: true, Now: 50}
		p, err := w.Plan(records(o, kind))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	made := plan(nil, `{"n":1}`)
	if made.Extended || len(made.Object.Unique) != 1 || made.Object.Created != 50 || string(made.Object.Data) != `{"n":1}` {
		t.Errorf("a new object is %+v", made.Object)
	}
	made.Restore(10, 20, []int{0, 7, -1})
	if len(made.Object.Unique) != 0 || made.Object.Created != 10 || made.Object.LastUpdated != 20 {
		t.Errorf("restored it is %+v", made.Object)
	}
	// It keeps out of the value that it shares, and takes the next.
	made.Object.Rev = 1
	if p := plan(made.Object, `{"x":2}`); len(p.Object.Unique) != 0 || !p.Extended || p.Object.LastUpdated != 50 || p.Object.Created != 10 {
		t.Errorf("changed otherwise it is %+v", p.Object)
	}
	if p := plan(made.Object, `{"n":2}`); len(p.Object.Unique) != 1 {
		t.Errorf("with another value it is %+v", p.Object)
	}
	found, err := records(made.Object, kind).Find(dataobject.Address{Type: "t"})
	if err != nil || string(found.Data.JSON()) != `{"n":1}` || len(dataobject.Shared(found.Schema, found.Object, found.Data)) != 1 {
		t.Errorf("found %+v (%v)", found, err)
	}
	if _, err := records(nil, kind).Find(dataobject.Address{Type: "t"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a missing object: %v", err)
	}
}

// TestWhichUniqueValuesAnObjectHolds: those that it held and still has, and those that are new; not what it only had.
func TestWhichUniqueValuesAnObjectHolds(t *testing.T) {
	s, err := schema.ParseObject([]byte(`{"fields":{"a":{"type":"string"},"b":{"type":"string"}},"unique":[["a"],["b"]]}`))
	if err != nil {
		t.Fatal(err)
	}
	data := func(text string) *document.Object {
		o, err := schema.ReadObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	hashes := func(text string) (list []store.Hash) {
		for _, hash := range s.UniqueValues(data(text)) {
			list = append(list, hash)
		}
		return list
	}
	for _, c := range []struct {
		name, before, after string
		held, want          []store.Hash
	}{
		{"another field changes", `{"a":"1","b":"1"}`, `{"a":"1","b":"2"}`, hashes(`{"a":"1","b":"1"}`), hashes(`{"a":"1","b":"2"}`)},
		{"one goes", `{"a":"1","b":"1"}`, `{"b":"1"}`, hashes(`{"a":"1","b":"1"}`), hashes(`{"b":"1"}`)},
		{"a duplicate from before the rule stays one", `{"a":"1","b":"1"}`, `{"a":"1","b":"2"}`, hashes(`{"b":"1"}`), hashes(`{"b":"2"}`)},
		{"a duplicate from before the rule takes another value", `{"a":"1"}`, `{"a":"2"}`, nil, hashes(`{"a":"2"}`)},
	} {
		o := dataobject.Renewed(s, &store.DataObject{Unique: c.held}, data(c.before), data(c.after), 7)
		if !slices.Equal(o.Unique, c.want) || o.LastUpdated != 7 {
			t.Errorf("%s: it holds %x, want %x", c.name, o.Unique, c.want)
		}
	}
}
