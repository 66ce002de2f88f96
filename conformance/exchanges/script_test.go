package exchanges_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/doorward/doorward/conformance/recording"
)

// section is one part of a file: its kind is the name between the dashes.
type section struct {
	kind string
	// name is what follows the kind: the variable of a claims section.
	name string
	text string
}

// readScript reads a file.
func readScript(t *testing.T, file string) []section {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	script, err := parseScript(text)
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(file), err)
	}
	return script
}

// parseScript splits the text into its sections and checks that they make sense together.
func parseScript(text []byte) ([]section, error) {
	parts, err := recording.Parse(text)
	if err != nil {
		return nil, err
	}
	var script []section
	asked := false
	for i, part := range parts {
		kind, name, _ := strings.Cut(part.Name, " ")
		switch {
		case kind == "server" && i == 0, kind == "before" && !asked:
		case kind == "request" && !asked:
			asked = true
		case kind == "answer" && asked:
			asked = false
		case kind == "claims" && name != "" && !asked && len(script) > 0:
		default:
			return nil, fmt.Errorf("section %q is unknown or in the wrong place", part.Name)
		}
		script = append(script, section{kind, name, part.Text})
	}
	if asked || len(script) == 0 {
		return nil, fmt.Errorf("a request without an answer, or none at all")
	}
	return script, nil
}

// directives are the lines of a server or before section, split into words. A value with blanks stands in double quotes,
// written as in Go.
func directives(text string) ([][]string, error) {
	var list [][]string
	for line := range strings.Lines(text) {
		words, err := split(strings.TrimSpace(line))
		if err != nil {
			return nil, fmt.Errorf("line %q: %w", strings.TrimSpace(line), err)
		}
		if len(words) > 0 {
			list = append(list, words)
		}
	}
	return list, nil
}

func split(line string) ([]string, error) {
	var words []string
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		end := strings.IndexByte(line, ' ')
		quote := strings.Index(line, `="`)
		if quote < 0 || end >= 0 && end < quote {
			word, rest, _ := strings.Cut(line, " ")
			words, line = append(words, word), rest
			continue
		}
		name := line[:quote+1]
		quoted, err := strconv.QuotedPrefix(line[quote+1:])
		if err != nil {
			return nil, err
		}
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, err
		}
		words, line = append(words, name+value), line[quote+1+len(quoted):]
	}
	return words, nil
}

func TestScriptsWithMistakesAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no words":                 "-- request --\nGET https://x/a.b\n-- answer --\n200\n",
		"no answer":                "words\n-- request --\nGET https://x/a.b\n",
		"an answer before":         "words\n-- answer --\n200\n",
		"the server in the middle": "words\n-- before --\n-- server --\n",
		"another section":          "words\n-- requests --\n",
		"claims of nothing":        "words\n-- request --\n-- answer --\n-- claims --\n",
		"nothing":                  "words\n",
	} {
		if script, err := parseScript([]byte(text)); err == nil {
			t.Errorf("%s: %v", name, script)
		}
	}
}

func TestDirectivesAreSplitIntoWords(t *testing.T) {
	got, err := directives("call a.b  x=1 y=\"two words\\n\" z={\"a\":\"b\"}\n\nclock now\n")
	if err != nil || fmt.Sprintf("%q", got) != `[["call" "a.b" "x=1" "y=two words\n" "z={\"a\":\"b\"}"] ["clock" "now"]]` {
		t.Errorf("%q %v", got, err)
	}
	if _, err := directives(`call a.b x="open`); err == nil {
		t.Error("an open quotation is taken")
	}
}

func FuzzScript(f *testing.F) {
	f.Add("words\n-- server --\nsite x\n-- before --\ncall a.b x=\"1 2\"\n-- request --\nGET https://x/a.b\n-- answer --\n200\n")
	f.Add("-- answer --\n")
	f.Fuzz(func(t *testing.T, text string) {
		script, err := parseScript([]byte(text))
		if err != nil {
			return
		}
		for _, s := range script {
			_, _ = directives(s.text)
		}
	})
}
