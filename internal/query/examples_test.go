package query_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/query"
)

// The queries of the search guide that are read, and the tree of each in the canonical form. An empty form: the query is in
// that form already.
var examples = []struct{ query, canonical string }{
	{`SELECT * FROM accounts`, ""},
	{`select * from accounts limit 5`, `SELECT * FROM accounts LIMIT 5`},
	{`SELECT UID FROM accounts LIMIT 1`, ""},
	{`SELECT profile FROM accounts LIMIT 10`, ""},
	{`SELECT profile.firstName, profile.lastName, profile.email FROM accounts`, ""},
	{`SELECT data.loyalty FROM accounts`, ""},
	{`SELECT UID, identities.provider, identities.providerUID FROM accounts LIMIT 10`, ""},
	{`SELECT UID, loginIDs.emails FROM accounts`, ""},
	{`SELECT *, profile.birthYear FROM accounts ORDER BY profile.birthYear LIMIT 5`, ""},
	{`SELECT profile.firstName AS contactName FROM accounts`, ""},
	{`SELECT profile.firstName AS xName, profile.lastName AS xSurname, profile.email AS xemail FROM accounts LIMIT 5`, ""},
	{`SELECT * FROM accounts WHERE UID = "4c6d4614e8cd478f80e30fcc657db6ac"`, `SELECT * FROM accounts WHERE UID = '4c6d4614e8cd478f80e30fcc657db6ac'`},
	{`SELECT * FROM accounts WHERE profile.gender = "m" AND profile.age > 25`, `SELECT * FROM accounts WHERE profile.gender = 'm' AND profile.age > 25`},
	{`SELECT * FROM accounts WHERE profile.gender='m' AND profile.age > 25`, `SELECT * FROM accounts WHERE profile.gender = 'm' AND profile.age > 25`},
	{`SELECT * FROM accounts WHERE profile.age = 42`, ""},
	{`SELECT UID FROM accounts WHERE profile.birthYear >= 1980 AND profile.birthYear < 1990`, ""},
	{`SELECT UID FROM accounts WHERE profile.country != "US"`, `SELECT UID FROM accounts WHERE NOT profile.country = 'US'`},
	{`SELECT UID FROM accounts WHERE profile.firstName IN ("Frank", "Dean", "Sammy")`, `SELECT UID FROM accounts WHERE profile.firstName IN ('Frank', 'Dean', 'Sammy')`},
	{`SELECT UID FROM accounts WHERE NOT profile.firstName IN ("Frank", "Dean")`, `SELECT UID FROM accounts WHERE NOT profile.firstName IN ('Frank', 'Dean')`},
	{`SELECT UID FROM accounts WHERE profile.lastName IS NULL`, ""},
	{`SELECT UID FROM accounts WHERE profile.lastName IS NOT NULL AND data.tier IS NULL`, `SELECT UID FROM accounts WHERE NOT profile.lastName IS NULL AND data.tier IS NULL`},
	{`SELECT UID FROM accounts WHERE isVerified = false AND isRegistered = true`, ""},
	{`SELECT UID FROM accounts WHERE isActive = false`, ""},
	{`SELECT UID FROM accounts WHERE regSource = "https://shop.example.com/signup"`, `SELECT UID FROM accounts WHERE regSource = 'https://shop.example.com/signup'`},
	{`SELECT UID FROM accounts WHERE loginProvider = "facebook"`, `SELECT UID FROM accounts WHERE loginProvider = 'facebook'`},
	{`Select * from accounts where idxImportId='job-17'`, `SELECT * FROM accounts WHERE idxImportId = 'job-17'`},
	{`SELECT UID FROM accounts WHERE data.score >= -1.5 AND data.score <= 1e3`, ""},
	{`SELECT UID FROM accounts WHERE profile.country = "US" OR profile.country = "CA" AND isVerified = true`, `SELECT UID FROM accounts WHERE profile.country = 'US' OR (profile.country = 'CA' AND isVerified = true)`},
	{`SELECT UID FROM accounts WHERE (profile.country = "US" OR profile.country = "CA") AND isVerified = true`, `SELECT UID FROM accounts WHERE (profile.country = 'US' OR profile.country = 'CA') AND isVerified = true`},
	{`SELECT UID FROM accounts WHERE NOT (profile.country = "US" AND profile.gender = "m")`, `SELECT UID FROM accounts WHERE NOT (profile.country = 'US' AND profile.gender = 'm')`},
	{`SELECT UID FROM accounts WHERE NOT profile.country = "US" AND profile.gender = "m"`, `SELECT UID FROM accounts WHERE NOT profile.country = 'US' AND profile.gender = 'm'`},
	{`SELECT UID FROM accounts WHERE !(isVerified = true)`, `SELECT UID FROM accounts WHERE NOT isVerified = true`},
	{`SELECT UID FROM accounts WHERE ((data.a = 1 OR data.b = 2) AND (data.c = 3 OR data.d = 4))`, `SELECT UID FROM accounts WHERE (data.a = 1 OR data.b = 2) AND (data.c = 3 OR data.d = 4)`},
	{`select UID from accounts where loginIDs.emails = 'jo@example.com'`, `SELECT UID FROM accounts WHERE loginIDs.emails = 'jo@example.com'`},
	{`SELECT UID FROM accounts WHERE loginIDs.username = "jo"`, `SELECT UID FROM accounts WHERE loginIDs.username = 'jo'`},
	{`SELECT UID FROM accounts WHERE emails.verified = "jo@example.com" OR emails.unverified = "jo@example.com"`, `SELECT UID FROM accounts WHERE emails.verified = 'jo@example.com' OR emails.unverified = 'jo@example.com'`},
	{`SELECT UID FROM accounts WHERE emails.verified CONTAINS "jo@example.com"`, `SELECT UID FROM accounts WHERE emails.verified CONTAINS 'jo@example.com'`},
	{`SELECT UID FROM accounts WHERE identities.provider = "facebook" AND identities.providerUID = "10204456750325770"`, `SELECT UID FROM accounts WHERE identities.provider = 'facebook' AND identities.providerUID = '10204456750325770'`},
	{`SELECT UID FROM accounts WHERE data.hobbies_s CONTAINS "swimming"`, `SELECT UID FROM accounts WHERE data.hobbies_s CONTAINS 'swimming'`},
	{`SELECT UID FROM accounts WHERE data.luckyNumbers CONTAINS 7`, ""},
	{`SELECT count(*) FROM accounts WHERE profile.likes.name CONTAINS "Madrid"`, `SELECT count(*) FROM accounts WHERE profile.likes.name CONTAINS 'Madrid'`},
	{`SELECT UID FROM accounts WHERE profile.education.school = "NPU" AND profile.education.endYear > 2010`, `SELECT UID FROM accounts WHERE profile.education.school = 'NPU' AND profile.education.endYear > 2010`},
	{`SELECT UID FROM accounts WHERE profile.phones.number = "+15551234567"`, `SELECT UID FROM accounts WHERE profile.phones.number = '+15551234567'`},
	{`SELECT UID FROM accounts WHERE groups.organizations.orgId = "ACME"`, `SELECT UID FROM accounts WHERE groups.organizations.orgId = 'ACME'`},
	{`SELECT UID FROM accounts WHERE customIdentifiers.Loyalty_Number = "12345"`, `SELECT UID FROM accounts WHERE customIdentifiers.Loyalty_Number = '12345'`},
	{`SELECT UID FROM accounts WHERE data.about_t CONTAINS "music"`, `SELECT UID FROM accounts WHERE data.about_t CONTAINS 'music'`},
	{`SELECT UID FROM accounts WHERE data.about_t NOT CONTAINS "music"`, `SELECT UID FROM accounts WHERE NOT data.about_t CONTAINS 'music'`},
	{`SELECT UID FROM accounts WHERE data.code CONTAINS "blue"`, `SELECT UID FROM accounts WHERE data.code CONTAINS 'blue'`},
	{`SELECT * FROM accounts WHERE profile.lastName CONTAINS "smith"`, `SELECT * FROM accounts WHERE profile.lastName CONTAINS 'smith'`},
	{`SELECT * FROM accounts WHERE profile.lastName CONTAINS "smi"`, `SELECT * FROM accounts WHERE profile.lastName CONTAINS 'smi'`},
	{`SELECT UID FROM accounts WHERE data.note = "He said \"hi\""`, `SELECT UID FROM accounts WHERE data.note = 'He said "hi"'`},
	{`SELECT UID FROM accounts WHERE data.note = 'O"Neil'`, ""},
	{`select count(*) from accounts where created <= '2014-01-31T23:59:59Z'`, `SELECT count(*) FROM accounts WHERE created <= '2014-01-31T23:59:59Z'`},
	{`SELECT UID FROM accounts WHERE createdTimestamp >= 1388534400000 AND createdTimestamp < 1391212800000`, ""},
	{`SELECT * FROM accounts WHERE lastUpdatedTimestamp > 1604997062000 ORDER BY lastUpdatedTimestamp ASC LIMIT 300`, `SELECT * FROM accounts WHERE lastUpdatedTimestamp > 1604997062000 ORDER BY lastUpdatedTimestamp LIMIT 300`},
	{`select lastLogin from accounts order by lastLogin DESC limit 1`, `SELECT lastLogin FROM accounts ORDER BY lastLogin DESC LIMIT 1`},
	{`SELECT UID, created FROM accounts order by created DESC limit 1`, `SELECT UID, created FROM accounts ORDER BY created DESC LIMIT 1`},
	{`SELECT UID FROM accounts WHERE lastLogin < "2020-01-01" AND isVerified = false`, `SELECT UID FROM accounts WHERE lastLogin < '2020-01-01' AND isVerified = false`},
	{`SELECT UID FROM accounts WHERE password.created < "2022-01-01T00:00:00Z"`, `SELECT UID FROM accounts WHERE password.created < '2022-01-01T00:00:00Z'`},
	{`SELECT UID FROM accounts WHERE lockedUntil > "2025-01-01T00:00:00Z"`, `SELECT UID FROM accounts WHERE lockedUntil > '2025-01-01T00:00:00Z'`},
	{`SELECT profile.firstName, profile.lastName, profile.email FROM accounts WHERE profile.country = "US" AND profile.age >= 18 START 100 LIMIT 5`, `SELECT profile.firstName, profile.lastName, profile.email FROM accounts WHERE profile.country = 'US' AND profile.age >= 18 START 100 LIMIT 5`},
	{`SELECT * FROM accounts START 6000 LIMIT 10`, ""},
	{`SELECT UID FROM accounts LIMIT 50000`, ""},
	{`SELECT count(*) FROM accounts`, ""},
	{`SELECT * FROM emailAccounts WHERE profile.email = '34@34.com'`, ""},
	{`SELECT email, UID, subscriptions FROM emailAccounts WHERE hasLiteAccount = true AND hasFullAccount = false`, ""},
	{`SELECT email FROM emailAccounts WHERE subscriptions.newsletter.email.isSubscribed = true`, ""},
	{`SELECT email FROM emailAccounts WHERE subscriptions.newsletter.email.doubleOptIn.status = "Pending"`, `SELECT email FROM emailAccounts WHERE subscriptions.newsletter.email.doubleOptIn.status = 'Pending'`},
	{`select email, token, profile.firstName from emailAccounts where lastUpdatedTimestamp > 0 order by lastUpdatedTimestamp limit 10000`, `SELECT email, token, profile.firstName FROM emailAccounts WHERE lastUpdatedTimestamp > 0 ORDER BY lastUpdatedTimestamp LIMIT 10000`},
	{`SELECT * FROM communications WHERE topicId="newsletter" AND channelId="SMS"`, `SELECT * FROM communications WHERE topicId = 'newsletter' AND channelId = 'SMS'`},
	{`SELECT profile.name, profile.industry, profile.religion FROM accounts WHERE profile.religion = regex('A.*')`, ""},
	{`SELECT UID FROM accounts WHERE data.plate = regex('[A-Z]{2}-[0-9]{3,4}')`, ""},
	{`SELECT UID FROM accounts WHERE NOT data.plate = regex('XX-.*')`, ""},
	{`SELECT UID FROM accounts WHERE profile.email = regex('.*@example\\.com')`, ""},
	{`SELECT min(profile.age), max(profile.age), avg(profile.age) FROM accounts`, ""},
	{`SELECT sum(data.orders), sum_of_squares(data.orders), variance(data.orders), std(data.orders) FROM accounts`, ""},
	{`SELECT min(data.nothing) FROM accounts`, ""},
	{`SELECT profile.gender, count(*) FROM accounts GROUP BY profile.gender`, ""},
	{`SELECT *, profile.age FROM accounts GROUP BY profile.age LIMIT 5`, ""},
	{`SELECT counters FROM accounts WITH counters`, ""},
	{`SELECT UID FROM accounts WHERE preferences.terms.tos1.isConsentGranted = true`, ""},
}

