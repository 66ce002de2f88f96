package blueprint_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/blueprint"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

const (
	shop   = "sites/shop.example.com/"
	blog   = "sites/blog.example.com/"
	people = "partners/Example %26 S%C3%B6hne/"
)

// edited is a copy of the files with texts replaced: name, old, new by threes. The new text of a file that is not there has no old one; a
// new text of "-" removes the file.
func edited(t *testing.T, files blueprint.Files, edits ...string) blueprint.Files {
	t.Helper()
	changed := maps.Clone(files)
	for i := 0; i < len(edits); i += 3 {
		name, old, now := edits[i], edits[i+1], edits[i+2]
		switch {
		case now == "-":
			if _, ok := changed[name]; !ok {
				t.Fatalf("there is no %s", name)
			}
			delete(changed, name)
		case old == "":
			changed[name] = []byte(now)
		case !strings.Contains(string(changed[name]), old):
			t.Fatalf("%s holds no %q:\n%s", name, old, changed[name])
		default:
			changed[name] = []byte(strings.Replace(string(changed[name]), old, now, 1))
		}
	}
	return changed
}

func TestAPlanShowsWhatIsDifferent(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	files := h.export()
	for name, test := range map[string]struct {
		edits []string
		how   blueprint.How
		want  []string
	}{
		"a member of a policy": {
			[]string{shop + "policies/registration.json", "true", "false"}, blueprint.How{},
			[]string{"sites/shop.example.com  (" + shopKey + ")\n  ~ policies/registration\n      ~ requireCaptcha: true → false\n\n0 to add, 1 to change, 0 to remove.\n"},
		},
		"a line of a screen-set": {
			[]string{shop + "screenSet/Mine %C3%9Cml%C3%A4ut.html", "another", "yet another"}, blueprint.How{},
			[]string{"  ~ screenSet/Mine Ümläut\n      ~ html:\n        @ line 2\n        -   one line, <b>and</b> another", "\n        +   one line, <b>and</b> yet another"},
		},
		"an object more": {
			[]string{shop + "webhook/new.json", "", `{"url":"https://x.example.com/","events":["accountLoggedIn"]}`}, blueprint.How{},
			[]string{"  + webhook/new\n", "1 to add, 0 to change, 0 to remove."},
		},
		"an object less stays": {
			[]string{shop + "webhook/crm.json", "", "-"}, blueprint.How{},
			[]string{"no file and stays: webhook/crm  (1; --prune removes what has no file)", "No changes: everything is as the files say."},
		},
		"an object less is removed": {
			[]string{shop + "webhook/crm.json", "", "-", people + "permissionGroup/Support.json", "", "-", people + "acl/support.json", "", "-"},
			blueprint.How{Prune: true},
			[]string{"  - webhook/crm\n", "  - acl/support\n  - permissionGroup/Support\n", "0 to add, 0 to change, 3 to remove."},
		},
		"a field less stays": {
			[]string{shop + "schema/dataSchema.json", `"plan"`, `"plans"`}, blueprint.How{},
			[]string{"+ fields.plans: {", "no file and stays: schema/dataSchema plan  (1;"},
		},
		"a field less is removed": {
			[]string{shop + "schema/dataSchema.json", `"plan"`, `"plans"`}, blueprint.How{Prune: true},
			[]string{"- fields.plan: {", "+ fields.plans: {"},
		},
		"a policy less is removed": {
			[]string{shop + "policies/passwordComplexity.json", "", "-", shop + "settings.json", "", "-"}, blueprint.How{Prune: true},
			[]string{"  - settings\n  - policies/passwordComplexity\n"},
		},
		"a site of another partner stays where it is": {
			[]string{shop + "site.json", `"partnerID": 7`, `"partnerID": 8`}, blueprint.How{},
			[]string{"sites/shop.example.com/site.json: partnerID: the site is of partner 7, and no site changes its partner.\n\nNo changes"},
		},
		"letter case of a data center": {
			[]string{shop + "site.json", `"us1"`, `"US1"`}, blueprint.How{}, []string{"No changes"},
		},
		"a site leaves its group": {
			[]string{blog + "site.json", `"siteGroupOwner": "` + shopKey + `",`, ""}, blueprint.How{},
			[]string{`- siteGroupOwner: "` + shopKey + `"`},
		},
		"texts, lists and the unknown": {
			[]string{shop + "site.json", `"description": ""`, `"description": "New", "moreUnheardOf": 1`, shop + "site.json", `"*.shop.example.com/*"`, `"www.shop.example.com/*"`,
				shop + "site.js", "de", "en"}, blueprint.How{},
			[]string{`unknown: sites/shop.example.com/site.json: moreUnheardOf`, `~ description: "" → "New"`, `+ moreUnheardOf: 1`,
				`~ trustedSiteURLs: ["shop.example.com/*","*.shop.example.com/*"] → ["shop.example.com/*","www.shop.example.com/*"]`,
				"~ globalConf:\n        @ line 2\n        -   lang: 'de'\n        +   lang: 'en'\n"},
		},
		"a new site needs a word": {
			[]string{"sites/new/site.json", "", `{"baseDomain":"new.example.com","siteGroupOwner":"` + shopKey + `"}`}, blueprint.How{Create: true},
			[]string{"sites/new  (with an API key of its own, new)\n  + site\n"},
		},
	} {
		got := h.plan(edited(t, files, test.edits...), test.how)
		for _, want := range test.want {
			if !strings.Contains(got, want) && !strings.Contains(strings.ReplaceAll(got, "�", ""), want) {
				t.Errorf("%s: no %q in\n%s", name, want, got)
			}
		}
	}
	wantFiles(t, h.export(), files) // Plans change nothing.
}

