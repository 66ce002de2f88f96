package accounts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// LoginParams are the parameters of accounts.login.
type LoginParams struct {
	// LoginID is an e-mail address or a user name; with loginMode reAuth the session's own user is meant.
	LoginID  string `param:"loginID"`
	Password string `param:"password,required"`
	// LoginMode is standard, reAuth or link.
	LoginMode         string        `param:"loginMode"`
	RegToken          string        `param:"regToken,len=8192"`
	Include           method.List   `param:"include"`
	SessionExpiration *int64        `param:"sessionExpiration"`
	CaptchaToken      string        `param:"captchaToken,len=16384"`
	CaptchaText       string        `param:"captchaText"`
	CaptchaType       string        `param:"captchaType"`
	DataCenter        string        `param:"dataCenter"`
	ClientContext     method.Object `param:"clientContext,len=65536"`
	ActionAttributes  method.Object `param:"actionAttributes,len=65536"`
	IncludeUserInfo   bool          `param:"includeUserInfo"`
	// IncludeDynamicSchema is sent by the web SDK; of no effect.
	IncludeDynamicSchema bool `param:"includeDynamicSchema"`
}

// logIn serves accounts.login: a login with login identifier and password.
//
// Anybody may call. An unknown identifier and a wrong password get the same bytes (403042) after the same work: one
// password hash each. Then, in the order of [account.Next], 403041, 403120, 403100, 206001, 206003, 206002 or 206006 hold
// a login back with a regToken. A locked account is refused before its password is looked at, with 403042 where policy
// accountOptions.preventLoginIDHarvesting hides from clients that it exists. Too many logins at once:
// 403048. An earlier password is 401030, if the policy keeps a history. If the hash was imported as that of a service
// (algorithm custom) and the service is silent, nothing is known of the password: 503001, or 403042 where the policy hides
// which accounts there are; it counts toward no lockout.
//
// Sources: the REST guide; answers recorded in two clients and their refusals.
//
// Differs: loginMode link is refused with 400006.
func logIn(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.login",
		Summary: "Logs in with login identifier and password.",
		Callers: caller.Public | caller.Session | caller.Server,
		Write:   true,
		Event:   true,
		Partial: "loginMode link, aToken, captcha, lockout by address, two-factor, risk rules, mails, webhooks, vToken of 206006",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[LoginParams]) (*AccountResult, error) {
		if err := checkLogin(c); err != nil {
			return nil, err
		}
		a, err := d.claimed(ctx, c)
		if err != nil {
			return nil, err
		}
		rehashed, err := d.prove(ctx, c.Invocation, a, c.Params.Password)
		if errors.Is(err, password.ErrUnavailable) && c.Params.LoginMode != "reAuth" && login.Conceals(c.Invocation) {
			err = d.pretendToRefuse(ctx, c.Invocation, c.Params.Password, err)
		}
		if err != nil {
			return nil, err
		}
		notNew := false
		s := show(c.Params.Include, nil, account.IncludeProfile)
		s.userInfo, s.newUser = c.Params.IncludeUserInfo, &notNew
		if err := d.chooseKey(ctx, &s); err != nil {
			return nil, err
		}
		return d.open(ctx, c, a, rehashed, s)
	})
}

func checkLogin(c *method.Call[LoginParams]) error {
	if err := cmp.Or(validExpiration(c.Params.SessionExpiration), validTargetEnv(c.Invocation)); err != nil {
		return err
	}
	if !c.Site.Policies.Authentication.Methods.Password.Enabled {
		return gigya.NewError(gigya.ThisAuthenticationMethodIsCurrentlyDisabled, "")
	}
	switch c.Params.LoginMode {
	case "", "standard":
	case "reAuth":
		if c.Caller.Class != caller.Session {
			return gigya.NewError(gigya.UnauthorizedUser, "")
		}
		return nil
	case "link":
		return gigya.InvalidArgumentBecause("loginMode", "link needs a social login, which this server does not serve")
	default:
		return gigya.InvalidArgumentBecause("loginMode", "want standard or reAuth")
	}
	if c.Params.LoginID == "" {
		return gigya.MissingParameter("loginID")
	}
	return nil
}

