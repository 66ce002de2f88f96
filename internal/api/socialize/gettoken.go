package socialize

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/token"
)

// vouching is the privilege of a key that may stand for users: a token of a user is a session, as socialize.notifyLogin
// opens it. A key that holds it within limits of parameters gets none: the parameters here have other names. A token of the key itself
// needs no privilege, because it has the key's own.
const vouching = "socialize.notifyLogin"

// tokenLife is the life of an access token when the caller names none: that of the reference's example.
const tokenLife = time.Hour

// GetTokenParams are the parameters of socialize.getToken.
type GetTokenParams struct {
	// GrantType is none, client_credentials, authorization_code or refresh_token.
	GrantType string `param:"grant_type"`
	// ClientID is an API key or a user key, ClientSecret its secret; with UserKey the secret is that key's. Secret is the
	// name that SDKs give it.
	ClientID     string `param:"client_id"`
	ClientSecret string `param:"client_secret"`
	UserKey      string `param:"userKey"`
	Secret       string `param:"secret"`
	// SiteUID asks for a token of that user.
	SiteUID string `param:"x_siteUID"`
	// UserInfo holds profile values of the user.
	UserInfo method.Object `param:"x_userInfo"`
	// SessionExpiration is the life of a user's token in seconds; -2 is the longest.
	SessionExpiration *int64 `param:"x_sessionExpiration,min=-2,max=315360000"`
	// Code and RedirectURI belong to authorization_code, RefreshToken to refresh_token.
	Code         string `param:"code,len=8192"`
	RedirectURI  string `param:"redirect_uri,len=8192"`
	RefreshToken string `param:"refresh_token,len=8192"`
}

// GetTokenResult is the answer of socialize.getToken.
type GetTokenResult struct {
	AccessToken string `json:"access_token"`
	// ExpiresIn is in seconds.
	ExpiresIn int64 `json:"expires_in"`
}

// getToken serves socialize.getToken, the classic OAuth 2 token call.
//
// The client proves itself by a Basic header (API key and partner secret), by client_id and client_secret, or by
// client_id, userKey and secret. grant_type none and client_credentials give a token with the rights of the client;
// client_credentials with x_siteUID one of that user, as socialize.notifyLogin would open a session: a key needs the
// privilege of that name, without limits on its parameters (403007). There are no
// authorization codes and no refresh tokens yet: any that is sent is a wrong one (400014).
//
// Errors carry the members of OAuth beside the envelope: error is the number, error_description the number and its text.
// 400002, 400008 a header that cannot be read, 400013, 400014, 400093, 403005 user key unknown, 403010 wrong secret.
//
// Sources: the REST guide; the graze client, which asks with a user key and names no site.
func getToken(d Deps) *method.Method {
	spec := method.Spec{
		Name:          "socialize.getToken",
		Summary:       "Issues an OAuth 2 access token.",
		Callers:       caller.Public | caller.Server,
		HTTPS:         true,
		NoSite:        true,
		OwnCredential: true,
		Write:         true,
		Partial:       "authorization_code, which comes with social login; refresh_token",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[GetTokenParams]) (GetTokenResult, error) {
		result, err := d.token(ctx, c)
		if err != nil {
			return GetTokenResult{}, oauthFault(err)
		}
		return result, nil
	})
}

func (d Deps) token(ctx context.Context, c *method.Call[GetTokenParams]) (GetTokenResult, error) {
	p := &c.Params
	switch p.GrantType {
	case "none", "client_credentials", "authorization_code", "refresh_token":
	case "":
		return GetTokenResult{}, gigya.MissingParameter("grant_type")
	default:
		return GetTokenResult{}, gigya.NewError(gigya.UnsupportedGrantType, "")
	}
	proven, err := d.prove(ctx, c)
	if err != nil {
		return GetTokenResult{}, err
	}
	c.Site, c.Caller = proven.site, proven.caller()
	switch {
	case p.GrantType == "authorization_code" && p.Code == "":
		return GetTokenResult{}, gigya.MissingParameter("code")
	case p.GrantType == "refresh_token" && p.RefreshToken == "":
		return GetTokenResult{}, gigya.MissingParameter("refresh_token")
	case p.GrantType == "authorization_code", p.GrantType == "refresh_token":
		return GetTokenResult{}, gigya.NewError(gigya.InvalidGrant, "")
	case p.GrantType == "client_credentials" && p.SiteUID != "":
		return d.userToken(ctx, c, proven)
	}
	return d.seal(proven.access(), c.Now, tokenLife), nil
}

