package accounts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// RegisterParams are the parameters of accounts.register.
type RegisterParams struct {
	// RegToken is needed by client calls.
	RegToken string `param:"regToken,len=8192"`
	// Email or Username is needed, by policy accountOptions.loginIdentifiers.
	Email    string `param:"email"`
	Username string `param:"username"`
	Password string `param:"password"`

	Profile       method.Object `param:"profile"`
	Data          method.Object `param:"data"`
	Preferences   method.Object `param:"preferences"`
	Subscriptions method.Object `param:"subscriptions"`

	FinalizeRegistration bool   `param:"finalizeRegistration"`
	SecretQuestion       string `param:"secretQuestion"`
	SecretAnswer         string `param:"secretAnswer"`
	// SiteUID is the UID that the site wants for the account. Clients may choose one unless the site's switch ownUIDsOnly
	// is on.
	SiteUID string `param:"siteUID,alias=UID"`
	// RegSource is the URL of the calling page when absent.
	RegSource *string `param:"regSource"`
	// Lang becomes profile.locale if the profile has none.
	Lang string `param:"lang"`

	CaptchaToken string `param:"captchaToken,len=16384"`
	CaptchaText  string `param:"captchaText"`
	CaptchaType  string `param:"captchaType,alias=captchaProvider"`

	ClientContext     method.Object `param:"clientContext,len=65536"`
	Include           method.List   `param:"include"`
	SessionExpiration *int64        `param:"sessionExpiration"`
	ProfileAttributes method.Object `param:"profileAttributes,len=65536"`
	ActionAttributes  method.Object `param:"actionAttributes,len=65536"`
}

// register serves accounts.register: it creates an account with a login identifier, a password and data.
//
// Clients call with a regToken of initRegistration, servers without. The checks, in this order: regToken (400006),
// captcha (400021), a login identifier (400002); then, all faults of one pass together under 400009, password, address,
// user name, profile and data; age (403044). The account exists at once; with finalizeRegistration=true and nothing
// missing it is registered and logged in, else 206001, 206002 or 206006 say what is missing and bring a regToken.
//
// A signed call is a server call for field access, unless the site's switch registerIsClientCall is on. With policy
// accountOptions.preventLoginIDHarvesting a client is not told that an identifier is taken: the account is made without
// it, waits for its verification as every other, and its regToken opens it as every other's does.
//
// A lite account of the address stays beside the new one, which has its subscriptions from the moment on in which the address is
// verified: whoever merely knows an address learns nothing of it. With the token of a lite account (accounts.getLiteToken,
// accounts.initProgression), which stands for its address (400006 for another one), the new account has them at once. Consents,
// profile and data go with them where accounts.progression.setPolicy says so; what they fill is not missing any more.
//
// Sources: the REST guide; validation errors recorded by a client of 2017.
//
// Differs: tokens of interrupted social logins are refused with 400006. Preferences and subscriptions keep the user's choice without the stamps of a consent vault.
func register(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.register",
		Summary: "Creates an account with a login identifier, a password and data.",
		Callers: caller.Public | caller.RegToken | caller.Server,
		Write:   true,
		Event:   true,
		Partial: "mails, captcha services, progression of social accounts, communications, addresses, import by hashedPassword, consent stamps, risk rules, webhooks, vToken of 206006",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[RegisterParams]) (*AccountResult, error) {
		r := &registration{d: d, c: c, server: c.Server() && !c.Site.Settings.RegisterIsClientCall}
		r.showing = show(c.Params.Include, nil, account.IncludeProfile)
		isNew := true
		r.showing.newUser = &isNew
		for _, step := range []func(context.Context) error{r.checkToken, r.checkParams, r.read, r.checkFields, r.hash, r.chooseKey} {
			if err := step(ctx); err != nil {
				return nil, err
			}
		}
		if err := r.write(ctx); err != nil {
			return nil, err
		}
		if r.stop != nil {
			return nil, d.interrupted(c.Invocation, r.account, r.stop, r.showing)
		}
		return d.loggedIn(ctx, c.Invocation, r.account, r.opened, r.showing)
	})
}

// registration is one call of register.
type registration struct {
	d Deps
	c *method.Call[RegisterParams]
	// server tells whether server rules hold for fields.
	server bool
	token  token.RegToken
	// lite is the account of the token, if it is one of a lite account.
	lite    *store.Account
	change  account.Change
	uid     string
	account *store.Account
	stop    *account.Interruption
	opened  session.Opened
	showing showing
}

