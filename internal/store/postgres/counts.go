package postgres

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

// # How large results are counted
//
// They are sums of numbers that are there already: how many accounts a group has, and how many rows each piece of an index has, which
// are cut in their order. Many change what is counted at the same time, so nobody changes these numbers for it: a change leaves a row
// of its own that says what it has added and taken away (count_changes), in its own transaction. In whatever snapshot, the accounts
// of a group are its number and the changes that are in the snapshot, and so are the rows of an index in a piece.
//
// Whoever has filled an index counts it in pieces at once (cut.go). In the background the changes are added to the numbers and removed
// (fold.go), and pieces that have grown are divided, which leaves the sums as they are. Each of these transactions writes the row of
// the group in group_sizes. So of two that are under way at the same time the second fails, and each sees what all others before it
// have done. Nobody else writes there, and nobody reads it in a serializable transaction: changes neither wait for it nor are undone
// because of it.
//
// A piece gets its number from the rows that a snapshot has, less the changes that the snapshot has. That is right if every later
// writer of a row notes it, and who takes the index for one that is still filled does not. So pieces are first counted by a
// serializable transaction P. If a change W went by the catalogue of before the index was ready (T), and writes a row that P has
// not seen, then P goes before W, W before T, and T before P, which was begun when the index was ready: the engine undoes W.
// While an index is filled, changes take rows away that are not there yet: what they note would be of no use.
//
// A distributed engine that has no snapshot across its machines counts row by row (counted in the catalogue is false).

const (
	sqlGroupSize = `SELECT accounts + CAST((SELECT coalesce(sum(accounts), 0) FROM count_changes WHERE grp = $1) AS bigint)
		FROM group_sizes WHERE grp = $1`
	sqlNoteChange = `INSERT INTO count_changes (grp, id, accounts, rows) VALUES ($1, $2, $3, $4)`
	// The changes are asked for, and rows counted one by one, where there are pieces to add up, or there are none.
	sqlRowsChanged  = `SELECT rows FROM count_changes WHERE grp = $4 AND rows IS NOT NULL AND EXISTS (SELECT 1` + sqlPiecesWithin + `)`
	sqlRowsUnpieced = `SELECT count(*) FROM (SELECT 1 FROM search_keys WHERE field = $1 AND key >= $2 AND key < $3
		AND NOT EXISTS (SELECT 1` + sqlPiecesWithin + `) LIMIT $4) AS probed`
	// Without a row there is no piece that begins in the range, without a number one was not counted yet.
	sqlRangeTotal = `SELECT a.key, a.uid, z.key, z.uid,
		(SELECT CAST(CASE WHEN count(*) = count(rows) THEN sum(rows) END AS bigint)` + sqlPiecesWithin + `) - z.rows
			+ (SELECT count(*) FROM search_keys WHERE field = $1 AND key >= $2 AND (key, uid) < (a.key, a.uid))
			+ (SELECT count(*) FROM search_keys WHERE field = $1 AND (key, uid) >= (z.key, z.uid) AND key < $3)
		FROM (SELECT key, uid` + sqlPiecesWithin + ` ORDER BY key, uid LIMIT 1) AS a,
			(SELECT key, uid, rows` + sqlPiecesWithin + ` ORDER BY key DESC, uid DESC LIMIT 1) AS z`
	sqlPiecesWithin = ` FROM search_counts WHERE field = $1 AND key >= $2 AND key < $3`
)

// rowPlace is where a row of an index is, or a piece begins.
type rowPlace struct {
	key []byte
	uid string
}

func (p rowPlace) compare(q rowPlace) int {
	return cmp.Or(bytes.Compare(p.key, q.key), cmp.Compare(p.uid, q.uid))
}

// rowChange is a row of an index that came (by is 1) or went (-1).
type rowChange struct {
	field int64
	rowPlace
	by int64
}

