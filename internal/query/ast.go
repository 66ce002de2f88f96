// Package query is the language of accounts.search: text to tree, and what the operators mean.
//
// The language looks like SQL and is not: one source, no joins, dotted paths into JSON documents, comparisons that hold
// for an array when they hold for some element. [Parse] turns the text into a [Query] and reports the position of what it
// cannot read. A store compiles the tree to its own terms; [Comparison.MatchRaw] is the meaning that every store must give
// it. [Project] makes the result of SELECT from a row, [FilterElements] is FILTER. Aggregates and groups are made by who runs
// the query (package search). The package knows nothing of storage.
package query

import "fmt"

// Query is a parsed text.
type Query struct {
	// Select is what to return, in the order written.
	Select []Item
	// From is the source, as written; At is its position in the text, in characters from 1.
	From string
	At   int
	// Counters is WITH counters: the rows show their counters.
	Counters bool
	// Where is the condition; nil: none.
	Where Expr
	// Filter cuts an array within the rows that are returned; nil: none.
	Filter *Filter
	// Group are the fields of GROUP BY.
	Group []Column
	Order []Order
	// Start is the number of rows to skip; StartAt the position of the number, 0 without START. HasLimit tells LIMIT 0 from no
	// LIMIT.
	Start    int
	StartAt  int
	Limit    int
	HasLimit bool
}

// Item is one element of SELECT: everything, a path, or an aggregate.
type Item struct {
	Star bool
	// Func is the aggregate; 0: none.
	Func Func
	// Path is the field, or what is aggregated. It is empty for * and count(*).
	Path Path
	// Alias renames the last segment of Path, or the aggregate; empty: none.
	Alias string
	// At is the position of the item in the text, in characters from 1.
	At int
}

// Func is an aggregate.
type Func int

// The aggregates. All but count work on numbers; count of a field counts the rows that have a value in it.
const (
	Count Func = iota + 1
	Sum
	Min
	Max
	Avg
	SumOfSquares
	Variance
	Std
)

// String returns the aggregate as the language writes it.
func (f Func) String() string {
	if f < Count || f > Std {
		return "?"
	}
	return aggregates[f-Count]
}

// Name is the member that holds the item's value in a result: of an aggregate the alias or, without blanks, what was written
// with the function in lower case.
func (i Item) Name() string {
	switch {
	case i.Alias != "":
		return i.Alias
	case i.Func == 0 && len(i.Path) > 0:
		return i.Path[len(i.Path)-1]
	case len(i.Path) == 0:
		return i.Func.String() + "(*)"
	}
	return i.Func.String() + "(" + i.Path.String() + ")"
}

// Aggregates tells whether SELECT has an aggregate.
func (q *Query) Aggregates() bool {
	for _, item := range q.Select {
		if item.Func != 0 {
			return true
		}
	}
	return false
}

// Column is one field of GROUP BY.
type Column struct {
	Path Path
	// At is its position in the text, in characters from 1.
	At int
}

// Filter keeps those elements of an array within a row that satisfy a condition. The paths of the condition are those of the
// row and begin with Path.
type Filter struct {
	Path Path
	Keep Expr
	// At is the position of Path in the text, in characters from 1.
	At int
}

// Path names a field: the segments between the dots.
type Path []string

// String joins the segments by dots.
func (p Path) String() string {
	s := ""
	for i, seg := range p {
		if i > 0 {
			s += "."
		}
		s += seg
	}
	return s
}

// Order is one element of ORDER BY. Rows without the field come last in both directions.
type Order struct {
	Path Path
	Desc bool
	// As is how values are taken.
	As As
	// At is its position in the text, in characters from 1.
	At int
}

// Expr is a condition: *Comparison, *Not, *And or *Or. Logic is two-valued: a comparison holds or does not, NOT turns it.
type Expr interface{ expr() }

// And holds when every part does.
type And struct{ Parts []Expr }

// Or holds when some part does.
type Or struct{ Parts []Expr }

// Not holds when X does not.
type Not struct{ X Expr }

// Comparison compares a field with constants.
type Comparison struct {
	Path Path
	Op   Op
	// Values are the constants: one, none for IsNull, at least one for In. [Parse] puts no Null among them: "= null" and a
	// null within IN become IsNull.
	Values []Value
	// Pattern is the expression of Regex.
	Pattern *Pattern
	// As is how the field's values are taken. [Parse] leaves it at [AsIs]; who knows the field's type sets it.
	As As
	// At is the position of the comparison in the text, in characters from 1.
	At int
}

func (*And) expr()        {}
func (*Or) expr()         {}
func (*Not) expr()        {}
func (*Comparison) expr() {}

// As is how the values of a field are taken before they are compared or sorted.
type As int

const (
	// AsIs takes values as they are.
	AsIs As = iota
	// AsTime takes a text that is a date for the number of its milliseconds. Constants are such numbers already.
	AsTime
	// AsWhole has CONTAINS compare a text as a whole.
	AsWhole
)

// Op is an operator. What SQL writes as !=, NOT IN, IS NOT NULL, NOT CONTAINS is a [Not] around the positive form: a
// row without the field satisfies it.
type Op int

// The operators.
const (
	Equal Op = iota + 1
	Less
	LessEqual
	Greater
	GreaterEqual
	In
	Contains
	IsNull
	Regex
)

// Kind is the type of a constant.
type Kind int

// The kinds of constants.
const (
	Null Kind = iota
	Bool
	Number
	String
)

// Value is a constant.
type Value struct {
	Kind Kind `json:"k,omitempty"`
	Bool bool `json:"b,omitempty"`
	// Str is a String's text. Of a Number it is how it was written, if that differs from Num: "+5", "007".
	Str string `json:"s,omitempty"`
	// Num is a Number's text, which is a JSON number: 64-bit integers survive exactly. It is finite as a float64.
	Num string `json:"n,omitempty"`
}

// A SyntaxError says what is wrong with a query, and where.
type SyntaxError struct {
	// Position is that of the first character that cannot be read, in characters from 1; 0: it is not known.
	Position int
	// Reason says what was expected.
	Reason string
}

func (e *SyntaxError) Error() string {
	if e.Position == 0 {
		return e.Reason
	}
	return fmt.Sprintf("position %d: %s", e.Position, e.Reason)
}
