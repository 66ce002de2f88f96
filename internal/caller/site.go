package caller

import (
	"context"
	"errors"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// Site returns the site that the call is about: the one that apiKey names, as a parameter, else, for a call that is not
// signed, as a header, else the one that an oauth_token or Authorization header stands for. It is nil, without error, for a method that needs no site
// when none is named.
//
// Errors: 400002 no apiKey, 400093 malformed or unknown, what Elsewhere says, 403007 deleted, 403036 site or partner
// disabled.
func (v *Resolver) Site(ctx context.Context, r *Request) (*site.Site, error) {
	apiKey := v.apiKey(r)
	if apiKey == "" {
		if r.NoSite {
			return nil, nil
		}
		return nil, gigya.MissingParameter("apiKey")
	}
	if len(apiKey) < 2 || apiKey[0] < '0' || apiKey[0] > '9' || apiKey[1] != '_' {
		const shown = 128
		return nil, gigya.NewError(gigya.InvalidAPIKeyParameter,
			"GSKeyBase is invalid, no version: "+apiKey[:min(len(apiKey), shown)])
	}
	if !site.ValidAPIKey(apiKey) {
		return nil, gigya.NewError(gigya.InvalidAPIKeyParameter, "")
	}
	s, err := v.sites.Site(ctx, apiKey)
	if errors.Is(err, store.ErrNotFound) {
		return nil, gigya.NewError(gigya.InvalidAPIKeyParameter, "")
	}
	if err != nil {
		return nil, err
	}
	if r.Elsewhere != nil {
		if err := r.Elsewhere(s); err != nil {
			return nil, err
		}
	}
	switch {
	case s.Status == store.SiteDeleted:
		return nil, gigya.NewError(gigya.PermissionDenied, "Site was deleted")
	case s.Status != store.SiteActive, s.Partner.Disabled:
		return nil, gigya.NewError(gigya.UnauthorizedPartner, "")
	}
	return s, nil
}

// apiKey returns the API key of the request as it was written, or an empty text.
func (v *Resolver) apiKey(r *Request) string {
	if apiKey := r.Params.Get("apiKey"); apiKey != "" {
		return apiKey
	}
	if tokenIsAPIKey(r) {
		return r.Params.Get("oauth_token")
	}
	// A signature does not cover headers: with another one a captured request would act on another site.
	if r.HeaderAPIKey != "" && !r.Params.Has("sig") {
		return r.HeaderAPIKey
	}
	if r.Anonymous || r.OwnCredential {
		return ""
	}
	text := r.Params.Get("oauth_token")
	if strings.TrimSpace(r.Authorization) != "" {
		_, bearer, err := parseAuthorization(r.Authorization)
		if err != nil {
			return "" // The header is refused later, when it is the credential's turn.
		}
		text = bearer
	}
	return v.siteOfToken(r, text)
}

// siteOfToken returns the API key that a token says. Nothing is proven yet: who the token makes the caller is decided
// with the site at hand.
func (v *Resolver) siteOfToken(r *Request, text string) string {
	if apiKey, ok := session.SiteOf(text); ok && site.ValidAPIKey(apiKey) {
		return apiKey
	}
	if a, err := v.tokens.OpenAccess(text, r.Now); err == nil || errors.Is(err, token.ErrExpired) {
		return a.Site
	}
	return ""
}
