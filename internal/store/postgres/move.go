package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

var _ store.Mover = (*Store)(nil)

// dumpPage is how many rows of a kind one statement reads: a page is whole in memory, and the engine reads it from an index
// instead of sorting a table.
const dumpPage = 200

// dumped is how records of one kind are read.
type dumped struct {
	kind  store.RecordKind
	table string
	sql   string
	// key are the parameters of sql for what is behind a place; the number of rows follows them.
	key  func(after store.Place) []any
	scan func(r pgx.Row) (store.Record, error)
}

// texts are the first n texts of the key.
func texts(n int) func(after store.Place) []any {
	return func(after store.Place) (all []any) {
		for _, t := range after.Texts[:n] {
			all = append(all, t)
		}
		return all
	}
}

// hashed are the first n texts of the key, and the hash behind them.
func hashed(n int) func(after store.Place) []any {
	return func(after store.Place) []any { return append(texts(n)(after), []byte(after.Texts[n])) }
}

// dumps are all kinds of records, each in the order of its key.
var dumps = []dumped{
	{store.PartnerRecord, `partners`, `SELECT ` + partnerColumns + ` FROM partners WHERE id > $1 ORDER BY id LIMIT $2`,
		func(after store.Place) []any { return []any{after.Number} }, scanned(scanPartner)},
	{store.SiteRecord, `sites`, `SELECT ` + siteColumns + ` FROM sites WHERE api_key > $1 ORDER BY api_key LIMIT $2`, texts(1), scanned(scanSite)},
	{store.KeyRecord, `keys`, `SELECT ` + keyColumns + ` FROM keys WHERE user_key > $1 ORDER BY user_key LIMIT $2`, texts(1), scanned(scanKey)},
	{store.ConfigObjectRecord, `config_objects`, `SELECT ` + configObjectColumns + ` FROM config_objects WHERE (owner, kind, name) > ($1, $2, $3)
		ORDER BY owner, kind, name LIMIT $4`, texts(3), scanned(scanConfigObject)},
	{store.SigningKeyRecord, `signing_keys`, `SELECT ` + signingKeyColumns + ` FROM signing_keys WHERE kid > $1 ORDER BY kid LIMIT $2`, texts(1), scanned(scanSigningKey)},
	{store.DataTypeRecord, `data_types`, `SELECT grp, name, rev, created, schema FROM data_types WHERE (grp, name) > ($1, $2) ORDER BY grp, name LIMIT $3`, texts(2),
		scanned(func(r pgx.Row, t *store.DataType) error {
			return r.Scan(&t.Group, &t.Name, &t.Rev, timeAt(&t.Created), docAt(&t.Schema))
		})},
	{store.AccountRecord, `accounts`, `SELECT grp, ` + accountColumns + ` FROM accounts WHERE (grp, uid) > ($1, $2) ORDER BY grp, uid LIMIT $3`, texts(2),
		scanned(func(r pgx.Row, a *store.Account) error { return new(accountRow).scan(grouped{r, &a.Group}, a) })},
	{store.IdentifierRecord, `identifiers`, `SELECT grp, space, value, uid FROM identifiers WHERE (grp, space, value) > ($1, $2, $3)
		ORDER BY grp, space, value LIMIT $4`, texts(3),
		scanned(func(r pgx.Row, i *store.OwnedIdentifier) error { return r.Scan(&i.Group, &i.Space, &i.Value, &i.UID) })},
	{store.SessionRecord, `sessions`, `SELECT grp, uid, hash, site, mobile, created, expires, dynamic, provider, client_ip, user_agent
		FROM sessions WHERE (grp, uid, hash) > ($1, $2, $3) ORDER BY grp, uid, hash LIMIT $4`, hashed(2),
		scanned(func(r pgx.Row, s *store.Session) error {
			var hash []byte
			err := r.Scan(&s.Group, &s.UID, &hash, &s.Site, &s.Mobile, timeAt(&s.Created), timeAt(&s.Expires), &s.Dynamic, &s.Provider, &s.ClientIP, &s.UserAgent)
			if err != nil {
				return err
			}
			return readHash(hash, &s.Hash)
		})},
	{store.DataObjectRecord, `data_objects`, `SELECT grp, ` + dataColumns + ` FROM data_objects WHERE (grp, type, oid, uid) > ($1, $2, $3, $4)
		ORDER BY grp, type, oid, uid LIMIT $5`, texts(4),
		scanned(func(r pgx.Row, o *store.DataObject) error { return scanDataObject(grouped{r, &o.Group}, o) })},
	{store.MarkRecord, `marks`, `SELECT space, hash, until FROM marks WHERE (space, hash) > ($1, $2) ORDER BY space, hash LIMIT $3`, hashed(1),
		scanned(func(r pgx.Row, m *store.Mark) error {
			var hash []byte
			if err := r.Scan(&m.Space, &hash, timeAt(&m.Until)); err != nil {
				return err
			}
			return readHash(hash, &m.Hash)
		})},
	{store.AuditRecord, `audit`, `SELECT ` + auditColumns + ` FROM audit WHERE (api_key, time) > ($1, $2) ORDER BY api_key, time, seq, node, uid LIMIT $3`,
		func(after store.Place) []any { return []any{after.Texts[0], after.Number} }, scanned(scanMoment)},
	{store.AuditChainRecord, `audit_chains`, `SELECT ` + chainColumns + ` FROM audit_chains WHERE name > $1 ORDER BY name LIMIT $2`, texts(1),
		scanned(scanChain)},
	// There is nothing behind the version: it is read only if the place is before it.
	{store.VersionRecord, `meta`, `SELECT value FROM meta WHERE name = 'config_version' LIMIT $1`,
		func(store.Place) []any { return nil }, scanned(func(r pgx.Row, v *store.Version) error { return r.Scan(&v.Value) })},
}

