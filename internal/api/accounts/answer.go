package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/store"
)

// AccountResult is the answer of the methods that show an account: its members in their recorded order, then what a
// login adds. Absent members have no value.
type AccountResult struct {
	// Account is the record that is shown, View how.
	Account *store.Account
	View    account.View

	// NewUser is answered by login-type methods.
	NewUser *bool
	// SessionInfo is one of the shapes of package session.
	SessionInfo any
	IDToken     string
	RegToken    string
	// UserInfo adds the deprecated object userInfo.
	UserInfo bool
	// UnverifiedEmails comes with 206002.
	UnverifiedEmails []string
	// MissingFields comes with 206001 when include asks for missing-required-fields.
	MissingFields []string
}

var _ gigya.Appender = (*AccountResult)(nil)

// AppendJSON appends the answer's members as a compact JSON object.
func (r *AccountResult) AppendJSON(dst []byte) []byte {
	if dst == nil {
		dst = make([]byte, 0, 2048)
	}
	dst = r.View.AppendMembers(append(dst, '{'), r.Account)
	if r.NewUser != nil {
		dst = append(dst, `,"newUser":`...)
		dst = fmt.Appendf(dst, "%t", *r.NewUser)
	}
	if r.SessionInfo != nil {
		// The shapes of package session are plain structs of texts: they cannot fail to be written.
		info, _ := json.Marshal(r.SessionInfo)
		dst = append(append(dst, `,"sessionInfo":`...), info...)
	}
	dst = appendText(dst, "id_token", r.IDToken)
	dst = appendText(dst, "regToken", r.RegToken)
	if r.UserInfo {
		dst = account.AppendUserInfo(append(dst, `,"userInfo":`...), r.Account, &r.View)
	}
	if !r.View.Limited() || account.Access(r.View.Fields, "emails").All(acl.Read) {
		dst = appendTexts(dst, "unverifiedEmails", r.UnverifiedEmails)
	}
	dst = appendTexts(dst, "missingRequiredFields", r.MissingFields)
	return append(dst, '}')
}

func appendText(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(append(append(dst, `,"`...), name...), `":`...)
	return document.AppendString(dst, value)
}

func appendTexts(dst []byte, name string, list []string) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(append(append(dst, `,"`...), name...), `":[`...)
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = document.AppendString(dst, s)
	}
	return append(dst, ']')
}

// showing is what the parameters of a call say about the account in its answer.
type showing struct {
	include account.Include
	extra   account.Extra
	// userInfo is the parameter includeUserInfo.
	userInfo bool
	// newUser is answered if it is not nil.
	newUser *bool
	// keys sign the id_token, if there is to be one: see [Deps.chooseKey].
	keys login.SigningKeys
}

// chooseKey finds the key that signs the id_token, if include asks for one, so that nothing is left that can fail once
// the login has happened.
func (d Deps) chooseKey(ctx context.Context, s *showing) error {
	if !s.include.Has(account.IncludeIDToken) {
		return nil
	}
	signer, err := d.Keyring.Current(ctx)
	if err != nil {
		return fmt.Errorf("choosing the signing key: %w", err)
	}
	s.keys = login.Chosen{Signer: signer}
	return nil
}

// show returns the include of the parameter, or the method's default if it is absent.
func show(include, extra method.List, absent account.Include) showing {
	s := showing{include: absent, extra: account.ParseExtra(extra)}
	if len(include) > 0 {
		s.include = account.ParseInclude(include)
	}
	return s
}

// result returns the account as the call sees it, with a UID signature of this moment if it may have one.
func (s showing) result(c *method.Invocation, a *store.Account) *AccountResult {
	var signed login.Signature
	if handsOver(c) {
		signed = login.SignUID(c.Site.Partner.Secret, a.UID, c.Now)
	}
	return &AccountResult{
		Account: a,
		View: account.View{
			Include: s.include, Extra: s.extra, Now: c.Now,
			Signature: signed.UIDSignature, SignatureTime: signed.SignatureTimestamp, Conceal: login.Conceals(c),
			Fields: c.Caller.Fields(),
		},
		NewUser: s.newUser,
	}
}

// handsOver tells whether the answer may have what opens a session of the account: always where the call was a login of some kind, or
// else as [login.Vouches] says.
func handsOver(c *method.Invocation) bool { return c.Method.Spec.Event || login.Vouches(c) }

// loggedIn is the answer of a login that opened the session.
func (d Deps) loggedIn(ctx context.Context, c *method.Invocation, a *store.Account, opened session.Opened, s showing) (*AccountResult, error) {
	r := s.result(c, a)
	r.SessionInfo = opened.Info(c.TargetEnv())
	r.UserInfo = s.userInfo || s.include.Has(account.IncludeUserInfo)
	return r, d.addIDToken(ctx, c, r, s.keys)
}

// addOwnIDToken is addIDToken for methods that show an account without logging in: the token says isLoggedIn, so that
// only the session of that very account gets one. A regToken beside it would show another account.
func (d Deps) addOwnIDToken(ctx context.Context, c *method.Invocation, r *AccountResult) error {
	if c.Caller.Class != caller.Session || c.Caller.UID != r.Account.UID {
		return nil
	}
	return d.addIDToken(ctx, c, r, d.Keyring)
}

