package account

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

const (
	// MaxDocument bounds each document of an account, in bytes of its compact JSON (documented for data).
	MaxDocument = 512 << 10
	// MaxAddresses bounds the addresses that one account may hold. A user adds one with every change of profile.email,
	// and each that is a login identifier keeps everybody else from it. It is our bound.
	MaxAddresses = 100
	// maxItems bounds the faults that one answer tells: a document of one megabyte can have a hundred thousand.
	maxItems = 100
)

// Change is what a call wants of an account. The zero Change wants nothing.
type Change struct {
	// Email is register's parameter: the first address, with the caller's spelling.
	Email string
	// Addresses are those that the account is about to have besides, normalized: an import's.
	Addresses []string
	// Username is the new user name, with the caller's spelling.
	Username string
	// Profile is merged field by field; objects and arrays are replaced whole, null clears.
	Profile *document.Object
	// Data and Internal are merged deeply; dotted names are paths, null clears.
	Data, Internal *document.Object
	// Preferences and Subscriptions are merged deeply; of them only the user's own choices are taken over.
	Preferences, Subscriptions *document.Object

	AddLoginEmails, RemoveLoginEmails []string
	// Verify makes every address a verified one.
	Verify bool
	// Active switches the account on or off.
	Active *bool
	// MustChangePassword demands a new password at the next login.
	MustChangePassword bool
	// Unlock lifts a lockout.
	Unlock bool
	// RegSource is set if the account has none so far.
	RegSource *string
	// PasswordHash is the hash of the new password.
	PasswordHash string
	// SecretQuestion comes with the hash of its answer.
	SecretQuestion, SecretAnswerHash string
}

// Rules are what a change is judged by.
type Rules struct {
	Site *site.Site
	// Server tells whether server rules hold for field access, Lite that the account is a lite one.
	Server, Lite bool
	Now          clock.Millis
	// Conceal keeps from the caller that an identifier is taken, as long as the account waits for its first verification:
	// instead of a fault, an address that is another account's is kept as one of no use, unverified, and a user name is
	// dropped. Who was let in once is told: nobody has somebody else's address in their profile then.
	Conceal bool
	// KnownChoices refuses consents and subscriptions that the site's schema has not. Without, they are kept: an import
	// loses nothing that another installation knew.
	KnownChoices bool
	// Owner returns the UID of the account that holds the identifier, or [store.ErrNotFound].
	Owner func(store.Identifier) (uid string, err error)
}

// Outcome is what [Apply] found.
type Outcome struct {
	// Items are the faults, in the order in which the checks ran, at most a hundred. If there are any, the account must
	// not be written.
	Items []gigya.ValidationError
	// Changed tells whether the account differs from what it was.
	Changed bool
	// Concealed tells that an identifier was taken, which Rules.Conceal kept from being a fault.
	Concealed bool
	// Extends tells that the data have fields that the site's dynamic schema has not: see [schema.Schema.Extend].
	Extends bool

	claims, releases []string
	// verified are the login addresses that are verified now and were not before.
	verified []string
	rules    *Rules
	// progressed are lite accounts that were joined already: see Progress.
	progressed []*store.Account
}

// Err returns the error of an answer with all the faults, or nil.
func (o *Outcome) Err() error {
	if len(o.Items) == 0 {
		return nil
	}
	return Invalid(o.Items)
}

// Invalid is 400009 with the items (recorded text).
func Invalid(items []gigya.ValidationError) *gigya.Error {
	return &gigya.Error{Code: gigya.ValidationFailed, Details: "Validation failed", Validation: items}
}

// concealedSpace holds rows that mean nothing; nobody looks for one.
const concealedSpace = "concealed"

// Store writes the account with its identifiers. Nothing is written if nothing changed.
func (o *Outcome) Store(tx store.Tx, a *store.Account) error {
	for _, value := range o.releases {
		if err := tx.ReleaseIdentifier(a.Group, store.Identifier{Space: store.LoginSpace, Value: value}, a.UID); err != nil {
			return fmt.Errorf("releasing an identifier: %w", err)
		}
	}
	for _, value := range o.claims {
		if err := tx.ClaimIdentifier(a.Group, store.Identifier{Space: store.LoginSpace, Value: value}, a.UID); err != nil {
			return fmt.Errorf("claiming an identifier: %w", err)
		}
	}
	if o.Concealed && a.Rev == 0 {
		// The identifier that the account did not get: without a row in its place the account would be made sooner than
		// others, which can be measured.
		if err := tx.ClaimIdentifier(a.Group, store.Identifier{Space: concealedSpace, Value: a.UID}, a.UID); err != nil {
			return fmt.Errorf("claiming nothing: %w", err)
		}
	}
	if !o.Changed {
		return nil
	}
	lites, err := JoinLite(tx, o.rules.Site, a, o.verified, o.releases, o.rules.Now)
	if err != nil {
		return err
	}
	lites = append(lites, o.progressed...)
	if err := tx.PutAccount(a); err != nil {
		return fmt.Errorf("writing the account: %w", err)
	}
	return PutAll(tx, lites)
}

