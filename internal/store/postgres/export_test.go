package postgres

import (
	"context"
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
