package accounts_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// people puts n accounts, u00 to u(n-1), a second apart.
func (h *house) people(n int) {
	h.t.Helper()
	h.change(func(tx store.Tx) error {
		for i := range n {
			a := account.New(testKey, fmt.Sprintf("u%02d", i), clock.FromTime(testTime.Add(time.Duration(i)*time.Second)))
			a.Profile = fmt.Appendf(nil, `{"firstName":"N%d","email":"n%d@example.com"}`, i, i)
			a.Data = fmt.Appendf(nil, `{"n":%d}`, i)
			a.Internal = []byte(`{"note":"hidden"}`)
			if err := tx.PutAccount(a); err != nil {
				return err
			}
		}
		return nil
	})
}

// uids returns the UIDs of the answer's rows.
func uids(answer string) string {
	raw, _ := document.Member([]byte(answer), "results")
	var list []string
	_ = document.Elements(raw, func(row []byte) bool {
		list = append(list, field(string(row), "UID"))
		return true
	})
	return strings.Join(list, ",")
}

// members returns the part of the answer behind the envelope, without blanks.
func members(answer string) string {
	_, after, _ := strings.Cut(answer, "\"time\": \"")
	_, after, _ = strings.Cut(after, ",")
	return strings.Join(strings.Fields(after), "")
}

