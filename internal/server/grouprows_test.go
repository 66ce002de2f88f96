package server_test

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/gigya"
)

// subjectsOfPartner are those that are a partner's, whatever the site.
var subjectsOfPartner = map[string]bool{"key": true, "permission group": true, "list": true, "signature": true, "site": true}

// subjects are all things that calls name.
var subjects = map[string]subject{
	"account": {down: true, up: true,
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			uid, email := n.register(t, at)
			return words{"UID": uid, "email": email}
		},
		never: func(*neighbours, *place) words {
			return words{"UID": noUID(), "email": word() + "@example.com"}
		},
	},
	"session": {down: true, up: true,
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			uid, email := n.register(t, at)
			return words{"UID": uid, "email": email, "token": n.login(t, at, email)}
		},
		never: func(*neighbours, *place) words { return words{"token": "st2.s.bm9uZQ.nobody.sc3"} },
	},
	"signature": {
		down: true, up: true,
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			key, err := gigya.DecodeSecret(at.secret)
			if err != nil {
				t.Fatal(err)
			}
			uid, stamp := word(), lately()
			return words{"UID": uid, "stamp": stamp, "signature": gigya.SignUID(key, stamp, uid)}
		},
		never: func(*neighbours, *place) words {
			return words{"UID": word(), "stamp": lately(), "signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}
		},
	},
	// What a token says holds where it was given: a site demands of an account what another does not.
	"regToken": {
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			got := n.must(t, at, 206001, "accounts.register", "email", word()+"@example.com", "password", goodPassword)
			return words{"regToken": got.member("regToken")}
		},
		never: func(*neighbours, *place) words { return words{"regToken": "never.was"} },
	},
	"registration": {
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			got := n.at(t, at, "accounts.initRegistration")
			return words{"regToken": got.member("regToken"), "email": word() + "@example.com"}
		},
		never: func(*neighbours, *place) words {
			return words{"regToken": "never.was", "email": word() + "@example.com"}
		},
	},
	"lite account": {down: true, up: true,
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			email := word() + "@example.com"
			n.must(t, at, 0, "accounts.importLiteAccount", "email", email, "subscriptions", `{"news":{"email":{"isSubscribed":true}}}`)
			got := n.must(t, at, 0, "accounts.search", "query", "SELECT token FROM emailAccounts WHERE email = '"+email+"'")
			_, rest, _ := strings.Cut(got.text, `"token": "`)
			token, _, _ := strings.Cut(rest, `"`)
			return words{"email": email, "emailToken": token}
		},
		never: func(*neighbours, *place) words { return words{"email": word() + "@example.com", "emailToken": "never"} },
	},
	"lite token": {
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			email := word() + "@example.com"
			n.must(t, at, 0, "accounts.importLiteAccount", "email", email, "profile", `{"firstName":"Li"}`)
			return words{"regToken": n.must(t, at, 0, "accounts.getLiteToken", "email", email).member("token")}
		},
		never: func(*neighbours, *place) words { return words{"regToken": "never.was"} },
	},
	"cursor": {
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			n.register(t, at)
			n.register(t, at)
			got := n.must(t, at, 0, "accounts.search", "query", "SELECT UID FROM accounts LIMIT 1", "openCursor", "true")
			return words{"cursor": got.member("nextCursorId")}
		},
		never: func(*neighbours, *place) words { return words{"cursor": "never"} },
	},
	"object": {down: true, up: true,
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			oid := word()
			n.must(t, at, 0, "ds.store", "type", "shared", "oid", oid, "data", `{"a":7}`)
			return words{"oid": oid}
		},
		never: func(*neighbours, *place) words { return words{"oid": word()} },
	},
	"object of an account": {down: true, up: true,
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			uid, _ := n.register(t, at)
			n.must(t, at, 0, "ds.store", "type", "shared", "oid", "mine", "UID", uid, "data", `{"a":7}`)
			return words{"UID": uid}
		},
		never: func(*neighbours, *place) words { return words{"UID": noUID()} },
	},
	"type": {down: true, up: true,
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			kind := word()
			n.must(t, at, 0, "ds.store", "type", kind, "oid", "x", "data", `{"code":"c"}`)
			return words{"type": kind}
		},
		never: func(*neighbours, *place) words { return words{"type": word()} },
	},
	"dataflow": {
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			return words{"id": n.must(t, at, 0, "idx.createDataflow", "data", `{"name":"n","steps":[]}`).member("id")}
		},
		never: func(*neighbours, *place) words { return words{"id": strings.Repeat("0", 32)} },
	},
	"draft": {
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			return words{"id": n.must(t, at, 0, "idx.createDataflowDraft", "data", `{"name":"n","steps":[]}`).member("id")}
		},
		never: func(*neighbours, *place) words { return words{"id": strings.Repeat("0", 32)} },
	},
	"scheduling": {
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			flow := n.must(t, at, 0, "idx.createDataflow", "data", `{"name":"n","steps":[]}`).member("id")
			got := n.must(t, at, 0, "idx.createScheduling", "data", `{"name":"s","dataflowId":"`+flow+`","frequencyType":"once"}`)
			return words{"id": got.member("id"), "flow": flow}
		},
		never: func(*neighbours, *place) words {
			return words{"id": strings.Repeat("0", 32), "flow": strings.Repeat("1", 32)}
		},
	},
	"screen-set": {down: true,
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			name := word()
			n.must(t, at, 0, "accounts.setScreenSet", "screenSetID", name, "html", "<div>hush</div>")
			return words{"name": name}
		},
		never: func(*neighbours, *place) words { return words{"name": word()} },
	},
	"webhook": {down: true,
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			name := word()
			n.must(t, at, 0, "accounts.webhooks.set", "name", name, "url", "https://example.com/"+name, "events", "accountCreated")
			return words{"name": name}
		},
		never: func(*neighbours, *place) words { return words{"name": word()} },
	},
	"extension": {down: true, parents: true,
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			got := n.as(t, at, "accounts.extensions.list")
			_, rest, ok := strings.Cut(got.text, `"id": "`)
			if !ok {
				got = n.must(t, at, 0, "accounts.extensions.create", "extensionPoint", "OnBeforeAccountsLogin", "extensionFuncUrl", "https://example.com/ext", "friendlyName", "Check")
				_, rest, _ = strings.Cut(n.as(t, at, "accounts.extensions.list").text, `"id": "`)
			}
			name, _, _ := strings.Cut(rest, `"`)
			return words{"id": name}
		},
		never: func(*neighbours, *place) words { return words{"id": strings.Repeat("0", 32)} },
	},
	"consent": {down: true, parents: true,
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			name := "terms." + word()
			n.must(t, at, 0, "accounts.setConsentsStatements", "preferences", `{"`+name+`":{"isActive":true,"langs":["en"]}}`)
			n.must(t, at, 0, "accounts.setLegalStatements", "consentId", name, "lang", "en", "legalStatements", `{"versions":{"1":{"purpose":"p"}}}`)
			return words{"consent": name}
		},
		never: func(*neighbours, *place) words { return words{"consent": "terms." + word()} },
	},
	"topic": {down: true,
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			name := "C_" + word()
			n.must(t, at, 0, "accounts.communications.settings.set", "topicChannel", `{"topicChannelId":"`+name+`","channel":"SMS","topic":"`+name+`"}`)
			return words{"topic": name}
		},
		never: func(*neighbours, *place) words { return words{"topic": "C_" + word()} },
	},
	"key": {down: true, up: true,
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			return words{"key": n.must(t, at, 0, "admin.createUserKey", "name", word(), "ownerPartnerId", at.partner).member("user", "userKey")}
		},
		never: func(*neighbours, *place) words { return words{"key": "AnEvErWaSaKy"} },
	},
	"permission group": {down: true, up: true,
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			name := word()
			n.must(t, at, 0, "admin.createGroup", "partnerID", at.partner, "groupID", name, "aclID", "_sites", "scope", `{"allowPartners":["_owner"]}`)
			return words{"group": name}
		},
		never: func(*neighbours, *place) words { return words{"group": word()} },
	},
	"list": {down: true, up: true,
		fresh: func(t *testing.T, n *neighbours, at *place) words {
			name := word()
			n.must(t, at, 0, "admin.setACL", "partnerID", at.partner, "aclID", name, "acl", `{"_inherit":["_sites"]}`)
			return words{"list": name}
		},
		never: func(*neighbours, *place) words { return words{"list": word()} },
	},
	"site": {down: true, up: true,
		fresh: func(_ *testing.T, _ *neighbours, at *place) words { return words{"apiKey": at.apiKey} },
		never: func(*neighbours, *place) words { return words{"apiKey": "3_" + strings.Repeat("x", 60)} },
	},
}

