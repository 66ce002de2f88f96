package oauth2

import (
	"errors"
	"net/http"
)

// The error codes of RFC 6749, 5.2.
const (
	invalidRequest       = "invalid_request"
	invalidClient        = "invalid_client"
	invalidGrant         = "invalid_grant"
	unsupportedGrantType = "unsupported_grant_type"
	serverError          = "server_error"
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

// fail answers with the error. What is no error of the protocol goes to the log; the client learns nothing of it.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var f *fault
	if !errors.As(err, &f) {
		s.Log.Error("OAuth request failed", "path", r.URL.Path, "error", err)
		f = &fault{Status: http.StatusInternalServerError, Code: serverError}
	}
	if f.Status == http.StatusUnauthorized && r.Header.Get("Authorization") != "" {
		// RFC 6749, 5.2: a client that tried the header is told so by this.
		w.Header().Set("WWW-Authenticate", `Basic realm="Gigya"`)
	}
	s.write(w, f.Status, f)
}
