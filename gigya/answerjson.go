package gigya

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// apiVersion is what answers say of themselves, whatever version was asked for.
const apiVersion = 2

// AppendAnswer appends the answer in the format to dst. The callback, which [CheckCallback] has seen, is for JSONP alone.
// The members are written straight from their JSON text, in one pass. An answer is never half written: when the members
// of an error cannot be made, the answer is 500001.
func AppendAnswer(dst []byte, a *Answer, f Format, callback string) []byte {
	var extra []byte
	if a.Err != nil && a.Err.Members != nil {
		var err error
		if extra, err = Marshal(a.Err.Members); err != nil {
			failed := *a
			failed.Err = &Error{Code: GeneralServerError, Cause: err}
			a = &failed
		}
	}
	members := wellFormed(a.Members)
	extra = wellFormed(extra)
	dst = slices.Grow(dst, 2*len(members)) // Indented it is seldom more.
	switch f {
	case XML:
		return appendAnswerXML(dst, a, extra, members)
	case JSONP:
		dst = append(dst, callback...)
		dst = append(dst, '(')
		dst = appendAnswerJSON(dst, a, extra, members)
		return append(dst, ");"...)
	default:
		return appendAnswerJSON(dst, a, extra, members)
	}
}

// wellFormed returns the text with U+FFFD where it is no UTF-8. Nothing that comes here should need it, and for text that
// does not the test costs next to nothing; a browser or a parser would refuse the whole answer.
func wellFormed(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	return []byte(validText(string(text)))
}

func appendAnswerJSON(dst []byte, a *Answer, extra, members []byte) []byte {
	code := OK
	if a.Err != nil {
		code = a.Err.Code
	}
	dst = append(dst, "{\n  \"callId\": "...)
	dst = appendString(dst, a.CallID)
	if a.HasContext {
		dst = append(dst, ",\n  \"context\": "...)
		dst = appendString(dst, a.Context)
	}
	dst = append(dst, ",\n  \"errorCode\": "...)
	dst = strconv.AppendInt(dst, int64(code), 10)
	if a.Err != nil {
		dst = append(dst, ",\n  \"errorDetails\": "...)
		dst = appendString(dst, a.Err.details())
		dst = append(dst, ",\n  \"errorMessage\": "...)
		dst = appendString(dst, code.Message())
		if a.Err.Flags != "" {
			dst = append(dst, ",\n  \"errorFlags\": "...)
			dst = appendString(dst, a.Err.Flags)
		}
	}
	dst = append(dst, ",\n  \"apiVersion\": "...)
	dst = strconv.AppendInt(dst, apiVersion, 10)
	dst = append(dst, ",\n  \"statusCode\": "...)
	dst = strconv.AppendInt(dst, int64(code.Status()), 10)
	dst = append(dst, ",\n  \"statusReason\": "...)
	dst = appendString(dst, code.Reason())
	dst = append(dst, ",\n  \"time\": \""...)
	dst = appendTime(dst, a.Time)
	dst = append(dst, '"')
	if len(a.Ignored) > 0 {
		dst = appendIgnored(dst, a.Ignored)
	}
	if a.Err != nil && len(a.Err.Validation) > 0 {
		dst = appendValidation(dst, a.Err.Validation)
	}
	dst = appendMembers(dst, extra)
	dst = appendMembers(dst, members)
	return append(dst, "\n}"...)
}

// details is errorDetails: the specific text, or the message again.
func (e *Error) details() string {
	if e.Details == "" {
		return e.Code.Message()
	}
	return e.Details
}

// appendTime always writes three decimals and UTC.
func appendTime(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
}

func appendIgnored(dst []byte, list []IgnoredParam) []byte {
	dst = append(dst, ",\n  \"ignoredParams\": ["...)
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, "\n    {\n      \"paramName\": "...)
		dst = appendString(dst, list[i].ParamName)
		dst = append(dst, ",\n      \"warningCode\": "...)
		dst = strconv.AppendInt(dst, int64(list[i].WarningCode), 10)
		dst = append(dst, ",\n      \"message\": "...)
		dst = appendString(dst, list[i].Message)
		dst = append(dst, "\n    }"...)
	}
	return append(dst, "\n  ]"...)
}

func appendValidation(dst []byte, list []ValidationError) []byte {
	dst = append(dst, ",\n  \"validationErrors\": ["...)
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, "\n    {\n      \"errorCode\": "...)
		dst = strconv.AppendInt(dst, int64(list[i].ErrorCode), 10)
		dst = append(dst, ",\n      \"message\": "...)
		dst = appendString(dst, list[i].Message)
		dst = append(dst, ",\n      \"fieldName\": "...)
		dst = appendString(dst, list[i].FieldName)
		dst = append(dst, "\n    }"...)
	}
	return append(dst, "\n  ]"...)
}

