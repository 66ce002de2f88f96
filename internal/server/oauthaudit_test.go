package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/audit"
	"github.com/doorward/doorward/internal/store"
)

func TestWhatAKeyDoesAtTheOAuthEndpointsIsOnRecord(t *testing.T) {
	d := doorwardtest.New(t)
	send := func(path string, form url.Values) string {
		if !form.Has("client_id") {
			form.Set("client_id", d.UserKey)
		}
		if !form.Has("client_secret") {
			form.Set("client_secret", d.UserSecret)
		}
		request, err := http.NewRequest(http.MethodPost, d.TLSURL+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		_, body := d.Do(request)
		return string(body)
	}
	var issued struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(send("/oauth2/token", url.Values{"grant_type": {"client_credentials"}})), &issued); err != nil || issued.AccessToken == "" {
		t.Fatalf("no token: %v", err)
	}
	send("/oauth2/token", url.Values{"grant_type": {"password"}})
	send("/revocation", url.Values{"token": {issued.AccessToken}})
	// A refused credential is on the record of the key that was claimed, if there is one of that name.
	send("/introspect", url.Values{"client_secret": {"guessed-secret"}, "token": {issued.AccessToken}, "long": {strings.Repeat("x", 10_000)}})
	send("/oauth2/token", url.Values{"client_id": {"nobody"}, "grant_type": {"client_credentials"}})
	time.Sleep(2 * audit.FlushInterval)

	var got []string
	err := d.Store().Audits(t.Context(), store.AuditQuery{Log: store.OwnerOfPartner(d.Partner), Newest: true, Limit: 10}, func(a *store.Audit, _ string) error {
		for _, secret := range []string{d.UserSecret, issued.AccessToken, "guessed-secret"} {
			if strings.Contains(string(a.Record), secret) {
				t.Errorf("the record shows a secret: %s", a.Record)
			}
		}
		var record struct {
			Endpoint, ErrCode, ErrDetails, UserKey, AuthType string
			UserKeyDetails                                   json.RawMessage
		}
		if err := json.Unmarshal(a.Record, &record); err != nil {
			return err
		}
		const strangers = 4096 // What is kept of who proves nothing, about.
		if refused := record.ErrDetails == "invalid_client"; refused == (record.UserKeyDetails != nil) || refused && len(a.Record) > strangers {
			t.Errorf("the record is %s", a.Record)
		}
		got = append(got, strings.Join([]string{record.Endpoint, record.ErrCode, record.ErrDetails, record.AuthType}, " "))
		if record.UserKey != d.UserKey {
			t.Errorf("the key is %q", record.UserKey)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"/introspect 400001 invalid_client userKey", "/revocation 0  userKey", "/oauth2/token 400001 unsupported_grant_type userKey", "/oauth2/token 0  userKey"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
