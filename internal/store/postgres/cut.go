package postgres

import (
	"context"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

const (
	// pieceRows is how many rows a piece is given; one with more than twice as many is divided.
	pieceRows = 1024
	// piecesAtOnce bounds the pieces that one transaction makes by dividing others, countAtOnce those that it makes by counting.
	piecesAtOnce, countAtOnce = 32, 256

	sqlUnevenness = `SELECT count(*), count(*) - count(rows), coalesce(sum(CASE WHEN rows > 2 * $2 OR rows = 0 AND key > '' THEN 1 ELSE 0 END), 0)
		FROM search_counts WHERE field = $1`
	sqlReadyField = `SELECT 1 FROM search_fields WHERE grp = $1 AND kind = $2 AND path = $3 AND id = $4 AND state = 2`
	sqlUneven     = `SELECT key, uid, rows FROM search_counts WHERE field = $1 AND rows > 2 * $2 ORDER BY key, uid LIMIT $3`
	sqlNextPiece  = `SELECT key, uid FROM search_counts WHERE field = $1 AND (key, uid) > ($2, $3) ORDER BY key, uid LIMIT 1`
	sqlRowBehind  = `SELECT key, uid FROM search_keys WHERE field = $1 AND (key, uid) >= ($2, $3) ORDER BY key, uid LIMIT 1 OFFSET $4`
	sqlRowsToEnd  = `SELECT count(*) FROM search_keys WHERE field = $1 AND (key, uid) >= ($2, $3)`
	sqlRowsUpTo   = sqlRowsToEnd + ` AND (key, uid) < ($4, $5)`
	sqlUncounted  = `SELECT key, uid FROM search_counts WHERE field = $1 AND rows IS NULL ORDER BY key, uid LIMIT 1`
	// Where pieces begin behind a row, in steps of so many rows.
	sqlSteps = `SELECT key, uid FROM (SELECT key, uid, row_number() OVER (ORDER BY key, uid) AS n FROM search_keys
		WHERE field = $1 AND (key, uid) >= ($2, $3) ORDER BY key, uid LIMIT $4) AS numbered WHERE n > 1 AND (n - 1) % $5 = 0 ORDER BY n`
	sqlPutPiece = `INSERT INTO search_counts (field, key, uid, rows) VALUES ($1, $2, $3, $4)
		ON CONFLICT (field, key, uid) DO UPDATE SET rows = excluded.rows`
	sqlForgetEmpties = `DELETE FROM search_counts WHERE field = $1 AND rows = 0 AND key > ''`
	sqlSomePiece     = `SELECT 1 FROM search_counts WHERE field = $1 LIMIT 1`
	sqlForgetPieces  = `DELETE FROM search_counts WHERE field = $1`
)

// piece is a part of an index that was counted.
type piece struct {
	rowPlace
	rows int64
}

// unevenness is what is to be done to the pieces of an index.
type unevenness struct{ pieces, uncounted, uneven int64 }

// cut counts the rows of an index in pieces, as far as they are not, and divides those that have grown.
func (x *folder) cut(ctx context.Context, f *store.IndexRecord) error {
	for {
		u, err := point(ctx, x.s, func(ctx context.Context, c *conn) (u unevenness, err error) {
			err = get(ctx, c, sqlUnevenness, []any{f.ID, x.pieceRows}, &u.pieces, &u.uncounted, &u.uneven)
			return u, err
		})
		if err != nil {
			return err
		}
		begin, step := sqlBeginMoment, x.divideSome
		switch {
		case u.pieces == 0 || u.uncounted > 0:
			begin, step = sqlBegin, x.countSome // See counts.go.
		case u.uneven == 0:
			x.even[f.ID] = true
			return nil
		}
		ready := true
		err = x.moment(ctx, begin, func(c *conn) error {
			more, err := x.fold(ctx, c, f.Group)
			if err != nil || more {
				return err
			}
			if ready, err = has(ctx, c, sqlReadyField, append(fieldKey(f), f.ID)...); err != nil || !ready {
				return err
			}
			return step(ctx, c, f.ID)
		})
		if err != nil || !ready {
			return err
		}
	}
}

// countSome makes the next pieces of an index whose rows were not counted yet, from the first row to the last. All changes that its
// transaction sees are in the numbers.
func (x *folder) countSome(ctx context.Context, c *conn, field int64) error {
	from := rowPlace{key: []byte{}}
	begun, err := one(ctx, c, sqlUncounted, []any{field}, &from.key, &from.uid)
	if err != nil {
		return err
	}
	if !begun {
		// Another process may have counted it all since it was looked at.
		if some, err := has(ctx, c, sqlSomePiece, field); err != nil || some {
			return err
		}
	}
	b := &pgx.Batch{}
	steps := 0
	err = each(ctx, c, sqlSteps, []any{field, from.key, from.uid, countAtOnce*x.pieceRows + 1, x.pieceRows}, func(r pgx.Rows) error {
		b.Queue(sqlPutPiece, field, from.key, from.uid, x.pieceRows)
		steps++
		from = rowPlace{}
		return r.Scan(&from.key, &from.uid)
	})
	if err != nil {
		return err
	}
	// What is behind the last step is the end, or comes with the next transaction.
	var rest *int64
	if steps < countAtOnce {
		if err := get(ctx, c, sqlRowsToEnd, []any{field, from.key, from.uid}, &rest); err != nil {
			return err
		}
	}
	b.Queue(sqlPutPiece, field, from.key, from.uid, rest)
	return c.SendBatch(ctx, b).Close()
}

// divideSome does a few steps towards pieces of even size. All changes that its transaction sees are in the numbers.
func (x *folder) divideSome(ctx context.Context, c *conn, field int64) error {
	if err := call(ctx, c, sqlForgetEmpties, field); err != nil {
		return err
	}
	var uneven []piece
	err := each(ctx, c, sqlUneven, []any{field, x.pieceRows, piecesAtOnce}, func(r pgx.Rows) error {
		var p piece
		err := r.Scan(&p.key, &p.uid, &p.rows)
		uneven = append(uneven, p)
		return err
	})
	if err != nil {
		return err
	}
	made := 0
	for _, p := range uneven {
		for rest := &p; rest != nil && rest.rows > 2*x.pieceRows && made < piecesAtOnce; made++ {
			if rest, err = x.divide(ctx, c, field, *rest); err != nil {
				return err
			}
		}
	}
	return nil
}

// divide gives a piece its size, and what is behind it a piece of its own, which it returns; nil: there is nothing behind it.
func (x *folder) divide(ctx context.Context, c *conn, field int64, p piece) (rest *piece, err error) {
	var next, behind rowPlace
	followed, err := one(ctx, c, sqlNextPiece, []any{field, p.key, p.uid}, &next.key, &next.uid)
	if err != nil {
		return nil, err
	}
	there, err := one(ctx, c, sqlRowBehind, []any{field, p.key, p.uid, x.pieceRows}, &behind.key, &behind.uid)
	if err != nil {
		return nil, err
	}
	if !there || followed && behind.compare(next) >= 0 {
		// It has no more than its size.
		sql, args := sqlRowsToEnd, []any{field, p.key, p.uid}
		if followed {
			sql, args = sqlRowsUpTo, append(args, next.key, next.uid)
		}
		if err := get(ctx, c, sql, args, &p.rows); err != nil {
			return nil, err
		}
		return nil, put(ctx, c, field, p)
	}
	rest = &piece{behind, p.rows - x.pieceRows}
	p.rows = x.pieceRows
	if err := put(ctx, c, field, p); err != nil {
		return nil, err
	}
	return rest, put(ctx, c, field, *rest)
}

func put(ctx context.Context, c *conn, field int64, p piece) error {
	return call(ctx, c, sqlPutPiece, field, p.key, p.uid, p.rows)
}
