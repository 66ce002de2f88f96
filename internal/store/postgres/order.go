package postgres

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// sortKey is one element of the order.
type sortKey struct {
	field store.Field
	order query.Order
	// expr is NULL where the account has no value, unless total says that each has one. It is empty for what is in a document,
	// which is ordered here.
	expr  fragment
	total bool
}

func (p *plan) sortKey(o query.Order) (sortKey, error) {
	field, err := store.SortField(o)
	if err != nil {
		return sortKey{}, err
	}
	key := sortKey{field: field, order: o}
	if kind := field.Part.Kind(); kind != store.KindDocument && kind != store.KindNumber {
		key.expr, key.total = p.scalar(field.Part)
	}
	return key, nil
}

// constantKey tells whether the key is the same for every account.
func (k sortKey) constantKey() bool { return k.field.Part.Kind() == store.KindNumber }

// native tells whether the server can order the accounts.
func (p *plan) native() bool {
	return !slices.ContainsFunc(p.keys, func(k sortKey) bool { return k.field.Part.Kind() == store.KindDocument })
}

// indexed tells whether an index gives the accounts in the order, or nearly so.
func (p *plan) indexed() bool {
	if !p.native() {
		return false
	}
	for _, k := range p.keys {
		if k.constantKey() {
			continue
		}
		switch k.field.Part {
		case store.PartUID, store.PartCreated, store.PartLastUpdated:
			return true
		}
		return false
	}
	return true
}

// orderBy returns the ORDER BY clause of a native order: the keys with NULL last in both directions, then the UID.
func (p *plan) orderBy() fragment {
	all := fragment{sql: " ORDER BY "}
	for _, k := range p.keys {
		if k.constantKey() {
			continue
		}
		all.sql += k.expr.sql
		all.args = append(all.args, k.expr.args...)
		switch {
		case k.order.Desc && k.total:
			all.sql += " DESC"
		case k.order.Desc:
			all.sql += " DESC NULLS LAST"
		}
		all.sql += ", "
	}
	all.sql += "uid"
	return all
}

// position compiles "behind this account" in a native order: some key is further on while those before it are equal, or
// all are equal and the UID is further on.
func (p *plan) position(at *store.Position) fragment {
	var alternatives, equal, bound fragment
	for i, k := range p.keys {
		if k.constantKey() {
			continue
		}
		var v query.Value
		if i < len(at.Sort) {
			v = at.Sort[i]
		}
		if v.Kind == query.Null {
			// Nothing is behind an absent value but what is equal in it.
			equal = equal.join(" AND ", fragment{k.expr.sql + " IS NULL", k.expr.args})
			continue
		}
		further := k.against(" > ", v)
		if k.order.Desc {
			further = k.against(" < ", v)
		}
		if !k.total {
			further = further.join(" OR ", fragment{k.expr.sql + " IS NULL", k.expr.args})
		} else if equal.sql == "" {
			// Said again for the first key, in a form that lets an index begin at the position.
			bound = k.against(" >= ", v)
			if k.order.Desc {
				bound = k.against(" <= ", v)
			}
		}
		alternatives = alternatives.join(" OR ", equal.join(" AND ", further))
		equal = equal.join(" AND ", k.against(" = ", v))
	}
	last := equal.join(" AND ", fragment{"uid > ?", []any{text(at.UID)}})
	return bound.join(" AND ", alternatives.join(" OR ", last))
}

// against compares the key with a value that an account has there.
func (k sortKey) against(operator string, v query.Value) fragment {
	return fragment{k.expr.sql + operator + "?", append(slices.Clip(k.expr.args), k.constant(v))}
}

// constant returns the value as the expression of the key has it.
func (k sortKey) constant(v query.Value) any {
	switch k.field.Part.Kind() {
	case store.KindText:
		return text(v.Text())
	case store.KindFlag:
		return v.Bool
	}
	// A position holds what SortValue gave, which is an integer.
	n, _ := strconv.ParseInt(v.Num, 10, 64)
	return n
}

// place returns where the account is in the order.
func (p *plan) place(a *store.Account) store.Position {
	at := store.Position{UID: a.UID, Sort: make([]query.Value, len(p.keys))}
	for i, k := range p.keys {
		at.Sort[i] = k.field.SortValue(a, p.now)
	}
	return at
}

// compare orders two places.
func (p *plan) compare(a, b store.Position) int {
	for i, k := range p.keys {
		var x, y query.Value
		if i < len(a.Sort) {
			x = a.Sort[i]
		}
		if i < len(b.Sort) {
			y = b.Sort[i]
		}
		if n := k.order.Compare(x, y); n != 0 {
			return n
		}
	}
	return cmp.Compare(a.UID, b.UID)
}

// keyColumns are the columns that place looks at.
func (p *plan) keyColumns() []string {
	var all []string
	for _, k := range p.keys {
		all = append(all, column(k.field.Part))
	}
	return all
}

// first keeps the places that come first, as many as it has room for: a heap with the last of them on top.
type first struct {
	plan   *plan
	room   int
	places []store.Position
}

func (f *first) add(at store.Position) {
	switch {
	case f.room <= 0:
	case len(f.places) < f.room:
		// The texts in it are pieces of documents that nothing else needs.
		f.places = append(f.places, detach(at))
		for i := len(f.places) - 1; i > 0; {
			above := (i - 1) / 2
			if f.plan.compare(f.places[i], f.places[above]) <= 0 {
				break
			}
			f.places[i], f.places[above] = f.places[above], f.places[i]
			i = above
		}
	case f.plan.compare(at, f.places[0]) < 0:
		f.places[0] = detach(at)
		f.sink()
	}
}

// sink moves the top to where it belongs.
func (f *first) sink() {
	for i := 0; ; {
		last := i
		for below := 2*i + 1; below <= 2*i+2 && below < len(f.places); below++ {
			if f.plan.compare(f.places[below], f.places[last]) > 0 {
				last = below
			}
		}
		if last == i {
			return
		}
		f.places[i], f.places[last] = f.places[last], f.places[i]
		i = last
	}
}

// uids returns the UIDs of the places in order, without so many at the start.
func (f *first) uids(skip int) []string {
	slices.SortFunc(f.places, f.plan.compare)
	var all []string
	for _, at := range f.places[min(skip, len(f.places)):] {
		all = append(all, at.UID)
	}
	return all
}

func detach(at store.Position) store.Position {
	at.UID = strings.Clone(at.UID)
	for i := range at.Sort {
		at.Sort[i].Str, at.Sort[i].Num = strings.Clone(at.Sort[i].Str), strings.Clone(at.Sort[i].Num)
	}
	return at
}
