package query

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// The bounds of a query. What goes beyond is a *SyntaxError.
const (
	// MaxLength bounds the text, in bytes.
	MaxLength = 64 << 10
	// MaxItems bounds the elements of SELECT.
	MaxItems = 1000
	// MaxSegments bounds the segments of one path.
	MaxSegments = 64
	// MaxDepth bounds the nesting of brackets and NOTs.
	MaxDepth = 64
	// MaxComparisons bounds the comparisons of one condition.
	MaxComparisons = 256
	// MaxList bounds the values of one IN.
	MaxList = 1000
	// MaxConstants bounds the constants of one condition.
	MaxConstants = 4000
	// MaxWords bounds the words of one CONTAINS.
	MaxWords = 100
	// MaxOrders bounds the elements of ORDER BY.
	MaxOrders = 16
	// MaxGroup bounds the elements of GROUP BY.
	MaxGroup = 16
	// MaxPattern bounds the bytes of one regular expression.
	MaxPattern = 1024
	// MaxNumber bounds the characters of a number.
	MaxNumber = 100
)

// clauses lists the words that begin a clause, in the order that they must stand in. START and LIMIT may change places.
var clauses = [...]struct {
	word, name string
	rank       int
}{
	{"SELECT", "SELECT", 0},
	{"FROM", "FROM", 1},
	{"WITH", "WITH", 2},
	{"WHERE", "WHERE", 3},
	{"FILTER", "FILTER", 4},
	{"GROUP", "GROUP BY", 5},
	{"ORDER", "ORDER BY", 6},
	{"START", "START", 7},
	{"LIMIT", "LIMIT", 7},
}

// reserved are the words that cannot begin a path, nor be an alias without AS, unless they are quoted.
var reserved = [...]string{
	"SELECT", "FROM", "WITH", "WHERE", "FILTER", "GROUP", "ORDER", "BY", "START", "LIMIT",
	"AND", "OR", "NOT", "IN", "IS", "NULL", "CONTAINS", "AS", "ASC", "DESC", "TRUE", "FALSE",
	"HAVING", "DISTINCT", "JOIN", "UNION", "LIKE", "BETWEEN",
}

// foreign are words of SQL that this language does not have.
var foreign = [...]string{"HAVING", "DISTINCT", "JOIN", "UNION", "LIKE", "BETWEEN"}

// aggregates are the functions of SELECT, in the order of Func.
var aggregates = [...]string{"count", "sum", "min", "max", "avg", "sum_of_squares", "variance", "std"}

// Parse reads a query. The error is a *[SyntaxError].
//
// Keywords are read in any case. What is not UTF-8 is read as U+FFFD. LIMIT and START are only required to be whole numbers
// that are not negative; one too large for 31 bits is read as the largest.
func Parse(text string) (*Query, error) {
	if len(text) > MaxLength {
		return nil, &SyntaxError{Position: 1, Reason: fmt.Sprintf("the query is longer than %d bytes", MaxLength)}
	}
	if !utf8.ValidString(text) {
		text = string([]rune(text)) // one U+FFFD for each byte: positions stay
	}
	p := &parser{text: text}
	p.next()
	return p.query()
}

// parser holds one token, the one to be read next.
type parser struct {
	text        string
	tok         token
	comparisons int
	constants   int
	// chars is the number of characters in the first bytes bytes of text: see position.
	chars, bytes int
}

func (p *parser) next() { p.tok = scan(p.text, p.tok.end) }

// position turns a byte offset into a position. It counts on from the last one asked for, as parsing goes forward.
func (p *parser) position(offset int) int {
	if offset < p.bytes {
		p.chars, p.bytes = 0, 0
	}
	p.chars += utf8.RuneCountInString(p.text[p.bytes:offset])
	p.bytes = offset
	return p.chars + 1
}

func (p *parser) failAt(offset int, format string, args ...any) error {
	return &SyntaxError{Position: p.position(offset), Reason: fmt.Sprintf(format, args...)}
}

// fail refuses the token to be read next. If it is none, what is wrong with it is the better reason.
func (p *parser) fail(format string, args ...any) error {
	if p.tok.kind == tokBad {
		return p.failAt(p.tok.start, "%s", p.tok.text)
	}
	return p.failAt(p.tok.start, format, args...)
}

// take reads the keyword if it comes next.
func (p *parser) take(keyword string) bool {
	if !p.tok.is(keyword) {
		return false
	}
	p.next()
	return true
}

func (p *parser) takeSymbol(s string) bool {
	if !p.tok.symbol(s) {
		return false
	}
	p.next()
	return true
}

