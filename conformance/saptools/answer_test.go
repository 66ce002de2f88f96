package saptools_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// kinds are the kinds of a need that are no JSON text of a value.
var kinds = map[string]func(v any) bool{
	"text":   func(v any) bool { _, ok := v.(string); return ok },
	"filled": func(v any) bool { s, _ := v.(string); return s != "" },
	"number": func(v any) bool { _, ok := v.(float64); return ok },
	"flag":   func(v any) bool { _, ok := v.(bool); return ok },
	"object": func(v any) bool { _, ok := v.(map[string]any); return ok },
	"array":  func(v any) bool { _, ok := v.([]any); return ok },
	"list":   func(v any) bool { l, _ := v.([]any); return len(l) > 0 },
}

// check tells what of the need the answer lacks.
func (n need) check(answer any) error { return n.at(answer, nil) }

func (n need) at(v any, walked []string) error {
	rest := n.path[len(walked):]
	if len(rest) == 0 {
		if is, ok := kinds[n.kind]; ok && is(v) {
			return nil
		} else if !ok {
			var want any
			if err := json.Unmarshal([]byte(n.kind), &want); err == nil && reflect.DeepEqual(v, want) {
				return nil
			}
		}
		return fmt.Errorf("%s is %.80v, want %s", strings.Join(walked, "/"), v, n.kind)
	}
	next := func(step string, member any) error { return n.at(member, append(slices.Clone(walked), step)) }
	switch v := v.(type) {
	case map[string]any:
		if rest[0] == "*" {
			for name, member := range v {
				if err := next(name, member); err != nil {
					return err
				}
			}
			return nil
		}
		if member, ok := v[rest[0]]; ok {
			return next(rest[0], member)
		}
	case []any:
		if rest[0] == "*" {
			for i, member := range v {
				if err := next(strconv.Itoa(i), member); err != nil {
					return err
				}
			}
			return nil
		}
	}
	if n.optional[len(walked)] {
		return nil
	}
	return fmt.Errorf("%s is missing", strings.Join(n.path[:len(walked)+1], "/"))
}

// checkEnvelope is what the tools read of every answer. sent is the context of the request; nil: it had none.
func checkEnvelope(status int, answer map[string]any, sent *string) error {
	code, isNumber := answer["errorCode"].(float64)
	context, hasContext := answer["context"]
	_, hasMessage := answer["errorMessage"].(string)
	_, hasDetails := answer["errorDetails"].(string)
	_, hasStatus := answer["statusCode"].(float64)
	switch {
	case status != 200:
		return fmt.Errorf("HTTP status %d: the tools repeat such a call 20 times", status)
	case !isNumber:
		return errors.New("errorCode is no number")
	case code == 403048, code == 500001:
		return fmt.Errorf("errorCode %v: the tools repeat such a call 20 times", code)
	case hasContext != (sent != nil), sent != nil && context != *sent:
		return fmt.Errorf("context is %v, not the text that was sent", context)
	case code != 0 && (!hasMessage || !hasDetails || !hasStatus):
		return errors.New("an error without errorMessage, errorDetails or statusCode")
	}
	return nil
}

// member is the text at the path of the document; of anything but a text its JSON.
func member(doc json.RawMessage, path []string) (string, error) {
	for _, step := range path {
		var object map[string]json.RawMessage
		var array []json.RawMessage
		i, err := strconv.Atoi(step)
		switch {
		case json.Unmarshal(doc, &object) == nil && object[step] != nil:
			doc = object[step]
		case err == nil && json.Unmarshal(doc, &array) == nil && i >= 0 && i < len(array):
			doc = array[i]
		default:
			return "", fmt.Errorf("%s is missing", strings.Join(path, "/"))
		}
	}
	var text string
	if json.Unmarshal(doc, &text) == nil {
		return text, nil
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, doc); err != nil {
		return "", err
	}
	return compact.String(), nil
}

