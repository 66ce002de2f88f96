package transfer_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/transfer"
)

var now = time.Date(2024, 5, 31, 8, 0, 0, 0, time.UTC)

// target is a site to import into.
type target struct {
	*transfer.Importer
	t testing.TB
}

// newTarget makes a site with the explicit policies.
func newTarget(t testing.TB, policies string) target {
	t.Helper()
	fake := clock.NewFake(now)
	s, err := sqlite.Open(t.Context(), sqlite.Options{File: filepath.Join(t.TempDir(), "doorward.db"), Clock: fake})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	sealer, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	factory := site.Factory{Sealer: sealer, Rand: rand.Reader, Clock: fake}
	partner, _, err := factory.NewPartner("p")
	if err != nil {
		t.Fatal(err)
	}
	record, err := factory.NewSite(site.SiteOptions{Partner: partner.ID, BaseDomain: "example.com", DataCenter: "us1"})
	if err != nil {
		t.Fatal(err)
	}
	if policies != "" {
		record.Policies = []byte(policies)
	}
	err = s.Change(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.PutPartner(partner), tx.PutSite(record))
	})
	if err != nil {
		t.Fatal(err)
	}
	return target{t: t, Importer: &transfer.Importer{
		Store: s, Sites: site.NewDirectory(s, sealer), APIKey: record.APIKey, Clock: fake, Rand: rand.Reader,
		Passwords: password.New(password.Options{Params: password.Params{Memory: 8, Time: 1, Threads: 1}, Rand: rand.Reader}),
	}}
}

// add imports one row.
func (x target) add(row string) (string, error) {
	x.t.Helper()
	members, err := document.ParseObject([]byte(row))
	if err != nil {
		x.t.Fatal(err)
	}
	return x.Import(x.t.Context(), transfer.Row{Line: 7, Members: members})
}

func (x target) export(hashes bool) string {
	x.t.Helper()
	if hashes {
		return x.exported(transfer.Hashes)
	}
	return x.exported(transfer.Plain)
}

func (x target) exported(detail transfer.Detail) string {
	x.t.Helper()
	s, err := x.Sites.Site(x.t.Context(), x.APIKey)
	if err != nil {
		x.t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := transfer.Export(x.t.Context(), x.Store, s, &out, detail); err != nil {
		x.t.Fatal(err)
	}
	return out.String()
}

const hash = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func TestRefusedRowsChangeNothingAndSayWhy(t *testing.T) {
	x := newTarget(t, "")
	if _, err := x.add(`{"UID":"first","email":"first@example.com"}`); err != nil {
		t.Fatal(err)
	}
	before := x.export(true)
	for name, test := range map[string]struct{ row, want string }{
		"an empty row":              {`{}`, "there is no login identifier: give email, username or loginIDs, or a UID"},
		"an unknown member":         {`{"UID":"u","shoesize":44}`, "shoesize: there is no such member of an account"},
		"a member for terminals":    {`{"UID":"u","\u001b]0;gotcha\u0007\u202e":44}`, `\u001b]0;gotcha\u0007\u202e: there is no such member of an account`},
		"a UID that is there":       {`{"UID":"first"}`, "UID: there is an account with this UID already"},
		"a member in two spellings": {`{"UID":"u","email":"u@example.com","uid":"v"}`, "UID: it is given twice, in two spellings"},
		"a UID with a blank":        {`{"UID":"a b"}`, "UID: want 1 to 252 visible ASCII characters"},
		"a taken address":           {`{"email":"FIRST@example.com"}`, "the login identifier \"first@example.com\" belongs to another account already"},
		"a taken login address":     {`{"loginIDs":{"emails":["first@example.com"]}}`, "the login identifier \"first@example.com\" belongs to another account already"},
		"no address":                {`{"email":"a@b@c"}`, `email: "a@b@c" is not an e-mail address`},
		"no address in a list":      {`{"UID":"u","emails":{"verified":["nobody"]}}`, `emails.verified: "nobody" is not an e-mail address`},
		"a user name":               {`{"username":"jo"}`, "username: the site's policy accountOptions.loginIdentifiers does not allow user names"},
		"a number for a text":       {`{"UID":1}`, "UID: want a text"},
		"a text for an object":      {`{"UID":"u","data":"x"}`, "data: want an object"},
		"a text for a flag":         {`{"UID":"u","isActive":"yes"}`, "isActive: want true or false"},
		"a text for a list":         {`{"loginIDs":{"emails":"a@example.com"}}`, "loginIDs.emails: want an array of texts"},
		"no time":                   {`{"UID":"u","created":"yesterday"}`, `created: "yesterday" is not a time such as 2024-05-31T08:00:00Z`},
		"a wrong type":              {`{"UID":"u","profile":{"birthYear":"x"}}`, "profile.birthYear: invalid type for field: birthYear"},
		"an unknown profile field":  {`{"UID":"u","profile":{"shoesize":44}}`, "profile.shoesize: unknown field: shoesize"},
		"a hash of another kind":    {`{"UID":"u","password":{"hash":"$1$x"}}`, "password.hash: "},
		"a long password":           {`{"UID":"u","password":"` + strings.Repeat("x", 2000) + `"}`, "password: longer than 1024 bytes"},
		"a consent that is no flag": {`{"UID":"u","preferences":{"terms":{"isConsentGranted":"yes"}}}`, "preferences.terms.isConsentGranted: invalid type"},
		"identities without one":    {`{"UID":"u","identities":[1]}`, "identities: want an array of objects"},
		"too much data":             {`{"UID":"u","internal":{"x":"` + strings.Repeat("x", 600<<10) + `"}}`, "a document of the account would be larger than 524288 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := x.add(test.row)
			var refused *transfer.RowError
			if !errors.As(err, &refused) || refused.Line != 7 || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want a refusal of line 7 that contains %q", err, test.want)
			}
		})
	}
	if diff := cmp.Diff(before, x.export(true)); diff != "" {
		t.Error(diff)
	}
}

