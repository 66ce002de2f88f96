package accounts_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/api/accounts"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

func tableOf(d accounts.Deps) *method.Table { return method.NewTable(accounts.Methods(d)...) }

// countingStore counts commits.
type countingStore struct {
	store.Store
	changes int
}

func (s *countingStore) Change(ctx context.Context, fn func(store.Tx) error) error {
	s.changes++
	return s.Store.Change(ctx, fn)
}

// interposedStore does something else once, right before the next commit.
type interposedStore struct {
	store.Store
	before func()
	done   bool
}

func (s *interposedStore) Change(ctx context.Context, fn func(store.Tx) error) error {
	if !s.done {
		s.done = true
		s.before()
	}
	return s.Store.Change(ctx, fn)
}

func attackQueries(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	for _, query := range []string{
		"SELECT * FROM accounts WHERE UID = '' OR 1=1",
		"SELECT * FROM accounts; DROP TABLE accounts",
		"SELECT * FROM accounts -- x",
		"SELECT * FROM accounts /* x */",
		"SELECT * FROM sqlite_master",
		"SELECT * FROM accounts UNION SELECT * FROM sessions",
		"SELECT * FROM accounts WHERE UID LIKE '%'",
		"SELECT * FROM accounts WHERE UID = (SELECT UID FROM accounts)",
		"SELECT load_extension('x') FROM accounts",
		"SELECT * FROM accounts ORDER BY 1+1",
		"SELECT * FROM accounts ORDER BY random()",
		"SELECT * FROM accounts LIMIT -1",
		"SELECT * FROM accounts LIMIT 1 OFFSET 1",
		"SELECT * FROM accounts WHERE UID = 'x",
		"SELECT * FROM accounts WHERE UID = ‘x’",
		"SELECT * FROM accounts WHERE regex(UID, '(a+)+$')",
		"SELECT * FROM accounts WHERE " + strings.Repeat("(", 100) + "UID = 'x'" + strings.Repeat(")", 100),
		"SELECT * FROM accounts WHERE UID IN ('" + strings.Repeat("x','", 10000) + "x')",
		"SELECT * FROM accounts WHERE UID = 'x'" + strings.Repeat(" OR UID = 'x'", 2000),
		strings.Repeat("SELECT ", 5000),
	} {
		got := h.call(server, "accounts.search", "query", query)
		if code(got) != "400006" {
			t.Errorf("%.80s:\n%.300s", query, got)
		}
		if low := strings.ToLower(got); strings.Contains(low, "sqlite") && !strings.Contains(query, "sqlite") || strings.Contains(low, "no such") {
			t.Errorf("%.80s: the answer shows the engine:\n%.300s", query, got)
		}
	}
	// What is read is compared as text, and found or not: never run.
	for query, want := range map[string]string{
		`SELECT UID FROM accounts WHERE UID = "' OR '1'='1"`:                                  "0",
		`SELECT UID FROM accounts WHERE profile.firstName = "x'); DROP TABLE accounts; --"`:   "0",
		"SELECT UID FROM accounts WHERE data.`x') OR 1=1 --` = 'y'":                           "0",
		"SELECT UID FROM accounts WHERE `data`.`a\"b'c` IS NOT NULL":                          "0",
		`SELECT UID FROM accounts WHERE profile.firstName CONTAINS '%'`:                       "0",
		`SELECT UID FROM accounts WHERE profile.firstName = 'Zoë' LIMIT 99999999999999999999`: "1",
	} {
		got := h.call(server, "accounts.search", "query", query)
		if code(got) != "0" || field(got, "objectsCount") != want {
			t.Errorf("%s: want %s rows\n%.400s", query, want, got)
		}
	}
}

func attackCursors(t *testing.T) {
	h := newHouse(t)
	h.people(3)
	answer := h.call(server, "accounts.search", "query", "SELECT UID FROM accounts ORDER BY UID LIMIT 1", "openCursor", "true")
	good := field(answer, "nextCursorId")
	for i := range good {
		if i%7 == 0 { // Every seventh character: the text is long.
			if got := h.call(server, "accounts.search", "cursorId", flipAt(good, i)); code(got) != "400006" {
				t.Fatalf("character %d altered:\n%s", i, got)
			}
		}
	}
	for _, bad := range []string{"x", good[:len(good)-1], good + "A", h.regToken(), strings.Repeat("A", 1<<20)} {
		if got := h.call(server, "accounts.search", "cursorId", bad); code(got) != "400006" {
			t.Errorf("%.40s:\n%.300s", bad, got)
		}
	}
	first := h.call(server, "accounts.search", "cursorId", good)
	if again := h.call(server, "accounts.search", "cursorId", good); uids(first) != uids(again) || uids(first) != "u01" {
		t.Errorf("replayed: %s, then %s", uids(first), uids(again))
	}
	if got := h.call(public, "accounts.search", "cursorId", good); code(got) != "403007" {
		t.Errorf("a client takes it:\n%s", got)
	}
	h.otherSite(testKey)
	if got, err := h.tryAt(otherKey, server, "accounts.search", "cursorId", good); err != nil || code(got) != "400006" {
		t.Errorf("another site takes it: %v\n%s", err, got)
	}
	h.clock.Advance(301 * time.Second)
	wantCode(t, h.call(server, "accounts.search", "cursorId", good), "400006")
}

// flipAt changes one character of a Base64 text into another one of the alphabet that no decoder takes for the same.
func flipAt(text string, at int) string {
	b := []byte(text)
	if b[at] == 'Q' {
		b[at] = '4'
	} else {
		b[at] = 'Q'
	}
	return string(b)
}

