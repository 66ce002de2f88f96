package sqlite

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

const (
	auditColumns   = `time, call_id, api_key, method, error_code, user_key, uid, record, partner, chain, number, prev, mac`
	sqlAppendAudit = `INSERT INTO audit (` + auditColumns + `) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`
	sqlChainAudits = `SELECT ` + auditColumns + ` FROM audit WHERE chain = ? AND number > ? ORDER BY number LIMIT ? + 0`
	sqlChainless   = `SELECT ` + auditColumns + ` FROM audit WHERE chain = '' LIMIT ? + 0`

	// The first and the next log are found by skipping from one to the other in the index that the log is read by.
	sqlAuditLogs = `WITH RECURSIVE logged(api_key) AS (
			SELECT min(api_key) FROM audit
			UNION ALL
			SELECT (SELECT min(a.api_key) FROM audit a WHERE a.api_key > logged.api_key) FROM logged WHERE logged.api_key IS NOT NULL)
		SELECT api_key FROM logged WHERE api_key IS NOT NULL`

	chainColumns     = `name, partner, opened, removed, removed_mac, head, head_mac, ended, seal`
	sqlAuditChains   = `SELECT ` + chainColumns + ` FROM audit_chains ORDER BY name`
	sqlAuditChain    = `SELECT ` + chainColumns + ` FROM audit_chains WHERE name = ?`
	sqlAddAuditChain = `INSERT INTO audit_chains (` + chainColumns + `) VALUES (?,?,?,?,?,?,?,?,?)`
	sqlPutAuditChain = `INSERT OR REPLACE INTO audit_chains (` + chainColumns + `) VALUES (?,?,?,?,?,?,?,?,?)`
	sqlChainNames    = `WITH RECURSIVE named(chain) AS (
			SELECT min(chain) FROM audit WHERE chain > ''
			UNION ALL
			SELECT (SELECT min(a.chain) FROM audit a WHERE a.chain > named.chain) FROM named WHERE named.chain IS NOT NULL)
		SELECT chain FROM named WHERE chain IS NOT NULL`
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
		b.int(a.Partner)
		b.text(a.Link.Chain)
		b.int(a.Link.Number)
		b.filledHash(a.Link.Prev)
		b.filledHash(a.Link.MAC)
	})
	return err
}

// filledHash binds a hash, a zero one as NULL.
func (b *binder) filledHash(h store.Hash) {
	if h == (store.Hash{}) {
		b.blob(nil)
		return
	}
	b.hash(h)
}

// filledHash reads what filledHash has bound. Bytes that are no hash are a zero one, which is not what they were written as:
// the chain's check says so.
func (r *row) filledHash() (h store.Hash) {
	if data := r.blob(); len(data) == len(h) {
		h = store.Hash(data)
	}
	return h
}

func scanAudit(r *row) *store.Audit {
	return &store.Audit{
		Time: r.time(), CallID: r.text(), APIKey: r.text(), Method: r.text(), ErrorCode: int(r.int()), UserKey: r.text(), UID: r.text(),
		Record: r.doc(), Partner: r.int(),
		Link: store.AuditLink{Chain: r.text(), Number: r.int(), Prev: r.filledHash(), MAC: r.filledHash()},
	}
}

func bindChain(b *binder, c *store.AuditChain) {
	b.text(c.Name)
	b.int(c.Partner)
	b.time(c.Opened)
	b.int(c.Removed)
	b.filledHash(c.RemovedMAC)
	b.int(c.Head)
	b.filledHash(c.HeadMAC)
	b.bool(c.Ended)
	b.filledHash(c.Seal)
}

func scanChain(r *row, c *store.AuditChain) error {
	c.Name, c.Partner, c.Opened = r.text(), r.int(), r.time()
	c.Removed, c.RemovedMAC, c.Head, c.HeadMAC = r.int(), r.filledHash(), r.int(), r.filledHash()
	c.Ended, c.Seal = r.bool(), r.filledHash()
	return nil
}

// auditFilter is the condition of a query, from the columns that an index begins with to the others, and its values.
func auditFilter(q *store.AuditQuery, from store.AuditPlace) (where string, bind func(b *binder)) {
	conditions := []string{"api_key = ?"}
	for _, c := range []struct{ text, condition string }{
		{q.UID, "uid = ? AND uid <> ''"}, {q.UserKey, "user_key = ? AND user_key <> ''"}, {q.Method, "method = ? COLLATE NOCASE"},
	} {
		if c.text != "" {
			conditions = append(conditions, c.condition)
		}
	}
	if q.From != 0 {
		conditions = append(conditions, "time >= ?")
	}
	if q.Until != 0 {
		conditions = append(conditions, "time <= ?")
	}
	if from.Serial != "" {
		conditions = append(conditions, "(time, id) "+map[bool]string{true: "<=", false: ">="}[q.Newest]+" (?, ?)")
	}
	return strings.Join(conditions, " AND "), func(b *binder) {
		b.text(q.Log)
		for _, text := range []string{q.UID, q.UserKey, q.Method} {
			if text != "" {
				b.text(text)
			}
		}
		if q.From != 0 {
			b.time(q.From)
		}
		if q.Until != 0 {
			b.time(q.Until)
		}
		if from.Serial != "" {
			b.time(from.Time)
			b.int(serialID(from.Serial))
		}
	}
}

