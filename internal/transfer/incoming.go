package transfer

import (
	"errors"
	"fmt"
	"slices"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/site"
)

var errUnknown = errors.New("there is no such member of an account")

// incoming is a row, read.
type incoming struct {
	uid, email, username string
	password, hash       string
	// loginIDs and emails are nil when the row has none.
	loginIDs, emails *addressList

	profile, data, preferences, subscriptions, internal *document.Object

	regSource           *string
	provider, providers string
	identities          []byte
	// more holds the members that are kept as they are.
	more *document.Object

	active, registered, verified                                           *bool
	created, registeredAt, verifiedAt, lastLogin, updated, oldest, changed clock.Millis
}

// addressList are normalized addresses, each once: one that is verified in a list is not among its others.
type addressList struct {
	verified, unverified []string
}

func (l *addressList) all() []string {
	if l == nil {
		return nil
	}
	return slices.Concat(l.verified, l.unverified)
}

func (l *addressList) has(address string) bool {
	return slices.Contains(l.all(), account.Normalize(address))
}

func (l *addressList) isVerified(address string) bool { return slices.Contains(l.verified, address) }

// add adds the addresses of another list that are not there.
func (l *addressList) add(other *addressList) {
	if other == nil {
		return
	}
	for _, address := range other.verified {
		if !l.isVerified(address) {
			l.verified = append(l.verified, address)
			l.unverified = slices.DeleteFunc(l.unverified, func(s string) bool { return s == address })
		}
	}
	for _, address := range other.unverified {
		if !l.has(address) {
			l.unverified = append(l.unverified, address)
		}
	}
}

// read reads the members of a row, each by itself.
func read(members *document.Object) (*incoming, error) {
	in := &incoming{more: &document.Object{}}
	for name, v := range members.All() {
		if v.IsNull() {
			continue
		}
		if err := in.member(name, v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return in, nil
}

func (in *incoming) member(name string, v document.Value) (err error) {
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
		in.uid, err = text(v)
	case "email":
		in.email, err = text(v)
	case "username":
		in.username, err = text(v)
	case "password":
		err = in.readPassword(v)
	case "loginIDs":
		err = in.readLoginIDs(v)
	case "emails":
		in.emails, err = readAddresses(v, "verified", "unverified")
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
	default:
		return in.origin(name, v)
	}
	return err
}

// origin reads where the account comes from, and what is kept as it is.
func (in *incoming) origin(name string, v document.Value) (err error) {
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
		in.identities, err = readIdentities(v)
	case "phoneNumber":
		if _, err = text(v); err == nil {
			in.more.Set(name, v)
		}
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
	case "lastLoginLocation", "groups":
		if _, err = object(v); err == nil {
			in.more.Set(name, v)
		}
	default:
		return errUnknown
	}
	return err
}

func (in *incoming) flag(name string, v document.Value) error {
	if v.Kind() != document.KindBool {
		return errors.New("want true or false")
	}
	b := v.Bool()
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

func (in *incoming) stamp(name string, v document.Value) error {
	s, err := text(v)
	if err != nil {
		return err
	}
	t, err := millis(s)
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

func (in *incoming) readPassword(v document.Value) error {
	if v.Kind() == document.KindString {
		in.password = v.Str()
		if len(in.password) > password.MaxLength {
			return fmt.Errorf("longer than %d bytes", password.MaxLength)
		}
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

func (in *incoming) readLoginIDs(v document.Value) (err error) {
	if in.loginIDs, err = readAddresses(v, "emails", "unverifiedEmails"); err != nil {
		return err
	}
	if name, ok := v.Object().Get("username"); ok {
		in.username, err = text(name)
	}
	return err
}

// readProfile leaves the age out when it is worked out from the birthday.
func readProfile(v document.Value) (*document.Object, error) {
	o, err := object(v)
	if err != nil {
		return nil, err
	}
	if _, ok := o.Get("birthYear"); ok {
		o = o.Clone()
		o.Delete("age")
	}
	return o, nil
}

func readIdentities(v document.Value) ([]byte, error) {
	if v.Kind() != document.KindArray {
		return nil, errors.New("want an array of objects")
	}
	for _, item := range v.Items() {
		provider, _ := item.Object().Get("provider")
		if provider.Str() == "" {
			return nil, errors.New("want an array of objects with a provider each")
		}
	}
	if len(v.Items()) == 0 {
		return nil, nil
	}
	text := v.AppendJSON(nil)
	if len(text) > account.MaxDocument {
		return nil, fmt.Errorf("longer than %d bytes", account.MaxDocument)
	}
	return text, nil
}

// check looks at what the site's policies and the members together decide.
func (in *incoming) check(s *site.Site) error {
	options := &s.Policies.AccountOptions
	switch {
	case in.uid != "" && !account.ValidUID(in.uid):
		return fmt.Errorf("UID: want 1 to %d visible ASCII characters", account.MaxUID)
	case in.email != "" && !account.ValidEmail(in.email):
		return fmt.Errorf("email: %q is not an e-mail address", in.email)
	case in.username != "" && !options.AllowsLogin("username"):
		return errors.New("username: the site's policy accountOptions.loginIdentifiers does not allow user names")
	case in.username != "" && !account.ValidUsername(in.username):
		return fmt.Errorf("username: %q cannot be a user name", in.username)
	// An account that only its site names (notifyLogin) needs no more than its UID.
	case in.uid == "" && in.email == "" && in.username == "" && len(in.loginIDs.all()) == 0:
		return errors.New("there is no login identifier: give email, username or loginIDs, or a UID")
	}
	for _, list := range []*addressList{in.loginIDs, in.emails} {
		for _, address := range list.all() {
			if !account.ValidEmail(address) {
				return fmt.Errorf("loginIDs and emails: %q is not an e-mail address", address)
			}
		}
	}
	return nil
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

func readAddresses(v document.Value, verified, unverified string) (*addressList, error) {
	o, err := object(v)
	if err != nil {
		return nil, err
	}
	list, read := &addressList{}, &addressList{}
	if read.verified, err = texts(o, verified); err == nil {
		read.unverified, err = texts(o, unverified)
	}
	list.add(read)
	return list, err
}

// texts returns the addresses in the named array, normalized.
func texts(o *document.Object, name string) ([]string, error) {
	list, ok := o.Get(name)
	if !ok || list.IsNull() {
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
		all = append(all, account.Normalize(s))
	}
	return all, nil
}
