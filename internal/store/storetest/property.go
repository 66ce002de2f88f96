package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/query/querytest"
	"github.com/doorward/doorward/internal/store"
	"pgregory.net/rapid"
)

// world is a set of accounts and the same as rows for the plain evaluation.
type world struct {
	group string
	rows  [][]byte
}

// The generators draw from few names and values, so that conditions find something.
var (
	texts  = []string{"", "a", "b", "A", "blue car", "Blue", "7", "01", "zoë", "2014-01-31"}
	fields = []string{"a", "b", "c"}
)

func leaf() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Map(rapid.SampledFrom(texts), func(s string) any { return s }),
		rapid.Map(rapid.SampledFrom([]string{"0", "7", "-1", "1.5", "7.0", "9007199254740993", "1e3"}), func(s string) any { return json.Number(s) }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just[any](nil))
}

func value(depth int) *rapid.Generator[any] {
	if depth == 0 {
		return leaf()
	}
	return rapid.OneOf(leaf(), leaf(),
		rapid.Map(rapid.SliceOfN(value(depth-1), 0, 3), func(list []any) any { return list }),
		rapid.Map(rapid.MapOfN(rapid.SampledFrom(fields), value(depth-1), 0, 3), func(m map[string]any) any { return m }))
}

// draw puts random accounts into a group of their own.
func draw(t *testing.T, rt *rapid.T, s store.Store, name string) world {
	w := world{group: name}
	objects := rapid.MapOfN(rapid.SampledFrom(fields), value(2), 0, 3)
	times := rapid.SampledFrom([]clock.Millis{1_000, 1_391_212_800_000, 1_600_000_000_000})
	var accounts []*store.Account
	for i := range rapid.IntRange(0, 8).Draw(rt, "accounts") {
		a := &store.Account{Group: name, UID: uid(i), Created: times.Draw(rt, "created"), LastUpdated: times.Draw(rt, "updated"),
			IsActive: rapid.Bool().Draw(rt, "active")}
		if rapid.Bool().Draw(rt, "is verified") {
			a.Verified = times.Draw(rt, "verified")
		}
		if rapid.Bool().Draw(rt, "has source") {
			a.HasRegSource, a.RegSource = true, rapid.SampledFrom(texts).Draw(rt, "source")
		}
		row := map[string]any{
			"UID": a.UID, "createdTimestamp": a.Created, "lastUpdatedTimestamp": a.LastUpdated, "isActive": a.IsActive,
			"isVerified": a.Verified != 0,
		}
		if a.Verified != 0 {
			row["verifiedTimestamp"] = a.Verified
		}
		if a.HasRegSource {
			row["regSource"] = a.RegSource
		}
		for part, doc := range map[string]*json.RawMessage{"data": &a.Data, "profile": &a.Profile} {
			if rapid.Bool().Draw(rt, "has "+part) {
				*doc = marshal(rt, objects.Draw(rt, part))
				row[part] = *doc
			}
		}
		accounts = append(accounts, a)
		w.rows = append(w.rows, marshal(rt, row))
	}
	err := s.Change(t.Context(), func(tx store.Tx) error {
		for _, a := range accounts {
			a.Rev = 0
			if err := tx.PutAccount(a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
	return w
}

func marshal(rt *rapid.T, v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		rt.Fatal(err)
	}
	return text
}

// condition draws the text of a condition.
func condition(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(rt *rapid.T) string {
		if depth == 0 || rapid.Bool().Draw(rt, "simple") {
			return comparison(rt)
		}
		parts := rapid.SliceOfN(condition(depth-1), 1, 3).Draw(rt, "parts")
		text := "(" + strings.Join(parts, rapid.SampledFrom([]string{" AND ", " OR "}).Draw(rt, "join")) + ")"
		if rapid.Bool().Draw(rt, "not") {
			text = "NOT " + text
		}
		return text
	})
}

func comparison(rt *rapid.T) string {
	relations := []string{"=", "!=", "<", "<=", ">", ">="}
	switch rapid.IntRange(0, 9).Draw(rt, "kind") {
	case 0:
		return "isActive = " + rapid.SampledFrom([]string{"true", "false"}).Draw(rt, "flag")
	case 1:
		name := rapid.SampledFrom([]string{"createdTimestamp", "lastUpdatedTimestamp", "verifiedTimestamp"}).Draw(rt, "time")
		at := rapid.SampledFrom([]string{"1000", "1391212800000", "1.6e12", "1000.5"}).Draw(rt, "at")
		return name + " " + rapid.SampledFrom(relations).Draw(rt, "relation") + " " + at
	case 2:
		return rapid.SampledFrom([]string{"regSource", "verifiedTimestamp", "UID", "data", "profile", "isVerified"}).Draw(rt, "path") + " IS NULL"
	case 3:
		return "UID " + rapid.SampledFrom(relations).Draw(rt, "relation") + ` "` + uid(rapid.IntRange(0, 9).Draw(rt, "uid")) + `"`
	}
	path := "regSource"
	if rapid.IntRange(0, 5).Draw(rt, "where") > 0 {
		path = rapid.SampledFrom([]string{"data.", "profile."}).Draw(rt, "document") +
			strings.Join(rapid.SliceOfN(rapid.SampledFrom(fields), 1, 3).Draw(rt, "way"), ".")
	}
	switch rapid.IntRange(0, 3).Draw(rt, "operator") {
	case 0:
		return path + " IS NULL"
	case 1:
		return path + " CONTAINS " + constant(rt)
	case 2:
		return fmt.Sprintf("%s IN (%s, %s)", path, constant(rt), constant(rt))
	}
	text := constant(rt)
	if text == "true" || text == "false" {
		relations = relations[:2] // a boolean has no order: the others are refused by the parser
	}
	return path + " " + rapid.SampledFrom(relations).Draw(rt, "relation") + " " + text
}

func constant(rt *rapid.T) string {
	if rapid.Bool().Draw(rt, "text") {
		return `"` + rapid.SampledFrom(texts).Draw(rt, "constant") + `"`
	}
	return rapid.SampledFrom([]string{"7", "0", "1.5", "9007199254740993", "9007199254740992", "1000", "true", "false"}).Draw(rt, "constant")
}

func order(rt *rapid.T) string {
	paths := []string{"UID", "createdTimestamp", "lastUpdatedTimestamp", "verifiedTimestamp", "regSource", "isActive", "data.a", "data.b.a", "profile.c"}
	n := rapid.IntRange(0, 3).Draw(rt, "keys")
	if n == 0 {
		return ""
	}
	keys := make([]string, n)
	for i := range keys {
		keys[i] = rapid.SampledFrom(paths).Draw(rt, "key") + rapid.SampledFrom([]string{"", " ASC", " DESC"}).Draw(rt, "direction")
	}
	return " ORDER BY " + strings.Join(keys, ", ")
}

// expected returns the UIDs that the plain evaluation gives.
func expected(w world, q *query.Query) []string {
	return querytest.Table{Rows: w.rows}.Find(q.Where, q.Order)
}

func searchProperty(t *testing.T, s store.Store) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		w := draw(t, rt, s, fmt.Sprint("world ", n))
		for range 5 {
			text := "SELECT * FROM accounts WHERE " + condition(3).Draw(rt, "where") + order(rt)
			q, err := query.Parse(text)
			if err != nil {
				rt.Fatalf("%s: %v", text, err)
			}
			want := expected(w, q)
			start, limit := rapid.IntRange(0, 3).Draw(rt, "start"), rapid.IntRange(0, 9).Draw(rt, "limit")
			got, total, err := search(t.Context(), s, store.Search{Group: w.group, Where: q.Where, Order: q.Order, Start: start, Limit: limit, Total: true})
			if err != nil {
				rt.Fatalf("%s: %v", text, err)
			}
			page := want[min(start, len(want)):min(start+limit, len(want))]
			if !slices.Equal(got, page) || int(total) != len(want) {
				rt.Fatalf("%s\nstart %d limit %d\n got %v, total %d\nwant %v, total %d\nrows\n%s", text, start, limit, got, total, page, len(want),
					strings.Join(rowTexts(w), "\n"))
			}
		}
	})
}

