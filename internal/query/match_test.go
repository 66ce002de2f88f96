package query_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/query/querytest"
)

const person = `{
	"UID":"u1","isActive":true,"isVerified":false,"createdTimestamp":1388534400001,"big":9007199254740993,"float":1.50,"nothing":null,
	"profile":{"firstName":"Frank","lastName":"Smith Jones","zip":"01234","age":42,"likes":[{"name":"Real Madrid C.F."},{"name":"Opera","tags":["x","y z"]}],
		"education":[{"school":"NPU","endYear":2000},{"school":"MIT","endYear":2015}]},
	"emails":{"verified":["jo@example.com"],"unverified":[]},
	"identities":[{"provider":"site","isLoginIdentity":true},{"provider":"facebook","isLoginIdentity":false,"gone":null}],
	"data":{"about_t":"Music, art & dark_blue_01","hobbies":["Swimming","table tennis"],"numbers":[7,8.0],"nested":[[1,[2]],[]],
		"empty":"","list":[],"object":{},"mixed":[1,"2",true,null],"a":1,"A":2,"caseOnly":3,"ünïcode":"Ärger über ÖL","\u0065scaped":"q\"x",
		"exp":1e3,"neg":-5,"year":"2020","date":"2020-01-01","deep":{"b":{"c":"x"}}}}`

func TestMatching(t *testing.T) {
	for _, c := range []struct {
		where string
		want  bool
	}{
		// numbers
		{`profile.age = 42`, true}, {`profile.age = 42.0`, true}, {`profile.age = 4.2e1`, true}, {`profile.age = "42"`, true}, {`profile.age = " 42 "`, true},
		{`profile.age = "x"`, false}, {`profile.age = 43`, false}, {`profile.age != 42`, false}, {`profile.age > 41.999`, true}, {`profile.age >= "42"`, true}, {`profile.age < 42`, false},
		{`big = 9007199254740993`, true}, {`big = 9007199254740992`, false}, {`big > 9007199254740992`, true}, {`big < 9007199254740994`, true},
		{`createdTimestamp > 1388534400000`, true}, {`float = 1.5`, true}, {`data.exp = 1000`, true}, {`data.neg < -4`, true}, {`data.neg = -5.00`, true},
		// texts
		{`profile.firstName = 'Frank'`, true}, {`profile.firstName = 'frank'`, false}, {`profile.firstName != 'frank'`, true}, {`profile.firstName > 'Frank'`, false}, {`profile.firstName >= 'Fra'`, true},
		{`profile.zip = 01234`, true}, {`profile.zip = 1234`, false}, {`profile.zip = '01234'`, true}, {`data.year = 2020`, true}, {`data.year > 2019`, true},
		{`data.date < '2020-01-02'`, true}, {`data.escaped = 'q"x'`, true}, {`data.empty = ''`, true}, {`profile.firstName IN ('Dean','Frank')`, true}, {`profile.firstName IN ('frank')`, false},
		{`profile.age IN (1, "42")`, true}, {`NOT profile.age IN (1, 2)`, true},
		// booleans
		{`isActive = true`, true}, {`isActive = 'true'`, true}, {`isActive != true`, false}, {`isVerified = false`, true}, {`isVerified = 0`, false}, {`isActive = 'TRUE'`, false},
		{`missing = false`, false}, {`isActive IN (true, false)`, true}, {`isVerified < 'true'`, false}, {`isVerified <= 'true'`, false}, {`isActive > 'false'`, false}, {`isActive >= 'true'`, false},
		// null and absence
		{`nothing IS NULL`, true}, {`missing IS NULL`, true}, {`missing.deeper IS NULL`, true}, {`profile.firstName.x IS NULL`, true}, {`profile.age IS NOT NULL`, true},
		{`data.empty IS NULL`, false}, {`data.list IS NULL`, false}, {`data.object IS NULL`, false}, {`profile IS NULL`, false}, {`data.list.x IS NULL`, true},
		{`identities.provider IS NULL`, false}, {`identities.gone IS NULL`, true}, {`identities.none IS NULL`, true}, {`nothing = null`, true}, {`profile.age != null`, true},
		{`nothing = ''`, false}, {`nothing != 1`, true}, {`missing != 1`, true}, {`missing = 1`, false}, {`missing < 1`, false}, {`missing NOT IN (1)`, true}, {`missing IN (1, null)`, true},
		// objects are no value
		{`profile = 'x'`, false}, {`data.object = ''`, false}, {`profile CONTAINS 'Frank'`, false},
		// arrays
		{`emails.verified = 'jo@example.com'`, true}, {`emails.unverified = 'jo@example.com'`, false}, {`emails.verified != 'x'`, true}, {`emails.verified != 'jo@example.com'`, false},
		{`identities.provider = 'site' AND identities.isLoginIdentity = false`, true}, {`identities.provider = 'google'`, false}, {`identities.provider IN ('a','site')`, true},
		{`profile.education.school = "NPU" AND profile.education.endYear > 2010`, true}, {`profile.education.endYear > 2015`, false}, {`data.nested = 2`, true}, {`data.nested = 3`, false},
		{`data.mixed = 1 AND data.mixed = '2' AND data.mixed = true`, true}, {`data.mixed = false`, false},
		// words
		{`data.about_t CONTAINS 'music'`, true}, {`data.about_t CONTAINS 'MUSIC'`, true}, {`data.about_t CONTAINS 'mus'`, false}, {`data.about_t CONTAINS 'blue'`, true},
		{`data.about_t CONTAINS 'music art'`, true}, {`data.about_t CONTAINS 'music dark'`, false}, {`data.about_t CONTAINS 'art; DARK-Blue'`, true}, {`data.about_t CONTAINS 'blue 01 x'`, false},
		{`data.about_t CONTAINS ''`, false}, {`data.about_t CONTAINS '&'`, false}, {`data.about_t NOT CONTAINS 'music'`, false}, {`missing NOT CONTAINS 'music'`, true}, {`missing CONTAINS 'x'`, false},
		{`profile.lastName CONTAINS 'smith'`, true}, {`profile.lastName CONTAINS 'smi'`, false}, {`data.ünïcode CONTAINS 'ärger ÜBER öl'`, true}, {`data.year CONTAINS 2020`, true},
		{`profile.likes.name CONTAINS 'madrid'`, true}, {`profile.likes.name CONTAINS 'mad'`, false}, {`profile.likes.tags CONTAINS 'y z'`, true}, {`profile.likes.tags CONTAINS 'z'`, false},
		{`data.hobbies CONTAINS 'swimming'`, true}, {`data.hobbies CONTAINS 'table tennis'`, true}, {`data.hobbies CONTAINS 'table'`, false}, {`emails.verified CONTAINS 'jo@example.com'`, true},
		{`data.numbers CONTAINS 7`, true}, {`data.numbers CONTAINS 8`, true}, {`data.numbers CONTAINS '7'`, false}, {`data.numbers CONTAINS 9`, false}, {`data.mixed CONTAINS true`, true},
		{`profile.age CONTAINS 42`, true}, {`profile.age CONTAINS '42'`, false},
		// case of names
		{`data.a = 1`, true}, {`data.A = 2`, true}, {`DATA.CASEONLY = 3`, true}, {`Profile.FIRSTNAME = 'Frank'`, true}, {`data.deep.B.c = 'x'`, true},
		// logic has two values
		{`missing = 1 OR NOT missing = 1`, true}, {`NOT (missing = 1 AND isActive = true)`, true}, {`!(isActive = true)`, false},
		{`isActive = true OR isActive = true AND isVerified = true`, true}, {`(isActive = true OR isActive = true) AND isVerified = true`, false},
	} {
		t.Run(c.where, func(t *testing.T) {
			q := parse(t, "SELECT * FROM accounts WHERE "+c.where)
			if got := ofElement(q.Where)([]byte(person)); got != c.want {
				t.Errorf("got %v", got)
			}
			if got := (querytest.Table{Rows: [][]byte{[]byte(person)}}).Run(q).Total == 1; got != c.want {
				t.Errorf("the plain evaluation: %v", got)
			}
		})
	}
}

