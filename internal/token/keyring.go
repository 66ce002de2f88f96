package token

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/store"
)

// LongestLife is the longest life of an id_token, the upper bound of the parameter expiration: a key stays published
// this long after it signed last, unless a rotation says otherwise.
const LongestLife = 31536000 * time.Second

// keyBits is the size of new signing keys: what the original's keys have and every reader in the field takes.
const keyBits = 2048

// ErrNoKey: no signing key is active. [Keyring.EnsureKey] makes the first.
var ErrNoKey = errors.New("no active signing key")

// Keyring holds the keys that sign id_tokens and access tokens. A key is published from its creation, signs from its
// activation until a newer one activates, and leaves the published set when the last token that it signed has died.
//
// Opened keys are kept in memory and asked for again when the store's configuration version has changed: a rotation by
// any process is seen by the next call. It is safe for concurrent use.
type Keyring struct {
	store  store.Store
	sealer *seal.Sealer
	clock  clock.Clock
	rand   io.Reader

	loading sync.Mutex
	ring    atomic.Pointer[ring]
}

// ring is the keys as of one configuration version, those that sign later first.
type ring struct {
	version int64
	records []*store.SigningKey
	keys    []*ringKey
}

type ringKey struct {
	store.SigningKey
	// private is made once for each key and kept from ring to ring.
	private *nativeKey
	public  *rsa.PublicKey
	jwk     JWK
}

// KeyID is the kid.
func (k *ringKey) KeyID() string { return k.ID }

// Sign implements [Signer].
func (k *ringKey) Sign(input []byte) ([]byte, error) { return k.private.sign(input) }

// NewKeyring returns a keyring on the keys in the store. A nil random reader means that of the system.
func NewKeyring(s store.Store, sealer *seal.Sealer, c clock.Clock, random io.Reader) *Keyring {
	if random == nil {
		random = rand.Reader
	}
	return &Keyring{store: s, sealer: sealer, clock: c, rand: random}
}

// Current returns the key that signs now: the newest of those that have activated, or [ErrNoKey].
func (k *Keyring) Current(ctx context.Context) (Signer, error) {
	r, err := k.load(ctx)
	if err != nil {
		return nil, err
	}
	key := r.current(clock.FromTime(k.clock.Now()))
	if key == nil {
		return nil, ErrNoKey
	}
	return key, nil
}

// Published returns the public keys that verify live tokens, and the next one, the signing one first.
func (k *Keyring) Published(ctx context.Context) ([]JWK, error) {
	r, err := k.load(ctx)
	if err != nil {
		return nil, err
	}
	now := clock.FromTime(k.clock.Now())
	current := r.current(now)
	list := make([]JWK, 0, len(r.keys))
	if current != nil {
		list = append(list, current.jwk)
	}
	for _, key := range r.keys {
		if key != current && !retired(&key.SigningKey, now) {
			list = append(list, key.jwk)
		}
	}
	return list, nil
}

// PublicKey returns the published key of the kid, or [store.ErrNotFound].
func (k *Keyring) PublicKey(ctx context.Context, kid string) (*rsa.PublicKey, error) {
	r, err := k.load(ctx)
	if err != nil {
		return nil, err
	}
	now := clock.FromTime(k.clock.Now())
	for _, key := range r.keys {
		if key.ID == kid && !retired(&key.SigningKey, now) {
			return key.public, nil
		}
	}
	return nil, store.ErrNotFound
}

// EnsureKey makes the first signing key if there is none. Of processes that start at once on one empty store one makes
// it and all use it. An error is also that the library that signs is not there: see [SigningLibrary].
func (k *Keyring) EnsureKey(ctx context.Context) error {
	if err := loadLibrary(); err != nil {
		return err
	}
	if _, err := k.Current(ctx); !errors.Is(err, ErrNoKey) {
		return err
	}
	// Made outside the transaction, which other changes wait for; thrown away when another process was quicker.
	now := clock.FromTime(k.clock.Now())
	key, err := k.newKey(now, now)
	if err != nil {
		return err
	}
	err = k.store.Change(ctx, func(tx store.Tx) error {
		keys, err := tx.SigningKeys()
		if err != nil {
			return err
		}
		for _, other := range keys {
			if other.Retired == 0 || other.Retired > now {
				return nil
			}
		}
		return tx.PutSigningKey(key)
	})
	if err != nil {
		return fmt.Errorf("storing the first signing key: %w", err)
	}
	return nil
}

// Rotation says how the next key takes over. The zero value: at once, and the old key stays published for
// [LongestLife].
type Rotation struct {
	// Delay is the time until the new key begins to sign. It is published meanwhile, so that receivers which cache the
	// public keys know it in time.
	Delay time.Duration
	// Life is how long the old key stays published after the new one began to sign; 0: LongestLife.
	Life time.Duration
}

