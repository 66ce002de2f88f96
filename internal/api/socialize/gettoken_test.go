package socialize_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// resolve proves a token as the front door does, with or without an apiKey beside it.
func (h *house) resolve(text, apiKey string) (*site.Site, *caller.Caller, error) {
	h.t.Helper()
	params := gigya.NewParams()
	if apiKey != "" {
		params.Set("apiKey", apiKey)
	}
	r := &caller.Request{
		MethodName: "accounts.getAccountInfo", Accepts: caller.Server | caller.Session, Params: params,
		Authorization: "OAuth " + text, Secure: true, Now: h.clock.Now(),
	}
	s, err := h.resolver.Site(h.t.Context(), r)
	if err != nil {
		return nil, nil, err
	}
	who, err := h.resolver.Caller(h.t.Context(), r, s)
	return s, who, err
}

func TestEveryWayToAClientsToken(t *testing.T) {
	h := newHouse(t)
	for name, test := range map[string]struct {
		header string
		params []string
		site   bool
		key    string
		// apiKey goes with the token's call; empty: the token says its site.
		apiKey string
	}{
		"Basic":                          {header: basic(testKey, testSecret), params: []string{"grant_type", "none"}},
		"Basic, percent-encoded":         {header: basic(testKey, url.QueryEscape(testSecret)), params: []string{"grant_type", "none"}},
		"apiKey and partner secret":      {params: []string{"grant_type", "none", "client_id", testKey, "client_secret", testSecret}},
		"client_credentials":             {params: []string{"grant_type", "client_credentials", "client_id", testKey, "client_secret", testSecret}},
		"apiKey, userKey, secret":        {params: []string{"grant_type", "none", "client_id", testKey, "userKey", userKey, "secret", userSecret}, key: userKey},
		"apiKey, userKey, client_secret": {params: []string{"grant_type", "none", "client_id", testKey, "userKey", userKey, "client_secret", userSecret}, key: userKey},
		"userKey of several sites":       {params: []string{"grant_type", "none", "client_id", userKey, "client_secret", userSecret}, key: userKey, apiKey: otherKey},
		"userKey of one site":            {params: []string{"grant_type", "none", "client_id", scopedKey, "client_secret", userSecret}, key: scopedKey},
		"userKey and an apiKey":          {params: []string{"grant_type", "none", "client_id", userKey, "client_secret", userSecret}, site: true, key: userKey},
	} {
		t.Run(name, func(t *testing.T) {
			answer, inv := h.send(request{by: public, name: "socialize.getToken", params: test.params, authorization: test.header, noSite: !test.site})
			wantCode(t, answer, "0")
			if field(answer, "expires_in") != "3600" {
				t.Errorf("answer\n%s", answer)
			}
			if inv.Caller.Class != caller.Server || (inv.Caller.Key == nil) != (test.key == "") {
				t.Errorf("the audit sees %+v", inv.Caller)
			}
			want := testKey
			if test.apiKey != "" {
				want = test.apiKey
			}
			s, who, err := h.resolve(field(answer, "access_token"), test.apiKey)
			if err != nil {
				t.Fatal(err)
			}
			if s.APIKey != want || who.Class != caller.Server || (who.Key == nil) != (test.key == "") || who.Key != nil && who.Key.UserKey != test.key {
				t.Errorf("site %s, caller %+v", s.APIKey, who)
			}
			h.clock.Advance(time.Hour)
			defer h.clock.Advance(-time.Hour)
			var failure *gigya.Error
			if _, _, err := h.resolve(field(answer, "access_token"), test.apiKey); !errors.As(err, &failure) || failure.Code != gigya.SessionHasExpired {
				t.Errorf("after an hour: %v", err)
			}
		})
	}
}

