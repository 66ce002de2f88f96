// Package upgrade_test opens what earlier versions left behind. A folder of testdata holds the database of one version as
// it was when that version ended, its master key, and facts.json: what that version answered. None is ever changed;
// every version that alters what is stored adds one.
package upgrade_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/setup"
)

// facts are what an earlier version said of its accounts, and what proves who calls.
type facts struct {
	APIKey     string            `json:"apiKey"`
	Secret     string            `json:"secret"`
	UserKey    string            `json:"userKey"`
	UserSecret string            `json:"userSecret"`
	Session    string            `json:"session"`
	IDToken    string            `json:"idToken"`
	Passwords  map[string]string `json:"passwords"`
	Accounts   []map[string]any  `json:"accounts"`
}

func TestEveryEarlierVersionsDatabaseIsOpenedAndLosesNothing(t *testing.T) {
	folders, err := filepath.Glob("testdata/*/facts.json")
	if err != nil || len(folders) == 0 {
		t.Fatalf("%v: no folders", err)
	}
	for _, file := range folders {
		folder := filepath.Dir(file)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var f facts
			if err := json.Unmarshal(text, &f); err != nil {
				t.Fatal(err)
			}
			copied := t.TempDir()
			for _, name := range []string{setup.DatabaseFile, setup.MasterKeyFile} {
				data, err := os.ReadFile(filepath.Join(folder, name))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(copied, name), data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			// A second start finds what the first one made of it.
			for range 2 {
				f.hold(t, copied)
			}
		})
	}
}

// hold starts a server on the folder, holds the facts against its answers, and ends it.
func (f *facts) hold(t *testing.T, folder string) {
	t.Helper()
	inst, err := setup.Open(t.Context(), setup.Options{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := server.New(t.Context(), server.Options{
		Store: inst.Store, Sealer: inst.Sealer, Clock: inst.Clock, Rand: inst.Rand, AllowInsecure: true,
		Password: password.Options{Params: password.DefaultParams()},
	})
	if err != nil {
		t.Fatal(err)
	}
	call := func(method string, params ...string) map[string]any {
		t.Helper()
		form := url.Values{"apiKey": {f.APIKey}}
		for i := 0; i < len(params); i += 2 {
			form.Set(params[i], params[i+1])
		}
		r := httptest.NewRequest("POST", "http://accounts.us1.gigya.com/"+method, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		srv.Handler().ServeHTTP(w, r)
		var answer map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		if answer["errorCode"] != 0.0 {
			t.Fatalf("%s: %s", method, w.Body)
		}
		return answer
	}
	for _, want := range f.Accounts {
		uid := want["UID"].(string)
		got := call("accounts.getAccountInfo", "userKey", f.UserKey, "secret", f.UserSecret, "UID", uid,
			"include", "profile,data,loginIDs,emails,identities-all,subscriptions,preferences,regSource")
		for _, name := range []string{"callId", "time", "UIDSignature", "signatureTimestamp"} {
			delete(got, name)
		}
		// What logging in below changed: nothing else may differ, also at the second start.
		for _, m := range []map[string]any{got, want} {
			for _, name := range []string{"lastLogin", "lastLoginTimestamp"} {
				delete(m, name)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("account %s, earlier and now:\n%s", uid, diff)
		}
		found := call("accounts.search", "secret", f.Secret, "query", `SELECT UID FROM accounts WHERE profile.email = "`+uid+`@example.com"`)
		if found["totalCount"] != 1.0 {
			t.Errorf("a search for %s finds %v", uid, found["totalCount"])
		}
	}
	if got := call("accounts.getAccountInfo", "login_token", f.Session); got["UID"] != "ada" {
		t.Errorf("the session is that of %v", got["UID"])
	}
	for uid, secret := range f.Passwords {
		call("accounts.login", "loginID", uid+"@example.com", "password", secret)
	}
	keys, err := json.Marshal(call("accounts.getJWTPublicKey", "V2", "true"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := gigya.ParseJWT(f.IDToken)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(keys), token.KeyID) {
		t.Errorf("the key %s of an earlier id_token is not published: %s", token.KeyID, keys)
	}
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
	if err := inst.Close(); err != nil {
		t.Error(err)
	}
}