func TestMatchingInsideADocument(t *testing.T) {
	c := is("profile.email", query.Equal, text("a@b.c"))
	for _, doc := range []struct {
		text string
		want bool
	}{{`{"email":"a@b.c"}`, true}, {`[{"email":1},{"email":"a@b.c"}]`, true}, {``, false}, {`{`, false}, {`null`, false}, {`"a@b.c"`, false}} {
		if got := c.MatchRaw([]byte(doc.text), path("email")); got != doc.want {
			t.Errorf("%s: %v", doc.text, got)
		}
	}
	if !c.MatchRaw([]byte(`"a@b.c"`), nil) {
		t.Error("an empty path does not lead to the document itself")
	}
	if null := is("x", query.IsNull); !null.MatchRaw(nil, nil) || !null.MatchRaw([]byte("null"), nil) || null.MatchRaw([]byte("0"), nil) || !null.MatchRaw(nil, path("x")) {
		t.Error("an absent document is not null")
	}
}

func TestMatchValue(t *testing.T) {
	null := query.Value{}
	for _, c := range []struct {
		c    *query.Comparison
		v    query.Value
		want bool
	}{
		{is("x", query.IsNull), null, true}, {is("x", query.IsNull), text(""), false}, {is("x", query.Equal, text("")), null, false},
		{is("x", query.Less, number("2")), number("1"), true}, {is("x", query.In), number("1"), false}, {is("x", query.In, number("2"), number("1")), number("1"), true},
		{is("x", query.Contains, text("b")), text("a b"), true}, {is("x", query.LessEqual, boolean(true)), boolean(true), false},
	} {
		if got := c.c.MatchValue(c.v); got != c.want {
			t.Errorf("%v %v: %v", c.c.Op, c.v, got)
		}
	}
}

