package postgres

import (
	"context"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

const (
	sqlGetSession = `SELECT site, mobile, created, expires, dynamic, provider, client_ip, user_agent
		FROM sessions WHERE grp = $1 AND uid = $2 AND hash = $3`
	sqlPutSession = `INSERT INTO sessions
		(grp, uid, hash, site, mobile, created, expires, dynamic, provider, client_ip, user_agent)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (grp, uid, hash) DO UPDATE SET site = excluded.site, mobile = excluded.mobile,
		created = excluded.created, expires = excluded.expires, dynamic = excluded.dynamic, provider = excluded.provider,
		client_ip = excluded.client_ip, user_agent = excluded.user_agent`
	sqlDeleteSession = `DELETE FROM sessions WHERE grp = $1 AND uid = $2 AND hash = $3`
	// No token hashes to zero, so the zero hash excepts nothing.
	sqlDeleteSessions = `DELETE FROM sessions WHERE grp = $1 AND uid = $2 AND hash <> $3`

	// Whether there are more than so many: the engine looks at one row more than that.
	sqlSessionBeyond = `SELECT 1 FROM sessions WHERE grp = $1 AND uid = $2 LIMIT 1 OFFSET $3`
	// The newest one sorts before all others, those that are over behind all others.
	sqlLimitSessions = `DELETE FROM sessions WHERE grp = $1 AND uid = $2 AND hash IN
		(SELECT hash FROM sessions WHERE grp = $1 AND uid = $2
		ORDER BY (hash = $3) DESC, (NOT dynamic AND expires > 0 AND expires <= $4), created DESC, hash OFFSET $5)`

	sqlMarked = `SELECT 1 FROM marks WHERE space = $1 AND hash = $2 AND until > $3`
	// A mark that has died is set anew; one that lives makes the statement change nothing.
	sqlUseOnce = `INSERT INTO marks (space, hash, until) VALUES ($1, $2, $3)
		ON CONFLICT (space, hash) DO UPDATE SET until = excluded.until WHERE marks.until <= $4`
)

func getSession(ctx context.Context, c *conn, group, uid string, hash store.Hash) (*store.Session, error) {
	if !storable(group, uid) {
		return nil, store.ErrNotFound
	}
	return record(ctx, c, sqlGetSession, []any{group, uid, hash[:]}, func(r pgx.Row, s *store.Session) error {
		s.Group, s.UID, s.Hash = group, uid, hash
		return r.Scan(&s.Site, &s.Mobile, timeAt(&s.Created), timeAt(&s.Expires), &s.Dynamic, &s.Provider, &s.ClientIP, &s.UserAgent)
	})
}

func putSession(ctx context.Context, c *conn, s *store.Session) error {
	_, err := exec(ctx, c, sqlPutSession, s.Group, s.UID, s.Hash[:], text(s.Site), s.Mobile, millis(s.Created), millis(s.Expires),
		s.Dynamic, text(s.Provider), text(s.ClientIP), text(s.UserAgent))
	return err
}

// deleteSession ends one session. That it is gone already is no error: ending is done either way.
func deleteSession(ctx context.Context, c *conn, group, uid string, hash store.Hash) error {
	if !storable(group, uid) {
		return nil
	}
	_, err := exec(ctx, c, sqlDeleteSession, group, uid, hash[:])
	return err
}

func deleteSessions(ctx context.Context, c *conn, group, uid string, except store.Hash) (int, error) {
	if !storable(group, uid) {
		return 0, nil
	}
	return exec(ctx, c, sqlDeleteSessions, group, uid, except[:])
}

func limitSessions(ctx context.Context, c *conn, group, uid string, newest store.Hash, keep int, now clock.Millis) (int, error) {
	keep = max(keep, 1)
	beyond, err := has(ctx, c, sqlSessionBeyond, group, uid, keep)
	if err != nil || !beyond {
		return 0, err
	}
	return exec(ctx, c, sqlLimitSessions, group, uid, newest[:], millis(now), keep)
}

func marked(ctx context.Context, c *conn, space string, hash store.Hash, now clock.Millis) (bool, error) {
	return has(ctx, c, sqlMarked, space, hash[:], millis(now))
}

func useOnce(ctx context.Context, c *conn, space string, hash store.Hash, now, until clock.Millis) error {
	changed, err := exec(ctx, c, sqlUseOnce, space, hash[:], millis(until), millis(now))
	if err == nil && changed == 0 {
		return store.ErrUsed
	}
	return err
}
