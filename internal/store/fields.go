package store

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/query"
)

// Part is a part of an account that the search language has a name for.
type Part int

// The parts. The times are written as ISO texts (created) or as milliseconds (createdTimestamp): both names are one part.
const (
	PartUID Part = iota + 1
	PartLoginProvider
	PartSocialProviders
	PartRegSource

	PartCreated
	PartRegistered
	PartVerified
	PartLastLogin
	PartLastUpdated
	PartOldestDataUpdated
	// PartLockedUntil is absent unless the account is locked at present.
	PartLockedUntil
	PartPasswordCreated

	PartIsActive
	PartIsRegistered
	PartIsVerified
	PartIsLockedOut

	// PartIRank is 0 for every account.
	PartIRank

	PartEmails
	PartLoginIDs
	PartProfile
	PartData
	PartPreferences
	PartSubscriptions
	PartInternal
	PartCustomIdentifiers
	PartIdentities
	// PartMore holds the further members by their wire names: Field.Rest begins with that name.
	PartMore
	// PartAge is profile.age, computed from the profile's day of birth.
	PartAge
)

// Kind is what the values of a part are.
type Kind int

// The kinds of parts.
const (
	KindText Kind = iota + 1
	KindTime
	KindFlag
	KindNumber
	KindDocument
)

// Kind returns the kind of the part's values.
func (p Part) Kind() Kind {
	switch {
	case p <= PartRegSource:
		return KindText
	case p <= PartPasswordCreated:
		return KindTime
	case p <= PartIsLockedOut:
		return KindFlag
	case p == PartIRank:
		return KindNumber
	}
	return KindDocument
}

// Field is what a path of the search language means: a part, and for a document the way within it.
type Field struct {
	Part Part
	Rest query.Path
	// As is how the document's values are taken before they are sorted.
	As query.As
	// Fold: values are compared in lower case, because they are e-mail addresses and their like.
	Fold bool
	// missing is what a member of PartMore is taken for where it is absent: an object with the member.
	missing json.RawMessage
}

// parts are the names of the first segments, in lower case; the times have a second name that ends in timestampSuffix.
var parts = map[string]Part{
	"uid":               PartUID,
	"loginprovider":     PartLoginProvider,
	"socialproviders":   PartSocialProviders,
	"regsource":         PartRegSource,
	"created":           PartCreated,
	"registered":        PartRegistered,
	"verified":          PartVerified,
	"lastlogin":         PartLastLogin,
	"lastupdated":       PartLastUpdated,
	"oldestdataupdated": PartOldestDataUpdated,
	"lockeduntil":       PartLockedUntil,
	"isactive":          PartIsActive,
	"isregistered":      PartIsRegistered,
	"isverified":        PartIsVerified,
	"islockedout":       PartIsLockedOut,
	"irank":             PartIRank,
	"emails":            PartEmails,
	"loginids":          PartLoginIDs,
	"profile":           PartProfile,
	"data":              PartData,
	"preferences":       PartPreferences,
	"subscriptions":     PartSubscriptions,
	"internal":          PartInternal,
	"customidentifiers": PartCustomIdentifiers,
	"identities":        PartIdentities,
}

const timestampSuffix = "timestamp"

// further are the members of Account.More, by their names in lower case, with what they are taken for where they are absent.
var further = map[string]struct{ name, missing string }{
	"lastloginlocation": {name: "lastLoginLocation"},
	"rbapolicy":         {"rbaPolicy", `{"rbaPolicy":{"riskPolicy":"_off","riskPolicyLocked":false}}`},
	"tfastatus":         {"tfaStatus", `{"tfaStatus":"default"}`},
	"phonenumber":       {name: "phoneNumber"},
	"groups":            {name: "groups"},
	"communications":    {name: "communications"},
	"datacenter":        {name: "dataCenter"},
	"accounttypes":      {name: "accountTypes"},
	"hasliteaccount":    {"hasLiteAccount", `{"hasLiteAccount":false}`},
	"hasfullaccount":    {"hasFullAccount", `{"hasFullAccount":false}`},
	"counters":          {name: "counters"},
	"idximportid":       {name: "idxImportId"},
	"lang":              {name: "lang"},
}

