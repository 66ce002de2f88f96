package socialize

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// GetUserInfoParams are the parameters of socialize.getUserInfo.
type GetUserInfoParams struct {
	// UID is the user of a server call.
	UID string `param:"UID"`
	// Include may name id_token, which a session is given.
	Include method.List `param:"include"`
	// The rest is about social providers and of no effect.
	IncludeAllIdentities bool        `param:"includeAllIdentities"`
	ExtraFields          method.List `param:"extraFields"`
	EnabledProviders     method.List `param:"enabledProviders"`
	DisabledProviders    method.List `param:"disabledProviders"`
	SignIDs              bool        `param:"signIDs"`
}

// nobody is the answer to a caller without a session.
const nobody = `{"UID":"","isConnected":false,"isLoggedIn":false}`

// getUserInfo serves socialize.getUserInfo: the flat view of a user that old sites read.
//
// Callers: servers about any user (UID; one that does not exist is 403005), sessions about their own, and anybody else,
// who is told that nobody is logged in. A dead login token counts as none.
//
// Sources: the REST guide; the browser SDK's behaviour.
func getUserInfo(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "socialize.getUserInfo",
		Summary: "Returns a flat view of the user.",
		Callers: caller.Public | caller.Session | caller.Server,
		Partial: "social identities and their capabilities, extraFields, signIDs",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[GetUserInfoParams]) (json.RawMessage, error) {
		if !c.Server() && c.Caller.UID == "" {
			return json.RawMessage(nobody), nil
		}
		uid, err := login.Target(c.Invocation, c.Params.UID)
		if err != nil {
			return nil, err
		}
		a, err := d.Store.Account(ctx, c.Site.Group, uid)
		if errors.Is(err, store.ErrNotFound) {
			return nil, gigya.NewError(gigya.UnauthorizedUser, "")
		}
		if err != nil {
			return nil, fmt.Errorf("reading an account: %w", err)
		}
		return d.userInfo(ctx, c, a)
	})
}

// userInfo writes the answer: what every answer with userInfo has, then what this method alone has.
func (d Deps) userInfo(ctx context.Context, c *method.Call[GetUserInfoParams], a *store.Account) (json.RawMessage, error) {
	var signed login.Signature
	if login.Vouches(c.Invocation) {
		signed = login.SignUID(c.Site.Partner.Secret, a.UID, c.Now)
	}
	view := account.View{Signature: signed.UIDSignature, SignatureTime: signed.SignatureTimestamp, Now: c.Now}
	dst := account.AppendUserInfo(nil, a, &view)
	dst = append(dst[:len(dst)-1], `,"capabilities":"none","identities":`...)
	if len(a.Identities) == 0 {
		dst = append(dst, "[]"...)
	}
	dst = append(dst, a.Identities...)
	dst = fmt.Appendf(dst, `,"oldestDataUpdatedTimestamp":%d,"oldestDataAge":%d`,
		a.OldestDataUpdated, max(0, clock.FromTime(c.Now)-a.OldestDataUpdated)/1000)
	for _, word := range c.Params.Include {
		// Only the user's own session: a server has accounts.getJWT, which has a privilege of its own.
		if !strings.EqualFold(word, "id_token") || c.Caller.UID == "" {
			continue
		}
		text, _, err := login.IssueIDToken(ctx, d.Keyring, d.Issuer, login.IDToken{
			APIKey: c.Site.APIKey, Account: a, Now: c.Now, Life: login.DefaultIDTokenLife, LoggedIn: true,
		})
		if err != nil {
			return nil, err
		}
		// A JWT is letters, digits and three marks that JSON leaves as they are.
		dst = append(append(append(dst, `,"id_token":"`...), text...), '"')
		break
	}
	dst = append(dst, '}')
	if fields := c.Caller.Fields(); !fields.All(acl.Read) {
		dst = account.ReadableUserInfo(fields, dst)
	}
	return dst, nil
}
