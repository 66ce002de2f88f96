package idx

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/search"
	"github.com/doorward/doorward/internal/siteconfig"
)

// SearchParams are the parameters of idx.search.
type SearchParams struct {
	// Query is not sent together with cursorId.
	Query      string `param:"query,len=65536"`
	OpenCursor bool   `param:"openCursor"`
	CursorID   string `param:"cursorId,len=1048576"`
}

// find serves idx.search: dataflows, drafts and schedulings that satisfy a condition, in the language of accounts.search. The sources are
// dataflow, dataflow_draft and scheduling; idx_job_status and script have no rows.
//
// Servers may call. What cannot be read or run is 400006 with the position in the text. Secrets are masked, in conditions too. What
// was stored is found by the next search.
//
// Sources: the REST guide; SAP's toolkit, with its recorded answers: result is absent when there is none.
func find(d Deps) *method.Method {
	spec := method.Spec{
		Name: "idx.search", Summary: "Finds dataflows and schedulings by a query in a language that looks like SQL.", Callers: caller.Server,
		Partial: "jobs and scripts: there are none yet",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SearchParams]) (json.RawMessage, error) {
		p := &c.Params
		return search.Searches{Tokens: d.Tokens}.Answer(ctx, c.Invocation, search.Request{
			Params:     search.Params{Query: p.Query, OpenCursor: p.OpenCursor, CursorID: p.CursorID},
			RowsMember: "result", CountMember: "resultCount", RowsOrNone: true,
			Source: func(q *query.Query, _ string) (search.Source, error) { return d.source(c.Invocation, q) },
		})
	})
}

// source returns what FROM names.
func (d Deps) source(c *method.Invocation, q *query.Query) (search.Source, error) {
	if q.Counters {
		return nil, &query.SyntaxError{Position: q.At, Reason: "WITH counters is for the source accounts"}
	}
	rows := &rows{config: d.Config, call: c}
	switch strings.ToLower(q.From) {
	case "dataflow":
		rows.kind = dataflowKind
	case "dataflow_draft":
		rows.kind = draftKind
	case "scheduling":
		rows.kind = schedulingKind
	case "idx_job_status", "script":
	default:
		return nil, &query.SyntaxError{
			Position: q.At,
			Reason:   "the source " + strconv.Quote(q.From) + " is not served; use dataflow, dataflow_draft, scheduling or idx_job_status",
		}
	}
	return search.Scan(rows), nil
}

// rows are the objects of one kind, as answers show them. A kind that is nil has none.
type rows struct {
	config *siteconfig.Book
	call   *method.Invocation
	kind   *siteconfig.Kind
}

// times are the members that are compared as times.
var times = []string{"createTime", "updateTime", "lastRuntime", startMember}

// Field implements [search.Documents].
func (r *rows) Field(path query.Path) (search.Field, error) {
	for _, name := range times {
		if strings.EqualFold(path.String(), name) {
			return search.Field{Path: path, Kind: search.Time}, nil
		}
	}
	return search.Field{Path: path}, nil
}

// Range implements [search.Documents].
func (r *rows) Range(ctx context.Context, _ query.Expr, after string, each func(key string, row []byte) error) error {
	if r.kind == nil {
		return nil
	}
	list, err := r.config.OwnList(ctx, r.call.Site, r.kind)
	if err != nil {
		return err
	}
	for i := range list {
		e := &list[i]
		if e.Name <= after {
			continue
		}
		var shown *document.Object
		if r.kind == schedulingKind {
			shown, err = showScheduling(e)
		} else {
			shown, err = show(r.call, e, statusOf(r.kind))
		}
		if err != nil {
			return err
		}
		if err := each(e.Name, shown.JSON()); err != nil {
			return err
		}
	}
	return nil
}