// caller is the client as the audit log sees it.
func (p client) caller() *caller.Caller {
	c := &caller.Caller{Class: caller.Server, Via: "oauth", Key: p.key}
	if p.key != nil {
		c.Secret = p.key.Secret
	} else {
		c.Secret = p.site.Partner.Secret
	}
	return c
}

// access is what a token of the client says, but its times.
func (p client) access() token.Access {
	var a token.Access
	if p.site != nil {
		a.Site, a.Partner = p.site.APIKey, p.site.Partner.ID
	}
	if p.key != nil {
		a.UserKey, a.Partner = p.key.UserKey, p.key.Partner
	}
	return a
}

func (d Deps) seal(a token.Access, now time.Time, life time.Duration) GetTokenResult {
	a.Issued, a.Expires = clock.FromTime(now), clock.FromTime(now.Add(life))
	return GetTokenResult{AccessToken: d.Tokens.SealAccess(a), ExpiresIn: int64(life / time.Second)}
}

// userToken opens a session for the user and issues a token that stands on it: a logout ends both.
func (d Deps) userToken(ctx context.Context, c *method.Call[GetTokenParams], proven client) (GetTokenResult, error) {
	if proven.site == nil {
		return GetTokenResult{}, gigya.MissingParameter("apiKey")
	}
	// No privilege was asked for at the door, where nobody was proven.
	if proven.key != nil {
		rights, err := d.Sites.Rights(ctx, proven.key, proven.site)
		if err != nil {
			return GetTokenResult{}, err
		}
		if !rights.Method(strings.ToLower(vouching)).Free() {
			return GetTokenResult{}, caller.Denied(c.Method.Spec.Name)
		}
		c.Caller.Rights = rights
	}
	life := tokenLife
	switch n := c.Params.SessionExpiration; {
	case n != nil && *n > 0:
		life = time.Duration(*n) * time.Second
	case n != nil && *n == session.Never:
		life = time.Duration(session.MaxExpiration) * time.Second
	}
	info, err := parseObject("x_userInfo", c.Params.UserInfo)
	if err != nil {
		return GetTokenResult{}, err
	}
	done, err := login.Vouch(ctx, d.Store, d.Sessions, c.Invocation, login.Vouched{
		SiteUID: c.Params.SiteUID, UserInfo: info, Expiration: int64(life / time.Second),
	})
	if err != nil {
		return GetTokenResult{}, err
	}
	if done.Stop != nil {
		return GetTokenResult{}, gigya.NewError(done.Stop.Code, done.Stop.Details)
	}
	a := proven.access()
	a.UserKey, a.Session, a.UID, a.Login = "", true, done.Account.UID, done.Opened.Session.Hash
	return d.seal(a, c.Now, life), nil
}

// oauthMembers are the members of an OAuth error, which stand beside the envelope.
type oauthMembers struct {
	Error       gigya.Code `json:"error"`
	Description string     `json:"error_description"`
}

// oauthFault gives the error the form of OAuth, and one that was not made for clients that of [method.Fault] before.
//
// 301001 stays as it is on every method: clients follow its members to where the site is served.
func oauthFault(err error) error {
	shown := *method.Fault(err)
	if shown.Code == gigya.InvalidDataCenter {
		return &shown
	}
	text := shown.Details
	if text == "" {
		text = shown.Code.Message()
	}
	shown.Members = oauthMembers{Error: shown.Code, Description: fmt.Sprintf("%d - %s", shown.Code, text)}
	return &shown
}
