package account

import (
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Interruption is what keeps an account from a session.
type Interruption struct {
	Code gigya.Code
	// Details is errorDetails; empty: the code's message.
	Details string
	// Missing are the full paths of the required fields without value, with 206001.
	Missing []string
	// UnverifiedEmails comes with 206002.
	UnverifiedEmails []string
}

// Token tells whether the answer carries a regToken: a disabled or locked account gets none.
func (i *Interruption) Token() bool {
	return i.Code != gigya.AccountDisabled && i.Code != gigya.AccountTemporarilyLockedOut
}

// Next returns what interrupts a login of the account on the site at now, or nil. It is the only place that knows the
// order (the registration guide's): 403041, 403120, 403100, 206001, 206003, then 206002 or 206006.
func Next(a *store.Account, s *site.Site, now clock.Millis) *Interruption {
	if a.IsActive && Locked(&a.Secrets, now) {
		return &Interruption{Code: gigya.AccountTemporarilyLockedOut}
	}
	return Pending(a, s, now)
}

// Pending is [Next] without the lock: what the site demands of the account itself, however often somebody fails to log in.
func Pending(a *store.Account, s *site.Site, now clock.Millis) *Interruption {
	switch {
	case !a.IsActive:
		return &Interruption{Code: gigya.AccountDisabled}
	case passwordExpired(a, s, now):
		return &Interruption{Code: gigya.PendingPasswordChange}
	}
	if missing := Missing(a, s); len(missing) > 0 {
		return &Interruption{Code: gigya.AccountPendingRegistration, Details: schema.MissingDetails(missing), Missing: missing}
	}
	switch {
	case a.Registered == 0:
		// The text is recorded at a login of an account that was never finalized.
		return &Interruption{Code: gigya.AccountPendingRegistration, Details: "Registration was not finalized"}
	case s.Policies.Registration.RequireLoginID && lacksLogin(a, s):
		return &Interruption{Code: gigya.AccountMissingLoginID}
	}
	return unverified(a, s)
}

// lacksLogin tells whether the account has no way to log in by itself. One with a password and no identifier registered
// under an identifier that is somebody else's, where the site hides that: it is told nothing that the others are not.
func lacksLogin(a *store.Account, s *site.Site) bool {
	return a.Secrets.PasswordHash == "" || ParseLoginIDs(a.LoginIDs).Empty() && !s.Policies.AccountOptions.PreventLoginIDHarvesting
}

// Missing returns the full paths of the fields that the site requires and the account has no value for.
func Missing(a *store.Account, s *site.Site) []string {
	missing := s.Schema.Missing(object(a.Profile), object(a.Data), object(a.Preferences))
	if s.Schema.SubscriptionsDefined() {
		missing = append(missing, s.Schema.MissingSubscriptions(object(a.Subscriptions))...)
	}
	return missing
}

func passwordExpired(a *store.Account, s *site.Site, now clock.Millis) bool {
	if a.Secrets.PasswordHash == "" {
		return false
	}
	days := time.Duration(s.Policies.Security.PasswordChangeInterval) * 24 * time.Hour
	return a.Secrets.MustChangePassword || (days > 0 && a.Secrets.PasswordCreated != 0 && a.Secrets.PasswordCreated.Add(days) <= now)
}

func unverified(a *store.Account, s *site.Site) *Interruption {
	o := &s.Policies.AccountOptions
	if !o.HoldsUnverified() || a.Verified != 0 {
		return nil
	}
	if o.UseCodeVerification {
		return &Interruption{Code: gigya.PendingCodeVerification}
	}
	return &Interruption{Code: gigya.AccountPendingVerification, UnverifiedEmails: ParseEmails(a.Emails).Unverified}
}

// object parses a stored document; an absent one is empty.
func object(raw []byte) *document.Object {
	if len(raw) == 0 {
		return &document.Object{}
	}
	o, err := document.ParseObject(raw)
	if err != nil {
		return &document.Object{}
	}
	return o
}
