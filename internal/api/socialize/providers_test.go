package socialize_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/api/apitest"
	"github.com/doorward/doorward/internal/api/socialize"
	"github.com/doorward/doorward/internal/audit"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

const childKey = "3_ChildApiKey-123456789_abcdefghijklmnopqrstuvwxyzABCDEFGH"

// providers is a house with a site, and a member of its group.
type providers struct {
	*apitest.House
	t *testing.T
}

func newProviders(t *testing.T) *providers {
	t.Helper()
	in := apitest.New(t, testTime, apitest.Key)
	in.Change(func(tx store.Tx) error {
		return tx.PutSite(&store.Site{
			APIKey: childKey, SiteID: 2, Partner: 1, Group: apitest.Key, BaseDomain: "child.example.com", DataCenter: "us1", Status: store.SiteActive,
		})
	})
	in.Methods = method.NewTable(socialize.Methods(socialize.Deps{
		Store: in.Store, Sites: in.Sites, Config: siteconfig.New(in.Store, in.Sites, in.Sealer, in.Clock), Tokens: in.Tokens,
	})...)
	return &providers{in, t}
}

// call returns the members of the answer, or the code and the details of the error.
func (h *providers) call(by *caller.Caller, apiKey, name string, params ...string) string {
	h.t.Helper()
	answer, _, err := h.Call(apitest.Call{APIKey: apiKey, By: by, Method: name, Params: params})
	switch {
	case err != nil:
		h.t.Fatalf("%s: %v", name, err)
	case answer.Err != nil:
		return strings.TrimSpace(fmt.Sprintf("%d %s", answer.Err.Code, answer.Err.Details))
	}
	return string(answer.Members)
}

func (h *providers) set(params ...string) string {
	h.t.Helper()
	return h.call(apitest.Server(), apitest.Key, "socialize.setProvidersConfig", params...)
}

// all reads everything, as SAP's toolkit does.
func (h *providers) all(by *caller.Caller, apiKey string) string {
	h.t.Helper()
	return h.call(by, apiKey, "socialize.getProvidersConfig", "includeSettings", "true", "includeCapabilities", "true", "includeSecretKeys", "true", "format", "json")
}

// stored are the objects that the site has stored, by kind and name.
func (h *providers) stored(apiKey string) string {
	h.t.Helper()
	records, err := h.Store.ConfigObjects(h.t.Context(), apiKey, "")
	if err != nil {
		h.t.Fatal(err)
	}
	var list []string
	for _, r := range records {
		list = append(list, r.Kind+" "+r.Name+" "+string(r.Document))
	}
	return strings.Join(list, "\n")
}

func TestANewSiteHasEveryProviderAndNoCredentials(t *testing.T) {
	h := newProviders(t)
	answer := h.all(apitest.Server(), apitest.Key)
	const begins = `{"capabilities":"none","settings":"","providers":{"facebook":{"app":{"appID":""},"settings":{"enableNativeSdk":false,"canvasURL":"",`
	if !strings.HasPrefix(answer, begins) || !strings.HasSuffix(answer, `"docCheck":{"app":{"clientID":""},"settings":{"Language":"com","useCNAME":false,"httpsOnly":false}}}}`) {
		t.Errorf("answer %s", answer)
	}
	known, _ := document.ParseObject([]byte(apitest.Field(answer, "providers")))
	if known.Len() != 25 {
		t.Errorf("%d providers", known.Len())
	}
	for name, v := range known.All() {
		if app, _ := v.Object().Get("app"); app.Kind() != document.KindObject {
			t.Errorf("%s has no app", name)
		}
	}
	plain := h.call(apitest.Server(), apitest.Key, "socialize.getProvidersConfig")
	if !strings.HasPrefix(plain, `{"providers":{"facebook":{"app":{"appID":""}},"twitter":`) || strings.Contains(plain, "settings") {
		t.Errorf("without settings: %s", plain)
	}
	if got := h.call(apitest.Public(), apitest.Key, "socialize.getAvailableProviders"); got != `{"availableProviders":[]}` {
		t.Errorf("available: %s", got)
	}
}

// everything is what a tool sends: the whole answer of another site.
const everything = `{"facebook":{"app":{"appID":"2083515","secertKey":"hidden-1"},"settings":{"version":"2.0"}},` +
	`"twitter":{"app":{"consumerKey":"DBO","consumerSecret":"hidden-2"},"settings":{"useCNAME":true},"other":{"a":[1.50]}},` +
	`"amazon":{"app":{"accessKey":"AK","secretAccessKey":"hidden-3"}},"apple":{"app":{"ServiceID":"s"},"settings":{"keyId":"k","privateKey":"hidden-4"}}}`