// Those that are refused, and why.
var refusedExamples = []struct{ query, want string }{
	{`SELECT *, profile.birthYear FROM accounts LIMIT 5 ORDER BY profile.birthYear`, `position 51: ORDER BY must stand before LIMIT`},
	{`SELECT sum(data.a), avg(data.b) FROM accounts`, `position 21: all aggregates must be of one field: data.a was expected`},
	{`SELECT UID FROM accounts WHERE data.x = 1 HAVING count(*) > 1`, `position 43: HAVING is not supported`},
}

func TestExamplesOfTheGuide(t *testing.T) {
	for _, c := range examples {
		t.Run(c.query, func(t *testing.T) {
			if c.canonical == "" {
				c.canonical = c.query
			}
			q := parse(t, c.query)
			if diff := cmp.Diff(c.canonical, q.String()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(q, parse(t, q.String()), withoutPlaces); diff != "" {
				t.Errorf("the canonical form is another tree: %s", diff)
			}
		})
	}
}

func TestRefusedExamplesOfTheGuide(t *testing.T) {
	for _, c := range refusedExamples {
		t.Run(c.query, func(t *testing.T) {
			q, err := query.Parse(c.query)
			if err == nil {
				err = q.Agree(asWritten)
			}
			if err == nil {
				t.Fatalf("read as %s", q)
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
