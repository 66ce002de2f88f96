package oauth2

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// Lives of what is issued.
const (
	// AccessLife is that of an access token: the documented ten minutes.
	AccessLife = 10 * time.Minute
	// RefreshLife is that of a refresh token.
	RefreshLife = 14 * 24 * time.Hour
)

// maxBody bounds a request's form, in bytes. The longest thing in it is a token.
const maxBody = 16 << 10

// The paths, in lower case. This handler looks at neither letter case nor a slash at the end; what stands before it may
// be stricter, as the gateway is.
const (
	tokenPath      = "/oauth2/token"
	introspectPath = "/introspect"
	revokePath     = "/revocation"
	keysPath       = "/oauth2/jwks"
	metadataPath   = "/.well-known/oauth-authorization-server"
)

// Options is what the endpoints work with. Fields that say nothing else must be set.
type Options struct {
	Store   store.Store
	Sites   *site.Directory
	Tokens  *token.Tokens
	Keyring *token.Keyring
	Clock   clock.Clock
	// Rand makes the ids of tokens.
	Rand io.Reader
	// Base returns the scheme and host by which clients reach the server, without a slash at the end.
	Base func(*http.Request) string
	// Secure tells whether the request came by TLS, or by a way that is as good. Secrets are not taken otherwise.
	Secure func(*http.Request) bool
	// ClientIP returns the address that the request comes from; invalid: nobody knows it, and it is in no network.
	ClientIP func(*http.Request) netip.Addr
	// Issuer is the iss of access tokens and the issuer of the metadata; empty: what Base returns.
	Issuer string
	// RefreshTokens issues refresh tokens and takes them.
	RefreshTokens bool
	// Audit takes what a client did, and who showed a credential that was refused, before the answer leaves.
	Audit func(ctx context.Context, done Done)
	Log   *slog.Logger
}

// Done is a request with a client's credential, as the audit log wants it.
type Done struct {
	Request *http.Request
	// Path is the endpoint.
	Path string
	// Client is the proven client or, when Refused, the one that was claimed to be; nil: there is none of that name.
	Client *site.Key
	// Refused: the credential was not accepted.
	Refused bool
	Form    url.Values
	// Failed is the OAuth error; empty for a success.
	Failed string
}

// Server answers the OAuth 2 paths. It is safe for concurrent use.
type Server struct {
	Options
	routes map[string]route
}

type route struct {
	method string
	serve  func(http.ResponseWriter, *http.Request)
}

// New returns the endpoints.
func New(o Options) *Server {
	s := &Server{Options: o}
	s.routes = map[string]route{
		tokenPath:      {http.MethodPost, s.withClient(s.issue)},
		introspectPath: {http.MethodPost, s.withClient(s.introspect)},
		revokePath:     {http.MethodPost, s.withClient(s.revoke)},
		keysPath:       {http.MethodGet, s.keys},
		metadataPath:   {http.MethodGet, s.metadata},
	}
	return s
}

// Paths are the paths that the server answers.
func Paths() []string {
	return []string{tokenPath, introspectPath, revokePath, keysPath, metadataPath}
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	found, ok := s.routes[canonical(r)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != found.method && (found.method != http.MethodGet || r.Method != http.MethodHead) {
		w.Header().Set("Allow", found.method)
		s.fail(w, r, &fault{Status: http.StatusMethodNotAllowed, Code: invalidRequest, Description: "use " + found.method})
		return
	}
	defer func() {
		// Answers are written at the end alone: a panic before has sent nothing.
		if p := recover(); p != nil {
			s.fail(w, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	found.serve(w, r)
}

// canonical is the path as the routes have it.
func canonical(r *http.Request) string { return strings.TrimSuffix(strings.ToLower(r.URL.Path), "/") }

// failure names the OAuth error of an answer.
func failure(err error) string {
	var f *fault
	switch {
	case err == nil:
		return ""
	case errors.As(err, &f):
		return f.Code
	}
	return serverError
}

// withClient makes the handler of an endpoint that only proven clients may use: it reads the form, proves the client, and
// turns the error of the endpoint into an answer.
func (s *Server) withClient(serve func(r *http.Request, form url.Values, c *site.Key) (any, error)) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Pragma", "no-cache")
		form, err := s.form(w, r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		client, err := s.client(r, form)
		if err != nil {
			if errors.Is(err, errClient) && form.Get("client_id") != "" && form.Get("client_secret") != "" {
				s.Audit(r.Context(), Done{Request: r, Path: canonical(r), Client: client, Refused: true, Form: form, Failed: failure(err)})
			}
			s.fail(w, r, err)
			return
		}
		var answer any
		if err = s.checkNetwork(r, client); err == nil {
			answer, err = serve(r, form, client)
		}
		s.Audit(r.Context(), Done{Request: r, Path: canonical(r), Client: client, Form: form, Failed: failure(err), Refused: errors.Is(err, errClient)})
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.write(w, http.StatusOK, answer)
	}
}

// form reads the parameters. They stand in the body alone: a secret in a URL ends up in logs (RFC 6749, 2.3.1).
func (s *Server) form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if !s.Secure(r) {
		return nil, badRequest("HTTPS is required")
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, badRequest("the content type must be application/x-www-form-urlencoded")
	}
	if r.URL.RawQuery != "" {
		return nil, badRequest("parameters must be sent in the body")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, &fault{Status: http.StatusRequestEntityTooLarge, Code: invalidRequest, Description: "the body is too large"}
	}
	if errors.Is(err, store.ErrBusy) {
		return nil, err // The server has no room for it now: no fault of the client's.
	}
	if err != nil {
		return nil, badRequest("the body could not be read")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, badRequest("the body is not a form")
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, badRequest("a parameter is sent more than once: " + printable(name))
		}
	}
	return form, nil
}

// printable cuts and cleans a name that a caller made up: RFC 6749 allows printable ASCII without quotes in a
// description.
func printable(name string) string {
	clean := make([]byte, 0, 40)
	for i := 0; i < len(name) && i < 40; i++ {
		if c := name[i]; c > ' ' && c < 0x7f && c != '"' && c != '\\' {
			clean = append(clean, c)
		}
	}
	return string(clean)
}

// write sends the answer as JSON; nil is an empty body.
func (s *Server) write(w http.ResponseWriter, status int, answer any) {
	if answer == nil {
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(status)
		return
	}
	body, err := json.Marshal(answer)
	if err != nil {
		s.Log.Error("writing an OAuth answer", "error", err)
		http.Error(w, `{"error":"server_error"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	// A client that went away is not ours to mourn.
	_, _ = w.Write(append(body, '\n'))
}