func TestWhatIsCopiedIsThereAndItsSecretsAreForThoseWhoMaySetThem(t *testing.T) {
	h := newProviders(t)
	if got := h.set("providers", everything, "settings", "disableGooglePlusLoginScope", "capabilities", "undefined", "format", "json"); got != `{}` {
		t.Fatal(got)
	}
	whole := h.all(apitest.Server(), apitest.Key)
	for _, want := range []string{
		`{"capabilities":"none","settings":"disableGooglePlusLoginScope","providers":{"facebook":{"app":{"appID":"2083515","secertKey":"hidden-1"},"settings":{"enableNativeSdk":false,`,
		`"twitter":{"app":{"consumerKey":"DBO","consumerSecret":"hidden-2"},"settings":{"useCNAME":true,"httpsOnly":false},"other":{"a":[1.50]}}`,
		`"secretAccessKey":"hidden-3"`, `"privateKey":"hidden-4"`,
	} {
		if !strings.Contains(whole, want) {
			t.Errorf("lacks %s:\n%s", want, whole)
		}
	}
	if stored := h.stored(apitest.Key); strings.Contains(stored, "hidden") || !strings.Contains(stored, `"secertKey":null`) {
		t.Errorf("stored\n%s", stored)
	}
	key := func(privileges string) *caller.Caller {
		compiled := rights(t, privileges)
		return &caller.Caller{Class: caller.Server, Via: "userKey", Key: &site.Key{UserKey: "AKey"}, Rights: compiled}
	}
	const both = "socialize.getProvidersConfig,socialize.setProvidersConfig"
	if got := h.all(key(both), apitest.Key); got != whole {
		t.Errorf("a key that may set reads\n%s", got)
	}
	viewer := h.all(key("socialize.getProvidersConfig"), apitest.Key)
	unasked := h.call(apitest.Server(), apitest.Key, "socialize.getProvidersConfig", "includeSettings", "true")
	for name, got := range map[string]string{"a key that may only read": viewer, "a caller who does not ask": unasked} {
		if strings.Contains(got, "hidden") || strings.Contains(got, "secertKey") || !strings.Contains(got, `"appID":"2083515"`) {
			t.Errorf("%s reads\n%s", name, got)
		}
	}
	// What was read without secrets can be sent back: they stay.
	if got := h.set("providers", apitest.Field(unasked, "providers"), "settings", "", "capabilities", "login"); got != `{}` {
		t.Fatal(got)
	}
	if got := h.all(apitest.Server(), apitest.Key); got != strings.Replace(whole, `"capabilities":"none"`, `"capabilities":"login"`, 1) {
		t.Errorf("after it was sent back\n%s", got)
	}
	if got := h.call(apitest.Public(), apitest.Key, "socialize.getAvailableProviders", "disabledProviders", "Amazon"); got != `{"availableProviders":["facebook","twitter","apple"]}` {
		t.Errorf("available: %s", got)
	}
	if got := h.call(apitest.Public(), apitest.Key, "socialize.getAvailableProviders", "enabledProviders", "twitter,line"); got != `{"availableProviders":["twitter"]}` {
		t.Errorf("available among two: %s", got)
	}
}

// rights are those of a key with the privileges, a comma list.
func rights(t *testing.T, privileges string) *acl.Rights {
	t.Helper()
	return acl.Compile(acl.Grant(strings.Split(privileges, ",")))
}

func TestAMemberOfAGroupHasItsParentsProvidersUntilItSetsItsOwn(t *testing.T) {
	h := newProviders(t)
	child := func(params ...string) string {
		return h.call(apitest.Server(), childKey, "socialize.setProvidersConfig", params...)
	}
	h.set("providers", everything, "settings", "a", "capabilities", "b")
	whole := h.all(apitest.Server(), apitest.Key)
	if got := h.all(apitest.Server(), childKey); got != whole {
		t.Errorf("the child reads\n%s", got)
	}
	// Sent back as it is, it stays inherited.
	if got := child("providers", apitest.Field(whole, "providers"), "settings", "a", "capabilities", "b"); got != `{}` || h.stored(childKey) != "" {
		t.Errorf("%s, stored\n%s", got, h.stored(childKey))
	}
	// An application of its own does not get the secret of its parent's.
	child("providers", `{"facebook":{"app":{"appID":"own"}},"twitter":{"settings":{"httpsOnly":true}}}`, "settings", "c")
	own := h.all(apitest.Server(), childKey)
	if facebook := apitest.Field(own, "providers", "facebook", "app"); facebook != `{"appID":"own"}` {
		t.Errorf("facebook of the child: %s", facebook)
	}
	if twitter := apitest.Field(own, "providers", "twitter"); twitter != `{"app":{"consumerKey":"DBO","consumerSecret":"hidden-2"},"settings":{"useCNAME":true,"httpsOnly":true},"other":{"a":[1.50]}}` {
		t.Errorf("twitter of the child: %s", twitter)
	}
	if apitest.Field(own, "settings") != "c" || apitest.Field(own, "capabilities") != "b" || apitest.Field(own, "providers", "amazon", "app", "accessKey") != "AK" {
		t.Errorf("the rest: %s", own)
	}
	if h.all(apitest.Server(), apitest.Key) != whole {
		t.Error("the parent changed")
	}
}

