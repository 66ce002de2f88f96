package document

import (
	"unicode/utf16"
	"unicode/utf8"
)

// decodeString returns the string of the literal t, whose quotes and escapes have been checked: escapes resolved, what is
// not UTF-8 and lone surrogates replaced by U+FFFD.
func decodeString(t []byte) string {
	t = t[1 : len(t)-1]
	out := make([]byte, 0, len(t))
	for i := 0; i < len(t); {
		switch c := t[i]; {
		case c == '\\' && t[i+1] == 'u':
			r, _ := hex4(t, i+2)
			i += 6
			if utf16.IsSurrogate(r) {
				r, i = secondHalf(t, i, r)
			}
			out = utf8.AppendRune(out, r)
		case c == '\\':
			out = append(out, unescaped(t[i+1]))
			i += 2
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
		default:
			r, size := utf8.DecodeRune(t[i:])
			out = utf8.AppendRune(out, r)
			i += size
		}
	}
	return string(out)
}

// secondHalf completes a surrogate pair whose second half should be escaped at i. What is no pair gives U+FFFD for the
// first half and leaves the rest to be read.
func secondHalf(t []byte, i int, first rune) (r rune, next int) {
	if i+1 < len(t) && t[i] == '\\' && t[i+1] == 'u' {
		second, _ := hex4(t, i+2)
		if r = utf16.DecodeRune(first, second); r != utf8.RuneError {
			return r, i + 6
		}
	}
	return utf8.RuneError, i
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c // quote, backslash, slash
}

// AppendString appends s as a JSON string literal. Only what JSON demands is escaped, and U+2028 and U+2029, which are
// line ends in JavaScript; `<`, `>` and `&` stay. What is not UTF-8 becomes U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
			dst = append(dst, s[start:i]...)
			switch r {
			case '\u2028':
				dst = append(dst, `\u2028`...)
			case '\u2029':
				dst = append(dst, `\u2029`...)
			default:
				dst = utf8.AppendRune(dst, utf8.RuneError)
			}
			start = i + size
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}
