package postgres

import (
	"context"
	"fmt"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A change that inserts many accounts would wait for the server's answer after each statement. What it expects to be free is
// asked for at once instead. What then is free in the moment that the transaction sees is written without waiting for an
// answer: the statements are kept, and go to the server together before it is asked for anything else, at the latest before
// the commit. There a statement that finds taken what was free fails the transaction, which is run again.

const (
	sqlExpectHolders  = `SELECT value, uid FROM identifiers WHERE grp = $1 AND space = $2 AND value = ANY($3)`
	sqlExpectAccounts = `SELECT uid FROM accounts WHERE grp = $1 AND uid = ANY($2)`

	// mostKept bounds the statements that are kept, and with them the memory of their accounts.
	mostKept = 1024
)

// errTaken: what was free is taken. The change is run again, and finds it so.
var errTaken = fmt.Errorf("%w: somebody else was faster", store.ErrBusy)

// expected is what a transaction knows of what it expected.
type expected struct {
	// owners are the accounts that identifiers belong to; those that are free have an empty one.
	owners map[ownedPlace]string
	// absent are the accounts that are not there.
	absent map[accountPlace]bool
	// kept are the statements that the server has not got yet.
	kept pgx.Batch
	// err is what is wrong with one of them.
	err error
}

type ownedPlace struct{ group, space, value string }

func placeOf(group string, id store.Identifier) ownedPlace {
	return ownedPlace{group, id.Space, id.Value}
}

// Expect implements [store.Tx]. What it is told again it asks for again: the server knows what was written meanwhile.
func (t *tx) Expect(group string, uids []string, ids []store.Identifier) error {
	x := t.expected
	if x == nil {
		x = &expected{owners: map[ownedPlace]string{}, absent: map[accountPlace]bool{}}
	}
	_, err := read(t, func(ctx context.Context, c *conn) (struct{}, error) {
		return struct{}{}, x.ask(ctx, c, group, uids, ids)
	})
	if err == nil {
		t.expected = x
	}
	return err
}

func (x *expected) ask(ctx context.Context, c *conn, group string, uids []string, ids []store.Identifier) error {
	spaces := map[string][]string{}
	for _, id := range ids {
		if storable(group, id.Space, id.Value) {
			x.owners[placeOf(group, id)] = ""
			spaces[id.Space] = append(spaces[id.Space], id.Value)
		}
	}
	var asked []string
	for _, uid := range uids {
		if storable(group, uid) {
			x.absent[accountPlace{group, uid}] = true
			asked = append(asked, uid)
		}
	}
	b := &pgx.Batch{}
	b.Queue(sqlExpectAccounts, group, asked).Query(func(rows pgx.Rows) error {
		var uid string
		_, err := pgx.ForEachRow(rows, []any{&uid}, func() error { x.absent[accountPlace{group, uid}] = false; return nil })
		return err
	})
	for space, values := range spaces {
		b.Queue(sqlExpectHolders, group, space, values).Query(func(rows pgx.Rows) error {
			var value, uid string
			_, err := pgx.ForEachRow(rows, []any{&value, &uid}, func() error { x.owners[ownedPlace{group, space, value}] = uid; return nil })
			return err
		})
	}
	return c.SendBatch(ctx, b).Close()
}

// owner is whose the identifier is, as far as it was expected; empty: nobody's.
func (x *expected) owner(group string, id store.Identifier) (uid string, known bool) {
	if x == nil {
		return "", false
	}
	uid, known = x.owners[placeOf(group, id)]
	return uid, known
}

// lacks tells that the account is not there.
func (x *expected) lacks(place accountPlace) bool { return x != nil && x.absent[place] }

// claim is [store.Tx.ClaimIdentifier] for an identifier that was expected.
func (x *expected) claim(group string, id store.Identifier, uid string) error {
	switch owner, _ := x.owner(group, id); owner {
	case uid:
		return nil
	case "":
		x.owners[placeOf(group, id)] = uid
		x.keep(sqlClaim, group, id.Space, id.Value, uid)
		x.keep(sqlHold, group, uid, id.Space, id.Value)
		return nil
	default:
		return &store.TakenError{Identifier: id, UID: owner}
	}
}

// insert is the insertion of an account that is not there. version is that of the catalogue that the change goes by.
func (x *expected) insert(a *store.Account, version int64) {
	x.absent[accountPlace{a.Group, a.UID}] = false
	x.kept.Queue(sqlSearchVersionBeside, a.Group, a.UID).QueryRow(func(r pgx.Row) error {
		var found int64
		var place bool
		if err := r.Scan(&found, &place); err != nil {
			return err
		}
		if found != version {
			x.err = errStale
		}
		return nil
	})
	x.keep(sqlInsertAccount, values(a, 1)...)
}

// keep keeps a statement that must change a row.
func (x *expected) keep(sql string, args ...any) {
	x.kept.Queue(sql, args...).Exec(func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() == 0 && x.err == nil {
			x.err = errTaken
		}
		return nil
	})
}

// send sends what is kept.
func (x *expected) send(ctx context.Context, c *conn) error {
	if x == nil || x.kept.Len() == 0 {
		return nil
	}
	b := x.kept
	x.kept = pgx.Batch{}
	if err := c.SendBatch(ctx, &b).Close(); err != nil {
		return err
	}
	return x.err
}

// locally runs what needs no answer of the server. What has become much to wait for is sent.
func (t *tx) locally(fn func() error) error {
	if err := t.usable(); err != nil {
		return err
	}
	err := fn()
	if t.expected.kept.Len() < mostKept && len(t.keys) < mostKeys {
		return err
	}
	if _, sent := read(t, func(ctx context.Context, c *conn) (struct{}, error) { return struct{}{}, t.sendKeys(ctx, c) }); sent != nil {
		return sent
	}
	return err
}

// sendKept sends what is kept.
func (t *tx) sendKept() error {
	if t.expected == nil || t.expected.kept.Len() == 0 {
		return nil
	}
	_, err := read(t, func(context.Context, *conn) (struct{}, error) { return struct{}{}, nil })
	return err
}
