package schema_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/schema"
)

// told is the code and the details of a *gigya.Error.
func told(err error) string {
	var e *gigya.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	return fmt.Sprint(int(e.Code), " ", e.Details)
}

// groupSchema is what the parent of a site group has stored.
const groupSchema = `{"profileSchema":{"fields":{"firstName":{"required":true}}},"dataSchema":{"fields":{"size":{"type":"long"},"code":{"type":"string","required":true}},"dynamicSchema":false},` +
	`"subscriptionsSchema":{"fields":{"news":{"email":{"type":"subscription"}}}},"preferencesSchema":{"fields":{"terms.tos":{"type":"consent"}}}}`

func TestWhatAMemberOfAGroupStores(t *testing.T) {
	for _, c := range []struct{ name, own, changes, want string }{
		{"what it requires", ``, `{"dataSchema":{"fields":{"size":{"required":true}}}}`, `{"dataSchema":{"fields":{"size":{"required":true}}}}`},
		{"what it does not require", ``, `{"profileSchema":{"fields":{"firstName":{"required":false}}}}`, `{"profileSchema":{"fields":{"firstName":{"required":false}}}}`},
		{"within a group of fields", ``, `{"subscriptionsSchema":{"fields":{"news":{"email":{"required":true}}}}}`, `{"subscriptionsSchema":{"fields":{"news":{"email":{"required":true}}}}}`},
		{"null goes back", `{"dataSchema":{"fields":{"size":{"required":true},"code":{"required":false}}}}`, `{"dataSchema":{"fields":{"size":{"required":null}}}}`,
			`{"dataSchema":{"fields":{"code":{"required":false}}}}`},
		{"what is not sent stays", `{"dataSchema":{"fields":{"size":{"required":true}}}}`, `{"preferencesSchema":{"fields":{"terms.tos":{"required":true}}},"dataSchema":null}`,
			`{"dataSchema":{"fields":{"size":{"required":true}}},"preferencesSchema":{"fields":{"terms.tos":{"required":true}}}}`},
		{"a switch as it is", ``, `{"dataSchema":{"dynamicSchema":false,"fields":{}}}`, `{}`},
		{"unknown attributes and sections", ``, `{"dataSchema":{"fields":{"size":{"mine":1}}},"other":{}}`, `{}`},

		{"no field of the group", ``, `{"dataSchema":{"fields":{"other":{"required":true}}}}`, "400006 Invalid argument: dataSchema.fields.other: there is no such field in the site group"},
		{"another attribute", ``, `{"dataSchema":{"fields":{"size":{"type":"long"}}}}`, "400006 Invalid argument: dataSchema.fields.size.type: a member of a site group can set required alone"},
		{"another switch", ``, `{"dataSchema":{"dynamicSchema":true}}`, "400006 Invalid argument: dataSchema.dynamicSchema: a member of a site group cannot set it"},
		{"no flag", ``, `{"dataSchema":{"fields":{"size":{"required":1}}}}`, "400006 Invalid argument: dataSchema.fields.size.required: must be true or false"},
		{"a field that is no object", ``, `{"dataSchema":{"fields":{"size":true}}}`, "400006 Invalid argument: dataSchema.fields.size: must be an object"},
		{"fields that are no object", ``, `{"dataSchema":{"fields":[]}}`, "400006 Invalid argument: dataSchema.fields: must be an object"},
		{"a group of fields that is no object", ``, `{"subscriptionsSchema":{"fields":{"news":1}}}`, "400006 Invalid argument: subscriptionsSchema.fields.news: must be an object"},
		{"a section that is no object", ``, `{"dataSchema":[]}`, "400006 Invalid argument: dataSchema: must be an object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			stored, err := schema.MergeMember(json.RawMessage(groupSchema), json.RawMessage(c.own), object(t, c.changes))
			got := string(stored)
			if err != nil {
				got = told(err)
			}
			if got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestTheSchemaOfAMember(t *testing.T) {
	// What it stored before it joined the group is more than counts.
	const own = `{"profileSchema":{"fields":{"firstName":{"required":false}}},"dataSchema":{"fields":{"size":{"required":true,"type":"string"},"gone":{"type":"long","required":true}}}}`
	s, err := schema.ParseMember(json.RawMessage(groupSchema), json.RawMessage(own))
	if err != nil {
		t.Fatal(err)
	}
	if size, name := s.FieldFold("data", "size"), s.FieldFold("profile", "firstName"); size == nil || !size.Required || size.Type != "long" || name.Required || s.Has("data.gone") {
		t.Errorf("size %+v, firstName %+v, gone: %v", size, name, s.Has("data.gone"))
	}
	counts, err := schema.OfMember(json.RawMessage(groupSchema), json.RawMessage(own))
	if want := `{"profileSchema":{"fields":{"firstName":{"required":false}}},"dataSchema":{"fields":{"size":{"required":true}}}}`; err != nil || string(counts) != want {
		t.Errorf("\n got %s, %v\nwant %s", counts, err, want)
	}
	for name, want := range map[string]string{
		"dataSchema": `{"fields":{"size":{"required":true},"gone":{"required":true}}}`, "preferencesSchema": `{"fields":{}}`, "other": ``,
	} {
		if got, ok := schema.MemberSection(json.RawMessage(own), name); string(got) != want || ok != (want != "") {
			t.Errorf("%s: %s, %v", name, got, ok)
		}
	}
}

func TestAMemberChangesTheGroupsSchemaWithoutWhatItRequires(t *testing.T) {
	for _, c := range []struct{ changes, want string }{
		{`{"dataSchema":{"fields":{"size":{"required":false,"format":"regex('a')"},"code":{"required":true}}}}`, `{"dataSchema":{"fields":{"size":{"format":"regex('a')"},"code":{}}}}`},
		{`{"dataSchema":{"fields":{"new":{"required":false,"type":"long"}}}}`, `{"dataSchema":{"fields":{"new":{"type":"long"}}}}`},
		{`{"dataSchema":{"fields":{"size":{"required":true}}}}`, "400006 Invalid argument: dataSchema.fields.size.required: a member of a site group sets it alone, with scope=site"},
	} {
		kept, err := schema.WithoutRequired(json.RawMessage(groupSchema), object(t, c.changes))
		got := ""
		if err != nil {
			got = told(err)
		} else {
			got = string(kept.JSON())
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.changes, got, c.want)
		}
	}
}

// FuzzMergeMember: what a member stores can be read, counts as a whole, and is the same when it is sent again.
func FuzzMergeMember(f *testing.F) {
	f.Add(`{"dataSchema":{"fields":{"size":{"required":true},"code":{"required":null}},"dynamicSchema":false}}`)
	f.Add(`{"subscriptionsSchema":{"fields":{"news":{"email":{"required":true}}}},"profileSchema":{"fields":{"firstName":{"required":false,"mine":{}}}}}`)
	f.Add(`{"preferencesSchema":{"fields":{"terms.tos":{"required":true}}},"dataSchema":null}`)
	f.Add(`{"dataSchema":{"fields":{"size":[]}},"addressesSchema":{"fields":{"a":{"b":1}}}}`)
	f.Fuzz(func(t *testing.T, changes string) {
		o, err := document.ParseObject([]byte(changes))
		if err != nil {
			return
		}
		group := json.RawMessage(groupSchema)
		stored, err := schema.MergeMember(group, nil, o)
		if err != nil {
			return
		}
		if _, err := schema.ParseMember(group, stored); err != nil {
			t.Fatalf("%s is stored and cannot be read: %v", stored, err)
		}
		if counts, err := schema.OfMember(group, stored); err != nil || string(counts) != string(stored) {
			t.Errorf("of %s counts %s, %v", stored, counts, err)
		}
		if again, err := schema.MergeMember(group, stored, object(t, string(stored))); err != nil || string(again) != string(stored) {
			t.Errorf("%s sent again gives %s, %v", stored, again, err)
		}
	})
}
