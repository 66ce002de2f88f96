package query_test

import (
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
			got, err := query.Project([]byte(row), parse(t, "SELECT "+c.items+" FROM accounts").Select)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Error(diff)
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

func TestProjectionRefuses(t *testing.T) {
	if _, err := query.Project([]byte(`{}`), []query.Item{{Count: true}}); err == nil {
		t.Error("count(*) was made from a row")
	}
	for _, row := range []string{`{"a":null`, `[null]`, `null`} {
		if got, err := query.Project([]byte(row), []query.Item{{Star: true}}); err == nil {
			t.Errorf("%s gave %s", row, got)
		}
	}
}

func TestRunningAQuery(t *testing.T) {
	rows := [][]byte{[]byte(`{"UID":"c","n":1}`), []byte(`{"UID":"a","n":2}`), []byte(`{"UID":"b","n":3}`)}
	for _, c := range []struct {
		query string
		want  []string
		total int
	}{
		{`SELECT UID FROM x`, []string{`{"UID":"a"}`, `{"UID":"b"}`, `{"UID":"c"}`}, 3},
		{`SELECT n FROM x WHERE n > 1 ORDER BY n DESC LIMIT 1`, []string{`{"n":3}`}, 2},
		{`SELECT n FROM x START 2 LIMIT 5`, []string{`{"n":1}`}, 3},
		{`SELECT n FROM x START 9`, nil, 3},
		{`SELECT n FROM x LIMIT 0`, nil, 3},
		{`SELECT count(*) FROM x WHERE n < 3`, []string{`{"count(*)":2}`}, 2},
	} {
		results, total, err := querytest.Run(rows, parse(t, c.query))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range results {
			got = append(got, string(r))
		}
		if diff := cmp.Diff(c.want, got); diff != "" || total != c.total {
			t.Errorf("%s: total %d, %s", c.query, total, diff)
		}
	}
}
