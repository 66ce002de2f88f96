package sqlite

import "github.com/doorward/doorward/internal/store"

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

// pieces returns the statements, but for their ends, whose rows one after the other are the page in its order.
func (p *plan) pieces(q store.Search) (texts []string) {
	for _, w := range p.Stream.Walks(q.After) {
		texts = append(texts, p.walk(w))
	}
	return texts
}

// walk selects from the stream's index those accounts of the walk that satisfy the condition.
func (p *plan) walk(w store.IndexWalk) string {
	rows := " WHERE field = " + p.arg(p.Stream.Record.ID)
	if w.First {
		rows += " AND first = 1"
	}
	order := " ORDER BY key, owner"
	switch {
	case w.In.Point():
		rows += " AND " + p.inRange(w.In)
		if w.Key != nil {
			rows += " AND owner > " + p.arg(w.UID)
		}
		order = " ORDER BY owner"
	case w.Key != nil:
		// Instead of the lower bound: the engine begins at one of two, and it would be the other.
		rows += " AND (key, owner) > (" + p.arg(w.Key) + ", " + p.arg(w.UID) + ") AND key < " + p.arg(w.In.To)
	case w.Desc:
		rows += " AND " + p.inRange(w.In)
		order = " ORDER BY key DESC, owner"
	default:
		rows += " AND " + p.inRange(w.In)
	}
	if p.holds == "" || p.Covered() {
		return "SELECT account FROM search_keys" + rows + order
	}
	return "SELECT account FROM search_keys CROSS JOIN accounts ON id = account" + rows + " AND " + p.holds + order
}
