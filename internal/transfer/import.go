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
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Importer makes accounts of rows. It is safe for concurrent use.
type Importer struct {
	Store store.Store
	Sites *site.Directory
	// APIKey is the site's; its policies and schema are asked for at each row.
	APIKey    string
	Passwords *password.Hasher
	Clock     clock.Clock
	// Rand must be safe for concurrent use.
	Rand io.Reader
}

// Import makes one account and returns its UID. A row that is refused changes nothing: the error is a *RowError whose
// reason names the member. Any other error says that the import cannot go on.
func (i *Importer) Import(ctx context.Context, row Row) (uid string, err error) {
	in, err := read(row.Members)
	if err != nil {
		return "", &RowError{row.Line, err}
	}
	s, err := i.Sites.Site(ctx, i.APIKey)
	if err != nil {
		return "", err
	}
	if err := in.check(s); err != nil {
		return "", &RowError{row.Line, err}
	}
	if in.password != "" {
		if in.hash, err = i.Passwords.Hash(ctx, in.password); err != nil {
			return "", err
		}
	}
	now := i.Clock.Now()
	if in.uid == "" {
		in.uid = id.UID(now, i.Rand)
	}
	err = i.Store.Change(ctx, func(tx store.Tx) error { return in.write(tx, s, clock.FromTime(now)) })
	if reason := refusal(err); reason != nil {
		return "", &RowError{row.Line, reason}
	}
	if err != nil {
		return "", err
	}
	return in.uid, nil
}

// refusal returns the reason if the error is the row's fault, and nil for one that stands for the store's.
func refusal(err error) error {
	var failure *gigya.Error
	var taken *store.TakenError
	switch {
	case errors.Is(err, store.ErrExists):
		return errors.New("UID: there is an account with this UID already")
	case errors.As(err, &taken):
		return fmt.Errorf("the login identifier %q belongs to another account already", taken.Identifier.Value)
	case !errors.As(err, &failure):
		return nil
	case len(failure.Validation) == 0:
		return failure
	}
	parts := make([]string, len(failure.Validation))
	for i, item := range failure.Validation {
		parts[i] = item.FieldName + ": " + item.Message
	}
	return errors.New(strings.Join(parts, "; "))
}

