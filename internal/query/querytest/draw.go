package querytest

import (
	"encoding/json"
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// Types are the schema's types of the fields that [Document] fills beside those of no type, within the object around it.
var Types = map[string]string{"when": "date", "num": "long", "word": "basic-string"}

// The names and values are few, so that conditions find something.
var (
	texts     = []string{"", "a", "b", "A", "blue car", "Blue", "7", "01", "zoë", "2014-01-31", "dark_blue-1"}
	numbers   = []string{"0", "7", "-1", "1.5", "7.0", "9007199254740993", "1e3", "0.1"}
	instants  = []string{"2014-01-31", "2014-01-31T01:00:00+02:00", "2014-01-30T23:00:00Z", "2020-02-29T00:00:00.5Z", "1969-12-31"}
	names     = []string{"a", "b", "c"}
	relations = []string{"=", "!=", "<", "<=", ">", ">=", "<>"}
	patterns  = []string{".*", "[ab]", "(a|b).*", "[^0-9]+", "blue.?car", "0?7|01", "..."}
)

func leaf() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Map(rapid.SampledFrom(texts), func(s string) any { return s }),
		rapid.Map(rapid.SampledFrom(numbers), func(s string) any { return json.Number(s) }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just[any](nil))
}

func value(depth int) *rapid.Generator[any] {
	if depth == 0 {
		return leaf()
	}
	return rapid.OneOf(leaf(), leaf(),
		rapid.Map(rapid.SliceOfN(value(depth-1), 0, 3), func(list []any) any { return list }),
		rapid.Map(rapid.MapOfN(rapid.SampledFrom(names), value(depth-1), 0, 3), func(m map[string]any) any { return m }))
}

// Document draws an object with the members a, b and c of any kind, a list of objects, and members of the types of [Types].
func Document(rt *rapid.T, label string) json.RawMessage {
	doc := rapid.MapOfN(rapid.SampledFrom(names), value(2), 0, 3).Draw(rt, label)
	set := func(name string, draw func() any) {
		if rapid.Bool().Draw(rt, "has "+name) {
			doc[name] = draw()
		}
	}
	set("when", func() any { return rapid.SampledFrom(instants).Draw(rt, "when") })
	set("num", func() any {
		return json.Number(rapid.SampledFrom([]string{"0", "7", "-3", "12", "9007199254740993"}).Draw(rt, "num"))
	})
	set("word", func() any { return rapid.SampledFrom(texts).Draw(rt, "word") })
	set("list", func() any {
		return rapid.SliceOfN(rapid.MapOfN(rapid.SampledFrom(names), leaf(), 0, 3), 0, 3).Draw(rt, "list")
	})
	text, err := json.Marshal(doc)
	if err != nil {
		rt.Fatal(err)
	}
	return text
}

// Names are what random queries may speak of.
type Names struct {
	// Source is what stands behind FROM.
	Source string
	// Documents are the paths of objects that [Document] drew; the first has the fields of [Types].
	Documents []string
	// Times are fields that hold milliseconds, Flags booleans that every row has, Key is the one that tells rows apart, with
	// some of its values.
	Times, Flags []string
	Key          string
	Keys         []string
}

func pick(rt *rapid.T, from []string, label string) string {
	return rapid.SampledFrom(from).Draw(rt, label)
}

// Rows draws a query for rows, without START and LIMIT.
func (n Names) Rows(rt *rapid.T) string {
	items := []string{n.Key}
	for i := range rapid.IntRange(0, 3).Draw(rt, "items") {
		item := n.path(rt)
		switch rapid.IntRange(0, 4).Draw(rt, "item") {
		case 0:
			item = "*"
		case 1:
			// No two fields have one name: which of them would stay is not said.
			item += fmt.Sprintf(pick(rt, []string{" AS z%d", " z%d", " AS `a %d`"}, "alias"), i)
		}
		items = append(items, item)
	}
	text := "SELECT " + strings.Join(items, ", ") + " FROM " + n.Source + n.where(rt)
	if rapid.IntRange(0, 3).Draw(rt, "filter") == 0 {
		list := n.Documents[0] + ".list"
		text += fmt.Sprintf(" FILTER %s BY %s.%s %s", list, list, pick(rt, names, "member"), n.untyped(rt))
	}
	return text + n.order(rt)
}