// Rotate makes the next key and returns its record, without the private half. A key of an earlier rotation that has
// not begun to sign is replaced.
func (k *Keyring) Rotate(ctx context.Context, r Rotation) (*store.SigningKey, error) {
	if r.Delay < 0 || r.Life < 0 {
		return nil, errors.New("rotating the signing key: a time is negative")
	}
	if r.Life == 0 {
		r.Life = LongestLife
	}
	now := clock.FromTime(k.clock.Now())
	next, err := k.newKey(now, now.Add(r.Delay))
	if err != nil {
		return nil, err
	}
	err = k.store.Change(ctx, func(tx store.Tx) error {
		keys, err := tx.SigningKeys()
		if err != nil {
			return err
		}
		current := signing(keys, now)
		for _, old := range keys {
			switch {
			case old == current || old.Retired == 0 && old.Activates <= now:
				// The present key anew: an earlier rotation that is now replaced may have set an earlier end.
				old.Retired = next.Activates.Add(r.Life)
				err = tx.PutSigningKey(old)
			case old.Activates > now:
				err = tx.DeleteSigningKey(old.ID)
			}
			if err != nil {
				return err
			}
		}
		return tx.PutSigningKey(next)
	})
	if err != nil {
		return nil, fmt.Errorf("rotating the signing key: %w", err)
	}
	public := *next
	public.Private = nil
	return &public, nil
}

func (k *Keyring) newKey(created, activates clock.Millis) (*store.SigningKey, error) {
	private, err := rsa.GenerateKey(k.rand, keyBits)
	if err != nil {
		return nil, fmt.Errorf("making a signing key: %w", err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("writing a signing key: %w", err)
	}
	publicDER, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("writing a signing key: %w", err)
	}
	kid := KeyID(publicDER)
	return &store.SigningKey{
		ID: kid, Private: k.sealer.Seal(privateDER, "signing:"+kid), Public: publicDER,
		Created: created, Activates: activates,
	}, nil
}

// load returns the keys as the store has them now. The version is read before the keys: a change in between makes the
// next call read again, and never leaves an old state in place.
func (k *Keyring) load(ctx context.Context) (*ring, error) {
	version, err := k.store.ConfigVersion(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration version: %w", err)
	}
	if r := k.ring.Load(); r != nil && r.version >= version {
		return r, nil
	}
	k.loading.Lock()
	defer k.loading.Unlock()
	old := k.ring.Load()
	if old != nil && old.version >= version {
		return old, nil
	}
	records, err := k.store.SigningKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the signing keys: %w", err)
	}
	r := &ring{version: version, records: records, keys: make([]*ringKey, 0, len(records))}
	for _, record := range records {
		key := old.find(record.ID)
		if key == nil {
			if key, err = k.open(record); err != nil {
				return nil, err
			}
		}
		r.keys = append(r.keys, &ringKey{SigningKey: *record, private: key.private, public: key.public, jwk: key.jwk})
	}
	slices.SortFunc(r.keys, func(a, b *ringKey) int { return order(&a.SigningKey, &b.SigningKey) })
	k.ring.Store(r)
	return r, nil
}

func (k *Keyring) open(record *store.SigningKey) (*ringKey, error) {
	der, err := k.sealer.Open(record.Private, "signing:"+record.ID)
	if err != nil {
		return nil, fmt.Errorf("opening signing key %s: %w", record.ID, err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("reading signing key %s: %w", record.ID, err)
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("signing key %s is not an RSA key", record.ID)
	}
	public, err := publicKey(record.Public)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", record.ID, err)
	}
	if !public.Equal(&private.PublicKey) {
		return nil, fmt.Errorf("signing key %s: its halves do not belong together", record.ID)
	}
	native, err := newNativeKey(private)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", record.ID, err)
	}
	return &ringKey{private: native, public: public, jwk: newJWK(record.ID, public)}, nil
}

func (r *ring) find(kid string) *ringKey {
	if r == nil {
		return nil
	}
	for _, key := range r.keys {
		if key.ID == kid {
			return key
		}
	}
	return nil
}

// current returns the key that signs at now, or nil.
func (r *ring) current(now clock.Millis) *ringKey {
	if record := signing(r.records, now); record != nil {
		return r.find(record.ID)
	}
	return nil
}

// signing returns the record whose key signs at now: the newest that has activated. While none has, it is the first that
// will: the only key of an installation whose clock was set back still signs. It returns nil when none is left.
func signing(records []*store.SigningKey, now clock.Millis) *store.SigningKey {
	var best *store.SigningKey
	for _, r := range records {
		switch {
		case retired(r, now):
		case best == nil:
			best = r
		case r.Activates <= now:
			if best.Activates > now || order(r, best) < 0 {
				best = r
			}
		case best.Activates > now && order(r, best) > 0:
			best = r
		}
	}
	return best
}

// order puts keys that activate later first. Of two that activate in the same millisecond the one without an end is the
// later: the rotation that made it gave the other its end.
func order(a, b *store.SigningKey) int {
	ends := func(k *store.SigningKey) int {
		if k.Retired == 0 {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(b.Activates, a.Activates), cmp.Compare(ends(a), ends(b)),
		cmp.Compare(b.Created, a.Created), cmp.Compare(a.ID, b.ID))
}

func retired(k *store.SigningKey, now clock.Millis) bool { return k.Retired != 0 && k.Retired <= now }
