package query_test

import (
	"bytes"
	"testing"

	"github.com/doorward/doorward/internal/query"
	"pgregory.net/rapid"
)

func TestSortKeysOrderAsValuesDo(t *testing.T) {
	number := rapid.OneOf(
		rapid.StringMatching(`-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?`),
		rapid.StringMatching(`-?[1-9][0-9]{17,20}`),
		rapid.SampledFrom([]string{"0", "-0", "0.0", "1", "1.0", "10e-1", "-1", "-1.5", "-15e-1", "-1.50001"}))
	value := rapid.OneOf(
		rapid.Map(number, func(text string) query.Value { return query.Value{Kind: query.Number, Num: text} }),
		rapid.Map(rapid.StringN(0, 4, -1), func(text string) query.Value { return query.Value{Kind: query.String, Str: text} }),
		rapid.Map(rapid.Bool(), func(b bool) query.Value { return query.Value{Kind: query.Bool, Bool: b} }),
		rapid.Just(query.Value{}))
	rapid.Check(t, func(t *rapid.T) {
		a, b := value.Draw(t, "a"), value.Draw(t, "b")
		want := query.Compare(a, b)
		got := bytes.Compare(query.AppendSortKey(nil, a), query.AppendSortKey(nil, b))
		if got != want {
			t.Fatalf("keys of %+v and %+v order %d, the values %d", a, b, got, want)
		}
	})
}
