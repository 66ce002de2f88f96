package server

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
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
// kept. It works in the background and is nobody's condition: what it cannot remove now, it removes later.
type sweeper struct {
	store interface {
		Sweep(ctx context.Context, s store.Sweep) (removed int, err error)
	}
	clock clock.Clock
	log   *slog.Logger
	rules []sweepRule
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

// newSweeper takes how long audit records are kept; 0: for ever.
func newSweeper(s store.Store, c clock.Clock, log *slog.Logger, audits time.Duration) *sweeper {
	w := &sweeper{store: s, clock: c, log: log, wait: pause, rules: []sweepRule{
		{store.SweptSessions, session.KeptExpired}, {store.SweptMarks, keptMarks},
	}}
	if audits > 0 {
		w.rules = append(w.rules, sweepRule{store.SweptAudits, audits})
	}
	return w
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
	for _, rule := range w.rules {
		removed, err := w.sweepKind(ctx, rule)
		if err != nil && ctx.Err() == nil {
			w.log.Warn("sweep failed; it is tried again later", "kind", rule.kind.String(), "error", err)
		}
		attributes = append(attributes, slog.Int(rule.kind.String(), removed))
		total += removed
	}
	if total > 0 {
		attributes = append(attributes, slog.Duration("duration", time.Since(started)))
		w.log.LogAttrs(ctx, slog.LevelInfo, "swept", attributes...)
	}
}

// sweepKind removes batch after batch until one is not full. A panic is an error here, so that it ends nothing else.
func (w *sweeper) sweepKind(ctx context.Context, rule sweepRule) (total int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	what := store.Sweep{Kind: rule.kind, Before: clock.FromTime(w.clock.Now().Add(-rule.kept)), Limit: sweepBatch}
	for {
		removed, err := w.store.Sweep(ctx, what)
		total += removed
		if err != nil || removed < what.Limit || !w.wait(ctx, sweepPause) {
			return total, err
		}
	}
}
