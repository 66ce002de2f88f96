package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"pgregory.net/rapid"
)

var valueTests = []test{
	{"values are those that accounts sort by", valueScenarios},
	{"random values agree with those of the pages", valueProperty},
	{"the end of its time stops a walk over values", valuesStop},
	{"an error of the receiver ends a walk over values and comes back", valueErrors},
	{"times within documents are compared and sorted as instants", instants},
	{"words are compared as wholes where it is asked for", wholeWords},
	{"a plan names what is looked at", plans},
}

// show writes values in a form that tells their kinds apart.
func show(values []query.Value) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = v.Text()
		if v.Kind == query.String {
			texts[i] = "'" + v.Str + "'"
		}
	}
	return strings.Join(texts, " ")
}

// values returns what AccountValues gives, sorted.
func values(t *testing.T, s store.Store, group, where string, fields ...string) []string {
	t.Helper()
	var condition query.Expr
	if where != "" {
		condition = parse(t, "SELECT * FROM accounts WHERE "+where).Where
	}
	paths := make([]query.Path, len(fields))
	for i, field := range fields {
		paths[i] = strings.Split(field, ".")
	}
	found := []string{}
	must(t, s.AccountValues(t.Context(), group, condition, paths, func(values []query.Value) error {
		found = append(found, show(values))
		return nil
	}))
	slices.Sort(found)
	return found
}

func valueScenarios(t *testing.T, s store.Store) {
	people(t, s)
	other := bare("zz")
	other.Group = "another group"
	put(t, s, other)
	for _, tt := range []struct {
		where  string
		fields []string
		want   []string
	}{
		{"", nil, []string{"", "", ""}},
		{"", []string{"UID"}, []string{"'jo'", "'mi'", "'xx'"}},
		{`UID != "mi"`, []string{"profile.age", "profile.firstName", "UID"}, []string{"  'xx'", "45 'Jo' 'jo'"}},
		{"", []string{"createdTimestamp", "created"}, []string{"1389780000250 1389780000250", "1391212800000 1391212800000", "1577836800000 1577836800000"}},
		{"", []string{"isActive", "isVerified", "isLockedOut"}, []string{"false false false", "true false false", "true true true"}},
		{`data.n = 7`, []string{"data.n", "data.list", "data.big"}, []string{"'7' '1' ", "7 1 9007199254740993"}},
		{`UID = "jo"`, []string{"profile.phones.number", "profile.email", "regSource", "tfaStatus", "iRank"}, []string{"'+1555' 'jo@example.com' 'https://shop.example.com/signup' 'forceOff' 0"}},
		{`UID = "xx"`, []string{"regSource", "verified", "lockedUntil", "tfaStatus"}, []string{"   'default'"}},
		{`UID = "nobody"`, []string{"UID"}, []string{}},
	} {
		if got := values(t, s, group, tt.where, tt.fields...); !slices.Equal(got, tt.want) {
			t.Errorf("%s of %q\n got %q\nwant %q", tt.fields, tt.where, got, tt.want)
		}
	}
	err := s.AccountValues(t.Context(), group, nil, []query.Path{{"nonsense"}}, nil)
	var syntax *query.SyntaxError
	if !errors.As(err, &syntax) {
		t.Errorf("a field that no account has: %v", err)
	}
}

func valueProperty(t *testing.T, s store.Store) {
	n := 0
	fields := []string{"UID", "createdTimestamp", "isActive", "regSource", "verifiedTimestamp", "data.a", "data.b.a", "profile.c"}
	rapid.Check(t, func(rt *rapid.T) {
		n++
		w := draw(t, rt, s, fmt.Sprint("world ", n))
		where := condition(2).Draw(rt, "where")
		q := parse(t, "SELECT * FROM accounts WHERE "+where)
		for _, field := range fields {
			q.Order = append(q.Order, query.Order{Path: strings.Split(field, ".")})
		}
		want := []string{}
		_, err := s.SearchAccounts(t.Context(), store.Search{Group: w.group, Where: q.Where, Order: q.Order, Limit: 100},
			func(_ *store.Account, sort []query.Value) error {
				want = append(want, show(sort))
				return nil
			})
		must(t, err)
		slices.Sort(want)
		if got := values(t, s, w.group, where, fields...); !slices.Equal(got, want) {
			rt.Fatalf("%s\n got %q\nwant %q", where, got, want)
		}
	})
}

