package sqlite

import (
	"context"
	"slices"

	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

const (
	dataColumns = `type, oid, uid, rev, created, last_updated, uniques, data`

	sqlDataObject  = `SELECT ` + dataColumns + ` FROM data_objects WHERE grp = ? AND type = ? AND oid = ? AND uid = ?`
	sqlDataObjects = `SELECT ` + dataColumns + ` FROM data_objects
		WHERE grp = ? AND type = ? AND (oid, uid) > (?, ?) ORDER BY oid, uid`
	sqlDataObjectsOfOID = `SELECT ` + dataColumns + ` FROM data_objects
		WHERE grp = ? AND type = ? AND oid = ? ORDER BY uid`
	// That uid is not empty is said for the index, which holds no others.
	sqlDataObjectsOfUID = `SELECT ` + dataColumns + ` FROM data_objects
		WHERE grp = ? AND type = ? AND uid = ? AND uid <> '' ORDER BY oid`
	sqlDataCount = `SELECT count(*) FROM data_objects WHERE grp = ? AND type = ?`
	// The documents are not read: they may be large.
	sqlHoldersOfAccount = `SELECT type, oid, uniques FROM data_objects WHERE grp = ? AND uid = ? AND uid <> '' AND uniques IS NOT NULL`

	sqlInsertDataObject = `INSERT INTO data_objects (last_updated, uniques, data, created, rev, grp, type, oid, uid)
		VALUES (?,?,?, ?, 1, ?,?,?,?)`
	sqlUpdateDataObject = `UPDATE data_objects SET last_updated = ?, uniques = ?, data = ?, created = ?, rev = rev + 1
		WHERE grp = ? AND type = ? AND oid = ? AND uid = ? AND rev = ?`
	sqlDeleteDataObject          = `DELETE FROM data_objects WHERE grp = ? AND type = ? AND oid = ? AND uid = ?`
	sqlDeleteAccountsDataObjects = `DELETE FROM data_objects WHERE grp = ? AND uid = ? AND uid <> ''`

	sqlClaimValue   = `INSERT INTO data_uniques (oid, uid, grp, type, hash) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING`
	sqlHoldsValue   = `SELECT 1 FROM data_uniques WHERE oid = ? AND uid = ? AND grp = ? AND type = ? AND hash = ?`
	sqlReleaseValue = `DELETE FROM data_uniques WHERE oid = ? AND uid = ? AND grp = ? AND type = ? AND hash = ?`

	sqlDataType       = `SELECT rev, created, schema FROM data_types WHERE grp = ? AND name = ?`
	sqlDataTypes      = `SELECT name FROM data_types WHERE grp = ? ORDER BY name`
	sqlInsertDataType = `INSERT INTO data_types (created, schema, rev, grp, name) VALUES (?,?, 1, ?,?)`
	sqlUpdateDataType = `UPDATE data_types SET created = ?, schema = ?, rev = rev + 1 WHERE grp = ? AND name = ? AND rev = ?`
)

// DataObject implements [store.DataReader].
func (s *Store) DataObject(ctx context.Context, group, kind string, key store.DataKey) (*store.DataObject, error) {
	return point(ctx, s, func(c *sqlite.Conn) (*store.DataObject, error) { return getDataObject(c, group, kind, key) })
}

// DataType implements [store.DataReader].
func (s *Store) DataType(ctx context.Context, group, name string) (*store.DataType, error) {
	return point(ctx, s, func(c *sqlite.Conn) (*store.DataType, error) { return getDataType(c, group, name) })
}

// DataTypes implements [store.DataReader].
func (s *Store) DataTypes(ctx context.Context, group string) ([]string, error) {
	return point(ctx, s, func(c *sqlite.Conn) ([]string, error) {
		var names []string
		err := list(c, sqlDataTypes, func(b *binder) { b.text(group) }, func(r *row) error {
			names = append(names, r.text())
			return nil
		})
		return names, err
	})
}

// DataObjects implements [store.DataReader]. One statement sees one moment.
func (s *Store) DataObjects(ctx context.Context, q store.DataQuery, each func(*store.DataObject) error) error {
	text, keys := sqlDataObjects, []string{q.Group, q.Type, q.After.OID, q.After.UID}
	switch {
	case q.OID != nil:
		text, keys = sqlDataObjectsOfOID, []string{q.Group, q.Type, *q.OID}
	case q.UID != nil:
		text, keys = sqlDataObjectsOfUID, []string{q.Group, q.Type, *q.UID}
	}
	bind := func(b *binder) {
		for _, key := range keys {
			b.text(key)
		}
	}
	return s.scan(ctx, func(c *conn) error {
		o := &store.DataObject{Group: q.Group}
		return list(c.Conn, text, bind, func(r *row) error {
			scanDataObject(r, o)
			if !q.Wants(o) {
				return nil
			}
			return each(o)
		})
	})
}

// DataCount implements [store.DataReader]. It looks at the index alone.
func (s *Store) DataCount(ctx context.Context, group, kind string) (n int64, err error) {
	err = s.scan(ctx, func(c *conn) error {
		return get(c.Conn, sqlDataCount, func(b *binder) { b.text(group); b.text(kind) }, func(r *row) error {
			n = r.int()
			return nil
		})
	})
	return n, err
}

func scanDataObject(r *row, o *store.DataObject) {
	o.Type, o.OID, o.UID = r.text(), r.text(), r.text()
	o.Rev, o.Created, o.LastUpdated = r.int(), r.time(), r.time()
	o.Unique = store.SplitHashes(r.blob())
	o.Data = r.doc()
}

func bindDataKey(b *binder, group, kind string, key store.DataKey) {
	b.text(group)
	b.text(kind)
	b.text(key.OID)
	b.text(key.UID)
}

func getDataObject(c *sqlite.Conn, group, kind string, key store.DataKey) (*store.DataObject, error) {
	o := &store.DataObject{Group: group}
	err := get(c, sqlDataObject,
		func(b *binder) { bindDataKey(b, group, kind, key) },
		func(r *row) error { scanDataObject(r, o); return nil })
	if err != nil {
		return nil, err
	}
	return o, nil
}

func putDataObject(c *sqlite.Conn, o *store.DataObject) error {
	before, err := getDataObject(c, o.Group, o.Type, o.Key())
	switch {
	case err == store.ErrNotFound && o.Rev == 0:
		before = &store.DataObject{}
	case err != nil:
		return err
	case o.Rev == 0:
		return store.ErrExists
	case o.Rev != before.Rev:
		return store.ErrConflict
	}
	text := sqlUpdateDataObject
	if o.Rev == 0 {
		text = sqlInsertDataObject
	}
	_, err = exec(c, text, func(b *binder) {
		b.time(o.LastUpdated)
		b.blob(store.JoinHashes(o.Unique))
		b.doc(o.Data)
		b.time(o.Created)
		bindDataKey(b, o.Group, o.Type, o.Key())
		if o.Rev != 0 {
			b.int(o.Rev)
		}
	})
	if err != nil {
		return err
	}
	if err := releaseValues(c, o, before.Unique, o.Unique); err != nil {
		return err
	}
	return claimValues(c, o, before.Unique)
}

// claimValues makes the object's values its own, but those that it has held before.
func claimValues(c *sqlite.Conn, o *store.DataObject, held []store.Hash) error {
	for _, hash := range o.Unique {
		if slices.Contains(held, hash) {
			continue
		}
		bind := func(b *binder) { bindValue(b, o, hash) }
		claimed, err := exec(c, sqlClaimValue, bind)
		if err != nil {
			return err
		}
		if claimed == 1 {
			continue
		}
		own, err := has(c, sqlHoldsValue, bind)
		if err != nil {
			return err
		}
		if !own {
			return store.ErrNotUnique
		}
	}
	return nil
}

// releaseValues frees the values of the object but those that are kept.
func releaseValues(c *sqlite.Conn, o *store.DataObject, held, kept []store.Hash) error {
	for _, hash := range held {
		if slices.Contains(kept, hash) {
			continue
		}
		if _, err := exec(c, sqlReleaseValue, func(b *binder) { bindValue(b, o, hash) }); err != nil {
			return err
		}
	}
	return nil
}

func bindValue(b *binder, o *store.DataObject, hash store.Hash) {
	b.text(o.OID)
	b.text(o.UID)
	b.text(o.Group)
	b.text(o.Type)
	b.hash(hash)
}

func deleteDataObject(c *sqlite.Conn, group, kind string, key store.DataKey) error {
	before, err := getDataObject(c, group, kind, key)
	if err != nil {
		return err
	}
	if _, err := exec(c, sqlDeleteDataObject, func(b *binder) { bindDataKey(b, group, kind, key) }); err != nil {
		return err
	}
	return releaseValues(c, before, before.Unique, nil)
}

// deleteAccountsData removes the objects that belong to the account.
func deleteAccountsData(c *sqlite.Conn, group, uid string) error {
	account := func(b *binder) { b.text(group); b.text(uid) }
	var holders []*store.DataObject
	err := list(c, sqlHoldersOfAccount, account, func(r *row) error {
		holders = append(holders, &store.DataObject{Group: group, UID: uid, Type: r.text(), OID: r.text(), Unique: store.SplitHashes(r.blob())})
		return nil
	})
	if err != nil {
		return err
	}
	for _, o := range holders {
		if err := releaseValues(c, o, o.Unique, nil); err != nil {
			return err
		}
	}
	_, err = exec(c, sqlDeleteAccountsDataObjects, account)
	return err
}

func getDataType(c *sqlite.Conn, group, name string) (*store.DataType, error) {
	t := &store.DataType{Group: group, Name: name}
	err := get(c, sqlDataType,
		func(b *binder) { b.text(group); b.text(name) },
		func(r *row) error {
			t.Rev, t.Created, t.Schema = r.int(), r.time(), r.doc()
			return nil
		})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func putDataType(c *sqlite.Conn, t *store.DataType) error {
	text := sqlUpdateDataType
	if t.Rev == 0 {
		text = sqlInsertDataType
	}
	changed, err := exec(c, text, func(b *binder) {
		b.time(t.Created)
		b.doc(t.Schema)
		b.text(t.Group)
		b.text(t.Name)
		if t.Rev != 0 {
			b.int(t.Rev)
		}
	})
	if isUnique(err) {
		return store.ErrExists
	}
	if err != nil || changed == 1 {
		return err
	}
	if _, err := getDataType(c, t.Group, t.Name); err != nil {
		return err
	}
	return store.ErrConflict
}

func (t *tx) DataObject(group, kind string, key store.DataKey) (*store.DataObject, error) {
	return read(t, func(c *sqlite.Conn) (*store.DataObject, error) { return getDataObject(c, group, kind, key) })
}

func (t *tx) PutDataObject(o *store.DataObject) error {
	return t.write(func(c *sqlite.Conn) error { return putDataObject(c, o) })
}

func (t *tx) DeleteDataObject(group, kind string, key store.DataKey) error {
	return t.write(func(c *sqlite.Conn) error { return deleteDataObject(c, group, kind, key) })
}

func (t *tx) DataType(group, name string) (*store.DataType, error) {
	return read(t, func(c *sqlite.Conn) (*store.DataType, error) { return getDataType(c, group, name) })
}

func (t *tx) PutDataType(d *store.DataType) error {
	return t.write(func(c *sqlite.Conn) error { return putDataType(c, d) })
}
