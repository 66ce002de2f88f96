package sqlite

import (
	"context"
	"strings"

	"github.com/doorward/doorward/internal/store"
)

// ExplainSearch implements [store.Searcher]: it asks the engine for the plan of the statement that finds the page.
func (s *Store) ExplainSearch(ctx context.Context, q store.Search) (store.Explanation, error) {
	p, err := newPlan(q, s.clock.Now())
	if err != nil {
		return store.Explanation{}, err
	}
	var e store.Explanation
	err = s.search(ctx, p, q, func(c *conn) error {
		text := "EXPLAIN QUERY PLAN " + p.pageText(p.arg(int64(q.Limit)), p.arg(int64(max(q.Start, 0))))
		if p.Stream != nil {
			text = "EXPLAIN QUERY PLAN " + p.pieces(q)[0] + cut(p.arg(int64(q.Limit)), "0")
		}
		if err := c.keep(text); err != nil {
			return err
		}
		var steps []string
		err := list(c.Conn, text, p.bind, func(r *row) error {
			steps = append(steps, r.stmt.ColumnText(3))
			return nil
		})
		e = explanation(steps)
		p.Explain(&e, p.holds != "")
		return err
	})
	if err != nil {
		return store.Explanation{}, err
	}
	return e, nil
}

// accesses are the ways to come by accounts, by what the engine's step holds; the first that fits is it.
var accesses = []struct {
	step, access, index string
	scan                bool
}{
	{"SEARCH identifiers", "by a login identifier", "identifiers", false},
	{"accounts_key (grp=? AND uid", "by the UID", "accounts_key", false},
	{"accounts_created (grp=? AND created", "by an index on created, within a range", "accounts_created", false},
	{"accounts_updated (grp=? AND last_updated", "by an index on lastUpdated, within a range", "accounts_updated", false},
	{"accounts_created", "every account of the group, in the order of created", "accounts_created", true},
	{"accounts_updated", "every account of the group, in the order of lastUpdated", "accounts_updated", true},
	{"accounts_key", "every account of the group, in the order of the UID", "accounts_key", true},
}

// explanation puts the engine's steps into our words.
func explanation(steps []string) store.Explanation {
	e := store.Explanation{Access: "every account of the group", Scan: true, Steps: steps}
	all := strings.Join(steps, "\n")
	for _, a := range accesses {
		if strings.Contains(all, a.step) {
			e.Access, e.Index, e.Scan = a.access, a.index, a.scan
			break
		}
	}
	e.Sort = strings.Contains(all, "TEMP B-TREE FOR ORDER BY")
	return e
}
