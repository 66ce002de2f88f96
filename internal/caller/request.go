package caller

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// Request is what of a call matters for its site and its credentials.
type Request struct {
	// MethodName is the canonical name of the method, for the text of a refusal.
	MethodName string
	// Accepts are the classes that the method lists.
	Accepts Class
	// Anonymous: no credential is looked at. NoSite: the call needs no site. OwnCredential: the method reads client_id
	// and client_secret itself, and takes a Basic header; no credential is looked at here.
	Anonymous, NoSite, OwnCredential bool
	// Unverified: sessions whose account lacks what the site demands may call.
	Unverified bool
	// Level is what the call is about; Partner the id of the partner that it names, as it was written, or empty.
	Level   Level
	Partner string

	// HTTPMethod and Path are those of the request line; Schemes and Hosts what the client may have seen, in the order
	// in which they are tried. They are what a signature covers, besides the parameters.
	HTTPMethod, Path string
	Schemes, Hosts   []string
	Params           *gigya.Params
	// Authorization is the header's value; HeaderAPIKey that of the header apikey.
	Authorization, HeaderAPIKey string
	// Cookie returns the value of a cookie, or an empty text. Nil: there are none.
	Cookie func(name string) string
	// ClientIP is where the call comes from; invalid: nobody knows, and it is in no network.
	ClientIP netip.Addr
	// Secure tells whether the call came by TLS.
	Secure bool
	// Now is the time of the call.
	Now time.Time
	// DevMode lets bearer credentials travel over plain HTTP and shows the expected base string of a refused signature.
	DevMode bool
	// Elsewhere returns the error for a site that another installation serves (301001), nil for one of ours. It is asked
	// after the site was found and before its status is looked at. Nil: every site is ours.
	Elsewhere func(s *site.Site) error
}

// Resolver finds the site and the caller of a request. It is safe for concurrent use.
type Resolver struct {
	sites    *site.Directory
	sessions *session.Sessions
	tokens   *token.Tokens
	keyring  *token.Keyring
	memory   Memory
}

// Memory is what the resolver asks the store itself: nonces that were seen, tokens that were revoked, and accounts whose session was
// opened at another site of the group.
type Memory interface {
	store.Replay
	Marked(ctx context.Context, space string, hash store.Hash, now clock.Millis) (bool, error)
	Account(ctx context.Context, group, uid string) (*store.Account, error)
}

// NewResolver returns a resolver.
func NewResolver(
	sites *site.Directory, sessions *session.Sessions, tokens *token.Tokens, keyring *token.Keyring, memory Memory,
) *Resolver {
	return &Resolver{sites: sites, sessions: sessions, tokens: tokens, keyring: keyring, memory: memory}
}

// maxBearer is the longest token of a header or of oauth_token that is looked at, in bytes.
const maxBearer = 8192

// kind is a kind of credential. The order of the constants is that of precedence.
type kind int

const (
	byHeader kind = iota
	byKeySignature
	bySessionSignature
	bySignature
	byKeySecret
	bySecret
	byAccessToken
	byLoginToken
	byCookie
	byRegToken
	byNothing
)

// first returns the credential that decides, of those that stand in the parameters and the header.
func first(r *Request) kind {
	if r.Anonymous || r.OwnCredential {
		return byNothing
	}
	p := r.Params
	oauthToken, sentOAuthToken := p.Lookup("oauth_token")
	if tokenIsAPIKey(r) {
		oauthToken, sentOAuthToken = "", false
	}
	// An oauth_token that is there and empty: a mobile client that has no session any more, whose sig is ignored.
	signed := p.Has("sig") && (oauthToken != "" || !sentOAuthToken)
	switch {
	case strings.TrimSpace(r.Authorization) != "":
		return byHeader
	case signed && p.Has("userKey"):
		return byKeySignature
	case signed && oauthToken != "":
		return bySessionSignature
	case signed:
		return bySignature
	case p.Has("secret") && p.Has("userKey"):
		return byKeySecret
	case p.Has("secret"):
		return bySecret
	case oauthToken != "":
		return byAccessToken
	case p.Has("login_token"):
		return byLoginToken
	}
	return byCookie
}

// tokenIsAPIKey tells whether oauth_token stands in for apiKey: the PHP, Python and .NET SDKs put the API key there when
// they have no secret, and send no apiKey. Beside an apiKey it must be the same one.
func tokenIsAPIKey(r *Request) bool {
	text := r.Params.Get("oauth_token")
	if !site.ValidAPIKey(text) {
		return false
	}
	apiKey := r.Params.Get("apiKey")
	return apiKey == "" || apiKey == text
}

// Claimed returns how the caller says to be known and the user key that is named, whatever is true of it: the audit log
// records failed calls of servers under the key that was claimed. Both are empty when no server credential is there.
func Claimed(r *Request) (via, userKey string) {
	switch first(r) {
	case byKeySignature:
		return "signature", r.Params.Get("userKey")
	case bySignature:
		return "signature", ""
	case byKeySecret:
		return "userKey", r.Params.Get("userKey")
	case bySecret:
		return "partnerSecret", ""
	case byHeader:
		_, text, err := parseAuthorization(r.Authorization)
		if err != nil || len(text) > maxBearer {
			return "", ""
		}
		if jwt, err := gigya.ParseJWT(text); err == nil {
			if raw, ok := document.Member(jwt.Claims, "client_id"); ok { // An access token of ours names the key so.
				return "oauth", strings.Trim(string(raw), `"`)
			}
			return "bearer", jwt.KeyID
		}
	}
	return "", ""
}
