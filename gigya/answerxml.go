package gigya

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const xmlHead = `<?xml version="1.0" encoding="utf-8"?>` + "\n<"

// xmlAttributes are the root element's, as recorded.
const xmlAttributes = `Response xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ` +
	`xsi:schemaLocation="urn:com:gigya:api http://socialize.api.gigya.com/schema" xmlns="urn:com:gigya:api">`

// appendAnswerXML writes the envelope in the order that XML has, which is not the one of JSON. SDKs find errorCode and
// errorMessage by a search in the text, so that these have neither attributes nor a prefix.
func appendAnswerXML(dst []byte, a *Answer, extra, members []byte) []byte {
	code := OK
	if a.Err != nil {
		code = a.Err.Code
	}
	dst = append(dst, xmlHead...)
	dst = appendXMLName(dst, a.Method)
	dst = append(dst, xmlAttributes...)
	dst = appendIntElement(dst, "statusCode", code.Status())
	dst = appendIntElement(dst, "errorCode", int(code))
	if a.Err != nil {
		dst = appendTextElement(dst, 1, "errorMessage", code.Message())
		dst = appendTextElement(dst, 1, "errorDetails", a.Err.details())
		if a.Err.Flags != "" {
			dst = appendTextElement(dst, 1, "errorFlags", a.Err.Flags)
		}
	}
	dst = appendTextElement(dst, 1, "statusReason", code.Reason())
	dst = appendTextElement(dst, 1, "callId", a.CallID)
	if a.HasContext {
		dst = appendTextElement(dst, 1, "context", a.Context)
	}
	dst = append(dst, "\n  <time>"...)
	dst = append(appendTime(dst, a.Time), "</time>"...)
	if len(a.Ignored) > 0 {
		dst = append(dst, "\n  <ignoredParams>"...)
		for _, p := range a.Ignored {
			dst = append(dst, "\n    <ignoredParam>"...)
			dst = appendTextElement(dst, 3, "paramName", p.ParamName)
			dst = appendTextElement(dst, 3, "warningCode", strconv.Itoa(int(p.WarningCode)))
			dst = appendTextElement(dst, 3, "message", p.Message)
			dst = append(dst, "\n    </ignoredParam>"...)
		}
		dst = append(dst, "\n  </ignoredParams>"...)
	}
	if a.Err != nil && len(a.Err.Validation) > 0 {
		dst = append(dst, "\n  <validationErrors>"...)
		for _, v := range a.Err.Validation {
			dst = append(dst, "\n    <validationError>"...)
			dst = appendTextElement(dst, 3, "errorCode", strconv.Itoa(int(v.ErrorCode)))
			dst = appendTextElement(dst, 3, "message", v.Message)
			dst = appendTextElement(dst, 3, "fieldName", v.FieldName)
			dst = append(dst, "\n    </validationError>"...)
		}
		dst = append(dst, "\n  </validationErrors>"...)
	}
	dst = appendMembersXML(dst, extra)
	dst = appendMembersXML(dst, members)
	dst = append(dst, "\n</"...)
	dst = appendXMLName(dst, a.Method)
	return append(dst, "Response>"...)
}

func appendIntElement(dst []byte, name string, n int) []byte {
	dst = append(append(append(dst, "\n  <"...), name...), '>')
	dst = strconv.AppendInt(dst, int64(n), 10)
	return append(append(append(dst, "</"...), name...), '>')
}

// appendTextElement writes an element whose name needs no escapes.
func appendTextElement(dst []byte, depth int, name, text string) []byte {
	dst = append(append(appendIndent(dst, depth), '<'), name...)
	if text == "" {
		return append(dst, " />"...)
	}
	dst = append(dst, '>')
	dst = appendXMLText(dst, text)
	return append(append(append(dst, "</"...), name...), '>')
}

func appendMembersXML(dst, object []byte) []byte {
	if _, ok := unwrapObject(object); !ok {
		return dst
	}
	x := xmlWriter{text: object, dst: dst}
	x.skipBlanks()
	x.object(1)
	return x.dst
}

// xmlWriter turns JSON text into elements while it reads it. Text that is not JSON gives an early end, never a panic and
// never an element that stays open.
type xmlWriter struct {
	text []byte
	at   int
	dst  []byte
	bad  bool
}

// xmlDepth bounds the recursion; stored documents nest 64 deep at most.
const xmlDepth = 512

