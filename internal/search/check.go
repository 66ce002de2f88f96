package search

import (
	"errors"
	"fmt"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
)

// Prepared is a query that was checked against the fields of its source and is ready to be run, any number of times.
type Prepared struct {
	query  *query.Query
	source Source
	// where, order and keep are those of the query in the terms of the source.
	where query.Expr
	order []query.Order
	keep  query.Expr
	// columns are the fields of GROUP BY; aggregated is the field of the aggregates, if they have one.
	columns    []Field
	aggregated *Field
	chosen     *query.Projection
	// within is the member of a result that the aggregates are put in; empty: the result itself.
	within string
}

// Prepare checks the query. What it refuses, a field that no row has or an operator that the field's type does not have, is a
// *query.SyntaxError with the place.
func Prepare(q *query.Query, source Source) (*Prepared, error) {
	p := &Prepared{query: q, source: source, chosen: query.NewProjection(q.Select)}
	err := q.Agree(p.named)
	if err != nil {
		return nil, err
	}
	if p.where, err = p.resolve(q.Where); err != nil {
		return nil, err
	}
	if q.Filter != nil {
		if err := p.filter(q.Filter); err != nil {
			return nil, err
		}
	}
	for _, o := range q.Order {
		if err := p.orderBy(o); err != nil {
			return nil, err
		}
	}
	for _, c := range q.Group {
		f, err := source.Field(c.Path)
		if err != nil {
			return nil, at(err, c.At)
		}
		p.columns = append(p.columns, f)
	}
	for _, item := range q.Select {
		if item.Func == 0 || len(item.Path) == 0 || p.aggregated != nil {
			continue
		}
		f, err := source.Field(item.Path)
		if err != nil {
			return nil, at(err, item.At)
		}
		p.aggregated = &f
	}
	return p, p.aggregates()
}

// named returns what the source calls the field; a path that names none is what it is.
func (p *Prepared) named(path query.Path) query.Path {
	if f, err := p.source.Field(path); err == nil {
		return f.Path
	}
	return path
}

// aggregates refuses those that count on numbers where the field has none.
func (p *Prepared) aggregates() error {
	for _, item := range p.query.Select {
		if item.Func == 0 || item.Func == query.Count {
			continue
		}
		if k := p.aggregated.Kind; k != Any && k != Number {
			return &query.SyntaxError{Position: item.At, Reason: fmt.Sprintf("%s needs a number: %s is %s", item.Func, item.Path, k)}
		}
	}
	return nil
}

// String says what the field's values are.
func (k Kind) String() string {
	switch k {
	case Text, Word, LongText:
		return "a text"
	case Number:
		return "a number"
	case Flag:
		return "true or false"
	case Time:
		return "a time"
	}
	return "anything"
}

// at gives an error of a source its place.
func at(err error, position int) error {
	var syntax *query.SyntaxError
	if errors.As(err, &syntax) && syntax.Position == 0 {
		return &query.SyntaxError{Position: position, Reason: syntax.Reason}
	}
	return err
}

func (p *Prepared) orderBy(o query.Order) error {
	f, err := p.source.Field(o.Path)
	switch {
	case err != nil:
		return at(err, o.At)
	case f.Encrypted || f.Kind == LongText:
		return &query.SyntaxError{Position: o.At, Reason: fmt.Sprintf("%s cannot be sorted by: it is %s", o.Path, f.why())}
	case f.HasFixed:
		return nil // all rows are equal in it
	}
	resolved := query.Order{Path: f.Path, Desc: o.Desc, At: o.At}
	if f.Kind == Time && !f.Native {
		resolved.As = query.AsTime
	}
	p.order = append(p.order, resolved)
	return nil
}

// why names what limits the field.
func (f *Field) why() string {
	if f.Encrypted {
		return "encrypted"
	}
	return "a long text"
}

// filter resolves the condition of FILTER, whose paths are taken from within the elements.
func (p *Prepared) filter(f *query.Filter) error {
	if _, err := p.source.Field(f.Path); err != nil {
		return at(err, f.At)
	}
	if err := within(f.Keep, f.Path); err != nil {
		return err
	}
	var err error
	p.keep, err = p.resolveBy(f.Keep, func(c *query.Comparison, _ Field) query.Expr {
		c.Path = c.Path[len(f.Path):]
		return c
	})
	return err
}

