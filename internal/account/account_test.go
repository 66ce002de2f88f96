package account_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/policy"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

const (
	uid  = "4c7c20989f4643dc97eef9fea7b0086e"
	made = clock.Millis(1772446530087)
)

var present = time.Date(2026, 3, 2, 10, 15, 30, 123e6, time.UTC)

// siteWith returns a site with the explicit policies and schema.
func siteWith(t testing.TB, policies, fields string) *site.Site {
	t.Helper()
	p, err := policy.Parse(json.RawMessage(policies))
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Parse(json.RawMessage(fields))
	if err != nil {
		t.Fatal(err)
	}
	return &site.Site{Policies: p, Schema: s}
}

func parsed(t testing.TB, text string) *document.Object {
	t.Helper()
	o, err := document.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// nobody holds no identifier.
func nobody(store.Identifier) (string, error) { return "", store.ErrNotFound }

// taken is held by another account.
func taken(held string) func(store.Identifier) (string, error) {
	return func(id store.Identifier) (string, error) {
		if id.Value == held {
			return "other", nil
		}
		return "", store.ErrNotFound
	}
}

func apply(t testing.TB, a *store.Account, ch account.Change, s *site.Site, owner func(store.Identifier) (string, error)) *account.Outcome {
	t.Helper()
	out, err := account.Apply(a, &ch, account.Rules{Site: s, Server: true, Now: made, Owner: owner})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// zoe is a registered account.
func zoe(t testing.TB) *store.Account {
	t.Helper()
	a := account.New("group", uid, made)
	source := ""
	apply(t, a, account.Change{
		Email: "zoe@example.com", Profile: parsed(t, `{"firstName":"Zoë","lastName":"Example"}`),
		PasswordHash: "hash", RegSource: &source,
	}, siteWith(t, "", ""), nobody)
	account.Finalize(a, 1772446530101)
	account.LoggedIn(a, 1772446530110)
	a.Rev = 1
	return a
}

func TestRowOfAFreshAccount(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "row.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, account.Row(zoe(t), present), "", "  "); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()+"\n"); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func TestViewShowsTheShortProfileUnlessAskedForMore(t *testing.T) {
	a := &store.Account{Profile: json.RawMessage(`{"firstName":"Zoë","languages":"en","birthYear":1990,"birthMonth":3,"birthDay":3,"age":7,"specialities":"x"}`)}
	tests := []struct {
		name  string
		extra []string
		want  string
	}{
		{"short", nil, `{"firstName":"Zoë","birthYear":1990,"birthMonth":3,"birthDay":3,"age":35}`},
		{"with an extra field in another case", []string{"LANGUAGES"}, `{"firstName":"Zoë","languages":"en","birthYear":1990,"birthMonth":3,"birthDay":3,"age":35}`},
		{"the documents' spelling", []string{"specialties"}, `{"firstName":"Zoë","birthYear":1990,"birthMonth":3,"birthDay":3,"specialities":"x","age":35}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := account.View{Include: account.IncludeProfile, Extra: account.ParseExtra(test.extra), Now: present}
			got, _ := document.Member(append(v.AppendMembers([]byte{'{'}, a), '}'), "profile")
			if string(got) != test.want {
				t.Errorf("profile = %s, want %s", got, test.want)
			}
		})
	}
}

func TestAge(t *testing.T) {
	tests := []struct{ profile, want string }{
		{`{"birthYear":1990}`, "36"},
		{`{"birthYear":1990,"birthMonth":3}`, "36"},
		{`{"birthYear":1990,"birthMonth":3,"birthDay":2}`, "36"},
		{`{"birthYear":1990,"birthMonth":3,"birthDay":3}`, "35"},
		{`{"birthYear":1990,"birthMonth":4}`, "35"},
		{`{"birthYear":1700}`, ""},
		{`{"birthYear":2100}`, ""},
		{`{"birthMonth":4}`, ""},
		{`{"age":41}`, "41"},
	}
	for _, test := range tests {
		v := account.View{Include: account.IncludeProfile, Now: present}
		got, _ := document.MemberAt(append(v.AppendMembers([]byte{'{'}, &store.Account{Profile: json.RawMessage(test.profile)}), '}'), "profile", "age")
		if string(got) != test.want {
			t.Errorf("age of %s = %s, want %s", test.profile, got, test.want)
		}
	}
}

func TestIncludeWordsAreReadInAnyCaseAndUnknownOnesIgnored(t *testing.T) {
	got := account.ParseInclude([]string{"Profile", "LOGINIDS", "isLockedOut", "irank", "nonsense"})
	if want := account.IncludeProfile | account.IncludeLoginIDs | account.IncludeLockedOut | account.IncludeIRank; got != want {
		t.Errorf("include = %b, want %b", got, want)
	}
}

func TestNextTestsInTheDocumentedOrder(t *testing.T) {
	policies := `{"registration":{"requireLoginID":true},"accountOptions":{"verifyEmail":true},"security":{"passwordChangeInterval":1}}`
	s := siteWith(t, policies, `{"profileSchema":{"fields":{"zip":{"required":true}}}}`)
	a := zoe(t)
	now := made.Add(48 * time.Hour)
	a.IsActive, a.Secrets.LockedUntil, a.Registered = false, now+1, 0
	a.LoginIDs = account.LoginIDs{}.JSON()
	steps := []struct {
		code gigya.Code
		mend func()
	}{
		{gigya.AccountDisabled, func() { a.IsActive = true }},
		{gigya.AccountTemporarilyLockedOut, func() { a.Secrets.LockedUntil = now }},
		{gigya.PendingPasswordChange, func() { a.Secrets.PasswordCreated = now }},
		{gigya.AccountPendingRegistration, func() { a.Profile = json.RawMessage(`{"zip":"1"}`) }},
		{gigya.AccountPendingRegistration, func() { a.Registered = now }},
		{gigya.AccountMissingLoginID, func() { a.LoginIDs = account.LoginIDs{Username: "zoe"}.JSON() }},
		{gigya.AccountPendingVerification, func() { a.Verified = now }},
	}
	for i, step := range steps {
		stop := account.Next(a, s, now)
		if stop == nil || stop.Code != step.code {
			t.Fatalf("step %d: %+v, want %d", i, stop, step.code)
		}
		step.mend()
	}
	if stop := account.Next(a, s, now); stop != nil {
		t.Errorf("a mended account is interrupted: %+v", stop)
	}
}

func TestEmailChanges(t *testing.T) {
	tests := []struct {
		name     string
		policies string
		verified bool
		change   account.Change
		emails   string
		loginIDs string
	}{
		{name: "a new profile address is added, the old one stays", change: account.Change{Profile: parsed(t, `{"email":"New@example.com"}`)},
			emails: `{"verified":[],"unverified":["zoe@example.com","new@example.com"]}`, loginIDs: `{"emails":[],"unverifiedEmails":["zoe@example.com","new@example.com"]}`},
		{name: "the state of a known address is kept", verified: true, change: account.Change{Profile: parsed(t, `{"email":"ZOE@example.com"}`)},
			emails: `{"verified":["zoe@example.com"],"unverified":[]}`, loginIDs: `{"emails":["zoe@example.com"],"unverifiedEmails":[]}`},
		{name: "addresses that do not log in", policies: `{"accountOptions":{"loginIdentifiers":"username"}}`, change: account.Change{Profile: parsed(t, `{"email":"new@example.com"}`)},
			emails: `{"verified":[],"unverified":["zoe@example.com","new@example.com"]}`, loginIDs: `{"emails":[],"unverifiedEmails":["zoe@example.com"]}`},
		{name: "added", change: account.Change{AddLoginEmails: []string{"B@example.com", "b@example.com"}},
			emails: `{"verified":[],"unverified":["zoe@example.com","b@example.com"]}`, loginIDs: `{"emails":[],"unverifiedEmails":["zoe@example.com","b@example.com"]}`},
		{name: "changed in one call", change: account.Change{AddLoginEmails: []string{"b@example.com"}, RemoveLoginEmails: []string{"ZOE@example.com"}},
			emails: `{"verified":[],"unverified":["b@example.com"]}`, loginIDs: `{"emails":[],"unverifiedEmails":["b@example.com"]}`},
		{name: "verified", change: account.Change{Verify: true},
			emails: `{"verified":["zoe@example.com"],"unverified":[]}`, loginIDs: `{"emails":["zoe@example.com"],"unverifiedEmails":[]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := zoe(t)
			if test.verified {
				apply(t, a, account.Change{Verify: true}, siteWith(t, "", ""), nobody)
			}
			if out := apply(t, a, test.change, siteWith(t, test.policies, ""), nobody); out.Err() != nil {
				t.Fatal(out.Err())
			}
			if string(a.Emails) != test.emails || string(a.LoginIDs) != test.loginIDs {
				t.Errorf("emails = %s\nloginIDs = %s", a.Emails, a.LoginIDs)
			}
		})
	}
}

func TestFaultsAreReportedOnceEach(t *testing.T) {
	a := account.New("group", uid, made)
	out := apply(t, a, account.Change{Email: "taken@example.com", Profile: parsed(t, `{"email":"Taken@example.com","birthYear":"x"}`)},
		siteWith(t, "", ""), taken("taken@example.com"))
	want := []gigya.ValidationError{
		{ErrorCode: 400003, Message: "email already exists", FieldName: "email"},
		{ErrorCode: 400023, Message: "invalid type for field: birthYear", FieldName: "profile.birthYear"},
	}
	if diff := cmp.Diff(want, out.Items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

// What a call brings is read again, by a transaction that runs once more for one.
func TestAChangeIsNotAltered(t *testing.T) {
	for _, present := range []string{``, `{"email":"zoe@example.com","lastName":"Example"}`} {
		profile, data := `{"firstName":"Zoë","work":{"company":"A"}}`, `{"tier":"gold","car":{"make":"x"}}`
		choice, subscription := `{"terms":{"isConsentGranted":true,"tags":["t"]}}`, `{"news":{"email":{"isSubscribed":true}}}`
		a := account.New("g", uid, made)
		a.Profile = json.RawMessage(present)
		ch := account.Change{Email: "eve@example.com", Profile: parsed(t, profile), Data: parsed(t, data), Preferences: parsed(t, choice), Subscriptions: parsed(t, subscription)}
		out := apply(t, a, ch, siteWith(t, "", ""), nobody)
		if out.Err() != nil || !out.Extends {
			t.Fatalf("%v, new fields %v", out.Err(), out.Extends)
		}
		if err := account.SetLocale(a, "de"); err != nil {
			t.Fatal(err)
		}
		for want, o := range map[string]*document.Object{profile: ch.Profile, data: ch.Data, choice: ch.Preferences, subscription: ch.Subscriptions} {
			if diff := cmp.Diff(want, string(o.JSON())); diff != "" {
				t.Error(diff)
			}
		}
	}
}

func TestIdentitiesOfOtherProvidersStay(t *testing.T) {
	a := zoe(t)
	a.Identities = json.RawMessage(`[{"provider":"facebook","providerUID":"1","firstName":"Z","bio":"b"}]`)
	a.Profile = json.RawMessage(`{"firstName":"Z","bio":"b"}`)
	apply(t, a, account.Change{Profile: parsed(t, `{"firstName":"Zoë"}`)}, siteWith(t, "", ""), nobody)
	if a.SocialProviders != "site,facebook" {
		t.Errorf("socialProviders = %q", a.SocialProviders)
	}
	if bytes.Count(a.Identities, []byte(`"bio"`)) != 1 {
		t.Errorf("the site identity has a field that was never written through the site: %s", a.Identities)
	}
}

func TestFailuresAreForgottenAfterTheResetTime(t *testing.T) {
	p := siteWith(t, `{"security":{"accountLockout":{"failedLoginThreshold":2,"failedLoginResetSec":60,"lockoutTimeSec":10}}}`, "").Policies.Security
	s := &store.Secrets{}
	account.Failed(s, &p, made)
	account.Failed(s, &p, made.Add(time.Minute))
	if account.Locked(s, made.Add(time.Minute)) {
		t.Error("an old failure counted")
	}
	account.Failed(s, &p, made.Add(2*time.Minute-1))
	if !account.Locked(s, made.Add(2*time.Minute)) || s.TokenEpoch != 1 {
		t.Errorf("not locked: %+v", s)
	}
	account.Failed(s, &policy.Security{}, made.Add(time.Hour))
	if s.FailedLogins != 0 {
		t.Error("a failure counted without a policy")
	}
}

func TestPasswordHistoryKeepsWhatThePolicySays(t *testing.T) {
	s := &store.Secrets{}
	for _, hash := range []string{"a", "b", "c", "d"} {
		account.SetPassword(s, hash, 2, made)
	}
	if diff := cmp.Diff([]string{"c", "b"}, s.PasswordHistory); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"d", "c"}, account.Past(s, 2)); diff != "" {
		t.Error(diff)
	}
	if account.Past(s, 0) != nil {
		t.Error("a history without a policy")
	}
	account.SetPassword(s, "e", 0, made)
	if len(s.PasswordHistory) != 0 {
		t.Error("the history outlived its policy")
	}
}

func BenchmarkAppendMembers(b *testing.B) {
	a := zoe(b)
	v := account.View{Include: account.IncludeProfile | account.IncludeData | account.IncludeEmails | account.IncludePreferences, Signature: "s", SignatureTime: "1", Now: present}
	dst := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		dst = v.AppendMembers(append(dst[:0], '{'), a)
	}
}

func TestFailuresDuringALockDoNotLengthenIt(t *testing.T) {
	p := &policy.Security{}
	p.AccountLockout.FailedLoginThreshold, p.AccountLockout.LockoutTimeSec = 1, 60
	var s store.Secrets
	account.Failed(&s, p, made)
	first := s
	account.Failed(&s, p, made.Add(30*time.Second))
	if diff := cmp.Diff(first, s); diff != "" {
		t.Error(diff)
	}
}

func TestAnAddressThatTheAccountHasMayBeItsProfilesWhateverTheFormat(t *testing.T) {
	for name, tt := range map[string]struct {
		profile string
		add     []string
		faulty  bool
	}{
		"its own":                     {profile: `{"email":"Zoe@b.c.example.com"}`},
		"another one":                 {profile: `{"email":"eve@b.c.example.com"}`, faulty: true},
		"one that comes with it":      {profile: `{"email":"eve@b.c.example.com"}`, add: []string{"eve@b.c.example.com"}},
		"no address, whoever says so": {profile: `{"email":"eve"}`, add: []string{"eve"}, faulty: true},
	} {
		t.Run(name, func(t *testing.T) {
			a := zoe(t)
			a.LoginIDs = account.LoginIDs{Emails: []string{"zoe@b.c.example.com"}}.JSON()
			out, err := account.Apply(a, &account.Change{Profile: parsed(t, tt.profile), Addresses: tt.add}, account.Rules{Site: siteWith(t, ``, `{}`), Now: made, Owner: nobody})
			if err != nil {
				t.Fatal(err)
			}
			want := []gigya.ValidationError{{ErrorCode: 400026, Message: "invalid format for field: email", FieldName: "profile.email"}}
			if !tt.faulty {
				want = nil
			}
			if diff := cmp.Diff(want, slices.Clip(out.Items)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
