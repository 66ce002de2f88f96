package search

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// Bounds of the parameter timeout, in milliseconds.
const (
	DefaultTimeout = 20_000
	MaxTimeout     = 60_000
)

// Searches serves the searching methods. It is safe for concurrent use.
type Searches struct {
	Tokens *token.Tokens
}

// Params are the parameters that searching methods have in common.
type Params struct {
	// Query is the text to run; it is not sent together with cursorId.
	Query string `param:"query,len=65536"`
	// OpenCursor asks for a nextCursorId.
	OpenCursor bool `param:"openCursor"`
	// CursorID is the nextCursorId of an earlier answer.
	CursorID string `param:"cursorId,len=1048576"`
	// Timeout is in milliseconds; absent: [DefaultTimeout].
	Timeout *int64 `param:"timeout,min=1,max=60000"`
	// QuerySig and ExpTime prove that a client call asks what the site allows.
	QuerySig string `param:"querySig"`
	ExpTime  string `param:"expTime"`
}

// DevParams are further ones of a server for development.
type DevParams struct {
	// Explain adds the plan of the query to the answer.
	Explain bool `param:"explain"`
}

// Request is a call of a searching method: its parameters, and where its rows come from.
type Request struct {
	Params
	// Scope is what, beside the query, decides which rows are seen (accountTypes). A cursor keeps it.
	Scope string
	// Source returns the source that the query's FROM names, for the scope of the call or of its cursor. The error is a
	// *query.SyntaxError or an answer.
	Source func(q *query.Query, scope string) (Source, error)
	// Members are further members of answers, with a comma before each: what a source of the method always shows.
	Members func(q *query.Query) string
	// Within is the member of a result that aggregates are put in; empty: the result itself.
	Within string
	// RowsMember and CountMember name the rows and their number in the answer; empty: results and objectsCount.
	RowsMember, CountMember string
	// RowsOrNone leaves the rows out of an answer that has none.
	RowsOrNone bool
	// Explain adds the plan of the query to the answer.
	Explain bool
}

// run is a search that is ready to be run.
type run struct {
	text, scope string
	prepared    *Prepared
	window      Window
	// total is that of the first page, on every page after it; -1: it has to be counted.
	total int64
	// more are further members of the answer, with a comma before each.
	more string
}

// Answer runs the search and returns the members of the answer. Errors of the query are 400006 with the place, neither query nor
// cursor is 400002, a search that takes longer than its time 504001: it has stopped then.
func (s Searches) Answer(ctx context.Context, c *method.Invocation, r Request) (json.RawMessage, error) {
	planned, err := s.plan(c, r)
	if err != nil {
		return nil, err
	}
	limit := int64(DefaultTimeout)
	if r.Timeout != nil {
		limit = *r.Timeout
	}
	timed, cancel := context.WithTimeout(ctx, time.Duration(limit)*time.Millisecond)
	defer cancel()
	answer, err := s.answer(timed, c, planned, &r)
	if err != nil && ctx.Err() == nil && errors.Is(timed.Err(), context.DeadlineExceeded) {
		return nil, &gigya.Error{Code: gigya.Timeout, Cause: err}
	}
	return answer, err
}

// plan reads the query, of the call or of its cursor, and checks what can be checked without looking at rows.
func (s Searches) plan(c *method.Invocation, r Request) (*run, error) {
	if r.CursorID != "" {
		if r.Query != "" {
			return nil, gigya.InvalidArgumentBecause("cursorId", "must not be sent together with query")
		}
		return s.open(c, r)
	}
	if r.Query == "" {
		return nil, gigya.MissingParameter("query")
	}
	planned := &run{text: r.Query, scope: r.Scope, window: Window{More: r.OpenCursor, Total: true}, total: -1}
	if err := planned.prepare(r); err != nil {
		return nil, err
	}
	if !r.OpenCursor {
		return planned, nil
	}
	switch q := planned.prepared.query; {
	case q.Start > 0:
		return nil, readable(&query.SyntaxError{Position: q.StartAt, Reason: "START cannot be used with a cursor"})
	case len(q.Group) > 0:
		return nil, readable(&query.SyntaxError{Position: q.Group[0].At, Reason: "GROUP BY cannot be used with a cursor"})
	}
	return planned, nil
}

