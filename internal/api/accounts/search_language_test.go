package accounts_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"

	"github.com/doorward/doorward/internal/api/accounts"
)

func TestSearchBeyondTheExamples(t *testing.T) {
	h := newHouse(t)
	h.exampleSite()
	all := frank + " u-dean u-eve u-jo u-nemo"
	for _, c := range []struct{ query, uids, rows string }{
		// Types of the schema.
		{query: `SELECT UID FROM accounts WHERE data.since < "2020-01-01"`, uids: frank},
		{query: `SELECT UID FROM accounts WHERE data.since = "2019-12-31T22:30:00Z" OR data.since IN (1577836800000, "2020-01-01 00:00:00")`, uids: frank + " u-dean"},
		{query: `SELECT UID FROM accounts ORDER BY data.since DESC LIMIT 2`, uids: "u-dean " + frank},
		{query: `SELECT UID FROM accounts WHERE data.ref CONTAINS "blue"`, uids: "u-dean"},
		{query: `SELECT UID FROM accounts WHERE data.ref CONTAINS "BLUE car"`, uids: frank},
		{query: `SELECT UID FROM accounts WHERE data.luckyNumbers CONTAINS "7"`, uids: frank},
		{query: `SELECT UID FROM accounts WHERE data.vip = "true" AND data.VIP = true`, uids: frank},
		{query: `SELECT UID FROM accounts WHERE data.vip != true`, uids: "u-dean u-eve u-jo u-nemo"},
		{query: `SELECT UID FROM accounts WHERE data.about_t = "musical theatre"`, uids: "u-dean"},
		{query: `SELECT UID FROM accounts WHERE profile.lastName > "T"`, uids: "u-dean"},
		{query: `SELECT UID FROM accounts WHERE data.hobbies_s NOT CONTAINS "chess" AND data.hobbies_s IS NOT NULL`, uids: "-"},
		{query: `SELECT UID FROM accounts WHERE data.unheard.of = 1`, uids: "-"},
		{query: `SELECT UID FROM accounts WHERE emails.verified IS NULL`, uids: "u-nemo"},
		{query: `SELECT UID FROM accounts WHERE profile.firstName = null`, uids: "u-nemo"},

		// Sloppy texts.
		{query: "\n\tselect\tprofile.firstName profile.lastName\n from   accounts limit 1 ; ", rows: `{"profile":{"firstName":"Frank","lastName":"Smith"}}`},
		{query: `SELECT UID id, profile.firstName 'the name' FROM user WHERE UID='u-jo'`, rows: `{"id":"u-jo","profile":{"the name":"Jo"}}`},
		{query: `SELECT UID FROM ACCOUNTS WHERE(UID="u-jo")LIMIT 1 START 0`, uids: "u-jo"},

		// Aggregates and groups.
		{query: `SELECT COUNT(*) AS n, max( data.orders ) most FROM accounts LIMIT 0`, rows: `{"n":5,"most":5}`},
		{query: `SELECT min(createdTimestamp), max(createdTimestamp), count(*) FROM accounts`, rows: `{"min(createdTimestamp)":1389312000000,"max(createdTimestamp)":1751328000000,"count(*)":5}`},
		{query: `SELECT min(createdTimestamp) FROM accounts WHERE createdTimestamp > 1389312000000`, rows: `{"min(createdTimestamp)":1391299200000}`},
		{query: `SELECT max(lastUpdatedTimestamp) FROM accounts WHERE UID = "nobody"`, rows: `{"max(lastUpdatedTimestamp)":"-infinity"}`},
		{query: `SELECT count(profile.lastName) FROM accounts`, rows: `{"count(profile.lastName)":3}`},
		{query: `SELECT sum(data.score), avg(data.score) FROM accounts`, rows: `{"sum(data.score)":1999,"avg(data.score)":666.3333333333334}`},
		{query: `SELECT profile.country AS land, avg(profile.age), profile.gender FROM accounts WHERE profile.age > 0 GROUP BY profile.country, profile.gender ORDER BY profile.gender DESC START 1 LIMIT 2`,
			rows: `{"profile":{"land":"US","gender":"m"},"avg(profile.age)":46},{"profile":{"land":"CA","gender":"f"},"avg(profile.age)":36}`},
		{query: `SELECT isActive, isVerified, count(*) FROM accounts GROUP BY isActive, isVerified`,
			rows: `{"isActive":false,"isVerified":false,"count(*)":1},{"isActive":true,"isVerified":false,"count(*)":1},{"isActive":true,"isVerified":true,"count(*)":3}`},
		{query: `SELECT created FROM accounts GROUP BY created ORDER BY created DESC LIMIT 1`, rows: `{"created":"2025-07-01T00:00:00.000Z"}`},
		{query: `SELECT channel, count(*) FROM emailAccounts GROUP BY channel`, rows: `{"channel":"email","count(*)":5}`},
		{query: `SELECT count(*) FROM accounts GROUP BY UID LIMIT 0`, uids: "-"},
		{query: `SELECT status, count(*) FROM communications GROUP BY status`, rows: `{"status":"OptIn","count(*)":1},{"status":"OptOut","count(*)":1}`},
		// What is named twice is there once, and what is written in two ways is one field.
		{query: `SELECT count(*), count(*), min(data.orders) AS n, max(data.orders) n FROM accounts`, rows: `{"count(*)":5,"n":5}`},
		{query: `SELECT isActive, count(*) AS isActive FROM accounts GROUP BY isActive`, rows: `{"isActive":1},{"isActive":4}`},
		{query: `SELECT profile.email, count(*) FROM emailAccounts WHERE email = "jo@example.com" GROUP BY email`, rows: `{"profile":{"email":"jo@example.com"},"count(*)":1}`},

		{query: `SELECT UID, dataCenter FROM accounts WHERE dataCenter IS NOT NULL`, rows: `{"UID":"u-dean","dataCenter":"eu1"}`},

		// Arrays, FILTER, counters.
		{query: `SELECT identities.provider FROM accounts WHERE UID = "` + frank + `" FILTER identities BY identities.isLoginIdentity = true`, rows: `{"identities":[{"provider":"facebook"}]}`},
		{query: `SELECT profile.education FROM accounts WHERE UID = "` + frank + `" FILTER profile.education BY profile.education.endYear > 2010 OR profile.education.school = "X"`,
			rows: `{"profile":{"education":[{"school":"MIT","endYear":2015}]}}`},
		{query: `SELECT counters.count FROM accounts WITH counters WHERE counters.class = "_shares" AND counters.count > 10 FILTER counters BY counters.class = "_shares"`, rows: `{"counters":[{"count":11}]}`},
		{query: `SELECT counters FROM accounts WHERE UID = "u-jo"`, rows: `{}`},

		// Other sources.
		{query: `SELECT UID, topicId FROM communications ORDER BY topicId`, rows: `{"UID":"u-dean","topicId":"newsletter"},{"UID":"u-dean","topicId":"offers"}`},
		{query: `SELECT channelId FROM communications WHERE timestamp >= "2025-01-02"`, rows: `{"channelId":"SMS"}`},
		{query: `SELECT UID FROM emailAccounts WHERE email = "Eve@Example.com"`, uids: "u-eve"},
		{query: `SELECT UID FROM emailAccounts WHERE channel != "email" OR UID = "u-jo" ORDER BY channel, email`, uids: "u-jo"},
		{query: `SELECT UID FROM emailAccounts ORDER BY email DESC`, uids: "k-lia u-jo " + frank + " u-eve u-dean"},
		{query: `SELECT UID FROM accounts`, uids: all},
	} {
		t.Run(c.query, func(t *testing.T) {
			answer := h.call(server, "accounts.search", "query", c.query)
			wantCode(t, answer, "0")
			h.wantRows(t, answer, c.uids, c.rows, "")
		})
	}
}

