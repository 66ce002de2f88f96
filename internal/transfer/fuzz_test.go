package transfer_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/transfer"
)

// drain imports every row of a file. Whatever the file says, an account that was made can be exported, and the export can
// be read.
func drain(t *testing.T, x target, r transfer.Reader) {
	made := 0
	for {
		row, err := r.Next()
		var refused *transfer.RowError
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.As(err, &refused) {
			if refused.Line < 1 {
				t.Fatalf("refused without a line: %v", err)
			}
			continue
		}
		if err != nil {
			break
		}
		if row.Line < 1 {
			t.Fatal("a row without a line")
		}
		_, isType := row.Members.Get("dataType")
		_, isObject := row.Members.Get("dataObject")
		if _, err := x.Import(t.Context(), row); err == nil {
			if !isType && !isObject {
				made++
			}
		} else if !errors.As(err, &refused) {
			t.Fatalf("a row ended the import: %v", err)
		}
	}
	accounts := 0
	for line := range strings.Lines(x.export(true)) {
		if err := document.Check([]byte(line), document.MaxDepth); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if !strings.HasPrefix(line, `{"dataType":`) && !strings.HasPrefix(line, `{"dataObject":`) {
			accounts++
		}
	}
	if accounts != made {
		t.Fatalf("%d accounts made, %d exported", made, accounts)
	}
}

func FuzzNDJSON(f *testing.F) {
	f.Add(strings.Join(everything, "\n"))
	f.Add("\ufeff{\"email\":\"a@example.com\"}\r\n\r\nnonsense\n{\"UID\":\"\xff\"}")
	f.Add(`{"UID":"a","data":{"a.b":{"c":null}},"profile":{"email":null},"loginIDs":null,"emails":{"verified":null}}`)
	f.Add(`{"email":"a@example.com","profile":{"email":"A@example.com"},"loginIDs":{"emails":["a@example.com","a@example.com"]}}`)
	f.Add(` [{"UID":"a","accountTypes":["lite"],"email":"a@example.com"},7,{"Uid":"b","password":{"hash":"PLTnMmMfR+brlh80VUt83g==","hashSettings":{"algorithm":"md5"}}}`)
	f.Add(`{"UID":"s","secrets":{"hash":"$md5$r=1$$AAAAAAAAAAAAAAAAAAAAAA"},"identities":[{"provider":"x","providerUID":"1"}],"phoneNumber":"+4930123"}`)
	f.Add(strings.Join(dataRows, "\n"))
	f.Fuzz(func(t *testing.T, text string) {
		drain(t, newMemory(t), transfer.NewJSON(strings.NewReader(text)))
	})
}

func FuzzCSV(f *testing.F) {
	f.Add("email,profile.firstName,data.x\na@example.com,\"A\n\"\"B\",12\n")
	f.Add("UID,isActive,password\nu,true,\"{\"\"hash\"\":\"\"x\"\"}\"\nv,,p\n")
	f.Add("UID,data.a.b,data.c,preferences\nu,\"[1,{\"\"x\"\":2}]\",007,\"{\"\"terms\"\":{}}\"\n")
	f.Add("UID,loginIDs.emails,emails.verified\nu,\"[\"\"a@example.com\"\"]\",[]\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		x := newMemory(t)
		s, err := x.Sites.Site(t.Context(), x.APIKey)
		if err != nil {
			t.Fatal(err)
		}
		r, err := transfer.NewCSV(strings.NewReader(text), s.Schema)
		if err != nil {
			return
		}
		drain(t, x, r)
	})
}

// An array is read as encoding/json reads it: what it takes for one array of objects, and nothing else, is read to its end.
func FuzzArray(f *testing.F) {
	f.Add(`[{"UID":"a"},{"UID":"b"}]`)
	f.Add("[ ]\n")
	f.Add(`[{"a":1}]{"b":2}`)
	f.Add(`[{"a":1}]]`)
	f.Add(`[{"a":1},]`)
	f.Add(`[[{"a":"]"}],7,null,{"a":{"a":[]}}`)
	f.Add("[{\"a\":\"\xff\"}\x00]")
	f.Fuzz(func(t *testing.T, text string) {
		text = "[" + text
		r, read := transfer.NewJSON(strings.NewReader(text)), 0
		var err error
		for err == nil {
			_, err = r.Next()
			if refused := new(transfer.RowError); errors.As(err, &refused) {
				err = nil
			}
			if err == nil {
				read++
			}
		}
		var all []json.RawMessage
		wrong := json.Unmarshal([]byte(text), &all)
		if ended := errors.Is(err, io.EOF); ended != (wrong == nil) || ended && read != len(all) {
			t.Fatalf("%q: %d elements and %v, want %d and %v", text, read, err, len(all), wrong)
		}
	})
}
