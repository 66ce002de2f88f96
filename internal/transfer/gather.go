package transfer

import (
	"context"
	"time"
)

// gathering is what is gathered for the next transaction.
type gathering struct {
	batches     []*batch
	rows, bytes int
	// patience ends longestWait after the first batch came; waited: it has ended.
	patience <-chan time.Time
	waited   bool
}

// gather makes groups of batches, each for a transaction, and hands one over when the one before it is written. It waits until
// the batches are prepared.
func gather(ctx context.Context, order <-chan *batch, groups chan<- []*batch) error {
	g := &gathering{}
	for order != nil || g.rows > 0 {
		in, out := order, groups
		switch full := g.rows+batchRows > mostRows || g.bytes >= mostBytes; {
		case full:
			in = nil
		case g.rows == 0 || order != nil && g.rows < leastRows && !g.waited:
			out = nil
		}
		select {
		case b, ok := <-in:
			if !ok {
				order = nil
				continue
			}
			if err := ready(ctx, b); err != nil {
				return err
			}
			g.add(b)
		case out <- g.batches:
			g = &gathering{}
		case <-g.patience:
			g.waited = true
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (g *gathering) add(b *batch) {
	if g.rows == 0 {
		g.patience = time.After(longestWait)
	}
	g.batches, g.rows, g.bytes = append(g.batches, b), g.rows+len(b.rows), g.bytes+b.bytes
}

// ready waits until the batch is prepared.
func ready(ctx context.Context, b *batch) error {
	select {
	case <-b.ready:
		return b.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
