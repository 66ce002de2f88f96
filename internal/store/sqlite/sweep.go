package sqlite

import (
	"context"
	"fmt"

	"github.com/doorward/doorward/internal/store"
)

const (
	sqlSweepSessions = `DELETE FROM sessions WHERE (grp, uid, hash) IN
		(SELECT grp, uid, hash FROM sessions WHERE dynamic = 0 AND expires > 0 AND expires < ?1 ORDER BY expires LIMIT ?2 + 0)`
)

// Sweep implements [store.Store]. A batch is one change, in the group of those that come with it, or one for each chain of audit
// records.
func (s *Store) Sweep(ctx context.Context, what store.Sweep) (removed int, err error) {
	query, ok := map[store.Swept]string{
		store.SweptSessions: sqlSweepSessions, store.SweptMarks: sqlSweepMarks,
	}[what.Kind]
	switch {
	case what.Limit < 1, !ok && what.Kind != store.SweptAudits:
		return 0, fmt.Errorf("sweep %s: at most %d", what.Kind, what.Limit)
	case what.Kind == store.SweptAudits:
		removed, err = s.sweepAudits(ctx, what)
	default:
		removed, err = s.sweepBatch(ctx, query, what)
	}
	if err != nil {
		return 0, fmt.Errorf("sweep %s: %w", what.Kind, err)
	}
	return removed, nil
}

// sweepBatch runs a statement that removes a batch, which an index leads it to.
func (s *Store) sweepBatch(ctx context.Context, query string, what store.Sweep) (removed int, err error) {
	err = s.submit(ctx, &job{fn: func(t *tx) (err error) {
		t.wrote = true
		removed, err = exec(t.c, query, func(b *binder) { b.time(what.Before); b.int(int64(what.Limit)) })
		return err
	}})
	return removed, err
}
