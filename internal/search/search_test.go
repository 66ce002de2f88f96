package search_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/query/querytest"
	"github.com/doorward/doorward/internal/search"
	"github.com/doorward/doorward/internal/store"
)

// shelf is a source of documents in memory, sorted by their UIDs.
type shelf struct {
	rows map[string][]byte
	// hints tells whether it leaves out rows that do not satisfy the condition.
	hints bool
	// ranged counts the rows that were handed over.
	ranged int
}

// Field knows the types of the random documents, and one field that is the same in every row.
func (s *shelf) Field(path query.Path) (search.Field, error) {
	f := search.Field{Path: path}
	switch path.String() {
	case "nonsense":
		return f, &query.SyntaxError{Reason: "nonsense is not a field"}
	case "same":
		f.Kind, f.HasFixed, f.Fixed = search.Text, true, query.Value{Kind: query.String, Str: "one"}
	case "data.when":
		f.Kind = search.Time
	case "data.num":
		f.Kind = search.Number
	case "data.word":
		f.Kind = search.Word
	}
	return f, nil
}

// Range walks over the rows.
func (s *shelf) Range(_ context.Context, where query.Expr, after string, each func(string, []byte) error) error {
	keys := []string{}
	for key := range s.rows {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		holds := query.Eval(where, func(path query.Path, c *query.Comparison) bool { return c.MatchRaw(s.rows[key], path) })
		if key <= after || s.hints && !holds {
			continue
		}
		s.ranged++
		// The row is only lent.
		row := slices.Clone(s.rows[key])
		if err := each(key, row); err != nil {
			return err
		}
		clear(row)
	}
	return nil
}

func prepare(t interface{ Fatalf(string, ...any) }, text string, source search.Source) (*query.Query, *search.Prepared) {
	q, err := query.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	p, err := search.Prepare(q, source)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return q, p
}

func TestScansAgreeWithThePlainEvaluation(t *testing.T) {
	names := querytest.Names{Source: "x", Documents: []string{"data", "profile"}, Times: []string{"t"}, Flags: []string{"f"}, Key: "UID", Keys: []string{"u0", "u3"}}
	rapid.Check(t, func(rt *rapid.T) {
		s := &shelf{rows: map[string][]byte{}, hints: rapid.Bool().Draw(rt, "hints")}
		table := querytest.Table{Types: map[string]string{}}
		for name, kind := range querytest.Types {
			table.Types["data."+name] = kind
		}
		for i := range rapid.IntRange(0, 9).Draw(rt, "rows") {
			key := fmt.Sprint("u", i)
			row := fmt.Appendf(nil, `{"UID":%q,"t":%d,"f":%t,"data":%s,"profile":%s}`, key, rapid.IntRange(1, 3).Draw(rt, "t")*1000, rapid.Bool().Draw(rt, "f"),
				querytest.Document(rt, "data"), querytest.Document(rt, "profile"))
			s.rows[key] = row
			table.Rows = append(table.Rows, row)
		}
		source := search.Scan(s)
		for range 4 {
			for _, text := range []string{names.Rows(rt) + fmt.Sprintf(" START %d LIMIT %d", rapid.IntRange(0, 3).Draw(rt, "start"), rapid.IntRange(0, 9).Draw(rt, "limit")), names.Numbers(rt)} {
				q, p := prepare(rt, text, source)
				got, err := p.Run(t.Context(), search.Window{Total: true})
				if err != nil {
					rt.Fatalf("%s: %v", text, err)
				}
				wantResult(rt, text, table.Run(q), got)
			}
			walk(rt, names.Rows(rt), table, source, rapid.IntRange(1, 3).Draw(rt, "batch"))
		}
	})
}

func wantResult(rt *rapid.T, text string, want querytest.Answer, got *search.Result) {
	diff := cmp.Diff(querytest.Normal(want.Results), querytest.Normal(querytest.Decode([]byte("["+string(got.Rows)+"]"))))
	if diff != "" || int(got.Total) != want.Total || got.Count != len(want.Results) || got.Next != nil {
		rt.Fatalf("%s: total %d, want %d: %s", text, got.Total, want.Total, diff)
	}
}

// walk reads the result page by page, with positions that went through JSON.
func walk(rt *rapid.T, text string, table querytest.Table, source search.Source, limit int) {
	q, _ := prepare(rt, text, source)
	want := table.Run(q)
	_, p := prepare(rt, fmt.Sprint(text, " LIMIT ", limit), source)
	w := search.Window{More: true, Total: true}
	var pages []string
	count := 0
	for {
		got, err := p.Run(context.Background(), w)
		if err != nil || int(got.Total) != want.Total || count > want.Total {
			rt.Fatalf("%s: total %d, want %d, %v", text, got.Total, want.Total, err)
		}
		if count += got.Count; got.Count > 0 {
			pages = append(pages, string(got.Rows))
		}
		if got.Next == nil {
			break
		}
		position, _ := json.Marshal(got.Next)
		w.After = new(store.Position)
		if err := json.Unmarshal(position, w.After); err != nil {
			rt.Fatal(err)
		}
	}
	wantResult(rt, text, want, &search.Result{Rows: []byte(strings.Join(pages, ",")), Count: count, Total: int64(want.Total)})
}

