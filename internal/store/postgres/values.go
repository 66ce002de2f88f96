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
	// What is wanted of an account is no order that an index could have.
	r := &run{plan: p, store: s, search: store.Search{Group: group, Where: where}}
	r.wanted = store.WantedIndexes(r.search)
	if p.values = 0; !p.exact {
		p.values = 1
	}
	if err := s.indexer.beforehand(ctx, group, r.wanted); err != nil {
		return err
	}
	err = s.scan(ctx, &r.begun, func(ctx context.Context, c *conn) error {
		look := func() error {
			return r.look(ctx, c, func(a *store.Account) error {
				r.begun = true
				return fn(r.place(a).Sort)
			})
		}
		if !p.looksUp() && len(r.wanted) == 0 {
			return look()
		}
		return r.chosen(ctx, c, look)
	})
	s.indexer.note(p)
	return err
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
	r := &run{plan: p, store: s, search: q}
	var steps []string
	begun := false
	err = s.scan(ctx, &begun, func(ctx context.Context, c *conn) error {
		return r.chosen(ctx, c, func() (err error) {
			steps = nil
			for _, pieces := range r.statements() {
				if steps, err = s.steps(ctx, c, p, steps, pieces); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return store.Explanation{}, err
	}
	e := explanation(steps, p.looksUp())
	// What comes by the rows of indexes is sorted here, by the UID at least.
	e.Sort = e.Sort || !p.native() || p.Narrow != nil
	p.Explain(&e, q.Where != nil)
	if !p.exact && !p.Covered() {
		e.Steps = append(e.Steps, "each row is looked at: the condition is on documents")
	}
	return e, nil
}

// statements are those that find the page, or whose rows are looked at: of an index, and of the accounts that it leads to.
func (r *run) statements() (all [][]fragment) {
	found := []fragment{{sql: "SELECT uid"}, r.from(), {" AND uid = ANY(?)", []any{[]string{""}}}}
	switch {
	case r.Stream != nil:
		all = append(all, indexRows(keyAndUID, r.Stream.Record, r.Stream.Walks(r.search.After)[0], max(r.search.Limit, 1)))
		if r.where == nil || r.Covered() {
			return all
		}
		return append(all, found)
	case r.Narrow != nil:
		for _, at := range r.Narrow.Parts {
			for _, in := range at.Ranges {
				all = append(all, indexRows(keyAndUID, at.Record, store.IndexWalk{In: in}, mostPiece))
			}
		}
		return append(all, found)
	}
	pieces := []fragment{{sql: "SELECT uid"}, r.from()}
	if r.native() {
		pieces = append(pieces, r.behind(r.search.After), r.orderBy(), limit(max(r.search.Limit, 1), r.search.Start))
	}
	return append(all, pieces)
}

// steps adds the server's plan of a statement to those of others.
func (s *Store) steps(ctx context.Context, c *conn, p *plan, steps []string, pieces []fragment) ([]string, error) {
	explain := "EXPLAIN (COSTS OFF) "
	if s.settings.cockroach {
		explain = "EXPLAIN "
	}
	err := p.rows(ctx, c, func(r pgx.Rows) error {
		var line string
		err := r.Scan(&line)
		steps = append(steps, line)
		return err
	}, append([]fragment{{sql: explain}}, pieces...)...)
	return steps, err
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
