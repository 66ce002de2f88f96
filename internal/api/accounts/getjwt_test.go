package accounts_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
)

// claimsOf verifies the token with the keys that getJWTPublicKey answers, as receivers do, and returns its payload.
func (h *house) claimsOf(text string) string {
	h.t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(h.call(public, "accounts.getJWTPublicKey", "V2", "true")), &set); err != nil {
		h.t.Fatal(err)
	}
	parsed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		h.t.Fatal(err)
	}
	keys := set.Key(parsed.Signatures[0].Header.KeyID)
	if len(keys) != 1 {
		h.t.Fatalf("%d keys have the token's kid", len(keys))
	}
	payload, err := parsed.Verify(keys[0])
	if err != nil {
		h.t.Fatal(err)
	}
	return string(payload)
}

// keyed returns a house that has a signing key.
func keyed(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	h.sign()
	return h
}

const jwtHead = `{"iss":"https://fidm.gigya.com/jwt/` + testKey + `/","apiKey":"` + testKey + `","iat":1772446530,`

func TestGetJWT(t *testing.T) {
	h := keyed(t)
	session := h.zoe()
	h.call(server, "accounts.setAccountInfo", "UID", testUID, "data", `{"personId":"p-1"}`)
	before := *h.account(testUID)
	for name, test := range map[string]struct {
		by      who
		params  []string
		claims  string
		ignored string
		code    string
		details string
	}{
		"a server about anybody": {
			by:      server,
			params:  []string{"targetUID", testUID, "fields", "firstName, email ,data.personId,profile.shoeSize", "expiration", "900"},
			claims:  jwtHead + `"exp":1772447430,"sub":"` + testUID + `","firstName":"Zoë","email":"zoe@example.com","data.personId":"p-1"}`,
			ignored: "profile.shoeSize",
		},
		"UID stands for targetUID":       {by: server, params: []string{"uid", testUID}, claims: jwtHead + `"exp":1772446830,"sub":"` + testUID + `"}`},
		"a session about itself":         {by: user(session), claims: jwtHead + `"exp":1772446830,"sub":"` + testUID + `"}`},
		"a session ignores targetUID":    {by: user(session), params: []string{"targetUID", "somebody"}, claims: jwtHead + `"exp":1772446830,"sub":"` + testUID + `"}`},
		"one audience":                   {by: server, params: []string{"targetUID", testUID, "audience", "https://api.example.com"}, claims: jwtHead + `"exp":1772446830,"sub":"` + testUID + `","aud":"https://api.example.com"}`},
		"two audiences":                  {by: server, params: []string{"targetUID", testUID, "audience", "a, b"}, claims: jwtHead + `"exp":1772446830,"sub":"` + testUID + `","aud":["a","b"]}`},
		"the longest life":               {by: server, params: []string{"targetUID", testUID, "expiration", "31536000"}, claims: jwtHead + `"exp":1803982530,"sub":"` + testUID + `"}`},
		"a session may name nobody else": {by: user(session), params: []string{"UID", "somebody"}, code: "403005", details: "Unauthorized user"},
		"no targetUID":                   {by: server, code: "400002", details: "Missing required parameter : targetUID"},
		"a UID that is not there":        {by: server, params: []string{"targetUID", "somebody"}, code: "403005", details: "Unauthorized user"},
		"a life of nothing":              {by: server, params: []string{"targetUID", testUID, "expiration", "0"}, code: "400006"},
		"a life that is too long":        {by: server, params: []string{"targetUID", testUID, "expiration", "31536001"}, code: "400006"},
		"a life that is no number":       {by: server, params: []string{"targetUID", testUID, "expiration", "soon"}, code: "400004"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := h.call(test.by, "accounts.getJWT", test.params...)
			if test.code != "" {
				wantCode(t, answer, test.code)
				if got := field(answer, "errorDetails"); test.details != "" && got != test.details {
					t.Errorf("errorDetails %q, want %q", got, test.details)
				}
				return
			}
			wantCode(t, answer, "0")
			if got := h.claimsOf(field(answer, "id_token")); got != test.claims {
				t.Errorf("claims %s\nwant   %s", got, test.claims)
			}
			if got := field(answer, "ignoredFields"); got != test.ignored || !strings.Contains(answer, "\"ignoredFields\": \"") {
				t.Errorf("ignoredFields %q, want %q", got, test.ignored)
			}
			if strings.Index(answer, "ignoredFields") > strings.Index(answer, "id_token") {
				t.Error("id_token stands before ignoredFields")
			}
		})
	}
	if after := h.account(testUID); after.Rev != before.Rev || after.LastLogin != before.LastLogin {
		t.Error("getJWT changed the account")
	}
}

