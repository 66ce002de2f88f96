package sqlite

import (
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// access is how a plan comes by accounts. The zero access looks at all of the group.
type access struct {
	store.Choice
	// table: who looks at every account of the group does better to read the table from its beginning to its end.
	table bool
	// values: what is wanted is in the rows of the table, not in its indexes.
	values bool
	// crew looks at the table; nil: the search's connection alone does, or none has to.
	crew *crew
	// slice is how many rows are looked at at once, last the greatest row number of a table that is read from its beginning.
	slice, last int64
	// always: the table is read that way whatever else is in it.
	always bool
}

// choose decides how the search comes by its accounts.
func (p *plan) choose(c *conn, q store.Search, records []*store.IndexRecord) error {
	choice, err := store.Choose(q, records, p.inOrder(), func(parts []store.IndexRanges, atMost int64) ([][]int64, error) {
		return probe(c, parts, atMost)
	})
	if err != nil {
		return err
	}
	p.Choice, p.table = *choice, false
	if p.Best != nil || p.ranged(q.Where) {
		return nil
	}
	p.table, p.last, err = mostly(c, q.Group)
	p.table = p.table || p.always
	return err
}

// passes tells whether the search looks at every row of a table that has more than a few slices.
func (p *plan) passes(q store.Search) bool {
	return p.table && (p.always || p.last >= fewSlices*p.slice) && (p.values || q.Total && p.holds != "")
}

// ranged tells whether an index of the table bounds the accounts, or may.
func (p *plan) ranged(e query.Expr) bool {
	switch e := e.(type) {
	case *query.And:
		return slices.ContainsFunc(e.Parts, p.ranged)
	case *query.Comparison:
		f, c, err := store.Resolve(e)
		return err == nil && (inIndex(f.Part) || store.IsIdentifier(f, c))
	}
	return false
}

// inIndex tells whether there is an index of the table for the part.
func inIndex(part store.Part) bool {
	return part == store.PartUID || part == store.PartCreated || part == store.PartLastUpdated
}

const (
	sqlLastRow = `SELECT id FROM accounts ORDER BY id DESC LIMIT 1`
	sqlSample  = `SELECT grp = ?1 FROM accounts WHERE id >= ?2 ORDER BY id LIMIT 1`
	// samples are looked at to tell whether a table of at least sampledRows rows is mostly of one group.
	samples     = 16
	sampledRows = 1000
)

// mostly tells whether the accounts are mostly the group's, as far as a few of them show, and the greatest row number. Then the
// way through an index of the group to each of them costs more than passing over the others.
func mostly(c *conn, group string) (is bool, last int64, err error) {
	var own int64
	err = get(c.Conn, sqlLastRow, noParameters, func(r *row) error { last = r.int(); return nil })
	if err == store.ErrNotFound || err == nil && last < sampledRows {
		return false, last, nil
	}
	for i := range int64(samples) {
		if err != nil {
			return false, last, err
		}
		err = get(c.Conn, sqlSample, func(b *binder) { b.text(group); b.int(1 + i*(last/samples)) }, func(r *row) error {
			own += r.int()
			return nil
		})
	}
	return own >= samples*3/4, last, err
}

// inOrder tells whether an index of the table has the order of the plan.
func (p *plan) inOrder() bool {
	switch {
	case len(p.keys) == 0:
		return true
	case len(p.keys) > 1:
		return false
	}
	return inIndex(p.keys[0].field.Part)
}

// probe counts index rows.
func probe(c *conn, parts []store.IndexRanges, atMost int64) ([][]int64, error) {
	counts := make([][]int64, len(parts))
	for i, at := range parts {
		counts[i] = make([]int64, len(at.Ranges))
		for j, r := range at.Ranges {
			// Whether there is any row at all is always worth knowing.
			bound := max(1, atMost)
			n, err := rangeRows(c.Conn, at.Record.ID, r, bound)
			if err != nil {
				return nil, err
			}
			counts[i][j] = min(n, bound)
			atMost -= counts[i][j]
		}
	}
	return counts, nil
}

// within compiles the table and the condition for the accounts of an option; nil: for all of the group. inOrder tells that
// the order of an index of the table is wanted.
func (p *plan) within(o *store.Option, inOrder bool) string {
	text := "accounts WHERE grp = " + paramGroup
	if p.table && o == nil && !inOrder && (p.holds != "" || p.values) {
		text = "accounts NOT INDEXED WHERE grp = " + paramGroup
	}
	if o != nil {
		// The sign keeps the engine from the indexes that begin with the group.
		text = "accounts WHERE +grp = " + paramGroup + " AND id IN (" + p.accounts(o, " UNION ALL ") + ")"
	}
	if p.holds != "" {
		text += " AND " + p.holds
	}
	return text
}

// accounts selects the row numbers of an option's accounts. What is joined by UNION ALL may be there several times.
func (p *plan) accounts(o *store.Option, union string) string {
	var texts []string
	for _, at := range o.Parts {
		id := p.arg(at.Record.ID)
		for _, r := range at.Ranges {
			texts = append(texts, "SELECT account FROM search_keys WHERE field = "+id+" AND "+p.inRange(r))
		}
	}
	if len(texts) == 0 {
		return "SELECT NULL AS account WHERE 0"
	}
	return strings.Join(texts, union)
}

func (p *plan) inRange(r store.KeyRange) string {
	if r.Point() {
		return "key = " + p.arg(r.From)
	}
	return "key >= " + p.arg(r.From) + " AND key < " + p.arg(r.To)
}

// countText counts the accounts of an option, where [plan.countWhole] does not. One with several rows counts once.
func (p *plan) countText(o *store.Option) string {
	return "SELECT count(DISTINCT account) FROM (" + p.accounts(o, " UNION ALL ") + ")"
}
