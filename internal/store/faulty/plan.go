package faulty

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Plan says which call fails and how. Set its fields before the first call; it is safe for concurrent use then. The zero
// value fails nothing and counts.
type Plan struct {
	// At is the number of the first call that fails, from one; 0: none does.
	At int
	// Times is how many calls in a row fail; 0: one.
	Times int
	// Only counts calls of these names alone, written as [Plan.Calls] has them; nil: all.
	Only []string

	// Delay is how long the call takes before it goes on or fails. The end of its context ends it with the context's error.
	Delay time.Duration
	// Panic is what the call panics with; nil: it does not.
	Panic any
	// Err is the error of the call; nil: the call goes on to the store.
	Err error

	mu    sync.Mutex
	calls []string
	fired int
}

// Calls are the names of the calls that were counted, in order: "Account" is a read, "Change" the begin of a transaction,
// "Tx.PutAccount" a call in it, and "Tx.Commit" its end.
func (p *Plan) Calls() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

// Fired is the number of calls that the plan has met.
func (p *Plan) Fired() int {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fired
}

// meet counts a call, and fails it if it is its turn.
func (p *Plan) meet(ctx context.Context, name string) error {
	if p == nil || !p.turn(name) {
		return nil
	}
	if p.Delay > 0 {
		timer := time.NewTimer(p.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if p.Panic != nil {
		panic(p.Panic)
	}
	return p.Err
}

func (p *Plan) turn(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Only != nil && !slices.Contains(p.Only, name) {
		return false
	}
	p.calls = append(p.calls, name)
	n := len(p.calls)
	if p.At == 0 || n < p.At || n >= p.At+max(p.Times, 1) {
		return false
	}
	p.fired++
	return true
}

type planKey struct{}

// With returns a context whose calls meet the plan.
func With(ctx context.Context, p *Plan) context.Context { return context.WithValue(ctx, planKey{}, p) }
