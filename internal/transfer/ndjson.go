package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/doorward/doorward/internal/document"
)

// mark is the byte order mark that some editors put before the first character.
var mark = []byte("\ufeff")

var (
	errNotUTF8 = errors.New("not UTF-8 text: convert the file to UTF-8")
	errTooLong = fmt.Errorf("longer than %d bytes", maxLine)
)

// NewNDJSON reads an object a line. Empty lines are passed over.
func NewNDJSON(r io.Reader) Reader {
	return &ndjson{reader: bufio.NewReaderSize(r, 64<<10)}
}

type ndjson struct {
	reader *bufio.Reader
	text   []byte
	line   int
}

func (n *ndjson) Next() (Row, error) {
	for {
		err := n.read()
		if err != nil {
			return Row{}, err
		}
		text := n.text
		if n.line == 1 {
			text = bytes.TrimPrefix(text, mark)
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		if !utf8.Valid(text) {
			return Row{}, &RowError{n.line, errNotUTF8}
		}
		members, err := document.ParseObject(text)
		if err != nil {
			return Row{}, &RowError{n.line, fmt.Errorf("not a JSON object: %w", err)}
		}
		return Row{n.line, members, len(text)}, nil
	}
}

// read puts the next line into text. Of a line that is too long nothing is kept, and the next call reads the one after it.
func (n *ndjson) read() error {
	n.text = n.text[:0]
	n.line++
	long := false
	for {
		part, err := n.reader.ReadSlice('\n')
		if long = long || len(n.text)+len(part) > maxLine; !long {
			n.text = append(n.text, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long && (err == nil || errors.Is(err, io.EOF)):
			return &RowError{n.line, errTooLong}
		case errors.Is(err, io.EOF) && len(n.text) > 0:
			return nil
		default:
			return err
		}
	}
}
