package siteconfig_test

import (
	"strings"
	"testing"

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
	k := &siteconfig.Kind{Name: "k", Secrets: patterns}
	got := k.WithoutSecrets([]byte(`{"steps":[{"params":{"a":1,"secret":"x","deep":[{"clientSecret":2,"b":[]}]}}],"app":{"password":1,"id":2}}`))
	if want := `{"steps":[{"params":{"a":1,"deep":[{"b":[]}]}}],"app":{"id":2}}`; string(got) != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}