func rowTexts(w world) []string {
	lines := make([]string, len(w.rows))
	for i, row := range w.rows {
		lines[i] = string(row)
	}
	return lines
}

// cursorProperty walks a result in pages, with positions that went through JSON as cursors do.
func cursorProperty(t *testing.T, s store.Store) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		w := draw(t, rt, s, fmt.Sprint("world ", n))
		text := "SELECT * FROM accounts WHERE " + condition(1).Draw(rt, "where") + order(rt)
		q, err := query.Parse(text)
		if err != nil {
			rt.Fatalf("%s: %v", text, err)
		}
		want := expected(w, q)
		var got []string
		page := store.Search{Group: w.group, Where: q.Where, Order: q.Order, Limit: rapid.IntRange(1, 3).Draw(rt, "limit"), Total: true}
		for {
			rows := 0
			var last store.Position
			total, err := s.SearchAccounts(t.Context(), page, func(a *store.Account, sort []query.Value) error {
				rows++
				got = append(got, a.UID)
				last = store.Position{Sort: sort, UID: a.UID}
				return nil
			})
			if err != nil || int(total) != len(want) {
				rt.Fatalf("%s: total %d, want %d; %v", text, total, len(want), err)
			}
			if rows < page.Limit {
				break
			}
			page.After = new(store.Position)
			if err := json.Unmarshal(marshal(rt, last), page.After); err != nil {
				rt.Fatal(err)
			}
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("%s\n got %v\nwant %v\nrows\n%s", text, got, want, strings.Join(rowTexts(w), "\n"))
		}
	})
}
