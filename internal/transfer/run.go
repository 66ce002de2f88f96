package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/doorward/doorward/internal/store"
)

// batchRows and batchBytes bound what one goroutine prepares together, mostRows and mostBytes what is written in one
// transaction, in which other writers wait: some tenths of a second.
const (
	batchRows, batchBytes = 256, 1 << 20
	mostRows, mostBytes   = 4096, 16 << 20
	// leastRows are waited for while nothing is written, but not for longer than longestWait: the more rows a transaction has, the
	// more of them share a page.
	leastRows   = 2048
	longestWait = 500 * time.Millisecond
)

// Progress is how far an import has come. What it counts is done for good.
type Progress struct {
	// Rows are those of the file that were dealt with, skipped ones included; the others say how.
	Rows     int64 `json:"rows"`
	Imported int64 `json:"imported"`
	Refused  int64 `json:"refused"`
}

// Run is one import of a file.
type Run struct {
	// From is where an earlier run noted that it was: as many rows are passed over. Again: there was one, which may have imported some
	// rows further; of these is taken for imported what is there already.
	From  Progress
	Again bool
	// Refused is told of each row that is refused, in the order of the file, and Warned of each that is imported without a
	// part. Both may be nil.
	Refused, Warned func(*RowError)
	// Done is told after each transaction.
	Done func(Progress)
}

// batch are rows that are prepared together.
type batch struct {
	rows []item
	// bytes is the length of their texts.
	bytes int
	// ready is closed when the rows are prepared; err then ends the import.
	ready chan struct{}
	err   error
}

// item is a row, or why there is none.
type item struct {
	row      Row
	bad      *RowError
	prepared *prepared
}

// ImportAll imports the rows in the order of the file: they are prepared by several goroutines, a batch each, and written by
// one, in transactions of several batches; the next are made ready meanwhile. A row that is refused does not stop the others. It
// returns at the first error that is not a refusal; what [Run.Done] was told of is done for good.
func (i *Importer) ImportAll(ctx context.Context, rows Reader, run Run) (Progress, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// One processor is left to who writes: the others would make it wait its turn.
	workers := max(1, runtime.GOMAXPROCS(0)-1)
	work, order, groups := make(chan *batch, workers), make(chan *batch, workers), make(chan []*batch)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for b := range work {
				b.err = i.prepareAll(ctx, b)
				close(b.ready)
			}
		})
	}
	var unread, unready error
	running.Go(func() {
		defer close(work)
		defer close(order)
		unread = read(ctx, rows, run.From.Rows, work, order)
	})
	running.Go(func() {
		defer close(groups)
		unready = gather(ctx, order, groups)
	})
	w := &writing{importer: i, run: run, progress: run.From}
	err := w.all(ctx, groups)
	cancel(err)
	running.Wait()
	// A file that cannot be read on is imported as far as it can.
	return w.progress, cmp.Or(err, unready, unread)
}

// read makes batches of the rows, in order.
func read(ctx context.Context, rows Reader, skip int64, work, order chan<- *batch) error {
	b := &batch{ready: make(chan struct{})}
	send := func() bool {
		if len(b.rows) == 0 {
			return true
		}
		select {
		case order <- b:
		case <-ctx.Done():
			return false
		}
		work <- b
		b = &batch{ready: make(chan struct{})}
		return true
	}
	for {
		row, err := rows.Next()
		var bad *RowError
		switch {
		case errors.Is(err, io.EOF):
			if !send() {
				return context.Cause(ctx)
			}
			return nil
		case err != nil && !errors.As(err, &bad):
			send()
			return err
		case skip > 0:
			skip--
			continue
		}
		b.rows, b.bytes = append(b.rows, item{row: row, bad: bad}), b.bytes+row.Size
		if (len(b.rows) == batchRows || b.bytes >= batchBytes) && !send() {
			return context.Cause(ctx)
		}
	}
}

func (i *Importer) prepareAll(ctx context.Context, b *batch) error {
	for n := range b.rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		x := &b.rows[n]
		if x.bad != nil {
			continue
		}
		var err error
		if x.prepared, err = i.prepare(ctx, x.row); err != nil {
			return err
		}
		// What is not asked for again is not kept while the row waits for its transaction.
		x.row.Members = nil
		if p := x.prepared; !i.Upsert && p.draft != nil && !p.extendsSchema() {
			p.in = nil
			p.uid = p.draft.Pack()
		}
	}
	return nil
}

