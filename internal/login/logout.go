package login

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// LogoutParams are the parameters of logout, in either namespace.
type LogoutParams struct {
	// UID is the user of a server call; a session ends itself.
	UID string `param:"UID"`
	// ForceProvidersLogout, SignIDs, SAMLContext and SustainLogoutURLs are sent by the web SDK; of no effect without
	// social providers.
	ForceProvidersLogout bool   `param:"forceProvidersLogout"`
	SignIDs              bool   `param:"signIDs"`
	SAMLContext          string `param:"samlContext"`
	SustainLogoutURLs    string `param:"sustainLogoutURLs"`
}

// LogoutResult is the answer of logout, in either namespace.
type LogoutResult struct {
	// ConnectedProviders is a comma list.
	ConnectedProviders  string `json:"connectedProviders,omitempty"`
	UID                 string `json:"UID"`
	LogoutActiveSession bool   `json:"logoutActiveSession"`
}

// Logout ends sessions: a session ends itself, a server call ends every session of the user on all devices. The account
// stays as it is. A UID that does not exist is 403005.
func Logout(ctx context.Context, st store.Store, c *method.Invocation, p LogoutParams) (LogoutResult, error) {
	uid, err := Target(c, p.UID)
	if err != nil {
		return LogoutResult{}, err
	}
	var providers string
	err = st.Change(ctx, func(tx store.Tx) error {
		a, err := tx.Account(c.Site.Group, uid)
		if err != nil {
			return err
		}
		providers = a.SocialProviders
		if c.Caller.Session != nil {
			err = tx.DeleteSession(c.Site.Group, uid, c.Caller.Session.Hash)
		} else {
			_, err = tx.DeleteSessions(c.Site.Group, uid, store.Hash{})
		}
		if err != nil {
			return err
		}
		return c.Succeed(tx)
	})
	if errors.Is(err, store.ErrNotFound) {
		return LogoutResult{}, gigya.NewError(gigya.UnauthorizedUser, "")
	}
	if err != nil {
		return LogoutResult{}, fmt.Errorf("ending sessions: %w", err)
	}
	return LogoutResult{ConnectedProviders: providers, UID: uid, LogoutActiveSession: true}, nil
}

// Target returns the UID that a call by server or session is about, and notes it for the audit log: the parameter, or
// the session's own user, who may name nobody else (403005).
func Target(c *method.Invocation, uid string) (string, error) {
	if c.Caller.UID != "" {
		if uid != "" && uid != c.Caller.UID {
			return "", gigya.NewError(gigya.UnauthorizedUser, "")
		}
		uid = c.Caller.UID
	}
	if uid == "" {
		return "", gigya.MissingParameter("UID")
	}
	c.UID = uid
	return uid, nil
}
