package login_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
)

// The secrets of the published vectors.
const (
	partnerSecret = "dGhpcyBpcyBhIDMyLWJ5dGUgcGFydG5lciBzZWNyZXQhISE="
	keySecret     = "c2Vjb25kLXVzZXIta2V5LXNlY3JldC0yMDI2"
)

func decode(t *testing.T, secret string) []byte {
	t.Helper()
	key, err := gigya.DecodeSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestExchangeSignature(t *testing.T) {
	const signed = int64(1772446530)
	good := login.SignatureParams{UID: vectorUID, UIDSignature: "HywoRCH0oqvj1WfNLUuXCJ2LtdE=", SignatureTimestamp: "1772446530"}
	with := func(change func(*login.SignatureParams)) login.SignatureParams {
		p := good
		change(&p)
		return p
	}
	for name, test := range map[string]struct {
		params  login.SignatureParams
		after   int64
		secret  string
		want    login.Signature
		code    gigya.Code
		details string
	}{
		"a key gets a signature of its own": {
			params: good, after: 11, secret: keySecret,
			want: login.Signature{UID: vectorUID, UIDSignature: "7t3bociYbofgQxavWUDIsCM0Bk4=", SignatureTimestamp: "1772446541"},
		},
		"the partner gets one of the partner": {
			params: good, secret: partnerSecret,
			want: login.Signature{UID: vectorUID, UIDSignature: "HywoRCH0oqvj1WfNLUuXCJ2LtdE=", SignatureTimestamp: "1772446530"},
		},
		"60 s old is good":       {params: good, after: 60, secret: partnerSecret, want: login.SignUID(decode(t, partnerSecret), vectorUID, time.Unix(signed+60, 0))},
		"60 s ahead is good":     {params: good, after: -60, secret: partnerSecret, want: login.SignUID(decode(t, partnerSecret), vectorUID, time.Unix(signed-60, 0))},
		"61 s old has expired":   {params: good, after: 61, secret: keySecret, code: gigya.RequestHasExpired},
		"61 s ahead is refused":  {params: good, after: -61, secret: keySecret, code: gigya.RequestHasExpired},
		"another signature":      {params: with(func(p *login.SignatureParams) { p.UIDSignature = "IywoRCH0oqvj1WfNLUuXCJ2LtdE=" }), secret: keySecret, code: gigya.InvalidParameterValue, details: "Invalid argument: UIDSignature"},
		"another UID":            {params: with(func(p *login.SignatureParams) { p.UID = "somebody-else" }), secret: keySecret, code: gigya.InvalidParameterValue, details: "Invalid argument: UIDSignature"},
		"a stamp that is none":   {params: with(func(p *login.SignatureParams) { p.SignatureTimestamp = "now" }), secret: keySecret, code: gigya.InvalidParameterValue, details: "Invalid argument: signatureTimestamp"},
		"a key without a secret": {params: good, code: gigya.PermissionDenied, details: "Invalid namespace &#39;accounts&#39; or method &#39;exchangeUIDSignature&#39; or you do not have the required permissions to call it. "},
	} {
		t.Run(name, func(t *testing.T) {
			inv := &method.Invocation{
				Method: &method.Method{Spec: method.Spec{Name: "accounts.exchangeUIDSignature"}},
				Site:   &site.Site{Partner: &site.Partner{Secret: decode(t, partnerSecret)}},
				Caller: &caller.Caller{Class: caller.Server},
				Now:    time.Unix(signed+test.after, 0),
			}
			if test.secret != "" {
				inv.Caller.Secret = decode(t, test.secret)
			}
			got, err := login.ExchangeSignature(inv, test.params)
			if test.code == 0 {
				if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
					t.Fatalf("err %v (-want +got):\n%s", err, diff)
				}
				return
			}
			var failure *gigya.Error
			if !errors.As(err, &failure) || failure.Code != test.code || failure.Details != test.details {
				t.Errorf("err %v, want %d %q", err, test.code, test.details)
			}
		})
	}
}
