package intake

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/document"
	hashes "github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Spaces of identifiers beside the login identifiers, unique within the user base as those are.
const (
	// identitySpace holds identities as provider:providerUID.
	identitySpace = "identity"
	phoneSpace    = "phone"
)

// Bounds of identities: the longest providerUID is documented, the others are ours.
const (
	maxIdentities  = 50
	maxProvider    = 64
	maxProviderUID = 300
)

func (in *Account) readLoginIDs(v document.Value) error {
	o, err := object(v)
	if err != nil {
		return err
	}
	ids := &account.LoginIDs{}
	if name, ok := member(o, "username"); ok {
		if ids.Username, err = text(name); err != nil {
			return &MemberError{"username", err}
		}
	}
	if ids.Emails, err = addresses(o, "emails"); err == nil {
		ids.Unverified, err = addresses(o, "unverifiedEmails")
	}
	ids.Unverified = minus(ids.Unverified, ids.Emails)
	in.loginIDs = ids
	return err
}

func (in *Account) readEmails(v document.Value) error {
	o, err := object(v)
	if err != nil {
		return err
	}
	list := &account.Emails{}
	if list.Verified, err = addresses(o, "verified"); err == nil {
		list.Unverified, err = addresses(o, "unverified")
	}
	list.Unverified = minus(list.Unverified, list.Verified)
	in.emails = list
	return err
}

// addresses returns the addresses in the named array, normalized, each once.
func addresses(o *document.Object, name string) ([]string, error) {
	list, ok := member(o, name)
	if !ok {
		return nil, nil
	}
	if list.Kind() != document.KindArray {
		return nil, &MemberError{name, errors.New("want an array of texts")}
	}
	if len(list.Items()) > account.MaxAddresses {
		return nil, &MemberError{name, fmt.Errorf("at most %d addresses", account.MaxAddresses)}
	}
	var all []string
	for _, item := range list.Items() {
		s, err := text(item)
		if err != nil {
			return nil, &MemberError{name, err}
		}
		if !account.ValidEmail(s) {
			return nil, &MemberError{name, fmt.Errorf("%.100q is not an e-mail address", s)}
		}
		if s = account.Normalize(s); !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all, nil
}

func minus(list, other []string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return slices.Contains(other, s) })
}

// readPhone takes a number in the form of E.164: a plus sign and 3 to 15 digits.
func (in *Account) readPhone(v document.Value) error {
	s, err := text(v)
	if err != nil || s == "" {
		return err
	}
	digits, plus := strings.CutPrefix(s, "+")
	if !plus || len(digits) < 3 || len(digits) > 15 || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
		return errors.New("want an international number such as +4930123456")
	}
	in.phone = s
	in.more.Set("phoneNumber", v)
	return nil
}

// readIdentities takes identities as the wire shows them. A call may not bring those of SAML and OpenID Connect providers,
// whose names belong to the site.
func (in *Account) readIdentities(v document.Value) error {
	const want = "want an array of objects with provider and providerUID each"
	if v.Kind() != document.KindArray {
		return errors.New(want)
	}
	if len(v.Items()) > maxIdentities {
		return fmt.Errorf("at most %d identities", maxIdentities)
	}
	seen := map[string]bool{}
	for _, item := range v.Items() {
		provider, _ := item.Object().Get("provider")
		uid, _ := item.Object().Get("providerUID")
		name := provider.Str()
		switch {
		case name == "" || len(name) > maxProvider || !account.ValidUID(name):
			return errors.New(want)
		case name != account.Site && (uid.Str() == "" || len(uid.Str()) > maxProviderUID):
			return errors.New(want)
		case in.source == Call && (hasPrefixFold(name, "saml-") || hasPrefixFold(name, "oidc-")):
			return errors.New("identities of SAML and OpenID Connect providers cannot be imported")
		case seen[identityKey(item)]:
			return errors.New("there are two of one provider and providerUID")
		}
		seen[identityKey(item)] = true
	}
	if len(v.AppendJSON(nil)) > account.MaxDocument {
		return fmt.Errorf("longer than %d bytes", account.MaxDocument)
	}
	in.identities, in.hasIdentities = v.Items(), true
	return nil
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// identityKey returns the value under which an identity is unique; of the site's own it is the same for all. The first colon ends the
// provider: one in its name is a space there, which no name has.
func identityKey(identity document.Value) string {
	provider, _ := identity.Object().Get("provider")
	uid, _ := identity.Object().Get("providerUID")
	if name := strings.ToLower(provider.Str()); name != account.Site {
		return strings.ReplaceAll(name, ":", " ") + ":" + uid.Str()
	}
	return account.Site
}

// identityKeys are the values of the identities but the site's own, which needs none: it is the account.
func identityKeys(list []document.Value) []store.Identifier {
	var keys []store.Identifier
	for _, item := range list {
		if key := identityKey(item); key != account.Site {
			keys = append(keys, store.Identifier{Space: identitySpace, Value: key})
		}
	}
	return keys
}

// Check looks at what the site's policies and the members together decide, and whether this installation could check the
// password. The error is a *MemberError.
func (in *Account) Check(s *site.Site, h *hashes.Hasher) error {
	if err := in.permitHashes(h); err != nil {
		return err
	}
	options := &s.Policies.AccountOptions
	name := in.username
	if in.loginIDs != nil && in.loginIDs.Username != "" {
		name = in.loginIDs.Username
	}
	if in.source == File && in.loginIDs == nil {
		in.loginIDs = in.fromRow(options.AllowsLogin("email"))
		in.derived, in.unlisted = true, in.emails == nil
	}
	if in.loginIDs != nil && in.loginIDs.Username == "" {
		in.loginIDs.Username = in.username
	}
	where := "loginIDs.username"
	if in.username != "" {
		where = "username"
	}
	switch {
	case in.UID != "" && !account.ValidUID(in.UID):
		return wrong("UID", fmt.Sprintf("want 1 to %d visible ASCII characters", account.MaxUID))
	case in.email != "" && !account.ValidEmail(in.email):
		return wrong("email", fmt.Sprintf("%.100q is not an e-mail address", in.email))
	case name != "" && !options.AllowsLogin("username") && !(account.ValidEmail(name) && options.AllowsLogin("email")):
		return wrong(where, "the site's policy accountOptions.loginIdentifiers does not allow user names")
	case name != "" && !account.ValidUsername(name):
		return wrong(where, fmt.Sprintf("%.100q cannot be a user name", name))
	case in.lite:
		return in.checkLite()
	// An account that only its site names (notifyLogin) needs no more than its UID.
	case in.source == File && in.UID == "" && in.loginIDs.Empty():
		return wrong("", "there is no login identifier: give email, username or loginIDs, or a UID")
	}
	return nil
}

// fromRow is what a row without loginIDs logs in with: its email and its profile's, unless the site's users log in by user
// names alone. nil: nothing.
func (in *Account) fromRow(byEmail bool) *account.LoginIDs {
	ids := &account.LoginIDs{Username: in.username}
	v, _ := in.profile.Get("email")
	for _, address := range []string{in.email, v.Str()} {
		if byEmail && account.ValidEmail(address) {
			if address = account.Normalize(address); !slices.Contains(ids.Unverified, address) {
				ids.Unverified = append(ids.Unverified, address)
			}
		}
	}
	return ids
}
