package store

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
)

// IndexState is what becomes of an index.
type IndexState int

// The states of an index. Writers keep up all but those that go; searches use those that are ready. The numbers are stored.
const (
	IndexFilling IndexState = iota + 1
	IndexReady
	IndexGoing
)

// Bounds of a driver's indexes.
const (
	// IndexUnusedFor is how long an index stays that no search uses.
	IndexUnusedFor = 30 * 24 * time.Hour
	// IndexesPerGroup bounds the indexes of a group.
	IndexesPerGroup = 32
)

// IndexRecord is a record of a driver's catalogue of indexes.
type IndexRecord struct {
	ID    int64
	Group string
	Index Index
	State IndexState
	Flags IndexFlags
	// Created is when it was begun, Used when a search was last noted to have used it.
	Created, Used clock.Millis
}

// Read sets the index of the record from what a catalogue has of it; ok is false for one that there is not.
func (r *IndexRecord) Read(kind IndexKind, path []byte) (ok bool) {
	var p query.Path
	if err := json.Unmarshal(path, &p); err != nil {
		return false
	}
	r.Index, ok = NewIndex(p, kind)
	return ok
}

// exact tells whether every account that a lookup finds satisfies its comparison.
func (r *IndexRecord) exact(l *Lookup) bool { return l.Exact && r.Flags&IndexOverflow == 0 }

// PathText is the path of the index as a catalogue has it: a JSON array.
func (ix Index) PathText() string {
	// Marshal has no error for strings.
	text, _ := json.Marshal(ix.Path)
	return string(text)
}

// Lacks tells whether an index may be added to those of its group.
func Lacks(records []*IndexRecord, ix Index) bool {
	there := slices.ContainsFunc(records, func(r *IndexRecord) bool { return r.Index.Same(ix) })
	return !there && len(records) < IndexesPerGroup
}