// FieldOf tells what the path means. The error is a *query.SyntaxError without a position that names the field: no account
// has a field of this name, or it is never searched.
func FieldOf(path query.Path) (Field, error) {
	if len(path) == 0 {
		return Field{}, fieldError(path, "a field was expected")
	}
	first, rest := strings.ToLower(path[0]), path[1:]
	if first == "password" {
		if len(rest) == 1 && strings.EqualFold(rest[0], "created") {
			return Field{Part: PartPasswordCreated}, nil
		}
		return Field{}, fieldError(path, "cannot be searched, only password.created can")
	}
	if more, ok := further[first]; ok {
		f := Field{Part: PartMore, Rest: append(query.Path{more.name}, rest...)}
		if more.missing != "" {
			f.missing = json.RawMessage(more.missing)
		}
		return f, nil
	}
	part, ok := parts[first]
	if !ok {
		if part, ok = parts[strings.TrimSuffix(first, timestampSuffix)]; !ok || part.Kind() != KindTime || part == PartLockedUntil {
			return Field{}, fieldError(path, "is not a field of an account")
		}
	}
	if part.Kind() != KindDocument {
		if len(rest) > 0 {
			return Field{}, fieldError(path, "is not a field of an account: "+path[0]+" has none below it")
		}
		return Field{Part: part}, nil
	}
	return documentField(part, rest), nil
}

func documentField(part Part, rest query.Path) Field {
	f := Field{Part: part, Rest: rest}
	is := func(name string) bool { return len(rest) == 1 && strings.EqualFold(rest[0], name) }
	switch part {
	case PartEmails, PartLoginIDs:
		f.Fold = len(rest) > 0
	case PartIdentities:
		f.Fold = is("email")
	case PartProfile:
		f.Fold = is("email")
		if is("age") {
			f.Part = PartAge
		}
	}
	return f
}

func fieldError(path query.Path, reason string) error {
	return &query.SyntaxError{Reason: strings.TrimSpace(path.String() + " " + reason)}
}

// SortField is [FieldOf] for an element of an order.
func SortField(o query.Order) (Field, error) {
	f, err := FieldOf(o.Path)
	f.As = o.As
	if syntax, ok := err.(*query.SyntaxError); ok {
		syntax.Position = o.At
	}
	return f, err
}

// Resolve tells what the comparison's path means, and returns the comparison with constants of the field's kind: a time
// in ISO form as its milliseconds, an address in lower case. The error is a *query.SyntaxError at the comparison's
// position. The comparison itself is not changed.
func Resolve(c *query.Comparison) (Field, *query.Comparison, error) {
	f, err := FieldOf(c.Path)
	if err == nil {
		var values []query.Value
		if values, err = f.constants(c); err == nil {
			resolved := *c
			resolved.Values = values
			if f.Fold && c.Op == query.Regex {
				resolved.Pattern = c.Pattern.Fold()
			}
			return f, &resolved, nil
		}
	}
	if syntax, ok := err.(*query.SyntaxError); ok {
		syntax.Position = c.At
	}
	return Field{}, nil, err
}

func (f Field) constants(c *query.Comparison) ([]query.Value, error) {
	kind := f.Part.Kind()
	ordered := c.Op == query.Less || c.Op == query.LessEqual || c.Op == query.Greater || c.Op == query.GreaterEqual
	switch {
	case kind == KindTime && (c.Op == query.Contains || c.Op == query.Regex):
		return nil, fieldError(c.Path, "is a time: CONTAINS and regex are for texts")
	case kind == KindFlag && (ordered || c.Op == query.Contains || c.Op == query.Regex):
		return nil, fieldError(c.Path, "is true or false: only = and != compare it")
	}
	values := make([]query.Value, len(c.Values))
	for i, v := range c.Values {
		values[i] = v
		switch {
		case kind == KindTime:
			ms, ok := timeConstant(v)
			if !ok {
				return nil, fieldError(c.Path, "is a time: a date like \"2014-01-31\" or \"2014-01-31T23:59:59Z\", or milliseconds, were expected")
			}
			values[i] = ms
		case kind == KindFlag:
			if v.Kind != query.Bool && v.Str != "true" && v.Str != "false" {
				return nil, fieldError(c.Path, "is true or false")
			}
			values[i] = query.Value{Kind: query.Bool, Bool: v.Bool || v.Str == "true"}
		case kind == KindText && v.Kind == query.Number:
			// Compared as a text, the way it was written.
			values[i] = query.Value{Kind: query.String, Str: v.Text()}
		case f.Fold && v.Kind == query.String:
			values[i].Str = strings.ToLower(v.Str)
		}
	}
	return values, nil
}

// timeConstant turns the constant into the number of milliseconds that it stands for.
func timeConstant(v query.Value) (query.Value, bool) {
	switch v.Kind {
	case query.Number:
		return v, true
	case query.String:
		text := strings.TrimSpace(v.Str)
		if text == clock.NeverISO {
			return millis(0), true
		}
		if t, ok := query.ParseTime(text); ok {
			return millis(clock.FromTime(t)), true
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return millis(clock.Millis(n)), true
		}
	}
	return query.Value{}, false
}

