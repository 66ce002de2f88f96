package gigya

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// ParseFormat reads the parameter format in any letter case; empty is JSON. Anything else is 400006.
func ParseFormat(text string) (Format, error) {
	switch {
	case text == "", strings.EqualFold(text, "json"):
		return JSON, nil
	case strings.EqualFold(text, "jsonp"):
		return JSONP, nil
	case strings.EqualFold(text, "xml"):
		return XML, nil
	}
	return JSON, InvalidArgument("format")
}

// String returns the format as the parameter has it.
func (f Format) String() string {
	switch f {
	case JSONP:
		return "jsonp"
	case XML:
		return "xml"
	}
	return "json"
}

// ContentType returns the Content-Type of answers in the format. JSON is served as a script, as the original does:
// clients rely on it.
func ContentType(f Format) string {
	if f == XML {
		return "text/xml; charset=utf-8"
	}
	return "text/javascript; charset=utf-8"
}

// ValidCallback tells whether the text may be the callback of JSONP: a JavaScript name or a path of names and indexes, 1
// to 128 characters of A-Z a-z 0-9 _ $ . [ ], the first of them none of 0-9 . [ ].
func ValidCallback(text string) bool {
	const longest = 128
	if text == "" || len(text) > longest {
		return false
	}
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c == '$':
		case '0' <= c && c <= '9', c == '.', c == '[', c == ']':
			if i == 0 {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// CheckCallback returns the error of a callback that JSONP cannot use: 400002 when it is empty, 400006 when it is not
// what [ValidCallback] wants.
func CheckCallback(text string) error {
	switch {
	case text == "":
		return MissingParameter("callback")
	case !ValidCallback(text):
		return InvalidArgument("callback")
	}
	return nil
}

// Marshal returns the value as a compact JSON object for [Answer.Members]: an [Appender] writes itself, a
// [json.RawMessage] is taken as it is, nil is an empty object, anything else goes through encoding/json without the
// escapes that are meant for HTML.
func Marshal(v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return []byte("{}"), nil
	case Appender:
		return v.AppendJSON(nil), nil
	case json.RawMessage:
		if len(v) == 0 {
			return []byte("{}"), nil
		}
		return v, nil
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("gigya: writing a %T: %w", v, err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte{'\n'}), nil
}
