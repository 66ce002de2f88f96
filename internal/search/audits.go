package search

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// Audits is the source auditLog of audit.search: the records of some logs, the newest first unless the query orders them.
//
// Names of fields are taken exactly as they are written. Texts are compared with their letter case, but for endpoint. What
// a log is asked for by uid, userKey, endpoint and @timestamp comes from an index; other conditions are looked at record by
// record.
type Audits struct {
	Store store.AuditReader
	// Logs are those that the caller may read: API keys, and [store.OwnerOfPartner] of partners.
	Logs []string
}

// AuditSource is what FROM must say.
const AuditSource = "auditLog"

// Names of fields that the source knows by columns.
const (
	auditTime     = "@timestamp"
	auditUID      = "uid"
	auditUserKey  = "userKey"
	auditEndpoint = "endpoint"
	auditAPIKey   = "apikey"
)

// auditFields are the fields of a record that are texts of their own, and those of its objects.
var auditFields = map[string][]string{
	"callID": nil, "errCode": nil, auditEndpoint: nil, "errMessage": nil, "errDetails": nil, auditUserKey: nil, "sourceIP": nil, auditUID: nil,
	auditAPIKey: nil, "authType": nil, auditTime: nil, "duration": nil,
	"httpReq": {"SDK", "country"}, "userKeyDetails": {"name", "description", "emailDomain"}, "params": nil,
}

// Source returns the source for the query, of which it takes SELECT *, WHERE, ORDER BY, START and LIMIT alone.
func (a Audits) Source(q *query.Query) (Source, error) {
	refused := func(at int, reason string) (Source, error) {
		return nil, &query.SyntaxError{Position: at, Reason: reason}
	}
	switch {
	case !strings.EqualFold(q.From, AuditSource):
		return refused(q.At, "the source "+strconv.Quote(q.From)+" is not served; use "+AuditSource)
	case q.Counters:
		return refused(q.At, "WITH counters is for the source accounts")
	case len(q.Select) != 1 || !q.Select[0].Star:
		at := q.Select[0].At
		if q.Select[0].Star {
			at = q.Select[1].At
		}
		return refused(at, "only * can be selected from "+AuditSource)
	case q.Filter != nil:
		return refused(q.Filter.At, "FILTER is not for "+AuditSource)
	case len(q.Group) > 0:
		return refused(q.Group[0].At, "GROUP BY is not for "+AuditSource)
	}
	return &auditRows{a}, nil
}

type auditRows struct{ Audits }

// Field implements [Source].
func (a *auditRows) Field(path query.Path) (Field, error) {
	f := Field{Path: path, Kind: Text}
	name := path[0]
	if name == "apiKey" {
		name = auditAPIKey
	}
	members, known := auditFields[name]
	switch {
	case !known:
		return f, unknownAudit(path, name)
	case name == "params":
		if len(path) != 2 {
			return f, &query.SyntaxError{Reason: "the name of one parameter was expected behind params, as in params.loginMode"}
		}
		return f, nil
	case members != nil:
		if len(path) != 2 || !slices.Contains(members, path[1]) {
			return f, &query.SyntaxError{Reason: fmt.Sprintf("one of %s was expected: %s.%s", name, name, strings.Join(members, ", "+name+"."))}
		}
		return f, nil
	case len(path) > 1:
		return f, &query.SyntaxError{Reason: name + " has no fields of its own"}
	}
	f.Path = query.Path{name}
	switch name {
	case auditTime:
		f.Kind = Time
	case "duration":
		f.Kind = Number
	}
	return f, nil
}

func unknownAudit(path query.Path, name string) error {
	for field := range auditFields {
		if strings.EqualFold(field, name) {
			return &query.SyntaxError{Reason: fmt.Sprintf("%s is not a field of %s; its letter case matters: %s", path, AuditSource, field)}
		}
	}
	return unknown(path, AuditSource)
}

// auditRow is a record on its way into a page.
type auditRow struct {
	key    string
	record *store.Audit
}

// Keys are ordered as the records are: by time, by the serial, by the log.
const auditKeySeparator = "|"

func auditKey(at clock.Millis, serial, log string) string {
	return fmt.Sprintf("%016x", uint64(at)^(1<<63)) + auditKeySeparator + serial + auditKeySeparator + log
}

func auditPlace(key string) (at store.AuditPlace) {
	text, rest, _ := strings.Cut(key, auditKeySeparator)
	bits, _ := strconv.ParseUint(text, 16, 64) // What is none is before all.
	at.Time = clock.Millis(bits ^ (1 << 63))
	at.Serial, _, _ = strings.Cut(rest, auditKeySeparator)
	return at
}

