package sqlite

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

// dropBatch bounds the rows that one transaction takes out of an index.
const dropBatch = 2000

// indexer makes indexes of fields that searches look for, and takes those away that none uses any more.
type indexer struct {
	s   *Store
	use *store.IndexUse
	// atOnce: searches wait for the indexes that they could use.
	atOnce bool
	// pieceRows is the size of the pieces that the rows of an index are counted in.
	pieceRows int64

	// working is held by who works.
	working sync.Mutex

	watch *store.IndexWatch
}

// newIndexer begins with a look at what there is.
func newIndexer(s *Store, o *Options) *indexer {
	x := &indexer{s: s, use: store.NewIndexUse(o.IndexAfter), atOnce: o.IndexAtOnce, pieceRows: pieceRows}
	if x.atOnce {
		x.pieceRows = 4 // Tests have few accounts.
	}
	x.watch = store.WatchIndexes(o.IndexAfter, x.work)
	x.watch.Wake()
	return x
}

// close ends the work under way after its present batch.
func (x *indexer) close() { x.watch.Close() }

// note takes down what a search has used and what it has missed. It wakes the indexer if an index is due.
func (x *indexer) note(group string, p *plan) {
	if x.use.Note(group, &p.Choice, p.looked, p.now) {
		x.watch.Wake()
	}
}

// beforehand makes the indexes that a search wants, in a store that makes them at once.
func (x *indexer) beforehand(ctx context.Context, group string, wanted []store.Index) error {
	if !x.atOnce || len(wanted) == 0 {
		return nil
	}
	fields, err := point(ctx, x.s, func(c *sqlite.Conn) ([]*store.IndexRecord, error) { return groupFields(c, group) })
	if err != nil || !slices.ContainsFunc(wanted, func(ix store.Index) bool { return store.Lacks(fields, ix) }) {
		return err
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
	for _, l := range x.use.Due() {
		errs = append(errs, x.activate(ctx, l.Group, l.Index))
	}
	fields, err := point(ctx, x.s, searchFields)
	errs = append(errs, err)
	for _, f := range fields {
		switch f.State {
		case store.IndexFilling:
			if err = x.fill(ctx, f); err == nil {
				err = x.cut(ctx, f)
			}
		case store.IndexReady:
			if err = x.keep(ctx, f); err == nil {
				err = x.cut(ctx, f)
			}
		case store.IndexGoing:
			err = x.drop(ctx, f)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// activate writes the index into the catalogue, unless it is there or the group has its number of them.
func (x *indexer) activate(ctx context.Context, group string, ix store.Index) error {
	fields, err := point(ctx, x.s, func(c *sqlite.Conn) ([]*store.IndexRecord, error) { return groupFields(c, group) })
	if err != nil || !store.Lacks(fields, ix) {
		return err
	}
	now := clock.FromTime(x.s.clock.Now())
	return x.s.submit(ctx, &job{fn: func(t *tx) error {
		t.wrote = true
		fields, err := groupFields(t.c, group)
		if err != nil || !store.Lacks(fields, ix) {
			return err
		}
		_, err = exec(t.c, sqlInsertSearchField, func(b *binder) {
			b.text(group)
			b.int(int64(ix.Kind))
			b.text(ix.PathText())
			b.time(now)
			b.time(now)
		})
		if err != nil {
			return err
		}
		return t.raise()
	}})
}

func groupFields(c *sqlite.Conn, group string) ([]*store.IndexRecord, error) {
	fields, err := searchFields(c)
	return slices.DeleteFunc(fields, func(f *store.IndexRecord) bool { return f.Group != group }), err
}

// turn brings the index from one state to another.
func (t *tx) turn(f *store.IndexRecord, to, from store.IndexState) error {
	t.wrote = true
	changed, err := exec(t.c, sqlTurnSearchField, func(b *binder) { b.int(int64(to)); b.int(f.ID); b.int(int64(from)) })
	if err != nil || changed == 0 {
		return err
	}
	if _, err := exec(t.c, sqlForgetChanged, func(b *binder) { b.int(f.ID) }); err != nil {
		return err
	}
	return t.raise()
}

// keep writes down that the index was used, or lets it go if it was not for long.
func (x *indexer) keep(ctx context.Context, f *store.IndexRecord) error {
	if used, ok := x.use.Used(f.ID); ok {
		return x.s.submit(ctx, &job{fn: func(t *tx) error {
			t.wrote = true
			_, err := exec(t.c, sqlUseSearchField, func(b *binder) { b.time(used); b.int(f.ID); b.time(used) })
			if err != nil {
				return err
			}
			return t.raise()
		}})
	}
	if !f.Unused(x.s.clock.Now()) {
		return nil
	}
	if err := x.s.submit(ctx, &job{fn: func(t *tx) error { return t.turn(f, store.IndexGoing, store.IndexReady) }}); err != nil {
		return err
	}
	return x.drop(ctx, f)
}

const sqlDropSearchKeys = `DELETE FROM search_keys WHERE (field, key, owner) IN
	(SELECT field, key, owner FROM search_keys WHERE field = ? LIMIT ? + 0)`

// drop removes the rows of an index that goes, batch after batch, and its record last.
func (x *indexer) drop(ctx context.Context, f *store.IndexRecord) error {
	for {
		gone := 0
		err := x.s.submit(ctx, &job{fn: func(t *tx) error {
			t.wrote = true
			if _, err := exec(t.c, sqlForgetPieces, func(b *binder) { b.int(f.ID) }); err != nil {
				return err
			}
			var err error
			if gone, err = exec(t.c, sqlDropSearchKeys, func(b *binder) { b.int(f.ID); b.int(dropBatch) }); err != nil || gone > 0 {
				return err
			}
			if _, err = exec(t.c, sqlDeleteSearchField, func(b *binder) { b.int(f.ID) }); err != nil {
				return err
			}
			return t.raise()
		}})
		if err != nil || gone == 0 {
			return err
		}
	}
}