func TestSearchAnswers(t *testing.T) {
	h := newHouse(t)
	h.people(3)
	for name, test := range map[string]struct {
		query string
		more  []string
		want  string
	}{
		"fields":                 {query: "select UID, profile.firstName from accounts limit 2", want: `"results":[{"UID":"u00","profile":{"firstName":"N0"}},{"UID":"u01","profile":{"firstName":"N1"}}],"objectsCount":2,"totalCount":3}`},
		"the old name":           {query: "SELECT UID FROM user LIMIT 1", want: `"results":[{"UID":"u00"}],"objectsCount":1,"totalCount":3}`},
		"an alias":               {query: "SELECT profile.firstName AS contact FROM accounts LIMIT 1", want: `"results":[{"profile":{"contact":"N0"}}],"objectsCount":1,"totalCount":3}`},
		"a condition":            {query: "SELECT UID FROM accounts WHERE data.n >= 1 AND NOT profile.email = 'N2@example.com'", want: `"results":[{"UID":"u01"}],"objectsCount":1,"totalCount":1}`},
		"order and start":        {query: "SELECT UID FROM accounts ORDER BY data.n DESC START 1 LIMIT 1", want: `"results":[{"UID":"u01"}],"objectsCount":1,"totalCount":3}`},
		"count":                  {query: "SELECT count(*) FROM accounts WHERE data.n > 0", want: `"results":[{"count(*)":2}],"objectsCount":1,"totalCount":2}`},
		"no rows":                {query: "SELECT * FROM accounts WHERE UID = 'nobody'", want: `"results":[],"objectsCount":0,"totalCount":0}`},
		"limit nothing":          {query: "SELECT UID FROM accounts LIMIT 0", want: `"results":[],"objectsCount":0,"totalCount":3}`},
		"more than the cap":      {query: "SELECT UID FROM accounts LIMIT 50000", want: `"results":[{"UID":"u00"},{"UID":"u01"},{"UID":"u02"}],"objectsCount":3,"totalCount":3}`},
		"lite only":              {query: "SELECT UID FROM accounts", more: []string{"accountTypes", "lite"}, want: `"results":[],"objectsCount":0,"totalCount":0}`},
		"count lite":             {query: "SELECT count(*) FROM accounts", more: []string{"accountTypes", "lite"}, want: `"results":[{"count(*)":0}],"objectsCount":1,"totalCount":0}`},
		"full and lite":          {query: "SELECT UID FROM accounts LIMIT 1", more: []string{"accountTypes", "full,lite"}, want: `"results":[{"UID":"u00"}],"objectsCount":1,"totalCount":3}`},
		"the last page":          {query: "SELECT UID FROM accounts LIMIT 3", more: []string{"openCursor", "true"}, want: `"results":[{"UID":"u00"},{"UID":"u01"},{"UID":"u02"}],"objectsCount":3,"totalCount":3}`},
		"a server sees internal": {query: "SELECT internal FROM accounts LIMIT 1", want: `"results":[{"internal":{"note":"hidden"}}],"objectsCount":1,"totalCount":3}`},
	} {
		t.Run(name, func(t *testing.T) {
			answer := h.call(server, "accounts.search", append(test.more, "query", test.query)...)
			wantCode(t, answer, "0")
			if got := members(answer); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestSearchOfEverythingShowsNoSecret(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	answer := h.call(server, "accounts.search", "query", "SELECT * FROM accounts LIMIT 1")
	wantCode(t, answer, "0")
	for _, never := range []string{"argon2", "UIDSignature", testPass, "secret"} {
		if strings.Contains(answer, never) {
			t.Errorf("the answer holds %s", never)
		}
	}
}

func TestSearchRefusals(t *testing.T) {
	h := newHouse(t)
	h.people(1)
	for name, test := range map[string]struct {
		by      who
		params  []string
		code    string
		details string
	}{
		"clauses in another order": {params: []string{"query", "SELECT * FROM accounts LIMIT 5 ORDER BY created"}, code: "400006", details: "Invalid argument: query: position 32: ORDER BY must stand before LIMIT"},
		"nothing to run":           {code: "400002", details: "Missing required parameter : query"},
		"another source":           {params: []string{"query", "SELECT * FROM orders"}, code: "400006", details: `Invalid argument: query: position 15: the source "orders" is not served; use accounts, emailAccounts or communications`},
		"START too far":            {params: []string{"query", "SELECT * FROM accounts START 5001"}, code: "400006", details: "Invalid argument: query: position 30: START must not be greater than 5000; use a cursor"},
		"START with a cursor":      {params: []string{"query", "SELECT * FROM accounts START 1", "openCursor", "true"}, code: "400006", details: "Invalid argument: query: position 30: START cannot be used with a cursor"},
		"a field of no account":    {params: []string{"query", "SELECT * FROM accounts WHERE shoe = 1"}, code: "400006", details: "Invalid argument: query: position 30: shoe is not a field of an account"},
		"a type that is none":      {params: []string{"query", "SELECT * FROM accounts", "accountTypes", "heavy"}, code: "400006"},
		"a timeout too long":       {params: []string{"query", "SELECT * FROM accounts", "timeout", "60001"}, code: "400006"},
		"cursor and query":         {params: []string{"query", "SELECT * FROM accounts", "cursorId", "x"}, code: "400006", details: "Invalid argument: cursorId: must not be sent together with query"},
		"a cursor that is none":    {params: []string{"cursorId", "x"}, code: "400006", details: "Invalid argument: cursorId: the cursor is unknown or has expired"},
		"a restricted query":       {params: []string{"restrictedQuery", "SELECT * FROM accounts"}, code: "403007"},
		"a client":                 {by: public, params: []string{"query", "SELECT * FROM accounts"}, code: "403007"},
		"a client with a cursor":   {by: public, params: []string{"cursorId", "x"}, code: "403007"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.by == nil {
				test.by = server
			}
			answer := h.call(test.by, "accounts.search", test.params...)
			wantCode(t, answer, test.code)
			if got := field(answer, "errorDetails"); test.details != "" && got != test.details {
				t.Errorf("errorDetails %q, want %q", got, test.details)
			}
		})
	}
}

func TestSearchByAClientNeedsTheSitesSignature(t *testing.T) {
	h := newHouse(t)
	h.people(1)
	secret, _ := gigya.DecodeSecret(testSecret)
	const query = "SELECT * FROM accounts"
	at := func(d time.Duration) string { return strconv.FormatInt(testTime.Add(d).UnixMilli(), 10) }
	later := at(time.Minute)
	for name, test := range map[string]struct {
		query, sig, expires string
		more                []string
		code                string
	}{
		"signed":                  {query: query, sig: gigya.SignQuery(secret, query, later), expires: later, code: "0"},
		"in seconds":              {query: query, sig: gigya.SignQuery(secret, query, "1772446590"), expires: "1772446590", code: "0"},
		"over":                    {query: query, sig: gigya.SignQuery(secret, query, at(-time.Millisecond)), expires: at(-time.Millisecond), code: "403002"},
		"another query":           {query: query + " LIMIT 1", sig: gigya.SignQuery(secret, query, later), expires: later, code: "403003"},
		"another time":            {query: query, sig: gigya.SignQuery(secret, query, later), expires: at(time.Hour), code: "403003"},
		"without a time":          {query: query, sig: "x", code: "400002"},
		"a cursor is for servers": {query: query, sig: gigya.SignQuery(secret, query, later), expires: later, more: []string{"openCursor", "true"}, code: "400006"},
	} {
		t.Run(name, func(t *testing.T) {
			params := append([]string{"query", test.query, "querySig", test.sig, "expTime", test.expires}, test.more...)
			answer := h.call(public, "accounts.search", params...)
			wantCode(t, answer, test.code)
			if strings.Contains(answer, "internal") {
				t.Errorf("a client sees internal:\n%s", answer)
			}
		})
	}
}

func TestCursorsReadEveryRowOnceWhileOthersWrite(t *testing.T) {
	h := newHouse(t)
	h.people(7)
	answer := h.call(server, "accounts.search", "query", "SELECT UID FROM accounts ORDER BY createdTimestamp DESC LIMIT 3", "openCursor", "true")
	if got := uids(answer); got != "u06,u05,u04" {
		t.Fatalf("first page %s", got)
	}
	first := field(answer, "nextCursorId")
	// Rows before the position come and go, one behind it goes: none of the rest is seen twice or missed.
	h.change(func(tx store.Tx) error {
		if err := tx.DeleteAccount(testKey, "u05"); err != nil {
			return err
		}
		if err := tx.DeleteAccount(testKey, "u02"); err != nil {
			return err
		}
		return tx.PutAccount(account.New(testKey, "later", clock.FromTime(testTime.Add(time.Hour))))
	})
	answer = h.call(server, "accounts.search", "cursorId", first)
	if got := uids(answer); got != "u03,u01,u00" || field(answer, "totalCount") != "7" {
		t.Errorf("second page %s\n%s", got, answer)
	}
	if strings.Contains(answer, "nextCursorId") {
		t.Error("the last page names another")
	}
	// The same page once more, after a lost answer.
	if got := uids(h.call(server, "accounts.search", "cursorId", first)); got != "u03,u01,u00" {
		t.Errorf("second page again %s", got)
	}
}

func TestCursorsWithRowsThatHaveEqualOrNoSortValues(t *testing.T) {
	h := newHouse(t)
	h.people(5)
	h.change(func(tx store.Tx) error {
		for _, uid := range []string{"u01", "u03"} {
			a, err := tx.Account(testKey, uid)
			if err != nil {
				return err
			}
			a.Data = nil
			if err := tx.PutAccount(a); err != nil {
				return err
			}
		}
		return nil
	})
	var seen []string
	answer := h.call(server, "accounts.search", "query", "SELECT UID FROM accounts ORDER BY data.n LIMIT 1", "openCursor", "true")
	for range 10 {
		seen = append(seen, uids(answer))
		next := field(answer, "nextCursorId")
		if next == "" {
			break
		}
		answer = h.call(server, "accounts.search", "cursorId", next)
	}
	if got := strings.Join(seen, ","); got != "u00,u02,u04,u01,u03" {
		t.Errorf("rows %s", got)
	}
}

func TestACursorIsForOneSiteOneCredentialAndFiveMinutes(t *testing.T) {
	h := newHouse(t)
	h.people(3)
	byKey := func(name string) who {
		return func(*house) *caller.Caller {
			return &caller.Caller{Class: caller.Server, Via: "userKey", Key: &site.Key{UserKey: name}, Rights: acl.All}
		}
	}
	next := func() string {
		return field(h.call(byKey("one"), "accounts.search", "query", "SELECT UID FROM accounts LIMIT 1", "openCursor", "true"), "nextCursorId")
	}
	cursor := next()
	wantCode(t, h.call(byKey("one"), "accounts.search", "cursorId", cursor), "0")
	wantCode(t, h.call(byKey("two"), "accounts.search", "cursorId", cursor), "400006")
	wantCode(t, h.call(server, "accounts.search", "cursorId", cursor), "400006")
	h.otherSite(testKey)
	if got, err := h.tryAt(otherKey, byKey("one"), "accounts.search", "cursorId", cursor); err != nil || code(got) != "400006" {
		t.Errorf("another site takes it: %v\n%s", err, got)
	}
	for _, at := range []int{0, len(cursor) / 2, len(cursor) - 2} {
		altered := []byte(cursor)
		altered[at] ^= 1
		wantCode(t, h.call(byKey("one"), "accounts.search", "cursorId", string(altered)), "400006")
	}
	wantCode(t, h.call(byKey("one"), "accounts.search", "cursorId", h.deps.Tokens.SealJSON("other", map[string]string{"s": testKey})), "400006")
	h.clock.Advance(300 * time.Second)
	wantCode(t, h.call(byKey("one"), "accounts.search", "cursorId", cursor), "0")
	h.clock.Advance(time.Millisecond)
	wantCode(t, h.call(byKey("one"), "accounts.search", "cursorId", cursor), "400006")
}

func TestFieldsThatTheSchemaHidesCannotBeSearched(t *testing.T) {
	h := newHouse(t)
	h.people(1)
	wantCode(t, h.call(server, "accounts.setSchema", "dataSchema",
		`{"fields":{"pin":{"type":"string","encryptedNonSearchable":true},"box.pin":{"type":"string","encryptedNonSearchable":true},"open":{"type":"string"},
		"ssn":{"type":"string","encryptedNonSearchable":true},"Twin":{"type":"string"},"twin":{"type":"string","encryptedNonSearchable":true}}}`), "0")
	for query, details := range map[string]string{
		"SELECT UID FROM accounts WHERE data.open = 'x' AND NOT data.pin = '1'": "Invalid argument: query: position 56: data.pin cannot be searched: it is encrypted",
		"SELECT UID FROM accounts WHERE data.box.PIN = '1'":                     "Invalid argument: query: position 32: data.box.PIN cannot be searched: it is encrypted",
		"SELECT UID FROM accounts ORDER BY data.pin":                            "Invalid argument: query: position 35: data.pin cannot be searched: it is encrypted",
		"SELECT UID FROM accounts WHERE data.\u017fsn = '1'":                    "Invalid argument: query: position 32: data.\u017fsn cannot be searched: it is encrypted",
		"SELECT data.s\u017fn FROM accounts GROUP BY data.s\u017fn":             "Invalid argument: query: position 40: data.s\u017fn cannot be searched: it is encrypted",
		"SELECT UID FROM accounts ORDER BY data.Twin":                           "Invalid argument: query: position 35: data.Twin cannot be searched: it is encrypted",
		"SELECT UID, data.pin FROM accounts WHERE data.open = 'x'":              "",
	} {
		answer := h.call(server, "accounts.search", "query", query)
		if got := field(answer, "errorDetails"); got != details {
			t.Errorf("%s: %q, want %q", query, got, details)
		}
	}
}

func TestALongQueryFitsIntoACursor(t *testing.T) {
	h := newHouse(t)
	h.people(3)
	var list []string
	for i := range 900 {
		list = append(list, fmt.Sprintf("\"nobody-%030d\"", i))
	}
	query := "SELECT UID FROM accounts WHERE NOT UID IN (" + strings.Join(list, ",") + ") LIMIT 2"
	answer := h.call(server, "accounts.search", "query", query, "openCursor", "true")
	wantCode(t, answer, "0")
	if got := uids(h.call(server, "accounts.search", "cursorId", field(answer, "nextCursorId"))); got != "u02" {
		t.Errorf("second page %s", got)
	}
}
