package ds_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
)

// albums fills the type albums.
func albums(h *house) {
	h.t.Helper()
	for _, o := range []struct{ oid, uid, data string }{
		{"1", "", `{"albumName":"Summer in Rome","year":2014,"tag_s":"Blue_One","photos":[{"w":4},{"w":10}],"open":true,"taken_d":"2014-07-01"}`},
		{"2", "ann", `{"albumName":"Winter","year":2016,"tag_s":"blue_one","photos":[],"open":false,"taken_d":"2016-01-31 23:00:00"}`},
		{"3", "ann", `{"albumName":"Rome again","year":2014,"created":"a field of data","order":7}`},
		{"3", "bob", `{"albumName":"rome","year":2020}`},
	} {
		h.clock.Advance(time.Second)
		if got := h.call(server, "ds.store", "type", "albums", "oid", o.oid, "UID", o.uid, "data", o.data); got != `{"oid":"`+o.oid+`"}` {
			h.t.Fatal(got)
		}
	}
}

func TestSearch(t *testing.T) {
	h := newHouse(t)
	albums(h)
	h.call(server, "ds.store", "type", "empty", "oid", "1", "data", `{}`)
	for query, want := range map[string]string{
		`SELECT oid, UID FROM albums`:                                                        `{"oid":"1"},{"oid":"2","UID":"ann"},{"oid":"3","UID":"ann"},{"oid":"3","UID":"bob"}`,
		`select albumName from data.albums where year = 2014 order by albumName`:             `{"data":{"albumName":"Rome again"}},{"data":{"albumName":"Summer in Rome"}}`,
		`SELECT data.albumName FROM albums WHERE data.year > 2014 ORDER BY year`:             `{"data":{"albumName":"Winter"}},{"data":{"albumName":"rome"}}`,
		`SELECT oid, year FROM albums WHERE albumName CONTAINS "Rome" LIMIT 1`:               `{"oid":"1","data":{"year":2014}}`,
		`SELECT oid FROM albums WHERE tag_s CONTAINS "blue"`:                                 ``,
		`SELECT oid FROM albums WHERE tag_s = "blue_one"`:                                    `{"oid":"2"}`,
		`SELECT oid FROM albums WHERE photos.w > 9`:                                          `{"oid":"1"}`,
		`SELECT photos.w AS width FROM albums WHERE oid = "1"`:                               `{"data":{"photos":[{"width":4},{"width":10}]}}`,
		`SELECT oid FROM albums WHERE open = false`:                                          `{"oid":"2"}`,
		`SELECT oid FROM albums WHERE taken_d > "2015-01-01" AND taken_d < "2016-02-01"`:     `{"oid":"2"}`,
		`SELECT oid FROM albums WHERE UID = "ann" ORDER BY oid DESC`:                         `{"oid":"3"},{"oid":"2"}`,
		`SELECT oid FROM albums WHERE UID IS NULL`:                                           `{"oid":"1"}`,
		`SELECT UID FROM albums WHERE oid = "3" AND uid = "bob"`:                             `{"UID":"bob"}`,
		`SELECT UID FROM albums WHERE oid = "3" OR oid = "2" ORDER BY UID DESC`:              `{"UID":"bob"},{"UID":"ann"},{"UID":"ann"}`,
		`SELECT oid, created FROM albums WHERE created >= 1772446534123`:                     `{"oid":"3","created":1772446534123}`,
		`SELECT createdTime FROM albums WHERE created > "2026-03-02T10:15:33.5Z"`:            `{"createdTime":"2026-03-02T10:15:34.123Z"}`,
		`SELECT lastUpdated FROM albums WHERE lastUpdatedTime <= "2026-03-02T10:15:31.123Z"`: `{"lastUpdated":1772446531123}`,
		"SELECT data.created, `order` FROM albums WHERE data.created IS NOT NULL":            `{"data":{"created":"a field of data","order":7}}`,
		`SELECT * FROM albums WHERE year = 2020`: `{"oid":"3","UID":"bob","data":{"albumName":"rome","year":2020},"created":1772446534123,"createdTime":"2026-03-02T10:15:34.123Z",` +
			`"lastUpdated":1772446534123,"lastUpdatedTime":"2026-03-02T10:15:34.123Z"}`,
		`SELECT count(*) FROM albums WHERE year = 2014`:                           `{"data":{"count(*)":2}}`,
		`SELECT min(year), max(year), avg(year) FROM albums`:                      `{"data":{"min(year)":2014,"max(year)":2020,"avg(year)":2016}}`,
		`SELECT max(created) FROM albums`:                                         `{"data":{"max(created)":1772446534123}}`,
		`SELECT min(nothing) FROM albums`:                                         `{"data":{"min(nothing)":"infinity"}}`,
		`SELECT year, count(*) AS n FROM albums GROUP BY year ORDER BY year DESC`: `{"data":{"year":2020,"n":1}},{"data":{"year":2016,"n":1}},{"data":{"year":2014,"n":2}}`,
		// A field is the same with data before it and without.
		`SELECT data.year, count(*) FROM albums GROUP BY year ORDER BY data.year LIMIT 1`: `{"data":{"year":2014,"count(*)":2}}`,
		`SELECT year AS y FROM albums GROUP BY data.year ORDER BY year DESC LIMIT 1`:      `{"data":{"y":2020}}`,
		`SELECT sum(year), max(data.year) FROM albums`:                                    `{"data":{"sum(year)":8064,"max(data.year)":2020}}`,
		`SELECT count(*) AS n, min(year) AS n FROM albums`:                                `{"data":{"n":2014}}`,
		`SELECT UID, count(*) FROM albums GROUP BY UID`:                                   `{"UID":"ann","data":{"count(*)":2}},{"UID":"bob","data":{"count(*)":1}},{"data":{"count(*)":1}}`,
		`SELECT photos FROM albums WHERE oid = "1" FILTER photos BY photos.w > 5`:         `{"data":{"photos":[{"w":10}]}}`,
		`SELECT data FROM albums WHERE unknown = 1`:                                       ``,
		`SELECT oid FROM albums WHERE unknown != 1 AND year = 2020`:                       `{"oid":"3"}`,
		`SELECT * FROM nothing`:  ``,
		`SELECT data FROM empty`: `{"data":{}}`,
		`SELECT oid FROM albums ORDER BY year, oid DESC START 1 LIMIT 2`: `{"oid":"1"},{"oid":"2"}`,
		`SELECT oid FROM albums WHERE albumName = regex('Rome.*')`:       `{"oid":"3"}`,
		`SELECT oid FROM albums WHERE NOT albumName CONTAINS "rome"`:     `{"oid":"2"}`,
		`SELECT oid FROM albums WHERE oid = ""`:                          ``,
	} {
		got := h.call(server, "ds.search", "query", query)
		if results := strings.TrimSuffix(strings.TrimPrefix(field(got, "results"), "["), "]"); results != want || !strings.HasPrefix(got, "{") {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
}

func TestSearchesThatAreRefused(t *testing.T) {
	h := newHouse(t)
	albums(h)
	for query, want := range map[string]string{
		``:                                      "400002 Missing required parameter : query",
		`SELECT`:                                "400006 Invalid argument: query: position 7: a field was expected",
		`SELECT * FROM albums WHERE year = "x"`: "400006 Invalid argument: query: position 28: data.year is a number: a number was expected",
		`SELECT * FROM albums WHERE open > "x"`: "400006 Invalid argument: query: position 28: data.open is true or false: only = and != compare it",
		`SELECT * FROM albums WHERE created = "once"`: "400006 Invalid argument: query: position 28: created is a number: a number was expected",
		`SELECT sum(albumName) FROM albums`:           "400006 Invalid argument: query: position 8: sum needs a number: albumName is a text",
		`SELECT * FROM albums START 5001`:             "400006 Invalid argument: query: position 28: START must not be greater than 5000; use a cursor",
		`SELECT * FROM albums WITH counters`:          "400006 Invalid argument: query: position 15: WITH counters is for the source accounts",
	} {
		h.play([]step{{nil, "ds.search", p("query", query), want}})
	}
}

func TestWhoMaySearch(t *testing.T) {
	h := newHouse(t)
	albums(h)
	const query = `SELECT oid FROM albums WHERE oid = "1"`
	const found = `{"results":[{"oid":"1"}],"objectsCount":1,"totalCount":1}`
	soon, past := fmt.Sprint(h.clock.Now().Add(time.Minute).UnixMilli()), fmt.Sprint(h.clock.Now().Add(-time.Minute).UnixMilli())
	sign := func(expires string) string { return gigya.SignQuery(server.Secret, query, expires) }
	const denied = "403007 Invalid namespace &#39;ds&#39; or method &#39;search&#39; or you do not have the required permissions to call it. "
	h.play([]step{
		{server, "gcs.search", p("query", query), found},
		{public, "ds.search", p("query", query), strings.TrimSpace(denied)},
		{ann, "ds.search", p("query", query), strings.TrimSpace(denied)},
		{public, "ds.search", p("query", query, "querySig", sign(soon), "expTime", soon), found},
		{ann, "ds.search", p("query", query, "querySig", sign(soon), "expTime", soon), found},
		{public, "ds.search", p("querySig", sign(soon), "expTime", soon), "400002 Missing required parameter : query"},
		{public, "ds.search", p("query", query, "querySig", sign(soon), "expTime", soon, "openCursor", "true"), "400006 Invalid argument: openCursor: cursors need a server credential"},
	})
	for _, tt := range []struct{ sig, expires, query, code string }{
		{sign(past), past, query, "403002"},
		{sign(soon), soon, query + " ", "403003"},
		{"x", soon, query, "403003"},
	} {
		if got := h.call(public, "ds.search", "query", tt.query, "querySig", tt.sig, "expTime", tt.expires); !strings.HasPrefix(got, tt.code) {
			t.Errorf("%v: %s", tt, got)
		}
	}
}

func TestACursorGivesEveryObjectOnce(t *testing.T) {
	h := newHouse(t)
	var want []string
	for i := range 25 {
		oid := fmt.Sprintf("%02d", i)
		want = append(want, oid)
		h.call(server, "ds.store", "type", "t", "oid", oid, "data", fmt.Sprintf(`{"n":%d}`, i%3))
	}
	for _, order := range []string{"", " ORDER BY n DESC"} {
		var got []string
		answer := h.call(server, "ds.search", "query", "SELECT oid FROM t"+order+" LIMIT 4", "openCursor", "true")
		for pages := 1; ; pages++ {
			for row := range strings.SplitSeq(field(answer, "results"), `"oid":"`) {
				if oid, _, ok := strings.Cut(row, `"`); ok && oid != "" {
					got = append(got, oid)
				}
			}
			if total := field(answer, "totalCount"); total != "25" {
				t.Fatalf("total %s", total)
			}
			next := field(answer, "nextCursorId")
			if next == "" {
				if pages != 7 {
					t.Errorf("%d pages", pages)
				}
				break
			}
			answer = h.call(server, "ds.search", "cursorId", next)
			if again := h.call(server, "ds.search", "cursorId", next); field(again, "results") != field(answer, "results") {
				t.Error("asked again, the page is another")
			}
		}
		seen := map[string]bool{}
		for _, oid := range got {
			seen[oid] = true
		}
		if len(got) != 25 || len(seen) != 25 || order == "" && strings.Join(got, "") != strings.Join(want, "") {
			t.Errorf("%q: %v", order, got)
		}
	}
	first := field(h.call(server, "ds.search", "query", "SELECT oid FROM t LIMIT 4", "openCursor", "true"), "nextCursorId")
	if got, _ := h.try(otherKey, server, "ds.search", "cursorId", first); got != "400006 Invalid argument: cursorId: the cursor is unknown or has expired" {
		t.Errorf("at another site: %s", got)
	}
	h.clock.Advance(301 * time.Second)
	if got := h.call(server, "ds.search", "cursorId", first); got != "400006 Invalid argument: cursorId: the cursor is unknown or has expired" {
		t.Errorf("too late: %s", got)
	}
}
