package transfer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/doorward/doorward/internal/document"
)

// NewJSON reads what a file of JSON holds: an object a line, or one array of objects, as the original's exports have it.
// Which of them it is shows the first character that is no blank.
func NewJSON(r io.Reader) Reader {
	buffered := bufio.NewReaderSize(r, 64<<10)
	if err := start(buffered); err != nil {
		return unreadable{err}
	}
	for n := 1; n <= buffered.Size(); n++ {
		head, err := buffered.Peek(n)
		if err != nil && !errors.Is(err, io.EOF) {
			return unreadable{err}
		}
		if err != nil || !bytes.ContainsAny(head[n-1:], " \t\r\n") {
			if err == nil && head[n-1] == '[' {
				return &jsonArray{bounded: &boundedReader{r: buffered, left: maxLine}}
			}
			break
		}
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
		return Row{}, a.end()
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

// end is that of the file if nothing follows the array.
func (a *jsonArray) end() error {
	_, err := a.decoder.Token()
	var syntax *json.SyntaxError
	if err == nil || errors.As(err, &syntax) {
		return errors.New("something follows the end of the array, and was not imported: a file is one array, or has an object a line")
	}
	return err
}

// broken is the end of an array that cannot be read on: where one element is not JSON, nobody can tell where the next begins.
func broken(element int, err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("element %d of the array cannot be read: %w", element, err)
}
