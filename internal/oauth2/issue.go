package oauth2

import (
	"net/http"
	"net/url"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/token"
)

// refreshKind keeps refresh tokens apart from all other sealed texts.
const refreshKind = "oauth2-refresh"

// refresh is what a refresh token says.
type refresh struct {
	UserKey string       `json:"k"`
	ID      string       `json:"i"`
	Issued  clock.Millis `json:"t"`
	Expires clock.Millis `json:"x"`
}

// issued is the answer of the token endpoint.
type issued struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	// ExpiresIn is in seconds.
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
}

// issue serves the token endpoint (RFC 6749, 4.4 and 6).
func (s *Server) issue(r *http.Request, form url.Values, c *site.Key) (any, error) {
	now := s.Clock.Now()
	switch grant := form.Get("grant_type"); {
	case grant == "client_credentials":
		answer, err := s.access(r, c, now)
		if err == nil && s.RefreshTokens {
			answer.RefreshToken = s.Tokens.SealJSON(refreshKind, refresh{
				UserKey: c.UserKey, ID: id.Token(s.Rand, 16),
				Issued: clock.FromTime(now), Expires: clock.FromTime(now.Add(RefreshLife)),
			})
		}
		return answer, err
	case grant == "refresh_token" && s.RefreshTokens:
		if form.Get("refresh_token") == "" {
			return nil, badRequest("refresh_token is missing")
		}
		known, err := s.openRefresh(r.Context(), form.Get("refresh_token"), now)
		if err != nil {
			return nil, err
		}
		if known == nil || !known.alive || known.client != c.UserKey {
			return nil, &fault{Status: http.StatusBadRequest, Code: invalidGrant, Description: "the refresh token is not valid"}
		}
		return s.access(r, c, now)
	case grant == "":
		return nil, badRequest("grant_type is missing")
	}
	return nil, &fault{Status: http.StatusBadRequest, Code: unsupportedGrantType}
}

func (s *Server) access(r *http.Request, c *site.Key, now time.Time) (*issued, error) {
	text, err := s.Keyring.SignAccess(r.Context(), token.AccessClaims{
		Issuer: s.issuer(r), UserKey: c.UserKey, ID: id.Token(s.Rand, 16), Issued: now, Expires: now.Add(AccessLife),
	})
	if err != nil {
		return nil, err
	}
	return &issued{AccessToken: text, TokenType: "Bearer", ExpiresIn: int64(AccessLife / time.Second)}, nil
}

func (s *Server) issuer(r *http.Request) string {
	if s.Issuer != "" {
		return s.Issuer
	}
	return s.Base(r)
}