// query reads everything. The clauses come in the order of their rank.
func (p *parser) query() (*Query, error) {
	q := &Query{}
	if !p.take("SELECT") {
		return nil, p.fail("SELECT was expected")
	}
	if err := p.items(q); err != nil {
		return nil, err
	}
	if !p.take("FROM") {
		return nil, p.fail("a comma or FROM was expected")
	}
	q.At = p.position(p.tok.start)
	from, err := p.path()
	if err != nil {
		return nil, err
	}
	q.From = from.String()
	last, rank, seen := "FROM", 1, map[string]bool{}
	for p.tok.kind == tokWord {
		name, r := clauseOf(p.tok)
		switch {
		case name == "":
			return nil, p.strange()
		case seen[name] || r <= 1:
			return nil, p.fail("%s must stand only once", name)
		case r < rank:
			return nil, p.fail("%s must stand before %s", name, last)
		}
		if err := p.clause(q, name); err != nil {
			return nil, err
		}
		last, rank, seen[name] = name, r, true
	}
	p.takeSymbol(";")
	if p.tok.kind != tokEnd {
		if p.tok.symbol(",") && last == "FROM" {
			return nil, p.fail("only one source is possible")
		}
		return nil, p.strange()
	}
	if err := q.agree(); err != nil {
		return nil, err
	}
	return q, nil
}

// clauseOf returns the name and the rank of the clause that the word begins; the name is empty if it begins none.
func clauseOf(t token) (name string, rank int) {
	for _, c := range clauses {
		if t.is(c.word) {
			return c.name, c.rank
		}
	}
	return "", 0
}

// strange refuses a token where a clause may begin.
func (p *parser) strange() error {
	for _, word := range foreign {
		if p.tok.is(word) {
			return p.fail("%s is not supported", word)
		}
	}
	return p.fail("the next clause or the end of the query was expected")
}

// clause reads the clause whose first word comes next.
func (p *parser) clause(q *Query, name string) (err error) {
	p.next()
	switch name {
	case "WITH":
		if q.Counters = p.take("counters"); !q.Counters {
			err = p.fail("counters was expected")
		}
	case "WHERE":
		q.Where, err = p.or(MaxDepth)
	case "FILTER":
		q.Filter, err = p.filter()
	case "GROUP BY":
		q.Group, err = p.groups()
	case "ORDER BY":
		q.Order, err = p.orders()
	case "START":
		q.StartAt = p.position(p.tok.start)
		q.Start, err = p.whole()
	case "LIMIT":
		q.HasLimit = true
		q.Limit, err = p.whole()
	}
	return err
}

// items reads the elements of SELECT.
func (p *parser) items(q *Query) error {
	for {
		start := p.tok.start
		at := p.position(start)
		item, err := p.item()
		if err != nil {
			return err
		}
		item.At = at
		if q.Select = append(q.Select, item); len(q.Select) > MaxItems {
			return p.failAt(start, "more than %d fields are selected", MaxItems)
		}
		// A comma is missing where a path of several segments follows a path: a published extractor writes so.
		if !p.takeSymbol(",") && !p.atLongPath() {
			return nil
		}
	}
}

func (p *parser) item() (Item, error) {
	if p.takeSymbol("*") {
		if p.atPath() {
			return Item{}, p.fail("a comma or FROM was expected")
		}
		return Item{Star: true}, nil
	}
	if p.tok.is("DISTINCT") {
		return Item{}, p.strange()
	}
	var item Item
	var err error
	if p.atCall() {
		item, err = p.call()
	} else {
		item.Path, err = p.path()
	}
	if err != nil {
		return Item{}, err
	}
	switch {
	case p.take("AS"):
		item.Alias, err = p.alias()
	case p.atAlias():
		item.Alias, err = p.alias()
	}
	return item, err
}

// atCall tells whether a function and its bracket come next.
func (p *parser) atCall() bool {
	return p.tok.kind == tokWord && scan(p.text, p.tok.end).symbol("(")
}

// call reads an aggregate.
func (p *parser) call() (item Item, err error) {
	at := slices.IndexFunc(aggregates[:], func(name string) bool { return p.tok.is(name) })
	if at < 0 {
		return item, p.fail("this function is not supported")
	}
	item.Func = Count + Func(at)
	p.next()
	p.next()
	if item.Func != Count || !p.takeSymbol("*") {
		if item.Path, err = p.path(); err != nil {
			return item, err
		}
	}
	if !p.takeSymbol(")") {
		return item, p.fail("a closing bracket was expected")
	}
	return item, nil
}

