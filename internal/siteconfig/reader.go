package siteconfig

import (
	"context"
	"fmt"

	"github.com/doorward/doorward/internal/store"
)

// reader is where objects are read from. Records are shared and not altered.
type reader interface {
	// object returns one object, or [store.ErrNotFound].
	object(owner string, k *Kind, name string) (*store.ConfigObject, error)
	objects(owner string, k *Kind) ([]*store.ConfigObject, error)
}

// kept returns the reader for what is committed: from memory, but for large objects.
func (b *Book) kept(ctx context.Context) reader { return committed{ctx, b} }

type committed struct {
	ctx  context.Context
	book *Book
}

func (c committed) object(owner string, k *Kind, name string) (*store.ConfigObject, error) {
	if k.Large {
		return wrap(c.book.store.ConfigObject(c.ctx, owner, k.Name, name))(k)
	}
	records, err := c.objects(owner, k)
	if err != nil {
		return nil, err
	}
	return named(records, name)
}

func (c committed) objects(owner string, k *Kind) ([]*store.ConfigObject, error) {
	if k.Large {
		return wrap(c.book.store.ConfigObjects(c.ctx, owner, k.Name))(k)
	}
	return wrap(c.book.sites.ConfigObjects(c.ctx, owner, k.Name))(k)
}

// fixed holds what was read of one kind, by owner.
type fixed map[string][]*store.ConfigObject

func (f fixed) object(owner string, _ *Kind, name string) (*store.ConfigObject, error) {
	return named(f[owner], name)
}

func (f fixed) objects(owner string, _ *Kind) ([]*store.ConfigObject, error) { return f[owner], nil }

func named(records []*store.ConfigObject, name string) (*store.ConfigObject, error) {
	for _, record := range records {
		if record.Name == name {
			return record, nil
		}
	}
	return nil, store.ErrNotFound
}

type inTx struct{ tx store.Tx }

func (t inTx) object(owner string, k *Kind, name string) (*store.ConfigObject, error) {
	return wrap(t.tx.ConfigObject(owner, k.Name, name))(k)
}

func (t inTx) objects(owner string, k *Kind) ([]*store.ConfigObject, error) {
	return wrap(t.tx.ConfigObjects(owner, k.Name))(k)
}

// wrap says what was being read when the read failed.
func wrap[T any](read T, err error) func(*Kind) (T, error) {
	return func(k *Kind) (T, error) {
		if err != nil {
			return read, fmt.Errorf("reading configuration of kind %s: %w", k.Name, err)
		}
		return read, nil
	}
}
