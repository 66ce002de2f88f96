package oauth2

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// client returns the key that the request proves itself by: client_id and client_secret in the body.
func (s *Server) client(r *http.Request, form url.Values) (*site.Key, error) {
	if r.Header.Get("Authorization") != "" {
		if form.Has("client_secret") {
			return nil, badRequest("use one way of client authentication, not two")
		}
		return nil, errClient
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if id == "" || secret == "" {
		return nil, errClient
	}
	key, err := s.liveKey(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if key == nil {
		caller.SameSecret("nobody's", secret)
		return nil, errClient
	}
	if _, ok := key.Proven(s.Clock.Now(), caller.Is(secret)); !ok {
		// A key that exists is in memory, one that does not is looked for in the store: so that the time tells nothing,
		// somebody is looked for here, too.
		if _, err := s.Store.Key(r.Context(), "nobody"); err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		return nil, errClient
	}
	return key, nil
}

// liveKey returns the key if it may be used at all: it is not disabled or revoked, nor is its partner. Otherwise nil.
func (s *Server) liveKey(ctx context.Context, userKey string) (*site.Key, error) {
	key, err := s.Sites.Key(ctx, userKey)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !key.Live() {
		return nil, nil
	}
	partner, err := s.Sites.PartnerByID(ctx, key.Partner)
	if errors.Is(err, store.ErrNotFound) || (err == nil && partner.Disabled) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return key, nil
}
