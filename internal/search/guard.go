package search

import (
	"context"
	"strings"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/query"
)

// guarded is a source over accounts for a caller who may not read all fields: what the query compares, sorts by, groups by and
// sums up must be readable as a whole, and rows show what is readable.
type guarded struct {
	Source
	fields *acl.Fields
	// within is the member of an account that all of a row belongs to; empty: rows are accounts.
	within string
	denied func(path string) error
}

// guard puts the rights of the caller before the source. A field that the query names and that may not be read at all is the
// error of denied.
func guard(s Source, q *query.Query, fields *acl.Fields, denied func(path string) error) (Source, error) {
	if fields.All(acl.Read) {
		return s, nil
	}
	g := &guarded{Source: s, fields: fields, denied: denied}
	if strings.EqualFold(q.From, "communications") {
		g.within = "communications"
	}
	for _, item := range q.Select {
		if item.Func == 0 && len(item.Path) > 0 && !g.access(item.Path).Any(acl.Read) {
			return nil, denied(item.Path.String())
		}
	}
	return g, nil
}

func (g *guarded) access(path query.Path) *acl.Fields {
	if g.within != "" && !first(path, "UID") {
		return account.Access(g.fields, g.within)
	}
	return account.Access(g.fields, path...)
}

// Field implements [Source].
func (g *guarded) Field(path query.Path) (Field, error) {
	f, err := g.Source.Field(path)
	if err == nil && !g.access(path).All(acl.Read) {
		err = g.denied(path.String())
	}
	return f, err
}

// Page implements [Source].
func (g *guarded) Page(ctx context.Context, p Page, each func(Row) error) (int64, error) {
	return g.Source.Page(ctx, p, func(row Row) error {
		if g.within == "" {
			row.JSON = account.Readable(g.fields, row.JSON)
		} else {
			row.JSON = append(account.AppendReadable([]byte{'{'}, g.fields, row.JSON, g.member), '}')
		}
		return each(row)
	})
}

// member is the path of a member of a row of communications.
func (g *guarded) member(name string) []string {
	if strings.EqualFold(name, "UID") {
		return []string{name}
	}
	return []string{g.within}
}
