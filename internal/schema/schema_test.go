package schema_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/schema"
)

// code returns the code of a *gigya.Error, 0 of nil, -1 of any other error.
func code(err error) gigya.Code {
	var e *gigya.Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e):
		return e.Code
	}
	return -1
}

func TestParse(t *testing.T) {
	t.Run("of nothing gives the default document in its order", func(t *testing.T) {
		text, err := os.ReadFile("defaults.json")
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := json.Compact(&want, text); err != nil {
			t.Fatal(err)
		}
		for _, stored := range []string{"", "{}"} {
			if diff := cmp.Diff(want.String(), string(parse(t, json.RawMessage(stored)).Full())); diff != "" {
				t.Error(diff)
			}
		}
	})
	t.Run("refuses what is no schema", func(t *testing.T) {
		for _, text := range []string{"[]", "{", `{"dataSchema":{"fields":{"a":{"format":"x"}}}}`} {
			if _, err := schema.Parse(json.RawMessage(text)); err == nil {
				t.Errorf("%s was accepted", text)
			}
		}
	})
}

func TestSection(t *testing.T) {
	s := set(t, `{"profileSchema":{"fields":{"city":{"writeAccess":"clientModify","required":true}}},
		"dataSchema":{"fields":{"x":{"writeAccess":"clientCreate","type":"string","format":"regex('a|b')","tags":["t"],"subType":"phone"},"y":{"type":"long"}},"dynamicSchema":false},
		"internalSchema":{"fields":{"score":{"type":"float"}}},
		"subscriptionsSchema":{"fields":{"news":{"email":{"doubleOptIn":true,"type":"subscription"}}}},
		"addressesSchema":{"fields":{"work":{"street":{"type":"string","encrypt":"AES","writeAccess":"clientModify"},"metadata.place":{"type":"string"}}}},
		"preferencesSchema":{"fields":{"terms.tos":{"type":"consent","required":true,"currentDocVersion":2.0}}}}`)
	for _, c := range []struct {
		name   string
		filter schema.Filter
		want   string
	}{
		{"dataSchema", schema.Full, `{"fields":{"terms":{"required":false,"type":"boolean","allowNull":true,"writeAccess":"clientModify"},"subscribe":{"required":false,"type":"boolean","allowNull":true,"writeAccess":"clientModify"},` +
			`"x":{"required":false,"format":"regex('a|b')","type":"string","allowNull":true,"writeAccess":"clientCreate","tags":["t"]},"y":{"required":false,"type":"long","allowNull":true,"writeAccess":"serverOnly"}},"dynamicSchema":false}`},
		{"dataSchema", schema.ExplicitOnly, `{"fields":{"x":{"format":"regex('a|b')","type":"string","writeAccess":"clientCreate","tags":["t"]},"y":{"type":"long"}},"dynamicSchema":false}`},
		{"dataSchema", schema.ClientOnly, `{"fields":{"terms":{"required":false,"type":"boolean","writeAccess":"clientModify"},"subscribe":{"required":false,"type":"boolean","writeAccess":"clientModify"},` +
			`"x":{"required":false,"format":"regex('a|b')","type":"string","writeAccess":"clientCreate"}},"dynamicSchema":false}`},
		{"profileSchema", schema.ExplicitOnly, `{"fields":{"city":{"required":true,"writeAccess":"clientModify"}}}`},
		{"internalSchema", schema.Full, `{"fields":{"score":{"required":false,"type":"float","allowNull":true,"writeAccess":"serverOnly"}},"dynamicSchema":false}`},
		{"subscriptionsSchema", schema.Full, `{"fields":{"news":{"email":{"type":"subscription","required":false,"doubleOptIn":true,"writeAccess":"clientModify"}}}}`},
		{"subscriptionsSchema", schema.ClientOnly, `{"fields":{"news":{"email":{"type":"subscription","required":false,"writeAccess":"clientModify"}}}}`},
		{"addressesSchema", schema.ExplicitOnly, `{"fields":{"work":{"street":{"type":"string","writeAccess":"clientModify","encrypt":"AES"},"metadata.place":{"type":"string"}}}}`},
		{"addressesSchema", schema.ClientOnly, `{"fields":{"work":{"street":{"required":false,"type":"string","writeAccess":"clientModify"}}}}`},
		{"preferencesSchema", schema.Full, `{"fields":{"terms.tos":{"type":"consent","format":"true","required":true,"writeAccess":"clientModify","currentDocVersion":2.0}}}`},
	} {
		got, ok := s.Section(c.name, c.filter)
		if diff := cmp.Diff(c.want, string(got)); !ok || diff != "" {
			t.Errorf("%s, filter %d: %s", c.name, c.filter, diff)
		}
	}
	profile, _ := parse(t, nil).Section("profileSchema", schema.ClientOnly)
	if got := object(t, string(profile)); !cmp.Equal(names(got), []string{"birthYear", "country", "email", "firstName", "lastName", "zip"}) {
		t.Errorf("profile fields for clients: %v", names(got))
	}
	if got, ok := s.Section("internalSchema", schema.ClientOnly); ok {
		t.Errorf("the internal schema for clients: %s", got)
	}
	if got, ok := s.Section("nope", schema.Full); ok {
		t.Errorf("a section that is not there: %s", got)
	}
	if !s.SubscriptionsDefined() || parse(t, nil).SubscriptionsDefined() {
		t.Error("subscriptions: a new site has none, this site one")
	}
	if got := strings.Join(schema.SectionNames(), " "); got != "profileSchema dataSchema subscriptionsSchema preferencesSchema internalSchema addressesSchema" {
		t.Error(got)
	}
}

