package site

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/store"
)

// Directory finds sites, partners and keys. What it has read it keeps, decoded and parsed, for as long as the store's
// configuration version stays the same; the version is asked for at every use. It is safe for concurrent use.
//
// Names that are not there are not remembered: callers may make up any number of them, and the memory stays theirs who
// have sites.
type Directory struct {
	store  store.Configuration
	sealer *seal.Sealer

	swap    sync.Mutex
	present atomic.Pointer[snapshot]

	// lastAccess are the lists and groups that were read last, by the ids of partners: most changes of the configuration leave
	// them as they are. reading guards it.
	lastAccess map[int64]*access
	reading    sync.Mutex
}

// snapshot is what was read under one configuration version.
type snapshot struct {
	version  int64
	sites    sync.Map // API key → *Site
	keys     sync.Map // user key → *Key
	partners sync.Map // id → *Partner
	objects  sync.Map // objectsOf → []*store.ConfigObject
	owners   sync.Map // owner of objects → nothing: parents of sites and partners that were read
	access   sync.Map // id of a partner → *access
	parsed   parsed
}

// NewDirectory returns a directory of what the store holds; the sealer opens the secrets.
func NewDirectory(configuration store.Configuration, sealer *seal.Sealer) *Directory {
	d := &Directory{store: configuration, sealer: sealer, lastAccess: map[int64]*access{}}
	d.present.Store(&snapshot{version: -1})
	return d
}

// Site returns the site with the API key, whatever its status, or [store.ErrNotFound].
func (d *Directory) Site(ctx context.Context, apiKey string) (*Site, error) {
	s, err := d.refresh(ctx)
	if err != nil {
		return nil, err
	}
	if found, ok := s.sites.Load(apiKey); ok {
		return found.(*Site), nil
	}
	record, err := d.store.Site(ctx, apiKey)
	if err != nil {
		return nil, wrap("site", err)
	}
	partner, err := d.partner(ctx, s, record.Partner)
	if err != nil {
		return nil, fmt.Errorf("partner of site %s: %w", apiKey, hide(err))
	}
	parent, err := d.parent(ctx, record)
	if err != nil {
		return nil, err
	}
	built, err := newSite(record, parent, partner, &s.parsed)
	if err != nil {
		return nil, err
	}
	s.sites.Store(apiKey, built)
	s.owners.Store(record.Group, struct{}{})
	return built, nil
}

// Key returns the user key or application, disabled and revoked ones too, or [store.ErrNotFound].
func (d *Directory) Key(ctx context.Context, userKey string) (*Key, error) {
	s, err := d.refresh(ctx)
	if err != nil {
		return nil, err
	}
	if found, ok := s.keys.Load(userKey); ok {
		return found.(*Key), nil
	}
	record, err := d.store.Key(ctx, userKey)
	if err != nil {
		return nil, wrap("key", err)
	}
	built, err := d.newKey(s, record)
	if err != nil {
		return nil, err
	}
	s.keys.Store(userKey, built)
	return built, nil
}

// PartnerByID returns the partner, or [store.ErrNotFound].
func (d *Directory) PartnerByID(ctx context.Context, id int64) (*Partner, error) {
	s, err := d.refresh(ctx)
	if err != nil {
		return nil, err
	}
	return d.partner(ctx, s, id)
}

func (d *Directory) partner(ctx context.Context, s *snapshot, id int64) (*Partner, error) {
	if found, ok := s.partners.Load(id); ok {
		return found.(*Partner), nil
	}
	record, err := d.store.Partner(ctx, id)
	if err != nil {
		return nil, wrap("partner", err)
	}
	text, secret, err := d.openSecret(record.Secret, partnerContext(id))
	if err != nil {
		return nil, fmt.Errorf("partner %d: %w", id, err)
	}
	built := &Partner{
		ID: id, Name: record.Name, Disabled: record.Disabled, SecretText: text, Secret: secret, Created: record.Created,
		Config: record.Config, allowed: allowedIPs(record.Config),
	}
	if built.Previous, err = d.openPrevious(record.Previous, record.PreviousUntil, partnerContext(id)); err != nil {
		return nil, fmt.Errorf("partner %d: previous secret: %w", id, err)
	}
	s.partners.Store(id, built)
	s.owners.Store(store.OwnerOfPartner(id), struct{}{})
	return built, nil
}

