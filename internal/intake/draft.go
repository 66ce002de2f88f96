package intake

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// A Draft is an account as it will be written.
type Draft struct {
	// Account is the record; its Rev is 0 if it is new.
	Account *store.Account

	site *site.Site
	// claims are the identifiers that the account shall hold besides those that it has, releases those that it holds no
	// more; identities are claims too, but one that is taken refuses only itself.
	claims, releases, identities []store.Identifier
	// verified are the login addresses that are verified now and were not before.
	verified []string
	// joined: where it comes from, the lite account knew of a full one.
	joined bool
	now    clock.Millis
	// told is socialProviders, where the import says it.
	told string
	// data extends the site's dynamic schema, if it has fields that the schema has not.
	data   *document.Object
	extend bool
	// newPassword: the account had another password; its sessions end.
	newPassword bool
}

// Conflict is an identity that belongs to another account.
type Conflict struct {
	Provider    string `json:"provider"`
	ProviderUID string `json:"providerUID"`
}

// nobody is an owner function by which every identifier is free: who holds it is seen when it is claimed.
func nobody(store.Identifier) (string, error) { return "", store.ErrNotFound }

// New works the account out as a new one with the UID. The error is a *gigya.Error for what the account cannot be: 400009
// with its items, 413003, 400006.
func (in *Account) New(s *site.Site, uid string, now clock.Millis) (*Draft, error) {
	group := s.Group
	if in.lite {
		group = store.LiteGroup(group)
	}
	a := account.New(group, uid, now)
	d, err := in.draft(a, s, now)
	if err != nil {
		return nil, err
	}
	in.born(a, now)
	return d, nil
}

// Change works the account out on a copy of the record that is there. The error is as New's.
func (in *Account) Change(present *store.Account, s *site.Site, now clock.Millis) (*Draft, error) {
	a := *present
	d, err := in.draft(&a, s, now)
	if err != nil {
		return nil, err
	}
	if address := account.LiteAddress(present); in.lite && address != "" && (account.LiteAddress(&a) != address || account.Normalize(in.email) != address) {
		return nil, gigya.InvalidArgumentBecause("email", "the address of a lite account cannot be changed")
	}
	set(&a.Created, in.created)
	set(&a.OldestDataUpdated, in.oldest)
	if in.registered != nil && !*in.registered {
		a.Registered = 0
	} else if in.registeredAt != 0 || in.registered != nil && a.Registered == 0 {
		a.Registered = now
		set(&a.Registered, in.registeredAt)
	}
	return d, nil
}

// set copies a time that is not absent.
func set(to *clock.Millis, from clock.Millis) {
	if from != 0 {
		*to = from
	}
}

func (in *Account) draft(a *store.Account, s *site.Site, now clock.Millis) (*Draft, error) {
	before := *a
	d := &Draft{Account: a, site: s, joined: in.joined, now: now}
	hash := in.password.hash
	if hash == a.Secrets.PasswordHash {
		hash = "" // The password that it has is no new one: an import that is repeated logs nobody out.
	}
	ch := &account.Change{
		Email: in.email, Addresses: in.listedAddresses(), Profile: in.profile, Data: in.data, Internal: in.internal, Preferences: in.preferences, Subscriptions: in.subscriptions,
		RegSource: in.regSource, PasswordHash: hash,
		SecretQuestion: in.password.question, SecretAnswerHash: in.password.answered,
	}
	out, err := account.Apply(a, ch, account.Rules{Site: s, Server: !in.client, Lite: in.lite, Now: now, Owner: nobody})
	if err == nil {
		err = out.Err()
	}
	if err == nil {
		err = in.choices(a, &before)
	}
	if err != nil {
		return nil, err
	}
	if out.Extends {
		d.extend, d.data = true, in.data
	}
	d.newPassword = before.Rev != 0 && hash != ""
	set(&a.LastUpdated, in.updated)
	set(&a.LastLogin, in.lastLogin)
	if in.active != nil && a.IsActive != *in.active {
		a.IsActive = *in.active
		a.Secrets.TokenEpoch++
	}
	if in.provider != "" {
		a.LoginProvider = in.provider
	}
	if hash != "" {
		set(&a.Secrets.PasswordCreated, in.password.created)
	}
	if in.secrets != nil {
		d.takeSecrets(a, &before, *in.secrets)
	}
	d.identify(in, a, &before, in.addresses(a, &before, now))
	if in.lite {
		a.LoginIDs, a.Identities, a.LoginProvider, a.SocialProviders = nil, nil, "", ""
	}
	return d, in.further(a, &before)
}