// checkToken reads the regToken. That it made no account yet is looked at here, to waste no hash on it, and made certain
// in the transaction.
func (r *registration) checkToken(ctx context.Context) error {
	c := r.c
	if c.Params.RegToken == "" {
		if c.Server() {
			return nil
		}
		return gigya.MissingParameter("regToken")
	}
	var err error
	if r.token, err = r.d.openToken(c.Invocation, c.Params.RegToken); err != nil {
		return err
	}
	switch r.token.Kind {
	case token.KindInit:
	case token.KindLite, token.KindProgression:
		if r.lite, err = r.d.boundLite(ctx, c.Invocation, r.token); err != nil {
			return err
		}
		c.UID = ""
		if c.Params.Email == "" {
			c.Params.Email = spelledEmail(r.lite)
		} else if account.Normalize(c.Params.Email) != account.LiteAddress(r.lite) {
			return gigya.InvalidArgumentBecause("email", "the regToken is for another address")
		}
	default:
		return badToken()
	}
	used, err := r.d.Store.Marked(ctx, usedSpace, token.Hash(r.token.ID), clock.FromTime(c.Now))
	if err != nil {
		return fmt.Errorf("looking for a used regToken: %w", err)
	}
	if used {
		return badToken()
	}
	return nil
}

func (r *registration) checkParams(context.Context) error {
	c, p := r.c, r.c.Site.Policies
	if err := cmp.Or(validExpiration(c.Params.SessionExpiration), validTargetEnv(c.Invocation)); err != nil {
		return err
	}
	// No captcha service is served: a site that demands one gets no registrations by clients.
	if p.Registration.RequireCaptcha && !c.Server() {
		return gigya.NewError(gigya.CaptchaVerificationFailed, "")
	}
	byEmail := p.AccountOptions.AllowsLogin("email")
	switch {
	case c.Params.Email == "" && (p.AccountOptions.VerifyEmail || c.Params.Username == "" && byEmail):
		return gigya.MissingParameter("email")
	case c.Params.Email == "" && c.Params.Username == "" || !byEmail && c.Params.Username == "" && p.AccountOptions.AllowsLogin("username"):
		return gigya.MissingParameter("username")
	case c.Params.Password == "" && p.Authentication.Methods.Password.Enabled:
		return gigya.MissingParameter("password")
	case c.Params.SecretQuestion == "" && (p.Registration.RequireSecurityQuestion || c.Params.SecretAnswer != ""):
		return gigya.MissingParameter("secretQuestion")
	case c.Params.SecretAnswer == "" && c.Params.SecretQuestion != "":
		return gigya.MissingParameter("secretAnswer")
	}
	return nil
}

// read makes the change of the parameters, and chooses the UID.
func (r *registration) read(ctx context.Context) error {
	c := r.c
	r.change = account.Change{Email: strings.TrimSpace(c.Params.Email), Username: c.Params.Username, RegSource: c.Params.RegSource}
	if r.change.RegSource == nil {
		r.change.RegSource = &c.Referrer
	}
	if err := mayWrite(c.Invocation, documents(c.Params.Profile, c.Params.Data, c.Params.Preferences, c.Params.Subscriptions)...); err != nil {
		return err
	}
	if err := readDocuments(&r.change, c.Params.Profile, c.Params.Data, c.Params.Preferences, c.Params.Subscriptions); err != nil {
		return err
	}
	if r.uid = c.Params.SiteUID; r.uid == "" || c.Site.Settings.OwnUIDsOnly && !c.Server() {
		r.uid = id.UID(c.Now, r.d.Rand)
		return nil
	}
	if !account.ValidUID(r.uid) {
		return gigya.InvalidArgumentBecause("siteUID", "want 1 to 252 visible ASCII characters")
	}
	_, err := r.d.Store.Account(ctx, c.Site.Group, r.uid)
	switch {
	case err == nil:
		return account.Invalid([]gigya.ValidationError{takenUID()})
	case !errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("looking for a UID: %w", err)
	}
	return nil
}

// readDocuments parses the parameters that are JSON objects.
func readDocuments(ch *account.Change, profile, data, preferences, subscriptions method.Object) error {
	fields := []struct {
		name string
		text method.Object
		into **document.Object
	}{
		{"profile", profile, &ch.Profile}, {"data", data, &ch.Data},
		{"preferences", preferences, &ch.Preferences}, {"subscriptions", subscriptions, &ch.Subscriptions},
	}
	for _, f := range fields {
		o, err := object(f.name, f.text)
		if err != nil {
			return err
		}
		*f.into = o
	}
	return nil
}

func takenUID() gigya.ValidationError {
	return gigya.ValidationError{ErrorCode: gigya.UniqueIdentifierExists, Message: "UID already exists", FieldName: "siteUID"}
}

// checkFields finds all faults of password, identifiers and documents in one pass, before anything is hashed or written.
func (r *registration) checkFields(ctx context.Context) error {
	c := r.c
	var items []gigya.ValidationError
	if c.Params.Password != "" {
		items = checkPassword(c.Invocation, c.Params.Password, "password")
	}
	out, err := r.apply(r.d.owner(ctx, c.Site.Group))
	if err != nil {
		return err
	}
	if items = append(items, out.Items...); len(items) > 0 {
		return account.Invalid(items)
	}
	if c.Site.Policies.Registration.EnforceCoppa && account.Underage(r.account, c.Now) {
		return gigya.NewError(gigya.UnderageUser, "")
	}
	return nil
}

