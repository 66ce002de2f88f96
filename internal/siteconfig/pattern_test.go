package siteconfig_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/siteconfig"
)

func TestPathsOfSecrets(t *testing.T) {
	k := &siteconfig.Kind{Name: "k", Secrets: []string{"app.*secret*", "steps.*.params.**.pass*word", "a.b"}}
	for path, want := range map[string]bool{
		"app/secret": true, "app/clientSecretKey": true, "app/SECRET/inner": true, "app/id": false, "secret": false, "app": false,
		"steps/0/params/password": true, "steps/x/params/deep/0/PassTheWord": true, "steps/0/password": false,
		"steps/0/params/word": false, "a/b": true, "A/b": false, "a/b/c": true, "a/bb": false,
	} {
		if got := k.IsSecret(strings.Split(path, "/")...); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestSecretsOfAnyDepthAreTakenOutAndPutBack(t *testing.T) {
	patterns := []string{"steps.*.params.**.*secret*", "app.*word"}
	for _, text := range []string{
		`{"steps":[{"params":{"a":1,"Secret":"x","deep":[{"clientSecret":{"y":2}},null]}},{"params":"none"}],"app":{"Password":"p","id":"i"}}`,
		`{"steps":[{"params":{"*":1,"b":{"secret":"t"},"**":{"secret":"s"},"a*b":{"secretary":[1,2]}}}],"app":{}}`,
	} {
		siteconfig.CheckSecrets(t, text, patterns)
	}
	for _, text := range []string{
		`{"credentials":{"password":"p","user":"u","deep":[{"token":{"secret":"s"}}]},"token":[{"secret":"x","password":{"token":1}}]}`,
		`{"secret":{"token":{"password":"p"}},"token":{"secret":{"password":"p"}},"password":{"secret":{"token":"t"}}}`,
	} {
		siteconfig.CheckSecrets(t, text, []string{"**.*password*", "**.*secret*", "**.*token*", "**.*credential*"})
	}
	k := &siteconfig.Kind{Name: "k", Secrets: patterns}
	got := k.WithoutSecrets([]byte(`{"steps":[{"params":{"a":1,"secret":"x","deep":[{"clientSecret":2,"b":[]}]}}],"app":{"password":1,"id":2}}`))
	if want := `{"steps":[{"params":{"a":1,"deep":[{"b":[]}]}}],"app":{"id":2}}`; string(got) != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestManySecretsCostNoMoreThanTheirSize(t *testing.T) {
	name := strings.Repeat("n", 200_000)
	var members, elements strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&members, `,"token%d":%d`, i, i)
		fmt.Fprintf(&elements, `,{"value":%d}`, i)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, text := range []string{
		`{"` + name + `":{` + members.String()[1:] + `}}`,
		`{"` + name + `":[` + elements.String()[1:] + `]}`,
		strings.Repeat(`{"a":`, 30) + `[` + elements.String()[1:] + `]` + strings.Repeat(`}`, 30),
	} {
		siteconfig.CheckSecrets(t, text, []string{"**.value", "**.*token*", "**.*secret*"})
	}
	runtime.ReadMemStats(&after)
	// With their paths, written out, the secrets of the first two would take eight gigabytes.
	if took := after.TotalAlloc - before.TotalAlloc; took > 500<<20 {
		t.Errorf("took %d MiB", took>>20)
	}
}

func TestASecretAsDeepAsDocumentsAre(t *testing.T) {
	h := newHouse(t)
	k := &siteconfig.Kind{Name: "deep", Of: siteconfig.OfSite, Secrets: []string{"**.secret"}}
	text := strings.Repeat(`{"a":`, document.MaxDepth-1) + `{"secret":"s"}` + strings.Repeat(`}`, document.MaxDepth-1)
	h.must(h.put(h.parent, k, "x", text))
	wantText(t, h.get(h.parent, k, "x"), text)
}
