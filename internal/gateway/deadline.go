package gateway

import (
	"context"
	"sync"
	"time"
)

// callContext is the context of a call with the end that the call has at the latest. It is what [context.WithTimeout] makes,
// but that its timer is not set before somebody waits: most calls are over without ever having waited for anything.
type callContext struct {
	context.Context
	end time.Time

	mu sync.Mutex
	// waited is the context of those who wait; nil: nobody does.
	waited context.Context
	cancel context.CancelFunc
	over   bool
}

func withEnd(parent context.Context, timeout time.Duration) *callContext {
	return &callContext{Context: parent, end: time.Now().Add(timeout)}
}

// Deadline implements [context.Context].
func (c *callContext) Deadline() (time.Time, bool) {
	if parents, ok := c.Context.Deadline(); ok && parents.Before(c.end) {
		return parents, true
	}
	return c.end, true
}

// Done implements [context.Context].
func (c *callContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waited == nil {
		c.waited, c.cancel = context.WithDeadline(c.Context, c.end)
		if c.over {
			c.cancel()
		}
	}
	return c.waited.Done()
}

// Err implements [context.Context].
func (c *callContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.waited != nil:
		return c.waited.Err()
	case c.over:
		return context.Canceled
	}
	if err := c.Context.Err(); err != nil {
		return err
	}
	if !time.Now().Before(c.end) {
		return context.DeadlineExceeded
	}
	return nil
}

// finish ends the context with the call.
func (c *callContext) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.cancel != nil {
		c.cancel()
	}
}
