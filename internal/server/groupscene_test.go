package server_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// want fails unless the answer has the code.
func (got answer) want(t testing.TB, what string, code int) answer {
	t.Helper()
	if got.ErrorCode != code {
		t.Errorf("%s: %s\nwant %d", what, got.short(), code)
	}
	return got
}

// with is a call of a browser: the API key and a login token.
func (n *neighbours) with(t testing.TB, token string, p *place, name string, params ...string) answer {
	t.Helper()
	return n.at(t, p, name, append([]string{"login_token", token}, params...)...)
}

// signed is a call of an app with the secret of its session.
func (n *neighbours) signed(t testing.TB, p *place, opened answer, name string, params ...string) answer {
	t.Helper()
	secret, err := gigya.DecodeSecret(opened.member("sessionInfo", "sessionSecret"))
	if err != nil {
		t.Fatal(err)
	}
	all := append([]string{
		"apiKey", p.apiKey, "oauth_token", opened.member("sessionInfo", "sessionToken"), "timestamp", lately(), "nonce", word(),
	}, params...)
	var list []gigya.Param
	for i := 0; i < len(all); i += 2 {
		list = append(list, gigya.Param{Name: all[i], Value: all[i+1]})
	}
	base := gigya.BaseString(http.MethodPost, n.d.URL+"/"+name, list)
	return read(t, n.d.Call(name, append(all, "sig", gigya.Signature(secret, base))...))
}

func TestMembersOfASiteGroupShareTheirAccounts(t *testing.T) {
	n := newNeighbours(t)
	for _, way := range [][2]*place{{n.parent, n.child}, {n.child, n.parent}} {
		from, to := way[0], way[1]
		uid, email := n.register(t, from, "data", `{"tier":"gold"}`)
		n.at(t, to, "accounts.login", "loginID", email, "password", goodPassword).want(t, "login at the "+to.name, 0)
		n.at(t, n.outsider, "accounts.login", "loginID", email, "password", goodPassword).want(t, "login at the outsider", 403042)
		n.as(t, to, "accounts.setAccountInfo", "UID", uid, "profile", `{"city":"Köln"}`, "addLoginEmails", "second-"+email).want(t, "a change", 0)
		n.as(t, from, "accounts.getAccountInfo", "UID", uid, "include", "profile,data").shows(t, "Köln gold", "")
		n.at(t, from, "accounts.login", "loginID", "second-"+email, "password", goodPassword).want(t, "a login by the other's identifier", 0)
		n.as(t, n.outsider, "accounts.getAccountInfo", "UID", uid).want(t, "at the outsider", 403005)
		n.as(t, from, "ds.store", "type", "notes", "oid", uid, "data", `{"a":1}`).want(t, "ds.store", 0)
		n.as(t, to, "ds.get", "type", "notes", "oid", uid).want(t, "ds.get", 0)
	}
	// Every member's key finds the same.
	var found []string
	for _, p := range []*place{n.parent, n.child, {apiKey: n.addMember(nil), userKey: n.parent.userKey, userSecret: n.parent.userSecret}} {
		got := n.as(t, p, "accounts.search", "query", "SELECT UID, data.tier FROM accounts WHERE data.tier = 'gold' ORDER BY created").want(t, "search", 0)
		var rows struct{ Results json.RawMessage }
		_ = json.Unmarshal([]byte(got.text), &rows)
		found = append(found, string(rows.Results))
		if got := n.as(t, p, "ds.search", "query", "SELECT * FROM notes"); !strings.Contains(got.text, `"totalCount": 2`) {
			t.Errorf("objects at the %s: %s", p.name, got.short())
		}
	}
	if found[0] != found[1] || found[0] != found[2] || strings.Count(found[0], "gold") != 2 {
		t.Errorf("found %q", found)
	}
}

