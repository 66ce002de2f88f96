package postgres

import (
	"bytes"
	"context"
	"slices"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

const (
	sqlInsertSearchKey = `INSERT INTO search_keys (field, key, uid, first) VALUES ($1, $2, $3, $4) ON CONFLICT (field, key, uid, first) DO NOTHING`
	sqlDeleteSearchKey = `DELETE FROM search_keys WHERE field = $1 AND key = $2 AND uid = $3 AND first = $4`
	sqlFlagSearchField = `UPDATE search_fields SET flags = flags | $4 WHERE grp = $1 AND kind = $2 AND path = $3 AND flags & $4 <> $4`
)

// # How an index cannot miss a write
//
// Writers go by a catalogue that the process remembers, and the statement that writes an account returns the version that the
// database has. If it is another one, the change is run again with the catalogue of today. So a change that commits went by the
// version that its own transaction read.
//
// Transactions are serializable, and so is the one that makes an index (C), which writes the version, and those that fill it (F),
// which read accounts after C was committed. A change W that read the version before C and writes an account that F has read as
// it was before stands between them: F goes before W, because it did not see W's account, W before C, because it did not see
// C's version, and C before F. The engine knows both of W's dependencies (SIREAD locks of PostgreSQL hold what was read, gaps
// between accounts included, until no concurrent transaction is left) and undoes W or F, which are run again. It is the same when
// an index goes: who empties it has read the rows that a late W adds. No row is locked, and nobody waits.
//
// Citus has this on each machine and not across them. The catalogue is a reference table: each machine has a copy, C writes all,
// and W reads the one beside the account, because the version comes with the statement that writes it, or with one that names its
// place. The keys of an account lie with it too. So W, C and F meet on one machine in all that they have to do with one account.
// Before F reads anything, whoever fills the index has written the version once more: so C is over on every machine.
// Engines that are serializable altogether need none of this.
//
// Rows of keys are written with the COMMIT, in its message: nothing within a change reads them, and a change that a function went
// on from (a conflict, say) has left none.

// keyChange is a row of an index that comes or goes.
type keyChange struct {
	sql   string
	field int64
	key   []byte
	uid   string
	first bool
	// by is what it adds to the rows that are counted of the index, which is the group's; 0 if it does not count.
	group string
	by    int64
}

// keySet are the keys of an account at a revision, in the indexes that writers keep up, in their order.
type keySet struct {
	rev  int64
	keys [][][]byte
}

// accountPlace is where an account is.
type accountPlace struct{ group, uid string }

// keysOf returns the keys of the account; nil: none.
func keysOf(records []*store.IndexRecord, a *store.Account) (set *keySet, flags []store.IndexFlags) {
	set, flags = &keySet{keys: make([][][]byte, len(records))}, make([]store.IndexFlags, len(records))
	if a == nil {
		return set, flags
	}
	set.rev = a.Rev
	for i, f := range records {
		set.keys[i], flags[i] = f.Index.Keys(a)
	}
	return set, flags
}

// remember keeps the keys of an account as it was read: what a change of it has to take away.
func (t *tx) remember(a *store.Account) {
	records := t.fields.kept[a.Group]
	if len(records) == 0 {
		return
	}
	set, _ := keysOf(records, a)
	t.keep(accountPlace{a.Group, a.UID}, set)
}

func (t *tx) keep(place accountPlace, set *keySet) {
	if t.known == nil {
		t.known = map[accountPlace]*keySet{}
	}
	t.known[place] = set
}

// put writes an account and brings the indexes to what it is.
func (t *tx) put(ctx context.Context, c *conn, a *store.Account) error {
	records := t.fields.kept[a.Group]
	place := accountPlace{a.Group, a.UID}
	old := t.known[place]
	stored := a.Rev != 0
	if !stored {
		old, _ = keysOf(records, nil)
	}
	var before *store.Account
	if len(records) > 0 && (old == nil || old.rev != a.Rev) {
		before = &store.Account{Group: a.Group}
	}
	version, err := putAccount(ctx, c, a, before)
	if err != nil {
		return err
	}
	if err := t.current(version); err != nil {
		return err
	}
	if !stored {
		t.grow(a.Group, 1)
	}
	if len(records) == 0 {
		return nil
	}
	if before != nil {
		old, _ = keysOf(records, before)
	}
	t.index(records, a, old)
	return t.sendKeys(ctx, c)
}

// index brings the indexes from the keys that an account had to those of what is stored now.
func (t *tx) index(records []*store.IndexRecord, a *store.Account, old *keySet) {
	// Keys are those of the texts that the engine has kept.
	stored := *a
	t.store.Fit(&stored)
	now, flags := keysOf(records, &stored)
	t.keep(accountPlace{a.Group, a.UID}, now)
	t.follow(records, a.UID, old, now, flags)
}

// remove deletes an account and its keys.
func (t *tx) remove(ctx context.Context, c *conn, group, uid string) error {
	a, version, err := deleteAccount(ctx, c, group, uid)
	if err != nil {
		return err
	}
	records := t.fields.kept[group]
	if err := t.current(version); err != nil {
		return err
	}
	t.grow(group, -1)
	if len(records) == 0 {
		return nil
	}
	delete(t.known, accountPlace{group, uid})
	old, _ := keysOf(records, a)
	now, flags := keysOf(records, nil)
	t.follow(records, uid, old, now, flags)
	return t.sendKeys(ctx, c)
}

// current fails if the indexes are others than the change goes by.
func (t *tx) current(version int64) error {
	if version == t.fields.version {
		return nil
	}
	t.store.forget(t.fields)
	return errStale
}

// mostKeys bounds the rows that wait for the commit.
const mostKeys = 1000

// follow notes the rows that are different.
func (t *tx) follow(records []*store.IndexRecord, uid string, old, now *keySet, flags []store.IndexFlags) {
	for i, f := range records {
		counted := t.fields.counted && f.State == store.IndexReady
		note := func(sql string, keys, others [][]byte, by int64) {
			for j, key := range keys {
				at := slices.IndexFunc(others, func(k []byte) bool { return bytes.Equal(k, key) })
				if at >= 0 && (at == 0) == (j == 0) {
					continue
				}
				change := keyChange{sql: sql, field: f.ID, key: key, uid: uid, first: j == 0}
				if at < 0 && counted {
					change.group, change.by = f.Group, by
				}
				t.keys = append(t.keys, change)
			}
		}
		note(sqlDeleteSearchKey, old.keys[i], now.keys[i], -1)
		note(sqlInsertSearchKey, now.keys[i], old.keys[i], 1)
		if flags[i]&^f.Flags != 0 {
			t.flag(f, flags[i])
		}
	}
}

// sendKeys sends the rows that wait, if they are many.
func (t *tx) sendKeys(ctx context.Context, c *conn) error {
	if len(t.keys) < mostKeys {
		return nil
	}
	b := &pgx.Batch{}
	if err := t.queueKeys(b, nil); err != nil {
		return err
	}
	t.keys = nil
	return c.SendBatch(ctx, b).Close()
}

// flag notes what rows an index has from now on.
func (t *tx) flag(f *store.IndexRecord, flags store.IndexFlags) {
	if t.flags == nil {
		t.flags = map[*store.IndexRecord]store.IndexFlags{}
	}
	t.flags[f] |= flags
}

// queue adds to the message of the commit what the indexes and the counts need.
func (t *tx) queue(b *pgx.Batch) error {
	if err := t.queueKeys(b, t.sizes); err != nil {
		return err
	}
	for f, flags := range t.flags {
		b.Queue(sqlFlagSearchField, f.Group, int64(f.Index.Kind), f.Index.PathText(), int64(flags))
	}
	if len(t.flags) > 0 {
		b.Queue(sqlRaiseSearch)
	}
	return nil
}

// queueKeys adds the rows that wait, and how they and the sizes of groups change the counts.
func (t *tx) queueKeys(b *pgx.Batch, sizes map[string]int64) error {
	changed := map[string][]byte{}
	for _, k := range t.keys {
		b.Queue(k.sql, k.field, k.key, k.uid, k.first)
		if k.by != 0 {
			changed[k.group] = rowChange{k.field, rowPlace{k.key, k.uid}, k.by}.append(changed[k.group])
			t.noted++
		}
	}
	return t.queueChanges(b, sizes, changed)
}
