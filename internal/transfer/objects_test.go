package transfer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/transfer"
)

// dataRows is a data store as it is exported: every member of a type's schema, objects of accounts and of nobody, and one whose
// value another holds.
var dataRows = []string{
	`{"UID":"ann","created":"2020-01-01T00:00:00.000Z","isActive":true,"isRegistered":true,"isVerified":false}`,
	`{"dataType":"bare","created":"2021-02-03T04:05:06.789Z"}`,
	`{"dataType":"cards","created":"2021-02-03T04:05:06.789Z","schema":{"fields":{"n":{"type":"integer","writeAccess":"clientModify","required":true},` +
		`"owner.name":{"type":"string","format":"regex('[A-Z].*')"}},"unique":[["n"],["kind","owner.name"]],"learned":{"n":"integer","kind":"string","list":"long","owner.name":"string"},"retired":["old","older.still"]}}`,
	`{"dataObject":"cards","oid":"1","created":"2022-01-01T00:00:00.000Z","lastUpdated":"2023-01-01T00:00:00.000Z","data":{"n":1,"owner":{"name":"Ann"},"kind":"gold"}}`,
	`{"dataObject":"cards","oid":"1","UID":"ann","created":"2022-01-01T00:00:00.000Z","lastUpdated":"2022-01-01T00:00:00.000Z","duplicates":[0],"data":{"n":1,"list":[3,9007199254740993]}}`,
	`{"dataObject":"cards","oid":"zoë","created":"2022-01-01T00:00:00.000Z","lastUpdated":"2022-01-01T00:00:00.000Z","data":{"n":2}}`,
	`{"dataType":"closed","schema":{"dynamicSchema":false}}`,
	`{"dataObject":"closed","oid":"empty","created":"2022-01-01T00:00:00.000Z","lastUpdated":"2022-01-01T00:00:00.000Z","data":{}}`,
}

func TestAnImportedDataStoreIsExportedTheSame(t *testing.T) {
	x := newTarget(t, "")
	done, told, err := x.all(strings.Join(dataRows, "\n"), transfer.Run{})
	if err != nil || len(told) > 0 || done.Imported != int64(len(dataRows)) {
		t.Fatalf("%+v %q %v", done, told, err)
	}
	first := x.exported(transfer.Secrets)
	var objects []string
	for line := range strings.Lines(first) {
		if strings.HasPrefix(line, `{"data`) {
			objects = append(objects, strings.TrimSuffix(line, "\n"))
		}
	}
	want := slices.Clone(dataRows[1:])
	want[5] = `{"dataType":"closed","created":"2024-05-31T08:00:00.000Z","schema":{"dynamicSchema":false}}`
	if diff := cmp.Diff(want, objects); diff != "" {
		t.Error(diff)
	}
	to := newTarget(t, "")
	to.Clock = clock.NewFake(now.AddDate(7, 1, 1))
	if _, told, err := to.all(first, transfer.Run{}); err != nil || len(told) > 0 {
		t.Fatalf("%q %v", told, err)
	}
	if diff := cmp.Diff(strings.Split(first, "\n"), strings.Split(to.exported(transfer.Secrets), "\n")); diff != "" {
		t.Error(diff)
	}
	// The rules of uniqueness hold from then on, for those who hold their values.
	for oid, want := range map[string]int{"1": 2, "zoë": 1} {
		o, err := to.Store.DataObject(t.Context(), to.APIKey, "cards", store.DataKey{OID: oid})
		if err != nil || len(o.Unique) != want {
			t.Errorf("%s holds %d values, want %d (%v)", oid, len(o.Unique), want, err)
		}
	}
	if o, err := to.Store.DataObject(t.Context(), to.APIKey, "cards", store.DataKey{OID: "1", UID: "ann"}); err != nil || len(o.Unique) != 0 {
		t.Errorf("the duplicate holds %d values (%v)", len(o.Unique), err)
	}
}

