package document

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// parser builds values. Strings without escapes are cut from text, one copy of the input, instead of being allocated.
type parser struct {
	bytes []byte
	text  string
	// members and items are those of the objects and arrays that are being read, the innermost last: how many one has is
	// known at its end, and then it gets as much room as it needs.
	members []member
	items   []Value

	// Objects and their members lie together, many in one piece of memory: whoever keeps one of them, keeps the text as well.
	objectRoom room[Object]
	memberRoom room[member]
}

// firstItems is the room for items that a parser makes at the first array.
const firstItems = 8

// room is memory in which things of one kind are laid one after the other.
type room[T any] struct{ free []T }

// roomFor is for how many things memory is taken in advance, at the most.
const roomFor = 32

// take returns memory for n things. If there is not enough it takes some for as many more as the rest of the text may have.
func (r *room[T]) take(n, more int) []T {
	if n > len(r.free) {
		r.free = make([]T, n+min(more, roomFor))
	}
	taken := r.free[:n:n]
	r.free = r.free[n:]
	return taken
}

// objectBytes and memberBytes are about as many bytes of text as there are for an object and for a member.
const objectBytes, memberBytes = 64, 24

// newObject returns an empty object, or an array's, for the text at i.
func (p *parser) newObject(i int) *Object {
	return &p.objectRoom.take(1, (len(p.bytes)-i)/objectBytes)[0]
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

// ParseStored is [ParseObject] for a document that is stored: no text at all is an empty object.
func ParseStored(text []byte) (*Object, error) {
	if len(text) == 0 {
		return &Object{}, nil
	}
	return ParseObject(text)
}

// Parse reads a text that is one JSON value of any kind, like [ParseObject].
func Parse(text []byte) (Value, error) {
	if i := skipSpace(text, 0); i < len(text) && text[i] != '{' && text[i] != '[' {
		return parseScalar(text, i)
	}
	p := &parser{bytes: text, text: string(text), members: make([]member, 0, min(len(text)/memberBytes, roomFor))}
	v, i, err := p.value(skipSpace(text, 0), MaxDepth)
	if err != nil {
		return Value{}, err
	}
	if err := atEnd(text, i); err != nil {
		return Value{}, err
	}
	return v, nil
}

// parseScalar reads the text whose value, neither an object nor an array, begins at i. It copies no more than the value.
func parseScalar(text []byte, i int) (v Value, err error) {
	if text[i] == '"' {
		end, simple, err := scanString(text, i)
		if err == nil {
			err = atEnd(text, end)
		}
		if err != nil {
			return Value{}, err
		}
		return String(nameOf(text[i:end], simple)), nil
	}
	end, err := scanValue(text, i, MaxDepth)
	if err == nil {
		err = atEnd(text, end)
	}
	if err != nil {
		return Value{}, err
	}
	switch text[i] {
	case 't', 'f':
		return Boolean(text[i] == 't'), nil
	case 'n':
		return Value{}, nil
	}
	return Value{kind: KindNumber, text: string(text[i:end])}, nil
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
	t, o, first := p.bytes, p.newObject(i), len(p.members)
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
		p.member(o, first, name, item)
		i = skipSpace(t, i2)
		switch {
		case i < len(t) && t[i] == ',':
			i++
		case i < len(t) && t[i] == '}':
			switch {
			case o.members != nil:
			case depth == MaxDepth: // The outermost is the last.
				o.members = p.members
			default:
				o.members = p.memberRoom.take(len(p.members)-first, (len(t)-i)/memberBytes)
				copy(o.members, p.members[first:])
				p.members = p.members[:first]
			}
			return FromObject(o), i + 1, nil
		default:
			return v, i, syntax(i, "a comma or a closing brace was expected")
		}
	}
}

// member takes a member of the object whose members begin at first. Those of an object with many move into it, where they
// are found by an index.
func (p *parser) member(o *Object, first int, name string, v Value) {
	if o.members != nil {
		o.Set(name, v)
		return
	}
	for i := first; i < len(p.members); i++ {
		if p.members[i].name == name {
			p.members[i].value = v
			return
		}
	}
	if p.members = append(p.members, member{name, v}); len(p.members)-first == indexFrom {
		o.members = slices.Clone(p.members[first:])
		o.compact()
		p.members = p.members[:first]
	}
}

func (p *parser) array(i, depth int) (v Value, end int, err error) {
	if depth <= 0 {
		return v, i, ErrDepth
	}
	t, first := p.bytes, len(p.items)
	if i = skipSpace(t, i+1); i < len(t) && t[i] == ']' {
		return ArrayOf(), i + 1, nil
	}
	if p.items == nil {
		p.items = make([]Value, 0, firstItems)
	}
	for {
		item, i2, err := p.value(skipSpace(t, i), depth-1)
		if err != nil {
			return v, i2, err
		}
		p.items = append(p.items, item)
		i = skipSpace(t, i2)
		switch {
		case i < len(t) && t[i] == ',':
			i++
		case i < len(t) && t[i] == ']':
			o := p.newObject(i)
			o.items = slices.Clone(p.items[first:])
			p.items = p.items[:first]
			return Value{kind: KindArray, nested: o}, i + 1, nil
		default:
			return v, i, syntax(i, "a comma or a closing bracket was expected")
		}
	}
}
