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

// Dead marks are deleted by the groups that set new ones: up to sweepPieces for each new one, and sweepGrace after their
// end: what was used must stay used when a clock that ran ahead is put right. An hour covers a clock that was set to the
// wrong time zone. The files of nonces are kept as long (see [nonceLog]).
const (
	sweepPieces = 4
	sweepGrace  = 3_600_000
)

func sweep(c *sqlite.Conn, now clock.Millis, claims int) error {
	_, err := exec(c, sqlSweepMarks, func(b *binder) {
		b.time(now - sweepGrace)
		b.int(int64(claims) * sweepPieces)
	})
	return err
}
