package intake

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// Source is where an account comes from: it decides what may be written and what is taken for granted.
type Source int

const (
	// Call is a server's call. Stamps of consents are taken as told, the rest of what only servers write is not, and an
	// account is neither registered nor verified unless the call says so.
	Call Source = iota
	// File is a row of the operator's file: an export, or made by hand. Everything that an export has is taken as it is;
	// an account is registered unless the row says otherwise, and verified if an address is.
	File
)

// ErrUnknown says that an account has no such member.
var ErrUnknown = errors.New("there is no such member of an account")

// A MemberError says what is wrong with one member. It never repeats a password or a hash.
type MemberError struct {
	// Member is its name, with dots for what is inside of it; empty: it is not about one.
	Member string
	Err    error
}

func (e *MemberError) Error() string {
	if e.Member == "" {
		return e.Err.Error()
	}
	return e.Member + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *MemberError) Unwrap() error { return e.Err }

func wrong(member, reason string) error { return &MemberError{member, errors.New(reason)} }

// Account is an account from elsewhere, read. Nil pointers and empty texts are absent.
type Account struct {
	UID    string
	source Source

	email, username string
	loginIDs        *account.LoginIDs
	emails          *account.Emails

	password password

	profile, data, preferences, subscriptions, internal, custom *document.Object

	regSource           *string
	provider, providers string
	identities          []document.Value
	hasIdentities       bool
	lang, phone         string
	// more holds the members that are kept by their names.
	more *document.Object
	// lite: it is a lite account; stamped: its subscriptions may bring their own time.
	lite, stamped bool
	// joined: a file says that there is a full account of the lite one's address.
	joined bool
	// client: what clients may not write is a fault.
	client bool
	// derived: loginIDs are worked out from a row that has none; unlisted: the row has no emails either.
	derived, unlisted bool

	active, registered, verified                                  *bool
	created, registeredAt, verifiedAt, lastLogin, updated, oldest clock.Millis
	secrets                                                       *store.Secrets
	// Ignored are members that a call gave and that no account has, in their order.
	Ignored []string
}

// Read reads the members of an account, each by itself, in any letter case. Null is as good as absent. The error is a
// *MemberError.
func Read(members *document.Object, from Source) (*Account, error) {
	in := &Account{source: from, more: &document.Object{}}
	names := make([]string, 0, 16)
	for given, v := range members.All() {
		name, known := Known(given, from)
		if known && from == File && slices.Contains(names, name) {
			return nil, wrong(name, "it is given twice, in two spellings")
		}
		names = append(names, name)
		switch {
		case known && v.IsNull():
			continue
		case known:
			if err := in.member(name, v); err != nil {
				return nil, at(name, err)
			}
		case from == File:
			return nil, at(given, ErrUnknown)
		default:
			in.Ignored = append(in.Ignored, given)
		}
	}
	return in, nil
}

// at puts the member's name before the error, unless it has one of a part of the member.
func at(name string, err error) error {
	var inside *MemberError
	if errors.As(err, &inside) {
		return &MemberError{name + "." + inside.Member, inside.Err}
	}
	return &MemberError{name, err}
}

// The members that are read. What a call may give comes first.
var (
	// stamps are times, as ISO texts; flags are true or false.
	stamps = []string{"created", "registered", "verified", "lastLogin", "lastUpdated", "oldestDataUpdated"}
	flags  = []string{"isActive", "isRegistered", "isVerified"}

	called = []string{
		"UID", "password", "loginIDs", "emails", "profile", "data", "preferences", "subscriptions", "regSource", "identities",
		"providerSessions", "phoneNumber", "communications", "lang", "dataCenter", "secretQuestionAndAnswer",
	}
	filed = []string{
		"email", "username", "internal", "customIdentifiers", "loginProvider", "socialProviders", "lastLoginLocation",
		"groups", "rbaPolicy", "tfaStatus", "accountTypes", "hasLiteAccount", "hasFullAccount", "token", "counters", "idxImportId",
		"secrets",
	}
	// derived are members of an answer that are worked out from others: they are passed over.
	derived = []string{
		"createdTimestamp", "registeredTimestamp", "verifiedTimestamp", "lastLoginTimestamp", "lastUpdatedTimestamp",
		"oldestDataUpdatedTimestamp", "iRank", "isLockedOut", "lockedUntil", "UIDSignature", "signatureTimestamp",
	}
)

var (
	callNames = folded(called, stamps, flags, derived)
	fileNames = folded(called, stamps, flags, derived, filed)
)

// spelling are names by what they are in lower case, and by themselves: so most are written.
type spelling map[string]string

func folded(lists ...[]string) spelling {
	names := spelling{}
	for _, name := range slices.Concat(lists...) {
		names[name], names[strings.ToLower(name)] = name, name
	}
	return names
}

// of returns the name's own spelling, if there is such a name in any letter case.
func (s spelling) of(name string) (own string, ok bool) {
	if own, ok = s[name]; !ok {
		own, ok = s[strings.ToLower(name)]
	}
	return own, ok
}

// Known returns the member's own spelling, and whether an account from the source may have it.
func Known(name string, from Source) (spelled string, ok bool) {
	if from == File {
		return fileNames.of(name)
	}
	return callNames.of(name)
}

// IsFlag tells whether the member is true or false.
func IsFlag(name string) bool { return slices.Contains(flags, name) }

