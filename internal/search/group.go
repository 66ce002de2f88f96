package search

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/query"
)

// Bounds of GROUP BY: what it holds in memory.
const (
	// MaxGroups bounds the groups of a query.
	MaxGroups = 10000
	// maxGroupBytes bounds the values that tell them apart.
	maxGroupBytes = 16 << 20
)

// group is the rows with equal values in the fields of GROUP BY.
type group struct {
	values []query.Value
	tally  tally
}

// groups answers a query with GROUP BY in one pass over the rows: one row a group, those without a value in a group of their
// own.
func (p *Prepared) groups(ctx context.Context) (*Result, error) {
	found := map[string]*group{}
	size := 0
	var key []byte
	rows, err := p.values(ctx, p.columns, func(values []query.Value, v query.Value) error {
		key = appendKey(key[:0], values)
		g := found[string(key)]
		if g == nil {
			if size += len(key); len(found) == MaxGroups || size > maxGroupBytes {
				return &query.SyntaxError{Position: p.query.Group[0].At, Reason: fmt.Sprintf("there are more than %d groups, or their values are too long: narrow the condition", MaxGroups)}
			}
			g = &group{values: slices.Clone(values)}
			found[string(key)] = g
		}
		g.tally.add(v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	result := &Result{Total: rows}
	paths, places := p.shownGroups()
	sorted := p.sorted(found)
	sorted = sorted[min(p.query.Start, len(sorted)):]
	for _, g := range sorted[:min(p.limit(), len(sorted))] {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(result.Rows) > MaxPage {
			return nil, tooLarge(MaxPage, "use a smaller LIMIT")
		}
		if result.Count > 0 {
			result.Rows = append(result.Rows, ',')
		}
		shown, err := p.chosen.Apply(groupRow(g.values, paths, places))
		if err != nil {
			return nil, err
		}
		result.Rows = p.appendAggregates(result.Rows, shown, &g.tally)
		result.Count++
	}
	return result, nil
}

// appendKey appends bytes that are equal for equal values only. Numbers are equal whatever they are written like.
func appendKey(dst []byte, values []query.Value) []byte {
	for _, v := range values {
		start := len(dst)
		dst = query.AppendSortKey(append(dst, 0, 0, 0, 0), v)
		binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start))
	}
	return dst
}

// sorted returns the groups in the order of the query, and in that of their values where it says nothing.
func (p *Prepared) sorted(found map[string]*group) []*group {
	sorted := make([]*group, 0, len(found))
	for _, g := range found {
		sorted = append(sorted, g)
	}
	orders := make([]query.Order, 0, len(p.query.Order)+len(p.columns))
	places := make([]int, 0, cap(orders))
	for _, o := range p.query.Order {
		orders = append(orders, o)
		places = append(places, p.query.Grouped(o.Path, p.named))
	}
	for i := range p.columns {
		orders = append(orders, query.Order{})
		places = append(places, i)
	}
	slices.SortFunc(sorted, func(a, b *group) int {
		for i, o := range orders {
			if n := o.Compare(a.values[places[i]], b.values[places[i]]); n != 0 {
				return n
			}
		}
		return cmp.Compare(len(a.values), len(b.values))
	})
	return sorted
}

// shownGroups are the values of a group that its row has, each at the path that SELECT has for it.
func (p *Prepared) shownGroups() (paths []query.Path, places []int) {
	for _, item := range p.query.Select {
		switch {
		case item.Star:
			for i, c := range p.query.Group {
				paths, places = append(paths, c.Path), append(places, i)
			}
		case item.Func == 0:
			paths, places = append(paths, item.Path), append(places, p.query.Grouped(item.Path, p.named))
		}
	}
	return paths, places
}

// groupRow returns a row that has the values at the paths, for SELECT to choose from.
func groupRow(values []query.Value, paths []query.Path, places []int) []byte {
	row := &document.Object{}
	for i, path := range paths {
		if v := values[places[i]]; v.Kind != query.Null {
			row.SetPath(path, valueOf(v))
		}
	}
	return row.JSON()
}

func valueOf(v query.Value) document.Value {
	switch v.Kind {
	case query.Bool:
		return document.Boolean(v.Bool)
	case query.Number:
		return document.Number(string(number(v)))
	}
	return document.String(v.Str)
}

// appendAggregates appends the object with the aggregates as further members, of it or of the member that they are put in. A
// name is there once: the last of those that have it.
func (p *Prepared) appendAggregates(dst, object []byte, t *tally) []byte {
	// Both are JSON that was made here.
	row, _ := document.ParseObject(object)
	if row == nil {
		row = &document.Object{}
	}
	for _, item := range p.query.Select {
		if item.Func == 0 {
			continue
		}
		path := []string{item.Name()}
		if p.within != "" {
			path = []string{p.within, item.Name()}
		}
		v, _ := document.Parse(t.result(item.Func, len(item.Path) == 0))
		row.SetPath(path, v)
	}
	return row.AppendJSON(dst)
}

// iso writes a time the way that a row shows it.
func iso(v query.Value) query.Value {
	ms, err := strconv.ParseInt(v.Num, 10, 64)
	if v.Kind != query.Number || err != nil {
		return v
	}
	return query.Value{Kind: query.String, Str: clock.Millis(ms).ISO()}
}