// write makes the account in one transaction. It may run again: it changes nothing of the row.
func (in *incoming) write(tx store.Tx, s *site.Site, now clock.Millis) error {
	if _, err := tx.Account(s.Group, in.uid); err == nil {
		return store.ErrExists
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := extendSchema(tx, s, in.data); err != nil {
		return err
	}
	a := account.New(s.Group, in.uid, now)
	out, err := account.Apply(a, in.change(), account.Rules{
		Site: s, Server: true, Now: now,
		Owner: func(x store.Identifier) (string, error) { return tx.Owner(s.Group, x) },
	})
	if err != nil {
		return err
	}
	if err := out.Err(); err != nil {
		return err
	}
	if err := in.finish(a, now); err != nil {
		return err
	}
	return out.Store(tx, a)
}

// extendSchema gives the site's dynamic data schema the fields that the row has and it has not, as a server call does.
func extendSchema(tx store.Tx, s *site.Site, data *document.Object) error {
	if _, more, err := s.Schema.Extend(data); err != nil || !more {
		return err
	}
	record, err := tx.Site(s.APIKey)
	if err != nil {
		return fmt.Errorf("reading the site: %w", err)
	}
	present, err := schema.Parse(record.Schema)
	if err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	extended, more, err := present.Extend(data)
	if err != nil || !more {
		return err
	}
	record.Schema = extended
	if err := tx.PutSite(record); err != nil {
		return fmt.Errorf("writing the schema: %w", err)
	}
	return nil
}

// change is what of the row goes through the checks of a server call.
func (in *incoming) change() *account.Change {
	ch := &account.Change{
		Email: in.email, Username: in.username, Profile: in.profile, Data: in.data, Internal: in.internal,
		Preferences: in.preferences, Subscriptions: in.subscriptions, RegSource: in.regSource, PasswordHash: in.hash,
		AddLoginEmails: in.loginIDs.all(),
	}
	if in.loginIDs == nil {
		return ch
	}
	// An export's profile.email need not be a login identifier: then loginIDs has not got it.
	v, _ := in.profile.Get("email")
	address := account.Normalize(v.Str())
	if account.ValidEmail(address) && !in.loginIDs.has(address) && address != account.Normalize(in.username) {
		ch.RemoveLoginEmails = []string{address}
	}
	return ch
}

// finish gives the account what no call can write: stamps, states, and documents as another installation left them.
func (in *incoming) finish(a *store.Account, now clock.Millis) error {
	set := func(to *clock.Millis, from clock.Millis) {
		if from != 0 {
			*to = from
		}
	}
	set(&a.Created, in.created)
	set(&a.OldestDataUpdated, in.created)
	set(&a.OldestDataUpdated, in.oldest)
	set(&a.LastUpdated, in.updated)
	set(&a.LastLogin, in.lastLogin)
	if in.registered == nil || *in.registered {
		a.Registered = now
		set(&a.Registered, in.created)
		set(&a.Registered, in.registeredAt)
	}
	a.IsActive = in.active == nil || *in.active
	if in.provider != "" {
		a.LoginProvider = in.provider
	}
	if in.hash != "" {
		set(&a.Secrets.PasswordCreated, in.changed)
	}
	in.addresses(a)
	if in.identities != nil {
		a.Identities = in.identities
	}
	if in.providers != "" {
		a.SocialProviders = in.providers
	}
	if in.more.Len() > 0 {
		a.More = in.more.JSON()
	}
	var err error
	if a.Preferences, err = whole(in.preferences); err == nil {
		a.Subscriptions, err = whole(in.subscriptions)
	}
	return err
}

// whole returns consents and subscriptions with the stamps that a call may not write: they are the proof of the consent.
func whole(o *document.Object) ([]byte, error) {
	if o.Len() == 0 {
		return nil, nil
	}
	nested := &document.Object{}
	if err := document.MergeDeep(nested, o); err != nil {
		return nil, gigya.NewError(gigya.ObjectTooLarge, "the object would be nested too deeply")
	}
	text := nested.JSON()
	if len(text) > account.MaxDocument {
		return nil, gigya.NewError(gigya.ObjectTooLarge, "")
	}
	return text, nil
}

// addresses puts the e-mail addresses in the order and state of the row, those that it lists first.
func (in *incoming) addresses(a *store.Account) {
	given := addressList{}
	given.add(in.emails)
	given.add(in.loginIDs)
	unlisted := in.emails == nil && in.loginIDs == nil
	all := account.ParseEmails(a.Emails)
	if v, _ := in.profile.Get("email"); v.Str() != "" {
		all.Unverified = append(all.Unverified, account.Normalize(v.Str()))
	}
	for _, address := range append(all.Verified, all.Unverified...) {
		if !given.has(address) {
			given.unverified = append(given.unverified, address)
		}
	}
	if unlisted && in.verified != nil && *in.verified {
		given.verified, given.unverified = given.unverified, nil
	}
	a.Emails = account.Emails{Verified: given.verified, Unverified: given.unverified}.JSON()

	held := account.ParseLoginIDs(a.LoginIDs)
	ids := account.LoginIDs{Username: held.Username}
	order := addressList{}
	order.add(in.loginIDs)
	order.add(&given)
	for _, address := range order.all() {
		switch {
		case !held.HasEmail(address):
		case given.isVerified(address):
			ids.Emails = append(ids.Emails, address)
		default:
			ids.Unverified = append(ids.Unverified, address)
		}
	}
	a.LoginIDs = ids.JSON()

	a.Verified = 0
	if in.verified != nil && *in.verified || in.verified == nil && len(given.verified) > 0 {
		a.Verified = a.Created
		if in.verifiedAt != 0 {
			a.Verified = in.verifiedAt
		}
	}
}
