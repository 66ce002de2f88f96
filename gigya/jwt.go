package gigya

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// MaxJWT is the longest JWT that is looked at, in bytes.
const MaxJWT = 8 << 10

// JWT is a JSON Web Token signed with RS256, taken apart but not yet verified. Only alg and kid of its header are used:
// a key that a token brings along (jwk, jku, x5c) is never looked at.
type JWT struct {
	KeyID     string
	Algorithm string
	// Claims is the payload, a JSON object as it was received.
	Claims []byte

	input     string
	signature []byte
}

// Bearer is the token of an Authorization header by which the holder of an RSA key proves itself.
type Bearer struct {
	JWT
	// JTI makes the token unique: it is good for one use.
	JTI      string
	IssuedAt time.Time
	// Expires and NotBefore are zero when the token has none.
	Expires, NotBefore time.Time
}

// ParseJWT takes a token apart. Every part may be Base64 of either alphabet with or without padding: the .NET SDK writes
// the standard alphabet. Anything that is wrong, another algorithm than RS256 first of all, is 403003.
func ParseJWT(token string) (*JWT, error) {
	if len(token) > MaxJWT {
		return nil, badToken("the token is too long")
	}
	head, rest, _ := strings.Cut(token, ".")
	body, mark, ok := strings.Cut(rest, ".")
	if !ok || strings.Contains(mark, ".") {
		return nil, badToken("a token has three parts")
	}
	header, ok := decodeBase64(head)
	if !ok {
		return nil, badToken("the header of the token is not Base64")
	}
	members, err := parseMembers(header)
	if err != nil {
		return nil, badToken("the header of the token is not a JSON object")
	}
	algorithm, _ := stringMember(members, "alg")
	if algorithm != "RS256" {
		return nil, badToken("the algorithm of the token must be RS256")
	}
	if _, ok := members["crit"]; ok {
		return nil, badToken("the token demands extensions")
	}
	keyID, ok := stringMember(members, "kid")
	if !ok || keyID == "" {
		return nil, badToken("the header of the token has no kid")
	}
	claims, ok := decodeBase64(body)
	if !ok {
		return nil, badToken("the payload of the token is not Base64")
	}
	if _, err := parseMembers(claims); err != nil {
		return nil, badToken("the payload of the token is not a JSON object")
	}
	// The signature covers the other parts as written, and nothing covers its own text: one whose spare last bits were
	// changed would be the same signature in another text. There is one text of a token, not several.
	signature, ok := decodeBase64(mark)
	if !ok || len(signature) == 0 || !canonicalBase64(mark) {
		return nil, badToken("the signature of the token is not Base64")
	}
	return &JWT{
		KeyID: keyID, Algorithm: algorithm, Claims: claims,
		input: token[:len(head)+1+len(body)], signature: signature,
	}, nil
}

// Verify checks the signature: RSASSA-PKCS1-v1_5 with SHA-256 over the first two parts as received. The error is 403003.
func (t *JWT) Verify(key *rsa.PublicKey) error {
	if key == nil || t.Algorithm != "RS256" {
		return NewError(InvalidRequestSignature, "")
	}
	digest := sha256.Sum256([]byte(t.input))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], t.signature); err != nil {
		return &Error{Code: InvalidRequestSignature, Cause: err}
	}
	return nil
}

