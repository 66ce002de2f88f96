package caller

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// The window of an RSA bearer token: how old it may be, and how far ahead of our clock. Clients in the field are some
// minutes off.
const (
	bearerPast   = 300 * time.Second
	bearerFuture = 120 * time.Second
)

// parseAuthorization takes an Authorization header apart: scheme (in lower case) and token. Anything but one scheme and
// one token is 400008, as is a scheme other than OAuth and Bearer.
func parseAuthorization(header string) (scheme, text string, err error) {
	fields := strings.Fields(header)
	if len(fields) == 2 {
		scheme = strings.ToLower(fields[0])
	}
	if scheme != "oauth" && scheme != "bearer" {
		return "", "", gigya.NewError(gigya.InvalidAuthenticationHeader, "")
	}
	return scheme, fields[1], nil
}

// header is a token in the Authorization header: an RSA bearer token of a key, an access token, or a session token.
func (v *Resolver) header(ctx context.Context, r *Request, s *site.Site) (*Caller, error) {
	_, text, err := parseAuthorization(r.Authorization)
	if err != nil {
		return nil, err
	}
	if len(text) > maxBearer {
		return nil, invalidToken()
	}
	if token.LooksLikeAccess(text) || strings.Count(text, ".") != 2 {
		return v.opaque(ctx, r, s, text, invalidToken())
	}
	jwt, err := gigya.ParseJWT(text)
	if err != nil {
		return nil, err
	}
	if ours, err := v.signedByUs(ctx, jwt.KeyID); err != nil || ours {
		return v.accessJWT(ctx, r, s, text, err)
	}
	return v.rsaBearer(ctx, r, s, text)
}

