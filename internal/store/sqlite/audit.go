package sqlite

import (
	"context"

	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

const (
	auditColumns   = `time, call_id, api_key, method, error_code, user_key, uid, record`
	sqlAppendAudit = `INSERT INTO audit (` + auditColumns + `) VALUES (?,?,?,?,?,?,?,?)`
	sqlAudits      = `SELECT ` + auditColumns + ` FROM audit WHERE api_key = ? ORDER BY time DESC, id DESC LIMIT ? + 0`
)

func appendAudit(c *sqlite.Conn, a *store.Audit) error {
	_, err := exec(c, sqlAppendAudit, func(b *binder) {
		b.time(a.Time)
		b.text(a.CallID)
		b.text(a.APIKey)
		b.text(a.Method)
		b.int(int64(a.ErrorCode))
		b.text(a.UserKey)
		b.text(a.UID)
		b.doc(a.Record)
	})
	return err
}

// Audits implements [store.Searcher].
func (s *Store) Audits(ctx context.Context, apiKey string, limit int, each func(*store.Audit) error) error {
	return s.scan(ctx, func(c *conn) error {
		return list(c.Conn, sqlAudits,
			func(b *binder) { b.text(apiKey); b.int(int64(max(limit, 0))) },
			func(r *row) error {
				a := &store.Audit{Time: r.time(), CallID: r.text(), APIKey: r.text(), Method: r.text(),
					ErrorCode: int(r.int()), UserKey: r.text(), UID: r.text(), Record: r.doc()}
				return each(a)
			})
	})
}