func TestQueriesThatDoNotFitTheirFields(t *testing.T) {
	h := newHouse(t)
	h.exampleSite()
	const where = "SELECT UID FROM accounts WHERE "
	for query, want := range map[string]string{
		where + `data.since CONTAINS "2020"`:                             "position 32: data.since is a time: CONTAINS is for texts and arrays",
		where + `data.since = "soon"`:                                    `position 32: data.since is a time: a date like "2014-01-31" or "2014-01-31T23:59:59Z", or milliseconds, was expected`,
		where + `data.since = regex("20.*")`:                             "position 32: data.since is a time: regular expressions are for texts",
		where + `NOT (UID = "x" AND data.vip > 1)`:                       "position 51: data.vip is true or false: only = and != compare it",
		where + `data.vip = 1`:                                           "position 32: data.vip is true or false: true or false was expected",
		where + `data.orders = true`:                                     "position 32: data.orders is a number: a number was expected",
		where + `data.orders IN (1, "many")`:                             "position 32: data.orders is a number: a number was expected",
		where + `data.orders = regex("1")`:                               "position 32: data.orders is a number: regular expressions are for texts",
		where + `data.tier = true`:                                       "position 32: data.tier is a text: a text in quotes was expected",
		where + `data.about_t > "a"`:                                     "position 32: data.about_t is a long text: only =, != and CONTAINS compare it",
		where + `data.about_t = regex("a.*")`:                            "position 32: data.about_t is a long text: only =, != and CONTAINS compare it",
		where + `data.plate = regex("\d+")`:                              `position 51: the regular expression cannot be read: character 1: \d is not supported`,
		where + `subscriptions.news IS NULL`:                             "position 32: subscriptions.news is not part of accounts; search emailAccounts",
		where + `counters.count > 1`:                                     "position 32: counters.count is part of accounts WITH counters only",
		where + `created > now()`:                                        "position 42: a constant was expected; a text must be quoted",
		where + `data.secret.deep = 1`:                                   "position 32: data.secret.deep cannot be searched: it is encrypted",
		`SELECT UID FROM accounts ORDER BY UID, data.about_t`:            "position 40: data.about_t cannot be sorted by: it is a long text",
		`SELECT UID FROM accounts ORDER BY UID, shoe`:                    "position 40: shoe is not a field of an account",
		`SELECT count(*) FROM accounts GROUP BY shoe`:                    "position 40: shoe is not a field of an account",
		`SELECT count(*), sum(shoe) FROM accounts`:                       "position 18: shoe is not a field of an account",
		`SELECT sum(profile.country) FROM accounts`:                      "position 8: sum needs a number: profile.country is a text",
		`SELECT count(created), max(created) FROM accounts`:              "position 24: max needs a number: created is a time",
		`SELECT UID FROM accounts FILTER identities BY UID = "x"`:        "position 47: a field of identities was expected",
		`SELECT UID FROM accounts FILTER shoe BY shoe.x = 1`:             "position 33: shoe is not a field of an account",
		`SELECT UID FROM emailAccounts WITH counters`:                    "position 17: WITH counters is for the source accounts",
		`SELECT UID FROM emailAccounts WHERE isActive = true`:            "position 37: isActive is not a field of emailAccounts",
		`SELECT UID FROM emailAccounts ORDER BY UID, hasFullAccount`:     "position 45: hasFullAccount cannot be sorted by",
		`SELECT UID FROM emailAccounts WHERE hasLiteAccount > "true"`:    "position 37: hasLiteAccount is true or false: only = and != compare it",
		`SELECT UID FROM emailAccounts WHERE token = "x"`:                "position 37: token cannot be searched: it is made when it is shown",
		`SELECT UID FROM communications WHERE profile.email = "x"`:       "position 38: profile.email is not a field of communications",
		`SELECT UID, count(*) FROM accounts`:                             "position 8: a field beside an aggregate needs GROUP BY",
		`SELECT UID, count(*) FROM accounts GROUP BY profile.gender`:     "position 8: UID must be in GROUP BY or in an aggregate",
		`SELECT count(*) FROM accounts, emailAccounts`:                   "position 30: only one source is possible",
		`SELECT UID FROM accounts WHERE UID IN (SELECT UID FROM x)`:      "position 40: sub-queries are not supported",
		`SELECT UID FROM accounts GROUP BY profile.gender WHERE UID = 1`: "position 50: WHERE must stand before GROUP BY",
	} {
		answer := h.call(server, "accounts.search", "query", query)
		if got := field(answer, "errorDetails"); code(answer) != "400006" || got != "Invalid argument: query: "+want {
			t.Errorf("%s\n got %s %s\nwant %s", query, code(answer), got, want)
		}
	}
	answer := h.call(server, "accounts.search", "query", "SELECT count(*) FROM accounts GROUP BY profile.gender", "openCursor", "true")
	if got := field(answer, "errorDetails"); got != "Invalid argument: query: position 40: GROUP BY cannot be used with a cursor" {
		t.Errorf("GROUP BY with a cursor: %s", got)
	}
}

