package sqlite

import (
	"fmt"

	"zombiezen.com/go/sqlite"
)

// The SQL functions of a search. Their first argument is the number of a matcher or sorter in the plan of the search that
// runs on the connection; the numbers are ours and therefore written into the text, so that searches of one shape share a
// statement, while everything that came from a query stays outside of it.
const (
	// doorward_match(n, document) is 1 if the n-th matcher holds for the document, else 0.
	functionMatch = "doorward_match"
	// doorward_key(n, document) is the n-th sorter's key of the document, a blob that orders as the values do; NULL if the
	// document has no value there.
	functionKey = "doorward_key"
)

// A matcher or sorter gets the bytes of the column in the engine's own memory, nil for NULL. They must not be kept.
type (
	matcher func(doc []byte) bool
	sorter  func(doc []byte) []byte
)

// yieldEvery is after how many values a search yields: a tenth of a millisecond or two.
const yieldEvery = 64

// look counts a value that is looked at.
func (p *plan) look() {
	if p.looked++; p.looked%yieldEvery == 0 {
		yield()
	}
}

// registerFunctions gives the connection the functions. They are not declared deterministic: what a number means changes
// from search to search.
func registerFunctions(c *conn) error {
	err := c.CreateFunction(functionMatch, &sqlite.FunctionImpl{NArgs: 2,
		Scalar: func(_ sqlite.Context, args []sqlite.Value) (sqlite.Value, error) {
			n := args[0].Int()
			if c.search == nil || n < 0 || n >= len(c.search.matchers) {
				return sqlite.Value{}, fmt.Errorf("no matcher %d", n)
			}
			c.search.look()
			if c.search.matchers[n](bytesOf(args[1])) {
				return sqlite.IntegerValue(1), nil
			}
			return sqlite.IntegerValue(0), nil
		}})
	if err != nil {
		return err
	}
	return c.CreateFunction(functionKey, &sqlite.FunctionImpl{NArgs: 2,
		Scalar: func(_ sqlite.Context, args []sqlite.Value) (sqlite.Value, error) {
			n := args[0].Int()
			if c.search == nil || n < 0 || n >= len(c.search.sorters) {
				return sqlite.Value{}, fmt.Errorf("no sorter %d", n)
			}
			c.search.look()
			key := c.search.sorters[n](bytesOf(args[1]))
			if key == nil {
				return sqlite.Value{}, nil
			}
			return sqlite.BlobValue(key), nil
		}})
}

// bytesOf returns the value's bytes without copying them: nil for NULL, but not for an empty text, for which the engine has
// no bytes either. Numbers are given as texts.
func bytesOf(v sqlite.Value) []byte {
	data := v.Blob()
	if data == nil && v.Type() != sqlite.TypeNull {
		return []byte{}
	}
	return data
}
