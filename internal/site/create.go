package site

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/store"
)

// Factory makes new records, with fresh ids and secrets. It stores nothing.
type Factory struct {
	Sealer *seal.Sealer
	Rand   io.Reader
	Clock  clock.Clock
}

// NewPartner returns a new partner and its secret, which is shown once: the record holds it sealed.
func (f Factory) NewPartner(name string) (record *store.Partner, secret string, err error) {
	return f.NewPartnerAs(id.Number(f.Rand, leastID), name)
}

// NewPartnerAs is [Factory.NewPartner] for a partner that comes from elsewhere and keeps its id.
func (f Factory) NewPartnerAs(partner int64, name string) (record *store.Partner, secret string, err error) {
	if err := CheckPartnerName(name); err != nil {
		return nil, "", err
	}
	secret = id.PartnerSecret(f.Rand)
	record = &store.Partner{ID: partner, Name: name, Created: f.now()}
	record.Secret = f.Sealer.Seal([]byte(secret), partnerContext(record.ID))
	return record, secret, nil
}

// leastID keeps generated partner and site ids apart from small ones that an operator may choose; the greatest is below
// 2^53, so that every JSON reader keeps them exactly.
const leastID = 1_000_000_000

// SiteOptions says what site to make.
type SiteOptions struct {
	Partner int64
	// Group is the API key of the group's parent; empty: the site is its own group.
	Group string
	// BaseDomain is the site's name, as a rule a bare domain.
	BaseDomain  string
	Description string
	// DataCenter is the site's label: us1.
	DataCenter string
	// TrustedSiteURLs are patterns of pages; nil: the base domain and everything below it.
	TrustedSiteURLs []string
	// APIKey is taken as it is for a site that comes from elsewhere; empty: a new one is made.
	APIKey string
}

// NewSite returns a new site.
func (f Factory) NewSite(o SiteOptions) (*store.Site, error) {
	if o.Partner == 0 || o.DataCenter == "" {
		return nil, errors.New("a site has a partner and a data center")
	}
	if err := CheckBaseDomain(o.BaseDomain); err != nil {
		return nil, err
	}
	if o.APIKey == "" {
		o.APIKey = id.APIKey(f.Rand)
	} else if !ValidAPIKey(o.APIKey) {
		return nil, fmt.Errorf("API key %q is not a digit, an underscore and 22 to 64 letters, digits, '-' or '_'", o.APIKey)
	}
	if o.Group == "" {
		o.Group = o.APIKey
	}
	if o.TrustedSiteURLs == nil {
		o.TrustedSiteURLs = defaultTrusted(o.BaseDomain)
	}
	for _, pattern := range o.TrustedSiteURLs {
		if _, err := ParseTrustedURL(pattern); err != nil {
			return nil, fmt.Errorf("trusted site URL %q: %w", pattern, err)
		}
	}
	return &store.Site{
		APIKey: o.APIKey, SiteID: id.Number(f.Rand, leastID), Partner: o.Partner, Group: o.Group,
		BaseDomain: o.BaseDomain, Description: o.Description, DataCenter: o.DataCenter,
		TrustedSiteURLs: o.TrustedSiteURLs, Status: store.SiteActive, Created: f.now(),
	}, nil
}

// CheckBaseDomain tells what is wrong with the name of a site. Free text will do: the original takes it.
func CheckBaseDomain(text string) error { return checkText("base domain", text) }

// defaultTrusted are the pages of the domain and of all below it; none for a name that is no domain.
func defaultTrusted(baseDomain string) []string {
	list := []string{}
	for _, pattern := range []string{baseDomain + "/*", "*." + baseDomain + "/*"} {
		if _, err := ParseTrustedURL(pattern); err == nil {
			list = append(list, pattern)
		}
	}
	return list
}

// KeyOptions says what key to make.
type KeyOptions struct {
	Partner int64
	// UserKey is taken as it is for a key that comes from elsewhere; empty: a new one is made.
	UserKey string
	// Kind is [store.KindUser] or [store.KindApplication].
	Kind              string
	Name, Description string
	// Privileges are names of privileges, see [CheckPrivileges]; none: the key may do what its permission groups let it.
	Privileges []string
	// Sites are the API keys that it may act on; empty: all of the partner.
	Sites []string
	// NoSecret makes a key with an RSA pair only; RSA makes a pair.
	NoSecret, RSA bool
	// PublicKey is the PKIX DER of a pair that somebody else has made; see [ParsePublicKey]. nil: none.
	PublicKey []byte
	// Config is what has no field of its own; nil: nothing.
	Config json.RawMessage
}

