package ds_test

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/doorward/doorward/internal/api/ds"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// interposedStore does something else once, right before the next change.
type interposedStore struct {
	store.Store
	before func()
}

func (s *interposedStore) Change(ctx context.Context, fn func(store.Tx) error) error {
	if before := s.before; before != nil {
		s.before = nil
		before()
	}
	return s.Store.Change(ctx, fn)
}

// TestAWriteIsHeldAgainstWhatIsThere has somebody else be faster, between the time that a write was worked out at and its
// transaction.
func TestAWriteIsHeldAgainstWhatIsThere(t *testing.T) {
	const invalid = "400020 Schema validation failed: "
	for name, tt := range map[string]struct {
		faster     []string
		data       string
		want, left string
	}{
		"a format was set":         {p("ds.setSchema", "type", "t", "dataSchema", `{"fields":{"a":{"format":"regex('[A-Z]+')"}}}`), `{"a":"small"}`, invalid + "invalid format for field: a", `{"a":"A","n":[1]}`},
		"a field was retired":      {p("ds.deleteSchemaFields", "type", "t", "dataSchema", `["a"]`), `{"a":"b"}`, invalid + "unknown field: a", `{"n":[1]}`},
		"the type became strict":   {p("ds.setSchema", "type", "t", "dataSchema", `{"dynamicSchema":false}`), `{"new":1}`, invalid + "unknown field: new", `{"a":"A","n":[1]}`},
		"a value was made unique":  {p("ds.setSchema", "type", "t", "dataSchema", `{"unique":["a"]}`), `{"a":"B"}`, `{"oid":"1"}`, `{"a":"B","n":[1]}`},
		"a field has another type": {p("ds.store", "type", "t", "oid", "2", "data", `{"new":"text"}`), `{"new":1}`, invalid + "invalid type for field: new", `{"a":"A","n":[1]}`},
		"the object was changed":   {p("ds.store", "type", "t", "oid", "1", "data", `{"n":[2],"b":1}`), `{"n":[3]}`, `{"oid":"1"}`, `{"a":"A","n":[1,2,3],"b":1}`},
		"the object was deleted":   {p("ds.delete", "type", "t", "oid", "1"), `{"n":[3]}`, `{"oid":"1"}`, `{"n":[3]}`},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.call(server, "ds.store", "type", "t", "oid", "1", "data", `{"a":"A","n":[1]}`)
			between := &interposedStore{Store: h.store}
			plain := h.Methods
			h.Methods = method.NewTable(ds.Methods(ds.Deps{Store: between, Tokens: &token.Tokens{}, Rand: rand.Reader})...)
			between.before = func() {
				interposed := h.Methods
				h.Methods = plain
				h.call(server, tt.faster[0], tt.faster[1:]...)
				h.Methods = interposed
			}
			h.play([]step{{nil, "ds.store", p("type", "t", "oid", "1", "data", tt.data), tt.want}})
			if got := h.data("t", "1", ""); got != tt.left {
				t.Errorf("left %s, want %s", got, tt.left)
			}
		})
	}
	t.Run("the first object of a type, twice", func(t *testing.T) {
		h := newHouse(t)
		between := &interposedStore{Store: h.store, before: func() {
			h.call(server, "ds.store", "type", "new", "oid", "1", "data", `{"n":[1],"a":"x"}`)
		}}
		plain := h.Methods
		h.Methods = method.NewTable(ds.Methods(ds.Deps{Store: between, Tokens: &token.Tokens{}, Rand: rand.Reader})...)
		first := between.before
		between.before = func() {
			interposed := h.Methods
			h.Methods = plain
			first()
			h.Methods = interposed
		}
		h.play([]step{{nil, "ds.store", p("type", "new", "oid", "1", "data", `{"n":[2]}`), `{"oid":"1"}`}})
		if got := h.data("new", "1", ""); got != `{"n":[1,2],"a":"x"}` {
			t.Error(got)
		}
	})
}
