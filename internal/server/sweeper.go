package server

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/store"
)

const (
	// firstSweep and sweepInterval are about how long after the start, and after one another, the sweeps begin.
	firstSweep    = 5 * time.Minute
	sweepInterval = 10 * time.Minute
	// sweepBatch is what one transaction removes, and sweepPause lets changes pass between two.
	sweepBatch = 256
	sweepPause = 100 * time.Millisecond
	// keptMarks is how long marks are kept after their end: what was used must stay used when a clock that ran ahead is put
	// right. An hour covers a clock that was set to the wrong time zone.
	keptMarks = time.Hour
)

// sweeper removes what is over: sessions a while after their end, dead marks, audit records that are older than they are
// kept, what belonged to sites that are gone. It works in the background and is nobody's condition: what it cannot remove now, it removes later.
type sweeper struct {
	store interface {
		Sweep(ctx context.Context, s store.Sweep) (removed int, err error)
		Partners(ctx context.Context) ([]*store.Partner, error)
	}
	clock clock.Clock
	log   *slog.Logger
	rules []sweepRule
	// audits is the longest that audit records are kept, whatever partners want; 0: they alone decide.
	audits time.Duration
	// sites are those that were deleted.
	sites purger
	// wait returns false when ctx ends before the time is over.
	wait func(ctx context.Context, d time.Duration) bool

	stop context.CancelFunc
	done chan struct{}
}

// sweepRule says how long records of a kind are kept after their end.
type sweepRule struct {
	kind store.Swept
	kept time.Duration
}

// newSweeper takes how long audit records are kept at most (0: as long as their partners want) and how long what belonged to a
// deleted site is kept (0: for ever).
func newSweeper(s store.Store, c clock.Clock, log *slog.Logger, audits, deletedSites time.Duration) *sweeper {
	return &sweeper{
		store: s, clock: c, log: log, wait: pause, audits: audits, sites: purger{s, deletedSites, pause},
		rules: []sweepRule{{store.SweptSessions, session.KeptExpired}, {store.SweptMarks, keptMarks}},
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// start begins the work; close ends it.
func (w *sweeper) start() {
	ctx, cancel := context.WithCancel(context.Background())
	w.stop, w.done = cancel, make(chan struct{})
	go func() {
		defer close(w.done)
		for next := firstSweep; w.wait(ctx, jittered(next)); next = sweepInterval {
			w.sweep(ctx)
		}
	}()
}

// jittered is d, a quarter more or less: processes that were started together do not sweep together for ever.
func jittered(d time.Duration) time.Duration { return d*3/4 + rand.N(d/2) }

// close ends a sweep that is under way after its present batch, and waits for that as long as ctx allows.
func (w *sweeper) close(ctx context.Context) error {
	w.stop()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("ending the sweep: %w", ctx.Err())
	}
}

// sweep removes all that is over now. The log hears of it if it was anything.
func (w *sweeper) sweep(ctx context.Context) {
	started := time.Now() // Durations are real, whatever the injected clock says.
	attributes, total := []slog.Attr{}, 0
	part := func(kind string, sweep func() (int, error)) {
		removed, err := guarded(sweep)
		if err != nil && ctx.Err() == nil {
			w.log.Warn("sweep failed; it is tried again later", "kind", kind, "error", err)
		}
		attributes = append(attributes, slog.Int(kind, removed))
		total += removed
	}
	for _, rule := range w.rules {
		before := clock.FromTime(w.clock.Now().Add(-rule.kept))
		part(rule.kind.String(), func() (int, error) { return w.sweepAll(ctx, store.Sweep{Kind: rule.kind, Before: before}) })
	}
	part(store.SweptAudits.String(), func() (int, error) { return w.sweepAudits(ctx) })
	part("deletedSites", func() (int, error) { return w.sites.purge(ctx, w.clock.Now()) })
	if total > 0 {
		attributes = append(attributes, slog.Duration("duration", time.Since(started)))
		w.log.LogAttrs(ctx, slog.LevelInfo, "swept", attributes...)
	}
}

// defaultAuditMonths is how long audit records are kept of a partner that wants nothing else.
const defaultAuditMonths = 12

// sweepAudits removes the audit records of each partner that are older than it wants, or than the server keeps any. Partner 0
// are records of before it was written down whose they are.
func (w *sweeper) sweepAudits(ctx context.Context) (total int, err error) {
	partners, err := w.store.Partners(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading the partners: %w", err)
	}
	for _, p := range append(partners, &store.Partner{}) {
		before := w.clock.Now().AddDate(0, -auditMonths(p), 0)
		if w.audits > 0 && before.Before(w.clock.Now().Add(-w.audits)) {
			before = w.clock.Now().Add(-w.audits)
		}
		removed, err := w.sweepAll(ctx, store.Sweep{Kind: store.SweptAudits, Partner: p.ID, Before: clock.FromTime(before)})
		if total += removed; err != nil {
			return total, err
		}
	}
	return total, nil
}

// auditMonths is how many months the partner wants its audit records to be kept. What is no such number has no effect: records
// that were removed too early do not come back.
func auditMonths(p *store.Partner) int {
	var config struct{ AuditRetention json.RawMessage }
	if len(p.Config) == 0 || json.Unmarshal(p.Config, &config) != nil {
		return defaultAuditMonths
	}
	const most = 1200
	if months, err := strconv.Atoi(strings.Trim(string(config.AuditRetention), `"`)); err == nil && months >= 1 && months <= most {
		return months
	}
	return defaultAuditMonths
}

// guarded runs a part of a sweep. A panic is an error here, so that it ends nothing else.
func guarded(sweep func() (int, error)) (removed int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return sweep()
}

// sweepAll removes batch after batch until one is not full.
func (w *sweeper) sweepAll(ctx context.Context, what store.Sweep) (total int, err error) {
	what.Limit = sweepBatch
	for {
		removed, err := w.store.Sweep(ctx, what)
		total += removed
		if err != nil || removed < what.Limit || !w.wait(ctx, sweepPause) {
			return total, err
		}
	}
}
