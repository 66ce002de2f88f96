package store

import (
	"bytes"

	"github.com/doorward/doorward/internal/query"
)

// IndexWalk are rows of an index in an order: by the key and, within one, by the UID.
type IndexWalk struct {
	In KeyRange
	// Key and UID, if Key is not nil, are the row that the walk begins behind. Keys then ascend.
	Key []byte
	UID string
	// First: only the keys by which accounts are ordered.
	First bool
	// Desc: the keys descend, the UIDs within one do not.
	Desc bool
}

// Walks are the walks whose rows one after the other are the stream, behind the position if there is one. The index itself goes
// from the least key to the greatest, absent values being the greatest, and within a key by the UID: what descends is taken
// key by key from above, with the absent values behind.
func (s *Stream) Walks(after *Position) []IndexWalk {
	if !s.ByKey {
		w := IndexWalk{In: s.In}
		if after != nil {
			w.Key, w.UID = s.In.From, after.UID
		}
		return []IndexWalk{w}
	}
	var at []byte
	if after != nil {
		var v query.Value
		if len(after.Sort) > 0 {
			v = after.Sort[0]
		}
		at = query.AppendSortKey(nil, v)
	}
	if s.Desc {
		return s.descending(at, after)
	}
	w := IndexWalk{In: s.In, First: true}
	if at != nil && bytes.Compare(at, s.In.From) >= 0 {
		w.Key, w.UID = at, after.UID
	}
	return []IndexWalk{w}
}

// descending returns what is left of the key of the position, the keys below it, and the absent values.
func (s *Stream) descending(at []byte, after *Position) (walks []IndexWalk) {
	absent := NullKey.From
	from, to := s.In.From, s.In.To
	if at != nil {
		walks = append(walks, IndexWalk{In: point(at), Key: at, UID: after.UID, First: true})
		to = least(to, at)
	}
	if !bytes.Equal(at, absent) {
		walks = append(walks, IndexWalk{In: KeyRange{from, least(to, absent)}, First: true, Desc: true})
		if bytes.Compare(absent, s.In.To) < 0 {
			walks = append(walks, IndexWalk{In: NullKey, First: true})
		}
	}
	return walks
}

// Behind returns what is left of the walk behind a row of it.
func (w IndexWalk) Behind(key []byte, uid string) []IndexWalk {
	rest := w
	if w.Desc {
		rest.In.To = key
		return []IndexWalk{{In: point(key), Key: key, UID: uid, First: w.First}, rest}
	}
	rest.Key, rest.UID = key, uid
	return []IndexWalk{rest}
}

func least(a, b []byte) []byte {
	if bytes.Compare(a, b) < 0 {
		return a
	}
	return b
}

// allKeys are the keys that accounts are ordered by.
var allKeys = KeyRange{From: []byte{0}, To: OverflowKey.From}

// open tells whether the stream walks through the whole index.
func (s *Stream) open() bool { return bytes.Equal(s.In.From, allKeys.From) }
