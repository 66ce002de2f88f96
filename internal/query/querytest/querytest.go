// Package querytest runs queries over rows in memory, in the plainest way: what a store's search must agree with.
//
// A row is the JSON text of a full row of the source. Nothing here is fast.
package querytest

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/doorward/doorward/internal/query"
)

// Filter returns the rows for which the condition holds, in their order.
func Filter(rows [][]byte, where query.Expr) [][]byte {
	var kept [][]byte
	for _, row := range rows {
		if query.Eval(where, func(path query.Path, c *query.Comparison) bool { return c.MatchRaw(row, path) }) {
			kept = append(kept, row)
		}
	}
	return kept
}

// Sort returns the rows in the order asked for: those without the field last in both directions, the UID deciding between
// equals.
func Sort(rows [][]byte, order []query.Order) [][]byte {
	sorted := slices.Clone(rows)
	uid := query.Path{"UID"}
	slices.SortStableFunc(sorted, func(a, b []byte) int {
		for _, o := range order {
			if n := o.Compare(query.SortValue(a, o.Path), query.SortValue(b, o.Path)); n != 0 {
				return n
			}
		}
		return cmp.Compare(query.SortValue(a, uid).Str, query.SortValue(b, uid).Str)
	})
	return sorted
}

// Run answers the query: the page of results, and the number of rows that satisfy the condition. A query without LIMIT
// gives all; count(*) gives one row.
func Run(rows [][]byte, q *query.Query) (results [][]byte, total int, err error) {
	found := Sort(Filter(rows, q.Where), q.Order)
	total = len(found)
	if q.Select[0].Count {
		return [][]byte{[]byte(`{"count(*)":` + strconv.Itoa(total) + `}`)}, total, nil
	}
	found = found[min(q.Start, total):]
	if q.HasLimit {
		found = found[:min(q.Limit, len(found))]
	}
	for _, row := range found {
		result, err := query.Project(row, q.Select)
		if err != nil {
			return nil, 0, err
		}
		results = append(results, result)
	}
	return results, total, nil
}
