package postgres

import (
	"context"
	"fmt"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

const (
	sqlSearchVersion   = `SELECT version FROM search_catalogue WHERE id = 1`
	sqlSearchCatalogue = `SELECT version, counted FROM search_catalogue WHERE id = 1`
	sqlStopCounting    = `UPDATE search_catalogue SET version = version + 1, counted = false WHERE id = 1 AND counted`
	// The account is not looked for, but its place is: a distributed engine answers from the copy of the catalogue that is on the
	// machine of the account.
	sqlSearchVersionBeside = `SELECT version, EXISTS (SELECT 1 FROM accounts WHERE grp = $1 AND uid = $2 LIMIT 0)
		FROM search_catalogue WHERE id = 1`
	sqlRaiseSearch  = `UPDATE search_catalogue SET version = version + 1 WHERE id = 1`
	sqlSearchFields = `SELECT id, grp, kind, path, state, flags, created, used FROM search_fields ORDER BY id`
)

// catalogue is what a process knows of the indexes: what they are at a version. It is not changed once it is made.
type catalogue struct {
	version int64
	// groups are all indexes of a group, kept those that writers keep up.
	groups, kept map[string][]*store.IndexRecord
	// counted: changes note what they do to the numbers of counts.go.
	counted bool
}

// errStale: the indexes are others than the process knew. The change is run again, with those.
var errStale = fmt.Errorf("%w: the search indexes have changed", store.ErrBusy)

// readCatalogue reads the indexes. Outside of a snapshot it reads until nothing has changed between.
func readCatalogue(ctx context.Context, c *conn) (*catalogue, error) {
	for {
		k := &catalogue{groups: map[string][]*store.IndexRecord{}, kept: map[string][]*store.IndexRecord{}}
		var after int64
		b := &pgx.Batch{}
		b.Queue(sqlSearchCatalogue).QueryRow(func(r pgx.Row) error { return r.Scan(&k.version, &k.counted) })
		b.Queue(sqlSearchFields).Query(k.add)
		b.Queue(sqlSearchVersion).QueryRow(func(r pgx.Row) error { return r.Scan(&after) })
		if err := c.SendBatch(ctx, b).Close(); err != nil {
			return nil, err
		}
		if after == k.version {
			return k, nil
		}
	}
}

func (k *catalogue) add(rows pgx.Rows) error {
	for rows.Next() {
		f := &store.IndexRecord{}
		var kind, state, flags int64
		var path string
		err := rows.Scan(&f.ID, &f.Group, &kind, &path, &state, &flags, timeAt(&f.Created), timeAt(&f.Used))
		if err != nil {
			return err
		}
		if !f.Read(store.IndexKind(kind), []byte(path)) {
			return fmt.Errorf("search index %d is of a field that has none", f.ID)
		}
		f.State, f.Flags = store.IndexState(state), store.IndexFlags(flags)
		k.groups[f.Group] = append(k.groups[f.Group], f)
		if f.State != store.IndexGoing {
			k.kept[f.Group] = append(k.kept[f.Group], f)
		}
	}
	return rows.Err()
}

// catalogue returns what the process knows of the indexes, which it reads if that was found to be old.
func (s *Store) catalogue(ctx context.Context, c *conn) (*catalogue, error) {
	if k := s.fields.Load(); k != nil {
		return k, nil
	}
	return s.readIndexes(ctx, c)
}

// readIndexes reads the indexes in the moment of the connection, and keeps what it has learned.
func (s *Store) readIndexes(ctx context.Context, c *conn) (*catalogue, error) {
	k, err := readCatalogue(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("the search indexes: %w", err)
	}
	s.learn(k)
	return k, nil
}

// learn keeps a catalogue unless a newer one is known.
func (s *Store) learn(k *catalogue) {
	for {
		known := s.fields.Load()
		if known != nil && known.version > k.version || s.fields.CompareAndSwap(known, k) {
			return
		}
	}
}

// forget has the catalogue read again that was found to be old.
func (s *Store) forget(old *catalogue) { s.fields.CompareAndSwap(old, nil) }

// opening begins a moment. The first question goes along with it.
type opening struct {
	begun   bool
	version int64
}

// queue begins the moment unless it has begun.
func (o *opening) queue(b *pgx.Batch) {
	if o.begun {
		return
	}
	o.begun = true
	b.Queue(sqlSnapshot)
	b.Queue(sqlSearchVersion).QueryRow(func(r pgx.Row) error { return r.Scan(&o.version) })
}

// end begins the moment unless a question has done so, and returns the indexes of it. known are those that were gone by.
func (o *opening) end(ctx context.Context, c *conn, s *Store, known *catalogue) (*catalogue, error) {
	b := &pgx.Batch{}
	if o.queue(b); b.Len() > 0 {
		if err := c.SendBatch(ctx, b).Close(); err != nil {
			return nil, err
		}
	}
	if known != nil && known.version == o.version {
		return known, nil
	}
	if k := s.fields.Load(); k != nil && k.version == o.version {
		return k, nil
	}
	return s.readIndexes(ctx, c)
}
