package token

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // Names keys; nothing rests on it.
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/store"
)

// maxJWT is the longest JWT that is looked at, in bytes. An id_token with many fields is the longest that is made.
const maxJWT = 16384

// Tolerances for the clocks of others, and among our own machines.
const (
	expiryLeeway = 5 * time.Second
	issuedLeeway = 120 * time.Second
)

// A Signer signs with the key of its id. The private key may live elsewhere.
type Signer interface {
	// KeyID is the kid.
	KeyID() string
	// Sign returns the RSASSA-PKCS1-v1_5 signature with SHA-256 of the input.
	Sign(input []byte) ([]byte, error)
}

// JWK is a public key as accounts.getJWTPublicKey and /oauth2/jwks show it, members in the recorded order.
type JWK struct {
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	Kty string `json:"kty"`
	N   string `json:"n"`
	E   string `json:"e"`
	Use string `json:"use"`
}

func newJWK(kid string, key *rsa.PublicKey) JWK {
	return JWK{
		Alg: "RS256", Kid: kid, Kty: "RSA",
		N:   base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		E:   base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		Use: "sig",
	}
}

// KeyID returns the kid of a public key given as PKIX DER: Base64 of the URL alphabet, without padding, of the upper-case
// hex SHA-1, 54 letters and digits as the original's. The Java SDK reads JWT headers with the standard alphabet; letters
// and digits make the two alphabets agree.
func KeyID(public []byte) string {
	sum := sha1.Sum(public)
	return base64.RawURLEncoding.EncodeToString([]byte(strings.ToUpper(hex.EncodeToString(sum[:]))))
}

// JWT returns the signed token of the claims, a compact JSON object. The header's members are in the recorded order.
func JWT(signer Signer, claims []byte) (string, error) {
	header := `{"typ":"JWT","alg":"RS256","kid":"` + signer.KeyID() + `"}`
	enc := base64.RawURLEncoding
	text := make([]byte, 0, enc.EncodedLen(len(header))+enc.EncodedLen(len(claims))+344)
	text = enc.AppendEncode(text, []byte(header))
	text = append(text, '.')
	text = enc.AppendEncode(text, claims)
	signature, err := signer.Sign(text)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	text = append(text, '.')
	return string(enc.AppendEncode(text, signature)), nil
}

// AccessClaims is what a JWT access token of /oauth2/token says.
type AccessClaims struct {
	Issuer string
	// UserKey is both the subject and the client.
	UserKey string
	// ID is the jti; its hash is marked in [RevokedSpace] when the token is revoked.
	ID              string
	Issued, Expires time.Time
}

// accessClaims are the claims on the wire, in this order.
type accessClaims struct {
	Iss      string `json:"iss"`
	Sub      string `json:"sub"`
	ClientID string `json:"client_id"`
	Iat      int64  `json:"iat"`
	Exp      int64  `json:"exp"`
	Jti      string `json:"jti"`
}

// SignAccess returns a JWT access token, signed by the key that signs now.
func (k *Keyring) SignAccess(ctx context.Context, a AccessClaims) (string, error) {
	signer, err := k.Current(ctx)
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(accessClaims{
		Iss: a.Issuer, Sub: a.UserKey, ClientID: a.UserKey, Iat: a.Issued.Unix(), Exp: a.Expires.Unix(), Jti: a.ID,
	})
	if err != nil {
		return "", fmt.Errorf("writing the claims: %w", err)
	}
	return JWT(signer, claims)
}

// ParseAccess verifies a JWT access token. One that is not ours is [ErrInvalid]; one whose time is over is [ErrExpired]
// together with its claims. Whether it was revoked, and whether the key still may, remains to be checked.
func (k *Keyring) ParseAccess(ctx context.Context, text string, now time.Time) (AccessClaims, error) {
	payload, err := k.verify(ctx, text)
	if err != nil {
		return AccessClaims{}, err
	}
	c, err := readClaims(payload)
	if err != nil || c["apiKey"] != nil || c.text("sub") == "" || c.text("client_id") != c.text("sub") || c.text("jti") == "" {
		return AccessClaims{}, ErrInvalid
	}
	issued, expires, err := c.times(now)
	if err != nil && !errors.Is(err, ErrExpired) {
		return AccessClaims{}, err
	}
	return AccessClaims{
		Issuer: c.text("iss"), UserKey: c.text("sub"), ID: c.text("jti"), Issued: issued, Expires: expires,
	}, err
}

// KidOf returns the kid that a JWT claims to be signed by, unverified; false when the text is no JWT with alg RS256 in
// the form that this server writes.
func KidOf(text string) (string, bool) {
	if len(text) > maxJWT || strings.Count(text, ".") != 2 {
		return "", false
	}
	part, _, _ := strings.Cut(text, ".")
	header, err := decoded(part)
	if err != nil {
		return "", false
	}
	h, err := readClaims(header)
	if err != nil || h.text("alg") != "RS256" || h.text("kid") == "" {
		return "", false
	}
	return h.text("kid"), true
}

// verify returns the payload of a JWT that one of our published keys signed. Nothing in the header but kid and alg is
// looked at; alg must be RS256.
func (k *Keyring) verify(ctx context.Context, text string) (json.RawMessage, error) {
	kid, ok := KidOf(text)
	if !ok {
		return nil, ErrInvalid
	}
	key, err := k.PublicKey(ctx, kid)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrInvalid
	}
	if err != nil {
		return nil, err
	}
	last := strings.LastIndexByte(text, '.')
	signature, err := decoded(text[last+1:])
	if err != nil {
		return nil, ErrInvalid
	}
	sum := sha256.Sum256([]byte(text[:last]))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return nil, ErrInvalid
	}
	first := strings.IndexByte(text, '.')
	payload, err := decoded(text[first+1 : last])
	if err != nil {
		return nil, ErrInvalid
	}
	return payload, nil
}

// claims are the members of a JSON object. Names are compared exactly: filling a struct would let a field of a user named
// "SUB" stand for sub.
type claims map[string]json.RawMessage

func readClaims(text []byte) (claims, error) {
	var c claims
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	return c, nil
}

// text returns a text member, or an empty text.
func (c claims) text(name string) string {
	var text string
	if json.Unmarshal(c[name], &text) != nil {
		return ""
	}
	return text
}

// seconds returns a member that is a time in whole seconds.
func (c claims) seconds(name string) (time.Time, bool) {
	const year9999 = 253402300799
	n, err := strconv.ParseInt(string(c[name]), 10, 64)
	if err != nil || n < 0 || n > year9999 {
		return time.Time{}, false
	}
	return time.Unix(n, 0).UTC(), true
}

// times returns iat and exp, [ErrInvalid] if one is missing or the token is of the future, [ErrExpired] if it is over.
func (c claims) times(now time.Time) (issued, expires time.Time, err error) {
	issued, hasIssued := c.seconds("iat")
	expires, hasExpires := c.seconds("exp")
	switch {
	case !hasIssued, !hasExpires, issued.After(now.Add(issuedLeeway)):
		return issued, expires, ErrInvalid
	case !expires.After(now.Add(-expiryLeeway)):
		return issued, expires, ErrExpired
	}
	return issued, expires, nil
}

// publicKey reads an RSA public key in PKIX DER.
func publicKey(der []byte) (*rsa.PublicKey, error) {
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("reading a public key: %w", err)
	}
	public, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("public key is not an RSA key")
	}
	return public, nil
}
