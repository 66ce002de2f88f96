package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Importer makes accounts of rows. It is safe for concurrent use.
type Importer struct {
	Store     store.Store
	Site      *site.Site
	Passwords *password.Hasher
	Clock     clock.Clock
	Rand      io.Reader
}

// Import makes one account and returns its UID. A row that is refused changes nothing; the reason names the member.
func (i *Importer) Import(ctx context.Context, row Row) (uid string, err error) {
	in, err := read(row.Members)
	if err != nil {
		return "", &RowError{row.Line, err}
	}
	if in.password != "" {
		if len(in.password) > password.MaxLength {
			return "", &RowError{row.Line, fmt.Errorf("the password is longer than %d bytes", password.MaxLength)}
		}
		if in.hash, err = i.Passwords.Hash(ctx, in.password); err != nil {
			return "", err
		}
	}
	now := clock.FromTime(i.Clock.Now())
	if in.uid == "" {
		in.uid = id.UID(i.Clock.Now(), i.Rand)
	}
	err = i.Store.Change(ctx, func(tx store.Tx) error { return i.write(tx, in, now) })
	if err = reason(err); err != nil {
		return "", &RowError{row.Line, err}
	}
	return in.uid, nil
}

func (i *Importer) write(tx store.Tx, in *incoming, now clock.Millis) error {
	if _, err := tx.Account(i.Site.Group, in.uid); err == nil {
		return errors.New("UID: there is an account with this UID already")
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	a := account.New(i.Site.Group, in.uid, now)
	change := in.change
	change.PasswordHash = in.hash
	out, err := account.Apply(a, &change, account.Rules{
		Site: i.Site, Server: true, Now: now,
		Owner: func(x store.Identifier) (string, error) { return tx.Owner(i.Site.Group, x) },
	})
	if err != nil {
		return err
	}
	if err := out.Err(); err != nil {
		return err
	}
	in.finish(a, now)
	return out.Store(tx, a)
}

// reason turns the faults of an account into one line.
func reason(err error) error {
	var failure *gigya.Error
	if !errors.As(err, &failure) || len(failure.Validation) == 0 {
		return err
	}
	parts := make([]string, len(failure.Validation))
	for i, item := range failure.Validation {
		parts[i] = item.FieldName + ": " + item.Message
	}
	return errors.New(strings.Join(parts, "; "))
}

// incoming is a row, read.
type incoming struct {
	uid            string
	password, hash string
	change         account.Change
	verified       []string

	inactive, unregistered                                       bool
	created, registered, verifiedAt, lastLogin, updated, changed clock.Millis
	provider                                                     string
}

// derived are members of an export that are worked out from others.
var derived = map[string]bool{
	"createdTimestamp": true, "registeredTimestamp": true, "verifiedTimestamp": true, "lastLoginTimestamp": true,
	"lastUpdatedTimestamp": true, "oldestDataUpdated": true, "oldestDataUpdatedTimestamp": true,
	"identities": true, "socialProviders": true, "iRank": true, "isLockedOut": true, "lockedUntil": true,
	"rbaPolicy": true, "tfaStatus": true, "UIDSignature": true, "signatureTimestamp": true,
}

func read(members *document.Object) (*incoming, error) {
	in := &incoming{}
	for _, name := range members.Names() {
		v, _ := members.Get(name)
		if err := in.member(name, v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if in.change.Email == "" && in.change.Username == "" && len(in.change.AddLoginEmails) == 0 {
		return nil, errors.New("there is no login identifier: give email, username or loginIDs")
	}
	return in, nil
}

func (in *incoming) member(name string, v document.Value) (err error) {
	switch name {
	case "UID":
		in.uid, err = text(v)
		if err == nil && in.uid != "" && !account.ValidUID(in.uid) {
			err = fmt.Errorf("want 1 to %d visible ASCII characters", account.MaxUID)
		}
	case "email":
		in.change.Email, err = text(v)
	case "username":
		in.change.Username, err = text(v)
	case "password":
		err = in.readPassword(v)
	case "loginIDs":
		err = in.readLoginIDs(v)
	case "emails":
		in.verified, err = texts(v, "verified")
	case "profile":
		in.change.Profile, err = object(v)
	case "data":
		in.change.Data, err = object(v)
	case "preferences":
		in.change.Preferences, err = object(v)
	case "subscriptions":
		in.change.Subscriptions, err = object(v)
	case "internal":
		in.change.Internal, err = object(v)
	case "regSource":
		var source string
		source, err = text(v)
		in.change.RegSource = &source
	case "loginProvider":
		in.provider, err = text(v)
	default:
		return in.flagOrTime(name, v)
	}
	return err
}

func (in *incoming) flagOrTime(name string, v document.Value) error {
	var flag bool
	switch name {
	case "isActive", "isRegistered", "isVerified":
		if v.Kind() != document.KindBool {
			return errors.New("want true or false")
		}
		flag = v.Bool()
	}
	switch name {
	case "isActive":
		in.inactive = !flag
		return nil
	case "isRegistered":
		in.unregistered = !flag
		return nil
	case "isVerified":
		in.change.Verify = flag
		return nil
	}
	into, ok := map[string]*clock.Millis{
		"created": &in.created, "registered": &in.registered, "verified": &in.verifiedAt,
		"lastLogin": &in.lastLogin, "lastUpdated": &in.updated,
	}[name]
	if !ok {
		if derived[name] {
			return nil
		}
		return errors.New("there is no such member of an account")
	}
	s, err := text(v)
	if err == nil {
		*into, err = millis(s)
	}
	return err
}

func (in *incoming) readPassword(v document.Value) error {
	if v.Kind() == document.KindString {
		in.password = v.Str()
		return nil
	}
	o, err := object(v)
	if err != nil {
		return errors.New(`want a text, or {"hash":"$argon2id$…"}`)
	}
	if hash, ok := o.Get("hash"); ok {
		if in.hash, err = text(hash); err != nil {
			return err
		}
		if err := password.Check(in.hash); err != nil {
			return fmt.Errorf("hash: %w", err)
		}
	}
	if created, ok := o.Get("created"); ok {
		s, err := text(created)
		if err != nil {
			return err
		}
		in.changed, err = millis(s)
		return err
	}
	return nil
}

func (in *incoming) readLoginIDs(v document.Value) error {
	verified, err := texts(v, "emails")
	if err != nil {
		return err
	}
	unverified, err := texts(v, "unverifiedEmails")
	if err != nil {
		return err
	}
	in.change.AddLoginEmails = append(verified, unverified...)
	if o := v.Object(); o != nil {
		if name, ok := o.Get("username"); ok {
			in.change.Username, err = text(name)
		}
	}
	return err
}

// finish gives the account the stamps and states of the row.
func (in *incoming) finish(a *store.Account, now clock.Millis) {
	set := func(to *clock.Millis, from clock.Millis) {
		if from != 0 {
			*to = from
		}
	}
	set(&a.Created, in.created)
	set(&a.LastUpdated, in.updated)
	set(&a.OldestDataUpdated, in.created)
	set(&a.LastLogin, in.lastLogin)
	if !in.unregistered {
		a.Registered = now
		set(&a.Registered, in.created)
		set(&a.Registered, in.registered)
	}
	if a.Verified != 0 {
		set(&a.Verified, in.verifiedAt)
	}
	a.IsActive = !in.inactive
	if in.provider != "" {
		a.LoginProvider = in.provider
	}
	if in.hash != "" {
		set(&a.Secrets.PasswordCreated, in.changed)
	}
	account.MarkVerified(a, in.verified)
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

func texts(v document.Value, name string) ([]string, error) {
	o, err := object(v)
	if err != nil {
		return nil, err
	}
	list, ok := o.Get(name)
	if !ok {
		return nil, nil
	}
	if list.Kind() != document.KindArray {
		return nil, fmt.Errorf("%s: want an array of texts", name)
	}
	var all []string
	for _, item := range list.Items() {
		s, err := text(item)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, s)
	}
	return all, nil
}
