package exchanges_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/conformance/recording"
)

// forms are the shapes of values that differ from run to run. README.md says what each is.
var forms = map[string]string{
	"callId":        `[0-9a-f]{32}`,
	"uid":           `[0-9a-f]{32}`,
	"signature":     `[A-Za-z0-9+/]{27}=`,
	"regToken":      `st2\.r\.[\w-]+\.[\w-]+\.sc3`,
	"loginToken":    `st2\.s\.[\w-]+\.[\w-]{43}\.sc3`,
	"sessionToken":  `st2\.s\.[\w-]+\.[\w-]{43}\.sc3`,
	"sessionSecret": `[A-Za-z0-9+/]{27}=`,
	"idToken":       `eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{342}`,
	"cursor":        `[\w-]{16,}`,
	"kid":           `[\w-]{54}`,
	"modulus":       `[\w-]{342}`,
	"httpDate":      `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT`,
	"number":        `[1-9]\d*`,
}

// values are what place holders stood for, by name. A callId is never kept: no two are equal.
type values map[string]string

func (v values) fill(text string, encode func(string) string) (string, error) {
	return recording.Fill(v, text, encode)
}

// match compares the whole text with the template, keeps what the place holders stood for, and returns what is different,
// line by line; empty: nothing is.
func (v values) match(template, got string) (string, error) {
	wantLines, gotLines := strings.Split(template, "\n"), strings.Split(got, "\n")
	shown := make([]string, len(gotLines))
	for i, line := range gotLines {
		shown[i] = line
		if i >= len(wantLines) {
			continue
		}
		equal, err := v.matchLine(wantLines[i], line)
		if err != nil {
			return "", err
		}
		if equal {
			shown[i] = wantLines[i]
		}
	}
	return cmp.Diff(wantLines, shown), nil
}

func (v values) matchLine(template, got string) (bool, error) {
	var pattern strings.Builder
	var names []string
	rest := template
	for _, at := range recording.Place.FindAllStringSubmatchIndex(template, -1) {
		name, form := template[at[2]:at[3]], template[at[2]:at[3]]
		if at[4] >= 0 {
			form = template[at[4]:at[5]]
		}
		start := at[0] - (len(template) - len(rest))
		pattern.WriteString(regexp.QuoteMeta(rest[:start]))
		rest = template[at[1]:]
		known, ok := v[name]
		switch {
		case ok:
			pattern.WriteString("(" + regexp.QuoteMeta(known) + ")")
		case forms[form] == "":
			return false, fmt.Errorf("there is no form %q", form)
		default:
			pattern.WriteString("(" + forms[form] + ")")
		}
		names = append(names, name)
	}
	pattern.WriteString(regexp.QuoteMeta(rest))
	expression, err := regexp.Compile("^" + pattern.String() + "$")
	if err != nil {
		return false, err
	}
	found := expression.FindStringSubmatch(got)
	if found == nil {
		return false, nil
	}
	for i, name := range names {
		if name != "callId" && name != "httpDate" && name != "number" {
			v[name] = found[i+1]
		}
	}
	return true, nil
}

// A form that no file uses is one that no test holds, and one that the description lacks is of no use to others.
func TestEveryFormIsUsedAndDescribed(t *testing.T) {
	description, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, holder := range recording.Place.FindAllStringSubmatch(string(text), -1) {
			used[holder[1]], used[holder[2]] = true, true
		}
	}
	for form := range forms {
		if !strings.Contains(string(description), "`"+form+"`") {
			t.Errorf("README.md does not say what %s is", form)
		}
		if !used[form] && form != "httpDate" {
			t.Errorf("no file uses %s", form)
		}
	}
}

func TestComparingFindsEveryDifference(t *testing.T) {
	const template = "{\n  \"callId\": \"${callId}\",\n  \"UID\": \"${uid}\",\n  \"n\": 1\n}"
	callID, uid := strings.Repeat("0a", 16), strings.Repeat("1b", 16)
	answer := strings.NewReplacer("${callId}", callID, "${uid}", uid).Replace(template)
	v := values{}
	if diff, err := v.match(template, answer); diff != "" || err != nil {
		t.Fatalf("%v %s", err, diff)
	}
	if v["uid"] != uid || v["callId"] != "" {
		t.Errorf("kept %v", v)
	}
	for name, got := range map[string]string{
		"another form":       strings.Replace(answer, callID, callID[1:], 1),
		"upper case":         strings.Replace(answer, callID, strings.ToUpper(callID), 1),
		"another value":      strings.Replace(answer, uid, callID, 1),
		"another number":     strings.Replace(answer, ": 1", ": 2", 1),
		"another layout":     strings.Replace(answer, "  \"n\"", " \"n\"", 1),
		"a member more":      strings.Replace(answer, "1\n", "1,\n  \"m\": 1\n", 1),
		"a member less":      strings.Replace(answer, ",\n  \"n\": 1", "", 1),
		"a line at the end":  answer + "\n",
		"text around a form": strings.Replace(answer, callID, "x"+callID, 1),
	} {
		if diff, err := v.match(template, got); diff == "" || err != nil {
			t.Errorf("%s is not seen (%v)", name, err)
		}
	}
	if _, err := v.match("${shoe}", "x"); err == nil {
		t.Error("a form that is none is taken")
	}
}
