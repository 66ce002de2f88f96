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

// client returns the key that the request proves itself by: client_id and client_secret in the body. With the error for who is not
// proven it returns the key that was claimed; nil: there is none.
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
	key, live, err := s.liveKey(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if !live {
		caller.SameSecret("nobody's", secret)
		return key, errClient
	}
	if _, ok := key.Proven(s.Clock.Now(), caller.Is(secret)); !ok {
		// A key that exists is in memory, one that does not is looked for in the store: so that the time tells nothing,
		// somebody is looked for here, too.
		if _, err := s.Store.Key(r.Context(), "nobody"); err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		return key, errClient
	}
	return key, nil
}

// checkNetwork refuses a client from a network that its key or its partner does not allow, as one that is not proven: that the secret
// is the right one is told nobody there.
func (s *Server) checkNetwork(r *http.Request, key *site.Key) error {
	partner, err := s.Sites.PartnerByID(r.Context(), key.Partner)
	if err != nil {
		return err
	}
	if caller.CheckNetwork(s.ClientIP(r), partner, key) != nil {
		return errClient
	}
	return nil
}

// liveKey returns the key, nil if there is none, and whether it may be used at all: it is not disabled or revoked, nor is its partner.
func (s *Server) liveKey(ctx context.Context, userKey string) (key *site.Key, live bool, err error) {
	key, err = s.Sites.Key(ctx, userKey)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if !key.Live() {
		return key, false, nil
	}
	partner, err := s.Sites.PartnerByID(ctx, key.Partner)
	if errors.Is(err, store.ErrNotFound) || (err == nil && partner.Disabled) {
		return key, false, nil
	}
	return key, err == nil, err
}
