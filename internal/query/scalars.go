package query

import "github.com/doorward/doorward/internal/document"

// Scalars calls fn for every text, number and boolean that the path rest leads to in the document, in the order of the text,
// until fn returns false: the values that a comparison looks at (see [Comparison.MatchRaw]), of which the first is that of
// [SortValue]. element tells that the value is in an array at the end of the path, where CONTAINS takes texts as wholes.
func Scalars(doc []byte, rest Path, fn func(v Value, element bool) bool) {
	take := func(raw []byte, element bool) (stop bool) {
		v, ok := scalar(raw)
		return ok && v.Kind != Null && !fn(v, element)
	}
	var elements func(raw []byte) bool
	elements = func(raw []byte) (stop bool) {
		_ = document.Elements(raw, func(item []byte) bool {
			if document.KindOf(item) == document.KindArray {
				stop = elements(item)
			} else {
				stop = take(item, true)
			}
			return !stop
		})
		return stop
	}
	walk(doc, rest, func(raw []byte) bool {
		if document.KindOf(raw) == document.KindArray {
			return elements(raw)
		}
		return take(raw, false)
	})
}

// Words calls fn for the words of the text, as CONTAINS takes it apart, until fn returns false.
func Words(text string, fn func(word string) bool) {
	for {
		var word string
		if word, text = nextWord(text); word == "" || !fn(word) {
			return
		}
	}
}

// Take returns the value as the comparison takes it.
func (a As) Take(v Value) Value { return a.take(v) }