// objectRows are all calls that name something, but sessions.
var objectRows = []row{
	{method: "accounts.getAccountInfo", subject: "account", by: "key", params: []string{"UID", "{UID}"}},
	{method: "accounts.getAccountInfo", subject: "account", by: "key", params: []string{"findBy", `{"_email":"{email}"}`}},
	{method: "accounts.getAccountInfo", subject: "regToken", by: "nobody", params: []string{"regToken", "{regToken}"}},
	{method: "accounts.getAccountInfo", subject: "regToken", by: "key", params: []string{"regToken", "{regToken}"}},
	{method: "accounts.getAccountInfo", subject: "lite token", by: "nobody", params: []string{"regToken", "{regToken}"}},
	{method: "accounts.setAccountInfo", subject: "account", by: "key", params: []string{"UID", "{UID}", "profile", `{"lastName":"X"}`}},
	{method: "accounts.setAccountInfo", subject: "account", by: "key", params: []string{"UID", "{UID}", "password", goodPassword, "newPassword", goodPassword + "-new"}},
	{method: "accounts.setAccountInfo", subject: "regToken", by: "nobody", params: []string{"regToken", "{regToken}", "profile", `{"firstName":"X"}`}},
	{method: "accounts.setAccountInfo", subject: "lite token", by: "nobody", params: []string{"regToken", "{regToken}", "profile", `{"firstName":"X"}`}},
	{method: "accounts.deleteAccount", subject: "account", by: "key", params: []string{"UID", "{UID}"}},
	{method: "accounts.getJWT", subject: "account", by: "key", params: []string{"targetUID", "{UID}"}},
	{method: "accounts.verifyLogin", subject: "account", by: "key", params: []string{"UID", "{UID}"}},
	{method: "accounts.logout", subject: "account", by: "key", params: []string{"UID", "{UID}"}},
	{method: "accounts.login", subject: "account", by: "nobody", params: []string{"loginID", "{email}", "password", goodPassword}},
	{method: "accounts.isAvailableLoginID", subject: "account", by: "nobody", params: []string{"loginID", "{email}"}},
	{method: "accounts.getCounters", subject: "account", by: "key", params: []string{"UID", "{UID}", "counters", `[{"class":"visits","path":"/shop"}]`}},
	{method: "accounts.incrementCounters", subject: "account", by: "key", params: []string{"UID", "{UID}", "counters", `[{"class":"visits","path":"/shop"}]`}},
	{method: "accounts.notifyLogin", subject: "account", by: "key", params: []string{"siteUID", "{UID}"}},
	{method: "accounts.register", subject: "account", by: "key", code: 400009, params: []string{"email", "{email}", "password", goodPassword, "finalizeRegistration", "true"}},
	{method: "accounts.register", subject: "registration", by: "nobody", params: []string{"regToken", "{regToken}", "email", "{email}", "password", goodPassword, "finalizeRegistration", "true"}},
	{method: "accounts.importFullAccount", subject: "account", by: "key", params: []string{"UID", "{UID}", "importPolicy", "upsert", "profile", `{"city":"Köln"}`}},
	{method: "accounts.importLiteAccount", subject: "lite account", by: "key", params: []string{"email", "{email}", "profile", `{"firstName":"Bo"}`}},
	{method: "accounts.getLiteToken", subject: "lite account", by: "key", params: []string{"email", "{email}"}},
	{method: "accounts.getLiteToken", subject: "lite account", by: "key", params: []string{"emailToken", "{emailToken}"}},
	{method: "accounts.deleteLiteAccount", subject: "lite account", by: "key", params: []string{"emailAccountToken", "{emailToken}"}},
	{method: "accounts.initProgression", subject: "lite token", by: "nobody", params: []string{"regToken", "{regToken}"}},
	{method: "accounts.finalizeRegistration", subject: "regToken", by: "nobody", params: []string{"regToken", "{regToken}"}},
	{method: "accounts.finalizeRegistration", subject: "regToken", by: "key", params: []string{"regToken", "{regToken}"}},
	{method: "accounts.search", subject: "account", by: "key", params: []string{"query", "SELECT * FROM accounts WHERE UID = '{UID}' OR profile.email = '{email}'"}},
	{method: "accounts.search", subject: "lite account", by: "key", params: []string{"query", "SELECT * FROM emailAccounts WHERE email = '{email}'"}},
	{method: "accounts.search", subject: "cursor", by: "key", params: []string{"cursorId", "{cursor}"}},
	{method: "audit.search", subject: "account", by: "key", params: []string{"query", "SELECT * FROM auditLog WHERE uid = '{UID}'"}},
	{method: "accounts.exchangeUIDSignature", subject: "signature", by: "key", params: []string{"UID", "{UID}", "UIDSignature", "{signature}", "signatureTimestamp", "{stamp}"}},
	{method: "accounts.getScreenSets", subject: "screen-set", by: "key", params: []string{"screenSetIDs", "{name}", "include", "html"}},
	{method: "accounts.setScreenSet", subject: "screen-set", by: "key", params: []string{"screenSetID", "{name}", "html", "<p></p>"}},
	{method: "accounts.deleteScreenSet", subject: "screen-set", by: "key", member: 404000, params: []string{"screenSetID", "{name}"}},
	{method: "accounts.webhooks.delete", subject: "webhook", by: "key", member: 404000, params: []string{"name", "{name}"}},
	{method: "accounts.webhooks.getStatus", subject: "webhook", by: "key", params: []string{"url", "https://example.com/{name}"}},
	{method: "accounts.webhooks.set", subject: "webhook", by: "key", params: []string{"name", "{name}", "url", "https://example.com/{name}?new", "events", "accountCreated"}},
	{method: "accounts.extensions.get", subject: "extension", by: "key", params: []string{"extensionId", "{id}"}},
	{method: "accounts.extensions.modify", subject: "extension", by: "key", params: []string{"extensionId", "{id}", "enabled", "true"}},
	{method: "accounts.extensions.delete", subject: "extension", by: "key", params: []string{"extensionId", "{id}"}},
	{method: "accounts.getLegalStatements", subject: "consent", by: "key", params: []string{"consentId", "{consent}", "lang", "en"}},
	{method: "accounts.setLegalStatements", subject: "consent", by: "key", member: 400009, params: []string{"consentId", "{consent}", "lang", "en", "legalStatements", `{"versions":{"2":{"purpose":"q"}}}`}},
	{method: "accounts.duplicateLegalStatement", subject: "consent", by: "key", params: []string{"consentId", "{consent}", "lang", "en"}},
	{method: "accounts.deleteLegalStatements", subject: "consent", by: "key", member: 400009, params: []string{"consentId", "{consent}", "lang", "en", "docVersion", "1"}},
	{method: "accounts.setConsentDefaultLang", subject: "consent", by: "key", member: 400009, params: []string{"consentId", "{consent}", "lang", "en"}},
	{method: "accounts.deleteConsentStatement", subject: "consent", by: "key", member: 400009, params: []string{"consentId", "{consent}"}},
	{method: "accounts.setConsentsStatements", subject: "consent", by: "key", params: []string{"preferences", `{"{consent}":{"isActive":false}}`}},
	{method: "accounts.communications.settings.search", subject: "topic", by: "key", params: []string{"query", "select topic from topicChannels where topicChannelId = '{topic}'"}},
	{method: "accounts.communications.settings.set", subject: "topic", by: "key", params: []string{"topicChannel", `{"topicChannelId":"{topic}","channel":"SMS","topic":"t"}`}},
	{method: "accounts.communication.setTopicSettings", subject: "topic", by: "key", params: []string{"CommunicationSettings", `{"{topic}":{"channel":"SMS","topic":"t"}}`}},

	{method: "socialize.getUserInfo", subject: "account", by: "key", params: []string{"UID", "{UID}"}},
	{method: "socialize.logout", subject: "account", by: "key", params: []string{"UID", "{UID}"}},
	{method: "socialize.notifyLogin", subject: "account", by: "key", params: []string{"siteUID", "{UID}"}},
	{method: "socialize.exchangeUIDSignature", subject: "signature", by: "key", params: []string{"UID", "{UID}", "UIDSignature", "{signature}", "signatureTimestamp", "{stamp}"}},

	{method: "ds.get", subject: "object", by: "key", params: []string{"type", "shared", "oid", "{oid}"}},
	{method: "ds.get", subject: "object of an account", by: "key", params: []string{"type", "shared", "oid", "mine", "UID", "{UID}"}},
	{method: "ds.store", subject: "object", by: "key", params: []string{"type", "shared", "oid", "{oid}", "data", `{"a":8}`}},
	{method: "ds.store", subject: "object of an account", by: "key", params: []string{"type", "shared", "oid", "mine", "UID", "{UID}", "data", `{"a":8}`}},
	{method: "ds.delete", subject: "object", by: "key", params: []string{"type", "shared", "oid", "{oid}"}},
	{method: "ds.delete", subject: "object of an account", by: "key", params: []string{"type", "shared", "oid", "mine", "UID", "{UID}"}},
	{method: "ds.search", subject: "object", by: "key", params: []string{"query", "SELECT * FROM shared WHERE oid = '{oid}'"}},
	{method: "ds.search", subject: "type", by: "key", params: []string{"query", "SELECT * FROM {type}"}},
	{method: "ds.getSchema", subject: "type", by: "key", params: []string{"type", "{type}"}},
	{method: "ds.setSchema", subject: "type", by: "key", params: []string{"type", "{type}", "dataSchema", `{"fields":{"b":{"type":"string"}}}`}},
	{method: "ds.deleteSchemaFields", subject: "type", by: "key", params: []string{"type", "{type}", "dataSchema", `["code"]`}},

	{method: "idx.getDataflow", subject: "dataflow", by: "key", params: []string{"id", "{id}"}},
	{method: "idx.setDataflow", subject: "dataflow", by: "key", params: []string{"data", `{"id":"{id}","name":"new","steps":[]}`}},
	{method: "idx.setDataflowDraft", subject: "draft", by: "key", params: []string{"data", `{"id":"{id}","name":"new","steps":[]}`}},
	{method: "idx.deleteDataflow", subject: "dataflow", by: "key", params: []string{"id", "{id}"}},
	{method: "idx.createScheduling", subject: "dataflow", by: "key", params: []string{"data", `{"name":"s","dataflowId":"{id}","frequencyType":"once"}`}},
	{method: "idx.getScheduling", subject: "scheduling", by: "key", params: []string{"id", "{id}"}},
	{method: "idx.setScheduling", subject: "scheduling", by: "key", params: []string{"data", `{"id":"{id}","name":"t","dataflowId":"{flow}","frequencyType":"once"}`}},
	{method: "idx.deleteScheduling", subject: "scheduling", by: "key", params: []string{"id", "{id}"}},
	{method: "idx.search", subject: "dataflow", by: "key", params: []string{"query", "SELECT * FROM dataflow WHERE id = '{id}'"}},

	{method: "admin.getUserKeyInfo", subject: "key", by: "key", params: []string{"targetUserKey", "{key}"}},
	{method: "admin.setUserKeyInfo", subject: "key", by: "key", params: []string{"targetUserKey", "{key}", "description", "mine"}},
	{method: "admin.rotateUserKeySecret", subject: "key", by: "key", params: []string{"targetUserKey", "{key}"}},
	{method: "admin.deleteUserKey", subject: "key", by: "key", params: []string{"targetUserKey", "{key}"}},
	{method: "admin.getEffectiveACL", subject: "key", by: "key", params: []string{"partnerID", "{mine}", "targetUserKey", "{key}"}},
	{method: "admin.getUserSites", subject: "key", by: "key", code: 403007, params: []string{"targetUserKey", "{key}"}},
	{method: "admin.createGroup", subject: "permission group", by: "key", code: 400006, params: []string{"partnerID", "{mine}", "groupID", "{group}", "aclID", "_sites", "scope", `{"allowPartners":["_owner"]}`}},
	{method: "admin.updateGroup", subject: "permission group", by: "key", params: []string{"partnerID", "{mine}", "groupID", "{group}", "description", "mine"}},
	{method: "admin.updateGroup", subject: "key", by: "key", params: []string{"partnerID", "{mine}", "groupID", "_no_permissions", "addUsers", `["{key}"]`}},
	{method: "admin.deleteGroup", subject: "permission group", by: "key", params: []string{"partnerID", "{mine}", "groupID", "{group}"}},
	{method: "admin.getGroupUsers", subject: "permission group", by: "key", params: []string{"partnerID", "{mine}", "groupID", "{group}"}},
	{method: "admin.inviteAdmin", subject: "permission group", by: "key", params: []string{"partnerID", "{mine}", "email", "ann@example.com", "groups", `["{group}"]`}},
	{method: "admin.getACL", subject: "list", by: "key", params: []string{"partnerID", "{mine}", "aclID", "{list}"}},
	{method: "admin.setACL", subject: "list", by: "key", params: []string{"partnerID", "{mine}", "aclID", "{list}", "acl", `{"_inherit":["_insights"]}`}},
	{method: "admin.search", subject: "site", by: "key", params: []string{"query", "SELECT * FROM sites WHERE apiKey = '{apiKey}'"}},
}

