package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

// Names in the table meta of what a database knows of a copy into it.
const (
	metaCopyOf  = "copy_of"
	metaCopyRun = "copy_run"

	sqlMeta    = `SELECT value FROM meta WHERE name = $1`
	sqlPutMeta = `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	sqlOrigin  = `SELECT applied FROM doorward_migrations WHERE version = 1`
	// It writes the row, so that no other run of the copy can begin or end before this transaction does.
	sqlRunsCopy   = `UPDATE meta SET value = value WHERE name = 'copy_run' AND value = $1`
	sqlFinishCopy = `DELETE FROM meta WHERE name = 'copy_run' AND value = $1`

	sqlLoadObject = `INSERT INTO data_objects (grp, place, type, oid, uid, last_updated, uniques, data, created, rev)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	// A value that moves from one object to another may come before it goes.
	sqlLoadValue = `INSERT INTO data_uniques (grp, type, hash, oid, uid) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (grp, type, hash) DO UPDATE SET oid = excluded.oid, uid = excluded.uid`
	sqlLoadType = `INSERT INTO data_types (grp, name, rev, created, schema) VALUES ($1, $2, $3, $4, $5)`
	sqlLoadMark = `INSERT INTO marks (space, hash, until) VALUES ($1, $2, $3)`

	sqlUnloadPartner = `DELETE FROM partners WHERE id = $1`
	sqlUnloadSite    = `DELETE FROM sites WHERE api_key = $1`
	sqlUnloadKey     = `DELETE FROM keys WHERE user_key = $1`
	sqlUnloadType    = `DELETE FROM data_types WHERE grp = $1 AND name = $2`
	sqlUnloadAccount = `DELETE FROM accounts WHERE grp = $1 AND uid = $2`
	sqlUnloadMark    = `DELETE FROM marks WHERE space = $1 AND hash = $2`
	sqlUnloadChain   = `DELETE FROM audit_chains WHERE name = $1`
	sqlUnloadMoment  = `DELETE FROM audit WHERE api_key = $1 AND time = $2`
)

// BeginCopy implements [store.Mover].
func (s *Store) BeginCopy(ctx context.Context, origin, run int64) error {
	return s.copying(ctx, func(ctx context.Context, _ *tx, c *conn) error {
		state, err := copyState(ctx, c)
		if err != nil {
			return err
		}
		if err := state.Admit(origin); err != nil {
			return err
		}
		if _, err := exec(ctx, c, sqlPutMeta, metaCopyOf, origin); err != nil {
			return err
		}
		_, err = exec(ctx, c, sqlPutMeta, metaCopyRun, run)
		return err
	})
}

// FinishCopy implements [store.Mover].
func (s *Store) FinishCopy(ctx context.Context, run int64) error {
	return s.copying(ctx, func(ctx context.Context, _ *tx, c *conn) error { return latest(ctx, c, sqlFinishCopy, run) })
}

// latest runs a statement that changes a row if the run is the latest.
func latest(ctx context.Context, c *conn, sql string, run int64) error {
	changed, err := exec(ctx, c, sql, run)
	if err == nil && changed == 0 {
		err = store.ErrOvertaken
	}
	return err
}

// copying runs a change of a copy.
func (s *Store) copying(ctx context.Context, fn func(ctx context.Context, t *tx, c *conn) error) error {
	return s.Change(ctx, func(common store.Tx) error {
		t := common.(*tx)
		t.wrote = true
		_, err := read(t, func(ctx context.Context, c *conn) (struct{}, error) { return struct{}{}, fn(ctx, t, c) })
		return err
	})
}

// Load implements [store.Mover]. The statements of all edits go to the server in one message.
func (s *Store) Load(ctx context.Context, run int64, edits []store.Edit) error {
	return s.copying(ctx, func(ctx context.Context, t *tx, c *conn) error {
		if err := latest(ctx, c, sqlRunsCopy, run); err != nil {
			return err
		}
		l := &loading{store: s}
		for _, e := range edits {
			if e.Old != nil {
				l.unload(e.Old)
				t.growBy(e.Old, -1)
			}
			if e.New != nil {
				l.load(e.New)
				t.growBy(e.New, 1)
			}
		}
		return l.send(ctx, c)
	})
}

// growBy is grow for a record that is an account.
func (t *tx) growBy(r store.Record, by int64) {
	if a, ok := r.(*store.Account); ok {
		t.grow(a.Group, by)
	}
}

// loading collects statements.
type loading struct {
	store *Store
	batch pgx.Batch
	steps []step
}

// step is a statement: what it is for, and whether it must change a row.
type step struct {
	place store.Place
	must  bool
}

func (l *loading) queue(r store.Record, must bool, sql string, args ...any) {
	l.batch.Queue(sql, args...)
	l.steps = append(l.steps, step{r.Place(), must})
}

