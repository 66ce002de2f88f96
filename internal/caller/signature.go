package caller

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/audit"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/token"
)

// nonceLife is how long a nonce is remembered: a request may be stamped a window ahead and is then good until a window
// after its stamp. The minute more covers seconds that are cut and clocks of several servers that differ.
const nonceLife = 2*gigya.RequestWindow + time.Minute

// maxNonce is the longest nonce in bytes.
const maxNonce = 256

// keySignature is a request signed with a key's secret.
func (v *Resolver) keySignature(ctx context.Context, r *Request, s *site.Site) (*Caller, error) {
	if err := checkStamp(r); err != nil {
		return nil, err
	}
	key, err := v.liveKey(ctx, r.Params.Get("userKey"))
	if err != nil {
		return nil, err
	}
	secret, good := key.Proven(r.Now, r.signedWith)
	if err := v.useSignature(ctx, r, good, "key:"+key.UserKey); err != nil {
		return nil, err
	}
	return v.reach(ctx, r, s, &Caller{Class: Server, Via: "signature", Key: key, Secret: secret})
}

// partnerSignature is a request signed with the partner's secret.
func (v *Resolver) partnerSignature(ctx context.Context, r *Request, s *site.Site) (*Caller, error) {
	if s == nil {
		return nil, gigya.MissingParameter("apiKey")
	}
	if err := checkStamp(r); err != nil {
		return nil, err
	}
	secret, good := s.Partner.Proven(r.Now, r.signedWith)
	if err := v.useSignature(ctx, r, good, "site:"+s.APIKey); err != nil {
		return nil, err
	}
	return &Caller{Class: Server, Via: "signature", Secret: secret}, nil
}

// sessionSignature is a request of a mobile session, signed with its secret. That a session is unknown is said whatever
// the signature (recorded); that it is over, only to who holds its secret.
func (v *Resolver) sessionSignature(ctx context.Context, r *Request, s *site.Site) (*Caller, error) {
	if s == nil {
		return nil, gigya.MissingParameter("apiKey")
	}
	if err := checkStamp(r); err != nil {
		return nil, err
	}
	text := r.Params.Get("oauth_token")
	found, failed := v.session(ctx, r, s, text)
	if failed != nil && !errors.Is(failed, session.ErrExpired) {
		return nil, sessionError(failed, unknownSession())
	}
	if found != nil && !found.Mobile {
		return nil, v.refuse(r)
	}
	hash := token.Hash(text)
	owner := "session:" + base64.RawURLEncoding.EncodeToString(hash[:])
	if err := v.useSignature(ctx, r, r.signedWith("", v.sessions.Key(text)), owner); err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, sessionError(failed, unknownSession())
	}
	return v.user(ctx, r, s, found, "session")
}

// checkStamp is what of a signed request is checked before anything is looked up.
func checkStamp(r *Request) error {
	if !r.Params.Has("timestamp") {
		return gigya.MissingParameter("timestamp")
	}
	nonce := r.Params.Get("nonce")
	if nonce == "" {
		return gigya.MissingParameter("nonce")
	}
	if _, err := gigya.CheckTimestamp(r.Params.Get("timestamp"), r.Now); err != nil {
		return err
	}
	if len(nonce) > maxNonce {
		return gigya.InvalidArgument("nonce")
	}
	return nil
}

// signedWith tells whether the call is signed with the secret.
func (r *Request) signedWith(_ string, secret []byte) bool {
	return len(secret) > 0 && gigya.VerifySignature(secret, r.Params.Get("sig"), r.signed())
}

// useSignature uses up the nonce of a call whose signature is good: a refused request must not burn it, because SDKs repeat it with
// the clock corrected.
func (v *Resolver) useSignature(ctx context.Context, r *Request, good bool, owner string) error {
	if !good {
		return v.refuse(r)
	}
	return v.claim(ctx, owner, r.Params.Get("nonce"), r.Now, r.Now.Add(nonceLife))
}

// claim uses a nonce up, or answers 403004.
func (v *Resolver) claim(ctx context.Context, owner, nonce string, now, until time.Time) error {
	fresh, err := v.memory.ClaimNonce(ctx, owner, token.Hash(nonce), clock.FromTime(now), clock.FromTime(until))
	if err != nil {
		return err
	}
	if !fresh {
		return gigya.NewError(gigya.DuplicateNonce, "")
	}
	return nil
}

func (r *Request) signed() gigya.SignedRequest {
	return gigya.SignedRequest{
		HTTPMethod: r.HTTPMethod, Schemes: r.Schemes, Hosts: r.Hosts, Path: r.Path, Params: r.Params.All(),
	}
}

// expectedBase is shown with a refused signature in development.
type expectedBase struct {
	BaseString string `json:"baseString"`
}

// refuse is 403003. In development it shows the base string that the server expected, with the values of sensitive
// parameters masked; never the signature, which would sign the request for anybody.
func (v *Resolver) refuse(r *Request) error {
	err := gigya.NewError(gigya.InvalidRequestSignature, "")
	if !r.DevMode {
		return err
	}
	request := r.signed()
	request.Params = make([]gigya.Param, 0, r.Params.Len())
	for _, p := range r.Params.All() {
		if audit.Sensitive(p.Name) {
			p.Value = audit.Mask
		}
		request.Params = append(request.Params, p)
	}
	const longest = 64 << 10
	base := request.BaseString()
	err.Members = expectedBase{base[:min(len(base), longest)]}
	return err
}