// signedByUs tells whether the kid is that of one of our signing keys.
func (v *Resolver) signedByUs(ctx context.Context, kid string) (bool, error) {
	_, err := v.keyring.PublicKey(ctx, kid)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// rsaBearer is a token signed with the RSA pair of a key, good for one use.
func (v *Resolver) rsaBearer(ctx context.Context, r *Request, s *site.Site, text string) (*Caller, error) {
	bearer, err := gigya.ParseBearer(text)
	if err != nil {
		return nil, err
	}
	key, err := v.liveKey(ctx, bearer.KeyID)
	if err != nil {
		return nil, err
	}
	if key.RSA() == nil {
		return nil, gigya.NewError(gigya.InvalidRequestSignature, "")
	}
	if err := bearer.Verify(key.RSA()); err != nil {
		return nil, err
	}
	if err := bearer.CheckTime(r.Now, bearerPast, bearerFuture); err != nil {
		return nil, err
	}
	until := bearer.IssuedAt.Add(bearerPast + bearerFuture)
	if err := v.claim(ctx, "bearer:"+key.UserKey, bearer.JTI, r.Now, until); err != nil {
		return nil, err
	}
	return v.reach(ctx, r, s, &Caller{Class: Server, Via: "bearer", Key: key, Secret: key.Secret})
}

// oauthToken is oauth_token without a signature: an access token or a login token.
func (v *Resolver) oauthToken(ctx context.Context, r *Request, s *site.Site) (*Caller, error) {
	if !r.Secure && !r.DevMode {
		return nil, gigya.NewError(gigya.SensitiveDataSentOverHTTP, "")
	}
	text := r.Params.Get("oauth_token")
	if len(text) > maxBearer {
		return nil, invalidToken()
	}
	if kid, ok := token.KidOf(text); ok {
		if ours, err := v.signedByUs(ctx, kid); err != nil || ours {
			return v.accessJWT(ctx, r, s, text, err)
		}
	}
	return v.opaque(ctx, r, s, text, unknownSession())
}

// opaque is an access token of socialize.getToken or a session token; unknown is the answer to anything else.
func (v *Resolver) opaque(ctx context.Context, r *Request, s *site.Site, text string, unknown error) (*Caller, error) {
	if token.LooksLikeAccess(text) {
		return v.access(ctx, r, s, text)
	}
	if s == nil {
		return nil, unknown
	}
	found, err := v.session(ctx, r, s, text)
	if err != nil {
		return nil, sessionError(err, unknown)
	}
	if found.Mobile {
		// The token is half of the credential.
		return nil, v.refuse(r)
	}
	return v.user(ctx, r, s, found, "session")
}

// access is an opaque access token.
func (v *Resolver) access(ctx context.Context, r *Request, s *site.Site, text string) (*Caller, error) {
	a, err := v.tokens.OpenAccess(text, r.Now)
	switch {
	case errors.Is(err, token.ErrExpired):
		return nil, gigya.NewError(gigya.SessionHasExpired, "")
	case err != nil:
		return nil, invalidToken()
	}
	if err := v.checkRevoked(ctx, r, a.ID); err != nil {
		return nil, err
	}
	switch {
	case a.Session:
		return v.userAccess(ctx, r, s, a)
	case a.UserKey != "":
		return v.keyAccess(ctx, r, s, a.UserKey, a.Site)
	case s == nil, s.APIKey != a.Site, s.Partner.ID != a.Partner:
		return nil, Denied(r.MethodName)
	}
	return &Caller{Class: Server, Via: "oauth", Secret: s.Partner.Secret}, nil
}

// userAccess is a user's access token: it lives while the session lives that it stands on.
func (v *Resolver) userAccess(ctx context.Context, r *Request, s *site.Site, a token.Access) (*Caller, error) {
	if s == nil || a.UID == "" || a.Login == (store.Hash{}) {
		return nil, invalidToken()
	}
	found, err := v.sessions.FindByHash(ctx, s.Group, a.UID, a.Login)
	found, err = v.shared(ctx, s, found, err)
	if err != nil {
		return nil, sessionError(err, invalidToken())
	}
	return v.user(ctx, r, s, found, "oauth")
}

// accessJWT is a JWT access token of /oauth2/token; failed is an error of finding that out.
func (v *Resolver) accessJWT(ctx context.Context, r *Request, s *site.Site, text string, failed error) (*Caller, error) {
	if failed != nil {
		return nil, failed
	}
	claims, err := v.keyring.ParseAccess(ctx, text, r.Now)
	switch {
	case errors.Is(err, token.ErrExpired):
		return nil, gigya.NewError(gigya.SessionHasExpired, "")
	case errors.Is(err, token.ErrInvalid):
		return nil, invalidToken()
	case err != nil:
		return nil, err
	}
	if err := v.checkRevoked(ctx, r, claims.ID); err != nil {
		return nil, err
	}
	return v.keyAccess(ctx, r, s, claims.UserKey, "")
}

// keyAccess makes the key that a token stands for the caller: it must still be live and has the privileges of now. A
// token that was asked for a site is good for that site.
func (v *Resolver) keyAccess(ctx context.Context, r *Request, s *site.Site, userKey, only string) (*Caller, error) {
	key, err := v.sites.Key(ctx, userKey)
	if errors.Is(err, store.ErrNotFound) || err == nil && !key.Live() {
		return nil, invalidToken()
	}
	if err != nil {
		return nil, err
	}
	if s != nil && only != "" && s.APIKey != only {
		return nil, Denied(r.MethodName)
	}
	return v.reach(ctx, r, s, &Caller{Class: Server, Via: "oauth", Key: key, Secret: key.Secret})
}

func (v *Resolver) checkRevoked(ctx context.Context, r *Request, id string) error {
	revoked, err := v.memory.Marked(ctx, token.RevokedSpace, token.Hash(id), clock.FromTime(r.Now))
	if err != nil {
		return err
	}
	if revoked {
		return invalidToken()
	}
	return nil
}

func invalidToken() error { return gigya.NewError(gigya.InvalidToken, "") }
