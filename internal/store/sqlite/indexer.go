package sqlite

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

const (
	// indexAfter is how many values searches have looked at for want of an index before there is one.
	indexAfter = 1_000_000
	// dropBatch bounds the rows that one transaction takes out of an index.
	dropBatch = 2000
	// unusedFor is how long an index stays that no search uses. Uses are noted once a day.
	unusedFor = 30 * 24 * time.Hour
	noteEvery = 24 * time.Hour
	// lookEvery is how often the indexer looks whether another process has left something to do.
	lookEvery = time.Minute
	// indexesPerGroup bounds the indexes of a group, and notedIndexes those that are thought of.
	indexesPerGroup = 32
	notedIndexes    = 1024
)

// indexer makes indexes of fields that searches look for, and takes those away that none uses any more.
type indexer struct {
	s     *Store
	after int64
	// atOnce: searches wait for the indexes that they could use.
	atOnce bool

	mu sync.Mutex
	// looked sums up what searches have looked at for want of an index, used the latest use of those that are there.
	looked map[string]*lack
	used   map[int64]clock.Millis

	// working is held by who works.
	working sync.Mutex

	wake   chan struct{}
	cancel context.CancelFunc
	ended  chan struct{}
}

// lack is an index that is not there.
type lack struct {
	group string
	index store.Index
	rows  int64
}

func newIndexer(s *Store, o *Options) *indexer {
	ctx, cancel := context.WithCancel(context.Background())
	x := &indexer{s: s, after: o.IndexAfter, atOnce: o.IndexAtOnce, looked: map[string]*lack{}, used: map[int64]clock.Millis{},
		wake: make(chan struct{}, 1), cancel: cancel, ended: make(chan struct{})}
	if x.after == 0 {
		x.after = indexAfter
	}
	go x.run(ctx)
	return x
}

// close ends the work under way after its present batch.
func (x *indexer) close() {
	x.cancel()
	<-x.ended
}

// run looks after the indexes: at the start, when something is to be done, and once in a while.
func (x *indexer) run(ctx context.Context) {
	defer close(x.ended)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		// What fails now is tried again the next time: nobody waits for it, and searches go on without.
		_ = x.work(ctx)
		select {
		case <-ctx.Done():
			return
		case <-x.wake:
		case <-tick.C:
		}
	}
}

// note takes down what a search has used and what it has missed. It wakes the indexer if an index is due.
func (x *indexer) note(group string, p *plan) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := clock.FromTime(p.now)
	for _, f := range p.fields() {
		if now-f.used > clock.Millis(noteEvery.Milliseconds()) {
			x.used[f.id] = now
		}
	}
	due := false
	for _, ix := range p.missing {
		key := lackKey(group, ix)
		l := x.looked[key]
		if l == nil {
			if p.looked == 0 || len(x.looked) >= notedIndexes {
				continue
			}
			l = &lack{group: group, index: ix}
			x.looked[key] = l
		}
		l.rows += p.looked
		due = due || x.after > 0 && l.rows >= x.after
	}
	if due {
		x.kick()
	}
}

func (x *indexer) kick() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

func lackKey(group string, ix store.Index) string {
	return string(rune('0'+ix.Kind)) + pathText(ix.Path) + group
}

// fields are the indexes that the plan uses.
func (p *plan) fields() (fields []*field) {
	if p.stream != nil {
		fields = append(fields, p.stream.field)
	}
	if p.best != nil {
		for _, at := range p.best.parts {
			fields = append(fields, at.field)
		}
	}
	return fields
}

// beforehand makes the indexes that a search wants, in a store that makes them at once.
func (x *indexer) beforehand(ctx context.Context, group string, wanted []store.Index) error {
	if !x.atOnce || len(wanted) == 0 {
		return nil
	}
	for _, ix := range wanted {
		if err := x.activate(ctx, group, ix); err != nil {
			return err
		}
	}
	return x.work(ctx)
}