func (l *loading) send(ctx context.Context, c *conn) (err error) {
	if len(l.steps) == 0 {
		return nil
	}
	results := c.SendBatch(ctx, &l.batch)
	defer func() {
		if closeErr := results.Close(); err == nil {
			err = closeErr
		}
	}()
	for _, s := range l.steps {
		tag, err := results.Exec()
		if err == nil && s.must && tag.RowsAffected() == 0 {
			err = errors.New("the destination is not as it was read: something else writes to it")
		}
		if err != nil {
			return fmt.Errorf("%s %q: %w", s.place.Kind, s.place.Texts, err)
		}
	}
	return nil
}

// load stores a record whose place is free. The version of the configuration is a record of its own: it is not raised here.
func (l *loading) load(r store.Record) {
	switch r := r.(type) {
	case *store.Partner:
		l.queue(r, true, sqlPutPartner, partnerValues(r)...)
	case *store.Site:
		l.queue(r, true, sqlPutSite, siteValues(r)...)
	case *store.Key:
		l.queue(r, true, sqlPutKey, keyValues(r)...)
	case *store.ConfigObject:
		l.queue(r, true, sqlPutConfigObject, configObjectValues(r)...)
	case *store.SigningKey:
		l.queue(r, true, sqlPutSigningKey, signingKeyValues(r)...)
	case *store.DataType:
		l.queue(r, true, sqlLoadType, r.Group, r.Name, r.Rev, millis(r.Created), doc(r.Schema))
	case *store.Account:
		l.queue(r, true, sqlInsertAccount, values(r, r.Rev)...)
	case *store.OwnedIdentifier:
		l.queue(r, true, sqlClaim, r.Group, r.Space, r.Value, r.UID)
		l.queue(r, true, sqlHold, r.Group, r.UID, r.Space, r.Value)
	case *store.Session:
		l.queue(r, true, sqlPutSession, r.Group, r.UID, r.Hash[:], text(r.Site), r.Mobile, millis(r.Created), millis(r.Expires),
			r.Dynamic, text(r.Provider), text(r.ClientIP), text(r.UserAgent))
	case *store.DataObject:
		l.queue(r, true, sqlLoadObject, append(dataKey(r.Group, r.Type, r.Key()), millis(r.LastUpdated), bytesOf(store.JoinHashes(r.Unique)),
			doc(r.Data), millis(r.Created), r.Rev)...)
		for _, hash := range r.Unique {
			l.queue(r, true, sqlLoadValue, r.Group, r.Type, hash[:], r.OID, r.UID)
		}
	case *store.Mark:
		l.queue(r, true, sqlLoadMark, r.Space, r.Hash[:], millis(r.Until))
	case *store.Moment:
		for _, a := range r.Audits {
			l.queue(r, true, sqlAppendAudit, auditValues(a, l.store.serial(), l.store.node)...)
		}
	case *store.AuditChain:
		l.queue(r, true, sqlAddAuditChain, chainValues(r)...)
	case *store.Version:
		l.queue(r, true, sqlPutMeta, "config_version", r.Value)
	}
}

// unload removes a record, and nothing that belongs to it but is a record of its own.
func (l *loading) unload(r store.Record) {
	switch r := r.(type) {
	case *store.Partner:
		l.queue(r, true, sqlUnloadPartner, r.ID)
	case *store.Site:
		l.queue(r, true, sqlUnloadSite, r.APIKey)
	case *store.Key:
		l.queue(r, true, sqlUnloadKey, r.UserKey)
	case *store.ConfigObject:
		l.queue(r, true, sqlDeleteConfigObject, r.Owner, r.Kind, r.Name)
	case *store.SigningKey:
		l.queue(r, true, sqlDeleteSigningKey, r.ID)
	case *store.DataType:
		l.queue(r, true, sqlUnloadType, r.Group, r.Name)
	case *store.Account:
		l.queue(r, true, sqlUnloadAccount, r.Group, r.UID)
	case *store.OwnedIdentifier:
		l.queue(r, true, sqlRelease, r.Group, r.Space, r.Value, r.UID)
		l.queue(r, true, sqlLetGo, r.Group, r.UID, r.Space, r.Value)
	case *store.Session:
		l.queue(r, true, sqlDeleteSession, r.Group, r.UID, r.Hash[:])
	case *store.DataObject:
		for _, hash := range r.Unique {
			l.queue(r, false, sqlReleaseValue, r.Group, r.Type, hash[:], r.OID, r.UID)
		}
		l.queue(r, true, sqlDeleteDataObject, dataKey(r.Group, r.Type, r.Key())...)
	case *store.Mark:
		l.queue(r, true, sqlUnloadMark, r.Space, r.Hash[:])
	case *store.Moment:
		l.queue(r, true, sqlUnloadMoment, r.APIKey, millis(r.Time))
	case *store.AuditChain:
		l.queue(r, true, sqlUnloadChain, r.Name)
	case *store.Version: // What comes takes its place.
	}
}
