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

// errSpread ends the reading of a file whose every line would be refused for the same reason.
var errSpread = errors.New("its first line is not one whole object: each must have one line of its own with nothing behind it (jq -c makes it so), or all must be in one array")

// NewNDJSON reads an object a line. Empty lines are passed over.
func NewNDJSON(r io.Reader) Reader {
	buffered := bufio.NewReaderSize(r, 64<<10)
	if err := start(buffered); err != nil {
		return unreadable{err}
	}
	return &ndjson{reader: buffered}
}

type ndjson struct {
	reader *bufio.Reader
	text   []byte
	line   int
	// begun: a line that is not empty was read.
	begun bool
}

func (n *ndjson) Next() (Row, error) {
	for {
		err := n.read()
		if err != nil {
			return Row{}, err
		}
		text := bytes.TrimSpace(n.text)
		if len(text) == 0 {
			continue
		}
		first := !n.begun
		n.begun = true
		if !utf8.Valid(text) {
			return Row{}, &RowError{n.line, errNotUTF8}
		}
		members, err := document.ParseObject(text)
		if err != nil && first && text[0] == '{' && bytes.IndexByte([]byte("{[,"), text[len(text)-1]) >= 0 {
			return Row{}, errSpread
		}
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