// spaces is what indentation is cut from.
const spaces = "\n                                                                "

func appendIndent(dst []byte, depth int) []byte {
	width := 2 * depth
	if width < 0 { // more closed than opened: not JSON, but no reason to fall
		width = 0
	}
	dst = append(dst, spaces[:1+min(width, len(spaces)-1)]...)
	for width -= len(spaces) - 1; width > 0; width -= 2 {
		dst = append(dst, ' ', ' ')
	}
	return dst
}

// appendMembers continues the answer's object with the members of a JSON object, indented.
func appendMembers(dst, object []byte) []byte {
	inner, ok := unwrapObject(object)
	if !ok {
		return dst
	}
	dst = append(dst, ",\n  "...)
	return appendIndented(dst, inner, 1)
}

// unwrapObject returns what stands between the braces of an object; false when nothing does.
func unwrapObject(text []byte) ([]byte, bool) {
	for len(text) > 0 && isBlank(text[0]) {
		text = text[1:]
	}
	for len(text) > 0 && isBlank(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' {
		return nil, false
	}
	text = text[1 : len(text)-1]
	for len(text) > 0 && isBlank(text[0]) {
		text = text[1:]
	}
	return text, len(text) > 0
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// appendIndented lays out JSON text by two blanks a level and escapes what could be read as markup or break a script. It
// looks at each byte once.
func appendIndented(dst, text []byte, depth int) []byte {
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case '"':
			dst, i = appendLiteral(dst, text, i)
			continue
		case '{', '[':
			next := i + 1
			for next < len(text) && isBlank(text[next]) {
				next++
			}
			if next < len(text) && (text[next] == '}' || text[next] == ']') {
				dst = append(dst, c, text[next])
				i = next + 1
				continue
			}
			depth++
			dst = appendIndent(append(dst, c), depth)
		case '}', ']':
			depth--
			dst = append(appendIndent(dst, depth), c)
		case ',':
			dst = appendIndent(append(dst, c), depth)
		case ':':
			dst = append(dst, ':', ' ')
		case ' ', '\n', '\r', '\t':
		default:
			start := i
			for i++; i < len(text) && isScalar[text[i]]; i++ {
			}
			dst = append(dst, text[start:i]...)
			continue
		}
		i++
	}
	return dst
}

// isScalar has the bytes of numbers, booleans and null.
var isScalar = func() (set [256]bool) {
	for _, c := range []byte("0123456789+-.eEtrufalsn") {
		set[c] = true
	}
	return set
}()

// stopsRun has the bytes at which the copying of a JSON string literal has to look closer.
var stopsRun = [256]bool{'"': true, '\\': true, '<': true, 0xE2: true}

// appendLiteral copies in runs the JSON string literal that begins at start, with escapes for < and for the two line
// separators that end a line in old scripts, and returns where it ends.
func appendLiteral(dst, text []byte, start int) ([]byte, int) {
	run := start
	for i := start + 1; ; i++ {
		for i < len(text) && !stopsRun[text[i]] {
			i++
		}
		if i >= len(text) {
			return append(dst, text[run:]...), len(text) // not closed: not JSON
		}
		switch text[i] {
		case '"':
			return append(dst, text[run:i+1]...), i + 1
		case '\\':
			i++
		case '<':
			dst = append(append(dst, text[run:i]...), `\u003c`...)
			run = i + 1
		default:
			if i+2 < len(text) && text[i+1] == 0x80 && text[i+2]&^1 == 0xA8 {
				dst = append(append(dst, text[run:i]...), `\u202`...)
				dst = append(dst, lowerHex[text[i+2]&15])
				i += 2
				run = i + 1
			}
		}
	}
}

// stringEnd returns where the string that begins at start ends, behind its quotation mark.
func stringEnd(text []byte, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

const lowerHex = "0123456789abcdef"

// appendString appends text as a JSON string with the same escapes.
func appendString(dst []byte, text string) []byte {
	dst = append(dst, '"')
	run := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if c >= 0x20 && c != '"' && c != '\\' && c != '<' {
				i++
				continue
			}
			dst = append(dst, text[run:i]...)
			dst = appendEscape(dst, c)
			i++
			run = i
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(append(dst, text[run:i]...), "\uFFFD"...)
			run = i + size
		case r == '\u2028' || r == '\u2029':
			dst = append(append(dst, text[run:i]...), `\u202`...)
			dst = append(dst, lowerHex[r&15])
			run = i + size
		}
		i += size
	}
	dst = append(dst, text[run:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', lowerHex[c>>4], lowerHex[c&15])
}