// Page implements [Source].
func (a *auditRows) Page(ctx context.Context, p Page, each func(Row) error) (total int64, err error) {
	where := foldEndpoints(p.Where)
	if p.Total {
		if total, err = a.count(ctx, where); err != nil {
			return 0, err
		}
	}
	if p.Limit == 0 {
		return total, nil
	}
	if len(p.Order) == 0 || len(p.Order) == 1 && byTime(p.Order[0].Path) {
		return total, a.inTime(ctx, p, where, each)
	}
	return total, a.sorted(ctx, p, where, each)
}

func byTime(path query.Path) bool { return len(path) == 1 && path[0] == auditTime }

// inTime hands over a page in the order of time: the logs are merged, and of each only what is needed is read.
func (a *auditRows) inTime(ctx context.Context, p Page, where query.Expr, each func(Row) error) error {
	newest := len(p.Order) == 0 || p.Order[0].Desc
	m := &auditMerge{newest: newest}
	for _, log := range a.Logs {
		q, _, some := narrowed(where, log)
		if !some {
			continue
		}
		q.Newest = newest
		s := &auditStream{store: a.Store, query: q, where: where, chunk: min(p.Start+p.Limit+1, firstChunk)}
		if p.After != nil {
			s.after = p.After.UID
			s.query.Start = auditPlace(s.after)
		}
		m.streams = append(m.streams, s)
	}
	for n := 0; n < p.Start+p.Limit; n++ {
		row, err := m.next(ctx)
		if row == nil || err != nil {
			return err
		}
		if n < p.Start {
			continue
		}
		shown := Row{Key: row.key, JSON: row.record.Record}
		if len(p.Order) > 0 {
			shown.Sort = []query.Value{millis(row.record.Time)}
		}
		if err := each(shown); err != nil {
			return err
		}
	}
	return nil
}

// sorted hands over a page in another order: every record that satisfies the condition is looked at.
func (a *auditRows) sorted(ctx context.Context, p Page, where query.Expr, each func(Row) error) error {
	kept := rows{order: p.Order}
	err := a.walk(ctx, where, func(row *auditRow) error {
		r := Row{Key: row.key, Sort: make([]query.Value, len(p.Order))}
		for i, o := range p.Order {
			r.Sort[i] = auditValue(row.record, o.Path)
		}
		if p.After != nil && kept.compare(&r, &Row{Key: p.After.UID, Sort: p.After.Sort}) <= 0 {
			return nil
		}
		return kept.keep(r, row.record.Record, p.Start+p.Limit)
	})
	if err != nil {
		return err
	}
	slices.SortFunc(kept.rows, func(x, y Row) int { return kept.compare(&x, &y) })
	for _, row := range kept.rows[min(p.Start, len(kept.rows)):] {
		if err := each(row); err != nil {
			return err
		}
	}
	return nil
}

