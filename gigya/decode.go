package gigya

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// Limits bound what [Decode] takes. A zero field stands for its default.
type Limits struct {
	// Body is the most bytes of a body, before and after decompression. Default 4 MB.
	Body int64
	// Params is the most parameters, repeated ones counted each time. Default 1000.
	Params int
	// Name is the most bytes of a parameter's name. Default 256.
	Name int
	// Value is the most bytes of a parameter's value. Default: as Body.
	Value int
	// Depth is how deep a JSON body may nest. Default 64.
	Depth int
}

// DefaultLimits returns the limits of ordinary calls.
func DefaultLimits() Limits {
	return Limits{Body: 4 << 20, Params: 1000, Name: 256, Value: 4 << 20, Depth: 64}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	if l.Body > 0 {
		d.Body, d.Value = l.Body, int(min(l.Body, 1<<30))
	}
	if l.Params > 0 {
		d.Params = l.Params
	}
	if l.Name > 0 {
		d.Name = l.Name
	}
	if l.Value > 0 {
		d.Value = l.Value
	}
	if l.Depth > 0 {
		d.Depth = l.Depth
	}
	return d
}

// DecodeRequest is what of an HTTP request holds parameters.
type DecodeRequest struct {
	// Query is the query string without its question mark.
	Query string
	// ContentType is the header as received, or empty.
	ContentType string
	// Body may be nil.
	Body io.Reader
	// Gzip says that the body is compressed, as its Content-Encoding declared. A body is never guessed to be.
	Gzip   bool
	Limits Limits
}

// Decode returns the parameters of a request: those of the query string, then those of the body. For a name that is
// repeated, in one of them or across both, the last value counts.
//
// The body is a form, the documented encoding, unless its content type says multipart/form-data or application/json:
// clients send forms with no content type or a wrong one. Of multipart each part is a parameter. Of a JSON object the
// members are: a text as it is, everything else as its JSON text. A JSON body that is empty or null is ignored, for one
// client sends that with GET. Bytes that are no UTF-8 become U+FFFD; a percent sign that begins no escape stays.
//
// Errors: 413001 for a body or a value over its limit; 400001 for too many parameters, a name that is too long, a body
// that cannot be read, and one parameter in two spellings with different values; 400006 for a file that is not text and
// for JSON that nests too deep. Limits are held before anything is built from the input.
func Decode(r DecodeRequest) (*Params, error) {
	d := decoder{limits: r.Limits.withDefaults(), params: new(Params)}
	if err := d.form(r.Query); err != nil {
		return nil, err
	}
	if r.Body != nil && r.Body != http.NoBody {
		body, err := d.read(r)
		if err != nil {
			return nil, err
		}
		if err := d.body(body, r.ContentType); err != nil {
			return nil, err
		}
	}
	if name := d.params.Conflict(); name != "" {
		return nil, NewError(InvalidRequestFormat, "The parameter "+quoteName(name)+
			" was sent in two spellings with different values. Send it once.")
	}
	return d.params, nil
}

// decoder gathers the parameters of one request.
type decoder struct {
	limits Limits
	params *Params
	count  int
	// index finds a name in long lists, so that a thousand names do not cost a million comparisons.
	index map[string]int
}

// indexFrom is the length of a list from which on the index is worth its map.
const indexFrom = 48

func (d *decoder) add(name, value string) error {
	if len(name) > d.limits.Name {
		return NewError(InvalidRequestFormat, fmt.Sprintf("The name of a parameter is longer than %d bytes.", d.limits.Name))
	}
	if len(value) > d.limits.Value {
		return NewError(RequestEntityTooLarge, fmt.Sprintf("The value of a parameter is longer than %d bytes: %s",
			d.limits.Value, quoteName(name)))
	}
	if err := d.countOne(); err != nil {
		return err
	}
	if len(d.params.list) < indexFrom {
		d.params.Set(name, value)
		return nil
	}
	if d.index == nil {
		d.index = make(map[string]int, 2*indexFrom)
		for i := range d.params.list {
			d.index[d.params.list[i].Name] = i
		}
	}
	if i, ok := d.index[name]; ok {
		d.params.list[i].Value = value
		return nil
	}
	d.index[name] = len(d.params.list)
	d.params.list = append(d.params.list, Param{name, value})
	return nil
}

func (d *decoder) countOne() error {
	if d.count++; d.count > d.limits.Params {
		return NewError(InvalidRequestFormat, fmt.Sprintf("The request has more than %d parameters.", d.limits.Params))
	}
	return nil
}

// read returns the whole body, never more than the limit. A compressed one is unpacked when all of it is there: whoever
// sends slowly holds no more memory than what was sent.
func (d *decoder) read(r DecodeRequest) ([]byte, error) {
	body, err := d.bounded(r.Body)
	if err != nil || !r.Gzip || len(body) == 0 {
		return body, err
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, d.readError(err)
	}
	return d.bounded(unzipped)
}

func (d *decoder) bounded(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, d.limits.Body+1))
	if int64(len(body)) > d.limits.Body {
		return nil, d.tooLarge()
	}
	if err != nil {
		return nil, d.readError(err)
	}
	return body, nil
}

func (d *decoder) tooLarge() *Error {
	return NewError(RequestEntityTooLarge, fmt.Sprintf("The body is larger than %d bytes.", d.limits.Body))
}

func (d *decoder) readError(err error) *Error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return d.tooLarge()
	}
	return &Error{Code: InvalidRequestFormat, Details: "The body could not be read.", Cause: err}
}

func (d *decoder) body(body []byte, contentType string) error {
	if len(body) == 0 {
		return nil
	}
	switch mediaType(contentType) {
	case "multipart/form-data":
		return d.multipart(body, contentType)
	case "application/json":
		trimmed := bytes.TrimSpace(body)
		switch {
		case len(trimmed) == 0, string(trimmed) == "null":
			return nil
		case trimmed[0] == '{':
			return d.json(trimmed)
		case trimmed[0] == '[', trimmed[0] == '"':
			return NewError(InvalidRequestFormat, "A JSON body must be an object whose members are the parameters.")
		}
	}
	return d.form(string(body))
}

// mediaType returns the type alone in lower case. It is cut by hand because a header that is broken behind the
// semicolon still says what it means before it.
func mediaType(contentType string) string {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// multipartBoundary returns the boundary of the header, or an empty text.
func multipartBoundary(contentType string) string {
	_, attributes, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return attributes["boundary"]
}

// quoteName makes a name that a stranger chose fit for errorDetails: bounded, and without line breaks.
func quoteName(name string) string {
	const longest = 64
	if len(name) > longest {
		name = name[:longest]
	}
	return fmt.Sprintf("%q", validText(name))
}
