package sqlite

import (
	"context"

	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

const (
	configObjectColumns = `owner, kind, name, document, secrets, created, updated`

	sqlConfigObject       = `SELECT ` + configObjectColumns + ` FROM config_objects WHERE owner = ? AND kind = ? AND name = ?`
	sqlConfigObjects      = `SELECT ` + configObjectColumns + ` FROM config_objects WHERE owner = ? AND kind = ? ORDER BY name`
	sqlOwnedConfigObjects = `SELECT ` + configObjectColumns + ` FROM config_objects WHERE owner = ? ORDER BY kind, name`
	sqlPutConfigObject    = `INSERT INTO config_objects (` + configObjectColumns + `) VALUES (?,?,?,?,?,?,?)
		ON CONFLICT (owner, kind, name) DO UPDATE SET document = excluded.document, secrets = excluded.secrets,
		created = excluded.created, updated = excluded.updated`
	sqlDeleteConfigObject = `DELETE FROM config_objects WHERE owner = ? AND kind = ? AND name = ?`
)

// ConfigObject implements [store.Configuration].
func (s *Store) ConfigObject(ctx context.Context, owner, kind, name string) (*store.ConfigObject, error) {
	return point(ctx, s, func(c *sqlite.Conn) (*store.ConfigObject, error) { return getConfigObject(c, owner, kind, name) })
}

// ConfigObjects implements [store.Configuration].
func (s *Store) ConfigObjects(ctx context.Context, owner, kind string) ([]*store.ConfigObject, error) {
	return point(ctx, s, func(c *sqlite.Conn) ([]*store.ConfigObject, error) { return configObjects(c, owner, kind) })
}

func (t *tx) ConfigObject(owner, kind, name string) (*store.ConfigObject, error) {
	return read(t, func(c *sqlite.Conn) (*store.ConfigObject, error) { return getConfigObject(c, owner, kind, name) })
}

func (t *tx) ConfigObjects(owner, kind string) ([]*store.ConfigObject, error) {
	return read(t, func(c *sqlite.Conn) ([]*store.ConfigObject, error) { return configObjects(c, owner, kind) })
}

func (t *tx) PutConfigObject(o *store.ConfigObject) error {
	return t.configure(func(c *sqlite.Conn) error {
		return putConfiguration(c, sqlPutConfigObject, func(b *binder) { bindConfigObject(b, o) })
	})
}

func (t *tx) DeleteConfigObject(owner, kind, name string) error {
	return t.configure(func(c *sqlite.Conn) error { return deleteConfigObject(c, owner, kind, name) })
}

func getConfigObject(c *sqlite.Conn, owner, kind, name string) (*store.ConfigObject, error) {
	o := new(store.ConfigObject)
	err := get(c, sqlConfigObject, func(b *binder) { bindConfigKey(b, owner, kind, name) },
		func(r *row) error { return scanConfigObject(r, o) })
	if err != nil {
		return nil, err
	}
	return o, nil
}

func configObjects(c *sqlite.Conn, owner, kind string) ([]*store.ConfigObject, error) {
	if kind == "" {
		return records(c, sqlOwnedConfigObjects, func(b *binder) { b.text(owner) }, scanConfigObject)
	}
	return records(c, sqlConfigObjects, func(b *binder) { b.text(owner); b.text(kind) }, scanConfigObject)
}

func deleteConfigObject(c *sqlite.Conn, owner, kind, name string) error {
	deleted, err := exec(c, sqlDeleteConfigObject, func(b *binder) { bindConfigKey(b, owner, kind, name) })
	if err != nil {
		return err
	}
	if deleted == 0 {
		return store.ErrNotFound
	}
	_, err = exec(c, sqlBumpConfigVersion, noParameters)
	return err
}

func scanConfigObject(r *row, o *store.ConfigObject) error {
	o.Owner = r.text()
	o.Kind = r.text()
	o.Name = r.text()
	o.Document = r.doc()
	o.Secrets = r.blob()
	o.Created = r.time()
	o.Updated = r.time()
	return nil
}

func bindConfigObject(b *binder, o *store.ConfigObject) {
	bindConfigKey(b, o.Owner, o.Kind, o.Name)
	b.doc(o.Document)
	b.blob(o.Secrets)
	b.time(o.Created)
	b.time(o.Updated)
}

func bindConfigKey(b *binder, owner, kind, name string) {
	b.text(owner)
	b.text(kind)
	b.text(name)
}
