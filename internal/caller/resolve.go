package caller

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// Caller proves who calls. The site is that of [Resolver.Site], nil if the call has none.
//
// It answers the class of the caller and its rights; whether that class may call the method is the next question
// ([Caller.Permitted]). The errors are these: 403002 timestamp, 403005 userKey or session unknown,
// 403010 secret, 403003 signature, 403004 nonce, 403011 session or token over, 403013 a session of another site of the
// group whose account lacks what this one demands, 403025 access token, 403007 a server credential that does not reach the
// site, or a network that may not call, 400008 a header of another form, 400006 a regToken that is not good, and 403006 for
// a bearer credential over plain HTTP.
func (v *Resolver) Caller(ctx context.Context, r *Request, s *site.Site) (*Caller, error) {
	c, err := v.prove(ctx, r, s)
	if err != nil && unverified(err) && r.Accepts.Has(RegToken) && r.Params.Has("regToken") {
		c, err = v.regToken(r, s) // Whoever is asked for more has the token with which to give it, in whichever form the session came.
	}
	if err == nil {
		err = v.checkNetwork(ctx, r, s, c)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (v *Resolver) prove(ctx context.Context, r *Request, s *site.Site) (*Caller, error) {
	switch first(r) {
	case byHeader:
		return v.header(ctx, r, s)
	case byKeySignature:
		return v.keySignature(ctx, r, s)
	case bySessionSignature:
		return v.sessionSignature(ctx, r, s)
	case bySignature:
		return v.partnerSignature(ctx, r, s)
	case byKeySecret:
		return v.keySecret(ctx, r, s)
	case bySecret:
		return v.partnerSecret(r, s)
	case byAccessToken:
		return v.oauthToken(ctx, r, s)
	case byLoginToken, byCookie:
		return v.login(ctx, r, s)
	}
	return public(), nil
}

func public() *Caller { return &Caller{Class: Public, Via: "none"} }

// keySecret is apiKey, userKey and the key's secret.
func (v *Resolver) keySecret(ctx context.Context, r *Request, s *site.Site) (*Caller, error) {
	key, err := v.liveKey(ctx, r.Params.Get("userKey"))
	if err != nil {
		return nil, err
	}
	secret, ok := key.Proven(r.Now, r.sendsSecret)
	if !ok {
		return nil, wrongSecret()
	}
	return v.reach(ctx, r, s, &Caller{Class: Server, Via: "userKey", Key: key, Secret: secret})
}

// partnerSecret is apiKey and the secret of the site's partner.
func (v *Resolver) partnerSecret(r *Request, s *site.Site) (*Caller, error) {
	if s == nil {
		return nil, gigya.MissingParameter("apiKey")
	}
	secret, ok := s.Partner.Proven(r.Now, r.sendsSecret)
	if !ok {
		return nil, wrongSecret()
	}
	return &Caller{Class: Server, Via: "partnerSecret", Secret: secret}, nil
}

// sendsSecret tells whether the call shows the secret.
func (r *Request) sendsSecret(text string, _ []byte) bool {
	return equalSecret(text, r.Params.Get("secret"))
}

func wrongSecret() error { return gigya.NewError(gigya.InvalidSecret, "Invalid parameter: secret") }

// equalSecret compares in constant time. A blank stands for the plus sign that an unencoded query loses. No secret
// equals a missing one.
func equalSecret(want, got string) bool {
	var first, second [64]byte // Most secrets are no longer, and cost no memory then.
	sent := append(second[:0], got...)
	for i, c := range sent {
		if c == ' ' {
			sent[i] = '+'
		}
	}
	a, b := sha256.Sum256(append(first[:0], want...)), sha256.Sum256(sent)
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && want != ""
}

// liveKey returns the key if it may be used. One that is disabled or revoked is answered like one that never was.
func (v *Resolver) liveKey(ctx context.Context, userKey string) (*site.Key, error) {
	key, err := v.sites.Key(ctx, userKey)
	if err == nil && key.Live() {
		return key, nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return nil, gigya.NewError(gigya.UnauthorizedUser, "The supplied userkey was not found")
}

// regToken is the last credential: a token of one flow. Methods that do not take one have no such parameter.
func (v *Resolver) regToken(r *Request, s *site.Site) (*Caller, error) {
	text := r.Params.Get("regToken")
	if text == "" || !r.Accepts.Has(RegToken) {
		return public(), nil
	}
	opened, err := v.tokens.OpenRegToken(text, r.Now)
	if errors.Is(err, token.ErrInvalid) || err == nil && (s == nil || opened.Site != s.APIKey || opened.Group != s.Group) {
		return nil, gigya.InvalidArgument("regToken")
	}
	if err != nil {
		return nil, err
	}
	return &Caller{Class: RegToken, Via: "regToken", UID: opened.UID, RegToken: &opened}, nil
}