// work makes the indexes that are due, fills those that are not ready, and removes those that go.
func (x *indexer) work(ctx context.Context) error {
	x.working.Lock()
	defer x.working.Unlock()
	var errs []error
	for _, l := range x.due() {
		errs = append(errs, x.activate(ctx, l.group, l.index))
	}
	fields, err := point(ctx, x.s, searchFields)
	errs = append(errs, err)
	for _, f := range fields {
		switch f.state {
		case indexFilling:
			err = x.fill(ctx, f)
		case indexReady:
			err = x.keep(ctx, f)
		case indexGoing:
			err = x.drop(ctx, f)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// due takes the indexes out of the notes that have been missed for long enough.
func (x *indexer) due() (due []*lack) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for key, l := range x.looked {
		if x.after > 0 && l.rows >= x.after {
			due = append(due, l)
			delete(x.looked, key)
		}
	}
	if len(x.looked) >= notedIndexes {
		clear(x.looked)
	}
	return due
}

// activate writes the index into the catalogue, unless it is there or the group has its number of them.
func (x *indexer) activate(ctx context.Context, group string, ix store.Index) error {
	fields, err := point(ctx, x.s, func(c *sqlite.Conn) ([]*field, error) { return groupFields(c, group) })
	if err != nil || !wants(fields, ix) {
		return err
	}
	now := clock.FromTime(x.s.clock.Now())
	return x.s.submit(ctx, &job{fn: func(t *tx) error {
		t.wrote = true
		fields, err := groupFields(t.c, group)
		if err != nil || !wants(fields, ix) {
			return err
		}
		_, err = exec(t.c, sqlInsertSearchField, func(b *binder) {
			b.text(group)
			b.int(int64(ix.Kind))
			b.text(pathText(ix.Path))
			b.time(now)
			b.time(now)
		})
		if err != nil {
			return err
		}
		return t.raise()
	}})
}

func wants(fields []*field, ix store.Index) bool {
	there := slices.ContainsFunc(fields, func(f *field) bool { return f.index.Same(ix) })
	return !there && len(fields) < indexesPerGroup
}

func groupFields(c *sqlite.Conn, group string) ([]*field, error) {
	fields, err := searchFields(c)
	return slices.DeleteFunc(fields, func(f *field) bool { return f.group != group }), err
}

// turn brings the index from one state to another.
func (t *tx) turn(f *field, to, from int) error {
	t.wrote = true
	changed, err := exec(t.c, sqlTurnSearchField, func(b *binder) { b.int(int64(to)); b.int(f.id); b.int(int64(from)) })
	if err != nil || changed == 0 {
		return err
	}
	if _, err := exec(t.c, sqlForgetChanged, func(b *binder) { b.int(f.id) }); err != nil {
		return err
	}
	return t.raise()
}

// keep writes down that the index was used, or lets it go if it was not for long.
func (x *indexer) keep(ctx context.Context, f *field) error {
	x.mu.Lock()
	used, ok := x.used[f.id]
	delete(x.used, f.id)
	x.mu.Unlock()
	if ok {
		return x.s.submit(ctx, &job{fn: func(t *tx) error {
			t.wrote = true
			_, err := exec(t.c, sqlUseSearchField, func(b *binder) { b.time(used); b.int(f.id); b.time(used) })
			if err != nil {
				return err
			}
			return t.raise()
		}})
	}
	if clock.FromTime(x.s.clock.Now())-f.used <= clock.Millis(unusedFor.Milliseconds()) {
		return nil
	}
	if err := x.s.submit(ctx, &job{fn: func(t *tx) error { return t.turn(f, indexGoing, indexReady) }}); err != nil {
		return err
	}
	return x.drop(ctx, f)
}

const sqlDropSearchKeys = `DELETE FROM search_keys WHERE (field, key, owner) IN
	(SELECT field, key, owner FROM search_keys WHERE field = ? LIMIT ? + 0)`

// drop removes the rows of an index that goes, batch after batch, and its record last.
func (x *indexer) drop(ctx context.Context, f *field) error {
	for {
		gone := 0
		err := x.s.submit(ctx, &job{fn: func(t *tx) error {
			t.wrote = true
			var err error
			if gone, err = exec(t.c, sqlDropSearchKeys, func(b *binder) { b.int(f.id); b.int(dropBatch) }); err != nil || gone > 0 {
				return err
			}
			if _, err = exec(t.c, sqlDeleteSearchField, func(b *binder) { b.int(f.id) }); err != nil {
				return err
			}
			return t.raise()
		}})
		if err != nil || gone == 0 {
			return err
		}
	}
}
