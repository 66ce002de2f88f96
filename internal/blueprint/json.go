package blueprint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/doorward/doorward/internal/document"
)

// parseFile reads a file that is one JSON object. A member that is there twice is an error: of two that say different things a person
// means one.
func parseFile(text []byte) (*document.Object, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	doc, err := document.ParseObject(text)
	var wrong *document.SyntaxError
	if errors.As(err, &wrong) {
		return nil, fmt.Errorf("want a JSON object: %s: %s", lineOf(text, wrong.Offset), wrong.Reason)
	}
	if err != nil {
		return nil, fmt.Errorf("want a JSON object: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return doc, findTwice(decoder, text, place{})
}

// lineOf says where in a text the byte is.
func lineOf(text []byte, offset int) string {
	before := text[:min(offset, len(text))]
	return fmt.Sprintf("line %d, column %d", bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n'))
}

// findTwice reads one value and returns an error for the first member in it that its object has already. The text is known to be JSON.
func findTwice(d *json.Decoder, text []byte, at place) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		seen := map[string]bool{}
		for d.More() {
			start := int(d.InputOffset())
			token, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := token.(string)
			member := at.member(name)
			if seen[name] {
				return fmt.Errorf("%s: the member is there twice, again in %s", member.text, lineOf(text, nextName(text, start)))
			}
			seen[name] = true
			if err := findTwice(d, text, member); err != nil {
				return err
			}
		}
	case json.Delim('['):
		for i := 0; d.More(); i++ {
			if err := findTwice(d, text, at.element(i)); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	_, err = d.Token() // The end of the object or array.
	return err
}

// nextName is where the next member's name begins.
func nextName(text []byte, offset int) int {
	if i := bytes.IndexByte(text[offset:], '"'); i >= 0 {
		offset += i
	}
	return offset
}