// apply makes the account anew and works the change out on it.
func (r *registration) apply(owner func(store.Identifier) (string, error)) (*account.Outcome, error) {
	c := r.c
	r.account = account.New(c.Site.Group, r.uid, clock.FromTime(c.Now))
	out, err := account.Apply(r.account, &r.change, rules(c.Invocation, r.server, owner))
	if err == nil && len(out.Items) == 0 && c.Params.Lang != "" {
		err = account.SetLocale(r.account, c.Params.Lang)
	}
	return out, err
}

// checkPassword returns the item for a password that the policy does not take.
func checkPassword(c *method.Invocation, text, field string) []gigya.ValidationError {
	if len(text) <= password.MaxLength && c.Site.Policies.PasswordComplexity.Check(text) {
		return nil
	}
	return []gigya.ValidationError{{
		ErrorCode: gigya.InvalidParameterValue, Message: "password does not meet complexity requirements", FieldName: field,
	}}
}

// hash makes the one hash of the call (two with a secret answer), outside of any transaction.
func (r *registration) hash(ctx context.Context) error {
	var err error
	if p := r.c.Params.Password; p != "" {
		if r.change.PasswordHash, err = r.d.Passwords.Hash(ctx, p); err != nil {
			return err
		}
	}
	if answer := r.c.Params.SecretAnswer; answer != "" {
		r.change.SecretQuestion = r.c.Params.SecretQuestion
		r.change.SecretAnswerHash, err = r.d.hashAnswer(ctx, answer)
	}
	return err
}

func (r *registration) chooseKey(ctx context.Context) error { return r.d.chooseKey(ctx, &r.showing) }

// write creates the account with its identifiers, uses the token up, and opens the session if nothing interrupts.
func (r *registration) write(ctx context.Context) error {
	c := r.c
	err := r.d.Store.Change(ctx, func(tx store.Tx) error {
		r.stop, r.opened = nil, session.Opened{}
		if err := r.useToken(tx); err != nil {
			return err
		}
		out, err := r.apply(ownerIn(tx, c.Site.Group))
		if err == nil {
			err = out.Err()
		}
		if err == nil {
			err = r.progress(tx, out)
		}
		if err != nil {
			return err
		}
		r.settle()
		if out.Concealed && !r.c.Site.Policies.AccountOptions.HoldsUnverified() {
			// The site lets unverified users in. Nobody is let in by somebody else's address, neither now nor later: there is
			// no such account.
			if r.stop == nil {
				r.stop = &account.Interruption{
					Code: gigya.AccountPendingVerification, UnverifiedEmails: account.ParseEmails(r.account.Emails).Unverified,
				}
			}
			return nil
		}
		if r.stop == nil {
			account.LoggedIn(r.account, clock.FromTime(c.Now))
			r.opened, err = r.d.Sessions.Open(tx, sessionOf(c.Invocation, r.uid, c.Params.SessionExpiration, c.Site.Policies.GigyaPlugins.SessionExpiration))
			if err != nil {
				return err
			}
		}
		if err := extendSchema(tx, c.Invocation, r.change.Data, r.server); err != nil {
			return err
		}
		if err := out.Store(tx, r.account); err != nil {
			return err
		}
		c.UID = r.uid
		if r.stop != nil {
			return c.Interrupt(tx, r.stop.Code, r.stop.Details)
		}
		return c.Succeed(tx)
	})
	if errors.Is(err, store.ErrExists) {
		return account.Invalid([]gigya.ValidationError{takenUID()})
	}
	if err != nil {
		return fmt.Errorf("registering: %w", err)
	}
	c.UID = r.uid
	return nil
}

// progress lets the new account take the place of the lite one whose token it is registered with.
func (r *registration) progress(tx store.Tx, out *account.Outcome) error {
	if r.lite == nil {
		return nil
	}
	lite, err := tx.Account(r.lite.Group, r.lite.UID)
	if err := goodFor(r.token, lite, err); err != nil {
		return err
	}
	out.Progress(r.account, lite)
	// The lite account may have brought the birthday.
	if r.c.Site.Policies.Registration.EnforceCoppa && account.Underage(r.account, r.c.Now) {
		return gigya.NewError(gigya.UnderageUser, "")
	}
	return nil
}

// settle registers the account if the call asks for it and nothing is missing, and says what keeps it from a session.
func (r *registration) settle() {
	now := clock.FromTime(r.c.Now)
	if r.c.Params.FinalizeRegistration && len(account.Missing(r.account, r.c.Site)) == 0 {
		account.Finalize(r.account, now)
	}
	r.stop = account.Next(r.account, r.c.Site, now)
	if r.stop != nil && r.stop.Code == gigya.AccountPendingRegistration && !r.c.Params.FinalizeRegistration {
		r.stop.Details = "Registration was not finalized"
	}
}

// useToken marks the token of initRegistration: it makes one account, whatever runs beside it.
func (r *registration) useToken(tx store.Tx) error {
	if r.token.ID == "" {
		return nil
	}
	err := tx.UseOnce(usedSpace, token.Hash(r.token.ID), clock.FromTime(r.c.Now), r.token.Expires)
	if errors.Is(err, store.ErrUsed) {
		return badToken()
	}
	return err
}
