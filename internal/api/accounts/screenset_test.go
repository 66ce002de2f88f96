package accounts_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/store"
)

// screenSets are those of an answer, in its order.
func screenSets(t *testing.T, answer string) []map[string]any {
	t.Helper()
	var list []map[string]any
	if err := json.Unmarshal([]byte(field(answer, "screenSets")), &list); err != nil {
		t.Fatalf("%v in\n%s", err, answer)
	}
	return list
}

func idsOf(list []map[string]any) []string {
	var ids []string
	for _, set := range list {
		ids = append(ids, set["screenSetID"].(string))
	}
	return ids
}

var defaultSets = []string{
	"Default-LinkAccounts", "Default-LiteRegistration", "Default-PasswordlessLogin", "Default-ProfileUpdate", "Default-ReAuthentication",
	"Default-RegistrationLogin", "Default-Subscriptions",
}

// siteOf2023 makes the site one that is there since the second 1,700,000,000, and the default screen-sets with it.
func siteOf2023(h *house) {
	h.change(func(tx store.Tx) error {
		record, err := tx.Site(testKey)
		if err != nil {
			return err
		}
		record.Created = 1_700_000_000_000
		return tx.PutSite(record)
	})
}

func TestEverySiteHasTheDefaultScreenSets(t *testing.T) {
	h := newGroup(t)
	siteOf2023(h)
	const all = "screenSetID,html,css,javascript,translations,metadata"
	list := screenSets(t, h.call(server, "accounts.getScreenSets", "include", all))
	if diff := cmp.Diff(defaultSets, idsOf(list)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(defaultSets, idsOf(screenSets(t, h.child("accounts.getScreenSets")))); diff != "" {
		t.Errorf("a member of a group: %s", diff)
	}
	for _, set := range list {
		id, html := set["screenSetID"].(string), set["html"].(string)
		metadata := set["metadata"].(map[string]any)
		if css, ok := set["css"].(string); !ok || css == "" || set["javascript"] != "" || set["rawTranslations"] != "" || set["compressionType"] != 1.0 ||
			metadata["version"] != 1.0 || metadata["lastModified"] != 1_700_000_000.0 || metadata["desc"] == "" {
			t.Errorf("%s: %v", id, metadata)
		}
		checkMarkup(t, id, html, set["translations"].(map[string]any)["default"].(map[string]any))
	}
}

var (
	markupID   = regexp.MustCompile(` id="([^"]*)"`)
	markupKey  = regexp.MustCompile(` data-translation-key="([^"]*)"`)
	markupNext = regexp.MustCompile(` data-(?:switch-screen|start-screen|on-[a-z-]+-(?:screen|code))="([^"]*)"`)
	markupTag  = regexp.MustCompile(`<(/?)([a-z0-9]+)[^>]*>`)
)

// checkMarkup fails for markup whose tags do not match, whose ids are not unique, that leads to screens that are not there, or whose
// texts are not those of the translations.
func checkMarkup(t *testing.T, id, html string, texts map[string]any) {
	t.Helper()
	if !strings.HasPrefix(html, `<div class="gigya-screen-set" id="`+id+`"`) || strings.Contains(html, "<script") {
		t.Errorf("%s begins with %.100s", id, html)
	}
	var open []string
	for _, tag := range markupTag.FindAllStringSubmatch(html, -1) {
		switch {
		case tag[1] == "/" && (len(open) == 0 || open[len(open)-1] != tag[2]):
			t.Fatalf("%s: %s closes %v", id, tag[0], open)
		case tag[1] == "/":
			open = open[:len(open)-1]
		case tag[2] != "input" && tag[2] != "param":
			open = append(open, tag[2])
		}
	}
	seen := map[string]bool{}
	for _, m := range markupID.FindAllStringSubmatch(html, -1) {
		if seen[m[1]] {
			t.Errorf("%s: %s is there twice", id, m[1])
		}
		seen[m[1]] = true
	}
	for _, m := range markupNext.FindAllStringSubmatch(html, -1) {
		if next := m[1]; !strings.HasPrefix(next, "_") && !strings.Contains(next, "/") && !seen[next] {
			t.Errorf("%s leads to %s, which is not there", id, next)
		}
	}
	keys := map[string]bool{}
	for _, m := range markupKey.FindAllStringSubmatch(html, -1) {
		keys[m[1]] = true
		if text, _ := texts[m[1]].(string); text == "" {
			t.Errorf("%s: %s has no text", id, m[1])
		}
	}
	if len(keys) != len(texts) || len(open) != 0 {
		t.Errorf("%s: %d texts for %d keys, open %v", id, len(texts), len(keys), open)
	}
}

func TestGetScreenSets(t *testing.T) {
	h := newGroup(t)
	set := func(id string, more ...string) {
		t.Helper()
		wantCode(t, h.call(server, "accounts.setScreenSet", append([]string{"screenSetID", id, "html", "<div>" + id + "</div>"}, more...)...), "0")
	}
	set("of-parent")
	set("texts", "translations", `{"default":{"A":"a"},"de":{"A":"ä"},"pt-br":{"A":"b"}}`, "css", ".a{}")
	for name, test := range map[string]struct {
		apiKey string
		by     who
		params []string
		ids    []string
		keys   string
		code   string
	}{
		"the web SDK": {by: public, params: []string{"screenSetIDs", "Default-ProfileUpdate", "include", "html,css,javascript,translations,", "lang", "en"},
			ids: []string{"Default-ProfileUpdate"}, keys: "compressionType,css,html,javascript,rawTranslations,screenSetID,translations"},
		"an array":                {by: server, params: []string{"screenSetIDs", `["texts","of-parent","texts"]`}, ids: []string{"texts", "of-parent"}},
		"unknown ones among them": {by: server, params: []string{"screenSetIDs", `nobody, texts ,../x`}, ids: []string{"texts"}},
		"all unknown":             {by: server, params: []string{"screenSetIDs", `nobody`}, code: "404000"},
		"a path":                  {by: public, params: []string{"screenSetIDs", `../../etc/passwd`}, code: "404000"},
		"no array of texts":       {by: server, params: []string{"screenSetIDs", `[1]`}, code: "400004"},
		"half an array":           {by: server, params: []string{"screenSetIDs", `["a"`}, code: "400004"},
		"an unknown member":       {by: server, params: []string{"include", "html,shoes"}, code: "400006"},
		"metadata alone":          {by: server, params: []string{"screenSetIDs", "texts", "include", "metadata"}, ids: []string{"texts"}, keys: "compressionType,metadata,rawTranslations,screenSetID"},
		"the present version":     {by: public, params: []string{"screenSetIDs", "texts", "screenSetVersion", "1"}, ids: []string{"texts"}},
		"the latest":              {by: public, params: []string{"screenSetIDs", "texts", "version", "latest"}, ids: []string{"texts"}},
		"another version":         {by: public, params: []string{"screenSetIDs", "texts", "version", "2"}, code: "404000"},
		"no version":              {by: public, params: []string{"version", "new"}, code: "400006"},
		"a member, all":           {apiKey: childKey, by: public, ids: defaultSets},
		"a member, the parent's":  {apiKey: childKey, by: public, params: []string{"screenSetIDs", "of-parent"}, ids: []string{"of-parent"}},
	} {
		t.Run(name, func(t *testing.T) {
			if test.apiKey == "" {
				test.apiKey = testKey
			}
			answer := h.at(test.apiKey, test.by, "accounts.getScreenSets", test.params...)
			if test.code != "" {
				wantCode(t, answer, test.code)
				return
			}
			list := screenSets(t, answer)
			if diff := cmp.Diff(test.ids, idsOf(list)); diff != "" {
				t.Error(diff)
			}
			var keys []string
			for key := range list[0] {
				keys = append(keys, key)
			}
			slices.Sort(keys)
			if got := strings.Join(keys, ","); test.keys != "" && got != test.keys {
				t.Errorf("members %s", got)
			}
		})
	}
	for lang, want := range map[string]string{
		"": `{"de":{"A":"ä"},"default":{"A":"a"},"pt-br":{"A":"b"}}`, "de": `{"de":{"A":"ä"}}`, "de-AT": `{"de":{"A":"ä"}}`, "pt-br": `{"pt-br":{"A":"b"}}`, "fr": `{"default":{"A":"a"}}`,
	} {
		list := screenSets(t, h.call(public, "accounts.getScreenSets", "screenSetIDs", "texts", "lang", lang))
		if got, _ := json.Marshal(list[0]["translations"]); string(got) != want {
			t.Errorf("texts of %q: %s", lang, got)
		}
	}
}

func TestSetScreenSet(t *testing.T) {
	h := newHouse(t)
	set := func(params ...string) string { return h.call(server, "accounts.setScreenSet", params...) }
	get := func(id string) string {
		answer := h.call(server, "accounts.getScreenSets", "screenSetIDs", id, "include", "html,css,javascript,translations,metadata")
		wantCode(t, answer, "0")
		return result(answer)
	}
	want := func(id, members string) {
		t.Helper()
		full := `"screenSets":[{"screenSetID":"` + id + `",` + members + `]}`
		if diff := cmp.Diff(full, get(id)); diff != "" {
			t.Errorf("- want, + got:\n%s", diff)
		}
	}
	wantCode(t, set("screenSetID", "Mine", "html", "<div>1 < 2</div>", "css", ".a{}", "javascript", "{onError:f}", "translations", `{"default":{"K":"k"}}`,
		"metadata", `{"version":77,"lastModified":5,"desc":"d","designerHtml":"<x>","own":{"a":[1]}}`, "comment", "first"), "0")
	want("Mine", `"html":"\u003cdiv>1 \u003c 2\u003c/div>","css":".a{}","javascript":"{onError:f}","translations":{"default":{"K":"k"}},"rawTranslations":"","compressionType":1,`+
		`"metadata":{"version":1,"lastModified":1772446530,"desc":"d","designerHtml":"\u003cx>","own":{"a":[1]},"comment":"first"}}`)
	// What is left out stays, the version grows.
	h.clock.Advance(time.Minute)
	wantCode(t, set("screenSetID", "Mine", "html", "<p>2</p>", "javascript", ""), "0")
	want("Mine", `"html":"\u003cp>2\u003c/p>","css":".a{}","javascript":"","translations":{"default":{"K":"k"}},"rawTranslations":"","compressionType":1,`+
		`"metadata":{"version":2,"lastModified":1772446590,"desc":"d","designerHtml":"\u003cx>","own":{"a":[1]},"comment":"first"}}`)
	// A default one is replaced, and keeps its style.
	wantCode(t, set("screenSetID", "Default-ReAuthentication", "html", "<p>own</p>"), "0")
	list := screenSets(t, h.call(server, "accounts.getScreenSets", "include", "html,css,metadata"))
	if got := list[slices.Index(idsOf(list), "Default-ReAuthentication")]; got["html"] != "<p>own</p>" || got["css"] == "" || got["metadata"].(map[string]any)["version"] != 2.0 {
		t.Errorf("%v", got)
	}
	if len(list) != len(defaultSets)+1 {
		t.Errorf("%v", idsOf(list))
	}
	before := get("Mine")
	for name, test := range map[string]struct {
		params        []string
		code, details string
	}{
		"no html":            {[]string{"screenSetID", "Mine", "css", "x"}, "400002", "html"},
		"no id":              {[]string{"html", "x"}, "400002", "screenSetID"},
		"a path":             {[]string{"screenSetID", "../Mine", "html", "x"}, "400006", "screenSetID"},
		"a zero byte":        {[]string{"screenSetID", "Mine\x00", "html", "x"}, "400006", "screenSetID"},
		"an address":         {[]string{"screenSetID", "https://x/y", "html", "x"}, "400006", "screenSetID"},
		"texts that are not": {[]string{"screenSetID", "Mine", "html", "x", "translations", `{"default":{"K":5}}`}, "400006", "translations.default.K: must be a string"},
		"no translations":    {[]string{"screenSetID", "Mine", "html", "x", "translations", `["a"]`}, "400004", "translations"},
		"no metadata":        {[]string{"screenSetID", "Mine", "html", "x", "metadata", `{`}, "400004", "metadata"},
		"too large":          {[]string{"screenSetID", "Mine", "html", strings.Repeat("x", 2<<20-20)}, "413001", "screenSet is too large"},
	} {
		t.Run(name, func(t *testing.T) {
			wantRefusal(t, set(test.params...), test.code, test.details)
			if after := get("Mine"); after != before {
				t.Errorf("a refused call has changed something")
			}
		})
	}
	wantCode(t, h.call(public, "accounts.deleteScreenSet", "screenSetID", "none"), "404000") // The gateway keeps the public away.
}

func TestDeleteScreenSet(t *testing.T) {
	h := newGroup(t)
	remove := func(id string) string { return h.call(server, "accounts.deleteScreenSet", "screenSetID", id) }
	for _, id := range []string{"Mine", "Default-Subscriptions"} {
		wantCode(t, h.call(server, "accounts.setScreenSet", "screenSetID", id, "html", "x"), "0")
	}
	wantCode(t, h.call(server, "accounts.setPolicies", "gigyaPlugins", `{"defaultMobileRegScreenSet":"Mine"}`), "0")
	wantRefusal(t, remove("Mine"), "400006", "gigyaPlugins.defaultMobileRegScreenSet")
	wantRefusal(t, remove("Default-Subscriptions"), "400006", "default screen-set")
	wantRefusal(t, remove(""), "400002", "screenSetID")
	wantCode(t, h.call(server, "accounts.setPolicies", "gigyaPlugins", `null`), "0")
	wantCode(t, h.child("accounts.deleteScreenSet", "screenSetID", "Mine"), "404000")
	// A member shows the parent's by naming it, unless it has one of that name itself.
	wantCode(t, h.child("accounts.setPolicies", "gigyaPlugins", `{"defaultRegScreenSet":"Mine"}`), "0")
	wantRefusal(t, remove("Mine"), "400006", "gigyaPlugins.defaultRegScreenSet of the policies of the member "+childKey+" names it")
	wantCode(t, h.child("accounts.setScreenSet", "screenSetID", "Mine", "html", "x"), "0")
	wantCode(t, remove("Mine"), "0")
	wantCode(t, remove("Mine"), "404000")
}
