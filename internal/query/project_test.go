package query_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/query/querytest"
)

func TestProjection(t *testing.T) {
	const row = `{"UID":"u1","profile":{"firstName":"Eric","age":42,"work":{"company":"A","title":null}},` +
		`"identities":[{"provider":"site","providerUID":"1","x":[]},{"provider":"fb"},{"other":1}],"loginIDs":{"emails":["a@b.c"],"unverifiedEmails":[]},` +
		`"nothing":null,"data":{"list":[1,null,{"a":null,"b":2}],"empty":{},"text":"","big":9007199254740993,"doubleOptIn":{"status":"x"}}}`
	const full = `{"UID":"u1","profile":{"firstName":"Eric","age":42,"work":{"company":"A"}},` +
		`"identities":[{"provider":"site","providerUID":"1","x":[]},{"provider":"fb"},{"other":1}],"loginIDs":{"emails":["a@b.c"],"unverifiedEmails":[]},` +
		`"data":{"list":[1,null,{"b":2}],"empty":{},"text":"","big":9007199254740993,"doubleOptIn":{"status":"x"}}}`
	for _, c := range []struct{ items, want string }{
		{`*`, full},
		{`*, profile.age`, full},
		{`*, *, data`, full},
		{`*, profile.age AS years`, `{"UID":"u1","profile":{"firstName":"Eric","age":42,"work":{"company":"A"},"years":42},` + full[len(`{"UID":"u1","profile":{"firstName":"Eric","age":42,"work":{"company":"A"}},`):]},
		{`UID`, `{"UID":"u1"}`},
		{`uid`, `{"UID":"u1"}`},
		{`missing, nothing, profile.missing, profile.work.title, UID.x`, `{}`},
		{`profile`, `{"profile":{"firstName":"Eric","age":42,"work":{"company":"A"}}}`},
		{`profile.work`, `{"profile":{"work":{"company":"A"}}}`},
		{`profile.age, UID, profile.firstName`, `{"profile":{"age":42,"firstName":"Eric"},"UID":"u1"}`},
		{`profile, profile.age`, `{"profile":{"firstName":"Eric","age":42,"work":{"company":"A"}}}`},
		{`profile.age, profile`, `{"profile":{"firstName":"Eric","age":42,"work":{"company":"A"}}}`},
		{`identities.provider, identities.providerUID`, `{"identities":[{"provider":"site","providerUID":"1"},{"provider":"fb"}]}`},
		{`identities.missing`, `{}`},
		{`identities.provider AS p`, `{"identities":[{"p":"site"},{"p":"fb"}]}`},
		{`identities, identities.provider AS p`, `{"identities":[{"provider":"site","providerUID":"1","x":[],"p":"site"},{"provider":"fb","p":"fb"},{"other":1}]}`},
		{`identities AS i, identities.provider`, `{"identities":[{"provider":"site"},{"provider":"fb"}],"i":[{"provider":"site","providerUID":"1","x":[]},{"provider":"fb"},{"other":1}]}`},
		{`loginIDs.emails, loginIDs.unverifiedEmails`, `{"loginIDs":{"emails":["a@b.c"],"unverifiedEmails":[]}}`},
		{`profile.firstName AS contactName`, `{"profile":{"contactName":"Eric"}}`},
		{`profile.firstName, profile.firstName AS a, profile.firstName b`, `{"profile":{"firstName":"Eric","a":"Eric","b":"Eric"}}`},
		{`UID AS id`, `{"id":"u1"}`},
		{`data.list, data.empty, data.text, data.big`, `{"data":{"list":[1,null,{"b":2}],"empty":{},"text":"","big":9007199254740993}}`},
		{`data.doubleOptin.status, DATA.text`, `{"data":{"doubleOptIn":{"status":"x"},"text":""}}`},
		{`data.list.b`, `{"data":{"list":[{"b":2}]}}`},
	} {
		t.Run(c.items, func(t *testing.T) {
			q := parse(t, "SELECT "+c.items+" FROM accounts")
			got, err := query.Project([]byte(row), q.Select)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Error(diff)
			}
			plain := querytest.Table{Rows: [][]byte{[]byte(row)}}.Run(q).Results[0]
			if diff := cmp.Diff(querytest.Decode([]byte(c.want)), plain); diff != "" {
				t.Errorf("the plain evaluation: %s", diff)
			}
		})
	}
}

// A document may be nested as deep as parsing allows, and the row around it is deeper.
func TestTheDeepestDocumentIsFoundAndSelected(t *testing.T) {
	deep := strings.Repeat(`{"a":`, document.MaxDepth) + "1" + strings.Repeat("}", document.MaxDepth)
	row := []byte(`{"gone":null,"data":` + deep + `}`)
	for _, items := range []string{"*", "data", "data.a", "data.a.a.a, gone"} {
		got, err := query.Project(row, parse(t, "SELECT "+items+" FROM x").Select)
		if want := `{"data":` + deep + `}`; err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", items, got, err)
		}
	}
	if !is("data."+strings.Repeat("a.", document.MaxDepth-1)+"a", query.Equal, number("1")).MatchRaw(row, append(path("data"), strings.Split(strings.Repeat("a", document.MaxDepth), "")...)) {
		t.Error("the innermost value was not found")
	}
}

func TestARowOfManyNamesIsBounded(t *testing.T) {
	row := []byte(`{"data":{"a":["` + strings.Repeat("x", 1<<20) + `"]}}`)
	items := func(n int) []query.Item {
		return parse(t, "SELECT "+strings.TrimSuffix(strings.Repeat("data.a AS n,", n), ",")+" FROM x").Select
	}
	if got, err := query.Project(row, items(63)); err != nil || len(got) != len(row) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	var syntax *query.SyntaxError
	if got, err := query.Project(row, items(64)); !errors.As(err, &syntax) || syntax.Reason != "a row would be larger than 64 MiB; select large fields under fewer names" {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestWhatIsAddedToOneNameIsNotInAnother(t *testing.T) {
	got, err := query.Project([]byte(`{"data":{"a":{"k":1},"b":{"x":2,"y":3}}}`), parse(t, "SELECT data.a AS b, data.a AS c, data.b.x FROM x").Select)
	if want := `{"data":{"b":{"k":1,"x":2},"c":{"k":1}}}`; err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}

func TestProjectionRefuses(t *testing.T) {
	for _, row := range []string{`{"a":null`, `[null]`, `null`} {
		if got, err := query.Project([]byte(row), []query.Item{{Star: true}}); err == nil {
			t.Errorf("%s gave %s", row, got)
		}
	}
}
