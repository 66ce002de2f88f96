package socialize_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

// The cases that SECURITY-TESTS.md numbers, as far as these methods answer them.
func TestAttack(t *testing.T) {
	t.Run("014_a_key_stands_for_users_only_with_the_privilege", attackUserTokens)
	t.Run("041_what_was_signed_before_a_new_password_opens_no_session", attackOldSignature)
	t.Run("043_a_server_gets_no_id_token_beside_getJWT", attackIDTokenOfAnother)
	t.Run("053_a_page_with_the_sites_word_writes_as_a_client", attackUserInfo)
}

// restrict leaves the key of every site nothing but the privileges.
func (h *house) restrict(privileges ...string) {
	h.t.Helper()
	h.change(func(tx store.Tx) error {
		key, err := tx.Key(userKey)
		if err != nil {
			return err
		}
		key.Privileges = privileges
		return tx.PutKey(key)
	})
}

func attackUserTokens(t *testing.T) {
	h := newHouse(t)
	wantCode(t, h.call(server, "socialize.notifyLogin", "siteUID", "victim"), "0")
	token := func(more ...string) string {
		answer, _ := h.send(request{by: public, name: "socialize.getToken", noSite: true, params: append([]string{
			"grant_type", "client_credentials", "client_id", testKey, "userKey", userKey, "secret", userSecret}, more...)})
		return answer
	}
	h.restrict("accounts.search", "socialize.getToken")
	for _, uid := range []string{"victim", "somebody-new"} {
		answer := token("x_siteUID", uid)
		wantCode(t, answer, "403007")
		if strings.Contains(answer, "st2.") {
			t.Errorf("a token is in\n%s", answer)
		}
	}
	if _, err := h.store.Account(t.Context(), testKey, "somebody-new"); err == nil {
		t.Error("the refused call made an account")
	}
	wantCode(t, token(), "0") // A token with the key's own privileges.
	h.restrict("socialize.notifyLogin")
	wantCode(t, token("x_siteUID", "victim"), "0")
	// What its right says of the parameters of socialize.notifyLogin is nowhere asked here.
	h.restrict()
	h.change(func(tx store.Tx) error {
		owner := store.OwnerOfPartner(1)
		group, _ := json.Marshal(acl.Group{ACLID: "bots", Scope: acl.Scope{AllowPartners: []string{acl.Owner}}, Users: []string{userKey}})
		list, _ := json.Marshal(acl.Stored{ACL: json.RawMessage(
			`{"_api":{"socialize":{"notifyLogin":{"_ace":{"perms":"x"},"siteUID":{"_ace":{"allowValues":["bot-*"]}}}}}}`)})
		return errors.Join(
			tx.PutConfigObject(&store.ConfigObject{Owner: owner, Kind: acl.KindGroup, Name: "bots", Document: group}),
			tx.PutConfigObject(&store.ConfigObject{Owner: owner, Kind: acl.KindList, Name: "bots", Document: list}))
	})
	wantCode(t, token(), "0")
	if answer := token("x_siteUID", "victim"); !strings.Contains(answer, "403007") || strings.Contains(answer, "st2.") {
		t.Errorf("a key that may stand for bots alone stands for the victim:\n%s", answer)
	}
}

// attackOldSignature is somebody who was logged in until the password was changed, and who has kept the signature of an answer.
func attackOldSignature(t *testing.T) {
	h := newHouse(t)
	text := field(h.call(server, "socialize.notifyLogin", "siteUID", "victim"), "cookieValue")
	told := h.call(user(text), "socialize.getUserInfo")
	page := []string{"siteUID", "victim", "UIDSig", field(told, "UIDSignature"), "UIDTimestamp", field(told, "signatureTimestamp")}
	wantCode(t, h.call(public, "socialize.notifyLogin", page...), "0")
	renew := func() {
		h.change(func(tx store.Tx) error {
			a, err := tx.Account(testKey, "victim")
			if err != nil {
				return err
			}
			a.Secrets.PasswordCreated = clock.FromTime(h.clock.Now())
			return tx.PutAccount(a)
		})
	}
	renew() // In the second of the signature: which came first is not known.
	wantCode(t, h.call(public, "socialize.notifyLogin", page...), "0")
	h.clock.Advance(time.Second)
	renew()
	wantCode(t, h.call(public, "socialize.notifyLogin", page...), "403002")
	stamp := strconv.FormatInt(h.clock.Now().Unix(), 10)
	page = []string{"siteUID", "victim", "UIDSig", gigya.SignUID(secret(testSecret), stamp, "victim"), "UIDTimestamp", stamp}
	wantCode(t, h.call(public, "socialize.notifyLogin", page...), "0")
	wantCode(t, h.call(server, "socialize.notifyLogin", "siteUID", "victim"), "0")
}

func attackIDTokenOfAnother(t *testing.T) {
	h := newHouse(t)
	text := field(h.call(server, "socialize.notifyLogin", "siteUID", "victim"), "cookieValue")
	h.must(h.deps.Keyring.EnsureKey(t.Context()))
	answer := h.call(server, "socialize.getUserInfo", "UID", "victim", "include", "id_token")
	wantCode(t, answer, "0")
	if strings.Contains(answer, "id_token") {
		t.Errorf("a server's answer:\n%s", answer)
	}
	if own := h.call(user(text), "socialize.getUserInfo", "include", "id_token"); field(own, "id_token") == "" {
		t.Errorf("the user's own answer:\n%s", own)
	}
}

func attackUserInfo(t *testing.T) {
	h := newHouse(t)
	h.change(func(tx store.Tx) error {
		record, err := tx.Site(testKey)
		if err != nil {
			return err
		}
		record.Schema = json.RawMessage(`{"profileSchema":{"fields":{"nickname":{"writeAccess":"serverOnly"}}}}`)
		return tx.PutSite(record)
	})
	const stamp = "1772446530"
	// Every login of theirs gives users this signature of their own UID.
	page := []string{"siteUID", "site-1", "UIDSig", gigya.SignUID(secret(testSecret), stamp, "site-1"), "UIDTimestamp", stamp}
	answer := h.call(public, "socialize.notifyLogin", append(page, "userInfo", `{"nickname":"admin"}`)...)
	wantCode(t, answer, "400009")
	if !strings.Contains(answer, "400025") {
		t.Errorf("the answer does not name the field that is the server's:\n%s", answer)
	}
	if a, err := h.store.Account(t.Context(), testKey, "site-1"); err == nil {
		t.Errorf("the refused call stored %s", a.Profile)
	}
	wantCode(t, h.call(public, "socialize.notifyLogin", append(page, "userInfo", `{"firstName":"Zoë"}`)...), "0")
	wantCode(t, h.call(server, "socialize.notifyLogin", "siteUID", "site-1", "userInfo", `{"nickname":"admin"}`), "0")
}
