package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

// chains are the ends of the chains of audit records that this process writes. A transaction takes a lane for itself and gives
// it back at its end, so that there are as many chains as transactions at a time: none waits for another, and none reads
// from the database what the one before has written. A transaction that did not happen gives the lane back as it was, so
// that its number is given again; after one of which that is not known the lane is not used any more.
type chains struct {
	mu     sync.Mutex
	key    []byte
	writer [8]byte
	opened int64
	// free are the lanes by partner, the latest used at the end: few are used as long as few are enough.
	free map[int64][]store.AuditLane
}

func newChains(node []byte) *chains {
	x := &chains{free: map[int64][]store.AuditLane{}}
	copy(x.writer[:], node)
	return x
}

// sealed returns the key.
func (x *chains) sealed() []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.key
}

// take returns a lane for the record; false: there is none that is free. One that is too old is kept until its end was noted.
func (x *chains) take(a *store.Audit) (lane store.AuditLane, key []byte, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	free := x.free[a.Partner]
	for i := len(free) - 1; i >= 0 && !ok; i-- {
		if lane = free[i]; lane.Over(a.Time) && lane.Ahead() {
			continue
		}
		ok = !lane.Over(a.Time)
		free = slices.Delete(free, i, i+1)
	}
	x.free[a.Partner] = free
	return lane, x.key, ok
}

// name names a new chain.
func (x *chains) name() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.opened++
	return store.AuditLaneName(x.writer, x.opened)
}

// give takes lanes back.
func (x *chains) give(key []byte, lanes map[int64]store.AuditLane) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !bytes.Equal(key, x.key) {
		return
	}
	for partner, lane := range lanes {
		x.free[partner] = append(x.free[partner], lane)
	}
}

// takeAhead takes the free lanes that have gone on since they were last looked at.
func (x *chains) takeAhead() (key []byte, ahead map[int64][]store.AuditLane) {
	x.mu.Lock()
	defer x.mu.Unlock()
	ahead = map[int64][]store.AuditLane{}
	for partner, lanes := range x.free {
		x.free[partner] = slices.DeleteFunc(lanes, func(l store.AuditLane) bool {
			if l.Ahead() {
				ahead[partner] = append(ahead[partner], l)
				return true
			}
			return false
		})
	}
	return x.key, ahead
}

// lanes are those of one transaction.
type lanes struct {
	key []byte
	// before are the lanes as they were taken, after as the transaction leaves them. One that the transaction opened is in after alone.
	before, after map[int64]store.AuditLane
}

// append writes a record at the end of a chain.
func (t *tx) appendAudit(ctx context.Context, c *conn, a *store.Audit) error {
	lane, open := t.lanes.after[a.Partner]
	if t.lanes.after == nil {
		t.lanes = lanes{before: map[int64]store.AuditLane{}, after: map[int64]store.AuditLane{}}
	}
	if !open {
		var key []byte
		if lane, key, open = t.store.chains.take(a); open {
			t.lanes.before[a.Partner] = lane
		}
		t.lanes.key = key
	}
	if !open {
		var chain *store.AuditChain
		lane, chain = store.NewAuditLane(t.lanes.key, t.store.chains.name(), a)
		if _, err := exec(ctx, c, sqlAddAuditChain, chainValues(chain)...); err != nil {
			return err
		}
	}
	lane, linked := lane.Next(t.lanes.key, storedAudit(a))
	t.lanes.after[a.Partner] = lane
	return appendAudit(ctx, c, linked, t.store.serial(), t.store.node)
}

// letGo gives the lanes back, when it is known what became of the transaction.
func (t *tx) letGo(v verdict, err error) {
	lanes := t.lanes
	t.lanes = lanesOfNone
	switch {
	case len(lanes.after) == 0 || errors.Is(err, store.ErrUnknown):
	case v == final && err == nil:
		t.store.chains.give(lanes.key, lanes.after)
	default:
		t.store.chains.give(lanes.key, lanes.before)
	}
}

var lanesOfNone lanes

// SealAudits implements [store.AuditReader].
func (s *Store) SealAudits(_ context.Context, key []byte) error {
	x := s.chains
	x.mu.Lock()
	defer x.mu.Unlock()
	if !bytes.Equal(key, x.key) {
		x.key = slices.Clone(key)
		clear(x.free)
	}
	return nil
}

