package query

import (
	"math"
	"strconv"
	"strings"
)

// or reads a condition: conjunctions between ORs. depth is how many levels it may have.
func (p *parser) or(depth int) (Expr, error) {
	parts, err := p.chain("OR", depth, (*parser).and)
	if err != nil || len(parts) > 1 {
		return &Or{Parts: parts}, err
	}
	return parts[0], nil
}

func (p *parser) and(depth int) (Expr, error) {
	parts, err := p.chain("AND", depth, (*parser).not)
	if err != nil || len(parts) > 1 {
		return &And{Parts: parts}, err
	}
	return parts[0], nil
}

// chain reads one part or more with the word between them.
func (p *parser) chain(word string, depth int, part func(*parser, int) (Expr, error)) ([]Expr, error) {
	var parts []Expr
	for {
		e, err := part(p, depth)
		if err != nil {
			return nil, err
		}
		parts = append(parts, e)
		if !p.take(word) {
			return parts, nil
		}
	}
}

// not reads a comparison or a bracket, with the negations before it, which bind to it alone.
func (p *parser) not(depth int) (Expr, error) {
	if depth <= 0 {
		return nil, p.fail("the condition is nested more than %d deep", MaxDepth)
	}
	switch {
	case p.tok.is("NOT") || p.tok.symbol("!"):
		p.next()
		x, err := p.not(depth - 1)
		return &Not{X: x}, err
	case p.takeSymbol("("):
		if p.tok.is("SELECT") {
			return nil, p.fail("sub-queries are not supported")
		}
		x, err := p.or(depth - 1)
		if err != nil {
			return nil, err
		}
		if !p.takeSymbol(")") {
			return nil, p.fail("AND, OR or a closing bracket was expected")
		}
		return x, nil
	}
	return p.comparison()
}

// comparison reads a path, an operator and its constants.
func (p *parser) comparison() (Expr, error) {
	start := p.tok.start
	if p.atCall() {
		return nil, p.fail("functions are not supported in a condition")
	}
	at := p.position(start)
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	if p.comparisons++; p.comparisons > MaxComparisons {
		return nil, p.failAt(start, "the condition has more than %d comparisons", MaxComparisons)
	}
	c := &Comparison{Path: path, At: at}
	switch {
	case p.take("IS"):
		c.Op = IsNull
		negated := p.take("NOT")
		if !p.take("NULL") {
			return nil, p.fail("NULL was expected")
		}
		return negate(c, negated), nil
	case p.tok.is("NOT"):
		p.next()
		e, err := p.wordOperator(c, true)
		return negate(e, true), err
	case p.tok.kind == tokWord:
		return p.wordOperator(c, false)
	}
	return p.signOperator(c)
}

func negate(e Expr, yes bool) Expr {
	if yes {
		return &Not{X: e}
	}
	return e
}

// wordOperator reads CONTAINS or IN, which may be negated by a NOT before them, and their constants; or a regular expression.
func (p *parser) wordOperator(c *Comparison, negated bool) (Expr, error) {
	switch {
	case p.take("CONTAINS"):
		start := p.tok.start
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		if v.Kind == Null {
			return nil, p.failAt(start, "CONTAINS cannot look for null")
		}
		if countWords(v.Text()) > MaxWords {
			return nil, p.failAt(start, "CONTAINS looks for more than %d words", MaxWords)
		}
		c.Op, c.Values = Contains, []Value{v}
		return c, nil
	case p.take("IN"):
		return p.list(c)
	case p.tok.is("REGEX") && !negated:
		return c, p.regex(c)
	case p.tok.is("LIKE") || p.tok.is("BETWEEN"):
		return nil, p.strange()
	}
	return nil, p.fail("an operator was expected")
}

