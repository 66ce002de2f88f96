package sqlite

import (
	"context"
	"fmt"
	"math"

	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

// Large results are counted by adding up. The rows of an index, in their order, are cut into pieces whose numbers of rows
// stand in the database; triggers keep them right in the transaction of each change. A range is the pieces within it and a
// part of one at each end. The indexer makes the pieces when an index is ready, divides those that have grown, and forgets
// empty ones. How many accounts a group has is written once in a transaction.

const (
	// pieceRows is how many rows a piece is given; one with more than twice as many is divided.
	pieceRows = 1024
	// piecesAtOnce bounds the pieces that one transaction makes: other changes wait for it, a few milliseconds.
	piecesAtOnce = 32

	sqlGroupSize = `SELECT accounts FROM group_sizes WHERE grp = ?`
	sqlGrowGroup = `INSERT INTO group_sizes (grp, accounts) VALUES (?1, ?2) ON CONFLICT (grp) DO UPDATE SET accounts = accounts + excluded.accounts`

	sqlPiecesWithin = ` FROM search_counts WHERE field = ?1 AND key >= ?2 AND key < ?3`
	sqlFirstPiece   = `SELECT key, owner` + sqlPiecesWithin + ` ORDER BY key, owner LIMIT 1`
	sqlLastPiece    = `SELECT key, owner, rows` + sqlPiecesWithin + ` ORDER BY key DESC, owner DESC LIMIT 1`
	sqlPiecesSum    = `SELECT sum(rows), min(rows)` + sqlPiecesWithin
	sqlRowsBefore   = `SELECT count(*) FROM search_keys WHERE field = ?1 AND key >= ?2 AND (key, owner) < (?3, ?4)`
	sqlRowsFrom     = `SELECT count(*) FROM search_keys WHERE field = ?1 AND (key, owner) >= (?2, ?3) AND key < ?4`
	sqlRowsWithin   = `SELECT count(*) FROM (SELECT 1 FROM search_keys WHERE field = ?1 AND key >= ?2 AND key < ?3 LIMIT ?4 + 0)`

	sqlReadyField    = `SELECT 1 FROM search_fields WHERE id = ? AND state = 2`
	sqlUnevenPiece   = `SELECT key, owner, rows FROM search_counts WHERE field = ?1 AND (rows < 0 OR rows > 2 * ?2) ORDER BY rows LIMIT 1`
	sqlSomePiece     = `SELECT 1 FROM search_counts WHERE field = ? LIMIT 1`
	sqlEmptyPiece    = `SELECT 1 FROM search_counts WHERE field = ? AND rows = 0 AND key > x'' LIMIT 1`
	sqlRowBehind     = `SELECT key, owner FROM search_keys WHERE field = ?1 AND (key, owner) >= (?2, ?3) ORDER BY key, owner LIMIT 1 OFFSET ?4 + 0`
	sqlRowsToEnd     = `SELECT count(*) FROM search_keys WHERE field = ?1 AND (key, owner) >= (?2, ?3)`
	sqlPutPiece      = `INSERT INTO search_counts (field, key, owner, rows) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET rows = excluded.rows`
	sqlForgetPieces  = `DELETE FROM search_counts WHERE field = ?`
	sqlForgetEmpties = `DELETE FROM search_counts WHERE field = ? AND rows = 0 AND key > x''`
)

// piece begins at a row of an index, or where one was.
type piece struct {
	field int64
	key   []byte
	owner string
	// rows are those up to the next piece; less than 0: not counted yet.
	rows int64
}

func (p *piece) bind(b *binder) {
	b.int(p.field)
	b.stmt.BindBytes(b.next(), p.key)
	b.text(p.owner)
}

func (p *piece) scan(r *row) error {
	p.key, p.owner = r.blob(), r.text()
	return nil
}

func (p *piece) scanRows(r *row) error {
	err := p.scan(r)
	p.rows = r.int()
	return err
}

// growth is by how many accounts a group has grown.
type growth struct {
	group    string
	accounts int64
}

// grow notes that the group has so many accounts more. Few groups change in a transaction.
func (t *tx) grow(group string, accounts int64) {
	for i := range t.grown {
		if g := &t.grown[i]; g.group == group {
			g.accounts += accounts
			return
		}
	}
	t.grown = append(t.grown, growth{group, accounts})
}

// resizeGroups writes how large the groups are now.
func resizeGroups(c *sqlite.Conn, grown []growth) error {
	for _, g := range grown {
		if g.accounts == 0 {
			continue
		}
		if _, err := exec(c, sqlGrowGroup, func(b *binder) { b.text(g.group); b.int(g.accounts) }); err != nil {
			return fmt.Errorf("the size of a group: %w", err)
		}
	}
	return nil
}

// groupTotal counts the accounts of a group.
func groupTotal(c *sqlite.Conn, group string) (n int64, err error) {
	err = get(c, sqlGroupSize, func(b *binder) { b.text(group) }, func(r *row) error { n = r.int(); return nil })
	if err == store.ErrNotFound {
		return 0, nil
	}
	return n, err
}

// rangeRows counts the rows of an index within a range of keys. Above atMost it may stop.
func rangeRows(c *sqlite.Conn, field int64, in store.KeyRange, atMost int64) (int64, error) {
	within := func(b *binder) {
		b.int(field)
		b.stmt.BindBytes(b.next(), in.From)
		b.stmt.BindBytes(b.next(), in.To)
	}
	last := piece{field: field}
	err := get(c, sqlLastPiece, within, last.scanRows)
	if err != nil && err != store.ErrNotFound {
		return 0, err
	}
	if err == store.ErrNotFound || last.rows < 0 {
		return count(c, sqlRowsWithin, func(b *binder) { within(b); b.int(atMost) })
	}
	first := piece{field: field}
	if err := get(c, sqlFirstPiece, within, first.scan); err != nil {
		return 0, err
	}
	var sum, least int64
	if err := get(c, sqlPiecesSum, within, func(r *row) error { sum, least = r.int(), r.int(); return nil }); err != nil {
		return 0, err
	}
	if least < 0 {
		return count(c, sqlRowsWithin, func(b *binder) { within(b); b.int(atMost) })
	}
	before, err := count(c, sqlRowsBefore, func(b *binder) {
		b.int(field)
		b.stmt.BindBytes(b.next(), in.From)
		b.stmt.BindBytes(b.next(), first.key)
		b.text(first.owner)
	})
	if err != nil {
		return 0, err
	}
	from, err := count(c, sqlRowsFrom, func(b *binder) { last.bind(b); b.stmt.BindBytes(b.next(), in.To) })
	return before + sum - last.rows + from, err
}

// count runs a query whose one column is a number.
func count(c *sqlite.Conn, text string, bind func(b *binder)) (n int64, err error) {
	err = get(c, text, bind, func(r *row) error { n = r.int(); return nil })
	return n, err
}

// cut cuts the index into pieces of even size, as far as it is not.
func (x *indexer) cut(ctx context.Context, f *store.IndexRecord) error {
	for {
		uneven, err := point(ctx, x.s, func(c *sqlite.Conn) (bool, error) { return x.uneven(c, f.ID) })
		if err != nil || !uneven {
			return err
		}
		if err := x.s.submit(ctx, &job{fn: func(t *tx) error { return t.cut(f.ID, x.pieceRows) }}); err != nil {
			return err
		}
	}
}

// uneven tells whether something is to be done to the pieces of an index. To one that is no more there is nothing.
func (x *indexer) uneven(c *sqlite.Conn, field int64) (bool, error) {
	ready, err := has(c, sqlReadyField, func(b *binder) { b.int(field) })
	if err != nil || !ready {
		return false, err
	}
	some, err := has(c, sqlSomePiece, func(b *binder) { b.int(field) })
	if err != nil || !some {
		return !some, err
	}
	empty, err := has(c, sqlEmptyPiece, func(b *binder) { b.int(field) })
	if err != nil || empty {
		return empty, err
	}
	return has(c, sqlUnevenPiece, func(b *binder) { b.int(field); b.int(x.pieceRows) })
}

// cut does a few steps of it. An index that is no more has no pieces.
func (t *tx) cut(field, size int64) error {
	t.wrote = true
	if ready, err := has(t.c, sqlReadyField, func(b *binder) { b.int(field) }); err != nil || !ready {
		return err
	}
	if _, err := exec(t.c, sqlForgetEmpties, func(b *binder) { b.int(field) }); err != nil {
		return err
	}
	if some, err := has(t.c, sqlSomePiece, func(b *binder) { b.int(field) }); err != nil {
		return err
	} else if !some {
		if err := t.put(piece{field: field, rows: -1}); err != nil {
			return err
		}
	}
	p := piece{field: field}
	err := get(t.c, sqlUnevenPiece, func(b *binder) { b.int(field); b.int(size) }, p.scanRows)
	for range piecesAtOnce {
		if err == nil {
			p, err = t.divide(p, size)
		}
		if err == store.ErrNotFound || err == nil && p.rows >= 0 && p.rows <= 2*size {
			return nil
		}
	}
	return err
}

// divide gives a piece its size, and what is behind it a piece of its own, which it returns; [store.ErrNotFound]: there is
// nothing behind it.
func (t *tx) divide(p piece, size int64) (rest piece, err error) {
	rest = piece{field: p.field, rows: -1}
	err = get(t.c, sqlRowBehind, func(b *binder) { p.bind(b); b.int(size) }, rest.scan)
	if err == store.ErrNotFound {
		// What was not counted yet ends here. One that was counted has as many rows as it says.
		if p.rows, err = count(t.c, sqlRowsToEnd, p.bind); err != nil {
			return rest, err
		}
		if err = t.put(p); err == nil {
			err = store.ErrNotFound
		}
	}
	if err != nil {
		return rest, err
	}
	if p.rows >= 0 {
		rest.rows = p.rows - size
	}
	p.rows = size
	if err := t.put(p); err != nil {
		return rest, err
	}
	return rest, t.put(rest)
}

func (t *tx) put(p piece) error {
	_, err := exec(t.c, sqlPutPiece, func(b *binder) { p.bind(b); b.int(p.rows) })
	return err
}

// countWhole counts the accounts of a search without looking at any, if it is one of a range of an index, or of a group.
func (p *plan) countWhole(c *conn, q store.Search) (total int64, ok bool, err error) {
	if p.Best == nil {
		if p.holds != "" {
			return 0, false, nil
		}
		total, err = groupTotal(c.Conn, q.Group)
		return total, true, err
	}
	at, single := p.Best.Single()
	if !p.Whole || !single || !p.Best.Distinct() {
		return 0, false, nil
	}
	total, err = rangeRows(c.Conn, at.Record.ID, at.Ranges[0], math.MaxInt64)
	return total, true, err
}