func TestAMemberAsksForWhatItRequires(t *testing.T) {
	n := newNeighbours(t)
	n.must(t, n.child, 0, "accounts.setSchema", "profileSchema", `{"fields":{"zip":{"required":true}}}`, "scope", "site")
	uid, email := n.register(t, n.parent)
	token := n.login(t, n.parent, email)
	app := n.at(t, n.parent, "accounts.login", "loginID", email, "password", goodPassword, "targetEnv", "mobile").want(t, "an app logs in", 0)

	pending := func(what string, got answer) string {
		t.Helper()
		got.want(t, what, 206001).shows(t, "regToken zip", "cookieValue sessionToken id_token")
		return got.member("regToken")
	}
	pending("login", n.at(t, n.child, "accounts.login", "loginID", email, "password", goodPassword, "include", "profile,id_token,missing-required-fields"))
	pending("notifyLogin", n.as(t, n.child, "accounts.notifyLogin", "siteUID", uid))
	pending("verifyLogin of a server", n.as(t, n.child, "accounts.verifyLogin", "UID", uid))
	pending("verifyLogin of an app", n.signed(t, n.child, app, "accounts.verifyLogin"))
	regToken := pending("verifyLogin of the session of the other site", n.with(t, token, n.child, "accounts.verifyLogin"))
	regToken = pending("finalizeRegistration", n.at(t, n.child, "accounts.finalizeRegistration", "regToken", regToken))
	n.as(t, n.parent, "accounts.verifyLogin", "UID", uid).want(t, "at the parent", 0)
	n.with(t, token, n.parent, "accounts.verifyLogin").want(t, "the session at the parent", 0)

	// Whatever else the session asks for it is told to verify itself first; and may end.
	for _, name := range []string{"accounts.getAccountInfo", "accounts.getJWT", "accounts.session.verify", "accounts.setAccountInfo"} {
		n.with(t, token, n.child, name).want(t, name, 403013).shows(t, "Unverified", "Zoë")
		n.signed(t, n.child, app, name).want(t, name+" of an app", 403013)
		n.with(t, token, n.parent, name).want(t, name+" at the parent", 0)
	}
	n.with(t, token, n.child, "socialize.getUserInfo").want(t, "getUserInfo", 0).shows(t, `"isLoggedIn":`, uid)
	n.with(t, n.login(t, n.parent, email), n.child, "accounts.logout").want(t, "logout", 0)

	n.signed(t, n.child, app, "accounts.setAccountInfo", "regToken", regToken, "profile", `{}`).want(t, "a call of an app, beside its session", 0)
	n.with(t, token, n.child, "accounts.setAccountInfo", "regToken", regToken, "profile", `{"zip":"50667"}`).want(t, "the field, beside the session", 0)
	n.at(t, n.child, "accounts.finalizeRegistration", "regToken", regToken).want(t, "the end", 0).shows(t, "glt_"+n.child.apiKey, "")
	for _, name := range []string{"accounts.getAccountInfo", "accounts.verifyLogin", "accounts.getJWT"} {
		n.with(t, token, n.child, name).want(t, name, 0)
		n.signed(t, n.child, app, name).want(t, name+" of an app", 0)
	}
}

func TestTheEndOfASessionIsTheGroups(t *testing.T) {
	n := newNeighbours(t)
	alone := func(text string) { t.Helper(); n.configure(t, n.parent.apiKey, text) }
	for name, end := range map[string]func(uid, token string) answer{
		"logout of the session": func(_, token string) answer { return n.with(t, token, n.parent, "accounts.logout") },
		"logout at the member":  func(_, token string) answer { return n.with(t, token, n.child, "socialize.logout") },
		"logout by a server":    func(uid, _ string) answer { return n.as(t, n.child, "accounts.logout", "UID", uid) },
		"a new password": func(uid, _ string) answer {
			return n.as(t, n.child, "accounts.setAccountInfo", "UID", uid, "newPassword", goodPassword+"-new", "securityOverride", "true")
		},
		"deletion": func(uid, _ string) answer { return n.as(t, n.child, "accounts.deleteAccount", "UID", uid) },
	} {
		uid, email := n.register(t, n.parent)
		token := n.login(t, n.parent, email)
		n.with(t, token, n.child, "accounts.session.verify").want(t, name+": before", 0)
		end(uid, token).want(t, name, 0)
		for _, p := range []*place{n.parent, n.child} {
			n.with(t, token, p, "accounts.getAccountInfo").want(t, name+": at the "+p.name, 403005)
		}
	}
	// Without single sign-on each site has sessions of its own; a server still ends all.
	alone(`{}`)
	uid, email := n.register(t, n.parent)
	here, there := n.login(t, n.parent, email), n.login(t, n.child, email)
	n.with(t, here, n.child, "accounts.getAccountInfo").want(t, "another site's session", 403005)
	n.with(t, here, n.child, "accounts.logout").want(t, "to end another site's session", 403005)
	n.with(t, here, n.parent, "accounts.logout").want(t, "to end one's own", 0)
	n.with(t, there, n.child, "accounts.getAccountInfo").want(t, "the other lives on", 0)
	n.as(t, n.parent, "accounts.logout", "UID", uid).want(t, "logout by a server", 0)
	n.with(t, there, n.child, "accounts.getAccountInfo").want(t, "the other after it", 403005)
}

