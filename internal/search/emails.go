package search

import (
	"strings"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// emailRows is the source emailAccounts: a row for the address in the profile of every account that has one, and for the
// address of every lite account whose place no full account has taken. It is the only source with subscriptions. Rows are looked
// for as accounts are: the fields of a row are fields of its account, or the same for every row of its type.
type emailRows struct {
	Accounts
	parts
}

// emails is the source emailAccounts.
func (a Accounts) emails() Source {
	e := &emailRows{Accounts: a}
	full, lite := withAddress(), withAddress()
	// What a full account has beside it is shown by that one's row.
	lite.Parts = append(lite.Parts, &query.Not{X: &query.Comparison{
		Path: query.Path{"hasFullAccount"}, Op: query.Equal, Values: []query.Value{flag(true)},
	}})
	e.parts = parts{from: a.Store, parts: []part{
		{group: a.Site.Group, where: full, row: e.fullRow, fixed: map[string]query.Value{"hasfullaccount": flag(true)}},
		{group: store.LiteGroup(a.Site.Group), lite: true, where: lite, row: e.liteRow,
			fixed: map[string]query.Value{"hasfullaccount": flag(false), "hasliteaccount": flag(true)}},
	}}
	return e
}

func flag(v bool) query.Value { return query.Value{Kind: query.Bool, Bool: v} }

// profileEmail is the field that holds the address of a row.
var profileEmail = query.Path{"profile", "email"}

// Field implements [Source].
func (e *emailRows) Field(path query.Path) (Field, error) {
	if len(path) == 0 {
		return Field{}, unknown(path, "emailAccounts")
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
			return Field{Path: path, Kind: Text, Fixed: query.Value{Kind: query.String, Str: "email"}, HasFixed: true}, nil
		case "token":
			return Field{}, &query.SyntaxError{Reason: "token cannot be searched: it is made when it is shown"}
		}
		return Field{Path: path, Kind: Flag}, nil
	}
	return Field{}, unknown(path, "emailAccounts")
}

// withAddress is the condition that there is a row at all.
func withAddress() *query.And {
	return &query.And{Parts: []query.Expr{
		&query.Not{X: &query.Comparison{Path: profileEmail, Op: query.IsNull}},
		&query.Not{X: &query.Comparison{Path: profileEmail, Op: query.Equal, Values: []query.Value{{Kind: query.String}}}},
	}}
}

func (e *emailRows) fullRow(dst []byte, a *store.Account) []byte { return e.row(dst, a, true) }
func (e *emailRows) liteRow(dst []byte, a *store.Account) []byte { return e.row(dst, a, false) }

// row appends the row of an account. A token that was brought from elsewhere is the one that its holders know.
func (e *emailRows) row(dst []byte, a *store.Account, full bool) []byte {
	address := strings.ToLower(query.SortValue(a.Profile, profileEmail[1:]).Str)
	brought, _ := document.Member(a.More, "token")
	token, ok := document.Text(brought)
	if !ok {
		token = e.EmailToken(a.Group, a.UID)
	}
	return account.AppendEmailRow(dst, a, account.EmailRow{Address: address, Token: token, Full: full}, e.Now)
}