// atPath tells whether a path may begin here.
func (p *parser) atPath() bool {
	return p.tok.kind == tokQuoted && p.tok.quote != '\'' || p.tok.kind == tokWord && !isReserved(p.tok.text)
}

// atLongPath tells whether a path of several segments begins here.
func (p *parser) atLongPath() bool { return p.atPath() && scan(p.text, p.tok.end).symbol(".") }

// atAlias tells whether an alias without AS comes next: one name that does not begin a longer path.
func (p *parser) atAlias() bool {
	if !p.atPath() && p.tok.kind != tokQuoted {
		return false
	}
	after := scan(p.text, p.tok.end)
	return !after.symbol(".") && !after.symbol("(")
}

func (p *parser) alias() (string, error) {
	if p.tok.kind != tokWord && p.tok.kind != tokQuoted {
		return "", p.fail("an alias was expected")
	}
	if p.tok.text == "" {
		return "", p.fail("an alias must not be empty")
	}
	name := p.tok.text
	if p.next(); p.tok.symbol(".") {
		return "", p.fail("an alias is one name")
	}
	return name, nil
}

// path reads segments and the dots between them. Behind a dot every word is a name, and a name may begin with a digit.
func (p *parser) path() (Path, error) {
	if !p.atPath() {
		if p.tok.kind == tokWord {
			return nil, p.fail("a field was expected; a field named like this keyword must be quoted: `%s`", p.tok.text)
		}
		return nil, p.fail("a field was expected")
	}
	var path Path
	for {
		if p.tok.text == "" {
			return nil, p.fail("a field name must not be empty")
		}
		if len(path) == MaxSegments {
			return nil, p.fail("a path has more than %d segments", MaxSegments)
		}
		path = append(path, p.tok.text)
		if p.next(); !p.tok.symbol(".") {
			return path, nil
		}
		if err := p.segment(); err != nil {
			return nil, err
		}
	}
}

// segment makes the segment behind the dot, which is the token to be read next, that token.
func (p *parser) segment() error {
	start := skipBlanks(p.text, p.tok.end)
	if end := nameEnd(p.text, start); end > start {
		p.tok = token{kind: tokWord, text: p.text[start:end], start: start, end: end}
		return nil
	}
	if p.next(); p.tok.kind != tokQuoted || p.tok.quote == '\'' {
		return p.fail("a field name was expected behind the dot")
	}
	return nil
}

func isReserved(word string) bool {
	for _, r := range reserved {
		if strings.EqualFold(word, r) {
			return true
		}
	}
	return false
}

func (p *parser) orders() ([]Order, error) {
	if !p.take("BY") {
		return nil, p.fail("BY was expected")
	}
	var orders []Order
	for {
		if len(orders) == MaxOrders {
			return nil, p.fail("ORDER BY has more than %d fields", MaxOrders)
		}
		at := p.position(p.tok.start)
		if p.atCall() {
			return nil, p.fail("functions are not supported in ORDER BY")
		}
		path, err := p.path()
		if err != nil {
			return nil, err
		}
		desc := p.take("DESC")
		if !desc {
			p.take("ASC")
		}
		orders = append(orders, Order{Path: path, Desc: desc, At: at})
		if !p.takeSymbol(",") {
			return orders, nil
		}
	}
}

// groups reads the fields of GROUP BY.
func (p *parser) groups() ([]Column, error) {
	if !p.take("BY") {
		return nil, p.fail("BY was expected")
	}
	var columns []Column
	for {
		if len(columns) == MaxGroup {
			return nil, p.fail("GROUP BY has more than %d fields", MaxGroup)
		}
		at := p.position(p.tok.start)
		path, err := p.path()
		if err != nil {
			return nil, err
		}
		columns = append(columns, Column{Path: path, At: at})
		if !p.takeSymbol(",") {
			return columns, nil
		}
	}
}

// filter reads the array and the condition of FILTER.
func (p *parser) filter() (*Filter, error) {
	f := &Filter{At: p.position(p.tok.start)}
	var err error
	if f.Path, err = p.path(); err != nil {
		return nil, err
	}
	if !p.take("BY") {
		return nil, p.fail("BY was expected")
	}
	f.Keep, err = p.or(MaxDepth)
	return f, err
}

// whole reads the number of START or LIMIT.
func (p *parser) whole() (int, error) {
	if p.tok.kind != tokNumber || strings.Trim(p.tok.text, "0123456789") != "" {
		return 0, p.fail("a whole number was expected")
	}
	n := 0
	for _, c := range []byte(p.tok.text) {
		n = min(n*10+int(c-'0'), math.MaxInt32)
	}
	p.next()
	return n, nil
}
