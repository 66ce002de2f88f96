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

// Sweep implements [store.Store]. A batch is one change, in the group of those that come with it.
func (s *Store) Sweep(ctx context.Context, what store.Sweep) (removed int, err error) {
	query, ok := map[store.Swept]string{
		store.SweptSessions: sqlSweepSessions, store.SweptMarks: sqlSweepMarks,
	}[what.Kind]
	if !ok && what.Kind != store.SweptAudits || what.Limit < 1 {
		return 0, fmt.Errorf("sweep %s: at most %d", what.Kind, what.Limit)
	}
	err = s.submit(ctx, &job{fn: func(t *tx) (err error) {
		t.wrote = true
		if what.Kind == store.SweptAudits {
			removed, err = sweepAudits(t, what)
			return err
		}
		removed, err = exec(t.c, query, func(b *binder) { b.time(what.Before); b.int(int64(what.Limit)) })
		return err
	}})
	if err != nil {
		return 0, fmt.Errorf("sweep %s: %w", what.Kind, err)
	}
	return removed, nil
}
