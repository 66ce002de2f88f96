package socialize

import (
	"context"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/session"
)

// NotifyLoginParams are the parameters of socialize.notifyLogin.
type NotifyLoginParams struct {
	// SiteUID is the site's own id of the user, or the user's UID.
	SiteUID string `param:"siteUID"`
	// ProviderSessions passes logins at social providers.
	ProviderSessions method.Object `param:"providerSessions"`
	// NewUser is a hint for reports.
	NewUser bool `param:"newUser"`
	// SessionExpiration is 0, -1, -2 or seconds; the policy's when absent.
	SessionExpiration *int64 `param:"sessionExpiration,min=-2,max=315360000"`
	// UserInfo holds profile values.
	UserInfo method.Object `param:"userInfo"`
	// SkipValidation opens the session whatever the site's rules want of an account. Only a server may ask for it.
	SkipValidation bool    `param:"skipValidation,server"`
	RegSource      *string `param:"regSource"`
	// PhoneNumber is obsolete and of no effect.
	PhoneNumber string `param:"phoneNumber"`
	// UIDSig and UIDTimestamp prove, in a browser's call, that the site stands for the login.
	UIDSig       string `param:"UIDSig"`
	UIDTimestamp string `param:"UIDTimestamp"`
}

// NotifyLoginResult is the answer of socialize.notifyLogin: the session's members stand at the top level.
type NotifyLoginResult struct {
	login.Signature
	*session.BrowserInfo
	*session.MobileInfo
	*session.SDKInfo
	NewUser bool `json:"newUser"`
}

// notifyLogin serves socialize.notifyLogin: the site has authenticated the user itself and asks for a session. The account
// with the siteUID is made if there is none. The rule is [login.Vouch].
//
// Callers: server credentials, or anybody with the site's own signature of the siteUID (UIDSig, UIDTimestamp). A wrong
// signature is 403003, one that is more than 60 s away, or of before the account got its password, 403002, a call with neither credential nor signature 403007. An
// account that the site's rules hold back is answered as by a login (206001, 206002 …), with a regToken.
//
// Sources: the REST guide; the WordPress plugin; the server that called sets the cookie on its own answer.
func notifyLogin(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "socialize.notifyLogin",
		Summary: "Opens a session for a user whom the site itself has authenticated.",
		Callers: caller.Server | caller.Session | caller.Public,
		Write:   true,
		Event:   true,
		Partial: "providerSessions",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[NotifyLoginParams]) (NotifyLoginResult, error) {
		p := &c.Params
		if len(p.ProviderSessions) > 0 {
			return NotifyLoginResult{}, gigya.NewError(gigya.NotSupported, "providerSessions is not served; use siteUID")
		}
		if err := checkVouched(c); err != nil {
			return NotifyLoginResult{}, err
		}
		v := login.Vouched{
			SiteUID: p.SiteUID, RegSource: p.RegSource, SkipValidation: p.SkipValidation,
			Expiration: c.Site.Policies.GigyaPlugins.SessionExpiration, Mobile: c.TargetEnv() == "mobile",
		}
		if p.SessionExpiration != nil {
			v.Expiration = *p.SessionExpiration
		}
		if !c.Server() {
			v.SignedAt = login.SignedAt(p.UIDTimestamp)
		}
		var err error
		if v.UserInfo, err = parseObject("userInfo", p.UserInfo); err != nil {
			return NotifyLoginResult{}, err
		}
		done, err := login.Vouch(ctx, d.Store, d.Sessions, c.Invocation, v)
		if err != nil {
			return NotifyLoginResult{}, err
		}
		if done.Stop != nil {
			return NotifyLoginResult{}, d.heldBack(c.Invocation, done)
		}
		return d.notified(c.Invocation, done), nil
	})
}

// checkVouched refuses callers who prove nothing.
func checkVouched(c *method.Call[NotifyLoginParams]) error {
	p := &c.Params
	if p.SiteUID == "" {
		return gigya.MissingParameter("siteUID")
	}
	if c.Server() {
		return nil
	}
	if p.UIDSig == "" || p.UIDTimestamp == "" {
		return caller.Denied(c.Method.Spec.Name)
	}
	if err := login.CheckAge("UIDTimestamp", p.UIDTimestamp, c.Now); err != nil {
		return err
	}
	if !login.VerifyUID(c.Invocation, p.UIDTimestamp, p.SiteUID, p.UIDSig) {
		return gigya.NewError(gigya.InvalidRequestSignature, "")
	}
	return nil
}

// notified is the answer of a login that opened a session.
func (d Deps) notified(c *method.Invocation, done login.VouchedLogin) NotifyLoginResult {
	result := NotifyLoginResult{
		Signature: login.SignUID(c.Site.Partner.Secret, done.Account.UID, c.Now),
		NewUser:   done.NewUser,
	}
	switch info := done.Opened.Info(c.TargetEnv()).(type) {
	case session.MobileInfo:
		result.MobileInfo = &info
	case session.SDKInfo:
		result.SDKInfo = &info
	case session.BrowserInfo:
		info.CookieDomain, info.CookiePath = c.Site.BaseDomain, "/"
		result.BrowserInfo = &info
	}
	return result
}

// interruption is what an answer shows of a login that is held back.
type interruption struct {
	login.Signature
	SessionInfo session.InterruptionInfo `json:"sessionInfo"`
	RegToken    string                   `json:"regToken"`
}

// heldBack is the error of a login that opened no session. Of an account that is disabled or locked nothing is shown.
func (d Deps) heldBack(c *method.Invocation, done login.VouchedLogin) *gigya.Error {
	e := gigya.NewError(done.Stop.Code, done.Stop.Details)
	if done.Stop.Token() {
		e.Members = interruption{
			Signature:   login.SignUID(c.Site.Partner.Secret, done.Account.UID, c.Now),
			SessionInfo: session.Interrupted(int64(login.RegTokenLife.Seconds())),
			RegToken:    login.AccountToken(d.Tokens, c, done.Account),
		}
	}
	return e
}

// parseObject reads a parameter whose form was checked when it was bound; nil: absent.
func parseObject(name string, text method.Object) (*document.Object, error) {
	if len(text) == 0 {
		return nil, nil
	}
	o, err := document.ParseObject(text)
	if err != nil {
		return nil, gigya.InvalidFormat(name, "want a JSON object")
	}
	return o, nil
}