// Progress joins the new account with the lite one whose token it was registered with: who holds that token may read and write
// the lite account anyway, and need not prove first that the address is theirs. Nothing happens if the account does not log
// in with the address. [Outcome.Store] writes both.
func (o *Outcome) Progress(a, lite *store.Account) {
	if ParseLoginIDs(a.LoginIDs).HasEmail(LiteAddress(lite)) {
		progress(o.rules.Site, a, lite, o.rules.Now)
		o.progressed = append(o.progressed, lite)
	}
}

// edit is one run of [Apply].
type edit struct {
	a     *store.Account
	rules Rules
	out   Outcome

	emails   Emails
	loginIDs LoginIDs
	// profile is what a.Profile holds; nil: it is as it was.
	profile *document.Object
	// byEmail tells whether addresses are login identifiers on the site.
	byEmail bool
}

// Apply works the change out on a, which must be a copy that the caller can throw away: with faults in the outcome, or
// an error, it is half changed. Errors are a *gigya.Error that stands for the whole call (413003, the last login
// identifier, too many addresses), or one of rules.Owner.
func Apply(a *store.Account, ch *Change, rules Rules) (*Outcome, error) {
	e := &edit{
		a: a, rules: rules,
		emails: ParseEmails(a.Emails), loginIDs: ParseLoginIDs(a.LoginIDs),
		byEmail: rules.Site.Policies.AccountOptions.AllowsLogin("email"),
	}
	e.out.rules = &e.rules
	before := *a
	held, verified, addresses := e.loginIDs.values(), e.loginIDs.Emails, e.addresses()

	steps := []func(*Change) error{e.register, e.username, e.documents, e.profileEmail, e.loginEmails, e.verify, e.flags}
	for _, step := range steps {
		if err := step(ch); err != nil {
			return nil, err
		}
	}
	if len(e.out.Items) > 0 {
		return &e.out, nil
	}
	if n := e.addresses(); n > MaxAddresses && n > addresses {
		return nil, tooManyAddresses()
	}
	if profileAddress(&before) != profileAddress(a) {
		forgetToken(a)
	}
	a.Emails, a.LoginIDs = e.emails.JSON(), e.loginIDs.JSON()
	now := e.loginIDs.values()
	e.out.claims, e.out.releases = minus(now, held), minus(held, now)
	e.out.verified = minus(e.loginIDs.Emails, verified)
	e.stamp(&before, ch)
	e.out.Changed = before.Rev == 0 || differs(&before, a)
	return &e.out, nil
}