func TestAnImportThatCannotGoOnRefusesNoRow(t *testing.T) {
	x := newTarget(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	members, err := document.ParseObject([]byte(`{"email":"a@example.com"}`))
	if err != nil {
		t.Fatal(err)
	}
	var refused *transfer.RowError
	if _, err := x.Import(ctx, transfer.Row{Line: 1, Members: members}); !errors.Is(err, context.Canceled) || errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
}

// everything are rows with all that an export can hold.
var everything = []string{
	`{"UID":"a","email":"A@Example.com","username":"Ann","password":"Correct-horse-7","profile":{"firstName":"Ann","birthYear":1990,"birthMonth":2,"birthDay":29,"age":99}}`,
	`{"UID":"b","loginIDs":{"username":"bo","emails":["b2@example.com","b1@example.com"],"unverifiedEmails":["b3@example.com"]},"emails":{"verified":["b1@example.com","b9@example.com","b2@example.com"],"unverified":["b8@example.com","b3@example.com"]},"profile":{"email":"b7@example.com","age":40},"password":{"hash":"` + hash + `","created":"2020-01-02T03:04:05.678Z"}}`,
	`{"UID":"c","isActive":false,"isRegistered":false,"isVerified":true,"verified":"2021-01-01T00:00:00Z","created":"2020-01-01","lastLogin":"2022-01-01 10:00:00","lastUpdated":"2023-01-01T00:00:00.001Z","oldestDataUpdated":"2019-01-01T00:00:00Z","regSource":"","loginProvider":"facebook"}`,
	`{"UID":"d","identities":[{"provider":"facebook","providerUID":"1","photoURL":"x"},{"provider":"site","providerUID":"d"}],"socialProviders":"facebook,site","lastLoginLocation":{"country":"DE"},"phoneNumber":"+491","groups":{"organizations":[]},"tfaStatus":"forceOff","rbaPolicy":{"riskPolicy":"high"}}`,
	`{"UID":"e","email":"e@example.com","isVerified":true,"data":{"tier":"gold","deep":{"list":[1,2]},"x.y":true},"internal":{"n":1},"preferences":{"terms":{"isConsentGranted":true,"lastConsentModified":"2020-01-01T00:00:00Z","docVersion":2}},"subscriptions":{"news":{"email":{"isSubscribed":true,"doubleOptIn":{"status":"Confirmed"}}}}}`,
	`{"UID":"f","email":"f@example.com","profile":{"email":"f2@example.com"},"regSource":"https://example.com/?a=\u0026b=<c>","username":null}`,
	// Addresses that the format of profile.email does not take.
	`{"UID":"g","email":"jörg@exämple.de"}`, `{"UID":"h","loginIDs":{"emails":["h@b.c.example.com"]},"profile":{"email":"H@b.c.example.com"}}`,
}

const userNames = `{"accountOptions":{"loginIdentifiers":"email,username"}}`

func TestWhatIsExportedIsImportedTheSame(t *testing.T) {
	from, to := newTarget(t, userNames), newTarget(t, userNames)
	for _, row := range everything {
		if _, err := from.add(row); err != nil {
			t.Fatalf("%s: %v", row, err)
		}
	}
	first := from.export(true)
	// The copy is made years later.
	to.Clock = clock.NewFake(now.AddDate(3, 0, 0))
	for line := range strings.Lines(first) {
		if _, err := to.add(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	if diff := cmp.Diff(strings.Split(first, "\n"), strings.Split(to.export(true), "\n")); diff != "" {
		t.Error(diff)
	}
	for _, part := range []string{
		`"emails":{"verified":["b1@example.com","b9@example.com","b2@example.com"],"unverified":["b8@example.com","b3@example.com"]}`,
		`"loginIDs":{"username":"bo","emails":["b2@example.com","b1@example.com"],"unverifiedEmails":["b3@example.com"]}`,
		`"password":{"hash":"` + hash + `","created":"2020-01-02T03:04:05.678Z"}`,
		`"lastLogin":"2022-01-01T10:00:00.000Z"`, `"verified":"2021-01-01T00:00:00.000Z"`,
		`"lastConsentModified":"2020-01-01T00:00:00Z","docVersion":2`, `"doubleOptIn":{"status":"Confirmed"}`,
		`"identities":[{"provider":"facebook","providerUID":"1","photoURL":"x"},`, `"socialProviders":"facebook,site"`,
		`"lastLoginLocation":{"country":"DE"}`, `"phoneNumber":"+491"`, `"tfaStatus":"forceOff"`, `"data":{"tier":"gold","deep":{"list":[1,2]},"x":{"y":true}}`,
		`"emails":{"verified":["e@example.com"],"unverified":[]}`, `"profile":{"email":"jörg@exämple.de"}`,
	} {
		if !strings.Contains(first, part) {
			t.Errorf("the export lacks %s:\n%s", part, first)
		}
	}
	if strings.Contains(from.export(false), "argon2id") {
		t.Error("an export without hashes has one")
	}
}

func TestHashesOfAServiceAreImportedWhereItIsListedAlone(t *testing.T) {
	const row = `{"UID":"a","email":"a@example.com","password":{"hashedPassword":"0123456789abcdef",` +
		`"hashSettings":{"algorithm":"custom","salt":"pepper","URL":"https://hash.example.com/v1"}}}`
	listed := func() target {
		x := newTarget(t, "")
		x.Passwords = password.New(password.Options{
			Params: password.Params{Memory: 8, Time: 1, Threads: 1}, Rand: rand.Reader, Services: []string{"https://hash.example.com/v1"},
		})
		return x
	}
	from, to, other := listed(), listed(), newTarget(t, "")
	if _, err := from.add(row); err != nil {
		t.Fatal(err)
	}
	exported := from.export(true)
	if _, err := to.add(exported); err != nil {
		t.Fatal(err)
	}
	if again := to.export(true); again != exported || !strings.Contains(exported, "custom") {
		t.Errorf("exported\n%s\nand after an import\n%s", exported, again)
	}
	for _, refused := range []string{row, exported} {
		var wrong *transfer.RowError
		if _, err := other.add(refused); !errors.As(err, &wrong) || !strings.Contains(err.Error(), password.ServicesSetting) {
			t.Errorf("%s: %v", refused, err)
		}
	}
	const secrets = `{"UID":"b","secrets":{"history":["$custom$u=aHR0cHM6Ly9oLmV4YW1wbGUv$$czNydjFjZTowMTIzNDU2Nzg5YWJjZGVm"]}}`
	if _, err := from.add(secrets); err == nil || !strings.Contains(err.Error(), password.ServicesSetting) {
		t.Errorf("an earlier hash of a service that is not listed: %v", err)
	}
}

func TestImportedAccountsAreFoundByTheirIdentifiersAlone(t *testing.T) {
	x := newTarget(t, userNames)
	for _, row := range everything {
		if _, err := x.add(row); err != nil {
			t.Fatal(err)
		}
	}
	for value, want := range map[string]string{
		"a@example.com": "a", "ann": "a", "bo": "b", "b3@example.com": "b", "f2@example.com": "f",
		"b7@example.com": "", "b8@example.com": "",
	} {
		uid, err := x.Store.Owner(t.Context(), x.APIKey, store.Identifier{Space: store.LoginSpace, Value: value})
		if uid != want || want == "" && !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s belongs to %q, want %q (%v)", value, uid, want, err)
		}
	}
	a, err := x.Store.Account(t.Context(), x.APIKey, "a")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := x.Passwords.Verify(t.Context(), a.Secrets.PasswordHash, "Correct-horse-7"); !ok || err != nil {
		t.Errorf("the password is not the imported one: %v", err)
	}
}

func TestNewDataFieldsExtendTheSchema(t *testing.T) {
	x := newTarget(t, "")
	if _, err := x.add(`{"UID":"a","data":{"tier":"gold"}}`); err != nil {
		t.Fatal(err)
	}
	s, err := x.Sites.Site(t.Context(), x.APIKey)
	if err != nil || !s.Schema.Has("data.tier") {
		t.Errorf("the schema does not know the field: %v", err)
	}
	if _, err := x.add(`{"UID":"b","data":{"tier":7}}`); err == nil || !strings.Contains(err.Error(), "data.tier: ") {
		t.Errorf("a value of another type: %v", err)
	}
}

func TestOfRowsThatWantTheSameIdentifierOneWins(t *testing.T) {
	x := newTarget(t, "")
	var running sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 16 {
		running.Go(func() {
			_, err := x.add(`{"email":"a@example.com"}`)
			mu.Lock()
			defer mu.Unlock()
			var refused *transfer.RowError
			switch {
			case err == nil:
				won++
			case !errors.As(err, &refused):
				t.Error(err)
			}
		})
	}
	running.Wait()
	if n := strings.Count(x.export(false), "\n"); won != 1 || n != 1 {
		t.Errorf("%d rows won, %d accounts are there", won, n)
	}
}

// TestSecretsThatAreImportedOverAnAccountEndWhatStoodOnItsPassword: an upsert brings no regToken back to life, and a session that
// was opened with another password ends.
func TestSecretsThatAreImportedOverAnAccountEndWhatStoodOnItsPassword(t *testing.T) {
	const other = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA"
	for name, test := range map[string]struct {
		secrets string
		ends    bool
	}{
		"another password":  {`{"hash":"` + other + `","epoch":1}`, true},
		"no password":       {`{"epoch":1}`, true},
		"the same password": {`{"hash":"` + hash + `","failed":1,"epoch":1}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTarget(t, "")
			x.Upsert = true
			if _, err := x.add(`{"UID":"a","password":{"hash":"` + hash + `"}}`); err != nil {
				t.Fatal(err)
			}
			session := &store.Session{Group: x.APIKey, UID: "a", Site: x.APIKey, Hash: store.Hash{1}}
			if err := x.Store.Change(t.Context(), func(tx store.Tx) error { return tx.PutSession(session) }); err != nil {
				t.Fatal(err)
			}
			before, err := x.Store.Account(t.Context(), x.APIKey, "a")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := x.add(`{"UID":"a","secrets":` + test.secrets + `}`); err != nil {
				t.Fatal(err)
			}
			after, err := x.Store.Account(t.Context(), x.APIKey, "a")
			if err != nil {
				t.Fatal(err)
			}
			if raised := after.Secrets.TokenEpoch > before.Secrets.TokenEpoch; raised != test.ends || after.Secrets.TokenEpoch < before.Secrets.TokenEpoch {
				t.Errorf("the epoch was %d and is %d", before.Secrets.TokenEpoch, after.Secrets.TokenEpoch)
			}
			_, err = x.Store.Session(t.Context(), x.APIKey, "a", session.Hash)
			if ended := errors.Is(err, store.ErrNotFound); ended != test.ends {
				t.Errorf("the session: %v, ended %v, want %v", err, ended, test.ends)
			}
		})
	}
}
