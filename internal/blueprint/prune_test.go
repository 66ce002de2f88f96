package blueprint_test

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/blueprint"
)

func TestWhatIsNeededIsNotRemoved(t *testing.T) {
	const (
		plugins = shop + "policies/gigyaPlugins.json"
		page    = shop + "screenSet/Mine %C3%9Cml%C3%A4ut"
		builtin = shop + "screenSet/Default-Subscriptions"
		flow    = shop + "dataflow/0123456789abcdef0123456789abcdef.json"
		second  = shop + "dataflow/second.json"
		runs    = shop + "scheduling/s1.json"
		other   = `{"name":"second","steps":[{"id":"read","type":"datasource.read.sftp","params":{"host":"h"}}]}`
	)
	h := newHouse(t)
	h.furnish()
	h.apply(edited(t, h.export(), plugins, "", `{"defaultRegScreenSet":"Mine Ümläut","defaultMobileRegScreenSet":"Default-Subscriptions"}`), blueprint.How{})
	files := h.export()
	noPage := []string{page + ".json", "", "-", page + ".html", "", "-", page + ".css", "", "-", page + ".js", "", "-"}
	for name, test := range map[string]struct {
		edits      []string
		want, none string
	}{
		"a screen-set that the policies name": {noPage,
			page + ".json: the file is not there, and --prune cannot remove what it was of: screenSetID: gigyaPlugins.defaultRegScreenSet of the policies names it; " +
				"change that too, or keep the file\n", ""},
		"and the policy is another":   {append(noPage, plugins, "Mine Ümläut", "Default-Subscriptions"), "  - screenSet/Mine Ümläut\n", "gigyaPlugins.default"},
		"and the policy goes too":     {append(noPage, plugins, "", "-"), "  - screenSet/Mine Ümläut\n", "gigyaPlugins.default"},
		"a built-in one comes back":   {[]string{builtin + ".json", "", "-", builtin + ".html", "", "-", builtin + ".css", "", "-"}, "  - screenSet/Default-Subscriptions\n", "cannot"},
		"a dataflow that is to run":   {[]string{flow, "", "-"}, flow + ": the file is not there, and --prune cannot remove what it was of: dataflow: the scheduling s1 runs it; change that too", ""},
		"and its scheduling goes too": {[]string{flow, "", "-", runs, "", "-"}, "  - dataflow/0123456789abcdef0123456789abcdef\n  - scheduling/s1\n", "cannot"},
		"and another is run": {[]string{flow, "", "-", second, "", other, runs, "0123456789abcdef0123456789abcdef", "second"},
			`~ dataflowId: "0123456789abcdef0123456789abcdef" → "second"`, "cannot"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := edited(t, files, test.edits...)
			got := h.plan(changed, blueprint.How{Prune: true})
			if !strings.Contains(got, test.want) || test.none != "" && strings.Contains(got, test.none) {
				t.Errorf("want %q, not %q, in\n%s", test.want, test.none, got)
			}
			if got := h.plan(changed, blueprint.How{}); strings.Contains(got, "cannot remove") {
				t.Errorf("without --prune: %s", got)
			}
		})
	}
	wantFiles(t, h.export(), files)
}

// TestWhatAMemberNamesOfItsParentIsNotRemoved: a member of a site group shows screen-sets of the parent by naming them.
func TestWhatAMemberNamesOfItsParentIsNotRemoved(t *testing.T) {
	const (
		page    = shop + "screenSet/Mine %C3%9Cml%C3%A4ut"
		own     = blog + "screenSet/Mine %C3%9Cml%C3%A4ut.json"
		plugins = blog + "policies/gigyaPlugins.json"
		names   = `{"defaultRegScreenSet":"Mine Ümläut"}`
	)
	h := newHouse(t)
	h.furnish()
	h.apply(edited(t, h.export(), plugins, "", names), blueprint.How{})
	noPage := []string{page + ".json", "", "-", page + ".html", "", "-", page + ".css", "", "-", page + ".js", "", "-"}
	for name, test := range map[string]struct {
		edits []string
		want  string
	}{
		"the member names it": {noPage, page + ".json: the file is not there, and --prune cannot remove what it was of: screenSetID: gigyaPlugins.defaultRegScreenSet of " +
			"the policies of the member " + blogKey + " names it; change that too, or keep the file\n"},
		"and it does no more":              {append(noPage, plugins, "", "-"), "  - screenSet/Mine Ümläut\n"},
		"and it gets one of its own":       {append(noPage, own, "", `{"html":"<p>"}`), "  - screenSet/Mine Ümläut\n"},
		"and it is no member any more":     {append(noPage, blog+"site.json", `"siteGroupOwner": "`+shopKey+`",`, ""), "  - screenSet/Mine Ümläut\n"},
		"and the parent goes on having it": {nil, "No changes"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := h.plan(edited(t, h.export(), test.edits...), blueprint.How{Prune: true}); !strings.Contains(got, test.want) || strings.Contains(got, "cannot remove") != strings.Contains(test.want, "cannot remove") {
				t.Errorf("want %q in\n%s", test.want, got)
			}
		})
	}
}
