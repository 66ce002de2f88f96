// Package querytest runs whole queries over rows in memory, in the plainest way: what every store and the executor above it must
// agree with. It shares the tree of a query with package query, and nothing else: it compares, selects, groups and sums on
// decoded values, slowly, so that it can be trusted by reading it. [Rows], [Text] and their like draw random rows and queries.
package querytest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/query"
)

// Table is a source: rows, each the JSON text of a full row.
type Table struct {
	Rows [][]byte
	// Types are the types that a schema gives to fields, by their dotted paths: date, long, basic-string. A field without one
	// is taken as it is.
	Types map[string]string
}

// Answer is the answer to a query.
type Answer struct {
	// Results are decoded JSON values; see [Decode].
	Results []any
	// Total is the number of rows that satisfy the condition.
	Total int
}

// Run answers the query. A query without LIMIT gives everything.
func (t Table) Run(q *query.Query) Answer {
	var found []any
	for _, text := range t.Rows {
		if row := Decode(text); t.holds(row, q.Where, nil) {
			found = append(found, row)
		}
	}
	answer := Answer{Results: []any{}, Total: len(found)}
	switch {
	case len(q.Group) > 0:
		answer.Results = append(answer.Results, page(q, t.groups(q, found))...)
	case q.Aggregates():
		answer.Results = append(answer.Results, aggregates(q, map[string]any{}, t, found))
	default:
		t.sort(found, append(slices.Clone(q.Order), query.Order{Path: query.Path{"UID"}}))
		for _, row := range page(q, found) {
			if q.Filter != nil {
				row = t.filter(row, q.Filter.Path, q.Filter)
			}
			answer.Results = append(answer.Results, project(row, q.Select))
		}
	}
	return answer
}

// Find returns the UIDs of the rows that satisfy the condition, in the order.
func (t Table) Find(where query.Expr, order []query.Order) []string {
	q := &query.Query{Select: []query.Item{{Path: query.Path{"UID"}}}, Where: where, Order: order}
	uids := []string{}
	for _, row := range t.Run(q).Results {
		uids = append(uids, row.(map[string]any)["UID"].(string))
	}
	return uids
}

// page cuts out what START and LIMIT say.
func page(q *query.Query, rows []any) []any {
	rows = rows[min(q.Start, len(rows)):]
	if q.HasLimit {
		rows = rows[:min(q.Limit, len(rows))]
	}
	return rows
}

// Decode reads a JSON text. Numbers keep their texts.
func Decode(text []byte) any {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		panic(fmt.Sprintf("a row that is no JSON: %v", err))
	}
	return v
}

// member finds a member by its name, or else by the name without regard to case.
func member(v any, name string) (stored string, value any) {
	object, _ := v.(map[string]any)
	if value, ok := object[name]; ok {
		return name, value
	}
	for stored, value := range object {
		if strings.EqualFold(stored, name) {
			return stored, value
		}
	}
	return "", nil
}

// reach returns everything that the path leads to. Arrays on the way are stepped through, one at the end is handed over.
func reach(v any, path query.Path) []any {
	if len(path) == 0 {
		return []any{v}
	}
	if list, ok := v.([]any); ok {
		var all []any
		for _, item := range list {
			all = append(all, reach(item, path)...)
		}
		return all
	}
	if stored, value := member(v, path[0]); stored != "" {
		return reach(value, path[1:])
	}
	return nil
}

// scalars returns the texts, numbers and booleans in the values, those within arrays too.
func scalars(values []any) (all []any) {
	for _, v := range values {
		switch v := v.(type) {
		case []any:
			all = append(all, scalars(v)...)
		case string, json.Number, bool:
			all = append(all, v)
		}
	}
	return all
}

// first is the value that a row is sorted and grouped by; nil: none.
func (t Table) first(row any, path query.Path) any {
	for _, v := range scalars(reach(row, path)) {
		return v
	}
	return nil
}

func (t Table) typeOf(path query.Path) string { return t.Types[path.String()] }

// sort sorts rows; those without a value come last in both directions.
func (t Table) sort(rows []any, order []query.Order) {
	slices.SortStableFunc(rows, func(a, b any) int {
		for _, o := range order {
			x, y := t.first(a, o.Path), t.first(b, o.Path)
			if o.As == query.AsTime || t.typeOf(o.Path) == "date" {
				x, y = instant(x), instant(y)
			}
			if n := compareInOrder(x, y, o.Desc); n != 0 {
				return n
			}
		}
		return 0
	})
}

func compareInOrder(x, y any, desc bool) int {
	if x == nil || y == nil {
		return cmp.Compare(kindOrder(x), kindOrder(y))
	}
	n := cmp.Compare(kindOrder(x), kindOrder(y))
	if n == 0 {
		switch v := x.(type) {
		case string:
			n = strings.Compare(v, y.(string))
		case json.Number:
			n = rat(v).Cmp(rat(y.(json.Number)))
		case bool:
			n = strings.Compare(fmt.Sprint(v), fmt.Sprint(y))
		}
	}
	if desc {
		return -n
	}
	return n
}

// kindOrder: booleans, numbers, texts, nothing.
func kindOrder(v any) int {
	switch v.(type) {
	case bool:
		return 1
	case json.Number:
		return 2
	case string:
		return 3
	}
	return 4
}
