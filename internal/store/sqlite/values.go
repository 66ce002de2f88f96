package sqlite

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// AccountValues implements [store.Searcher]: one statement, whose columns are the values themselves or the documents that
// they are in.
func (s *Store) AccountValues(ctx context.Context, group string, where query.Expr, paths []query.Path, each func([]query.Value) error) error {
	now := s.clock.Now()
	q := store.Search{Group: group, Where: where}
	p, err := newPlan(q, now)
	if err != nil {
		return err
	}
	columns := make([]string, len(paths), len(paths)+1)
	fields := make([]store.Field, len(paths))
	for i, path := range paths {
		if fields[i], err = store.FieldOf(path); err != nil {
			return err
		}
		columns[i] = column(fields[i].Part)
		if fields[i].Part.Kind() != store.KindDocument {
			columns[i], _ = scalar(fields[i].Part)
		}
	}
	if len(columns) == 0 {
		columns = append(columns, "1")
	}
	if err := s.indexer.beforehand(ctx, group, store.WantedIndexes(q)); err != nil {
		return err
	}
	p.values = true
	return s.search(ctx, p, q, func(c *conn) error {
		text := "SELECT " + strings.Join(columns, ", ") + " FROM " + p.within(p.Best, false)
		if err := c.keep(text); err != nil {
			return err
		}
		if p.crew != nil && p.passes(q) {
			return p.crew.pass(p, text, func() reader { return valuesReader(fields, now) }, func(s *slice) error {
				for i := range int(s.count) {
					if err := each(s.values[i*len(fields) : (i+1)*len(fields) : (i+1)*len(fields)]); err != nil {
						return err
					}
				}
				return nil
			})
		}
		values := make([]query.Value, len(fields))
		var buf []byte
		return list(c.Conn, text, p.bind, func(r *row) error {
			for i, field := range fields {
				values[i] = columnValue(field, r, i, &buf, now)
			}
			return each(values)
		})
	})
}

// valuesReader reads rows whose columns are those of the fields.
func valuesReader(fields []store.Field, now time.Time) reader {
	var buf []byte
	return func(r *row, into *slice) error {
		for i, field := range fields {
			into.values = append(into.values, columnValue(field, r, i, &buf, now))
		}
		if into.count++; into.count%yieldEvery == 0 {
			yield()
		}
		return nil
	}
}

// columnBytes returns the bytes of column i, in buf if they fit; nil for NULL.
func columnBytes(r *row, i int, buf []byte) []byte {
	n := r.stmt.ColumnLen(i)
	if n == 0 {
		return nil
	}
	if cap(buf) < n {
		buf = make([]byte, n+n/2)
	}
	r.stmt.ColumnBytes(i, buf[:n])
	return buf[:n]
}

// columnValue returns the value of the field in column i. buf is for documents.
func columnValue(f store.Field, r *row, i int, buf *[]byte, now time.Time) query.Value {
	kind := f.Part.Kind()
	if kind == store.KindDocument {
		doc := columnBytes(r, i, *buf)
		if doc != nil {
			*buf = doc[:0]
		}
		return f.SortDocument(doc, now)
	}
	if r.stmt.ColumnIsNull(i) {
		return query.Value{}
	}
	switch kind {
	case store.KindText:
		return query.Value{Kind: query.String, Str: r.stmt.ColumnText(i)}
	case store.KindFlag:
		return query.Value{Kind: query.Bool, Bool: r.stmt.ColumnInt64(i) != 0}
	}
	return query.Value{Kind: query.Number, Num: strconv.FormatInt(r.stmt.ColumnInt64(i), 10)}
}
