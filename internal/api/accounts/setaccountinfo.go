package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// SetAccountInfoParams are the parameters of accounts.setAccountInfo.
type SetAccountInfoParams struct {
	// UID is the account of a server call.
	UID string `param:"UID"`
	// RegToken is of a pending account; the call is a client's then, even when it is signed.
	RegToken string `param:"regToken,len=8192"`
	// Profile is merged field by field, Data deeply; null clears.
	Profile       method.Object `param:"profile"`
	Data          method.Object `param:"data"`
	Internal      method.Object `param:"internal,server"`
	Preferences   method.Object `param:"preferences"`
	Subscriptions method.Object `param:"subscriptions"`

	AddLoginEmails    method.List `param:"addLoginEmails"`
	RemoveLoginEmails method.List `param:"removeLoginEmails"`
	Username          string      `param:"username"`
	// Password is the present one: needed with NewPassword and SecretQuestion, unless SecurityOverride.
	Password         string `param:"password,alias=oldPassword"`
	NewPassword      string `param:"newPassword"`
	SecurityOverride bool   `param:"securityOverride,server"`
	SecretQuestion   string `param:"secretQuestion"`
	SecretAnswer     string `param:"secretAnswer"`
	// RequirePasswordChange: only true has an effect.
	RequirePasswordChange bool  `param:"requirePasswordChange"`
	IsActive              *bool `param:"isActive,deny"`
	// IsVerified: only true has an effect.
	IsVerified bool `param:"isVerified,server"`
	// IsLockedOut: only false has an effect.
	IsLockedOut *bool   `param:"isLockedOut,server"`
	RegSource   *string `param:"regSource"`
	// IsLite: UID is that of a lite account.
	IsLite bool `param:"isLite,server"`
	// ConflictHandling, MuteWebhooks and VerifyToken are accepted and of no effect.
	ConflictHandling string `param:"conflictHandling"`
	MuteWebhooks     bool   `param:"muteWebhooks,server"`
	VerifyToken      string `param:"verifyToken,len=8192"`
}

// SetAccountInfoResult is the answer of accounts.setAccountInfo.
type SetAccountInfoResult struct {
	// UID is that of a lite account.
	UID string `json:"UID,omitempty"`
}

// setAccountInfo serves accounts.setAccountInfo: it changes fields of an account, its identifiers, password and flags.
//
// Sessions and regTokens change their own account by the rules of clients, servers any one of the user base. What is not
// named stays as it is. All faults of fields are found in one pass (400009 with their items) and nothing is written then;
// a document over 512 KB is 413003. A wrong present password is 403042 and counts toward the lockout, one of the history
// as the new one is 401030. A new password ends all other sessions and regTokens of the account. isActive=false ends its
// regTokens, and its sessions too where the site's switch disablingEndsSessions is on: the reference keeps them.
//
// With a lite token of initRegistration the call makes the lite account of profile.email (400002), or changes it, by the rules
// of clients, with one of getLiteToken the account of that token; a server names one by its UID and isLite. They have profile,
// data, preferences and subscriptions alone, and what clients may create they may modify there.
//
// Parameters that only servers may use are ignored from clients, but isActive fails their call (403007).
//
// Sources: the REST guide of 2025; answers recorded by clients.
//
// Differs: any number of calls for one UID may run at once (the original answers 409030 above five). Preferences and
// subscriptions keep the user's choice without the stamps of a consent vault. HTML in profile fields is kept as it is:
// answers cannot be read as markup.
func setAccountInfo(d Deps) *method.Method {
	spec := method.Spec{
		Name:                "accounts.setAccountInfo",
		Summary:             "Changes fields of an account, its identifiers, password and flags.",
		Callers:             caller.Session | caller.RegToken | caller.Server,
		Write:               true,
		RegTokenMakesClient: true,
		Partial:             "captchaToken and requirements of lite accounts, phoneNumber, customIdentifiers, communications, addresses, rba, tfaStatus, conflictHandling, consent stamps, mails, webhooks, 403110",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetAccountInfoParams]) (*SetAccountInfoResult, error) {
		if err := mayWrite(c.Invocation, c.Params.written()...); err != nil {
			return nil, err
		}
		r, lite, err := d.setsLite(c)
		if err != nil {
			return nil, err
		}
		if lite {
			return d.setLite(ctx, c, r)
		}
		u := &update{d: d, c: c}
		for _, step := range []func(context.Context) error{u.find, u.read, u.provePassword, u.checkFields, u.hash, u.write} {
			if err := step(ctx); err != nil {
				return nil, err
			}
		}
		return &SetAccountInfoResult{}, nil
	})
}

