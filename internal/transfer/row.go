package transfer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
)

// maxLine bounds one row of a file, in bytes.
const maxLine = 4 << 20

// A RowError refuses one row; the others are not touched by it.
type RowError struct {
	// Line is that of the row's first character, from 1.
	Line int
	Err  error
}

func (e *RowError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the reason.
func (e *RowError) Unwrap() error { return e.Err }

// Row is one account of a file.
type Row struct {
	Line int
	// Members are those of the row, dotted names of CSV already nested.
	Members *document.Object
}

// Reader reads rows until io.EOF. A *RowError says that one row cannot be read and that reading may go on.
type Reader interface {
	Next() (Row, error)
}

// NewNDJSON reads an object a line. Empty lines are passed over.
func NewNDJSON(r io.Reader) Reader {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), maxLine)
	return &ndjson{scanner: s}
}

type ndjson struct {
	scanner *bufio.Scanner
	line    int
}

func (n *ndjson) Next() (Row, error) {
	for n.scanner.Scan() {
		n.line++
		text := bytes.TrimSpace(bytes.TrimPrefix(n.scanner.Bytes(), []byte("\ufeff")))
		if len(text) == 0 {
			continue
		}
		members, err := document.ParseObject(text)
		if err != nil {
			return Row{}, &RowError{n.line, err}
		}
		return Row{n.line, members}, nil
	}
	if err := n.scanner.Err(); errors.Is(err, bufio.ErrTooLong) {
		return Row{}, fmt.Errorf("line %d is longer than %d bytes", n.line+1, maxLine)
	} else if err != nil {
		return Row{}, err
	}
	return Row{}, io.EOF
}

// NewCSV reads the header: the dotted path of each column.
func NewCSV(r io.Reader) (Reader, error) {
	c := csv.NewReader(r)
	c.ReuseRecord = true
	header, err := c.Read()
	if err != nil {
		return nil, fmt.Errorf("reading the header: %w", err)
	}
	const mostColumns = 1000
	if len(header) > mostColumns {
		return nil, fmt.Errorf("the header has %d columns, at most %d are taken", len(header), mostColumns)
	}
	columns := make([][]string, len(header))
	for i, name := range header {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		if name == "" {
			return nil, fmt.Errorf("column %d has no name", i+1)
		}
		columns[i] = strings.Split(name, ".")
	}
	return &csvReader{reader: c, columns: columns}, nil
}

type csvReader struct {
	reader  *csv.Reader
	columns [][]string
}

func (c *csvReader) Next() (Row, error) {
	fields, err := c.reader.Read()
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return Row{}, &RowError{parse.StartLine, parse.Err}
	}
	if err != nil {
		return Row{}, err
	}
	line, _ := c.reader.FieldPos(0)
	members := &document.Object{}
	for i, text := range fields {
		if text != "" {
			members.SetPath(c.columns[i], cell(c.columns[i], text))
		}
	}
	return Row{line, members}, nil
}

// cell gives the text of a CSV field its type: in data and in flags numbers and booleans are what they look like, and
// anything that is a JSON object or array is one. Elsewhere (names, passwords, postal codes) a text stays a text.
func cell(column []string, text string) document.Value {
	if text[0] == '{' || text[0] == '[' {
		if v, err := document.Parse([]byte(text)); err == nil {
			return v
		}
	}
	typed := column[0] == "data" || column[0] == "preferences" || column[0] == "subscriptions" || isFlag(column[0])
	if column[0] == "profile" && strings.HasPrefix(column[len(column)-1], "birth") {
		typed = true
	}
	if !typed {
		return document.String(text)
	}
	switch strings.ToLower(text) {
	case "true":
		return document.Boolean(true)
	case "false":
		return document.Boolean(false)
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil && json.Valid([]byte(text)) {
		return document.Number(text)
	}
	return document.String(text)
}

func isFlag(name string) bool {
	return name == "isActive" || name == "isRegistered" || name == "isVerified"
}

// millis reads an ISO time.
func millis(text string) (clock.Millis, error) {
	if text == "" || text == clock.NeverISO {
		return 0, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return clock.FromTime(t), nil
		}
	}
	return 0, fmt.Errorf("%q is not a time such as 2024-05-31T08:00:00Z", text)
}
