package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

const (
	sqlInsertSearchField = `INSERT INTO search_fields (grp, kind, path, id, state, flags, filled, created, used, worker, until)
		VALUES ($1, $2, $3, $4, 1, 0, '', $5, $5, '', 0) ON CONFLICT (grp, kind, path) DO NOTHING`
	sqlTurnSearchField = `UPDATE search_fields SET state = $4, until = 0 WHERE grp = $1 AND kind = $2 AND path = $3 AND id = $5
		AND state = $6 AND used = $7`
	sqlUseSearchField    = `UPDATE search_fields SET used = $4 WHERE grp = $1 AND kind = $2 AND path = $3 AND used < $4`
	sqlDeleteSearchField = `DELETE FROM search_fields WHERE grp = $1 AND kind = $2 AND path = $3 AND id = $4 AND state = 3`
	sqlClaimSearchField  = `UPDATE search_fields SET worker = $4, until = ` + serverTime + ` + $5 WHERE grp = $1 AND kind = $2 AND path = $3
		AND id = $6 AND state = $7 AND (worker = $4 OR until < ` + serverTime + `) RETURNING filled`
	sqlAnalyzeKeys    = `ANALYZE search_keys`
	sqlDropSearchKeys = `DELETE FROM search_keys WHERE (field, key, uid, first) IN
		(SELECT field, key, uid, first FROM search_keys WHERE field = $1 LIMIT $2)`
)

const (
	// dropBatch bounds the rows that one transaction takes out of an index.
	dropBatch = 2000
	// claimFor is after how long the work of a process that says nothing any more is another's.
	claimFor = 30 * time.Second
	// longestPath bounds the texts of the paths that have indexes: they are parts of a key.
	longestPath = 1000
)

// indexer makes indexes of fields that searches look for, and takes those away that none uses any more. Of several processes one
// works at an index, which it says by a claim that ends by itself. Nothing depends on that but time: two that fill an index do
// no more than one.
type indexer struct {
	s   *Store
	use *store.IndexUse
	// atOnce: searches wait for the indexes that they could use.
	atOnce bool

	// working is held by who works.
	working sync.Mutex

	watch *store.IndexWatch
}

func newIndexer(s *Store, o Options) *indexer {
	x := &indexer{s: s, use: store.NewIndexUse(o.IndexAfter), atOnce: o.IndexAtOnce}
	x.watch = store.WatchIndexes(o.IndexAfter, x.work)
	return x
}

// close ends the work under way after its present statement.
func (x *indexer) close() { x.watch.Close() }

// note takes down what a search has used and what it has missed. It wakes the indexer if an index is due.
func (x *indexer) note(p *plan) {
	if x.use.Note(p.group, &p.Choice, p.looked, p.now) {
		x.watch.Wake()
	}
}

// beforehand makes the indexes that a search wants, in a store that makes them at once.
func (x *indexer) beforehand(ctx context.Context, group string, wanted []store.Index) error {
	if !x.atOnce || len(wanted) == 0 || x.s.hasAll(group, wanted) {
		return nil
	}
	for _, ix := range wanted {
		if err := x.activate(ctx, group, ix); err != nil {
			return err
		}
	}
	if err := x.work(ctx); err != nil {
		return err
	}
	return x.s.folder.work(ctx)
}

