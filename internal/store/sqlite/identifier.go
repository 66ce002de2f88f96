package sqlite

import (
	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

const (
	sqlOwner   = `SELECT uid FROM identifiers WHERE grp = ? AND space = ? AND value = ?`
	sqlClaim   = `INSERT INTO identifiers (grp, space, value, uid, account) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING`
	sqlRelease = `DELETE FROM identifiers WHERE grp = ? AND space = ? AND value = ? AND uid = ?`

	// Those of an account's row, and those that were claimed before there was one.
	sqlReleaseAccounts = `DELETE FROM identifiers WHERE account = ?`
	sqlReleaseStrays   = `DELETE FROM identifiers WHERE account = 0 AND grp = ? AND uid = ?`
	sqlOrphan          = `UPDATE identifiers SET account = 0 WHERE account = ?`

	sqlCorrectRow = `UPDATE identifiers SET account = coalesce((SELECT id FROM accounts WHERE grp = ?1 AND uid = ?4), 0)
		WHERE grp = ?1 AND space = ?2 AND value = ?3 AND uid = ?4`
)

// rowNumbers gives out the numbers of the rows of accounts that a transaction inserts.
type rowNumbers struct {
	// next is the number of the next row; 0: nobody asked yet.
	next int64
}

func (r *rowNumbers) take(c *sqlite.Conn) (int64, error) {
	if r.next == 0 {
		if err := get(c, sqlNextAccount, noParameters, func(row *row) error { r.next = row.int(); return nil }); err != nil {
			return 0, err
		}
	}
	r.next++
	return r.next - 1, nil
}

// rowPromise is the number of the row that an account is going to have, or has. Identifiers have the number of their account's
// row, and are claimed before the account is inserted: they are given the number that it will get. If it turns out to have
// another one, or none, they are brought to what is.
type rowPromise struct {
	group, uid string
	// row is 0 if nobody was promised one.
	row int64
	// kept: the account is there under the number.
	kept bool
	// claimed are the identifiers that have the number while it is not kept.
	claimed []store.Identifier
}

func (p *rowPromise) is(group, uid string) bool {
	return p.row != 0 && p.uid == uid && p.group == group
}

// claim makes the identifier the account's.
func (t *tx) claim(c *sqlite.Conn, group string, id store.Identifier, uid string) error {
	p := &t.promise
	if !p.is(group, uid) {
		if err := t.endPromise(c); err != nil {
			return err
		}
		row, err := t.rows.take(c)
		if err != nil {
			return err
		}
		p.group, p.uid, p.row = group, uid, row
	}
	changed, err := exec(c, sqlClaim, func(b *binder) {
		bindIdentifier(b, group, id, uid)
		b.int(p.row)
	})
	if err != nil {
		return err
	}
	if changed == 1 {
		if !p.kept {
			p.claimed = append(p.claimed, id)
		}
		return nil
	}
	owner, err := getOwner(c, group, id)
	if err != nil {
		return err
	}
	if owner != uid {
		return &store.TakenError{Identifier: id, UID: owner}
	}
	return nil
}

// insert inserts the account under the number that its identifiers have.
func (t *tx) insert(c *sqlite.Conn, a *store.Account) error {
	p := &t.promise
	row, err := p.row, error(nil)
	if !p.is(a.Group, a.UID) || p.kept {
		if row, err = t.rows.take(c); err != nil {
			return err
		}
	}
	if err := insertAccount(c, a, row); err != nil {
		return err
	}
	switch {
	case row == p.row:
		p.kept = true
	case p.kept || p.row == 0:
		*p = rowPromise{group: a.Group, uid: a.UID, row: row, kept: true, claimed: p.claimed[:0]}
	}
	return nil
}

// endPromise brings identifiers that were given a number to the row that their account has, if it has another one or none.
func (t *tx) endPromise(c *sqlite.Conn) error {
	p := &t.promise
	if !p.kept {
		for _, id := range p.claimed {
			if _, err := exec(c, sqlCorrectRow, func(b *binder) { bindIdentifier(b, p.group, id, p.uid) }); err != nil {
				return err
			}
		}
	}
	*p = rowPromise{claimed: p.claimed[:0]}
	return nil
}

func getOwner(c *sqlite.Conn, group string, id store.Identifier) (string, error) {
	var uid string
	err := get(c, sqlOwner,
		func(b *binder) { b.text(group); b.text(id.Space); b.text(id.Value) },
		func(r *row) error { uid = r.text(); return nil })
	return uid, err
}

func releaseIdentifier(c *sqlite.Conn, group string, id store.Identifier, uid string) error {
	_, err := exec(c, sqlRelease, func(b *binder) { bindIdentifier(b, group, id, uid) })
	return err
}

// releaseIdentifiers frees all that the account in the row has.
func releaseIdentifiers(c *sqlite.Conn, group, uid string, row int64) error {
	if _, err := exec(c, sqlReleaseAccounts, func(b *binder) { b.int(row) }); err != nil {
		return err
	}
	_, err := exec(c, sqlReleaseStrays, func(b *binder) { b.text(group); b.text(uid) })
	return err
}

func bindIdentifier(b *binder, group string, id store.Identifier, uid string) {
	b.text(group)
	b.text(id.Space)
	b.text(id.Value)
	b.text(uid)
}