func TestSegmentsOfASiteGroup(t *testing.T) {
	n := newNeighbours(t)
	n.configure(t, n.parent.apiKey, `{}`)
	second := *n.child
	second.name, second.apiKey = "second", n.addMember(nil)
	set := func(p *place, config string) {
		t.Helper()
		n.must(t, p, 0, "admin.setSiteConfig", "siteGroupConfig", config)
	}
	_, email := n.register(t, n.parent)
	token := n.login(t, n.child, email)
	goes := func(what string, p *place, code int) {
		t.Helper()
		n.with(t, token, p, "accounts.getAccountInfo").want(t, what+" at the "+p.name, code)
	}
	goes("no single sign-on", &second, 403005)
	set(n.parent, `{"enableSSO":true}`)
	goes("single sign-on", &second, 0)
	goes("single sign-on", n.parent, 0)
	goes("single sign-on", n.outsider, 403005)
	set(n.child, `{"SSOSegment":"x"}`)
	goes("one segment", &second, 403005)
	goes("one segment", n.parent, 403005)
	goes("one segment", n.child, 0)
	set(&second, `{"SSOSegment":"y"}`)
	goes("two segments", &second, 403005)
	set(&second, `{"SSOSegment":"x"}`)
	goes("the same segment", &second, 0)
	if got := n.as(t, n.child, "admin.setSiteConfig", "siteGroupConfig", `{"enableSSO":true}`); got.ErrorCode != 400006 || !strings.Contains(got.ErrorDetails, "siteGroupConfig.enableSSO") {
		t.Errorf("a member decides: %s", got.short())
	}
}

