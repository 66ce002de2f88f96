package search

import (
	"context"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// Source is what FROM names: rows of one kind, of one site or group. It is used by one query and may be used by several
// goroutines.
type Source interface {
	// Field tells what the path means in this source. The error is a *query.SyntaxError that names the path and has no
	// position: no row can have such a field, or it is never searched. A field that rows may have and none has is no error.
	Field(path query.Path) (Field, error)

	// Page calls each for every row of the page, in order, and returns the number of all rows that satisfy the condition if
	// p.Total is set. Conditions and orders have been resolved: their paths are those that Field returned, their constants
	// are of the field's kind. The end of ctx stops it soon.
	Page(ctx context.Context, p Page, each func(Row) error) (total int64, err error)

	// Values calls each with the values of the fields, in their order, of every row that satisfies the condition, in any
	// order of rows. A value is what ORDER BY sorts the row by; Null if the row has none. The slice is the source's: it is
	// not kept. Memory does not grow with the number of rows.
	Values(ctx context.Context, where query.Expr, fields []query.Path, each func(values []query.Value) error) error

	// Explain tells how Page would find its rows.
	Explain(ctx context.Context, p Page) (store.Explanation, error)
}

// Page says which rows a source is asked for. It is the source's part of a query.
type Page struct {
	// Where is the condition; nil holds for every row.
	Where query.Expr
	// Order is the order of the rows; the key decides between equals, ascending.
	Order []query.Order
	// After continues behind the row with these sort values and this key (its UID member holds the key). Start is 0 then.
	After *store.Position
	// Start is the number of rows to skip, Limit how many to hand over at most; 0: none.
	Start, Limit int
	// Total asks for the number of all rows that satisfy Where.
	Total bool
}

// Row is one row of a page.
type Row struct {
	// Key tells the row from all others of its source.
	Key string
	// Sort are the values of the row for Page.Order.
	Sort []query.Value
	// JSON is the whole row, a compact JSON object. It is valid until each returns.
	JSON []byte
}

// Kind is the type of a field's values.
type Kind int

// The kinds of fields. Of [Any] nothing is known: values are taken as they are.
const (
	Any Kind = iota
	Text
	// Word is a text that CONTAINS compares as a whole.
	Word
	// LongText is a text that can neither be ordered nor matched by an expression.
	LongText
	Number
	Flag
	Time
)

// Field is what a source knows of a path.
type Field struct {
	// Path is what the source calls the field: conditions and orders that reach it have this path.
	Path query.Path
	Kind Kind
	// Encrypted: only = and != compare it, CONTAINS the whole of it; there is no order.
	Encrypted bool
	// Fixed is the value that every row has in this field, if HasFixed is set. The source is never asked about it.
	Fixed    query.Value
	HasFixed bool
	// Native: the source compares and orders the field by itself, whatever the kind, and takes constants as written.
	Native bool
	// Fast: the least and the greatest value are found without looking at every row.
	Fast bool
}

// Documents is a source in its plainest form: rows in the order of their keys. [Scan] makes a [Source] of it.
type Documents interface {
	// Field is that of [Source].
	Field(path query.Path) (Field, error)
	// Range calls each for the rows whose keys are greater than after, ascending by the bytes of the key, until there are no
	// more or each returns an error, which comes back unchanged. It may leave out rows that do not satisfy where, which
	// lets a source use what indexes it has. row is a compact JSON object, valid until each returns.
	Range(ctx context.Context, where query.Expr, after string, each func(key string, row []byte) error) error
}