// takeSecrets gives the account the secrets of a sealed export. One that was there before keeps regTokens dead that are, whatever
// the file says, and another password ends what stood on its own.
func (d *Draft) takeSecrets(a, before *store.Account, s store.Secrets) {
	epoch := a.Secrets.TokenEpoch
	a.Secrets = s
	if before.Rev == 0 {
		return
	}
	d.newPassword = s.PasswordHash != before.Secrets.PasswordHash
	a.Secrets.TokenEpoch = max(s.TokenEpoch, epoch)
	if d.newPassword {
		a.Secrets.TokenEpoch = max(a.Secrets.TokenEpoch, before.Secrets.TokenEpoch+1)
	}
}

// born gives a new account its stamps.
func (in *Account) born(a *store.Account, now clock.Millis) {
	set(&a.Created, in.created)
	set(&a.OldestDataUpdated, in.created)
	set(&a.OldestDataUpdated, in.oldest)
	registered := in.source == File && !in.lite || in.registeredAt != 0
	if in.registered != nil {
		registered = *in.registered
	}
	if registered {
		a.Registered = now
		set(&a.Registered, in.created)
		set(&a.Registered, in.registeredAt)
	}
	if a.Verified != 0 {
		set(&a.Verified, in.created)
		set(&a.Verified, in.verifiedAt)
	}
}

// addresses sets login identifiers, e-mail addresses and whether they are verified, and returns the login identifiers.
func (in *Account) addresses(a, before *store.Account, now clock.Millis) account.LoginIDs {
	emails, ids := account.ParseEmails(before.Emails), account.ParseLoginIDs(before.LoginIDs)
	listed := in.emails != nil
	if listed {
		emails = account.Emails{Verified: slices.Clone(in.emails.Verified), Unverified: slices.Clone(in.emails.Unverified)}
	}
	if in.loginIDs != nil && (!in.derived || before.Rev == 0 || in.email+in.username != "") {
		ids = *in.loginIDs
	}
	add := func(list []string, verified bool) {
		for _, address := range list {
			switch {
			case verified && !slices.Contains(emails.Verified, address):
				emails.Verified = append(emails.Verified, address)
				emails.Unverified = minus(emails.Unverified, emails.Verified)
			case !verified && !emails.Has(address):
				emails.Unverified = append(emails.Unverified, address)
			}
		}
	}
	add(ids.Emails, true)
	add(ids.Unverified, false)
	if v, _ := in.profile.Get("email"); !listed && account.ValidEmail(v.Str()) {
		add([]string{account.Normalize(v.Str())}, false)
	}
	if in.email != "" && !listed {
		add([]string{account.Normalize(in.email)}, false)
	}
	verified := a.Verified != 0 || in.verifiedAt != 0 && in.source == Call
	if in.source == File && before.Rev == 0 {
		verified = len(emails.Verified) > 0
	}
	if in.verified != nil {
		verified = *in.verified || before.Verified != 0
	}
	if verified && in.unlisted && in.verified != nil {
		add(slices.Clone(emails.Unverified), true)
	}
	a.Verified = 0
	if verified {
		a.Verified = now
		set(&a.Verified, before.Verified)
		set(&a.Verified, in.verifiedAt)
	}
	var checked account.LoginIDs
	checked.Username = ids.Username
	for _, address := range slices.Concat(ids.Emails, ids.Unverified) {
		if slices.Contains(emails.Verified, address) {
			checked.Emails = append(checked.Emails, address)
		} else {
			checked.Unverified = append(checked.Unverified, address)
		}
	}
	a.Emails, a.LoginIDs = emails.JSON(), checked.JSON()
	return checked
}

