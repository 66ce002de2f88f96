package query_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/query"
)

func TestScalarsAreTheValuesThatComparisonsLookAt(t *testing.T) {
	for _, tt := range []struct{ doc, path, want string }{
		{`{"a":1}`, "a", "1 "},
		{`{"a":null}`, "a", ""},
		{`{"a":[]}`, "a", ""},
		{`{"a":{"b":"x"}}`, "a", ""},
		{`{"a":{"b":"x"}}`, "a.b", "x "},
		{`{"a":[{"b":"x y"},{"b":["z",true]}]}`, "a.b", "x y ,z in,true in"},
		{`{"a":["x",["y",null,[2]]]}`, "a", "x in,y in,2 in"},
		{`{"A":"x"}`, "a", "x "},
		{``, "a", ""},
		{`{`, "a", ""},
	} {
		var got []string
		query.Scalars([]byte(tt.doc), strings.Split(tt.path, "."), func(v query.Value, element bool) bool {
			in := ""
			if element {
				in = "in"
			}
			got = append(got, fmt.Sprint(v.Text(), " ", in))
			return true
		})
		if text := strings.Join(got, ","); text != tt.want {
			t.Errorf("%s of %s: %q, want %q", tt.path, tt.doc, text, tt.want)
		}
	}
}

func TestAScalarThatIsEnoughEndsTheWalk(t *testing.T) {
	n := 0
	query.Scalars([]byte(`{"a":[1,[2,3],4]}`), query.Path{"a"}, func(query.Value, bool) bool { n++; return n < 2 })
	if n != 2 {
		t.Errorf("%d values", n)
	}
}