// aboutItself are the methods that name nothing but their own site, or nothing at all.
var aboutItself = strings.Fields(`
	accounts.communication.getChannels accounts.communication.getTopicSettings accounts.communication.setChannels accounts.extensions.create accounts.extensions.list
	accounts.getConsentsStatements accounts.getJWTPublicKey accounts.getRegisteredCounters accounts.initRegistration
	accounts.migrateConsentFlow accounts.policies.emailTemplates.getConfig accounts.policies.emailTemplates.setConfig
	accounts.progression.getPolicy accounts.progression.setPolicy accounts.rba.getPolicy accounts.rba.riskAssessment.getConfig
	accounts.rba.riskAssessment.setConfig accounts.rba.sdkConfiguration.get accounts.rba.setPolicy accounts.registerCounters
	accounts.setPolicies accounts.setSchema accounts.sms.templates.get accounts.sms.templates.set accounts.unregisterCounters
	accounts.webhooks.getAll admin.captcha.getConfig admin.captcha.setConfig admin.certificates.createRequest
	admin.console.getPartners admin.getRestrictions admin.getSiteConfig admin.riskProviders.getConfig admin.riskProviders.setConfig
	admin.setRestrictions ds.getTypes idx.createDataflow idx.createDataflowDraft socialize.getProvidersConfig socialize.setProvidersConfig`)

// triedElsewhere are methods of which one call decides what the next can show, with their tests.
var triedElsewhere = map[string]string{
	"admin.setSiteConfig":    "TestJoiningAGroup",
	"admin.deleteSite":       "TestJoiningAGroup",
	"admin.acceptInvitation": "TestTokensOfASiteGroup",
	"socialize.getToken":     "TestTokensOfASiteGroup",
}