func names(section *document.Object) []string {
	v, _ := section.Get("fields")
	return v.Object().Names()
}

func TestParseFilter(t *testing.T) {
	for text, want := range map[string]schema.Filter{"": schema.Full, "full": schema.Full, "explicitOnly": schema.ExplicitOnly, "clientOnly": schema.ClientOnly} {
		if got, ok := schema.ParseFilter(text); got != want || !ok {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
	if _, ok := schema.ParseFilter("Full"); ok {
		t.Error("Full was accepted")
	}
}

func TestHas(t *testing.T) {
	s := parse(t, nil)
	for path, want := range map[string]bool{"profile.firstName": true, "profile.work": true, "profile.work.title": true, "profile": true, "data": true,
		"data.terms": true, "data.x": false, "profile.firstName.x": false, "profile.": false, "firstName": false, "": false, "internal.x": false} {
		if got := s.Has(path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}

func TestMerge(t *testing.T) {
	const x = `{"dataSchema":{"fields":{"x":{"required":true,"type":"string","encrypt":"AES"}}}}`
	for _, c := range []struct{ name, stored, changes, want string }{
		{"nothing", ``, `{}`, `{}`},
		{"stray members", ``, `{"include":{"a":1},"dataSchema":null}`, `{}`},
		{"nothing changes what is there", x, `{}`, x},
		{"attributes in the order of the table", ``, `{"dataSchema":{"fields":{"b":{"writeAccess":"clientModify","arrayOp":"push","type":"date","required":false},"a":{}}}}`,
			`{"dataSchema":{"fields":{"b":{"required":false,"type":"date","writeAccess":"clientModify","arrayOp":"push"},"a":{}}}}`},
		{"only what is sent changes", x, `{"dataSchema":{"fields":{"x":{"required":false,"allowNull":false},"y":{"type":"long"}}}}`,
			`{"dataSchema":{"fields":{"x":{"required":false,"type":"string","allowNull":false,"encrypt":"AES"},"y":{"type":"long"}}}}`},
		{"null resets an attribute", x, `{"dataSchema":{"fields":{"x":{"required":null}}}}`, `{"dataSchema":{"fields":{"x":{"type":"string","encrypt":"AES"}}}}`},
		{"null removes a field without a type", `{"dataSchema":{"fields":{"a":{"required":true}}}}`, `{"dataSchema":{"fields":{"a":null,"b":null}}}`, `{}`},
		{"a field gets its type later", `{"dataSchema":{"fields":{"a":{"required":true}}}}`, `{"dataSchema":{"fields":{"a":{"type":"long"}}}}`, `{"dataSchema":{"fields":{"a":{"required":true,"type":"long"}}}}`},
		{"attributes that are not known", ``, `{"dataSchema":{"fields":{"a":{"type":"string","subType":"phone","new":{"x":1}}},"new":1}}`, `{"dataSchema":{"fields":{"a":{"type":"string"}}}}`},
		{"the dynamic switch", ``, `{"dataSchema":{"dynamicSchema":false}}`, `{"dataSchema":{"fields":{},"dynamicSchema":false}}`},
		{"the dynamic switch goes back", `{"dataSchema":{"fields":{},"dynamicSchema":false}}`, `{"dataSchema":{"dynamicSchema":null}}`, `{}`},
		{"formats", ``, `{"dataSchema":{"fields":{"a":{"type":"boolean","format":true},"b":{"type":"boolean","format":"true"},"c":{"type":"string","format":null},"d":{"format":"regex('^(?=.*x)y\\\\d$')"}}}}`,
			`{"dataSchema":{"fields":{"a":{"format":true,"type":"boolean"},"b":{"format":"true","type":"boolean"},"c":{"type":"string"},"d":{"format":"regex('^(?=.*x)y\\\\d$')"}}}}`},
		{"what clients copy of profile fields", ``, `{"profileSchema":{"fields":{"email":{"required":true,"type":"string","writeAccess":"clientModify","encrypt":"AES"},"gender":{"type":"string","encrypt":"AES"}}}}`,
			`{"profileSchema":{"fields":{"email":{"required":true,"writeAccess":"clientModify"}}}}`},
		{"languages of a profile field", ``, `{"profileSchema":{"fields":{"zip":{"languages":["en"],"required":true}}}}`, `{"profileSchema":{"fields":{"zip":{"required":true,"languages":["en"]}}}}`},
		{"a newsletter", ``, `{"subscriptionsSchema":{"fields":{"news":{"email":{"type":"subscription","required":false,"doubleOptIn":true,"description":"d","enableConditionalDoubleOptIn":true,"relatedConsentIds":["a"]}}}}}`,
			`{"subscriptionsSchema":{"fields":{"news":{"email":{"type":"subscription","required":false,"doubleOptIn":true,"description":"d","enableConditionalDoubleOptIn":true,"relatedConsentIds":["a"]}}}}}`},
		{"a newsletter without a type is removed", `{"subscriptionsSchema":{"fields":{"news":{"email":{"required":false}}}}}`, `{"subscriptionsSchema":{"fields":{"news":{"email":null}}}}`, `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := schema.Merge(json.RawMessage(c.stored), object(t, c.changes))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Error(diff)
			}
			parse(t, got)
		})
	}
}

func TestMergeRefuses(t *testing.T) {
	const stored = `{"dataSchema":{"fields":{"x":{"type":"string","encrypt":"AES"},"a.b":{"type":"long"},"old":{"required":false}}}}`
	long := strings.Repeat("a", 300)
	for _, c := range []struct {
		name, changes string
		code          gigya.Code
		path          string
	}{
		{"a section that is no object", `{"dataSchema":[]}`, 400006, "dataSchema"},
		{"fields that are no object", `{"dataSchema":{"fields":1}}`, 400006, "dataSchema.fields"},
		{"a field that is no object", `{"dataSchema":{"fields":{"y":true}}}`, 400006, "dataSchema.fields.y"},
		{"a switch that is none", `{"dataSchema":{"dynamicSchema":"true"}}`, 400006, "dataSchema.dynamicSchema"},
		{"an unknown type", `{"dataSchema":{"fields":{"y":{"type":"String"}}}}`, 400006, "dataSchema.fields.y.type"},
		{"an unknown access", `{"dataSchema":{"fields":{"y":{"writeAccess":"all"}}}}`, 400006, "dataSchema.fields.y.writeAccess"},
		{"a flag that is a string", `{"dataSchema":{"fields":{"y":{"required":"true"}}}}`, 400006, "dataSchema.fields.y.required"},
		{"a format that is none", `{"dataSchema":{"fields":{"y":{"format":"[a-z]"}}}}`, 400006, "dataSchema.fields.y.format"},
		{"an expression that does not compile", `{"dataSchema":{"fields":{"y":{"format":"regex('(')"}}}}`, 400006, "dataSchema.fields.y.format"},
		{"an expression that cannot be run", `{"dataSchema":{"fields":{"y":{"format":"regex('a(?=b)')"}}}}`, 400006, "dataSchema.fields.y.format"},
		{"an expression for a boolean", `{"dataSchema":{"fields":{"y":{"type":"boolean","format":"regex('a')"}}}}`, 400006, "dataSchema.fields.y.format"},
		{"true for a text", `{"dataSchema":{"fields":{"y":{"type":"string","format":true}}}}`, 400006, "dataSchema.fields.y.format"},
		{"tags that are no strings", `{"dataSchema":{"fields":{"y":{"tags":[1]}}}}`, 400006, "dataSchema.fields.y.tags"},
		{"a name with a blank", `{"dataSchema":{"fields":{"a b":{"type":"long"}}}}`, 400006, "dataSchema.fields.a b"},
		{"a name with an empty part", `{"dataSchema":{"fields":{"y..z":{}}}}`, 400006, "dataSchema.fields.y..z"},
		{"a name of JavaScript", `{"dataSchema":{"fields":{"y.__proto__":{}}}}`, 400006, "dataSchema.fields.y.__proto__"},
		{"a path that is very long", `{"dataSchema":{"fields":{"` + long + `":{}}}}`, 400006, "dataSchema.fields.aaa"},
		{"another type", `{"dataSchema":{"fields":{"x":{"type":"text"}}}}`, 400029, "dataSchema.fields.x.type"},
		{"no type", `{"dataSchema":{"fields":{"x":{"type":null}}}}`, 400029, "dataSchema.fields.x.type"},
		{"another type of a default field", `{"dataSchema":{"fields":{"terms":{"type":"string"}}}}`, 400029, "dataSchema.fields.terms.type"},
		{"encryption taken off", `{"dataSchema":{"fields":{"x":{"encrypt":""}}}}`, 400029, "dataSchema.fields.x.encrypt"},
		{"encryption reset", `{"dataSchema":{"fields":{"x":{"encrypt":null}}}}`, 400029, "dataSchema.fields.x.encrypt"},
		{"a leaf below a leaf", `{"dataSchema":{"fields":{"x.y":{"type":"long"}}}}`, 400029, "x is a field"},
		{"a leaf above a leaf", `{"dataSchema":{"fields":{"a":{"type":"long"}}}}`, 400029, "a is a field"},
		{"two new leaves, one below the other", `{"internalSchema":{"fields":{"p.q":{"type":"long"},"p":{"type":"long"}}}}`, 400029, "p is a field"},
		{"a typed field removed", `{"dataSchema":{"fields":{"x":null}}}`, 400006, "dataSchema.fields.x"},
		{"a default field removed", `{"dataSchema":{"fields":{"terms":null}}}`, 400006, "dataSchema.fields.terms"},
		{"a new profile field", `{"profileSchema":{"fields":{"shoeSize":{"type":"long"}}}}`, 400006, "profileSchema.fields.shoeSize"},
		{"a profile field removed", `{"profileSchema":{"fields":{"city":null}}}`, 400006, "profileSchema.fields.city"},
		{"allowNull of a profile field", `{"profileSchema":{"fields":{"city":{"allowNull":true}}}}`, 400030, "profileSchema.fields.city.allowNull"},
		{"the dynamic switch of the profile", `{"profileSchema":{"dynamicSchema":false}}`, 400030, "profileSchema.dynamicSchema"},
		{"the format of gender", `{"profileSchema":{"fields":{"gender":{"format":"regex('^[fmu]{1}$')"}}}}`, 400030, "profileSchema.fields.gender.format"},
		{"the format of another profile field", `{"profileSchema":{"fields":{"city":{"format":"regex('x')"}}}}`, 400030, "profileSchema.fields.city.format"},
		{"the type of a coordinate", `{"profileSchema":{"fields":{"lastLoginLocation.coordinates.lat":{"type":"float"}}}}`, 400030, "profileSchema.fields.lastLoginLocation.coordinates.lat.type"},
		{"the type of a profile field", `{"profileSchema":{"fields":{"city":{"type":"text"}}}}`, 400029, "profileSchema.fields.city.type"},
		{"encryption of a profile field", `{"profileSchema":{"fields":{"age":{"encrypt":"AES"}}}}`, 400030, "profileSchema.fields.age.encrypt"},
		{"a channel that is not known", `{"subscriptionsSchema":{"fields":{"news":{"fax":{"type":"subscription"}}}}}`, 400006, "subscriptionsSchema.fields.news.fax"},
		{"a newsletter of another type", `{"subscriptionsSchema":{"fields":{"news":{"email":{"type":"string"}}}}}`, 400006, "subscriptionsSchema.fields.news.email.type"},
		{"a newsletter that is no object", `{"subscriptionsSchema":{"fields":{"news":true}}}`, 400006, "subscriptionsSchema.fields.news"},
		{"a consent for servers", `{"preferencesSchema":{"fields":{"tos":{"writeAccess":"serverOnly"}}}}`, 400006, "preferencesSchema.fields.tos.writeAccess"},
		{"a good section before a bad one", `{"dataSchema":{"fields":{"good":{}}},"internalSchema":{"fields":{"y":1}}}`, 400006, "internalSchema.fields.y"},
	} {
		t.Run(c.name, func(t *testing.T) {
			explicit := json.RawMessage(stored)
			got, err := schema.Merge(explicit, object(t, c.changes))
			if code(err) != c.code || !strings.Contains(err.Error(), c.path) {
				t.Errorf("error %v, want %d for %s", err, c.code, c.path)
			}
			if got != nil || string(explicit) != stored {
				t.Errorf("result %s, stored %s", got, explicit)
			}
			if err != nil && len(err.Error()) > 600 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestMergeStopsAtTheLimit(t *testing.T) {
	fields := func(n int) *document.Object {
		o := &document.Object{}
		for i := range n {
			o.SetPath([]string{"dataSchema", "fields", fmt.Sprintf("f%d", i), "type"}, document.String("long"))
		}
		return o
	}
	stored, err := schema.Merge(nil, fields(schema.MaxCustomFields))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := schema.Merge(stored, fields(schema.MaxCustomFields+1)); code(err) != gigya.SchemaValidationFailed {
		t.Errorf("data: error %v, want 400020", err)
	}
	if _, err := schema.Merge(stored, object(t, `{"internalSchema":{"fields":{"x":{}}}}`)); code(err) != gigya.SchemaValidationFailed {
		t.Errorf("internal: error %v, want 400020", err)
	}
	if _, err := schema.Merge(stored, fields(3)); err != nil {
		t.Errorf("fields that are there: %v", err)
	}
}

// Copying tools read the schema of one site, strip what the original refuses, and send each section to another.
func TestWhatGetSchemaReturnsMayBeSentBack(t *testing.T) {
	source := set(t, `{"profileSchema":{"fields":{"firstName":{"required":true}}},
		"dataSchema":{"fields":{"a.b":{"type":"text","tags":["x","y"],"languages":[],"encrypt":""},"c":{"type":"boolean","format":"true"}},"dynamicSchema":false},
		"internalSchema":{"fields":{"score":{"type":"float","format":"regex('[0-9.]+')"}}},
		"subscriptionsSchema":{"fields":{"news":{"email":{"type":"subscription","doubleOptIn":true}}}},
		"addressesSchema":{"fields":{"home":{"city":{"type":"string"}}}},
		"preferencesSchema":{"fields":{"terms.tos":{"type":"consent","required":true,"customData":[{"key":"a","value":"b"}],"minDocVersion":1,"currentDocVersion":2.5}}}}`)
	copied := object(t, string(source.Full()))
	copied.DeletePath([]string{"profileSchema", "dynamicSchema"})
	fields, _ := copied.Lookup([]string{"profileSchema", "fields"})
	for name := range fields.Object().All() {
		copied.DeletePath([]string{"profileSchema", "fields", name, "allowNull"})
	}
	copied.DeletePath([]string{"profileSchema", "fields", "gender", "format"})
	copied.DeletePath([]string{"profileSchema", "fields", "lastLoginLocation.coordinates.lat", "type"})
	copied.DeletePath([]string{"profileSchema", "fields", "lastLoginLocation.coordinates.lon", "type"})
	stored, err := schema.Merge(nil, copied)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(source.Full()), string(parse(t, stored).Full())); diff != "" {
		t.Error(diff)
	}
	again, err := schema.Merge(stored, copied)
	if err != nil || string(again) != string(stored) {
		t.Errorf("sent twice: error %v, %s", err, cmp.Diff(string(stored), string(again)))
	}
}

func FuzzMerge(f *testing.F) {
	f.Add(`{"dataSchema":{"fields":{"x":{"type":"long","format":"regex('a')"}},"dynamicSchema":false}}`)
	f.Add(`{"profileSchema":{"fields":{"email":{"required":true,"type":"string"}}}}`)
	f.Add(`{"subscriptionsSchema":{"fields":{"n":{"email":{"doubleOptIn":true}}}},"addressesSchema":{"fields":{"a":{"b.c":{}}}}}`)
	f.Add(`{"preferencesSchema":{"fields":{"a.b":{"format":true,"customData":[{"key":"k"}]}}}}`)
	f.Add(`{"dataSchema":{"fields":{"a":{},"a.b":{},"c":null}}}`)
	f.Fuzz(func(t *testing.T, changes string) {
		o, err := document.ParseObject([]byte(changes))
		if err != nil {
			return
		}
		stored, err := schema.Merge(nil, o)
		if err != nil {
			return
		}
		s, err := schema.Parse(stored)
		if err != nil {
			t.Fatalf("%s is stored and cannot be read: %v", stored, err)
		}
		again, err := schema.Merge(stored, object(t, string(s.Explicit())))
		if err != nil || string(again) != string(stored) {
			t.Errorf("%s sent back gives %s, %v", stored, again, err)
		}
	})
}

func FuzzCheckData(f *testing.F) {
	f.Add(`{"tier":"gold","old":null}`, `{}`, true)
	f.Add(`{"a":[{"b":1},{"b":2.5}],"a.c":true,"x_i":1}`, `{"a":1}`, true)
	f.Add(`{"terms":true,"car":{"make":"x"}}`, `{"car":[{"year":1}]}`, false)
	f.Add(`{"car":null,"code":["AB"]}`, `{"car":{"year":1},"code":"CD"}`, false)
	stored, err := schema.Merge(nil, mustObject(`{"dataSchema":{"fields":{"car.make":{"type":"string","writeAccess":"clientModify"},"car.year":{"type":"integer"},
		"code":{"type":"string","writeAccess":"clientCreate","format":"regex('[A-Z]+')"}}}}`))
	if err != nil {
		f.Fatal(err)
	}
	s, err := schema.Parse(stored)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, patch, existing string, server bool) {
		p, err := document.ParseObject([]byte(patch))
		if err != nil {
			return
		}
		e, _ := document.ParseObject([]byte(existing))
		s.CheckProfile(p, e, server)
		refused, extends := s.CheckData(p, e, server)
		if refused != nil {
			return
		}
		extended, changed, err := s.Extend(p)
		if err != nil || changed != extends {
			t.Fatalf("%s passed, new fields %v, and extends %v: %v", patch, extends, changed, err)
		}
		if !changed {
			return
		}
		after, err := schema.Parse(extended)
		if err != nil {
			t.Fatal(err)
		}
		if refused, _ := after.CheckData(p, e, server); refused != nil {
			t.Errorf("%s passed, and after its fields were made: %v", patch, items(refused))
		}
	})
}

func mustObject(text string) *document.Object {
	o, err := document.ParseObject([]byte(text))
	if err != nil {
		panic(err)
	}
	return o
}