// listedAddresses are those that the row gives the account.
func (in *Account) listedAddresses() []string {
	var emails account.Emails
	var ids account.LoginIDs
	if in.emails != nil {
		emails = *in.emails
	}
	if in.loginIDs != nil {
		ids = *in.loginIDs
	}
	return slices.Concat(emails.Verified, emails.Unverified, ids.Emails, ids.Unverified)
}

// identify works out what is claimed and released, and the list of identities. ids are the account's login identifiers.
func (d *Draft) identify(in *Account, a, before *store.Account, ids account.LoginIDs) {
	had := account.ParseLoginIDs(before.LoginIDs)
	old, now := logins(had), logins(ids)
	if in.lite {
		now = append(now, store.Identifier{Space: store.LiteSpace, Value: account.LiteAddress(a)})
		if token := broughtToken(in, before); token != "" {
			now = append(now, store.Identifier{Space: account.EmailTokenSpace, Value: token})
		}
	}
	if phone := phoneOf(before); in.phone != "" {
		now = append(now, store.Identifier{Space: phoneSpace, Value: in.phone})
		if phone != "" {
			old = append(old, store.Identifier{Space: phoneSpace, Value: phone})
		}
	}
	d.claims, d.releases = lacking(now, old), lacking(old, now)
	d.verified = minus(slices.Clone(ids.Emails), had.Emails)
	if !in.hasIdentities {
		// An export tells the providers always, and the identities if there are any.
		if in.providers != "" && before.Rev == 0 {
			a.Identities, a.SocialProviders = nil, in.providers
		}
		return
	}
	held := identityKeys(items(before.Identities))
	wanted := identityKeys(in.identities)
	d.identities = lacking(wanted, held)
	d.releases = append(d.releases, lacking(held, wanted)...)
	listed := in.identities
	// What an export says of the providers holds: the site's own identity is added only where nothing is said.
	if in.providers == "" && !slices.Contains(providers(listed), account.Site) && !ids.Empty() {
		for _, item := range items(a.Identities) {
			if identityKey(item) == account.Site {
				listed = append([]document.Value{item}, listed...)
			}
		}
	}
	d.told = in.providers
	d.list(a, listed)
}

// broughtToken returns the token by which the lite account is known elsewhere.
func broughtToken(in *Account, before *store.Account) string {
	if token, ok := in.more.Get("token"); ok {
		return token.Str()
	}
	raw, _ := document.Member(before.More, "token")
	token, _ := document.Text(raw)
	return token
}

// list puts the identities into the account, with the list of their providers.
func (d *Draft) list(a *store.Account, listed []document.Value) {
	a.Identities = nil
	if len(listed) > 0 {
		a.Identities = document.ArrayOf(listed...).AppendJSON(nil)
	}
	if a.SocialProviders = strings.Join(providers(listed), ","); d.told != "" {
		a.SocialProviders = d.told
	}
}