// differences are the paths at which two values differ, but for those that begin with one of the exceptions, in which * is any
// step.
func differences(a, b any, exceptions []string, at ...string) []string {
	if slices.ContainsFunc(exceptions, func(e string) bool { return within(at, strings.Split(e, "/")) }) {
		return nil
	}
	left, isObject := a.(map[string]any)
	right, alsoObject := b.(map[string]any)
	if !isObject || !alsoObject {
		list, isArray := a.([]any)
		other, alsoArray := b.([]any)
		if !isArray || !alsoArray {
			if reflect.DeepEqual(a, b) {
				return nil
			}
			return []string{fmt.Sprintf("%s: %.60v and %.60v", strings.Join(at, "/"), a, b)}
		}
		left, right = numbered(list), numbered(other)
	}
	names := make([]string, 0, len(left))
	for name := range left {
		names = append(names, name)
	}
	for name := range right {
		if _, both := left[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var all []string
	for _, name := range names {
		all = append(all, differences(left[name], right[name], exceptions, append(slices.Clone(at), name)...)...)
	}
	return all
}

func numbered(list []any) map[string]any {
	object := map[string]any{}
	for i, v := range list {
		object[strconv.Itoa(i)] = v
	}
	return object
}

func within(at, exception []string) bool {
	if len(at) < len(exception) {
		return false
	}
	for i, step := range exception {
		if step != "*" && step != at[i] {
			return false
		}
	}
	return true
}

func TestNeedsFindWhatIsMissing(t *testing.T) {
	var answer any
	if err := json.Unmarshal([]byte(`{"a":{"x":{"n":1,"t":"","f":true,"l":[]}},"s":["v"]}`), &answer); err != nil {
		t.Fatal(err)
	}
	for line, missing := range map[string]string{
		"a/x/n number": "", "a/*/n 1": "", "a/x/t text": "", "a/x/f flag": "", "a/x/l array": "", "s list": "", "s/* filled": "", "a/x object": "",
		"b? text": "", "a/y?  text": "", "a/x/l/*/m text": "", "c?/*/m text": "",
		"a/x/n 2": "a/x/n is 1, want 2", "a/x/t filled": "a/x/t is , want filled", "a/x/l list": "a/x/l is [], want list",
		"b text": "b is missing", "a/*/m text": "a/*/m is missing", "b/c? text": "b is missing", "s object": "s is [v], want object", "a/x/n? text": "a/x/n is 1, want text",
	} {
		needs, err := parseNeeds("a.b\n\t" + line)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := needs["a.b"][0].check(answer); err != nil {
			got = err.Error()
		}
		if got != missing {
			t.Errorf("%s: %q, want %q", line, got, missing)
		}
	}
}

func TestEnvelopesThatTheToolsCannotReadAreFound(t *testing.T) {
	sent := `{"id":"x"}`
	for text, wrong := range map[string]bool{
		`{"errorCode":0,"context":"{\"id\":\"x\"}"}`:                                                             false,
		`{"errorCode":400006,"errorMessage":"m","errorDetails":"d","statusCode":400,"context":"{\"id\":\"x\"}"}`: false,
		`{"errorCode":"0","context":"{\"id\":\"x\"}"}`:                                                           true,
		`{"errorCode":0,"context":{"id":"x"}}`:                                                                   true,
		`{"errorCode":0,"context":"{&quot;id&quot;:&quot;x&quot;}"}`:                                             true,
		`{"errorCode":0}`: true,
		`{"errorCode":400006,"errorMessage":"m","statusCode":400,"context":"{\"id\":\"x\"}"}`:                    true,
		`{"errorCode":500001,"errorMessage":"m","errorDetails":"d","statusCode":500,"context":"{\"id\":\"x\"}"}`: true,
	} {
		var answer map[string]any
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Fatal(err)
		}
		if err := checkEnvelope(200, answer, &sent); (err != nil) != wrong {
			t.Errorf("%s: %v", text, err)
		}
	}
	if checkEnvelope(500, map[string]any{"errorCode": 0.0}, nil) == nil || checkEnvelope(200, map[string]any{"errorCode": 0.0, "context": ""}, nil) == nil {
		t.Error("a status of 500, or a context that was not sent, is taken")
	}
}

func TestDifferences(t *testing.T) {
	var a, b any
	if json.Unmarshal([]byte(`{"x":[{"id":1,"v":1},{"id":2}],"y":{"z":1}}`), &a) != nil || json.Unmarshal([]byte(`{"x":[{"id":3,"v":2}],"y":{"z":1},"w":null}`), &b) != nil {
		t.Fatal("not JSON")
	}
	want := []string{"x/0/v: 1 and 2", "x/1: map[id:2] and <nil>"}
	if got := differences(a, b, []string{"x/*/id"}); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := differences(a, b, []string{"x"}); len(got) != 0 {
		t.Errorf("%q", got)
	}
}
