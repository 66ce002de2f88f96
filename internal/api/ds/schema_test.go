package ds_test

import (
	"strings"
	"testing"
)

func TestASchemaIsMergedAndShown(t *testing.T) {
	h := newHouse(t)
	set := func(schema, want string) step {
		return step{nil, "ds.setSchema", p("type", "t", "dataSchema", schema), want}
	}
	shown := func(mode, want string) step {
		return step{nil, "ds.getSchema", p("type", "t", "mode", mode), `{"schema":` + want + `}`}
	}
	h.play([]step{
		shown("", `{"fields":{},"dynamicSchema":true}`),
		{nil, "ds.getTypes", nil, `{"types":[]}`},
		set(`{"fields":{"a":{"type":"string","format":"regex('[a-z]+')","subType":"x"},"n":{"writeAccess":"clientModify","type":"integer","languages":["ja"]}}}`, `{}`),
		set(`{"fields":{"a":{"writeAccess":"clientCreate","required":true},"gone":{"type":"text"}},"unique":["a",["n","a"],"a"]}`, `{}`),
		set(`{"fields":{"gone":null,"never":null}}`, `{}`),
		{nil, "gcs.setSchema", p("type", "t", "dataSchema", `{"dynamicSchema":false,"fields":{"n":{"languages":null}}}`), `{}`},
		shown("", `{"fields":{"a":{"type":"string","writeAccess":"clientCreate","format":"regex('[a-z]+')","required":true},`+
			`"n":{"type":"integer","writeAccess":"clientModify"}},"unique":["a",["a","n"]],"dynamicSchema":false}`),
		set(`{"fields":{"b":{}},"unique":[],"dynamicSchema":true}`, `{}`),
		{nil, "ds.store", p("type", "t", "oid", "1", "data", `{"a":"x","learned_d":"2020-01-01"}`), `{"oid":"1"}`},
		shown("full", `{"fields":{"a":{"type":"string","writeAccess":"clientCreate","format":"regex('[a-z]+')","required":true},`+
			`"n":{"type":"integer","writeAccess":"clientModify"},"b":{"writeAccess":"serverOnly"},"learned_d":{"type":"date","writeAccess":"serverOnly"}},"dynamicSchema":true}`),
		shown("explicitOnly", `{"fields":{"a":{"type":"string","writeAccess":"clientCreate","format":"regex('[a-z]+')","required":true},`+
			`"n":{"type":"integer","writeAccess":"clientModify"},"b":{}},"dynamicSchema":true}`),
		shown("clientOnly", `{"fields":{"a":{"type":"string","writeAccess":"clientCreate","format":"regex('[a-z]+')","required":true},`+
			`"n":{"type":"integer","writeAccess":"clientModify"}},"dynamicSchema":true}`),
		{nil, "ds.getSchema", p("type", "t", "mode", "all"), "400006 Invalid argument: mode: must be full, explicitOnly or clientOnly"},
		{nil, "ds.getSchema", nil, "400002 Missing required parameter : type"},
		{nil, "ds.getTypes", nil, `{"types":["t"]}`},
	})
}

