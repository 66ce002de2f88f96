package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// mark is the byte order mark that some programs put before the first character.
var mark = []byte("\ufeff")

var (
	errNotUTF8 = errors.New("not UTF-8 text: convert the file to UTF-8")
	errUTF16   = errors.New("UTF-16 text: convert the file to UTF-8 (iconv -f UTF-16 -t UTF-8)")
	errNoText  = errors.New("no text: unpack the file, or export it as CSV or JSON")
	errTooLong = fmt.Errorf("longer than %d bytes", maxLine)
)

// start passes over the byte order mark, and refuses a file whose first bytes are those of another encoding, or of no text.
func start(r *bufio.Reader) error {
	head, err := r.Peek(len(mark))
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case bytes.Equal(head, mark):
		_, err := r.Discard(len(mark))
		return err
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return errUTF16
	case len(head) >= 2 && (head[0] == 0) != (head[1] == 0): // Whatever a file begins with is ASCII.
		return errUTF16
	case bytes.ContainsFunc(head, func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' && r != '\n' }): // gzip, zip and what is made of it
		return errNoText
	}
	return nil
}

// unreadable is a file of which nothing can be read.
type unreadable struct{ err error }

// Next implements [Reader].
func (u unreadable) Next() (Row, error) { return Row{}, u.err }
