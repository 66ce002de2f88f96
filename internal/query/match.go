package query

import (
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// Eval tells whether the condition holds; a nil one does. lookup decides the comparisons: it is given the path and the
// comparison, whose constants it may have replaced before (a date by its milliseconds). Parts that cannot change the
// result are not looked up.
func Eval(e Expr, lookup func(Path, *Comparison) bool) bool {
	switch e := e.(type) {
	case nil:
		return true
	case *Comparison:
		return lookup(e.Path, e)
	case *Not:
		return !Eval(e.X, lookup)
	case *And:
		for _, part := range e.Parts {
			if !Eval(part, lookup) {
				return false
			}
		}
		return true
	case *Or:
		for _, part := range e.Parts {
			if Eval(part, lookup) {
				return true
			}
		}
	}
	return false
}

// MatchRaw tells whether the comparison holds for what the path rest leads to in the document, a JSON text; an empty path
// leads to the document itself. Nothing is found in a text that is empty or not JSON.
//
//   - Each segment takes the member of that very name, or else the first whose name differs by case only.
//   - An array on the way is stepped through, and so is one at the end: some element must satisfy. Two comparisons on one
//     array may be satisfied by different elements.
//   - IsNull holds when the path leads to nothing but null. A text, array or object that is empty is not null.
//   - Contains on an array at the end looks for an element equal to the constant and of its type; on a text, also on one
//     in an object of an array, for its words. Case does not count in either.
//   - Objects satisfy nothing but the negation of IsNull.
//
// What holds for a single value is told at [Comparison.MatchValue].
func (c *Comparison) MatchRaw(doc []byte, rest Path) bool {
	if c.Op == IsNull {
		return !walk(doc, rest, func(raw []byte) bool { return document.KindOf(raw) != document.KindNull })
	}
	return walk(doc, rest, func(raw []byte) bool {
		if document.KindOf(raw) != document.KindArray {
			v, ok := scalar(raw)
			return ok && c.MatchValue(v)
		}
		return c.matchElements(raw)
	})
}

// matchElements looks into an array at the end of a path, and into those within it.
func (c *Comparison) matchElements(raw []byte) bool {
	found := false
	_ = document.Elements(raw, func(item []byte) bool {
		if document.KindOf(item) == document.KindArray {
			found = c.matchElements(item)
		} else if v, ok := scalar(item); ok {
			if c.Op == Contains {
				found = len(c.Values) > 0 && sameElement(v, c.Values[0])
			} else {
				found = c.MatchValue(v)
			}
		}
		return !found
	})
	return found
}

// walk calls fn for everything that the path leads to, until fn returns true, and returns that. Arrays on the way are
// stepped through; one at the end is handed over.
func walk(raw []byte, path Path, fn func([]byte) bool) bool {
	if len(path) == 0 {
		return len(raw) > 0 && fn(raw)
	}
	switch document.KindOf(raw) {
	case document.KindObject:
		_, member, ok := document.MemberFold(raw, path[0])
		return ok && walk(member, path[1:], fn)
	case document.KindArray:
		found := false
		_ = document.Elements(raw, func(item []byte) bool {
			found = walk(item, path, fn)
			return !found
		})
		return found
	}
	return false
}

// scalar reads a value that is neither array nor object. Null is Kind Null.
func scalar(raw []byte) (v Value, ok bool) {
	if kind := document.KindOf(raw); kind == document.KindObject || kind == document.KindArray {
		return Value{}, false
	}
	parsed, err := document.Parse(raw)
	if err != nil {
		return Value{}, false
	}
	switch parsed.Kind() {
	case document.KindNull:
		return Value{}, true
	case document.KindBool:
		return Value{Kind: Bool, Bool: parsed.Bool()}, true
	case document.KindNumber:
		return Value{Kind: Number, Num: parsed.Num()}, true
	case document.KindString:
		return Value{Kind: String, Str: parsed.Str()}, true
	}
	return Value{}, false
}

// MatchValue tells whether the comparison holds for the value of a field. Null satisfies IsNull only.
//
//   - Two numbers are compared exactly, two texts by code points.
//   - A text that is a number is compared as one with a number in the document.
//   - A number is compared as a text, the way it was written, with a text in the document: zip = 01234 finds "01234".
//   - Booleans are equal to themselves, and "true" and "false" in quotes to a boolean in the document. They have no order.
//   - Contains looks for the constant's words in a text, in any case; a number or boolean must be equal. With [AsWhole] the
//     whole text must be equal, in any case.
//   - Regex holds for texts that match as a whole.
//   - With [AsTime] texts that are dates are compared as numbers of milliseconds.
func (c *Comparison) MatchValue(v Value) bool {
	if v.Kind == Null || c.Op == IsNull {
		return v.Kind == Null && c.Op == IsNull
	}
	if c.Op == Regex {
		return v.Kind == String && c.Pattern != nil && c.Pattern.Match(v.Str)
	}
	v = c.As.take(v)
	for _, constant := range c.Values {
		if c.holds(v, constant) {
			return true
		}
	}
	return false
}

func (c *Comparison) holds(v, constant Value) bool {
	if c.Op == Contains {
		if v.Kind == String && c.As != AsWhole {
			return containsWords(v.Str, constant.Text())
		}
		return sameElement(v, constant)
	}
	order, ok := against(v, constant)
	if !ok {
		return false
	}
	switch c.Op {
	case Equal, In:
		return order == 0
	case Less:
		return order < 0 && v.Kind != Bool
	case LessEqual:
		return order <= 0 && v.Kind != Bool
	case Greater:
		return order > 0 && v.Kind != Bool
	case GreaterEqual:
		return order >= 0 && v.Kind != Bool
	}
	return false
}

// against orders a field's value and a constant; ok is false if they cannot be compared.
func against(v, constant Value) (order int, ok bool) {
	switch v.Kind {
	case Number:
		switch constant.Kind {
		case Number:
			return compareNumbers(v.Num, constant.Num), true
		case String:
			n, ok := numeric(constant.Str)
			if !ok {
				return 0, false
			}
			return compareNumbers(v.Num, n), true
		}
	case String:
		if constant.Kind == String || constant.Kind == Number {
			return strings.Compare(v.Str, constant.Text()), true
		}
	case Bool:
		if constant.Kind == Bool || constant.Str == "true" || constant.Str == "false" {
			return strings.Compare(v.Text(), constant.Text()), true
		}
	}
	return 0, false
}

// sameElement is what Contains asks of the elements of an array.
func sameElement(v, constant Value) bool {
	if v.Kind != constant.Kind {
		return false
	}
	switch v.Kind {
	case Number:
		return compareNumbers(v.Num, constant.Num) == 0
	case String:
		return strings.EqualFold(v.Str, constant.Str)
	case Bool:
		return v.Bool == constant.Bool
	}
	return false
}

// Walk calls fn for every comparison of the condition until fn returns false. It tells whether it came to the end.
func Walk(e Expr, fn func(*Comparison) bool) bool {
	var parts []Expr
	switch e := e.(type) {
	case *Comparison:
		return fn(e)
	case *Not:
		return Walk(e.X, fn)
	case *And:
		parts = e.Parts
	case *Or:
		parts = e.Parts
	}
	for _, part := range parts {
		if !Walk(part, fn) {
			return false
		}
	}
	return true
}
