package store

import (
	"sync"
	"time"

	"github.com/doorward/doorward/internal/clock"
)

const (
	// indexAfter is how many values searches have looked at for want of an index before there is one.
	indexAfter = 1_000_000
	// noteEvery is how far the noted use of an index may be behind the latest.
	noteEvery = clock.Millis(24 * time.Hour / time.Millisecond)
	// notedIndexes bounds the indexes that are thought of.
	notedIndexes = 1024
)

// IndexUse sums up what searches have looked at for want of an index, and which indexes they have used: the indexes that a
// driver makes and those that it lets go. It is safe for use by many goroutines.
type IndexUse struct {
	after int64

	mu     sync.Mutex
	lacked map[string]*IndexLack
	used   map[int64]clock.Millis
}

// IndexLack is an index that is not there and that searches of the group miss.
type IndexLack struct {
	Group string
	Index Index
	rows  int64
}

// NewIndexUse returns an empty one. after is how many values have been looked at before an index is due; 0: a million,
// negative: none ever is.
func NewIndexUse(after int64) *IndexUse {
	if after == 0 {
		after = indexAfter
	}
	return &IndexUse{after: after, lacked: map[string]*IndexLack{}, used: map[int64]clock.Millis{}}
}

// Note takes down what a search has used and what it has missed, having looked at so many values. It tells whether an index
// is due.
func (u *IndexUse) Note(group string, c *Choice, looked int64, now time.Time) (due bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	at := clock.FromTime(now)
	for _, r := range c.records() {
		if at-r.Used > noteEvery {
			u.used[r.ID] = at
		}
	}
	for _, ix := range c.Missing {
		key := string(rune('0'+ix.Kind)) + ix.PathText() + group
		l := u.lacked[key]
		if l == nil {
			if looked == 0 || len(u.lacked) >= notedIndexes {
				continue
			}
			l = &IndexLack{Group: group, Index: ix}
			u.lacked[key] = l
		}
		l.rows += looked
		due = due || u.after > 0 && l.rows >= u.after
	}
	return due
}

// Due takes the indexes out of the notes that have been missed for long enough.
func (u *IndexUse) Due() (due []*IndexLack) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for key, l := range u.lacked {
		if u.after > 0 && l.rows >= u.after {
			due = append(due, l)
			delete(u.lacked, key)
		}
	}
	if len(u.lacked) >= notedIndexes {
		clear(u.lacked)
	}
	return due
}

// Used takes the use of an index out of the notes that is to be written down.
func (u *IndexUse) Used(id int64) (at clock.Millis, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	at, ok = u.used[id]
	delete(u.used, id)
	return at, ok
}

// Unused tells whether the index has not been used for so long that it goes.
func (r *IndexRecord) Unused(now time.Time) bool {
	return clock.FromTime(now)-r.Used > clock.Millis(IndexUnusedFor.Milliseconds())
}
