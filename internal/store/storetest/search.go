package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

var searchTests = []test{
	{"conditions find what they say", searchScenarios},
	{"a field that no account has is a fault of the query, with its place", searchFaults},
	{"the order puts absent values last in both directions", searchOrders},
	{"start and limit cut the result, and the total does not mind them", searchPages},
	{"a group's accounts are found in it alone", func(t *testing.T, s store.Store) {
		other := bare("a")
		other.Group = "another group"
		put(t, s, other)
		put(t, s, bare("a"))
		put(t, s, bare("b"))
		if got := uids(t, s, "SELECT * FROM accounts"); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("found %v", got)
		}
	}},
	{"deleted accounts are not found, and changes are found at once", func(t *testing.T, s store.Store) {
		a := bare("a")
		put(t, s, a)
		a.Data = json.RawMessage(`{"tier":"gold"}`)
		put(t, s, a)
		const text = `SELECT * FROM accounts WHERE data.tier = "gold"`
		if got := uids(t, s, text); !slices.Equal(got, []string{"a"}) {
			t.Errorf("found %v", got)
		}
		change(t, s, func(tx store.Tx) error { return tx.DeleteAccount(group, "a") })
		if got := uids(t, s, text); len(got) != 0 {
			t.Errorf("found %v after the deletion", got)
		}
	}},
	{"found accounts are whole", func(t *testing.T, s store.Store) {
		want := full("a")
		put(t, s, want)
		_, err := s.SearchAccounts(t.Context(), store.Search{Group: group, Limit: 10},
			func(a *store.Account, _ []query.Value) error { same(t, a, want); return nil })
		must(t, err)
	}},
	{"an error of the receiver ends the search and comes back", func(t *testing.T, s store.Store) {
		put(t, s, bare("a"))
		put(t, s, bare("b"))
		calls := 0
		_, err := s.SearchAccounts(t.Context(), store.Search{Group: group, Limit: 10},
			func(*store.Account, []query.Value) error { calls++; return errRefused })
		if err != errRefused || calls != 1 {
			t.Errorf("error %v after %d calls", err, calls)
		}
		if got := uids(t, s, "SELECT * FROM accounts"); len(got) != 2 {
			t.Errorf("found %v afterwards", got)
		}
	}},
	{"a panic of the receiver leaves the store usable", func(t *testing.T, s store.Store) {
		put(t, s, bare("a"))
		for range 10 {
			func() {
				defer func() { _ = recover() }()
				_, _ = s.SearchAccounts(t.Context(), store.Search{Group: group, Limit: 10},
					func(*store.Account, []query.Value) error { panic("on purpose") })
			}()
		}
		if got := uids(t, s, "SELECT * FROM accounts"); len(got) != 1 {
			t.Errorf("found %v", got)
		}
	}},
	{"the end of its time stops a search", searchStops},
	{"a cursor sees every account once while others come and go", searchCursor},
	{"random searches agree with the plainest evaluation", searchProperty},
	{"random cursors agree with the whole result", cursorProperty},
}

// parse reads a query of the suite's.
func parse(t *testing.T, text string) *query.Query {
	t.Helper()
	q, err := query.Parse(text)
	must(t, err)
	return q
}

// search runs a query and returns the UIDs in order.
func search(ctx context.Context, s store.Store, q store.Search) (uids []string, total int64, err error) {
	total, err = s.SearchAccounts(ctx, q, func(a *store.Account, _ []query.Value) error {
		uids = append(uids, a.UID)
		return nil
	})
	return uids, total, err
}

func uids(t *testing.T, s store.Store, text string) []string {
	t.Helper()
	q := parse(t, text)
	limit := 1000
	if q.HasLimit {
		limit = q.Limit
	}
	found, _, err := search(t.Context(), s, store.Search{Group: group, Where: q.Where, Order: q.Order, Start: q.Start, Limit: limit})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return found
}

