package admin_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/store"
)

func TestAPartnerIsShownWithItsSecretOrAPart(t *testing.T) {
	h := newHouse(t)
	masked := h.Secret[:4] + strings.Repeat("*", len(h.Secret)-4)
	partial := h.newKey("partial", `{"_inherit":["_siteDashboardPartialSecretKey"]}`, wholePartner)
	full := h.newKey("full", `{"_inherit":["_siteDashboardSecretKey"]}`, wholePartner)
	shown := func(secret string) string {
		if secret != "" {
			secret = `"secretKey":"` + secret + `",`
		}
		return `{"partnerID":` + h.id + `,"isTrial":false,"isEnabled":true,"defaultDataCenter":"us1",` + secret + `"auditRetention":12,"tenantID":"` + h.id + `"}`
	}
	get := func(params ...string) []string { return append(p("partnerID", h.id), params...) }
	h.play(
		step{method: "admin.getPartner", params: get(), want: shown(h.Secret)},
		step{method: "admin.getPartner", params: get("includeSecretKeys", "partial"), want: shown(masked)},
		step{method: "admin.getPartner", params: get("includeSecretKeys", "false"), want: shown("")},
		step{method: "admin.getPartner", params: get("includeSecretKeys", "x"), want: "400006 Invalid argument: includeSecretKeys: want true, partial or false"},
		step{by: full, method: "admin.getPartner", params: get(), want: shown(h.Secret)},
		step{by: partial, method: "admin.getPartner", params: get(), want: shown(masked)},
		step{method: "admin.getPartner", params: p("partnerID", h.stranger), want: deniedText("admin.getPartner")},
		step{method: "admin.getPartner", want: "400002 Missing required parameter : partnerID"},
		step{by: h.newKey("none", "", ""), method: "admin.getPartner", params: get(), want: deniedText("admin.getPartner")},
	)
	if got := h.call(partial, "admin.getPartner", "partnerID", h.id, "includeSecretKeys", "true"); strings.Contains(got, h.Secret) {
		t.Errorf("a partial right shows %s", got)
	}
	// The secret is read with itself: that is on the record too.
	h.must(credential{"apiKey", h.APIKey, "secret", h.Secret}, "admin.getPartner", "partnerID", h.id)
	found := 0
	h.check(h.Store().Audits(t.Context(), store.AuditQuery{Log: h.APIKey, Limit: 10}, func(a *store.Audit, _ string) error {
		if a.Method == "admin.getPartner" {
			found++
		}
		if strings.Contains(string(a.Record), h.Secret) {
			t.Errorf("the audit log has the secret: %s", a.Record)
		}
		return nil
	}))
	if found != 1 {
		t.Errorf("there are %d records of it", found)
	}
}

func TestUpdatePartner(t *testing.T) {
	h := newHouse(t)
	update := func(params ...string) []string { return append(p("partnerID", h.id), params...) }
	h.play(
		step{method: "admin.updatePartner", params: update("isTrial", "true", "auditRetention", "24", "tenantID", "tenant", "defaultDataCenter", "eu1",
			"services", `{"gm":{"enabled":true}}`, "customData", `{"websiteURL":"https://example.com","odd":1}`), want: `{}`},
		step{method: "admin.updatePartner", params: update("isMigratedToSoa", "true", "customData", `{"companyName":"Example Ltd"}`), want: `{}`},
		step{method: "admin.updatePartner", params: update("isTrial", "false", "auditRetention", "0"), want: "400006 Invalid argument: auditRetention: want a number from 1 to 1200"},
		step{method: "admin.updatePartner", params: update("isTrial", "false", "defaultDataCenter", "mars1"), want: "400006 Invalid argument: defaultDataCenter: Datacenter is invalid"},
		step{method: "admin.updatePartner", params: update("isTrial", "false", "customData", `{"companyName":1}`), want: "400006 Invalid argument: customData.companyName: must be a string of 0 to 256 bytes"},
		step{method: "admin.updatePartner", params: update("isTrial", "false", "services", `x`), want: "400004 Invalid argument: services: want JSON: offset 0: a value was expected"},
		step{method: "admin.updatePartner", params: p("partnerID", h.stranger, "isTrial", "true"), want: deniedText("admin.updatePartner")},
		step{method: "admin.getPartner", params: update("full", "true", "includeSecretKeys", "false"),
			want: `{"partnerID":` + h.id + `,"isTrial":true,"isEnabled":true,"services":{"accounts":{"enabled":true},"audit":{"enabled":true},"ds":{"enabled":true},"ids":{"enabled":true},` +
				`"liteAccount":{"enabled":true},"subscriptions":{"enabled":true},"samlIdp":{"enabled":false},"gm":{"enabled":true},"comments":{"enabled":false},"nexus":{"enabled":false}},` +
				`"defaultDataCenter":"eu1","customData":{"websiteURL":"https://example.com","companyName":"Example Ltd","odd":1},"auditRetention":24,"tenantID":"tenant"}`},
	)
	apiKey := h.newSite("later.example.com")
	if got := field(h.must(h.boss, "admin.getSiteConfig", "apiKey", apiKey), "dataCenter"); got != "eu1" {
		t.Errorf("a new site is in %s", got)
	}
	h.play(
		step{method: "admin.updatePartner", params: update("isEnabled", "false"), want: `{}`},
		step{method: "admin.getGroups", params: update(), want: "403036 Unauthorized partner"},
		step{by: credential{"apiKey", h.APIKey}, method: "accounts.initRegistration", want: "403036 Unauthorized partner"},
	)
}

