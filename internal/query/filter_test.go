package query_test

import (
	"testing"

	"github.com/doorward/doorward/internal/query"
)

func TestFilterCutsArrays(t *testing.T) {
	const row = `{"UID":"u","list":[{"a":1,"b":"x"},{"a":2},3,null,[{"a":1}]],"deep":[{"in":[{"a":1},{"a":2}]},{"in":{"a":1}}],"o":{"a":1}}`
	for _, c := range []struct{ path, keep, want string }{
		{"list", "a = 1", `{"UID":"u","list":[{"a":1,"b":"x"},[{"a":1}]],"deep":[{"in":[{"a":1},{"a":2}]},{"in":{"a":1}}],"o":{"a":1}}`},
		{"LIST", "a IS NULL", `{"UID":"u","list":[3,null],"deep":[{"in":[{"a":1},{"a":2}]},{"in":{"a":1}}],"o":{"a":1}}`},
		{"list", "a > 5", `{"UID":"u","list":[],"deep":[{"in":[{"a":1},{"a":2}]},{"in":{"a":1}}],"o":{"a":1}}`},
		{"deep.in", "NOT a = 1", `{"UID":"u","list":[{"a":1,"b":"x"},{"a":2},3,null,[{"a":1}]],"deep":[{"in":[{"a":2}]},{"in":{"a":1}}],"o":{"a":1}}`},
		{"o", "a = 5", row},
		{"missing.x", "a = 5", row},
		{"UID", "a = 5", row},
	} {
		keep := parse(t, "SELECT * FROM x WHERE "+c.keep).Where
		got, err := query.FilterElements([]byte(row), path(c.path), ofElement(keep))
		if err != nil || string(got) != c.want {
			t.Errorf("%s BY %s\n got %s, %v\nwant %s", c.path, c.keep, got, err, c.want)
		}
	}
	if got, err := query.FilterElements([]byte(`{}`), path("a"), ofElement(nil)); err != nil || string(got) != "{}" {
		t.Errorf("an empty row became %s, %v", got, err)
	}
	if _, err := query.FilterElements([]byte(`{"a":[1`), path("a"), ofElement(nil)); err == nil {
		t.Error("a text that is no object was filtered")
	}
}
