package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// named are the commands of a document: within backquotes, or a line of an example.
var named = regexp.MustCompile("(?m)(?:`|^)doorward ([^`\n]+)")

func TestDocumentsNameCommandsAndFlagsThatThereAre(t *testing.T) {
	parser, err := kong.New(&cli{}, kong.Vars{"version": ""})
	if err != nil {
		t.Fatal(err)
	}
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(documents) < 10 {
		t.Fatalf("%d documents: %v", len(documents), err)
	}
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "CHANGELOG.md", "DIVERGENCES.md", "SECURITY.md", "bench/README.md"} {
		documents = append(documents, filepath.Join("../..", name))
	}
	seen := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, match := range named.FindAllStringSubmatch(string(text), -1) {
			seen++
			if wrong := unknownWord(parser.Model.Node, strings.Fields(match[1])); wrong != "" {
				t.Errorf("%s: doorward %s: there is no %s", filepath.Base(document), match[1], wrong)
			}
		}
	}
	if seen < 60 {
		t.Errorf("%d commands were found", seen)
	}
	for text, want := range map[string]string{"key rotate X": "rotate", "key list": "", "site list --jsn": "--jsn", "frob": "frob", "dev --proxy": ""} {
		if got := unknownWord(parser.Model.Node, strings.Fields(text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// unknownWord is the first command or flag of a command line that there is not; empty: there is none such.
func unknownWord(node *kong.Node, words []string) string {
	for _, word := range words {
		if strings.HasPrefix(word, "#") || strings.ContainsAny(word, "|&>") {
			return "" // A comment, or another program.
		}
		flag, isFlag := strings.CutPrefix(strings.Trim(word, "[,.;:]"), "--")
		switch {
		case isFlag:
			flag, _, _ = strings.Cut(flag, "=")
			known := slices.ContainsFunc(node.AllFlags(false), func(group []*kong.Flag) bool {
				return slices.ContainsFunc(group, func(f *kong.Flag) bool { return f.Name == flag })
			})
			if !known {
				return word
			}
		case len(node.Children) > 0:
			i := slices.IndexFunc(node.Children, func(child *kong.Node) bool { return child.Name == word })
			if i < 0 {
				return word
			}
			node = node.Children[i]
		}
	}
	return ""
}
