package query

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/doorward/doorward/internal/pattern"
)

// Pattern is a regular expression of the language, ready to run: Lucene's form, which always matches a whole text. It has
// a time linear in the text. It is safe for concurrent use.
type Pattern struct {
	text     string
	compiled *pattern.Pattern
}

// NewPattern reads an expression:
//
//	.  any character        ab  one after the other      a|b  either        (a)  a group
//	a*  a+  a?  a{2}  a{2,}  a{2,3}  repeat what is before them            [abc]  [a-c]  [^a-c]  [-a]  one of these
//
// The characters . ? + * | { } [ ] ( ) " \ stand for themselves behind a backslash. What other engines add (\d, look-around,
// flags, ^ and $) is refused rather than misread.
func NewPattern(text string) (*Pattern, error) { return newPattern(text, "(?s:") }

func newPattern(text, open string) (*Pattern, error) {
	if len(text) > MaxPattern {
		return nil, fmt.Errorf("the regular expression is longer than %d bytes", MaxPattern)
	}
	r := regexReader{rest: text}
	body, err := r.alternatives(MaxDepth)
	if err == nil && r.rest != "" {
		err = errors.New("there is a closing bracket without an opening one")
	}
	if err != nil {
		return nil, fmt.Errorf("the regular expression cannot be read: character %d: %w", utf8.RuneCountInString(text)-utf8.RuneCountInString(r.rest)+1, err)
	}
	compiled, err := pattern.Whole(open + body + ")")
	if err != nil {
		return nil, errors.New("the regular expression is too big")
	}
	return &Pattern{text, compiled}, nil
}

// String returns the expression as it was written.
func (p *Pattern) String() string { return p.text }

// Match tells whether the whole text is as the expression says.
func (p *Pattern) Match(text string) bool { return p.compiled.Match(text) }

// Equal tells whether both are the same expression.
func (p *Pattern) Equal(q *Pattern) bool {
	if p == nil || q == nil {
		return p == q
	}
	return p.text == q.text
}

// Fold returns the expression without regard to case.
func (p *Pattern) Fold() *Pattern {
	folded, err := newPattern(p.text, "(?is:")
	if err != nil {
		return p // it compiles to nothing bigger; if it did, case would count
	}
	return folded
}

// regexReader translates an expression to that of the engine.
type regexReader struct{ rest string }

func (r *regexReader) peek() rune {
	c, _ := utf8.DecodeRuneInString(r.rest)
	return c
}

func (r *regexReader) next() rune {
	c, size := utf8.DecodeRuneInString(r.rest)
	r.rest = r.rest[size:]
	return c
}

func (r *regexReader) take(s string) bool {
	rest, ok := strings.CutPrefix(r.rest, s)
	r.rest = rest
	return ok
}

// alternatives reads up to the end or a closing bracket.
func (r *regexReader) alternatives(depth int) (string, error) {
	if depth == 0 {
		return "", fmt.Errorf("brackets are nested more than %d deep", MaxDepth)
	}
	var b strings.Builder
	for {
		switch {
		case r.rest == "" || r.rest[0] == ')':
			return b.String(), nil
		case r.take("|"):
			b.WriteByte('|')
			continue
		}
		atom, err := r.atom(depth)
		if err != nil {
			return "", err
		}
		for {
			count, err := r.repetition()
			if err != nil {
				return "", err
			}
			if count == "" {
				break
			}
			// In brackets of its own: to the engine a+? would be another operator than (a+)?.
			atom = "(?:" + atom + ")" + count
			if len(atom) > 8*MaxPattern {
				return "", errors.New("there are too many repetitions of repetitions")
			}
		}
		b.WriteString(atom)
	}
}

