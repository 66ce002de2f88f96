package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

// Bounds of accounts.search.
const (
	defaultSearchLimit = 300
	// maxSearchLimit caps a page; a larger LIMIT is no error and has no effect.
	maxSearchLimit = 10000
	// maxSearchStart bounds START: who wants more pages takes a cursor.
	maxSearchStart       = 5000
	defaultSearchTimeout = 20 * time.Second
)

// SearchParams are the parameters of accounts.search.
type SearchParams struct {
	// Query is the text to run; it is not sent together with cursorId.
	Query string `param:"query,len=65536"`
	// RestrictedQuery is for keys whose privileges pin the text; there are none yet.
	RestrictedQuery string `param:"restrictedQuery,len=65536"`
	// OpenCursor asks for a nextCursorId.
	OpenCursor bool `param:"openCursor"`
	// CursorID is the nextCursorId of an earlier answer.
	CursorID string `param:"cursorId,len=1048576"`
	// Timeout is in milliseconds.
	Timeout *int64 `param:"timeout,min=1,max=60000"`
	// AccountTypes is full, lite, or both.
	AccountTypes method.List `param:"accountTypes"`
	// QuerySig and ExpTime prove that a client call asks what the site allows.
	QuerySig string `param:"querySig"`
	ExpTime  string `param:"expTime"`
}

// search serves accounts.search: accounts that satisfy a condition, in the language that looks like SQL.
//
// Callers: server credentials; a client call needs querySig and expTime, made by the site with its partner secret, else
// it is 403007. A wrong signature is 403003, one whose time is over 403002. What cannot be read or run is 400006 with the
// position in the text, neither query nor cursorId 400002, a search that takes longer than timeout 504001.
//
// A page after a cursor is the page behind the last row that was answered: it costs what the first page costs, and the
// same cursorId can be asked again after a lost answer. A cursor is good for one site and one credential for 300 seconds.
//
// Sources: the REST guide of 2025; answers recorded; readers in the field loop until nextCursorId is absent.
//
// Differs: a search sees every write that was acknowledged before it began, and encrypted fields are searched like others.
func search(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.search",
		Summary: "Finds accounts by a query in a language that looks like SQL.",
		Callers: caller.Public | caller.RegToken | caller.Session | caller.Server,
		Partial: "aggregates but count(*), GROUP BY, regex, WITH counters, FILTER; the sources emailAccounts and communications; restrictedQuery; the switch search.emulateEncryption",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SearchParams]) (json.RawMessage, error) {
		if err := allowSearch(c); err != nil {
			return nil, err
		}
		run, err := d.planSearch(c)
		if err != nil {
			return nil, err
		}
		limit := defaultSearchTimeout
		if c.Params.Timeout != nil {
			limit = time.Duration(*c.Params.Timeout) * time.Millisecond
		}
		timed, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		answer, err := run.answer(timed, d, c.Invocation)
		if err != nil && ctx.Err() == nil && errors.Is(timed.Err(), context.DeadlineExceeded) {
			return nil, &gigya.Error{Code: gigya.Timeout, Cause: err}
		}
		return answer, err
	})
}

// searchRun is a search that is ready to be run.
type searchRun struct {
	text  string
	query *query.Query
	// full tells whether full accounts are among the types asked for. There are no others yet.
	full bool
	// limit bounds the page; after is where a cursor goes on.
	limit int
	after *store.Position
	// cursor: the answer names the next page if there is one.
	cursor bool
	// total is that of the first page, on every page after it; -1: it has to be counted.
	total int64
}

// planSearch reads the query, of the call or of its cursor, and checks what can be checked without looking at accounts.
func (d Deps) planSearch(c *method.Call[SearchParams]) (*searchRun, error) {
	p := &c.Params
	if p.CursorID != "" {
		if p.Query != "" {
			return nil, gigya.InvalidArgumentBecause("cursorId", "must not be sent together with query")
		}
		return d.openCursor(c)
	}
	if p.Query == "" {
		return nil, gigya.MissingParameter("query")
	}
	full, err := fullAccounts(p.AccountTypes)
	if err != nil {
		return nil, err
	}
	run := &searchRun{text: p.Query, full: full, cursor: p.OpenCursor, total: -1}
	if err := run.parse(c.Site.Schema); err != nil {
		return nil, err
	}
	if run.cursor && run.query.Start > 0 {
		return nil, gigya.InvalidArgumentBecause("query", "START cannot be used with a cursor")
	}
	return run, nil
}

