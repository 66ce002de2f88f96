package schema_test

import (
	"encoding/json"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/schema"
)

func object(t *testing.T, text string) *document.Object {
	t.Helper()
	if text == "" {
		return nil
	}
	o, err := document.ParseObject([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return o
}

// set returns the schema of a site on which the changes were set.
func set(t *testing.T, changes string) *schema.Schema {
	t.Helper()
	stored, err := schema.Merge(nil, object(t, changes))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, stored)
}

func parse(t *testing.T, stored json.RawMessage) *schema.Schema {
	t.Helper()
	s, err := schema.Parse(stored)
	if err != nil {
		t.Fatalf("%s: %v", stored, err)
	}
	return s
}

// items writes validation items as "code message (field)".
func items(list []gigya.ValidationError) []string {
	var lines []string
	for _, e := range list {
		text, _ := json.Marshal(e.ErrorCode)
		lines = append(lines, string(text)+" "+e.Message+" ("+e.FieldName+")")
	}
	return lines
}

func denied(path, section string) string {
	return "400025 write access denied for field: " + path + " (" + section + "." + path + ")"
}

func wrongType(path, section string) string {
	return "400023 invalid type for field: " + path + " (" + section + "." + path + ")"
}

func unknown(path, section string) string {
	return "400024 unknown field: " + path + " (" + section + "." + path + ")"
}

func wrongFormat(path, section string) string {
	return "400026 invalid format for field: " + path + " (" + section + "." + path + ")"
}

func required(path, section string) string {
	return "400027 This field is required (" + section + "." + path + ")"
}

const (
	server = true
	client = false
)

func TestCheckProfile(t *testing.T) {
	const p = "profile"
	defaults := parse(t, nil)
	custom := set(t, `{"profileSchema":{"fields":{
		"firstName":{"required":true},"city":{"writeAccess":"clientCreate"},"work.title":{"writeAccess":"clientModify"},
		"phones.number":{"writeAccess":"clientCreate"},"phones.type":{"writeAccess":"clientModify"}}}}`)
	for _, c := range []struct {
		name            string
		schema          *schema.Schema
		patch, existing string
		server          bool
		want            []string
	}{
		{"nothing", defaults, ``, ``, client, nil},
		{"what clients may write", defaults, `{"email":"zoe@example.com","firstName":"Zoë","lastName":"","zip":"1","country":"DE","birthYear":1990}`, ``, client, nil},
		{"faults in the order of the patch", defaults, `{"city":"Köln","birthYear":"x"}`, ``, client, []string{denied("city", p), wrongType("birthYear", p)}},
		{"a server may write all", defaults, `{"city":"Köln","work":{"title":"x","isCurrent":true,"startDate":"2020-01-31"},"timezone":"UTC"}`, ``, server, nil},
		{"fields that are not there", defaults, `{"UID":"x","isActive":true,"nope":null,"work":{"nope":1}}`, ``, server, []string{unknown("UID", p), unknown("isActive", p), unknown("nope", p), unknown("work.nope", p)}},
		{"dotted names", defaults, `{"work.title":"x","profile.email":"x@example.com","work":{"a.b":1}}`, ``, server, []string{unknown("work.title", p), unknown("profile.email", p), unknown("work.a.b", p)}},
		{"names of JavaScript", defaults, `{"__proto__":{"x":1},"constructor":1}`, ``, server, []string{unknown("__proto__", p), unknown("constructor", p)}},
		{"confused types", defaults, `{"firstName":["Zoë"],"email":{"a":1},"work":"x","birthYear":1990.5,"zip":1,"lastName":true}`, ``, server,
			[]string{wrongType("firstName", p), wrongType("email", p), wrongType("work", p), wrongType("birthYear", p), wrongType("zip", p), wrongType("lastName", p)}},
		{"an e-mail address without a host", defaults, `{"email":"zoe@"}`, ``, client, []string{wrongFormat("email", p)}},
		{"an e-mail address that fits only in part", defaults, `{"email":"zoe@example.com\nBcc: x@example.com"}`, ``, client, []string{wrongFormat("email", p)}},
		{"gender", defaults, `{"gender":"f"}`, ``, server, nil},
		{"another gender", defaults, `{"gender":"female"}`, ``, server, []string{wrongFormat("gender", p)}},
		{"null clears", defaults, `{"firstName":null,"email":null}`, `{"firstName":"Zoë"}`, client, nil},
		{"null where clients may not write", defaults, `{"city":null}`, `{"city":"Köln"}`, client, []string{denied("city", p)}},
		{"a text that is very long", defaults, `{"firstName":"` + strings.Repeat("x", 16385) + `"}`, ``, client, []string{wrongFormat("firstName", p)}},
		{"one phone", defaults, `{"phones":{"number":"1","type":"home","default":true}}`, ``, server, nil},
		{"several phones", defaults, `{"phones":[{"number":"1","default":"true"},{"number":"2"}]}`, ``, server, nil},
		{"a phone that is a text", defaults, `{"phones":["1"]}`, ``, server, []string{wrongType("phones", p)}},
		{"a phone with a number that is none", defaults, `{"phones":[{"number":"1"},{"number":2}]}`, ``, server, []string{wrongType("phones.number", p)}},
		{"an old spelling", defaults, `{"specialties":"x"}`, ``, server, nil},
		{"an old spelling by a client", defaults, `{"specialties":"x"}`, ``, client, []string{denied("specialties", p)}},

		{"null for a required field", custom, `{"firstName":null}`, ``, server, []string{required("firstName", p)}},
		{"nothing for a required field", custom, `{"firstName":""}`, ``, client, []string{required("firstName", p)}},
		{"create while empty", custom, `{"city":"Köln"}`, `{"city":""}`, client, nil},
		{"create what is not there", custom, `{"city":"Köln"}`, ``, client, nil},
		{"create what is there", custom, `{"city":"Bonn"}`, `{"city":"Köln"}`, client, []string{denied("city", p)}},
		{"create the same again", custom, `{"city":"Köln"}`, `{"city":"Köln"}`, client, nil},
		{"clear what was created", custom, `{"city":null}`, `{"city":"Köln"}`, client, []string{denied("city", p)}},
		{"a server changes what was created", custom, `{"city":"Bonn"}`, `{"city":"Köln"}`, server, nil},
		{"an object that loses nothing", custom, `{"work":{"title":"x"}}`, `{"work":{"title":"y"}}`, client, nil},
		{"an object that would lose what clients may not write", custom, `{"work":{"title":"x"}}`, `{"work":{"title":"y","company":"z"}}`, client, []string{denied("work.company", p)}},
		{"an object that is cleared with what clients may not write", custom, `{"work":null}`, `{"work":{"title":"y","company":"z"}}`, client, []string{denied("work.company", p)}},
		{"a server replaces the object", custom, `{"work":{"title":"x"}}`, `{"work":{"title":"y","company":"z"}}`, server, nil},
		{"the same phones with another type", custom, `{"phones":[{"number":"1","type":"a"},{"number":"2","type":"b"}]}`, `{"phones":[{"number":"1"},{"number":"2"}]}`, client, nil},
		{"another phone", custom, `{"phones":[{"number":"3"}]}`, `{"phones":[{"number":"1"}]}`, client, []string{denied("phones.number", p)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := items(c.schema.CheckProfile(object(t, c.patch), object(t, c.existing), c.server))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckData(t *testing.T) {
	const d = "data"
	defaults := parse(t, nil)
	fields := `{"dataSchema":{"dynamicSchema":DYNAMIC,"fields":{
		"i":{"type":"integer","writeAccess":"clientModify"},"l":{"type":"long"},"f":{"type":"float"},"b":{"type":"boolean"},"d":{"type":"date"},
		"t":{"type":"text"},"s":{"type":"basic-string","allowNull":false,"writeAccess":"clientModify"},"ok":{"type":"boolean","format":true},
		"code":{"type":"string","format":"regex('[A-Z]{2}')","writeAccess":"clientCreate"},"must":{"type":"string","required":true},
		"car.make":{"type":"string","writeAccess":"clientModify"},"car.year":{"type":"integer"}}}}`
	fixed := set(t, strings.Replace(fields, "DYNAMIC", "false", 1))
	dynamic := set(t, strings.Replace(fields, "DYNAMIC", "true", 1))
	for _, c := range []struct {
		name            string
		schema          *schema.Schema
		patch, existing string
		server          bool
		want            []string
	}{
		{"nothing", defaults, ``, ``, client, nil},
		{"the default fields", defaults, `{"terms":true,"subscribe":false}`, ``, client, nil},
		{"new fields of a server", defaults, `{"tier":"gold","old":null,"a":{"b":[1,2]},"c.d":1,"e":[],"cars":[{"make":"x"},{"make":"y","year":1}]}`, ``, server, nil},
		{"new fields of a client", defaults, `{"tier":"gold","a":{"b":1},"old":null}`, ``, client, []string{unknown("tier", d), unknown("a", d), unknown("old", d)}},
		{"new fields in a fixed schema", fixed, `{"tier":"gold"}`, ``, server, []string{unknown("tier", d)}},
		{"names that no field can have", defaults, `{"__proto__":1,"constructor":1,"":1,"a..b":1,".a":1,"a b":1,"a'b":1,"x":{"__proto__":{"y":1}},"` + strings.Repeat("x", 257) + `":1}`, ``, server,
			[]string{unknown("__proto__", d), unknown("constructor", d), unknown("", d), unknown("a..b", d), unknown(".a", d), unknown("a b", d), unknown("a'b", d), unknown("x.__proto__", d),
				unknown(strings.Repeat("x", 256)+"…", d)}},
		{"new fields of no type", defaults, `{"a":[1,"x"],"b":[[1]],"c":[{"x":1},2],"e":[1,null],"g":1e999}`, ``, server, []string{wrongType("a", d), wrongType("b", d), wrongType("c", d), wrongType("e", d), wrongType("g", d)}},
		{"new fields that contradict each other", defaults, `{"a":1,"a.b":2,"c":[{"x":1},{"x":"y"}]}`, ``, server, []string{wrongType("c.x", d), wrongType("a.b", d)}},
		{"a dotted name through a field", defaults, `{"terms.x":1}`, ``, server, []string{wrongType("terms", d)}},
		{"a dotted name in an array", dynamic, `{"car":[{"make.x":"a"}],"new":[{"a.b":1}]}`, ``, server, []string{unknown("car.make.x", d), unknown("new.a.b", d)}},

		{"every type", fixed, `{"i":-2147483648,"l":9223372036854775807,"f":1.5e3,"b":false,"d":"2024-02-29T23:59:59.999Z","t":"x","s":"","ok":true}`, ``, server, nil},
		{"numbers that are too big", fixed, `{"i":2147483648,"l":9223372036854775808,"f":1e999}`, ``, server, []string{wrongType("i", d), wrongType("l", d), wrongType("f", d)}},
		{"other types", fixed, `{"i":1.0,"l":"1","f":"1.5","b":"true","d":"29.2.2024","t":1,"s":false}`, ``, server,
			[]string{wrongType("i", d), wrongType("l", d), wrongType("f", d), wrongType("b", d), wrongType("d", d), wrongType("t", d), wrongType("s", d)}},
		{"days that are none", fixed, `{"d":"2023-02-29"}`, ``, server, []string{wrongType("d", d)}},
		{"several dates", fixed, `{"d":["2024-02-29","2024-01-01T10:00:00","2024-01-01T10:00:00+02:00"]}`, ``, server, nil},
		{"arrays of a simple type", fixed, `{"i":[1,2],"s":["a"],"code":["AB","CD"]}`, ``, client, nil},
		{"arrays of another type", fixed, `{"i":[1,"2"],"s":[["a"]],"code":["AB","c"]}`, ``, client, []string{wrongType("i", d), wrongType("s", d), wrongFormat("code", d)}},
		{"a flag that must be true", fixed, `{"ok":false}`, ``, server, []string{wrongFormat("ok", d)}},
		{"a format is of the whole value", fixed, `{"code":"ABC"}`, ``, server, []string{wrongFormat("code", d)}},
		{"null where it is not allowed", fixed, `{"s":null}`, ``, client, []string{required("s", d)}},
		{"an empty array for a required field", fixed, `{"must":[]}`, ``, server, []string{required("must", d)}},
		{"what only servers may write", fixed, `{"l":1}`, ``, client, []string{denied("l", d)}},
		{"the type is not told to whom may not write", fixed, `{"l":"x"}`, ``, client, []string{denied("l", d)}},
		{"objects are merged", fixed, `{"car":{"make":"x"}}`, `{"car":{"year":2000}}`, client, nil},
		{"dotted names of fields", fixed, `{"car.make":"x","car.year":"y"}`, ``, server, []string{wrongType("car.year", d)}},
		{"an array in the place of an object loses fields", fixed, `{"car":[{"make":"x"}]}`, `{"car":{"year":2000}}`, client, []string{denied("car.year", d)}},
		{"a value in the place of an object", fixed, `{"car":"x"}`, ``, server, []string{wrongType("car", d)}},
		{"create once", fixed, `{"code":"AB"}`, `{"code":["CD"]}`, client, []string{denied("code", d)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			refused, _ := c.schema.CheckData(object(t, c.patch), object(t, c.existing), c.server)
			if diff := cmp.Diff(c.want, items(refused)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExtend(t *testing.T) {
	defaults := parse(t, nil)
	for _, c := range []struct{ name, patch, want string }{
		{"types from the values", `{"s":"x","n":1,"f":1.5,"big":9223372036854775808,"b":true,"a":[1,2.5],"none":null,"empty":[],"o":{"x":{"y":"z"}},"l":[{"m":1},{"k":"v"}]}`,
			`{"s":"string","n":"long","f":"float","big":"float","b":"boolean","a":"float","o.x.y":"string","l.m":"long","l.k":"string"}`},
		{"types from the names", `{"a_s":"x","b_t":"x","c_i":1,"d_d":"2024-01-01","e_d":1,"f_b":true}`,
			`{"a_s":"string","b_t":"text","c_i":"integer","d_d":"date","e_d":"float","f_b":"boolean"}`},
		{"names that the values contradict", `{"a_s":1,"b_i":"x","c_i":99999999999,"d_d":"x","e_b":1}`,
			`{"a_s":"long","b_i":"string","c_i":"long","d_d":"string","e_b":"long"}`},
		{"a long text", `{"a":"` + strings.Repeat("x", 20000) + `"}`, `{"a":"text"}`},
		{"fields that are there", `{"terms":true}`, ``},
		{"nothing that tells a type", `{"a":null,"b":[],"c":{}}`, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			refused, extends := defaults.CheckData(object(t, c.patch), nil, server)
			if refused != nil {
				t.Fatal(items(refused))
			}
			stored, changed, err := defaults.Extend(object(t, c.patch))
			if err != nil || changed != (c.want != "") || extends != changed {
				t.Fatalf("changed %v, as the check said %v, error %v", changed, extends, err)
			}
			if !changed {
				return
			}
			if want := `{"dynamicFields":` + c.want + `}`; string(stored) != want {
				t.Error(cmp.Diff(want, string(stored)))
			}
			extended := parse(t, stored)
			explicit, err := schema.Explicit(stored)
			if err != nil || strings.Contains(string(explicit), "dynamicFields") {
				t.Errorf("as files have it: %s, %v", explicit, err)
			}
			if said := parse(t, explicit); !object(t, string(said.Full())).Equal(object(t, string(extended.Full()))) {
				t.Errorf("by files another schema is in force: %s", said.Full())
			}
			if _, again, err := extended.Extend(object(t, c.patch)); again || err != nil {
				t.Errorf("a second time: changed %v, error %v", again, err)
			}
			if refused, extends := extended.CheckData(object(t, c.patch), nil, server); refused != nil || extends {
				t.Errorf("the check of the same: %v, new fields %v", items(refused), extends)
			}
		})
	}
	t.Run("a dynamic field is for servers and not among what was set", func(t *testing.T) {
		stored, _, err := defaults.Extend(object(t, `{"tier":"gold"}`))
		if err != nil {
			t.Fatal(err)
		}
		s := parse(t, stored)
		if got, _ := s.CheckData(object(t, `{"tier":"x"}`), nil, client); !cmp.Equal(items(got), []string{denied("tier", "data")}) {
			t.Error(items(got))
		}
		if got, _ := s.Section("dataSchema", schema.Full); !strings.Contains(string(got), `"tier":{"required":false,"type":"string","allowNull":true,"writeAccess":"serverOnly"}`) {
			t.Errorf("full %s", got)
		}
		if got, _ := s.Section("dataSchema", schema.ExplicitOnly); string(got) != `{"fields":{}}` {
			t.Errorf("explicit %s", got)
		}
		if !s.Has("data.tier") {
			t.Error("there is no data.tier")
		}
		for _, c := range []struct {
			change string
			code   gigya.Code
		}{
			{`{"dataSchema":{"fields":{"tier":{"type":"long"}}}}`, gigya.SchemaConflictError},
			{`{"dataSchema":{"fields":{"tier.x":{"type":"long"}}}}`, gigya.SchemaConflictError},
			{`{"dataSchema":{"fields":{"tier":null}}}`, gigya.InvalidParameterValue},
			{`{"dataSchema":{"fields":{"tier":{"type":"string","writeAccess":"clientModify"}}}}`, 0},
		} {
			if _, err := schema.Merge(stored, object(t, c.change)); code(err) != c.code {
				t.Errorf("%s: error %v, want %d", c.change, err, c.code)
			}
		}
	})
	t.Run("a fixed schema is not extended", func(t *testing.T) {
		s := set(t, `{"dataSchema":{"dynamicSchema":false}}`)
		if _, changed, err := s.Extend(object(t, `{"x":1}`)); changed || err != nil {
			t.Errorf("changed %v, error %v", changed, err)
		}
	})
	t.Run("no further than the limit", func(t *testing.T) {
		patch := &document.Object{}
		for i := range schema.MaxCustomFields {
			patch.Set("f"+string(rune('a'+i%26))+strings.Repeat("x", i/26), document.Int(1))
		}
		stored, _, err := defaults.Extend(patch)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err = parse(t, stored).Extend(object(t, `{"one":"more"}`)); code(err) != gigya.SchemaValidationFailed {
			t.Errorf("error %v, want 400020", err)
		}
	})
}

func TestMissing(t *testing.T) {
	s := set(t, `{"profileSchema":{"fields":{"lastName":{"required":true},"firstName":{"required":true},"phones.number":{"required":true}}},
		"dataSchema":{"fields":{"a.b":{"type":"boolean","required":true},"terms":{"required":true}}},
		"preferencesSchema":{"fields":{"terms.tos":{"type":"consent","required":true},"privacy":{"type":"consent"}}},
		"subscriptionsSchema":{"fields":{"news":{"email":{"type":"subscription","required":true}}}}}`)
	all := []string{"profile.firstName", "profile.lastName", "profile.phones.number", "data.terms", "data.a.b", "preferences.terms.tos.isConsentGranted"}
	for _, c := range []struct {
		name, profile, data, preferences string
		want                             []string
	}{
		{"nothing is there", ``, ``, ``, all},
		{"nothing has a value", `{"firstName":null,"lastName":"","phones":[]}`, `{"a":{"b":null},"terms":[]}`, `{"terms":{"tos":{"isConsentGranted":false}}}`, all},
		{"all is there", `{"firstName":"a","lastName":"b","phones":[{"type":"x"},{"number":"1"}]}`, `{"a":{"b":false},"terms":false}`, `{"terms":{"tos":{"isConsentGranted":true}}}`, nil},
		{"a consent under its flat name", `{"firstName":"a","lastName":"b","phones":{"number":"1"}}`, `{"a":{"b":true},"terms":true}`, `{"terms.tos":{"isConsentGranted":true}}`, nil},
		{"a consent that is not quite granted", `{"firstName":"a","lastName":"b","phones":{"number":"1"}}`, `{"a":{"b":true},"terms":true}`, `{"terms":{"tos":{"isConsentGranted":"true"},"isConsentGranted":true}}`,
			[]string{"preferences.terms.tos.isConsentGranted"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.Missing(object(t, c.profile), object(t, c.data), object(t, c.preferences))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := s.MissingSubscriptions(object(t, `{"news":{"email":{"isSubscribed":false}}}`)); !cmp.Equal(got, []string{"subscriptions.news.email.isSubscribed"}) {
		t.Error(got)
	}
	if got := s.MissingSubscriptions(object(t, `{"news":{"email":{"isSubscribed":true}}}`)); got != nil {
		t.Error(got)
	}
	if got := parse(t, nil).Missing(nil, nil, nil); got != nil {
		t.Errorf("of a new site: %v", got)
	}
	if got, want := schema.MissingDetails([]string{"profile.firstName", "preferences.terms.tos.isConsentGranted", "data.x"}),
		"Missing required fields for registration: firstName, preferences.terms.tos.isConsentGranted, data.x"; got != want {
		t.Errorf("details %q, want %q", got, want)
	}
}

func BenchmarkCheckProfile(b *testing.B) {
	s, err := schema.Parse(nil)
	if err != nil {
		b.Fatal(err)
	}
	patch, err := document.ParseObject([]byte(`{"email":"zoe@example.com","firstName":"Zoë","lastName":"Example","zip":"50667","birthYear":1990}`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if items := s.CheckProfile(patch, nil, client); items != nil {
			b.Fatal(items)
		}
	}
}

// A client may write a field of many elements again with the values that they have. Whether it does must not cost the
// square of their number: what is looked up for each is memory, too.
func TestCheckDataOfALongArrayIsQuick(t *testing.T) {
	s := set(t, `{"dataSchema":{"fields":{"items.n":{"type":"long","writeAccess":"clientCreate"}}}}`)
	text := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(`,{"n":1` + strconv.Itoa(i) + `}`)
		}
		return `{"items":[` + b.String()[1:] + `]}`
	}
	cost := func(n int) uint64 {
		patch, existing := object(t, text(n)), object(t, text(n))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, _ := s.CheckData(patch, existing, false)
		runtime.ReadMemStats(&after)
		if len(got) > 0 {
			t.Errorf("items %v", items(got)[:1])
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	if few, many := cost(500), cost(5_000); many > 20*few {
		t.Errorf("ten times as many elements take %d times as much memory", many/few)
	}
	all := text(1_000)
	other := strings.Replace(all, `{"n":10}`, `{"n":9}`, 1)
	if got, _ := s.CheckData(object(t, other), object(t, all), false); len(got) != 1 {
		t.Errorf("items %v, want one", items(got))
	}
}

func TestClientsOfLiteAccountsChangeWhatTheyMayCreateAndNoMore(t *testing.T) {
	s := set(t, `{"dataSchema":{"fields":{"made":{"writeAccess":"clientCreate"},"mine":{"writeAccess":"clientModify"},"ours":{"writeAccess":"serverOnly"}},"dynamicSchema":false}}`)
	before, patch := object(t, `{"made":"a","mine":"a","ours":"a"}`), object(t, `{"made":"b","mine":"b","ours":"b"}`)
	for _, c := range []struct {
		schema *schema.Schema
		want   []string
	}{{s, []string{denied("made", "data"), denied("ours", "data")}}, {s.OfLite(), []string{denied("ours", "data")}}} {
		refused, _ := c.schema.CheckData(patch, before, false)
		if diff := cmp.Diff(c.want, items(refused)); diff != "" {
			t.Error(diff)
		}
	}
}