// people puts the accounts that the scenarios search: jo has everything, mi some things, xx nothing.
func people(t *testing.T, s store.Store) {
	at := func(text string) clock.Millis {
		when, err := time.Parse(time.RFC3339Nano, text)
		must(t, err)
		return clock.FromTime(when)
	}
	jo := full("jo")
	jo.Created, jo.LastLogin = at("2014-01-15T10:00:00.250Z"), at("2025-06-01T00:00:00Z")
	jo.Registered, jo.Verified = jo.Created, jo.Created+5
	jo.Secrets.LockedUntil = now + 60_000
	jo.Secrets.PasswordCreated = at("2021-05-05T05:05:05Z")
	jo.Profile = json.RawMessage(`{"firstName":"Jo","lastName":"Von Smith","email":"Jo@Example.COM","birthYear":1980,"birthMonth":3,` +
		`"birthDay":2,"zip":"01234","phones":[{"number":"+1555","type":"home"},{"number":"+1666"}]}`)
	jo.Data = json.RawMessage(`{"n":7,"big":9007199254740993,"f":-1.5,"s":"9","yes":true,"list":[1,2,3],"words":["Swimming","Blue Jazz"],` +
		`"note":"He said \"hi\"","about":"I love music_and art","order":{"from":1},"empty":"","none":null,"noList":[],"éclair":"Ünï"}`)
	jo.Emails = json.RawMessage(`{"verified":["jo@example.com"],"unverified":["jo2@example.com"]}`)
	jo.LoginIDs = json.RawMessage(`{"username":"JoSmith","emails":["jo@example.com"],"unverifiedEmails":["new@example.com"]}`)
	jo.Identities = json.RawMessage(`[{"provider":"site","email":"Jo@Example.com"},{"provider":"facebook","providerUID":"10204456750325770"}]`)
	jo.More = json.RawMessage(`{"tfaStatus":"forceOff","groups":{"organizations":[{"orgId":"ACME"}]},"idxImportId":"job-17"}`)
	mi := bare("mi")
	mi.Created, mi.IsActive = at("2014-02-01T00:00:00Z"), true
	mi.LoginIDs = json.RawMessage(`{"emails":["mi@example.com"],"unverifiedEmails":[]}`)
	mi.Profile = json.RawMessage(`{"firstName":"mi","birthYear":1980,"birthMonth":3,"birthDay":1,"age":3}`)
	mi.Data = json.RawMessage(`{"n":"7","yes":false,"list":["1"],"f":1e3}`)
	mi.HasRegSource = true
	xx := bare("xx")
	xx.Created = at("2020-01-01T00:00:00Z")
	xx.Secrets.LockedUntil = now - 1
	change(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutAccount(jo), tx.PutAccount(mi), tx.PutAccount(xx),
			tx.ClaimIdentifier(group, email("jo@example.com"), "jo"), tx.ClaimIdentifier(group, email("josmith"), "jo"),
			tx.ClaimIdentifier(group, email("new@example.com"), "jo"), tx.ClaimIdentifier(group, email("mi@example.com"), "mi"))
	})
}

func searchScenarios(t *testing.T, s store.Store) {
	people(t, s)
	for where, want := range scenarios {
		if got := strings.Join(uids(t, s, "SELECT * FROM accounts WHERE "+where), " "); got != want {
			t.Errorf("%s\n got %q\nwant %q", where, got, want)
		}
	}
}

func searchFaults(t *testing.T, s store.Store) {
	for where, position := range map[string]int{
		`nonsense = 1`:                      0,
		`UID = "a" AND nonsense.deep = 1`:   len(`UID = "a" AND `),
		`created = regex("2014.*")`:         0,
		`isActive = regex("t.*")`:           0,
		`password.hash = "x"`:               0,
		`password IS NULL`:                  0,
		`UID.x = "a"`:                       0,
		`created = "yesterday"`:             0,
		`created = true`:                    0,
		`created CONTAINS "2014"`:           0,
		`isActive = "perhaps"`:              0,
		`isActive > "true"`:                 0,
		`isActive CONTAINS true`:            0,
		`NOT (isActive = 1 OR UID = "a")`:   len(`NOT (`),
		`createdTimestampTimestamp = 1`:     0,
		`lockedUntilTimestamp = 1`:          0,
		`profileTimestamp = 1`:              0,
		`secretAnswer = "x"`:                0,
		`profile.email = 1 AND Secrets = 1`: len(`profile.email = 1 AND `),
	} {
		q := parse(t, "SELECT * FROM accounts WHERE "+where)
		_, _, err := search(t.Context(), s, store.Search{Group: group, Where: q.Where, Limit: 1})
		var syntax *query.SyntaxError
		want := len("SELECT * FROM accounts WHERE ") + position + 1
		if !errors.As(err, &syntax) || syntax.Position != want || syntax.Reason == "" {
			t.Errorf("%s: error %v, want one at %d", where, err, want)
		}
	}
	_, _, err := search(t.Context(), s, store.Search{Group: group, Order: []query.Order{{Path: query.Path{"nonsense"}}}, Limit: 1})
	var syntax *query.SyntaxError
	if !errors.As(err, &syntax) || !strings.Contains(syntax.Reason, "nonsense") {
		t.Errorf("unknown field in the order: %v", err)
	}
}

