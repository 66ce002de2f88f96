package login

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/store"
)

// Vouched is a login of somebody whom the site itself has authenticated (notifyLogin, and the user tokens of
// socialize.getToken).
type Vouched struct {
	// SiteUID is the account's UID: the site's own id of the user, or a UID that we made. See [account.ValidUID].
	SiteUID string
	// UserInfo are profile values; nil: none.
	UserInfo *document.Object
	// RegSource is set on an account that has none; nil: nothing is set.
	RegSource *string
	// SkipValidation opens the session whatever the site's rules want of an account. A disabled one is refused all the
	// same.
	SkipValidation bool
	// Expiration is the sessionExpiration.
	Expiration int64
	// Mobile opens a mobile session.
	Mobile bool
	// SignedAt is when the site gave its word, for one that was signed before the call; 0: it gives it now.
	SignedAt clock.Millis
}

// VouchedLogin is what became of a [Vouched].
type VouchedLogin struct {
	Account *store.Account
	// NewUser: the account was made by this login.
	NewUser bool
	// Stop is what holds the login back; nil: nothing does, and Opened is the session.
	Stop   *account.Interruption
	Opened session.Opened
}

// Vouch finds or makes the account and opens a session, in one transaction. An account that the site's rules hold back is
// stored all the same, without a session; the transaction that changes it has the record of that end. Faults of the values are 400009 with their items, a UID that no account can have
// is 400006. Profile values that the caller's rights do not let be written are 403007. A word that was given before the account got its
// password is 403002: answers hold the signature of a UID, and whoever was logged in then is not any more.
func Vouch(ctx context.Context, st store.Store, sessions *session.Sessions, c *method.Invocation, v Vouched) (VouchedLogin, error) {
	if !account.ValidUID(v.SiteUID) {
		return VouchedLogin{}, gigya.InvalidArgumentBecause("siteUID", "want 1 to 252 printable ASCII characters without blanks")
	}
	if !session.ValidExpiration(v.Expiration) {
		return VouchedLogin{}, gigya.InvalidArgument("sessionExpiration")
	}
	if v.UserInfo != nil {
		wanted := account.Written{Field: "profile", Patch: v.UserInfo.JSON()}
		if path, ok := account.Unwritable(c.Caller.Fields(), wanted); !ok {
			return VouchedLogin{}, caller.DeniedField(c.Method.Spec.Name, path)
		}
	}
	c.UID = v.SiteUID
	var result VouchedLogin
	err := st.Change(ctx, func(tx store.Tx) error {
		var err error
		var changed bool
		result, changed, err = v.login(tx, sessions, c)
		switch {
		case err != nil || result.Stop != nil && !changed:
			return err
		case result.Stop != nil:
			return c.Interrupt(tx, result.Stop.Code, result.Stop.Details)
		}
		return c.Succeed(tx)
	})
	if err != nil {
		return VouchedLogin{}, err
	}
	return result, nil
}

// login is the transaction. changed tells whether it wrote anything.
func (v Vouched) login(tx store.Tx, sessions *session.Sessions, c *method.Invocation) (result VouchedLogin, changed bool, err error) {
	now := clock.FromTime(c.Now)
	a, err := tx.Account(c.Site.Group, v.SiteUID)
	if errors.Is(err, store.ErrNotFound) {
		a, result.NewUser, err = account.New(c.Site.Group, v.SiteUID, now), true, nil
	}
	if err != nil {
		return result, false, fmt.Errorf("reading the account of a vouched login: %w", err)
	}
	result.Account = a
	const stamp = clock.Millis(1000) // Signatures are stamped in whole seconds.
	if v.SignedAt != 0 && a.Secrets.PasswordCreated/stamp > v.SignedAt/stamp {
		return result, false, gigya.NewError(gigya.RequestHasExpired, "")
	}
	outcome, err := account.Apply(a, &account.Change{Profile: v.UserInfo, RegSource: v.RegSource}, account.Rules{
		// A page with the site's word for the UID has no word for what it writes: the rules of clients hold for that.
		Site: c.Site, Server: c.Server(), Now: now,
		Owner: func(id store.Identifier) (string, error) { return tx.Owner(c.Site.Group, id) },
	})
	if err == nil {
		err = outcome.Err()
	}
	if err != nil {
		return result, false, err
	}
	// There is no form to finish: the account is registered once nothing that the site requires is missing.
	if a.Registered == 0 && (v.SkipValidation || len(account.Missing(a, c.Site)) == 0) {
		account.Finalize(a, now)
		outcome.Changed = true
	}
	result.Stop = v.stop(a, c, now)
	if result.Stop == nil {
		account.LoggedIn(a, now)
		outcome.Changed = true
	}
	if err := outcome.Store(tx, a); err != nil || result.Stop != nil {
		return result, outcome.Changed, err
	}
	result.Opened, err = sessions.Open(tx, session.Open{
		Group: c.Site.Group, Site: c.Site.APIKey, UID: a.UID, Mobile: v.Mobile, Expiration: v.Expiration,
		Provider: account.Site, ClientIP: clientIP(c), UserAgent: c.UserAgent, Now: c.Now,
	})
	return result, true, err
}

// stop returns what holds the account back. Without validation only a disabled one is.
func (v Vouched) stop(a *store.Account, c *method.Invocation, now clock.Millis) *account.Interruption {
	stop := account.Next(a, c.Site, now)
	if v.SkipValidation && stop != nil && stop.Code != gigya.AccountDisabled {
		return nil
	}
	return stop
}

// Conceals tells whether the caller must not learn which login identifiers are taken: policy
// accountOptions.preventLoginIDHarvesting hides it from everybody but servers. The rules for fields are another question.
func Conceals(c *method.Invocation) bool {
	return c.Site.Policies.AccountOptions.PreventLoginIDHarvesting && c.Caller.Class != caller.Server
}

func clientIP(c *method.Invocation) string {
	if !c.ClientIP.IsValid() {
		return ""
	}
	return c.ClientIP.String()
}
