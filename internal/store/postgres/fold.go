package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

const (
	sqlBeginMoment = `BEGIN ISOLATION LEVEL REPEATABLE READ`

	sqlClaimCounting = `UPDATE meta SET value = ` + serverTime + ` + $1 WHERE name = 'counting' AND value < ` + serverTime
	sqlHoldCounting  = `UPDATE meta SET value = ` + serverTime + ` + $1 WHERE name = 'counting'`
	sqlLeaveCounting = `UPDATE meta SET value = 0 WHERE name = 'counting'`

	sqlNextGroup   = `SELECT grp FROM accounts WHERE grp > $1 ORDER BY grp LIMIT 1`
	sqlNextChanged = `SELECT grp FROM count_changes WHERE grp > $1 ORDER BY grp LIMIT 1`

	sqlHasSize      = `SELECT 1 FROM group_sizes WHERE grp = $1`
	sqlCountGroup   = `SELECT count(*) FROM accounts WHERE grp = $1`
	sqlSumChanges   = `SELECT CAST(coalesce(sum(accounts), 0) AS bigint) FROM count_changes WHERE grp = $1`
	sqlPutSize      = `INSERT INTO group_sizes (grp, accounts) VALUES ($1, $2) ON CONFLICT (grp) DO NOTHING`
	sqlGrowGroup    = `UPDATE group_sizes SET accounts = accounts + $2 WHERE grp = $1`
	sqlTakeChanges  = `DELETE FROM count_changes WHERE grp = $1 AND id IN (SELECT id FROM count_changes WHERE grp = $1 LIMIT $2) RETURNING accounts, rows`
	sqlPieceAt      = `SELECT key, uid FROM search_counts WHERE field = $1 AND (key, uid) <= ($2, $3) ORDER BY key DESC, uid DESC LIMIT 1`
	sqlPiecesBehind = `SELECT key, uid FROM search_counts WHERE field = $1 AND (key, uid) > ($2, $3) AND (key, uid) <= ($4, $5) ORDER BY key, uid`
	sqlGrowPiece    = `UPDATE search_counts SET rows = rows + $4 WHERE field = $1 AND key = $2 AND uid = $3 RETURNING rows`
)

const (
	// dueChanges is after how many changes of its own (transactions, and rows of indexes) a process adds them to the numbers without
	// waiting for the minute to be over: searches read them.
	dueChanges = 1024
	// foldAtOnce bounds the changes that one transaction adds, each of which has up to [mostKeys] rows or so.
	foldAtOnce = 256
	// askAgain is after how long a process that has found another at work looks whether there is something left to do.
	askAgain = time.Second
)

// folder keeps the numbers that large results are added up from. Of several processes one works, which it says by a claim that ends
// by itself; nothing depends on that but time.
type folder struct {
	s *Store
	// pieceRows is the size of the pieces that the rows of an index are counted in.
	pieceRows int64
	// due is after how many changes it is woken, noted how many there were since it last worked.
	due   int64
	noted atomic.Int64

	// working is held by who works, and guards what follows.
	working sync.Mutex
	// known: there is no group of accounts without a number, but those that changes tell of.
	known bool
	// even are the indexes whose pieces were found to be even, and have not grown since.
	even map[int64]bool
	// held is when the claim was last said again; zero: there is none.
	held time.Time

	watch *store.IndexWatch
}

// newFolder begins with a look at what there is.
func newFolder(s *Store, o Options) *folder {
	x := &folder{s: s, pieceRows: pieceRows, due: dueChanges, even: map[int64]bool{}}
	if o.IndexAtOnce {
		x.pieceRows, x.due = 4, 16 // Tests have few accounts.
	}
	x.watch = store.WatchIndexes(o.IndexAfter, x.work)
	x.watch.Wake()
	return x
}

func (x *folder) close() { x.watch.Close() }

// note takes down that changes were committed.
func (x *folder) note(changes int) {
	if changes > 0 && x.noted.Add(int64(changes)) >= x.due {
		x.watch.Wake()
	}
}

