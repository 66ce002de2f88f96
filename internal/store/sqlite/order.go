package sqlite

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

func (p *plan) sortKey(o query.Order) (sortKey, error) {
	field, err := store.SortField(o)
	if err != nil {
		return sortKey{}, err
	}
	key := sortKey{field: field, desc: o.Desc}
	if field.Part.Kind() != store.KindDocument {
		key.expr, key.total = scalar(field.Part)
		return key, nil
	}
	p.sorters = append(p.sorters, func(doc []byte) []byte {
		v := field.SortDocument(doc, p.now)
		if v.Kind == query.Null {
			return nil
		}
		return query.AppendSortKey(nil, v)
	})
	key.expr = fmt.Sprintf("%s(%d, %s)", functionKey, len(p.sorters)-1, column(field.Part))
	return key, nil
}

// orderBy returns the ORDER BY clause: the keys with NULL last in both directions, then the UID.
func (p *plan) orderBy() string {
	var b strings.Builder
	for _, key := range p.keys {
		b.WriteString(key.expr)
		if key.desc {
			// The engine takes NULL for the least of all: it is last by itself.
			b.WriteString(" DESC, ")
			continue
		}
		if !key.total {
			// Not written where there is no NULL, because an index is not used with it.
			b.WriteString(" ASC NULLS LAST, ")
			continue
		}
		b.WriteString(" ASC, ")
	}
	b.WriteString("uid")
	return b.String()
}

// position compiles "behind this account": some key is further on while those before it are equal, or all are equal and
// the UID is further on.
func (p *plan) position(at *store.Position) string {
	var alternatives []string
	equal := ""
	for i, key := range p.keys {
		var v query.Value
		if i < len(at.Sort) {
			v = at.Sort[i]
		}
		if v.Kind == query.Null {
			// Nothing is behind an absent value but what is equal in it.
			equal += key.expr + " IS NULL AND "
			continue
		}
		param := p.arg(keyConstant(key, v))
		further := key.expr + " > " + param
		if key.desc {
			further = key.expr + " < " + param
		}
		if !key.total {
			further = "(" + further + " OR " + key.expr + " IS NULL)"
		}
		alternatives = append(alternatives, equal+further)
		equal += key.expr + " = " + param + " AND "
	}
	alternatives = append(alternatives, equal+"uid > "+p.arg(at.UID))
	return p.firstBound(at) + "(" + strings.Join(alternatives, " OR ") + ")"
}

// firstBound says again what the alternatives imply for the first key, in a form that lets an index begin at the position.
func (p *plan) firstBound(at *store.Position) string {
	if len(p.keys) == 0 || !p.keys[0].total || len(at.Sort) == 0 || at.Sort[0].Kind == query.Null {
		return ""
	}
	key := p.keys[0]
	operator := " >= "
	if key.desc {
		operator = " <= "
	}
	return key.expr + operator + p.arg(keyConstant(key, at.Sort[0])) + " AND "
}

// keyConstant returns the value as the expression of the key has it.
func keyConstant(key sortKey, v query.Value) any {
	switch key.field.Part.Kind() {
	case store.KindText:
		return v.Text()
	case store.KindFlag:
		if v.Bool {
			return int64(1)
		}
		return int64(0)
	case store.KindTime, store.KindNumber:
		// A position holds what SortValue gave, which is an integer.
		n, _ := strconv.ParseInt(v.Num, 10, 64)
		return n
	}
	return query.AppendSortKey(nil, v)
}
