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
// In the background the changes are added to the numbers and removed (fold.go), and pieces that have grown are cut (cut.go), which
// leaves the sums as they are. Each of these transactions writes the row of the group in group_sizes. So of two that are under way at
// the same time the second fails, and each sees what all others before it have done. Nobody else writes there, and nobody reads it
// in a serializable transaction: changes neither wait for it nor are undone because of it.
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
	sqlNoteChange   = `INSERT INTO count_changes (grp, id, accounts, rows) VALUES ($1, $2, $3, $4)`
	sqlRowsChanged  = `SELECT rows FROM count_changes WHERE grp = $1 AND rows IS NOT NULL`
	sqlPiecesWithin = ` FROM search_counts WHERE field = $1 AND key >= $2 AND key < $3`
	sqlFirstWithin  = `SELECT key, uid` + sqlPiecesWithin + ` ORDER BY key, uid LIMIT 1`
	sqlLastWithin   = `SELECT key, uid, rows` + sqlPiecesWithin + ` ORDER BY key DESC, uid DESC LIMIT 1`
	sqlSumWithin    = `SELECT CAST(coalesce(sum(rows), 0) AS bigint), count(*) - count(rows)` + sqlPiecesWithin
	sqlRowsBefore   = `SELECT count(*) FROM search_keys WHERE field = $1 AND key >= $2 AND (key, uid) < ($3, $4)`
	sqlRowsFrom     = `SELECT count(*) FROM search_keys WHERE field = $1 AND (key, uid) >= ($2, $3) AND key < $4`
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

// rangeTotal counts the rows of an index within a range of keys, in one moment; ok is false if there are no pieces to add up.
func rangeTotal(ctx context.Context, c *conn, f *store.IndexRecord, in store.KeyRange) (n int64, ok bool, err error) {
	var first, last rowPlace
	var lastRows *int64
	var sum, uncounted int64
	var changes [][]byte
	b := &pgx.Batch{}
	within := []any{f.ID, in.From, in.To}
	b.Queue(sqlLastWithin, within...).QueryRow(func(r pgx.Row) error {
		err := r.Scan(&last.key, &last.uid, &lastRows)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	b.Queue(sqlFirstWithin, within...).QueryRow(func(r pgx.Row) error {
		err := r.Scan(&first.key, &first.uid)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	b.Queue(sqlSumWithin, within...).QueryRow(func(r pgx.Row) error { return r.Scan(&sum, &uncounted) })
	b.Queue(sqlRowsChanged, f.Group).Query(func(rows pgx.Rows) error {
		var changed []byte
		_, err := pgx.ForEachRow(rows, []any{&changed}, func() error { changes = append(changes, changed); changed = nil; return nil })
		return err
	})
	if err := c.SendBatch(ctx, b).Close(); err != nil || lastRows == nil || uncounted > 0 {
		return 0, false, err
	}
	sum -= *lastRows
	for _, changed := range changes {
		err := eachRowChange(changed, func(r rowChange) {
			if r.field == f.ID && r.compare(first) >= 0 && r.compare(last) < 0 {
				sum += r.by
			}
		})
		if err != nil {
			return 0, false, err
		}
	}
	b = &pgx.Batch{}
	add := func(r pgx.Row) error {
		var part int64
		err := r.Scan(&part)
		sum += part
		return err
	}
	b.Queue(sqlRowsBefore, f.ID, in.From, first.key, first.uid).QueryRow(add)
	b.Queue(sqlRowsFrom, f.ID, last.key, last.uid, in.To).QueryRow(add)
	err = c.SendBatch(ctx, b).Close()
	return sum, err == nil, err
}