func searchOrders(t *testing.T, s store.Store) {
	people(t, s)
	for order, want := range map[string]string{
		"":                                "jo mi xx",
		"UID DESC":                        "xx mi jo",
		"created":                         "jo mi xx",
		"createdTimestamp DESC":           "xx mi jo",
		"profile.firstName":               "jo mi xx",
		"profile.firstName DESC":          "mi jo xx",
		"profile.lastName DESC, UID DESC": "jo xx mi",
		"data.f":                          "jo mi xx",
		"data.f DESC":                     "mi jo xx",
		"data.n":                          "jo mi xx",
		"data.yes":                        "mi jo xx",
		"verified DESC, created DESC":     "jo xx mi",
		"isActive DESC, UID DESC":         "mi jo xx",
		"isLockedOut":                     "mi xx jo",
		"lockedUntil":                     "jo mi xx",
		"profile.age":                     "jo mi xx",
		"profile.age DESC":                "mi jo xx",
		"regSource":                       "mi jo xx",
		"loginProvider DESC, UID DESC":    "jo xx mi",
		"iRank, UID DESC":                 "xx mi jo",
		"profile.phones.number DESC":      "jo mi xx",
		"lastLogin DESC":                  "jo mi xx",
		"lastLogin, UID DESC":             "xx mi jo",
		"loginIDs.emails DESC":            "mi jo xx",
	} {
		text := "SELECT * FROM accounts"
		if order != "" {
			text += " ORDER BY " + order
		}
		if got := strings.Join(uids(t, s, text), " "); got != want {
			t.Errorf("ORDER BY %s: %s, want %s", order, got, want)
		}
	}
}

func searchPages(t *testing.T, s store.Store) {
	for i := range 10 {
		a := bare(uid(i))
		a.Data = json.RawMessage(fmt.Sprintf(`{"even":%t}`, i%2 == 0))
		put(t, s, a)
	}
	even := parse(t, "SELECT * FROM accounts WHERE data.even = true").Where
	for _, p := range []struct{ start, limit, rows int }{{0, 0, 0}, {0, 2, 2}, {0, 5, 5}, {0, 6, 5}, {3, 2, 2}, {4, 3, 1}, {5, 3, 0}, {99, 3, 0}} {
		got, total, err := search(t.Context(), s, store.Search{Group: group, Where: even, Start: p.start, Limit: p.limit, Total: true})
		must(t, err)
		var want []string
		for i := p.start; i < p.start+p.rows; i++ {
			want = append(want, uid(2*i))
		}
		if !slices.Equal(got, want) || total != 5 {
			t.Errorf("start %d limit %d: %v, total %d", p.start, p.limit, got, total)
		}
	}
	_, total, err := search(t.Context(), s, store.Search{Group: group, Total: true})
	if err != nil || total != 10 {
		t.Errorf("total of everything: %d, %v", total, err)
	}
}

func searchStops(t *testing.T, s store.Store) {
	change(t, s, func(tx store.Tx) error {
		for i := range 3000 {
			a := bare(uid(i))
			a.Data = json.RawMessage(`{"text":"` + strings.Repeat("word after word ", 20) + `"}`)
			if err := tx.PutAccount(a); err != nil {
				return err
			}
		}
		return nil
	})
	parts := make([]string, 50)
	for i := range parts {
		parts[i] = fmt.Sprintf(`data.text CONTAINS "nothing%d"`, i)
	}
	slow := store.Search{Group: group, Where: parse(t, "SELECT * FROM accounts WHERE "+strings.Join(parts, " OR ")).Where, Limit: 1}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, _, err := search(ctx, s, slow)
	wantError(t, err, context.DeadlineExceeded)
	// The connection that was stopped works on.
	for range 8 {
		if got := uids(t, s, `SELECT * FROM accounts LIMIT 1`); len(got) != 1 {
			t.Errorf("found %v", got)
		}
	}
	canceled, stop := context.WithCancel(t.Context())
	stop()
	_, _, err = search(canceled, s, slow)
	wantError(t, err, context.Canceled)
}

func searchCursor(t *testing.T, s store.Store) {
	score := func(n int) json.RawMessage { return json.RawMessage(fmt.Sprintf(`{"score":%d}`, n)) }
	for i := range 30 {
		a := bare(uid(100 + i))
		if i%3 != 0 {
			a.Data = score(i % 7)
		}
		put(t, s, a)
	}
	seen := map[string]int{}
	q := store.Search{Group: group, Order: []query.Order{{Path: query.Path{"data", "score"}, Desc: true}}, Limit: 4}
	for page := 0; ; page++ {
		rows := 0
		_, err := s.SearchAccounts(t.Context(), q, func(a *store.Account, sort []query.Value) error {
			rows++
			seen[a.UID]++
			q.After = &store.Position{Sort: sort, UID: a.UID}
			return nil
		})
		must(t, err)
		if rows < q.Limit {
			break
		}
		// Before and behind the position accounts come; the one that it names goes.
		newer := bare(uid(page))
		newer.Data = score(9)
		later := bare(uid(1000 + page))
		change(t, s, func(tx store.Tx) error {
			return errors.Join(tx.PutAccount(newer), tx.PutAccount(later), tx.DeleteAccount(group, q.After.UID))
		})
	}
	for i := range 30 {
		if seen[uid(100+i)] != 1 {
			t.Errorf("account %d was seen %d times", i, seen[uid(100+i)])
		}
	}
	for u, n := range seen {
		if n != 1 {
			t.Errorf("%s was seen %d times", u, n)
		}
	}
}
