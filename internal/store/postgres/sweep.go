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

	sqlSweepNonces = `DELETE FROM nonces WHERE id IN
		(SELECT id FROM nonces WHERE until < $1 ORDER BY until LIMIT $2) AND until < $1`
	sqlSweepOutcomes = `DELETE FROM outcomes WHERE (grp, uid, id) IN
		(SELECT grp, uid, id FROM outcomes WHERE at < ` + serverTime + ` - $1 ORDER BY at LIMIT $2)`
)

// Sweep implements [store.Store]. What another process removes at the same moment is counted by one of them.
func (s *Store) Sweep(ctx context.Context, what store.Sweep) (removed int, err error) {
	sql := map[store.Swept]string{store.SweptSessions: sqlSweepSessions, store.SweptMarks: sqlSweepMarks}[what.Kind]
	if sql == "" && what.Kind != store.SweptAudits || what.Limit < 1 {
		return 0, fmt.Errorf("sweep %s: at most %d", what.Kind, what.Limit)
	}
	if what.Kind == store.SweptAudits {
		removed, err = s.sweepAudits(ctx, what)
	} else {
		err = s.again(ctx, func(ctx context.Context, c *conn) (err error) {
			removed, err = exec(ctx, c, sql, millis(what.Before), what.Limit)
			return err
		})
	}
	if err != nil {
		return 0, fmt.Errorf("sweep %s: %w", what.Kind, err)
	}
	return removed, nil
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