// list reads the values of IN. Null among them is another way to write IS NULL.
func (p *parser) list(c *Comparison) (Expr, error) {
	if !p.takeSymbol("(") {
		return nil, p.fail("an opening bracket was expected")
	}
	if p.tok.is("SELECT") {
		return nil, p.fail("sub-queries are not supported")
	}
	c.Op = In
	null := false
	for n := 1; ; n++ {
		if n > MaxList {
			return nil, p.fail("IN has more than %d values", MaxList)
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		if v.Kind == Null {
			null = true
		} else {
			c.Values = append(c.Values, v)
		}
		if p.takeSymbol(")") {
			break
		}
		if !p.takeSymbol(",") {
			return nil, p.fail("a comma or a closing bracket was expected")
		}
	}
	isNull := &Comparison{Path: c.Path, Op: IsNull, At: c.At}
	switch {
	case !null:
		return c, nil
	case len(c.Values) == 0:
		return isNull, nil
	}
	if p.comparisons++; p.comparisons > MaxComparisons {
		return nil, p.fail("the condition has more than %d comparisons", MaxComparisons)
	}
	return &Or{Parts: []Expr{c, isNull}}, nil
}

// signOperator reads an operator made of signs, and its constant.
func (p *parser) signOperator(c *Comparison) (Expr, error) {
	sign := p.tok.text
	negated := false
	switch {
	case p.tok.kind != tokSymbol:
		return nil, p.fail("an operator was expected")
	case sign == "=":
		c.Op = Equal
	case sign == "!=" || sign == "<>":
		c.Op, negated = Equal, true
	case sign == "<":
		c.Op = Less
	case sign == "<=":
		c.Op = LessEqual
	case sign == ">":
		c.Op = Greater
	case sign == ">=":
		c.Op = GreaterEqual
	default:
		return nil, p.fail("an operator was expected")
	}
	p.next()
	start := p.tok.start
	if p.atCall() && p.tok.is("REGEX") {
		if c.Op != Equal {
			return nil, p.fail("a regular expression follows = or !=")
		}
		return negate(c, negated), p.regex(c)
	}
	v, err := p.value()
	switch {
	case err != nil:
		return nil, err
	case c.Op != Equal && (v.Kind == Null || v.Kind == Bool):
		return nil, p.failAt(start, "%s needs a number or a text", sign)
	case v.Kind == Null:
		c.Op = IsNull
	default:
		c.Values = []Value{v}
	}
	return negate(c, negated), nil
}

// regex reads a regular expression and makes the comparison one with it.
func (p *parser) regex(c *Comparison) error {
	if p.next(); !p.takeSymbol("(") {
		return p.fail("an opening bracket was expected")
	}
	if p.tok.kind != tokQuoted || p.tok.quote == '`' {
		return p.fail("a regular expression in quotes was expected")
	}
	if p.constants++; p.constants > MaxConstants {
		return p.fail("the condition has more than %d constants", MaxConstants)
	}
	var err error
	if c.Pattern, err = NewPattern(p.tok.text); err != nil {
		return p.fail("%v", err)
	}
	c.Op = Regex
	if p.next(); !p.takeSymbol(")") {
		return p.fail("a closing bracket was expected")
	}
	return nil
}

// value reads a constant.
func (p *parser) value() (v Value, err error) {
	if p.constants++; p.constants > MaxConstants {
		return v, p.fail("the condition has more than %d constants", MaxConstants)
	}
	switch {
	case p.tok.kind == tokQuoted && p.tok.quote != '`':
		v = Value{Kind: String, Str: p.tok.text}
	case p.tok.kind == tokNumber:
		if v, err = p.number(); err != nil {
			return v, err
		}
	case p.tok.is("TRUE"), p.tok.is("FALSE"):
		v = Value{Kind: Bool, Bool: p.tok.is("TRUE")}
	case p.tok.is("NULL"):
	case p.tok.is("SELECT"):
		return v, p.fail("sub-queries are not supported")
	case p.tok.kind == tokWord:
		return v, p.fail("a constant was expected; a text must be quoted")
	default:
		return v, p.fail("a constant was expected")
	}
	p.next()
	return v, nil
}

// number makes the constant of a number: the text of a JSON number, and how it was written where that differs.
func (p *parser) number() (Value, error) {
	written := p.tok.text
	if len(written) > MaxNumber {
		return Value{}, p.fail("a number has more than %d characters", MaxNumber)
	}
	if f, err := strconv.ParseFloat(written, 64); err != nil || math.IsInf(f, 0) {
		return Value{}, p.fail("the number is too large")
	}
	text, sign := strings.TrimPrefix(written, "+"), ""
	if strings.HasPrefix(text, "-") {
		text, sign = text[1:], "-"
	}
	text = strings.TrimLeft(text, "0")
	if text == "" || !isDigit(text[0]) {
		text = "0" + text
	}
	v := Value{Kind: Number, Num: sign + text}
	if v.Num != written {
		v.Str = written
	}
	return v, nil
}
