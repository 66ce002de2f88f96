package site

import (
	"crypto/rsa"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/policy"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

// Site is a site as a call sees it: the record, its partner, and its configuration ready for use. It is shared between
// calls and must not be altered.
type Site struct {
	store.Site
	Partner  *Partner
	Settings Settings
	Policies *policy.Policies
	Schema   *schema.Schema
	// trusted are the TrustedSiteURLs, read.
	trusted []TrustedURL
}

// Partner is a partner with its secret opened.
type Partner struct {
	ID       int64
	Name     string
	Disabled bool
	// SecretText is the Base64 text as it is sent; Secret is what it decodes to, the key of HMACs.
	SecretText string
	Secret     []byte
}

// Key is a user key or application with its secret opened.
type Key struct {
	UserKey     string
	Partner     int64
	Kind        string
	Name        string
	Description string
	// SecretText and Secret are empty for a key that has only an RSA pair.
	SecretText string
	Secret     []byte
	// PublicKey is the PKIX DER of the RSA key; nil: none.
	PublicKey []byte
	Disabled  bool
	Revoked   clock.Millis
	// rsa is PublicKey, read; nil: none.
	rsa *rsa.PublicKey
	// privileges and sites are sets; an empty sites set holds every site of the partner.
	privileges map[string]bool
	sites      map[string]bool
}

// AllAPIs is the privilege that holds every other.
const AllAPIs = "_allApis"

// May tells whether the key holds the privilege.
func (k *Key) May(privilege string) bool { return k.privileges[AllAPIs] || k.privileges[privilege] }

// Reaches tells whether the site is in the key's scope.
func (k *Key) Reaches(s *Site) bool {
	return k.Partner == s.Site.Partner && (len(k.sites) == 0 || k.sites[s.APIKey])
}

// Live tells whether the key may be used: it is neither disabled nor revoked.
func (k *Key) Live() bool { return !k.Disabled && k.Revoked == 0 }

// RSA returns the key's RSA public key, or nil.
func (k *Key) RSA() *rsa.PublicKey { return k.rsa }

// Settings are the switches of a site. The zero value is the default of each.
type Settings struct {
	// RegisterIsClientCall restores the rule until 2019: accounts.register is a client call even when signed.
	RegisterIsClientCall bool `json:"registerIsClientCall,omitempty"`
	// OwnUIDsOnly lets servers alone choose UIDs: register makes one of its own whatever a client asks for. A client that
	// may choose can take the UID under which the site will vouch for somebody else.
	OwnUIDsOnly bool `json:"ownUIDsOnly,omitempty"`
	// DisablingEndsSessions ends the sessions of an account with isActive=false.
	DisablingEndsSessions bool `json:"disablingEndsSessions,omitempty"`
	// EmulateEncryption brings the original's limits on searching encrypted fields back.
	EmulateEncryption bool `json:"search.emulateEncryption,omitempty"`
	// Progression says what of a lite account goes to the full one that takes its place, beside the subscriptions: nothing if
	// it is empty, or [ProgressionAuto].
	Progression string `json:"progression,omitempty"`
	// Counters are those that were registered, in this order, at most [MaxCounters].
	Counters []Counter `json:"counters,omitempty"`
}

// ProgressionAuto gives the full account the consents, profile and data of the lite one, where it has none.
const ProgressionAuto = "auto"

// MaxCounters bounds the counters that a site may register. It is our bound.
const MaxCounters = 100

// Counter is what is counted of users: a class, and a path of at most two levels in it ("/", "/news", "/news/sport").
type Counter struct {
	Class string `json:"class"`
	Path  string `json:"path"`
}

// System tells whether the counter needs no registration: the root of a class whose name begins with an underscore.
func (c Counter) System() bool { return strings.HasPrefix(c.Class, "_") && c.Path == "/" }

// Counts tells whether the site counts with the counter: it was registered, or needs not be.
func (s *Site) Counts(c Counter) bool { return c.System() || slices.Contains(s.Settings.Counters, c) }
