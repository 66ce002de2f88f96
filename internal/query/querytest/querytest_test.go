package querytest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/query/querytest"
)

func TestThePlainEvaluation(t *testing.T) {
	table := querytest.Table{
		Rows: [][]byte{
			[]byte(`{"UID":"c","n":1,"g":"x","list":[{"a":1,"b":2},{"a":2}]}`), []byte(`{"UID":"a","n":2.0,"g":"y","d":"2020-01-01T01:00:00+02:00"}`),
			[]byte(`{"UID":"b","n":3,"g":"x","d":"2020-01-01"}`), []byte(`{"UID":"d","n":"3","g":null,"w":"Blue Car"}`)},
		Types: map[string]string{"d": "date", "w": "basic-string"},
	}
	for _, c := range []struct {
		query, want string
		total       int
	}{
		{`SELECT UID FROM x`, `[{"UID":"a"},{"UID":"b"},{"UID":"c"},{"UID":"d"}]`, 4},
		{`SELECT n FROM x WHERE n > 1 ORDER BY n DESC START 1 LIMIT 1`, `[{"n":3}]`, 3},
		{`SELECT n FROM x START 9`, `[]`, 4},
		{`SELECT n FROM x LIMIT 0`, `[]`, 4},
		{`SELECT UID FROM x WHERE d < '2020-01-01' OR w CONTAINS 'blue'`, `[{"UID":"a"}]`, 1},
		{`SELECT UID FROM x ORDER BY d LIMIT 2`, `[{"UID":"a"},{"UID":"b"}]`, 4},
		{`SELECT list.a AS z FROM x WHERE list.a = 2 FILTER list BY list.b IS NULL`, `[{"list":[{"z":2}]}]`, 1},
		{`SELECT count(*), count(n), sum(n), min(n), max(n), avg(n), variance(n), sum_of_squares(n), std(n) FROM x WHERE n != '3'`,
			`[{"count(*)":2,"count(n)":2,"sum(n)":3,"min(n)":1,"max(n)":2,"avg(n)":1.5,"variance(n)":0.25,"sum_of_squares(n)":5,"std(n)":0.5}]`, 2},
		{`SELECT min(q), max(q), sum(q), avg(q) AS a FROM x`, `[{"min(q)":"infinity","max(q)":"-infinity","sum(q)":0,"a":"NaN"}]`, 4},
		{`SELECT g, count(*) AS n FROM x GROUP BY g`, `[{"g":"x","n":2},{"g":"y","n":1},{"n":1}]`, 4},
		{`SELECT g, sum(n) AS s FROM x GROUP BY g ORDER BY g DESC LIMIT 2`, `[{"g":"y","s":2},{"g":"x","s":4}]`, 4},
	} {
		q, err := query.Parse(c.query)
		if err != nil {
			t.Fatal(err)
		}
		got := table.Run(q)
		if diff := cmp.Diff(querytest.Normal(querytest.Decode([]byte(c.want))), querytest.Normal(got.Results)); diff != "" || got.Total != c.total {
			t.Errorf("%s: total %d, %s", c.query, got.Total, diff)
		}
	}
}
