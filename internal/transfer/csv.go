package transfer

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/intake"
	"github.com/doorward/doorward/internal/schema"
)

// Bounds of the header: its columns, and the bytes of the name of one.
const (
	mostColumns = 1000
	longestName = 512
)

// NewCSV reads the header: the dotted path of each column. Fields are typed by the site's schema (nil: none), and where
// that says nothing by what they look like. An empty field is an absent one.
func NewCSV(r io.Reader, s *schema.Schema) (Reader, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	if err := start(buffered); err != nil {
		return nil, err
	}
	bounded := &boundedReader{r: buffered, left: maxLine}
	c := csv.NewReader(bounded)
	c.ReuseRecord = true
	header, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty: its first line must name the columns")
	}
	if err != nil {
		return nil, fmt.Errorf("reading the header: %w", err)
	}
	columns, err := readHeader(header, kinds(s))
	if err != nil {
		return nil, fmt.Errorf("the header: %w", err)
	}
	return &csvReader{bounded: bounded, reader: c, columns: columns}, nil
}

// column is where the fields of a column go, and the type that the schema gives them; empty: none.
type column struct {
	path []string
	kind string
}

func readHeader(header []string, kinds map[string]string) ([]column, error) {
	if len(header) > mostColumns {
		return nil, fmt.Errorf("there are %d columns, at most %d are taken", len(header), mostColumns)
	}
	if len(header) == 1 && strings.ContainsAny(header[0], ";\t") {
		return nil, errors.New("the columns must be separated by commas")
	}
	columns := make([]column, len(header))
	seen := map[string]int{}
	for i, name := range header {
		name = strings.TrimSpace(name)
		path := strings.Split(name, ".")
		switch {
		case !utf8.ValidString(name):
			return nil, errNotUTF8
		case strings.Contains(name, "\r"):
			return nil, errors.New("its lines end with carriage returns alone: end them with line feeds")
		case name == "":
			return nil, fmt.Errorf("column %d has no name", i+1)
		case len(name) > longestName:
			return nil, fmt.Errorf("the name of column %d has %d bytes, at most %d are taken", i+1, len(name), longestName)
		case slices.Contains(path, "") || len(path) > document.MaxDepth/2:
			return nil, fmt.Errorf("%q is not a path such as profile.firstName", name)
		}
		member, known := intake.Known(path[0], intake.File)
		if !known {
			return nil, fmt.Errorf("column %d, %q: %w", i+1, name, intake.ErrUnknown)
		}
		if n := slices.Index(path, "0"); n > 0 {
			return nil, fmt.Errorf("column %d, %q: the elements of an array are no columns: put the array, as JSON, into a column %q",
				i+1, name, strings.Join(path[:n], "."))
		}
		// In whatever letter case it is given, a member is one.
		path[0] = member
		name = strings.Join(path, ".")
		if first := seen[name]; first > 0 {
			return nil, fmt.Errorf("there are two columns %q, the %d. and the %d.: keep one of them", name, first, i+1)
		}
		seen[name] = i + 1
		columns[i] = column{path, kinds[name]}
	}
	return columns, nested(seen)
}

// nested refuses columns of which one is a part of another.
func nested(names map[string]int) error {
	for name := range names {
		for above := name; ; {
			dot := strings.LastIndexByte(above, '.')
			if dot < 0 {
				break
			}
			if above = above[:dot]; names[above] > 0 {
				return fmt.Errorf("column %q is a part of column %q: keep one of them", name, above)
			}
		}
	}
	return nil
}

// kinds returns the types of the site's fields by their full paths.
func kinds(s *schema.Schema) map[string]string {
	types := map[string]string{}
	if s == nil {
		return types
	}
	for section, name := range map[string]string{"profileSchema": "profile", "dataSchema": "data"} {
		text, ok := s.Section(section, schema.Full)
		if !ok {
			continue
		}
		var parsed struct {
			Fields map[string]struct {
				Type string `json:"type"`
			} `json:"fields"`
		}
		// What cannot be read types nothing: then the looks decide.
		_ = json.Unmarshal(text, &parsed)
		for path, field := range parsed.Fields {
			types[name+"."+path] = field.Type
		}
	}
	return types
}

