package site

import (
	"crypto/rsa"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/policy"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

// Site is a site as a call sees it: the record, its partner, and its configuration ready for use. It is shared between
// calls and must not be altered.
type Site struct {
	store.Site
	// Parent is the record of the parent of the site's group; nil: the site is in no group, or is the parent itself.
	Parent   *store.Site
	Partner  *Partner
	Settings Settings
	Policies *policy.Policies
	Schema   *schema.Schema
	// trusted are the TrustedSiteURLs, read; blocked the networks whose client calls are refused.
	trusted []TrustedURL
	blocked []netip.Prefix
	sign    sign
}

// Partner is a partner with its secret opened.
type Partner struct {
	ID       int64
	Name     string
	Disabled bool
	// SecretText is the Base64 text as it is sent; Secret is what it decodes to, the key of HMACs.
	SecretText string
	Secret     []byte
	// Previous is the secret before the last rotation.
	Previous Previous
	Created  clock.Millis
	// Config is what has no field of its own.
	Config json.RawMessage
	// allowed are the networks that server calls may come from; none: any.
	allowed []netip.Prefix
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
	// Previous is the secret before the last rotation.
	Previous Previous
	Created  clock.Millis
	// Config is what has no field of its own.
	Config json.RawMessage
	// allowed are the networks that its calls may come from; none: any.
	allowed []netip.Prefix
	// rsa is PublicKey, read; nil: none.
	rsa *rsa.PublicKey
	// privileges are the key's own grant, scope is where it holds.
	privileges []string
	scope      acl.Scope
	// in is the snapshot that the key is part of; rights are those that it was asked for, *Site → *acl.Rights.
	in     *snapshot
	rights *sync.Map
}

// AllAPIs is the privilege that holds every other.
const AllAPIs = acl.AllAPIs

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