func TestTokensOfASiteGroup(t *testing.T) {
	n := newNeighbours(t)
	uid, email := n.register(t, n.parent)
	app := n.at(t, n.parent, "accounts.login", "loginID", email, "password", goodPassword, "targetEnv", "mobile").want(t, "an app logs in", 0)
	n.signed(t, n.child, app, "accounts.getAccountInfo").want(t, "an app at the member", 0)
	n.signed(t, n.outsider, app, "accounts.getAccountInfo").want(t, "an app at the outsider", 403005)

	t.Run("an id_token names the site that was asked", func(t *testing.T) {
		token := n.login(t, n.parent, email)
		for _, p := range []*place{n.parent, n.child} {
			for _, got := range []answer{
				n.with(t, token, p, "accounts.getJWT"), n.as(t, p, "accounts.getJWT", "targetUID", uid),
				n.at(t, p, "accounts.login", "loginID", email, "password", goodPassword, "include", "id_token"),
			} {
				_, claims, _ := strings.Cut(got.member("id_token"), ".")
				claims, _, _ = strings.Cut(claims, ".")
				text, _ := base64.RawURLEncoding.DecodeString(claims)
				if !strings.Contains(string(text), `"apiKey":"`+p.apiKey+`"`) || !strings.Contains(string(text), `"sub":"`+uid+`"`) {
					t.Errorf("at the %s: %s", p.name, text)
				}
			}
		}
	})
	t.Run("a signature of a UID is good at every site of the partner", func(t *testing.T) {
		got := n.at(t, n.child, "accounts.login", "loginID", email, "password", goodPassword)
		var signed struct{ SignatureTimestamp string }
		_ = json.Unmarshal([]byte(got.text), &signed)
		for p, code := range map[*place]int{n.parent: 0, n.child: 0, n.abroad: 400006} {
			n.as(t, p, "accounts.exchangeUIDSignature", "UID", uid, "UIDSignature", got.member("UIDSignature"), "signatureTimestamp", signed.SignatureTimestamp).want(t, p.name, code)
		}
	})
	t.Run("a token of OAuth for a user goes where the session goes", func(t *testing.T) {
		ask := func(p *place, secret string) answer {
			return read(t, n.d.Call("socialize.getToken", "grant_type", "client_credentials", "client_id", p.apiKey, "client_secret", secret, "x_siteUID", uid))
		}
		token := ask(n.parent, n.parent.secret).member("access_token")
		get := func(p *place) answer { return n.at(t, p, "accounts.getAccountInfo", "oauth_token", token) }
		get(n.child).want(t, "at the member", 0)
		get(n.outsider).want(t, "at the outsider", 403025)
		n.configure(t, n.parent.apiKey, `{}`)
		get(n.child).want(t, "without single sign-on", 403025)
		get(n.parent).want(t, "at its own site", 0)
		n.configure(t, n.parent.apiKey, withSSO)
		for _, p := range []*place{n.parent, n.child} {
			if got, made := ask(p, n.abroad.secret), ask(p, "bm8gc2VjcmV0IG9mIGFueWJvZHk="); got.ErrorCode != 403010 || got.shape(nil) != made.shape(nil) {
				t.Errorf("a stranger's secret at the %s: %s", p.name, got.short())
			}
		}
	})
	t.Run("a token of OAuth of the partner is for the site that it was asked for", func(t *testing.T) {
		token := read(t, n.d.Call("socialize.getToken", "grant_type", "none", "client_id", n.parent.apiKey, "client_secret", n.parent.secret)).member("access_token")
		n.at(t, n.parent, "accounts.getAccountInfo", "oauth_token", token, "UID", uid).want(t, "there", 0)
		n.at(t, n.child, "accounts.getAccountInfo", "oauth_token", token, "UID", uid).want(t, "at the member", 403007)
	})
	t.Run("an invitation is for one partner", func(t *testing.T) {
		invited := n.must(t, n.abroad, 0, "admin.inviteAdmin", "partnerID", n.abroad.partner, "email", "ann@example.com", "groups", `["_no_permissions"]`)
		token := invited.member("invitationToken")
		n.at(t, n.parent, "admin.acceptInvitation", "invitationToken", token).want(t, "accepted from anywhere", 0)
		if got := n.as(t, n.parent, "admin.getUserKeys", "partnerID", n.parent.partner); strings.Contains(got.text, "ann@example.com") {
			t.Errorf("the invited joined another partner: %s", got.short())
		}
	})
}

func TestKeysOfASiteGroup(t *testing.T) {
	n := newNeighbours(t)
	uid, _ := n.register(t, n.parent, "data", `{"tier":"gold"}`)
	limited := func(sites ...string) *application {
		a := newApplication(t, n.d, n.d.Partner)
		a.scope = acl.Scope{AllowSites: sites}
		return a.holds(`{"_data":{"accounts":{"account":{"profile":{"_ace":{"perms":"r"}}}}},"_inherit":["_accountsFullAccess"]}`)
	}
	ofParent, ofChild := limited(n.parent.apiKey), limited(n.child.apiKey)
	for _, c := range []struct {
		what string
		by   *application
		at   *place
		code int
	}{
		{"a key for the parent", ofParent, n.parent, 0}, {"a key for the parent", ofParent, n.child, 0},
		{"a key for the parent", ofParent, n.outsider, 403007}, {"a key for the parent", ofParent, n.abroad, 403007},
		{"a key for the member", ofChild, n.child, 0}, {"a key for the member", ofChild, n.parent, 403007},
		{"a key for the member", ofChild, n.outsider, 403007}, {"a key for the member", ofChild, n.abroad, 403007},
	} {
		got := c.by.calls(t, "accounts.getAccountInfo", "apiKey", c.at.apiKey, "UID", uid, "include", "profile,data").want(t, c.what+" at the "+c.at.name, c.code)
		if c.code == 0 {
			got.shows(t, "Zoë", "gold") // The rights over fields are those of the key, at whatever site.
		} else {
			got.shows(t, "permissions", "Zoë "+uid)
		}
	}
	// The group's schema is not a member's to change; what it requires itself is.
	ofChild.holds(`{"_inherit":["_accountsFullAccess","_raasPoliciesAndEmailTamplates","_raasUiBuilder"],"_api":{"accounts":{"setSchema":{"_ace":{"perms":"x"}}}}}`)
	ofChild.calls(t, "accounts.setSchema", "apiKey", n.child.apiKey, "dataSchema", `{"fields":{"mine":{"type":"string"}}}`).want(t, "the group's schema", 403007)
	ofChild.calls(t, "accounts.setSchema", "apiKey", n.child.apiKey, "scope", "site", "dataSchema", `{"fields":{"tier":{"required":true}}}`).want(t, "the member's", 0)
}