// What was deleted for good is in no export, whatever the database still has of it.
func TestRetiredFieldsLeaveNoTrace(t *testing.T) {
	x := newTarget(t, "")
	err := x.Store.Change(t.Context(), func(tx store.Tx) error {
		text, err := schema.RetireFields([]byte(`{"learned":{"a":"long","b":"long"}}`), []string{"b"})
		if err != nil {
			return err
		}
		if err := tx.PutDataType(&store.DataType{Group: x.APIKey, Name: "t", Schema: text}); err != nil {
			return err
		}
		return tx.PutDataObject(&store.DataObject{Group: x.APIKey, Type: "t", OID: "o", Created: 1, LastUpdated: 1, Data: []byte(`{"a":1,"b":2}`)})
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := x.exported(transfer.Plain); !strings.HasSuffix(got, `"data":{"a":1}}`+"\n") {
		t.Errorf("exported\n%s", got)
	}
}

// A file from before the deletion replaces the schema, and brings nothing back.
func TestATypeThatIsReplacedKeepsWhatWasDeletedForGood(t *testing.T) {
	x := newTarget(t, "")
	const before = `{"dataType":"t","schema":{"fields":{"b":{"type":"long"}},"unique":[["b"]],"learned":{"a":"long","b":"long"}}}` + "\n" + `{"dataObject":"t","oid":"o","data":{"a":1,"b":2}}`
	if _, told, err := x.all(before, transfer.Run{}); err != nil || len(told) > 0 {
		t.Fatalf("%q %v", told, err)
	}
	err := x.Store.Change(t.Context(), func(tx store.Tx) error {
		kind, err := tx.DataType(x.APIKey, "t")
		if err != nil {
			return err
		}
		if kind.Schema, err = schema.RetireFields(kind.Schema, []string{"b"}); err != nil {
			return err
		}
		return tx.PutDataType(kind)
	})
	if err != nil {
		t.Fatal(err)
	}
	x.Upsert = true
	for _, row := range []string{strings.Split(before, "\n")[0], `{"dataType":"t"}`} {
		if _, told, err := x.all(row, transfer.Run{}); err != nil || len(told) > 0 {
			t.Fatalf("%q %v", told, err)
		}
		if got := x.exported(transfer.Plain); !strings.Contains(got, `"data":{"a":1}}`) || !strings.Contains(got, `"retired":["b"]`) || strings.Contains(got, `"b":`) || strings.Contains(got, "unique") {
			t.Errorf("after %s\n%s", row, got)
		}
	}
}

func TestManyObjectsAreExportedInPages(t *testing.T) {
	x := newTarget(t, "")
	var file strings.Builder
	for i := range 1001 {
		fmt.Fprintf(&file, `{"dataObject":"t","oid":"%04d","created":"2022-01-01T00:00:00.000Z","lastUpdated":"2022-01-01T00:00:00.000Z","data":{"n":%d}}`+"\n", i, i)
	}
	if _, told, err := x.all(file.String(), transfer.Run{}); err != nil || len(told) > 0 {
		t.Fatalf("%q %v", told, err)
	}
	_, objects, _ := strings.Cut(x.exported(transfer.Plain), "\n")
	if objects != file.String() {
		t.Errorf("%d lines of 1001", strings.Count(objects, "\n"))
	}
}

func TestRowsOfTheDataStoreThatAreRefused(t *testing.T) {
	x := newTarget(t, "")
	if _, told, err := x.all(strings.Join(dataRows, "\n"), transfer.Run{}); err != nil || len(told) > 0 {
		t.Fatalf("%q %v", told, err)
	}
	before := x.exported(transfer.Secrets)
	for name, test := range map[string]struct{ row, want string }{
		"a type of another schema":  {`{"dataType":"cards","schema":{"learned":{"n":"long"}}}`, "the type cards is there already, with another schema"},
		"a type without a name":     {`{"dataType":7}`, "dataType: want the name of a type"},
		"a name that is none":       {`{"dataType":"1 x"}`, "Invalid argument: type: want a letter, then letters, digits and underscores, at most 64"},
		"a schema that is none":     {`{"dataType":"t","schema":[]}`, "schema: want an object"},
		"an attribute that is none": {`{"dataType":"t","schema":{"fields":{"a":{"type":"x"}}}}`, "schema: Invalid argument: dataSchema.fields.a.type: must be "},
		"a learned type":            {`{"dataType":"t","schema":{"learned":{"a":"x"}}}`, "schema: the type of a must be "},
		"a learned name":            {`{"dataType":"t","schema":{"learned":{"__proto__":"long"}}}`, "schema: "},
		"a field below a field":     {`{"dataType":"t","schema":{"learned":{"a":"long","a.b":"long"}}}`, "schema: Schema validation failed: a is a field and cannot have a.b below it"},
		"a member of no schema":     {`{"dataType":"t","schema":{"x":1}}`, `schema: "x" is no member of a schema`},
		"a member of no type":       {`{"dataType":"t","oid":"1"}`, "oid: there is no such member of a type"},
		"an object without an oid":  {`{"dataObject":"cards","data":{"n":9}}`, "oid: is missing"},
		"without data":              {`{"dataObject":"cards","oid":"9"}`, "data: is missing"},
		"that is there":             {`{"dataObject":"cards","oid":"1","data":{"n":9}}`, "oid: there is an object with this oid already"},
		"of nobody":                 {`{"dataObject":"cards","oid":"9","UID":"nobody","data":{"n":9}}`, `UID: there is no account "nobody"`},
		"of another type":           {`{"dataObject":"cards","oid":"9","data":{"n":"x"}}`, "Schema validation failed: invalid type for field: n"},
		"of another form":           {`{"dataObject":"cards","oid":"9","data":{"n":9,"owner":{"name":"ann"}}}`, "Schema validation failed: invalid format for field: owner.name"},
		"of a retired field":        {`{"dataObject":"cards","oid":"9","data":{"n":9,"old":1}}`, "Schema validation failed: unknown field: old"},
		"of an unknown field":       {`{"dataObject":"closed","oid":"9","data":{"x":1}}`, "Schema validation failed: unknown field: x"},
		"of a value that is held":   {`{"dataObject":"cards","oid":"9","data":{"n":2}}`, "data: another object has a value that is unique"},
		"with a control character":  {`{"dataObject":"cards","oid":"\u0007","data":{"n":9}}`, "Invalid argument: oid: want at most 256 bytes of UTF-8 without control characters"},
		"with a time that is none":  {`{"dataObject":"cards","oid":"9","created":"x","data":{"n":9}}`, `created: "x" is not a time such as 2024-05-31T08:00:00Z`},
		"with duplicates by name":   {`{"dataObject":"cards","oid":"9","duplicates":["n"],"data":{"n":9}}`, "duplicates: want an array of places, from 0"},
		"with another member":       {`{"dataObject":"cards","oid":"9","x":1,"data":{"n":9}}`, "x: there is no such member of an object"},
		"that is too large":         {`{"dataObject":"bare","oid":"9","data":{"x":"` + strings.Repeat("x", 512<<10) + `"}}`, "Object too large: an object has at most 524288 bytes of data"},
	} {
		_, err := x.add(test.row)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	if diff := cmp.Diff(before, x.exported(transfer.Secrets)); diff != "" {
		t.Errorf("a refused row has changed something: %s", diff)
	}
	// One that fails with its transaction takes no other along.
	file := `{"dataObject":"cards","oid":"a","data":{"n":11}}` + "\n" + `{"dataObject":"cards","oid":"b","data":{"n":11}}` + "\n" + `{"dataObject":"cards","oid":"c","data":{"n":12}}`
	done, told, err := x.all(file, transfer.Run{})
	if err != nil || done.Imported != 2 || len(told) != 1 || told[0] != "line 2: data: another object has a value that is unique" {
		t.Errorf("%+v %q %v", done, told, err)
	}
	x.Upsert = true
	if _, told, err := x.all(`{"dataType":"cards","schema":{"learned":{"n":"integer"}}}`+"\n"+`{"dataObject":"cards","oid":"1","data":{"n":5}}`, transfer.Run{}); err != nil || len(told) > 0 {
		t.Errorf("%q %v", told, err)
	}
	if o, err := x.Store.DataObject(t.Context(), x.APIKey, "cards", store.DataKey{OID: "1"}); err != nil || string(o.Data) != `{"n":5}` {
		t.Errorf("changed to %s (%v)", o.Data, err)
	}
}
