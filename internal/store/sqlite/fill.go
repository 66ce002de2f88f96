package sqlite

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/doorward/doorward/internal/store"
)

const (
	// fillChunk bounds the accounts that are read at once to be filled in, and fillKeys about how many keys they have. The more
	// they are the fewer pages are written: keys go into the index in their order.
	fillChunk = 100_000
	fillKeys  = 200_000
	// fillBatch bounds the keys that one transaction writes: other changes wait for it, a few milliseconds.
	fillBatch = 1000

	// The sign keeps the engine from the indexes that begin with the group, which would have it sort.
	sqlFillRows = `SELECT id, ` + accountColumns + ` FROM accounts WHERE +grp = ? AND id > ? ORDER BY id LIMIT ? + 0`
	sqlFillMark = `SELECT filled FROM search_fields WHERE id = ? AND state = 1`
	// Of an account that was changed meanwhile there is what there has to be.
	sqlFillKey = `INSERT INTO search_keys (field, key, owner, account, first)
		SELECT ?1,?2,?3,?4,?5 WHERE NOT EXISTS (SELECT 1 FROM search_changed WHERE field = ?1 AND account = ?4) ON CONFLICT DO NOTHING`
)

// entry is a key to be filled in, of an account as it was read.
type entry struct {
	key   []byte
	uid   string
	row   int64
	first bool
}

// chunk are the keys of the accounts with the row numbers beyond from, up to next, at one moment.
type chunk struct {
	from, next int64
	accounts   int
	flags      store.IndexFlags
	entries    []entry
}

// fill puts all accounts into the index, chunk after chunk, and makes it ready. Several processes may do so: what one has
// written the others leave.
func (x *indexer) fill(ctx context.Context, f *store.IndexRecord) error {
	for {
		k, err := x.read(ctx, f)
		if err == store.ErrNotFound {
			return nil // It is not to be filled any more.
		}
		if err != nil {
			return err
		}
		if k.accounts == 0 {
			// Whoever came since has written himself.
			return x.s.submit(ctx, &job{fn: func(t *tx) error { return t.turn(f, store.IndexReady, store.IndexFilling) }})
		}
		if err := x.write(ctx, f, k); err != nil && err != errFilled {
			return err
		}
	}
}

// read computes the keys of the next accounts.
func (x *indexer) read(ctx context.Context, f *store.IndexRecord) (*chunk, error) {
	k := &chunk{}
	err := x.s.scan(ctx, func(c *conn) error {
		if _, err := exec(c.Conn, "BEGIN", noParameters); err != nil {
			return err
		}
		err := get(c.Conn, sqlFillMark, func(b *binder) { b.int(f.ID) }, func(r *row) error {
			k.from = r.int()
			return nil
		})
		if err != nil {
			return err
		}
		k.next = k.from
		err = list(c.Conn, sqlFillRows, func(b *binder) { b.text(f.Group); b.int(k.from); b.int(fillChunk) }, func(r *row) error {
			if len(k.entries) >= fillKeys {
				return errChunk
			}
			a := &store.Account{Group: f.Group}
			k.next = r.int()
			if err := scanAccount(r, a); err != nil {
				return err
			}
			k.add(f, a)
			return nil
		})
		if err == errChunk {
			err = nil
		}
		return err
	})
	slices.SortFunc(k.entries, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	return k, err
}

// errChunk ends the reading of a chunk.
var errChunk = errors.New("the chunk is full")

func (k *chunk) add(f *store.IndexRecord, a *store.Account) {
	keys, flags := f.Index.Keys(a)
	k.flags |= flags
	k.accounts++
	for i, key := range keys {
		k.entries = append(k.entries, entry{key: key, uid: a.UID, row: k.next, first: i == 0})
	}
}

// write puts a chunk into the index.
func (x *indexer) write(ctx context.Context, f *store.IndexRecord, k *chunk) error {
	for from := 0; from < len(k.entries); from += fillBatch {
		batch := k.entries[from:min(from+fillBatch, len(k.entries))]
		if err := x.s.submit(ctx, &job{fn: func(t *tx) error { return t.fill(f, k, batch) }}); err != nil {
			return err
		}
	}
	return x.s.submit(ctx, &job{fn: func(t *tx) error {
		t.wrote = true
		_, err := exec(t.c, sqlFillSearchField, func(b *binder) { b.int(k.next); b.int(f.ID); b.int(k.from) })
		return err
	}})
}

// errFilled: another process has filled the chunk, or the whole index.
var errFilled = errors.New("filled by another process")

// fill writes a batch of a chunk.
func (t *tx) fill(f *store.IndexRecord, k *chunk, batch []entry) error {
	t.wrote = true
	filled := int64(-1)
	err := get(t.c, sqlFillMark, func(b *binder) { b.int(f.ID) }, func(r *row) error { filled = r.int(); return nil })
	if err == store.ErrNotFound || err == nil && filled != k.from {
		return errFilled
	}
	if err != nil {
		return err
	}
	if err := t.flagged(f, k.flags); err != nil {
		return err
	}
	for _, e := range batch {
		_, err := exec(t.c, sqlFillKey, func(b *binder) {
			b.int(f.ID)
			b.stmt.BindBytes(b.next(), e.key)
			b.text(e.uid)
			b.int(e.row)
			b.bool(e.first)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
