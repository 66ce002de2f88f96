package gigya_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
)

// node is an XML element.
type node struct {
	name, text string
	children   []*node
}

// parseXML reads a document strictly.
func parseXML(text []byte) (*node, error) {
	reader := xml.NewDecoder(bytes.NewReader(text))
	root := &node{}
	open := []*node{root}
	for {
		token, err := reader.Token()
		if errors.Is(err, io.EOF) {
			if len(root.children) != 1 || len(open) != 1 {
				return nil, errors.New("not one root element")
			}
			return root.children[0], nil
		}
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			child := &node{name: token.Name.Local}
			top.children = append(top.children, child)
			open = append(open, child)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(token)
		}
	}
}

// scalars returns the texts of the leaves of JSON members in their order, as XML has them.
func scalars(t *testing.T, members []byte) []string {
	t.Helper()
	reader := json.NewDecoder(bytes.NewReader(members))
	reader.UseNumber()
	var list []string
	type level struct {
		object, atName bool
		items          int
	}
	var levels []level
	value := func(text string) {
		if n := len(levels); n > 0 {
			levels[n-1].items++
			levels[n-1].atName = levels[n-1].object
		}
		list = append(list, text)
	}
	for {
		token, err := reader.Token()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		if n := len(levels); n > 0 && levels[n-1].atName {
			if _, ok := token.(string); ok {
				levels[n-1].atName = false
				continue
			}
		}
		switch token := token.(type) {
		case json.Delim:
			if token == '{' || token == '[' {
				levels = append(levels, level{object: token == '{', atName: token == '{'})
				continue
			}
			last := levels[len(levels)-1]
			levels = levels[:len(levels)-1]
			if last.items == 0 {
				value("")
			} else if n := len(levels); n > 0 {
				levels[n-1].items++
				levels[n-1].atName = levels[n-1].object
			}
		case nil:
			value("")
		case string:
			value(xmlText(token))
		default:
			value(fmt.Sprint(token))
		}
	}
}

// xmlText drops what XML cannot hold.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, s)
}

func (n *node) leaves(list []string) []string {
	if len(n.children) == 0 {
		return append(list, n.text)
	}
	for _, child := range n.children {
		list = child.leaves(list)
	}
	return list
}

func addAnswers(f *testing.F) {
	f.Add("c1", "context", "details", "name", []byte(account))
	f.Add("", "</script>\u2028", "it's\x00\xff", "a<b", everything.Members)
	f.Add("c", "{}", "", "", []byte(`{"":{"":[[],{},"",null,[{}]]},"a b":"\ud800\u2029<","1":-0.0e-5,"_x_":true}`))
	f.Add("c", "\r\n", "]]>", "x", []byte(`{"éx":{"٣":"`+"\u2028\u2029\u20ad"+`"},"status":["\"\\\/\b\f\n\r\t"]}`))
}

// answerOf makes an answer of fuzzed texts; false when the members are not an object.
func answerOf(callID, context, details, name string, members []byte) (*gigya.Answer, bool) {
	trimmed := bytes.TrimSpace(members)
	if !json.Valid(members) || len(trimmed) == 0 || trimmed[0] != '{' || bytes.Count(members, []byte{'['})+bytes.Count(members, []byte{'{'}) > 300 {
		return nil, false
	}
	return &gigya.Answer{
		Method: "a." + name, CallID: callID, Context: context, HasContext: true, Time: testTime, Members: members,
		Err: &gigya.Error{
			Code: gigya.InvalidParameterValue, Details: details,
			Validation: []gigya.ValidationError{{ErrorCode: 400006, Message: details, FieldName: name}},
		},
		Ignored: []gigya.IgnoredParam{{ParamName: name, WarningCode: 403007, Message: details}},
	}, true
}

func checkJSON(t *testing.T, got []byte, a *gigya.Answer) {
	t.Helper()
	if bytes.ContainsAny(got, "<\u2028\u2029") || !utf8.Valid(got) {
		t.Errorf("the answer could be read as something else: %q", got)
	}
	var envelope struct{ Context, ErrorDetails string }
	if err := json.Unmarshal(got, &envelope); err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	var members, all map[string]any
	if err := json.Unmarshal(a.Members, &members); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got, &all); err != nil {
		t.Fatal(err)
	}
	for name, want := range members {
		if diff := cmp.Diff(want, all[name]); diff != "" {
			t.Errorf("member %q differs (-want +got):\n%s", name, diff)
		}
	}
	if _, clash := members["context"]; !clash && all["context"] != strings.ToValidUTF8(a.Context, "\uFFFD") && utf8.ValidString(a.Context) {
		t.Errorf("context: got %q, want %q", all["context"], a.Context)
	}
	var compact, again bytes.Buffer
	if err := json.Compact(&compact, got); err != nil {
		t.Fatal(err)
	}
	if err := json.Indent(&again, compact.Bytes(), "", "  "); err != nil {
		t.Fatal(err)
	}
	if again.String() != string(got) {
		t.Errorf("the layout differs:\n%s\n%s", got, again.String())
	}
}

func FuzzAppendAnswerJSON(f *testing.F) {
	addAnswers(f)
	f.Fuzz(func(t *testing.T, callID, context, details, name string, members []byte) {
		gigya.AppendAnswer(nil, &gigya.Answer{Members: members}, gigya.JSON, "")
		if a, ok := answerOf(callID, context, details, name, members); ok {
			checkJSON(t, gigya.AppendAnswer(nil, a, gigya.JSON, ""), a)
		}
	})
}

func FuzzJSONP(f *testing.F) {
	f.Add("gigya.callback", "context", []byte(account))
	f.Add("a[0]", "\u2028", everything.Members)
	f.Add("alert(1)//", "", []byte(`{}`))
	f.Fuzz(func(t *testing.T, callback, context string, members []byte) {
		if !gigya.ValidCallback(callback) {
			return
		}
		a, ok := answerOf("c", context, context, "n", members)
		if !ok {
			return
		}
		got := gigya.AppendAnswer(nil, a, gigya.JSONP, callback)
		body, hasHead := bytes.CutPrefix(got, []byte(callback+"("))
		body, hasTail := bytes.CutSuffix(body, []byte(");"))
		if !hasHead || !hasTail {
			t.Fatalf("got %s", got)
		}
		checkJSON(t, body, a)
	})
}

func FuzzAppendAnswerXML(f *testing.F) {
	addAnswers(f)
	f.Fuzz(func(t *testing.T, callID, context, details, name string, members []byte) {
		if _, err := parseXML(gigya.AppendAnswer(nil, &gigya.Answer{Method: name, Members: members}, gigya.XML, "")); err != nil {
			t.Fatal(err)
		}
		a, ok := answerOf(callID, context, details, name, members)
		if !ok {
			return
		}
		got := gigya.AppendAnswer(nil, a, gigya.XML, "")
		root, err := parseXML(got)
		if err != nil {
			t.Fatalf("%v: %s", err, got)
		}
		const envelope = 10 // statusCode to validationErrors
		if len(root.children) < envelope {
			t.Fatalf("got %s", got)
		}
		var leaves []string
		for _, child := range root.children[envelope:] {
			leaves = child.leaves(leaves)
		}
		want := scalars(t, members)
		if len(root.children) == envelope {
			want = nil
		}
		if diff := cmp.Diff(want, leaves); diff != "" {
			t.Errorf("content differs (-json +xml):\n%s\n%s", diff, got)
		}
	})
}
