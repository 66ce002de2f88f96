package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/doorward/doorward/internal/clock"
)

// ErrNotUnique: another object of the type holds one of the values.
var ErrNotUnique = errors.New("the value belongs to another object")

// DataObject is an object of the data store. Type, OID and UID are its key: two objects of one type may have the same OID if
// they belong to two accounts.
type DataObject struct {
	// Group is the user base, as that of [Account].
	Group string
	Type  string
	// OID is not empty.
	OID string
	// UID is the account that the object belongs to, and with which it is deleted; empty: none.
	UID string
	// Rev counts the writes of this object; 0 is one that was never stored.
	Rev int64

	Created     clock.Millis
	LastUpdated clock.Millis

	// Data is a compact JSON object, stored and handed out byte for byte.
	Data json.RawMessage
	// Unique are the values, as hashes, that no other object of the type may hold while this one does.
	Unique []Hash
}

// Key is the key of the object within its type.
func (o *DataObject) Key() DataKey { return DataKey{o.OID, o.UID} }

// DataKey tells an object from all others of its type.
type DataKey struct{ OID, UID string }

// DataType is a type of the data store: it is there from its first object or schema on.
type DataType struct {
	Group string
	Name  string
	// Rev counts the writes of this record; 0 is one that was never stored.
	Rev     int64
	Created clock.Millis
	// Schema is a JSON object (package schema); nil: nothing is known yet.
	Schema json.RawMessage
}

// DataQuery says which objects [DataReader.DataObjects] walks over.
type DataQuery struct {
	Group, Type string
	// OID and UID are those that are wanted; nil: all.
	OID, UID *string
	// After continues behind the object; the zero key is before all.
	After DataKey
}

// Wants tells whether the object, of the group and type, is one of those that the query walks over.
func (q *DataQuery) Wants(o *DataObject) bool {
	behind := o.OID > q.After.OID || o.OID == q.After.OID && o.UID > q.After.UID
	return behind && (q.OID == nil || o.OID == *q.OID) && (q.UID == nil || o.UID == *q.UID)
}

// JoinHashes writes the hashes one behind the other: how drivers keep them in one column.
func JoinHashes(hashes []Hash) []byte {
	joined := make([]byte, 0, len(hashes)*len(Hash{}))
	for _, h := range hashes {
		joined = append(joined, h[:]...)
	}
	return joined
}

// SplitHashes reads what JoinHashes wrote; what is left over at the end is not looked at.
func SplitHashes(joined []byte) []Hash {
	var hashes []Hash
	for ; len(joined) >= len(Hash{}); joined = joined[len(Hash{}):] {
		hashes = append(hashes, Hash(joined[:len(Hash{})]))
	}
	return hashes
}

// DataReader reads committed records of the data store. It is part of [Store].
type DataReader interface {
	// DataObject reads by the key: one indexed read.
	DataObject(ctx context.Context, group, kind string, key DataKey) (*DataObject, error)
	// DataObjects calls each for the objects, ascending by the bytes of the OID and then of the UID. An error of each ends it
	// and comes back unchanged; so does the end of ctx. Everything is of one moment. The object is the driver's: it is valid
	// until each returns.
	DataObjects(ctx context.Context, q DataQuery, each func(*DataObject) error) error
	// DataCount returns the number of objects of the type, without reading them.
	DataCount(ctx context.Context, group, kind string) (int64, error)
	DataType(ctx context.Context, group, name string) (*DataType, error)
	// DataTypes returns the names of the group's types, ascending by their bytes.
	DataTypes(ctx context.Context, group string) ([]string, error)
}

// DataTx is the data store's part of [Tx]. None of its methods changes its argument.
type DataTx interface {
	DataObject(group, kind string, key DataKey) (*DataObject, error)
	// PutDataObject inserts the object (Rev 0) or replaces it (Rev as read); the stored revision is one more. The object then
	// holds its Unique values and no others. Inserting a key that exists is ErrExists. Replacing one that is gone is
	// ErrNotFound, one whose stored Rev is another is ErrConflict. If another object of the type holds a value, the error is
	// ErrNotUnique, and the transaction must fail.
	PutDataObject(o *DataObject) error
	// DeleteDataObject removes the object and frees its values. A missing one is ErrNotFound.
	DeleteDataObject(group, kind string, key DataKey) error
	DataType(group, name string) (*DataType, error)
	// PutDataType inserts (Rev 0) or replaces (Rev as read) the type, with the errors of PutDataObject.
	PutDataType(t *DataType) error
}