func TestWrongFilesAreNamedAndChangeNothing(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	files := h.export()
	create, strict := blueprint.How{Create: true}, blueprint.How{Strict: true}
	for name, test := range map[string]struct {
		edits []string
		how   blueprint.How
		want  string
	}{
		"no JSON":                  {[]string{shop + "site.json", "{", "["}, blueprint.How{}, shop + "site.json: want a JSON object: "},
		"a member twice":           {[]string{shop + "webhook/crm.json", `"version"`, `"url"`}, blueprint.How{}, shop + "webhook/crm.json: url: the member is there twice, again in line 17, column 3"},
		"a member twice, deep":     {[]string{shop + "webhook/crm.json", `"name"`, `"value"`}, blueprint.How{}, shop + "webhook/crm.json: headers[0].value: the member is there twice"},
		"not quite JSON":           {[]string{shop + "webhook/crm.json", `true,`, `true`}, blueprint.How{}, shop + "webhook/crm.json: want a JSON object: line 4, column 3: "},
		"an empty file":            {[]string{shop + "webhook/x.json", "", " "}, blueprint.How{}, shop + "webhook/x.json: want a JSON object: line 1, column 2: "},
		"not UTF-8":                {[]string{shop + "webhook/x.json", "", "{\"a\":\"\xff\"}"}, blueprint.How{}, shop + "webhook/x.json: it is not UTF-8"},
		"no object":                {[]string{shop + "webhook/x.json", "", "[]"}, blueprint.How{}, shop + "webhook/x.json: want a JSON object: "},
		"a wrong pattern":          {[]string{shop + "site.json", `"*.shop.example.com/*"`, `"::"`}, blueprint.How{}, shop + "site.json: trustedSiteURLs[1]: "},
		"no pattern":               {[]string{shop + "site.json", `"*.shop.example.com/*"`, `1`}, blueprint.How{}, shop + "site.json: trustedSiteURLs[1]: want a text"},
		"no list":                  {[]string{shop + "site.json", `"tags": [`, `"tags": {}, "x": [`}, blueprint.How{}, shop + "site.json: tags: want a JSON array of texts"},
		"no flag":                  {[]string{shop + "site.json", `"description": ""`, `"description": "", "enableHSTS": "yes"`}, blueprint.How{}, shop + "site.json: enableHSTS: want true or false"},
		"a null":                   {[]string{shop + "site.json", `"description": ""`, `"logoutURL": null`}, blueprint.How{}, shop + "site.json: logoutURL: must not be null"},
		"no address":               {[]string{shop + "site.json", `"192.0.2.7"`, `"x"`}, blueprint.How{}, shop + "site.json: restrictions.blockedIps[0]: want an address"},
		"another data center":      {[]string{shop + "site.json", `"us1"`, `"eu1"`}, blueprint.How{}, shop + "site.json: dataCenter: the data center of a site cannot change from us1"},
		"a status":                 {[]string{shop + "site.json", `"active"`, `"deleted"`}, blueprint.How{}, shop + "site.json: status: want active or disabled"},
		"no base domain":           {[]string{shop + "site.json", `"baseDomain": "shop.example.com",`, ""}, blueprint.How{}, shop + "site.json: baseDomain: is missing"},
		"no parent":                {[]string{blog + "site.json", `"siteGroupOwner": "` + shopKey, `"siteGroupOwner": "` + blogKey}, blueprint.How{}, blog + "site.json: siteGroupOwner: a site is not its own parent"},
		"no site":                  {[]string{"sites/new/site.json", "", `{"baseDomain":"new.example.com"}`}, blueprint.How{}, "sites/new/site.json: there is no such site, neither by its API key nor by its base domain: --create makes it"},
		"no API key":               {[]string{"sites/new/site.json", "", `{"baseDomain":"new.example.com","apiKey":"x"}`}, create, `sites/new/site.json: API key "x" is not a digit`},
		"no partner":               {[]string{"sites/new/site.json", "", `{"baseDomain":"new.example.com","partnerID":8}`}, create, "sites/new/site.json: partnerID: there is no partner 8"},
		"no label":                 {[]string{"sites/new/site.json", "", `{"baseDomain":"new.example.com","dataCenter":"mars"}`}, create, `sites/new/site.json: dataCenter: "mars" is the label of no data center`},
		"the same site twice":      {[]string{"sites/new/site.json", "", `{"baseDomain":"shop.example.com"}`}, create, "sites/shop.example.com/site.json: sites/new/site.json is about the same site"},
		"no site.json":             {[]string{shop + "site.json", "", "-"}, blueprint.How{}, shop + "site.json: the file is missing"},
		"settings":                 {[]string{shop + "settings.json", "true", `"yes"`}, blueprint.How{}, shop + "settings.json: ownUIDsOnly: want a value of another kind, not string"},
		"a counter":                {[]string{shop + "settings.json", `"/"`, `"x"`}, blueprint.How{}, shop + "settings.json: counters[0].path: want the path /"},
		"a policy":                 {[]string{shop + "policies/passwordComplexity.json", "9", `"nine"`}, blueprint.How{}, shop + "policies/passwordComplexity.json: passwordComplexity.minLength: "},
		"a template":               {[]string{shop + "policies/emailVerification.emailTemplates.en.html", `name="from"`, ""}, blueprint.How{}, shop + "policies/emailVerification.json: emailVerification.emailTemplates"},
		"a type that changes":      {[]string{shop + "schema/dataSchema.json", `"integer"`, `"string"`}, blueprint.How{Prune: true}, shop + "schema/dataSchema.json: "},
		"a schema's attribute":     {[]string{shop + "schema/dataSchema.json", `"serverOnly"`, `"nobody"`}, blueprint.How{}, shop + "schema/dataSchema.json: dataSchema.fields.loyalty.tier.writeAccess: "},
		"a webhook":                {[]string{shop + "webhook/crm.json", `"2.0"`, `"7.0"`}, blueprint.How{}, shop + "webhook/crm.json: version: must be one of"},
		"a webhook's URL":          {[]string{shop + "webhook/crm.json", `https://hooks.example.com/crm`, `javascript:alert(1)`}, blueprint.How{}, shop + "webhook/crm.json: url: "},
		"a text file is missing":   {[]string{shop + "site.js", "", "-"}, blueprint.How{}, shop + "site.json: globalConf: site.js: file does not exist"},
		"a text file elsewhere":    {[]string{shop + "site.json", "${FILE:site.js}", "${FILE:../../doorward.json}"}, blueprint.How{}, shop + `site.json: globalConf: "../../doorward.json" is not the name of a file beside this one`},
		"a secret for nobody":      {[]string{shop + "webhook/crm.json", `"X-One"`, `"X-Other"`}, blueprint.How{}, shop + "webhook/crm.json: headers[0].value: the variable "},
		"no variable":              {[]string{shop + "webhook/crm.json", `"2.0"`, `"${ENV:A B}"`}, blueprint.How{}, shop + `webhook/crm.json: version: "A B" is not the name of a variable`},
		"no ACL":                   {[]string{people + "acl/support.json", `"perms": "x"`, `"perms": "y"`}, blueprint.How{}, people + "acl/support.json: acl._api.accounts.search._ace.perms: want x or -x"},
		"a built-in ACL":           {[]string{people + "acl/_mine.json", "", `{"acl":{}}`}, blueprint.How{}, people + "acl/_mine.json: aclID: "},
		"a group without ACL":      {[]string{people + "permissionGroup/Support.json", `"support"`, `"gone"`}, blueprint.How{}, people + "permissionGroup/Support.json: aclID: there is no such ACL"},
		"an ACL in use":            {[]string{people + "acl/support.json", "", "-"}, blueprint.How{Prune: true}, people + "permissionGroup/Support.json: aclID: there is no such ACL"},
		"a scope":                  {[]string{people + "permissionGroup/Support.json", shopKey, "4_gone"}, blueprint.How{}, people + "permissionGroup/Support.json: scope.allowSites[0]: there is no such site"},
		"a member":                 {[]string{people + "permissionGroup/Support.json", adminKey, "Nobody"}, blueprint.How{}, people + "permissionGroup/Support.json: users[0]: there is no such user key"},
		"nobody administers":       {[]string{people + "permissionGroup/_admins.json", `"` + adminKey + `"`, ""}, blueprint.How{}, people + "permissionGroup: _admins: the group _admins would be left without a key that can call"},
		"the administrator is off": {[]string{people + "key/" + adminKey + ".json", "true", "false"}, blueprint.How{}, people + "permissionGroup: _admins: the group _admins would be left without a key that can call"},
		"a key":                    {[]string{people + "key/Unknown12345.json", "", `{"name":"x","kind":"user","hasSecret":true}`}, blueprint.How{}, people + "key/Unknown12345.json: there is no such key: --create makes it"},
		"a key's privilege":        {[]string{people + "key/" + adminKey + ".json", `"privileges": []`, `"privileges": ["what ever"]`}, blueprint.How{}, people + "key/" + adminKey + ".json: privileges[0]: "},
		"a key's e-mail":           {[]string{people + "key/" + adminKey + ".json", `"ann@example.com"`, `"ann"`}, blueprint.How{}, people + "key/" + adminKey + ".json: email: want an e-mail address"},
		"a partner's network":      {[]string{people + "partner.json", "192.0.2.0/24", "x"}, blueprint.How{}, people + "partner.json: allowedIPs[0]: "},
		"a partner's retention":    {[]string{people + "partner.json", `"isTrial": true`, `"auditRetention": 0`}, blueprint.How{}, people + "partner.json: auditRetention: must be a whole number"},
		"a key's switch":           {[]string{people + "key/" + adminKey + ".json", `"isEnabled": true`, `"isEnabled": "true"`}, blueprint.How{}, people + "key/" + adminKey + ".json: isEnabled: want true or false"},
		"a key's public key":       {[]string{people + "key/" + adminKey + ".json", `"publicKey": "`, `"publicKey": 7, "x": "`}, blueprint.How{}, people + "key/" + adminKey + ".json: publicKey: want a text"},
		"a key's description":      {[]string{people + "key/" + adminKey + ".json", `"description": ""`, `"description": 7`}, blueprint.How{}, people + "key/" + adminKey + ".json: description: want a text"},
		"another key":              {[]string{people + "key/" + adminKey + ".json", `"userKey": "` + adminKey, `"userKey": "Another12345`}, blueprint.How{}, people + "key/" + adminKey + ".json: userKey: the file has the name of another key"},
		"a key's type":             {[]string{people + "key/" + adminKey + ".json", `"description": ""`, `"description": "", "keyType": "` + strings.Repeat("x", 65) + `"`}, blueprint.How{}, people + "key/" + adminKey + ".json: keyType: at most 64 bytes"},
		"a partner's null":         {[]string{people + "partner.json", `"isTrial": true`, `"isTrial": null`}, blueprint.How{}, people + "partner.json: isTrial: must not be null"},
		"a partner's number":       {[]string{people + "partner.json", `"partnerID": 7`, `"partnerID": "7"`}, blueprint.How{}, people + "partner.json: partnerID: want a whole number"},
		"a site's partner":         {[]string{shop + "site.json", `"partnerID": 7`, `"partnerID": "7"`}, blueprint.How{}, shop + "site.json: partnerID: want a whole number"},
		"a long text":              {[]string{shop + "site.js", "de", strings.Repeat("x", 1<<20)}, blueprint.How{}, shop + "site.json: globalConf: at most 1048576 bytes"},
		"a long address":           {[]string{shop + "site.json", `"description": ""`, `"logoutURL": "https://x.example.com/` + strings.Repeat("x", 2048) + `"`}, blueprint.How{}, shop + "site.json: logoutURL: at most 2048 bytes"},
		"a long description":       {[]string{shop + "site.json", `"description": ""`, `"description": "` + strings.Repeat("x", 1025) + `"`}, blueprint.How{}, shop + "site.json: description: at most 1024 bytes"},
		"a list's description":     {[]string{people + "acl/support.json", `"description": "d"`, `"description": "` + strings.Repeat("x", 1025) + `"`}, blueprint.How{}, people + "acl/support.json: description: at most 1024 bytes"},
		"a group's members":        {[]string{people + "permissionGroup/Support.json", `"users": [`, `"users": 7, "x": [`}, blueprint.How{}, people + "permissionGroup/Support.json: users: want an array of texts"},
		"a group's description":    {[]string{people + "permissionGroup/Support.json", `"description": ""`, `"description": 7`}, blueprint.How{}, people + "permissionGroup/Support.json: description: want a text"},
		"a list that is none":      {[]string{people + "acl/support.json", `"description": "d"`, `"description": 7`}, blueprint.How{}, people + "acl/support.json: description: want a text"},
		"a screen-set's id":        {[]string{shop + "screenSet/a%3Fb.json", "", `{"html":"<p>"}`}, blueprint.How{}, shop + "screenSet/a%3Fb.json: screenSetID: want at most 100 letters"},
		"a webhook's name":         {[]string{shop + "webhook/" + strings.Repeat("x", 101) + ".json", "", `{"url":"https://x.example.com/","events":["accountLoggedIn"]}`}, blueprint.How{}, "name: has at most 100 bytes"},
		"a webhook's signer":       {[]string{shop + "webhook/crm.json", `"version"`, `"signingUserKey": "Nobody", "version"`}, blueprint.How{}, shop + "webhook/crm.json: signingUserKey: must be a user key"},
		"an extension's point":     {[]string{shop + "extension/Other.json", "", `{"extensionPoint":"OnBeforeAccountsRegister","friendlyName":"Check","extensionFuncUrl":"https://check.example.com/"}`}, blueprint.How{}, shop + "extension/Other.json: extensionPoint: the object has another name"},
		"a consent's id":           {[]string{shop + "consentStatement/terms v1.json", "", objects["consentStatement"]["terms.v1"]}, blueprint.How{}, shop + "consentStatement/terms v1.json: consentId: want a path of letters"},
		"a topic's id":             {[]string{shop + "topicChannel/X.json", "", objects["topicChannel"]["C_SMS"]}, blueprint.How{}, shop + "topicChannel/X.json: topicChannelId: the object has another name"},
		"a provider's name":        {[]string{shop + "socialProvider/FACEBOOK.json", "", `{"app":{}}`}, blueprint.How{}, shop + "socialProvider/FACEBOOK.json: providers: the name of the provider is facebook"},
		"a provider's endpoint":    {[]string{shop + "socialProvider/mine.json", "", `{"app":{}}`}, blueprint.How{}, shop + "socialProvider/mine.json: providers.mine: is no known provider; one of your own needs an authorizeEndpoint"},
		"a scheduling's dataflow":  {[]string{shop + "scheduling/s1.json", `"dataflowId": "0`, `"dataflowId": "1`}, blueprint.How{}, shop + "scheduling/s1.json: There is no dataflow 1123"},
		"a captcha's secret":       {[]string{shop + "site.json", `"description": ""`, `"recaptchaV2": {"SiteKey": "a", "Secret": "b"}`}, blueprint.How{}, shop + "site.json: recaptchaV2: is not kept here: its pair of keys is that of type 1 in captcha.json"},
		"members of a group":       {[]string{shop + "site.json", `"description": ""`, `"siteGroupConfig": {"members": ["` + blogKey + `"]}`}, blueprint.How{}, shop + "site.json: siteGroupConfig.members: it can only be read"},
		"a site's number":          {[]string{shop + "site.json", `"description": ""`, `"siteID": 7`}, blueprint.How{}, shop + "site.json: siteID: it can only be read"},
		"an address as an object":  {[]string{shop + "site.json", `"192.0.2.7"`, `{"IP": "192.0.2.7"}`}, blueprint.How{}, shop + "site.json: restrictions.blockedIPs[0]: want a text"},
		"a key's secret":           {[]string{people + "key/" + adminKey + ".json", `"description": ""`, `"secret": "x"`}, blueprint.How{}, people + "key/" + adminKey + ".json: secret: secrets of keys and partners are not kept in files"},
		"a partner's secret":       {[]string{people + "partner.json", `"isTrial": true`, `"secret": "x"`}, blueprint.How{}, people + "partner.json: secret: secrets of keys and partners are not kept in files"},
		"unknown members":          {[]string{shop + "webhook/crm.json", `"2.0"`, `"2.0", "verison": "2.0"`}, strict, shop + "webhook/crm.json: verison: is not known"},
		"unknown policies":         {[]string{shop + "policies/registration.json", `{`, `{"requireCapcha": true,`}, strict, shop + "policies/registration.json: requireCapcha: is not known"},
		"an unknown policy":        {[]string{shop + "policies/regstration.json", "", `{"requireCaptcha": true}`}, strict, shop + "policies/regstration.json: is not known"},
		"unknown attributes":       {[]string{shop + "schema/dataSchema.json", `"serverOnly"`, `"serverOnly", "reqired": true`}, strict, shop + "schema/dataSchema.json: fields.loyalty.tier.reqired: is not known"},
		"an unknown kind":          {[]string{shop + "webhok/crm.json", "", `{}`}, strict, shop + "webhok: is not known"},
		"an unknown file":          {[]string{shop + "stie.json", "", `{}`}, strict, shop + "stie.json: is not known"},
		"another form":             {[]string{"doorward.json", "1", "2"}, blueprint.How{}, "doorward.json: format: this version reads 1 alone"},
		"a percent sign":           {[]string{shop + "webhook/a%zz.json", "", `{}`}, blueprint.How{}, shop + "webhook/a%zz.json: a percent sign"},
		"no format":                {[]string{"doorward.json", `"format": 1`, ""}, blueprint.How{}, "doorward.json: format: this version reads 1 alone"},
		"twice one object":         {[]string{shop + "webhook/%63rm.json", "", webhookText}, blueprint.How{}, shop + "webhook/%63rm.json is the same object"},
	} {
		// Something that is right beside what is wrong is not done either.
		changed := edited(t, edited(t, files, test.edits...), shop+"riskAssessment.json", "false", "true")
		got := h.plan(changed, test.how)
		if !strings.Contains(got, test.want) {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
		tree, err := h.read(changed)
		if err == nil {
			_, _, err = h.b.Apply(context.Background(), tree, test.how, nil)
		}
		var faults blueprint.Faults
		if !errors.As(err, &faults) || len(faults) == 0 {
			t.Errorf("%s: applied: %v", name, err)
		}
	}
	wantFiles(t, h.export(), files)
}

func TestASecretStaysWhereItsPlaceholderIsUntouched(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	files := h.export()
	// The two headers change their places and the webhook its address: each keeps its own secret.
	text := string(files[shop+"webhook/crm.json"])
	text = strings.NewReplacer("X-One", "X-Two", "X-Two", "X-One", "hooks.example.com/crm", "hooks.example.com/moved").Replace(text)
	h.apply(edited(t, files, shop+"webhook/crm.json", "", text), blueprint.How{})
	if got := h.webhook("crm"); !strings.Contains(got, `[{"name":"X-Two","value":"hush-two"},{"name":"X-One","value":"hush-one"}]`) || !strings.Contains(got, "moved") {
		t.Errorf("stored %s", got)
	}
	// A variable that is set decides, and a plan does not tell it.
	files = h.export()
	variables := secretsOf(files)
	if got := h.plan(files, blueprint.How{}, variables...); strings.Contains(got, "hush-") || strings.Contains(got, "secret of") ||
		!strings.Contains(got, `~ headers[0].value: "(secret)" → "(secret)"`) {
		t.Errorf("plan:\n%s", got)
	}
	h.apply(files, blueprint.How{}, variables...)
	if got := h.webhook("crm"); !strings.Contains(got, `"value":"secret of SECRET_SHOP_EXAMPLE_COM_WEBHOOK_CRM_HEADERS_`) {
		t.Errorf("stored %s", got)
	}
}

func TestFilesOfOneInstallationServeAnother(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	files := h.export()
	// The same sites and partner under other API keys and another id.
	other := newHouse(t)
	other.apply(blueprint.Files{
		"partners/p/partner.json": []byte(`{"partnerID":99,"name":"Example & Söhne"}`),
		"sites/a/site.json":       []byte(`{"baseDomain":"shop.example.com","apiKey":"4_othershopothershopothers","partnerID":99}`),
		"sites/b/site.json":       []byte(`{"baseDomain":"blog.example.com","apiKey":"4_otherblogotherblogotherb","partnerID":99}`),
	}, blueprint.How{Create: true})
	other.apply(files, blueprint.How{Create: true}, secretsOf(files)...)
	got := other.export()
	want := blueprint.Files{}
	for name, text := range files {
		want[name] = []byte(strings.NewReplacer(shopKey, "4_othershopothershopothers", blogKey, "4_otherblogotherblogotherb", `"partnerID": 7`, `"partnerID": 99`).
			Replace(string(text)))
	}
	wantFiles(t, got, want)
	if got := other.plan(files, blueprint.How{Prune: true}); !strings.Contains(got, "No changes") {
		t.Errorf("applied twice:\n%s", got)
	}
}

func TestObjectsThatExcludeEachOtherChangePlaces(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	files := h.export()
	swapped := edited(t, files,
		shop+"webhook/crm.json", "hooks.example.com/crm", "hooks.example.com/third",
		shop+"webhook/%43%52%4D.json", "hooks.example.com/other", "hooks.example.com/crm")
	h.apply(swapped, blueprint.How{})
	if one, two := h.webhook("crm"), h.webhook("CRM"); !strings.Contains(one, "/third") || !strings.Contains(two, "/crm") {
		t.Errorf("stored %s and %s", one, two)
	}
}

func TestApplyIsRecordedAndRefusesWhatIsNoLongerTheShownPlan(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	h.furnish()
	files := edited(t, h.export(), shop+"riskAssessment.json", "false", "true", people+"partner.json", `"isTrial": true`, `"isTrial": false`)
	tree, err := h.read(files)
	h.must(err)
	shown, err := h.b.Plan(ctx, tree, blueprint.How{})
	h.must(err)
	h.must(h.store.Change(ctx, func(tx store.Tx) error {
		s, err := tx.Site(shopKey)
		if err != nil {
			return err
		}
		s.Description = "changed meanwhile"
		return tx.PutSite(s)
	}))
	if _, _, err := h.b.Apply(ctx, tree, blueprint.How{}, shown); !errors.Is(err, blueprint.ErrOutdated) {
		t.Errorf("applied another plan than the one shown: %v", err)
	}
	shown, err = h.b.Plan(ctx, tree, blueprint.How{})
	h.must(err)
	if _, _, err = h.b.Apply(ctx, tree, blueprint.How{}, shown); err != nil {
		t.Fatal(err)
	}
	var records []string
	for _, log := range []string{shopKey, blogKey, store.OwnerOfPartner(7)} {
		h.must(h.store.Audits(ctx, store.AuditQuery{Log: log, Until: clock.Millis(1 << 50), Limit: 10}, func(a *store.Audit, _ string) error {
			records = append(records, a.APIKey+" "+a.Method+" "+string(a.Record[strings.Index(string(a.Record), `"params"`):]))
			return nil
		}))
	}
	for i, want := range []string{`"changes":"~site ~riskAssessment"`, `"changes":"~partner"`} {
		if len(records) != 2 || !strings.Contains(records[i], want) || !strings.Contains(records[i], "doorward.apply") {
			t.Errorf("records %q", records)
		}
	}
}

func TestASingleFolderAndAFewLinesWillDo(t *testing.T) {
	h := newHouse(t)
	secrets := h.apply(blueprint.Files{
		"partners/us/partner.json":       []byte(`{"name":"Us"}`),
		"sites/x/site.json":              []byte(`{"baseDomain":"x.example.com"}`),
		"sites/x/policies/security.json": []byte(`{"accountLockout":{}}`),
	}, blueprint.How{Create: true})
	if len(secrets) != 1 {
		t.Errorf("secrets %v", secrets)
	}
	h.apply(blueprint.Files{"site.json": []byte(`{"baseDomain":"x.example.com","description":"alone"}`)}, blueprint.How{})
	all, err := h.store.Sites(context.Background(), 0)
	h.must(err)
	if len(all) != 1 || all[0].Description != "alone" || !slices.Equal(all[0].TrustedSiteURLs, []string{"x.example.com/*", "*.x.example.com/*"}) {
		t.Errorf("sites %s", cmp.Diff(nil, all))
	}
	if got := h.plan(blueprint.Files{}, blueprint.How{}); !strings.Contains(got, "there is no configuration here") {
		t.Error(got)
	}
}

func TestSitesOfOneDomainAreToldApartByTheirKeys(t *testing.T) {
	h := newHouse(t)
	files := blueprint.Files{
		"partners/us/partner.json": []byte(`{"name":"Us"}`),
		"sites/one/site.json":      []byte(`{"baseDomain":"x.example.com","apiKey":"` + shopKey + `","description":"one"}`),
	}
	h.apply(files, blueprint.How{Create: true})
	// The other is not there yet, and its file does not mean the first.
	files["sites/two/site.json"] = []byte(`{"baseDomain":"x.example.com","apiKey":"` + blogKey + `","description":"two"}`)
	if got := h.plan(files, blueprint.How{}); !strings.HasPrefix(got, "sites/two/site.json: there is no such site, neither by its API key nor by its base domain") {
		t.Error(got)
	}
	h.apply(files, blueprint.How{Create: true})
	for apiKey, want := range map[string]string{shopKey: "one", blogKey: "two"} {
		if s, err := h.store.Site(context.Background(), apiKey); err != nil || s.Description != want {
			t.Errorf("site %s is %+v (%v)", apiKey, s, err)
		}
	}
	if got := h.plan(blueprint.Files{"site.json": []byte(`{"baseDomain":"x.example.com"}`)}, blueprint.How{}); !strings.Contains(got, `site.json: apiKey: there are 2 sites of the base domain "x.example.com": say which is meant`) {
		t.Error(got)
	}
}
