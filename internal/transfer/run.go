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
// one, in transactions of several batches; the next are made ready meanwhile, and those before are waited for to be on the disk. A
// row that is refused does not stop the others. It returns at the first error that is not a refusal; what [Run.Done] was told of is
// done for good.
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
	wrote := make(chan *written)
	var unwritten error
	running.Go(func() {
		defer close(wrote)
		unwritten = i.writeAll(ctx, groups, wrote)
	})
	t := &telling{run: run, progress: run.From}
	err := t.all(wrote)
	cancel(err)
	for range wrote { // What is not settled is not told of.
	}
	running.Wait()
	// A file that cannot be read on is imported as far as it can.
	return t.progress, cmp.Or(err, unwritten, unready, unread)
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

// written are batches whose rows are in the store, for good when settle returns nil.
type written struct {
	batches []*batch
	settle  func() error
}

// writeAll is the one goroutine that writes. While the rows of one transaction are waited for, it writes those of the next, and no
// further ones.
func (i *Importer) writeAll(ctx context.Context, groups <-chan []*batch, wrote chan<- *written) error {
	for batches := range groups {
		settle, err := i.write(ctx, batches)
		if err != nil {
			return err
		}
		wrote <- &written{batches, settle}
	}
	return nil
}

// write writes the rows of the batches, of which only what became of them is kept.
func (i *Importer) write(ctx context.Context, batches []*batch) (settle func() error, err error) {
	settle = func() error { return nil }
	var together []*prepared
	flush := func() error {
		latest, err := i.together(ctx, together)
		if latest != nil {
			settle = latest
		}
		for _, p := range together {
			p.draft = nil
		}
		together = together[:0]
		return err
	}
	for _, b := range batches {
		for n := range b.rows {
			x := &b.rows[n]
			if x.bad != nil || x.prepared.err != nil {
				continue
			}
			if x.prepared.extendsSchema() {
				// An earlier row may have extended the schema by the same fields meanwhile.
				if err := i.renew(ctx, x.prepared); err != nil {
					return nil, err
				}
			}
			switch {
			case x.prepared.err != nil:
				continue
			case !x.prepared.extendsSchema():
				together = append(together, x.prepared)
				continue
			}
			if err := flush(); err != nil {
				return nil, err
			}
			if err := i.alone(ctx, x.prepared); err != nil {
				return nil, err
			}
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	return settle, nil
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
// one row is that row's alone. settle is nil if there is nothing to wait for.
func (i *Importer) together(ctx context.Context, rows []*prepared) (settle func() error, err error) {
	if len(rows) == 0 {
		return nil, nil
	}
	settle, err = i.change(ctx, func(tx store.Tx) error {
		if err := expect(tx, rows); err != nil {
			return err
		}
		for _, p := range rows {
			if err := p.store(tx, i.Upsert); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil || ctx.Err() != nil {
		return settle, err
	}
	for _, p := range rows {
		p.err = nil
		if err := i.alone(ctx, p); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// change does not wait for the disk where that can be done later.
func (i *Importer) change(ctx context.Context, fn func(tx store.Tx) error) (settle func() error, err error) {
	if s, ok := i.Store.(store.Ahead); ok {
		return s.ChangeAhead(ctx, fn)
	}
	return nil, i.Store.Change(ctx, fn)
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

// telling counts the rows that are there for good, and tells of them.
type telling struct {
	run      Run
	progress Progress
}

func (t *telling) all(wrote <-chan *written) error {
	for w := range wrote {
		if err := w.settle(); err != nil {
			return err
		}
		for _, b := range w.batches {
			for n := range b.rows {
				t.count(&b.rows[n])
			}
		}
		if t.run.Done != nil {
			t.run.Done(t.progress)
		}
	}
	return nil
}

// count tells how the row ended.
func (t *telling) count(x *item) {
	t.progress.Rows++
	refused := x.bad
	if refused == nil && x.prepared.err != nil {
		errors.As(x.prepared.err, &refused)
	}
	if refused == nil {
		t.progress.Imported++
		for _, c := range x.prepared.conflicts {
			if t.run.Warned != nil {
				t.run.Warned(&RowError{x.row.Line, fmt.Errorf("imported without the identity %s %q, which belongs to another account", c.Provider, c.ProviderUID)})
			}
		}
		return
	}
	// What was written after the last note of an earlier run is there already, and was not refused: rows of two transactions.
	if t.run.Again && t.progress.Rows <= t.run.From.Rows+2*mostRows && errors.Is(refused, errThereAlready) {
		t.progress.Imported++
		return
	}
	t.progress.Refused++
	if t.run.Refused != nil {
		t.run.Refused(refused)
	}
}
