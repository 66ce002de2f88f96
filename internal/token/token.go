package token

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/store"
)

// Errors of tokens that are not accepted.
var (
	// ErrInvalid: not a token of this server, of another kind, or altered; also expired, where nobody is told.
	ErrInvalid = errors.New("invalid token")
	// ErrExpired: a true token whose time is over.
	ErrExpired = errors.New("token has expired")
)

// MaxLength is the longest sealed token that is looked at, in bytes. Those that are made are far shorter.
const MaxLength = 8192

// MaxJSONLength is the longest text of SealJSON that is looked at, in bytes: a search cursor holds its whole query.
const MaxJSONLength = 1 << 20

// The look of regTokens and opaque access tokens: readers in the field expect st2.…sc3 and treat the rest as opaque.
const (
	regPrefix    = "st2.r."
	accessPrefix = "st2.a."
	suffix       = ".sc3"
)

// sealedVersion begins the content of every sealed token, so that a later form can be told from this one.
const sealedVersion = 1

// nonceLength is the number of bytes of a sealed text that are shown before the second dot; it only gives the token its
// look.
const nonceLength = 25

// Hash returns what is stored instead of a token or nonce.
func Hash(text string) store.Hash { return sha256.Sum256([]byte(text)) }

// Tokens seals and opens tokens. It is safe for concurrent use.
type Tokens struct {
	sealer *seal.Sealer
	rand   io.Reader
}

// New returns tokens that are sealed by the sealer; rand makes their ids.
func New(sealer *seal.Sealer, rand io.Reader) *Tokens { return &Tokens{sealer, rand} }

// Kind says what a regToken stands for.
type Kind string

// The kinds of regTokens.
const (
	// KindInit is a token of initRegistration: it names no account yet and creates at most one.
	KindInit Kind = "init"
	// KindLite is a token of a lite flow: of the account that it names, or without a name, of initRegistration, of whichever.
	KindLite Kind = "lite"
	// KindProgression is a token of the registration of whoever has the lite account that it names.
	KindProgression Kind = "progression"
	// KindAccount is a token of an interrupted flow of one account.
	KindAccount Kind = "account"
)

// RegToken is what a regToken says. It is stateless: nothing of it is stored.
type RegToken struct {
	Kind Kind `json:"k"`
	// Group and Site are API keys: the token works on this site alone.
	Group string `json:"g"`
	Site  string `json:"s"`
	// UID is the account, for KindLite and KindProgression a lite one; empty for KindInit.
	UID string `json:"u,omitempty"`
	// Epoch is the account's TokenEpoch when the token was made: the account's is higher once the token is dead.
	Epoch int64 `json:"e,omitempty"`
	// ID tells tokens apart; single use is a mark on its hash. SealRegToken makes one when it is empty.
	ID      string       `json:"i"`
	Issued  clock.Millis `json:"t"`
	Expires clock.Millis `json:"x"`
}

// SealRegToken returns the token's text.
func (t *Tokens) SealRegToken(r RegToken) string {
	if r.ID == "" {
		r.ID = id.Token(t.rand, 16)
	}
	return t.sealText(regPrefix, r)
}

// OpenRegToken reads a token, or returns [ErrInvalid] for anything that is not a live one. That it belongs to the site
// of the call and to the account as it is now (Epoch) remains to be checked by the caller.
func (t *Tokens) OpenRegToken(text string, now time.Time) (RegToken, error) {
	var r RegToken
	if err := t.openText(regPrefix, text, &r); err != nil {
		return RegToken{}, err
	}
	if r.Expires <= clock.FromTime(now) {
		return RegToken{}, ErrInvalid
	}
	return r, nil
}

// Access is what an opaque access token of socialize.getToken says.
type Access struct {
	// Site is the API key that the token was asked for; empty, for a key's token: every site that the key reaches.
	Site string `json:"s"`
	// Partner is the partner that it acts for; UserKey its key, empty for the partner secret.
	Partner int64  `json:"p"`
	UserKey string `json:"k,omitempty"`
	// Session marks a token of the end user UID; it stands on the login with this hash and dies with it. Without it the
	// token is of server class, with the rights of Partner or UserKey at the time of each call.
	Session bool       `json:"u,omitempty"`
	UID     string     `json:"i,omitempty"`
	Login   store.Hash `json:"-"`
	// ID tells tokens apart; revoking is a mark on its hash in [RevokedSpace]. SealAccess makes one when it is empty.
	ID      string       `json:"n"`
	Issued  clock.Millis `json:"t"`
	Expires clock.Millis `json:"x"`
}

