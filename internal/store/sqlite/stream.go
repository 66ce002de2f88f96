package sqlite

import (
	"bytes"
	"fmt"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// streamed returns the row numbers of the page from the index that has its order.
func (p *plan) streamed(c *conn, q store.Search) ([]int64, error) {
	skip := max(q.Start, 0)
	var ids []int64
	for _, text := range p.pieces(q) {
		rest := p.arg(int64(skip + q.Limit - len(ids)))
		more, err := p.rows(c, text+cut(rest, "0"))
		if err != nil {
			return nil, err
		}
		if ids = append(ids, more...); len(ids) >= skip+q.Limit {
			break
		}
	}
	return ids[min(skip, len(ids)):], nil
}

// pieces returns the statements, but for their ends, whose rows one after the other are the page in its order. The index
// itself goes from the least key to the greatest, absent values being the greatest, and within a key by the UID: what
// descends is taken key by key from above, with the absent values behind.
func (p *plan) pieces(q store.Search) []string {
	s := p.stream
	if !s.byKey {
		text := p.walk(p.inRange(s.in))
		if q.After != nil {
			text += " AND owner > " + p.arg(q.After.UID)
		}
		return []string{text + " ORDER BY owner"}
	}
	var at []byte
	if q.After != nil {
		var v query.Value
		if len(q.After.Sort) > 0 {
			v = q.After.Sort[0]
		}
		at = query.AppendSortKey(nil, v)
	}
	if s.desc {
		return p.descending(at, q.After)
	}
	bounds := p.inRange(s.in)
	switch {
	case at == nil || bytes.Compare(at, s.in.From) < 0:
	case s.in.Point():
		bounds += " AND owner > " + p.arg(q.After.UID)
	default:
		// Instead of the lower bound: the engine begins at one of two, and it would be the other.
		bounds = "(key, owner) > (" + p.arg(at) + ", " + p.arg(q.After.UID) + ") AND key < " + p.arg(s.in.To)
	}
	return []string{p.walk("first = 1 AND "+bounds) + " ORDER BY key, owner"}
}

// descending returns what is left of the key of the position, the keys below it, and the absent values.
func (p *plan) descending(at []byte, after *store.Position) (texts []string) {
	absent := store.NullKey.From
	from, to := p.stream.in.From, p.stream.in.To
	if at != nil {
		texts = append(texts, p.walk("first = 1 AND key = "+p.arg(at)+" AND owner > "+p.arg(after.UID))+" ORDER BY owner")
		to = least(to, at)
	}
	if !bytes.Equal(at, absent) {
		below := "first = 1 AND key >= " + p.arg(from) + " AND key < " + p.arg(least(to, absent))
		texts = append(texts, p.walk(below)+" ORDER BY key DESC, owner")
		if bytes.Compare(absent, p.stream.in.To) < 0 {
			texts = append(texts, p.walk("first = 1 AND key = "+p.arg(absent))+" ORDER BY owner")
		}
	}
	return texts
}

func least(a, b []byte) []byte {
	if bytes.Compare(a, b) < 0 {
		return a
	}
	return b
}

// walk selects from the stream's index, within what the text says of its rows, the accounts that satisfy the condition.
func (p *plan) walk(within string) string {
	rows := " WHERE field = " + p.arg(p.stream.field.id) + " AND " + within
	if p.holds == "" || p.whole && p.stream.covers(p.best) {
		return "SELECT account FROM search_keys" + rows
	}
	return "SELECT account FROM search_keys CROSS JOIN accounts ON id = account" + rows + " AND " + p.holds
}

// covers tells whether the stream gives the accounts of the option and no others.
func (s *stream) covers(o *option) bool {
	at, ok := o.single()
	return ok && at.field == s.field && bytes.Equal(at.ranges[0].From, s.in.From) && bytes.Equal(at.ranges[0].To, s.in.To)
}

// allKeys are the keys that accounts are ordered by.
var allKeys = store.KeyRange{From: []byte{0}, To: store.OverflowKey.From}

// open tells whether the stream walks through the whole index.
func (s *stream) open() bool { return bytes.Equal(s.in.From, allKeys.From) }

// explain says which indexes of fields the plan uses.
func (p *plan) explain(e *store.Explanation) {
	switch {
	case p.stream != nil && p.stream.byKey:
		name := p.stream.field.index.Path.String()
		e.Access, e.Index, e.Scan, e.Sort = "in the order of an index on "+name, name, p.stream.open() && p.holds != "", false
		if !p.stream.open() {
			e.Access += ", within a range"
		}
	case p.stream != nil:
		name := p.stream.field.index.Path.String()
		e.Access, e.Index, e.Scan, e.Sort = "by an index on "+name, name, false, false
	case p.narrow != nil:
		e.Access, e.Scan = "", false
		for i, at := range p.narrow.parts {
			name := at.field.index.Path.String()
			if i > 0 {
				e.Access += ", "
				e.Index += ", "
			} else {
				e.Index = ""
			}
			e.Access += fmt.Sprintf("by an index on %s", name)
			e.Index += name
		}
		if len(p.narrow.parts) == 0 {
			e.Access = "an index says that there is none"
		}
	}
}
