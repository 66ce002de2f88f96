package querytest

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/doorward/doorward/internal/query"
)

// holds tells whether the condition holds for the row. The paths of its comparisons begin with prefix, which the row is below.
func (t Table) holds(row any, e query.Expr, prefix query.Path) bool {
	switch e := e.(type) {
	case *query.And:
		for _, part := range e.Parts {
			if !t.holds(row, part, prefix) {
				return false
			}
		}
		return true
	case *query.Or:
		for _, part := range e.Parts {
			if t.holds(row, part, prefix) {
				return true
			}
		}
		return false
	case *query.Not:
		return !t.holds(row, e.X, prefix)
	case *query.Comparison:
		return t.compare(row, e, prefix)
	}
	return true
}

func (t Table) compare(row any, c *query.Comparison, prefix query.Path) bool {
	kind := t.typeOf(c.Path)
	ends := reach(row, c.Path[len(prefix):])
	if c.Op == query.IsNull {
		for _, v := range ends {
			if v != nil {
				return false
			}
		}
		return true
	}
	if c.Op == query.Contains {
		return contains(ends, c.Values[0], kind == "basic-string" || c.As == query.AsWhole, kind == "long")
	}
	for _, v := range scalars(ends) {
		if kind == "date" || c.As == query.AsTime {
			v = instant(v)
		}
		if c.Op == query.Regex {
			if text, ok := v.(string); ok && c.Pattern.Match(text) {
				return true
			}
			continue
		}
		for _, constant := range c.Values {
			if kind == "date" && constant.Kind == query.String {
				constant = query.Value{Kind: query.Number, Num: string(instant(constant.Str).(json.Number))}
			}
			if relation(v, c.Op, constant) {
				return true
			}
		}
	}
	return false
}

// contains is CONTAINS: an element of an array that is equal to the constant, or a text that has its words.
func contains(ends []any, constant query.Value, whole, number bool) bool {
	if number && constant.Kind == query.String {
		constant = query.Value{Kind: query.Number, Num: constant.Str}
	}
	for _, end := range ends {
		if text, ok := end.(string); ok && !whole {
			if hasPhrase(words(text), words(constant.Text())) {
				return true
			}
			continue
		}
		for _, v := range scalars([]any{end}) {
			switch v := v.(type) {
			case string:
				if constant.Kind == query.String && strings.EqualFold(v, constant.Str) {
					return true
				}
			case json.Number:
				if constant.Kind == query.Number && rat(v).Cmp(rat(json.Number(constant.Num))) == 0 {
					return true
				}
			case bool:
				if constant.Kind == query.Bool && v == constant.Bool {
					return true
				}
			}
		}
	}
	return false
}

func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func hasPhrase(text, phrase []string) bool {
	for start := range text {
		found := len(phrase) > 0 && start+len(phrase) <= len(text)
		for i := 0; found && i < len(phrase); i++ {
			found = strings.EqualFold(text[start+i], phrase[i])
		}
		if found {
			return true
		}
	}
	return false
}

// relation compares one value with one constant.
func relation(v any, op query.Op, constant query.Value) bool {
	var n int
	switch v := v.(type) {
	case bool:
		same := constant.Kind == query.Bool && constant.Bool == v || constant.Kind == query.String && constant.Str == strconv.FormatBool(v)
		return same && (op == query.Equal || op == query.In)
	case json.Number:
		text := constant.Num
		if constant.Kind == query.String {
			text = strings.TrimSpace(constant.Str)
			if !json.Valid([]byte(text)) && !json.Valid([]byte(strings.TrimLeft(text, "0"))) {
				return false
			}
		}
		other, ok := new(big.Rat).SetString(text)
		if constant.Kind == query.Bool || !ok {
			return false
		}
		n = rat(v).Cmp(other)
	case string:
		if constant.Kind == query.Bool {
			return false
		}
		n = strings.Compare(v, constant.Text())
	}
	switch op {
	case query.Equal, query.In:
		return n == 0
	case query.Less:
		return n < 0
	case query.LessEqual:
		return n <= 0
	case query.Greater:
		return n > 0
	case query.GreaterEqual:
		return n >= 0
	}
	return false
}

func rat(n json.Number) *big.Rat {
	r, ok := new(big.Rat).SetString(string(n))
	if !ok {
		panic("a number that is none: " + string(n))
	}
	return r
}

// instant turns a text that is a time into the number of its milliseconds; anything else stays as it is.
func instant(v any) any {
	text, ok := v.(string)
	if !ok {
		return v
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return json.Number(strconv.FormatInt(t.UnixMilli(), 10))
		}
	}
	return v
}
