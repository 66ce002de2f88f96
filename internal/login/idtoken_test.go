package login_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

const (
	vectorKey = "3_TestApiKey-0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGH"
	vectorUID = "4c7c20989f4643dc97eef9fea7b0086e"
)

// vectors is the part of the published vectors that is about id_tokens.
type vectors struct {
	Bearer struct {
		PrivateKey string `json:"private_key_pkcs8_pem"`
	} `json:"rsa_bearer"`
	IDToken struct {
		KID     string `json:"kid"`
		Minimal struct {
			IDToken string `json:"id_token"`
		} `json:"minimal"`
		WithFields struct {
			IDToken string `json:"id_token"`
		} `json:"with_fields"`
	} `json:"id_token"`
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	text, err := os.ReadFile("../../gigya/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// vectorSigner signs with the vectors' key.
type vectorSigner struct {
	kid string
	key *rsa.PrivateKey
}

func (s vectorSigner) KeyID() string { return s.kid }

func (s vectorSigner) Sign(input []byte) ([]byte, error) {
	sum := sha256.Sum256(input)
	return rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, sum[:])
}

func (s vectorSigner) Current(context.Context) (token.Signer, error) { return s, nil }

func newVectorSigner(t *testing.T, v vectors) vectorSigner {
	t.Helper()
	block, _ := pem.Decode([]byte(v.Bearer.PrivateKey))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return vectorSigner{v.IDToken.KID, key.(*rsa.PrivateKey)}
}

func issuer(apiKey string) string { return "https://fidm.gigya.com/jwt/" + apiKey + "/" }

func zoe() *store.Account {
	return &store.Account{
		Group: vectorKey, UID: vectorUID, IsActive: true,
		Profile:       json.RawMessage(`{"firstName":"Zoë","lastName":"Example","email":"zoe@example.com","address":"1 Main St","work":{"company":"ACME","title":"Dr"},"birthYear":1990,"birthMonth":2,"birthDay":1}`),
		Data:          json.RawMessage(`{"personId":"p-1","prefs":{"news":true,"size":12.50},"nothing":null}`),
		Preferences:   json.RawMessage(`{"terms":{"tos":{"isConsentGranted":true}}}`),
		Subscriptions: json.RawMessage(`{"news":{"email":{"isSubscribed":false}}}`),
		Internal:      json.RawMessage(`{"secretNote":"never shown"}`),
	}
}

func plainSchema(t *testing.T) *schema.Schema {
	t.Helper()
	s, err := schema.Parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestIDTokensAreThoseOfTheVectorsByteForByte(t *testing.T) {
	v := readVectors(t)
	signer := newVectorSigner(t, v)
	base := login.IDToken{
		APIKey: vectorKey, Account: zoe(), Schema: plainSchema(t), Now: time.Unix(1700000000, 0), Life: login.DefaultIDTokenLife,
	}
	full := base
	full.Life = 900 * time.Second
	full.Fields = []string{"firstName", "email", "data.personId"}
	full.Audience = []string{"https://api.example.com"}
	for name, test := range map[string]struct {
		ask  login.IDToken
		want string
	}{
		"minimal":     {base, v.IDToken.Minimal.IDToken},
		"with fields": {full, v.IDToken.WithFields.IDToken},
	} {
		t.Run(name, func(t *testing.T) {
			got, ignored, err := login.IssueIDToken(t.Context(), signer, issuer, test.ask)
			if err != nil || len(ignored) > 0 {
				t.Fatalf("err %v, ignored %v", err, ignored)
			}
			if got != test.want {
				t.Errorf("got %s\nwant %s", claims(t, signer, got), test.want)
			}
		})
	}
}

// claims verifies the token as any receiver would and returns its payload.
func claims(t *testing.T, signer vectorSigner, text string) string {
	t.Helper()
	parsed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := parsed.Verify(&signer.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if got := parsed.Signatures[0].Header; got.KeyID != signer.kid || got.ExtraHeaders["typ"] != "JWT" {
		t.Errorf("header %+v", got)
	}
	return string(payload)
}

func TestFieldsBecomeClaims(t *testing.T) {
	const (
		before = `{"iss":"https://fidm.gigya.com/jwt/` + vectorKey + `/","apiKey":"` + vectorKey + `","iat":1772446530,"exp":1772446830,"sub":"` + vectorUID + `"`
	)
	signer := newVectorSigner(t, readVectors(t))
	for name, test := range map[string]struct {
		fields   string
		audience []string
		loggedIn bool
		want     string
		ignored  string
	}{
		"none":                                     {want: before + `}`},
		"profile fields have their bare name":      {fields: "profile.firstName,lastName", want: before + `,"firstName":"Zoë","lastName":"Example"}`},
		"the same field twice is one claim":        {fields: "firstName,profile.firstName", want: before + `,"firstName":"Zoë"}`},
		"nested profile fields keep their path":    {fields: "profile.work.company,work.title", want: before + `,"work.company":"ACME","work.title":"Dr"}`},
		"whole objects":                            {fields: "work,data.prefs", want: before + `,"work":{"company":"ACME","title":"Dr"},"data.prefs":{"news":true,"size":12.50}}`},
		"data keep the whole path, types, order":   {fields: "data.prefs.size,data.personId,data.nothing", want: before + `,"data.prefs.size":12.50,"data.personId":"p-1","data.nothing":null}`},
		"consent like data":                        {fields: "preferences.terms.tos.isConsentGranted,subscriptions.news", want: before + `,"preferences.terms.tos.isConsentGranted":true,"subscriptions.news":{"email":{"isSubscribed":false}}}`},
		"the age is that of today":                 {fields: "age", want: before + `,"age":36}`},
		"a known field without value: no word":     {fields: "profile.nickname,data.terms", want: before + `}`},
		"unknown fields are named":                 {fields: "profile.shoeSize,firstName,shoeSize", want: before + `,"firstName":"Zoë"}`, ignored: "profile.shoeSize"},
		"internal and password are never claims":   {fields: "internal.secretNote,internal,password.hash,password", want: before + `}`, ignored: "internal.secretNote,internal,password.hash,password"},
		"claims of the token itself cannot be set": {fields: "sub,iss,aud,profile.apiKey", want: before + `}`, ignored: "sub,iss,aud,profile.apiKey"},
		"one audience is a text, and comes last":   {fields: "firstName", audience: []string{"a"}, want: before + `,"firstName":"Zoë","aud":"a"}`},
		"several audiences are an array":           {audience: []string{"a", `b"`}, want: before + `,"aud":["a","b\""]}`},
		"logged in":                                {fields: "firstName", loggedIn: true, want: before + `,"isLoggedIn":true,"firstName":"Zoë"}`},
	} {
		t.Run(name, func(t *testing.T) {
			ask := login.IDToken{
				APIKey: vectorKey, Account: zoe(), Schema: plainSchema(t), Now: time.Unix(1772446530, 999_000_000),
				Life: login.DefaultIDTokenLife, Audience: test.audience, LoggedIn: test.loggedIn,
			}
			if test.fields != "" {
				ask.Fields = strings.Split(test.fields, ",")
			}
			text, ignored, err := login.IssueIDToken(t.Context(), signer, issuer, ask)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, claims(t, signer, text)); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
			if got := strings.Join(ignored, ","); got != test.ignored {
				t.Errorf("ignored %q, want %q", got, test.ignored)
			}
		})
	}
}

// Whatever an account brings along from elsewhere, no field of it stands where a claim of the token does.
func TestNoFieldStandsInThePlaceOfAClaim(t *testing.T) {
	signer := newVectorSigner(t, readVectors(t))
	account := zoe()
	account.Profile = json.RawMessage(`{"sub":"root","aud":"x","exp":9999999999,"isLoggedIn":true,"firstName":"Zoë"}`)
	ask := login.IDToken{
		APIKey: vectorKey, Account: account, Schema: plainSchema(t), Now: time.Unix(1772446530, 0), Life: login.DefaultIDTokenLife,
		Fields: []string{"sub", "profile.sub", "aud", "exp", "isLoggedIn", "firstName"},
	}
	text, ignored, err := login.IssueIDToken(t.Context(), signer, issuer, ask)
	if err != nil {
		t.Fatal(err)
	}
	payload := claims(t, signer, text)
	if strings.Contains(payload, "root") || strings.Contains(payload, "aud") || strings.Contains(payload, "isLoggedIn") || strings.Count(payload, `"exp"`) != 1 {
		t.Errorf("claims %s", payload)
	}
	if diff := cmp.Diff([]string{"sub", "aud", "exp", "isLoggedIn"}, ignored); diff != "" {
		t.Error(diff)
	}
}
