package store

import (
	"cmp"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/query"
)

const (
	// ProbeRows bounds how far the rows of an option are counted before a search. What has more is large: sorting it is dearer
	// than looking for a page in an order that is there already.
	ProbeRows = 8192
	// sortRows is up to how many rows are rather sorted than looked for in the order of another index.
	sortRows = 2048
	// lookupRanges bounds the ranges that a comparison is looked up by, and those of several of which one must hold: engines bound
	// the parts of a statement.
	lookupRanges = 256
)

// Choice is how a search comes by accounts through the indexes of fields. The zero Choice does not.
type Choice struct {
	// Best leads to the fewest accounts, among them all that satisfy the condition. Counts and walks begin with it.
	Best *Option
	// Whole: Best leads to nothing else.
	Whole bool
	// Narrow is Best if the page begins with it too, and sorts what it finds.
	Narrow *Option
	// Stream, if there is one, has the page in its order.
	Stream *Stream
	// Missing are the indexes that would have helped.
	Missing []Index
}

// Option is a part of the condition that indexes answer: the accounts in some of the ranges.
type Option struct {
	// Parts have ranges with rows only.
	Parts []IndexRanges
	Exact bool
	// Rows is the number of index rows, up to [ProbeRows].
	Rows int64

	// asked are the indexes that have told so, be it that there is no row.
	asked []*IndexRecord
}

// IndexRanges are key ranges of an index.
type IndexRanges struct {
	Record *IndexRecord
	Ranges []KeyRange
}

// Stream is an index that is walked through in its order, within a range.
type Stream struct {
	Record *IndexRecord
	In     KeyRange
	// ByKey: it gives the order of ORDER BY. Else the range is one key, and what is in it is in the order of the UID.
	ByKey, Desc bool
}

// Choose decides how the search comes by its accounts. inOrder tells that the driver has another index with the order of the
// search. count returns the number of rows in each range, up to a sum of about atMost, but none only where there is none.
func Choose(q Search, records []*IndexRecord, inOrder bool, count func(parts []IndexRanges, atMost int64) ([][]int64, error)) (*Choice, error) {
	c := &Choice{}
	if unique(q.Where) {
		return c, nil
	}
	all := conjuncts(q.Where, nil)
	var options []*Option
	for _, e := range all {
		if o, ok := c.option(records, e); ok {
			options = append(options, o)
		}
	}
	order := c.orderRecord(q, records)
	// Those first that promise to be few: of the others it is enough to know that they are more.
	for _, o := range slices.SortedStableFunc(slices.Values(options), func(a, b *Option) int { return cmp.Compare(a.wide(), b.wide()) }) {
		atMost := int64(ProbeRows)
		if c.Best != nil {
			atMost = min(atMost, c.Best.Rows+1)
		}
		if len(options) == 1 && !q.Total && order != nil && order.Flags&IndexMulti == 0 && len(o.Parts) == 1 && o.Parts[0].Record == order {
			// One range is walked in its order, however many rows it has.
			if err := o.probe(count, 1); err != nil {
				return nil, err
			}
			if o.only(order) {
				o.Rows = ProbeRows
				c.Best = o
				break
			}
		}
		if err := o.probe(count, atMost); err != nil {
			return nil, err
		}
		if c.Best == nil || o.Rows < c.Best.Rows {
			c.Best = o
		}
	}
	c.Whole = c.Best != nil && len(all) == 1 && c.Best.Exact
	c.arrange(q, order, options, inOrder)
	return c, nil
}

// wide is 0 for an option of single keys, and 1 for one of ranges.
func (o *Option) wide() int {
	for _, at := range o.Parts {
		for _, r := range at.Ranges {
			if !r.Point() {
				return 1
			}
		}
	}
	return 0
}

// orderRecord returns the index that has the order of the search; nil: none.
func (c *Choice) orderRecord(q Search, records []*IndexRecord) *IndexRecord {
	if len(q.Order) != 1 {
		return nil
	}
	ix, ok := OrderIndex(q.Order[0])
	if !ok {
		return nil
	}
	r := findReady(records, ix)
	switch {
	case r == nil:
		c.miss(ix)
	case r.Flags&IndexCut == 0:
		return r
	}
	return nil
}