func valuesStop(t *testing.T, s store.Store) {
	for i := range 200 {
		put(t, s, bare(uid(i)))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rows := 0
	err := s.AccountValues(ctx, group, nil, nil, func([]query.Value) error {
		if rows++; rows == 2 {
			cancel()
		}
		return ctx.Err()
	})
	wantError(t, err, context.Canceled)
	wantError(t, s.AccountValues(ctx, group, nil, nil, nil), context.Canceled)
	if got := values(t, s, group, ""); len(got) != 200 {
		t.Errorf("found %d afterwards", len(got))
	}
}

func valueErrors(t *testing.T, s store.Store) {
	put(t, s, bare("a"))
	put(t, s, bare("b"))
	calls := 0
	err := s.AccountValues(t.Context(), group, nil, nil, func([]query.Value) error { calls++; return errRefused })
	if err != errRefused || calls != 1 {
		t.Errorf("error %v after %d calls", err, calls)
	}
}

// withData puts accounts a, b, c … whose data are {"d":…}.
func withData(t *testing.T, s store.Store, list ...string) {
	for i, d := range list {
		a := bare(string(rune('a' + i)))
		a.Data = json.RawMessage(`{"d":` + d + `}`)
		put(t, s, a)
	}
}

func instants(t *testing.T, s store.Store) {
	withData(t, s, `"2020-01-01T00:30:00+02:00"`, `"2020-01-01"`, `"2019-12-31T23:00:00Z"`, `null`, `["2030-01-01","1970-01-01"]`)
	d := query.Path{"data", "d"}
	ms := func(n string) []query.Value { return []query.Value{{Kind: query.Number, Num: n}} }
	for _, tt := range []struct {
		op   query.Op
		ms   string
		want string
	}{
		{query.Less, "1577836800000", "a c e"},
		{query.Equal, "1577836800000", "b"},
		{query.In, "0", "e"},
		{query.GreaterEqual, "1577833200000", "b c e"},
	} {
		where := &query.Comparison{Path: d, Op: tt.op, Values: ms(tt.ms), As: query.AsTime}
		found, _, err := search(t.Context(), s, store.Search{Group: group, Where: where, Limit: 10})
		must(t, err)
		if got := strings.Join(found, " "); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.op, tt.ms, got, tt.want)
		}
	}
	for desc, want := range map[bool]string{false: "a c b e d", true: "e b c a d"} {
		q := store.Search{Group: group, Order: []query.Order{{Path: d, Desc: desc, As: query.AsTime}}, Limit: 2}
		var got []string
		for range 3 {
			_, err := s.SearchAccounts(t.Context(), q, func(a *store.Account, sort []query.Value) error {
				got = append(got, a.UID)
				q.After = &store.Position{Sort: sort, UID: a.UID}
				return nil
			})
			must(t, err)
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("descending %t: %s, want %s", desc, text, want)
		}
	}
}

func wholeWords(t *testing.T, s store.Store) {
	withData(t, s, `"Blue Car"`, `"blue"`, `["BLUE","x"]`, `"blue car"`)
	for as, want := range map[query.As]string{query.AsIs: "a b c d", query.AsWhole: "b c"} {
		where := &query.Comparison{Path: query.Path{"data", "d"}, Op: query.Contains, Values: []query.Value{{Kind: query.String, Str: "blue"}}, As: as}
		found, _, err := search(t.Context(), s, store.Search{Group: group, Where: where, Limit: 10})
		must(t, err)
		if got := strings.Join(found, " "); got != want {
			t.Errorf("as %d: %s, want %s", as, got, want)
		}
	}
}

func plans(t *testing.T, s store.Store) {
	people(t, s)
	for text, scan := range map[string]bool{
		`SELECT * FROM accounts WHERE UID = "jo"`:                                                   false,
		`SELECT * FROM accounts WHERE loginIDs.emails = "jo@example.com"`:                           false,
		`SELECT * FROM accounts WHERE lastUpdatedTimestamp > 5 ORDER BY lastUpdatedTimestamp`:       false,
		`SELECT * FROM accounts WHERE data.note CONTAINS "hi" ORDER BY profile.zip START 2 LIMIT 3`: true,
	} {
		q := parse(t, text)
		plan, err := s.ExplainSearch(t.Context(), store.Search{Group: group, Where: q.Where, Order: q.Order, Start: q.Start, Limit: 10, Total: true})
		must(t, err)
		if plan.Scan != scan || plan.Access == "" {
			t.Errorf("%s: %+v", text, plan)
		}
	}
	q := parse(t, "SELECT * FROM accounts WHERE nonsense = 1")
	_, err := s.ExplainSearch(t.Context(), store.Search{Group: group, Where: q.Where})
	var syntax *query.SyntaxError
	if !errors.As(err, &syntax) {
		t.Errorf("a field that no account has: %v", err)
	}
}
