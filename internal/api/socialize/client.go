package socialize

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// client is who asks for an OAuth 2 token, proven.
type client struct {
	// site is nil for a key that works for several sites and named none.
	site *site.Site
	// key is nil for the partner itself.
	key *site.Key
}

// claim is how a client says who it is, before it is checked.
type claim struct {
	// id is an API key or a user key.
	id, secret string
	// userKey goes with an API key: the secret is then the key's.
	userKey string
	// header: id and secret came in the Authorization header, which takes an API key and the partner secret alone.
	header bool
}

// readClaim takes the client's claim from the header or the parameters. A client that uses both is refused: one of them
// would go unchecked.
func readClaim(c *method.Call[GetTokenParams]) (claim, error) {
	p := &c.Params
	if header := strings.TrimSpace(c.Authorization); header != "" {
		id, secret, ok := parseBasic(header)
		if !ok || p.ClientSecret != "" || p.Secret != "" {
			return claim{}, gigya.NewError(gigya.InvalidAuthenticationHeader, "")
		}
		return claim{id: id, secret: secret, header: true}, nil
	}
	got := claim{id: p.ClientID, secret: p.ClientSecret, userKey: p.UserKey}
	if got.secret == "" {
		got.secret = p.Secret
	}
	if got.id == "" && c.Site != nil {
		got.id = c.Site.APIKey
	}
	switch {
	case got.id == "":
		return claim{}, gigya.MissingParameter("client_id")
	case got.secret == "":
		return claim{}, gigya.MissingParameter("client_secret")
	}
	return got, nil
}

// parseBasic reads a Basic header. Its parts may be percent-encoded, as RFC 6749 wants them; API keys and secrets have
// no percent sign of their own.
func parseBasic(header string) (id, secret string, ok bool) {
	scheme, text, _ := strings.Cut(header, " ")
	const longest = 1024
	if !strings.EqualFold(scheme, "Basic") || len(text) > longest {
		return "", "", false
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return "", "", false
	}
	id, secret, ok = strings.Cut(string(plain), ":")
	if !ok || id == "" || secret == "" {
		return "", "", false
	}
	if id, err = url.PathUnescape(id); err != nil {
		return "", "", false
	}
	if secret, err = url.PathUnescape(secret); err != nil {
		return "", "", false
	}
	return id, secret, true
}

// prove checks the claim.
func (d Deps) prove(ctx context.Context, c *method.Call[GetTokenParams]) (client, error) {
	got, err := readClaim(c)
	if err != nil {
		return client{}, err
	}
	if !startsLikeAPIKey(got.id) && !got.header {
		return d.proveKey(ctx, c, got.id, got.secret, c.Site)
	}
	s, err := d.liveSite(ctx, c.Invocation, got.id)
	if err != nil {
		return client{}, err
	}
	if c.Site != nil && c.Site.APIKey != s.APIKey {
		return client{}, gigya.InvalidArgumentBecause("client_id", "must be the apiKey of the call")
	}
	// The call is about this site now, proven or not: a wrong secret is for its audit log.
	c.Site = s
	if got.userKey != "" {
		return d.proveKey(ctx, c, got.userKey, got.secret, s)
	}
	if _, ok := s.Partner.Proven(c.Now, caller.Is(got.secret)); !ok {
		return client{}, wrongSecret()
	}
	return client{site: s}, caller.CheckNetwork(c.ClientIP, s.Partner, nil)
}

// startsLikeAPIKey tells API keys from user keys: a digit and a low line.
func startsLikeAPIKey(id string) bool {
	return len(id) > 1 && '0' <= id[0] && id[0] <= '9' && id[1] == '_'
}

// proveKey proves a key by its secret. Without a site it is that of the key, if the key reaches only one: clients in the
// field name no site, neither here nor in the calls that they make with the token.
func (d Deps) proveKey(ctx context.Context, c *method.Call[GetTokenParams], userKey, secret string, s *site.Site) (client, error) {
	key, err := d.Sites.Key(ctx, userKey)
	if errors.Is(err, store.ErrNotFound) || err == nil && !key.Live() {
		return client{}, gigya.NewError(gigya.UnauthorizedUser, "The supplied userkey was not found")
	}
	if err != nil {
		return client{}, err
	}
	if _, ok := key.Proven(c.Now, caller.Is(secret)); !ok {
		return client{}, wrongSecret()
	}
	partner, err := d.Sites.PartnerByID(ctx, key.Partner)
	if err != nil {
		return client{}, err
	}
	if partner.Disabled {
		return client{}, gigya.NewError(gigya.UnauthorizedPartner, "")
	}
	if err := caller.CheckNetwork(c.ClientIP, partner, key); err != nil {
		return client{}, err
	}
	if s == nil {
		if s, err = d.onlySite(ctx, key); err != nil {
			return client{}, err
		}
	}
	if s == nil {
		return client{key: key}, nil
	}
	if err := caller.CheckNetwork(c.ClientIP, s.Partner, key); err != nil {
		return client{}, err // The key of a person may reach another partner's site.
	}
	if reaches, err := caller.Reaches(ctx, d.Sites, key, s); err != nil {
		return client{}, err
	} else if !reaches {
		return client{}, caller.Denied(c.Method.Spec.Name)
	}
	return client{site: s, key: key}, nil
}

// onlySite returns the one active site that the key reaches; nil if there are several, or none.
func (d Deps) onlySite(ctx context.Context, key *site.Key) (*site.Site, error) {
	records, err := d.Store.Sites(ctx, key.Partner)
	if err != nil {
		return nil, err
	}
	var only *site.Site
	for _, record := range records {
		if record.Status != store.SiteActive {
			continue
		}
		s, err := d.Sites.Site(ctx, record.APIKey)
		if err != nil {
			return nil, err
		}
		reaches, err := caller.Reaches(ctx, d.Sites, key, s)
		if err != nil {
			return nil, err
		}
		if !reaches {
			continue
		}
		if only != nil {
			return nil, nil
		}
		only = s
	}
	return only, nil
}

// liveSite returns the site of an API key that came as client_id, with the errors that any call to it would get.
func (d Deps) liveSite(ctx context.Context, c *method.Invocation, apiKey string) (*site.Site, error) {
	s, err := d.Sites.Site(ctx, apiKey)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, gigya.NewError(gigya.InvalidAPIKeyParameter, "")
	case err != nil:
		return nil, err
	}
	if c.Elsewhere != nil {
		if err := c.Elsewhere(s); err != nil {
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

func wrongSecret() error { return gigya.NewError(gigya.InvalidSecret, "Invalid parameter: secret") }
