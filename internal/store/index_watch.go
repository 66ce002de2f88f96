package store

import (
	"context"
	"time"
)

// lookEvery is how often it is looked whether there is something to do: what another process has begun and left, say.
const lookEvery = time.Minute

// IndexWatch has a driver's work on its indexes done in the background: when it is woken, and once in a while.
type IndexWatch struct {
	wake   chan struct{}
	cancel context.CancelFunc
	ended  chan struct{}
}

// WatchIndexes begins it. after is that of [NewIndexUse]: if it is negative, nothing is ever done. [IndexWatch.Close] must follow.
func WatchIndexes(after int64, work func(ctx context.Context) error) *IndexWatch {
	ctx, cancel := context.WithCancel(context.Background())
	w := &IndexWatch{wake: make(chan struct{}, 1), cancel: cancel, ended: make(chan struct{})}
	if after < 0 {
		close(w.ended) // There is nobody to wait for.
		return w
	}
	go w.run(ctx, work)
	return w
}

func (w *IndexWatch) run(ctx context.Context, work func(ctx context.Context) error) {
	defer close(w.ended)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-tick.C:
		}
		// What fails now is tried again the next time: nobody waits for it, and searches go on without.
		_ = work(ctx)
	}
}

// Wake has the work done soon.
func (w *IndexWatch) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Close ends the work under way by its context, and waits for its end.
func (w *IndexWatch) Close() {
	w.cancel()
	<-w.ended
}
