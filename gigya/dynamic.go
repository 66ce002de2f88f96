package gigya

import (
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// DynamicSession is the cookie gltexp_<apiKey>, or the parameter gltexp, by which a site prolongs a session that was made
// with sessionExpiration=-1. It has three forms: signed with the partner's secret, with a user key's secret, or as a JWT
// with a user key's RSA key.
type DynamicSession struct {
	// Expires is when the site wants the session to end.
	Expires time.Time
	// UserKey names the key that signed; empty: the partner.
	UserKey string

	exp       string
	signature []byte
	jwt       *JWT
	subject   string
}

// SignDynamicSession returns the value of the cookie for the login token. With a user key the key is that key's secret,
// else the partner's.
func SignDynamicSession(key []byte, token string, expires time.Time, userKey string) string {
	exp := strconv.FormatInt(expires.Unix(), 10)
	signature := base64.StdEncoding.EncodeToString(dynamicSum(key, token, exp, userKey))
	if userKey == "" {
		return exp + "_" + signature
	}
	return exp + "_" + userKey + "_" + signature
}

// SignDynamicSessionRSA returns the value of the cookie as a JWT.
func SignDynamicSessionRSA(key *rsa.PrivateKey, token string, issued, expires time.Time, userKey string) (string, error) {
	header := appendString([]byte(`{"typ":"JWT","alg":"RS256","kid":`), userKey)
	claims := appendString([]byte(`{"sub":`), loginToken(token))
	claims = strconv.AppendInt(append(claims, `,"iat":`...), issued.Unix(), 10)
	claims = strconv.AppendInt(append(claims, `,"exp":`...), expires.Unix(), 10)
	return SignJWT(key, append(header, '}'), append(claims, `,"aud":"gltexp"}`...))
}

// ParseDynamicSession takes the cookie's value apart. It is not verified yet: [DynamicSession.Verify] or
// [DynamicSession.VerifyRSA] does. The value may be percent-encoded, as PHP writes cookies. The error is 403011, the
// answer to a session whose proof is not good.
func ParseDynamicSession(value string) (*DynamicSession, error) {
	if len(value) > 3*MaxJWT {
		return nil, NewError(SessionHasExpired, "")
	}
	if strings.Contains(value, "%") { // in neither alphabet of Base64, so that it can only be an escape
		decoded, err := url.PathUnescape(value)
		if err != nil {
			return nil, NewError(SessionHasExpired, "")
		}
		value = decoded
	}
	if strings.Contains(value, ".") {
		return parseDynamicJWT(value)
	}
	exp, rest, ok := strings.Cut(value, "_")
	expires, err := strconv.ParseInt(exp, 10, 64)
	if !ok || err != nil || expires < 0 {
		return nil, NewError(SessionHasExpired, "")
	}
	d := &DynamicSession{exp: exp, Expires: time.Unix(expires, 0)}
	// The URL-safe alphabet has the underscore too; the length tells the forms apart, for no user key is so short that it
	// could hide in a signature.
	if len(strings.TrimRight(rest, "=")) > base64.RawStdEncoding.EncodedLen(sha1.Size) {
		d.UserKey, rest, _ = strings.Cut(rest, "_")
		if d.UserKey == "" {
			return nil, NewError(SessionHasExpired, "")
		}
	}
	if d.signature, ok = decodeBase64(rest); !ok || len(d.signature) != sha1.Size {
		return nil, NewError(SessionHasExpired, "")
	}
	return d, nil
}

func parseDynamicJWT(value string) (*DynamicSession, error) {
	token, err := ParseJWT(value)
	if err != nil {
		return nil, &Error{Code: SessionHasExpired, Cause: err}
	}
	claims, err := parseMembers(token.Claims)
	if err != nil {
		return nil, &Error{Code: SessionHasExpired, Cause: err}
	}
	audience, _ := stringMember(claims, "aud")
	subject, _ := stringMember(claims, "sub")
	expires, ok := timeMember(claims, "exp")
	if !ok || audience != "gltexp" || subject == "" {
		return nil, NewError(SessionHasExpired, "")
	}
	return &DynamicSession{Expires: expires, UserKey: token.KeyID, jwt: token, subject: subject}, nil
}

// RSA tells whether the value is a JWT, to be verified with [DynamicSession.VerifyRSA].
func (d *DynamicSession) RSA() bool { return d.jwt != nil }

// Verify tells in constant time whether the value was signed with the key for the login token; only what stands before a
// bar in the token counts. It is false for a JWT. It does not look at the clock.
func (d *DynamicSession) Verify(key []byte, token string) bool {
	return d.jwt == nil && hmac.Equal(dynamicSum(key, token, d.exp, d.UserKey), d.signature)
}

// VerifyRSA tells whether the value is a JWT that the key signed for the login token. It does not look at the clock.
func (d *DynamicSession) VerifyRSA(key *rsa.PublicKey, token string) bool {
	return d.jwt != nil && d.jwt.Verify(key) == nil && hmac.Equal([]byte(d.subject), []byte(loginToken(token)))
}

func dynamicSum(key []byte, token, exp, userKey string) []byte {
	if userKey == "" {
		return sum(key, loginToken(token), "_", exp)
	}
	return sum(key, loginToken(token), "_", exp, "_", userKey)
}

// loginToken cuts what may follow the token in its cookie.
func loginToken(cookie string) string {
	token, _, _ := strings.Cut(cookie, "|")
	return token
}