// claimed returns the account that the caller says to be, or nil if there is none.
func (d Deps) claimed(ctx context.Context, c *method.Call[LoginParams]) (*store.Account, error) {
	var a *store.Account
	var err error
	if c.Params.LoginMode == "reAuth" {
		a, err = d.Store.Account(ctx, c.Site.Group, c.Caller.UID)
	} else {
		a, err = d.holder(ctx, c.Invocation, c.Params.LoginID)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, d.pretendToRead(ctx, c.Invocation)
	}
	if err != nil {
		return nil, err
	}
	c.UID = a.UID
	if c.Params.LoginMode == "reAuth" {
		return a, nil
	}
	if !mayLogInBy(c.Invocation, a, c.Params.LoginID) || hiddenLock(c.Invocation, a) {
		return nil, nil
	}
	return a, nil
}

// pretendToRead looks for an account that does not exist: a login of somebody who exists reads one.
func (d Deps) pretendToRead(ctx context.Context, c *method.Invocation) error {
	_, err := d.Store.Account(ctx, c.Site.Group, id.UID(c.Now, d.Rand))
	if err == nil || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return fmt.Errorf("reading nobody's account: %w", err)
}

// hiddenLock tells whether the account is locked and the caller must not learn that it exists: 403120 is told of
// accounts alone. While the lock lasts the right password is refused like any other.
func hiddenLock(c *method.Invocation, a *store.Account) bool {
	return c.Site.Policies.AccountOptions.PreventLoginIDHarvesting && !c.Server() &&
		account.Locked(&a.Secrets, clock.FromTime(c.Now))
}

// mayLogInBy tells whether the policy lets identifiers of this kind log in.
func mayLogInBy(c *method.Invocation, a *store.Account, loginID string) bool {
	o := c.Site.Policies.AccountOptions
	if account.ParseLoginIDs(a.LoginIDs).HasEmail(account.Normalize(loginID)) {
		return o.AllowsLogin("email")
	}
	return o.AllowsLogin("username")
}

// refused is the one answer for an unknown identifier and a wrong password (recorded text).
func refused() error { return gigya.NewError(gigya.InvalidLoginID, refusedText) }

const refusedText = "invalid loginID or password"

// prove checks the password of the account, nil for one that does not exist, and counts failures. For a password whose
// stored hash should be made anew it returns the new hash.
//
// The work is the same whoever is there: one hash, one more where the policy keeps a history and the password is wrong,
// and a commit where the policy counts failures.
func (d Deps) prove(ctx context.Context, c *method.Invocation, a *store.Account, given string) (rehashed string, err error) {
	now := clock.FromTime(c.Now)
	if a != nil && account.Locked(&a.Secrets, now) {
		return "", gigya.NewError(gigya.AccountTemporarilyLockedOut, "")
	}
	ok, rehash, err := d.verify(ctx, a, given)
	if err != nil {
		return "", err
	}
	if ok {
		if !rehash {
			return "", nil
		}
		return d.Passwords.Hash(ctx, given)
	}
	earlier, err := d.earlier(ctx, c, a, given)
	if err != nil {
		return "", err
	}
	if err := d.countFailure(ctx, c, a); err != nil {
		return "", err
	}
	if earlier {
		return "", gigya.NewError(gigya.OldPasswordUsed, "Old Password Used")
	}
	return "", refused()
}

// verify is one hash, against the account's password or nobody's.
func (d Deps) verify(ctx context.Context, a *store.Account, given string) (ok, rehash bool, err error) {
	if a == nil || a.Secrets.PasswordHash == "" {
		err = d.Passwords.Pretend(ctx, given)
	} else {
		ok, rehash, err = d.Passwords.Prove(ctx, a.Secrets.PasswordHash, given)
	}
	if errors.Is(err, password.ErrTooLong) {
		return false, false, refused()
	}
	return ok, rehash, err
}

// earlier tells whether the password is the one before the present one.
func (d Deps) earlier(ctx context.Context, c *method.Invocation, a *store.Account, given string) (bool, error) {
	if c.Site.Policies.Security.PasswordHistorySize <= 0 {
		return false, nil
	}
	if a == nil || len(a.Secrets.PasswordHistory) == 0 {
		return false, d.Passwords.Pretend(ctx, given)
	}
	ok, _, err := d.Passwords.Verify(ctx, a.Secrets.PasswordHistory[0], given)
	return ok, err
}

// lockedOut is the answer to a password that was proven, right or wrong, while another call locked the account: one for both,
// or guesses that are sent together would not be bounded by the threshold.
func lockedOut(c *method.Invocation, a *store.Account) error {
	if hiddenLock(c, a) {
		return refused()
	}
	return gigya.NewError(gigya.AccountTemporarilyLockedOut, "")
}

