package password

import (
	"container/list"
	"context"
	"sync"
)

// queue gives out a fixed number of slots, first come first served, with a bounded number of waiters.
type queue struct {
	bound int
	// busy is told the number of slots in use; nil: nobody is.
	busy func(n int)

	mu      sync.Mutex
	free    int
	used    int
	waiting list.List // of chan struct{}, closed when the waiter has its slot
}

func newQueue(slots, bound int, busy func(n int)) *queue {
	return &queue{free: slots, bound: bound, busy: busy}
}

// use changes the number of slots in use; the mutex is held.
func (q *queue) use(by int) {
	q.free -= by
	q.used += by
	if q.busy != nil {
		q.busy(q.used)
	}
}

// acquire returns when the caller has a slot, which it must release. The error is ErrBusy when the queue is full, or the
// context's.
func (q *queue) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	q.mu.Lock()
	// A slot is never free while somebody waits: release hands it on.
	if q.free > 0 {
		q.use(1)
		q.mu.Unlock()
		return nil
	}
	if q.waiting.Len() >= q.bound {
		q.mu.Unlock()
		return ErrBusy
	}
	turn := make(chan struct{})
	place := q.waiting.PushBack(turn)
	q.mu.Unlock()

	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	select {
	case <-turn:
		// The slot came in the same moment; nobody will use it here.
		q.mu.Unlock()
		q.release()
	default:
		q.waiting.Remove(place)
		q.mu.Unlock()
	}
	return ctx.Err()
}

// release gives the slot to the first waiter, or back.
func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	first := q.waiting.Front()
	if first == nil {
		q.use(-1)
		return
	}
	close(q.waiting.Remove(first).(chan struct{}))
}