func TestATokenOfAUser(t *testing.T) {
	h := newHouse(t)
	ask := []string{"grant_type", "client_credentials", "client_id", testKey, "client_secret", testSecret, "x_siteUID", "site-1", "x_userInfo", `{"firstName":"Zoë"}`, "x_sessionExpiration", "120"}
	answer, inv := h.send(request{by: public, name: "socialize.getToken", params: ask, noSite: true})
	wantCode(t, answer, "0")
	if field(answer, "expires_in") != "120" || inv.UID != "site-1" {
		t.Errorf("UID %q, answer\n%s", inv.UID, answer)
	}
	text := field(answer, "access_token")
	_, who, err := h.resolve(text, "")
	h.must(err)
	if who.Class != caller.Session || who.UID != "site-1" || who.Session == nil {
		t.Errorf("caller %+v", who)
	}
	wantCode(t, h.call(func(*house) *caller.Caller { return who }, "socialize.logout"), "0")
	var failure *gigya.Error
	if _, _, err := h.resolve(text, ""); !errors.As(err, &failure) || failure.Code != gigya.InvalidToken {
		t.Errorf("after the logout: %v", err)
	}
}

func TestGetTokenFaultsHaveTheFormOfOAuth(t *testing.T) {
	h := newHouse(t)
	client := []string{"client_id", testKey, "client_secret", testSecret}
	with := func(more ...string) []string { return append(more, client...) }
	for name, test := range map[string]struct {
		header string
		params []string
		code   string
		text   string
		site   bool
	}{
		"no grant":                 {params: client, code: "400002", text: "400002 - Missing required parameter : grant_type"},
		"another grant":            {params: with("grant_type", "password"), code: "400013", text: "400013 - Unsupported grant type"},
		"no code":                  {params: with("grant_type", "authorization_code"), code: "400002", text: "400002 - Missing required parameter : code"},
		"a code":                   {params: with("grant_type", "authorization_code", "code", "x", "redirect_uri", "https://example.com"), code: "400014", text: "400014 - Invalid grant"},
		"no refresh token":         {params: with("grant_type", "refresh_token"), code: "400002", text: "400002 - Missing required parameter : refresh_token"},
		"a refresh token":          {params: with("grant_type", "refresh_token", "refresh_token", "x"), code: "400014", text: "400014 - Invalid grant"},
		"no client":                {params: []string{"grant_type", "none"}, code: "400002", text: "400002 - Missing required parameter : client_id"},
		"no secret":                {params: []string{"grant_type", "none", "client_id", testKey}, code: "400002", text: "400002 - Missing required parameter : client_secret"},
		"a wrong secret":           {params: []string{"grant_type", "none", "client_id", testKey, "client_secret", userSecret}, code: "403010", text: "403010 - Invalid parameter: secret"},
		"a wrong key secret":       {params: []string{"grant_type", "none", "client_id", userKey, "client_secret", testSecret}, code: "403010", text: "403010 - Invalid parameter: secret"},
		"an unknown site":          {params: []string{"grant_type", "none", "client_id", "4_0000000000000000000000", "client_secret", testSecret}, code: "400093", text: "400093 - Invalid ApiKey parameter"},
		"an unknown key":           {params: []string{"grant_type", "none", "client_id", "AAAAAAAAAAAA", "client_secret", testSecret}, code: "403005", text: "403005 - The supplied userkey was not found"},
		"a key beyond its sites":   {params: []string{"grant_type", "none", "client_id", otherKey, "userKey", scopedKey, "client_secret", userSecret}, code: "403007"},
		"a header of another form": {header: "Bearer x", params: []string{"grant_type", "none"}, code: "400008", text: "400008 - Invalid authentication header"},
		"a header that is broken":  {header: "Basic %%%", params: []string{"grant_type", "none"}, code: "400008"},
		"header and parameters":    {header: basic(testKey, testSecret), params: with("grant_type", "none"), code: "400008"},
		"a user key in the header": {header: basic(userKey, userSecret), params: []string{"grant_type", "none"}, code: "400093"},
		"another site's client":    {params: []string{"grant_type", "none", "client_id", otherKey, "client_secret", testSecret}, site: true, code: "400006"},
		"a user of no site":        {params: []string{"grant_type", "client_credentials", "client_id", userKey, "client_secret", userSecret, "x_siteUID", "site-1"}, code: "400002"},
		"a user that cannot be":    {params: with("grant_type", "client_credentials", "x_siteUID", "a b"), code: "400006"},
	} {
		t.Run(name, func(t *testing.T) {
			answer, _ := h.send(request{by: public, name: "socialize.getToken", params: test.params, authorization: test.header, noSite: !test.site})
			wantCode(t, answer, test.code)
			if got := field(answer, "error"); got != test.code {
				t.Errorf("error %s, want %s", got, test.code)
			}
			if got := field(answer, "error_description"); !strings.HasPrefix(got, test.code+" - ") || test.text != "" && got != test.text {
				t.Errorf("error_description %q, want %q", got, test.text)
			}
			for _, never := range []string{testSecret, userSecret, "access_token"} {
				if strings.Contains(answer, never) {
					t.Errorf("%s is in the answer", never)
				}
			}
		})
	}
}