// sqlMoment reads one moment of the audit log whole.
const sqlMoment = `SELECT ` + auditColumns + ` FROM audit WHERE api_key = $1 AND time = $2 ORDER BY seq, node, uid`

// scanned makes a reader of records out of one of a type.
func scanned[T any, R interface {
	*T
	store.Record
}](scan func(r pgx.Row, t *T) error) func(r pgx.Row) (store.Record, error) {
	return func(r pgx.Row) (store.Record, error) {
		t := new(T)
		return R(t), scan(r, t)
	}
}

// grouped is a row whose first column is the group.
type grouped struct {
	pgx.Row
	group *string
}

func (g grouped) Scan(targets ...any) error { return g.Row.Scan(append([]any{g.group}, targets...)...) }

func readHash(data []byte, into *store.Hash) error {
	if len(data) != len(into) {
		return fmt.Errorf("stored hash: it has %d bytes", len(data))
	}
	*into = store.Hash(data)
	return nil
}

func scanMoment(r pgx.Row, m *store.Moment) error {
	a := new(store.Audit)
	err := scanAudit(r, a)
	m.APIKey, m.Time, m.Audits = a.APIKey, a.Time, []*store.Audit{a}
	return err
}

// Dump implements [store.Mover]. All pages are read from one snapshot: rows that are changed meanwhile are not cleaned up in the
// server before it ends.
func (s *Store) Dump(ctx context.Context, after store.Place, fn func(store.Record) error) error {
	begun := false
	return s.scan(ctx, &begun, func(ctx context.Context, c *conn) error {
		return snapshot(ctx, c, func() error {
			for i := range dumps {
				d := &dumps[i]
				const least = -1 << 63
				from := store.Place{Kind: d.kind, Number: least}
				switch {
				case after.Kind > d.kind, after.Kind == d.kind && d.kind == store.VersionRecord:
					continue
				case after.Kind == d.kind:
					from = after
				}
				if err := d.dump(ctx, c, from, s.lifeSign, func(r store.Record) error { begun = true; return fn(r) }); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// dump reads page after page. fn is called between the statements: an error of it has none to break off. It may take as long as
// it wants: what a copy removes from its destination between two records of the source may be much.
func (d *dumped) dump(ctx context.Context, c *conn, from store.Place, lifeSign time.Duration, fn func(store.Record) error) error {
	for rows := dumpPage; rows == dumpPage; {
		page, n, err := d.page(ctx, c, d.sql, append(d.key(from), dumpPage))
		if err != nil {
			return fmt.Errorf("%s: %w", d.kind, err)
		}
		if m, ok := last(page).(*store.Moment); ok && n == dumpPage {
			// The page may end within the moment.
			whole, _, err := d.page(ctx, c, sqlMoment, []any{m.APIKey, millis(m.Time)})
			if err != nil {
				return fmt.Errorf("%s: %w", d.kind, err)
			}
			page = append(page[:len(page)-1], whole...)
		}
		err = awake(ctx, c, lifeSign, func() error {
			for _, r := range page {
				if err := fn(r); err != nil {
					return err
				}
				from = r.Place()
			}
			return nil
		})
		if err != nil {
			return err
		}
		rows = n
		if d.kind == store.VersionRecord {
			return nil
		}
	}
	return nil
}

// awake runs fn, which does not use the connection, and keeps the server from giving up its transaction meanwhile.
func awake(ctx context.Context, c *conn, lifeSign time.Duration, fn func() error) error {
	done := make(chan struct{})
	var signs sync.WaitGroup
	signs.Go(func() {
		tick := time.NewTicker(lifeSign)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			if _, err := exec(ctx, c, `SELECT 1`); err != nil {
				return // The next statement says so.
			}
		}
	})
	defer signs.Wait()
	defer close(done)
	return fn()
}

func last(page []store.Record) store.Record {
	if len(page) == 0 {
		return nil
	}
	return page[len(page)-1]
}

// page runs a statement, puts audit records of one moment together, and tells how many rows there were.
func (d *dumped) page(ctx context.Context, c *conn, sql string, args []any) (page []store.Record, rows int, err error) {
	err = each(ctx, c, sql, args, func(r pgx.Rows) error {
		rows++
		record, err := d.scan(r)
		if err != nil {
			return err
		}
		before, ok := last(page).(*store.Moment)
		if next, isMoment := record.(*store.Moment); ok && isMoment && before.Place() == next.Place() {
			before.Audits = append(before.Audits, next.Audits...)
			return nil
		}
		page = append(page, record)
		return nil
	})
	return page, rows, err
}

// Counts implements [store.Mover].
func (s *Store) Counts(ctx context.Context) (map[store.RecordKind]int64, error) {
	counts := map[store.RecordKind]int64{store.VersionRecord: 1}
	begun := false
	err := s.scan(ctx, &begun, func(ctx context.Context, c *conn) error {
		for i := range dumps {
			if dumps[i].kind == store.VersionRecord {
				continue
			}
			var n int64
			if err := get(ctx, c, `SELECT count(*) FROM `+dumps[i].table, nil, &n); err != nil {
				return fmt.Errorf("count %s: %w", dumps[i].kind, err)
			}
			counts[dumps[i].kind] = n
		}
		return nil
	})
	return counts, err
}

const (
	// A change that began before the copy's last look at it may still be under way: so much later, it is not.
	outcomeReach = 2 * time.Minute
	// outcomePeriod is how often outcomes are looked at: far more often than they are removed.
	outcomePeriod = time.Minute

	sqlOutcomesSince = `SELECT count(*), ` + serverTime + ` FROM outcomes WHERE at >= $1`
)

// outcomeWatch looks for changes by the rows that each leaves, which are kept for [outcomeLife]. What is swept leaves none.
type outcomeWatch struct {
	s     *Store
	since int64
	known int64
}

// look tells whether there were changes since the last look, and remembers what there is now.
func (w *outcomeWatch) look(ctx context.Context) (changed bool, err error) {
	return point(ctx, w.s, func(ctx context.Context, c *conn) (bool, error) {
		var n, now int64
		if err := get(ctx, c, sqlOutcomesSince, []any{w.since}, &n, &now); err != nil {
			return false, err
		}
		changed := n != w.known
		since := now - outcomeReach.Milliseconds()
		if err := get(ctx, c, sqlOutcomesSince, []any{since}, &n, &now); err != nil {
			return false, err
		}
		w.since, w.known = since, n
		return changed, nil
	})
}

// Undisturbed implements [store.Mover].
func (s *Store) Undisturbed(ctx context.Context, fn func() error) (bool, error) {
	w := &outcomeWatch{s: s}
	if _, err := w.look(ctx); err != nil {
		return false, err
	}
	type result struct {
		changed bool
		err     error
	}
	looking, stop := context.WithCancel(ctx)
	looked := make(chan result, 1)
	go func() {
		var r result
		for r.err == nil && !r.changed {
			select {
			case <-looking.Done():
				looked <- r
				return
			case <-time.After(outcomePeriod):
				r.changed, r.err = w.look(ctx)
			}
		}
		looked <- r
	}()
	err := fn()
	stop()
	r := <-looked
	if err != nil || r.err != nil || r.changed {
		if err == nil {
			err = r.err
		}
		return false, err
	}
	changed, err := w.look(ctx)
	return !changed, err
}

// Fit implements [store.Mover].
func (s *Store) Fit(r store.Record) bool {
	switch r := r.(type) {
	case *store.Partner:
		return fit(&r.Name)
	case *store.Site:
		return fit(&r.Group, &r.BaseDomain, &r.Description, &r.DataCenter, &r.Status)
	case *store.Key:
		return fit(&r.Kind, &r.Name, &r.Description)
	case *store.Account:
		return fit(&r.LoginProvider, &r.SocialProviders, &r.RegSource, &r.Secrets.PasswordHash, &r.Secrets.SecretQuestion, &r.Secrets.SecretAnswerHash)
	case *store.Session:
		return fit(&r.Site, &r.Provider, &r.ClientIP, &r.UserAgent)
	case *store.Moment:
		fitted := fit(&r.APIKey)
		for _, a := range r.Audits {
			fitted = fit(&a.CallID, &a.APIKey, &a.Method, &a.UserKey, &a.UID) || fitted
		}
		return fitted
	}
	return false
}

func fit(texts ...*string) (fitted bool) {
	for _, t := range texts {
		if kept := text(*t); kept != *t {
			*t, fitted = kept, true
		}
	}
	return fitted
}

// refuseUnfinished fails for a database whose copy is not complete.
func refuseUnfinished(ctx context.Context, c *conn) error {
	run, err := meta(ctx, c, metaCopyRun)
	if err == nil && run != 0 {
		err = store.ErrUnfinished
	}
	return err
}

// meta returns the number under the name; 0: there is none.
func meta(ctx context.Context, c *conn, name string) (value int64, err error) {
	if err = get(ctx, c, sqlMeta, []any{name}, &value); ours(err) {
		err = nil
	}
	return value, err
}

// Origin implements [store.Mover]: it is the time at which the tables were made.
func (s *Store) Origin(ctx context.Context) (int64, error) {
	return point(ctx, s, func(ctx context.Context, c *conn) (at int64, err error) {
		err = get(ctx, c, sqlOrigin, nil, &at)
		return at, err
	})
}

// CopyState implements [store.Mover].
func (s *Store) CopyState(ctx context.Context) (store.CopyState, error) {
	return point(ctx, s, copyState)
}

func copyState(ctx context.Context, c *conn) (state store.CopyState, err error) {
	if state.Origin, err = meta(ctx, c, metaCopyOf); err != nil {
		return state, err
	}
	if state.Run, err = meta(ctx, c, metaCopyRun); err != nil {
		return state, err
	}
	// Indexes of fields are made of accounts that were there: with them the database is not new.
	tables := []string{`search_fields`}
	for i := range dumps {
		if dumps[i].kind != store.VersionRecord {
			tables = append(tables, dumps[i].table)
		}
	}
	for _, table := range tables {
		if there, err := has(ctx, c, `SELECT 1 FROM `+table+` LIMIT 1`); err != nil || there {
			return state, err
		}
	}
	state.Empty = true
	return state, nil
}
