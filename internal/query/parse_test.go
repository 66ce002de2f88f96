package query_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/query"
)

func parse(t *testing.T, text string) *query.Query {
	t.Helper()
	q, err := query.Parse(text)
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	return q
}

func path(dotted string) query.Path { return strings.Split(dotted, ".") }

func text(s string) query.Value      { return query.Value{Kind: query.String, Str: s} }
func number(s string) query.Value    { return query.Value{Kind: query.Number, Num: s} }
func boolean(b bool) query.Value     { return query.Value{Kind: query.Bool, Bool: b} }
func not(e query.Expr) query.Expr    { return &query.Not{X: e} }
func and(e ...query.Expr) query.Expr { return &query.And{Parts: e} }
func or(e ...query.Expr) query.Expr  { return &query.Or{Parts: e} }
func is(dotted string, op query.Op, values ...query.Value) *query.Comparison {
	return &query.Comparison{Path: path(dotted), Op: op, Values: values}
}

func matches(dotted, expression string) *query.Comparison {
	pattern, err := query.NewPattern(expression)
	if err != nil {
		panic(err)
	}
	c := is(dotted, query.Regex)
	c.Pattern = pattern
	return c
}

// withoutPlaces drops what does not belong to the meaning of a tree.
var withoutPlaces = cmp.FilterPath(func(p cmp.Path) bool { return strings.HasSuffix(p.Last().String(), "At") }, cmp.Ignore())

