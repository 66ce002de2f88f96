package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/doorward/doorward/internal/dataobject"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

// Members by which a row is one of the data store; no account has them.
const (
	typeMember   = "dataType"
	objectMember = "dataObject"
)

// exportObjects writes the types of the data store, each before its objects, and returns the number of objects.
func exportObjects(ctx context.Context, s store.DataReader, group string, w io.Writer) (int, error) {
	names, err := s.DataTypes(ctx, group)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, name := range names {
		kind, err := s.DataType(ctx, group, name)
		if err != nil {
			return n, fmt.Errorf("type %s: %w", name, err)
		}
		if err := exportType(kind, w); err != nil {
			return n, fmt.Errorf("type %s: %w", name, err)
		}
		more, err := exportObjectsOf(ctx, s, kind, w)
		n += more
		if err != nil {
			return n, fmt.Errorf("type %s: %w", name, err)
		}
	}
	return n, nil
}

func exportType(kind *store.DataType, w io.Writer) error {
	row := &rowWriter{[]byte{'{'}}
	row.text(typeMember, kind.Name)
	row.stamp("created", kind.Created)
	row.raw("schema", kind.Schema)
	_, err := w.Write(append(row.dst, '}', '\n'))
	return err
}

// errPage ends a walk after some objects: those that write meanwhile do not wait for a reader of them all.
var errPage = errors.New("the page is full")

func exportObjectsOf(ctx context.Context, s store.DataReader, kind *store.DataType, w io.Writer) (int, error) {
	const page = 500
	known, err := schema.ParseObject(kind.Schema)
	if err != nil {
		return 0, err
	}
	q := store.DataQuery{Group: kind.Group, Type: kind.Name}
	var row []byte
	for n := 0; ; {
		left := page
		err := s.DataObjects(ctx, q, func(o *store.DataObject) error {
			if left == 0 {
				return errPage
			}
			left--
			n++
			q.After = o.Key()
			var err error
			if row, err = appendObject(row[:0], o, known); err != nil {
				return fmt.Errorf("object %q: %w", o.OID, err)
			}
			_, err = w.Write(row)
			return err
		})
		if !errors.Is(err, errPage) {
			return n, err
		}
	}
}

func appendObject(dst []byte, o *store.DataObject, known *schema.ObjectSchema) ([]byte, error) {
	data, err := document.ParseObject(o.Data)
	if err != nil {
		return nil, err
	}
	text := o.Data
	if known.WithoutRetired(data) {
		text = data.JSON()
	}
	w := &rowWriter{append(dst, '{')}
	w.text(objectMember, o.Type)
	w.text("oid", o.OID)
	if o.UID != "" {
		w.text("UID", o.UID)
	}
	w.stamp("created", o.Created)
	w.stamp("lastUpdated", o.LastUpdated)
	if shared := dataobject.Shared(known, o, data); len(shared) > 0 {
		w.name("duplicates")
		w.dst = append(w.dst, '[')
		for i, n := range shared {
			if i > 0 {
				w.dst = append(w.dst, ',')
			}
			w.dst = strconv.AppendInt(w.dst, int64(n), 10)
		}
		w.dst = append(w.dst, ']')
	}
	w.raw("data", text)
	return append(w.dst, '}', '\n'), nil
}
