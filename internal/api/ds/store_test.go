package ds_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/store"
)

const stamps = `"created":1772446530123,"createdTime":"2026-03-02T10:15:30.123Z","lastUpdated":1772446530123,"lastUpdatedTime":"2026-03-02T10:15:30.123Z"}`

func TestAnObjectComesBackAsItWasStored(t *testing.T) {
	h := newHouse(t)
	h.play([]step{
		{nil, "ds.store", p("type", "photos", "oid", "1", "data", `{"name_s":"Zoë","n":12345678901234567,"f":1.50,"deep":{"er":[1,2]},"gone":null}`), `{"oid":"1"}`},
		{nil, "ds.get", p("type", "photos", "oid", "1"), `{"oid":"1","data":{"name_s":"Zoë","n":12345678901234567,"f":1.50,"deep":{"er":[1,2]}},` + stamps},
		{nil, "gcs.get", p("type", "photos", "oid", "1", "fields", "deep, data.n,none"), `{"oid":"1","data":{"deep":{"er":[1,2]},"n":12345678901234567},` + stamps},
		{nil, "ds.get", p("type", "photos", "oid", "1", "fields", "none"), `{"oid":"1","data":{},` + stamps},
		{nil, "ds.get", p("type", "photos", "oid", "1", "fields", "n,*"), `{"oid":"1","data":{"name_s":"Zoë","n":12345678901234567,"f":1.50,"deep":{"er":[1,2]}},` + stamps},
		{nil, "ds.store", p("type", "photos", "oid", "1", "UID", "ann", "data", `{}`), `{"oid":"1"}`},
		{nil, "ds.get", p("type", "photos", "oid", "1", "UID", "ann"), `{"oid":"1","UID":"ann","data":{},` + stamps},
		{nil, "ds.get", p("type", "Photos", "oid", "1"), `404000`},
		{nil, "ds.get", p("type", "photos", "oid", "1", "UID", "bob"), `404000`},
		{nil, "ds.get", p("type", "photos", "oid", "auto"), `404000`},
		{nil, "ds.getTypes", nil, `{"types":["photos"]}`},
	})
	h.clock.Advance(time.Minute)
	h.play([]step{
		{nil, "gcs.store", p("type", "photos", "oid", "1", "data", `{"f":2}`, "updateBehavior", "replace"), `{"oid":"1"}`},
		{nil, "ds.get", p("type", "photos", "oid", "1"), `{"oid":"1","data":{"f":2},"created":1772446530123,"createdTime":"2026-03-02T10:15:30.123Z",` +
			`"lastUpdated":1772446590123,"lastUpdatedTime":"2026-03-02T10:16:30.123Z"}`},
	})
}

func TestAutoMakesIdsThatDiffer(t *testing.T) {
	h := newHouse(t)
	first := field(h.call(server, "ds.store", "type", "t", "oid", "auto", "data", `{"n":1}`), "oid")
	second := field(h.call(server, "ds.store", "type", "t", "oid", "auto", "data", `{"n":2}`), "oid")
	if len(first) != 32 || first == second || h.data("t", first, "") != `{"n":1}` || h.data("t", second, "") != `{"n":2}` {
		t.Errorf("%s %s", first, second)
	}
}