// work adds the changes to the numbers, and makes those that are missing.
func (x *folder) work(ctx context.Context) error {
	x.working.Lock()
	defer x.working.Unlock()
	x.noted.Store(0)
	k, err := point(ctx, x.s, readCatalogue)
	if err != nil || !k.counted {
		return err
	}
	mine, err := x.claim(ctx, sqlClaimCounting)
	switch {
	case mine || ctx.Err() != nil:
		defer x.leave(ctx) // What was broken off may have claimed it.
	case err == nil:
		time.AfterFunc(askAgain, x.watch.Wake)
	}
	if err != nil || !mine {
		return err
	}
	return x.all(ctx, k)
}

// leave ends the claim, of a store that is being closed too: nothing depends on whose it was. If it fails the claim ends by itself.
func (x *folder) leave(ctx context.Context) {
	x.held = time.Time{}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	_, _ = x.s.once(ctx, func(ctx context.Context, c *conn) error { return call(ctx, c, sqlLeaveCounting) })
}

// begin makes the pieces of an index that has become ready. It has no claim: whoever has it may have died, and searches wait for them.
func (x *folder) begin(ctx context.Context, f store.IndexRecord) error {
	x.working.Lock()
	defer x.working.Unlock()
	f.State = store.IndexReady
	return x.group(ctx, f.Group, []*store.IndexRecord{&f})
}

func (x *folder) claim(ctx context.Context, sql string) (mine bool, err error) {
	at := time.Now()
	mine, err = point(ctx, x.s, func(ctx context.Context, c *conn) (bool, error) {
		n, err := exec(ctx, c, sql, claimFor.Milliseconds())
		return n > 0, err
	})
	if mine {
		x.held = at
	}
	return mine, err
}

// all does it for all groups.
func (x *folder) all(ctx context.Context, k *catalogue) error {
	groups := map[string]bool{}
	for group, fields := range k.groups {
		groups[group] = slices.ContainsFunc(fields, func(f *store.IndexRecord) bool { return f.State == store.IndexReady && !x.even[f.ID] })
	}
	sources := []string{sqlNextChanged}
	if !x.known {
		sources = append(sources, sqlNextGroup)
	}
	for _, next := range sources {
		var group string
		for {
			there, err := point(ctx, x.s, func(ctx context.Context, c *conn) (bool, error) { return one(ctx, c, next, []any{group}, &group) })
			if err != nil {
				return err
			}
			if !there {
				break
			}
			groups[group] = true
		}
	}
	var errs []error
	for group, due := range groups {
		if due {
			errs = append(errs, x.group(ctx, group, k.groups[group]))
		}
	}
	err := errors.Join(errs...)
	x.known = x.known || err == nil
	return err
}

// group does it for one group, with its indexes.
func (x *folder) group(ctx context.Context, group string, fields []*store.IndexRecord) error {
	measured, err := point(ctx, x.s, func(ctx context.Context, c *conn) (bool, error) { return has(ctx, c, sqlHasSize, group) })
	if err == nil && !measured {
		err = x.moment(ctx, sqlBeginMoment, func(c *conn) error { return measure(ctx, c, group) })
	}
	for more := true; err == nil && more; {
		err = x.moment(ctx, sqlBeginMoment, func(c *conn) (err error) {
			more, err = x.fold(ctx, c, group)
			return err
		})
	}
	for _, f := range fields {
		if err == nil && f.State == store.IndexReady && !x.even[f.ID] {
			err = x.cut(ctx, f)
		}
	}
	return err
}