// CheckpointAudits implements [store.AuditReader]. Each chain is noted in a change of its own; chains that are in use at the moment
// are noted the next time.
func (s *Store) CheckpointAudits(ctx context.Context) error {
	key, ahead := s.chains.takeAhead()
	var failed error
	for partner, lanes := range ahead {
		for _, lane := range lanes {
			after, err := s.checkpoint(ctx, key, lane)
			failed = errors.Join(failed, err)
			s.chains.give(key, map[int64]store.AuditLane{partner: after})
		}
	}
	return failed
}

func (s *Store) checkpoint(ctx context.Context, key []byte, lane store.AuditLane) (after store.AuditLane, err error) {
	after = lane
	err = s.Change(ctx, func(common store.Tx) error {
		after = lane
		return common.(*tx).write("", "", func(ctx context.Context, c *conn) error {
			chain, err := record(ctx, c, sqlAuditChain, []any{lane.Name()}, scanChain)
			if err != nil {
				// A chain that somebody has removed is for those to tell who verify.
				return unlessMissing(err)
			}
			noted, ok := lane.Checkpoint(key, chain)
			if !ok {
				return nil
			}
			after = noted
			return putChain(ctx, c, chain)
		})
	})
	if err != nil {
		return lane, fmt.Errorf("note the end of audit chain %s: %w", lane.Name(), err)
	}
	return after, nil
}

const (
	sqlOverdueChains = `SELECT ` + chainColumns + ` FROM audit_chains WHERE partner = $1 AND NOT ended AND opened < $2 ORDER BY opened`
	sqlSweepChain    = `DELETE FROM audit WHERE chain = $1 AND number > $2 AND number <= $3`
	// Records of before there were chains are removed as they are found. Whose they are was not written down: they are partner 0's.
	sqlSweepChainless = `DELETE FROM audit WHERE (api_key, time, seq, node, uid) IN
		(SELECT api_key, time, seq, node, uid FROM audit WHERE chain = '' AND partner = 0 AND time < $1 LIMIT $2)`
)

// sweepAudits removes the first records of the partner's chains, each chain in a change of its own.
func (s *Store) sweepAudits(ctx context.Context, what store.Sweep) (removed int, err error) {
	var overdue []*store.AuditChain
	err = s.again(ctx, func(ctx context.Context, c *conn) (err error) {
		if what.Partner == 0 {
			removed, err = exec(ctx, c, sqlSweepChainless, millis(what.Before), what.Limit)
		}
		if err == nil {
			overdue, err = records(ctx, c, sqlOverdueChains, []any{what.Partner, millis(what.Before)}, scanChain)
		}
		return err
	})
	for _, chain := range overdue {
		if err != nil || removed >= what.Limit {
			break
		}
		var n int
		n, err = s.sweepChain(ctx, chain.Name, what.Before, what.Limit-removed)
		removed += n
	}
	return removed, err
}

func (s *Store) sweepChain(ctx context.Context, name string, before clock.Millis, limit int) (removed int, err error) {
	key := s.chains.sealed()
	err = s.Change(ctx, func(common store.Tx) error {
		t := common.(*tx)
		removed = 0
		return t.write("", "", func(ctx context.Context, c *conn) error {
			chain, err := record(ctx, c, sqlAuditChain, []any{name}, scanChain)
			if err != nil {
				return unlessMissing(err)
			}
			sweep := store.NewAuditSweep(key, chain, before)
			first := sweep.After()
			err = each(ctx, c, sqlChainAudits, []any{name, first, limit}, func(r pgx.Rows) error {
				a := new(store.Audit)
				err := scanAudit(r, a)
				sweep.Look(a)
				return err
			})
			if err != nil {
				return err
			}
			until, remove, changed := sweep.End()
			if remove {
				removed, err = exec(ctx, c, sqlSweepChain, name, first, until)
			}
			if changed && err == nil {
				err = putChain(ctx, c, chain)
			}
			return err
		})
	})
	if err != nil {
		return 0, fmt.Errorf("chain %s: %w", name, err)
	}
	return removed, nil
}
