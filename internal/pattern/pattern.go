// Package pattern runs the regular expressions that a site's owner writes: the format of a schema field, the form of a
// password.
//
// Such an expression is run on every write by everybody, or on every account by a search, so it must not be able to stall the
// server: it is read and, where it has to be, run by Go's engine, whose time is instructions times text, and both are bounded.
// Nearly always an automaton runs in its place, which is made of the same instructions as texts need it, and whose time is the
// text alone. That engine has neither back references nor
// look-around. Expressions written for the original often begin with look-ahead, though, as the default format of
// profile.email does:
//
//	^(?=(.{1,64}@.{1,255}))…$
//	^(?=.*\d)(?!.*\s).{8,}$
//
// Look-ahead at the very beginning only says that several expressions must (or must not) match from the same place, so
// it is taken apart into those expressions. Look-around anywhere else, and back references, are refused when the
// expression is compiled. `\u00e4` is understood as in JavaScript and .NET.
package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
)

// Bounds of an expression: its length in bytes, the instructions it compiles to, and the work of one match in
// instructions times bytes of text (a step takes 10 to 20 ns, so a match takes a tenth of a second at the very worst).
const (
	MaxLength       = 4096
	maxInstructions = 4000
	maxWork         = 8 << 20
)

// Pattern is an expression ready to run. It is safe for concurrent use.
type Pattern struct {
	must, mustNot []*expression
	instructions  int
}

// expression is one that Go's engine reads. Its automaton is made when the first text is compared; nil: it has none.
type expression struct {
	engine    *regexp.Regexp
	prepare   sync.Once
	automaton *automaton
}

func (e *expression) match(text string) bool {
	e.prepare.Do(func() { e.automaton = automatonOf(e.engine.String()) })
	if e.automaton != nil {
		if matches, known := e.automaton.match(text); known {
			return matches
		}
	}
	return e.engine.MatchString(text)
}

// automatonOf returns the automaton of an expression that the engine has read, or nil if it has none.
func automatonOf(expr string) *automaton {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil
	}
	return newAutomaton(prog)
}

// Whole compiles an expression that has to match the whole text.
func Whole(expr string) (*Pattern, error) { return compile(expr, true) }

// Search compiles an expression that has to match somewhere in the text.
func Search(expr string) (*Pattern, error) { return compile(expr, false) }

// Instructions returns how many instructions the expression has: the time of a match is at most in proportion to them, and to
// the text.
func (p *Pattern) Instructions() int { return p.instructions }

// Match tells whether the text is as the expression demands. A text that would take too long to compare (over 2 KB for
// the largest expressions, over 80 KB for one of a hundred instructions) is not.
func (p *Pattern) Match(text string) bool {
	if len(text)*p.instructions > maxWork {
		return false
	}
	for _, e := range p.must {
		if !e.match(text) {
			return false
		}
	}
	for _, e := range p.mustNot {
		if e.match(text) {
			return false
		}
	}
	return true
}

func compile(expr string, whole bool) (*Pattern, error) {
	if len(expr) > MaxLength {
		return nil, fmt.Errorf("expression is longer than %d bytes", MaxLength)
	}
	expr = unicodeEscapes(expr)
	body, anchored := strings.CutPrefix(expr, "^")
	p := &Pattern{}
	if !startsWithLookAhead(body) {
		prefix, suffix := "", ""
		if whole {
			prefix, suffix = `\A(?:`, `)\z`
		}
		return p, p.add(&p.must, prefix, expr, suffix)
	}
	if !anchored && !whole {
		return nil, errors.New("an expression with look-ahead must begin with ^")
	}
	for startsWithLookAhead(body) {
		end := closing(body)
		if end < 0 {
			return nil, errors.New("missing closing )")
		}
		list := &p.must
		if body[2] == '!' {
			list = &p.mustNot
		}
		if err := p.add(list, `\A(?:`, body[3:end], `)`); err != nil {
			return nil, err
		}
		body = body[end+1:]
		if body != "" && strings.IndexByte("*+?{", body[0]) >= 0 {
			return nil, errors.New("look-ahead cannot be repeated")
		}
	}
	if hasAlternative(body) {
		// In ^(?=x)a|b the look-ahead belongs to the first alternative only.
		return nil, errors.New("alternatives after look-ahead must stand in brackets")
	}
	suffix := ")"
	if whole {
		suffix = `)\z`
	}
	return p, p.add(&p.must, `\A(?:`, body, suffix)
}

// add compiles expr, which must be an expression by itself, between prefix and suffix.
func (p *Pattern) add(list *[]*expression, prefix, expr, suffix string) error {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return explain(err)
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return explain(err)
	}
	if len(prog.Inst) > maxInstructions {
		return errors.New("expression is too big")
	}
	re, err := regexp.Compile(prefix + expr + suffix)
	if err != nil {
		return explain(err)
	}
	*list = append(*list, &expression{engine: re})
	p.instructions += len(prog.Inst)
	return nil
}

func explain(err error) error {
	var e *syntax.Error
	if errors.As(err, &e) && e.Code == syntax.ErrInvalidPerlOp {
		return fmt.Errorf("%w (look-around is understood at the beginning of the expression only)", err)
	}
	return err
}

func startsWithLookAhead(expr string) bool {
	return strings.HasPrefix(expr, "(?=") || strings.HasPrefix(expr, "(?!")
}

// closing returns the place of the bracket that closes the one with which expr begins, or -1.
func closing(expr string) int {
	end := -1
	walk(expr, func(i, depth int) bool {
		if expr[i] == ')' && depth == 0 {
			end = i
		}
		return end < 0
	})
	return end
}

// hasAlternative tells whether there is a | outside of all brackets.
func hasAlternative(expr string) bool {
	found := false
	walk(expr, func(i, depth int) bool {
		found = expr[i] == '|' && depth == 0
		return !found
	})
	return found
}

// walk calls fn for each character with a meaning of its own (not escaped, not quoted, not in a class) with the number of
// brackets that are open after it, until fn returns false.
func walk(expr string, fn func(i, depth int) bool) {
	depth, class := 0, -1
	// over passes over what follows i up to the end of the text, or to the end of the expression.
	over := func(i int, end string) int {
		if n := strings.Index(expr[i+2:], end); n >= 0 {
			return i + 2 + n + len(end) - 1
		}
		return len(expr)
	}
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; {
		case class < 0 && strings.HasPrefix(expr[i:], `\Q`):
			i = over(i, `\E`)
			continue
		case c == '\\':
			i++
			continue
		case class >= 0:
			// A ] that comes first stands for itself.
			first := i == class+1 || i == class+2 && expr[class+1] == '^'
			switch {
			case strings.HasPrefix(expr[i:], "[:") && strings.Contains(expr[i:], ":]"):
				i = over(i, ":]")
			case c == ']' && !first:
				class = -1
			}
			continue
		case c == '[':
			class = i
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
		if !fn(i, depth) {
			return
		}
	}
}

// unicodeEscapes writes \u and its four digits the way Go's engine knows it.
func unicodeEscapes(expr string) string {
	if !strings.Contains(expr, `\u`) {
		return expr
	}
	var b strings.Builder
	for i := 0; i < len(expr); i++ {
		if expr[i] != '\\' || i+1 == len(expr) {
			b.WriteByte(expr[i])
			continue
		}
		if expr[i+1] == 'u' && i+6 <= len(expr) && isHex(expr[i+2:i+6]) {
			b.WriteString(`\x{` + expr[i+2:i+6] + `}`)
			i += 5
			continue
		}
		b.WriteString(expr[i : i+2])
		i++
	}
	return b.String()
}

func isHex(s string) bool {
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}
