package siteconfig

import (
	"testing"

	"github.com/doorward/doorward/internal/document"
)

// CheckSecrets takes the secrets out of a document and puts them back.
func CheckSecrets(t *testing.T, text string, patterns []string) {
	t.Helper()
	doc, err := document.ParseObject([]byte(text))
	if err != nil {
		return
	}
	before := string(doc.JSON())
	secrets := takeSecrets(doc, patterns)
	if again := takeSecrets(doc.Clone(), patterns); again != nil {
		t.Errorf("%s: left open %s", before, again.JSON())
	}
	if secrets != nil {
		read, err := document.ParseObject(secrets.JSON())
		if err != nil {
			t.Fatal(err)
		}
		fillSecrets(doc, read)
	}
	if without := (&Kind{Secrets: patterns}).WithoutSecrets([]byte(before)); takeSecrets(must(t, without), patterns) != nil {
		t.Errorf("%s: without secrets %s", before, without)
	}
	if after := string(doc.JSON()); after != before {
		t.Errorf("%s became %s", before, after)
	}
}

func must(t *testing.T, text []byte) *document.Object {
	t.Helper()
	doc, err := document.ParseObject(text)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
