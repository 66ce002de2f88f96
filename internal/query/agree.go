package query

import (
	"fmt"
	"slices"
	"strings"
)

// agree refuses clauses that do not go together, whatever their fields are. The error is a *[SyntaxError].
func (q *Query) agree() error {
	if !q.Aggregates() && len(q.Group) == 0 {
		return nil
	}
	if q.Filter != nil {
		return &SyntaxError{q.Filter.At, "FILTER cuts arrays of rows: it does not go with aggregates and GROUP BY"}
	}
	for _, item := range q.Select {
		if item.Func == 0 && len(q.Group) == 0 {
			return &SyntaxError{item.At, "a field beside an aggregate needs GROUP BY"}
		}
	}
	return nil
}

// Agree refuses aggregates of several fields, and what is selected or ordered by beside the fields of GROUP BY. named
// returns what the source calls the field that a path names: it may have several names. The error is a *[SyntaxError].
func (q *Query) Agree(named func(Path) Path) error {
	var field Path
	for _, item := range q.Select {
		switch {
		case item.Func == 0 || len(item.Path) == 0:
		case field == nil:
			field = item.Path
		case !named(field).Same(named(item.Path)):
			return &SyntaxError{item.At, fmt.Sprintf("all aggregates must be of one field: %s was expected", field)}
		}
	}
	if len(q.Group) == 0 {
		return nil
	}
	for _, item := range q.Select {
		if item.Func == 0 && !item.Star && q.Grouped(item.Path, named) < 0 {
			return &SyntaxError{item.At, fmt.Sprintf("%s must be in GROUP BY or in an aggregate", item.Path)}
		}
	}
	for _, o := range q.Order {
		if q.Grouped(o.Path, named) < 0 {
			return &SyntaxError{o.At, fmt.Sprintf("%s must be in GROUP BY: groups are ordered by their fields", o.Path)}
		}
	}
	return nil
}

// Grouped returns the place of the field in GROUP BY; -1: it is not there. named is that of [Query.Agree].
func (q *Query) Grouped(path Path, named func(Path) Path) int {
	path = named(path)
	return slices.IndexFunc(q.Group, func(c Column) bool { return named(c.Path).Same(path) })
}

// Same tells whether two paths name one field as they are written: case does not count.
func (p Path) Same(other Path) bool {
	if len(p) != len(other) {
		return false
	}
	for i := range p {
		if !strings.EqualFold(p[i], other[i]) {
			return false
		}
	}
	return true
}
