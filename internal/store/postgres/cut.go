package postgres

import (
	"context"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

const (
	// pieceRows is how many rows a piece is given; one with more than twice as many is divided.
	pieceRows = 1024
	// piecesAtOnce bounds the pieces that one transaction makes.
	piecesAtOnce = 32

	sqlUnevenness = `SELECT count(*), count(*) - count(rows), coalesce(sum(CASE WHEN rows > 2 * $2 OR rows = 0 AND key > '' THEN 1 ELSE 0 END), 0)
		FROM search_counts WHERE field = $1`
	sqlReadyField = `SELECT 1 FROM search_fields WHERE grp = $1 AND kind = $2 AND path = $3 AND id = $4 AND state = 2`
	sqlUneven     = `SELECT key, uid, rows FROM search_counts WHERE field = $1 AND (rows > 2 * $2 OR rows IS NULL AND $3) ORDER BY key, uid LIMIT $4`
	sqlNextPiece  = `SELECT key, uid FROM search_counts WHERE field = $1 AND (key, uid) > ($2, $3) ORDER BY key, uid LIMIT 1`
	sqlRowBehind  = `SELECT key, uid FROM search_keys WHERE field = $1 AND (key, uid) >= ($2, $3) ORDER BY key, uid LIMIT 1 OFFSET $4`
	sqlRowsToEnd  = `SELECT count(*) FROM search_keys WHERE field = $1 AND (key, uid) >= ($2, $3)`
	sqlRowsUpTo   = sqlRowsToEnd + ` AND (key, uid) < ($4, $5)`
	sqlPutPiece   = `INSERT INTO search_counts (field, key, uid, rows) VALUES ($1, $2, $3, $4)
		ON CONFLICT (field, key, uid) DO UPDATE SET rows = excluded.rows`
	sqlForgetEmpties = `DELETE FROM search_counts WHERE field = $1 AND rows = 0 AND key > ''`
	sqlSomePiece     = `SELECT 1 FROM search_counts WHERE field = $1 LIMIT 1`
	sqlForgetPieces  = `DELETE FROM search_counts WHERE field = $1`
)

// piece is a part of an index. Without rows it is not counted yet.
type piece struct {
	rowPlace
	rows *int64
}

// unevenness is what is to be done to the pieces of an index.
type unevenness struct{ pieces, uncounted, uneven int64 }

// cut cuts an index into pieces of even size, as far as it is not.
func (x *folder) cut(ctx context.Context, f *store.IndexRecord) error {
	for {
		u, err := point(ctx, x.s, func(ctx context.Context, c *conn) (u unevenness, err error) {
			err = get(ctx, c, sqlUnevenness, []any{f.ID, x.pieceRows}, &u.pieces, &u.uncounted, &u.uneven)
			return u, err
		})
		if err != nil {
			return err
		}
		begin, count := sqlBeginMoment, u.pieces == 0 || u.uncounted > 0
		switch {
		case count:
			begin = sqlBegin // See counts.go.
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
			return x.cutSome(ctx, c, f.ID, count)
		})
		if err != nil || !ready {
			return err
		}
	}
}

// cutSome does a few steps of it. All changes that its transaction sees are in the numbers. count: it may count rows that were not.
func (x *folder) cutSome(ctx context.Context, c *conn, field int64, count bool) error {
	if _, err := exec(ctx, c, sqlForgetEmpties, field); err != nil {
		return err
	}
	if count {
		if some, err := has(ctx, c, sqlSomePiece, field); err != nil {
			return err
		} else if !some {
			if err := put(ctx, c, field, piece{rowPlace{[]byte{}, ""}, nil}); err != nil {
				return err
			}
		}
	}
	var uneven []piece
	err := each(ctx, c, sqlUneven, []any{field, x.pieceRows, count, piecesAtOnce}, func(r pgx.Rows) error {
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
		for rest := &p; rest != nil && (rest.rows == nil || *rest.rows > 2*x.pieceRows) && made < piecesAtOnce; made++ {
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
		p.rows = new(int64)
		if err := get(ctx, c, sql, args, p.rows); err != nil {
			return nil, err
		}
		return nil, put(ctx, c, field, p)
	}
	rest = &piece{behind, nil}
	if p.rows != nil {
		left := *p.rows - x.pieceRows
		rest.rows = &left
	}
	p.rows = &x.pieceRows
	if err := put(ctx, c, field, p); err != nil {
		return nil, err
	}
	return rest, put(ctx, c, field, *rest)
}

func put(ctx context.Context, c *conn, field int64, p piece) error {
	_, err := exec(ctx, c, sqlPutPiece, field, p.key, p.uid, p.rows)
	return err
}
