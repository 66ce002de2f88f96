package transfer_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/transfer"
)

// rows reads everything and returns a text a row: its line and members, or the refusal. An error that ends the reading is
// the last text.
func rows(r transfer.Reader) []string {
	var all []string
	for {
		row, err := r.Next()
		var refused *transfer.RowError
		switch {
		case errors.Is(err, io.EOF):
			return all
		case errors.As(err, &refused):
			all = append(all, "refused "+refused.Error())
		case err != nil:
			return append(all, "ended: "+err.Error())
		default:
			all = append(all, fmt.Sprintf("%d %s", row.Line, row.Members.JSON()))
		}
	}
}

const (
	spread = "its first line is not one whole object: each must have one line of its own with nothing behind it (jq -c makes it so), or all must be in one array"
	utf16  = "UTF-16 text: convert the file to UTF-8 (iconv -f UTF-16 -t UTF-8)"
	noText = "no text: unpack the file, or export it as CSV or JSON"
	after  = "something follows the end of the array, and was not imported: a file is one array, or has an object a line"
)

func TestNDJSONIsReadLineByLine(t *testing.T) {
	long := `{"data":{"x":"` + strings.Repeat("y", 5<<20) + `"}}`
	for name, test := range map[string]struct {
		in   string
		want []string
	}{
		"nothing":                   {"", nil},
		"empty lines":               {"\n \r\n{\"a\":1}\r\n\n", []string{`3 {"a":1}`}},
		"no line end":               {`{"a":1}`, []string{`1 {"a":1}`}},
		"a byte order mark":         {"\ufeff{\"a\":1}\n{\"b\":2}\n", []string{`1 {"a":1}`, `2 {"b":2}`}},
		"no object":                 {"[]\n{}\n", []string{"refused line 1: not a JSON object: offset 0: an object was expected", "2 {}"}},
		"half an object":            {"{\"a\":\n{}\n", []string{"refused line 1: not a JSON object: offset 5: the text ends where a value was expected", "2 {}"}},
		"wrong UTF-8":               {"{\"a\":\"\xff\"}\n{}\n", []string{"refused line 1: not UTF-8 text: convert the file to UTF-8", "2 {}"}},
		"a line that is too long":   {long + "\n{}\n", []string{"refused line 1: longer than 4194304 bytes", "2 {}"}},
		"a too long one at the end": {"{}\n" + long, []string{"1 {}", "refused line 2: longer than 4194304 bytes"}},
		"objects over lines":        {"\n{\n \"a\": 1\n}\n{\n \"a\": 2\n}\n", []string{"ended: " + spread}},
		"an answer over lines":      {"{\"results\": [\n{\"a\":1}\n]}\n", []string{"ended: " + spread}},
		"objects with commas":       {"{\"a\":1},\n{\"a\":2}\n", []string{"ended: " + spread}},
		"a half one further down":   {"{}\n{\n", []string{"1 {}", "refused line 2: not a JSON object: offset 1: a string was expected"}},
		"UTF-16 with its mark":      {"\xff\xfe{\x00}\x00\n\x00", []string{"ended: " + utf16}},
		"UTF-16 the other way":      {"\xfe\xff\x00{\x00}", []string{"ended: " + utf16}},
		"gzip":                      {"\x1f\x8b\x08\x00\x00", []string{"ended: " + noText}},
		"nothing but zeros":         {"\x00\x00\x00\x00", []string{"ended: " + noText}},
		"UTF-16 without a mark":     {"{\x00}\x00\n\x00", []string{"ended: " + utf16}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, rows(transfer.NewNDJSON(strings.NewReader(test.in)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnArrayIsReadToTheEndOfTheFile(t *testing.T) {
	long := `{"data":{"x":"` + strings.Repeat("y", 20<<20) + `"}}`
	for name, test := range map[string]struct {
		in   string
		want []string
	}{
		"nothing in it":                {"[]", nil},
		"objects":                      {"\ufeff" + strings.Repeat(" \n", 1000) + "[{\"a\":1},\n{\"b\":2}]\r\n ", []string{`1 {"a":1}`, `2 {"b":2}`}},
		"no objects":                   {`[1,{"a":1},[]]`, []string{"refused line 1: not a JSON object: offset 0: an object was expected", `2 {"a":1}`, "refused line 3: not a JSON object: offset 0: an object was expected"}},
		"wrong UTF-8":                  {"[{\"a\":\"\xff\"},{}]", []string{"refused line 1: not UTF-8 text: convert the file to UTF-8", "2 {}"}},
		"no end":                       {`[{"a":1}`, []string{`1 {"a":1}`, "ended: element 2 of the array cannot be read: unexpected EOF"}},
		"no end of an element":         {`[{"a":1},{"b"`, []string{`1 {"a":1}`, "ended: element 2 of the array cannot be read: unexpected EOF"}},
		"a comma too many":             {`[{"a":1},]`, []string{`1 {"a":1}`, "ended: element 2 of the array cannot be read: invalid character ']' looking for beginning of value"}},
		"an object behind it":          {`[{"a":1}]{"b":2}`, []string{`1 {"a":1}`, "ended: " + after}},
		"another array":                {"[{\"a\":1}]\n[{\"b\":2}]\n", []string{`1 {"a":1}`, "ended: " + after}},
		"a bracket too many":           {`[{"a":1}]]`, []string{`1 {"a":1}`, "ended: " + after}},
		"words behind it":              {`[] end`, []string{"ended: " + after}},
		"an element that is too large": {`[{},` + long + `]`, []string{"1 {}", "ended: element 2 of the array cannot be read: longer than 4194304 bytes"}},
		"UTF-16":                       {"\xff\xfe[\x00]\x00", []string{"ended: " + utf16}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, rows(transfer.NewJSON(strings.NewReader(test.in)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A reader that fails is told of, and is no end of the file.
func TestAFileThatFailsIsNotTakenForItsEnd(t *testing.T) {
	lost := errors.New("the disk is lost")
	for name, in := range map[string]string{
		"at once": "", "in blanks": " \n", "in lines": "{\"a\":1}\n", "in an array": `[{"a":1}`, "behind an array": `[{"a":1}]`,
	} {
		t.Run(name, func(t *testing.T) {
			got := rows(transfer.NewJSON(io.MultiReader(strings.NewReader(in), iotest.ErrReader(lost))))
			if len(got) == 0 || !strings.HasPrefix(got[len(got)-1], "ended: ") || !strings.HasSuffix(got[len(got)-1], lost.Error()) {
				t.Errorf("got %q, want the error of the reader at the end", got)
			}
		})
	}
}

func TestCSVIsTypedByTheSchemaAndByLooks(t *testing.T) {
	s, err := schema.Parse([]byte(`{"dataSchema":{"fields":{"member":{"type":"string"},"visits":{"type":"integer"},"json":{"type":"text"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		column, field string
		want          string
	}{
		"a postal code":                    {"profile.zip", "01234", `{"profile":{"zip":"01234"}}`},
		"a member in other letters":        {"PROFILE.birthYear", "1980", `{"profile":{"birthYear":1980}}`},
		"a number of the schema":           {"profile.birthYear", "1980", `{"profile":{"birthYear":1980}}`},
		"what should be one":               {"profile.birthYear", "old", `{"profile":{"birthYear":"old"}}`},
		"a text of the schema":             {"data.member", "4711", `{"data":{"member":"4711"}}`},
		"a text that looks like an object": {"data.json", `{"a":1}`, `{"data":{"json":"{\"a\":1}"}}`},
		"an integer of the schema":         {"data.visits", "12", `{"data":{"visits":12}}`},
		"a number by its looks":            {"data.points", "-1.5e3", `{"data":{"points":-1.5e3}}`},
		"zeros in front":                   {"data.code", "007", `{"data":{"code":"007"}}`},
		"a plus in front":                  {"data.phone", "+4912", `{"data":{"phone":"+4912"}}`},
		"more digits than a number keeps":  {"data.card", "1234567890123456789", `{"data":{"card":"1234567890123456789"}}`},
		"words of floating point":          {"data.x", "NaN", `{"data":{"x":"NaN"}}`},
		"hexadecimal":                      {"data.x", "0x10", `{"data":{"x":"0x10"}}`},
		"a boolean":                        {"data.vip", "TRUE", `{"data":{"vip":true}}`},
		"an array":                         {"data.tags", `["a","b"]`, `{"data":{"tags":["a","b"]}}`},
		"a broken array":                   {"data.tags", `["a"`, `{"data":{"tags":"[\"a\""}}`},
		"a password of digits":             {"password", "12345678", `{"password":"12345678"}`},
		"a password hash":                  {"password", `{"hash":"x"}`, `{"password":{"hash":"x"}}`},
		"a flag":                           {"isActive", "False", `{"isActive":false}`},
		"no flag":                          {"isActive", "0", `{"isActive":"0"}`},
		"a consent":                        {"preferences.terms.isConsentGranted", "true", `{"preferences":{"terms":{"isConsentGranted":true}}}`},
		"a formula":                        {"profile.firstName", "=1+1", `{"profile":{"firstName":"=1+1"}}`},
		"quotes, commas and line ends":     {"profile.firstName", "a\"b,\nc", `{"profile":{"firstName":"a\"b,\nc"}}`},
		"a field that is a blank":          {"profile.firstName", " ", `{"profile":{"firstName":" "}}`},
	} {
		t.Run(name, func(t *testing.T) {
			quoted := `"` + strings.ReplaceAll(test.field, `"`, `""`) + `"`
			r, err := transfer.NewCSV(strings.NewReader("\ufeffUID, "+test.column+"\nu,"+quoted+"\nu,\n"), s)
			if err != nil {
				t.Fatal(err)
			}
			got := rows(r)
			want := `2 {"UID":"u",` + test.want[1:]
			if len(got) != 2 || got[0] != want || !strings.HasSuffix(got[1], ` {"UID":"u"}`) {
				t.Errorf("got %s, want %s and a row with the UID alone", got, want)
			}
		})
	}
}

func TestAByteOrderMarkIsNoPartOfAQuotedName(t *testing.T) {
	r, err := transfer.NewCSV(strings.NewReader("\ufeff\"UID\",\"email\"\r\n\"u\",\"a@example.com\"\r\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`2 {"UID":"u","email":"a@example.com"}`}, rows(r)); diff != "" {
		t.Error(diff)
	}
}

func TestCSVRowsAreRefusedOneByOne(t *testing.T) {
	in := "email,profile.firstName\n" +
		"a,b,c\n" +
		"\"a\nb\",c\n" +
		"a,\"b\"c\n" +
		"a,b\"c\n" +
		"\xff,b\n" +
		"\n" +
		"e,f\n" +
		"a,\"never closed\nx,y\n"
	want := []string{
		"refused line 2: 3 fields, but the header has 2",
		`3 {"email":"a\nb","profile":{"firstName":"c"}}`,
		`refused line 5: extraneous or missing " in quoted-field (at line 5, byte 5)`,
		`refused line 6: bare " in non-quoted-field (at line 6, byte 4)`,
		"refused line 7: email: not UTF-8 text: convert the file to UTF-8",
		`9 {"email":"e","profile":{"firstName":"f"}}`,
		`refused line 10: extraneous or missing " in quoted-field (at line 11, byte 5)`,
	}
	r, err := transfer.NewCSV(strings.NewReader(in), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, rows(r)); diff != "" {
		t.Error(diff)
	}
}

func TestAnOpenQuoteDoesNotSwallowAHugeFile(t *testing.T) {
	huge := io.MultiReader(strings.NewReader("email\n\"open"), io.LimitReader(endless{}, 1<<40))
	r, err := transfer.NewCSV(huge, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := rows(r); len(got) != 1 || got[0] != "ended: the row behind line 1 is longer than 4194304 bytes: is the quote at the end of a field missing?" {
		t.Errorf("got %.200s", got)
	}
}

// endless gives lines without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "x\n"[i%2]
	}
	return len(p), nil
}

func TestCSVHeadersThatCannotBeMeantAreRefused(t *testing.T) {
	for name, test := range map[string]struct{ header, want string }{
		"nothing":              {"", "the file is empty"},
		"no name":              {"email,,UID", "column 2 has no name"},
		"a name twice":         {"email,UID, email", `two columns "email"`},
		"an unknown name":      {"email,shoesize", `column 2, "shoesize": there is no such member of an account`},
		"semicolons":           {"email;UID", "separated by commas"},
		"tabs":                 {"email\tUID", "separated by commas"},
		"a part of another":    {"email,data.a.b,data.a", `column "data.a.b" is a part of column "data.a"`},
		"an empty part":        {"profile..x", `"profile..x" is not a path`},
		"a deep path":          {"data" + strings.Repeat(".a", 40), "is not a path"},
		"UTF-16":               {"\xff\xfee\x00m\x00", "UTF-16 text: convert the file to UTF-8"},
		"a spreadsheet":        {"PK\x03\x04\x14\x00", noText},
		"UTF-16 unmarked":      {"e\x00m\x00", "UTF-16 text: convert the file to UTF-8"},
		"Latin-1":              {"email,data.stra\xdfe", "not UTF-8 text: convert the file to UTF-8"},
		"a member twice":       {"uid,email,UID", `two columns "UID", the 1. and the 3.: keep one of them`},
		"a path twice":         {"email,profile.city,Profile.city", `two columns "profile.city", the 2. and the 3.`},
		"parts in two letters": {"email,data,DATA.a", `column "data.a" is a part of column "data"`},
		"elements of an array": {"email,profile.education.0.school", `column 2, "profile.education.0.school": the elements of an array are no columns: put the array, as JSON, into a column "profile.education"`},
		"old line ends":        {"UID,email\ru,a@example.com\r", "its lines end with carriage returns alone"},
		"thousands of columns": {"email" + strings.Repeat(",x", 2000), "2001 columns"},
		"an open quote":        {`"email`, "reading the header"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := transfer.NewCSV(strings.NewReader(test.header), nil); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one that contains %q", err, test.want)
			}
		})
	}
}