func TestJoiningAGroup(t *testing.T) {
	n := newNeighbours(t)
	uid, email := n.register(t, n.parent)
	join := func(p *place, parent string) answer {
		t.Helper()
		return n.as(t, p, "admin.setSiteConfig", "siteGroupOwner", parent)
	}
	fresh := func() *place {
		p := *n.outsider
		p.apiKey = n.d.AddSite(nil)
		return &p
	}
	onlyFresh := fresh()
	limited := newApplication(t, n.d, n.d.Partner)
	limited.scope = acl.Scope{AllowSites: []string{onlyFresh.apiKey}}
	limited.holds(`{"_inherit":["_admins"]}`)
	before := n.belongings(t, n.parent)
	refused := func(what string, got answer) {
		t.Helper()
		got.want(t, what, 400006)
		if !strings.Contains(got.ErrorDetails, "siteGroupOwner") {
			t.Errorf("%s: %s", what, got.short())
		}
	}
	never := "3_" + strings.Repeat("x", 60)
	refused("a group of one's own", join(n.outsider, n.outsider.apiKey))
	refused("a member as the parent", join(n.outsider, n.child.apiKey))
	refused("a parent with members", join(n.parent, n.outsider.apiKey))
	refused("a parent that never was", join(n.outsider, never))
	foreign, unknown := join(n.abroad, n.parent.apiKey), join(n.abroad, never)
	refused("the parent of another partner", foreign)
	if got, want := foreign.shape(words{"p": n.parent.apiKey}), unknown.shape(words{"p": never}); got != want {
		t.Errorf("a stranger's group:\n%s\nno group:\n%s", got, want)
	}
	elsewhere := fresh()
	n.d.Change(func(tx store.Tx) error {
		s, err := tx.Site(elsewhere.apiKey)
		return errors.Join(err, func() error { s.DataCenter = "eu1"; return tx.PutSite(s) }())
	})
	refused("another data center", join(elsewhere, n.parent.apiKey))
	own := fresh()
	n.register(t, own)
	refused("accounts of its own", join(own, n.parent.apiKey))
	lite := fresh()
	n.must(t, lite, 0, "accounts.importLiteAccount", "email", word()+"@example.com", "profile", `{"firstName":"Li"}`)
	refused("lite accounts of its own", join(lite, n.parent.apiKey))
	stores := fresh()
	n.must(t, stores, 0, "ds.store", "type", "notes", "oid", "1", "data", `{"a":1}`)
	refused("objects of its own", join(stores, n.parent.apiKey))
	byKey, nobodys := limited.calls(t, "admin.setSiteConfig", "apiKey", onlyFresh.apiKey, "siteGroupOwner", n.parent.apiKey),
		limited.calls(t, "admin.setSiteConfig", "apiKey", onlyFresh.apiKey, "siteGroupOwner", never)
	if byKey.ErrorCode == 0 || byKey.shape(words{"p": n.parent.apiKey}) != nobodys.shape(words{"p": never}) {
		t.Errorf("a key without a right at the parent takes its accounts: %s\nwant as for none: %s", byKey.short(), nobodys.short())
	}
	if after := n.belongings(t, n.parent); after != before {
		t.Error("something changed")
	}

	// A site that joins has the accounts that are there; one that leaves has none.
	late := fresh()
	n.as(t, late, "accounts.getAccountInfo", "UID", uid).want(t, "before", 403005)
	join(late, n.parent.apiKey).want(t, "joins", 0)
	join(late, n.parent.apiKey).want(t, "joins again", 0)
	n.as(t, late, "accounts.getAccountInfo", "UID", uid).want(t, "after", 0)
	token := n.login(t, late, email)
	late.name = "member that joined late"
	made, _ := n.register(t, late)
	n.as(t, n.parent, "accounts.getAccountInfo", "UID", made).want(t, "registered at the member", 0)
	join(late, "").want(t, "leaves", 0)
	n.as(t, late, "accounts.getAccountInfo", "UID", made).want(t, "after it left", 403005)
	n.with(t, token, late, "accounts.getAccountInfo").want(t, "its session there", 403005)
	n.with(t, token, n.parent, "accounts.getAccountInfo").want(t, "its session at the group", 403005)
	n.as(t, n.parent, "accounts.getAccountInfo", "UID", made).want(t, "the account stays with the group", 0)

	t.Run("the token that deletes one site deletes no other", func(t *testing.T) {
		one, other := fresh(), fresh()
		token := n.must(t, one, 0, "admin.deleteSite").member("deleteToken")
		for _, p := range []*place{other, n.child, n.abroad} {
			got, made := n.as(t, p, "admin.deleteSite", "deleteToken", token), n.as(t, p, "admin.deleteSite", "deleteToken", "never")
			if got.ErrorCode == 0 || got.shape(nil) != made.shape(nil) {
				t.Errorf("at the %s: %s\nwant %s", p.name, got.short(), made.short())
			}
		}
		n.as(t, n.parent, "admin.deleteSite").want(t, "a parent with members", 403023)
	})
}

