package document

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"
)

// textDepth bounds the nesting of what is only looked into: rows and answers wrap documents that are MaxDepth deep.
const textDepth = 2 * MaxDepth

// Check tells whether the text is one JSON object that is nested at most maxDepth deep (an object that holds no other has
// depth 1). The error is a *SyntaxError, or [ErrDepth].
func Check(text []byte, maxDepth int) error {
	i := skipSpace(text, 0)
	if i >= len(text) || text[i] != '{' {
		return syntax(i, "an object was expected")
	}
	i, err := scanMembers(text, i, maxDepth, nil)
	if err != nil {
		return err
	}
	return atEnd(text, i)
}

// Member returns the text of the named member's value, a part of text, without building anything. It is meant for
// documents that were written by [Object.AppendJSON]: it reads no further than the member, so of several with that name
// the first is taken, and what follows is not checked. ok is false if there is no such member or text is no object.
func Member(text []byte, name string) (raw []byte, ok bool) {
	i := skipSpace(text, 0)
	if i >= len(text) || text[i] != '{' {
		return nil, false
	}
	_, _ = scanMembers(text, i, textDepth, func(s span) bool {
		if !nameIs(text[s.name:s.nameEnd], s.simple, name) {
			return true
		}
		raw, ok = text[s.value:s.valueEnd:s.valueEnd], true
		return false
	})
	return raw, ok
}

// MemberAt is [Member] along a path, through objects only. An empty path gives the text itself.
func MemberAt(text []byte, path ...string) (raw []byte, ok bool) {
	for _, name := range path {
		if text, ok = Member(text, name); !ok {
			return nil, false
		}
	}
	return text, true
}

// Members calls fn for every member of the object, in order, with its name and the text of its value, a part of text.
// Members with the same name are all handed over. If fn returns false, the rest is neither read nor checked. The error is
// a *SyntaxError, or [ErrDepth] for twice [MaxDepth]; fn may have been called before.
func Members(text []byte, fn func(name string, raw []byte) bool) error {
	i := skipSpace(text, 0)
	if i >= len(text) || text[i] != '{' {
		return syntax(i, "an object was expected")
	}
	i, err := scanMembers(text, i, textDepth, func(s span) bool {
		return fn(nameOf(text[s.name:s.nameEnd], s.simple), text[s.value:s.valueEnd:s.valueEnd])
	})
	return ended(text, i, err)
}

// Elements calls fn for every element of the array, like [Members].
func Elements(text []byte, fn func(raw []byte) bool) error {
	i := skipSpace(text, 0)
	if i >= len(text) || text[i] != '[' {
		return syntax(i, "an array was expected")
	}
	i, err := scanElements(text, i, textDepth, func(value, end int) bool { return fn(text[value:end:end]) })
	return ended(text, i, err)
}

// ended is the result of a scan by a caller's function.
func ended(text []byte, i int, err error) error {
	switch {
	case errors.Is(err, errStop):
		return nil
	case err != nil:
		return err
	}
	return atEnd(text, i)
}

// KindOf tells from its first character of which kind the value is. The text is not checked; what begins no value is null.
func KindOf(raw []byte) Kind {
	i := skipSpace(raw, 0)
	if i >= len(raw) {
		return KindNull
	}
	switch c := raw[i]; {
	case c == '"':
		return KindString
	case c == '{':
		return KindObject
	case c == '[':
		return KindArray
	case c == 't' || c == 'f':
		return KindBool
	case c == '-' || '0' <= c && c <= '9':
		return KindNumber
	}
	return KindNull
}

// Text returns the string of a text that is one JSON string literal; ok is false if it is none.
func Text(raw []byte) (s string, ok bool) {
	i := skipSpace(raw, 0)
	if i >= len(raw) || raw[i] != '"' {
		return "", false
	}
	end, simple, err := scanString(raw, i)
	if err != nil || atEnd(raw, end) != nil {
		return "", false
	}
	return nameOf(raw[i:end], simple), true
}

// nameOf returns the string of a checked literal.
func nameOf(literal []byte, simple bool) string {
	if body := literal[1 : len(literal)-1]; simple || bytes.IndexByte(body, '\\') < 0 && utf8.Valid(body) {
		return string(body)
	}
	return decodeString(literal)
}

// nameIs tells whether the literal stands for the name, without allocating in the usual case.
func nameIs(literal []byte, simple bool, name string) bool {
	if simple {
		return string(literal[1:len(literal)-1]) == name
	}
	return nameOf(literal, false) == name
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// MemberFold is [Member] for a name whose case may differ: the member of that very name, or else the first whose name is
// equal under Unicode case folding. stored is the name as the document has it.
func MemberFold(text []byte, name string) (stored string, raw []byte, ok bool) {
	i := skipSpace(text, 0)
	if i >= len(text) || text[i] != '{' {
		return "", nil, false
	}
	ascii := isASCII(name)
	_, _ = scanMembers(text, i, textDepth, func(s span) bool {
		literal := text[s.name:s.nameEnd]
		if s.simple && ascii && len(literal)-2 != len(name) {
			return true // Texts of ASCII alone that are equal but for case are equally long.
		}
		if nameIs(literal, s.simple, name) {
			stored, raw, ok = name, text[s.value:s.valueEnd:s.valueEnd], true
			return false
		}
		if ok || s.simple && !strings.EqualFold(string(literal[1:len(literal)-1]), name) {
			return true
		}
		if n := nameOf(literal, s.simple); strings.EqualFold(n, name) {
			stored, raw, ok = n, text[s.value:s.valueEnd:s.valueEnd], true
		}
		return true
	})
	return stored, raw, ok
}
