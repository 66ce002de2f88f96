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

// indexed runs the reads of fn on one moment, with the indexes of that moment.
func (s *Store) indexed(ctx context.Context, c *conn, fn func(k *catalogue) error) error {
	var version int64
	return ending(ctx, c, func() error {
		b := &pgx.Batch{}
		b.Queue(sqlSnapshot)
		b.Queue(sqlSearchVersion).QueryRow(func(r pgx.Row) error { return r.Scan(&version) })
		if err := c.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		k := s.fields.Load()
		if k == nil || k.version != version {
			var err error
			if k, err = readCatalogue(ctx, c); err != nil {
				return fmt.Errorf("the search indexes: %w", err)
			}
			s.learn(k)
		}
		return fn(k)
	})
}
