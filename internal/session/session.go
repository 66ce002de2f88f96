package session

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// Values of sessionExpiration that are no number of seconds.
const (
	// Browser sessions end when the browser closes; for a mobile session it means Never.
	Browser int64 = 0
	// Dynamic sessions live on the proof that the site gives.
	Dynamic int64 = -1
	// Never ends by time.
	Never int64 = -2
)

// DynamicGrace is how long a Dynamic session lives without proof.
const DynamicGrace = 60 * time.Second

// MaxExpiration is the longest sessionExpiration in seconds: ten years. It is our bound.
const MaxExpiration int64 = 10 * 365 * 86400

// MaxPerAccount is the number of sessions that an account may have; a login beyond it ends the oldest. It is our bound:
// without one, whoever knows a password could fill the disk with sessions that never end.
const MaxPerAccount = 100

// KeptExpired is how long a session is remembered after its end, so that its client is told that it has expired and not
// that it never was. What is over for longer may be swept ([store.SweptSessions]). Dynamic sessions are never swept, nor
// are those that do not end by time: only their sites and users know when they are over, and [MaxPerAccount] bounds them.
const KeptExpired = 30 * 24 * time.Hour

// ValidExpiration tells whether n is a sessionExpiration: one of the constants, or 1 to [MaxExpiration] seconds.
func ValidExpiration(n int64) bool { return n >= Never && n <= MaxExpiration }

// Errors of tokens that open no session.
var (
	// ErrUnknown: no such session, or no session token at all, or the session was ended.
	ErrUnknown = errors.New("unknown session")
	// ErrExpired: the session was there and its time is over, or its proof is missing or wrong.
	ErrExpired = errors.New("session has expired")
)

// The look of session tokens.
const (
	prefix = "st2.s."
	suffix = ".sc3"
	// maxToken bounds what is looked at, in bytes.
	maxToken = 1024
	// secretSize is the number of random bytes in a token.
	secretSize = 32
	// mobileSecretSize is the length of a mobile session's secret in bytes, that of the original's.
	mobileSecretSize = 20
)

// Sessions opens and finds sessions. It is safe for concurrent use.
type Sessions struct {
	reader store.Reader
	key    []byte
	clock  clock.Clock
	rand   io.Reader
}

// New returns sessions that are read from the reader. rand makes the tokens.
func New(reader store.Reader, sealer *seal.Sealer, c clock.Clock, rand io.Reader) *Sessions {
	return &Sessions{reader: reader, key: sealer.Key("session-secret"), clock: c, rand: rand}
}

// Open says what to open.
type Open struct {
	// Group and UID name the account, Site the API key at which the user logs in.
	Group, Site, UID string
	// Mobile sessions get a secret, and are good for nothing without it.
	Mobile bool
	// Expiration is the sessionExpiration: seconds or one of the constants. It must be valid.
	Expiration int64
	// Provider is how the user proved who they are: "site" for a password.
	Provider string
	// ClientIP and UserAgent are those of the login.
	ClientIP, UserAgent string
	// Now is the time of the call; zero: the clock's.
	Now time.Time
}

// Opened is a session that has just been opened.
type Opened struct {
	// Token is shown to the client and never again.
	Token string
	// Secret is the Base64 secret of a mobile session; empty otherwise.
	Secret string
	// Expiration is the sessionExpiration that was asked for.
	Expiration int64
	Session    *store.Session
}

