package search

import (
	"context"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// DataMember is the member of a row of the data store that holds the object's own fields.
const DataMember = "data"

// DataType returns the type of the data store that the query's FROM names: photos, or data.photos.
func DataType(q *query.Query) string {
	if len(q.From) > len(DataMember)+1 && strings.EqualFold(q.From[:len(DataMember)+1], DataMember+".") {
		return q.From[len(DataMember)+1:]
	}
	return q.From
}

// DataObjects is the source of ds.search: the objects of one type. A row has oid, UID, data, and the times of its first and
// its latest write; any other path is one of data, with that member before it or without.
type DataObjects struct {
	Store store.DataReader
	Site  *site.Site
	Type  string
	// Schema is that of the type.
	Schema *schema.ObjectSchema
}

// Source returns the source for the query, whose paths it puts into their full form.
func (d DataObjects) Source(q *query.Query) (Source, error) {
	if q.Counters {
		return nil, &query.SyntaxError{Position: q.At, Reason: "WITH counters is for the source accounts"}
	}
	for i := range q.Select {
		// Aggregates are named by what was written.
		if item := &q.Select[i]; item.Func == 0 && !item.Star {
			item.Path = fullPath(item.Path)
		}
	}
	inFull(q.Where)
	if q.Filter != nil {
		q.Filter.Path = fullPath(q.Filter.Path)
		inFull(q.Filter.Keep)
	}
	for i := range q.Group {
		q.Group[i].Path = fullPath(q.Group[i].Path)
	}
	for i := range q.Order {
		q.Order[i].Path = fullPath(q.Order[i].Path)
	}
	return &dataRows{Scan(&d), &d}, nil
}

// dataRows is the source in the form that the executor takes.
type dataRows struct {
	Source
	objects *DataObjects
}

// Page implements [Source]. All objects of the type are counted without being looked at.
func (r *dataRows) Page(ctx context.Context, p Page, each func(Row) error) (total int64, err error) {
	if !p.Total || p.Where != nil || len(p.Order) > 0 {
		return r.Source.Page(ctx, p, each)
	}
	if p.Limit > 0 {
		p.Total = false
		if _, err := r.Source.Page(ctx, p, each); err != nil {
			return 0, err
		}
	}
	return r.objects.Store.DataCount(ctx, r.objects.Site.Group, r.objects.Type)
}

// dataColumns are the members of a row beside data, in lower case: the kinds of their values.
var dataColumns = map[string]Kind{
	"oid": Word, "uid": Word, "created": Number, "createdtime": Time, "lastupdated": Number, "lastupdatedtime": Time,
}

// column returns the kind of a member of the row that is not data.
func dataColumn(path query.Path) (Kind, bool) {
	if len(path) != 1 {
		return Any, false
	}
	kind, ok := dataColumns[strings.ToLower(path[0])]
	return kind, ok
}

// fullPath puts data before a path that is written without.
func fullPath(path query.Path) query.Path {
	if _, ok := dataColumn(path); ok || len(path) == 0 || strings.EqualFold(path[0], DataMember) {
		return path
	}
	return append(query.Path{DataMember}, path...)
}

// inFull puts the paths of a condition into their full form, and dates into milliseconds where a row has those.
func inFull(e query.Expr) {
	_ = query.Walk(e, func(c *query.Comparison) bool {
		c.Path = fullPath(c.Path)
		if kind, ok := dataColumn(c.Path); !ok || kind != Number {
			return true
		}
		for i, v := range c.Values {
			if t, ok := query.ParseTime(v.Str); ok && v.Kind == query.String {
				c.Values[i] = millis(clock.FromTime(t))
			}
		}
		return true
	})
}

// Field implements [Documents].
func (d *DataObjects) Field(path query.Path) (Field, error) {
	f := Field{Path: fullPath(path)}
	if kind, ok := dataColumn(f.Path); ok {
		f.Kind = kind
		return f, nil
	}
	found := d.Schema.Field(f.Path[1:].String())
	if found == nil {
		return f, nil
	}
	f.Encrypted = d.Site.Settings.EmulateEncryption && found.Encrypt != ""
	switch found.Type {
	case "string":
		// One that is named as exact is not taken apart into words (documented).
		if f.Kind = Text; strings.HasSuffix(found.Path, "_s") {
			f.Kind = Word
		}
	case "binary":
		f.Kind = Word
	default:
		f.Kind = kindOf(found)
	}
	return f, nil
}

// keySeparator stands between oid and UID in a key: no oid holds it, so that keys are ordered as the pairs are.
const keySeparator = "\x00"

// Range implements [Documents]. Objects of one oid or one account are found by an index.
func (d *DataObjects) Range(ctx context.Context, where query.Expr, after string, each func(key string, row []byte) error) error {
	oid, uid, _ := strings.Cut(after, keySeparator)
	q := store.DataQuery{
		Group: d.Site.Group, Type: d.Type, After: store.DataKey{OID: oid, UID: uid}, OID: only(where, "oid"), UID: only(where, "UID"),
	}
	var row []byte
	return d.Store.DataObjects(ctx, q, func(o *store.DataObject) error {
		data := o.Data
		if d.Schema.Retires() {
			parsed, err := document.ParseObject(data)
			if err != nil {
				return err
			}
			d.Schema.WithoutRetired(parsed)
			data = parsed.JSON()
		}
		row = AppendDataObject(row[:0], o, data)
		return each(o.OID+keySeparator+o.UID, row)
	})
}

// only returns the text that the condition wants the member to have; nil: it may have several.
func only(where query.Expr, member string) *string {
	switch e := where.(type) {
	case *query.And:
		for _, part := range e.Parts {
			if text := only(part, member); text != nil {
				return text
			}
		}
	case *query.Comparison:
		if e.Op == query.Equal && len(e.Path) == 1 && strings.EqualFold(e.Path[0], member) && e.Values[0].Kind == query.String {
			return &e.Values[0].Str
		}
	}
	return nil
}

// AppendDataObject appends the object as answers and searches show it, with the given data.
func AppendDataObject(dst []byte, o *store.DataObject, data []byte) []byte {
	dst = document.AppendString(append(dst, `{"oid":`...), o.OID)
	if o.UID != "" {
		dst = document.AppendString(append(dst, `,"UID":`...), o.UID)
	}
	dst = append(append(dst, `,"data":`...), data...)
	for _, at := range []struct {
		name string
		time clock.Millis
	}{{"created", o.Created}, {"lastUpdated", o.LastUpdated}} {
		dst = append(append(append(dst, `,"`...), at.name...), `":`...)
		dst = strconv.AppendInt(dst, int64(at.time), 10)
		dst = append(append(append(dst, `,"`...), at.name...), `Time":`...)
		dst = document.AppendString(dst, at.time.ISO())
	}
	return append(dst, '}')
}
