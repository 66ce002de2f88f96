package query

import (
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// SortValue returns what the document sorts by at the path rest, whose meaning is that of [Comparison.MatchRaw]: the first
// text, number or boolean that it leads to, and Null if it leads to none.
func SortValue(doc []byte, rest Path) (v Value) {
	take := func(raw []byte) bool {
		found, ok := scalar(raw)
		if ok && found.Kind != Null {
			v = found
			return true
		}
		return false
	}
	var first func(raw []byte) bool
	first = func(raw []byte) bool {
		if document.KindOf(raw) != document.KindArray {
			return take(raw)
		}
		found := false
		_ = document.Elements(raw, func(item []byte) bool {
			found = first(item)
			return !found
		})
		return found
	}
	walk(doc, rest, first)
	return v
}

// Compare orders two values: booleans (false first), numbers, texts by code points, and last Null.
func Compare(a, b Value) int {
	if a.Kind != b.Kind {
		return compareInts(int64(place(a.Kind)), int64(place(b.Kind)))
	}
	switch a.Kind {
	case Bool:
		return strings.Compare(a.Text(), b.Text())
	case Number:
		return compareNumbers(a.Num, b.Num)
	case String:
		return strings.Compare(a.Str, b.Str)
	}
	return 0
}

// place is where values of the kind come in an order.
func place(k Kind) int {
	if k == Null {
		return int(String) + 1
	}
	return int(k)
}

// Compare orders two values of the element's field: in its direction, but Null last in both.
func (o Order) Compare(a, b Value) int {
	n := Compare(a, b)
	if o.Desc && a.Kind != Null && b.Kind != Null {
		return -n
	}
	return n
}
