package query

import (
	"fmt"
	"strings"
)

// agree refuses clauses that do not go together. The error is a *[SyntaxError].
func (q *Query) agree() error {
	if !q.Aggregates() && len(q.Group) == 0 {
		return nil
	}
	if err := q.oneField(); err != nil {
		return err
	}
	if q.Filter != nil {
		return &SyntaxError{q.Filter.At, "FILTER cuts arrays of rows: it does not go with aggregates and GROUP BY"}
	}
	for _, item := range q.Select {
		switch {
		case item.Func != 0:
		case len(q.Group) == 0:
			return &SyntaxError{item.At, "a field beside an aggregate needs GROUP BY"}
		case !item.Star && !q.grouped(item.Path):
			return &SyntaxError{item.At, fmt.Sprintf("%s must be in GROUP BY or in an aggregate", item.Path)}
		}
	}
	if len(q.Group) == 0 {
		return nil
	}
	for _, o := range q.Order {
		if !q.grouped(o.Path) {
			return &SyntaxError{o.At, fmt.Sprintf("%s must be in GROUP BY: groups are ordered by their fields", o.Path)}
		}
	}
	return nil
}

// oneField refuses aggregates of different fields.
func (q *Query) oneField() error {
	var field Path
	for _, item := range q.Select {
		switch {
		case item.Func == 0 || len(item.Path) == 0:
		case field == nil:
			field = item.Path
		case !field.Same(item.Path):
			return &SyntaxError{item.At, fmt.Sprintf("all aggregates must be of one field: %s was expected", field)}
		}
	}
	return nil
}

func (q *Query) grouped(path Path) bool {
	for _, g := range q.Group {
		if g.Path.Same(path) {
			return true
		}
	}
	return false
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
