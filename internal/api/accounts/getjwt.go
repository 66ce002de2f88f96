package accounts

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// GetJWTParams are the parameters of accounts.getJWT.
type GetJWTParams struct {
	// TargetUID names the user of a server call. A session call is about the session's own user, whatever stands here.
	TargetUID string `param:"targetUID"`
	// UID is a second name of targetUID in server calls.
	UID string `param:"UID"`
	// Fields are dotted paths: firstName or profile.firstName, data.personId, or a whole object.
	Fields method.List `param:"fields,len=16384"`
	// Expiration is the token's life in seconds; 300 when absent.
	Expiration *int64 `param:"expiration,min=1,max=31536000"`
	// Audience becomes the aud claim; several, divided by commas, become an array.
	Audience method.List `param:"audience"`
}

// maxJWTFields bounds the fields of one token: each is looked for in documents of up to half a megabyte.
const maxJWTFields = 200

// GetJWTResult is the answer of accounts.getJWT.
type GetJWTResult struct {
	// IgnoredFields are the names that do not exist in the site's schema, divided by commas. It is there when empty, too.
	IgnoredFields string `json:"ignoredFields"`
	IDToken       string `json:"id_token"`
}

// getJWT serves accounts.getJWT: a signed id_token with the user's UID and the fields asked for.
//
// Callers: server credentials about any account of the user base (targetUID), and sessions about their own user. A key needs
// the right to read every field (403007). A
// missing targetUID is 400002, an account that does not exist 403005, one that is switched off 403041. The call has no
// side effect: it is no login. Nothing revokes a token: it is good until exp.
//
// Sources: the REST guide; tokens and answers recorded in several clients; the Java SDK compares the issuer exactly.
//
// Differs: names that stand for claims of the token itself (sub, aud …) are ignored as fields.
func getJWT(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.getJWT",
		Summary: "Issues a short-lived signed token that carries a user's UID and chosen fields of the account.",
		Callers: caller.Server | caller.Session,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[GetJWTParams]) (GetJWTResult, error) {
		if !c.Caller.Fields().All(acl.Read) {
			return GetJWTResult{}, caller.Denied(c.Method.Spec.Name)
		}
		uid, err := jwtUser(c)
		if err != nil {
			return GetJWTResult{}, err
		}
		if len(c.Params.Fields) > maxJWTFields {
			return GetJWTResult{}, gigya.InvalidArgumentBecause("fields", "at most "+strconv.Itoa(maxJWTFields)+" fields")
		}
		account, err := d.Store.Account(ctx, c.Site.Group, uid)
		if errors.Is(err, store.ErrNotFound) {
			return GetJWTResult{}, gigya.NewError(gigya.UnauthorizedUser, "")
		}
		if err != nil {
			return GetJWTResult{}, err
		}
		if !account.IsActive {
			return GetJWTResult{}, gigya.NewError(gigya.AccountDisabled, "")
		}
		life := login.DefaultIDTokenLife
		if c.Params.Expiration != nil {
			life = time.Duration(*c.Params.Expiration) * time.Second
		}
		text, ignored, err := login.IssueIDToken(ctx, d.Keyring, d.Issuer, login.IDToken{
			APIKey:   c.Site.APIKey,
			Account:  account,
			Schema:   c.Site.Schema,
			Now:      c.Now,
			Life:     life,
			Fields:   c.Params.Fields,
			Audience: c.Params.Audience,
		})
		if err != nil {
			return GetJWTResult{}, err
		}
		return GetJWTResult{IgnoredFields: strings.Join(ignored, ","), IDToken: text}, nil
	})
}

// jwtUser returns the UID that the call is about.
func jwtUser(c *method.Call[GetJWTParams]) (string, error) {
	if !c.Server() {
		if c.Params.UID != "" && c.Params.UID != c.Caller.UID {
			return "", gigya.NewError(gigya.UnauthorizedUser, "")
		}
		c.UID = c.Caller.UID
		return c.UID, nil
	}
	c.UID = c.Params.TargetUID
	if c.UID == "" {
		c.UID = c.Params.UID
	}
	if c.UID == "" {
		return "", gigya.MissingParameter("targetUID")
	}
	return c.UID, nil
}
