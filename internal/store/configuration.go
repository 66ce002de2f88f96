package store

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/doorward/doorward/internal/clock"
)

// Configuration reads what changes seldom: the records that callers keep in memory.
type Configuration interface {
	// ConfigVersion returns a number that grows with every change to a record of this interface. Reading it is cheap
	// enough to be done once a request. Where the store is a database server that other processes use too, it may miss
	// what they have changed within the last second; what this process has changed is seen at once.
	ConfigVersion(ctx context.Context) (int64, error)
	Partner(ctx context.Context, id int64) (*Partner, error)
	Partners(ctx context.Context) ([]*Partner, error)
	Site(ctx context.Context, apiKey string) (*Site, error)
	// Sites lists the sites of a partner, oldest first; of all partners for partner 0.
	Sites(ctx context.Context, partner int64) ([]*Site, error)
	Key(ctx context.Context, userKey string) (*Key, error)
	// Keys lists the keys of a partner, oldest first; of all partners for partner 0.
	Keys(ctx context.Context, partner int64) ([]*Key, error)
	// SigningKeys lists all signing keys, oldest first.
	SigningKeys(ctx context.Context) ([]*SigningKey, error)
	// ConfigObject reads one object of the configuration by its key.
	ConfigObject(ctx context.Context, owner, kind, name string) (*ConfigObject, error)
	// ConfigObjects lists the objects of an owner and a kind by their names, ascending bytes; with the kind "" those of every
	// kind, by kind and then by name.
	ConfigObjects(ctx context.Context, owner, kind string) ([]*ConfigObject, error)
}

// ConfigurationTx is the configuration's part of [Tx]. What writes a record raises the ConfigVersion with the transaction; the
// Put methods insert or replace. Reads are those of [Configuration].
type ConfigurationTx interface {
	Partner(id int64) (*Partner, error)
	PutPartner(p *Partner) error

	Site(apiKey string) (*Site, error)
	Sites(partner int64) ([]*Site, error)
	PutSite(s *Site) error

	Key(userKey string) (*Key, error)
	Keys(partner int64) ([]*Key, error)
	PutKey(k *Key) error

	SigningKeys() ([]*SigningKey, error)
	PutSigningKey(k *SigningKey) error
	DeleteSigningKey(id string) error

	ConfigObject(owner, kind, name string) (*ConfigObject, error)
	ConfigObjects(owner, kind string) ([]*ConfigObject, error)
	PutConfigObject(o *ConfigObject) error
	// DeleteConfigObject removes the object. A missing one is ErrNotFound, and the version stays.
	DeleteConfigObject(owner, kind, name string) error
}

// Sealed is a text encrypted with the installation's master key, which is not in the store (package seal).
type Sealed []byte

// Partner is a customer of the installation: the owner of sites and keys.
type Partner struct {
	ID   int64
	Name string
	// Secret is the partner secret, a Base64 text, sealed. It must be recoverable: it keys HMACs.
	Secret   Sealed
	Disabled bool
	Created  clock.Millis
	// Previous is the secret before the last rotation, sealed; it proves callers as Secret does until PreviousUntil. nil: there is none.
	Previous      Sealed
	PreviousUntil clock.Millis
	// Config is a JSON object of what has no field of its own, as it was set; nil: nothing.
	Config json.RawMessage
}

// Site states.
const (
	SiteActive   = "active"
	SiteDisabled = "disabled"
	SiteDeleted  = "deleted"
)

// Site is one API key and its settings.
type Site struct {
	APIKey  string
	SiteID  int64
	Partner int64
	// Group names the user base: the parent's API key, or the site's own.
	Group       string
	BaseDomain  string
	Description string
	DataCenter  string
	// TrustedSiteURLs are the patterns of pages that may call from a browser.
	TrustedSiteURLs []string
	Status          string
	Created         clock.Millis
	// Deleted is when it was deleted; 0: never.
	Deleted clock.Millis
	// Settings, Policies and Schema are JSON objects that hold what was set explicitly; nil: nothing.
	Settings json.RawMessage
	Policies json.RawMessage
	Schema   json.RawMessage
	// Config is a JSON object of the members of the site's configuration that have no field of their own; nil: nothing.
	Config json.RawMessage
}

// Key kinds.
const (
	KindUser        = "user"
	KindApplication = "application"
)

// Key is a user key or an application: a credential that acts for a partner within its privileges and sites.
type Key struct {
	UserKey     string
	Partner     int64
	Kind        string
	Name        string
	Description string
	// Secret is the key's secret, a Base64 text, sealed; nil for a key that has only an RSA pair.
	Secret Sealed
	// PublicKey is the RSA public key, PKIX DER; nil: none. The private half is never stored.
	PublicKey []byte
	// Privileges are names of privileges; "_allApis" holds every one.
	Privileges []string
	// Sites are the API keys it may act on; empty: all of the partner.
	Sites    []string
	Disabled bool
	Created  clock.Millis
	// Revoked is when it was revoked for good; 0: it was not.
	Revoked clock.Millis
	// Previous is the secret before the last rotation, sealed; it proves callers as Secret does until PreviousUntil. nil: there is none.
	Previous      Sealed
	PreviousUntil clock.Millis
	// Config is a JSON object of what has no field of its own, as it was set; nil: nothing.
	Config json.RawMessage
}

// OwnerOfPartner is the owner of the configuration objects of a partner. Those of a site are owned by its API key, which
// never has this form.
func OwnerOfPartner(id int64) string { return "partner:" + strconv.FormatInt(id, 10) }

// ConfigObject is one object of the configuration of a partner or a site. Owner, Kind and Name are its key: UTF-8 without NUL.
type ConfigObject struct {
	// Owner is [OwnerOfPartner] of the partner, or the API key of the site.
	Owner string
	// Kind says what it is: "acl", "permissionGroup", "screenSet" and so on. It is not empty.
	Kind string
	// Name tells it from others of the kind; empty where an owner has one only.
	Name string
	// Document is a compact JSON text, stored and handed out byte for byte.
	Document json.RawMessage
	// Secrets is a JSON object of what must not lie open in the document, by the paths of the members, sealed; nil: nothing.
	Secrets Sealed
	Created clock.Millis
	Updated clock.Millis
}

// SigningKey is a key that signs id_tokens.
type SigningKey struct {
	// ID is the kid.
	ID string
	// Private is the PKCS#8 DER, sealed. Public is the PKIX DER.
	Private Sealed
	Public  []byte
	Created clock.Millis
	// Activates is when it begins to sign (it is published from Created). The newest activated key signs.
	Activates clock.Millis
	// Retired is when the last token that it signed has died, and it leaves the published set; 0: not known yet.
	Retired clock.Millis
}