// refresh returns the snapshot of the present version. The version is read before the records: one that is read later
// may be newer than its snapshot says, never older.
func (d *Directory) refresh(ctx context.Context) (*snapshot, error) {
	version, err := d.store.ConfigVersion(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration version: %w", err)
	}
	s := d.present.Load()
	if s.version >= version {
		return s, nil
	}
	d.swap.Lock()
	defer d.swap.Unlock()
	if s = d.present.Load(); s.version >= version {
		return s, nil
	}
	s = &snapshot{version: version}
	d.present.Store(s)
	return s, nil
}

// Build returns the site of a record that is not stored yet, without its partner; parent is nil for a site that is no member of a
// group.
func Build(record, parent *store.Site) (*Site, error) { return newSite(record, parent, nil, nil) }

func newSite(record, parent *store.Site, partner *Partner, kept *parsed) (*Site, error) {
	s := &Site{Site: *record, Parent: parent, Partner: partner, blocked: blockedIPs(record.Config), sign: signOn(record.Config, parent)}
	var err error
	if len(record.Settings) > 0 {
		if err = json.Unmarshal(record.Settings, &s.Settings); err != nil {
			return nil, fmt.Errorf("settings of site %s: %w", record.APIKey, err)
		}
	}
	if s.Policies, s.Schema, err = kept.of(s); err != nil {
		return nil, fmt.Errorf("site %s: %w", record.APIKey, err)
	}
	for _, pattern := range record.TrustedSiteURLs {
		// A pattern that cannot be read trusts nobody; it was refused when it was set.
		if p, err := ParseTrustedURL(pattern); err == nil {
			s.trusted = append(s.trusted, p)
		}
	}
	return s, nil
}

func (d *Directory) newKey(in *snapshot, record *store.Key) (*Key, error) {
	k := &Key{
		UserKey: record.UserKey, Partner: record.Partner, Kind: record.Kind, Name: record.Name,
		Description: record.Description, PublicKey: record.PublicKey, Disabled: record.Disabled, Revoked: record.Revoked,
		privileges: slices.Clone(record.Privileges), in: in, rights: new(sync.Map),
		Created: record.Created, Config: record.Config, allowed: allowedIPs(record.Config),
		// The key's own grant is for the whole partner, unless it was given for some sites.
		scope: acl.Scope{AllowPartners: []string{acl.Owner}, AllowSites: record.Sites},
	}
	slices.Sort(k.privileges)
	if len(record.Sites) > 0 {
		k.scope.AllowPartners = nil
	}
	if len(record.PublicKey) > 0 {
		parsed, err := x509.ParsePKIXPublicKey(record.PublicKey)
		if err != nil {
			return nil, fmt.Errorf("public key of key %s: %w", record.UserKey, err)
		}
		var ok bool
		if k.rsa, ok = parsed.(*rsa.PublicKey); !ok {
			return nil, fmt.Errorf("public key of key %s is not an RSA key", record.UserKey)
		}
	}
	if len(record.Secret) == 0 {
		return k, nil
	}
	var err error
	if k.Previous, err = d.openPrevious(record.Previous, record.PreviousUntil, keyContext(record.UserKey)); err != nil {
		return nil, fmt.Errorf("key %s: previous secret: %w", record.UserKey, err)
	}
	if k.SecretText, k.Secret, err = d.openSecret(record.Secret, keyContext(record.UserKey)); err != nil {
		return nil, fmt.Errorf("key %s: %w", record.UserKey, err)
	}
	return k, nil
}

// openSecret returns the Base64 text of a sealed secret and what it decodes to.
func (d *Directory) openSecret(sealed store.Sealed, context string) (text string, secret []byte, err error) {
	plain, err := d.sealer.Open(sealed, context)
	if err != nil {
		return "", nil, fmt.Errorf("opening the secret: %w", err)
	}
	if secret, err = gigya.DecodeSecret(string(plain)); err != nil {
		return "", nil, errors.New("the secret is not Base64")
	}
	return string(plain), secret, nil
}

// partnerContext and keyContext are what secrets are sealed for.
func partnerContext(id int64) string    { return "partner:" + strconv.FormatInt(id, 10) }
func keyContext(userKey string) string  { return "key:" + userKey }
func wrap(what string, err error) error { return fmt.Errorf("reading a %s: %w", what, err) }

// hide keeps a missing partner from looking like a missing site: that is a broken record, not a caller's mistake.
func hide(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errors.New("there is no such partner")
	}
	return err
}