func (x *xmlWriter) skipBlanks() {
	for x.at < len(x.text) && isBlank(x.text[x.at]) {
		x.at++
	}
}

// peek returns the next byte that is no blank, or zero at the end.
func (x *xmlWriter) peek() byte {
	x.skipBlanks()
	if x.bad || x.at >= len(x.text) {
		return 0
	}
	return x.text[x.at]
}

// take steps over the byte when it comes next.
func (x *xmlWriter) take(c byte) bool {
	if x.peek() != c {
		return false
	}
	x.at++
	return true
}

// object writes the members of the object that comes next as elements of the depth.
func (x *xmlWriter) object(depth int) {
	x.take('{')
	for !x.take('}') {
		name, ok := x.str()
		if !ok || !x.take(':') {
			x.bad = true
			return
		}
		x.element(name, depth)
		if !x.take(',') && x.peek() != '}' {
			x.bad = true
			return
		}
	}
}

// array writes the items of the array that comes next.
func (x *xmlWriter) array(name string, depth int) {
	item := itemName(name)
	x.take('[')
	for !x.take(']') {
		x.element(item, depth)
		if !x.take(',') && x.peek() != ']' {
			x.bad = true
			return
		}
	}
}

// element writes the value that comes next as one element.
func (x *xmlWriter) element(name string, depth int) {
	first := x.peek()
	if first == 0 || depth > xmlDepth {
		x.bad = true
		return
	}
	x.dst = append(appendIndent(x.dst, depth), '<')
	x.dst = appendXMLName(x.dst, name)
	nested := false
	switch {
	case x.takeEmpty():
		x.dst = append(x.dst, " />"...)
		return
	case first == '{', first == '[':
		nested = true
		x.dst = append(x.dst, '>')
		if first == '{' {
			x.object(depth + 1)
		} else {
			x.array(name, depth+1)
		}
	case first == '"':
		text, ok := x.str()
		x.bad = x.bad || !ok
		x.dst = append(x.dst, '>')
		x.dst = appendXMLText(x.dst, text)
	default:
		x.dst = append(x.dst, '>')
		x.scalar()
	}
	if nested {
		x.dst = appendIndent(x.dst, depth)
	}
	x.dst = append(x.dst, "</"...)
	x.dst = append(appendXMLName(x.dst, name), '>')
}

// takeEmpty steps over a value that becomes an empty element: null, an empty text, an empty object or array.
func (x *xmlWriter) takeEmpty() bool {
	rest := x.text[x.at:]
	switch rest[0] {
	case 'n':
		if bytes.HasPrefix(rest, []byte("null")) {
			x.at += len("null")
			return true
		}
	case '"':
		if len(rest) > 1 && rest[1] == '"' {
			x.at += 2
			return true
		}
	case '{', '[':
		start := x.at
		x.at++
		if next := x.peek(); next == '}' || next == ']' {
			x.at++
			return true
		}
		x.at = start
	}
	return false
}

// scalar copies a number or a boolean.
func (x *xmlWriter) scalar() {
	start := x.at
	for x.at < len(x.text) {
		c := x.text[x.at]
		if c != '+' && c != '-' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != 'E' {
			break
		}
		x.at++
	}
	if x.at == start {
		x.bad = true
		return
	}
	x.dst = append(x.dst, x.text[start:x.at]...)
}

// str reads the string that comes next.
func (x *xmlWriter) str() (string, bool) {
	if x.peek() != '"' {
		return "", false
	}
	end := stringEnd(x.text, x.at)
	if end-x.at < 2 || x.text[end-1] != '"' {
		return "", false
	}
	raw := x.text[x.at+1 : end-1]
	x.at = end
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw), true
	}
	return unquote(raw), true
}

