// Package query is the language of accounts.search: text to tree, and what the operators mean.
//
// The language looks like SQL and is not: one source, no joins, dotted paths into JSON documents, comparisons that hold
// for an array when they hold for some element. [Parse] turns the text into a [Query] and reports the position of what it
// cannot read, or what belongs to the language and is not supported. A store compiles the tree to its own terms;
// [Comparison.MatchRaw] is the meaning that every store must give it. [Project] makes the result of SELECT from a row. The
// package knows nothing of storage.
package query

import "fmt"

// Query is a parsed text.
type Query struct {
	// Select is what to return, in the order written.
	Select []Item
	// From is the source, as written.
	From string
	// Where is the condition; nil: none.
	Where Expr
	Order []Order
	// Start is the number of rows to skip. HasLimit tells LIMIT 0 from no LIMIT.
	Start    int
	Limit    int
	HasLimit bool
}

// Item is one element of SELECT: everything, a path, or count(*).
type Item struct {
	Star  bool
	Count bool
	Path  Path
	// Alias renames the last segment of Path; empty: none.
	Alias string
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
	// At is the position of the comparison in the text, in characters from 1.
	At int
}

func (*And) expr()        {}
func (*Or) expr()         {}
func (*Not) expr()        {}
func (*Comparison) expr() {}

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