func attackMassAssignment(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	before := *h.account(testUID)
	for _, params := range [][]string{
		{"profile", `{"noSuchField":1}`}, {"profile", `{"UID":"x"}`}, {"profile", `{"created":"x"}`}, {"profile", `{"isActive":false}`},
		{"profile", `{"identities":[]}`}, {"profile", `{"loginIDs":{"username":"root"}}`}, {"profile", `{"password":{"hash":"x"}}`},
		{"profile", `{"firstName":{"a":1}}`}, {"profile", `{"firstName":["a"]}`}, {"profile", `{"profile.firstName":"x"}`},
		{"profile", `{"work.company":"x"}`}, {"profile", `{"__proto__":{"a":1}}`}, {"profile", `{"constructor":1}`},
		{"data", `{"__proto__":{"admin":true}}`}, {"data", `{"constructor":{"prototype":{"a":1}}}`}, {"data", `{"a.__proto__.b":1}`},
		{"data", `{"anything":1}`}, {"data", `{"..":1}`}, {"data", `{"":1}`},
		{"preferences", `{"__proto__":{"isConsentGranted":true}}`}, {"subscriptions", `{"news":{"constructor":{"isSubscribed":true}}}`},
		{"profile", `[]`}, {"profile", `"x"`}, {"data", `null x`}, {"data", `{"a":1}{"b":2}`},
	} {
		got := h.call(user(session), "accounts.setAccountInfo", params...)
		if code(got) != "400009" && code(got) != "400004" {
			t.Errorf("%s:\n%.400s", params, got)
		}
	}
	for _, params := range [][]string{
		{"internal", `{"a":1}`}, {"isLockedOut", "false"}, {"rba", `{}`}, {"groups", `{}`}, {"identities", `[]`}, {"created", "x"},
		{"preferences", `{"terms":{"lastConsentModified":"2001-01-01","entitlements":["all"],"docVersion":9}}`},
		{"subscriptions", `{"news":{"email":{"doubleOptIn":{"status":"Confirmed"},"lastUpdatedSubscriptionState":"x"}}}`},
	} {
		wantCode(t, h.call(user(session), "accounts.setAccountInfo", params...), "0")
	}
	after := *h.account(testUID)
	after.Rev = before.Rev
	if fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the account changed:\n%+v\n%+v", before, after)
	}
	// The prototype of a script's objects is no field for servers either.
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "data", `{"__proto__":{"admin":true}}`), "400009")
}

func attackDocuments(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	many := func(member string, n int) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, member, i)
		}
		return b.String()
	}
	long := strings.Repeat("n", 200_000)
	for name, params := range map[string][]string{
		"a hundred thousand unknown fields": {"data", "{" + many(`"f%d":1`, 40_000) + "}"},
		"unknown fields of the profile":     {"profile", "{" + many(`"f%d":1`, 40_000) + "}"},
		"one long name with many below it":  {"data", `{"` + long + `":{` + many(`"%d":{}`, 30_000) + "}}"},
		"a long consent with many in it":    {"preferences", `{"` + long + `":{` + many(`"%d":{}`, 30_000) + "}}"},
		"many faults under a long consent":  {"preferences", `{"` + long + `":{` + many(`"%d":{"isConsentGranted":1}`, 10_000) + "}}"},
		"many faults in subscriptions":      {"subscriptions", `{` + many(`"n%d":{"email":{"isSubscribed":"x"}}`, 10_000) + "}"},
		"a long dotted name":                {"preferences", `{"` + strings.Repeat("a.", 200_000) + `a":1}`},
		"one name many times":               {"data", "{" + strings.Repeat(`"a":{"b":1},`, 70_000) + `"a":1}`},
		"a huge number":                     {"data", `{"a":1` + strings.Repeat("0", 500_000) + "}"},
		"a huge exponent":                   {"data", `{"a":1e999999999}`},
		"not a number":                      {"data", `{"a":NaN}`},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			start := time.Now()
			got := h.call(user(session), "accounts.setAccountInfo", params...)
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
			if code(got) == "0" {
				t.Errorf("it is taken:\n%.300s", got)
			}
			if len(got) > 100<<10 {
				t.Errorf("the answer has %d bytes", len(got))
			}
		})
	}
}

func attackManyAddresses(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	var last string
	for i := range 300 {
		last = h.call(user(session), "accounts.setAccountInfo", "profile", fmt.Sprintf(`{"email":"a%d@example.com"}`, i))
		if code(last) != "0" {
			break
		}
	}
	wantCode(t, last, "400006")
	ids := account.ParseLoginIDs(h.account(testUID).LoginIDs)
	if n := len(ids.Emails) + len(ids.Unverified); n > account.MaxAddresses {
		t.Errorf("%d addresses", n)
	}
	// Who takes some away may add others.
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "removeLoginEmails", "a0@example.com,a1@example.com"), "0")
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "profile", `{"email":"new@example.com"}`), "0")
}

func attackGrowingTexts(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"accountOptions":{"loginIdentifiers":"email,username"}}`, "")
	session := h.zoe()
	// U+0958 has three bytes, its normal form six.
	growing := strings.Repeat("\u0958", 340)
	got := h.call(user(session), "accounts.setAccountInfo", "password", testPass, "secretQuestion", "q", "secretAnswer", growing)
	if code(got) != "0" && code(got) != "400006" {
		t.Errorf("secretAnswer:\n%s", got)
	}
	got = h.call(user(session), "accounts.setAccountInfo", "username", strings.Repeat("\u0958", 84))
	if code(got) != "400009" {
		t.Errorf("username:\n%s", got)
	}
	wantCode(t, h.call(public, "accounts.login", "loginID", growing, "password", "x"), "403042")
}
