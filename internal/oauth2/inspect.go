package oauth2

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// introspection is the answer about a live token (RFC 7662, 2.2).
type introspection struct {
	Active    bool   `json:"active"`
	ClientID  string `json:"client_id,omitempty"`
	TokenType string `json:"token_type,omitempty"`
	// Exp and Iat are in Unix seconds.
	Exp int64  `json:"exp,omitempty"`
	Iat int64  `json:"iat,omitempty"`
	Sub string `json:"sub,omitempty"`
	Iss string `json:"iss,omitempty"`
	Jti string `json:"jti,omitempty"`
}

// introspect serves RFC 7662. A client learns about its own tokens only; of all others, dead or strange, it is told
// the same.
func (s *Server) introspect(r *http.Request, form url.Values, c *site.Key) (any, error) {
	k, err := s.asked(r, form)
	if err != nil {
		return nil, err
	}
	if k == nil || !k.alive || k.client != c.UserKey {
		return introspection{}, nil
	}
	answer := introspection{
		Active: true, ClientID: k.client, TokenType: "Bearer",
		Exp: k.expires.Unix(), Iat: k.issued.Unix(), Sub: k.client, Iss: k.issuer, Jti: k.id,
	}
	if k.user != "" {
		answer.Sub = k.user
	}
	if k.refresh {
		answer.TokenType = ""
	}
	return answer, nil
}

// revoke serves RFC 7009. A token that is unknown or dead already is a success; one of another client is refused.
func (s *Server) revoke(r *http.Request, form url.Values, c *site.Key) (any, error) {
	k, err := s.asked(r, form)
	if err != nil {
		return nil, err
	}
	if k == nil || !k.alive {
		return nil, nil
	}
	if k.client != c.UserKey {
		return nil, &fault{Status: http.StatusBadRequest, Code: invalidGrant, Description: "the token was issued to another client"}
	}
	now := clock.FromTime(s.Clock.Now())
	err = s.Store.Change(r.Context(), func(tx store.Tx) error {
		return tx.UseOnce(token.RevokedSpace, token.Hash(k.id), now, k.expires.Add(markMargin))
	})
	if err != nil && !errors.Is(err, store.ErrUsed) {
		return nil, err
	}
	return nil, nil
}

// asked reads the token that the form names. The hint of its type is not needed.
func (s *Server) asked(r *http.Request, form url.Values) (*known, error) {
	text := form.Get("token")
	if text == "" {
		return nil, badRequest("token is missing")
	}
	return s.open(r.Context(), text, s.Clock.Now())
}