// RevokedSpace is the space of single-use marks in which the hash of a revoked access token's id stands: the ID of an
// opaque one, the jti of a JWT. The mark lives as long as the token would have.
const RevokedSpace = "revoked-token"

// sealedAccess is an Access with the hash in a short form.
type sealedAccess struct {
	Access
	Login []byte `json:"l,omitempty"`
}

// SealAccess returns the token's text.
func (t *Tokens) SealAccess(a Access) string {
	if a.ID == "" {
		a.ID = id.Token(t.rand, 16)
	}
	s := sealedAccess{Access: a}
	if a.Login != (store.Hash{}) {
		s.Login = a.Login[:]
	}
	return t.sealText(accessPrefix, s)
}

// OpenAccess reads a token, or returns [ErrInvalid] or, for a true token whose time is over, [ErrExpired] together with
// what it says. Whether it was revoked remains to be checked by the caller.
func (t *Tokens) OpenAccess(text string, now time.Time) (Access, error) {
	var s sealedAccess
	if err := t.openText(accessPrefix, text, &s); err != nil {
		return Access{}, err
	}
	a := s.Access
	copy(a.Login[:], s.Login)
	if a.Expires <= clock.FromTime(now) {
		return a, ErrExpired
	}
	return a, nil
}

// LooksLikeAccess tells whether the text has the form of an opaque access token, whatever is in it.
func LooksLikeAccess(text string) bool { return strings.HasPrefix(text, accessPrefix) }

// SealJSON returns v as a text that only OpenJSON of the same kind reads: cursors and the like. It panics if v cannot be
// written as JSON, which is a mistake in the program.
func (t *Tokens) SealJSON(kind string, v any) string {
	return base64.RawURLEncoding.EncodeToString(t.sealBytes("json:"+kind, v))
}

// OpenJSON reads into v what SealJSON of the same kind made, or returns [ErrInvalid].
func (t *Tokens) OpenJSON(kind, text string, v any) error {
	if len(text) > MaxJSONLength {
		return ErrInvalid
	}
	sealed, err := decoded(text)
	if err != nil {
		return err
	}
	return t.openBytes("json:"+kind, sealed, v)
}

// decoded reads Base64 that has one text alone: the standard library passes over line breaks, and a token that is used once, known
// by its text, would be used again in another one.
func decoded(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, ErrInvalid
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, ErrInvalid
	}
	return data, nil
}

func (t *Tokens) sealText(prefix string, v any) string {
	sealed := t.sealBytes(prefix, v)
	return prefix + base64.RawURLEncoding.EncodeToString(sealed[:nonceLength]) + "." +
		base64.RawURLEncoding.EncodeToString(sealed[nonceLength:]) + suffix
}

func (t *Tokens) openText(prefix, text string, v any) error {
	if len(text) > MaxLength {
		return ErrInvalid
	}
	text, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return ErrInvalid
	}
	if text, ok = strings.CutSuffix(text, suffix); !ok {
		return ErrInvalid
	}
	head, tail, _ := strings.Cut(text, ".")
	sealed, err := decoded(head)
	if err != nil || len(sealed) != nonceLength {
		return ErrInvalid
	}
	rest, err := decoded(tail)
	if err != nil {
		return err
	}
	return t.openBytes(prefix, append(sealed, rest...), v)
}

func (t *Tokens) sealBytes(kind string, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("token: " + err.Error())
	}
	return t.sealer.Seal(append([]byte{sealedVersion}, text...), "token:"+kind)
}

func (t *Tokens) openBytes(kind string, sealed []byte, v any) error {
	plain, err := t.sealer.Open(sealed, "token:"+kind)
	if err != nil || plain[0] != sealedVersion {
		return ErrInvalid
	}
	if err := json.Unmarshal(plain[1:], v); err != nil {
		return ErrInvalid
	}
	return nil
}
