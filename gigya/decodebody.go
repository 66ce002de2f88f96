package gigya

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"strings"
	"unicode/utf8"
)

// form reads name=value pairs. The text is cut pair by pair, so that a bound is met before the next pair is looked at.
func (d *decoder) form(text string) error {
	for text != "" {
		var pair string
		pair, text, _ = strings.Cut(text, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if len(name) > 3*d.limits.Name { // three bytes of an escape stand for one
			return d.add(name, "")
		}
		if name = unescape(name); name == "" {
			if err := d.countOne(); err != nil {
				return err
			}
			continue
		}
		if err := d.add(name, unescape(value)); err != nil {
			return err
		}
	}
	return nil
}

// unescape decodes a part of a form: a plus sign is a blank, %XX a byte.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return validText(s)
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '+':
			out = append(out, ' ')
		case '%':
			if i+2 < len(s) {
				high, ok1 := unhex(s[i+1])
				low, ok2 := unhex(s[i+2])
				if ok1 && ok2 {
					out = append(out, high<<4|low)
					i += 2
					continue
				}
			}
			out = append(out, c)
		default:
			out = append(out, c)
		}
	}
	return validText(string(out))
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// validText returns the text with U+FFFD for every byte that is no UTF-8.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var out strings.Builder
	out.Grow(len(s) + 8)
	for _, r := range s { // yields U+FFFD a byte
		out.WriteRune(r)
	}
	return out.String()
}

// multipart takes each part as a parameter. A file is one as well when it is text; else it is refused, for a parameter
// is text and a caller that wants to send bytes has Base64.
func (d *decoder) multipart(body []byte, contentType string) error {
	boundary := multipartBoundary(contentType)
	if boundary == "" {
		return NewError(InvalidRequestFormat, "The content type multipart/form-data has no boundary.")
	}
	if !bytes.Contains(body, []byte("--"+boundary)) { // the reader would call it an empty body
		return NewError(InvalidRequestFormat, "The multipart body is malformed.")
	}
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &Error{Code: InvalidRequestFormat, Details: "The multipart body is malformed.", Cause: err}
		}
		name := part.FormName()
		if name == "" {
			if err := d.countOne(); err != nil {
				return err
			}
			continue
		}
		value, err := io.ReadAll(part) // a part is no longer than the body, which is bounded
		if err != nil {
			return &Error{Code: InvalidRequestFormat, Details: "The multipart body is malformed.", Cause: err}
		}
		if part.FileName() != "" && !utf8.Valid(value) {
			return NewError(InvalidParameterValue, "Invalid argument: "+quoteName(name)+
				": a file must be text; send its bytes as Base64.")
		}
		if err := d.add(validText(name), validText(string(value))); err != nil {
			return err
		}
	}
}

// json takes the members of an object as parameters.
func (d *decoder) json(body []byte) error {
	if !nestsAtMost(body, d.limits.Depth) {
		return NewError(InvalidParameterValue, fmt.Sprintf("The JSON body nests deeper than %d levels.", d.limits.Depth))
	}
	malformed := func(err error) *Error {
		return &Error{Code: InvalidRequestFormat, Details: "The body is not valid JSON.", Cause: err}
	}
	reader := json.NewDecoder(bytes.NewReader(body))
	if _, err := reader.Token(); err != nil {
		return malformed(err)
	}
	for reader.More() {
		token, err := reader.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return malformed(err)
		}
		var raw json.RawMessage
		if err := reader.Decode(&raw); err != nil {
			return malformed(err)
		}
		value := validText(string(raw))
		if raw[0] == '"' {
			if err := json.Unmarshal(raw, &value); err != nil {
				return malformed(err)
			}
		}
		if name == "" {
			if err := d.countOne(); err != nil {
				return err
			}
			continue
		}
		if err := d.add(name, value); err != nil {
			return err
		}
	}
	if _, err := reader.Token(); err != nil {
		return malformed(err)
	}
	if _, err := reader.Token(); !errors.Is(err, io.EOF) {
		return malformed(errors.New("text after the object"))
	}
	return nil
}

// nestsAtMost tells whether JSON text opens no more than depth objects and arrays within each other. It reads brackets
// alone, so that it may be asked before the text is known to be valid.
func nestsAtMost(text []byte, depth int) bool {
	open, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString:
			if c == '\\' {
				i++
			} else if c == '"' {
				inString = false
			}
		case c == '"':
			inString = true
		case c == '{', c == '[':
			if open++; open > depth {
				return false
			}
		case c == '}', c == ']':
			open--
		}
	}
	return true
}
