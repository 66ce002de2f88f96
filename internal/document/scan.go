package document

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// MaxDepth is the deepest nesting of objects and arrays that parsing accepts. An object that holds no other has depth 1.
const MaxDepth = 64

// ErrDepth says that a document is nested deeper than allowed.
var ErrDepth = errors.New("document is nested too deep")

// SyntaxError says where a text stops being JSON.
type SyntaxError struct {
	// Offset is the number of bytes before the one that cannot be read.
	Offset int
	// Reason says what is wrong there. It never repeats the text.
	Reason string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("offset %d: %s", e.Offset, e.Reason) }

func syntax(offset int, reason string) error { return &SyntaxError{Offset: offset, Reason: reason} }

// plain marks the bytes that stand for themselves in a string literal: printable ASCII but quote and backslash.
var plain = func() (t [256]bool) {
	for c := 0x20; c < 0x80; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

func skipSpace(t []byte, i int) int {
	for i < len(t) && (t[i] == ' ' || t[i] == '\n' || t[i] == '\t' || t[i] == '\r') {
		i++
	}
	return i
}

// skipPlain returns the offset of the first byte from i on that is not plain. It looks at eight at a time.
func skipPlain(t []byte, i int) int {
	// In a word each byte from which something is taken that is greater borrows from those above it, so that the lowest bit found
	// is always right, and only the lowest is asked for.
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(t); i += 8 {
		w := binary.LittleEndian.Uint64(t[i:])
		quote, slash := w^'"'*ones, w^'\\'*ones
		if found := ((w-' '*ones)&^w | (quote-ones)&^quote | (slash-ones)&^slash | w) & tops; found != 0 {
			return i + bits.TrailingZeros64(found)>>3
		}
	}
	for i < len(t) && plain[t[i]] {
		i++
	}
	return i
}

// scanString reads the string literal that begins at i and returns the offset behind it. simple tells that the bytes
// between the quotes are the string: printable ASCII without escapes.
func scanString(t []byte, i int) (end int, simple bool, err error) {
	if i >= len(t) || t[i] != '"' {
		return i, false, syntax(i, "a string was expected")
	}
	simple = true
	for i = skipPlain(t, i+1); i < len(t); {
		c := t[i]
		switch {
		case plain[c]:
			i = skipPlain(t, i+1)
		case c == '"':
			return i + 1, simple, nil
		case c == '\\':
			simple = false
			if i, err = scanEscape(t, i); err != nil {
				return i, false, err
			}
		case c < 0x20:
			return i, false, syntax(i, "a control character stands in a string")
		default: // 0x80 and above: UTF-8, or what will become U+FFFD
			simple = false
			i++
		}
	}
	return i, false, syntax(i, "the text ends inside a string")
}

// scanEscape reads the escape whose backslash is at i.
func scanEscape(t []byte, i int) (end int, err error) {
	if i+1 >= len(t) {
		return i, syntax(len(t), "the text ends inside a string")
	}
	switch t[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, nil
	case 'u':
		if _, ok := hex4(t, i+2); ok {
			return i + 6, nil
		}
	}
	return i, syntax(i, "an escape is not valid")
}

// hex4 reads four hexadecimal digits.
func hex4(t []byte, i int) (r rune, ok bool) {
	if i+4 > len(t) {
		return 0, false
	}
	for _, c := range t[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

func skipDigits[T string | []byte](t T, i int) int {
	for i < len(t) && '0' <= t[i] && t[i] <= '9' {
		i++
	}
	return i
}

// scanNumber reads the number that begins at i; ok is false if none does.
func scanNumber[T string | []byte](t T, i int) (end int, ok bool) {
	if i < len(t) && t[i] == '-' {
		i++
	}
	digits := i
	if i = skipDigits(t, i); i == digits || t[digits] == '0' && i > digits+1 {
		return digits, false
	}
	if i < len(t) && t[i] == '.' {
		fraction := i + 1
		if i = skipDigits(t, fraction); i == fraction {
			return i, false
		}
	}
	if i < len(t) && (t[i] == 'e' || t[i] == 'E') {
		i++
		if i < len(t) && (t[i] == '+' || t[i] == '-') {
			i++
		}
		exponent := i
		if i = skipDigits(t, i); i == exponent {
			return i, false
		}
	}
	return i, true
}

func isNumber(text string) bool {
	end, ok := scanNumber(text, 0)
	return ok && end == len(text)
}

// scanWord reads true, false or null at i.
func scanWord(t []byte, i int) (end int, err error) {
	for _, word := range [...]string{"true", "false", "null"} {
		if end = i + len(word); end <= len(t) && string(t[i:end]) == word {
			return end, nil
		}
	}
	return i, syntax(i, "a value was expected")
}

// scanValue reads the value that begins at i and returns the offset behind it. depth is how many levels it may have.
func scanValue(t []byte, i, depth int) (end int, err error) {
	if i >= len(t) {
		return i, syntax(i, "the text ends where a value was expected")
	}
	switch c := t[i]; {
	case c == '"':
		end, _, err = scanString(t, i)
		return end, err
	case c == '{':
		return scanMembers(t, i, depth, nil)
	case c == '[':
		return scanElements(t, i, depth, nil)
	case c == '-' || '0' <= c && c <= '9':
		end, ok := scanNumber(t, i)
		if !ok {
			return end, syntax(end, "a number is not valid")
		}
		return end, nil
	}
	return scanWord(t, i)
}

// span is a member found by scanMembers: where its name literal and its value are.
type span struct {
	name, nameEnd   int
	simple          bool
	value, valueEnd int
}

// errStop ends a scan early: the caller's function wants no more.
var errStop = errors.New("stop")

// scanMembers reads the object that begins at i. each, if not nil, is called for every member; if it returns false, the
// error is errStop.
func scanMembers(t []byte, i, depth int, each func(span) bool) (end int, err error) {
	if depth <= 0 {
		return i, ErrDepth
	}
	if i = skipSpace(t, i+1); i < len(t) && t[i] == '}' {
		return i + 1, nil
	}
	for {
		s := span{name: skipSpace(t, i)}
		if s.nameEnd, s.simple, err = scanString(t, s.name); err != nil {
			return s.nameEnd, err
		}
		if i = skipSpace(t, s.nameEnd); i >= len(t) || t[i] != ':' {
			return i, syntax(i, "a colon was expected")
		}
		s.value = skipSpace(t, i+1)
		if s.valueEnd, err = scanValue(t, s.value, depth-1); err != nil {
			return s.valueEnd, err
		}
		if each != nil && !each(s) {
			return s.valueEnd, errStop
		}
		i = skipSpace(t, s.valueEnd)
		switch {
		case i < len(t) && t[i] == ',':
			i++
		case i < len(t) && t[i] == '}':
			return i + 1, nil
		default:
			return i, syntax(i, "a comma or a closing brace was expected")
		}
	}
}

// scanElements reads the array that begins at i, like scanMembers.
func scanElements(t []byte, i, depth int, each func(value, valueEnd int) bool) (end int, err error) {
	if depth <= 0 {
		return i, ErrDepth
	}
	if i = skipSpace(t, i+1); i < len(t) && t[i] == ']' {
		return i + 1, nil
	}
	for {
		i = skipSpace(t, i)
		if end, err = scanValue(t, i, depth-1); err != nil {
			return end, err
		}
		if each != nil && !each(i, end) {
			return end, errStop
		}
		i = skipSpace(t, end)
		switch {
		case i < len(t) && t[i] == ',':
			i++
		case i < len(t) && t[i] == ']':
			return i + 1, nil
		default:
			return i, syntax(i, "a comma or a closing bracket was expected")
		}
	}
}

// atEnd checks that nothing but white space follows i.
func atEnd(t []byte, i int) error {
	if i = skipSpace(t, i); i < len(t) {
		return syntax(i, "something follows the document")
	}
	return nil
}