type csvReader struct {
	bounded *boundedReader
	reader  *csv.Reader
	columns []column
	// line is that of the last row.
	line int
}

func (c *csvReader) Next() (Row, error) {
	c.bounded.left = maxLine
	from := c.reader.InputOffset()
	fields, err := c.reader.Read()
	var parse *csv.ParseError
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		return Row{}, &RowError{parseLine(err), fmt.Errorf("%d fields, but the header has %d", len(fields), len(c.columns))}
	case errors.Is(err, errTooLong):
		return Row{}, fmt.Errorf("the row behind line %d is %w: is the quote at the end of a field missing?", max(c.line, 1), err)
	case errors.As(err, &parse):
		c.line = parse.Line
		return Row{}, &RowError{parse.StartLine, fmt.Errorf("%w (at line %d, byte %d)", parse.Err, parse.Line, parse.Column)}
	case err != nil:
		return Row{}, err
	}
	line, _ := c.reader.FieldPos(0)
	c.line = line
	row := &document.Object{}
	for i, text := range fields {
		if text == "" {
			continue
		}
		if !utf8.ValidString(text) {
			return Row{}, &RowError{line, fmt.Errorf("%s: %w", strings.Join(c.columns[i].path, "."), errNotUTF8)}
		}
		row.SetPath(c.columns[i].path, c.columns[i].value(text))
	}
	return Row{line, row, int(c.reader.InputOffset() - from)}, nil
}

func parseLine(err error) int {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return parse.StartLine
	}
	return 0
}

// value gives the text of a field its type: the schema's, else, in data and its like, numbers, booleans, objects and
// arrays are what they look like. Elsewhere (names, passwords, postal codes) a text stays a text.
func (c column) value(text string) document.Value {
	switch c.kind {
	case "":
	case "boolean":
		return truth(text)
	case "integer", "long", "float", "double", "number":
		if number(text) {
			return document.Number(text)
		}
		return document.String(text)
	default:
		return document.String(text)
	}
	if text[0] == '{' || text[0] == '[' {
		if v, err := document.Parse([]byte(text)); err == nil {
			return v
		}
	}
	switch {
	case c.list():
		return list(text)
	case intake.IsFlag(c.path[0]):
		return truth(text)
	case !slices.Contains([]string{"data", "preferences", "subscriptions", "internal"}, c.path[0]):
		return document.String(text)
	case number(text) && exact(text):
		return document.Number(text)
	}
	return truth(text)
}

// list tells whether the column holds a list of addresses.
func (c column) list() bool {
	return len(c.path) == 2 && (c.path[0] == "emails" || c.path[0] == "loginIDs" && c.path[1] != "username")
}

// list returns the addresses of a field, which are separated by commas, semicolons or blanks.
func list(text string) document.Value {
	var items []document.Value
	for _, address := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == '|' || r == ' ' }) {
		items = append(items, document.String(address))
	}
	return document.ArrayOf(items...)
}

// truth returns the boolean that the text is, in any letter case, or the text.
func truth(text string) document.Value {
	switch strings.ToLower(text) {
	case "true":
		return document.Boolean(true)
	case "false":
		return document.Boolean(false)
	}
	return document.String(text)
}

// number tells whether the text is a number of JSON: 007 and +49 are none.
func number(text string) bool {
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return false
	}
	return json.Valid([]byte(text))
}

// exact tells whether every reader of JSON gets the number as it is written: longer ones are identifiers.
func exact(text string) bool {
	const most = 15 // Digits that a double keeps.
	digits := 0
	for i := range len(text) {
		if text[i] >= '0' && text[i] <= '9' {
			digits++
		}
	}
	return digits <= most
}

// boundedReader ends the reading when one row takes too much: a quote that nobody closed would make the rest of the
// file, however long, one field. The reader above it reads ahead, so the bound is not exact.
type boundedReader struct {
	r    io.Reader
	left int
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}