// probe counts the rows, and takes those ranges out that have none.
func (o *Option) probe(count func(parts []IndexRanges, atMost int64) ([][]int64, error), atMost int64) error {
	rows, err := count(o.Parts, atMost)
	if err != nil {
		return err
	}
	if o.asked == nil {
		for _, at := range o.Parts {
			o.asked = append(o.asked, at.Record)
		}
	}
	o.Rows = 0
	var parts []IndexRanges
	for i, at := range o.Parts {
		var kept []KeyRange
		for j, r := range at.Ranges {
			if rows[i][j] > 0 {
				o.Rows = min(o.Rows+rows[i][j], ProbeRows)
				kept = append(kept, r)
			}
		}
		if kept != nil {
			parts = append(parts, IndexRanges{at.Record, kept})
		}
	}
	o.Parts = parts
	return nil
}

// arrange decides where the order of the page comes from.
func (c *Choice) arrange(q Search, order *IndexRecord, options []*Option, inOrder bool) {
	if len(q.Order) == 0 {
		for _, o := range options {
			if at, ok := o.Single(); ok && at.Ranges[0].Point() && (o == c.Best || c.Best.Rows > sortRows) {
				c.Stream = &Stream{Record: at.Record, In: at.Ranges[0]}
				return
			}
		}
	}
	if order != nil && (c.Best == nil || c.Best.Rows > sortRows || c.Best.only(order)) {
		c.Stream = &Stream{Record: order, In: allKeys, ByKey: true, Desc: q.Order[0].Desc}
		c.Stream.restrict(options)
		return
	}
	if c.Best != nil && (c.Best.Rows < ProbeRows || !inOrder) {
		c.Narrow = c.Best
	}
}

// restrict takes those bounds into the walk that the condition sets to the very field.
func (s *Stream) restrict(options []*Option) {
	for _, o := range options {
		if o.only(s.Record) {
			s.In = o.Parts[0].Ranges[0]
			return
		}
	}
}

// Single returns the part of an option that has one range of one index.
func (o *Option) Single() (IndexRanges, bool) {
	if len(o.Parts) != 1 || len(o.Parts[0].Ranges) != 1 {
		return IndexRanges{}, false
	}
	return o.Parts[0], true
}

// Distinct tells whether no account is in the option's rows twice.
func (o *Option) Distinct() bool {
	at, ok := o.Single()
	return ok && (at.Ranges[0].Point() || at.Record.Flags&IndexMulti == 0)
}

// only tells whether the option is one range of that index, within which a stream can be. Of an account with several keys the
// first may be beyond the range while another is within.
func (o *Option) only(r *IndexRecord) bool {
	at, ok := o.Single()
	return ok && at.Record == r && r.Flags&IndexMulti == 0
}

// Covered tells whether the stream gives all accounts that satisfy the condition and no others.
func (c *Choice) Covered() bool {
	if c.Stream == nil || !c.Whole {
		return false
	}
	at, ok := c.Best.Single()
	return ok && at.Record == c.Stream.Record && slices.Equal(at.Ranges[0].From, c.Stream.In.From) && slices.Equal(at.Ranges[0].To, c.Stream.In.To)
}

// unique tells whether a driver finds the accounts by a unique key: there are no fewer.
func unique(where query.Expr) bool {
	for _, e := range conjuncts(where, nil) {
		c, ok := e.(*query.Comparison)
		if !ok || c.Op != query.Equal && c.Op != query.In {
			continue
		}
		f, c, err := Resolve(c)
		if err != nil {
			continue
		}
		if f.Part == PartUID || IsIdentifier(f, c) {
			return true
		}
	}
	return false
}

// loginMembers are the members of loginIDs whose every value is a record of the identifiers.
var loginMembers = []string{"emails", "unverifiedEmails", "username"}

// IsIdentifier tells whether the comparison is of a login identifier with texts that identifiers can be: whoever satisfies it
// holds one of them in [LoginSpace]. Those are lower case; a constant that may have further spellings (beyond ASCII) is none.
func IsIdentifier(f Field, c *query.Comparison) bool {
	if f.Part != PartLoginIDs || len(f.Rest) != 1 || c.Op != query.Equal && c.Op != query.In {
		return false
	}
	if !slices.ContainsFunc(loginMembers, func(name string) bool { return strings.EqualFold(f.Rest[0], name) }) {
		return false
	}
	for _, v := range c.Values {
		if v.Kind != query.String || !plain(v.Str) {
			return false
		}
	}
	return true
}