// within refuses comparisons of fields that are not below the path.
func within(e query.Expr, path query.Path) error {
	var fault error
	_ = query.Walk(e, func(c *query.Comparison) bool {
		if len(c.Path) < len(path) || !path.Same(c.Path[:len(path)]) {
			fault = &query.SyntaxError{Position: c.At, Reason: fmt.Sprintf("a field of %s was expected", path)}
		}
		return fault == nil
	})
	return fault
}

// resolve puts a condition into the terms of the source.
func (p *Prepared) resolve(e query.Expr) (query.Expr, error) {
	return p.resolveBy(e, func(c *query.Comparison, f Field) query.Expr {
		if !f.HasFixed {
			c.Path = f.Path
			return c
		}
		if c.MatchValue(f.Fixed) {
			return &query.And{}
		}
		return &query.Or{}
	})
}

// resolveBy checks every comparison and replaces it by what settle makes of its checked copy.
func (p *Prepared) resolveBy(e query.Expr, settle func(*query.Comparison, Field) query.Expr) (query.Expr, error) {
	switch e := e.(type) {
	case *query.And:
		parts, err := p.resolveParts(e.Parts, settle)
		return &query.And{Parts: parts}, err
	case *query.Or:
		parts, err := p.resolveParts(e.Parts, settle)
		return &query.Or{Parts: parts}, err
	case *query.Not:
		x, err := p.resolveBy(e.X, settle)
		return &query.Not{X: x}, err
	case *query.Comparison:
		f, err := p.source.Field(e.Path)
		if err != nil {
			return nil, at(err, e.At)
		}
		c := *e
		if !f.Native {
			if err := f.check(&c); err != nil {
				return nil, &query.SyntaxError{Position: e.At, Reason: e.Path.String() + " " + err.Error()}
			}
		}
		return settle(&c, f), nil
	}
	return nil, nil
}

func (p *Prepared) resolveParts(parts []query.Expr, settle func(*query.Comparison, Field) query.Expr) ([]query.Expr, error) {
	resolved := make([]query.Expr, len(parts))
	for i, part := range parts {
		var err error
		if resolved[i], err = p.resolveBy(part, settle); err != nil {
			return nil, err
		}
	}
	return resolved, nil
}

// check refuses an operator that the field's type does not have, and turns the constants of c, a copy, into those of the type.
func (f *Field) check(c *query.Comparison) error {
	ordered := c.Op == query.Less || c.Op == query.LessEqual || c.Op == query.Greater || c.Op == query.GreaterEqual
	switch {
	case c.Op == query.IsNull:
		return nil
	case f.Encrypted && c.Op != query.Equal && c.Op != query.Contains:
		return errors.New("is encrypted: only =, != and CONTAINS with the whole value compare it")
	case f.Kind == LongText && (ordered || c.Op == query.Regex):
		return errors.New("is a long text: only =, != and CONTAINS compare it")
	case f.Kind == Time && c.Op == query.Contains:
		return errors.New("is a time: CONTAINS is for texts and arrays")
	case f.Kind == Flag && ordered:
		return errors.New("is true or false: only = and != compare it")
	case c.Op == query.Regex && (f.Kind == Number || f.Kind == Flag || f.Kind == Time):
		return fmt.Errorf("is %s: regular expressions are for texts", f.Kind)
	}
	if c.Op == query.Contains && (f.Encrypted || f.Kind == Word) {
		c.As = query.AsWhole
	}
	if f.Kind == Time {
		c.As = query.AsTime
	}
	values := make([]query.Value, len(c.Values))
	for i, v := range c.Values {
		var ok bool
		if values[i], ok = f.Kind.constant(v); !ok {
			return fmt.Errorf("is %s: %s was expected", f.Kind, f.Kind.expected())
		}
	}
	c.Values = values
	return nil
}

// constant turns a constant into one of the kind.
func (k Kind) constant(v query.Value) (query.Value, bool) {
	switch k {
	case Number:
		return v.AsNumber()
	case Flag:
		if v.Kind == query.String && (v.Str == "true" || v.Str == "false") {
			v = query.Value{Kind: query.Bool, Bool: v.Str == "true"}
		}
		return v, v.Kind == query.Bool
	case Time:
		if v.Kind == query.String {
			if t, ok := query.ParseTime(v.Str); ok {
				return millis(clock.FromTime(t)), true
			}
		}
		return v.AsNumber()
	case Text, Word, LongText:
		return v, v.Kind != query.Bool
	}
	return v, true
}

func (k Kind) expected() string {
	switch k {
	case Number:
		return "a number"
	case Flag:
		return "true or false"
	case Time:
		return `a date like "2014-01-31" or "2014-01-31T23:59:59Z", or milliseconds,`
	}
	return "a text in quotes"
}
