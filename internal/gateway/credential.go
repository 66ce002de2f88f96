package gateway

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

// claimed gathers what the call shows of its site and its credentials.
func (x *exchange) claimed() caller.Request {
	r := x.request
	var spec method.Spec
	level, partner := caller.AtSite, ""
	if x.method != nil {
		spec = x.method.Spec
		level, partner = x.method.Level(), x.method.Partner(x.inv.Raw)
	}
	return caller.Request{
		MethodName:    x.canonicalName(),
		Accepts:       spec.Callers,
		Anonymous:     spec.Anonymous,
		NoSite:        spec.NoSite,
		OwnCredential: spec.OwnCredential,
		Unverified:    spec.Unverified,
		Level:         level,
		Partner:       partner,
		HTTPMethod:    r.Method,
		Path:          r.URL.EscapedPath(),
		Schemes:       x.schemes(),
		Hosts:         x.hosts(),
		Params:        x.inv.Raw,
		Authorization: r.Header.Get("Authorization"),
		HeaderAPIKey:  r.Header.Get("apikey"),
		Cookie:        x.cookieValue,
		ClientIP:      x.inv.ClientIP,
		Secure:        x.origin.Secure || x.gateway.AllowInsecure,
		Now:           x.inv.Now,
		DevMode:       x.gateway.DevMode,
		Elsewhere:     x.elsewhereError,
	}
}

var (
	secureFirst = []string{"https", "http"}
	plainFirst  = []string{"http", "https"}
)

// schemes are those that the client may have signed: a front that nobody told us of may have ended its TLS.
func (x *exchange) schemes() []string {
	if x.origin.Secure {
		return secureFirst
	}
	return plainFirst
}

// hosts are those that the client may have signed: the one that reached us, the one that a trusted proxy tells, and that
// of the public URL.
func (x *exchange) hosts() []string {
	hosts := make([]string, 1, 3)
	hosts[0] = x.request.Host
	_, public, _ := strings.Cut(x.origin.BaseURL, "://")
	for _, host := range [...]string{x.origin.Host, public} {
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

func (x *exchange) cookieValue(name string) string {
	cookie, err := x.request.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// proveCaller proves who calls. Whoever fails is a client like any other, and spends a call of its address: trying
// credentials is no way around the rates. (Guessing one is hopeless at any rate: secrets are random, of 192 bits or more.)
func (x *exchange) proveCaller(ctx context.Context) error {
	if x.claim.OwnCredential {
		x.inv.Authorization, x.inv.Elsewhere = x.claim.Authorization, x.claim.Elsewhere
	}
	c, err := x.gateway.Credentials.Caller(ctx, &x.claim, x.inv.Site)
	if err != nil {
		via, userKey := caller.Claimed(&x.claim)
		x.record.Via, x.record.UserKey = via, recordable(userKey)
		x.record.Refused = x.record.Via != ""
		if !x.gateway.client.allow(network(x.inv.ClientIP), x.inv.Now) {
			return &gigya.Error{Code: gigya.APIRateLimitExceeded}
		}
		x.challenge(err)
		return err
	}
	x.inv.Caller, x.record.Caller = c, c
	x.record.Via, x.record.UserKey = c.Via, ""
	if c.Key != nil {
		x.record.UserKey = c.Key.UserKey
	}
	return nil
}

// challenge marks the answer to a bad OAuth 2 token, which clients that asked for real statuses know by 401.
func (x *exchange) challenge(err error) {
	var refused *gigya.Error
	if !errors.As(err, &refused) || (x.claim.Authorization == "" && !x.inv.Raw.Has("oauth_token")) {
		return
	}
	switch refused.Code {
	case gigya.InvalidToken:
		x.inv.HTTPStatus, x.bearerError = http.StatusUnauthorized, "invalid_token"
	case gigya.SessionHasExpired:
		x.inv.HTTPStatus, x.bearerError = http.StatusUnauthorized, "expired_token"
	}
}

// recordable returns the user key if it looks like one. Whoever confuses its parameters sends a secret in its place, and
// the shortest secret has 32 characters.
func recordable(userKey string) string {
	const longest = 24
	if len(userKey) > longest {
		return ""
	}
	for i := range len(userKey) {
		if c := userKey[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '_' && c != '-' {
			return ""
		}
	}
	return userKey
}
