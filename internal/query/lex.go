package query

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

type tokenKind int

const (
	tokEnd    tokenKind = iota
	tokWord             // a name or a keyword, without quotes
	tokQuoted           // text between quotes of any kind, decoded; quote says which
	tokNumber
	tokSymbol // an operator or a punctuation mark
	tokBad    // text is the reason
)

// token is one lexical element. start and end are byte offsets into the text.
type token struct {
	kind       tokenKind
	text       string
	quote      byte
	start, end int
}

// is tells whether the token is the keyword; case does not count.
func (t token) is(keyword string) bool {
	return t.kind == tokWord && len(t.text) == len(keyword) && strings.EqualFold(t.text, keyword)
}

func (t token) symbol(s string) bool { return t.kind == tokSymbol && t.text == s }

// symbols lists those of two characters first, so that the longest is found.
var symbols = [...]string{"!=", "<>", "<=", ">=", "=", "<", ">", "!", "(", ")", ",", ";", "*", "."}

// scan reads the token at or behind the blanks at i.
func scan(text string, i int) token {
	i = skipBlanks(text, i)
	if i >= len(text) {
		return token{kind: tokEnd, start: len(text), end: len(text)}
	}
	c := text[i]
	switch {
	case c == '\'' || c == '"' || c == '`':
		return scanQuoted(text, i)
	case isDigit(c), (c == '-' || c == '+') && i+1 < len(text) && isDigit(text[i+1]):
		return scanNumber(text, i)
	}
	for _, s := range symbols {
		if strings.HasPrefix(text[i:], s) {
			return token{kind: tokSymbol, text: s, start: i, end: i + len(s)}
		}
	}
	if r, _ := utf8.DecodeRuneInString(text[i:]); unicode.IsLetter(r) || r == '_' || r == '@' {
		end := nameEnd(text, i)
		return token{kind: tokWord, text: text[i:end], start: i, end: end}
	}
	return bad(i, "this character is not expected")
}

func bad(at int, reason string) token { return token{kind: tokBad, text: reason, start: at, end: at} }

// skipBlanks passes white space of every alphabet, and the marks that copying from a page leaves behind.
func skipBlanks(text string, i int) int {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !unicode.IsSpace(r) && r != '\ufeff' && r != '\u200b' {
			break
		}
		i += size
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// nameEnd returns the end of the run of name characters that begins at i.
func nameEnd(text string, i int) int {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !isNameRune(r) {
			break
		}
		i += size
	}
	return i
}

func isNameRune(r rune) bool {
	return r == '_' || r == '-' || r == '$' || r == '@' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// scanNumber reads a number whose sign or first digit is at i.
func scanNumber(text string, i int) token {
	start := i
	digits := func() bool {
		from := i
		for i < len(text) && isDigit(text[i]) {
			i++
		}
		return i > from
	}
	if !isDigit(text[i]) {
		i++
	}
	digits()
	if i < len(text) && text[i] == '.' {
		if i++; !digits() {
			return bad(i, "a digit was expected")
		}
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		if i++; i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		if !digits() {
			return bad(i, "a digit was expected")
		}
	}
	if nameEnd(text, i) > i {
		return bad(i, "a number must be followed by a blank or an operator")
	}
	return token{kind: tokNumber, text: text[start:i], start: start, end: i}
}

// scanQuoted reads text between two quotes of the kind at i. Doubling the quote inside stands for one. In single and double
// quotes a backslash escapes; before a character that needs no escape it stands for itself, because patterns are written
// with either one backslash or two.
func scanQuoted(text string, i int) token {
	quote, start := text[i], i
	var b strings.Builder
	for i++; i < len(text); {
		c := text[i]
		switch {
		case c == quote && i+1 < len(text) && text[i+1] == quote:
			b.WriteByte(quote)
			i += 2
		case c == quote:
			return token{kind: tokQuoted, text: b.String(), quote: quote, start: start, end: i + 1}
		case c == '\\' && quote != '`':
			r, size := unescape(text[i:])
			if size == 0 {
				return bad(i, "four hexadecimal digits were expected behind \\u")
			}
			b.WriteRune(r)
			i += size
		default:
			b.WriteByte(c)
			i++
		}
	}
	return bad(start, "the closing quote is missing")
}

// unescape decodes the escape that s begins with. size is 0 if it is not valid.
func unescape(s string) (r rune, size int) {
	if len(s) < 2 {
		return '\\', 1
	}
	switch s[1] {
	case '"', '\'', '\\':
		return rune(s[1]), 2
	case 'n':
		return '\n', 2
	case 't':
		return '\t', 2
	case 'u':
		if r, ok := hex4(s[2:]); !ok {
			return 0, 0
		} else if !utf16.IsSurrogate(r) {
			return r, 6
		} else if len(s) >= 8 && s[6] == '\\' && s[7] == 'u' {
			second, _ := hex4(s[8:])
			if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
				return r, 12
			}
		}
		return utf8.RuneError, 6
	}
	return '\\', 1
}

// hex4 reads the four hexadecimal digits that s begins with.
func hex4(s string) (r rune, ok bool) {
	if len(s) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:4], 16, 16)
	return rune(n), err == nil
}