// ParseBearer takes apart the token that follows "Bearer " in an Authorization header. It does not verify it:
// [JWT.Verify] does with the key that KeyID names, and [Bearer.CheckTime] holds it against the clock; a token is
// trusted after both, and when its JTI is new. Errors: 403003 for a token that is malformed, of another algorithm or
// without jti; 403002 when iat is absent or no number.
func ParseBearer(token string) (*Bearer, error) {
	parsed, err := ParseJWT(token)
	if err != nil {
		return nil, err
	}
	claims, err := parseMembers(parsed.Claims)
	if err != nil {
		return nil, badToken("the payload of the token is not a JSON object")
	}
	b := &Bearer{JWT: *parsed}
	var ok bool
	if b.IssuedAt, ok = timeMember(claims, "iat"); !ok {
		return nil, NewError(RequestHasExpired, "The bearer token has no iat.")
	}
	if _, has := claims["exp"]; has {
		if b.Expires, ok = timeMember(claims, "exp"); !ok {
			return nil, badToken("exp is not a number")
		}
	}
	if _, has := claims["nbf"]; has {
		if b.NotBefore, ok = timeMember(claims, "nbf"); !ok {
			return nil, badToken("nbf is not a number")
		}
	}
	if b.JTI, ok = stringMember(claims, "jti"); !ok {
		b.JTI, ok = numberMember(claims, "jti")
	}
	const longestJTI = 256
	if !ok || b.JTI == "" || len(b.JTI) > longestJTI {
		return nil, badToken("jti must have 1 to 256 characters")
	}
	return b, nil
}

// CheckTime tells whether the token may be used now: issued no longer than past ago and no further than future ahead, not
// expired and not too early. The error is 403002, on which SDKs correct their clock.
func (b *Bearer) CheckTime(now time.Time, past, future time.Duration) error {
	late := now.Add(-past)
	soon := now.Add(future)
	switch {
	case b.IssuedAt.Before(late), b.IssuedAt.After(soon),
		!b.Expires.IsZero() && !b.Expires.After(now),
		!b.NotBefore.IsZero() && b.NotBefore.After(soon):
		return NewError(RequestHasExpired, fmt.Sprintf("The bearer token is not valid now. Server timestamp: %d, Token iat: %d",
			now.Unix(), b.IssuedAt.Unix()))
	}
	return nil
}

// SignJWT returns the token of the header and the claims, both JSON objects: RS256, Base64 URL alphabet, no padding. The
// signature has no randomness in it, so that equal input gives an equal token.
func SignJWT(key *rsa.PrivateKey, header, claims []byte) (string, error) {
	encoding := base64.RawURLEncoding
	input := encoding.EncodeToString(header) + "." + encoding.EncodeToString(claims)
	digest := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		return "", fmt.Errorf("gigya: signing a token: %w", err)
	}
	return input + "." + encoding.EncodeToString(signature), nil
}

// SignBearer returns the token by which the holder of the user key proves itself at this moment. The jti must not have
// been used before.
func SignBearer(key *rsa.PrivateKey, userKey, jti string, now time.Time) (string, error) {
	header := appendString([]byte(`{"alg":"RS256","typ":"JWT","kid":`), userKey)
	claims := strconv.AppendInt([]byte(`{"iat":`), now.Unix(), 10)
	claims = appendString(append(claims, `,"jti":`...), jti)
	return SignJWT(key, append(header, '}'), append(claims, '}'))
}

func badToken(details string) *Error {
	return &Error{Code: InvalidRequestSignature, Cause: errors.New(details)}
}

// parseMembers reads a JSON object with its member names compared exactly: encoding/json would let "ALG" stand for alg
// when it fills a struct.
func parseMembers(text []byte) (map[string]json.RawMessage, error) {
	if text = bytes.TrimSpace(text); len(text) == 0 || text[0] != '{' {
		return nil, errors.New("not an object")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	return members, nil
}

func stringMember(members map[string]json.RawMessage, name string) (string, bool) {
	raw := members[name]
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	var text string
	err := json.Unmarshal(raw, &text)
	return text, err == nil
}

// numberMember returns the text of a number.
func numberMember(members map[string]json.RawMessage, name string) (string, bool) {
	raw := members[name]
	if len(raw) == 0 || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return "", false
	}
	return string(raw), true
}

// timeMember reads a NumericDate: seconds, which may have a fraction.
func timeMember(members map[string]json.RawMessage, name string) (time.Time, bool) {
	text, ok := numberMember(members, name)
	if !ok {
		return time.Time{}, false
	}
	const farthest = 1 << 40 // beyond every clock, and far from what a time.Time cannot hold
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(seconds) || math.Abs(seconds) > farthest {
		return time.Time{}, false
	}
	whole := math.Floor(seconds)
	return time.Unix(int64(whole), int64((seconds-whole)*1e9)), true
}
