package search

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// Bounds of a search.
const (
	// DefaultLimit is the number of rows of a page where the query says none.
	DefaultLimit = 300
	// MaxLimit caps a page; a larger LIMIT is no error and has no effect.
	MaxLimit = 10000
	// MaxStart bounds START: who wants more pages takes a cursor.
	MaxStart = 5000
	// MaxPage bounds a page in bytes. With a cursor a page that would be larger is cut, without one it is refused.
	MaxPage = 64 << 20
	// maxWritten bounds a page as answers write it, a value a line: deep within a document, a digit takes more than a hundred bytes.
	maxWritten = 4 * MaxPage
	// lightPage is up to which size, in bytes, what a page takes as it is written is not asked.
	lightPage = 4 << 20
)

// Window says which part of the result is asked for.
type Window struct {
	// After goes on behind a row; nil: from the beginning, or from START.
	After *store.Position
	// More asks where the next page begins, and lets a page be shorter than LIMIT.
	More bool
	// Total asks for the number of all rows that satisfy the condition.
	Total bool
}

// Result is a part of the result of a query.
type Result struct {
	// Rows are JSON objects with commas between them.
	Rows []byte
	// Count is their number.
	Count int
	// Total is the number of rows that satisfy the condition, if it was asked for.
	Total int64
	// Next is the place of the last row, if More was asked for and there are more.
	Next *store.Position
}

// Rows tells whether the result is rows of the source: neither groups nor aggregates. Only such a result has a Next.
func (p *Prepared) Rows() bool { return !p.query.Aggregates() && len(p.query.Group) == 0 }

// Run runs the query. An error of the query itself, such as too many groups, is a *query.SyntaxError.
func (p *Prepared) Run(ctx context.Context, w Window) (*Result, error) {
	switch {
	case p.Rows():
		return p.page(ctx, w)
	case len(p.columns) > 0:
		return p.groups(ctx)
	}
	return p.aggregate(ctx)
}

// limit is the number of rows, or groups, to answer at most.
func (p *Prepared) limit() int {
	if p.query.HasLimit {
		return min(p.query.Limit, MaxLimit)
	}
	return DefaultLimit
}

// request is the source's part of the query.
func (p *Prepared) request(w Window) Page {
	page := Page{Where: p.where, Order: p.order, After: w.After, Start: p.query.Start, Limit: p.limit(), Total: w.Total}
	if w.After != nil {
		page.Start = 0
	}
	if w.More && page.Limit > 0 {
		// One row more than the page tells whether there is a next one.
		page.Limit++
	}
	return page
}

// errFull ends a page that has become too large before its last row.
var errFull = errors.New("the page is full")

func (p *Prepared) page(ctx context.Context, w Window) (*Result, error) {
	result, limit := &Result{}, p.limit()
	var last store.Position
	size := 0
	total, err := p.source.Page(ctx, p.request(w), func(row Row) error {
		if result.Count == limit || len(result.Rows) > MaxPage || size > maxWritten {
			result.Next = &last
			if result.Count == limit {
				return nil
			}
			return errFull
		}
		if err := ctx.Err(); err != nil {
			return err // Making what is shown of a large row takes long.
		}
		if result.Count > 0 {
			result.Rows = append(result.Rows, ',')
		}
		shown, err := p.shown(row.JSON)
		if err != nil {
			return fmt.Errorf("row %s: %w", row.Key, err)
		}
		if len(result.Rows)+len(shown) > cap(result.Rows) {
			// Twice as much at a time: append grows what is large by a quarter, and a page has megabytes.
			result.Rows = slices.Grow(result.Rows, len(result.Rows)+len(shown))
		}
		if result.Rows = append(result.Rows, shown...); len(result.Rows) > lightPage {
			size += written(shown)
		}
		if w.More {
			last = store.Position{Sort: append(last.Sort[:0], row.Sort...), UID: row.Key}
		}
		result.Count++
		return nil
	})
	if errors.Is(err, errFull) {
		if !w.More {
			if len(result.Rows) <= MaxPage {
				return nil, tooLarge(maxWritten, "use a cursor or a smaller LIMIT")
			}
			return nil, tooLarge(MaxPage, "use a cursor or a smaller LIMIT")
		}
		if w.Total {
			_, total, err = p.count(ctx)
		} else {
			err = nil
		}
	}
	if err != nil {
		return nil, err
	}
	result.Total = total
	return result, nil
}

