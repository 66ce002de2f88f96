package replays_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/doorward/doorward/conformance/recording"
)

// file is one call of a client and what it needs of the answer.
type file struct {
	before []call
	// bearer is header and claims of the RSA token; empty: the request has none.
	bearer [2]string
	// scheme is http or https; signed names whose secret signs, empty: nobody's.
	scheme, signed string
	request        request
	status         int
	conditions     []condition
}

type call struct{ method, form string }

// request is an HTTP request as text, place holders not filled in.
type request struct {
	first   string
	headers []string
	body    string
}

// condition is one line on the answer. Its operator is =, ->, present, absent or verifies.
type condition struct{ path, operator, value string }

// parse reads a file. README.md describes the form.
func parse(text []byte) (*file, error) {
	sections, err := recording.Parse(text)
	if err != nil {
		return nil, err
	}
	f := &file{}
	for _, section := range sections {
		name, options, _ := strings.Cut(section.Name, " ")
		switch name {
		case "before":
			f.before, err = parseCalls(section.Text)
		case "bearer":
			f.bearer, err = parseBearer(section.Text)
		case "request":
			err = f.parseRequest(options, section.Text)
		case "answer":
			err = f.parseAnswer(section.Text)
		default:
			err = fmt.Errorf("is unknown")
		}
		if err != nil {
			return nil, fmt.Errorf("section %q: %w", section.Name, err)
		}
	}
	if f.scheme == "" || f.status == 0 {
		return nil, fmt.Errorf("a request and an answer are needed")
	}
	return f, nil
}

func parseCalls(text string) ([]call, error) {
	var calls []call
	for line := range strings.Lines(text) {
		method, form, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			return nil, fmt.Errorf("line %q is not a method and a form", line)
		}
		calls = append(calls, call{method, form})
	}
	return calls, nil
}

func parseBearer(text string) ([2]string, error) {
	header, claims, ok := strings.Cut(strings.TrimSpace(text), "\n")
	if !ok || strings.Contains(claims, "\n") {
		return [2]string{}, fmt.Errorf("header and claims are needed, a line each")
	}
	return [2]string{header, claims}, nil
}

func (f *file) parseRequest(options, text string) error {
	if f.scheme != "" {
		return fmt.Errorf("is there twice")
	}
	for _, option := range strings.Fields(options) {
		switch option {
		case "http", "https":
			f.scheme = option
		case "signed=partner", "signed=key", "signed=session":
			f.signed = strings.TrimPrefix(option, "signed=")
		default:
			return fmt.Errorf("option %q is unknown", option)
		}
	}
	if f.scheme == "" {
		return fmt.Errorf("http or https is needed")
	}
	head, body, ok := strings.Cut(text, "\n\n")
	if !ok {
		return fmt.Errorf("no empty line after the headers")
	}
	lines := strings.Split(head, "\n")
	f.request = request{first: lines[0], headers: lines[1:], body: strings.ReplaceAll(body, "\n", "")}
	words := strings.Split(lines[0], " ")
	if len(words) != 3 || words[2] != "HTTP/1.1" {
		return fmt.Errorf("first line %q", lines[0])
	}
	for _, line := range lines[1:] {
		if !strings.Contains(line, ": ") {
			return fmt.Errorf("header %q", line)
		}
	}
	if f.request.header("Host") == "" {
		return fmt.Errorf("no host")
	}
	return nil
}

// header is the value of the header; its name in any letter case.
func (r *request) header(name string) string {
	for _, line := range r.headers {
		if got, value, _ := strings.Cut(line, ": "); strings.EqualFold(got, name) {
			return value
		}
	}
	return ""
}

func (f *file) parseAnswer(text string) error {
	status, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	var err error
	if f.status, err = strconv.Atoi(status); err != nil || f.status < 100 || f.status > 599 {
		return fmt.Errorf("status %q", status)
	}
	for line := range strings.Lines(rest) {
		words := strings.SplitN(strings.TrimSpace(line), " ", 3)
		c := condition{path: words[0]}
		if len(words) > 1 {
			c.operator = words[1]
		}
		if len(words) > 2 {
			c.value = words[2]
		}
		switch c.operator {
		case "=", "->":
			if c.value == "" {
				return fmt.Errorf("condition %q has no value", line)
			}
		case "present", "absent", "verifies":
			if c.value != "" {
				return fmt.Errorf("condition %q has a value", line)
			}
		default:
			return fmt.Errorf("condition %q is unknown", line)
		}
		f.conditions = append(f.conditions, c)
	}
	if len(f.conditions) == 0 {
		return fmt.Errorf("no condition")
	}
	return nil
}

func TestFilesWithMistakesAreRefused(t *testing.T) {
	const good = "words\n-- request http --\nGET /a.b HTTP/1.1\nHost: h\n\n-- answer --\n200\nerrorCode = 0\n"
	if _, err := parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"no words":            {"words", ""},
		"another section":     {"answer", "answers"},
		"no scheme":           {"request http", "request"},
		"another option":      {"http --", "http signed=me --"},
		"no host":             {"Host: h\n", ""},
		"a header of one":     {"Host: h", "Host: h\nHost"},
		"no empty line":       {"h\n\n", "h\n"},
		"another first line":  {" HTTP/1.1", ""},
		"no status":           {"200\n", ""},
		"no condition":        {"errorCode = 0\n", ""},
		"another operator":    {" = 0", " > 0"},
		"a value too few":     {" = 0", " ="},
		"a value too many":    {" = 0", " present 0"},
		"calls without forms": {"-- request", "-- before --\naccounts.register\n-- request"},
		"half a bearer":       {"-- request", "-- bearer --\n{}\n-- request"},
	} {
		if f, err := parse([]byte(strings.Replace(good, change[0], change[1], 1))); err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if _, err := parse([]byte(good + good[len("words\n"):])); err == nil {
		t.Error("two requests are taken")
	}
}

func FuzzFile(f *testing.F) {
	f.Add("words\n-- before --\na.b x=1\n-- bearer --\n{}\n{}\n-- request https signed=key --\nPOST /a.b HTTP/1.1\nHost: h\n\nx=${sig}\n&y=2\n-- answer --\n200\na.0 -> b\n")
	f.Add("words\n-- answer --\n200\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parse([]byte(text))
		if err != nil {
			return
		}
		if got.status == 0 || got.scheme == "" || len(got.conditions) == 0 || strings.Contains(got.request.body, "\n") {
			t.Errorf("%+v", got)
		}
	})
}