func TestAScanStopsWhenThePageIsFull(t *testing.T) {
	s := &shelf{rows: map[string][]byte{}}
	for i := range 1000 {
		s.rows[fmt.Sprintf("%04d", i)] = []byte(`{"a":1}`)
	}
	_, p := prepare(t, "SELECT * FROM x LIMIT 5", search.Scan(s))
	got, err := p.Run(t.Context(), search.Window{After: &store.Position{UID: "0499"}, More: true})
	if err != nil || got.Count != 5 || got.Next == nil || got.Next.UID != "0504" || s.ranged != 6 {
		t.Errorf("%d rows up to %v after a look at %d, %v", got.Count, got.Next, s.ranged, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Run(ctx, search.Window{Total: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("a scan whose time is over: %v", err)
	}
}

func TestAFieldThatEveryRowHasIsDecidedBeforehand(t *testing.T) {
	s := &shelf{rows: map[string][]byte{"a": []byte(`{"UID":"a","n":1}`), "b": []byte(`{"UID":"b","n":2}`)}}
	for text, want := range map[string]string{
		`SELECT UID FROM x WHERE same = "one" AND n = 2 ORDER BY same, n`: `{"UID":"b"}`,
		`SELECT UID FROM x WHERE NOT same CONTAINS "one"`:                 ``,
		`SELECT UID FROM x WHERE same IS NULL OR n = 1`:                   `{"UID":"a"}`,
		`SELECT same, count(*) FROM x GROUP BY same`:                      `{"same":"one","count(*)":2}`,
		`SELECT count(same) FROM x`:                                       `{"count(same)":2}`,
	} {
		_, p := prepare(t, text, search.Scan(s))
		got, err := p.Run(t.Context(), search.Window{})
		if err != nil || string(got.Rows) != want {
			t.Errorf("%s: %s, %v", text, got.Rows, err)
		}
	}
}

func TestPagesAreBoundedInBytes(t *testing.T) {
	s := &shelf{rows: map[string][]byte{}}
	row := []byte(`{"a":"` + strings.Repeat("x", 10<<20) + `"}`)
	for i := range 10 {
		s.rows[fmt.Sprint(i)] = row
	}
	_, p := prepare(t, "SELECT * FROM x", search.Scan(s))
	if _, err := p.Run(t.Context(), search.Window{Total: true}); err == nil || err.Error() != "the page would be larger than 64 MiB; use a cursor or a smaller LIMIT" {
		t.Errorf("without a cursor: %v", err)
	}
	got, err := p.Run(t.Context(), search.Window{More: true, Total: true})
	if err != nil || got.Count != 7 || got.Next == nil || got.Next.UID != "6" || got.Total != 10 {
		t.Fatalf("with a cursor: %d of %d rows up to %v, %v", got.Count, got.Total, got.Next, err)
	}
	if got, err = p.Run(t.Context(), search.Window{More: true, After: got.Next}); err != nil || got.Count != 3 || got.Next != nil {
		t.Errorf("the next page: %d rows up to %v, %v", got.Count, got.Next, err)
	}
	_, p = prepare(t, "SELECT * FROM x ORDER BY a", search.Scan(s))
	s.rows["more"], s.rows["and more"], s.rows["yet more"], s.rows["too much"] = row, row, row, row
	if _, err := p.Run(t.Context(), search.Window{}); err == nil || !strings.Contains(err.Error(), "too large to be sorted") {
		t.Errorf("sorting: %v", err)
	}
}

func TestSumsAreExact(t *testing.T) {
	for _, c := range []struct{ numbers, want string }{
		{`9223372036854775807 9223372036854775807 -1`, `{"sum(n)":18446744073709551613,"min(n)":-1,"max(n)":9223372036854775807,"avg(n)":6148914691236517000,"variance(n)":1.8904575940052136e+37}`},
		{`1e308 1e308 -1e308 1 -1e308`, `{"sum(n)":1,"min(n)":-1e+308,"max(n)":1e+308,"avg(n)":0.2,"variance(n)":1.7976931348623157e+308}`},
		{`0.1 0.2 0.3`, `{"sum(n)":0.6,"min(n)":0.1,"max(n)":0.3,"avg(n)":0.2,"variance(n)":0.006666666666666665}`},
		{`1000000001 1000000002 1000000003`, `{"sum(n)":3000000006,"min(n)":1000000001,"max(n)":1000000003,"avg(n)":1000000002,"variance(n)":0.6666666666666666}`},
		{`2.0`, `{"sum(n)":2,"min(n)":2,"max(n)":2,"avg(n)":2,"variance(n)":0}`},
		{`"5" true null`, `{"sum(n)":0,"min(n)":"infinity","max(n)":"-infinity","avg(n)":"NaN","variance(n)":"NaN"}`},
	} {
		s := &shelf{rows: map[string][]byte{}}
		for i, n := range strings.Fields(c.numbers) {
			s.rows[fmt.Sprint(i)] = []byte(`{"n":` + n + `}`)
		}
		_, p := prepare(t, "SELECT sum(n), min(n), max(n), avg(n), variance(n) FROM x", search.Scan(s))
		got, err := p.Run(t.Context(), search.Window{})
		if err != nil || string(got.Rows) != c.want {
			t.Errorf("%s\n got %s, %v\nwant %s", c.numbers, got.Rows, err, c.want)
		}
	}
	s := &shelf{rows: map[string][]byte{}}
	for i := range 20 {
		s.rows[fmt.Sprint(i)] = fmt.Appendf(nil, `{"n":%d}`, 1<<30-1)
	}
	_, p := prepare(t, "SELECT sum(n), sum_of_squares(n) FROM x", search.Scan(s))
	if got, err := p.Run(t.Context(), search.Window{}); err != nil || string(got.Rows) != `{"sum(n)":21474836460,"sum_of_squares(n)":23058430049187266580}` {
		t.Errorf("many small numbers: %s, %v", got.Rows, err)
	}
}

func TestPrepareRefusesFieldsThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT a FROM x WHERE a = 1 OR nonsense = 1":       "position 32: nonsense is not a field",
		"SELECT a FROM x ORDER BY nonsense":                 "position 26: nonsense is not a field",
		"SELECT count(nonsense) FROM x":                     "position 8: nonsense is not a field",
		"SELECT a FROM x FILTER nonsense BY nonsense.a = 1": "position 24: nonsense is not a field",
		"SELECT a FROM x FILTER a BY b.a = 1":               "position 29: a field of a was expected",
		"SELECT sum(same) FROM x":                           "position 8: sum needs a number: same is a text",
	} {
		q, err := query.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = search.Prepare(q, search.Scan(&shelf{})); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestTheRowsOfGroupsAreBoundedInBytes(t *testing.T) {
	s := &shelf{rows: map[string][]byte{}}
	for i := range 1400 {
		s.rows[fmt.Sprint(i)] = fmt.Appendf(nil, `{"n":%d}`, i)
	}
	items := make([]string, 900)
	for i := range items {
		items[i] = fmt.Sprintf("count(*) AS name%050d", i)
	}
	text := "SELECT " + strings.Join(items, ",") + " FROM x GROUP BY n LIMIT "
	_, p := prepare(t, text+"3", search.Scan(s))
	if got, err := p.Run(t.Context(), search.Window{}); err != nil || got.Count != 3 {
		t.Errorf("%v, %v", got.Count, err)
	}
	_, p = prepare(t, text+"1400", search.Scan(s))
	var syntax *query.SyntaxError
	if _, err := p.Run(t.Context(), search.Window{}); !errors.As(err, &syntax) || syntax.Reason != "the page would be larger than 64 MiB; use a smaller LIMIT" {
		t.Errorf("an answer beyond the bound: %v", err)
	}
}

func TestASearchOfLargeRowsStopsWithItsContext(t *testing.T) {
	s := &shelf{rows: map[string][]byte{}}
	for i := range 3 {
		s.rows[fmt.Sprint(i)] = fmt.Appendf(nil, `{"n":%d,"t":%q}`, i, strings.Repeat("x", 64<<10))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, text := range []string{"SELECT count(*) FROM x WHERE n >= 0", "SELECT n FROM x LIMIT 1", "SELECT n, count(*) FROM x GROUP BY n"} {
		_, p := prepare(t, text, search.Scan(s))
		if _, err := p.Run(ctx, search.Window{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A digit that lies deep takes a line with more than a hundred blanks.
func TestPagesAreBoundedAsTheyAreWritten(t *testing.T) {
	s := &shelf{rows: map[string][]byte{}}
	row := []byte(`{"a":` + strings.Repeat("[", 55) + strings.TrimSuffix(strings.Repeat("1,", 200_000), ",") + strings.Repeat("]", 55) + `,"b":"\"[[["}`)
	for i := range 40 {
		s.rows[fmt.Sprintf("%02d", i)] = row
	}
	_, p := prepare(t, "SELECT * FROM x", search.Scan(s))
	if _, err := p.Run(t.Context(), search.Window{Total: true}); err == nil || err.Error() != "the page would be larger than 256 MiB; use a cursor or a smaller LIMIT" {
		t.Errorf("without a cursor: %v", err)
	}
	rows, pages := 0, 0
	w := search.Window{More: true, Total: true}
	for {
		got, err := p.Run(t.Context(), w)
		if err != nil || got.Total != 40 || got.Count > 25 {
			t.Fatalf("a page of %d of %d rows, %v", got.Count, got.Total, err)
		}
		if rows, pages = rows+got.Count, pages+1; got.Next == nil {
			break
		}
		w.After = got.Next
	}
	if rows != 40 || pages < 2 {
		t.Errorf("%d rows in %d pages", rows, pages)
	}
}
