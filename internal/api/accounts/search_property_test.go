package accounts_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/query/querytest"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
)

// searchDrivers are the storage engines that answer the same to every query. Each opens an empty store whose clock stands at
// testTime, closed at the end of the test.
var searchDrivers = map[string]func(t *testing.T) store.Store{
	"sqlite": func(t *testing.T) store.Store {
		opened, err := sqlite.Open(context.Background(), sqlite.Options{File: filepath.Join(t.TempDir(), "p.db"), Clock: clock.NewFake(testTime)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = opened.Close() })
		return opened
	},
}

// drawn are the words of the random queries over accounts.
var drawn = querytest.Names{
	Source: "accounts", Documents: []string{"data", "profile"}, Times: []string{"createdTimestamp", "lastUpdatedTimestamp", "verifiedTimestamp"},
	Flags: []string{"isActive", "isVerified"}, Key: "UID", Keys: []string{"u0", "u3", "u9"},
}

const drawnSchema = `{"dataSchema":{"fields":{"when":{"type":"date"},"num":{"type":"long"},"word":{"type":"basic-string"}}}}`

// drawAccounts puts random accounts in the place of those that are there, and returns them as the plain evaluation takes them.
func (h *house) drawAccounts(rt *rapid.T, before int) querytest.Table {
	table := querytest.Table{Types: map[string]string{}}
	for name, kind := range querytest.Types {
		table.Types["data."+name] = kind
	}
	times := rapid.SampledFrom([]clock.Millis{1_000, 1_391_212_800_000, 1_600_000_000_000})
	var list []*store.Account
	for i := range rapid.IntRange(0, 9).Draw(rt, "accounts") {
		a := &store.Account{Group: testKey, UID: fmt.Sprintf("u%d", i), Created: times.Draw(rt, "created"), LastUpdated: times.Draw(rt, "updated"),
			IsActive: rapid.Bool().Draw(rt, "active"), Data: []byte(querytest.Document(rt, "data")), Profile: []byte(querytest.Document(rt, "profile"))}
		if rapid.Bool().Draw(rt, "is verified") {
			a.Verified = times.Draw(rt, "verified")
		}
		list = append(list, a)
		table.Rows = append(table.Rows, account.Row(a, testTime))
	}
	h.change(func(tx store.Tx) error {
		for i := range before {
			if err := tx.DeleteAccount(testKey, fmt.Sprintf("u%d", i)); err != nil {
				return err
			}
		}
		for _, a := range list {
			a.Rev = 0
			if err := tx.PutAccount(a); err != nil {
				return err
			}
		}
		return nil
	})
	return table
}

func (h *house) wantAnswer(rt *rapid.T, table querytest.Table, text string) {
	q, err := query.Parse(text)
	if err != nil {
		rt.Fatalf("%s: %v", text, err)
	}
	want := table.Run(q)
	answer := h.call(server, "accounts.search", "query", text)
	if code(answer) != "0" {
		rt.Fatalf("%s\n%s", text, answer)
	}
	diff := cmp.Diff(querytest.Normal(want.Results), querytest.Normal(querytest.Decode([]byte(field(answer, "results")))))
	if diff != "" || field(answer, "totalCount") != fmt.Sprint(want.Total) || field(answer, "objectsCount") != fmt.Sprint(len(want.Results)) {
		rt.Fatalf("%s\ntotal %d, %d rows; %s\nanswer %s\nrows\n%s", text, want.Total, len(want.Results), diff, answer, strings.Join(rowTexts(table), "\n"))
	}
}

func rowTexts(table querytest.Table) []string {
	lines := make([]string, len(table.Rows))
	for i, row := range table.Rows {
		lines[i] = string(row)
	}
	return lines
}

// wantPages walks over the result with cursors.
func (h *house) wantPages(rt *rapid.T, table querytest.Table, text string, limit int) {
	q, err := query.Parse(text)
	if err != nil {
		rt.Fatalf("%s: %v", text, err)
	}
	want := table.Run(q)
	got := []any{}
	answer := h.call(server, "accounts.search", "query", fmt.Sprint(text, " LIMIT ", limit), "openCursor", "true")
	for {
		if code(answer) != "0" || field(answer, "totalCount") != fmt.Sprint(want.Total) {
			rt.Fatalf("%s: want %d\n%s", text, want.Total, answer)
		}
		got = append(got, querytest.Decode([]byte(field(answer, "results"))).([]any)...)
		next := field(answer, "nextCursorId")
		if next == "" || len(got) > len(want.Results) {
			break
		}
		answer = h.call(server, "accounts.search", "cursorId", next)
	}
	if diff := cmp.Diff(querytest.Normal(want.Results), querytest.Normal(got)); diff != "" {
		rt.Fatalf("%s in pages of %d: %s\nrows\n%s", text, limit, diff, strings.Join(rowTexts(table), "\n"))
	}
}

func TestSearchesAgreeWithThePlainEvaluation(t *testing.T) {
	for name, open := range searchDrivers {
		t.Run(name, func(t *testing.T) {
			h := newHouseOver(t, open(t))
			h.configure("", drawnSchema)
			before := 0
			rapid.Check(t, func(rt *rapid.T) {
				table := h.drawAccounts(rt, before)
				before = len(table.Rows)
				for range 4 {
					h.wantAnswer(rt, table, drawn.Rows(rt)+fmt.Sprintf(" START %d LIMIT %d", rapid.IntRange(0, 3).Draw(rt, "start"), rapid.IntRange(0, 9).Draw(rt, "limit")))
					h.wantAnswer(rt, table, drawn.Numbers(rt))
					h.wantPages(rt, table, drawn.Rows(rt), rapid.IntRange(1, 4).Draw(rt, "batch"))
				}
			})
		})
	}
}
