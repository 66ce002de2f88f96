package transfer_test

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/doorward/doorward/internal/store"
)

// heldAt is where an object is, in any group.
type heldAt struct {
	group, kind string
	key         store.DataKey
}

// data is the data store of a memory.
type data struct {
	types   map[string]store.DataType
	objects map[heldAt]store.DataObject
}

func (d data) clone() data { return data{maps.Clone(d.types), maps.Clone(d.objects)} }

func (d data) kind(group, name string) (*store.DataType, error) {
	t, ok := d.types[group+" "+name]
	if !ok {
		return nil, store.ErrNotFound
	}
	return &t, nil
}

func (m *memory) DataTypes(_ context.Context, group string) ([]string, error) {
	var names []string
	for _, t := range m.data.types {
		if t.Group == group {
			names = append(names, t.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (m *memory) DataType(_ context.Context, group, name string) (*store.DataType, error) {
	return m.data.kind(group, name)
}

func (m *memory) DataObjects(_ context.Context, q store.DataQuery, each func(*store.DataObject) error) error {
	found := slices.SortedFunc(maps.Keys(m.data.objects), func(a, b heldAt) int {
		return cmp.Or(cmp.Compare(a.key.OID, b.key.OID), cmp.Compare(a.key.UID, b.key.UID))
	})
	for _, at := range found {
		if o := m.data.objects[at]; at.group == q.Group && at.kind == q.Type && q.Wants(&o) {
			if err := each(&o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx memoryTx) DataType(group, name string) (*store.DataType, error) {
	return tx.memory.data.kind(group, name)
}

func (tx memoryTx) PutDataType(t *store.DataType) error {
	written := *t
	written.Rev++
	tx.memory.data.types[t.Group+" "+t.Name] = written
	return nil
}

func (tx memoryTx) DataObject(group, kind string, key store.DataKey) (*store.DataObject, error) {
	o, ok := tx.memory.data.objects[heldAt{group, kind, key}]
	if !ok {
		return nil, store.ErrNotFound
	}
	return &o, nil
}

func (tx memoryTx) PutDataObject(o *store.DataObject) error {
	for at, other := range tx.memory.data.objects {
		if at.group != o.Group || at.kind != o.Type || at.key == o.Key() {
			continue
		}
		for _, h := range o.Unique {
			if slices.Contains(other.Unique, h) {
				return store.ErrNotUnique
			}
		}
	}
	written := *o
	written.Rev++
	tx.memory.data.objects[heldAt{o.Group, o.Type, o.Key()}] = written
	return nil
}