// update is one call of setAccountInfo.
type update struct {
	d Deps
	c *method.Call[SetAccountInfoParams]
	// account is the record as it was found; the transaction reads it again.
	account *store.Account
	// token is the regToken of the call; its ID is empty if there is none.
	token  token.RegToken
	change account.Change
	// changed is the account as found with the change applied, and outcome what that found.
	changed *store.Account
	outcome *account.Outcome
	// proven: the present password was asked for and is right, as far as the record says that was found.
	proven bool
}

func (u *update) find(ctx context.Context) (err error) {
	c := u.c
	if c.Params.RegToken != "" {
		u.account, u.token, err = u.d.tokenAccount(ctx, c.Invocation, c.Params.RegToken)
		return err
	}
	uid, err := login.Target(c.Invocation, c.Params.UID)
	if err != nil {
		return err
	}
	u.account, err = u.d.account(ctx, c.Invocation, uid)
	return err
}

func (u *update) read(context.Context) error {
	p := &u.c.Params
	u.change = account.Change{
		Username: p.Username, AddLoginEmails: p.AddLoginEmails, RemoveLoginEmails: p.RemoveLoginEmails,
		Verify: p.IsVerified, Active: p.IsActive, MustChangePassword: p.RequirePasswordChange,
		Unlock: p.IsLockedOut != nil && !*p.IsLockedOut, RegSource: p.RegSource,
	}
	var err error
	if u.change.Internal, err = object("internal", p.Internal); err != nil {
		return err
	}
	if err := readDocuments(&u.change, p.Profile, p.Data, p.Preferences, p.Subscriptions); err != nil {
		return err
	}
	switch {
	case p.SecretAnswer != "" && p.SecretQuestion == "":
		return gigya.MissingParameter("secretQuestion")
	case p.SecretQuestion != "" && p.SecretAnswer == "":
		return gigya.MissingParameter("secretAnswer")
	}
	return nil
}

// provePassword checks the present password where the change asks for it. An account without one has nothing to prove.
func (u *update) provePassword(ctx context.Context) error {
	p := &u.c.Params
	if p.NewPassword == "" && p.SecretQuestion == "" || p.SecurityOverride || u.account.Secrets.PasswordHash == "" {
		return nil
	}
	if p.Password == "" {
		return gigya.MissingParameter("password")
	}
	_, err := u.d.prove(ctx, u.c.Invocation, u.account, p.Password)
	u.proven = err == nil
	return err
}

// checkFields finds all faults in one pass before anything is hashed or written.
func (u *update) checkFields(ctx context.Context) error {
	c := u.c
	var items []gigya.ValidationError
	if c.Params.NewPassword != "" {
		items = checkPassword(c.Invocation, c.Params.NewPassword, "password")
	}
	changed := *u.account
	out, err := account.Apply(&changed, &u.change, rules(c.Invocation, c.Server(), u.d.owner(ctx, c.Site.Group)))
	if err != nil {
		return err
	}
	if items = append(items, out.Items...); len(items) > 0 {
		return account.Invalid(items)
	}
	u.changed, u.outcome = &changed, out
	return nil
}

// hash looks for the new password in the history and hashes it, outside of any transaction.
func (u *update) hash(ctx context.Context) error {
	p := &u.c.Params
	if p.SecretAnswer != "" {
		hash, err := u.d.hashAnswer(ctx, p.SecretAnswer)
		if err != nil {
			return err
		}
		u.change.SecretQuestion, u.change.SecretAnswerHash = p.SecretQuestion, hash
	}
	if p.NewPassword == "" {
		return nil
	}
	for _, past := range account.Past(&u.account.Secrets, u.c.Site.Policies.Security.PasswordHistorySize) {
		same, _, err := u.d.Passwords.Verify(ctx, past, p.NewPassword)
		if err != nil {
			return err
		}
		if same {
			return gigya.NewError(gigya.OldPasswordUsed, "invalid password: the provided password was already in use by this account")
		}
	}
	var err error
	u.change.PasswordHash, err = u.d.Passwords.Hash(ctx, p.NewPassword)
	return err
}