// count tells how many records satisfy the condition, from an index if that says all.
func (a *auditRows) count(ctx context.Context, where query.Expr) (total int64, err error) {
	for _, log := range a.Logs {
		q, covered, some := narrowed(where, log)
		if !some {
			continue
		}
		if covered {
			n, err := a.Store.CountAudits(ctx, q)
			if err != nil {
				return 0, err
			}
			total += n
			continue
		}
		one := auditRows{Audits{a.Store, []string{log}}}
		if err := one.walk(ctx, where, func(*auditRow) error { total++; return nil }); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// walk calls each for every record that satisfies the condition, log by log.
func (a *auditRows) walk(ctx context.Context, where query.Expr, each func(*auditRow) error) error {
	for _, log := range a.Logs {
		q, _, some := narrowed(where, log)
		if !some {
			continue
		}
		s := &auditStream{store: a.Store, query: q, where: where, chunk: mostChunk}
		for {
			row, err := s.take(ctx)
			if err != nil {
				return err
			}
			if row == nil {
				break
			}
			if err := each(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// Values implements [Source].
func (a *auditRows) Values(ctx context.Context, where query.Expr, fields []query.Path, each func([]query.Value) error) error {
	values := make([]query.Value, len(fields))
	return a.walk(ctx, foldEndpoints(where), func(row *auditRow) error {
		for i, path := range fields {
			values[i] = auditValue(row.record, path)
		}
		return each(values)
	})
}

func auditValue(r *store.Audit, path query.Path) query.Value {
	if byTime(path) {
		return millis(r.Time)
	}
	return query.SortValue(r.Record, path)
}

// Explain implements [Source].
func (a *auditRows) Explain(ctx context.Context, p Page) (store.Explanation, error) {
	e := store.Explanation{Access: "by the time of each log", Sort: len(p.Order) > 0 && !byTime(p.Order[0].Path)}
	where := foldEndpoints(p.Where)
	for _, log := range a.Logs {
		q, covered, some := narrowed(where, log)
		if !some {
			continue
		}
		q.Newest, q.Limit = true, max(p.Limit, 1)
		steps, err := a.Store.ExplainAudits(ctx, q)
		if !covered {
			steps = append(steps, "each record is looked at")
		}
		e.Steps, e.Scan = steps, !covered && q == store.AuditQuery{Log: log, Newest: true, Limit: q.Limit}
		return e, err
	}
	return e, nil
}

// narrowed is what of the condition the log's indexes know. covered tells that nothing else is in it, some that the log may have
// a record that satisfies it.
func narrowed(where query.Expr, log string) (q store.AuditQuery, covered, some bool) {
	n := narrowing{query: store.AuditQuery{Log: log}, covered: true, some: true}
	n.take(where)
	if n.query.Until != 0 && n.query.From > n.query.Until {
		n.some = false
	}
	return n.query, n.covered, n.some
}

type narrowing struct {
	query         store.AuditQuery
	covered, some bool
}

func (n *narrowing) take(e query.Expr) {
	switch e := e.(type) {
	case nil:
	case *query.And:
		for _, part := range e.Parts {
			n.take(part)
		}
	case *query.Comparison:
		if !n.comparison(e) {
			n.covered = false
		}
	default:
		n.covered = false
	}
}

// comparison tells whether the query says all of the comparison.
func (n *narrowing) comparison(c *query.Comparison) bool {
	if len(c.Path) != 1 {
		return false
	}
	one := (c.Op == query.Equal || c.Op == query.In) && len(c.Values) == 1
	switch c.Path[0] {
	case auditTime:
		return n.time(c)
	case auditAPIKey:
		if strings.HasPrefix(n.query.Log, partnerLog) {
			return false // It holds calls of sites that there are not, too.
		}
		n.some = n.some && c.MatchValue(query.Value{Kind: query.String, Str: n.query.Log})
		return true
	case auditUID:
		return one && only1(&n.query.UID, c.Values[0].Text(), &n.some, false)
	case auditUserKey:
		return one && only1(&n.query.UserKey, c.Values[0].Text(), &n.some, false)
	case auditEndpoint:
		return one && only1(&n.query.Method, c.Values[0].Text(), &n.some, true)
	}
	return false
}

// partnerLog is what the logs of partners begin with: the form of [store.OwnerOfPartner].
const partnerLog = "partner:"

// only1 asks for one text, and for nothing if another is asked for already. An empty text is none that a record has.
func only1(to *string, text string, some *bool, fold bool) bool {
	switch {
	case text == "", *to != "" && *to != text && !(fold && strings.EqualFold(*to, text)):
		*some = false
	default:
		*to = text
	}
	return true
}

// time narrows the range of time. Constants are milliseconds.
func (n *narrowing) time(c *query.Comparison) bool {
	if len(c.Values) != 1 {
		return false
	}
	at, err := strconv.ParseInt(c.Values[0].Num, 10, 64)
	const reach = math.MaxInt64 / 4
	if err != nil || c.Values[0].Kind != query.Number || at < 1 || at > reach {
		return false
	}
	from, until := clock.Millis(at), clock.Millis(at)
	switch c.Op {
	case query.Equal, query.In:
	case query.Greater:
		from, until = from+1, 0
	case query.GreaterEqual:
		until = 0
	case query.Less:
		from, until = 0, until-1
	case query.LessEqual:
		from = 0
	default:
		return false
	}
	n.query.From = max(n.query.From, from)
	if until != 0 && (n.query.Until == 0 || until < n.query.Until) {
		n.query.Until = until
	} else if from == 0 && until == 0 {
		n.some = false // Before the first millisecond.
	}
	return true
}

// foldEndpoints returns the condition with the constants that endpoint is compared with in lower case, as it is looked at, and with
// expressions that match it in any case.
func foldEndpoints(e query.Expr) query.Expr {
	parts := func(from []query.Expr) []query.Expr {
		to := make([]query.Expr, len(from))
		for i, part := range from {
			to[i] = foldEndpoints(part)
		}
		return to
	}
	switch e := e.(type) {
	case *query.And:
		return &query.And{Parts: parts(e.Parts)}
	case *query.Or:
		return &query.Or{Parts: parts(e.Parts)}
	case *query.Not:
		return &query.Not{X: foldEndpoints(e.X)}
	case *query.Comparison:
		if len(e.Path) != 1 || e.Path[0] != auditEndpoint {
			return e
		}
		c := *e
		if c.Op == query.Regex {
			c.Pattern = e.Pattern.Fold()
		}
		c.Values = slices.Clone(e.Values)
		for i := range c.Values {
			c.Values[i].Str = strings.ToLower(c.Values[i].Str)
		}
		return &c
	}
	return e
}

// satisfies tells whether the record satisfies the condition.
func satisfies(where query.Expr, r *store.Audit) bool {
	return query.Eval(where, func(path query.Path, c *query.Comparison) bool {
		if len(path) == 1 && c.Op != query.Regex {
			switch path[0] {
			case auditTime:
				return c.MatchValue(millis(r.Time))
			case auditEndpoint:
				return c.MatchValue(query.Value{Kind: query.String, Str: strings.ToLower(r.Method)})
			}
		}
		return c.MatchRaw(r.Record, path)
	})
}
