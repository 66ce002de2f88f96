package sqlite

import (
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

const (
	// probeRows bounds how far the rows of a key range are counted before a search. What has more is large: sorting it is
	// dearer than looking for a page in an order that is there already.
	probeRows = 8192
	// sortRows is up to how many rows are rather sorted than looked for in the order of another index.
	sortRows = 2048
	// lookupRanges bounds the ranges that a comparison is looked up by.
	lookupRanges = 256
)

// access is how a plan comes by accounts through the indexes of fields. The zero access does not.
type access struct {
	// best leads to the fewest accounts, among them all that satisfy the condition. Counts and walks begin with it.
	best *option
	// whole: best leads to nothing else.
	whole bool
	// narrow is best if the page begins with it too, and sorts what it finds.
	narrow *option
	// stream, if there is one, has the page in its order.
	stream *stream
	// missing are the indexes that would have helped.
	missing []store.Index
	// table: who looks at every account of the group does better to read the table from its beginning to its end.
	table bool
	// values: what is wanted is in the rows of the table, not in its indexes.
	values bool
}

// option is a part of the condition that indexes answer: the accounts in some of the ranges.
type option struct {
	parts []ranged
	exact bool
	// rows is the number of index rows, up to probeRows.
	rows int64
}

// ranged are key ranges of an index.
type ranged struct {
	field  *field
	ranges []store.KeyRange
}

// stream is an index that is walked through in its order, within a range.
type stream struct {
	field *field
	in    store.KeyRange
	// byKey: it gives the order of ORDER BY. Else the range is one key, and what is in it is in the order of the UID.
	byKey, desc bool
}

// choose decides how the search comes by its accounts.
func (p *plan) choose(c *conn, q store.Search, fields []*field) error {
	if p.unique(q.Where) {
		return nil
	}
	all := conjuncts(q.Where, nil)
	var options []*option
	for _, e := range all {
		o, ok := p.option(fields, e)
		if !ok {
			continue
		}
		if err := p.probe(c, o); err != nil {
			return err
		}
		options = append(options, o)
		if p.best == nil || o.rows < p.best.rows {
			p.best = o
		}
	}
	p.whole = p.best != nil && len(all) == 1 && p.best.exact
	p.arrange(q, fields, options)
	if p.best != nil || p.ranged(all) {
		return nil
	}
	var err error
	p.table, err = mostly(c, q.Group)
	return err
}

// ranged tells whether an index of the table may bound the accounts.
func (p *plan) ranged(all []query.Expr) bool {
	return slices.ContainsFunc(all, func(e query.Expr) bool {
		c, ok := e.(*query.Comparison)
		if !ok {
			return false
		}
		f, err := store.FieldOf(c.Path)
		return err == nil && inIndex(f.Part)
	})
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

// mostly tells whether the accounts are mostly the group's, as far as a few of them show. Then the way through an index of
// the group to each of them costs more than passing over the others.
func mostly(c *conn, group string) (bool, error) {
	var last, own int64
	err := get(c.Conn, sqlLastRow, noParameters, func(r *row) error { last = r.int(); return nil })
	if err == store.ErrNotFound || err == nil && last < sampledRows {
		return false, nil
	}
	for i := range int64(samples) {
		if err != nil {
			return false, err
		}
		err = get(c.Conn, sqlSample, func(b *binder) { b.text(group); b.int(1 + i*(last/samples)) }, func(r *row) error {
			own += r.int()
			return nil
		})
	}
	return own >= samples*3/4, err
}

// arrange decides where the order of the page comes from.
func (p *plan) arrange(q store.Search, fields []*field, options []*option) {
	if len(q.Order) == 0 {
		for _, o := range options {
			if at, ok := o.single(); ok && at.ranges[0].Point() && (o == p.best || p.best.rows > sortRows) {
				p.stream = &stream{field: at.field, in: at.ranges[0]}
				return
			}
		}
	}
	if len(q.Order) == 1 {
		if ix, ok := store.OrderIndex(q.Order[0]); ok {
			f := find(fields, ix)
			if f == nil {
				p.miss(ix)
			} else if f.flags&store.IndexCut == 0 && (p.best == nil || p.best.rows > sortRows || p.best.only(f)) {
				p.stream = &stream{field: f, in: allKeys, byKey: true, desc: q.Order[0].Desc}
				p.stream.restrict(options)
				return
			}
		}
	}
	if p.best != nil && (p.best.rows < probeRows || !p.inOrder()) {
		p.narrow = p.best
	}
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

// restrict takes those bounds into the walk that the condition sets to the very field. Of an account with several keys the
// first may be beyond them while another is within.
func (s *stream) restrict(options []*option) {
	for _, o := range options {
		if at, ok := o.single(); ok && at.field == s.field && at.field.flags&store.IndexMulti == 0 {
			s.in = at.ranges[0]
			return
		}
	}
}

// single returns the part of an option that has one range of one index.
func (o *option) single() (ranged, bool) {
	if len(o.parts) != 1 || len(o.parts[0].ranges) != 1 {
		return ranged{}, false
	}
	return o.parts[0], true
}

// only tells whether the option is one range of that index.
func (o *option) only(f *field) bool {
	at, ok := o.single()
	return ok && at.field == f
}

// unique tells whether the engine finds the accounts by a unique key: there are no fewer.
func (p *plan) unique(where query.Expr) bool {
	for _, e := range conjuncts(where, nil) {
		c, ok := e.(*query.Comparison)
		if !ok || c.Op != query.Equal && c.Op != query.In {
			continue
		}
		f, c, err := store.Resolve(c)
		if err != nil {
			continue
		}
		if f.Part == store.PartUID || isIdentifier(f, c) {
			return true
		}
	}
	return false
}

// conjuncts are the parts that must all hold.
func conjuncts(e query.Expr, into []query.Expr) []query.Expr {
	switch e := e.(type) {
	case nil:
		return into
	case *query.And:
		for _, part := range e.Parts {
			into = conjuncts(part, into)
		}
		return into
	}
	return append(into, e)
}

// option finds indexes that lead to every account that satisfies the expression.
func (p *plan) option(fields []*field, e query.Expr) (*option, bool) {
	switch e := e.(type) {
	case *query.Comparison:
		l, ok := store.LookupOf(e)
		if !ok || len(l.Ranges) > lookupRanges {
			return nil, false
		}
		f := find(fields, l.Index)
		if f == nil {
			p.miss(l.Index)
			return nil, false
		}
		ranges := l.Ranges
		if f.flags&store.IndexOverflow != 0 {
			ranges = append(slices.Clip(ranges), store.OverflowKey)
		}
		return &option{parts: []ranged{{f, ranges}}, exact: f.exact(&l)}, true
	case *query.And:
		for _, part := range e.Parts {
			if o, ok := p.option(fields, part); ok {
				o.exact = o.exact && len(e.Parts) == 1
				return o, true
			}
		}
	case *query.Or:
		union, every := &option{exact: true}, true
		for _, part := range e.Parts {
			o, ok := p.option(fields, part)
			if every = every && ok; every {
				union.parts = append(union.parts, o.parts...)
				union.exact = union.exact && o.exact
			}
		}
		return union, every && len(union.parts) > 0 && len(union.parts) <= lookupRanges
	}
	return nil, false
}

// miss notes an index that would have helped.
func (p *plan) miss(ix store.Index) {
	if !slices.ContainsFunc(p.missing, ix.Same) {
		p.missing = append(p.missing, ix)
	}
}

// wanted are the indexes that the search could use.
func (p *plan) wanted(q store.Search) []store.Index {
	all := &plan{}
	for _, e := range conjuncts(q.Where, nil) {
		all.want(e)
	}
	if len(q.Order) == 1 {
		if ix, ok := store.OrderIndex(q.Order[0]); ok {
			all.miss(ix)
		}
	}
	return all.missing
}

func (p *plan) want(e query.Expr) {
	_ = query.Walk(e, func(c *query.Comparison) bool {
		if l, ok := store.LookupOf(c); ok {
			p.miss(l.Index)
		}
		return true
	})
}

func find(fields []*field, ix store.Index) *field {
	for _, f := range fields {
		if f.ready() && f.index.Same(ix) {
			return f
		}
	}
	return nil
}

// probe counts the option's index rows, and takes out of it the ranges that have none.
func (p *plan) probe(c *conn, o *option) error {
	const text = `SELECT count(*) FROM (SELECT 1 FROM search_keys WHERE field = ?1 AND key >= ?2 AND key < ?3 LIMIT ?4 + 0)`
	var parts []ranged
	for _, at := range o.parts {
		var kept []store.KeyRange
		for _, r := range at.ranges {
			var rows int64
			err := get(c.Conn, text, func(b *binder) {
				b.int(at.field.id)
				b.stmt.BindBytes(b.next(), r.From)
				b.stmt.BindBytes(b.next(), r.To)
				// Whether there is any row at all is always worth knowing.
				b.int(max(1, probeRows-o.rows))
			}, func(r *row) error { rows = r.int(); return nil })
			if err != nil {
				return err
			}
			if rows == 0 {
				continue
			}
			o.rows = min(o.rows+rows, probeRows)
			kept = append(kept, r)
		}
		if kept != nil {
			parts = append(parts, ranged{at.field, kept})
		}
	}
	o.parts = parts
	return nil
}

// within compiles the table and the condition for the accounts of an option; nil: for all of the group. inOrder tells that
// the order of an index of the table is wanted.
func (p *plan) within(o *option, inOrder bool) string {
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
func (p *plan) accounts(o *option, union string) string {
	var texts []string
	for _, at := range o.parts {
		id := p.arg(at.field.id)
		for _, r := range at.ranges {
			texts = append(texts, "SELECT account FROM search_keys WHERE field = "+id+" AND "+p.inRange(r))
		}
	}
	if len(texts) == 0 {
		return "SELECT NULL WHERE 0"
	}
	return strings.Join(texts, union)
}

func (p *plan) inRange(r store.KeyRange) string {
	if r.Point() {
		return "key = " + p.arg(r.From)
	}
	return "key >= " + p.arg(r.From) + " AND key < " + p.arg(r.To)
}

// countText counts the accounts of an option. One with several rows counts once.
func (p *plan) countText(o *option) string {
	if at, ok := o.single(); ok && (at.ranges[0].Point() || at.field.flags&store.IndexMulti == 0) {
		return "SELECT count(*) FROM search_keys WHERE field = " + p.arg(at.field.id) + " AND " + p.inRange(at.ranges[0])
	}
	return "SELECT count(*) FROM (" + p.accounts(o, " UNION ") + ")"
}
