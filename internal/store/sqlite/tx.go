package sqlite

import (
	"errors"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

// tx is one function's view of the group's transaction.
type tx struct {
	c *sqlite.Conn
	// fields are the indexes that accounts are kept in.
	fields *catalogue
	// audits are the ends of the chains of audit records.
	audits *chains
	// wrote: something was written, or tried to be.
	wrote bool
	// configured: a record of the configuration was written.
	configured bool
	// touched are the accounts that were written.
	touched touched
	// grown is by how many accounts groups have grown, or shrunk.
	grown []growth
	// rows are the numbers of the rows that the transaction inserts, of which the function has promised one.
	rows    *rowNumbers
	promise rowPromise
	// entries is where the cache's entries of the transaction are put together; nil if nothing is kept.
	entries *[]byte
}

var _ store.Tx = (*tx)(nil)

// errTxOver answers a function that kept its Tx for later.
var errTxOver = errors.New("transaction used after its function returned")

// end makes the transaction useless. The connection belongs to the next function then.
func (t *tx) end() { t.c = nil }

// add sums up what several functions of one transaction did.
func (t *tx) add(other *tx) {
	t.configured = t.configured || other.configured
	t.touched.add(&other.touched)
	for _, g := range other.grown {
		t.grow(g.group, g.accounts)
	}
}

// read runs a function on the connection of a transaction that is not over.
func read[T any](t *tx, fn func(c *sqlite.Conn) (T, error)) (T, error) {
	if t.c == nil {
		var none T
		return none, errTxOver
	}
	return fn(t.c)
}

func (t *tx) write(fn func(c *sqlite.Conn) error) error {
	if t.c == nil {
		return errTxOver
	}
	t.wrote = true
	return fn(t.c)
}

// configure writes a record of the configuration.
func (t *tx) configure(fn func(c *sqlite.Conn) error) error {
	t.configured = true
	return t.write(fn)
}

// touch says that the account is written.
func (t *tx) touch(group, uid string) {
	t.touched.accounts = append(t.touched.accounts, touchedAccount{group: group, uid: uid})
}

// stored says what became of the account that was touched last.
func (t *tx) stored(a *store.Account) {
	if t.entries == nil {
		return
	}
	start := len(*t.entries)
	*t.entries = appendEntry(*t.entries, a)
	t.touched.accounts[len(t.touched.accounts)-1].entry = (*t.entries)[start:]
}

// Expect does nothing: the database is as near as can be.
func (t *tx) Expect(string, []string, []store.Identifier) error {
	if t.c == nil {
		return errTxOver
	}
	return nil
}

func (t *tx) Account(group, uid string) (*store.Account, error) {
	return read(t, func(c *sqlite.Conn) (*store.Account, error) { return getAccount(c, group, uid) })
}

func (t *tx) PutAccount(a *store.Account) error {
	t.touch(a.Group, a.UID)
	return t.write(func(c *sqlite.Conn) error {
		isNew := a.Rev == 0
		w, err := t.indexes(a.Group, a.UID, isNew)
		if err != nil {
			return err
		}
		if isNew {
			if err := t.insert(c, a); err != nil {
				return err
			}
			t.grow(a.Group, 1)
		} else if err := replaceAccount(c, a); err != nil {
			return err
		}
		t.stored(a)
		return t.follow(w, a)
	})
}

func (t *tx) DeleteAccount(group, uid string) error {
	t.touch(group, uid)
	return t.write(func(c *sqlite.Conn) error {
		w, err := t.indexes(group, uid, false)
		if err != nil {
			return err
		}
		// Its identifiers must have its number, and nobody must be given the number again.
		if err := t.endPromise(c); err != nil {
			return err
		}
		if err := deleteAccount(c, group, uid); err != nil {
			return err
		}
		t.grow(group, -1)
		return t.follow(w, nil)
	})
}

func (t *tx) Owner(group string, id store.Identifier) (string, error) {
	return read(t, func(c *sqlite.Conn) (string, error) { return getOwner(c, group, id) })
}

func (t *tx) ClaimIdentifier(group string, id store.Identifier, uid string) error {
	return t.write(func(c *sqlite.Conn) error { return t.claim(c, group, id, uid) })
}

func (t *tx) ReleaseIdentifier(group string, id store.Identifier, uid string) error {
	return t.write(func(c *sqlite.Conn) error { return releaseIdentifier(c, group, id, uid) })
}

func (t *tx) Session(group, uid string, hash store.Hash) (*store.Session, error) {
	return read(t, func(c *sqlite.Conn) (*store.Session, error) { return getSession(c, group, uid, hash) })
}

func (t *tx) PutSession(s *store.Session) error {
	return t.write(func(c *sqlite.Conn) error { return putSession(c, s) })
}

func (t *tx) DeleteSession(group, uid string, hash store.Hash) error {
	return t.write(func(c *sqlite.Conn) error { return deleteSession(c, group, uid, hash) })
}

func (t *tx) DeleteSessions(group, uid string, except store.Hash) (int, error) {
	t.wrote = true
	return read(t, func(c *sqlite.Conn) (int, error) { return deleteSessions(c, group, uid, except) })
}

func (t *tx) LimitSessions(group, uid string, newest store.Hash, keep int, now clock.Millis) (int, error) {
	t.wrote = true
	return read(t, func(c *sqlite.Conn) (int, error) { return limitSessions(c, group, uid, newest, keep, now) })
}

func (t *tx) UseOnce(space string, hash store.Hash, now, until clock.Millis) error {
	return t.write(func(c *sqlite.Conn) error {
		return useOnce(c, space, hash, now, until)
	})
}

func (t *tx) PutPartner(p *store.Partner) error {
	return t.configure(func(c *sqlite.Conn) error { return putPartner(c, p) })
}

func (t *tx) PutSite(s *store.Site) error {
	return t.configure(func(c *sqlite.Conn) error { return putSite(c, s) })
}

func (t *tx) PutKey(k *store.Key) error {
	return t.configure(func(c *sqlite.Conn) error { return putKey(c, k) })
}

func (t *tx) PutSigningKey(k *store.SigningKey) error {
	return t.configure(func(c *sqlite.Conn) error { return putSigningKey(c, k) })
}

func (t *tx) DeleteSigningKey(id string) error {
	return t.configure(func(c *sqlite.Conn) error { return deleteSigningKey(c, id) })
}

func (t *tx) Site(apiKey string) (*store.Site, error) {
	return read(t, func(c *sqlite.Conn) (*store.Site, error) { return getSite(c, apiKey) })
}

func (t *tx) Sites(partner int64) ([]*store.Site, error) {
	return read(t, func(c *sqlite.Conn) ([]*store.Site, error) { return sites(c, partner) })
}

func (t *tx) Partner(id int64) (*store.Partner, error) {
	return read(t, func(c *sqlite.Conn) (*store.Partner, error) { return getPartner(c, id) })
}

func (t *tx) Key(userKey string) (*store.Key, error) {
	return read(t, func(c *sqlite.Conn) (*store.Key, error) { return getKey(c, userKey) })
}

func (t *tx) Keys(partner int64) ([]*store.Key, error) {
	return read(t, func(c *sqlite.Conn) ([]*store.Key, error) { return keys(c, partner) })
}

func (t *tx) SigningKeys() ([]*store.SigningKey, error) { return read(t, signingKeys) }

func (t *tx) AppendAudit(a *store.Audit) error {
	return t.write(func(c *sqlite.Conn) error { return t.audits.append(c, a) })
}
