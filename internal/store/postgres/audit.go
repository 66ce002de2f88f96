package postgres

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

const (
	auditColumns   = `time, call_id, api_key, method, error_code, user_key, uid, record, partner, chain, number, prev, mac`
	sqlAppendAudit = `INSERT INTO audit (` + auditColumns + `, seq, node) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	sqlChainAudits = `SELECT ` + auditColumns + ` FROM audit WHERE chain = $1 AND number > $2 ORDER BY number LIMIT $3`
	sqlChainless   = `SELECT ` + auditColumns + ` FROM audit WHERE chain = '' LIMIT $1`

	// The logs are found by skipping from one to the next in the key of the table.
	sqlFirstLogged = `SELECT api_key FROM audit ORDER BY api_key LIMIT 1`
	sqlNextLogged  = `SELECT api_key FROM audit WHERE api_key > $1 ORDER BY api_key LIMIT 1`
	sqlNextChain   = `SELECT chain FROM audit WHERE chain > $1 ORDER BY chain LIMIT 1`

	chainColumns     = `name, partner, opened, removed, removed_mac, head, head_mac, ended, seal`
	sqlAuditChains   = `SELECT ` + chainColumns + ` FROM audit_chains ORDER BY name`
	sqlAuditChain    = `SELECT ` + chainColumns + ` FROM audit_chains WHERE name = $1`
	sqlAddAuditChain = `INSERT INTO audit_chains (` + chainColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlPutAuditChain = `UPDATE audit_chains SET removed = $2, removed_mac = $3, head = $4, head_mac = $5, ended = $6, seal = $7 WHERE name = $1`
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
		doc(a.Record), a.Partner, text(a.Link.Chain), a.Link.Number, filledHash(a.Link.Prev), filledHash(a.Link.MAC), seq, node}
}

// storedAudit is the record as the engine keeps it: the MAC is that of what will be read.
func storedAudit(a *store.Audit) *store.Audit {
	kept := *a
	for _, t := range []*string{&kept.CallID, &kept.APIKey, &kept.Method, &kept.UserKey, &kept.UID} {
		*t = text(*t)
	}
	return &kept
}

// filledHash is the value of a hash: NULL for a zero one.
func filledHash(h store.Hash) []byte {
	if h == (store.Hash{}) {
		return nil
	}
	return h[:]
}

// hashInto reads what filledHash has written. Bytes that are no hash are a zero one, which is not what they were written as: the
// chain's check says so.
func hashInto(data []byte, h *store.Hash) {
	if len(data) == len(h) {
		*h = store.Hash(data)
	}
}

// scanAudit reads auditColumns, and behind them what more is given.
func scanAudit(r pgx.Row, a *store.Audit, more ...any) error {
	var prev, mac []byte
	err := r.Scan(append([]any{timeAt(&a.Time), &a.CallID, &a.APIKey, &a.Method, &a.ErrorCode, &a.UserKey, &a.UID, docAt(&a.Record),
		&a.Partner, &a.Link.Chain, &a.Link.Number, &prev, &mac}, more...)...)
	hashInto(prev, &a.Link.Prev)
	hashInto(mac, &a.Link.MAC)
	return err
}

func chainValues(c *store.AuditChain) []any {
	return []any{c.Name, c.Partner, millis(c.Opened), c.Removed, filledHash(c.RemovedMAC), c.Head, filledHash(c.HeadMAC), c.Ended, filledHash(c.Seal)}
}

func scanChain(r pgx.Row, c *store.AuditChain) error {
	var removed, head, seal []byte
	err := r.Scan(&c.Name, &c.Partner, timeAt(&c.Opened), &c.Removed, &removed, &c.Head, &head, &c.Ended, &seal)
	hashInto(removed, &c.RemovedMAC)
	hashInto(head, &c.HeadMAC)
	hashInto(seal, &c.Seal)
	return err
}

func putChain(ctx context.Context, c *conn, chain *store.AuditChain) error {
	v := chainValues(chain)
	_, err := exec(ctx, c, sqlPutAuditChain, append([]any{v[0]}, v[3:]...)...)
	return err
}

// Serials are the rest of the key: the process's count, with leading zeros, the process, the account.
const serialDigits = 16

func serialOf(seq int64, node []byte, uid string) string {
	return fmt.Sprintf("%016x.%s.%s", seq, hex.EncodeToString(node), uid)
}

func splitSerial(serial string) (seq int64, node []byte, uid string) {
	count, rest, _ := strings.Cut(serial, ".")
	process, uid, _ := strings.Cut(rest, ".")
	if len(count) == serialDigits {
		seq, _ = strconv.ParseInt(count, 16, 64) // What is none stands before all.
	}
	node, _ = hex.DecodeString(process)
	return seq, node, uid
}

// auditFilter is the condition of a query, with its values.
func auditFilter(q *store.AuditQuery, from store.AuditPlace) (where string, args []any) {
	var b strings.Builder
	add := func(condition string, values ...any) {
		if b.Len() > 0 {
			b.WriteString(" AND ")
		}
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(args)), 1)
		}
		b.WriteString(condition)
	}
	add("api_key = ?", text(q.Log))
	if q.UID != "" {
		add("uid = ? AND uid <> ''", text(q.UID))
	}
	if q.UserKey != "" {
		add("user_key = ? AND user_key <> ''", text(q.UserKey))
	}
	if q.Method != "" {
		add("lower(method) = ?", strings.ToLower(text(q.Method)))
	}
	if q.From != 0 {
		add("time >= ?", millis(q.From))
	}
	if q.Until != 0 {
		add("time <= ?", millis(q.Until))
	}
	if from.Serial != "" {
		seq, node, uid := splitSerial(from.Serial)
		add("(time, seq, node, uid) "+map[bool]string{true: "<=", false: ">="}[q.Newest]+" (?, ?, ?, ?)", millis(from.Time), seq, node, text(uid))
	}
	return b.String(), args
}

func auditSQL(q *store.AuditQuery) (sql string, args []any) {
	where, args := auditFilter(q, q.Start)
	direction := ""
	if q.Newest {
		direction = " DESC"
	}
	args = append(args, max(q.Limit, 0))
	return `SELECT ` + auditColumns + `, seq, node FROM audit WHERE ` + where + ` ORDER BY time` + direction + `, seq` + direction +
		`, node` + direction + `, uid` + direction + ` LIMIT $` + strconv.Itoa(len(args)), args
}

// Audits implements [store.AuditReader].
func (s *Store) Audits(ctx context.Context, q store.AuditQuery, fn func(a *store.Audit, serial string) error) error {
	sql, args := auditSQL(&q)
	begun := false
	return s.scan(ctx, &begun, func(ctx context.Context, c *conn) error {
		return each(ctx, c, sql, args, func(r pgx.Rows) error {
			a := new(store.Audit)
			var seq int64
			var node []byte
			if err := scanAudit(r, a, &seq, &node); err != nil {
				return err
			}
			begun = true
			return fn(a, serialOf(seq, node, a.UID))
		})
	})
}

// CountAudits implements [store.AuditReader].
func (s *Store) CountAudits(ctx context.Context, q store.AuditQuery) (n int64, err error) {
	where, args := auditFilter(&q, store.AuditPlace{})
	begun := false
	err = s.scan(ctx, &begun, func(ctx context.Context, c *conn) error {
		return get(ctx, c, `SELECT count(*) FROM audit WHERE `+where, args, &n)
	})
	return n, err
}

// ExplainAudits implements [store.AuditReader].
func (s *Store) ExplainAudits(ctx context.Context, q store.AuditQuery) (steps []string, err error) {
	sql, args := auditSQL(&q)
	explain := "EXPLAIN (COSTS OFF) "
	if s.settings.cockroach {
		explain = "EXPLAIN "
	}
	begun := false
	err = s.scan(ctx, &begun, func(ctx context.Context, c *conn) error {
		steps = nil
		return each(ctx, c, explain+sql, args, func(r pgx.Rows) error {
			var line string
			err := r.Scan(&line)
			steps = append(steps, line)
			return err
		})
	})
	return steps, err
}

// AuditLogs implements [store.AuditReader].
func (s *Store) AuditLogs(ctx context.Context) (logs []string, err error) {
	begun := false
	err = s.scan(ctx, &begun, func(ctx context.Context, c *conn) error {
		logs = nil
		var log string
		err := get(ctx, c, sqlFirstLogged, nil, &log)
		for err == nil {
			logs = append(logs, log)
			err = get(ctx, c, sqlNextLogged, []any{log}, &log)
		}
		return unlessMissing(err)
	})
	return logs, err
}

// unlessMissing drops the error that says that there is no row.
func unlessMissing(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// AuditChains implements [store.AuditReader]. The names in records are read first: a chain comes with its first record, and none
// goes, so that one that begins meanwhile is not taken for a chain of which nothing is known.
func (s *Store) AuditChains(ctx context.Context) (chains []*store.AuditChain, err error) {
	begun := false
	err = s.scan(ctx, &begun, func(ctx context.Context, c *conn) (err error) {
		var named []string
		for name := ""; err == nil; {
			if err = get(ctx, c, sqlNextChain, []any{name}, &name); err == nil {
				named = append(named, name)
			}
		}
		if err = unlessMissing(err); err != nil {
			return err
		}
		if chains, err = records(ctx, c, sqlAuditChains, nil, scanChain); err != nil {
			return err
		}
		known := map[string]bool{}
		for _, chain := range chains {
			known[chain.Name] = true
		}
		for _, name := range named {
			if !known[name] {
				chains = append(chains, &store.AuditChain{Name: name})
			}
		}
		return nil
	})
	slices.SortFunc(chains, func(a, b *store.AuditChain) int { return cmp.Compare(a.Name, b.Name) })
	return chains, err
}

// ChainAudits implements [store.AuditReader].
func (s *Store) ChainAudits(ctx context.Context, chain string, after int64, limit int, fn func(*store.Audit) error) error {
	sql, args := sqlChainAudits, []any{text(chain), after, limit}
	if chain == "" {
		sql, args = sqlChainless, []any{limit}
	}
	begun := false
	return s.scan(ctx, &begun, func(ctx context.Context, c *conn) error {
		return each(ctx, c, sql, args, func(r pgx.Rows) error {
			a := new(store.Audit)
			if err := scanAudit(r, a); err != nil {
				return err
			}
			begun = true
			return fn(a)
		})
	})
}
