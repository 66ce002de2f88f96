package store_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// TestIndexesAreChosenByTheirRows: data.few has 3 rows for any range, data.many a million, data.list too, several an account.
func TestIndexesAreChosenByTheirRows(t *testing.T) {
	rows := map[string]int64{"data.few": 3, "data.many": 1_000_000, "data.list": 3}
	var records []*store.IndexRecord
	for id, name := range []string{"few", "many", "list"} {
		ix, ok := store.NewIndex(query.Path{"data", name}, store.IndexValues)
		if !ok {
			t.Fatal(name)
		}
		r := &store.IndexRecord{ID: int64(id), Index: ix, State: store.IndexReady}
		if name == "list" {
			r.Flags = store.IndexMulti
		}
		records = append(records, r)
	}
	for _, tt := range []struct {
		text, access string
		total        bool
		// counted bounds the rows that were counted, whole is whether the condition needs not be asked.
		counted int64
		whole   bool
	}{
		{`WHERE data.many = "x"`, "by an index on data.many", false, store.ProbeRows, true},
		{`WHERE data.many > "x" AND data.few > "x"`, "by an index on data.few", false, store.ProbeRows + 3, false},
		{`WHERE data.many > "x" AND data.few = "x"`, "by an index on data.few", false, 3 + 4, false},
		{`WHERE data.many > "x" ORDER BY data.many`, "in the order of an index on data.many, within a range", false, 1, true},
		{`WHERE data.many > "x" ORDER BY data.many`, "in the order of an index on data.many, within a range", true, store.ProbeRows, true},
		{`WHERE data.few > "x" ORDER BY data.many`, "by an index on data.few", false, 3, true},
		{`WHERE data.list > "x" ORDER BY data.list`, "by an index on data.list", false, 3, true},
		{`WHERE NOT data.few > "x" ORDER BY data.many DESC`, "in the order of an index on data.many", false, 0, false},
		{`WHERE UID = "u" AND data.few = "x"`, "", false, 0, false},
	} {
		q, err := query.Parse("SELECT * FROM accounts " + tt.text)
		if err != nil {
			t.Fatal(err)
		}
		counted := int64(0)
		search := store.Search{Group: "g", Where: q.Where, Order: q.Order, Limit: 10, Total: tt.total}
		c, err := store.Choose(search, records, false, func(parts []store.IndexRanges, atMost int64) (counts [][]int64, err error) {
			for _, at := range parts {
				of := make([]int64, len(at.Ranges))
				for i := range of {
					of[i] = min(atMost, rows[at.Record.Index.Path.String()])
					counted += of[i]
				}
				counts = append(counts, of)
			}
			return counts, nil
		})
		var e store.Explanation
		if err == nil {
			c.Explain(&e, true)
		}
		if err != nil || e.Access != tt.access || counted > tt.counted || c.Whole != tt.whole {
			t.Errorf("%s: %q, %d rows were counted, whole %t; %v", tt.text, e.Access, counted, c.Whole, err)
		}
	}
}

// TestAWalkThatIsTakenUpGivesTheRestOfItsRows walks in pieces of one row and of two over rows in memory.
func TestAWalkThatIsTakenUpGivesTheRestOfItsRows(t *testing.T) {
	type row struct{ key, uid string }
	rows := []row{{"a", "1"}, {"a", "2"}, {"b", "1"}, {"b", "3"}, {"b", "4"}, {"c", "0"}, {"d", "9"}}
	read := func(w store.IndexWalk, most int) (found []row) {
		for _, r := range rows {
			behind := w.Key == nil || r.key > string(w.Key) || r.key == string(w.Key) && r.uid > w.UID
			if behind && bytes.Compare([]byte(r.key), w.In.From) >= 0 && bytes.Compare([]byte(r.key), w.In.To) < 0 {
				found = append(found, r)
			}
		}
		if w.Desc {
			slices.SortStableFunc(found, func(a, b row) int { return bytes.Compare([]byte(b.key), []byte(a.key)) })
		}
		return found[:min(most, len(found))]
	}
	for _, desc := range []bool{false, true} {
		all := store.IndexWalk{In: store.KeyRange{From: []byte("a"), To: []byte("d")}, Desc: desc}
		want := read(all, len(rows))
		for most := 1; most <= 2; most++ {
			var got []row
			for walks := []store.IndexWalk{all}; len(walks) > 0; {
				found := read(walks[0], most)
				got = append(got, found...)
				rest := walks[1:]
				if len(found) == most {
					last := found[most-1]
					rest = append(walks[0].Behind([]byte(last.key), last.uid), rest...)
				}
				walks = rest
			}
			if len(want) != 6 || !slices.Equal(got, want) {
				t.Errorf("descending %t, by %d: %v, want %v", desc, most, got, want)
			}
		}
	}
}