func TestSchemasThatAreRefusedChangeNothing(t *testing.T) {
	const invalid, bad = "400020 Schema validation failed: ", "400006 Invalid argument: dataSchema"
	h := newHouse(t)
	h.call(server, "ds.setSchema", "type", "t", "dataSchema", `{"fields":{"a":{"type":"string","encrypt":"AES"},"free":{"type":"string"},"o.x":{"type":"long"}}}`)
	h.call(server, "ds.store", "type", "t", "oid", "1", "data", `{"a":"x","n":1}`)
	before := h.call(server, "ds.getSchema", "type", "t")
	for schema, want := range map[string]string{
		``:                                       "400002 Missing required parameter : dataSchema",
		`[]`:                                     bad + ": want a JSON object: offset 0: an object was expected",
		`{"fields":5}`:                           bad + ".fields: must be an object",
		`{"fields":{"a b":{}}}`:                  bad + ".fields.a b: names of fields begin with a letter and hold letters, digits and underscores",
		`{"fields":{"c":5}}`:                     bad + ".fields.c: must be an object",
		`{"fields":{"c":{"type":"number"}}}`:     bad + ".fields.c.type: must be one of integer, float, boolean, string, date, long, text, binary",
		`{"fields":{"c":{"writeAccess":"all"}}}`: bad + ".fields.c.writeAccess: must be one of serverOnly, clientCreate, clientModify",
		`{"fields":{"c":{"format":"[a-z]"}}}`:    bad + ".fields.c.format: must be regex('…') or true",
		`{"fields":{"c":{"languages":["a","b","c","d","e"]}}}`: bad + ".fields.c.languages: must be an array of at most 4 strings",
		`{"fields":{"c":{"encrypt":"DES"}}}`:                   bad + ".fields.c.encrypt: must be one of AES",
		`{"fields":{"c":{"required":"yes"}}}`:                  bad + ".fields.c.required: must be true or false",
		`{"dynamicSchema":"yes"}`:                              bad + ".dynamicSchema: must be true or false",
		`{"unique":"a"}`:                                       bad + ".unique: must be an array of at most 32 fields or arrays of fields",
		`{"unique":[5]}`:                                       bad + ".unique: must have fields or arrays of 1 to 8 fields",
		`{"unique":[[]]}`:                                      bad + ".unique: must have fields or arrays of 1 to 8 fields",
		`{"unique":["a b"]}`:                                   bad + ".unique: names of fields begin with a letter and hold letters, digits and underscores",
		`{"fields":{"a":{"type":"long"}}}`:                     invalid + "the field has held a value of type string, which cannot be changed: a",
		`{"fields":{"n":{"type":"string"},"free":null}}`:       invalid + "the field has held a value of type long, which cannot be changed: n",
		`{"fields":{"a":null}}`:                                invalid + "a field that has held a value is not removed by null; call ds.deleteSchemaFields: a",
		`{"fields":{"a":{"encrypt":null}}}`:                    invalid + "encryption cannot be undone: a",
		`{"fields":{"a":{"encrypt":""}}}`:                      invalid + "encryption cannot be undone: a",
		`{"fields":{"a.b":{"type":"long"}}}`:                   invalid + "a is a field and cannot have a.b below it",
		`{"fields":{"o":{"type":"long"}}}`:                     invalid + "o is a field and cannot have o.x below it",
		`{"fields":{"f1":{}` + manyFields(1000) + `}}`:         invalid + "a type has at most 1000 fields",
	} {
		h.play([]step{{nil, "ds.setSchema", p("type", "t", "dataSchema", schema), want}})
	}
	h.play([]step{
		{nil, "ds.getSchema", p("type", "t"), before},
		// What never held a value may be declared anew.
		{nil, "ds.setSchema", p("type", "t", "dataSchema", `{"fields":{"free":{"type":"long"},"n":{"type":"long"}}}`), `{}`},
	})
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`,"g` + strings.Repeat("x", i%50) + strings.Repeat("y", i/50) + `":{}`)
	}
	return b.String()
}

func TestDeclaredFieldsAreChecked(t *testing.T) {
	const invalid = "400020 Schema validation failed: "
	h := newHouse(t)
	h.call(server, "ds.setSchema", "type", "t", "dataSchema", `{"fields":{"code":{"type":"string","format":"regex('[A-Z]{2}')","required":true},
		"age":{"type":"integer","format":"regex('[0-9]{1,3}')"},"bytes":{"type":"binary"},"flag":{"type":"boolean","allowNull":false},"later_i":{"type":"string"},"o.x":{"type":"string"}},"dynamicSchema":false}`)
	store := func(data, want string) step {
		return step{nil, "ds.store", p("type", "t", "oid", "1", "data", data), want}
	}
	const ok = `{"oid":"1"}`
	h.play([]step{
		store(`{"age":5}`, invalid+"required field without a value: code"),
		store(`{"code":"abc"}`, invalid+"invalid format for field: code"),
		store(`{"code":"AB","age":1000}`, invalid+"invalid format for field: age"),
		store(`{"code":"AB","age":9223372036854775807}`, invalid+"invalid format for field: age"),
		store(`{"code":"AB","bytes":"not base64"}`, invalid+"invalid type for field: bytes"),
		store(`{"code":"AB","other":1}`, invalid+"unknown field: other"),
		store(`{"code":"AB","other":{"x":1}}`, invalid+"unknown field: other"),
		store(`{"code":"AB","o":{"y":1}}`, invalid+"unknown field: o.y"),
		store(`{"code":"AB","age":[5,6],"bytes":"aGVsbG8=","flag":true,"later_i":"a text","o":{"x":"y"}}`, ok),
		store(`{"code":null}`, invalid+"required field without a value: code"),
		store(`{"flag":null}`, invalid+"required field without a value: flag"),
		store(`{"age":null,"other":null}`, ok),
		{nil, "ds.store", p("type", "t", "oid", "1", "data", `{"age":1}`, "updateBehavior", "replace"), invalid + "required field without a value: code"},
		{nil, "ds.delete", p("type", "t", "oid", "1", "fields", "code"), invalid + "required field without a value: code"},
		{nil, "ds.delete", p("type", "t", "oid", "1"), `{}`},
	})
}