func tooLarge(most int, advice string) error {
	return &query.SyntaxError{Reason: fmt.Sprintf("the page would be larger than %d MiB; %s", most>>20, advice)}
}

// written returns how many bytes the row, compact JSON, takes at most in an answer: every value stands on a line, behind two blanks
// for each of the brackets around it.
func written(row []byte) int {
	const around = 2 // The answer and its list of rows.
	size, depth := len(row), around
	for i := 0; i < len(row); i++ {
		switch row[i] {
		case '"':
			for i++; i < len(row) && row[i] != '"'; i++ {
				if row[i] == '\\' {
					i++
				}
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ':':
			size++
			continue
		case ',':
		default:
			continue
		}
		size += 1 + 2*depth
	}
	return size
}

// count asks for the total alone.
func (p *Prepared) count(ctx context.Context) (_ *Result, total int64, err error) {
	total, err = p.source.Page(ctx, Page{Where: p.where, Total: true}, func(Row) error { return nil })
	return nil, total, err
}

// shown makes the result of one row.
func (p *Prepared) shown(row []byte) ([]byte, error) {
	if p.keep != nil {
		var err error
		row, err = query.FilterElements(row, p.query.Filter.Path, func(element []byte) bool {
			return query.Eval(p.keep, func(path query.Path, c *query.Comparison) bool { return c.MatchRaw(element, path) })
		})
		if err != nil {
			return nil, err
		}
	}
	return p.chosen.Apply(row)
}

// aggregate answers a query with aggregates and without groups: one row.
func (p *Prepared) aggregate(ctx context.Context) (*Result, error) {
	t, done, err := p.fromIndex(ctx)
	if err == nil && !done {
		_, err = p.values(ctx, nil, func(_ []query.Value, v query.Value) error {
			t.add(v)
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	return &Result{Rows: p.appendAggregates(nil, []byte("{}"), &t), Count: 1, Total: t.rows}, nil
}

// counted tells whether the aggregates need no pass over the rows: they are the count of them all, and the ends of an index.
func (p *Prepared) counted() bool {
	for _, item := range p.query.Select {
		ends := item.Func == query.Min || item.Func == query.Max
		if !(ends && p.aggregated.Fast && p.where == nil) && !(item.Func == query.Count && len(item.Path) == 0) {
			return false
		}
	}
	return len(p.columns) == 0
}

// fromIndex answers what needs no pass over the rows.
func (p *Prepared) fromIndex(ctx context.Context) (t tally, done bool, err error) {
	if !p.counted() {
		return t, false, nil
	}
	if _, t.rows, err = p.count(ctx); err != nil || p.aggregated == nil {
		return t, true, err
	}
	end := func(desc bool) (v query.Value, err error) {
		page := Page{Order: []query.Order{{Path: p.aggregated.Path, Desc: desc}}, Limit: 1}
		_, err = p.source.Page(ctx, page, func(row Row) error {
			v = row.Sort[0]
			return nil
		})
		return v, err
	}
	if t.least, err = end(false); err == nil {
		t.greatest, err = end(true)
	}
	if t.least.Kind == query.Number && t.greatest.Kind == query.Number {
		t.numbers, t.values = t.rows, t.rows
	}
	return t, true, err
}

// values walks over all rows that satisfy the condition, with the values of the columns and of what is aggregated.
func (p *Prepared) values(ctx context.Context, columns []Field, each func(group []query.Value, v query.Value) error) (int64, error) {
	fields := columns
	if p.aggregated != nil {
		fields = append(fields[:len(fields):len(fields)], *p.aggregated)
	}
	var asked []query.Path
	place := make([]int, len(fields))
	for i, f := range fields {
		place[i] = -1
		if !f.HasFixed {
			place[i] = len(asked)
			asked = append(asked, f.Path)
		}
	}
	row := make([]query.Value, len(fields)+1)
	var rows int64
	err := p.source.Values(ctx, p.where, asked, func(found []query.Value) error {
		rows++
		for i, f := range fields {
			switch {
			case place[i] < 0:
				row[i] = f.Fixed
			case f.Kind == Time && f.Native:
				row[i] = iso(found[place[i]])
			default:
				row[i] = found[place[i]]
			}
		}
		return each(row[:len(columns)], row[len(columns)])
	})
	return rows, err
}

func millis(t clock.Millis) query.Value {
	return query.Value{Kind: query.Number, Num: fmt.Sprint(int64(t))}
}