func TestGetTokenForASiteOrKeyOutOfUse(t *testing.T) {
	h := newHouse(t)
	ask := func(params ...string) string {
		answer, _ := h.send(request{by: public, name: "socialize.getToken", params: append(params, "grant_type", "none"), noSite: true})
		return answer
	}
	token := field(ask("client_id", testKey, "userKey", userKey, "secret", userSecret), "access_token")
	h.change(func(tx store.Tx) error {
		key, err := tx.Key(userKey)
		if err != nil {
			return err
		}
		key.Revoked = 1
		if err := tx.PutKey(key); err != nil {
			return err
		}
		other, err := tx.Site(otherKey)
		if err != nil {
			return err
		}
		other.Status = store.SiteDeleted
		return tx.PutSite(other)
	})
	wantCode(t, ask("client_id", userKey, "client_secret", userSecret), "403005")
	wantCode(t, ask("client_id", otherKey, "client_secret", testSecret), "403007")
	var failure *gigya.Error
	if _, _, err := h.resolve(token, ""); !errors.As(err, &failure) || failure.Code != gigya.InvalidToken {
		t.Errorf("the token of a revoked key: %v", err)
	}
	h.change(func(tx store.Tx) error {
		partner, err := tx.Partner(1)
		if err != nil {
			return err
		}
		partner.Disabled = true
		return tx.PutPartner(partner)
	})
	wantCode(t, ask("client_id", testKey, "client_secret", testSecret), "403036")
	wantCode(t, ask("client_id", scopedKey, "client_secret", userSecret), "403036")
}

// The site that a client names is held to the rule of every call: one that another installation serves is told so before
// any secret is looked at, with the members that clients follow.
func TestATokenForASiteOfAnotherDataCenterIsAskedForThere(t *testing.T) {
	d := doorwardtest.New(t, doorwardtest.WithDataCenterElsewhere("eu1", "eu1.gigya.com"))
	there := d.AddSite(func(s *store.Site) { s.DataCenter = "eu1" })
	for name, params := range map[string][]string{
		"the partner":              {"client_id", there, "client_secret", d.Secret},
		"a wrong secret":           {"client_id", there, "client_secret", "wrong"},
		"a key":                    {"client_id", there, "userKey", d.UserKey, "secret", d.UserSecret},
		"an apiKey beside the key": {"apiKey", there, "client_id", d.UserKey, "client_secret", d.UserSecret},
		"in the header":            nil,
	} {
		form := url.Values{"grant_type": {"none"}}
		for i := 0; i < len(params); i += 2 {
			form.Set(params[i], params[i+1])
		}
		request, err := http.NewRequest(http.MethodPost, d.URL+"/socialize.getToken", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if params == nil {
			request.Header.Set("Authorization", basic(there, d.Secret))
		}
		_, body := d.Do(request)
		for _, want := range []string{`"errorCode": 301001,`, `"apiDomain": "eu1.gigya.com"`, `"location": "https://socialize.eu1.gigya.com/socialize.getToken"`} {
			if !strings.Contains(string(body), want) {
				t.Errorf("%s: no %s in\n%s", name, want, body)
			}
		}
		if strings.Contains(string(body), "access_token") {
			t.Errorf("%s: a token:\n%s", name, body)
		}
	}
	// A key that names no site is nobody's business but its own.
	if body := d.Call("socialize.getToken", "grant_type", "none", "client_id", d.UserKey, "client_secret", d.UserSecret); !strings.Contains(string(body), `"errorCode": 0,`) {
		t.Errorf("a key without a site:\n%s", body)
	}
}
