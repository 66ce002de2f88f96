package login

import (
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
)

// SignatureAge is how old, and how far ahead of us, a UID signature may be that a caller hands in.
const SignatureAge = 60 * time.Second

// SignatureParams are the parameters of exchangeUIDSignature, in either namespace.
type SignatureParams struct {
	UID                string `param:"UID,required"`
	UIDSignature       string `param:"UIDSignature,required"`
	SignatureTimestamp string `param:"signatureTimestamp,required"`
}

// Signature is a UID with a signature that its receiver can check.
type Signature struct {
	UID          string `json:"UID"`
	UIDSignature string `json:"UIDSignature"`
	// SignatureTimestamp is in Unix seconds; the wire has it as a string.
	SignatureTimestamp string `json:"signatureTimestamp"`
}

// ExchangeSignature checks a UID signature, which a login made with the partner secret, and makes it anew with the
// secret of the key that calls: holders of a user key do not have the partner's. CMS plugins do this at every login.
//
// A signature older or newer than [SignatureAge] is 403002, a wrong one 400006. A caller without a secret, a key that has
// only an RSA pair, is refused with 403007: there is nothing that it could check the new signature with.
func ExchangeSignature(c *method.Invocation, p SignatureParams) (Signature, error) {
	if err := CheckAge("signatureTimestamp", p.SignatureTimestamp, c.Now); err != nil {
		return Signature{}, err
	}
	if !VerifyUID(c, p.SignatureTimestamp, p.UID, p.UIDSignature) {
		return Signature{}, gigya.InvalidArgument("UIDSignature")
	}
	if len(c.Caller.Secret) == 0 {
		return Signature{}, caller.Denied(c.Method.Spec.Name)
	}
	return SignUID(c.Caller.Secret, p.UID, c.Now), nil
}

// Vouches tells whether the caller may be handed what opens a session of an account that the call merely reads: the partner's signature
// of its UID, with which anybody calls socialize.notifyLogin, or its regToken. A key may if it may open sessions itself, by
// notifyLogin of either namespace and without limits on parameters. All others are told of accounts alone that are theirs already.
func Vouches(c *method.Invocation) bool {
	if !c.Server() {
		return true
	}
	return c.Caller.Held("socialize.notifylogin").Free() || c.Caller.Held("accounts.notifylogin").Free()
}

// VerifyUID tells whether the UID is signed with the secret of the call's partner, the present one or the one before it.
func VerifyUID(c *method.Invocation, timestamp, uid, signature string) bool {
	_, good := c.Site.Partner.Proven(c.Now, func(_ string, secret []byte) bool {
		return gigya.VerifyUID(secret, timestamp, uid, signature)
	})
	return good
}

// SignUID signs the UID at this moment.
func SignUID(secret []byte, uid string, now time.Time) Signature {
	stamp := strconv.FormatInt(now.Unix(), 10)
	return Signature{UID: uid, UIDSignature: gigya.SignUID(secret, stamp, uid), SignatureTimestamp: stamp}
}

// SignedAt returns the time of a timestamp that [CheckAge] took: seconds, or milliseconds in thirteen digits.
func SignedAt(timestamp string) clock.Millis {
	timestamp = strings.TrimSpace(timestamp)
	n, _ := strconv.ParseInt(timestamp, 10, 64)
	if len(timestamp) == 13 {
		return clock.Millis(n)
	}
	return clock.FromTime(time.Unix(n, 0))
}

// CheckAge refuses the timestamp of a UID signature: 400006 if it is no number, 403002 if it is further than
// [SignatureAge] from now.
func CheckAge(name, timestamp string, now time.Time) error {
	if _, err := strconv.ParseInt(strings.TrimSpace(timestamp), 10, 64); err != nil {
		return gigya.InvalidArgument(name)
	}
	if !gigya.TimestampWithin(timestamp, now, SignatureAge) {
		return gigya.NewError(gigya.RequestHasExpired, "")
	}
	return nil
}