func TestSecretsOfAParentAreForWhoMaySetThemThere(t *testing.T) {
	h := newProviders(t)
	h.set("providers", everything)
	made, err := site.Factory{Sealer: h.Sealer, Rand: rand.Reader, Clock: h.Clock}.NewKey(site.KeyOptions{
		Partner: 1, Kind: store.KindUser, Name: "of the child", Privileges: []string{"_allApis"}, Sites: []string{childKey},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Change(func(tx store.Tx) error { return tx.PutKey(made.Record) })
	key, err := h.Sites.Key(t.Context(), made.Record.UserKey)
	if err != nil {
		t.Fatal(err)
	}
	by := &caller.Caller{Class: caller.Server, Via: "userKey", Key: key, Rights: rights(t, "_allApis"), Secret: key.Secret}
	if got := h.all(by, childKey); strings.Contains(got, "hidden") || !strings.Contains(got, `"consumerKey":"DBO"`) {
		t.Errorf("who works for the child alone reads\n%s", got)
	}
	// Nor does a change make what is inherited the child's own, whose secrets would be shown.
	got := h.call(by, childKey, "socialize.setProvidersConfig", "providers", `{"twitter":{"settings":{"httpsOnly":true}}}`)
	if !strings.HasPrefix(got, "403007 ") || h.stored(childKey) != "" {
		t.Errorf("%s, stored\n%s", got, h.stored(childKey))
	}
	if got := h.call(by, childKey, "socialize.setProvidersConfig", "providers", `{"twitter":{"app":{"consumerKey":"own","consumerSecret":"own secret"}}}`); got != `{}` {
		t.Error(got)
	}
	if got := h.all(by, childKey); strings.Contains(got, "hidden") || !strings.Contains(got, "own secret") {
		t.Errorf("with an application of its own\n%s", got)
	}
}

func TestSecretsAreNotForWhoMaySetSomethingElseAlone(t *testing.T) {
	h := newProviders(t)
	h.set("providers", everything)
	list, err := acl.Parse([]byte(`{"_api":{"socialize":{"getProvidersConfig":{"_ace":{"perms":"x"}},
		"setProvidersConfig":{"_ace":{"perms":"x"},"providers":{"_ace":{"perms":"-x"}}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	by := &caller.Caller{Class: caller.Server, Via: "userKey", Key: &site.Key{UserKey: "AKey", Partner: 1}, Rights: acl.Compile(list)}
	if got := h.all(by, apitest.Key); strings.Contains(got, "hidden") || !strings.Contains(got, `"consumerKey":"DBO"`) {
		t.Errorf("who may set the switches alone reads\n%s", got)
	}
}

func TestWhatIsSealedTheAuditLogMasks(t *testing.T) {
	for _, pattern := range socialize.Kinds()[0].Secrets {
		name := pattern[strings.LastIndex(pattern, ".")+1:]
		for _, form := range []string{strings.ReplaceAll(name, "*", ""), strings.ReplaceAll(name, "*", "Z")} {
			data := `{"mine":{"app":{"` + form + `":"hunter2","deep":[{"` + form + `":["hunter2"]}]},"settings":{"` + form + `":"hunter2"}}}`
			record := audit.Call{Method: "socialize.setProvidersConfig", Params: gigya.NewParams(gigya.Param{Name: "providers", Value: data})}.Record()
			if strings.Contains(string(record.Record), "hunter2") {
				t.Errorf("%s: %s", form, record.Record)
			}
		}
	}
}

// spellings are members of an object whose names differ in letter case alone.
func spellings(name string, n int) []string {
	list := make([]string, n)
	for i := range list {
		spelt := []byte(name)
		for at := range spelt {
			if i>>at&1 == 1 {
				spelt[at] ^= 'a' ^ 'A'
			}
		}
		list[i] = `"` + string(spelt) + `":{}`
	}
	return list
}

func TestWhatIsNoProvider(t *testing.T) {
	h := newProviders(t)
	for sent, want := range map[string]string{
		`[]`:                           "400004 Invalid argument: providers: want a JSON object: offset 0: an object was expected",
		`{"facebook":[]}`:              "400006 Invalid argument: providers.facebook: must be an object",
		`{"facebook":{"app":"x"}}`:     "400006 Invalid argument: providers.facebook.app: must be an object",
		`{"facebook":{"settings":[]}}`: "400006 Invalid argument: providers.facebook.settings: must be an object",
		`{"a b":{"app":{}}}`:           "400006 Invalid argument: providers: a name has 1 to 64 letters, digits, _ and -",
		`{"mine":{"app":{"id":"x"}}}`:  "400006 Invalid argument: providers.mine: is no known provider; one of your own needs an authorizeEndpoint",
		`{"mine":{"authorizeEndpoint":"http://id.example.com/"}}`:   "400006 Invalid argument: providers.mine.authorizeEndpoint: must be an https URL of at most 2048 bytes",
		`{"twitter":{"app":{"apiKey":"1"}},"Twitter":{"app":{}}}`:   "400006 Invalid argument: providers.Twitter: is there twice",
		`{` + strings.Join(spellings("googleplus", 201), ",") + `}`: "400006 Invalid argument: providers: at most 200",
		`{"twitter":{"app":{"consumerKey":"kept?"}},"mine":{}}`:     "400006 Invalid argument: providers.mine: is no known provider; one of your own needs an authorizeEndpoint",
	} {
		if got := h.set("providers", sent); got != want {
			t.Errorf("%s\n got %s\nwant %s", sent, got, want)
		}
		if stored := h.stored(apitest.Key); stored != "" {
			t.Errorf("%s: stored %s", sent, stored)
		}
	}
	h.set("providers", `{"Facebook":{"app":{"appID":"1","secretKey":"hidden-5"}},"mine":{"app":{"clientID":"c","clientSecret":"hidden-6"},"authorizeEndpoint":"https://id.example.com/auth"}}`,
		"settings", "undefined")
	answer := h.all(apitest.Server(), apitest.Key)
	if got := apitest.Field(answer, "providers", "facebook", "app"); got != `{"appID":"1","secertKey":"hidden-5"}` {
		t.Errorf("facebook: %s", got)
	}
	if !strings.HasSuffix(answer, `"mine":{"app":{"clientID":"c","clientSecret":"hidden-6"},"authorizeEndpoint":"https://id.example.com/auth"}}}`) {
		t.Errorf("a provider of one's own: %s", answer)
	}
	h.set("providers", `{"mine":{"app":{"keys":[{"secret":"hidden-7"}],"deep":{"accessToken":"hidden-8"}},"clientSecret":"hidden-9","oidc":{"privateKeyPem":"hidden-10"},`+
		`"tokenEndpoint":"https://id.example.com/token"},"apple":{"settings":{"deep":{"privateKey":"hidden-11"},"accessToken":"hidden-12"}}}`)
	if stored := h.stored(apitest.Key); strings.Contains(stored, "hidden") || !strings.Contains(stored, `"https://id.example.com/token"`) {
		t.Errorf("stored open: %s", stored)
	}
	got := h.call(apitest.Server(), apitest.Key, "socialize.getProvidersConfig", "includeSettings", "true")
	if strings.Contains(got, "hidden") {
		t.Errorf("secrets that were not asked for: %s", got)
	}
	// Sent back without them, they stay.
	before := h.all(apitest.Server(), apitest.Key)
	h.set("providers", apitest.Field(got, "providers"))
	if after := h.all(apitest.Server(), apitest.Key); after != before {
		t.Errorf("sent back without secrets\n%s\nwas\n%s", after, before)
	}
	h.set("providers", `{"mine":{"app":{"keys":null,"deep":null},"clientSecret":null,"oidc":null,"tokenEndpoint":null}}`)
	// null takes away; nothing at all changes nothing.
	h.set("providers", `{"facebook":{"app":{"secertKey":null},"settings":null}}`)
	if got := apitest.Field(h.all(apitest.Server(), apitest.Key), "providers", "facebook"); got != `{"app":{"appID":"1"}}` {
		t.Errorf("facebook without: %s", got)
	}
	before = h.stored(apitest.Key)
	if got := h.set("providers", "undefined", "settings", "undefined", "capabilities", "undefined"); got != `{}` || h.stored(apitest.Key) != before {
		t.Errorf("%s, stored %s", got, h.stored(apitest.Key))
	}
}
