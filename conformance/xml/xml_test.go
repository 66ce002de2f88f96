// Package xml_test reads the server's XML answers with parsers that others wrote: what one of them reads, all must read.
// The parser of the standard library stands for the JSON form of the same answers, with which the tests of package gigya
// compare it.
//
// Python's expat and xmllint (libxml2, which browsers use too) take part where they are installed; with
// DOORWARD_TEST_XML_PARSERS=all, which CI sets, a missing one is a failure.
package xml_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/gigya"
)

// leaf is an element without elements in it: the names down to it, and its text.
type leaf [2]string

// leaves reads a document with the standard library's parser.
func leaves(document []byte) ([]leaf, error) {
	reader := xml.NewDecoder(bytes.NewReader(document))
	var names, texts []string
	var inner []bool
	var found []leaf
	for {
		token, err := reader.RawToken()
		if errors.Is(err, io.EOF) {
			if len(names) > 0 || len(found) == 0 {
				return nil, errors.New("the document ends too early")
			}
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if len(inner) > 0 {
				inner[len(inner)-1] = true
			}
			names, texts, inner = append(names, token.Name.Local), append(texts, ""), append(inner, false)
		case xml.EndElement:
			last := len(names) - 1
			if names[last] != token.Name.Local {
				return nil, fmt.Errorf("%s ends as %s", names[last], token.Name.Local)
			}
			if !inner[last] {
				found = append(found, leaf{strings.Join(names, "/"), texts[last]})
			}
			names, texts, inner = names[:last], texts[:last], inner[:last]
		case xml.CharData:
			if len(texts) > 0 {
				texts[len(texts)-1] += string(token)
			}
		}
	}
}

// hostile are texts and names that break formats.
var hostile = []string{
	"]]>", "<![CDATA[x]]>", "<x/>", "</x>", "&", "&amp;", "&#0;", "&#x1F;", "&unknown;", "%entity;", "<!-- -- -->", "<?xml version=\"1.0\"?>",
	"<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>", "\x00", "\x01\x08\x0b\x0c\x0e\x1f", "\x7f\u0080\u0085\u009f", "\u2028\u2029",
	"\ufffe", "\uffff", "\ufeff", "\xed\xa0\x80", "\xff\xfe", "\U0001f600", "\U000fffff", "\U0010ffff", "e\u0301", "\u202e", "\r", "\n", "\r\n", "\t", " ", "  x  ", "",
	"1a b", "xml", "xmlns", "xmlns:a", "a:b", ":", "-", ".", "_x0041_", "_x", "é", "名前", "a\u0300", "\u0300a", "\u00b7a", "item", "ies", "s", "\"", "'", "=", "a=\"b\"",
}

// documents are answers with hostile texts in every place where an answer has text or names.
func documents(t *testing.T) [][]byte {
	t.Helper()
	d := doorwardtest.New(t)
	object := map[string]any{}
	list := []any{nil, true, 1.5, []any{}, map[string]any{}, []any{[]any{"deep"}}}
	for i, text := range hostile {
		object[text+fmt.Sprint(i)], object[text] = text, map[string]any{text: []any{text}}
		list = append(list, text, map[string]any{text: text})
	}
	internal := text(t, map[string]any{"names": object, "lists": list, "categories": list, "boxes": []any{"x"}})
	d.CallAsPartner("accounts.register", "siteUID", "zoe", "email", "zoe@example.com", "password", "Correct-horse-7",
		"profile", text(t, map[string]any{"firstName": strings.Join(hostile, "|"), "lastName": strings.Join(hostile, "")}))
	if body := d.CallAsPartner("accounts.setAccountInfo", "UID", "zoe", "internal", internal); !bytes.Contains(body, []byte(`"errorCode": 0,`)) {
		t.Fatalf("storing:\n%s", body)
	}
	call := func(method string, params ...string) []byte {
		body := d.CallAsPartner(method, append(params, "format", "xml")...)
		if !bytes.HasPrefix(body, []byte("<?xml")) {
			t.Fatalf("%s answers\n%s", method, body)
		}
		return body
	}
	all := [][]byte{
		call("accounts.getAccountInfo", "UID", "zoe", "include", "profile,internal,identities-all,emails,loginIDs", "context", strings.Join(hostile, "")),
		call("accounts.search", "query", "SELECT * FROM accounts"),
		call("accounts.getSchema"),
		call("accounts.getPolicies"),
		call("accounts.getJWTPublicKey"),
	}
	for _, text := range hostile {
		all = append(all, call("accounts.get"+url.PathEscape(strings.ReplaceAll(text, "/", "!"))), call("accounts.getAccountInfo", "UID", text, "context", text),
			call("accounts.search", "query", "SELECT "+text+" FROM accounts"), call("accounts.getSchema", "no"+text, text))
		// What no method answers today, but stored documents could hold tomorrow.
		members, err := json.Marshal(map[string]any{text: text, "x" + text: []any{text, map[string]any{text: nil}}})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, gigya.AppendAnswer(nil, &gigya.Answer{
			Method: "accounts.search", CallID: text, Context: text, HasContext: true, Time: time.Unix(0, 0),
			Err: gigya.NewError(gigya.GeneralServerError, text), Members: members,
		}, gigya.XML, ""))
	}
	return all
}

func text(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestAttack(t *testing.T) {
	all := documents(t)
	var wanted [][]leaf
	t.Run("046_the_standard_library_reads_every_answer", func(t *testing.T) {
		for _, document := range all {
			read, err := leaves(document)
			if err != nil {
				t.Fatalf("%v in\n%s", err, document)
			}
			if len(read) < 5 {
				t.Errorf("only %d leaves in\n%s", len(read), document)
			}
			wanted = append(wanted, read)
		}
	})
	t.Run("046_expat_reads_the_same", func(t *testing.T) {
		python := parser(t, "python3")
		var input bytes.Buffer
		for _, document := range all {
			fmt.Fprintln(&input, base64.StdEncoding.EncodeToString(document))
		}
		command := exec.Command(python, filepath.Join("testdata", "expat_leaves.py"))
		command.Stdin, command.Stderr = &input, os.Stderr
		output, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
		if len(lines) != len(all) {
			t.Fatalf("%d answers of %d were read", len(lines), len(all))
		}
		for i, line := range lines {
			var read []leaf
			if err := json.Unmarshal(line, &read); err != nil {
				t.Fatalf("expat: %s in\n%s", line, all[i])
			}
			if diff := cmp.Diff(wanted[i], read); diff != "" {
				t.Fatalf("expat reads another content:\n%s\nof\n%s", diff, all[i])
			}
		}
	})
	t.Run("046_libxml2_reads_the_same", func(t *testing.T) {
		xmllint := parser(t, "xmllint")
		folder := t.TempDir()
		for i, document := range all {
			name := filepath.Join(folder, fmt.Sprintf("%d.xml", i))
			if err := os.WriteFile(name, document, 0o600); err != nil {
				t.Fatal(err)
			}
			var complaints bytes.Buffer
			command := exec.Command(xmllint, "--nonet", "--c14n", name)
			command.Stderr = &complaints
			canonical, err := command.Output()
			if err != nil || complaints.Len() > 0 {
				t.Fatalf("libxml2: %v, %s in\n%s", err, complaints.String(), document)
			}
			read, err := leaves(canonical)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wanted[i], read); diff != "" {
				t.Fatalf("libxml2 reads another content:\n%s\nof\n%s", diff, document)
			}
		}
	})
}

// parser finds the program, or ends the test as one that did not run.
func parser(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("DOORWARD_TEST_XML_PARSERS") == "all" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
	return path
}