func TestBothSecretsAreGoodDuringAnOverlap(t *testing.T) {
	h := newHouse(t)
	old := credential{"apiKey", h.APIKey, "secret", h.Secret}
	h.must(h.boss, "accounts.importFullAccount", "apiKey", h.APIKey, "UID", "ann", "importPolicy", "insert", "loginIDs", `{"emails":["ann@example.com"]}`)
	answer := h.must(h.boss, "admin.rotatePartnerSecret", "partnerID", h.id, "overlapSeconds", "60")
	fresh := credential{"apiKey", h.APIKey, "secret", field(answer, "secretKey")}
	if fresh[3] == h.Secret || field(answer, "previousSecretUntil") != "2026-03-02T10:16:30.123Z" {
		t.Fatalf("the answer is %s", answer)
	}
	signature := func(secret string) []string {
		key, err := gigya.DecodeSecret(secret)
		h.check(err)
		stamp := gigyaStamp(h.clock.Now())
		return p("apiKey", h.APIKey, "UID", "ann", "UIDSignature", gigya.SignUID(key, stamp, "ann"), "signatureTimestamp", stamp)
	}
	for _, by := range []credential{old, fresh} {
		h.must(by, "accounts.getAccountInfo", "UID", "ann")
		h.must(h.boss, "accounts.exchangeUIDSignature", signature(by[3])...)
		h.must(h.signed(by[3], "accounts.getSchema"), "accounts.getSchema")
		h.must(credential{}, "socialize.getToken", "grant_type", "none", "client_id", h.APIKey, "client_secret", by[3])
	}
	h.clock.Advance(time.Minute)
	h.must(fresh, "accounts.getAccountInfo", "UID", "ann")
	h.play(
		step{by: old, method: "accounts.getAccountInfo", params: p("UID", "ann"), want: "403010 Invalid parameter: secret"},
		step{by: h.signed(h.Secret, "accounts.getSchema"), method: "accounts.getSchema", want: "403003 Invalid request signature"},
		step{method: "accounts.exchangeUIDSignature", params: signature(h.Secret), want: "400006 Invalid argument: UIDSignature"},
		step{by: credential{}, method: "socialize.getToken", params: p("grant_type", "none", "client_id", h.APIKey, "client_secret", h.Secret), want: "403010 Invalid parameter: secret"},
	)
	// Without an overlap the one before is dead at once, and only one is ever kept.
	h.must(h.boss, "admin.rotatePartnerSecret", "partnerID", h.id)
	h.play(step{by: fresh, method: "accounts.getAccountInfo", params: p("UID", "ann"), want: "403010 Invalid parameter: secret"})
}

// signed is a credential: a call signed with the secret, with a nonce of its own.
func (h *house) signed(secret, name string) credential {
	h.t.Helper()
	key, err := gigya.DecodeSecret(secret)
	h.check(err)
	params := []gigya.Param{{Name: "apiKey", Value: h.APIKey}, {Name: "nonce", Value: secret + name + h.clock.Now().String()},
		{Name: "timestamp", Value: gigyaStamp(h.clock.Now())}}
	by := credential{}
	for _, p := range params {
		by = append(by, p.Name, p.Value)
	}
	return append(by, "sig", gigya.Signature(key, gigya.BaseString("POST", "http://localhost/"+name, params)))
}

func TestAKeysOldSecretLivesForTheOverlap(t *testing.T) {
	h := newHouse(t)
	old := h.newKey("app", listOf("getGroups"), wholePartner)
	answer := h.must(h.boss, "admin.rotateUserKeySecret", "targetUserKey", old[1], "overlapSeconds", "30")
	fresh := credential{"userKey", old[1], "secret", field(answer, "user", "secret")}
	h.must(old, "admin.getGroups", "partnerID", h.id)
	h.must(fresh, "admin.getGroups", "partnerID", h.id)
	h.clock.Advance(30 * time.Second)
	h.must(fresh, "admin.getGroups", "partnerID", h.id)
	h.play(
		step{by: old, method: "admin.getGroups", params: p("partnerID", h.id), want: "403010 Invalid parameter: secret"},
		step{method: "admin.rotateUserKeySecret", params: p("targetUserKey", old[1], "overlapSeconds", "-1"), want: "400006 Invalid argument: overlapSeconds: want a number from 0 to 31536000"},
	)
}

