package search

import (
	"context"
	"strings"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// emailRows is the source emailAccounts: a row for the address in the profile of every account that has one. It is the only
// source with subscriptions. Rows are looked for as accounts are: the fields of a row are fields of its account, or the same
// for every row.
type emailRows struct{ Accounts }

// profileEmail is the field that holds the address of a row.
var profileEmail = query.Path{"profile", "email"}

// Field implements [Source].
func (e *emailRows) Field(path query.Path) (Field, error) {
	if len(path) == 0 {
		return Field{}, unknown(path, "emailAccounts")
	}
	fixed := func(v query.Value) (Field, error) {
		kind := Flag
		if v.Kind == query.String {
			kind = Text
		}
		return Field{Path: path, Kind: kind, Fixed: v, HasFixed: true}, nil
	}
	switch name := strings.ToLower(path[0]); name {
	case "profile", "data", "subscriptions":
		return e.field(path)
	case "uid", "created", "createdtimestamp", "lastupdated", "lastupdatedtimestamp":
		return e.field(path)
	case "email", "channel", "hasfullaccount", "hasliteaccount", "token":
		if len(path) > 1 {
			break
		}
		switch name {
		case "email":
			return e.field(profileEmail)
		case "channel":
			return fixed(query.Value{Kind: query.String, Str: "email"})
		case "token":
			return Field{}, &query.SyntaxError{Reason: "token cannot be searched: it is made when it is shown"}
		}
		return fixed(query.Value{Kind: query.Bool, Bool: name == "hasfullaccount"})
	}
	return Field{}, unknown(path, "emailAccounts")
}

// withAddress is the condition, and that there is a row at all.
func withAddress(where query.Expr) query.Expr {
	parts := []query.Expr{
		&query.Not{X: &query.Comparison{Path: profileEmail, Op: query.IsNull}},
		&query.Not{X: &query.Comparison{Path: profileEmail, Op: query.Equal, Values: []query.Value{{Kind: query.String}}}},
	}
	if where != nil {
		// First, because it may be answered from an index.
		parts = append([]query.Expr{where}, parts...)
	}
	return &query.And{Parts: parts}
}

func (e *emailRows) search(p Page) store.Search {
	p.Where = withAddress(p.Where)
	return e.Accounts.search(p)
}

// Page implements [Source].
func (e *emailRows) Page(ctx context.Context, p Page, each func(Row) error) (int64, error) {
	var row []byte
	return e.Store.SearchAccounts(ctx, e.search(p), func(found *store.Account, sort []query.Value) error {
		email := strings.ToLower(query.SortValue(found.Profile, profileEmail[1:]).Str)
		row = account.AppendEmailRow(row[:0], found, email, e.EmailToken(found.Group, email), e.Now)
		return each(Row{Key: found.UID, Sort: sort, JSON: row})
	})
}

// Values implements [Source].
func (e *emailRows) Values(ctx context.Context, where query.Expr, fields []query.Path, each func([]query.Value) error) error {
	return e.Store.AccountValues(ctx, e.Site.Group, withAddress(where), fields, each)
}

// Explain implements [Source].
func (e *emailRows) Explain(ctx context.Context, p Page) (store.Explanation, error) {
	return e.Store.ExplainSearch(ctx, e.search(p))
}