// fullAccounts tells whether full accounts are among the types.
func fullAccounts(types []string) (bool, error) {
	full := len(types) == 0
	for _, t := range types {
		switch {
		case strings.EqualFold(t, "full"):
			full = true
		case strings.EqualFold(t, "lite"):
		default:
			return false, gigya.InvalidArgumentBecause("accountTypes", "must be full, lite or full,lite")
		}
	}
	return full, nil
}

// parse reads the text and settles the limit.
func (r *searchRun) parse(s *schema.Schema) error {
	q, err := query.Parse(r.text)
	if err != nil {
		return readable(err)
	}
	if err := checkSearch(q, s); err != nil {
		return err
	}
	r.query, r.limit = q, defaultSearchLimit
	if q.HasLimit {
		r.limit = min(q.Limit, maxSearchLimit)
	}
	return nil
}

// answer runs the search and writes the members of the answer.
func (r *searchRun) answer(ctx context.Context, d Deps, c *method.Invocation) (json.RawMessage, error) {
	if r.counts() {
		return r.count(ctx, d, c)
	}
	rows := rowWriter{chosen: query.NewProjection(r.query.Select), now: c.Now, limit: r.limit, server: c.Server(), dst: []byte(`{"results":[`)}
	if r.full {
		s := store.Search{
			Group: c.Site.Group, Where: r.query.Where, Order: r.query.Order, After: r.after, Start: r.query.Start,
			Limit: r.limit, Total: r.total < 0,
		}
		if r.cursor && r.limit > 0 {
			// One row more than the page tells whether there is a next one.
			s.Limit++
		}
		total, err := d.Store.SearchAccounts(ctx, s, rows.add)
		if err != nil {
			return nil, readable(err)
		}
		if s.Total {
			r.total = total
		}
	}
	dst := append(rows.dst, `],"objectsCount":`...)
	dst = strconv.AppendInt(dst, int64(rows.count), 10)
	dst = append(dst, `,"totalCount":`...)
	dst = strconv.AppendInt(dst, max(r.total, 0), 10)
	if rows.more {
		dst = append(dst, `,"nextCursorId":"`...)
		dst = append(dst, d.sealCursor(c, r, rows.last)...)
		dst = append(dst, '"')
	}
	return append(dst, '}'), nil
}

// counts tells whether the query is SELECT count(*).
func (r *searchRun) counts() bool {
	for _, item := range r.query.Select {
		if item.Count {
			return true
		}
	}
	return false
}

func (r *searchRun) count(ctx context.Context, d Deps, c *method.Invocation) (json.RawMessage, error) {
	var total int64
	if r.full {
		var err error
		s := store.Search{Group: c.Site.Group, Where: r.query.Where, Total: true}
		if total, err = d.Store.SearchAccounts(ctx, s, func(*store.Account, []query.Value) error { return nil }); err != nil {
			return nil, readable(err)
		}
	}
	return fmt.Appendf(nil, `{"results":[{"count(*)":%d}],"objectsCount":1,"totalCount":%d}`, total, total), nil
}

// readable turns an error of the query, found when it was read or when the store looked at its fields, into the answer.
func readable(err error) error {
	var syntax *query.SyntaxError
	if errors.As(err, &syntax) {
		return queryFault(syntax.Error())
	}
	return fmt.Errorf("searching accounts: %w", err)
}

// rowWriter writes the rows of a page as the store hands them over.
type rowWriter struct {
	chosen *query.Projection
	now    time.Time
	// server: without it internal is not shown.
	server bool
	// limit is the number of rows to write; a row beyond it only says that there is more.
	limit int
	dst   []byte
	row   []byte
	count int
	more  bool
	// last is the position behind the last row that was written.
	last store.Position
}

func (w *rowWriter) add(a *store.Account, sort []query.Value) error {
	if w.count == w.limit {
		w.more = true
		return nil
	}
	if w.count > 0 {
		w.dst = append(w.dst, ',')
	}
	if !w.server {
		shown := *a
		shown.Internal = nil
		a = &shown
	}
	w.row = account.AppendRow(w.row[:0], a, w.now)
	result, err := w.chosen.Apply(w.row)
	if err != nil {
		return fmt.Errorf("account %s: %w", a.UID, err)
	}
	w.dst = append(w.dst, result...)
	w.last = store.Position{Sort: append(w.last.Sort[:0], sort...), UID: a.UID}
	w.count++
	return nil
}
