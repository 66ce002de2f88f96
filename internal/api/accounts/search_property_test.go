package accounts_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/query/querytest"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
	"github.com/doorward/doorward/internal/store/sqlite"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

// searchDrivers are the storage engines that answer the same to every query. Each opens an empty store whose clock stands at
// testTime, closed at the end of the test; worlds bounds how many it is asked about, 0: as many as rapid says.
var searchDrivers = map[string]struct {
	open   func(t *testing.T) store.Store
	worlds int
}{
	"sqlite":              {open: func(t *testing.T) store.Store { return openSQLite(t, false) }},
	"sqlite with indexes": {open: func(t *testing.T) store.Store { return openSQLite(t, true) }},
	"postgres":            {open: openPostgres, worlds: 25},
}

func openPostgres(t *testing.T) store.Store {
	opened, err := postgres.Open(t.Context(),
		postgres.Options{URL: postgrestest.With(t, postgrestest.URL(t), "pool_max_conns", "6"), Clock: clock.NewFake(testTime)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return opened
}

func openSQLite(t *testing.T, indexes bool) store.Store {
	opened, err := sqlite.Open(context.Background(),
		sqlite.Options{File: filepath.Join(t.TempDir(), "p.db"), Clock: clock.NewFake(testTime), IndexAtOnce: indexes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return opened
}

// drawn are the words of the random queries over accounts.
var drawn = querytest.Names{
	Source: "accounts", Documents: []string{"data", "profile"}, Times: []string{"createdTimestamp", "lastUpdatedTimestamp", "verifiedTimestamp"},
	Flags: []string{"isActive", "isVerified"}, Key: "UID", Keys: []string{"u0", "u3", "u9"},
}

// drawnAddresses are those over emailAccounts.
var drawnAddresses = querytest.Names{
	Source: "emailAccounts", Documents: drawn.Documents, Times: []string{"createdTimestamp", "lastUpdatedTimestamp"},
	Flags: []string{"data.a"}, Key: "UID", Keys: drawn.Keys,
}

// besides begins the condition of a query with one on the types of an address's accounts.
var besides = []string{
	"", "hasLiteAccount = true AND ", "hasLiteAccount = false OR ", "NOT hasFullAccount = true AND ", "hasFullAccount != false AND ",
	"NOT (hasLiteAccount = true AND hasFullAccount = false) AND ", "hasLiteAccount IS NULL OR ",
}

const drawnSchema = `{"dataSchema":{"fields":{"when":{"type":"date"},"num":{"type":"long"},"word":{"type":"basic-string"}}}}`

// world is what was drawn.
type world struct {
	// full, lite and both are the rows of accounts by their types, addresses those of emailAccounts.
	full, lite, both, addresses querytest.Table
	stored                      []*store.Account
}

// drawAccounts puts random accounts in the place of those that are there, and returns them as the plain evaluation takes them.
func (h *house) drawAccounts(rt *rapid.T, before []*store.Account) (w world) {
	table := querytest.Table{Types: map[string]string{}}
	for name, kind := range querytest.Types {
		table.Types["data."+name] = kind
	}
	w.full, w.lite, w.both, w.addresses = table, table, table, table
	times := rapid.SampledFrom([]clock.Millis{1_000, 1_391_212_800_000, 1_600_000_000_000})
	draw := func(group, uid string) *store.Account {
		a := &store.Account{Group: group, UID: uid, Created: times.Draw(rt, "created"), LastUpdated: times.Draw(rt, "updated"),
			IsActive: rapid.Bool().Draw(rt, "active"), Data: []byte(querytest.Document(rt, "data")), Profile: []byte(querytest.Document(rt, "profile"))}
		if rapid.Bool().Draw(rt, "is verified") {
			a.Verified = times.Draw(rt, "verified")
		}
		w.stored = append(w.stored, a)
		return a
	}
	address := func(a *store.Account, full bool) {
		profile, err := document.ParseObject(a.Profile)
		if err != nil {
			rt.Fatal(err)
		}
		email := fmt.Sprintf("%s@example.com", a.UID)
		profile.Set("email", document.String(email))
		a.Profile = profile.JSON()
		row := account.AppendEmailRow(nil, a, account.EmailRow{Address: email, Token: h.deps.Tokens.EmailToken(a.Group, a.UID), Full: full}, testTime)
		if full || len(a.More) == len(`{"hasLiteAccount":true}`) {
			w.addresses.Rows = append(w.addresses.Rows, row)
		}
	}
	for i := range rapid.IntRange(0, 9).Draw(rt, "accounts") {
		a := draw(testKey, fmt.Sprintf("u%d", i))
		if rapid.IntRange(0, 2).Draw(rt, "has an address") > 0 {
			if rapid.Bool().Draw(rt, "has a lite one") {
				a.More = []byte(`{"hasLiteAccount":true}`)
			}
			address(a, true)
		}
		w.full.Rows = append(w.full.Rows, account.Row(a, testTime))
	}
	for i := range rapid.IntRange(0, 6).Draw(rt, "lite accounts") {
		// Some have the UID of a full one.
		a := draw(store.LiteGroup(testKey), fmt.Sprintf("u%d%s", i, rapid.SampledFrom([]string{"", "", "x"}).Draw(rt, "name")))
		a.More = []byte(`{"hasLiteAccount":true}`)
		if rapid.IntRange(0, 3).Draw(rt, "has a full one") == 0 {
			a.More = []byte(`{"hasLiteAccount":true,"hasFullAccount":true}`)
		}
		address(a, false)
		w.lite.Rows = append(w.lite.Rows, account.Row(a, testTime))
	}
	w.both.Rows = slices.Concat(w.full.Rows, w.lite.Rows)
	h.change(func(tx store.Tx) error {
		for _, a := range before {
			if err := tx.DeleteAccount(a.Group, a.UID); err != nil {
				return err
			}
		}
		for _, a := range w.stored {
			a.Rev = 0
			if err := tx.PutAccount(a); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

// asked is a query that is held against the plain evaluation of a table.
type asked struct {
	querytest.Table
	text, types string
}

func (h *house) wantAnswer(rt *rapid.T, a asked) {
	q, err := query.Parse(a.text)
	if err != nil {
		rt.Fatalf("%s: %v", a.text, err)
	}
	want := a.Run(q)
	answer := h.call(server, "accounts.search", "query", a.text, "accountTypes", a.types)
	if code(answer) != "0" {
		rt.Fatalf("%s\n%s", a.text, answer)
	}
	diff := cmp.Diff(querytest.Normal(want.Results), querytest.Normal(querytest.Decode([]byte(field(answer, "results")))))
	if diff != "" || field(answer, "totalCount") != fmt.Sprint(want.Total) || field(answer, "objectsCount") != fmt.Sprint(len(want.Results)) {
		rt.Fatalf("%s\ntotal %d, %d rows; %s\nanswer %s\nrows\n%s", a.text, want.Total, len(want.Results), diff, answer, strings.Join(rowTexts(a.Table), "\n"))
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
func (h *house) wantPages(rt *rapid.T, a asked, limit int) {
	q, err := query.Parse(a.text)
	if err != nil {
		rt.Fatalf("%s: %v", a.text, err)
	}
	want := a.Run(q)
	got := []any{}
	answer := h.call(server, "accounts.search", "query", fmt.Sprint(a.text, " LIMIT ", limit), "openCursor", "true", "accountTypes", a.types)
	for pages := 0; ; pages++ {
		if pages > len(want.Results) {
			rt.Fatalf("%s in pages of %d: %d pages, and another one after\n%s", a.text, limit, pages, answer)
		}
		if code(answer) != "0" || field(answer, "totalCount") != fmt.Sprint(want.Total) {
			rt.Fatalf("%s: want %d\n%s", a.text, want.Total, answer)
		}
		got = append(got, querytest.Decode([]byte(field(answer, "results"))).([]any)...)
		next := field(answer, "nextCursorId")
		if next == "" || len(got) > len(want.Results) {
			break
		}
		answer = h.call(server, "accounts.search", "cursorId", next)
	}
	if diff := cmp.Diff(querytest.Normal(want.Results), querytest.Normal(got)); diff != "" {
		rt.Fatalf("%s in pages of %d: %s\nrows\n%s", a.text, limit, diff, strings.Join(rowTexts(a.Table), "\n"))
	}
}

// wantAgreement draws a page, a query with aggregates and a walk with cursors over the table.
func (h *house) wantAgreement(rt *rapid.T, names querytest.Names, a asked) {
	ask := func(text string) asked {
		if names.Source == "emailAccounts" {
			text = strings.Replace(text, " WHERE ", " WHERE "+rapid.SampledFrom(besides).Draw(rt, "besides"), 1)
		}
		return asked{a.Table, text, a.types}
	}
	h.wantAnswer(rt, ask(names.Rows(rt)+fmt.Sprintf(" START %d LIMIT %d", rapid.IntRange(0, 3).Draw(rt, "start"), rapid.IntRange(0, 9).Draw(rt, "limit"))))
	h.wantAnswer(rt, ask(names.Numbers(rt)))
	h.wantPages(rt, ask(names.Rows(rt)), rapid.IntRange(1, 4).Draw(rt, "batch"))
}

func TestSearchesAgreeWithThePlainEvaluation(t *testing.T) {
	for name, driver := range searchDrivers {
		t.Run(name, func(t *testing.T) {
			h := newHouseOver(t, driver.open(t))
			h.configure("", drawnSchema)
			fewer(t, driver.worlds)
			var before []*store.Account
			rapid.Check(t, func(rt *rapid.T) {
				w := h.drawAccounts(rt, before)
				before = w.stored
				for range 2 {
					h.wantAgreement(rt, drawn, asked{Table: w.full})
					types := rapid.SampledFrom([]string{"lite", "full,lite", "Lite,FULL"}).Draw(rt, "types")
					if h.wantAgreement(rt, drawnAddresses, asked{Table: w.addresses}); types == "lite" {
						h.wantAgreement(rt, drawn, asked{Table: w.lite, types: types})
					} else {
						h.wantAgreement(rt, drawn, asked{Table: w.both, types: types})
					}
				}
			})
		})
	}
}

// fewer lets rapid draw no more worlds than that in this test; 0: as many as it was told.
func fewer(t *testing.T, worlds int) {
	const checks = "rapid.checks"
	told := flag.Lookup(checks).Value.String()
	if n, err := strconv.Atoi(told); err != nil || worlds == 0 || n <= worlds {
		return
	}
	if err := flag.Set(checks, strconv.Itoa(worlds)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set(checks, told) })
}