// atom reads what a repetition would repeat.
func (r *regexReader) atom(depth int) (string, error) {
	switch c := r.peek(); c {
	case '(':
		r.next()
		if strings.HasPrefix(r.rest, "?") {
			return "", errors.New("look-around and flags are not supported")
		}
		inner, err := r.alternatives(depth - 1)
		if err != nil {
			return "", err
		}
		if !r.take(")") {
			return "", errors.New("a closing bracket was expected")
		}
		return "(?:" + inner + ")", nil
	case '[':
		r.next()
		return r.class()
	case '.':
		r.next()
		return ".", nil
	case '\\':
		return r.escaped()
	case '*', '+', '?', '{':
		return "", errors.New("there is nothing to repeat")
	case '}', ']', '"':
		return "", fmt.Errorf(`a backslash was expected before %c`, c)
	case '^', '$':
		return "", fmt.Errorf(`an expression always matches the whole text; \%c stands for the character`, c)
	}
	return literal(r.next()), nil
}

// escaped reads a backslash and what it makes a character of its own.
func (r *regexReader) escaped() (string, error) {
	c, size := utf8.DecodeRuneInString(r.rest[1:])
	switch {
	case size == 0:
		return "", errors.New("a character was expected behind the backslash")
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return "", fmt.Errorf(`\%c is not supported`, c)
	}
	r.rest = r.rest[1+size:]
	return literal(c), nil
}

// literal writes a character that stands for itself, within a set or outside.
func literal(c rune) string {
	if c < utf8.RuneSelf && !isNameRune(c) || c == '-' || c == '$' {
		return `\` + string(c)
	}
	return string(c)
}

// class reads a set of characters behind its opening bracket.
func (r *regexReader) class() (string, error) {
	var b strings.Builder
	b.WriteByte('[')
	if r.take("^") {
		b.WriteByte('^')
	}
	for n := 0; ; n++ {
		switch {
		case r.rest == "":
			return "", errors.New("a closing ] was expected")
		case r.rest[0] == ']' && n == 0:
			return "", errors.New("a character was expected between [ and ]")
		case r.take("]"):
			return b.String() + "]", nil
		}
		from, err := r.member()
		if err != nil {
			return "", err
		}
		b.WriteString(literal(from))
		if len(r.rest) < 2 || r.rest[0] != '-' || r.rest[1] == ']' {
			continue
		}
		r.next()
		to, err := r.member()
		if err != nil {
			return "", err
		}
		if to < from {
			return "", errors.New("a range must go upwards")
		}
		b.WriteString("-" + literal(to))
	}
}

// member reads one character within a set.
func (r *regexReader) member() (rune, error) {
	switch c := r.peek(); c {
	case '[':
		return 0, errors.New(`a backslash was expected before [`)
	case '\\':
		if len(r.rest) == 1 {
			return 0, errors.New("a character was expected behind the backslash")
		}
		if _, err := (&regexReader{r.rest}).escaped(); err != nil {
			return 0, err
		}
		r.next()
	}
	return r.next(), nil
}

// repetition reads a count if one comes next: it is empty otherwise.
func (r *regexReader) repetition() (string, error) {
	for _, sign := range [...]string{"*", "+", "?"} {
		if r.take(sign) {
			return sign, nil
		}
	}
	if !r.take("{") {
		return "", nil
	}
	least, ok := r.number()
	most := least
	if ok && r.take(",") {
		if most, ok = r.number(); !ok && r.peek() == '}' {
			most, ok = -1, true
		}
	}
	switch {
	case !ok || !r.take("}"):
		return "", errors.New("a count such as {2}, {2,} or {2,3} was expected")
	case most < 0:
		return fmt.Sprintf("{%d,}", least), nil
	case most < least:
		return "", errors.New("the second count must not be less than the first")
	}
	return fmt.Sprintf("{%d,%d}", least, most), nil
}

// number reads a count of at most a thousand.
func (r *regexReader) number() (n int, ok bool) {
	end := 0
	for end < len(r.rest) && isDigit(r.rest[end]) {
		end++
	}
	n, err := strconv.Atoi(r.rest[:end])
	if err != nil || n > 1000 {
		return 0, false
	}
	r.rest = r.rest[end:]
	return n, true
}