func (in *Account) member(name string, v document.Value) (err error) {
	switch {
	case slices.Contains(derived, name):
		return nil
	case slices.Contains(flags, name):
		return in.flag(name, v)
	case slices.Contains(stamps, name):
		return in.stamp(name, v)
	}
	switch name {
	case "UID":
		in.UID, err = text(v)
	case "email":
		in.email, err = text(v)
	case "username":
		in.username, err = text(v)
	case "password":
		err = in.readPassword(v)
	case "secretQuestionAndAnswer":
		in.password.question, in.password.answer, err = questionAndAnswer(v)
	case "secrets":
		in.secrets, err = readSecrets(v)
	case "loginIDs":
		err = in.readLoginIDs(v)
	case "emails":
		err = in.readEmails(v)
	case "profile":
		in.profile, err = readProfile(v)
	case "data":
		in.data, err = object(v)
	case "preferences":
		in.preferences, err = object(v)
	case "subscriptions":
		in.subscriptions, err = object(v)
	case "internal":
		in.internal, err = object(v)
	case "customIdentifiers":
		in.custom, err = object(v)
	default:
		return in.origin(name, v)
	}
	return err
}

// origin reads where the account comes from, and what is kept by its name.
func (in *Account) origin(name string, v document.Value) (err error) {
	switch name {
	case "regSource":
		var source string
		source, err = text(v)
		in.regSource = &source
	case "loginProvider":
		in.provider, err = text(v)
	case "socialProviders":
		in.providers, err = text(v)
	case "identities":
		err = in.readIdentities(v)
	case "lang":
		in.lang, err = text(v)
	case "providerSessions":
		_, err = object(v) // Sessions at social networks are not kept.
	case "phoneNumber":
		err = in.readPhone(v)
	case "tfaStatus":
		// The default is shown for accounts without one.
		if s, e := text(v); e != nil || s != "default" {
			in.more.Set(name, v)
			err = e
		}
	case "rbaPolicy":
		o, e := object(v)
		if policy, _ := o.Get("riskPolicy"); e != nil || policy.Str() != "_off" {
			in.more.Set(name, v)
			err = e
		}
	case "accountTypes":
		err = in.readTypes(v)
	case "hasLiteAccount":
		if v.Kind() != document.KindBool {
			return errors.New("want true or false")
		}
		in.more.Set(name, v)
	case "hasFullAccount":
		in.joined = v.Bool() // Who the other is, is worked out from the addresses.
	case "dataCenter", "token", "idxImportId":
		if _, err = text(v); err == nil {
			in.more.Set(name, v)
		}
	default: // communications, lastLoginLocation, groups, counters
		if _, err = object(v); err == nil || name == "counters" && v.Kind() == document.KindArray {
			in.more.Set(name, v)
			err = nil
		}
	}
	return err
}

func (in *Account) readTypes(v document.Value) error {
	for _, item := range v.Items() {
		in.lite = in.lite || item.Str() == liteType && len(v.Items()) == 1
	}
	in.more.Set("accountTypes", v)
	if v.Kind() != document.KindArray {
		return errors.New("want an array of texts")
	}
	return nil
}

func (in *Account) flag(name string, v document.Value) error {
	b := v.Bool()
	if v.Kind() != document.KindBool {
		return errors.New("want true or false")
	}
	switch name {
	case "isActive":
		in.active = &b
	case "isRegistered":
		in.registered = &b
	case "isVerified":
		in.verified = &b
	}
	return nil
}

func (in *Account) stamp(name string, v document.Value) error {
	t, err := Time(v)
	switch name {
	case "created":
		in.created = t
	case "registered":
		in.registeredAt = t
	case "verified":
		in.verifiedAt = t
	case "lastLogin":
		in.lastLogin = t
	case "lastUpdated":
		in.updated = t
	case "oldestDataUpdated":
		in.oldest = t
	}
	return err
}

// isoForms are the forms of a time that are read; those without an offset are UTC.
var isoForms = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", time.DateOnly}

// Time reads a time as files and calls give it: an ISO text; empty: never.
func Time(v document.Value) (clock.Millis, error) {
	s, err := text(v)
	if err != nil {
		return 0, err
	}
	return millis(s)
}

// millis reads an ISO time of this era: years 1 to 9999, fractions of any length.
func millis(text string) (clock.Millis, error) {
	if text == "" || text == clock.NeverISO {
		return 0, nil
	}
	for _, form := range isoForms {
		if t, err := time.Parse(form, text); err == nil {
			return clock.FromTime(t), nil
		}
	}
	return 0, fmt.Errorf("%.40q is not a time such as 2024-05-31T08:00:00Z", text)
}

func text(v document.Value) (string, error) {
	if v.Kind() != document.KindString {
		return "", errors.New("want a text")
	}
	return v.Str(), nil
}

func object(v document.Value) (*document.Object, error) {
	if v.Kind() != document.KindObject {
		return nil, errors.New("want an object")
	}
	return v.Object(), nil
}

// member returns the value of a member in any letter case.
func member(o *document.Object, name string) (document.Value, bool) {
	if v, ok := o.Get(name); ok {
		return v, !v.IsNull()
	}
	for given, v := range o.All() {
		if strings.EqualFold(given, name) {
			return v, !v.IsNull()
		}
	}
	return document.Value{}, false
}

// readProfile leaves the age out when it is worked out from the birthday.
func readProfile(v document.Value) (*document.Object, error) {
	o, err := object(v)
	if err != nil {
		return nil, err
	}
	if _, ok := o.Get("birthYear"); ok {
		if _, ok := o.Get("age"); ok {
			o = o.Clone()
			o.Delete("age")
		}
	}
	return o, nil
}
