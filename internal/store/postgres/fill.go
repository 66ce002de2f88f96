package postgres

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// fillBatch is how many accounts one transaction reads and puts into an index, fewer after it was in the way of changes.
	fillBatch, leastBatch = 500, 16
	// fillRows is how many rows one statement puts there.
	fillRows = 50

	sqlFillRows = ` FROM accounts WHERE grp = $1 AND uid > $2 ORDER BY uid LIMIT $3`

	sqlFilledSearchField = `UPDATE search_fields SET filled = $4, until = ` + serverTime + ` + $5 WHERE grp = $1 AND kind = $2 AND path = $3
		AND id = $6 AND state = 1 AND worker = $7 AND filled = $8`
)

// sqlFillSearchKeys is sqlInsertSearchKey for fillRows rows of one index.
var sqlFillSearchKeys = func() string {
	var b strings.Builder
	b.WriteString("INSERT INTO search_keys (field, key, uid, first) VALUES ")
	for i := range fillRows {
		if i > 0 {
			b.WriteString(", ")
		}
		n := 3 * i
		b.WriteString("($1, $" + strconv.Itoa(n+2) + ", $" + strconv.Itoa(n+3) + ", $" + strconv.Itoa(n+4) + ")")
	}
	return b.String() + " ON CONFLICT (field, key, uid, first) DO NOTHING"
}()

// filled is a batch of accounts that goes into an index: those behind the UID from, up to next.
type filled struct {
	from, next string
	accounts   int
	flags      store.IndexFlags
	keys       []keyChange
}

// fill puts all accounts into the index, batch after batch, and makes it ready; done is false if it is another's. After an error whoever
// comes next goes on where it ended.
func (x *indexer) fill(ctx context.Context, f *store.IndexRecord) (done bool, err error) {
	from, err := x.claim(ctx, f)
	if err != nil {
		return false, unclaimed(err)
	}
	most := fillBatch
	wait := patience{ends: time.Now().Add(x.s.patience), most: pauseLost}
	for {
		b := &filled{from: from, next: from}
		v, err := x.s.try(ctx, func(own store.Tx) error { return fillNext(own, f, b, most) })
		switch {
		case v != final:
			// It was in the way of changes, or the connection was lost. The smaller it is, the less is in its way.
			most = max(leastBatch, most/2)
			if !wait.wait(ctx) {
				return false, bounded(ctx, err)
			}
			continue
		case errors.Is(err, errFlags):
			if err := x.flag(ctx, f, b.flags); err != nil {
				return false, err
			}
			f.Flags |= b.flags
			continue
		case err != nil:
			return false, unclaimed(err)
		case b.accounts < most:
			// Whoever came since has written himself.
			return true, x.turn(ctx, f, store.IndexReady)
		}
		from, most = b.next, min(most+most/4+1, fillBatch)
		wait = patience{ends: time.Now().Add(x.s.patience), most: pauseLost}
	}
}

// errFlags: the rows that are to be written are of a kind that searches have to know of before.
var errFlags = errors.New("the index gets rows of another kind")

// fillNext puts the next accounts into the index, and notes how far it is. This is F of follow.go: it is serializable, and reads
// the accounts that it writes the keys of in the same transaction.
func fillNext(own store.Tx, f *store.IndexRecord, b *filled, most int) error {
	t, ok := own.(*tx)
	if !ok {
		return errTxOver
	}
	var found error
	err := t.write("", "", func(ctx context.Context, c *conn) error {
		if err := b.read(ctx, c, f, most); err != nil {
			return err
		}
		if b.flags&^f.Flags != 0 {
			found = errFlags
			return nil
		}
		send := &pgx.Batch{}
		b.queue(send, f)
		args := append(fieldKey(f), b.next, claimFor.Milliseconds(), f.ID, t.store.node, b.from)
		send.Queue(sqlFilledSearchField, args...).Exec(func(tag pgconn.CommandTag) error {
			if tag.RowsAffected() == 0 {
				found = store.ErrNotFound
			}
			return nil
		})
		return c.SendBatch(ctx, send).Close()
	})
	if err != nil {
		return err
	}
	return found
}

// read computes the keys of the accounts behind the UID from.
func (b *filled) read(ctx context.Context, c *conn, f *store.IndexRecord, most int) error {
	field, err := store.FieldOf(f.Index.Path)
	if err != nil {
		return err
	}
	columns := []string{column(field.Part)}
	var row partialRow
	return each(ctx, c, "SELECT uid, "+columns[0]+sqlFillRows, []any{f.Group, b.from, most}, func(r pgx.Rows) error {
		a := &store.Account{Group: f.Group}
		if err := row.scan(r, columns, a); err != nil {
			return err
		}
		b.accounts++
		b.next = a.UID
		keys, flags := f.Index.Keys(a)
		b.flags |= flags
		for i, key := range keys {
			b.keys = append(b.keys, keyChange{sql: sqlInsertSearchKey, field: f.ID, key: key, uid: a.UID, first: i == 0})
		}
		return nil
	})
}

// queue adds the statements that write the keys, in the order in which the index has them.
func (b *filled) queue(send *pgx.Batch, f *store.IndexRecord) {
	slices.SortFunc(b.keys, func(x, y keyChange) int { return bytes.Compare(x.key, y.key) })
	keys := b.keys
	for ; len(keys) >= fillRows; keys = keys[fillRows:] {
		args := []any{f.ID}
		for _, k := range keys[:fillRows] {
			args = append(args, k.key, k.uid, k.first)
		}
		send.Queue(sqlFillSearchKeys, args...)
	}
	for _, k := range keys {
		send.Queue(k.sql, k.field, k.key, k.uid, k.first)
	}
}

// flag notes what rows the index has from now on, before it has them.
func (x *indexer) flag(ctx context.Context, f *store.IndexRecord, flags store.IndexFlags) error {
	return x.transact(ctx, func(ctx context.Context, t *tx, c *conn) error {
		if _, err := exec(ctx, c, sqlFlagSearchField, append(fieldKey(f), int64(flags))...); err != nil {
			return err
		}
		_, err := raise(ctx, t, c)
		return err
	})
}
