package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

// chains are the ends of the chains of audit records that this process writes, one for each partner. They belong to the writer's
// goroutine: changes run one after the other, so that a number costs nothing. Numbers that a transaction gave are given
// again if it did not happen.
type chains struct {
	key    []byte
	writer [8]byte
	opened int64
	// committed are the lanes as the last commit left them, pending as the present transaction has them so far.
	committed, pending openLanes
}

// openLanes are the chains that go on, one for each partner, and those that are too old for further records but whose last ones
// are not noted yet.
type openLanes struct {
	of   map[int64]store.AuditLane
	over []store.AuditLane
}

func (l openLanes) clone() openLanes { return openLanes{maps.Clone(l.of), slices.Clone(l.over)} }

func newChains() *chains {
	x := &chains{}
	// Never fails: the program ends when the system has no randomness. The number is nobody's secret.
	_, _ = rand.Read(x.writer[:])
	return x
}

// begin forgets what a transaction that was given up has done.
func (x *chains) begin() { x.pending = x.committed.clone() }

// mark and back are a place in the transaction and the way back to it.
func (x *chains) mark() openLanes     { return x.pending.clone() }
func (x *chains) back(mark openLanes) { x.pending = mark }

// end takes over what the transaction did. After a commit that failed nobody knows for sure what of it is there: new chains
// begin then.
func (x *chains) end(err error) {
	x.committed = x.pending
	if err != nil {
		x.committed = openLanes{}
	}
	x.pending = openLanes{}
}

// append writes a record at the end of a chain.
func (x *chains) append(c *sqlite.Conn, a *store.Audit) error {
	lane, open := x.pending.of[a.Partner]
	if open && lane.Over(a.Time) {
		x.pending.over = append(x.pending.over, lane)
		open = false
	}
	if !open {
		x.opened++
		var chain *store.AuditChain
		lane, chain = store.NewAuditLane(x.key, store.AuditLaneName(x.writer, x.opened), a)
		if _, err := exec(c, sqlAddAuditChain, func(b *binder) { bindChain(b, chain) }); err != nil {
			return err
		}
	}
	lane, linked := lane.Next(x.key, a)
	if err := appendAudit(c, linked); err != nil {
		return err
	}
	if x.pending.of == nil {
		x.pending.of = map[int64]store.AuditLane{}
	}
	x.pending.of[a.Partner] = lane
	return nil
}

// SealAudits implements [store.AuditReader].
func (s *Store) SealAudits(ctx context.Context, key []byte) error {
	return s.submit(ctx, &job{fn: func(t *tx) error {
		if !bytes.Equal(t.audits.key, key) {
			// Even if this transaction is lost, the next record begins a chain under the new key.
			t.audits.key, t.audits.committed, t.audits.pending = slices.Clone(key), openLanes{}, openLanes{}
		}
		return nil
	}})
}

// CheckpointAudits implements [store.AuditReader].
func (s *Store) CheckpointAudits(ctx context.Context) error {
	return s.submit(ctx, &job{fn: func(t *tx) error {
		x := t.audits
		for _, lane := range x.pending.over {
			if _, err := t.checkpoint(lane); err != nil {
				return err
			}
		}
		x.pending.over = nil
		for partner, lane := range x.pending.of {
			after, err := t.checkpoint(lane)
			if err != nil {
				return err
			}
			x.pending.of[partner] = after
		}
		return nil
	}})
}

// checkpoint notes the end of the lane in its chain, and returns the lane as it is then.
func (t *tx) checkpoint(lane store.AuditLane) (after store.AuditLane, err error) {
	if !lane.Ahead() {
		return lane, nil
	}
	chain, err := auditChain(t.c, lane.Name())
	if errors.Is(err, store.ErrNotFound) {
		return lane, nil // Somebody has removed it: that is for those to say who verify.
	}
	if err != nil {
		return lane, err
	}
	after, ok := lane.Checkpoint(t.audits.key, chain)
	if !ok {
		return lane, nil
	}
	t.wrote = true
	return after, putChain(t.c, chain)
}

