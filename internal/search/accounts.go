package search

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Accounts are the sources over the accounts of a site's group: accounts, emailAccounts, communications.
type Accounts struct {
	Store store.Searcher
	Site  *site.Site
	// Now is the time of the call: ages and locks are shown as of it.
	Now time.Time
	// Server: without it internal is not shown.
	Server bool
	// Full and Lite tell which types of accounts are asked for, where the source is accounts.
	Full, Lite bool
	// EmailToken returns the token of the address of an account, of the group or of its lite accounts.
	EmailToken func(group, uid string) string
	// Fields are the caller's rights over fields; Denied is the answer to a query about one that it may not read.
	Fields *acl.Fields
	Denied func(path string) error
}

// Source returns the source that the query's FROM names, with what the caller may not read hidden.
func (a Accounts) Source(q *query.Query) (Source, error) {
	s, err := a.source(q)
	if err != nil {
		return nil, err
	}
	return guard(s, q, a.Fields, a.Denied)
}

func (a Accounts) source(q *query.Query) (Source, error) {
	switch strings.ToLower(q.From) {
	// The PHP SDK's own tests read from "user" and want an answer.
	case "accounts", "user":
		return a.rows(q.Counters), nil
	}
	if q.Counters {
		return nil, &query.SyntaxError{Position: q.At, Reason: "WITH counters is for the source accounts"}
	}
	switch strings.ToLower(q.From) {
	case "emailaccounts":
		return a.emails(), nil
	case "communications":
		return Scan(&communicationRows{a}), nil
	}
	return nil, &query.SyntaxError{Position: q.At, Reason: "the source " + strconv.Quote(q.From) + " is not served; use accounts, emailAccounts or communications"}
}

// accountRows is the source accounts. Its fields are those of package store.
type accountRows struct {
	Accounts
	parts
	// counters: the rows show their counters.
	counters bool
}

// rows is the source accounts.
func (a Accounts) rows(counters bool) Source {
	r := &accountRows{Accounts: a, parts: parts{from: a.Store}, counters: counters}
	if a.Full {
		r.parts.parts = append(r.parts.parts, part{group: a.Site.Group, row: r.row})
	}
	if a.Lite {
		r.parts.parts = append(r.parts.parts, part{group: store.LiteGroup(a.Site.Group), lite: true, row: r.row})
	}
	return r
}

func (a *accountRows) row(dst []byte, found *store.Account) []byte {
	if !a.Server {
		found.Internal = nil
	}
	dst = account.AppendRow(dst, found, a.Now)
	if a.counters {
		dst = account.AppendCounters(dst, found)
	}
	return dst
}

// first tells whether the path begins with the name.
func first(path query.Path, name string) bool {
	return len(path) > 0 && strings.EqualFold(path[0], name)
}

// Field implements [Source].
func (a *accountRows) Field(path query.Path) (Field, error) {
	switch {
	case first(path, "subscriptions"):
		return Field{}, &query.SyntaxError{Reason: path.String() + " is not part of accounts; search emailAccounts"}
	case first(path, "counters") && !a.counters:
		return Field{}, &query.SyntaxError{Reason: path.String() + " is part of accounts WITH counters only"}
	}
	return a.field(path)
}

// field tells what the path means in an account: what the store knows of it, and the site's schema.
func (a *Accounts) field(path query.Path) (Field, error) {
	known, err := store.FieldOf(path)
	if err != nil {
		return Field{}, err
	}
	switch known.Part.Kind() {
	case store.KindText:
		return Field{Path: path, Kind: Text, Native: true}, nil
	case store.KindFlag:
		return Field{Path: path, Kind: Flag, Native: true}, nil
	case store.KindNumber:
		return Field{Path: path, Kind: Number, Native: true}, nil
	case store.KindTime:
		if !strings.HasSuffix(strings.ToLower(path[0]), "timestamp") {
			return Field{Path: path, Kind: Time, Native: true}, nil
		}
		fast := known.Part == store.PartCreated || known.Part == store.PartLastUpdated
		return Field{Path: path, Kind: Number, Native: true, Fast: fast}, nil
	}
	if known.Part == store.PartAge {
		return Field{Path: path, Kind: Number}, nil
	}
	return a.typed(path)
}

// typed looks the path up in the schema. A field that no schema has is of any type.
func (a *Accounts) typed(path query.Path) (Field, error) {
	f := Field{Path: path}
	for end := 2; end <= len(path); end++ {
		found := a.Site.Schema.FieldFold(path[0], path[1:end].String())
		if found == nil {
			continue
		}
		if found.Hidden {
			return Field{}, &query.SyntaxError{Reason: path.String() + " cannot be searched: it is encrypted"}
		}
		if end == len(path) {
			f.Kind = kindOf(found)
			f.Encrypted = a.Site.Settings.EmulateEncryption && found.Encrypt != ""
		}
	}
	if emulated := a.Site.Settings.EmulateEncryption; emulated && (first(path, "loginIDs") || first(path, "emails")) {
		f.Encrypted = true
	}
	return f, nil
}

func kindOf(f *schema.Field) Kind {
	switch f.Type {
	case "integer", "long", "float":
		return Number
	case "boolean":
		return Flag
	case "date":
		return Time
	case "basic-string":
		return Word
	case "text":
		return LongText
	case "string", "encrypted-string":
		if f.TakesFlags() {
			return Any
		}
		return Text
	}
	return Any
}

// unknown refuses a path that no row of the source has.
func unknown(path query.Path, source string) error {
	return &query.SyntaxError{Reason: fmt.Sprintf("%s is not a field of %s", path, source)}
}
