package faulty

import (
	"context"

	"github.com/doorward/doorward/internal/store"
)

// DataObject implements [store.DataReader].
func (s *Store) DataObject(ctx context.Context, group, kind string, key store.DataKey) (*store.DataObject, error) {
	return read(ctx, s, "DataObject", func() (*store.DataObject, error) { return s.inner.DataObject(ctx, group, kind, key) })
}

// DataObjects implements [store.DataReader].
func (s *Store) DataObjects(ctx context.Context, q store.DataQuery, each func(*store.DataObject) error) error {
	if err := s.meet(ctx, "DataObjects"); err != nil {
		return err
	}
	return s.inner.DataObjects(ctx, q, each)
}

// DataCount implements [store.DataReader].
func (s *Store) DataCount(ctx context.Context, group, kind string) (int64, error) {
	return read(ctx, s, "DataCount", func() (int64, error) { return s.inner.DataCount(ctx, group, kind) })
}

// DataType implements [store.DataReader].
func (s *Store) DataType(ctx context.Context, group, name string) (*store.DataType, error) {
	return read(ctx, s, "DataType", func() (*store.DataType, error) { return s.inner.DataType(ctx, group, name) })
}

// DataTypes implements [store.DataReader].
func (s *Store) DataTypes(ctx context.Context, group string) ([]string, error) {
	return read(ctx, s, "DataTypes", func() ([]string, error) { return s.inner.DataTypes(ctx, group) })
}

// DataObject implements [store.DataTx].
func (t *tx) DataObject(group, kind string, key store.DataKey) (*store.DataObject, error) {
	return inTx(t, "Tx.DataObject", func() (*store.DataObject, error) { return t.inner.DataObject(group, kind, key) })
}

// PutDataObject implements [store.DataTx].
func (t *tx) PutDataObject(o *store.DataObject) error {
	return t.do("Tx.PutDataObject", func() error { return t.inner.PutDataObject(o) })
}

// DeleteDataObject implements [store.DataTx].
func (t *tx) DeleteDataObject(group, kind string, key store.DataKey) error {
	return t.do("Tx.DeleteDataObject", func() error { return t.inner.DeleteDataObject(group, kind, key) })
}

// DataType implements [store.DataTx].
func (t *tx) DataType(group, name string) (*store.DataType, error) {
	return inTx(t, "Tx.DataType", func() (*store.DataType, error) { return t.inner.DataType(group, name) })
}

// PutDataType implements [store.DataTx].
func (t *tx) PutDataType(d *store.DataType) error {
	return t.do("Tx.PutDataType", func() error { return t.inner.PutDataType(d) })
}
