package accounts_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// The people of the examples, in the order of their UIDs.
const (
	frank = "4c6d4614e8cd478f80e30fcc657db6ac"
	dean  = "u-dean"
	eve   = "u-eve"
	jo    = "u-jo"
	nemo  = "u-nemo"
	// Those of the lite accounts: of somebody who has nothing else, and beside that of Jo.
	lia, joLite = "k-lia", "n-jo"
)

func day(text string) clock.Millis {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return clock.FromTime(t)
}

// exampleSite puts the people and the schema that the examples speak of. The clock stands in March 2026.
func (h *house) exampleSite() {
	h.t.Helper()
	wantCode(h.t.(*testing.T), h.call(server, "accounts.setSchema", "dataSchema", `{"fields":{
		"about_t":{"type":"text"},"code":{"type":"string"},"note":{"type":"string"},"plate":{"type":"string"},"ref":{"type":"basic-string"},
		"tier":{"type":"string"},"orders":{"type":"long"},"score":{"type":"float"},"since":{"type":"date"},"vip":{"type":"boolean"},
		"hobbies_s":{"type":"string"},"luckyNumbers":{"type":"long"},"secret":{"type":"string","encryptedNonSearchable":true}},"dynamicSchema":true}`), "0")
	list := []*store.Account{
		{UID: frank, Created: day("2014-01-10"), Registered: day("2014-01-10"), Verified: day("2014-01-11"), LastLogin: day("2025-12-24"), LastUpdated: day("2021-05-05"),
			IsActive: true, LoginProvider: "facebook", RegSource: "https://shop.example.com/signup", HasRegSource: true,
			Profile: json.RawMessage(`{"firstName":"Frank","lastName":"Smith","name":"Frank Smith","email":"frank@example.com","gender":"m","birthYear":1980,"country":"US",` +
				`"religion":"Agnostic","industry":"Music","likes":[{"name":"Real Madrid"},{"name":"Jazz"}],` +
				`"education":[{"school":"NPU","endYear":2005},{"school":"MIT","endYear":2015}],"phones":[{"type":"home","number":"+15551234567"}]}`),
			Data: json.RawMessage(`{"tier":"gold","orders":3,"score":-1.5,"a":1,"c":3,"about_t":"I love music and art","code":"dark_blue_01","note":"He said \"hi\"",` +
				`"plate":"AB-1234","ref":"Blue Car","hobbies_s":["swimming","chess"],"luckyNumbers":[7,11],"since":"2020-01-01T00:30:00+02:00","vip":true,"loyalty":{"points":10,"level":"x"}}`),
			Identities: json.RawMessage(`[{"provider":"facebook","providerUID":"10204456750325770","isLoginIdentity":true},{"provider":"site","providerUID":"` + frank + `"}]`),
			LoginIDs:   json.RawMessage(`{"emails":["frank@example.com"],"unverifiedEmails":[]}`), Emails: json.RawMessage(`{"verified":["frank@example.com"],"unverified":[]}`)},
		{UID: dean, Created: day("2014-02-02"), Registered: day("2014-02-02"), Verified: day("2014-02-02"), LastLogin: day("2019-06-01"), LastUpdated: day("2020-11-11"),
			IsActive: true, LoginProvider: "site",
			Profile: json.RawMessage(`{"firstName":"Dean","lastName":"von Smith-Jones","email":"dean@other.org","gender":"m","birthYear":1984,"country":"CA","likes":[{"name":"Madrid"}]}`),
			Data: json.RawMessage(`{"orders":5,"score":1000,"a":1,"d":4,"about_t":"musical theatre","note":"O\"Neil","plate":"XX-123","ref":"blue","since":"2020-01-01",` +
				`"counted":{"by":"hand"}}`),
			LoginIDs: json.RawMessage(`{"emails":["dean@other.org"],"unverifiedEmails":[]}`), Emails: json.RawMessage(`{"verified":["dean@other.org"],"unverified":[]}`),
			More: json.RawMessage(`{"idxImportId":"job-17","dataCenter":"eu1","communications":{"SMS_newsletter":{"status":"optIn","lastModified":"2025-01-02T03:04:05Z"},"Email_offers":{"status":"optOut"}}}`)},
		{UID: eve, Created: day("2020-01-01"), Registered: day("2020-01-01"), LastLogin: day("2019-12-31"), LastUpdated: day("2022-02-02"), IsActive: true,
			Profile: json.RawMessage(`{"firstName":"Eve","email":"EVE@example.com","gender":"f","birthYear":1990,"country":"CA","education":[{"school":"NPU","endYear":2012}]}`),
			Data:    json.RawMessage(`{"orders":5,"score":1000.5,"b":2,"d":4,"tier":"silver"}`),
			Emails:  json.RawMessage(`{"verified":[],"unverified":["jo@example.com"]}`)},
		{UID: jo, Created: day("2025-06-01"), Registered: day("2025-06-01"), Verified: day("2025-06-02"), LastLogin: day("2026-02-28"), LastUpdated: day("2026-01-01"), IsActive: true,
			LoginProvider: "site",
			Profile:       json.RawMessage(`{"firstName":"Jo","lastName":"Lee","email":"jo@example.com","gender":"f","birthYear":1985,"country":"DE"}`),
			LoginIDs:      json.RawMessage(`{"username":"jo","emails":["jo@example.com"],"unverifiedEmails":[]}`), Emails: json.RawMessage(`{"verified":["jo@example.com"],"unverified":[]}`),
			CustomIdentifiers: json.RawMessage(`{"Loyalty_Number":"12345"}`), Preferences: json.RawMessage(`{"terms":{"tos1":{"isConsentGranted":true}}}`),
			Subscriptions: json.RawMessage(`{"newsletter":{"email":{"isSubscribed":true,"doubleOptIn":{"status":"Pending"}}}}`),
			More: json.RawMessage(`{"hasLiteAccount":true,"groups":{"organizations":[{"orgId":"ACME"}]},"counters":[{"class":"_shares","path":"/","period":"total","count":11,"value":0.0},` +
				`{"class":"_logins","path":"/","period":"total","count":3,"value":0.0}]}`),
			Secrets: store.Secrets{PasswordHash: "x", PasswordCreated: day("2021-07-07"), LockedUntil: day("2026-04-01")}},
		{UID: nemo, Created: day("2025-07-01"), LastUpdated: day("2025-07-01")},
		{UID: lia, Group: store.LiteGroup(testKey), Created: day("2021-01-01"), LastUpdated: day("2021-01-01"), IsActive: true,
			Profile: json.RawMessage(`{"firstName":"Lia","email":"Lia@example.com"}`), Emails: json.RawMessage(`{"verified":[],"unverified":["lia@example.com"]}`),
			Data: json.RawMessage(`{"tier":"paper"}`), Subscriptions: json.RawMessage(`{"newsletter":{"email":{"isSubscribed":true}}}`),
			More: json.RawMessage(`{"accountTypes":["lite"],"hasLiteAccount":true,"token":"00ff"}`)},
		{UID: joLite, Group: store.LiteGroup(testKey), Created: day("2024-01-01"), LastUpdated: day("2024-01-01"), IsActive: true,
			Profile: json.RawMessage(`{"email":"jo@example.com"}`), Emails: json.RawMessage(`{"verified":[],"unverified":["jo@example.com"]}`),
			More: json.RawMessage(`{"accountTypes":["lite"],"hasLiteAccount":true,"hasFullAccount":true}`)},
	}
	h.change(func(tx store.Tx) error {
		for _, a := range list {
			a.Group = cmp.Or(a.Group, testKey)
			if err := tx.PutAccount(a); err != nil {
				return err
			}
			for _, email := range []string{"frank@example.com", "dean@other.org", "jo@example.com", "jo"} {
				if strings.Contains(string(a.LoginIDs), `"`+email+`"`) {
					if err := tx.ClaimIdentifier(testKey, account.LoginIdentifier(email), a.UID); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
}

// compact returns a member of the answer as compact JSON.
func compact(t *testing.T, answer, member string) string {
	t.Helper()
	raw, ok := document.Member([]byte(answer), member)
	if !ok {
		return ""
	}
	v, err := document.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return string(v.AppendJSON(nil))
}

// The queries of the search guide by their numbers there, each with what it returns over the people of the examples: uids the
// UIDs of the rows ("-" for none), rows the rows themselves, whole the UIDs of rows that show everything, fault what an error
// says. total is the totalCount where it is not the number of rows.
var searchExamples = []struct {
	n                        int
	query                    string
	uids, rows, whole, fault string
	total                    int
	more                     []string
}{
	{n: 1, query: `SELECT * FROM accounts`, whole: frank + " u-dean u-eve u-jo u-nemo"},
	{n: 2, query: `select * from accounts limit 5`, whole: frank + " u-dean u-eve u-jo u-nemo"},
	{n: 3, query: `SELECT UID FROM accounts LIMIT 1`, rows: `{"UID":"` + frank + `"}`, total: 5},
	{n: 4, query: `SELECT profile FROM accounts START 2 LIMIT 10`, rows: `{"profile":{"firstName":"Eve","email":"EVE@example.com","gender":"f","birthYear":1990,"country":"CA","education":[{"school":"NPU","endYear":2012}],"age":36}},` +
		`{"profile":{"firstName":"Jo","lastName":"Lee","email":"jo@example.com","gender":"f","birthYear":1985,"country":"DE","age":41}},{"profile":{}}`, total: 5},
	{n: 5, query: `SELECT profile.firstName, profile.lastName, profile.email FROM accounts`, rows: `{"profile":{"firstName":"Frank","lastName":"Smith","email":"frank@example.com"}},` +
		`{"profile":{"firstName":"Dean","lastName":"von Smith-Jones","email":"dean@other.org"}},{"profile":{"firstName":"Eve","email":"EVE@example.com"}},` +
		`{"profile":{"firstName":"Jo","lastName":"Lee","email":"jo@example.com"}},{}`},
	{n: 6, query: `SELECT data.loyalty FROM accounts LIMIT 2`, rows: `{"data":{"loyalty":{"points":10,"level":"x"}}},{}`, total: 5},
	{n: 7, query: `SELECT UID, identities.provider, identities.providerUID FROM accounts LIMIT 2`, rows: `{"UID":"` + frank + `","identities":[{"provider":"facebook","providerUID":"10204456750325770"},` +
		`{"provider":"site","providerUID":"` + frank + `"}]},{"UID":"u-dean"}`, total: 5},
	{n: 8, query: `SELECT UID, loginIDs.emails FROM accounts START 3 LIMIT 1`, rows: `{"UID":"u-jo","loginIDs":{"emails":["jo@example.com"]}}`, total: 5},
	{n: 9, query: `SELECT *, profile.birthYear FROM accounts ORDER BY profile.birthYear LIMIT 5`, whole: frank + " u-dean u-jo u-eve u-nemo"},
	{n: 10, query: `SELECT *, profile.birthYear FROM accounts LIMIT 5 ORDER BY profile.birthYear`, fault: "position 51: ORDER BY must stand before LIMIT"},
	{n: 11, query: `SELECT profile.firstName AS contactName FROM accounts LIMIT 1`, rows: `{"profile":{"contactName":"Frank"}}`, total: 5},
	{n: 12, query: `SELECT profile.firstName AS xName, profile.lastName AS xSurname, profile.email AS xemail FROM accounts LIMIT 1`, rows: `{"profile":{"xName":"Frank","xSurname":"Smith","xemail":"frank@example.com"}}`, total: 5},
	{n: 13, query: `SELECT * FROM accounts WHERE UID = "4c6d4614e8cd478f80e30fcc657db6ac"`, whole: frank},
	{n: 13, query: `SELECT * FROM accounts WHERE UID = "4C6D4614e8cd478f80e30fcc657db6ac"`, uids: "-"},
	{n: 14, query: `SELECT * FROM accounts WHERE profile.gender = "m" AND profile.age > 25`, uids: frank + " u-dean"},
	{n: 15, query: `SELECT * FROM accounts WHERE profile.gender='m' AND profile.age > 44`, uids: frank},
	{n: 16, query: `SELECT * FROM accounts WHERE profile.age = 42`, uids: "u-dean"},
	{n: 16, query: `SELECT * FROM accounts WHERE profile.age = "42"`, uids: "u-dean"},
	{n: 16, query: `SELECT * FROM accounts WHERE profile.age = "old"`, fault: "position 30: profile.age is a number: a number was expected"},
	{n: 17, query: `SELECT UID FROM accounts WHERE profile.birthYear >= 1980 AND profile.birthYear < 1985`, uids: frank + " u-dean"},
	{n: 18, query: `SELECT UID FROM accounts WHERE profile.country != "US"`, uids: "u-dean u-eve u-jo u-nemo"},
	{n: 19, query: `SELECT UID FROM accounts WHERE profile.firstName IN ("Frank", "Dean", "jo")`, uids: frank + " u-dean"},
	{n: 20, query: `SELECT UID FROM accounts WHERE NOT profile.firstName IN ("Frank", "Dean")`, uids: "u-eve u-jo u-nemo"},
	{n: 21, query: `SELECT UID FROM accounts WHERE profile.lastName IS NULL`, uids: "u-eve u-nemo"},
	{n: 22, query: `SELECT UID FROM accounts WHERE profile.lastName IS NOT NULL AND data.tier IS NULL`, uids: "u-dean u-jo"},
	{n: 23, query: `SELECT UID FROM accounts WHERE isVerified = false AND isRegistered = true`, uids: "u-eve"},
	{n: 24, query: `SELECT UID FROM accounts WHERE isActive = false`, uids: "u-nemo"},
	{n: 25, query: `SELECT UID FROM accounts WHERE regSource = "https://shop.example.com/signup"`, uids: frank},
	{n: 26, query: `SELECT UID FROM accounts WHERE loginProvider = "facebook"`, uids: frank},
	{n: 27, query: `Select * from accounts where idxImportId='job-17'`, uids: "u-dean"},
	{n: 28, query: `SELECT UID FROM accounts WHERE data.score >= -1.5 AND data.score <= 1e3`, uids: frank + " u-dean"},
	{n: 29, query: `SELECT UID FROM accounts WHERE profile.country = "US" OR profile.country = "CA" AND isVerified = true`, uids: frank + " u-dean"},
	{n: 30, query: `SELECT UID FROM accounts WHERE (profile.country = "US" OR profile.country = "CA") AND isVerified = true`, uids: frank + " u-dean"},
	{n: 29, query: `SELECT UID FROM accounts WHERE profile.country = "CA" OR profile.country = "US" AND isVerified = false`, uids: "u-dean u-eve"},
	{n: 30, query: `SELECT UID FROM accounts WHERE (profile.country = "CA" OR profile.country = "US") AND isVerified = false`, uids: "u-eve"},
	{n: 31, query: `SELECT UID FROM accounts WHERE NOT (profile.country = "US" AND profile.gender = "m")`, uids: "u-dean u-eve u-jo u-nemo"},
	{n: 32, query: `SELECT UID FROM accounts WHERE NOT profile.country = "US" AND profile.gender = "m"`, uids: "u-dean"},
	{n: 33, query: `SELECT UID FROM accounts WHERE !(isVerified = true)`, uids: "u-eve u-nemo"},
	{n: 34, query: `SELECT UID FROM accounts WHERE ((data.a = 1 OR data.b = 2) AND (data.c = 3 OR data.d = 4))`, uids: frank + " u-dean u-eve"},
	{n: 35, query: `select UID from accounts where loginIDs.emails = 'jo@example.com'`, uids: "u-jo"},
	{n: 35, query: `select UID from accounts where loginIDs.emails = 'Jo@Example.com'`, uids: "u-jo"},
	{n: 36, query: `SELECT UID FROM accounts WHERE loginIDs.username = "jo"`, uids: "u-jo"},
	{n: 37, query: `SELECT UID FROM accounts WHERE emails.verified = "jo@example.com" OR emails.unverified = "jo@example.com"`, uids: "u-eve u-jo"},
	{n: 38, query: `SELECT UID FROM accounts WHERE emails.verified CONTAINS "jo@example.com"`, uids: "u-jo"},
	{n: 39, query: `SELECT UID FROM accounts WHERE identities.provider = "facebook" AND identities.providerUID = "10204456750325770"`, uids: frank},
	{n: 40, query: `SELECT UID FROM accounts WHERE data.hobbies_s CONTAINS "swimming"`, uids: frank},
	{n: 41, query: `SELECT UID FROM accounts WHERE data.luckyNumbers CONTAINS 7`, uids: frank},
	{n: 42, query: `SELECT count(*) FROM accounts WHERE profile.likes.name CONTAINS "Madrid"`, rows: `{"count(*)":2}`, total: 2},
	{n: 43, query: `SELECT UID FROM accounts WHERE profile.education.school = "NPU" AND profile.education.endYear > 2010`, uids: frank + " u-eve"},
	{n: 44, query: `SELECT UID FROM accounts WHERE profile.phones.number = "+15551234567"`, uids: frank},
	{n: 45, query: `SELECT UID FROM accounts WHERE groups.organizations.orgId = "ACME"`, uids: "u-jo"},
	{n: 46, query: `SELECT UID FROM accounts WHERE customIdentifiers.Loyalty_Number = "12345"`, uids: "u-jo"},
	{n: 47, query: `SELECT UID FROM accounts WHERE data.about_t CONTAINS "music"`, uids: frank},
	{n: 48, query: `SELECT UID FROM accounts WHERE data.about_t NOT CONTAINS "music"`, uids: "u-dean u-eve u-jo u-nemo"},
	{n: 49, query: `SELECT UID FROM accounts WHERE data.code CONTAINS "blue"`, uids: frank},
	{n: 50, query: `SELECT * FROM accounts WHERE profile.lastName CONTAINS "smith"`, uids: frank + " u-dean"},
	{n: 51, query: `SELECT * FROM accounts WHERE profile.lastName CONTAINS "smi"`, uids: "-"},
	{n: 52, query: `SELECT UID FROM accounts WHERE data.note = "He said \"hi\""`, uids: frank},
	{n: 53, query: `SELECT UID FROM accounts WHERE data.note = 'O"Neil'`, uids: "u-dean"},
	{n: 54, query: `SELECT profile.name, profile.industry, profile.religion FROM accounts WHERE profile.religion = regex('A.*')`, rows: `{"profile":{"name":"Frank Smith","industry":"Music","religion":"Agnostic"}}`},
	{n: 55, query: `SELECT UID FROM accounts WHERE data.plate = regex('[A-Z]{2}-[0-9]{3,4}')`, uids: frank + " u-dean"},
	{n: 56, query: `SELECT UID FROM accounts WHERE NOT data.plate = regex('XX-.*')`, uids: frank + " u-eve u-jo u-nemo"},
	{n: 57, query: `SELECT UID FROM accounts WHERE profile.email = regex('.*@example\\.com')`, uids: frank + " u-eve u-jo"},
	{n: 58, query: `select count(*) from accounts where created <= '2014-01-31T23:59:59Z'`, rows: `{"count(*)":1}`},
	{n: 59, query: `SELECT UID FROM accounts WHERE createdTimestamp >= 1388534400000 AND createdTimestamp < 1391212800000`, uids: frank},
	{n: 60, query: `SELECT * FROM accounts WHERE lastUpdatedTimestamp > 1604997062000 ORDER BY lastUpdatedTimestamp ASC LIMIT 300`, whole: "u-dean " + frank + " u-eve u-nemo u-jo"},
	{n: 61, query: `select lastLogin from accounts order by lastLogin DESC limit 1`, rows: `{"lastLogin":"2026-02-28T00:00:00.000Z"}`, total: 5},
	{n: 62, query: `SELECT UID, created FROM accounts order by created DESC limit 1`, rows: `{"UID":"u-nemo","created":"2025-07-01T00:00:00.000Z"}`, total: 5},
	{n: 63, query: `SELECT UID FROM accounts WHERE lastLogin < "2020-01-01" AND isVerified = false`, uids: "u-eve u-nemo"},
	{n: 64, query: `SELECT UID FROM accounts WHERE password.created < "2022-01-01T00:00:00Z"`, uids: "u-jo"},
	{n: 65, query: `SELECT UID FROM accounts WHERE lockedUntil > "2025-01-01T00:00:00Z"`, uids: "u-jo"},
	{n: 66, query: `SELECT profile.firstName FROM accounts WHERE profile.age >= 18 START 1 LIMIT 2`, rows: `{"profile":{"firstName":"Dean"}},{"profile":{"firstName":"Eve"}}`, total: 4},
	{n: 66, query: `SELECT UID FROM accounts START 100 LIMIT 5`, uids: "-", total: 5},
	{n: 67, query: `SELECT * FROM accounts START 6000 LIMIT 10`, fault: "position 30: START must not be greater than 5000; use a cursor"},
	{n: 68, query: `SELECT UID FROM accounts LIMIT 50000`, uids: frank + " u-dean u-eve u-jo u-nemo"},
	{n: 69, query: `SELECT count(*) FROM accounts`, rows: `{"count(*)":5}`, total: 5},
	{n: 70, query: `SELECT min(profile.age), max(profile.age), avg(profile.age) FROM accounts`, rows: `{"min(profile.age)":36,"max(profile.age)":46,"avg(profile.age)":41.25}`, total: 5},
	{n: 71, query: `SELECT sum(data.orders), sum_of_squares(data.orders), variance(data.orders), std(data.orders) FROM accounts`,
		rows: `{"sum(data.orders)":13,"sum_of_squares(data.orders)":59,"variance(data.orders)":0.8888888888888888,"std(data.orders)":0.9428090415820634}`, total: 5},
	{n: 72, query: `SELECT min(data.nothing) FROM accounts`, rows: `{"min(data.nothing)":"infinity"}`, total: 5},
	{n: 72, query: `SELECT max(data.nothing), sum(data.nothing), avg(data.nothing), std(data.nothing), variance(data.nothing), sum_of_squares(data.nothing), count(data.nothing) FROM accounts`,
		rows: `{"max(data.nothing)":"-infinity","sum(data.nothing)":0,"avg(data.nothing)":"NaN","std(data.nothing)":"NaN","variance(data.nothing)":"NaN","sum_of_squares(data.nothing)":0,"count(data.nothing)":0}`, total: 5},
	{n: 73, query: `SELECT sum(data.a), avg(data.b) FROM accounts`, fault: "position 21: all aggregates must be of one field: data.a was expected"},
	{n: 74, query: `SELECT profile.gender, count(*) FROM accounts GROUP BY profile.gender`,
		rows: `{"profile":{"gender":"f"},"count(*)":2},{"profile":{"gender":"m"},"count(*)":2},{"count(*)":1}`, total: 5},
	{n: 75, query: `SELECT *, profile.age FROM accounts GROUP BY profile.age LIMIT 3`, rows: `{"profile":{"age":36}},{"profile":{"age":41}},{"profile":{"age":42}}`, total: 5},
	{n: 76, query: `SELECT UID FROM accounts WHERE data.x = 1 HAVING count(*) > 1`, fault: "position 43: HAVING is not supported"},
	{n: 79, query: `SELECT email, UID, subscriptions FROM emailAccounts WHERE hasLiteAccount = true AND hasFullAccount = false`,
		rows: `{"email":"lia@example.com","UID":"k-lia","subscriptions":{"newsletter":{"email":{"isSubscribed":true}}}}`},
	{n: 79, query: `SELECT email FROM emailAccounts WHERE hasLiteAccount = true AND hasFullAccount = true`, rows: `{"email":"jo@example.com"}`},
	{n: 79, query: `SELECT email, UID, subscriptions FROM emailAccounts WHERE hasLiteAccount = false AND hasFullAccount = true AND channel = 'email' LIMIT 1`,
		rows: `{"email":"frank@example.com","UID":"` + frank + `","subscriptions":{}}`, total: 3},
	{n: 79, query: `SELECT count(*), hasLiteAccount, hasFullAccount FROM emailAccounts GROUP BY hasFullAccount, hasLiteAccount`,
		rows: `{"hasLiteAccount":true,"hasFullAccount":false,"count(*)":1},{"hasLiteAccount":false,"hasFullAccount":true,"count(*)":3},` +
			`{"hasLiteAccount":true,"hasFullAccount":true,"count(*)":1}`, total: 5},
	{n: 80, query: `SELECT email FROM emailAccounts WHERE subscriptions.newsletter.email.isSubscribed = true`, rows: `{"email":"lia@example.com"},{"email":"jo@example.com"}`},
	{n: 81, query: `SELECT email FROM emailAccounts WHERE subscriptions.newsletter.email.doubleOptin.status = "Pending"`, rows: `{"email":"jo@example.com"}`},
	{n: 82, query: `select email, profile.firstName from emailAccounts where lastUpdatedTimestamp > 0 order by lastUpdatedTimestamp limit 10000`,
		rows: `{"email":"dean@other.org","profile":{"firstName":"Dean"}},{"email":"lia@example.com","profile":{"firstName":"Lia"}},` +
			`{"email":"frank@example.com","profile":{"firstName":"Frank"}},` +
			`{"email":"eve@example.com","profile":{"firstName":"Eve"}},{"email":"jo@example.com","profile":{"firstName":"Jo"}}`, more: []string{"openCursor", "true"}},
	{n: 83, query: `SELECT * FROM communications WHERE topicId="newsletter" AND channelId="SMS"`,
		rows: `{"UID":"u-dean","topicId":"newsletter","channelId":"SMS","status":"OptIn","timestamp":"2025-01-02T03:04:05Z"}`},
	{n: 84, query: `SELECT counters FROM accounts WITH counters WHERE UID IN ("u-dean", "u-jo")`, rows: `{"counters":[]},{"counters":[{"class":"_shares","path":"/","period":"total","count":11,"value":0.0},` +
		`{"class":"_logins","path":"/","period":"total","count":3,"value":0.0}]}`},
	{n: 85, query: `SELECT UID FROM accounts WHERE preferences.terms.tos1.isConsentGranted = true`, uids: "u-jo"},
	{n: 86, query: `SELECT * FROM accounts`, more: []string{"accountTypes", "lite"}, whole: "k-lia n-jo"},
	{n: 86, query: `SELECT * FROM accounts`, more: []string{"accountTypes", "full,lite"}, whole: frank + " k-lia n-jo u-dean u-eve u-jo u-nemo"},
	{n: 86, query: `SELECT UID FROM accounts WHERE hasLiteAccount = true`, more: []string{"accountTypes", "full,lite"}, uids: "k-lia n-jo u-jo"},
	{n: 86, query: `SELECT data.tier, count(*) FROM accounts WHERE data.tier IS NOT NULL GROUP BY data.tier`, more: []string{"accountTypes", "lite,full"},
		rows: `{"data":{"tier":"gold"},"count(*)":1},{"data":{"tier":"paper"},"count(*)":1},{"data":{"tier":"silver"},"count(*)":1}`, total: 3},
	{n: 86, query: `SELECT min(createdTimestamp), max(createdTimestamp), count(*) FROM accounts`, more: []string{"accountTypes", "lite,full"},
		rows: `{"min(createdTimestamp)":1389312000000,"max(createdTimestamp)":1751328000000,"count(*)":7}`, total: 7},
}

func TestExamplesOfTheSearchGuide(t *testing.T) {
	h := newHouse(t)
	h.exampleSite()
	seen := map[int]bool{77: true, 78: true} // they have tests of their own
	for _, e := range searchExamples {
		seen[e.n] = true
		t.Run(fmt.Sprintf("%d %s", e.n, e.query), func(t *testing.T) {
			answer := h.call(server, "accounts.search", append(e.more, "query", e.query)...)
			if e.fault != "" {
				wantCode(t, answer, "400006")
				if got, want := field(answer, "errorDetails"), "Invalid argument: query: "+e.fault; got != want {
					t.Errorf("errorDetails %s\nwant %s", got, want)
				}
				return
			}
			wantCode(t, answer, "0")
			h.wantRows(t, answer, e.uids, e.rows, e.whole)
			n := e.total
			if n == 0 {
				n = len(strings.Fields(strings.Trim(e.uids+e.whole, "-")))
				if e.rows != "" {
					n = len(splitRows(t, compact(t, answer, "results")))
				}
			}
			if got := field(answer, "totalCount"); got != fmt.Sprint(n) {
				t.Errorf("totalCount %s, want %d", got, n)
			}
			if field(answer, "nextCursorId") != "" {
				t.Error("there is a next page")
			}
		})
	}
	for n := 1; n <= 86; n++ {
		if !seen[n] {
			t.Errorf("example %d is not tested", n)
		}
	}
}

func splitRows(t *testing.T, results string) []string {
	t.Helper()
	var rows []string
	if err := document.Elements([]byte(results), func(row []byte) bool {
		rows = append(rows, string(row))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

// example returns an account of the examples.
func (h *house) example(uid string) *store.Account {
	h.t.Helper()
	if uid == lia || uid == joLite {
		return h.lite(uid)
	}
	return h.account(uid)
}

// wantRows compares the results of an answer: see searchExamples.
func (h *house) wantRows(t *testing.T, answer, uidList, rows, whole string) {
	t.Helper()
	results := compact(t, answer, "results")
	switch {
	case rows != "":
		if results != "["+rows+"]" {
			t.Errorf("results %s\nwant    [%s]", results, rows)
		}
	case whole != "":
		var want []string
		for _, uid := range strings.Fields(whole) {
			want = append(want, string(account.Row(h.example(uid), h.clock.Now())))
		}
		if results != "["+strings.Join(want, ",")+"]" {
			t.Errorf("results %s\nwant    %s", results, want)
		}
		for _, row := range splitRows(t, results) {
			for _, name := range []string{"profile", "UID", "lastUpdatedTimestamp"} {
				if field(row, name) == "" {
					t.Errorf("a row without %s: %s", name, row)
				}
			}
		}
	default:
		if got, want := strings.ReplaceAll(uids(answer), ",", " "), strings.Trim(uidList, "-"); got != want {
			t.Errorf("UIDs %s\nwant %s", got, want)
		}
	}
	if got := fmt.Sprint(len(splitRows(t, results))); got != field(answer, "objectsCount") {
		t.Errorf("%s rows, objectsCount %s", got, field(answer, "objectsCount"))
	}
}