// write stores the change: as it was worked out if the account is still as it was found, which its revision tells, and
// anew otherwise. What passwords and regTokens prove is always held against the account as it is now.
func (u *update) write(ctx context.Context) error {
	err := store.ErrConflict
	if u.token.ID == "" && u.change.Active == nil && u.change.PasswordHash == "" && u.change.SecretAnswerHash == "" && !u.proven {
		err = u.d.Store.Change(ctx, u.asFound)
	}
	var taken *store.TakenError
	if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) || errors.As(err, &taken) {
		err = u.d.Store.Change(ctx, u.anew)
	}
	if err != nil {
		return fmt.Errorf("changing an account: %w", err)
	}
	return nil
}

// asFound stores what was worked out on the account as it was found.
func (u *update) asFound(tx store.Tx) error {
	a := *u.changed // The function may run again, and storing raises the revision.
	if err := extendSchema(tx, u.c.Invocation, u.change.Data, u.c.Server()); err != nil {
		return err
	}
	if err := u.outcome.Store(tx, &a); err != nil {
		return err
	}
	return u.c.Succeed(tx)
}

// anew applies the change to the account as it is now. Everything that was checked on the earlier copy is checked again.
func (u *update) anew(tx store.Tx) error {
	c := u.c
	a, err := tx.Account(u.account.Group, u.account.UID)
	if errors.Is(err, store.ErrNotFound) {
		return gigya.NewError(gigya.UnauthorizedUser, "")
	}
	if err != nil {
		return err
	}
	if u.token.ID != "" && a.Secrets.TokenEpoch != u.account.Secrets.TokenEpoch {
		return badToken()
	}
	if err := u.stillProven(a); err != nil {
		return err
	}
	out, err := account.Apply(a, &u.change, rules(c.Invocation, c.Server(), ownerIn(tx, a.Group)))
	if err == nil {
		err = out.Err()
	}
	if err != nil {
		return err
	}
	if err := extendSchema(tx, c.Invocation, u.change.Data, c.Server()); err != nil {
		return err
	}
	if err := u.endOthers(tx, a); err != nil {
		return err
	}
	if err := out.Store(tx, a); err != nil {
		return err
	}
	return c.Succeed(tx)
}

// stillProven holds the proof of the password against the account as it is now: guesses that run at the same time may
// have locked it, another call may have changed the password.
func (u *update) stillProven(a *store.Account) error {
	if u.proven && account.Locked(&a.Secrets, clock.FromTime(u.c.Now)) {
		return lockedOut(u.c.Invocation, a)
	}
	needed := u.change.PasswordHash != "" || u.change.SecretAnswerHash != ""
	if needed && !u.c.Params.SecurityOverride && otherPassword(a, u.account) {
		return refused()
	}
	return nil
}

// endOthers ends the other sessions after a new password. The session or regToken of the call itself lives on. An account
// that was disabled loses them all, where the site wants it.
func (u *update) endOthers(tx store.Tx, a *store.Account) error {
	if !a.IsActive && u.change.Active != nil && u.c.Site.Settings.DisablingEndsSessions {
		_, err := tx.DeleteSessions(a.Group, a.UID, store.Hash{})
		return err
	}
	if u.change.PasswordHash == "" {
		return nil
	}
	if u.token.ID != "" {
		if err := keep(tx, u.token, a.Secrets.TokenEpoch, clock.FromTime(u.c.Now)); err != nil {
			return err
		}
	}
	var own store.Hash
	if u.c.Caller.Session != nil {
		own = u.c.Caller.Session.Hash
	}
	_, err := tx.DeleteSessions(a.Group, a.UID, own)
	return err
}