// moment runs a transaction that changes numbers, and again after one of another process was in its way. It leaves no outcome: it
// is never wrong to run it once more.
func (x *folder) moment(ctx context.Context, begin string, fn func(c *conn) error) error {
	if !x.held.IsZero() && time.Since(x.held) > claimFor/4 {
		if _, err := x.claim(ctx, sqlHoldCounting); err != nil {
			return err
		}
	}
	wait := patience{ends: time.Now().Add(x.s.patience), most: pauseConflict}
	for {
		err := x.s.again(ctx, func(ctx context.Context, c *conn) error {
			return ending(ctx, c, func() error {
				if _, err := c.Exec(ctx, begin); err != nil {
					return err
				}
				if err := fn(c); err != nil {
					return err
				}
				_, err := c.Exec(ctx, sqlCommit)
				return err
			})
		})
		if !errors.Is(err, store.ErrBusy) || !wait.wait(ctx) {
			return err
		}
	}
}

// measure makes the number of a group. It takes as long as counting its accounts does, in which nobody waits for it.
func measure(ctx context.Context, c *conn, group string) error {
	var n, changed int64
	if err := get(ctx, c, sqlCountGroup, []any{group}, &n); err != nil {
		return err
	}
	if err := get(ctx, c, sqlSumChanges, []any{group}, &changed); err != nil {
		return err
	}
	_, err := exec(ctx, c, sqlPutSize, group, n-changed)
	return err
}

// fold adds changes of a group to its numbers, up to [foldAtOnce]. If there are no more, the numbers are those of the moment of the
// transaction.
func (x *folder) fold(ctx context.Context, c *conn, group string) (more bool, err error) {
	var grown int64
	taken := 0
	changes := map[int64][]rowChange{}
	err = each(ctx, c, sqlTakeChanges, []any{group, foldAtOnce}, func(r pgx.Rows) error {
		var accounts int64
		var rows []byte
		if err := r.Scan(&accounts, &rows); err != nil {
			return err
		}
		taken++
		grown += accounts
		return eachRowChange(rows, func(r rowChange) { changes[r.field] = append(changes[r.field], r) })
	})
	if err != nil {
		return false, err
	}
	// Always, so that of two at once the second fails.
	if written, err := exec(ctx, c, sqlGrowGroup, group, grown); err != nil || written == 0 {
		if err == nil {
			err = fmt.Errorf("group %q has no number of accounts", group)
		}
		return false, err
	}
	b := &pgx.Batch{}
	for field, rows := range changes {
		if err := x.foldRows(ctx, c, b, field, rows); err != nil {
			return false, err
		}
	}
	if b.Len() > 0 {
		err = c.SendBatch(ctx, b).Close()
	}
	return taken == foldAtOnce, err
}

// foldRows queues what changed in each piece of an index. Without pieces there is nothing to be added to: who makes them counts.
func (x *folder) foldRows(ctx context.Context, c *conn, b *pgx.Batch, field int64, rows []rowChange) error {
	slices.SortFunc(rows, func(a, b rowChange) int { return a.compare(b.rowPlace) })
	least, greatest := rows[0], rows[len(rows)-1]
	var at rowPlace
	if there, err := one(ctx, c, sqlPieceAt, []any{field, least.key, least.uid}, &at.key, &at.uid); err != nil || !there {
		return err
	}
	pieces := []rowPlace{at}
	err := each(ctx, c, sqlPiecesBehind, []any{field, at.key, at.uid, greatest.key, greatest.uid}, func(r pgx.Rows) error {
		var p rowPlace
		err := r.Scan(&p.key, &p.uid)
		pieces = append(pieces, p)
		return err
	})
	if err != nil {
		return err
	}
	for i, p := range pieces {
		var by int64
		for len(rows) > 0 && (i+1 == len(pieces) || rows[0].compare(pieces[i+1]) < 0) {
			by += rows[0].by
			rows = rows[1:]
		}
		if by == 0 {
			continue
		}
		b.Queue(sqlGrowPiece, field, p.key, p.uid, by).QueryRow(func(r pgx.Row) error {
			var now *int64
			err := r.Scan(&now)
			if err == nil && now != nil && (*now > 2*x.pieceRows || *now == 0 && len(p.key) > 0) {
				delete(x.even, field)
			}
			return err
		})
	}
	return nil
}
