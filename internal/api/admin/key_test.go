package admin_test

import (
	"crypto/x509"
	"encoding/pem"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/internal/acl"
)

func TestANewApplicationMayDoNothing(t *testing.T) {
	h := newHouse(t)
	answer := h.must(h.boss, "admin.createUserKey", "name", "CRM sync", "description", "nightly", "keyType", "highRate", "ownerPartnerId", h.id)
	want := regexp.MustCompile(`^\{"user":\{"userKey":"A[A-Za-z0-9]{11}","secret":"[A-Za-z0-9]{32}","name":"CRM sync","description":"nightly","keyType":"highRate",` +
		`"ownerPartnerID":` + h.id + `,"created":"2026-03-02T10:15:30.123Z","enabled":true,"hasPublicKey":false\}\}$`)
	if !want.MatchString(answer) {
		t.Errorf("the answer is %s", answer)
	}
	by := credential{"userKey", field(answer, "user", "userKey"), "secret", field(answer, "user", "secret")}
	h.play(
		step{by: by, method: "accounts.getSchema", params: p("apiKey", h.APIKey), want: "403007 Invalid namespace &#39;accounts&#39; or method &#39;getSchema&#39; or you do not have the required permissions to call it."},
		step{by: by, method: "admin.getGroups", params: p("partnerID", h.id), want: deniedText("admin.getGroups")},
		step{method: "admin.updateGroup", params: p("partnerID", h.id, "groupID", acl.NoPermissions, "addUsers", `["`+by[1]+`"]`), want: `{}`},
		step{by: by, method: "admin.getGroups", params: p("partnerID", h.id), want: deniedText("admin.getGroups")},
		step{method: "admin.updateGroup", params: p("partnerID", h.id, "groupID", acl.Admins, "addUsers", `["`+by[1]+`"]`), want: `{}`},
	)
	h.must(by, "accounts.getSchema", "apiKey", h.APIKey)
}

func TestAKeyPairIsHandedOutOnce(t *testing.T) {
	h := newHouse(t)
	answer := h.must(h.boss, "admin.createUserKey", "name", "signer", "ownerPartnerID", h.id, "createKeyPair", "true")
	first, _ := pem.Decode([]byte(field(answer, "user", "privateKey")))
	second, _ := pem.Decode([]byte(field(answer, "user", "privateKeyPKCS8")))
	a, err := x509.ParsePKCS1PrivateKey(first.Bytes)
	h.check(err)
	b, err := x509.ParsePKCS8PrivateKey(second.Bytes)
	h.check(err)
	if !a.Equal(b) {
		t.Error("the two forms are of different keys")
	}
	userKey := field(answer, "user", "userKey")
	shown := h.must(h.boss, "admin.getUserKeyInfo", "targetUserKey", userKey, "includeSecret", "true")
	if strings.Contains(shown, "PRIVATE") || field(shown, "user", "hasPublicKey") != "true" || field(shown, "user", "secret") != field(answer, "user", "secret") {
		t.Errorf("shown later is %s", shown)
	}
	der, err := x509.MarshalPKIXPublicKey(&a.PublicKey)
	h.check(err)
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	h.must(h.boss, "admin.createUserKey", "name", "own pair", "publicKey", public)
	h.play(
		step{method: "admin.createUserKey", want: "400002 Missing required parameter : name"},
		step{method: "admin.createUserKey", params: p("name", " "), want: "400002 Missing required parameter : name"},
		step{method: "admin.createUserKey", params: p("name", "x", "publicKey", "junk"), want: "400006 Invalid argument: publicKey: want the PEM text of an RSA public key"},
		step{method: "admin.createUserKey", params: p("name", "x", "publicKey", public, "createKeyPair", "true"),
			want: "400006 Invalid argument: createKeyPair: must not be sent together with publicKey"},
		step{method: "admin.createUserKey", params: p("name", "x", "email", "no address"), want: "400006 Invalid argument: email: want an e-mail address"},
		step{method: "admin.createUserKey", params: p("name", "x", "ownerPartnerId", h.stranger), want: deniedText("admin.createUserKey")},
	)
}

func TestADisabledOrDeletedKeyIsRefusedByItsNextCall(t *testing.T) {
	h := newHouse(t)
	by := h.newKey("app", listOf("getGroups"), wholePartner)
	call := step{by: by, method: "admin.getGroups", params: p("partnerID", h.id), want: "403005 The supplied userkey was not found"}
	h.must(by, "admin.getGroups", "partnerID", h.id)
	h.play(
		step{method: "admin.setUserKeyInfo", params: p("targetUserKey", by[1], "enabled", "false", "name", "renamed", "email", "ann@example.com"), want: `{}`},
		call,
		step{method: "admin.setUserKeyInfo", params: p("targetUserKey", by[1], "enabled", "true"), want: `{}`},
	)
	h.must(by, "admin.getGroups", "partnerID", h.id)
	info := h.must(h.boss, "admin.getUserKeyInfo", "targetUserKey", by[1])
	if field(info, "user", "name") != "renamed" || field(info, "user", "email") != "ann@example.com" || strings.Contains(info, "secret\"") {
		t.Errorf("the key is %s", info)
	}
	h.play(
		step{method: "admin.deleteUserKey", params: p("targetUserKey", by[1]), want: `{}`},
		call,
		step{method: "admin.deleteUserKey", params: p("targetUserKey", by[1]), want: "400006 Invalid argument: targetUserKey: there is no such user key"},
		step{method: "admin.getUserKeyInfo", params: p("targetUserKey", by[1]), want: "400006 Invalid argument: targetUserKey: there is no such user key"},
		step{method: "admin.setUserKeyInfo", params: p("targetUserKey", by[1], "enabled", "true"), want: "400006 Invalid argument: targetUserKey: there is no such user key"},
		step{method: "admin.rotateUserKeySecret", params: p("targetUserKey", by[1]), want: "400006 Invalid argument: targetUserKey: there is no such user key"},
		step{method: "admin.getGroupUsers", params: p("partnerID", h.id, "groupID", "app"), want: `{"users":[]}`},
		step{by: h.strangerKey, method: "admin.deleteUserKey", params: p("targetUserKey", h.UserKey), want: "400006 Invalid argument: targetUserKey: there is no such user key"},
	)
	if strings.Contains(h.configObjects(), by[1]) {
		t.Error("a deleted key is in a group")
	}
}