// values are the identifiers in their compared form, each once.
func (l LoginIDs) values() []string {
	all := slices.Concat(l.Emails, l.Unverified)
	if l.Username != "" {
		all = append(all, Normalize(l.Username))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func minus(list, other []string) []string {
	var rest []string
	for _, s := range list {
		if !slices.Contains(other, s) {
			rest = append(rest, s)
		}
	}
	return rest
}

// addresses counts the addresses of the account, those that log in and those that do not.
func (e *edit) addresses() int {
	return max(len(e.emails.Verified)+len(e.emails.Unverified), len(e.loginIDs.Emails)+len(e.loginIDs.Unverified))
}

func tooManyAddresses() error {
	return gigya.NewError(gigya.InvalidParameterValue, fmt.Sprintf(
		"An account has at most %d e-mail addresses. Remove some with removeLoginEmails.", MaxAddresses))
}

// report adds faults, up to as many as an answer tells.
func (e *edit) report(items ...gigya.ValidationError) {
	room := max(maxItems-len(e.out.Items), 0)
	e.out.Items = append(e.out.Items, items[:min(len(items), room)]...)
}

func (e *edit) fault(code gigya.Code, message, field string) {
	e.report(gigya.ValidationError{ErrorCode: code, Message: message, FieldName: field})
}

// Unallowed is the item for a parameter whose value cannot be taken (recorded text).
func Unallowed(field string) gigya.ValidationError {
	return gigya.ValidationError{ErrorCode: gigya.InvalidParameterValue, Message: "Unallowed value for field: " + field, FieldName: field}
}

// free adds a fault, unless it is to be concealed, and answers false if another account holds the text as a login
// identifier.
func (e *edit) free(text, kind, field string) (bool, error) {
	owner, err := e.rules.Owner(LoginIdentifier(text))
	if errors.Is(err, store.ErrNotFound) || err == nil && owner == e.a.UID {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for the owner of an identifier: %w", err)
	}
	if e.conceals() {
		e.out.Concealed = true
		return false, nil
	}
	e.fault(gigya.UniqueIdentifierExists, kind+" already exists", field)
	return false, nil
}

// conceals tells whether nothing may depend on which identifiers the account got of those that it wanted.
func (e *edit) conceals() bool {
	return e.rules.Conceal && e.a.Verified == 0 && e.a.LastLogin == 0
}

// register takes the first address.
func (e *edit) register(ch *Change) error {
	if ch.Email == "" {
		return nil
	}
	if !ValidEmail(ch.Email) {
		e.report(Unallowed("email"))
		return nil
	}
	address := Normalize(ch.Email)
	if e.byEmail {
		ok, err := e.free(address, "email", "email")
		if err != nil {
			return err
		}
		if ok {
			e.addLogin(address)
		}
	}
	e.addEmail(address)
	return nil
}

// username takes the user name, which replaces an earlier one.
func (e *edit) username(ch *Change) error {
	if ch.Username == "" {
		return nil
	}
	if !ValidUsername(ch.Username) || !e.rules.Site.Policies.AccountOptions.AllowsLogin("username") {
		e.report(Unallowed("username"))
		return nil
	}
	ok, err := e.free(ch.Username, "username", "username")
	if ok {
		e.loginIDs.Username = ch.Username
	}
	return err
}

// addEmail makes the address known, unverified, unless it is known already.
func (e *edit) addEmail(address string) {
	if !e.emails.Has(address) {
		e.emails.Unverified = with(e.emails.Unverified, address)
	}
}

// addLogin makes the address a login identifier, verified if the address is.
func (e *edit) addLogin(address string) {
	switch {
	case e.loginIDs.HasEmail(address):
	case slices.Contains(e.emails.Verified, address):
		e.loginIDs.Emails = with(e.loginIDs.Emails, address)
	default:
		e.loginIDs.Unverified = with(e.loginIDs.Unverified, address)
	}
}

// profileEmail keeps the address lists in step with profile.email: the new address is added unverified, the old one
// stays where it is.
func (e *edit) profileEmail(ch *Change) error {
	v, ok := ch.Profile.Get("email")
	email := strings.TrimSpace(v.Str())
	if !ok || email == "" || e.faulty("profile.email") {
		return nil
	}
	if !ValidEmail(email) {
		e.fault(gigya.InvalidFormatValidationError, "invalid format for field: email", "profile.email")
		return nil
	}
	address := Normalize(email)
	if e.byEmail && !e.loginIDs.HasEmail(address) {
		if ch.Email != "" && Normalize(ch.Email) == address && e.faulty("email") {
			return nil // The parameter email of the same call has reported the address already.
		}
		ok, err := e.free(address, "email", "profile.email")
		if err != nil {
			return err
		}
		if ok {
			e.addLogin(address)
		}
	}
	e.addEmail(address)
	return nil
}

func (e *edit) faulty(field string) bool {
	return slices.ContainsFunc(e.out.Items, func(v gigya.ValidationError) bool { return v.FieldName == field })
}

// loginEmails serves addLoginEmails, then removeLoginEmails: both in one call change an address.
func (e *edit) loginEmails(ch *Change) error {
	if len(ch.AddLoginEmails) > MaxAddresses {
		return tooManyAddresses()
	}
	for _, text := range ch.AddLoginEmails {
		if !ValidEmail(text) {
			e.report(Unallowed("email"))
			continue
		}
		address := Normalize(text)
		ok, err := e.free(address, "email", "email")
		if err != nil {
			return err
		}
		if ok {
			e.addLogin(address)
		}
		e.addEmail(address)
	}
	for _, text := range ch.RemoveLoginEmails {
		e.remove(Normalize(text))
	}
	if len(ch.RemoveLoginEmails) > 0 && e.loginIDs.Empty() && e.a.Secrets.PasswordHash != "" && !e.conceals() {
		return gigya.InvalidArgumentBecause("removeLoginEmails",
			"the last login identifier of an account with a password cannot be removed; add another first")
	}
	return nil
}

// remove takes the address out of everything but profile.email.
func (e *edit) remove(address string) {
	e.loginIDs.Emails = without(e.loginIDs.Emails, address)
	e.loginIDs.Unverified = without(e.loginIDs.Unverified, address)
	if Normalize(e.loginIDs.Username) == address {
		e.loginIDs.Username = ""
	}
	e.emails.Verified = without(e.emails.Verified, address)
	e.emails.Unverified = without(e.emails.Unverified, address)
}

// verify moves every address to the verified ones, but those that log in to another account: whoever registered under
// somebody's address must not come to it by a server's kindness. While the profile shows such a one, or there is no other,
// nothing is verified at all. An account that was verified once stays so.
func (e *edit) verify(ch *Change) error {
	if !ch.Verify {
		return nil
	}
	profile, _ := object(e.a.Profile).Get("email")
	shown := Normalize(profile.Str())
	var others, verified []string
	for _, address := range e.emails.Unverified {
		owner, err := e.rules.Owner(LoginIdentifier(address))
		switch {
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return fmt.Errorf("looking for the owner of an address: %w", err)
		case err == nil && owner != e.a.UID:
			others = append(others, address)
		default:
			verified = append(verified, address)
		}
	}
	if slices.Contains(others, shown) || len(others) > 0 && len(verified)+len(e.emails.Verified) == 0 {
		return nil
	}
	for _, address := range verified {
		e.emails.Verified = with(e.emails.Verified, address)
	}
	for _, address := range e.loginIDs.Unverified {
		e.loginIDs.Emails = with(e.loginIDs.Emails, address)
	}
	e.emails.Unverified, e.loginIDs.Unverified = others, nil
	if e.a.Verified == 0 {
		e.a.Verified = e.rules.Now
	}
	return nil
}

func (e *edit) flags(ch *Change) error {
	a, s := e.a, &e.a.Secrets
	if ch.Active != nil && a.IsActive != *ch.Active {
		a.IsActive = *ch.Active
		s.TokenEpoch++
	}
	if ch.Unlock {
		Unlock(s)
	}
	if ch.RegSource != nil && !a.HasRegSource {
		a.RegSource, a.HasRegSource = *ch.RegSource, true
	}
	if ch.PasswordHash != "" {
		SetPassword(s, ch.PasswordHash, e.rules.Site.Policies.Security.PasswordHistorySize, e.rules.Now)
	}
	if ch.MustChangePassword {
		s.MustChangePassword = true
	}
	if ch.SecretAnswerHash != "" {
		s.SecretQuestion, s.SecretAnswerHash = ch.SecretQuestion, ch.SecretAnswerHash
	}
	return nil
}

// stamp moves lastUpdated if what it stands for changed, and keeps the site identity in step with the profile.
func (e *edit) stamp(before *store.Account, ch *Change) {
	a := e.a
	profile := !bytes.Equal(before.Profile, a.Profile)
	if profile || before.Rev == 0 {
		if e.profile == nil {
			e.profile = object(a.Profile)
		}
		a.Identities, a.SocialProviders = siteIdentity(a, e.profile, ch.Profile, e.rules.Now)
	}
	if profile || !bytes.Equal(before.Data, a.Data) || !bytes.Equal(before.Preferences, a.Preferences) ||
		!bytes.Equal(before.Subscriptions, a.Subscriptions) {
		a.LastUpdated = e.rules.Now
	}
}

// differs compares what Apply can change.
func differs(a, b *store.Account) bool {
	documents := [][2]json.RawMessage{
		{a.Profile, b.Profile}, {a.Data, b.Data}, {a.Preferences, b.Preferences}, {a.Subscriptions, b.Subscriptions},
		{a.Internal, b.Internal}, {a.Emails, b.Emails}, {a.LoginIDs, b.LoginIDs}, {a.Identities, b.Identities},
	}
	for _, d := range documents {
		if !bytes.Equal(d[0], d[1]) {
			return true
		}
	}
	s, t := &a.Secrets, &b.Secrets
	return a.IsActive != b.IsActive || a.Verified != b.Verified || a.HasRegSource != b.HasRegSource ||
		s.PasswordHash != t.PasswordHash || s.PasswordCreated != t.PasswordCreated || s.MustChangePassword != t.MustChangePassword ||
		s.SecretQuestion != t.SecretQuestion || s.SecretAnswerHash != t.SecretAnswerHash || s.TokenEpoch != t.TokenEpoch ||
		s.FailedLogins != t.FailedLogins || s.LockedUntil != t.LockedUntil
}
