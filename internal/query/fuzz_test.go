package query_test

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/query"
)

// depth is the nesting of a condition: the canonical form may have brackets that the text had not.
func depth(e query.Expr) int {
	var parts []query.Expr
	switch e := e.(type) {
	case *query.And:
		parts = e.Parts
	case *query.Or:
		parts = e.Parts
	case *query.Not:
		parts = []query.Expr{e.X}
	}
	deepest := 0
	for _, part := range parts {
		deepest = max(deepest, depth(part))
	}
	return deepest + 1
}

func FuzzParse(f *testing.F) {
	for _, e := range examples {
		f.Add(e.query)
	}
	for _, e := range refusedExamples {
		f.Add(e.query)
	}
	for _, s := range []string{
		"select a.b.c d.e.f, `x``y`.\"z\" as 'al ias' from `odd source`;", "SELECT*FROM x WHERE!!a!=007 OR b NOT IN(+1,null,'it''s')\u00a0START 3 LIMIT 2",
		`SELECT @timestamp FROM x.y WHERE data.2021.order="\"\u00e9\ud83d\ude00\." AND(b contains -1e-5 or c<>false)ORDER BY d desc,e asc`, "SELECT '", "SELECT \xff FROM",
		"SELECT COUNT(*) AS n, std(a.`b c`) x, * FROM x WITH COUNTERS WHERE a regex('(a|b){2,3}[^x-z]\\.+') GROUP BY a, `order` ORDER BY a START 1;",
		`SELECT a FROM x FILTER a.b BY NOT a.b.c = 1 AND (a.b.d != regex("\\\"?") OR a.b IS NULL) LIMIT 2`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := query.Parse(text)
		if err != nil {
			var syntax *query.SyntaxError
			if !errors.As(err, &syntax) || q != nil {
				t.Fatalf("got %v, %v", q, err)
			}
			if syntax.Position < 1 || syntax.Position > utf8.RuneCountInString(text)+1 || syntax.Reason == "" {
				t.Fatalf("position %d in a text of %d characters: %s", syntax.Position, utf8.RuneCountInString(text), syntax.Reason)
			}
			return
		}
		canonical := q.String()
		if len(canonical) > query.MaxLength || depth(q.Where) > query.MaxDepth-2 || q.Filter != nil && depth(q.Filter.Keep) > query.MaxDepth-2 {
			return
		}
		again, err := query.Parse(canonical)
		if err != nil {
			t.Fatalf("%q became %q: %v", text, canonical, err)
		}
		if diff := cmp.Diff(q, again, withoutPlaces); diff != "" {
			t.Fatalf("%q became %q: %s", text, canonical, diff)
		}
		if again.String() != canonical {
			t.Fatalf("%q became %q", canonical, again.String())
		}
	})
}

// Whatever the row and the query: nothing panics, a result is an object, and it tells nothing that is null at its top.
func FuzzMatchAndProject(f *testing.F) {
	f.Add(`SELECT profile.likes.name AS x, *, data FROM a WHERE profile.age > 1 OR data.a CONTAINS 'x y' AND NOT b.c IN (1,'2')`, []byte(person))
	f.Add(`SELECT a.b, A.c FROM a WHERE a.b IS NULL ORDER BY a`, []byte(`{"a":[{"b":null,"c":[1e5,{"b":"\ud800"}]}],"A":"x_y"}`))
	f.Add(`SELECT a FROM a WHERE a = 1`, []byte(`{"a":[1,`))
	f.Fuzz(func(t *testing.T, text string, row []byte) {
		q, err := query.Parse(text)
		if err != nil || q.Aggregates() {
			return
		}
		holds := func(e query.Expr) bool {
			return query.Eval(e, func(path query.Path, c *query.Comparison) bool {
				_ = c.MatchRaw(row, path[1:])
				return c.MatchRaw(row, path)
			})
		}
		if holds(q.Where) == holds(&query.Not{X: q.Where}) {
			t.Fatal("a condition and its negation agree")
		}
		for _, o := range q.Order {
			if v := query.SortValue(row, o.Path); o.Compare(v, v) != 0 || o.Compare(query.Value{}, v) < 0 {
				t.Fatalf("%v does not sort", v)
			}
		}
		if document.Check(row, document.MaxDepth) != nil {
			_, _ = query.Project(row, q.Select)
			return
		}
		if q.Filter != nil {
			cut, err := query.FilterElements(row, q.Filter.Path, ofElement(q.Filter.Keep))
			if err != nil && document.KindOf(row) == document.KindObject || err == nil && !json.Valid(cut) {
				t.Fatalf("%s was filtered to %s, %v", row, cut, err)
			}
		}
		result, err := query.Project(row, q.Select)
		if err != nil || !json.Valid(result) {
			t.Fatalf("%s gave %s, %v", row, result, err)
		}
		again, err := query.Project(row, append(q.Select[:len(q.Select):len(q.Select)], q.Select...))
		if err != nil || string(again) != string(result) {
			t.Fatalf("selecting twice gave %s instead of %s", again, result)
		}
	})
}

// ofElement makes a condition over the elements of an array.
func ofElement(keep query.Expr) func([]byte) bool {
	return func(element []byte) bool {
		return query.Eval(keep, func(path query.Path, c *query.Comparison) bool { return c.MatchRaw(element, path) })
	}
}

// Whatever the expression: it is refused with a place, or it runs.
func FuzzPattern(f *testing.F) {
	for _, row := range patterns {
		f.Add(row.pattern, row.text)
	}
	for _, row := range refusedPatterns {
		f.Add(row.pattern, "a")
	}
	f.Fuzz(func(t *testing.T, expression, text string) {
		p, err := query.NewPattern(expression)
		if err != nil {
			if p != nil || err.Error() == "" {
				t.Fatalf("got %v, %v", p, err)
			}
			return
		}
		if p.Match(text) && !p.Fold().Match(text) {
			t.Fatalf("%q matches %q only with regard to case", expression, text)
		}
	})
}