func TestTheConfigurationOfAGroupIsInForceAtOnce(t *testing.T) {
	n := newNeighbours(t)
	register := func(p *place, password string) answer {
		return n.as(t, p, "accounts.register", "email", word()+"@example.com", "password", password, "finalizeRegistration", "true")
	}
	register(n.child, "Abc-1234").want(t, "at first", 0)
	n.must(t, n.parent, 0, "accounts.setPolicies", "passwordComplexity", `{"minLength":12}`)
	register(n.child, "Abc-1234").want(t, "the parent's rule", 400009)
	n.must(t, n.parent, 0, "accounts.setSchema", "profileSchema", `{"fields":{"zip":{"required":true}}}`)
	register(n.child, goodPassword).want(t, "the parent's requirement", 206001)
	n.must(t, n.child, 0, "accounts.setSchema", "scope", "site", "profileSchema", `{"fields":{"zip":{"required":false}}}`)
	register(n.child, goodPassword).want(t, "lifted at the member", 0)
	register(n.parent, goodPassword).want(t, "and there alone", 206001)
	for scope, want := range map[string]string{"effective": "false", "group": "true", "site": "false"} {
		got := n.must(t, n.child, 0, "accounts.getSchema", "include", "profileSchema", "scope", scope)
		var s struct {
			ProfileSchema struct {
				Fields map[string]struct{ Required *bool }
			}
		}
		_ = json.Unmarshal([]byte(got.text), &s)
		if zip := s.ProfileSchema.Fields["zip"]; zip.Required == nil || strconv.FormatBool(*zip.Required) != want {
			t.Errorf("scope %s: %s", scope, got.short())
		}
	}
}

// A change of the group's configuration reaches other processes on the same store as fast as any: by their very next call.
func TestAnotherProcessFollowsTheGroup(t *testing.T) {
	n := newNeighbours(t)
	_, email := n.register(t, n.parent)
	token := n.login(t, n.parent, email)
	node := site.NewDirectory(n.d.Store(), n.d.Sealer())
	shares := func() bool {
		t.Helper()
		s, err := node.Site(t.Context(), n.child.apiKey)
		if err != nil {
			t.Fatal(err)
		}
		ok, err := node.SharesSessions(t.Context(), s, n.parent.apiKey)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	for range 10 {
		n.must(t, n.parent, 0, "admin.setSiteConfig", "siteGroupConfig", `{"enableSSO":true}`)
		if !shares() {
			t.Fatal("single sign-on is off")
		}
		n.with(t, token, n.child, "accounts.session.verify").want(t, "on", 0)
		n.must(t, n.parent, 0, "admin.setSiteConfig", "siteGroupConfig", `{"enableSSO":false}`)
		if shares() {
			t.Fatal("single sign-on is on")
		}
		n.with(t, token, n.child, "accounts.session.verify").want(t, "off", 403005)
	}
}
