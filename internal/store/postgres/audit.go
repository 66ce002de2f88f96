package postgres

import (
	"context"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

const (
	auditColumns   = `time, call_id, api_key, method, error_code, user_key, uid, record`
	sqlAppendAudit = `INSERT INTO audit (` + auditColumns + `, seq, node) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	sqlAudits      = `SELECT ` + auditColumns + ` FROM audit WHERE api_key = $1 ORDER BY time DESC, seq DESC LIMIT $2`
)

// serial returns a number that is greater than every one before it in this process, and most likely than those of processes
// that ended before.
func (s *Store) serial() int64 {
	for {
		last := s.last.Load()
		next := max(last+1, s.clock.Now().UnixNano())
		if s.last.CompareAndSwap(last, next) {
			return next
		}
	}
}

func appendAudit(ctx context.Context, c *conn, a *store.Audit, seq int64, node []byte) error {
	_, err := exec(ctx, c, sqlAppendAudit, auditValues(a, seq, node)...)
	return err
}

func auditValues(a *store.Audit, seq int64, node []byte) []any {
	return []any{millis(a.Time), text(a.CallID), text(a.APIKey), text(a.Method), int64(a.ErrorCode), text(a.UserKey), text(a.UID),
		doc(a.Record), seq, node}
}

// Audits implements [store.Searcher].
func (s *Store) Audits(ctx context.Context, apiKey string, limit int, fn func(*store.Audit) error) error {
	begun := false
	return s.scan(ctx, &begun, func(ctx context.Context, c *conn) error {
		return each(ctx, c, sqlAudits, []any{text(apiKey), max(limit, 0)}, func(r pgx.Rows) error {
			a := new(store.Audit)
			err := r.Scan(timeAt(&a.Time), &a.CallID, &a.APIKey, &a.Method, &a.ErrorCode, &a.UserKey, &a.UID, docAt(&a.Record))
			if err != nil {
				return err
			}
			begun = true
			return fn(a)
		})
	})
}