func millis(t clock.Millis) query.Value {
	return query.Value{Kind: query.Number, Num: strconv.FormatInt(int64(t), 10)}
}

// Document returns the account's document that the field is in; nil for a part that is none.
func (f Field) Document(a *Account) json.RawMessage {
	switch f.Part {
	case PartEmails:
		return a.Emails
	case PartLoginIDs:
		return a.LoginIDs
	case PartProfile, PartAge:
		return a.Profile
	case PartData:
		return a.Data
	case PartPreferences:
		return a.Preferences
	case PartSubscriptions:
		return a.Subscriptions
	case PartInternal:
		return a.Internal
	case PartCustomIdentifiers:
		return a.CustomIdentifiers
	case PartIdentities:
		return a.Identities
	case PartMore:
		return a.More
	}
	return nil
}

// MatchDocument tells whether the comparison, as [Resolve] returned it, holds for the field in the document; now is the
// time that ages are reckoned at. doc is only read.
func (f Field) MatchDocument(c *query.Comparison, doc []byte, now time.Time) bool {
	switch {
	case f.Part == PartAge:
		return c.MatchValue(ageValue(doc, now))
	case f.Fold:
		doc, rest := f.folded(doc)
		return c.MatchRaw(doc, rest)
	}
	return c.MatchRaw(f.present(doc), f.Rest)
}

// SortDocument returns the value that the document sorts by in the field.
func (f Field) SortDocument(doc []byte, now time.Time) query.Value {
	order := query.Order{As: f.As}
	switch {
	case f.Part == PartAge:
		return ageValue(doc, now)
	case f.Fold:
		doc, rest := f.folded(doc)
		return order.SortValue(doc, rest)
	}
	return order.SortValue(f.present(doc), f.Rest)
}

// folded returns the field's part of the document in lower case, and the way within it. It lowers no more of an object
// than the member that the way begins with.
func (f Field) folded(doc []byte) ([]byte, query.Path) {
	if document.KindOf(doc) == document.KindObject {
		_, member, _ := document.MemberFold(doc, f.Rest[0])
		return bytes.ToLower(member), f.Rest[1:]
	}
	return bytes.ToLower(doc), f.Rest
}

// present puts what is shown in the place of what is absent.
func (f Field) present(doc []byte) []byte {
	if f.missing == nil {
		return doc
	}
	if _, ok := document.Member(doc, f.Rest[0]); ok {
		return doc
	}
	return f.missing
}

// SortValue returns the value that the account sorts by in the field; now decides what is computed.
func (f Field) SortValue(a *Account, now time.Time) query.Value {
	switch f.Part.Kind() {
	case KindText:
		return textOf(f.Part, a)
	case KindTime:
		return timeOf(f.Part, a, clock.FromTime(now))
	case KindFlag:
		return flagOf(f.Part, a, clock.FromTime(now))
	case KindNumber:
		return millis(0)
	}
	return f.SortDocument(f.Document(a), now)
}

func textOf(p Part, a *Account) query.Value {
	text, ok := a.UID, true
	switch p {
	case PartLoginProvider:
		text, ok = a.LoginProvider, a.LoginProvider != ""
	case PartSocialProviders:
		text, ok = a.SocialProviders, a.SocialProviders != ""
	case PartRegSource:
		text, ok = a.RegSource, a.HasRegSource
	}
	if !ok {
		return query.Value{}
	}
	return query.Value{Kind: query.String, Str: text}
}

func timeOf(p Part, a *Account, now clock.Millis) query.Value {
	switch p {
	case PartCreated:
		return millis(a.Created)
	case PartLastLogin:
		return millis(a.LastLogin)
	case PartLastUpdated:
		return millis(a.LastUpdated)
	case PartOldestDataUpdated:
		return millis(a.OldestDataUpdated)
	}
	var t clock.Millis
	switch p {
	case PartRegistered:
		t = a.Registered
	case PartVerified:
		t = a.Verified
	case PartPasswordCreated:
		t = a.Secrets.PasswordCreated
	case PartLockedUntil:
		if a.Secrets.LockedUntil > now {
			t = a.Secrets.LockedUntil
		}
	}
	if t == 0 {
		return query.Value{}
	}
	return millis(t)
}

func flagOf(p Part, a *Account, now clock.Millis) query.Value {
	flag := false
	switch p {
	case PartIsActive:
		flag = a.IsActive
	case PartIsRegistered:
		flag = a.Registered != 0
	case PartIsVerified:
		flag = a.Verified != 0
	case PartIsLockedOut:
		flag = a.Secrets.LockedUntil > now
	}
	return query.Value{Kind: query.Bool, Bool: flag}
}