// prepare reads the text.
func (p *run) prepare(r Request) error {
	q, err := query.Parse(p.text)
	if err != nil {
		return readable(err)
	}
	if q.Start > MaxStart {
		reason := "START must not be greater than " + strconv.Itoa(MaxStart) + "; use a cursor"
		return readable(&query.SyntaxError{Position: q.StartAt, Reason: reason})
	}
	source, err := r.Source(q, p.scope)
	if err != nil {
		return readable(err)
	}
	if r.Members != nil {
		p.more = r.Members(q)
	}
	if p.prepared, err = Prepare(q, source); err != nil {
		return readable(err)
	}
	p.prepared.within = r.Within
	return nil
}

func (s Searches) answer(ctx context.Context, c *method.Invocation, p *run, r *Request) (json.RawMessage, error) {
	result, err := p.prepared.Run(ctx, p.window)
	if err != nil {
		return nil, readable(err)
	}
	if p.total < 0 {
		p.total = result.Total
	}
	dst := make([]byte, 0, len(result.Rows)+128)
	dst = append(dst, '{')
	if result.Count > 0 || !r.RowsOrNone {
		dst = append(append(append(dst, '"'), cmp.Or(r.RowsMember, "results")...), `":[`...)
		dst = append(append(dst, result.Rows...), `],`...)
	}
	dst = append(append(append(dst, '"'), cmp.Or(r.CountMember, "objectsCount")...), `":`...)
	dst = strconv.AppendInt(dst, int64(result.Count), 10)
	dst = append(dst, `,"totalCount":`...)
	dst = strconv.AppendInt(dst, p.total, 10)
	if result.Next != nil {
		dst = append(dst, `,"nextCursorId":"`...)
		dst = append(dst, s.seal(c, p, *result.Next)...)
		dst = append(dst, '"')
	}
	dst = append(dst, p.more...)
	if r.Explain {
		plan, err := p.prepared.Explain(ctx, p.window)
		if err != nil {
			return nil, readable(err)
		}
		text, err := json.Marshal(plan)
		if err != nil {
			return nil, err
		}
		dst = append(append(dst, `,"explain":`...), text...)
	}
	return append(dst, '}'), nil
}

// Explanation is the plan of a query.
type Explanation struct {
	// Query is the query in its canonical form: how it was understood.
	Query string `json:"query"`
	// Work says what is done with the rows.
	Work string `json:"work"`
	store.Explanation
}

// Explain tells how the query would be run, without running it.
func (p *Prepared) Explain(ctx context.Context, w Window) (Explanation, error) {
	plan, err := p.source.Explain(ctx, p.request(w))
	work := "a page of rows"
	if w.Total {
		work = "a page of rows, and the number of all"
	}
	switch {
	case p.Rows():
	case !p.counted():
		work, plan.Sort = "one pass over all rows that satisfy the condition", false
	case p.aggregated != nil:
		work, plan.Sort = "the ends of an index", false
	default:
		work, plan.Sort = "the number of rows that satisfy the condition", false
	}
	return Explanation{p.query.String(), work, plan}, err
}

// readable turns an error of the query, found when it was read or when its rows were looked for, into the answer.
func readable(err error) error {
	var syntax *query.SyntaxError
	var answer *gigya.Error
	switch {
	case err == nil || errors.As(err, &answer):
		return err
	case errors.As(err, &syntax):
		return gigya.InvalidArgumentBecause("query", syntax.Error())
	}
	return fmt.Errorf("searching: %w", err)
}
