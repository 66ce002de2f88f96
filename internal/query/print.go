package query

import (
	"strconv"
	"strings"
)

// String writes the query so that [Parse] reads the same tree again: keywords in capitals, one blank between words,
// brackets only where they are needed, fields quoted only where they must be.
func (q *Query) String() string {
	b := append([]byte(nil), "SELECT "...)
	for i, item := range q.Select {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = item.append(b)
	}
	b = append(b, " FROM "...)
	b = appendSource(b, q.From)
	if q.Counters {
		b = append(b, " WITH counters"...)
	}
	if q.Where != nil {
		b = append(b, " WHERE "...)
		b = appendExpr(b, q.Where)
	}
	if q.Filter != nil {
		b = append(b, " FILTER "...)
		b = appendPath(b, q.Filter.Path)
		b = append(b, " BY "...)
		b = appendExpr(b, q.Filter.Keep)
	}
	for i, g := range q.Group {
		if i == 0 {
			b = append(b, " GROUP BY "...)
		} else {
			b = append(b, ", "...)
		}
		b = appendPath(b, g.Path)
	}
	for i, o := range q.Order {
		if i == 0 {
			b = append(b, " ORDER BY "...)
		} else {
			b = append(b, ", "...)
		}
		b = appendPath(b, o.Path)
		if o.Desc {
			b = append(b, " DESC"...)
		}
	}
	if q.Start > 0 {
		b = append(b, " START "...)
		b = strconv.AppendInt(b, int64(q.Start), 10)
	}
	if q.HasLimit {
		b = append(b, " LIMIT "...)
		b = strconv.AppendInt(b, int64(q.Limit), 10)
	}
	return string(b)
}

func (i Item) append(b []byte) []byte {
	switch {
	case i.Star:
		return append(b, '*')
	case i.Func != 0 && len(i.Path) == 0:
		b = append(b, "count(*)"...)
	case i.Func != 0:
		b = append(append(b, i.Func.String()...), '(')
		b = append(appendPath(b, i.Path), ')')
	default:
		b = appendPath(b, i.Path)
	}
	if i.Alias != "" {
		b = append(b, " AS "...)
		b = appendName(b, i.Alias, true)
	}
	return b
}

// appendSource writes the source, which is a path whose segments were joined.
func appendSource(b []byte, from string) []byte {
	path := Path(strings.Split(from, "."))
	for _, segment := range path {
		if !isName(segment, false) {
			return appendName(b, from, true)
		}
	}
	return appendPath(b, path)
}

func appendPath(b []byte, path Path) []byte {
	for i, segment := range path {
		if i > 0 {
			b = append(b, '.')
		}
		b = appendName(b, segment, i == 0)
	}
	return b
}

// appendName writes one segment or an alias. At the first segment of a path reserved words and digits need quotes.
func appendName(b []byte, name string, first bool) []byte {
	if isName(name, first) {
		return append(b, name...)
	}
	b = append(b, '`')
	b = append(b, strings.ReplaceAll(name, "`", "``")...)
	return append(b, '`')
}

// isName tells whether the name can stand without quotes.
func isName(name string, first bool) bool {
	if name == "" || nameEnd(name, 0) != len(name) {
		return false
	}
	return !first || scan(name, 0).kind == tokWord && !isReserved(name)
}

func appendExpr(b []byte, e Expr) []byte {
	switch e := e.(type) {
	case *And:
		return appendParts(b, e.Parts, " AND ")
	case *Or:
		return appendParts(b, e.Parts, " OR ")
	case *Not:
		return appendPart(append(b, "NOT "...), e.X)
	case *Comparison:
		return e.append(b)
	}
	return b
}

func appendParts(b []byte, parts []Expr, word string) []byte {
	for i, part := range parts {
		if i > 0 {
			b = append(b, word...)
		}
		b = appendPart(b, part)
	}
	return b
}

// appendPart writes an operand: with brackets, if it is a chain itself. AND within OR would do without, but a chain that
// stands in brackets is another tree than one that does not, and brackets never mislead a reader.
func appendPart(b []byte, e Expr) []byte {
	switch e.(type) {
	case *And, *Or:
		b = appendExpr(append(b, '('), e)
		return append(b, ')')
	}
	return appendExpr(b, e)
}

func (c *Comparison) append(b []byte) []byte {
	b = appendPath(b, c.Path)
	switch c.Op {
	case IsNull:
		return append(b, " IS NULL"...)
	case Regex:
		b = append(b, " = regex("...)
		return append(Value{Kind: String, Str: c.Pattern.String()}.append(b), ')')
	case In:
		b = append(b, " IN ("...)
		for i, v := range c.Values {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = v.append(b)
		}
		return append(b, ')')
	}
	b = append(b, ' ')
	b = append(b, c.Op.String()...)
	b = append(b, ' ')
	for _, v := range c.Values {
		b = v.append(b)
	}
	return b
}

// String returns the operator as the language writes it.
func (o Op) String() string {
	switch o {
	case Equal:
		return "="
	case Less:
		return "<"
	case LessEqual:
		return "<="
	case Greater:
		return ">"
	case GreaterEqual:
		return ">="
	case In:
		return "IN"
	case Contains:
		return "CONTAINS"
	case IsNull:
		return "IS NULL"
	case Regex:
		return "regex"
	}
	return "?"
}

func (v Value) append(b []byte) []byte {
	switch v.Kind {
	case Bool:
		return strconv.AppendBool(b, v.Bool)
	case Number:
		return append(b, v.Text()...)
	case String:
		b = append(b, '\'')
		b = append(b, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v.Str)...)
		return append(b, '\'')
	}
	return append(b, "null"...)
}

// Text returns the constant as a text: a string itself, a number as it was written. It is what a number is compared as
// with a field that holds a text.
func (v Value) Text() string {
	switch v.Kind {
	case Bool:
		return strconv.FormatBool(v.Bool)
	case Number:
		if v.Str == "" {
			return v.Num
		}
	case Null:
		return ""
	}
	return v.Str
}
