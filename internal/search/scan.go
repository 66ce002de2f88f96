package search

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"slices"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// Scan makes a source of documents that can only be walked over by their keys: every row is looked at, and the rows of a
// page that has an order are held in memory.
func Scan(d Documents) Source { return &scan{d} }

type scan struct{ documents Documents }

func (s *scan) Field(path query.Path) (Field, error) { return s.documents.Field(path) }

// errEnough ends a walk when nothing behind matters.
var errEnough = errors.New("enough rows")

func holds(where query.Expr, row []byte) bool {
	return query.Eval(where, func(path query.Path, c *query.Comparison) bool { return c.MatchRaw(row, path) })
}

// Page implements [Source].
func (s *scan) Page(ctx context.Context, p Page, each func(Row) error) (total int64, err error) {
	if len(p.Order) == 0 {
		return s.inOrder(ctx, p, each)
	}
	kept := rows{order: p.Order}
	err = s.walk(ctx, p.Where, "", func(key string, row []byte) error {
		total++
		if p.Limit == 0 {
			return nil
		}
		r := Row{Key: key, Sort: make([]query.Value, len(p.Order))}
		for i, o := range p.Order {
			r.Sort[i] = o.SortValue(row, o.Path)
		}
		if p.After != nil && kept.compare(&r, &Row{Key: p.After.UID, Sort: p.After.Sort}) <= 0 {
			return nil
		}
		return kept.keep(r, row, p.Start+p.Limit)
	})
	if err != nil {
		return 0, err
	}
	slices.SortFunc(kept.rows, func(a, b Row) int { return kept.compare(&a, &b) })
	for _, row := range kept.rows[min(p.Start, len(kept.rows)):] {
		if err := each(row); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// inOrder answers a page in the order of the keys, without holding rows.
func (s *scan) inOrder(ctx context.Context, p Page, each func(Row) error) (total int64, err error) {
	after := ""
	if p.After != nil && !p.Total {
		after = p.After.UID
	}
	taken := 0
	err = s.walk(ctx, p.Where, after, func(key string, row []byte) error {
		total++
		before := p.After != nil && key <= p.After.UID
		if before || total <= int64(p.Start) || taken == p.Limit {
			return nil
		}
		if err := each(Row{Key: key, JSON: row}); err != nil {
			return err
		}
		if taken++; taken == p.Limit && !p.Total {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err != nil {
		return 0, err
	}
	return total, nil
}

// walk calls each for the rows behind a key that satisfy the condition.
func (s *scan) walk(ctx context.Context, where query.Expr, after string, each func(key string, row []byte) error) error {
	looked := 0
	return s.documents.Range(ctx, where, after, func(key string, row []byte) error {
		// Looking at the context costs more than looking at a row, unless it is a large one.
		if looked += 1 + len(row)>>10; looked >= 64 {
			looked = 0
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if !holds(where, row) {
			return nil
		}
		return each(key, row)
	})
}

// Values implements [Source].
func (s *scan) Values(ctx context.Context, where query.Expr, fields []query.Path, each func([]query.Value) error) error {
	values := make([]query.Value, len(fields))
	return s.walk(ctx, where, "", func(_ string, row []byte) error {
		for i, path := range fields {
			values[i] = query.SortValue(row, path)
		}
		return each(values)
	})
}

// Explain implements [Source].
func (s *scan) Explain(_ context.Context, p Page) (store.Explanation, error) {
	return store.Explanation{Access: "every row, in the order of the key", Scan: true, Sort: len(p.Order) > 0}, nil
}

// rows is a heap of the first rows in an order: the last of them is on top.
type rows struct {
	order []query.Order
	rows  []Row
	size  int
}

func (r *rows) compare(a, b *Row) int {
	for i, o := range r.order {
		var x, y query.Value
		if i < len(a.Sort) {
			x = a.Sort[i]
		}
		if i < len(b.Sort) {
			y = b.Sort[i]
		}
		if n := o.Compare(x, y); n != 0 {
			return n
		}
	}
	return cmp.Compare(a.Key, b.Key)
}

// keep takes the row in if it is one of the first most.
func (r *rows) keep(row Row, json []byte, most int) error {
	if len(r.rows) == most {
		if r.compare(&row, &r.rows[0]) >= 0 {
			return nil
		}
		r.size -= len(heap.Pop(r).(Row).JSON)
	}
	if r.size += len(json); r.size > 2*MaxPage {
		return &query.SyntaxError{Reason: "the page is too large to be sorted; use a smaller LIMIT"}
	}
	row.JSON = slices.Clone(json)
	heap.Push(r, row)
	return nil
}

func (r *rows) Len() int           { return len(r.rows) }
func (r *rows) Less(i, j int) bool { return r.compare(&r.rows[i], &r.rows[j]) > 0 }
func (r *rows) Swap(i, j int)      { r.rows[i], r.rows[j] = r.rows[j], r.rows[i] }
func (r *rows) Push(x any)         { r.rows = append(r.rows, x.(Row)) }
func (r *rows) Pop() any {
	last := r.rows[len(r.rows)-1]
	r.rows = r.rows[:len(r.rows)-1]
	return last
}