// sqlPieces are the pieces of the log, each with a part of the index of UIDs.
const sqlPieces = `WITH RECURSIVE piece(n) AS (
		SELECT max(id) >> 10 FROM audit
		UNION ALL
		SELECT n - 1 FROM piece WHERE n > (SELECT min(id) >> 10 FROM audit)) `

// auditSource is what the query selects from, and what stands before it: an index by name, because the planner has no figures
// to choose by, and would sort. Only the few records of an account are sorted, because they come piece by piece.
func auditSource(q *store.AuditQuery) (with, from string) {
	if q.UID != "" {
		return sqlPieces, "piece CROSS JOIN audit INDEXED BY audit_uid ON id >> 10 = n"
	}
	return "", "audit INDEXED BY " + auditIndex(q)
}

func auditIndex(q *store.AuditQuery) string {
	switch {
	case q.UserKey != "":
		return "audit_user_key"
	case q.Method != "":
		return "audit_method"
	}
	return "audit_site"
}

func auditSQL(q *store.AuditQuery) (sql string, bind func(b *binder)) {
	where, bindWhere := auditFilter(q, q.Start)
	direction := ""
	if q.Newest {
		direction = " DESC"
	}
	with, from := auditSource(q)
	sql = with + `SELECT id, ` + auditColumns + ` FROM ` + from + ` WHERE ` + where +
		` ORDER BY time` + direction + `, id` + direction + ` LIMIT ? + 0`
	return sql, func(b *binder) {
		bindWhere(b)
		b.int(int64(max(q.Limit, 0)))
	}
}

// Serials are ids with leading zeros, so that texts are ordered as the numbers are.
func serialOf(id int64) string { return fmt.Sprintf("%016x", id) }

func serialID(serial string) int64 {
	id, _ := strconv.ParseInt(serial, 16, 64) // What is none stands before all.
	return id
}

// Audits implements [store.AuditReader].
func (s *Store) Audits(ctx context.Context, q store.AuditQuery, each func(a *store.Audit, serial string) error) error {
	return s.scan(ctx, func(c *conn) error {
		sql, bind := auditSQL(&q)
		return list(c.Conn, sql, bind, func(r *row) error {
			serial := serialOf(r.int())
			return each(scanAudit(r), serial)
		})
	})
}

// CountAudits implements [store.AuditReader].
func (s *Store) CountAudits(ctx context.Context, q store.AuditQuery) (n int64, err error) {
	err = s.scan(ctx, func(c *conn) error {
		where, bind := auditFilter(&q, store.AuditPlace{})
		with, from := auditSource(&q)
		sql := with + `SELECT count(*) FROM ` + from + ` WHERE ` + where
		return get(c.Conn, sql, bind, func(r *row) error { n = r.int(); return nil })
	})
	return n, err
}

// ExplainAudits implements [store.AuditReader].
func (s *Store) ExplainAudits(ctx context.Context, q store.AuditQuery) (steps []string, err error) {
	err = s.scan(ctx, func(c *conn) error {
		sql, bind := auditSQL(&q)
		return list(c.Conn, "EXPLAIN QUERY PLAN "+sql, bind, func(r *row) error {
			r.n = 3 // id, parent and a column without use.
			steps = append(steps, r.text())
			return nil
		})
	})
	return steps, err
}

// AuditLogs implements [store.AuditReader].
func (s *Store) AuditLogs(ctx context.Context) (logs []string, err error) {
	err = s.scan(ctx, func(c *conn) error {
		return list(c.Conn, sqlAuditLogs, noParameters, func(r *row) error { logs = append(logs, r.text()); return nil })
	})
	return logs, err
}

// AuditChains implements [store.AuditReader]. The names in records are read first: a chain comes with its first record, and none
// goes, so that one that begins meanwhile is not taken for a chain of which nothing is known.
func (s *Store) AuditChains(ctx context.Context) (chains []*store.AuditChain, err error) {
	err = s.scan(ctx, func(c *conn) error {
		var named []string
		err := list(c.Conn, sqlChainNames, noParameters, func(r *row) error { named = append(named, r.text()); return nil })
		if err != nil {
			return err
		}
		known := map[string]bool{}
		err = list(c.Conn, sqlAuditChains, noParameters, func(r *row) error {
			chain := new(store.AuditChain)
			err := scanChain(r, chain)
			chains, known[chain.Name] = append(chains, chain), true
			return err
		})
		if err != nil {
			return err
		}
		for _, name := range named {
			if !known[name] {
				chains = append(chains, &store.AuditChain{Name: name})
			}
		}
		return err
	})
	return sortedChains(chains), err
}

// ChainAudits implements [store.AuditReader].
func (s *Store) ChainAudits(ctx context.Context, chain string, after int64, limit int, each func(*store.Audit) error) error {
	return s.scan(ctx, func(c *conn) error {
		scan := func(r *row) error { return each(scanAudit(r)) }
		if chain == "" {
			return list(c.Conn, sqlChainless, func(b *binder) { b.int(int64(limit)) }, scan)
		}
		return list(c.Conn, sqlChainAudits, func(b *binder) { b.text(chain); b.int(after); b.int(int64(limit)) }, scan)
	})
}
