package sqlite

import (
	"fmt"

	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

const (
	sqlSearchVersion     = `SELECT value FROM meta WHERE name = 'search_version'`
	sqlRaiseSearch       = `UPDATE meta SET value = value + 1 WHERE name = 'search_version'`
	sqlSearchFields      = `SELECT id, grp, kind, path, state, flags, created, used FROM search_fields ORDER BY id`
	sqlInsertSearchField = `INSERT INTO search_fields (grp, kind, path, state, flags, filled, created, used)
		VALUES (?,?,?,1,0,0,?,?) ON CONFLICT DO NOTHING`
	sqlFlagSearchField   = `UPDATE search_fields SET flags = flags | ? WHERE id = ? AND flags & ?3 <> ?3`
	sqlFillSearchField   = `UPDATE search_fields SET filled = ? WHERE id = ? AND filled = ? AND state = 1`
	sqlTurnSearchField   = `UPDATE search_fields SET state = ? WHERE id = ? AND state = ?`
	sqlUseSearchField    = `UPDATE search_fields SET used = ? WHERE id = ? AND used < ?`
	sqlDeleteSearchField = `DELETE FROM search_fields WHERE id = ? AND state = 3`

	sqlInsertSearchKey = `INSERT INTO search_keys (field, key, owner, account, first) VALUES (?,?,?,?,?)
		ON CONFLICT DO UPDATE SET account = excluded.account, first = excluded.first`
	sqlNoteChanged     = `INSERT INTO search_changed (field, account) VALUES (?,?) ON CONFLICT DO NOTHING`
	sqlForgetChanged   = `DELETE FROM search_changed WHERE field = ?`
	sqlDeleteSearchKey = `DELETE FROM search_keys WHERE field = ? AND key = ? AND owner = ?`
)

// catalogue is what a connection knows of the indexes. It is right within a transaction that called current.
type catalogue struct {
	version int64
	groups  map[string][]*store.IndexRecord
	// settled: the writing transaction has called current, and has changed nothing of it since. Nobody else can.
	settled bool
}

// forget makes the next call of current read everything again.
func (k *catalogue) forget() { k.version, k.settled = 0, false }

// writing is current for the transaction that writes: it asks once.
func (k *catalogue) writing(c *sqlite.Conn, group string) ([]*store.IndexRecord, error) {
	if k.settled {
		return k.groups[group], nil
	}
	records, err := k.current(c, group)
	k.settled = err == nil
	return records, err
}

// current reads the catalogue unless it is the one of the connection's transaction already. Who calls it is within a
// transaction: whatever another process does to the catalogue is before it or behind it.
func (k *catalogue) current(c *sqlite.Conn, group string) ([]*store.IndexRecord, error) {
	var version int64
	if err := get(c, sqlSearchVersion, noParameters, func(r *row) error { version = r.int(); return nil }); err != nil {
		return nil, fmt.Errorf("version of the search indexes: %w", err)
	}
	if version != k.version {
		fields, err := searchFields(c)
		if err != nil {
			return nil, err
		}
		k.groups = map[string][]*store.IndexRecord{}
		for _, f := range fields {
			k.groups[f.Group] = append(k.groups[f.Group], f)
		}
		k.version = version
	}
	return k.groups[group], nil
}

func searchFields(c *sqlite.Conn) (fields []*store.IndexRecord, err error) {
	err = list(c, sqlSearchFields, noParameters, func(r *row) error {
		f := &store.IndexRecord{ID: r.int(), Group: r.text()}
		if !f.Read(store.IndexKind(r.int()), []byte(r.text())) {
			return fmt.Errorf("search index %d is of a field that has none", f.ID)
		}
		f.State, f.Flags, f.Created, f.Used = store.IndexState(r.int()), store.IndexFlags(r.int()), r.time(), r.time()
		fields = append(fields, f)
		return nil
	})
	return fields, err
}

// written is an account with the indexes of its group, before and after a change.
type written struct {
	c      *sqlite.Conn
	fields []*store.IndexRecord
	// before is what was stored, nil: nothing; row is the number of its row.
	before *store.Account
	row    int64
}

// indexes reads what the indexes have to know of an account that is about to be changed, or to be inserted: then there is
// nothing of it. Without indexes that is nothing.
func (t *tx) indexes(group, uid string, inserted bool) (*written, error) {
	fields, err := t.fields.writing(t.c, group)
	if err != nil || len(fields) == 0 {
		return nil, err
	}
	w := &written{c: t.c, fields: fields}
	if inserted {
		return w, nil
	}
	if w.before, err = getAccount(t.c, group, uid); err == store.ErrNotFound {
		return w, nil
	}
	if err == nil {
		w.row, err = accountRow(t.c, group, uid)
	}
	return w, err
}

// follow brings the indexes to what the account is after the change; nil: deleted. It writes what is different only.
func (t *tx) follow(w *written, after *store.Account) error {
	if w == nil {
		return nil
	}
	if w.before == nil && after != nil {
		w.row = w.c.LastInsertRowID() // It was inserted a moment ago.
	}
	for _, f := range w.fields {
		var flags store.IndexFlags
		var err error
		switch f.State {
		case store.IndexReady:
			flags, err = replace(f, w.c, w.row, w.before, after)
		case store.IndexFilling:
			flags, err = meanwhile(f, w.c, w.row, w.before, after)
		}
		if err != nil {
			return fmt.Errorf("search index %s: %w", f.Index.Path, err)
		}
		if err := t.flagged(f, flags); err != nil {
			return err
		}
	}
	return nil
}

// flagged notes in the catalogue what rows the index has from now on.
func (t *tx) flagged(f *store.IndexRecord, flags store.IndexFlags) error {
	if flags&^f.Flags == 0 {
		return nil
	}
	changed, err := exec(t.c, sqlFlagSearchField, func(b *binder) { b.int(int64(flags)); b.int(f.ID); b.int(int64(flags)) })
	if err != nil || changed == 0 {
		return err
	}
	return t.raise()
}

// raise tells everybody that the catalogue changed.
func (t *tx) raise() error {
	t.fields.forget()
	_, err := exec(t.c, sqlRaiseSearch, noParameters)
	return err
}

// replace writes the difference between the keys of two states of an account; nil: there is or was none.
func replace(f *store.IndexRecord, c *sqlite.Conn, row int64, before, after *store.Account) (flags store.IndexFlags, err error) {
	var old, now [][]byte
	uid := ""
	if before != nil {
		old, _ = f.Index.Keys(before)
		uid = before.UID
	}
	if after != nil {
		now, flags = f.Index.Keys(after)
		uid = after.UID
	}
	for i, key := range old {
		// The first one is marked as such: who was first and is another now is written again.
		if at := place(now, key); at < 0 {
			_, err = exec(c, sqlDeleteSearchKey, func(b *binder) { b.int(f.ID); b.stmt.BindBytes(b.next(), key); b.text(uid) })
		} else if (at == 0) != (i == 0) {
			err = insert(f, c, key, uid, row, at == 0)
		}
		if err != nil {
			return flags, err
		}
	}
	for i, key := range now {
		if place(old, key) < 0 {
			if err := insert(f, c, key, uid, row, i == 0); err != nil {
				return flags, err
			}
		}
	}
	return flags, nil
}

// meanwhile writes all keys of an account that changes while the index is filled, and notes its row: whoever fills passes
// over it, because what he read of it is old.
func meanwhile(f *store.IndexRecord, c *sqlite.Conn, row int64, before, after *store.Account) (flags store.IndexFlags, err error) {
	if _, err := exec(c, sqlNoteChanged, func(b *binder) { b.int(f.ID); b.int(row) }); err != nil {
		return 0, err
	}
	if before != nil {
		if _, err := replace(f, c, row, before, nil); err != nil {
			return 0, err
		}
	}
	if after == nil {
		return 0, nil
	}
	return replace(f, c, row, nil, after)
}

// place returns where the key is among the keys; -1: nowhere.
func place(keys [][]byte, key []byte) int {
	for i, k := range keys {
		if string(k) == string(key) {
			return i
		}
	}
	return -1
}

func insert(f *store.IndexRecord, c *sqlite.Conn, key []byte, uid string, row int64, first bool) error {
	_, err := exec(c, sqlInsertSearchKey, func(b *binder) {
		b.int(f.ID)
		b.stmt.BindBytes(b.next(), key)
		b.text(uid)
		b.int(row)
		b.bool(first)
	})
	return err
}