func auditChain(c *sqlite.Conn, name string) (*store.AuditChain, error) {
	chain := new(store.AuditChain)
	err := get(c, sqlAuditChain, func(b *binder) { b.text(name) }, func(r *row) error { return scanChain(r, chain) })
	return chain, err
}

func putChain(c *sqlite.Conn, chain *store.AuditChain) error {
	_, err := exec(c, sqlPutAuditChain, func(b *binder) { bindChain(b, chain) })
	return err
}

const (
	sqlOverdueChains = `SELECT name FROM audit_chains WHERE partner = ? AND ended = 0 AND opened < ? ORDER BY opened`
	sqlSweepChain    = `DELETE FROM audit WHERE chain = ? AND number > ? AND number <= ?`
	// Records of before there were chains are removed as they are found. Whose they are was not written down: they are partner 0's.
	sqlOverdueChainless = `SELECT id FROM audit WHERE chain = '' AND partner = 0 AND time < ?1 LIMIT ?2 + 0`
	sqlSweepChainless   = `DELETE FROM audit WHERE id = ?1 AND chain = '' AND partner = 0 AND time < ?2`
)

// sweepAudits removes the first records of the partner's chains, each chain in a change of its own. What is over is looked for
// before the writer is asked: others do not wait for the look, which passes over all that is not.
func (s *Store) sweepAudits(ctx context.Context, what store.Sweep) (removed int, err error) {
	var chainless []int64
	var overdue []string
	err = s.scan(ctx, func(c *conn) error {
		if what.Partner == 0 {
			err := list(c.Conn, sqlOverdueChainless, func(b *binder) { b.time(what.Before); b.int(int64(what.Limit)) },
				func(r *row) error { chainless = append(chainless, r.int()); return nil })
			if err != nil {
				return err
			}
		}
		return list(c.Conn, sqlOverdueChains, func(b *binder) { b.int(what.Partner); b.time(what.Before) },
			func(r *row) error { overdue = append(overdue, r.text()); return nil })
	})
	if err == nil && len(chainless) > 0 {
		removed, err = s.sweepChainless(ctx, chainless, what.Before)
	}
	for _, name := range overdue {
		if err != nil || removed >= what.Limit {
			break
		}
		var n int
		n, err = s.sweepChain(ctx, name, what.Before, what.Limit-removed)
		removed += n
	}
	return removed, err
}

func (s *Store) sweepChainless(ctx context.Context, ids []int64, before clock.Millis) (removed int, err error) {
	err = s.submit(ctx, &job{fn: func(t *tx) error {
		t.wrote, removed = true, 0
		for _, id := range ids {
			n, err := exec(t.c, sqlSweepChainless, func(b *binder) { b.int(id); b.time(before) })
			if err != nil {
				return err
			}
			removed += n
		}
		return nil
	}})
	if err != nil {
		return 0, err
	}
	return removed, nil
}

func (s *Store) sweepChain(ctx context.Context, name string, before clock.Millis, limit int) (removed int, err error) {
	err = s.submit(ctx, &job{fn: func(t *tx) (err error) {
		t.wrote = true
		removed, err = sweepChain(t, name, before, limit)
		return err
	}})
	if err != nil {
		return 0, fmt.Errorf("chain %s: %w", name, err)
	}
	return removed, nil
}

func sweepChain(t *tx, name string, before clock.Millis, limit int) (removed int, err error) {
	chain, err := auditChain(t.c, name)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	sweep := store.NewAuditSweep(t.audits.key, chain, before)
	first := sweep.After()
	err = list(t.c, sqlChainAudits, func(b *binder) { b.text(name); b.int(first); b.int(int64(limit)) }, func(r *row) error {
		sweep.Look(scanAudit(r))
		return nil
	})
	if err != nil {
		return 0, err
	}
	until, remove, changed := sweep.End()
	if remove {
		removed, err = exec(t.c, sqlSweepChain, func(b *binder) { b.text(name); b.int(first); b.int(until) })
	}
	if changed && err == nil {
		err = putChain(t.c, chain)
	}
	return removed, err
}

func sortedChains(chains []*store.AuditChain) []*store.AuditChain {
	slices.SortFunc(chains, func(a, b *store.AuditChain) int { return cmp.Compare(a.Name, b.Name) })
	return chains
}
