package blueprint_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/blueprint"
	"github.com/doorward/doorward/internal/server"
)

// secretsOf finds the variables that files ask for, and gives each a value.
func secretsOf(files blueprint.Files) []string {
	var variables []string
	for _, text := range files {
		for _, m := range regexp.MustCompile(`\$\{ENV(_JSON)?:(SECRET_[A-Z0-9_]+)\}`).FindAllStringSubmatch(string(text), -1) {
			value := "secret of " + m[2]
			if m[1] != "" {
				value = "7"
			}
			variables = append(variables, m[2], value)
		}
	}
	return variables
}

func TestTheDocumentNamesEveryKind(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration-as-code.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range server.Kinds() {
		if !strings.Contains(string(text), "`"+k.Name+"`") {
			t.Errorf("docs/configuration-as-code.md does not name %s", k.Name)
		}
	}
}

func TestWhatWasExportedAndAppliedElsewhereIsExportedTheSame(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	files := h.export()
	for _, k := range server.Kinds() {
		found := false
		for name := range files {
			found = found || strings.HasPrefix(name, "sites/shop.example.com/"+k.Name)
		}
		if !found {
			t.Errorf("no file of kind %s", k.Name)
		}
	}
	for name, text := range files {
		if strings.Contains(string(text), "hush-") {
			t.Errorf("a secret lies open in %s", name)
		}
	}
	if got := h.plan(files, blueprint.How{Strict: false}); !strings.Contains(got, "No changes: everything is as the files say.") {
		t.Fatalf("what was just exported differs:\n%s", got)
	}
	other := newHouse(t)
	secrets := other.apply(files, blueprint.How{Create: true}, secretsOf(files)...)
	if len(secrets) != 2 {
		t.Errorf("secrets %v, want those of the partner and of the key", secrets)
	}
	wantFiles(t, other.export(), files)
	// Again: nothing to do, and the variables are no longer needed.
	if got := other.plan(files, blueprint.How{Prune: true}); !strings.Contains(got, "No changes: everything is as the files say.") {
		t.Errorf("applied twice:\n%s", got)
	}
}