// writing is the one goroutine that writes.
type writing struct {
	importer *Importer
	run      Run
	progress Progress
}

func (w *writing) all(ctx context.Context, groups <-chan []*batch) error {
	for batches := range groups {
		if err := w.write(ctx, batches); err != nil {
			return err
		}
	}
	return nil
}

// write writes the rows of the batches, and tells what became of each.
func (w *writing) write(ctx context.Context, batches []*batch) error {
	var together []*prepared
	for _, b := range batches {
		for n := range b.rows {
			x := &b.rows[n]
			if x.bad != nil || x.prepared.err != nil {
				continue
			}
			if x.prepared.extendsSchema() {
				// An earlier row may have extended the schema by the same fields meanwhile.
				if err := w.importer.renew(ctx, x.prepared); err != nil {
					return err
				}
			}
			switch {
			case x.prepared.err != nil:
				continue
			case !x.prepared.extendsSchema():
				together = append(together, x.prepared)
				continue
			}
			if err := w.together(ctx, together); err != nil {
				return err
			}
			together = together[:0]
			if err := w.importer.alone(ctx, x.prepared); err != nil {
				return err
			}
		}
	}
	if err := w.together(ctx, together); err != nil {
		return err
	}
	for _, b := range batches {
		for n := range b.rows {
			w.count(&b.rows[n])
		}
	}
	if w.run.Done != nil {
		w.run.Done(w.progress)
	}
	return nil
}

// renew works the account out against the site as it is now.
func (i *Importer) renew(ctx context.Context, p *prepared) error {
	s, err := i.Sites.Site(ctx, i.APIKey)
	if err != nil {
		return err
	}
	p.site = s
	p.draft, err = p.in.New(s, p.uid, p.now)
	return p.refuse(err)
}

// together writes the rows in one transaction. If it fails as a whole, each gets one of its own, so that what is wrong with
// one row is that row's alone.
func (w *writing) together(ctx context.Context, rows []*prepared) error {
	if len(rows) == 0 {
		return nil
	}
	upsert := w.importer.Upsert
	err := w.importer.Store.Change(ctx, func(tx store.Tx) error {
		if err := expect(tx, rows); err != nil {
			return err
		}
		for _, p := range rows {
			if err := p.store(tx, upsert); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil || ctx.Err() != nil {
		return err
	}
	for _, p := range rows {
		p.err = nil
		if err := w.importer.alone(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// expect says what the rows will look for.
func expect(tx store.Tx, rows []*prepared) error {
	type free struct {
		uids []string
		ids  []store.Identifier
	}
	groups := map[string]*free{}
	of := func(group string) *free {
		if groups[group] == nil {
			groups[group] = &free{}
		}
		return groups[group]
	}
	for _, p := range rows {
		if p.draft == nil {
			continue
		}
		f := of(p.draft.Account.Group)
		f.uids = append(f.uids, p.uid)
		p.draft.Expects(func(group string, id store.Identifier) { f := of(group); f.ids = append(f.ids, id) })
	}
	for group, f := range groups {
		if err := tx.Expect(group, f.uids, f.ids); err != nil {
			return err
		}
	}
	return nil
}

// count tells how the row ended.
func (w *writing) count(x *item) {
	w.progress.Rows++
	refused := x.bad
	if refused == nil && x.prepared.err != nil {
		errors.As(x.prepared.err, &refused)
	}
	if refused == nil {
		w.progress.Imported++
		for _, c := range x.prepared.conflicts {
			if w.run.Warned != nil {
				w.run.Warned(&RowError{x.row.Line, fmt.Errorf("imported without the identity %s %q, which belongs to another account", c.Provider, c.ProviderUID)})
			}
		}
		return
	}
	// What was written after the last note of an earlier run is there already, and was not refused.
	if w.run.Again && w.progress.Rows <= w.run.From.Rows+mostRows && errors.Is(refused, errThereAlready) {
		w.progress.Imported++
		return
	}
	w.progress.Refused++
	if w.run.Refused != nil {
		w.run.Refused(refused)
	}
}
