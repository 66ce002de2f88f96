package sqlite

import (
	"context"
	"fmt"

	"github.com/doorward/doorward/internal/store"
)

const (
	sqlSweepSessions = `DELETE FROM sessions WHERE (grp, uid, hash) IN
		(SELECT grp, uid, hash FROM sessions WHERE dynamic = 0 AND expires > 0 AND expires < ?1 ORDER BY expires LIMIT ?2 + 0)`

	// The API keys of the log are found by skipping from one to the next in the index that the log is read by: an index by
	// time alone would cost every record that is written.
	sqlSweepAudits = `WITH RECURSIVE logged(api_key) AS (
			SELECT min(api_key) FROM audit
			UNION ALL
			SELECT (SELECT min(a.api_key) FROM audit a WHERE a.api_key > logged.api_key) FROM logged WHERE logged.api_key IS NOT NULL)
		DELETE FROM audit WHERE id IN (
			SELECT a.id FROM logged CROSS JOIN audit a WHERE a.api_key = logged.api_key AND a.time < ?1 LIMIT ?2 + 0)`
)

// Sweep implements [store.Store]. A batch is one change, in the group of those that come with it.
func (s *Store) Sweep(ctx context.Context, what store.Sweep) (removed int, err error) {
	query, ok := map[store.Swept]string{
		store.SweptSessions: sqlSweepSessions, store.SweptMarks: sqlSweepMarks, store.SweptAudits: sqlSweepAudits,
	}[what.Kind]
	if !ok || what.Limit < 1 {
		return 0, fmt.Errorf("sweep %s: at most %d", what.Kind, what.Limit)
	}
	err = s.submit(ctx, &job{fn: func(t *tx) error {
		removed, err = exec(t.c, query, func(b *binder) { b.time(what.Before); b.int(int64(what.Limit)) })
		return err
	}})
	if err != nil {
		return 0, fmt.Errorf("sweep %s: %w", what.Kind, err)
	}
	return removed, nil
}
