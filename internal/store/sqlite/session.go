package sqlite

import (
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

const (
	sqlGetSession = `SELECT site, mobile, created, expires, dynamic, provider, client_ip, user_agent
		FROM sessions WHERE grp = ? AND uid = ? AND hash = ?`
	sqlPutSession = `INSERT OR REPLACE INTO sessions
		(grp, uid, hash, site, mobile, created, expires, dynamic, provider, client_ip, user_agent)
		VALUES (?,?,?,?,?,?,?,?,?,?,?)`
	sqlDeleteSession = `DELETE FROM sessions WHERE grp = ? AND uid = ? AND hash = ?`
	// No token hashes to zero, so the zero hash excepts nothing.
	sqlDeleteSessions = `DELETE FROM sessions WHERE grp = ? AND uid = ? AND hash <> ?`

	// Whether there are more than so many: the engine looks at one row more than that, in the order of the key.
	sqlSessionBeyond = `SELECT 1 FROM sessions WHERE grp = ? AND uid = ? LIMIT 1 OFFSET ? + 0`
	// The newest one sorts before all others, those that are over behind all others.
	sqlLimitSessions = `DELETE FROM sessions WHERE grp = ?1 AND uid = ?2 AND hash IN
		(SELECT hash FROM sessions WHERE grp = ?1 AND uid = ?2
		ORDER BY hash = ?3 DESC, dynamic = 0 AND expires > 0 AND expires <= ?5, created DESC, hash LIMIT -1 OFFSET ?4 + 0)`

	sqlMarked = `SELECT 1 FROM marks WHERE space = ? AND hash = ? AND until > ?`
	// A mark that has died is set anew; one that lives makes the statement change nothing.
	sqlUseOnce = `INSERT INTO marks (space, hash, until) VALUES (?1, ?2, ?4)
		ON CONFLICT (space, hash) DO UPDATE SET until = excluded.until WHERE until <= ?3`

	// A bare parameter as limit would have the engine plan the statement anew for each value.
	sqlSweepMarks = `DELETE FROM marks WHERE (space, hash) IN
		(SELECT space, hash FROM marks WHERE until < ?1 ORDER BY until LIMIT ?2 + 0)`
)

func getSession(c *sqlite.Conn, group, uid string, hash store.Hash) (*store.Session, error) {
	s := &store.Session{Group: group, UID: uid, Hash: hash}
	err := get(c, sqlGetSession,
		func(b *binder) { b.text(group); b.text(uid); b.hash(hash) },
		func(r *row) error {
			s.Site = r.text()
			s.Mobile = r.bool()
			s.Created = r.time()
			s.Expires = r.time()
			s.Dynamic = r.bool()
			s.Provider = r.text()
			s.ClientIP = r.text()
			s.UserAgent = r.text()
			return nil
		})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func putSession(c *sqlite.Conn, s *store.Session) error {
	_, err := exec(c, sqlPutSession, func(b *binder) {
		b.text(s.Group)
		b.text(s.UID)
		b.hash(s.Hash)
		b.text(s.Site)
		b.bool(s.Mobile)
		b.time(s.Created)
		b.time(s.Expires)
		b.bool(s.Dynamic)
		b.text(s.Provider)
		b.text(s.ClientIP)
		b.text(s.UserAgent)
	})
	return err
}

// deleteSession ends one session. That it is gone already is no error: ending is done either way.
func deleteSession(c *sqlite.Conn, group, uid string, hash store.Hash) error {
	_, err := exec(c, sqlDeleteSession, func(b *binder) { b.text(group); b.text(uid); b.hash(hash) })
	return err
}

func deleteSessions(c *sqlite.Conn, group, uid string, except store.Hash) (int, error) {
	return exec(c, sqlDeleteSessions, func(b *binder) { b.text(group); b.text(uid); b.hash(except) })
}

func limitSessions(c *sqlite.Conn, group, uid string, newest store.Hash, keep int, now clock.Millis) (int, error) {
	keep = max(keep, 1)
	beyond, err := has(c, sqlSessionBeyond, func(b *binder) { b.text(group); b.text(uid); b.int(int64(keep)) })
	if err != nil || !beyond {
		return 0, err
	}
	return exec(c, sqlLimitSessions, func(b *binder) {
		b.text(group)
		b.text(uid)
		b.hash(newest)
		b.int(int64(keep))
		b.time(now)
	})
}

func marked(c *sqlite.Conn, space string, hash store.Hash, now clock.Millis) (bool, error) {
	return has(c, sqlMarked, func(b *binder) { b.text(space); b.hash(hash); b.time(now) })
}

func useOnce(c *sqlite.Conn, space string, hash store.Hash, now, until clock.Millis) error {
	changed, err := exec(c, sqlUseOnce, func(b *binder) {
		b.text(space)
		b.hash(hash)
		b.time(now)
		b.time(until)
	})
	if err == nil && changed == 0 {
		return store.ErrUsed
	}
	return err
}