// unquote decodes the escapes of JSON; half a surrogate pair becomes U+FFFD.
func unquote(raw []byte) string {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' || i+1 >= len(raw) {
			out = append(out, raw[i])
			continue
		}
		i++
		switch c := raw[i]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := fourHex(raw[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if i+2 < len(raw) && raw[i+1] == '\\' && raw[i+2] == 'u' {
					low = fourHex(raw[i+3:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// fourHex reads four hexadecimal digits, or returns U+FFFD.
func fourHex(text []byte) rune {
	if len(text) < 4 {
		return utf8.RuneError
	}
	r := rune(0)
	for _, c := range text[:4] {
		digit, ok := unhex(c)
		if !ok {
			return utf8.RuneError
		}
		r = r<<4 | rune(digit)
	}
	return r
}

// itemName is how the items of an array are named: by the singular of an English name (identities, identity), else item.
// Recorded for identities; the rest is the rule that a reader of such answers would guess.
func itemName(name string) string {
	singular := "item"
	switch {
	case strings.HasSuffix(name, "ies"):
		singular = name[:len(name)-3] + "y"
	case strings.HasSuffix(name, "ses"), strings.HasSuffix(name, "xes"):
		singular = name[:len(name)-2]
	case strings.HasSuffix(name, "s") && len(name) > 1:
		singular = name[:len(name)-1]
	}
	return singular
}

// xmlLetters are letters beyond ASCII that every edition of XML takes in names, so that parsers of any age do.
var xmlLetters = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x00C0, Hi: 0x00D6, Stride: 1}, {Lo: 0x00D8, Hi: 0x00F6, Stride: 1}, {Lo: 0x00F8, Hi: 0x0131, Stride: 1},
		{Lo: 0x0134, Hi: 0x013E, Stride: 1}, {Lo: 0x0141, Hi: 0x0148, Stride: 1}, {Lo: 0x014A, Hi: 0x017E, Stride: 1},
		{Lo: 0x038E, Hi: 0x03A1, Stride: 1}, {Lo: 0x03A3, Hi: 0x03CE, Stride: 1}, {Lo: 0x0410, Hi: 0x044F, Stride: 1},
		{Lo: 0x05D0, Hi: 0x05EA, Stride: 1}, {Lo: 0x0621, Hi: 0x063A, Stride: 1}, {Lo: 0x0641, Hi: 0x064A, Stride: 1},
		{Lo: 0x3041, Hi: 0x3094, Stride: 1}, {Lo: 0x30A1, Hi: 0x30FA, Stride: 1}, {Lo: 0x4E00, Hi: 0x9FA5, Stride: 1},
		{Lo: 0xAC00, Hi: 0xD7A3, Stride: 1},
	},
	LatinOffset: 2,
}

// appendXMLName appends the name with _xHHHH_ for each character that cannot stand in an XML name at its place, and for
// an underscore that would look like the beginning of such an escape. A colon is escaped as well: it would be a prefix.
func appendXMLName(dst []byte, name string) []byte {
	if name == "" {
		return append(dst, "_x_"...)
	}
	for i, r := range name {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r >= 0x80 && unicode.Is(xmlLetters, r):
			dst = utf8.AppendRune(dst, r)
		case r == '_' && !looksEscaped(name[i:]):
			dst = append(dst, '_')
		case i > 0 && ('0' <= r && r <= '9' || r == '-' || r == '.'):
			dst = append(dst, byte(r))
		default:
			dst = append(dst, "_x"...)
			for shift := 12; shift >= 0; shift -= 4 {
				if shift == 12 && r > 0xFFFF {
					dst = append(dst, "00"...)
					dst = append(dst, upperHex[r>>20&15], upperHex[r>>16&15])
				}
				dst = append(dst, upperHex[r>>shift&15])
			}
			dst = append(dst, '_')
		}
	}
	return dst
}

// looksEscaped tells whether the text begins like an escape of ours: _x and four hexadecimal digits, or _x_.
func looksEscaped(text string) bool {
	if len(text) >= 3 && text[:3] == "_x_" {
		return true
	}
	if len(text) < 6 || text[:2] != "_x" {
		return false
	}
	for i := 2; i < 6; i++ {
		if _, ok := unhex(text[i]); !ok {
			return false
		}
	}
	return true
}

// appendXMLText appends text with the five characters of markup escaped and without the characters that XML forbids. A
// carriage return is written as a reference, for a parser would make a line feed of it.
func appendXMLText(dst []byte, text string) []byte {
	for _, r := range text {
		switch r {
		case '&':
			dst = append(dst, "&amp;"...)
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '"':
			dst = append(dst, "&quot;"...)
		case '\'':
			dst = append(dst, "&apos;"...)
		case '\r':
			dst = append(dst, "&#13;"...)
		case '\t', '\n':
			dst = append(dst, byte(r))
		case '\uFFFE', '\uFFFF':
		default:
			if r >= 0x20 {
				dst = utf8.AppendRune(dst, r)
			}
		}
	}
	return dst
}