// providers are those of the identities, each once.
func providers(list []document.Value) []string {
	var names []string
	for _, item := range list {
		provider, _ := item.Object().Get("provider")
		if name := provider.Str(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func items(raw []byte) []document.Value {
	v, err := document.Parse(raw)
	if err != nil {
		return nil
	}
	return v.Items()
}

func lacking(list, other []store.Identifier) []store.Identifier {
	var rest []store.Identifier
	for _, id := range list {
		if !slices.Contains(other, id) && !slices.Contains(rest, id) {
			rest = append(rest, id)
		}
	}
	return rest
}

// ExtendsSchema tells whether the account has data that the site's dynamic schema did not know when the draft was made.
func (d *Draft) ExtendsSchema() bool { return d.extend }

// Expects calls add with each identifier that Store looks up, and the group that it is looked up in. All of them are free if
// nothing is in its way.
func (d *Draft) Expects(add func(group string, id store.Identifier)) {
	for _, id := range slices.Concat(d.claims, d.identities) {
		add(d.Account.Group, id)
	}
	for _, address := range d.verified {
		add(store.LiteGroup(d.Account.Group), store.Identifier{Space: store.LiteSpace, Value: address})
	}
}

// Store writes the account with its identifiers, and extends the site's dynamic schema. It returns the identities that were
// left out because they are another account's. The error is [store.ErrExists] for a UID that is there, a *store.TakenError
// for an identifier, or the store's; after the first two the transaction is as it was before. The draft is not changed: a
// transaction may run again.
func (d *Draft) Store(tx store.Tx) ([]Conflict, error) {
	written := *d.Account
	a := &written
	var claimed []store.Identifier
	undo := func(err error) error { return cmp.Or(release(tx, a, claimed), err) }
	for _, id := range d.claims {
		if err := tx.ClaimIdentifier(a.Group, id, a.UID); err != nil {
			return nil, undo(err)
		}
		claimed = append(claimed, id)
	}
	var conflicts []Conflict
	var listed []document.Value
	for _, id := range d.identities {
		err := tx.ClaimIdentifier(a.Group, id, a.UID)
		var taken *store.TakenError
		switch {
		case errors.As(err, &taken):
			if conflicts == nil {
				listed = items(a.Identities)
			}
			var left Conflict
			left, listed = leaveOut(listed, id)
			conflicts = append(conflicts, left)
		case err != nil:
			return nil, undo(err)
		default:
			claimed = append(claimed, id)
		}
	}
	if len(conflicts) > 0 {
		d.list(a, listed)
	}
	others, err := d.others(tx, a)
	if err != nil {
		return nil, err
	}
	if err := tx.PutAccount(a); err != nil {
		return nil, undo(err)
	}
	if err := account.PutAll(tx, others); err != nil {
		return nil, err
	}
	for _, id := range d.releases {
		if err := tx.ReleaseIdentifier(a.Group, id, a.UID); err != nil {
			return nil, fmt.Errorf("releasing an identifier: %w", err)
		}
	}
	if d.newPassword {
		if _, err := tx.DeleteSessions(a.Group, a.UID, store.Hash{}); err != nil {
			return nil, fmt.Errorf("ending sessions: %w", err)
		}
	}
	return conflicts, d.extendSchema(tx)
}

// others lets the account know of what there is beside it, and returns what is to be written with it: the lite accounts of its
// addresses, or the full account of a lite one.
func (d *Draft) others(tx store.Tx, a *store.Account) ([]*store.Account, error) {
	for _, id := range d.claims {
		if id.Space != store.LiteSpace {
			continue
		}
		full, err := account.JoinFull(tx, d.site.Group, a, id.Value, d.joined)
		if err != nil || full == nil {
			return nil, err
		}
		return []*store.Account{full}, nil
	}
	var ends []string
	for _, id := range d.releases {
		if id.Space == store.LoginSpace {
			ends = append(ends, id.Value)
		}
	}
	return account.JoinLite(tx, d.site, a, d.verified, ends, d.now)
}

// leaveOut returns the list without the identity, and what was left out.
func leaveOut(listed []document.Value, id store.Identifier) (out Conflict, rest []document.Value) {
	for _, item := range listed {
		if identityKey(item) != id.Value {
			rest = append(rest, item)
			continue
		}
		provider, _ := item.Object().Get("provider")
		uid, _ := item.Object().Get("providerUID")
		out = Conflict{Provider: provider.Str(), ProviderUID: uid.Str()}
	}
	return out, rest
}

// extendSchema gives the site's dynamic data schema the fields that the account has and it has not, as a server call does.
// The schema is that of the site's group. The record is read again inside the transaction: what others added since is kept.
func (d *Draft) extendSchema(tx store.Tx) error {
	if !d.extend {
		return nil
	}
	record, err := tx.Site(d.site.Group)
	if err != nil {
		return fmt.Errorf("reading the site: %w", err)
	}
	present, err := schema.Parse(record.Schema)
	if err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	extended, more, err := present.Extend(d.data)
	if err != nil || !more {
		return err
	}
	record.Schema = extended
	if err := tx.PutSite(record); err != nil {
		return fmt.Errorf("writing the schema: %w", err)
	}
	return nil
}

// tooLarge is the error for a document over the bound.
func tooLarge(why string) error { return gigya.NewError(gigya.ObjectTooLarge, why) }

func tooDeep() error { return tooLarge("the object would be nested too deeply") }