// NewKey is a key that was just made. Secret and PEM texts are shown once: the record holds the secret sealed and of
// the pair only the public half.
type NewKey struct {
	Record *store.Key
	Secret string
	// PKCS1 and PKCS8 are the private key in the two forms that clients want: .NET reads the first, Java and
	// TypeScript the second. Empty without RSA.
	PKCS1, PKCS8 string
}

// NewKey returns a new key.
func (f Factory) NewKey(o KeyOptions) (*NewKey, error) {
	if o.Partner == 0 || o.Kind != store.KindUser && o.Kind != store.KindApplication {
		return nil, errors.New("a key has a partner and is of kind user or application")
	}
	if o.NoSecret && !o.RSA && o.PublicKey == nil {
		return nil, errors.New("a key has a secret, an RSA pair or both")
	}
	if err := CheckKeyName(o.Name); err != nil {
		return nil, err
	}
	if len(o.Privileges) > 0 {
		if err := CheckPrivileges(o.Privileges); err != nil {
			return nil, err
		}
	}
	if o.UserKey == "" {
		o.UserKey = id.UserKey(f.Rand)
	} else if !ValidUserKey(o.UserKey) {
		return nil, fmt.Errorf("user key %q is not 8 to 64 letters, digits, '-' or '_'", o.UserKey)
	}
	key := &NewKey{Record: &store.Key{
		UserKey: o.UserKey, Partner: o.Partner, Kind: o.Kind, Name: o.Name, Description: o.Description,
		Privileges: slices.Clone(o.Privileges), Sites: slices.Clone(o.Sites), Created: f.now(), PublicKey: o.PublicKey, Config: o.Config,
	}}
	if !o.NoSecret {
		key.Secret = id.KeySecret(f.Rand)
		key.Record.Secret = f.Sealer.Seal([]byte(key.Secret), keyContext(key.Record.UserKey))
	}
	if o.RSA {
		if err := key.addPair(f.Rand); err != nil {
			return nil, err
		}
	}
	return key, nil
}

func (k *NewKey) addPair(rand io.Reader) error {
	const bits = 2048
	private, err := rsa.GenerateKey(rand, bits)
	if err != nil {
		return fmt.Errorf("making an RSA pair: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fmt.Errorf("writing an RSA pair: %w", err)
	}
	if k.Record.PublicKey, err = x509.MarshalPKIXPublicKey(&private.PublicKey); err != nil {
		return fmt.Errorf("writing an RSA pair: %w", err)
	}
	k.PKCS1 = pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(private))
	k.PKCS8 = pemText("PRIVATE KEY", pkcs8)
	return nil
}

func pemText(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func (f Factory) now() clock.Millis { return clock.FromTime(f.Clock.Now()) }

// CheckPartnerName tells what is wrong with the name of a partner.
func CheckPartnerName(text string) error { return checkText("name of the partner", text) }

// CheckKeyName tells what is wrong with the name of a key.
func CheckKeyName(text string) error { return checkText("name of the key", text) }

// CheckPrivileges returns an error for a list that is empty or holds what cannot be a privilege: one is the name of a
// method (accounts.search), [AllAPIs], or a word with an underscore before it (_viewSiteAuditLog). Whether a privilege of
// that name exists is not asked: exports of the original name some that this server does not have.
func CheckPrivileges(names []string) error {
	if len(names) == 0 {
		return errors.New("a key has at least one privilege: the name of a method, or " + AllAPIs + " for all")
	}
	for _, name := range names {
		if !validPrivilege(name) {
			return fmt.Errorf("%q is not a privilege: write the name of a method such as accounts.search, or %s", name, AllAPIs)
		}
	}
	return nil
}

func validPrivilege(name string) bool {
	const longest = 128
	if len(name) > longest || !strings.HasPrefix(name, "_") && !strings.Contains(name, ".") {
		return false
	}
	for segment := range strings.SplitSeq(name, ".") {
		if segment == "" || strings.Trim(segment, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
			return false
		}
	}
	return true
}

// ValidUserKey tells whether the text has the form of a user key.
func ValidUserKey(text string) bool {
	const least, most = 8, 64
	return len(text) >= least && len(text) <= most &&
		strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// ValidAPIKey tells whether the text has the form of an API key: a digit, an underscore, and 22 to 64 characters of the
// URL alphabet of Base64.
func ValidAPIKey(text string) bool {
	const least, most = 22, 64
	if len(text) < 2+least || len(text) > 2+most || text[0] < '0' || text[0] > '9' || text[1] != '_' {
		return false
	}
	for i := 2; i < len(text); i++ {
		c := text[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func checkText(what, text string) error {
	const longest = 256
	if text == "" || len(text) > longest || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("the %s has 1 to %d characters and no control characters", what, longest)
	}
	return nil
}