func TestUpdateBehaviors(t *testing.T) {
	const stored = `{"a":[1],"o":{"x":1,"list":["p"]},"s":"old"}`
	for name, tt := range map[string]struct{ behavior, sent, want string }{
		"push is the default":              {"", `{"a":[2,1]}`, `{"a":[1,2,1],"o":{"x":1,"list":["p"]},"s":"old"}`},
		"push appends at every depth":      {"arrayPush", `{"o":{"list":["q"],"y":2}}`, `{"a":[1],"o":{"x":1,"list":["p","q"],"y":2},"s":"old"}`},
		"set replaces arrays":              {"arraySet", `{"a":[2],"o":{"list":[]}}`, `{"a":[2],"o":{"x":1,"list":[]},"s":"old"}`},
		"replace keeps what is sent":       {"replace", `{"s":"new"}`, `{"s":"new"}`},
		"replace with nothing":             {"replace", `{}`, `{}`},
		"nothing changes nothing":          {"", `{}`, stored},
		"null removes":                     {"", `{"s":null,"o":{"x":null},"a":null,"none":null}`, `{"o":{"list":["p"]}}`},
		"null in a replacement is nothing": {"replace", `{"s":null,"o":{"x":null}}`, `{"o":{}}`},
		"a value replaces an array":        {"", `{"a":5}`, `{"a":5,"o":{"x":1,"list":["p"]},"s":"old"}`},
		"an array replaces a value":        {"", `{"s":["new"]}`, `{"a":[1],"o":{"x":1,"list":["p"]},"s":["new"]}`},
		"dotted names":                     {"", `{"o.x":3,"o.deep.er":true}`, `{"a":[1],"o":{"x":3,"list":["p"],"deep":{"er":true}},"s":"old"}`},
		"arrays of objects are pushed":     {"", `{"objects":[{"k":1,"gone":null}]}`, `{"a":[1],"o":{"x":1,"list":["p"]},"s":"old","objects":[{"k":1}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.call(server, "ds.store", "type", "t", "oid", "1", "data", stored)
			params := p("type", "t", "oid", "1", "data", tt.sent, "updateBehavior", tt.behavior)
			h.play([]step{{nil, "ds.store", params, `{"oid":"1"}`}})
			if got := h.data("t", "1", ""); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestWhatCannotBeStored(t *testing.T) {
	long := strings.Repeat("x", 300)
	const invalid = "400020 Schema validation failed: "
	for name, tt := range map[string]struct{ kind, oid, uid, data, behavior, want string }{
		"no type":                  {"", "1", "", `{}`, "", "400002 Missing required parameter : type"},
		"no oid":                   {"t", "", "", `{}`, "", "400002 Missing required parameter : oid"},
		"no data":                  {"t", "1", "", ``, "", "400002 Missing required parameter : data"},
		"a type with a blank":      {"a b", "1", "", `{}`, "", "400006 Invalid argument: type: want a letter, then letters, digits and underscores, at most 64"},
		"a type with a digit":      {"1a", "1", "", `{}`, "", "400006 Invalid argument: type: want a letter, then letters, digits and underscores, at most 64"},
		"a long type":              {long, "1", "", `{}`, "", "400006 Invalid argument: type: want a letter, then letters, digits and underscores, at most 64"},
		"a type of other letters":  {"tÿpe", "1", "", `{}`, "", "400006 Invalid argument: type: want a letter, then letters, digits and underscores, at most 64"},
		"a long oid":               {"t", long, "", `{}`, "", "400006 Invalid argument: oid: want at most 256 bytes of UTF-8 without control characters"},
		"an oid with NUL":          {"t", "a\x00b", "", `{}`, "", "400006 Invalid argument: oid: want at most 256 bytes of UTF-8 without control characters"},
		"an oid that is no text":   {"t", "a\xff", "", `{}`, "", "400006 Invalid argument: oid: want at most 256 bytes of UTF-8 without control characters"},
		"an array":                 {"t", "1", "", `[]`, "", "400006 Invalid argument: data: want a JSON object: offset 0: an object was expected"},
		"no JSON":                  {"t", "1", "", `{"a":}`, "", "400006 Invalid argument: data: want a JSON object: offset 5: a value was expected"},
		"a name with a blank":      {"t", "1", "", `{"a b":1}`, "", "400006 Invalid argument: data: names of fields begin with a letter and hold letters, digits and underscores"},
		"a name with underscore":   {"t", "1", "", `{"__proto__":{"x":1}}`, "", "400006 Invalid argument: data: names of fields begin with a letter and hold letters, digits and underscores"},
		"a name of JavaScript":     {"t", "1", "", `{"a":[{"constructor":1}]}`, "", "400006 Invalid argument: data: constructor is no name of a field"},
		"an empty name":            {"t", "1", "", `{"a..b":1}`, "", "400006 Invalid argument: data: a name of a field is empty"},
		"too deep":                 {"t", "1", "", `{"a":` + strings.Repeat("[", 62) + strings.Repeat("]", 62) + `}`, "", "400006 Invalid argument: data: the object is nested too deep"},
		"too deep by dots":         {"t", "1", "", `{"a":[{"` + strings.Repeat("a.", 58) + `b":1}]}`, "", "400006 Invalid argument: data: the object is nested too deep"},
		"another behavior":         {"t", "1", "", `{}`, "push", "400006 Invalid argument: updateBehavior: must be arrayPush, arraySet or replace"},
		"nobody's UID":             {"t", "1", "nobody", `{}`, "", "403005"},
		"a pending account":        {"t", "1", "pending", `{}`, "", "403005"},
		"a mixed array":            {"t", "1", "", `{"a":[1,"x"]}`, "", invalid + "invalid type for field: a"},
		"objects and values":       {"t", "1", "", `{"a":[{"b":1},2]}`, "", invalid + "invalid type for field: a"},
		"values and objects":       {"t", "1", "", `{"a":[2,{"b":1}]}`, "", invalid + "invalid type for field: a"},
		"a field and fields below": {"t", "1", "", `{"a":[{"x":1},{"x":{"y":2}}]}`, "", invalid + "invalid type for field: a.x"},
		"a field and an object":    {"t", "1", "", `{"a":[{"x":1},{"x":{}}]}`, "", invalid + "invalid type for field: a.x"},
		"a suffix, another type":   {"t", "1", "", `{"n_i":"5"}`, "", invalid + "invalid type for field: n_i"},
		"a suffix, a fraction":     {"t", "1", "", `{"n_i":5.5}`, "", invalid + "invalid type for field: n_i"},
		"a suffix, no date":        {"t", "1", "", `{"n_d":"tomorrow"}`, "", invalid + "invalid type for field: n_d"},
		"a huge number":            {"t", "1", "", `{"n_f":1e999}`, "", invalid + "invalid type for field: n_f"},
		"a long path":              {"t", "1", "", `{"` + strings.Repeat("a", 200) + `":{"` + strings.Repeat("b", 100) + `":1}}`, "", invalid + "unknown field: " + strings.Repeat("a", 200) + "." + strings.Repeat("b", 55) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.play([]step{
				{nil, "ds.store", p("type", tt.kind, "oid", tt.oid, "UID", tt.uid, "data", tt.data, "updateBehavior", tt.behavior), tt.want},
				{nil, "ds.getTypes", nil, `{"types":[]}`},
			})
		})
	}
}

func TestAnObjectHasAtMost512KB(t *testing.T) {
	const tooLarge = "413003 Object too large: an object has at most 524288 bytes of data"
	h := newHouse(t)
	of := func(size int) string { return `{"a":["` + strings.Repeat("x", size-len(`{"a":[""]}`)) + `"]}` }
	h.play([]step{
		{nil, "ds.store", p("type", "t", "oid", "1", "data", of(512<<10+1)), tooLarge},
		{nil, "ds.store", p("type", "t", "oid", "1", "data", of(3<<20)), tooLarge},
		{nil, "ds.store", p("type", "t", "oid", "1", "data", strings.Repeat(" ", 1<<20)+of(512<<10)), `{"oid":"1"}`},
		{nil, "ds.store", p("type", "t", "oid", "1", "data", `{"a":["x"]}`), tooLarge},
		{nil, "ds.store", p("type", "t", "oid", "1", "data", `{"a":["x"]}`, "updateBehavior", "arraySet"), `{"oid":"1"}`},
	})
}

func TestAFieldKeepsTheTypeOfItsFirstValue(t *testing.T) {
	const invalid = "400020 Schema validation failed: invalid type for field: "
	h := newHouse(t)
	store := func(data, want string) step {
		return step{nil, "ds.store", p("type", "t", "oid", "1", "data", data), want}
	}
	const ok = `{"oid":"1"}`
	h.play([]step{
		store(`{"whole":5,"part":1.5,"flag":true,"text":"2020-01-01","numbers":[1,2.5],"day_d":"2020-01-01 10:00:00","nothing":null,"none":[],"o":{}}`, ok),
		store(`{"whole":5.5}`, invalid+"whole"),
		store(`{"whole":true}`, invalid+"whole"),
		store(`{"part":7,"flag":false,"text":"anything","numbers":[3.5],"day_d":"2021-01-01T00:00:00.5+02:00"}`, ok),
		store(`{"text":5}`, invalid+"text"),
		store(`{"flag":{"x":1}}`, invalid+"flag"),
		store(`{"nothing":"now","none":[1],"o":{"x":1}}`, ok),
		store(`{"o":5}`, invalid+"o"),
		store(`{"o":null}`, ok),
		{nil, "ds.getSchema", p("type", "t"), `{"schema":{"fields":{` +
			`"whole":{"type":"long","writeAccess":"serverOnly"},"part":{"type":"float","writeAccess":"serverOnly"},"flag":{"type":"boolean","writeAccess":"serverOnly"},` +
			`"text":{"type":"string","writeAccess":"serverOnly"},"numbers":{"type":"float","writeAccess":"serverOnly"},"day_d":{"type":"date","writeAccess":"serverOnly"},` +
			`"nothing":{"type":"string","writeAccess":"serverOnly"},"none":{"type":"long","writeAccess":"serverOnly"},"o.x":{"type":"long","writeAccess":"serverOnly"}},"dynamicSchema":true}}`},
		{nil, "ds.getSchema", p("type", "t", "mode", "explicitOnly"), `{"schema":{"fields":{},"dynamicSchema":true}}`},
	})
}

func TestDelete(t *testing.T) {
	h := newHouse(t)
	h.call(server, "ds.store", "type", "t", "oid", "1", "data", `{"a":1,"o":{"x":1,"y":2},"list":[{"k":1,"l":2},{"k":3}]}`)
	h.call(server, "ds.store", "type", "t", "oid", "1", "UID", "ann", "data", `{"a":2}`)
	h.clock.Advance(time.Second)
	h.play([]step{
		{nil, "ds.delete", p("type", "t", "oid", "1", "fields", "o.x,list.k,data.none,none.more"), `{}`},
		{nil, "ds.get", p("type", "t", "oid", "1"), `{"oid":"1","data":{"a":1,"o":{"y":2},"list":[{"l":2},{}]},"created":1772446530123,` +
			`"createdTime":"2026-03-02T10:15:30.123Z","lastUpdated":1772446531123,"lastUpdatedTime":"2026-03-02T10:15:31.123Z"}`},
		{nil, "ds.delete", p("type", "t", "oid", "1", "fields", "a,o,list"), `{}`},
		{nil, "ds.get", p("type", "t", "oid", "1", "fields", "*"), `{"oid":"1","data":{},"created":1772446530123,` +
			`"createdTime":"2026-03-02T10:15:30.123Z","lastUpdated":1772446531123,"lastUpdatedTime":"2026-03-02T10:15:31.123Z"}`},
		{nil, "ds.delete", p("type", "t", "oid", "1", "fields", "a b"), "400006 Invalid argument: fields: names of fields begin with a letter and hold letters, digits and underscores"},
		{nil, "ds.delete", p("type", "t", "oid", "1", "fields", "*"), `{}`},
		{nil, "ds.delete", p("type", "t", "oid", "1"), "404000"},
		{nil, "ds.delete", p("type", "t", "oid", "1", "fields", "a"), "404000"},
		{nil, "ds.delete", p("type", "t"), "400002 Missing required parameter : oid"},
		{nil, "ds.delete", p("oid", "1"), "400002 Missing required parameter : type"},
		{nil, "gcs.delete", p("type", "t", "oid", "1", "UID", "ann"), `{}`},
		{nil, "ds.search", p("query", "SELECT * FROM t"), `{"results":[],"objectsCount":0,"totalCount":0}`},
	})
}

func TestSessionsHaveObjectsOfTheirOwnAlone(t *testing.T) {
	const access = "400020 Schema validation failed: write access denied for field: "
	h := newHouse(t)
	h.call(server, "ds.setSchema", "type", "t", "dataSchema", `{"fields":{"mine":{"type":"string","writeAccess":"clientModify"},
		"once":{"type":"string","writeAccess":"clientCreate"},"theirs":{"type":"string"},"tags":{"type":"string","writeAccess":"clientCreate"},
		"list.text":{"type":"string","writeAccess":"clientModify"},"list.by":{"type":"string"}}}`)
	h.call(server, "ds.store", "type", "t", "oid", "free", "data", `{"mine":"x"}`)
	h.call(server, "ds.store", "type", "t", "oid", "1", "UID", "bob", "data", `{"mine":"bob's"}`)
	sent := func(data string) []string { return p("type", "t", "oid", "1", "data", data) }
	const ok = `{"oid":"1"}`
	h.play([]step{
		{public, "ds.store", sent(`{}`), "403007"},
		{public, "ds.get", p("type", "t", "oid", "free"), "403007"},
		{public, "ds.delete", p("type", "t", "oid", "free"), "403007"},
		{ann, "ds.get", p("type", "t", "oid", "free"), "404000"},
		{ann, "ds.get", p("type", "t", "oid", "1", "UID", "bob"), "403005"},
		{ann, "ds.store", p("type", "t", "oid", "1", "UID", "bob", "data", `{"mine":"x"}`), "403005"},
		{ann, "ds.delete", p("type", "t", "oid", "1", "UID", "bob"), "403005"},
		{ann, "ds.delete", p("type", "t", "oid", "1"), "404000"},
		{ann, "ds.store", sent(`{"mine":"a","once":"b","tags":["t"]}`), ok},
		{ann, "ds.get", p("type", "t", "oid", "1", "fields", "mine,once,tags"), `{"oid":"1","UID":"ann","data":{"mine":"a","once":"b","tags":["t"]},` + stamps},
		{ann, "ds.store", sent(`{"mine":"c","once":"b"}`), ok},
		{ann, "ds.store", sent(`{"once":"other"}`), access + "once"},
		{ann, "ds.store", sent(`{"once":null}`), access + "once"},
		{ann, "ds.store", sent(`{"tags":["u"]}`), access + "tags"},
		{ann, "ds.store", sent(`{"theirs":"x"}`), access + "theirs"},
		{ann, "ds.store", sent(`{"theirs":null}`), access + "theirs"},
		{ann, "ds.store", sent(`{"new":"x"}`), access + "new"},
		{ann, "ds.store", sent(`{"new":{"below":"x"}}`), access + "new"},
		{ann, "ds.store", sent(`{"new":[]}`), access + "new"},
		{ann, "ds.store", p("type", "t", "oid", "1", "data", `{"mine":"d"}`, "updateBehavior", "replace"), access + "once"},
		{ann, "ds.delete", p("type", "t", "oid", "1"), access + "once"},
		{ann, "ds.delete", p("type", "t", "oid", "1", "fields", "once"), access + "once"},
		{ann, "ds.delete", p("type", "t", "oid", "1", "fields", "mine"), `{}`},
		// Elements of arrays are the client's where their fields are.
		{nil, "ds.store", p("type", "t", "oid", "1", "UID", "ann", "data", `{"list":[{"text":"a","by":"us"}]}`), ok},
		{ann, "ds.store", sent(`{"list":[{"text":"b"}]}`), ok},
		{ann, "ds.store", sent(`{"list":[{"text":"b","by":"me"}]}`), access + "list.by"},
		{ann, "ds.store", p("type", "t", "oid", "1", "data", `{"list":[{"text":"b"}]}`, "updateBehavior", "arraySet"), access + "list.by"},
		{ann, "ds.store", sent(`{"list":null}`), access + "list.by"},
		{ann, "ds.get", p("type", "t", "oid", "1", "fields", "list"), `{"oid":"1","UID":"ann","data":{"list":[{"text":"a","by":"us"},{"text":"b"}]},` + stamps},
		{nil, "ds.store", p("type", "t", "oid", "3", "UID", "ann", "data", `{"mark":[],"empty":{}}`), `{"oid":"3"}`},
		{ann, "ds.store", p("type", "t", "oid", "3", "data", `{"mine":"x"}`, "updateBehavior", "replace"), access + "mark"},
		{ann, "ds.delete", p("type", "t", "oid", "3", "fields", "empty"), access + "empty"},
		{ann, "ds.store", p("type", "t", "oid", "2", "data", `{"mine":"all of it"}`), `{"oid":"2"}`},
		{ann, "ds.delete", p("type", "t", "oid", "2"), `{}`},
		{bob, "ds.get", p("type", "t", "oid", "1", "fields", "mine"), `{"oid":"1","UID":"bob","data":{"mine":"bob's"},` + stamps},
		// What is for servers alone.
		{ann, "ds.getSchema", p("type", "t"), "403007"},
		{ann, "ds.setSchema", p("type", "t", "dataSchema", `{}`), "403007"},
		{ann, "ds.getTypes", nil, "403007"},
		{ann, "ds.deleteSchemaFields", p("type", "t", "dataSchema", `["mine"]`), "403007"},
	})
}

func TestSitesDoNotShareObjects(t *testing.T) {
	h := newHouse(t)
	h.call(server, "ds.store", "type", "t", "oid", "1", "data", `{"a":1}`)
	for _, tt := range [][]string{{"ds.get", "type", "t", "oid", "1"}, {"ds.delete", "type", "t", "oid", "1"}} {
		if got, err := h.try(otherKey, server, tt[0], tt[1:]...); got != "404000" || err != nil {
			t.Errorf("%s: %s, %v", tt[0], got, err)
		}
	}
	for name, want := range map[string]string{"ds.getTypes": `{"types":[]}`, "ds.search": `{"results":[],"objectsCount":0,"totalCount":0}`} {
		if got, err := h.try(otherKey, server, name, "query", "SELECT * FROM t"); got != want || err != nil {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestWritesAtOnceLoseNothing(t *testing.T) {
	h := newHouse(t)
	const writers = 24
	var running sync.WaitGroup
	answers := make([]string, writers)
	failures := make([]error, writers)
	for i := range writers {
		running.Go(func() {
			answers[i], failures[i] = h.try(testKey, server, "ds.store", "type", "t", "oid", "1",
				"data", fmt.Sprintf(`{"list":[%d],"f%d":%d}`, i, i, i))
		})
	}
	running.Wait()
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
	for i := range writers {
		if answers[i] != `{"oid":"1"}` || !strings.Contains(h.data("t", "1", ""), fmt.Sprintf(`"f%d":%d`, i, i)) {
			t.Errorf("%d: %s", i, answers[i])
		}
	}
	if n := strings.Count(field(h.data("t", "1", ""), "list"), ","); n != writers-1 {
		t.Errorf("%d commas", n)
	}
	if n := strings.Count(h.call(server, "ds.getSchema", "type", "t"), `"long"`); n != writers+1 {
		t.Errorf("%d fields were learned", n)
	}
}

func TestUniqueValues(t *testing.T) {
	const taken = "400022"
	h := newHouse(t)
	put := func(oid, data, want string) step {
		return step{nil, "ds.store", p("type", "t", "oid", oid, "data", data), want}
	}
	h.call(server, "ds.store", "type", "t", "oid", "old1", "data", `{"code":"same"}`)
	h.call(server, "ds.store", "type", "t", "oid", "old2", "data", `{"code":"same"}`)
	h.play([]step{
		{nil, "ds.setSchema", p("type", "t", "dataSchema", `{"unique":["code",["n","day_d"]]}`), `{}`},
		// Duplicates that are older than the rule stay, and may be changed otherwise.
		put("old1", `{"x":1}`, `{"oid":"old1"}`),
		put("old2", `{"x":1}`, `{"oid":"old2"}`),
		put("a", `{"code":"A"}`, `{"oid":"a"}`),
		put("b", `{"code":"A"}`, taken),
		put("b", `{"code":"a"}`, `{"oid":"b"}`),
		put("b", `{"code":"A"}`, taken),
		put("a", `{"code":"B"}`, `{"oid":"a"}`),
		put("b", `{"code":"A"}`, `{"oid":"b"}`),
		put("c", `{"n":1,"day_d":"2020-01-01"}`, `{"oid":"c"}`),
		put("d", `{"n":1.0,"day_d":"2020-01-01T02:00:00+02:00"}`, "400020 Schema validation failed: invalid type for field: n"),
		put("d", `{"n":1,"day_d":"2020-01-01T02:00:00+02:00"}`, taken),
		put("d", `{"n":1}`, `{"oid":"d"}`),
		put("e", `{"n":1}`, `{"oid":"e"}`),
		put("e", `{"code":["x"]}`, "400020 Schema validation failed: a field of a unique constraint holds one value alone: code"),
		{nil, "ds.store", p("type", "t", "oid", "a", "UID", "ann", "data", `{"code":"B"}`), taken},
		{nil, "ds.store", p("type", "other", "oid", "a", "data", `{"code":"B"}`), `{"oid":"a"}`},
		{nil, "ds.delete", p("type", "t", "oid", "a", "fields", "code"), `{}`},
		{nil, "ds.store", p("type", "t", "oid", "a", "UID", "ann", "data", `{"code":"B"}`), `{"oid":"a"}`},
		{nil, "ds.delete", p("type", "t", "oid", "c"), `{}`},
		put("d", `{"day_d":"2020-01-01"}`, `{"oid":"d"}`),
	})
	h.change(func(tx store.Tx) error { return tx.DeleteAccount(testKey, "ann") })
	h.play([]step{
		put("z", `{"code":"B"}`, `{"oid":"z"}`),
		{nil, "ds.get", p("type", "t", "oid", "a", "UID", "ann"), "404000"},
	})
}