// With the site's switch the original's limits on encrypted fields are back.
func TestTheSwitchBringsTheLimitsOfEncryptionBack(t *testing.T) {
	h := newHouse(t)
	h.exampleSite()
	h.change(func(tx store.Tx) error {
		record, err := tx.Site(testKey)
		if err != nil {
			return err
		}
		record.Settings = []byte(`{"search.emulateEncryption":true}`)
		return tx.PutSite(record)
	})
	const limits = " is encrypted: only =, != and CONTAINS with the whole value compare it"
	for query, want := range map[string]string{
		`SELECT UID FROM accounts WHERE profile.lastName CONTAINS "smith"`:           frank,
		`SELECT UID FROM accounts WHERE profile.lastName = "Smith"`:                  frank,
		`SELECT UID FROM accounts WHERE profile.lastName != "Smith"`:                 "u-dean u-eve u-jo u-nemo",
		`SELECT UID FROM accounts WHERE profile.lastName IS NULL`:                    "u-eve u-nemo",
		`SELECT UID FROM accounts WHERE profile.religion = regex("A.*")`:             frank,
		`SELECT UID FROM accounts ORDER BY profile.birthYear LIMIT 1`:                frank,
		`SELECT UID FROM accounts WHERE loginIDs.emails = "jo@example.com"`:          "u-jo",
		`SELECT UID FROM accounts WHERE profile.lastName > "A"`:                      "position 32: profile.lastName" + limits,
		`SELECT UID FROM accounts WHERE profile.lastName IN ("Smith")`:               "position 32: profile.lastName" + limits,
		`SELECT UID FROM accounts WHERE profile.email = regex('.*@example\\.com')`:   "position 32: profile.email" + limits,
		`SELECT UID FROM accounts WHERE loginIDs.emails = regex('.*@example\\.com')`: "position 32: loginIDs.emails" + limits,
		`SELECT UID FROM accounts ORDER BY profile.lastName`:                         "position 35: profile.lastName cannot be sorted by: it is encrypted",
	} {
		answer := h.call(server, "accounts.search", "query", query)
		got := strings.ReplaceAll(uids(answer), ",", " ")
		if code(answer) != "0" {
			got = strings.TrimPrefix(field(answer, "errorDetails"), "Invalid argument: query: ")
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
}

func TestARowOfEmailAccounts(t *testing.T) {
	h := newHouse(t)
	h.exampleSite()
	answer := h.call(server, "accounts.search", "query", `SELECT * FROM emailAccounts WHERE profile.email = 'JO@example.com'`)
	wantCode(t, answer, "0")
	token := h.deps.Tokens.EmailToken(testKey, "u-jo")
	if len(token) != 64 || token == h.deps.Tokens.EmailToken(otherKey, "u-jo") {
		t.Errorf("token %q", token)
	}
	h.wantRows(t, answer, "", `{"UID":"u-jo","channel":"email","created":"2025-06-01T00:00:00.000Z","createdTimestamp":1748736000000,"data":{},"email":"jo@example.com",`+
		`"hasFullAccount":true,"hasLiteAccount":true,"lastUpdated":"2026-01-01T00:00:00.000Z","lastUpdatedTimestamp":1767225600000,`+
		`"profile":{"firstName":"Jo","lastName":"Lee","email":"jo@example.com","gender":"f","birthYear":1985,"country":"DE","age":41},`+
		`"subscriptions":{"newsletter":{"email":{"isSubscribed":true,"doubleOptIn":{"status":"Pending"}}}},"token":"`+token+`"}`, "")
	if got := members(answer); !strings.HasSuffix(got, `],"objectsCount":1,"totalCount":1,"missing":0}`) {
		t.Errorf("the answer ends with %s", got[len(got)-60:])
	}
}

// Readers of the field loop over cursors until there is none.
func TestCursorsOfEverySourceReadEveryRowOnce(t *testing.T) {
	h := newHouse(t)
	h.exampleSite()
	for _, c := range []struct{ query, want string }{
		{`SELECT * FROM accounts WHERE lastUpdatedTimestamp > 1604997062000 ORDER BY lastUpdatedTimestamp ASC LIMIT 2`, "u-dean," + frank + ",u-eve,u-nemo,u-jo"},
		{`SELECT UID FROM accounts ORDER BY data.since DESC, profile.country LIMIT 2`, "u-dean," + frank + ",u-eve,u-jo,u-nemo"},
		{`SELECT UID FROM emailAccounts ORDER BY channel, email LIMIT 1`, "u-dean,u-eve," + frank + ",u-jo,k-lia"},
		{`SELECT UID, topicId FROM communications LIMIT 1`, "u-dean,u-dean"},
		{`SELECT UID, topicId FROM communications ORDER BY status DESC LIMIT 1`, "u-dean,u-dean"},
	} {
		answer := h.call(server, "accounts.search", "query", c.query, "openCursor", "true")
		wantCode(t, answer, "0")
		total := field(answer, "totalCount")
		got := []string{uids(answer)}
		for next := field(answer, "nextCursorId"); next != "" && len(got) < 10; next = field(answer, "nextCursorId") {
			answer = h.call(server, "accounts.search", "cursorId", next)
			wantCode(t, answer, "0")
			got = append(got, uids(answer))
			if field(answer, "totalCount") != total {
				t.Errorf("%s: totalCount %s after %s", c.query, field(answer, "totalCount"), total)
			}
		}
		if text := strings.Join(got, ","); text != c.want || total != fmt.Sprint(strings.Count(c.want, ",")+1) {
			t.Errorf("%s\n got %s of %s\nwant %s", c.query, text, total, c.want)
		}
	}
}

func TestACursorKeepsTheAccountTypes(t *testing.T) {
	h := newHouse(t)
	h.exampleSite()
	answer := h.call(server, "accounts.search", "query", "SELECT UID FROM accounts LIMIT 2", "openCursor", "true", "accountTypes", "full")
	next := field(answer, "nextCursorId")
	if got := uids(h.call(server, "accounts.search", "cursorId", next, "accountTypes", "lite")); got != "u-eve,u-jo" {
		t.Errorf("second page %s", got)
	}
}

func TestGroupsAreBounded(t *testing.T) {
	h := newHouse(t)
	const n = 10001
	h.change(func(tx store.Tx) error {
		for i := range n {
			a := account.New(testKey, fmt.Sprintf("u%05d", i), clock.FromTime(testTime))
			a.Data = fmt.Appendf(nil, `{"n":%d}`, i)
			if err := tx.PutAccount(a); err != nil {
				return err
			}
		}
		return nil
	})
	answer := h.call(server, "accounts.search", "query", "SELECT data.n, count(*) FROM accounts GROUP BY data.n")
	if got := field(answer, "errorDetails"); code(answer) != "400006" || !strings.Contains(got, "position 48: there are more than 10000 groups") {
		t.Errorf("%s %s", code(answer), got)
	}
	answer = h.call(server, "accounts.search", "query", "SELECT data.n, count(*) FROM accounts WHERE data.n < 10000 GROUP BY data.n LIMIT 1")
	wantCode(t, answer, "0")
	if got := field(answer, "totalCount"); got != "10000" {
		t.Errorf("totalCount %s", got)
	}
	answer = h.call(server, "accounts.search", "query", "SELECT sum(data.n), count(*) FROM accounts WHERE NOT data.n CONTAINS 'x'")
	if got := compact(t, answer, "results"); got != `[{"sum(data.n)":50005000,"count(*)":10001}]` {
		t.Errorf("results %s", got)
	}
	parts := make([]string, 100)
	for i := range parts {
		parts[i] = fmt.Sprintf(`data.n%d CONTAINS "nothing"`, i)
	}
	for _, kind := range []string{"UID FROM accounts", "sum(data.n) FROM accounts", "UID FROM emailAccounts"} {
		slow := "SELECT " + kind + " WHERE " + strings.Join(parts, " OR ")
		begin := time.Now()
		answer = h.call(server, "accounts.search", "query", slow, "timeout", "1")
		if code(answer) != "504001" || time.Since(begin) > 2*time.Second {
			t.Errorf("%s: %s after %v", kind, code(answer), time.Since(begin))
		}
	}
}

func TestThePlanOfAQueryIsShownByAServerForDevelopmentOnly(t *testing.T) {
	h := newHouse(t)
	h.exampleSite()
	params := []string{"query", `select UID from accounts where UID='u-jo'`, "explain", "true"}
	if answer := h.call(server, "accounts.search", params...); field(answer, "explain") != "" || !strings.Contains(answer, "ignoredParams") {
		t.Errorf("a server that is not for development explains:\n%s", answer)
	}
	h.deps.Dev = true
	h.Methods = method.NewTable(accounts.Methods(h.deps)...)
	answer := h.call(server, "accounts.search", params...)
	if got, want := compact(t, answer, "explain"), `{"query":"SELECT UID FROM accounts WHERE UID = 'u-jo'","work":"a page of rows, and the number of all",`+
		`"access":"by the UID","index":"accounts_key","scan":false,"sort":false,"steps":["SEARCH accounts USING COVERING INDEX accounts_key (grp=? AND uid=?)"]}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for query, want := range map[string]string{
		`SELECT count(*) FROM accounts WHERE data.n = 1`:                         "the number of rows that satisfy the condition true",
		`SELECT sum(data.n) FROM accounts`:                                       "one pass over all rows that satisfy the condition true",
		`SELECT min(createdTimestamp) FROM accounts`:                             "the ends of an index true",
		`SELECT UID FROM emailAccounts WHERE data.n > 5`:                         "a page of rows, and the number of all true",
		`SELECT UID FROM accounts WHERE createdTimestamp > 5 ORDER BY created`:   "a page of rows, and the number of all false",
		`SELECT UID FROM communications`:                                         "a page of rows, and the number of all true",
		`SELECT UID FROM emailAccounts WHERE lastUpdated>5 ORDER BY lastUpdated`: "a page of rows, and the number of all false",
	} {
		plan := compact(t, h.call(server, "accounts.search", "query", query, "explain", "true"), "explain")
		if got := field(plan, "work") + " " + field(plan, "scan"); got != want {
			t.Errorf("%s: %s\n%s", query, got, plan)
		}
	}
}
