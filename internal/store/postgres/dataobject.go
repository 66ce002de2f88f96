package postgres

import (
	"context"
	"errors"
	"slices"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

const (
	dataColumns = `type, oid, uid, rev, created, last_updated, uniques, data`

	sqlDataObject  = `SELECT ` + dataColumns + ` FROM data_objects WHERE grp = $1 AND place = $2 AND type = $3 AND oid = $4 AND uid = $5`
	sqlDataObjects = `SELECT ` + dataColumns + ` FROM data_objects
		WHERE grp = $1 AND type = $2 AND (oid, uid) > ($3, $4) ORDER BY oid, uid`
	sqlDataObjectsOfOID     = `SELECT ` + dataColumns + ` FROM data_objects WHERE grp = $1 AND type = $2 AND oid = $3 ORDER BY uid`
	sqlDataObjectsOfUID     = `SELECT ` + dataColumns + ` FROM data_objects WHERE grp = $1 AND place = $3 AND type = $2 AND uid = $3 ORDER BY oid`
	sqlDataCount            = `SELECT count(*) FROM data_objects WHERE grp = $1 AND type = $2`
	sqlDataObjectsOfAccount = `SELECT type, oid, uniques FROM data_objects WHERE grp = $1 AND place = $2 AND uid = $2 AND uniques IS NOT NULL`

	sqlInsertDataObject = `INSERT INTO data_objects (grp, place, type, oid, uid, last_updated, uniques, data, created, rev)
		VALUES ($1,$2,$3,$4,$5, $6,$7,$8,$9, 1) ON CONFLICT (grp, place, type, oid, uid) DO NOTHING`
	sqlUpdateDataObject = `UPDATE data_objects SET last_updated = $6, uniques = $7, data = $8, created = $9, rev = rev + 1
		WHERE grp = $1 AND place = $2 AND type = $3 AND oid = $4 AND uid = $5 AND rev = $10`
	sqlDeleteDataObject         = `DELETE FROM data_objects WHERE grp = $1 AND place = $2 AND type = $3 AND oid = $4 AND uid = $5`
	sqlDeleteAccountDataObjects = `DELETE FROM data_objects WHERE grp = $1 AND place = $2 AND uid = $2`

	sqlClaimValue = `INSERT INTO data_uniques (grp, type, hash, oid, uid) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (grp, type, hash) DO NOTHING`
	sqlHoldsValue   = `SELECT 1 FROM data_uniques WHERE grp = $1 AND type = $2 AND hash = $3 AND oid = $4 AND uid = $5`
	sqlReleaseValue = `DELETE FROM data_uniques WHERE grp = $1 AND type = $2 AND hash = $3 AND oid = $4 AND uid = $5`

	sqlDataType       = `SELECT rev, created, schema FROM data_types WHERE grp = $1 AND name = $2`
	sqlDataTypes      = `SELECT name FROM data_types WHERE grp = $1 ORDER BY name`
	sqlInsertDataType = `INSERT INTO data_types (grp, name, created, schema, rev) VALUES ($1, $2, $3, $4, 1)
		ON CONFLICT (grp, name) DO NOTHING`
	sqlUpdateDataType = `UPDATE data_types SET created = $3, schema = $4, rev = rev + 1 WHERE grp = $1 AND name = $2 AND rev = $5`
)

// DataObject implements [store.DataReader].
func (s *Store) DataObject(ctx context.Context, group, kind string, key store.DataKey) (*store.DataObject, error) {
	return point(ctx, s, func(ctx context.Context, c *conn) (*store.DataObject, error) {
		return getDataObject(ctx, c, group, kind, key)
	})
}

// DataType implements [store.DataReader].
func (s *Store) DataType(ctx context.Context, group, name string) (*store.DataType, error) {
	return point(ctx, s, func(ctx context.Context, c *conn) (*store.DataType, error) { return getDataType(ctx, c, group, name) })
}

// DataTypes implements [store.DataReader].
func (s *Store) DataTypes(ctx context.Context, group string) ([]string, error) {
	if !storable(group) {
		return nil, ctx.Err()
	}
	return point(ctx, s, func(ctx context.Context, c *conn) ([]string, error) {
		var names []string
		err := each(ctx, c, sqlDataTypes, []any{group}, func(r pgx.Rows) error {
			var name string
			err := r.Scan(&name)
			names = append(names, name)
			return err
		})
		return names, err
	})
}

// DataObjects implements [store.DataReader]. One statement sees one moment.
func (s *Store) DataObjects(ctx context.Context, q store.DataQuery, fn func(*store.DataObject) error) error {
	sql, keys := sqlDataObjects, []string{q.Group, q.Type, q.After.OID, q.After.UID}
	switch {
	case q.OID != nil:
		sql, keys = sqlDataObjectsOfOID, []string{q.Group, q.Type, *q.OID}
	case q.UID != nil:
		sql, keys = sqlDataObjectsOfUID, []string{q.Group, q.Type, *q.UID}
	}
	if !storable(keys...) {
		return ctx.Err()
	}
	args := make([]any, len(keys))
	for i, key := range keys {
		args[i] = key
	}
	begun := false
	return s.scan(ctx, &begun, func(ctx context.Context, c *conn) error {
		return each(ctx, c, sql, args, func(r pgx.Rows) error {
			o := &store.DataObject{Group: q.Group}
			if err := scanDataObject(r, o); err != nil {
				return err
			}
			if !q.Wants(o) {
				return nil
			}
			begun = true
			return fn(o)
		})
	})
}

// DataCount implements [store.DataReader].
func (s *Store) DataCount(ctx context.Context, group, kind string) (n int64, err error) {
	if !storable(group, kind) {
		return 0, ctx.Err()
	}
	begun := false
	err = s.scan(ctx, &begun, func(ctx context.Context, c *conn) error {
		return get(ctx, c, sqlDataCount, []any{group, kind}, &n)
	})
	return n, err
}

func scanDataObject(r pgx.Row, o *store.DataObject) error {
	var uniques []byte
	err := r.Scan(&o.Type, &o.OID, &o.UID, &o.Rev, timeAt(&o.Created), timeAt(&o.LastUpdated), &uniques, docAt(&o.Data))
	o.Unique = store.SplitHashes(uniques)
	return err
}

// dataKey are the parameters that name the object in every statement.
func dataKey(group, kind string, key store.DataKey) []any {
	place := key.UID
	if place == "" {
		place = kind + "/" + key.OID
	}
	return []any{group, place, kind, key.OID, key.UID}
}

func getDataObject(ctx context.Context, c *conn, group, kind string, key store.DataKey) (*store.DataObject, error) {
	if !storable(group, kind, key.OID, key.UID) {
		return nil, store.ErrNotFound
	}
	o := &store.DataObject{Group: group}
	err := scanDataObject(c.QueryRow(ctx, sqlDataObject, dataKey(group, kind, key)...), o)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

func putDataObject(ctx context.Context, c *conn, o *store.DataObject) error {
	before, err := getDataObject(ctx, c, o.Group, o.Type, o.Key())
	switch {
	case errors.Is(err, store.ErrNotFound) && o.Rev == 0:
		before = &store.DataObject{}
	case err != nil:
		return err
	case o.Rev == 0:
		return store.ErrExists
	case o.Rev != before.Rev:
		return store.ErrConflict
	}
	args := append(dataKey(o.Group, o.Type, o.Key()), millis(o.LastUpdated), bytesOf(store.JoinHashes(o.Unique)), doc(o.Data), millis(o.Created))
	if o.Rev == 0 {
		inserted, err := exec(ctx, c, sqlInsertDataObject, args...)
		if err == nil && inserted == 0 {
			err = store.ErrExists
		}
		if err != nil {
			return err
		}
	} else {
		changed, err := exec(ctx, c, sqlUpdateDataObject, append(args, o.Rev)...)
		if err == nil && changed == 0 {
			err = store.ErrConflict
		}
		if err != nil {
			return err
		}
	}
	if err := releaseValues(ctx, c, o, before.Unique, o.Unique); err != nil {
		return err
	}
	return claimValues(ctx, c, o, before.Unique)
}

// claimValues makes the object's values its own, but those that it has held before.
func claimValues(ctx context.Context, c *conn, o *store.DataObject, held []store.Hash) error {
	for _, hash := range o.Unique {
		if slices.Contains(held, hash) {
			continue
		}
		claimed, err := exec(ctx, c, sqlClaimValue, o.Group, o.Type, hash[:], o.OID, o.UID)
		if err != nil {
			return err
		}
		if claimed == 1 {
			continue
		}
		own, err := has(ctx, c, sqlHoldsValue, o.Group, o.Type, hash[:], o.OID, o.UID)
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
func releaseValues(ctx context.Context, c *conn, o *store.DataObject, held, kept []store.Hash) error {
	for _, hash := range held {
		if slices.Contains(kept, hash) {
			continue
		}
		if _, err := exec(ctx, c, sqlReleaseValue, o.Group, o.Type, hash[:], o.OID, o.UID); err != nil {
			return err
		}
	}
	return nil
}

func deleteDataObject(ctx context.Context, c *conn, group, kind string, key store.DataKey) error {
	before, err := getDataObject(ctx, c, group, kind, key)
	if err != nil {
		return err
	}
	if _, err := exec(ctx, c, sqlDeleteDataObject, dataKey(group, kind, key)...); err != nil {
		return err
	}
	return releaseValues(ctx, c, before, before.Unique, nil)
}

// deleteAccountsData removes the objects that belong to the account.
func deleteAccountsData(ctx context.Context, c *conn, group, uid string) error {
	var holders []*store.DataObject
	err := each(ctx, c, sqlDataObjectsOfAccount, []any{group, uid}, func(r pgx.Rows) error {
		o := &store.DataObject{Group: group, UID: uid}
		var uniques []byte
		err := r.Scan(&o.Type, &o.OID, &uniques)
		o.Unique = store.SplitHashes(uniques)
		holders = append(holders, o)
		return err
	})
	if err != nil {
		return err
	}
	for _, o := range holders {
		if err := releaseValues(ctx, c, o, o.Unique, nil); err != nil {
			return err
		}
	}
	_, err = exec(ctx, c, sqlDeleteAccountDataObjects, group, uid)
	return err
}

func getDataType(ctx context.Context, c *conn, group, name string) (*store.DataType, error) {
	if !storable(group, name) {
		return nil, store.ErrNotFound
	}
	t := &store.DataType{Group: group, Name: name}
	err := get(ctx, c, sqlDataType, []any{group, name}, &t.Rev, timeAt(&t.Created), docAt(&t.Schema))
	if err != nil {
		return nil, err
	}
	return t, nil
}

func putDataType(ctx context.Context, c *conn, t *store.DataType) error {
	args := []any{t.Group, t.Name, millis(t.Created), doc(t.Schema)}
	if t.Rev == 0 {
		inserted, err := exec(ctx, c, sqlInsertDataType, args...)
		if err == nil && inserted == 0 {
			err = store.ErrExists
		}
		return err
	}
	changed, err := exec(ctx, c, sqlUpdateDataType, append(args, t.Rev)...)
	if err != nil || changed == 1 {
		return err
	}
	if _, err := getDataType(ctx, c, t.Group, t.Name); err != nil {
		return err
	}
	return store.ErrConflict
}

func (t *tx) DataObject(group, kind string, key store.DataKey) (*store.DataObject, error) {
	return read(t, func(ctx context.Context, c *conn) (*store.DataObject, error) {
		return getDataObject(ctx, c, group, kind, key)
	})
}

func (t *tx) PutDataObject(o *store.DataObject) error {
	return t.write(o.Group, o.UID, func(ctx context.Context, c *conn) error { return putDataObject(ctx, c, o) })
}

func (t *tx) DeleteDataObject(group, kind string, key store.DataKey) error {
	return t.write(group, key.UID, func(ctx context.Context, c *conn) error {
		return deleteDataObject(ctx, c, group, kind, key)
	})
}

func (t *tx) DataType(group, name string) (*store.DataType, error) {
	return read(t, func(ctx context.Context, c *conn) (*store.DataType, error) { return getDataType(ctx, c, group, name) })
}

func (t *tx) PutDataType(d *store.DataType) error {
	return t.write(d.Group, "", func(ctx context.Context, c *conn) error { return putDataType(ctx, c, d) })
}
