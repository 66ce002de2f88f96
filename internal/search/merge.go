package search

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// part is one of the groups of accounts that the rows of a source come from.
type part struct {
	group string
	// lite: the accounts are lite ones. Their keys end in liteKey.
	lite bool
	// where is what all its rows satisfy; nil: every account of the group is a row.
	where query.Expr
	// fixed are fields, by their names in lower case, that have the same value in every row: the store is not asked about them.
	fixed map[string]query.Value
	// row appends the row of an account.
	row func(dst []byte, a *store.Account) []byte
}

// liteKey tells the key of a lite account from that of a full one, which may have the same UID. No UID holds a blank, so
// that keys are ordered as UIDs are, a full account before its namesake.
const liteKey = " lite"

// parts are a source over the full accounts of a user base, its lite ones, or both: their rows are put into one order.
// Each group is seen as it is at one moment of its own.
type parts struct {
	from  store.Searcher
	parts []part
}

// constant returns the value that every row of the part has in the field.
func (p *part) constant(path query.Path) (query.Value, bool) {
	if len(path) != 1 {
		return query.Value{}, false
	}
	v, ok := p.fixed[strings.ToLower(path[0])]
	return v, ok
}

// settle decides what can be said of every row of the part. If the condition is decided by that alone, rest is nil.
func (p *part) settle(e query.Expr) (rest query.Expr, holds, decided bool) {
	switch e := e.(type) {
	case nil:
		return nil, true, true
	case *query.And:
		left, ends := p.settleAll(e.Parts, false)
		if ends || len(left) == 0 {
			return nil, !ends, true
		}
		return &query.And{Parts: left}, false, false
	case *query.Or:
		left, ends := p.settleAll(e.Parts, true)
		if ends || len(left) == 0 {
			return nil, ends, true
		}
		return &query.Or{Parts: left}, false, false
	case *query.Not:
		rest, holds, decided = p.settle(e.X)
		if decided {
			return nil, !holds, true
		}
		return &query.Not{X: rest}, false, false
	case *query.Comparison:
		if v, ok := p.constant(e.Path); ok {
			return nil, e.MatchValue(v), true
		}
	}
	return e, false, false
}

// settleAll returns those that are not decided; ends tells that one was decided the way that decides them all.
func (p *part) settleAll(list []query.Expr, end bool) (left []query.Expr, ends bool) {
	for _, e := range list {
		rest, holds, decided := p.settle(e)
		switch {
		case !decided:
			left = append(left, rest)
		case holds == end:
			return nil, true
		}
	}
	return left, false
}

// share is a part with the condition of a query.
type share struct {
	*part
	condition query.Expr
}

// shares returns the parts that may have rows which satisfy the condition.
func (s *parts) shares(where query.Expr) []share {
	var found []share
	for i := range s.parts {
		p := &s.parts[i]
		rest, holds, decided := p.settle(where)
		switch {
		case decided && !holds:
			continue
		case rest == nil:
			rest = p.where
		case p.where != nil:
			// First what the query asks for, because it may be answered from an index.
			rest = &query.And{Parts: []query.Expr{rest, p.where}}
		}
		found = append(found, share{p, rest})
	}
	return found
}

// ordered refuses an order by a field that is no field of the accounts.
func (s *parts) ordered(order []query.Order) error {
	for _, o := range order {
		for i := range s.parts {
			if _, ok := s.parts[i].constant(o.Path); ok {
				return &query.SyntaxError{Position: o.At, Reason: o.Path.String() + " cannot be sorted by"}
			}
		}
	}
	return nil
}

// search is the store's form of a page.
func (s share) search(p Page) store.Search {
	q := store.Search{Group: s.group, Where: s.condition, Order: p.Order, Start: p.Start, Limit: p.Limit, Total: p.Total}
	if p.After != nil {
		q.After = &store.Position{Sort: p.After.Sort, UID: strings.TrimSuffix(p.After.UID, liteKey)}
	}
	return q
}

func (s share) key(uid string) string {
	if s.lite {
		return uid + liteKey
	}
	return uid
}

// Page is that of [Source].
func (s *parts) Page(ctx context.Context, p Page, each func(Row) error) (total int64, err error) {
	if err := s.ordered(p.Order); err != nil {
		return 0, err
	}
	live := s.shares(p.Where)
	if len(live) != 1 {
		return s.merge(ctx, live, p, each)
	}
	var row []byte
	return s.from.SearchAccounts(ctx, live[0].search(p), func(a *store.Account, sort []query.Value) error {
		row = live[0].row(row[:0], a)
		return each(Row{Key: live[0].key(a.UID), Sort: sort, JSON: row})
	})
}

// maxHeld bounds the bytes of the rows that are held of one part while they wait for those of another.
const maxHeld = 8 << 20