// Open stores a new session in the caller's transaction, and ends the account's oldest beyond [MaxPerAccount]. Each run
// of a transaction gives another token: only that of the run that was committed is worth anything.
func (s *Sessions) Open(tx store.Tx, o Open) (Opened, error) {
	if !ValidExpiration(o.Expiration) {
		return Opened{}, fmt.Errorf("opening a session: expiration %d is out of bounds", o.Expiration)
	}
	if o.Group == "" || o.UID == "" || o.Site == "" || strings.Contains(o.Site, ".") {
		return Opened{}, errors.New("opening a session: group, site or UID is missing")
	}
	now := clock.FromTime(o.Now)
	if o.Now.IsZero() {
		now = clock.FromTime(s.clock.Now())
	}
	name := base64.RawURLEncoding.EncodeToString([]byte(o.Site + "." + o.UID))
	text := prefix + name + "." + id.Token(s.rand, secretSize) + suffix
	if len(text) > maxToken {
		return Opened{}, errors.New("opening a session: the UID is too long for a token")
	}
	record := &store.Session{
		Group: o.Group, UID: o.UID, Hash: token.Hash(text), Site: o.Site, Mobile: o.Mobile,
		Created: now, Provider: o.Provider, ClientIP: o.ClientIP, UserAgent: o.UserAgent,
	}
	switch {
	case o.Expiration > 0:
		record.Expires = now.Add(time.Duration(o.Expiration) * time.Second)
	case o.Expiration == Dynamic:
		record.Dynamic, record.Expires = true, now.Add(DynamicGrace)
	}
	if err := tx.PutSession(record); err != nil {
		return Opened{}, fmt.Errorf("storing a session: %w", err)
	}
	if _, err := tx.LimitSessions(o.Group, o.UID, record.Hash, MaxPerAccount, now); err != nil {
		return Opened{}, fmt.Errorf("ending the oldest sessions: %w", err)
	}
	opened := Opened{Token: text, Expiration: o.Expiration, Session: record}
	if o.Mobile {
		opened.Secret = s.Secret(text)
	}
	return opened, nil
}

// Find returns the live session of the token in the group, [ErrUnknown] or [ErrExpired]. A Dynamic session past its
// grace is expired here: [Sessions.FindProven] takes the proof. A mobile session is found by its token alone; that its
// secret was used is the caller's to check.
func (s *Sessions) Find(ctx context.Context, group, token string) (*store.Session, error) {
	return s.FindProven(ctx, group, token, Proof{})
}

// FindProven is Find with the site's proof that a Dynamic session goes on. The proof matters for nothing else. For [ErrExpired] the
// record is returned too.
func (s *Sessions) FindProven(ctx context.Context, group, text string, proof Proof) (*store.Session, error) {
	_, uid, ok := parse(text)
	if !ok {
		return nil, ErrUnknown
	}
	record, err := s.FindByHash(ctx, group, uid, token.Hash(text))
	if !errors.Is(err, ErrExpired) || record == nil || !record.Dynamic {
		return record, err
	}
	return record, proof.check(ctx, text, s.clock.Now())
}

// FindByHash is Find for those who hold the hash of a token instead: user tokens of OAuth 2 stand on a session so. For
// [ErrExpired] the record is returned too.
func (s *Sessions) FindByHash(ctx context.Context, group, uid string, hash store.Hash) (*store.Session, error) {
	record, err := s.reader.Session(ctx, group, uid, hash)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("reading a session: %w", err)
	}
	if record.Expires != 0 && record.Expires <= clock.FromTime(s.clock.Now()) {
		return record, ErrExpired
	}
	return record, nil
}

// Secret returns the secret of the mobile session with this token, Base64 of [Sessions.Key].
func (s *Sessions) Secret(token string) string {
	return base64.StdEncoding.EncodeToString(s.Key(token))
}

// Key returns the key with which the mobile session of this token signs its calls.
func (s *Sessions) Key(token string) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(token))
	return mac.Sum(nil)[:mobileSecretSize]
}

// SiteOf returns the API key of the site at which the session of the token was opened, as the token says it; false: the
// text has not the form of a session token. Some clients send nothing but a token.
func SiteOf(text string) (apiKey string, ok bool) {
	apiKey, _, ok = parse(text)
	return apiKey, ok
}

// parse returns what a token names: the site and the user.
func parse(text string) (apiKey, uid string, ok bool) {
	if len(text) > maxToken {
		return "", "", false
	}
	text, ok = strings.CutPrefix(text, prefix)
	if !ok {
		return "", "", false
	}
	text, ok = strings.CutSuffix(text, suffix)
	if !ok {
		return "", "", false
	}
	name, secret, ok := strings.Cut(text, ".")
	if !ok || len(secret) != base64.RawURLEncoding.EncodedLen(secretSize) {
		return "", "", false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(name)
	if err != nil {
		return "", "", false
	}
	apiKey, uid, ok = strings.Cut(string(b), ".")
	return apiKey, uid, ok && apiKey != "" && uid != ""
}
