package postgres

import (
	"context"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

const (
	configObjectColumns = `owner, kind, name, document, secrets, created, updated`

	sqlConfigObject       = `SELECT ` + configObjectColumns + ` FROM config_objects WHERE owner = $1 AND kind = $2 AND name = $3`
	sqlConfigObjects      = `SELECT ` + configObjectColumns + ` FROM config_objects WHERE owner = $1 AND kind = $2 ORDER BY name`
	sqlOwnedConfigObjects = `SELECT ` + configObjectColumns + ` FROM config_objects WHERE owner = $1 ORDER BY kind, name`
	sqlPutConfigObject    = `INSERT INTO config_objects (` + configObjectColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (owner, kind, name) DO UPDATE SET document = excluded.document, secrets = excluded.secrets,
		created = excluded.created, updated = excluded.updated`
	sqlDeleteConfigObject = `DELETE FROM config_objects WHERE owner = $1 AND kind = $2 AND name = $3`
)

// ConfigObject implements [store.Configuration].
func (s *Store) ConfigObject(ctx context.Context, owner, kind, name string) (*store.ConfigObject, error) {
	return point(ctx, s, func(ctx context.Context, c *conn) (*store.ConfigObject, error) {
		return getConfigObject(ctx, c, owner, kind, name)
	})
}

// ConfigObjects implements [store.Configuration].
func (s *Store) ConfigObjects(ctx context.Context, owner, kind string) ([]*store.ConfigObject, error) {
	return point(ctx, s, func(ctx context.Context, c *conn) ([]*store.ConfigObject, error) {
		return configObjects(ctx, c, owner, kind)
	})
}

func (t *tx) ConfigObject(owner, kind, name string) (*store.ConfigObject, error) {
	return read(t, func(ctx context.Context, c *conn) (*store.ConfigObject, error) {
		return getConfigObject(ctx, c, owner, kind, name)
	})
}

func (t *tx) ConfigObjects(owner, kind string) ([]*store.ConfigObject, error) {
	return read(t, func(ctx context.Context, c *conn) ([]*store.ConfigObject, error) {
		return configObjects(ctx, c, owner, kind)
	})
}

func (t *tx) PutConfigObject(o *store.ConfigObject) error {
	return t.configure(func(ctx context.Context, c *conn) (int64, error) {
		return putConfiguration(ctx, c, sqlPutConfigObject, configObjectValues(o)...)
	})
}

func (t *tx) DeleteConfigObject(owner, kind, name string) error {
	return t.configure(func(ctx context.Context, c *conn) (int64, error) {
		return deleteConfigObject(ctx, c, owner, kind, name)
	})
}

func getConfigObject(ctx context.Context, c *conn, owner, kind, name string) (*store.ConfigObject, error) {
	if !storable(owner, kind, name) {
		return nil, store.ErrNotFound
	}
	return record(ctx, c, sqlConfigObject, []any{owner, kind, name}, scanConfigObject)
}

func configObjects(ctx context.Context, c *conn, owner, kind string) ([]*store.ConfigObject, error) {
	switch {
	case !storable(owner, kind):
		return nil, nil
	case kind == "":
		return records(ctx, c, sqlOwnedConfigObjects, []any{owner}, scanConfigObject)
	}
	return records(ctx, c, sqlConfigObjects, []any{owner, kind}, scanConfigObject)
}

func deleteConfigObject(ctx context.Context, c *conn, owner, kind, name string) (version int64, err error) {
	if !storable(owner, kind, name) {
		return 0, store.ErrNotFound
	}
	deleted, err := exec(ctx, c, sqlDeleteConfigObject, owner, kind, name)
	if err != nil {
		return 0, err
	}
	if deleted == 0 {
		return 0, store.ErrNotFound
	}
	err = get(ctx, c, sqlBumpConfigVersion, nil, &version)
	return version, err
}

func scanConfigObject(r pgx.Row, o *store.ConfigObject) error {
	return r.Scan(&o.Owner, &o.Kind, &o.Name, docAt(&o.Document), (*[]byte)(&o.Secrets), timeAt(&o.Created), timeAt(&o.Updated))
}

func configObjectValues(o *store.ConfigObject) []any {
	return []any{o.Owner, o.Kind, o.Name, doc(o.Document), bytesOf(o.Secrets), millis(o.Created), millis(o.Updated)}
}
