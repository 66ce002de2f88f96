package saptools_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// step is one line of a file of calls that is not a value: a call, or a comparison of what the calls before it left behind.
type step struct {
	// compare is copied or unchanged; empty: a call.
	compare string
	method  string
	// dataCenter is the label in the host name.
	dataCenter string
	// before: it prepares the site and is no call of the tool.
	before bool
	// withoutSecret: the user key goes alone.
	withoutSecret bool
	params        []param
	// code is the errorCode that the tool got.
	code int
	// kept are members of the answer that later calls send, by their names.
	kept []kept
}

type param struct{ name, value string }

type kept struct {
	name string
	path []string
}

// script is a file of calls.
type script struct {
	values map[string]string
	steps  []*step
}

// parseScript reads a file of calls. README.md describes the form.
func parseScript(text string) (*script, error) {
	s := &script{values: map[string]string{}}
	var call *step
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		var err error
		switch {
		case i == 0:
			if strings.TrimSpace(line) == "" {
				err = fmt.Errorf("no words on what it is about")
			}
		case line == "":
			call = nil
		case line[0] == '\t' && call != nil:
			err = call.parseLine(line[1:])
		case line == "copied", line == "unchanged":
			s.steps = append(s.steps, &step{compare: line})
		case strings.HasPrefix(line, "value "):
			err = s.parseValue(line)
		default:
			if call, err = parseCall(line); err == nil {
				s.steps = append(s.steps, call)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if len(s.steps) == 0 {
		return nil, fmt.Errorf("no calls")
	}
	return s, nil
}

func (s *script) parseValue(line string) error {
	words := strings.SplitN(line, " ", 3)
	if len(words) != 3 {
		return fmt.Errorf("a value needs a name and a text")
	}
	text, err := unquoted(words[2])
	s.values[words[1]] = text
	return err
}

func parseCall(line string) (*step, error) {
	rest, before := strings.CutPrefix(line, "before ")
	call := &step{dataCenter: "us1", before: before}
	words := strings.Fields(rest)
	if len(words) == 2 {
		call.dataCenter = words[1]
	}
	if len(words) == 0 || len(words) > 2 || !strings.Contains(words[0], ".") {
		return nil, fmt.Errorf("%q is no call", line)
	}
	call.method = words[0]
	return call, nil
}

func (s *step) parseLine(line string) error {
	name, value, ok := strings.Cut(line, " ")
	if !ok {
		return fmt.Errorf("%q has no value", line)
	}
	var err error
	switch name {
	case "without":
		s.withoutSecret = true
		if value != "secret" {
			err = fmt.Errorf("without %q", value)
		}
	case "=":
		if s.code, err = strconv.Atoi(value); s.code == 0 {
			err = fmt.Errorf("errorCode %q", value)
		}
	case ">":
		as, path, ok := strings.Cut(value, " ")
		if !ok {
			return fmt.Errorf("%q has no path", line)
		}
		s.kept = append(s.kept, kept{as, strings.Split(path, "/")})
	default:
		value, err = unquoted(value)
		s.params = append(s.params, param{name, value})
	}
	return err
}

// unquoted is the text itself, or what it says as a JSON string if it begins with a quotation mark.
func unquoted(text string) (string, error) {
	if !strings.HasPrefix(text, `"`) {
		return text, nil
	}
	var value string
	err := json.Unmarshal([]byte(text), &value)
	return value, err
}

// need is what a tool relies on in the answer of a method.
type need struct {
	path []string
	// kind is text, filled, number, flag, object, array, list (an array with elements) or the JSON text of a value.
	kind string
	// optional are the steps of the path that may be missing.
	optional map[int]bool
}

// readNeeds reads testdata/needs.txt.
func readNeeds(t testing.TB) map[string][]need {
	t.Helper()
	text, err := os.ReadFile("testdata/needs.txt")
	if err != nil {
		t.Fatal(err)
	}
	needs, err := parseNeeds(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return needs
}

func parseNeeds(text string) (map[string][]need, error) {
	needs := map[string][]need{}
	var methods []string
	for i, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0, strings.HasPrefix(line, "#"):
		case line[0] != '\t':
			methods = words
			for _, m := range methods {
				if _, twice := needs[m]; twice {
					return nil, fmt.Errorf("line %d: %s is there twice", i+1, m)
				}
				needs[m] = nil
			}
		case len(words) != 2 || len(methods) == 0:
			return nil, fmt.Errorf("line %d: a path and a kind are needed, below a method", i+1)
		default:
			n := need{strings.Split(words[0], "/"), words[1], map[int]bool{}}
			for i := range n.path {
				n.path[i], n.optional[i] = strings.CutSuffix(n.path[i], "?")
			}
			if _, known := kinds[n.kind]; !known && !json.Valid([]byte(n.kind)) {
				return nil, fmt.Errorf("line %d: kind %q", i+1, n.kind)
			}
			for _, m := range methods {
				needs[m] = append(needs[m], n)
			}
		}
	}
	return needs, nil
}

func TestFilesOfCallsWithMistakesAreRefused(t *testing.T) {
	const good = "words\nvalue w \"x\\n\"\n\nbefore a.b eu1\n\twithout secret\n\tp ${w}\n\t= 400006\n\t> v x/y\n\ncopied\n"
	if s, err := parseScript(good); err != nil || len(s.steps) != 2 || s.values["w"] != "x\n" {
		t.Fatalf("%+v, %v", s, err)
	}
	for name, change := range map[string][2]string{
		"no words":           {"words", ""},
		"no calls":           {good[len("words\n"):], ""},
		"a value in no form": {`x\n"`, `x`},
		"a value of nothing": {" \"x\\n\"", ""},
		"no method":          {"a.b", "ab"},
		"a word too many":    {"eu1", "eu1 eu1"},
		"half a parameter":   {" ${w}", ""},
		"without what":       {"secret", "key"},
		"no code":            {"400006", "none"},
		"no path":            {" x/y", ""},
	} {
		if s, err := parseScript(strings.Replace(good, change[0], change[1], 1)); err == nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
	for _, text := range []string{"a.b\na.b\n", "\tx text\n", "a.b\n\tx\n", "a.b\n\tx texts\n"} {
		if needs, err := parseNeeds(text); err == nil {
			t.Errorf("%q: %v", text, needs)
		}
	}
}

func FuzzCalls(f *testing.F) {
	f.Add("words\nvalue w \"x\"\n\nbefore a.b eu1\n\twithout secret\n\tp ${w}\n\t= 1\n\t> v x/y\n\nunchanged\n")
	f.Add("words\na.b\n\tp \"\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = parseNeeds(text)
		s, err := parseScript(text)
		if err != nil {
			return
		}
		for _, c := range s.steps {
			if c.compare == "" && !strings.Contains(c.method, ".") {
				t.Errorf("%+v", c)
			}
		}
	})
}