// countFailure counts the failure toward a lockout, if the policy has one. An account that is locked by now is [lockedOut].
func (d Deps) countFailure(ctx context.Context, c *method.Invocation, a *store.Account) error {
	security := &c.Site.Policies.Security
	if !account.CountsFailures(security) {
		return nil
	}
	var locked *store.Account
	err := d.Store.Change(ctx, func(tx store.Tx) error {
		locked = nil
		if a == nil {
			return d.pretendToCount(tx, c)
		}
		fresh, err := tx.Account(a.Group, a.UID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		now := clock.FromTime(c.Now)
		if account.Locked(&fresh.Secrets, now) {
			locked = fresh
		}
		account.Failed(&fresh.Secrets, security, now)
		return tx.PutAccount(fresh)
	})
	if err != nil {
		return fmt.Errorf("counting a failed login: %w", err)
	}
	if locked != nil {
		return lockedOut(c, locked)
	}
	return nil
}

// pretendToRefuse answers a password of which nothing is known, for the cause, like one of nobody: no account has another
// answer than nobody's, and the failure is not its owner's.
func (d Deps) pretendToRefuse(ctx context.Context, c *method.Invocation, given string, cause error) error {
	if _, err := d.earlier(ctx, c, nil, given); err != nil {
		return err
	}
	if err := d.countFailure(ctx, c, nil); err != nil {
		return err
	}
	return &gigya.Error{Code: gigya.InvalidLoginID, Details: refusedText, Cause: cause}
}

// nobodySpace holds the marks that failed logins of nobody leave.
const nobodySpace = "login-nobody"

// pretendToCount writes something that means nothing: a commit waits for the disk, which can be measured from outside,
// and a login of somebody who exists makes one.
func (d Deps) pretendToCount(tx store.Tx, c *method.Invocation) error {
	now := clock.FromTime(c.Now)
	return tx.UseOnce(nobodySpace, token.Hash(id.Token(d.Rand, 16)), now, now.Add(time.Second))
}

// open logs in the account, whose password was proven on a copy of the record, or says what holds the login back.
func (d Deps) open(ctx context.Context, c *method.Call[LoginParams], proven *store.Account, rehashed string, s showing) (*AccountResult, error) {
	now := clock.FromTime(c.Now)
	var a *store.Account
	var stop *account.Interruption
	var opened session.Opened
	err := d.Store.Change(ctx, func(tx store.Tx) error {
		var err error
		a, err = tx.Account(proven.Group, proven.UID)
		// Deleted, or given another password, since it was proven: as if that had come before.
		if errors.Is(err, store.ErrNotFound) || err == nil && otherPassword(a, proven) {
			return refused()
		}
		if err != nil {
			return err
		}
		if account.Locked(&a.Secrets, now) {
			return lockedOut(c.Invocation, a)
		}
		if stop = account.Next(a, c.Site, now); stop != nil && rehashed == "" {
			return nil
		}
		if rehashed != "" {
			a.Secrets.PasswordHash = rehashed
		}
		if stop == nil {
			account.LoggedIn(a, now)
			opened, err = d.Sessions.Open(tx, sessionOf(c.Invocation, a.UID, c.Params.SessionExpiration, c.Site.Policies.GigyaPlugins.SessionExpiration))
			if err != nil {
				return err
			}
		}
		if err := tx.PutAccount(a); err != nil {
			return err
		}
		if stop != nil {
			return c.Interrupt(tx, stop.Code, stop.Details)
		}
		return c.Succeed(tx)
	})
	if err != nil {
		return nil, fmt.Errorf("logging in: %w", err)
	}
	if stop != nil {
		return nil, d.interrupted(c.Invocation, a, stop, s)
	}
	return d.loggedIn(ctx, c.Invocation, a, opened, s)
}

// otherPassword tells whether the account has another password than its earlier copy. A hash that a parallel login made
// anew is not another password: it moves neither the stamp nor the epoch.
func otherPassword(a, earlier *store.Account) bool {
	s, t := &a.Secrets, &earlier.Secrets
	return s.PasswordHash != t.PasswordHash && (s.PasswordCreated != t.PasswordCreated || s.TokenEpoch != t.TokenEpoch)
}