// addIDToken adds the id_token of somebody who is logged in, if include asks for it.
func (d Deps) addIDToken(ctx context.Context, c *method.Invocation, r *AccountResult, keys login.SigningKeys) error {
	if !r.View.Include.Has(account.IncludeIDToken) {
		return nil
	}
	text, _, err := login.IssueIDToken(ctx, keys, d.Issuer, login.IDToken{
		APIKey: c.Site.APIKey, Account: r.Account, Now: c.Now, Life: login.DefaultIDTokenLife, LoggedIn: true,
	})
	r.IDToken = text
	return err
}

// interrupted is the answer of a login that is held back: a regToken instead of a session, and never an id_token. An
// account that is disabled or locked is not shown at all.
func (d Deps) interrupted(c *method.Invocation, a *store.Account, stop *account.Interruption, s showing) *gigya.Error {
	e := gigya.NewError(stop.Code, stop.Details)
	if !stop.Token() {
		return e
	}
	r := s.result(c, a)
	if handsOver(c) {
		r.SessionInfo = session.Interrupted(int64(regTokenLife.Seconds()))
		r.RegToken = d.accountToken(c, a)
	}
	r.UnverifiedEmails = stop.UnverifiedEmails
	if s.include.Has(account.IncludeMissing) {
		r.MissingFields = stop.Missing
	}
	if stop.Code == gigya.PendingPasswordChange {
		r.NewUser = nil // The recorded form of 403100 has no such member.
	}
	e.Members = r
	return e
}

// sessionOf is what a login of the account on the call's site opens. chosen is the parameter sessionExpiration; without
// it the policy decides.
func sessionOf(c *method.Invocation, uid string, chosen *int64, policy int64) session.Open {
	o := session.Open{
		Group: c.Site.Group, Site: c.Site.APIKey, UID: uid,
		Mobile: c.TargetEnv() == "mobile", Expiration: policy,
		Provider: account.Site, UserAgent: c.UserAgent, Now: c.Now,
	}
	if c.ClientIP.IsValid() {
		o.ClientIP = c.ClientIP.String()
	}
	if chosen != nil {
		o.Expiration = *chosen
	}
	return o
}

// validExpiration is 400006 for a sessionExpiration that no session can have.
func validExpiration(chosen *int64) error {
	if chosen != nil && !session.ValidExpiration(*chosen) {
		return gigya.InvalidArgumentBecause("sessionExpiration", "want -2, -1, 0 or a number of seconds up to ten years")
	}
	return nil
}

// validTargetEnv is 400006 for a targetEnv that nobody knows.
func validTargetEnv(c *method.Invocation) error {
	if slices.Contains([]string{"browser", "mobile", "jssdk"}, c.TargetEnv()) {
		return nil
	}
	return gigya.InvalidArgumentBecause("targetEnv", "want browser, mobile or jssdk")
}

// account reads an account of the call's user base; one that is not there is 403005.
func (d Deps) account(ctx context.Context, c *method.Invocation, uid string) (*store.Account, error) {
	a, err := d.Store.Account(ctx, c.Site.Group, uid)
	if errors.Is(err, store.ErrNotFound) {
		return nil, gigya.NewError(gigya.UnauthorizedUser, "")
	}
	if err != nil {
		return nil, fmt.Errorf("reading an account: %w", err)
	}
	return a, nil
}

// rules returns what changes of the call are judged by. server tells whether server rules hold for fields.
func rules(c *method.Invocation, server bool, owner func(store.Identifier) (string, error)) account.Rules {
	return account.Rules{Site: c.Site, Server: server, Now: clock.FromTime(c.Now), Conceal: login.Conceals(c), KnownChoices: true, Owner: owner}
}

// owner asks the store who holds an identifier, outside of a transaction.
func (d Deps) owner(ctx context.Context, group string) func(store.Identifier) (string, error) {
	return func(id store.Identifier) (string, error) { return d.Store.Owner(ctx, group, id) }
}

// ownerIn asks the transaction.
func ownerIn(tx store.Tx, group string) func(store.Identifier) (string, error) {
	return func(id store.Identifier) (string, error) { return tx.Owner(group, id) }
}

// hashAnswer hashes the answer to a security question, which is compared without regard to letter case and blanks.
func (d Deps) hashAnswer(ctx context.Context, answer string) (string, error) {
	// The normal form may be longer than what was given.
	normal := account.Normalize(answer)
	if len(normal) > password.MaxLength {
		return "", gigya.InvalidArgument("secretAnswer")
	}
	return d.Passwords.Hash(ctx, normal)
}

// object parses a parameter that was checked when it was bound; nil: absent.
func object(name string, text method.Object) (*document.Object, error) {
	if len(text) == 0 {
		return nil, nil
	}
	o, err := document.ParseObject(text)
	if err != nil {
		return nil, gigya.InvalidFormat(name, "want a JSON object")
	}
	return o, nil
}