// plain tells whether a text is one that normalization leaves as it is: ASCII without blanks around it, lower case already.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] == 0 {
			return false
		}
	}
	return strings.TrimSpace(s) == s
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
func (c *Choice) option(records []*IndexRecord, e query.Expr) (*Option, bool) {
	switch e := e.(type) {
	case *query.Comparison:
		l, ok := LookupOf(e)
		if !ok || len(l.Ranges) > lookupRanges {
			return nil, false
		}
		r := findReady(records, l.Index)
		if r == nil {
			c.miss(l.Index)
			return nil, false
		}
		ranges := l.Ranges
		if r.Flags&IndexOverflow != 0 {
			ranges = append(slices.Clip(ranges), OverflowKey)
		}
		return &Option{Parts: []IndexRanges{{r, ranges}}, Exact: r.exact(&l)}, true
	case *query.And:
		for _, part := range e.Parts {
			if o, ok := c.option(records, part); ok {
				o.Exact = o.Exact && len(e.Parts) == 1
				return o, true
			}
		}
	case *query.Or:
		union, every, ranges := &Option{Exact: true}, true, 0
		for _, part := range e.Parts {
			o, ok := c.option(records, part)
			if every = every && ok; every {
				union.Parts = append(union.Parts, o.Parts...)
				union.Exact = union.Exact && o.Exact
				ranges += o.ranges()
			}
		}
		return union, every && len(union.Parts) > 0 && ranges <= lookupRanges
	}
	return nil, false
}

// ranges is how many ranges the option has.
func (o *Option) ranges() (n int) {
	for _, at := range o.Parts {
		n += len(at.Ranges)
	}
	return n
}

// miss notes an index that would have helped.
func (c *Choice) miss(ix Index) {
	if !slices.ContainsFunc(c.Missing, ix.Same) {
		c.Missing = append(c.Missing, ix)
	}
}

func findReady(records []*IndexRecord, ix Index) *IndexRecord {
	for _, r := range records {
		if r.State == IndexReady && r.Index.Same(ix) {
			return r
		}
	}
	return nil
}

// WantedIndexes are the indexes that the search could use.
func WantedIndexes(q Search) []Index {
	all := &Choice{}
	for _, e := range conjuncts(q.Where, nil) {
		_ = query.Walk(e, func(c *query.Comparison) bool {
			if l, ok := LookupOf(c); ok {
				all.miss(l.Index)
			}
			return true
		})
	}
	if len(q.Order) == 1 {
		if ix, ok := OrderIndex(q.Order[0]); ok {
			all.miss(ix)
		}
	}
	return all.Missing
}

// records are the indexes that the choice uses.
func (c *Choice) records() (all []*IndexRecord) {
	if c.Stream != nil {
		all = append(all, c.Stream.Record)
	}
	if c.Best != nil {
		all = append(all, c.Best.asked...)
	}
	return all
}

// Explain says in e which indexes of fields the choice uses. decided: there is a condition beside the order.
func (c *Choice) Explain(e *Explanation, decided bool) {
	switch {
	case c.Stream != nil && c.Stream.ByKey:
		name := c.Stream.Record.Index.Path.String()
		e.Access, e.Index, e.Scan, e.Sort = "in the order of an index on "+name, name, c.Stream.open() && decided, false
		if !c.Stream.open() {
			e.Access += ", within a range"
		}
	case c.Stream != nil:
		name := c.Stream.Record.Index.Path.String()
		e.Access, e.Index, e.Scan, e.Sort = "by an index on "+name, name, false, false
	case c.Narrow != nil:
		e.Access, e.Index, e.Scan = "", "", false
		for i, at := range c.Narrow.Parts {
			name := at.Record.Index.Path.String()
			if i > 0 {
				e.Access += ", "
				e.Index += ", "
			}
			e.Access += "by an index on " + name
			e.Index += name
		}
		if len(c.Narrow.Parts) == 0 {
			e.Access = "an index says that there is none"
		}
	}
}
