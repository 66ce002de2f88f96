package document

import (
	"strings"
	"unicode/utf8"
)

// parser builds values. Strings without escapes are cut from text, one copy of the input, instead of being allocated.
type parser struct {
	bytes []byte
	text  string
}

// ParseObject reads a text that is one JSON object. Of members with the same name the last value counts, in the place of
// the first. Bytes in strings that are not UTF-8 become U+FFFD. The error is a *SyntaxError, or [ErrDepth].
func ParseObject(text []byte) (*Object, error) {
	if i := skipSpace(text, 0); i >= len(text) || text[i] != '{' {
		return nil, syntax(i, "an object was expected")
	}
	v, err := Parse(text)
	if err != nil {
		return nil, err
	}
	return v.Object(), nil
}

// Parse reads a text that is one JSON value of any kind, like [ParseObject].
func Parse(text []byte) (Value, error) {
	p := &parser{bytes: text, text: string(text)}
	v, i, err := p.value(skipSpace(text, 0), MaxDepth)
	if err != nil {
		return Value{}, err
	}
	if err := atEnd(text, i); err != nil {
		return Value{}, err
	}
	return v, nil
}

// value reads the value at i.
func (p *parser) value(i, depth int) (v Value, end int, err error) {
	t := p.bytes
	if i >= len(t) {
		return v, i, syntax(i, "the text ends where a value was expected")
	}
	switch t[i] {
	case '{':
		return p.object(i, depth)
	case '[':
		return p.array(i, depth)
	case '"':
		s, end, err := p.string(i)
		return String(s), end, err
	}
	if end, err = scanValue(t, i, depth); err != nil {
		return v, end, err
	}
	switch t[i] {
	case 't', 'f':
		return Boolean(t[i] == 't'), end, nil
	case 'n':
		return Value{}, end, nil
	}
	return Value{kind: KindNumber, text: p.text[i:end]}, end, nil
}

func (p *parser) string(i int) (s string, end int, err error) {
	end, simple, err := scanString(p.bytes, i)
	if err != nil {
		return "", end, err
	}
	s = p.text[i+1 : end-1]
	if simple || strings.IndexByte(s, '\\') < 0 && utf8.ValidString(s) {
		return s, end, nil
	}
	return decodeString(p.bytes[i:end]), end, nil
}

func (p *parser) object(i, depth int) (v Value, end int, err error) {
	if depth <= 0 {
		return v, i, ErrDepth
	}
	t, o := p.bytes, &Object{}
	if i = skipSpace(t, i+1); i < len(t) && t[i] == '}' {
		return FromObject(o), i + 1, nil
	}
	for {
		name, i2, err := p.string(skipSpace(t, i))
		if err != nil {
			return v, i2, err
		}
		if i = skipSpace(t, i2); i >= len(t) || t[i] != ':' {
			return v, i, syntax(i, "a colon was expected")
		}
		item, i2, err := p.value(skipSpace(t, i+1), depth-1)
		if err != nil {
			return v, i2, err
		}
		o.Set(name, item)
		i = skipSpace(t, i2)
		switch {
		case i < len(t) && t[i] == ',':
			i++
		case i < len(t) && t[i] == '}':
			return FromObject(o), i + 1, nil
		default:
			return v, i, syntax(i, "a comma or a closing brace was expected")
		}
	}
}

func (p *parser) array(i, depth int) (v Value, end int, err error) {
	if depth <= 0 {
		return v, i, ErrDepth
	}
	t, items := p.bytes, []Value(nil)
	if i = skipSpace(t, i+1); i < len(t) && t[i] == ']' {
		return ArrayOf(), i + 1, nil
	}
	for {
		item, i2, err := p.value(skipSpace(t, i), depth-1)
		if err != nil {
			return v, i2, err
		}
		items = append(items, item)
		i = skipSpace(t, i2)
		switch {
		case i < len(t) && t[i] == ',':
			i++
		case i < len(t) && t[i] == ']':
			return ArrayOf(items...), i + 1, nil
		default:
			return v, i, syntax(i, "a comma or a closing bracket was expected")
		}
	}
}