func TestNobodyTakesAStrongerKeyOver(t *testing.T) {
	h := newHouse(t)
	methods := []string{"getUserKeyInfo", "setUserKeyInfo", "rotateUserKeySecret", "createUserKey", "rotatePartnerSecret"}
	weak := h.newKey("weak", listOf(methods...), wholePartner)
	same := h.newKey("same", listOf("getUserKeyInfo"), wholePartner)
	public := field(h.must(h.boss, "admin.createUserKey", "name", "pair", "createKeyPair", "true"), "user", "userKey")
	record, err := h.Store().Key(t.Context(), public)
	h.check(err)
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: record.PublicKey}))
	refused := "403007 targetUserKey: this goes beyond the rights of the caller"
	h.play(
		step{by: weak, method: "admin.getUserKeyInfo", params: p("targetUserKey", h.UserKey, "includeSecret", "true"), want: refused},
		step{by: weak, method: "admin.rotateUserKeySecret", params: p("targetUserKey", h.UserKey), want: refused},
		step{by: weak, method: "admin.setUserKeyInfo", params: p("targetUserKey", h.UserKey, "publicKey", text), want: refused},
		step{by: weak, method: "admin.rotatePartnerSecret", params: p("partnerID", h.id), want: "403007 partnerID: this goes beyond the rights of the caller"},
	)
	if secret := field(h.must(weak, "admin.getUserKeyInfo", "targetUserKey", same[1], "includeSecret", "true"), "user", "secret"); secret != same[3] {
		t.Errorf("the secret of a key that holds no more is %s", secret)
	}
	if secret := field(h.must(weak, "admin.getUserKeyInfo", "includeSecret", "true"), "user", "secret"); secret != weak[3] {
		t.Errorf("the own secret is %s", secret)
	}
	h.must(h.boss, "admin.getGroups", "partnerID", h.id) // The boss's secret is what it was.
}

func TestKeysAreListedWithoutSecrets(t *testing.T) {
	h := newHouse(t)
	h.newKey("app", "", "")
	got := h.must(h.boss, "admin.getUserKeys", "partnerID", h.id)
	if strings.Count(got, `"userKey"`) != 2 || strings.Contains(got, "secret") || strings.Contains(got, h.UserSecret) {
		t.Errorf("the list is %s", got)
	}
	h.play(step{method: "admin.getUserKeys", params: p("partnerID", h.stranger), want: deniedText("admin.getUserKeys")})
}

func TestTwoAdministratorsDoNotRemoveEachOther(t *testing.T) {
	h := newHouse(t)
	a, b := h.newKey("a", "", ""), h.newKey("b", "", "")
	h.must(h.boss, "admin.updateGroup", "partnerID", h.id, "groupID", acl.Admins, "setUsers", `["`+a[1]+`","`+b[1]+`"]`)
	var answers [2]string
	var group sync.WaitGroup
	group.Go(func() { answers[0] = h.from("192.0.2.1:1", a, "admin.deleteUserKey", "targetUserKey", b[1]) })
	group.Go(func() { answers[1] = h.from("192.0.2.1:1", b, "admin.deleteUserKey", "targetUserKey", a[1]) })
	group.Wait()
	left := field(h.must(h.boss, "admin.getGroupUsers", "partnerID", h.id, "groupID", acl.Admins), "users")
	if strings.Count(left, `"userKey"`) != 1 {
		t.Errorf("the answers are %q, and the administrators %s", answers, left)
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	h := newHouse(t)
	a := h.newKey("a", "", "")
	h.must(h.boss, "admin.updateGroup", "partnerID", h.id, "groupID", acl.Admins, "setUsers", `["`+a[1]+`"]`)
	before := h.configObjects()
	h.play(
		step{by: a, method: "admin.deleteUserKey", params: p("targetUserKey", a[1]), want: "400006 Invalid argument: targetUserKey: the group _admins would be left without a key that can call"},
		step{by: a, method: "admin.setUserKeyInfo", params: p("targetUserKey", a[1], "enabled", "false"), want: "400006 Invalid argument: enabled: the group _admins would be left without a key that can call"},
		step{by: a, method: "admin.updateGroup", params: p("partnerID", h.id, "groupID", acl.Admins, "setUsers", `[]`), want: "400006 Invalid argument: groupID: the group _admins would be left without a key that can call"},
		step{by: a, method: "admin.updateGroup", params: p("partnerID", h.id, "groupID", acl.Admins, "removeUsers", `["`+a[1]+`"]`), want: "400006 Invalid argument: groupID: the group _admins would be left without a key that can call"},
		step{by: a, method: "admin.deleteGroup", params: p("partnerID", h.id, "groupID", acl.Admins), want: "400006 Invalid argument: groupID: a built-in group cannot be deleted"},
		step{by: a, method: "admin.setUserKeyInfo", params: p("targetUserKey", a[1], "allowedIPs", `["198.51.100.0/24"]`),
			want: "400006 Invalid argument: allowedIPs: the address of this call, 192.0.2.1, would be shut out; send force=true if that is meant"},
	)
	if h.configObjects() != before {
		t.Error("something has changed")
	}
}