// feed hands over the rows of one part. It reads ahead, as far as the page goes or as many bytes as it may hold: two
// searches under way at once could wait for each other.
type feed struct {
	share
	from   store.Searcher
	search store.Search
	rows   []Row
	// done: the page needs no more rows than were read.
	done bool
}

// merge puts the rows of the parts into one order.
func (s *parts) merge(ctx context.Context, live []share, p Page, each func(Row) error) (total int64, err error) {
	end := p.Start + p.Limit
	order := rows{order: p.Order}
	feeds := make([]*feed, len(live))
	for i, one := range live {
		feeds[i] = &feed{share: one, from: s.from, search: one.search(p)}
		feeds[i].search.Start, feeds[i].search.Limit = 0, end
		if err := feeds[i].namesake(ctx, p, &order); err != nil {
			return 0, err
		}
		n, err := feeds[i].read(ctx)
		if err != nil {
			return 0, err
		}
		total += n
	}
	for n := range end {
		var least *feed
		for _, f := range feeds {
			if len(f.rows) > 0 && (least == nil || order.compare(&f.rows[0], &least.rows[0]) < 0) {
				least = f
			}
		}
		if least == nil {
			break
		}
		row := least.rows[0]
		if n >= p.Start {
			if err := each(row); err != nil {
				return 0, err
			}
		}
		if err := least.next(ctx); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// next goes on to the next row.
func (f *feed) next(ctx context.Context) error {
	last := f.rows[0]
	if f.rows = f.rows[1:]; len(f.rows) > 0 || f.done {
		return nil
	}
	f.search.After = &store.Position{Sort: last.Sort, UID: strings.TrimSuffix(last.Key, liteKey)}
	_, err := f.read(ctx)
	return err
}

// read reads ahead, and returns the number of all rows if it was asked for.
func (f *feed) read(ctx context.Context) (total int64, err error) {
	size, cut := 0, false
	total, err = f.from.SearchAccounts(ctx, f.search, func(a *store.Account, sort []query.Value) error {
		if cut = size > maxHeld; !cut {
			row := Row{Key: f.key(a.UID), Sort: slices.Clone(sort), JSON: f.row(nil, a)}
			f.rows, size = append(f.rows, row), size+len(row.JSON)
			return nil
		}
		if f.search.Total {
			return nil // The rows that follow are only counted.
		}
		return errEnough
	})
	if err != nil && !errors.Is(err, errEnough) {
		return 0, err
	}
	f.done, f.search.Total = !cut, false
	return total, nil
}

// namesake reads the lite account that has the UID of the full one behind which the page begins: its place is between that
// account and all that the store finds behind the UID.
func (f *feed) namesake(ctx context.Context, p Page, order *rows) error {
	if p.After == nil || !f.lite || strings.HasSuffix(p.After.UID, liteKey) {
		return nil
	}
	is := &query.Comparison{Path: query.Path{"UID"}, Op: query.Equal, Values: []query.Value{{Kind: query.String, Str: p.After.UID}}}
	s := store.Search{Group: f.group, Where: is, Order: p.Order, Limit: 1}
	if f.condition != nil {
		s.Where = &query.And{Parts: []query.Expr{is, f.condition}}
	}
	_, err := f.from.SearchAccounts(ctx, s, func(a *store.Account, sort []query.Value) error {
		if order.compare(&Row{Sort: sort}, &Row{Sort: p.After.Sort}) == 0 {
			f.rows = []Row{{Key: f.key(a.UID), Sort: slices.Clone(sort), JSON: f.row(nil, a)}}
		}
		return nil
	})
	return err
}

// Values is that of [Source].
func (s *parts) Values(ctx context.Context, where query.Expr, fields []query.Path, each func([]query.Value) error) error {
	values := make([]query.Value, len(fields))
	for _, one := range s.shares(where) {
		var asked []query.Path
		var places []int
		for i, path := range fields {
			if v, ok := one.constant(path); ok {
				values[i] = v
				continue
			}
			asked, places = append(asked, path), append(places, i)
		}
		err := s.from.AccountValues(ctx, one.group, one.condition, asked, func(found []query.Value) error {
			for i, place := range places {
				values[place] = found[i]
			}
			return each(values)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Explain is that of [Source].
func (s *parts) Explain(ctx context.Context, p Page) (store.Explanation, error) {
	if err := s.ordered(p.Order); err != nil {
		return store.Explanation{}, err
	}
	live := s.shares(p.Where)
	if len(live) == 0 {
		return store.Explanation{Access: "no account can satisfy the condition"}, nil
	}
	var all store.Explanation
	for i, one := range live {
		plan, err := s.from.ExplainSearch(ctx, one.search(p))
		if err != nil {
			return store.Explanation{}, err
		}
		if i == 0 {
			all = plan
			continue
		}
		all.Access += "; lite accounts: " + plan.Access
		all.Scan, all.Sort = all.Scan || plan.Scan, all.Sort || plan.Sort
		all.Steps = append(all.Steps, plan.Steps...)
	}
	return all, nil
}
