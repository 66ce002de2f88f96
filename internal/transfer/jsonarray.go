package transfer

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/doorward/doorward/internal/document"
)

// NewJSON reads what a file of JSON holds: an object a line, or one array of objects, as the original's exports have it.
// Which of them it is shows the first character.
func NewJSON(r io.Reader) Reader {
	buffered := bufio.NewReaderSize(r, 64<<10)
	for n := 1; n <= 16; n++ {
		head, err := buffered.Peek(n)
		if err != nil {
			break
		}
		switch head[n-1] {
		case ' ', '\t', '\r', '\n', 0xef, 0xbb, 0xbf:
			continue
		case '[':
			// The blanks and the byte order mark before it were looked at: there are fewer than the buffer holds.
			_, _ = buffered.Discard(n - 1)
			return &jsonArray{bounded: &boundedReader{r: buffered, left: maxLine}}
		}
		break
	}
	return NewNDJSON(buffered)
}

// jsonArray reads the elements of an array.
type jsonArray struct {
	bounded *boundedReader
	decoder *json.Decoder
	element int
}

func (a *jsonArray) Next() (Row, error) {
	if a.decoder == nil {
		a.decoder = json.NewDecoder(a.bounded)
		if _, err := a.decoder.Token(); err != nil {
			return Row{}, broken(a.element, err)
		}
	}
	a.bounded.left = maxLine
	a.element++
	if !a.decoder.More() {
		if _, err := a.decoder.Token(); err != nil {
			return Row{}, broken(a.element, err)
		}
		return Row{}, io.EOF
	}
	var text json.RawMessage
	if err := a.decoder.Decode(&text); err != nil {
		return Row{}, broken(a.element, err)
	}
	if !utf8.Valid(text) {
		return Row{}, &RowError{a.element, errNotUTF8}
	}
	members, err := document.ParseObject(text)
	if err != nil {
		return Row{}, &RowError{a.element, fmt.Errorf("not a JSON object: %w", err)}
	}
	return Row{a.element, members, len(text)}, nil
}

// broken is the end of an array that cannot be read on: where one element is not JSON, nobody can tell where the next begins.
func broken(element int, err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("element %d of the array cannot be read: %w", element, err)
}
