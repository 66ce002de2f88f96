package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

var _ store.Mover = (*Store)(nil)

// Names in the table meta of what a database knows of a copy into it.
const (
	sqlMeta       = `SELECT value FROM meta WHERE name = ?`
	sqlPutMeta    = `INSERT INTO meta (name, value) VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	sqlFinishCopy = `DELETE FROM meta WHERE name = 'copy_run' AND value = ?`
	sqlRunsCopy   = `SELECT 1 FROM meta WHERE name = 'copy_run' AND value = ?`
	metaCopyOf    = "copy_of"
	metaCopyRun   = "copy_run"

	sqlOrigin = `SELECT applied FROM migrations WHERE version = 1`
	// Indexes of fields are made of accounts that were there: with them the database is not new.
	sqlOccupied = `SELECT EXISTS (SELECT 1 FROM partners) OR EXISTS (SELECT 1 FROM sites) OR EXISTS (SELECT 1 FROM keys)
		OR EXISTS (SELECT 1 FROM config_objects) OR EXISTS (SELECT 1 FROM signing_keys) OR EXISTS (SELECT 1 FROM data_types) OR EXISTS (SELECT 1 FROM accounts)
		OR EXISTS (SELECT 1 FROM identifiers) OR EXISTS (SELECT 1 FROM sessions) OR EXISTS (SELECT 1 FROM data_objects)
		OR EXISTS (SELECT 1 FROM data_uniques) OR EXISTS (SELECT 1 FROM marks) OR EXISTS (SELECT 1 FROM audit) OR EXISTS (SELECT 1 FROM audit_chains)
		OR EXISTS (SELECT 1 FROM search_fields)`
)

// refuseUnfinished fails for a database whose copy is not complete.
func refuseUnfinished(c *sqlite.Conn) error {
	run, err := meta(c, metaCopyRun)
	if err == nil && run != 0 {
		err = store.ErrUnfinished
	}
	return err
}

// meta returns the number under the name; 0: there is none.
func meta(c *sqlite.Conn, name string) (value int64, err error) {
	err = get(c, sqlMeta, func(b *binder) { b.text(name) }, func(r *row) error { value = r.int(); return nil })
	if err == store.ErrNotFound {
		err = nil
	}
	return value, err
}

// dumped is how records of one kind are read.
type dumped struct {
	kind  store.RecordKind
	sql   string
	count string
	bind  func(b *binder, after store.Place)
	scan  func(r *row) (store.Record, error)
}

// texts binds the first n texts of the key.
func texts(n int) func(b *binder, after store.Place) {
	return func(b *binder, after store.Place) {
		for _, text := range after.Texts[:n] {
			b.text(text)
		}
	}
}

// hashed binds the first n texts of the key, and behind them a hash, which is a blob.
func hashed(n int) func(b *binder, after store.Place) {
	return func(b *binder, after store.Place) {
		texts(n)(b, after)
		b.stmt.BindBytes(b.next(), []byte(after.Texts[n]))
	}
}

// dumps are all kinds of records, each in the order of its key.
var dumps = []dumped{
	{store.PartnerRecord, `SELECT ` + partnerColumns + ` FROM partners WHERE id > ? ORDER BY id`, `partners`,
		func(b *binder, after store.Place) { b.int(after.Number) }, scanned(scanPartner)},
	{store.SiteRecord, `SELECT ` + siteColumns + ` FROM sites WHERE api_key > ? ORDER BY api_key`, `sites`, texts(1), scanned(scanSite)},
	{store.KeyRecord, `SELECT ` + keyColumns + ` FROM keys WHERE user_key > ? ORDER BY user_key`, `keys`, texts(1), scanned(scanKey)},
	{store.ConfigObjectRecord, `SELECT ` + configObjectColumns + ` FROM config_objects WHERE (owner, kind, name) > (?, ?, ?)
		ORDER BY owner, kind, name`, `config_objects`, texts(3), scanned(scanConfigObject)},
	{store.SigningKeyRecord, `SELECT ` + signingKeyColumns + ` FROM signing_keys WHERE kid > ? ORDER BY kid`, `signing_keys`, texts(1), scanned(scanSigningKey)},
	{store.DataTypeRecord, `SELECT grp, name, rev, created, schema FROM data_types WHERE (grp, name) > (?, ?) ORDER BY grp, name`, `data_types`, texts(2),
		scanned(func(r *row, t *store.DataType) error {
			t.Group, t.Name, t.Rev, t.Created, t.Schema = r.text(), r.text(), r.int(), r.time(), r.doc()
			return nil
		})},
	{store.AccountRecord, `SELECT ` + accountColumns + `, grp FROM accounts WHERE (grp, uid) > (?, ?) ORDER BY grp, uid`, `accounts`, texts(2),
		scanned(func(r *row, a *store.Account) error {
			err := scanAccount(r, a)
			a.Group = r.text()
			return err
		})},
	{store.IdentifierRecord, `SELECT grp, space, value, uid FROM identifiers WHERE (grp, space, value) > (?, ?, ?) ORDER BY grp, space, value`,
		`identifiers`, texts(3), scanned(func(r *row, i *store.OwnedIdentifier) error {
			i.Group, i.Space, i.Value, i.UID = r.text(), r.text(), r.text(), r.text()
			return nil
		})},
	{store.SessionRecord, `SELECT grp, uid, hash, site, mobile, created, expires, dynamic, provider, client_ip, user_agent
		FROM sessions WHERE (grp, uid, hash) > (?, ?, ?) ORDER BY grp, uid, hash`, `sessions`, hashed(2),
		scanned(func(r *row, s *store.Session) (err error) {
			s.Group, s.UID = r.text(), r.text()
			if s.Hash, err = r.hash(); err != nil {
				return err
			}
			s.Site, s.Mobile, s.Created, s.Expires, s.Dynamic = r.text(), r.bool(), r.time(), r.time(), r.bool()
			s.Provider, s.ClientIP, s.UserAgent = r.text(), r.text(), r.text()
			return nil
		})},
	{store.DataObjectRecord, `SELECT ` + dataColumns + `, grp FROM data_objects WHERE (grp, type, oid, uid) > (?, ?, ?, ?)
		ORDER BY grp, type, oid, uid`, `data_objects`, texts(4), scanned(func(r *row, o *store.DataObject) error {
		scanDataObject(r, o)
		o.Group = r.text()
		return nil
	})},
	{store.MarkRecord, `SELECT space, hash, until FROM marks WHERE (space, hash) > (?, ?) ORDER BY space, hash`, `marks`, hashed(1),
		scanned(func(r *row, m *store.Mark) (err error) {
			m.Space = r.text()
			if m.Hash, err = r.hash(); err != nil {
				return err
			}
			m.Until = r.time()
			return nil
		})},
	{store.AuditRecord, `SELECT ` + auditColumns + ` FROM audit WHERE (api_key, time) > (?, ?) ORDER BY api_key, time, id`, `audit`,
		func(b *binder, after store.Place) { b.text(after.Texts[0]); b.int(after.Number) },
		scanned(func(r *row, m *store.Moment) error {
			a := scanAudit(r)
			m.APIKey, m.Time, m.Audits = a.APIKey, a.Time, []*store.Audit{a}
			return nil
		})},
	{store.AuditChainRecord, `SELECT ` + chainColumns + ` FROM audit_chains WHERE name > ? ORDER BY name`, `audit_chains`, texts(1), scanned(scanChain)},
	// There is nothing behind the version: it is read if nothing was handed over before it only.
	{store.VersionRecord, `SELECT value FROM meta WHERE name = 'config_version'`, `meta WHERE name = 'config_version'`,
		func(*binder, store.Place) {}, scanned(func(r *row, v *store.Version) error { v.Value = r.int(); return nil })},
}

// scanned makes a reader of records out of one of a type.
func scanned[T any, R interface {
	*T
	store.Record
}](scan func(r *row, t *T) error) func(r *row) (store.Record, error) {
	return func(r *row) (store.Record, error) {
		t := new(T)
		return R(t), scan(r, t)
	}
}

func (r *row) hash() (h store.Hash, err error) {
	data := r.blob()
	if len(data) != len(h) {
		return h, fmt.Errorf("stored hash: it has %d bytes", len(data))
	}
	return store.Hash(data), nil
}

// first is the place before all records of the kind.
func first(kind store.RecordKind) store.Place {
	const least = -1 << 63
	return store.Place{Kind: kind, Number: least}
}

// Dump implements [store.Mover]. The log of the database grows as long as it runs: what is written meanwhile cannot be
// copied into the file before the moment that is read is over.
func (s *Store) Dump(ctx context.Context, after store.Place, fn func(store.Record) error) error {
	return s.scan(ctx, func(c *conn) error {
		if _, err := exec(c.Conn, "BEGIN", noParameters); err != nil {
			return err
		}
		for i := range dumps {
			d := &dumps[i]
			from := first(d.kind)
			switch {
			case after.Kind > d.kind, after.Kind == d.kind && d.kind == store.VersionRecord:
				continue
			case after.Kind == d.kind:
				from = after
			}
			if err := d.dump(c.Conn, from, fn); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *dumped) dump(c *sqlite.Conn, after store.Place, fn func(store.Record) error) error {
	// Audit records of one millisecond are handed over together.
	var moment *store.Moment
	err := list(c, d.sql, func(b *binder) { d.bind(b, after) }, func(r *row) error {
		record, err := d.scan(r)
		if err != nil {
			return fmt.Errorf("%s: %w", d.kind, err)
		}
		next, ok := record.(*store.Moment)
		if !ok {
			return fn(record)
		}
		if moment != nil && moment.Place() == next.Place() {
			moment.Audits = append(moment.Audits, next.Audits...)
			return nil
		}
		last := moment
		moment = next
		if last == nil {
			return nil
		}
		return fn(last)
	})
	if err == nil && moment != nil {
		err = fn(moment)
	}
	return err
}

// Counts implements [store.Mover].
func (s *Store) Counts(ctx context.Context) (map[store.RecordKind]int64, error) {
	counts := map[store.RecordKind]int64{}
	err := s.scan(ctx, func(c *conn) error {
		for i := range dumps {
			n, err := number(c.Conn, "SELECT count(*) FROM "+dumps[i].count)
			if err != nil {
				return fmt.Errorf("count %s: %w", dumps[i].kind, err)
			}
			counts[dumps[i].kind] = n
		}
		return nil
	})
	return counts, err
}

// Fit implements [store.Mover]: this engine keeps every text.
func (s *Store) Fit(store.Record) bool { return false }

// Origin implements [store.Mover]: it is the time at which the database was made.
func (s *Store) Origin(ctx context.Context) (int64, error) {
	return point(ctx, s, func(c *sqlite.Conn) (at int64, err error) {
		err = get(c, sqlOrigin, noParameters, func(r *row) error { at = r.int(); return nil })
		return at, err
	})
}

// CopyState implements [store.Mover].
func (s *Store) CopyState(ctx context.Context) (store.CopyState, error) {
	return point(ctx, s, copyState)
}

func copyState(c *sqlite.Conn) (state store.CopyState, err error) {
	if state.Origin, err = meta(c, metaCopyOf); err != nil {
		return state, err
	}
	if state.Run, err = meta(c, metaCopyRun); err != nil {
		return state, err
	}
	occupied, err := number(c, sqlOccupied)
	state.Empty = occupied == 0
	return state, err
}

// BeginCopy implements [store.Mover].
func (s *Store) BeginCopy(ctx context.Context, origin, run int64) error {
	return s.submit(ctx, &job{fn: func(t *tx) error {
		state, err := copyState(t.c)
		if err == nil {
			err = state.Admit(origin)
		}
		if err != nil {
			return err
		}
		t.wrote = true
		for _, m := range []struct {
			name  string
			value int64
		}{{metaCopyOf, origin}, {metaCopyRun, run}} {
			if _, err := exec(t.c, sqlPutMeta, func(b *binder) { b.text(m.name); b.int(m.value) }); err != nil {
				return err
			}
		}
		return nil
	}})
}

// FinishCopy implements [store.Mover].
func (s *Store) FinishCopy(ctx context.Context, run int64) error {
	return s.submit(ctx, &job{fn: func(t *tx) error {
		t.wrote = true
		deleted, err := exec(t.c, sqlFinishCopy, func(b *binder) { b.int(run) })
		if err == nil && deleted == 0 {
			err = store.ErrOvertaken
		}
		return err
	}})
}

// Undisturbed implements [store.Mover]. The engine tells a connection whether another one has committed something.
func (s *Store) Undisturbed(ctx context.Context, fn func() error) (still bool, err error) {
	if err := s.enter(); err != nil {
		return false, err
	}
	defer s.work.Done()
	c, err := connect(s.file, s.busy, readerCache, "PRAGMA query_only = ON")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	version := func() (int64, error) {
		// The number that is asked for is that of the moment which the connection has read last.
		if _, err := number(c.Conn, "SELECT count(*) FROM sqlite_schema"); err != nil {
			return 0, explain(err)
		}
		n, err := number(c.Conn, "PRAGMA data_version")
		return n, explain(err)
	}
	before, err := version()
	if err != nil {
		return false, err
	}
	if err := fn(); err != nil {
		return false, err
	}
	after, err := version()
	return before == after, err
}
