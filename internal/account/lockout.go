package account

import (
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/policy"
	"github.com/doorward/doorward/internal/store"
)

// Locked tells whether logins are refused at now because too many failed.
func Locked(s *store.Secrets, now clock.Millis) bool { return s.LockedUntil > now }

// CountsFailures tells whether the policy wants failed logins counted; without it a failed login writes nothing.
func CountsFailures(p *policy.Security) bool { return p.AccountLockout.FailedLoginThreshold > 0 }

// Failed counts a failed login, and locks the account when the threshold of the policy is reached. A failure that is
// older than failedLoginResetSec (0: never) is forgotten. A lock ends the account's regTokens.
//
// An account that is locked is left as it is: failures during a lock do not make it longer, so that nobody can be kept
// out for good by somebody else's guessing.
func Failed(s *store.Secrets, p *policy.Security, now clock.Millis) {
	if !CountsFailures(p) || Locked(s, now) {
		return
	}
	reset := time.Duration(p.AccountLockout.FailedLoginResetSec) * time.Second
	if reset > 0 && s.LastFailedLogin != 0 && s.LastFailedLogin.Add(reset) <= now {
		s.FailedLogins = 0
	}
	s.FailedLogins++
	s.LastFailedLogin = now
	if s.FailedLogins >= p.AccountLockout.FailedLoginThreshold {
		s.FailedLogins = 0
		s.LockedUntil = now.Add(time.Duration(p.AccountLockout.LockoutTimeSec) * time.Second)
		s.TokenEpoch++
	}
}

// Unlock forgets failures and lifts a lock: after a good login, or because a server says so.
func Unlock(s *store.Secrets) {
	s.FailedLogins, s.LastFailedLogin, s.LockedUntil = 0, 0, 0
}

// SetPassword gives the account a password whose hash was made before. The one it replaces becomes the latest of the
// history, of which at most keep are kept (policy passwordHistorySize). It ends the account's regTokens and the demand
// to change the password.
func SetPassword(s *store.Secrets, hash string, keep int, now clock.Millis) {
	history := s.PasswordHistory
	if s.PasswordHash != "" {
		history = append([]string{s.PasswordHash}, history...)
	}
	s.PasswordHistory = history[:min(len(history), max(keep, 0))]
	s.PasswordHash = hash
	s.PasswordCreated = now
	s.MustChangePassword = false
	s.TokenEpoch++
}

// Past returns the hashes that a new password is checked against: the present one and the history, none if the policy
// keeps no history.
func Past(s *store.Secrets, keep int) []string {
	if keep <= 0 || s.PasswordHash == "" {
		return nil
	}
	past := append([]string{s.PasswordHash}, s.PasswordHistory...)
	return past[:min(len(past), keep)]
}