// work makes the indexes that are due, fills those that are not ready, and removes those that go.
func (x *indexer) work(ctx context.Context) error {
	x.working.Lock()
	defer x.working.Unlock()
	var errs []error
	for _, l := range x.use.Due() {
		errs = append(errs, x.activate(ctx, l.Group, l.Index))
	}
	k, err := point(ctx, x.s, readCatalogue)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	x.s.learn(k)
	for _, fields := range k.groups {
		for _, f := range fields {
			switch f.State {
			case store.IndexFilling:
				err = x.complete(ctx, k, f)
			case store.IndexReady:
				err = x.keep(ctx, f)
			case store.IndexGoing:
				err = x.drop(ctx, f)
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// complete fills an index, and makes what searches count by.
func (x *indexer) complete(ctx context.Context, k *catalogue, f *store.IndexRecord) error {
	done, err := x.fill(ctx, f)
	if err != nil || !done {
		return err
	}
	if k.counted && x.s.folder.begin(ctx, *f) != nil {
		x.s.folder.watch.Wake() // Others were in its way, say.
	}
	// The engine takes a range of an index that it has not heard of for one of few rows, and reads all of it where a few are asked for.
	// It hears of it by itself some minutes later.
	return x.s.again(ctx, func(ctx context.Context, c *conn) error { return call(ctx, c, sqlAnalyzeKeys) })
}

// transact runs a transaction of the indexer, which changes no account.
func (x *indexer) transact(ctx context.Context, fn func(ctx context.Context, t *tx, c *conn) error) error {
	return x.s.change(ctx, func(own store.Tx) error {
		t, ok := own.(*tx)
		if !ok {
			return fmt.Errorf("a transaction of %T", own)
		}
		return t.write("", "", func(ctx context.Context, c *conn) error { return fn(ctx, t, c) })
	})
}

// fieldKey is the key of an index's record.
func fieldKey(f *store.IndexRecord) []any {
	return []any{f.Group, int64(f.Index.Kind), f.Index.PathText()}
}

// raise tells everybody that the indexes have changed.
func raise(ctx context.Context, t *tx, c *conn) (version int64, err error) {
	err = get(ctx, c, sqlRaiseSearch+" RETURNING version", nil, &version)
	t.store.forget(t.fields)
	return version, err
}

// activate writes the index into the catalogue, unless it is there or the group has its number of them. This is C of follow.go:
// it reads nothing that changes of accounts write.
func (x *indexer) activate(ctx context.Context, group string, ix store.Index) error {
	path := ix.PathText()
	var stored store.IndexRecord
	if !stored.Read(ix.Kind, []byte(path)) || !stored.Index.Same(ix) || len(path) > longestPath || !storable(group) {
		return nil // The catalogue cannot hold it.
	}
	now := millis(clock.FromTime(x.s.clock.Now()))
	return x.transact(ctx, func(ctx context.Context, t *tx, c *conn) error {
		k, err := readCatalogue(ctx, c)
		if err != nil || !store.Lacks(k.groups[group], ix) {
			t.wrote = false
			return err
		}
		version, err := raise(ctx, t, c)
		if err != nil {
			return err
		}
		// The version names the index: it was no other's, so that no row that was left of another is one of its rows.
		_, err = exec(ctx, c, sqlInsertSearchField, group, int64(ix.Kind), path, version, now)
		return err
	})
}

// claim makes the index the work of this process, for a while, and returns up to which UID it is filled. The error is
// [store.ErrNotFound] while it is another's.
func (x *indexer) claim(ctx context.Context, f *store.IndexRecord) (filled string, err error) {
	err = x.transact(ctx, func(ctx context.Context, t *tx, c *conn) error {
		if err := x.hold(ctx, c, f, &filled); err != nil {
			return err
		}
		// Whoever writes the version on a machine waits there for the transaction that has made the index what it is: a distributed
		// engine may have told of its commit before all machines show it.
		_, err := raise(ctx, t, c)
		return err
	})
	return filled, err
}

// hold claims the index, or claims it for longer.
func (x *indexer) hold(ctx context.Context, c *conn, f *store.IndexRecord, filled *string) error {
	args := append(fieldKey(f), x.s.node, claimFor.Milliseconds(), f.ID, int64(f.State))
	return get(ctx, c, sqlClaimSearchField, args, filled)
}

// turn brings the index from one state to another, unless it was used meanwhile.
func (x *indexer) turn(ctx context.Context, f *store.IndexRecord, to store.IndexState) error {
	return x.transact(ctx, func(ctx context.Context, t *tx, c *conn) error {
		args := append(fieldKey(f), int64(to), f.ID, int64(f.State), millis(f.Used))
		changed, err := exec(ctx, c, sqlTurnSearchField, args...)
		if err != nil || changed == 0 {
			return err
		}
		_, err = raise(ctx, t, c)
		return err
	})
}

// keep writes down that the index was used, or lets it go if it was not for long.
func (x *indexer) keep(ctx context.Context, f *store.IndexRecord) error {
	if used, ok := x.use.Used(f.ID); ok {
		return x.transact(ctx, func(ctx context.Context, t *tx, c *conn) error {
			_, err := exec(ctx, c, sqlUseSearchField, append(fieldKey(f), millis(used))...)
			return err
		})
	}
	if !f.Unused(x.s.clock.Now()) {
		return nil
	}
	return x.turn(ctx, f, store.IndexGoing)
}

// drop removes the rows of an index that goes, batch after batch, and its record last.
func (x *indexer) drop(ctx context.Context, f *store.IndexRecord) error {
	filled, err := x.claim(ctx, f)
	for err == nil {
		gone := 0
		err = x.transact(ctx, func(ctx context.Context, t *tx, c *conn) (err error) {
			if err := x.hold(ctx, c, f, &filled); err != nil {
				return err
			}
			// As who counts its rows does: of two at once the second fails, and then sees the other.
			if _, err := exec(ctx, c, sqlGrowGroup, f.Group, 0); err != nil {
				return err
			}
			if _, err := exec(ctx, c, sqlForgetPieces, f.ID); err != nil {
				return err
			}
			if gone, err = exec(ctx, c, sqlDropSearchKeys, f.ID, dropBatch); err != nil || gone > 0 {
				return err
			}
			if _, err := exec(ctx, c, sqlDeleteSearchField, append(fieldKey(f), f.ID)...); err != nil {
				return err
			}
			_, err = raise(ctx, t, c)
			return err
		})
		if gone == 0 {
			break
		}
	}
	return unclaimed(err)
}

// unclaimed takes the error away that says that the index is another's, or is not what it was.
func unclaimed(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