// append writes the change behind others.
func (r rowChange) append(b []byte) []byte {
	head := uint64(r.field) << 1
	if r.by < 0 {
		head |= 1
	}
	b = binary.AppendUvarint(b, head)
	b = binary.AppendUvarint(b, uint64(len(r.key)))
	b = append(b, r.key...)
	b = binary.AppendUvarint(b, uint64(len(r.uid)))
	return append(b, r.uid...)
}

var errRowChanges = errors.New("stored changes of counts are damaged")

// eachRowChange calls fn for the changes that [rowChange.append] wrote. Their keys are parts of b.
func eachRowChange(b []byte, fn func(r rowChange)) error {
	part := func() (p []byte, ok bool) {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return nil, false
		}
		p, b = b[size:size+int(n)], b[size+int(n):]
		return p, true
	}
	for len(b) > 0 {
		head, size := binary.Uvarint(b)
		if size <= 0 {
			return errRowChanges
		}
		b = b[size:]
		key, ok := part()
		uid, alsoOK := part()
		if !ok || !alsoOK {
			return errRowChanges
		}
		fn(rowChange{int64(head >> 1), rowPlace{key, string(uid)}, 1 - 2*int64(head&1)})
	}
	return nil
}

// grow notes that the transaction gives the group so many accounts.
func (t *tx) grow(group string, by int64) {
	if !t.fields.counted {
		return
	}
	if t.sizes == nil {
		t.sizes = map[string]int64{}
	}
	t.sizes[group] += by
}

// queueChanges adds the rows that say what the transaction has changed in groups: by how many accounts, and which rows.
func (t *tx) queueChanges(b *pgx.Batch, sizes map[string]int64, rows map[string][]byte) error {
	for group, by := range sizes {
		if by != 0 && rows[group] == nil {
			rows[group] = []byte{}
		}
	}
	for group, changed := range rows {
		id := make([]byte, 16)
		if _, err := io.ReadFull(t.store.rand, id); err != nil {
			return fmt.Errorf("name a change of counts: %w", err)
		}
		b.Queue(sqlNoteChange, group, id, sizes[group], bytesOf(changed))
		t.noted++
	}
	return nil
}

// groupTotal counts the accounts of a group; ok is false if its number is not there.
func groupTotal(ctx context.Context, c *conn, group string) (n int64, ok bool, err error) {
	ok, err = one(ctx, c, sqlGroupSize, []any{group}, &n)
	return n, ok, err
}

// rangeSum adds up how many rows an index has within a range of keys, in one moment.
type rangeSum struct {
	record *store.IndexRecord
	in     store.KeyRange

	// first and last are where the first and the last piece begin that begin within the range.
	first, last rowPlace
	// counted are the rows of before the changes, of which some are of the group's other indexes. uncounted: pieces begin in the range of
	// which one was not counted yet.
	counted   *int64
	uncounted bool
	changes   [][]byte
}

// queue adds what has to be asked for.
func (x *rangeSum) queue(b *pgx.Batch) {
	b.Queue(sqlRangeTotal, x.record.ID, x.in.From, x.in.To).QueryRow(func(r pgx.Row) error {
		err := r.Scan(&x.first.key, &x.first.uid, &x.last.key, &x.last.uid, &x.counted)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		x.uncounted = x.counted == nil
		return err
	})
	b.Queue(sqlRowsChanged, x.record.ID, x.in.From, x.in.To, x.record.Group).Query(func(rows pgx.Rows) error {
		var changed []byte
		_, err := pgx.ForEachRow(rows, []any{&changed}, func() error { x.changes = append(x.changes, changed); changed = nil; return nil })
		return err
	})
}

// total is what it comes to, once that was answered; ok is false if there are no pieces to add up.
func (x *rangeSum) total() (n int64, ok bool, err error) {
	if x.counted == nil {
		return 0, false, nil
	}
	n = *x.counted
	for _, changed := range x.changes {
		err := eachRowChange(changed, func(r rowChange) {
			if r.field == x.record.ID && r.compare(x.first) >= 0 && r.compare(x.last) < 0 {
				n += r.by
			}
		})
		if err != nil {
			return 0, false, err
		}
	}
	return n, true, nil
}
