package sqlite

import (
	"context"
	"fmt"
	"slices"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

const sqlAccountByID = `SELECT grp, ` + accountColumns + ` FROM accounts WHERE id = ?`

// SearchAccounts implements [store.Searcher]. A condition that names something that no account has is a
// *query.SyntaxError.
//
// It finds the row numbers of the page first and reads the accounts after, so that sorting carries no documents, and both
// and the count are made in one read transaction.
func (s *Store) SearchAccounts(ctx context.Context, q store.Search, each func(a *store.Account, sort []query.Value) error) (int64, error) {
	p, err := newPlan(q, s.clock.Now())
	if err != nil {
		return 0, err
	}
	var total int64
	if err := s.indexer.beforehand(ctx, q.Group, store.WantedIndexes(q)); err != nil {
		return 0, err
	}
	err = s.search(ctx, p, q, func(c *conn) error {
		ids, err := p.page(c, q)
		if err != nil {
			return err
		}
		if q.Total {
			if total, err = p.count(c, q, len(ids)); err != nil {
				return err
			}
		}
		return p.deliver(c, ids, each)
	})
	if err != nil {
		return 0, err
	}
	return total, nil
}

// search runs fn for the plan in a read transaction, whose indexes the plan has chosen from.
func (s *Store) search(ctx context.Context, p *plan, q store.Search, fn func(c *conn) error) error {
	p.slice, p.always = s.sliceRows, s.options.Passes
	err := s.scan(ctx, func(c *conn) error {
		c.search = p
		defer func() { c.search = nil }()
		if _, err := exec(c.Conn, "BEGIN", noParameters); err != nil {
			return err
		}
		fields, err := c.fields.current(c.Conn, q.Group)
		if err != nil {
			return err
		}
		if err := p.choose(c, q, fields); err != nil {
			return err
		}
		if p.passes(q) {
			known := c.fields.version
			if p.crew, err = s.gather(ctx, c, p, q.Group); err != nil {
				return err
			}
			defer p.crew.leave()
			if c.fields.version != known {
				// There are other indexes now.
				if err := p.choose(c, q, c.fields.groups[q.Group]); err != nil {
					return err
				}
			}
		}
		return fn(c)
	})
	s.indexer.note(q.Group, p)
	return err
}

// page returns the row numbers of the page, in order.
func (p *plan) page(c *conn, q store.Search) ([]int64, error) {
	switch {
	case q.Limit <= 0:
		return nil, nil
	case p.Stream != nil:
		return p.streamed(c, q)
	}
	return p.rows(c, p.pageText(p.arg(int64(q.Limit)), p.arg(int64(max(q.Start, 0)))))
}

// rows runs a statement of row numbers.
func (p *plan) rows(c *conn, text string) (ids []int64, err error) {
	if err := c.keep(text); err != nil {
		return nil, err
	}
	err = list(c.Conn, text, p.bind, func(r *row) error {
		ids = append(ids, r.int())
		return nil
	})
	return ids, err
}

// pageText returns the statement of the page, given its last two parameters.
func (p *plan) pageText(limit, offset string) string {
	text := "SELECT id FROM " + p.within(p.Narrow, p.inOrder())
	if p.after != "" {
		text += " AND " + p.after
	}
	return text + " ORDER BY " + p.orderBy() + cut(limit, offset)
}

// cut is the end of a statement that gives a part of its rows.
func cut(limit, offset string) string {
	// A bare parameter as limit would have the engine plan the statement anew for each value.
	return " LIMIT " + limit + " + 0 OFFSET " + offset + " + 0"
}

// count returns the number of accounts for which the condition holds. found is the number of rows on the page.
func (p *plan) count(c *conn, q store.Search, found int) (total int64, err error) {
	if q.After == nil && found < q.Limit && (found > 0 || q.Start == 0) {
		// The page is the end of the result.
		return int64(max(q.Start, 0) + found), nil
	}
	if total, ok, err := p.countWhole(c, q); ok || err != nil {
		return total, err
	}
	text := "SELECT count(*) FROM " + p.within(p.Best, false)
	if p.Whole {
		text = p.countText(p.Best)
	}
	if p.crew != nil && p.passes(q) {
		read := func(r *row, into *slice) error { into.count = r.int(); return nil }
		err = p.crew.pass(p, text, func() reader { return read }, func(s *slice) error { total += s.count; return nil })
		return total, err
	}
	if err := c.keep(text); err != nil {
		return 0, err
	}
	err = get(c.Conn, text, p.bind, func(r *row) error {
		total = r.int()
		return nil
	})
	return total, err
}

// deliver reads the accounts and hands them over.
func (p *plan) deliver(c *conn, ids []int64, each func(a *store.Account, sort []query.Value) error) error {
	for _, id := range ids {
		a := new(store.Account)
		err := get(c.Conn, sqlAccountByID,
			func(b *binder) { b.int(id) },
			func(r *row) error {
				a.Group = r.text()
				return scanAccount(r, a)
			})
		if err != nil {
			return fmt.Errorf("account in row %d: %w", id, err)
		}
		sort := make([]query.Value, len(p.keys))
		for i, key := range p.keys {
			sort[i] = key.field.SortValue(a, p.now)
		}
		if err := each(a, sort); err != nil {
			return err
		}
	}
	return nil
}

// bind binds the arguments that the statement has parameters for. A statement may not use all that come before its last.
func (p *plan) bind(b *binder) {
	for i, arg := range p.args[:min(len(p.args), b.stmt.BindParamCount())] {
		switch arg := arg.(type) {
		case string:
			b.stmt.BindText(i+1, arg)
		case int64:
			b.stmt.BindInt64(i+1, arg)
		case []byte:
			b.stmt.BindBytes(i+1, arg)
		}
	}
}

// keptShapes bounds the statements of searches that a connection keeps ready: clients choose their texts' shapes.
const keptShapes = 32

// keep notes that the statement is going to be used. Statements stay prepared until keptShapes others were noted.
func (c *conn) keep(text string) error {
	if slices.Contains(c.shapes, text) {
		return nil
	}
	if len(c.shapes) == keptShapes {
		stmt, err := c.Prepare(c.shapes[0])
		if err != nil {
			return err
		}
		if err := stmt.Finalize(); err != nil {
			return err
		}
		c.shapes = append(c.shapes[:0], c.shapes[1:]...)
	}
	c.shapes = append(c.shapes, text)
	return nil
}
