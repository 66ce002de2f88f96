package oauth2

import (
	"context"
	"errors"
	"net/http"

	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/store"
)

// The error codes of RFC 6749, 5.2.
const (
	invalidRequest       = "invalid_request"
	invalidClient        = "invalid_client"
	invalidGrant         = "invalid_grant"
	unsupportedGrantType = "unsupported_grant_type"
	serverError          = "server_error"
	unavailable          = "temporarily_unavailable"
)

// fault is an error of the protocol.
type fault struct {
	Status      int    `json:"-"`
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

func (f *fault) Error() string { return f.Code + ": " + f.Description }

func badRequest(description string) *fault {
	return &fault{Status: http.StatusBadRequest, Code: invalidRequest, Description: description}
}

// errClient is one error for every reason why a client is not proven: nobody learns which keys exist.
var errClient = &fault{Status: http.StatusUnauthorized, Code: invalidClient, Description: "client authentication failed"}

// fail answers with the error. What is no error of the protocol goes to the log; the client learns nothing of it but the
// id under which it stands there.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var f *fault
	if !errors.As(err, &f) {
		callID := id.CallID(s.Rand)
		s.Log.Error("OAuth request failed", "callId", callID, "path", r.URL.Path, "error", err)
		w.Header().Set("X-Callid", callID)
		f = &fault{Status: http.StatusInternalServerError, Code: serverError}
		if errors.Is(err, store.ErrBusy) || errors.Is(err, context.DeadlineExceeded) {
			w.Header().Set("Retry-After", "1")
			f = &fault{Status: http.StatusServiceUnavailable, Code: unavailable}
		}
	}
	if f.Status == http.StatusUnauthorized && r.Header.Get("Authorization") != "" {
		// RFC 6749, 5.2: a client that tried the header is told so by this.
		w.Header().Set("WWW-Authenticate", `Basic realm="Gigya"`)
	}
	s.write(w, f.Status, f)
}
