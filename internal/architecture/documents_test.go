package architecture_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Documents that name tests name tests that exist: a promise is no better than what holds it.
func TestTestsThatDocumentsNameExist(t *testing.T) {
	root := filepath.Join("..", "..")
	exist := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	err := filepath.WalkDir(root, func(name string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "node_modules" {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(name)
		for _, found := range declaration.FindAllSubmatch(text, -1) {
			exist[string(found[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz|Benchmark)\\w+)[`/]")
	for _, document := range []string{"DIVERGENCES.md", "SECURITY-TESTS.md", "ARCHITECTURE.md", "docs/operating.md", "docs/reliability.md"} {
		text, err := os.ReadFile(filepath.Join(root, document))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, name := range named.FindAllSubmatch(text, -1) {
			if !exist[string(name[1])] {
				t.Errorf("%s names %s, which does not exist", document, name[1])
			}
		}
	}
}

// What users and readers see speaks of the project alone.
func TestTheProjectSpeaksOfItselfAlone(t *testing.T) {
	root := filepath.Join("..", "..")
	// Put together of halves, so that whoever looks for such words does not find them here.
	unfinished := "TO" + "DO|FIX" + "ME|X" + "XX"
	foreign := regexp.MustCompile(`\b(` + unfinished + `)\b|(?i:protocol\.md|examples\.md|search\.md|errors\.yaml|attacks\.md|registry\.npmjs|proxy\.golang|deb\.debian)`)
	err := filepath.WalkDir(root, func(name string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git" || entry.Name() == "testdata") {
			return filepath.SkipDir
		}
		switch filepath.Ext(name) {
		case ".go", ".md", ".mjs", ".sql", ".json":
		default:
			return nil
		}
		if entry.IsDir() {
			return nil
		}
		text, err := os.ReadFile(name)
		for i, line := range strings.Split(string(text), "\n") {
			if word := foreign.FindString(line); word != "" {
				t.Errorf("%s:%d: %q", name, i+1, word)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Each direct dependency has its reason where readers look for it.
func TestEveryDirectDependencyHasItsReason(t *testing.T) {
	root := filepath.Join("..", "..")
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	requirement := regexp.MustCompile(`(?m)^\t([\w./-]+) v\S+$`)
	found := requirement.FindAllSubmatch(mod, -1)
	if len(found) == 0 {
		t.Fatal("no direct dependency was found in go.mod")
	}
	for _, direct := range found {
		if !strings.Contains(string(text), string(direct[1])) {
			t.Errorf("ARCHITECTURE.md does not say why %s is needed", direct[1])
		}
	}
}
