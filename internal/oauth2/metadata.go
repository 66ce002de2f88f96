package oauth2

import (
	"net/http"
	"time"

	"github.com/doorward/doorward/internal/token"
)

// markMargin is how much longer than a token the mark lives that revokes it: tokens are taken for a moment after their
// end, because clocks differ.
const markMargin = time.Minute

// publicCache is the Cache-Control value of what everybody may read.
const publicCache = "public, max-age=300"

// metadata is the document of RFC 8414, its members in the recorded order.
type metadata struct {
	Issuer                string   `json:"issuer"`
	JWKSURI               string   `json:"jwks_uri"`
	TokenEndpoint         string   `json:"token_endpoint"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	IntrospectionEndpoint string   `json:"introspection_endpoint"`
	GrantTypes            []string `json:"grant_types_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	AuthMethods           []string `json:"token_endpoint_auth_methods_supported"`
}

func (s *Server) metadata(w http.ResponseWriter, r *http.Request) {
	base := s.Base(r)
	grants := []string{"client_credentials"}
	if s.RefreshTokens {
		grants = append(grants, "refresh_token")
	}
	s.public(w, metadata{
		Issuer:                s.issuer(r),
		JWKSURI:               base + keysPath,
		TokenEndpoint:         base + tokenPath,
		RevocationEndpoint:    base + revokePath,
		IntrospectionEndpoint: base + introspectPath,
		GrantTypes:            grants,
		ResponseTypes:         []string{"token"},
		AuthMethods:           []string{"client_secret_post"},
	})
}

// keys serves the JWK set, the signing key first.
func (s *Server) keys(w http.ResponseWriter, r *http.Request) {
	keys, err := s.Keyring.Published(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if keys == nil {
		keys = []token.JWK{}
	}
	s.public(w, struct {
		Keys []token.JWK `json:"keys"`
	}{keys})
}

// public answers what everybody may read, from any page.
func (s *Server) public(w http.ResponseWriter, answer any) {
	w.Header().Set("Cache-Control", publicCache)
	w.Header().Set("Access-Control-Allow-Origin", "*")
	s.write(w, http.StatusOK, answer)
}
