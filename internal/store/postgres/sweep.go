package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

const (
	sqlSweepSessions = `DELETE FROM sessions WHERE (grp, uid, hash) IN
		(SELECT grp, uid, hash FROM sessions WHERE NOT dynamic AND expires > 0 AND expires < $1 ORDER BY expires LIMIT $2)
		AND NOT dynamic AND expires > 0 AND expires < $1`
	sqlSweepMarks = `DELETE FROM marks WHERE (space, hash) IN
		(SELECT space, hash FROM marks WHERE until < $1 ORDER BY until LIMIT $2) AND until < $1`

	// The sites of the log are found by skipping from one to the next in its key: an index by time alone would cost every
	// record that is written.
	sqlFirstLogged = `SELECT api_key FROM audit ORDER BY api_key LIMIT 1`
	sqlNextLogged  = `SELECT api_key FROM audit WHERE api_key > $1 ORDER BY api_key LIMIT 1`
	sqlSweepAudits = `DELETE FROM audit WHERE (api_key, time, seq, node, uid) IN
		(SELECT api_key, time, seq, node, uid FROM audit WHERE api_key = $1 AND time < $2 ORDER BY time LIMIT $3)`

	sqlSweepNonces = `DELETE FROM nonces WHERE id IN
		(SELECT id FROM nonces WHERE until < $1 ORDER BY until LIMIT $2) AND until < $1`
	sqlSweepOutcomes = `DELETE FROM outcomes WHERE (grp, uid, id) IN
		(SELECT grp, uid, id FROM outcomes WHERE at < ` + serverTime + ` - $1 ORDER BY at LIMIT $2)`
)

// Sweep implements [store.Store]. What another process removes at the same moment is counted by one of them.
func (s *Store) Sweep(ctx context.Context, what store.Sweep) (removed int, err error) {
	sql := map[store.Swept]string{store.SweptSessions: sqlSweepSessions, store.SweptMarks: sqlSweepMarks, store.SweptAudits: sqlSweepAudits}[what.Kind]
	if sql == "" || what.Limit < 1 {
		return 0, fmt.Errorf("sweep %s: at most %d", what.Kind, what.Limit)
	}
	err = s.again(ctx, func(ctx context.Context, c *conn) (err error) {
		if what.Kind == store.SweptAudits {
			removed, err = sweepAudits(ctx, c, what)
		} else {
			removed, err = exec(ctx, c, sql, millis(what.Before), what.Limit)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sweep %s: %w", what.Kind, err)
	}
	return removed, nil
}

// sweepAudits goes from site to site, because the log is kept by site.
func sweepAudits(ctx context.Context, c *conn, what store.Sweep) (removed int, err error) {
	var apiKey string
	err = get(ctx, c, sqlFirstLogged, nil, &apiKey)
	for err == nil {
		n, sweepErr := exec(ctx, c, sqlSweepAudits, apiKey, millis(what.Before), what.Limit-removed)
		if sweepErr != nil {
			return 0, sweepErr
		}
		if removed += n; removed >= what.Limit {
			return removed, nil
		}
		err = get(ctx, c, sqlNextLogged, []any{apiKey}, &apiKey)
	}
	if ours(err) {
		err = nil // There is no further site.
	}
	return removed, err
}

const (
	tidyPeriod = time.Minute
	tidyBatch  = 1000
	// nonceGrace is how long a nonce is kept after its end: what was used must stay used when a clock that ran ahead is put
	// right. An hour covers one that was set to the wrong time zone.
	nonceGrace = time.Hour
)

// tidyUp removes what only this driver knows of: dead nonces, and the rows that told of commits.
func (s *Store) tidyUp(ctx context.Context) {
	defer close(s.tidied)
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(tidyPeriod):
		}
		// What cannot be removed now is removed in a minute, by this process or another.
		_ = s.tidyOnce(ctx)
	}
}

func (s *Store) tidyOnce(ctx context.Context) error {
	dead := millis(clock.FromTime(s.clock.Now().Add(-nonceGrace)))
	for sql, before := range map[string]int64{sqlSweepNonces: dead, sqlSweepOutcomes: outcomeLife.Milliseconds()} {
		for removed := tidyBatch; removed == tidyBatch; {
			err := s.read(ctx, func(ctx context.Context, c *conn) (err error) {
				removed, err = exec(ctx, c, sql, before, tidyBatch)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