// Numbers draws a query with aggregates, with or without groups.
func (n Names) Numbers(rt *rapid.T) string {
	field := n.Documents[0] + "." + pick(rt, []string{"num", "a", "b", "list.a", "missing"}, "field")
	if rapid.IntRange(0, 3).Draw(rt, "of times") == 0 {
		field = pick(rt, n.Times, "time")
	}
	items := []string{"count(*)"}
	for range rapid.IntRange(0, 4).Draw(rt, "aggregates") {
		items = append(items, pick(rt, []string{"count", "sum", "min", "max", "avg", "sum_of_squares", "variance", "std"}, "function")+"("+field+")")
	}
	groups := []string{}
	for range rapid.IntRange(0, 2).Draw(rt, "groups") {
		d := n.Documents[0]
		path := pick(rt, []string{d + ".a", d + ".num", d + ".when", d + ".list.b", n.Times[0], n.Flags[0]}, "group")
		groups = append(groups, path)
		if rapid.Bool().Draw(rt, "shown") {
			items = append(items, path)
		}
	}
	if len(groups) == 0 {
		return "SELECT " + strings.Join(items, ", ") + " FROM " + n.Source + n.where(rt)
	}
	text := "SELECT " + strings.Join(items, ", ") + " FROM " + n.Source + n.where(rt) + " GROUP BY " + strings.Join(groups, ", ")
	if rapid.Bool().Draw(rt, "ordered") {
		text += " ORDER BY " + pick(rt, groups, "by") + pick(rt, []string{"", " DESC"}, "direction")
	}
	return text
}

func (n Names) path(rt *rapid.T) string {
	d := pick(rt, n.Documents, "document")
	return d + "." + strings.Join(rapid.SliceOfN(rapid.SampledFrom(append([]string{"list"}, names...)), 1, 3).Draw(rt, "way"), ".")
}

func (n Names) order(rt *rapid.T) string {
	paths := append([]string{n.Key, n.Documents[0] + ".when", n.Documents[0] + ".num", n.Documents[0] + ".list.a", n.Flags[0], n.Documents[0] + ".a"}, n.Times...)
	keys := []string{}
	for range rapid.IntRange(0, 3).Draw(rt, "keys") {
		keys = append(keys, pick(rt, paths, "key")+pick(rt, []string{"", " ASC", " DESC"}, "direction"))
	}
	if len(keys) == 0 {
		return ""
	}
	return " ORDER BY " + strings.Join(keys, ", ")
}

func (n Names) where(rt *rapid.T) string {
	if rapid.IntRange(0, 4).Draw(rt, "where") == 0 {
		return ""
	}
	return " WHERE " + n.condition(rt, 3)
}

func (n Names) condition(rt *rapid.T, depth int) string {
	if depth == 0 || rapid.Bool().Draw(rt, "simple") {
		return n.comparison(rt)
	}
	parts := make([]string, rapid.IntRange(1, 3).Draw(rt, "parts"))
	for i := range parts {
		parts[i] = n.condition(rt, depth-1)
	}
	return pick(rt, []string{"", "NOT ", "!"}, "not") + "(" + strings.Join(parts, pick(rt, []string{" AND ", " OR "}, "join")) + ")"
}

// comparison draws a comparison that fits the type of its field.
func (n Names) comparison(rt *rapid.T) string {
	relation := pick(rt, relations, "relation")
	typed := n.Documents[0] + "."
	switch rapid.IntRange(0, 9).Draw(rt, "kind") {
	case 0:
		return pick(rt, n.Flags, "flag") + " " + pick(rt, relations[:2], "relation") + " " + pick(rt, []string{"true", "false"}, "value")
	case 1:
		return pick(rt, n.Times, "time") + " " + relation + " " + pick(rt, []string{"1000", "1391212800000", "1.6e12", "1000.5"}, "value")
	case 2:
		return n.Key + " " + relation + " '" + pick(rt, n.Keys, "value") + "'"
	case 3:
		return typed + "when " + relation + " '" + pick(rt, instants, "value") + "'"
	case 4:
		return typed + "num " + pick(rt, []string{relation + " 7", relation + " '7'", "IN (0, '12')", "CONTAINS '7'", "IS NULL"}, "value")
	case 5:
		return typed + "word " + pick(rt, []string{relation, "CONTAINS", "NOT CONTAINS"}, "operator") + " '" + pick(rt, texts, "value") + "'"
	}
	return n.path(rt) + " " + n.untyped(rt)
}

// untyped draws what may follow a field of any type.
func (n Names) untyped(rt *rapid.T) string {
	switch rapid.IntRange(0, 5).Draw(rt, "operator") {
	case 0:
		return pick(rt, []string{"IS NULL", "IS NOT NULL"}, "null")
	case 1:
		return pick(rt, []string{"CONTAINS ", "NOT CONTAINS "}, "contains") + constant(rt)
	case 2:
		return pick(rt, []string{"IN (", "NOT IN ("}, "in") + constant(rt) + ", " + constant(rt) + ")"
	case 3:
		return pick(rt, []string{"= ", "!= ", ""}, "matches") + "regex('" + pick(rt, patterns, "pattern") + "')"
	}
	text, list := constant(rt), relations
	if text == "true" || text == "false" {
		list = relations[:2] // a boolean has no order
	}
	return pick(rt, list, "relation") + " " + text
}

func constant(rt *rapid.T) string {
	if rapid.Bool().Draw(rt, "text") {
		return `"` + pick(rt, texts, "constant") + `"`
	}
	return pick(rt, append([]string{"true", "false", "9007199254740992"}, numbers...), "constant")
}
