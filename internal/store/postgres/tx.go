package postgres

import (
	"context"
	"errors"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

// tx is one run of the function of a change.
type tx struct {
	store *Store
	ctx   context.Context
	c     *conn
	// over: the function has returned.
	over bool
	// fault is the first error that is none of the contract's: the transaction is lost, whatever the function makes of it.
	fault error
	// wrote: there is something to commit.
	wrote bool
	// group and uid are the account that was written first, if any: the row that tells of the commit lies with it.
	group, uid string
	// version is that of the configuration after the change; 0: it was not changed.
	version int64
	// fields are the indexes that the change goes by.
	fields *catalogue
	// known are the keys of accounts as they were read or written, keys and flags what waits for the commit.
	known map[accountPlace]*keySet
	keys  []keyChange
	flags map[*store.IndexRecord]store.IndexFlags
	// sizes are how many accounts groups have more, noted is how many changes of counts the transaction leaves.
	sizes map[string]int64
	noted int
	// lanes are the ends of the chains that audit records were written to.
	lanes lanes
	// revisions are those that accounts had before they were put.
	revisions []revision
	// expected is what the function said that it expects; nil: nothing.
	expected *expected
}

type revision struct {
	account *store.Account
	rev     int64
}

var _ store.Tx = (*tx)(nil)

// errTxOver answers a function that kept its Tx for later.
var errTxOver = errors.New("transaction used after its function returned")

// undo gives the accounts that were put the revisions that they had: the change did not happen.
func (t *tx) undo() {
	for i := len(t.revisions) - 1; i >= 0; i-- {
		t.revisions[i].account.Rev = t.revisions[i].rev
	}
	t.revisions = nil
}

// read runs a function on the connection of a transaction that is not over.
func read[T any](t *tx, fn func(ctx context.Context, c *conn) (T, error)) (T, error) {
	var none T
	if err := t.usable(); err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeout(t.ctx, statementTimeout)
	defer cancel()
	if err := t.expected.send(ctx, t.c); err != nil {
		t.fault = err
		return none, bounded(t.ctx, err)
	}
	v, err := fn(ctx, t.c)
	if err != nil && !ours(err) {
		t.fault = err
		return none, bounded(t.ctx, err)
	}
	return v, err
}

// usable tells why nothing can be done in the transaction any more.
func (t *tx) usable() error {
	switch {
	case t.over:
		return errTxOver
	case t.fault != nil:
		return explain(t.fault)
	}
	return t.ctx.Err()
}

// write is read for what changes something of the account.
func (t *tx) write(group, uid string, fn func(ctx context.Context, c *conn) error) error {
	t.writes(group, uid)
	_, err := read(t, func(ctx context.Context, c *conn) (struct{}, error) { return struct{}{}, fn(ctx, c) })
	return err
}

// writes notes that something of the account is changed.
func (t *tx) writes(group, uid string) {
	t.wrote = true
	if t.uid == "" && storable(group, uid) {
		t.group, t.uid = group, uid
	}
}

// configure writes a record of the configuration.
func (t *tx) configure(fn func(ctx context.Context, c *conn) (int64, error)) error {
	return t.write("", "", func(ctx context.Context, c *conn) error {
		version, err := fn(ctx, c)
		if err == nil {
			t.version = version
		}
		return err
	})
}

func (t *tx) Account(group, uid string) (*store.Account, error) {
	if t.expected.lacks(accountPlace{group, uid}) {
		return nil, t.locally(func() error { return store.ErrNotFound })
	}
	return read(t, func(ctx context.Context, c *conn) (*store.Account, error) {
		a, err := getAccount(ctx, c, group, uid)
		if err == nil {
			t.remember(a)
		}
		return a, err
	})
}

func (t *tx) PutAccount(a *store.Account) error {
	t.revisions = append(t.revisions, revision{a, a.Rev})
	if place := (accountPlace{a.Group, a.UID}); a.Rev == 0 && t.expected.lacks(place) {
		t.writes(a.Group, a.UID)
		return t.locally(func() error {
			t.expected.insert(a, t.fields.version)
			a.Rev = 1
			t.grow(a.Group, 1)
			if records := t.fields.kept[a.Group]; len(records) > 0 {
				none, _ := keysOf(records, nil)
				t.index(records, a, none)
			}
			return nil
		})
	}
	return t.write(a.Group, a.UID, func(ctx context.Context, c *conn) error { return t.put(ctx, c, a) })
}

func (t *tx) DeleteAccount(group, uid string) error {
	return t.write(group, uid, func(ctx context.Context, c *conn) error {
		t.expected = nil // It holds identifiers of which nothing was noted here.
		return t.remove(ctx, c, group, uid)
	})
}

func (t *tx) Owner(group string, id store.Identifier) (string, error) {
	if uid, known := t.expected.owner(group, id); known {
		return uid, t.locally(func() error {
			if uid == "" {
				return store.ErrNotFound
			}
			return nil
		})
	}
	return read(t, func(ctx context.Context, c *conn) (string, error) { return getOwner(ctx, c, group, id) })
}

func (t *tx) ClaimIdentifier(group string, id store.Identifier, uid string) error {
	if _, known := t.expected.owner(group, id); known && storable(uid) {
		t.writes(group, uid)
		return t.locally(func() error { return t.expected.claim(group, id, uid) })
	}
	return t.write(group, uid, func(ctx context.Context, c *conn) error { return claimIdentifier(ctx, c, group, id, uid) })
}

func (t *tx) ReleaseIdentifier(group string, id store.Identifier, uid string) error {
	return t.write(group, uid, func(ctx context.Context, c *conn) error {
		if owner, known := t.expected.owner(group, id); known && owner == uid {
			t.expected.owners[placeOf(group, id)] = ""
		}
		return releaseIdentifier(ctx, c, group, id, uid)
	})
}

func (t *tx) Session(group, uid string, hash store.Hash) (*store.Session, error) {
	return read(t, func(ctx context.Context, c *conn) (*store.Session, error) {
		return getSession(ctx, c, group, uid, hash)
	})
}

func (t *tx) PutSession(s *store.Session) error {
	return t.write(s.Group, s.UID, func(ctx context.Context, c *conn) error { return putSession(ctx, c, s) })
}

func (t *tx) DeleteSession(group, uid string, hash store.Hash) error {
	return t.write(group, uid, func(ctx context.Context, c *conn) error { return deleteSession(ctx, c, group, uid, hash) })
}

func (t *tx) DeleteSessions(group, uid string, except store.Hash) (n int, err error) {
	err = t.write(group, uid, func(ctx context.Context, c *conn) (err error) {
		n, err = deleteSessions(ctx, c, group, uid, except)
		return err
	})
	return n, err
}

func (t *tx) LimitSessions(group, uid string, newest store.Hash, keep int, now clock.Millis) (n int, err error) {
	err = t.write(group, uid, func(ctx context.Context, c *conn) (err error) {
		n, err = limitSessions(ctx, c, group, uid, newest, keep, now)
		return err
	})
	return n, err
}

func (t *tx) UseOnce(space string, hash store.Hash, now, until clock.Millis) error {
	return t.write("", "", func(ctx context.Context, c *conn) error { return useOnce(ctx, c, space, hash, now, until) })
}

func (t *tx) PutPartner(p *store.Partner) error {
	return t.configure(func(ctx context.Context, c *conn) (int64, error) { return putPartner(ctx, c, p) })
}

func (t *tx) PutSite(s *store.Site) error {
	return t.configure(func(ctx context.Context, c *conn) (int64, error) { return putSite(ctx, c, s) })
}

func (t *tx) PutKey(k *store.Key) error {
	return t.configure(func(ctx context.Context, c *conn) (int64, error) { return putKey(ctx, c, k) })
}

func (t *tx) PutSigningKey(k *store.SigningKey) error {
	return t.configure(func(ctx context.Context, c *conn) (int64, error) { return putSigningKey(ctx, c, k) })
}

func (t *tx) DeleteSigningKey(id string) error {
	return t.configure(func(ctx context.Context, c *conn) (int64, error) { return deleteSigningKey(ctx, c, id) })
}

func (t *tx) Site(apiKey string) (*store.Site, error) {
	return read(t, func(ctx context.Context, c *conn) (*store.Site, error) { return getSite(ctx, c, apiKey) })
}

func (t *tx) Sites(partner int64) ([]*store.Site, error) {
	return read(t, func(ctx context.Context, c *conn) ([]*store.Site, error) { return sites(ctx, c, partner) })
}

func (t *tx) Partner(id int64) (*store.Partner, error) {
	return read(t, func(ctx context.Context, c *conn) (*store.Partner, error) { return getPartner(ctx, c, id) })
}

func (t *tx) Key(userKey string) (*store.Key, error) {
	return read(t, func(ctx context.Context, c *conn) (*store.Key, error) { return getKey(ctx, c, userKey) })
}

func (t *tx) Keys(partner int64) ([]*store.Key, error) {
	return read(t, func(ctx context.Context, c *conn) ([]*store.Key, error) { return keys(ctx, c, partner) })
}

func (t *tx) SigningKeys() ([]*store.SigningKey, error) {
	return read(t, signingKeys)
}

func (t *tx) AppendAudit(a *store.Audit) error {
	return t.write("", "", func(ctx context.Context, c *conn) error {
		return t.appendAudit(ctx, c, a)
	})
}