func TestGetJWTOfADisabledAccountIsRefused(t *testing.T) {
	h := keyed(t)
	h.zoe()
	h.call(server, "accounts.setAccountInfo", "UID", testUID, "isActive", "false")
	wantCode(t, h.call(server, "accounts.getJWT", "targetUID", testUID), "403041")
}

func TestPublicKeysInBothForms(t *testing.T) {
	h := keyed(t)
	one := h.call(public, "accounts.getJWTPublicKey")
	for i, name := range []string{"alg", "kid", "kty", "n", "e", "use"} {
		if field(one, name) == "" {
			t.Errorf("%s is missing in\n%s", name, one)
		}
		if i > 0 && strings.Index(one, `"`+name+`":`) < strings.Index(one, `"alg":`) {
			t.Errorf("%s stands before alg", name)
		}
	}
	if strings.Contains(one, `"keys"`) {
		t.Errorf("the form without V2 has keys:\n%s", one)
	}
	for _, v2 := range []string{"true", "True", "1"} {
		all := h.call(public, "accounts.getJWTPublicKey", "v2", v2)
		if !strings.Contains(all, `"keys": [`) || field(all, "n") != "" || !strings.Contains(all, field(one, "kid")) {
			t.Errorf("V2=%s:\n%s", v2, all)
		}
	}
}

func TestSessionVerifyAnswersTheBareEnvelope(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	h.clock.Advance(time.Minute)
	wantCode(t, h.call(user(session), "accounts.session.verify"), "0")
	found, err := h.deps.Sessions.Find(t.Context(), testKey, session)
	if err != nil || found.Created != clock.FromTime(testTime) {
		t.Errorf("the session was touched: %+v, %v", found, err)
	}
}

func TestExchangeUIDSignature(t *testing.T) {
	h := newHouse(t)
	const good = "HywoRCH0oqvj1WfNLUuXCJ2LtdE="
	byKey := func(h *house) *caller.Caller {
		secret, _ := gigya.DecodeSecret("c2Vjb25kLXVzZXIta2V5LXNlY3JldC0yMDI2")
		return &caller.Caller{Class: caller.Server, Via: "userKey", Secret: secret}
	}
	h.clock.Advance(11 * time.Second)
	got := h.call(byKey, "accounts.exchangeUIDSignature", "UID", testUID, "UIDSignature", good, "signatureTimestamp", "1772446530")
	want := "\"UID\": \"" + testUID + "\",\n  \"UIDSignature\": \"7t3bociYbofgQxavWUDIsCM0Bk4=\",\n  \"signatureTimestamp\": \"1772446541\"\n}"
	if !strings.HasSuffix(strings.TrimSpace(got), want) {
		t.Errorf("answer\n%s\nwant at its end\n%s", got, want)
	}
	for name, test := range map[string]struct {
		params []string
		code   string
		text   string
	}{
		"bad signature": {[]string{"UID", testUID, "UIDSignature", "x" + good, "signatureTimestamp", "1772446530"}, "400006", "Invalid argument: UIDSignature"},
		"too old":       {[]string{"UID", testUID, "UIDSignature", good, "signatureTimestamp", "1772446480"}, "403002", "Request has expired"},
		"no UID":        {[]string{"UIDSignature", good, "signatureTimestamp", "1772446530"}, "400002", "Missing required parameter : UID"},
		"no timestamp":  {[]string{"UID", testUID, "UIDSignature", good}, "400002", "Missing required parameter : signatureTimestamp"},
	} {
		answer := h.call(byKey, "accounts.exchangeUIDSignature", test.params...)
		if code(answer) != test.code || field(answer, "errorDetails") != test.text {
			t.Errorf("%s:\n%s", name, answer)
		}
	}
}