func TestSorting(t *testing.T) {
	rows := strings.Fields(`{"UID":"a","n":2,"s":"b"} {"UID":"b","n":10,"s":"B"} {"UID":"c"} {"UID":"d","n":-1,"s":"a"} {"UID":"e","n":2.0} {"UID":"f","n":null,"s":"ä"} {"UID":"g","n":[[],null,3]}`)
	var raw [][]byte
	for _, r := range rows {
		raw = append(raw, []byte(r))
	}
	for _, c := range []struct{ by, want string }{
		{"n", "d a e g b c f"}, {"n DESC", "b g a e d c f"}, {"s", "b d a f c e g"}, {"s DESC", "f a d b c e g"}, {"n, s", "d a e g b f c"}, {"N DESC, UID DESC", "b g e a d f c"}, {"missing", "a b c d e f g"}, {"UID DESC", "g f e d c b a"},
	} {
		order := parse(t, "SELECT * FROM x ORDER BY "+c.by).Order
		sorted := slices.Clone(raw)
		slices.SortFunc(sorted, func(a, b []byte) int {
			for _, o := range append(order, query.Order{Path: path("UID")}) {
				if n := o.Compare(o.SortValue(a, o.Path), o.SortValue(b, o.Path)); n != 0 {
					return n
				}
			}
			return 0
		})
		var got []string
		for _, r := range sorted {
			got = append(got, query.SortValue(r, path("UID")).Str)
		}
		if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("by %s: %s", c.by, diff)
		}
		if diff := cmp.Diff(c.want, strings.Join(querytest.Table{Rows: raw}.Find(nil, order), " ")); diff != "" {
			t.Errorf("the plain evaluation by %s: %s", c.by, diff)
		}
	}
}

func TestCompare(t *testing.T) {
	ascending := []query.Value{
		boolean(false), boolean(true),
		number("-1e400"), number("-9223372036854775809"), number("-9223372036854775808"), number("-2"), number("-0.5"), number("-1e-99999999999999999999"), number("0"), number("1e-400"),
		number("0.05"), number("0.5"), number("1"), number("1.0000000000000000000001"), number("9007199254740992"), number("9007199254740993"), number("9223372036854775807"),
		number("9223372036854775807.5"), number("9223372036854775808"), number("1e19"), number("1e99999999999999999999"),
		text(""), text("A"), text("a"), text("ä"), text("\uffff"), text("😀"),
		{},
	}
	for i, a := range ascending {
		for j, b := range ascending {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := query.Compare(a, b); got != want {
				t.Errorf("Compare(%v, %v) = %d, want %d", a, b, got, want)
			}
		}
	}
	for _, same := range [][2]string{{"0", "-0.0e5"}, {"100", "1e2"}, {"1.50", "15e-1"}, {"12300", "0.0123e6"}, {"9223372036854775808", "9223372036854775808.000"}} {
		if got := query.Compare(number(same[0]), number(same[1])); got != 0 {
			t.Errorf("Compare(%s, %s) = %d", same[0], same[1], got)
		}
	}
}

// What cannot hold for two values at once must not, whatever they are.
func TestComparisonsAreConsistent(t *testing.T) {
	value := rapid.Custom(func(t *rapid.T) query.Value {
		if rapid.Bool().Draw(t, "text") {
			return text(rapid.SampledFrom([]string{"", "a", "B", "10", "9", "x y"}).Draw(t, "s"))
		}
		return number(rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "n"))
	})
	rapid.Check(t, func(t *rapid.T) {
		v, constant := value.Draw(t, "v"), value.Draw(t, "c")
		holds := func(op query.Op) bool { return is("x", op, constant).MatchValue(v) }
		count := 0
		for _, op := range []query.Op{query.Less, query.Equal, query.Greater} {
			if holds(op) {
				count++
			}
		}
		comparable := v.Kind == constant.Kind || v.Kind == query.String
		if count > 1 || comparable && count != 1 {
			t.Fatalf("%d of <, =, > hold for %v and %v", count, v, constant)
		}
		if holds(query.LessEqual) != (holds(query.Less) || holds(query.Equal)) || holds(query.GreaterEqual) != (holds(query.Greater) || holds(query.Equal)) || holds(query.In) != holds(query.Equal) {
			t.Fatalf("operators disagree on %v and %v", v, constant)
		}
		if query.Compare(v, constant) != -query.Compare(constant, v) {
			t.Fatalf("Compare is not antisymmetric on %v and %v", v, constant)
		}
	})
}

// TestBlanksWithinAPhraseAreReadOnce and not for each word of a text: a comparison would take half a minute.
func TestBlanksWithinAPhraseAreReadOnce(t *testing.T) {
	c := &query.Comparison{Path: query.Path{"t"}, Op: query.Contains, Values: []query.Value{{Kind: query.String, Str: "a" + strings.Repeat(" ", 60_000) + "b"}}}
	text := strings.Repeat("a ", 250_000)
	for range 64 {
		if c.MatchValue(query.Value{Kind: query.String, Str: text}) {
			t.Fatal("found what is not there")
		}
	}
	if !c.MatchValue(query.Value{Kind: query.String, Str: text + "a, B"}) {
		t.Error("did not find what is there")
	}
}
