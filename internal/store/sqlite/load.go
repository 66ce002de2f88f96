package sqlite

import (
	"cmp"
	"context"
	"fmt"

	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

const (
	sqlLoadIdentifier = `INSERT INTO identifiers (grp, space, value, uid, account) VALUES
		(?1,?2,?3,?4, coalesce((SELECT id FROM accounts WHERE grp = ?1 AND uid = ?4), 0))`
	sqlLoadType   = `INSERT INTO data_types (grp, name, rev, created, schema) VALUES (?,?,?,?,?)`
	sqlLoadObject = `INSERT INTO data_objects (last_updated, uniques, data, created, rev, grp, type, oid, uid) VALUES (?,?,?,?,?,?,?,?,?)`
	// A value that moves from one object to another may come before it goes.
	sqlLoadValue = `INSERT INTO data_uniques (oid, uid, grp, type, hash) VALUES (?,?,?,?,?)
		ON CONFLICT DO UPDATE SET oid = excluded.oid, uid = excluded.uid`
	sqlLoadMark = `INSERT INTO marks (space, hash, until) VALUES (?,?,?)`

	sqlUnloadPartner = `DELETE FROM partners WHERE id = ?`
	sqlUnloadSite    = `DELETE FROM sites WHERE api_key = ?`
	sqlUnloadKey     = `DELETE FROM keys WHERE user_key = ?`
	sqlUnloadType    = `DELETE FROM data_types WHERE grp = ? AND name = ?`
	sqlUnloadMark    = `DELETE FROM marks WHERE space = ? AND hash = ?`
	sqlUnloadChain   = `DELETE FROM audit_chains WHERE name = ?`
	sqlUnloadMoment  = `DELETE FROM audit WHERE api_key = ? AND time = ?`
)

// Load implements [store.Mover].
func (s *Store) Load(ctx context.Context, run int64, edits []store.Edit) error {
	return s.submit(ctx, &job{fn: func(t *tx) error {
		latest, err := has(t.c, sqlRunsCopy, func(b *binder) { b.int(run) })
		if err != nil {
			return err
		}
		if !latest {
			return store.ErrOvertaken
		}
		t.wrote, t.touched.every = true, true
		for _, e := range edits {
			if err := t.edit(e); err != nil {
				place := cmp.Or(e.New, e.Old).Place()
				return fmt.Errorf("%s %q: %w", place.Kind, place.Texts, err)
			}
		}
		return nil
	}})
}

func (t *tx) edit(e store.Edit) error {
	kind := cmp.Or(e.New, e.Old).Place().Kind
	t.configured = t.configured || kind <= store.SigningKeyRecord || kind == store.VersionRecord
	if kind == store.AccountRecord {
		was, _ := e.Old.(*store.Account)
		is, _ := e.New.(*store.Account)
		return t.editAccount(was, is)
	}
	if e.Old != nil {
		if err := unload(t.c, e.Old); err != nil {
			return err
		}
	}
	if e.New == nil {
		return nil
	}
	return load(t.c, e.New)
}

// editAccount removes and stores an account and nothing that belongs to it but is a record of its own: identifiers keep the
// number of the row that takes the place of the old one.
func (t *tx) editAccount(was, is *store.Account) error {
	var row int64
	var err error
	if was == nil {
		row, err = t.rows.take(t.c)
	} else if row, err = accountRow(t.c, was.Group, was.UID); err == nil {
		_, err = exec(t.c, sqlDeleteAccount, func(b *binder) { b.int(row) })
		t.grow(was.Group, -1)
	}
	if err != nil {
		return err
	}
	if is == nil {
		_, err = exec(t.c, sqlOrphan, func(b *binder) { b.int(row) })
		return err
	}
	t.grow(is.Group, 1)
	_, err = exec(t.c, sqlInsertAccount, func(b *binder) { bindAccount(b, is, is.Rev, row) })
	return err
}

// load stores a record whose place is free. The version of the configuration is a record of its own: it is not raised here.
func load(c *sqlite.Conn, r store.Record) error {
	switch r := r.(type) {
	case *store.Session:
		return putSession(c, r)
	case *store.DataObject:
		return loadObject(c, r)
	case *store.Moment:
		for _, a := range r.Audits {
			if err := appendAudit(c, a); err != nil {
				return err
			}
		}
		return nil
	}
	var sql string
	var bind func(b *binder)
	switch r := r.(type) {
	case *store.Partner:
		sql, bind = sqlPutPartner, func(b *binder) { bindPartner(b, r) }
	case *store.Site:
		sql, bind = sqlPutSite, func(b *binder) { bindSite(b, r) }
	case *store.Key:
		sql, bind = sqlPutKey, func(b *binder) { bindKey(b, r) }
	case *store.ConfigObject:
		sql, bind = sqlPutConfigObject, func(b *binder) { bindConfigObject(b, r) }
	case *store.SigningKey:
		sql, bind = sqlPutSigningKey, func(b *binder) { bindSigningKey(b, r) }
	case *store.DataType:
		sql = sqlLoadType
		bind = func(b *binder) { b.text(r.Group); b.text(r.Name); b.int(r.Rev); b.time(r.Created); b.doc(r.Schema) }
	case *store.OwnedIdentifier:
		sql = sqlLoadIdentifier
		bind = func(b *binder) { b.text(r.Group); b.text(r.Space); b.text(r.Value); b.text(r.UID) }
	case *store.Mark:
		sql = sqlLoadMark
		bind = func(b *binder) { b.text(r.Space); b.hash(r.Hash); b.time(r.Until) }
	case *store.AuditChain:
		sql, bind = sqlAddAuditChain, func(b *binder) { bindChain(b, r) }
	case *store.Version:
		sql = sqlPutMeta
		bind = func(b *binder) { b.text("config_version"); b.int(r.Value) }
	default:
		return fmt.Errorf("unknown record %T", r)
	}
	_, err := exec(c, sql, bind)
	return err
}

func loadObject(c *sqlite.Conn, o *store.DataObject) error {
	_, err := exec(c, sqlLoadObject, func(b *binder) {
		b.time(o.LastUpdated)
		b.blob(store.JoinHashes(o.Unique))
		b.doc(o.Data)
		b.time(o.Created)
		b.int(o.Rev)
		bindDataKey(b, o.Group, o.Type, o.Key())
	})
	if err != nil {
		return err
	}
	for _, hash := range o.Unique {
		if _, err := exec(c, sqlLoadValue, func(b *binder) { bindValue(b, o, hash) }); err != nil {
			return err
		}
	}
	return nil
}

// unload removes a record, and nothing that belongs to it but is a record of its own.
func unload(c *sqlite.Conn, r store.Record) error {
	var sql string
	var bind func(b *binder)
	switch r := r.(type) {
	case *store.Partner:
		sql, bind = sqlUnloadPartner, func(b *binder) { b.int(r.ID) }
	case *store.Site:
		sql, bind = sqlUnloadSite, func(b *binder) { b.text(r.APIKey) }
	case *store.Key:
		sql, bind = sqlUnloadKey, func(b *binder) { b.text(r.UserKey) }
	case *store.ConfigObject:
		sql, bind = sqlDeleteConfigObject, func(b *binder) { bindConfigKey(b, r.Owner, r.Kind, r.Name) }
	case *store.SigningKey:
		sql, bind = sqlDeleteSigningKey, func(b *binder) { b.text(r.ID) }
	case *store.DataType:
		sql, bind = sqlUnloadType, func(b *binder) { b.text(r.Group); b.text(r.Name) }
	case *store.OwnedIdentifier:
		sql, bind = sqlRelease, func(b *binder) { b.text(r.Group); b.text(r.Space); b.text(r.Value); b.text(r.UID) }
	case *store.Session:
		sql, bind = sqlDeleteSession, func(b *binder) { b.text(r.Group); b.text(r.UID); b.hash(r.Hash) }
	case *store.DataObject:
		if err := releaseValues(c, r, r.Unique, nil); err != nil {
			return err
		}
		sql, bind = sqlDeleteDataObject, func(b *binder) { bindDataKey(b, r.Group, r.Type, r.Key()) }
	case *store.Mark:
		sql, bind = sqlUnloadMark, func(b *binder) { b.text(r.Space); b.hash(r.Hash) }
	case *store.Moment:
		sql, bind = sqlUnloadMoment, func(b *binder) { b.text(r.APIKey); b.time(r.Time) }
	case *store.AuditChain:
		sql, bind = sqlUnloadChain, func(b *binder) { b.text(r.Name) }
	case *store.Version:
		return nil // What comes takes its place.
	default:
		return fmt.Errorf("unknown record %T", r)
	}
	removed, err := exec(c, sql, bind)
	if err == nil && removed == 0 {
		err = store.ErrNotFound
	}
	return err
}
