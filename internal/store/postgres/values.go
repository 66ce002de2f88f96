package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

// AccountValues implements [store.Searcher]: one statement, whose rows come as fast as they are taken.
func (s *Store) AccountValues(ctx context.Context, group string, where query.Expr, paths []query.Path, fn func([]query.Value) error) error {
	q := store.Search{Group: group, Where: where}
	for _, path := range paths {
		q.Order = append(q.Order, query.Order{Path: path})
	}
	p, err := newPlan(q, s.clock.Now())
	if err != nil || !storable(group) {
		return err
	}
	r := &run{plan: p, search: q}
	return s.scan(ctx, &r.begun, func(ctx context.Context, c *conn) error {
		look := func() error {
			return r.candidates(ctx, c, func(a *store.Account) error {
				r.begun = true
				return fn(r.place(a).Sort)
			})
		}
		if !p.looksUp() {
			return look()
		}
		return snapshot(ctx, c, look)
	})
}

// looksUp tells whether the filter needs a statement of its own before.
func (p *plan) looksUp() bool {
	return slices.ContainsFunc(p.filter.args, func(arg any) bool { _, ok := arg.(*lookup); return ok })
}

// ExplainSearch implements [store.Searcher]: it asks the server for the plan of the statement that finds the page, or of
// the one whose rows are looked at.
func (s *Store) ExplainSearch(ctx context.Context, q store.Search) (store.Explanation, error) {
	p, err := newPlan(q, s.clock.Now())
	if err != nil {
		return store.Explanation{}, err
	}
	explain := "EXPLAIN (COSTS OFF) "
	if s.settings.cockroach {
		explain = "EXPLAIN "
	}
	pieces := []fragment{{sql: explain + "SELECT uid"}, p.from()}
	if p.native() {
		pieces = append(pieces, p.behind(q.After), p.orderBy(), limit(max(q.Limit, 1), q.Start))
	}
	var steps []string
	begun := false
	err = s.scan(ctx, &begun, func(ctx context.Context, c *conn) error {
		steps = nil
		return p.rows(ctx, c, func(r pgx.Rows) error {
			var line string
			err := r.Scan(&line)
			steps = append(steps, line)
			return err
		}, pieces...)
	})
	if err != nil {
		return store.Explanation{}, err
	}
	e := explanation(steps, p.looksUp())
	e.Sort = e.Sort || !p.native()
	if !p.exact {
		e.Steps = append(e.Steps, "each row is looked at: the condition is on documents")
	}
	return e, nil
}

// accesses are the ways to come by accounts, by what a condition on an index holds; the first that fits is it.
var accesses = []struct{ condition, access, index string }{
	{"(uid = ", "by the UID", "accounts_pkey"},
	{"(created ", "by an index on created, within a range", "accounts_created"},
	{"(last_updated ", "by an index on lastUpdated, within a range", "accounts_updated"},
	{"(uid ", "by the UID, within a range", "accounts_pkey"},
}

// orders are the indexes that give every account of the group in an order.
var orders = []struct{ index, order string }{
	{"accounts_created", "created"}, {"accounts_updated", "lastUpdated"}, {"accounts_pkey", "the UID"},
}

// explanation puts the server's steps into our words.
func explanation(steps []string, looksUp bool) store.Explanation {
	all := strings.Join(steps, "\n")
	e := store.Explanation{Access: "every account of the group", Scan: true, Steps: steps, Sort: strings.Contains(all, "Sort")}
	for _, o := range orders {
		if strings.Contains(all, o.index) {
			e.Access, e.Index = "every account of the group, in the order of "+o.order, o.index
			break
		}
	}
	for _, line := range steps {
		_, condition, ok := strings.Cut(line, "Index Cond:")
		for _, a := range accesses {
			if ok && e.Scan && strings.Contains(condition, a.condition) {
				e.Access, e.Index, e.Scan = a.access, a.index, false
			}
		}
	}
	// In a table of few rows the server filters by the UIDs instead of looking them up.
	few := strings.Contains(all, "Filter: (uid = ANY") && !strings.Contains(all, " OR ")
	if looksUp && (e.Access == "by the UID" || few) {
		e.Access, e.Index, e.Scan = "by a login identifier", "identifiers_pkey", false
	}
	return e
}