func TestConditions(t *testing.T) {
	for _, c := range []struct {
		in   string
		want query.Expr
	}{
		{`a = 'x'`, is("a", query.Equal, text("x"))},
		{`a="x"`, is("a", query.Equal, text("x"))},
		{`a != "x"`, not(is("a", query.Equal, text("x")))},
		{`a <> 1`, not(is("a", query.Equal, number("1")))},
		{`a<1`, is("a", query.Less, number("1"))},
		{`a<=-1`, is("a", query.LessEqual, number("-1"))},
		{`a>1.50`, is("a", query.Greater, number("1.50"))},
		{`a >= 1E-3`, is("a", query.GreaterEqual, number("1E-3"))},
		{`a = 9223372036854775807`, is("a", query.Equal, number("9223372036854775807"))},
		{`a = +41791234567`, is("a", query.Equal, query.Value{Kind: query.Number, Num: "41791234567", Str: "+41791234567"})},
		{`a = 007`, is("a", query.Equal, query.Value{Kind: query.Number, Num: "7", Str: "007"})},
		{`a = -00.5`, is("a", query.Equal, query.Value{Kind: query.Number, Num: "-0.5", Str: "-00.5"})},
		{`a = regex('x.*')`, matches("a", "x.*")},
		{`a != REGEX ( "x\\.y" )`, not(matches("a", `x\.y`))},
		{`a regex('[a-c]{2,}')`, matches("a", "[a-c]{2,}")},
		{`a = 000`, is("a", query.Equal, query.Value{Kind: query.Number, Num: "0", Str: "000"})},
		{`a = True`, is("a", query.Equal, boolean(true))},
		{`a != FALSE`, not(is("a", query.Equal, boolean(false)))},
		{`a is null`, is("a", query.IsNull)},
		{`a IS NOT NULL`, not(is("a", query.IsNull))},
		{`a = null`, is("a", query.IsNull)},
		{`a != NULL`, not(is("a", query.IsNull))},
		{`a contains 'x'`, is("a", query.Contains, text("x"))},
		{`a NOT CONTAINS 7`, not(is("a", query.Contains, number("7")))},
		{`a in('x',"y" , 3,true)`, is("a", query.In, text("x"), text("y"), number("3"), boolean(true))},
		{`a NOT IN (1)`, not(is("a", query.In, number("1")))},
		{`a IN (1, null)`, or(is("a", query.In, number("1")), is("a", query.IsNull))},
		{`a NOT IN (null)`, not(is("a", query.IsNull))},
		{`a=1 or b=2 and c=3`, or(is("a", query.Equal, number("1")), and(is("b", query.Equal, number("2")), is("c", query.Equal, number("3"))))},
		{`(a=1 or b=2)and c=3`, and(or(is("a", query.Equal, number("1")), is("b", query.Equal, number("2"))), is("c", query.Equal, number("3")))},
		{`not a=1 and b=2`, and(not(is("a", query.Equal, number("1"))), is("b", query.Equal, number("2")))},
		{`!(a=1)`, not(is("a", query.Equal, number("1")))},
		{`! ! NOT a=1`, not(not(not(is("a", query.Equal, number("1")))))},
		{`((((a=1))))`, is("a", query.Equal, number("1"))},
		{`a = 'it''s'`, is("a", query.Equal, text("it's"))},
		{`a = "say ""hi"""`, is("a", query.Equal, text(`say "hi"`))},
		{`a = 'O"Neil'`, is("a", query.Equal, text(`O"Neil`))},
		{`a = "\"\'\\\n\t\u00e9\ud83d\ude00\ud83d"`, is("a", query.Equal, text("\"'\\\n\té😀\ufffd"))},
		{`a = 'x\.y\d'`, is("a", query.Equal, text(`x\.y\d`))},
		{`a = ''`, is("a", query.Equal, text(""))},
		{"a = 'x\xffy'", is("a", query.Equal, text("x\ufffdy"))},
		{`data.order = 1`, is("data.order", query.Equal, number("1"))},
		{`data.from.select.null = 1`, is("data.from.select.null", query.Equal, number("1"))},
		{`data.2021.5 = 1`, is("data.2021.5", query.Equal, number("1"))},
		{`data . a= 1`, is("data.a", query.Equal, number("1"))},
		{`data.a-b$c = 1`, is("data.a-b$c", query.Equal, number("1"))},
		{"`order`.`odd name` = 1", is("order.odd name", query.Equal, number("1"))},
		{`"from"."x" = "y"`, is("from.x", query.Equal, text("y"))},
		{`@timestamp > '2020'`, is("@timestamp", query.Greater, text("2020"))},
		{`größe.名前 = 1`, is("größe.名前", query.Equal, number("1"))},
		{`__proto__.constructor = 1`, is("__proto__.constructor", query.Equal, number("1"))},
		{`in_x = 1 and order_y = 2`, and(is("in_x", query.Equal, number("1")), is("order_y", query.Equal, number("2")))},
	} {
		t.Run(c.in, func(t *testing.T) {
			if diff := cmp.Diff(c.want, parse(t, "SELECT * FROM accounts WHERE "+c.in).Where, withoutPlaces); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClauses(t *testing.T) {
	star := []query.Item{{Star: true}}
	for _, c := range []struct {
		in   string
		want query.Query
	}{
		{"SELECT * FROM accounts", query.Query{Select: star, From: "accounts"}},
		{" \n\tselect\u00a0*\r\nFrom accounts ;\n ", query.Query{Select: star, From: "accounts"}},
		{"\ufeffselect*from accounts\u200b", query.Query{Select: star, From: "accounts"}},
		{"SELECT * FROM data.userAccounts", query.Query{Select: star, From: "data.userAccounts"}},
		{"SELECT * FROM accounts START 10 LIMIT 5", query.Query{Select: star, From: "accounts", Start: 10, Limit: 5, HasLimit: true}},
		{"SELECT * FROM accounts LIMIT 5 START 10;", query.Query{Select: star, From: "accounts", Start: 10, Limit: 5, HasLimit: true}},
		{"SELECT * FROM accounts LIMIT 0", query.Query{Select: star, From: "accounts", HasLimit: true}},
		{"SELECT * FROM accounts LIMIT 99999999999999999999999", query.Query{Select: star, From: "accounts", Limit: 1<<31 - 1, HasLimit: true}},
		{"SELECT * FROM accounts ORDER BY a, b.c DESC,d asc", query.Query{Select: star, From: "accounts",
			Order: []query.Order{{Path: path("a")}, {Path: path("b.c"), Desc: true}, {Path: path("d")}}}},
		{"SELECT count ( * ) FROM accounts", query.Query{Select: []query.Item{{Func: query.Count}}, From: "accounts"}},
		{"SELECT COUNT(*) AS n, sum( a.b ), Std(a.b) x FROM accounts", query.Query{Select: []query.Item{
			{Func: query.Count, Alias: "n"}, {Func: query.Sum, Path: path("a.b")}, {Func: query.Std, Path: path("a.b"), Alias: "x"}}, From: "accounts"}},
		{"SELECT count(*), *, a, b.c FROM accounts WITH counters WHERE a = 1 GROUP BY A, b.c ORDER BY b.c DESC START 1 LIMIT 2", query.Query{
			Select: []query.Item{{Func: query.Count}, {Star: true}, {Path: path("a")}, {Path: path("b.c")}}, From: "accounts", Counters: true,
			Where: is("a", query.Equal, number("1")), Group: []query.Column{{Path: path("A")}, {Path: path("b.c")}},
			Order: []query.Order{{Path: path("b.c"), Desc: true}}, Start: 1, Limit: 2, HasLimit: true}},
		{"SELECT * FROM accounts WHERE a = 1 FILTER b.c BY b.c.d = 2 OR b.c.e IS NULL LIMIT 1", query.Query{Select: star, From: "accounts",
			Where:  is("a", query.Equal, number("1")),
			Filter: &query.Filter{Path: path("b.c"), Keep: or(is("b.c.d", query.Equal, number("2")), is("b.c.e", query.IsNull))}, Limit: 1, HasLimit: true}},
		{"SELECT count, min FROM accounts", query.Query{Select: []query.Item{{Path: path("count")}, {Path: path("min")}}, From: "accounts"}},
		{"SELECT a AS b, c.d e, f 'g h', *, i as `j k` FROM accounts", query.Query{Select: []query.Item{
			{Path: path("a"), Alias: "b"}, {Path: path("c.d"), Alias: "e"}, {Path: path("f"), Alias: "g h"}, {Star: true}, {Path: path("i"), Alias: "j k"},
		}, From: "accounts"}},
		{"SELECT a.b.c d.e.f, g FROM accounts", query.Query{Select: []query.Item{
			{Path: path("a.b.c")}, {Path: path("d.e.f")}, {Path: path("g")}}, From: "accounts"}},
		{"SELECT a.b.c d.e.f x \"q\".r FROM accounts", query.Query{Select: []query.Item{
			{Path: path("a.b.c")}, {Path: path("d.e.f"), Alias: "x"}, {Path: path("q.r")}}, From: "accounts"}},
	} {
		t.Run(c.in, func(t *testing.T) {
			if diff := cmp.Diff(&c.want, parse(t, c.in), withoutPlaces); diff != "" {
				t.Error(diff)
			}
		})
	}
}

const all = "SELECT * FROM accounts "

var deep = strings.Repeat("(", query.MaxDepth+1)

// The queries that are refused, and what is said about each.
var refusals = []struct{ in, want string }{
	{"", "position 1: SELECT was expected"},
	{"  ", "position 3: SELECT was expected"},
	{"FROM accounts", "position 1: SELECT was expected"},
	{"SELECT", "position 7: a field was expected"},
	{"SELECT FROM accounts", "position 8: a field was expected; a field named like this keyword must be quoted: `FROM`"},
	{"SELECT a, FROM accounts", "position 11: a field was expected; a field named like this keyword must be quoted: `FROM`"},
	{"SELECT * accounts", "position 10: a comma or FROM was expected"},
	{"SELECT * a.b FROM accounts", "position 10: a comma or FROM was expected"},
	{"SELECT a b c FROM accounts", "position 12: a comma or FROM was expected"},
	{"SELECT a AS b.c FROM accounts", "position 14: an alias is one name"},
	{"SELECT a AS '' FROM accounts", "position 13: an alias must not be empty"},
	{"SELECT a. FROM accounts", "position 24: a comma or FROM was expected"},
	{"SELECT a..b FROM accounts", "position 10: a field name was expected behind the dot"},
	{"SELECT `` FROM accounts", "position 8: a field name must not be empty"},
	{"SELECT 'a' FROM accounts", "position 8: a field was expected"},
	{"SELECT 1 FROM accounts", "position 8: a field was expected"},
	{"SELECT *", "position 9: a comma or FROM was expected"},
	{"SELECT * FROM", "position 14: a field was expected"},
	{"SELECT * FROM accounts, emailAccounts", "position 23: only one source is possible"},
	{"SELECT * FROM accounts a", "position 24: the next clause or the end of the query was expected"},
	{"SELECT * FROM (SELECT * FROM accounts)", "position 15: a field was expected"},
	{all + "LIMIT 5 ORDER BY created", "position 32: ORDER BY must stand before LIMIT"},
	{"SELECT 'é", "position 8: the closing quote is missing"},
	{"SELECT ééé.ü FROM accounts LIMIT 1 WHERE a = 1", "position 36: WHERE must stand before LIMIT"},
	{all + "ORDER BY a WHERE b = 1", "position 35: WHERE must stand before ORDER BY"},
	{all + "WHERE a = 1 WHERE b = 1", "position 36: WHERE must stand only once"},
	{all + "START 1 LIMIT 2 START 3", "position 40: START must stand only once"},
	{all + "SELECT *", "position 24: SELECT must stand only once"},
	{all + "LIMIT", "position 29: a whole number was expected"},
	{all + "LIMIT -1", "position 30: a whole number was expected"},
	{all + "LIMIT 1.5", "position 30: a whole number was expected"},
	{all + "LIMIT '5'", "position 30: a whole number was expected"},
	{all + "LIMIT 5 5", "position 32: the next clause or the end of the query was expected"},
	{all + "; ;", "position 26: the next clause or the end of the query was expected"},
	{all + "ORDER a", "position 30: BY was expected"},
	{all + "ORDER BY", "position 32: a field was expected"},
	{all + "WHERE", "position 29: a field was expected"},
	{all + "WHERE a", "position 31: an operator was expected"},
	{all + "WHERE a =", "position 33: a constant was expected"},
	{all + "WHERE a == 1", "position 33: a constant was expected"},
	{all + "WHERE a = b", "position 34: a constant was expected; a text must be quoted"},
	{all + "WHERE a = `b`", "position 34: a constant was expected"},
	{all + "WHERE a < true", "position 34: < needs a number or a text"},
	{all + "WHERE a >= null", "position 35: >= needs a number or a text"},
	{all + "WHERE a CONTAINS null", "position 41: CONTAINS cannot look for null"},
	{all + "WHERE a IN ()", "position 36: a constant was expected"},
	{all + "WHERE a IN (1", "position 37: a comma or a closing bracket was expected"},
	{all + "WHERE a IN 1", "position 35: an opening bracket was expected"},
	{all + "WHERE a NOT = 1", "position 36: an operator was expected"},
	{all + "WHERE a IS 1", "position 35: NULL was expected"},
	{all + "WHERE (a = 1", "position 36: AND, OR or a closing bracket was expected"},
	{all + "WHERE a = 1)", "position 35: the next clause or the end of the query was expected"},
	{all + "WHERE a = 1 AND", "position 39: a field was expected"},
	{all + "WHERE a = 1 b = 2", "position 36: the next clause or the end of the query was expected"},
	{all + "WHERE 'a' = 1", "position 30: a field was expected"},
	{all + "WHERE a = 'x", "position 34: the closing quote is missing"},
	{all + `WHERE a = 'x\u12'`, `position 36: four hexadecimal digits were expected behind \u`},
	{all + "WHERE a = 12abc", "position 36: a number must be followed by a blank or an operator"},
	{all + "WHERE a = 1.", "position 36: a digit was expected"},
	{all + "WHERE a = 1e", "position 36: a digit was expected"},
	{all + "WHERE a = .5", "position 34: a constant was expected"},
	{all + "WHERE a = 1e999", "position 34: the number is too large"},
	{all + "WHERE a # 1", "position 32: this character is not expected"},
	{all + "WHERE a = 1 -- x", "position 36: this character is not expected"},
	{all + "WHERE a IN (SELECT b FROM c)", "position 36: sub-queries are not supported"},
	{all + "WHERE a > regex('x')", "position 34: a regular expression follows = or !="},
	{all + "WHERE a NOT regex('x')", "position 36: an operator was expected"},
	{all + "WHERE a regex 'x'", "position 38: an opening bracket was expected"},
	{all + "WHERE a = regex(x)", "position 40: a regular expression in quotes was expected"},
	{all + "WHERE a = regex('x'", "position 43: a closing bracket was expected"},
	{all + "WHERE a = regex('[0-9')", "position 40: the regular expression cannot be read: character 5: a closing ] was expected"},
	{all + "WHERE created > now()", "position 40: a constant was expected; a text must be quoted"},
	{all + "WHERE a = 1 + 1", "position 36: this character is not expected"},
	{all + "WHERE created > '2020-01-01' - 5", "position 53: this character is not expected"},
	{all + "WHERE a LIKE 'x%'", "position 32: LIKE is not supported"},
	{all + "WHERE a BETWEEN 1 AND 2", "position 32: BETWEEN is not supported"},
	{all + "WHERE lower(a) = 1", "position 30: functions are not supported in a condition"},
	{all + "GROUP a", "position 30: BY was expected"},
	{all + "GROUP BY", "position 32: a field was expected"},
	{all + "GROUP BY a,", "position 35: a field was expected"},
	{all + "GROUP BY a WHERE b = 1", "position 35: WHERE must stand before GROUP BY"},
	{all + "GROUP BY a FILTER b BY b = 1", "position 35: FILTER must stand before GROUP BY"},
	{all + "GROUP BY a ORDER BY b", "position 44: b must be in GROUP BY: groups are ordered by their fields"},
	{all + "GROUP BY a ORDER BY count(*)", "position 44: functions are not supported in ORDER BY"},
	{all + "FILTER a b = 1", "position 33: BY was expected"},
	{all + "FILTER BY b = 1", "position 31: a field was expected; a field named like this keyword must be quoted: `BY`"},
	{all + "FILTER a BY", "position 35: a field was expected"},
	{all + "WITH", "position 28: counters was expected"},
	{all + "WITH friends", "position 29: counters was expected"},
	{all + "WHERE a = 1 WITH counters", "position 36: WITH must stand before WHERE"},
	{all + "HAVING a = 1", "position 24: HAVING is not supported"},
	{all + "JOIN b", "position 24: JOIN is not supported"},
	{all + "UNION SELECT * FROM accounts", "position 24: UNION is not supported"},
	{"SELECT DISTINCT a FROM accounts", "position 8: DISTINCT is not supported"},
	{"SELECT upper(a) FROM accounts", "position 8: this function is not supported"},
	{"SELECT count() FROM accounts", "position 14: a field was expected"},
	{"SELECT sum(*) FROM accounts", "position 12: a field was expected"},
	{"SELECT count(*, a) FROM accounts", "position 15: a closing bracket was expected"},
	{"SELECT a, count(*) FROM accounts", "position 8: a field beside an aggregate needs GROUP BY"},
	{"SELECT count(*), * FROM accounts", "position 18: a field beside an aggregate needs GROUP BY"},
	{"SELECT sum(a), avg(A), min(b) FROM accounts", "position 24: all aggregates must be of one field: a was expected"},
	{"SELECT a, b, count(*) FROM accounts GROUP BY a", "position 11: b must be in GROUP BY or in an aggregate"},
	{"SELECT count(*) FROM accounts FILTER a BY a.b = 1", "position 38: FILTER cuts arrays of rows: it does not go with aggregates and GROUP BY"},
	{all + "WHERE " + deep + "a=1", fmt.Sprintf("position %d: the condition is nested more than 64 deep", 30+query.MaxDepth)},
	{all + "WHERE " + strings.Repeat("!", 1000) + "a=1", fmt.Sprintf("position %d: the condition is nested more than 64 deep", 30+query.MaxDepth)},
}

// asWritten is a source whose fields have one name each.
func asWritten(path query.Path) query.Path { return path }

func TestRefusals(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.in, func(t *testing.T) {
			q, err := query.Parse(c.in)
			if err == nil {
				err = q.Agree(asWritten)
			} else if q != nil {
				t.Errorf("a query: %v", q)
			}
			var syntax *query.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %v, %v", q, err)
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	list := func(n int, item, between string) string {
		return strings.TrimSuffix(strings.Repeat(item+between, n), between)
	}
	lists := func(n int) string { return list(n, "a IN ("+list(800, "1", ",")+")", " OR ") }
	for _, c := range []struct {
		name       string
		make       func(n int) string
		bound      int
		wantReason string
	}{
		{"fields", func(n int) string { return "SELECT " + list(n, "a", ",") + " FROM x" }, query.MaxItems, "more than 1000 fields are selected"},
		{"segments", func(n int) string { return "SELECT " + list(n, "a", ".") + " FROM x" }, query.MaxSegments, "a path has more than 64 segments"},
		{"brackets", func(n int) string {
			return "SELECT * FROM x WHERE " + strings.Repeat("(", n) + "a=1" + strings.Repeat(")", n)
		}, query.MaxDepth - 1, "the condition is nested more than 64 deep"},
		{"comparisons", func(n int) string { return "SELECT * FROM x WHERE " + list(n, "a=1", " OR ") }, query.MaxComparisons, "the condition has more than 256 comparisons"},
		{"nulls in lists", func(n int) string { return "SELECT * FROM x WHERE " + list(n, "a IN (1,null)", " OR ") }, query.MaxComparisons / 2, "the condition has more than 256 comparisons"},
		{"values of a list", func(n int) string { return "SELECT * FROM x WHERE a IN (" + list(n, "1", ",") + ")" }, query.MaxList, "IN has more than 1000 values"},
		{"constants", func(n int) string { return "SELECT * FROM x WHERE " + lists(n) }, query.MaxConstants / 800, "the condition has more than 4000 constants"},
		{"words", func(n int) string { return "SELECT * FROM x WHERE a CONTAINS '" + list(n, "a", " ") + "'" }, query.MaxWords, "CONTAINS looks for more than 100 words"},
		{"group fields", func(n int) string { return "SELECT * FROM x GROUP BY " + list(n, "a", ",") }, query.MaxGroup, "GROUP BY has more than 16 fields"},
		{"pattern", func(n int) string { return "SELECT * FROM x WHERE a = regex('" + strings.Repeat("a", n) + "')" }, query.MaxPattern, "the regular expression is longer than 1024 bytes"},
		{"sort fields", func(n int) string { return "SELECT * FROM x ORDER BY " + list(n, "a", ",") }, query.MaxOrders, "ORDER BY has more than 16 fields"},
		{"digits", func(n int) string { return "SELECT * FROM x WHERE a=" + strings.Repeat("1", n) }, query.MaxNumber, "a number has more than 100 characters"},
		{"bytes", func(n int) string { return "SELECT * FROM x" + strings.Repeat(" ", n-15) }, query.MaxLength, "the query is longer than 65536 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := query.Parse(c.make(c.bound)); err != nil {
				t.Errorf("at the bound: %v", err)
			}
			_, err := query.Parse(c.make(c.bound + 1))
			var syntax *query.SyntaxError
			if !errors.As(err, &syntax) || syntax.Reason != c.wantReason {
				t.Errorf("above the bound: %v, want %s", err, c.wantReason)
			}
		})
	}
}

func TestPositionsOfComparisons(t *testing.T) {
	q := parse(t, "SELECT é FROM accounts WHERE ü = 'ö' AND NOT (b = 1 OR c IN (1, null))")
	var at []int
	query.Eval(q.Where, func(_ query.Path, c *query.Comparison) bool { at = append(at, c.At); return len(at) == 1 })
	if diff := cmp.Diff([]int{30, 47, 56, 56}, at); diff != "" {
		t.Error(diff)
	}
}