func TestATypeHasABoundedNumberOfFields(t *testing.T) {
	h := newHouse(t)
	h.play([]step{
		{nil, "ds.store", p("type", "t", "oid", "1", "data", `{"f":0`+strings.ReplaceAll(manyFields(999), "{}", "1")+`}`), `{"oid":"1"}`},
		{nil, "ds.store", p("type", "t", "oid", "2", "data", `{"another":1}`), "400020 Schema validation failed: a type has at most 1000 fields"},
		{nil, "ds.store", p("type", "t", "oid", "2", "data", `{"f":1}`), `{"oid":"2"}`},
	})
}

func TestFieldsAreRetiredForGood(t *testing.T) {
	const invalid = "400020 Schema validation failed: "
	h := newHouse(t)
	h.call(server, "ds.setSchema", "type", "t", "dataSchema", `{"fields":{"a":{"type":"string","writeAccess":"clientModify"},"b":{"writeAccess":"clientModify"}},"unique":["a",["a","n"]]}`)
	h.call(server, "ds.store", "type", "t", "oid", "1", "UID", "ann", "data", `{"a":"x","n":1,"o":{"p":1,"q":2},"list":[{"k":1,"l":2}]}`)
	retire := func(paths, want string) step {
		return step{nil, "ds.deleteSchemaFields", p("type", "t", "dataSchema", paths), want}
	}
	const noField = `400006 Invalid argument: dataSchema: there is no field "none"`
	h.play([]step{
		retire(`["a","none"]`, noField),
		retire(`{}`, "400006 Invalid argument: dataSchema: want a JSON array of paths"),
		retire(`[]`, "400006 Invalid argument: dataSchema: want a JSON array of paths"),
		retire(`[5]`, "400006 Invalid argument: dataSchema: want a JSON array of paths"),
		retire(``, "400002 Missing required parameter : dataSchema"),
		{nil, "ds.deleteSchemaFields", p("type", "unknown", "dataSchema", `["none"]`), noField},
		{nil, "ds.getTypes", nil, `{"types":["t"]}`},
		{nil, "gcs.deleteSchemaFields", p("type", "t", "dataSchema", `["a","o.p","list.k"]`), `{}`},
		retire(`["a"]`, `{}`),
		{nil, "ds.get", p("type", "t", "oid", "1", "UID", "ann", "fields", "a,o,list"), `{"oid":"1","UID":"ann","data":{"o":{"q":2},"list":[{"l":2}]},` + stamps},
		{nil, "ds.search", p("query", "SELECT * FROM t WHERE a IS NULL AND o.p IS NULL"), `{"results":[{"oid":"1","UID":"ann","data":{"n":1,"o":{"q":2},"list":[{"l":2}]},` + stamps + `],"objectsCount":1,"totalCount":1}`},
		{nil, "ds.search", p("query", `SELECT * FROM t WHERE a = "x"`), `{"results":[],"objectsCount":0,"totalCount":0}`},
		{nil, "ds.store", p("type", "t", "oid", "1", "UID", "ann", "data", `{"a":"y"}`), invalid + "unknown field: a"},
		{nil, "ds.store", p("type", "t", "oid", "1", "UID", "ann", "data", `{"a":{"b":1}}`), invalid + "unknown field: a"},
		{nil, "ds.store", p("type", "t", "oid", "1", "UID", "ann", "data", `{"list":[{"k":1}]}`), invalid + "unknown field: list.k"},
		{nil, "ds.setSchema", p("type", "t", "dataSchema", `{"fields":{"a":{"type":"string"}}}`), invalid + "the field was deleted for good: a"},
		{nil, "ds.setSchema", p("type", "t", "dataSchema", `{"fields":{"a.b":{"type":"string"}}}`), invalid + "the field was deleted for good: a.b"},
		{nil, "ds.setSchema", p("type", "t", "dataSchema", `{"unique":["a"]}`), invalid + "the field was deleted for good: a"},
		{nil, "ds.getSchema", p("type", "t"), `{"schema":{"fields":{"b":{"writeAccess":"clientModify"},"n":{"type":"long","writeAccess":"serverOnly"},` +
			`"o.q":{"type":"long","writeAccess":"serverOnly"},"list.l":{"type":"long","writeAccess":"serverOnly"}},"dynamicSchema":true}}`},
		// What is retired is in nobody's way, and goes with the next write.
		{ann, "ds.store", p("type", "t", "oid", "1", "data", `{"b":"x"}`), `{"oid":"1"}`},
		retire(`["o"]`, `{}`),
		{nil, "ds.get", p("type", "t", "oid", "1", "UID", "ann"), `{"oid":"1","UID":"ann","data":{"n":1,"list":[{"l":2}],"b":"x"},` + stamps},
	})
}