func TestInvitations(t *testing.T) {
	h := newHouse(t)
	invite := func(params ...string) []string {
		return append(p("partnerID", h.id, "email", "ann@example.com", "groups", `["`+acl.Admins+`"]`), params...)
	}
	answer := h.must(h.boss, "admin.inviteAdmin", invite()...)
	token := field(answer, "invitationToken")
	if field(answer, "expires") != "2026-03-05T10:15:30.123Z" || token == "" {
		t.Fatalf("the answer is %s", answer)
	}
	var accepted []string
	var mutex sync.Mutex
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			got := h.from("192.0.2.1:1", nil, "admin.acceptInvitation", "invitationToken", token, "name", "Ann")
			mutex.Lock()
			defer mutex.Unlock()
			if got != "400006 Invalid argument: invitationToken" {
				accepted = append(accepted, got)
			}
		})
	}
	group.Wait()
	if len(accepted) != 1 {
		t.Fatalf("%d calls have accepted: %q", len(accepted), accepted)
	}
	ann := credential{"userKey", field(accepted[0], "user", "userKey"), "secret", field(accepted[0], "user", "secret")}
	users := field(h.must(ann, "admin.getGroupUsers", "partnerID", h.id, "groupID", acl.Admins), "users")
	if !strings.Contains(users, `"name":"Ann","description":"","email":"ann@example.com"`) {
		t.Errorf("the administrators are %s", users)
	}
	refused := "400006 Invalid argument: invitationToken"
	h.play( // Nor is it good once more in another writing.
		step{by: credential{}, method: "admin.acceptInvitation", params: p("invitationToken", token), want: refused},
		step{by: credential{}, method: "admin.acceptInvitation", params: p("invitationToken", token+"\n"), want: refused},
		step{by: credential{}, method: "admin.acceptInvitation", params: p("invitationToken", token[:9]+"\r"+token[9:]), want: refused},
	)
	late := field(h.must(h.boss, "admin.inviteAdmin", invite()...), "invitationToken")
	h.clock.Advance(72 * time.Hour)
	h.play(
		step{by: credential{}, method: "admin.acceptInvitation", params: p("invitationToken", late), want: refused},
		step{by: credential{}, method: "admin.acceptInvitation", params: p("invitationToken", "junk"), want: refused},
		step{by: credential{}, method: "admin.acceptInvitation", want: "400002 Missing required parameter : invitationToken"},
		step{method: "admin.inviteAdmin", params: p("partnerID", h.id, "email", "x", "groups", `["_admins"]`), want: "400006 Invalid argument: email: want an e-mail address"},
		step{method: "admin.inviteAdmin", params: p("partnerID", h.id, "email", "a@example.com", "groups", `["none"]`), want: "400006 Invalid argument: groups[0]: there is no such group"},
		step{method: "admin.inviteAdmin", params: p("partnerID", h.id, "email", "a@example.com", "groups", `[]`), want: "400006 Invalid argument: groups: want 1 to 100 groups"},
	)
	// An invitation of somebody who is gone is worth nothing.
	byAnn := field(h.must(ann, "admin.inviteAdmin", invite()...), "invitationToken")
	h.must(h.boss, "admin.setUserKeyInfo", "targetUserKey", h.UserKey, "description", "still here")
	h.must(h.boss, "admin.updateGroup", "partnerID", h.id, "groupID", acl.Admins, "addUsers", `["`+h.UserKey+`"]`)
	h.must(h.boss, "admin.deleteUserKey", "targetUserKey", ann[1])
	h.play(step{by: credential{}, method: "admin.acceptInvitation", params: p("invitationToken", byAnn), want: refused})
}

func TestAnInvitationIntoAFullGroup(t *testing.T) {
	h := newHouse(t)
	h.must(h.boss, "admin.createGroup", "partnerID", h.id, "groupID", "crowd", "aclID", acl.NoPermissions)
	token := field(h.must(h.boss, "admin.inviteAdmin", "partnerID", h.id, "email", "ann@example.com", "groups", `["crowd"]`), "invitationToken")
	crowd := func(n int) {
		h.Change(func(tx store.Tx) error {
			record, err := tx.ConfigObject(store.OwnerOfPartner(h.Partner), acl.KindGroup, "crowd")
			h.check(err)
			g, err := acl.ReadGroup("crowd", record.Document)
			h.check(err)
			g.Users = make([]string, n)
			for i := range g.Users {
				g.Users[i] = "AMember" + strconv.Itoa(i)
			}
			if record.Document, err = json.Marshal(g); err != nil {
				return err
			}
			return tx.PutConfigObject(record)
		})
	}
	crowd(5000)
	if got, want := h.call(nil, "admin.acceptInvitation", "invitationToken", token), "400006 Invalid argument: invitationToken"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	crowd(4999)
	h.must(nil, "admin.acceptInvitation", "invitationToken", token)
}
