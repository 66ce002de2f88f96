package store_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"pgregory.net/rapid"
)

// indexedDocument draws the text of a value of data.a with all that keys must tell apart.
func indexedDocument(rt *rapid.T) string {
	leaf := rapid.SampledFrom([]string{`"a"`, `"A"`, `"b"`, `""`, `"7"`, `"blue car"`, `"Blue"`, `"true"`, `7`, `7.0`, `-1.5`, `0`, `1e3`, `9007199254740993`, `true`,
		`false`, `null`, `"2014-01-31"`, `"1970-01-01T00:00:00.007Z"`, `{"b":1}`, `"` + strings.Repeat("x", 600) + `"`, `"` + strings.Repeat("x", 600) + `y"`,
		`"` + strings.Repeat("x", 511) + `"`})
	if rapid.Bool().Draw(rt, "one") {
		return leaf.Draw(rt, "leaf")
	}
	return "[" + strings.Join(rapid.SliceOfN(leaf, 0, 4).Draw(rt, "leaves"), ",") + "]"
}

func indexedComparison(rt *rapid.T) *query.Comparison {
	constant := rapid.SampledFrom([]query.Value{
		{Kind: query.String, Str: "a"}, {Kind: query.String}, {Kind: query.String, Str: "7"}, {Kind: query.String, Str: "007"}, {Kind: query.String, Str: "true"},
		{Kind: query.String, Str: "BLUE"}, {Kind: query.String, Str: "car blue"}, {Kind: query.String, Str: "Blue Car"}, {Kind: query.String, Str: "!"},
		{Kind: query.Number, Num: "7"}, {Kind: query.Number, Num: "7", Str: "007"}, {Kind: query.Number, Num: "-1.5"}, {Kind: query.Number, Num: "1000"},
		{Kind: query.Number, Num: "9007199254740992"}, {Kind: query.Number, Num: "1391126400000"}, {Kind: query.String, Str: strings.Repeat("x", 600)},
		{Kind: query.String, Str: strings.Repeat("x", 511)}, {Kind: query.Bool, Bool: true}})
	c := &query.Comparison{Path: query.Path{"data", "a"}, Op: rapid.SampledFrom([]query.Op{query.Equal, query.In, query.Less, query.LessEqual,
		query.Greater, query.GreaterEqual, query.Contains, query.IsNull}).Draw(rt, "operator")}
	c.As = rapid.SampledFrom([]query.As{query.AsIs, query.AsTime, query.AsWhole}).Draw(rt, "as")
	switch c.Op {
	case query.IsNull:
	case query.In:
		c.Values = rapid.SliceOfN(constant, 1, 3).Draw(rt, "constants")
	default:
		c.Values = []query.Value{constant.Draw(rt, "constant")}
	}
	return c
}

func TestALookupFindsWhatSatisfiesTheComparison(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := &store.Account{Data: []byte(`{"a":` + indexedDocument(rt) + `}`)}
		c := indexedComparison(rt)
		l, ok := store.LookupOf(c)
		if !ok {
			return
		}
		f, resolved, err := store.Resolve(c)
		if err != nil {
			rt.Fatal(err)
		}
		keys, _ := l.Index.Keys(a)
		found := slices.ContainsFunc(keys, func(key []byte) bool {
			return slices.ContainsFunc(l.Ranges, func(r store.KeyRange) bool { return in(r, key) })
		})
		holds := f.MatchDocument(resolved, a.Data, time.Time{})
		if holds && !found || found && !holds && l.Exact {
			rt.Fatalf("%v %v of %s: holds %t, found %t, exact %t", c.Op, c.Values, a.Data, holds, found, l.Exact)
		}
	})
}

func in(r store.KeyRange, key []byte) bool {
	return bytes.Compare(key, r.From) >= 0 && bytes.Compare(key, r.To) < 0
}

func TestFirstKeysOrderAsTheFieldDoes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := query.Order{Path: query.Path{"data", "a"}, As: rapid.SampledFrom([]query.As{query.AsIs, query.AsTime}).Draw(rt, "as")}
		ix, ok := store.OrderIndex(o)
		f, err := store.SortField(o)
		if !ok || err != nil {
			rt.Fatal(ok, err)
		}
		var firsts [2][]byte
		var values [2]query.Value
		cut := store.IndexFlags(0)
		for i := range firsts {
			a := &store.Account{Data: []byte(`{"a":` + indexedDocument(rt) + `}`)}
			keys, flags := ix.Keys(a)
			firsts[i], values[i], cut = keys[0], f.SortValue(a, time.Time{}), cut|flags&store.IndexCut
		}
		got, want := bytes.Compare(firsts[0], firsts[1]), o.Compare(values[0], values[1])
		if cut != 0 && got == 0 {
			return // Two that were cut may be equal.
		}
		if got != want {
			rt.Fatalf("%v and %v: %d, want %d", values[0], values[1], got, want)
		}
	})
}

func TestAnAccountWithTooManyKeysIsFoundByAnyLookup(t *testing.T) {
	var items []string
	for i := range 300 {
		items = append(items, fmt.Sprint(i))
	}
	ix, _ := store.NewIndex(query.Path{"data", "a"}, store.IndexValues)
	keys, flags := ix.Keys(&store.Account{Data: []byte(`{"a":[` + strings.Join(items, ",") + `]}`)})
	if len(keys) != 128 || !in(store.OverflowKey, keys[127]) || flags != store.IndexMulti|store.IndexOverflow {
		t.Errorf("%d keys, the last %x, flags %d", len(keys), keys[len(keys)-1], flags)
	}
}

func TestFieldsThatChangeByThemselvesHaveNoIndex(t *testing.T) {
	for _, path := range []string{"profile.age", "isLockedOut", "lockedUntil", "UID", "created", "nonsense", "iRank", "tfaStatus"} {
		if _, ok := store.NewIndex(strings.Split(path, "."), store.IndexValues); ok {
			t.Error(path)
		}
	}
}

func TestLookupsOfColumnsAgreeWithTheColumns(t *testing.T) {
	accounts := []*store.Account{{}, {HasRegSource: true}, {HasRegSource: true, RegSource: "7", LastLogin: 5, Verified: 9}}
	for path, constants := range map[string][]query.Value{
		"regSource": {{Kind: query.String}, {Kind: query.String, Str: "7"}, {Kind: query.Number, Num: "7"}},
		"lastLogin": {{Kind: query.Number, Num: "5"}, {Kind: query.Number, Num: "4.5"}, {Kind: query.String, Str: "1970-01-01"}},
		"verified":  {{Kind: query.Number, Num: "9"}},
	} {
		for _, op := range []query.Op{query.Equal, query.Less, query.GreaterEqual, query.IsNull} {
			for _, v := range constants {
				c := &query.Comparison{Path: query.Path{path}, Op: op, Values: []query.Value{v}}
				l, ok := store.LookupOf(c)
				f, resolved, err := store.Resolve(c)
				if !ok || err != nil {
					t.Fatal(path, ok, err)
				}
				for i, a := range accounts {
					keys, _ := l.Index.Keys(a)
					found := slices.ContainsFunc(l.Ranges, func(r store.KeyRange) bool { return in(r, keys[0]) })
					if holds := resolved.MatchValue(f.SortValue(a, time.Time{})); found != holds || !l.Exact {
						t.Errorf("%s %s %v of account %d: found %t, holds %t", path, op, v, i, found, holds)
					}
				}
			}
		}
	}
}
