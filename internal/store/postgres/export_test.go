package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// Tidy does at once what a store does each minute.
func Tidy(ctx context.Context, s *Store) error { return s.tidyOnce(ctx) }

// Statements takes a migration apart.
var Statements = statements

// Placements are where the tables are on Citus.
var Placements = placements

// Work does at once what a store does about indexes each minute.
func Work(ctx context.Context, s *Store) error { return s.indexer.work(ctx) }

// Fold does at once what a store does about the numbers that results are counted from, whoever else does it. size is that of the
// pieces; 0: the usual.
func Fold(ctx context.Context, s *Store, size int64) error {
	x := &folder{s: s, pieceRows: size, even: map[int64]bool{}}
	if size == 0 {
		x.pieceRows = pieceRows
	}
	k, err := point(ctx, s, readCatalogue)
	if err != nil || !k.counted {
		return err
	}
	return x.all(ctx, k)
}

// CountAgain counts all indexes in pieces of the size, as who has found none of them.
func CountAgain(ctx context.Context, s *Store, size int64) error {
	x := &folder{s: s, pieceRows: size, even: map[int64]bool{}}
	k, err := point(ctx, s, readCatalogue)
	if err != nil {
		return err
	}
	for _, fields := range k.groups {
		for _, f := range fields {
			err = errors.Join(err, x.moment(ctx, sqlBegin, func(c *conn) error { return x.countSome(ctx, c, f.ID) }))
		}
	}
	return err
}

// BeginIndex begins an index, which Work fills.
func BeginIndex(ctx context.Context, s *Store, group string, kind store.IndexKind, path ...string) error {
	ix, _ := store.NewIndex(query.Path(path), kind)
	return s.indexer.activate(ctx, group, ix)
}

// FillSome claims all indexes of the group for the store and puts so many accounts into each, and leaves it at that.
func FillSome(ctx context.Context, s *Store, group string, most int) error {
	k, err := point(ctx, s, readCatalogue)
	if err != nil {
		return err
	}
	for _, f := range k.groups[group] {
		from, err := s.indexer.claim(ctx, f)
		if err != nil {
			return err
		}
		for {
			b := &filled{from: from}
			_, err := s.try(ctx, func(own store.Tx) error { return fillNext(own, f, b, most) })
			if err == nil {
				break
			}
			if err != errFlags {
				return err
			}
			if err := s.indexer.flag(ctx, f, b.flags); err != nil {
				return err
			}
			f.Flags |= b.flags
		}
	}
	return nil
}

// SetLifeSign changes how often a transaction says something that waits for somebody else.
func SetLifeSign(s *Store, every time.Duration) { s.lifeSign = every }

// Changed calls fn for each row of an index that a row of count_changes tells of.
func Changed(rows []byte, fn func(field int64, key []byte, uid string, by int64)) error {
	return eachRowChange(rows, func(r rowChange) { fn(r.field, r.key, r.uid, r.by) })
}

// StopCounting is what [Distribute] does before it spreads the tables.
func StopCounting(ctx context.Context, s *Store) error {
	return s.read(ctx, func(ctx context.Context, c *conn) error { return call(ctx, c, sqlStopCounting) })
}
