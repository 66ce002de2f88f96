package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/transfer"
)

// all imports a file and returns what was told of its rows.
func (x target) all(text string, run transfer.Run) (transfer.Progress, []string, error) {
	x.t.Helper()
	var told []string
	tell := func(e *transfer.RowError) { told = append(told, e.Error()) }
	run.Refused, run.Warned = tell, tell
	done, err := x.ImportAll(x.t.Context(), transfer.NewJSON(strings.NewReader(text)), run)
	return done, told, err
}

func TestRowsOfAFileAreImportedInItsOrder(t *testing.T) {
	x := newTarget(t, userNames)
	var file strings.Builder
	for i := range 1200 {
		fmt.Fprintf(&file, `{"UID":"u%04d","email":"u%d@example.com"}`+"\n", i, i)
	}
	file.WriteString("nonsense\n" +
		`{"UID":"u0007"}` + "\n" +
		`{"UID":"v1","email":"fresh@example.com","phoneNumber":"+4912345","username":"U9@example.com"}` + "\n" +
		// What the row before had claimed is free again.
		`{"UID":"v2","email":"fresh@example.com","phoneNumber":"+4912345","identities":[{"provider":"x","providerUID":"1"}]}` + "\n" +
		`{"UID":"v3","identities":[{"provider":"x","providerUID":"1"},{"provider":"y","providerUID":"1"}]}` + "\n" +
		`{"UID":"v4","data":{"new":7}}` + "\n" +
		`{"UID":"v5","data":{"new":"text"}}` + "\n" +
		`{"UID":"v6","data":{"new":8}}` + "\n" +
		`{"UID":"u0001/lite","accountTypes":["lite"],"email":"u1@example.com"}` + "\n" +
		`{"UID":"l2","accountTypes":["lite"],"email":"U1@example.com"}` + "\n" +
		`{"UID":"l3","accountTypes":["lite"],"email":"l3@example.com","username":"l"}`)
	done, told, err := x.all(file.String(), transfer.Run{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"line 1201: not a JSON object: offset 0: an object was expected",
		"line 1202: UID: there is an account with this UID already",
		`line 1203: the login identifier "u9@example.com" belongs to another account already`,
		`line 1205: imported without the identity x "1", which belongs to another account`,
		"line 1207: data.new: invalid type for field: new",
		`line 1210: email: the address "u1@example.com" of a lite account belongs to another account already`,
		"line 1211: accountTypes: a lite account has neither password nor user name",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
	if (done != transfer.Progress{Rows: 1211, Imported: 1205, Refused: 6}) {
		t.Errorf("%+v", done)
	}
	if n := strings.Count(x.exported(transfer.Plain), "\n"); n != 1205 {
		t.Errorf("%d accounts are there", n)
	}
}

func TestAnImportThatWasStoppedGoesOnWhereItEnded(t *testing.T) {
	x := newTarget(t, "")
	var file strings.Builder
	const rows = 12000
	for i := range rows {
		fmt.Fprintf(&file, `{"email":"u%d@example.com","isActive":%t}`+"\n", i, i%2 == 0)
	}
	ctx, stop := context.WithCancel(t.Context())
	var noted transfer.Progress
	_, err := x.ImportAll(ctx, transfer.NewJSON(strings.NewReader(file.String())), transfer.Run{Done: func(p transfer.Progress) {
		noted = p
		stop()
	}})
	if !errors.Is(err, context.Canceled) || noted.Rows == 0 || noted.Rows == rows {
		t.Fatalf("stopped at %+v: %v", noted, err)
	}
	there := strings.Count(x.exported(transfer.Plain), "\n")
	if there < int(noted.Rows) {
		t.Fatalf("%d accounts are there, %d were noted", there, noted.Rows)
	}
	// The note of the last rows is lost with the process: they are there already, and no refusals.
	noted.Rows -= 100
	noted.Imported -= 100
	done, told, err := x.all(file.String(), transfer.Run{From: noted, Again: true})
	if err != nil || len(told) > 0 || done != (transfer.Progress{Rows: rows, Imported: rows}) {
		t.Errorf("%+v, %q, %v", done, told, err)
	}
	if n := strings.Count(x.exported(transfer.Plain), "\n"); n != rows {
		t.Errorf("%d accounts are there", n)
	}
	// It may have died before its first note.
	if done, told, _ := x.all(file.String(), transfer.Run{Again: true}); done.Imported == 0 || done.Imported+done.Refused != rows || len(told) != int(done.Refused) {
		t.Errorf("%+v, %q", done, told)
	}
	// Without a note all of them are refused.
	if done, _, _ := x.all(file.String(), transfer.Run{}); done.Refused != rows {
		t.Errorf("%+v", done)
	}
}

// TestARowBehindTheNoteThatIsAnothersIsRefused: only what may have come of the row itself is taken for imported.
func TestARowBehindTheNoteThatIsAnothersIsRefused(t *testing.T) {
	x := newTarget(t, "")
	const file = `{"UID":"a","email":"a@example.com"}
{"UID":"b","email":"a@example.com"}
{"email":"c@example.com","profile":{"firstName":"C"}}
{"email":"C@example.com","profile":{"firstName":"Another"}}
{"email":"c@example.com"}
{"email":"d@example.com","data":{"x":[1]}}`
	refused := []string{
		`line 2: the login identifier "a@example.com" belongs to another account already`,
		`line 4: the login identifier "c@example.com" belongs to another account already`,
		`line 5: the login identifier "c@example.com" belongs to another account already`,
	}
	for _, run := range []string{"the first run", "the second"} {
		done, told, err := x.all(file, transfer.Run{Again: run == "the second"})
		if diff := cmp.Diff(refused, told); err != nil || diff != "" || (done != transfer.Progress{Rows: 6, Imported: 3, Refused: 3}) {
			t.Errorf("%s: %+v, %v %s", run, done, err, diff)
		}
	}
	if n := strings.Count(x.exported(transfer.Plain), "\n"); n != 3 {
		t.Errorf("%d accounts are there", n)
	}
}

// unsettled is a store whose disk is waited for later: settle waits until it may.
type unsettled struct {
	store.Store
	settle func(change int) error

	mu      sync.Mutex
	changes int
}

func (s *unsettled) ChangeAhead(ctx context.Context, fn func(tx store.Tx) error) (func() error, error) {
	if err := s.Change(ctx, fn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	change := s.changes
	return func() error { return s.settle(change) }, nil
}

// TestNobodyIsToldOfRowsThatAPowerLossMayTake: what was written when the disk failed is neither counted nor reported, and the next run
// takes it for what it is.
func TestNobodyIsToldOfRowsThatAPowerLossMayTake(t *testing.T) {
	x := newTarget(t, "")
	var file strings.Builder
	const rows = 14000
	for i := range rows {
		fmt.Fprintf(&file, `{"UID":"u%05d"}`+"\n", i)
		if i%3000 == 0 {
			file.WriteString("nonsense\n")
		}
	}
	bad := errors.New("the disk is broken")
	var settledRows, told int
	inner := x.Store
	x.Store = &unsettled{Store: inner, settle: func(change int) error {
		if told > settledRows {
			t.Errorf("%d rows were told of, and %d are settled", told, settledRows)
		}
		if change == 3 {
			return bad
		}
		settledRows = change * 4096
		return nil
	}}
	done, refused, err := x.all(file.String(), transfer.Run{Done: func(p transfer.Progress) { told = int(p.Rows) }})
	if !errors.Is(err, bad) || done.Rows == 0 || int(done.Rows) > 2*4096 || told != int(done.Rows) || len(refused) != int(done.Refused) {
		t.Fatalf("%+v, told of %d and %d refusals: %v", done, told, len(refused), err)
	}
	there := strings.Count(x.exported(transfer.Plain), "\n")
	if there <= int(done.Imported) {
		t.Errorf("%d accounts are there, %d were told of: nothing was written meanwhile", there, done.Imported)
	}
	x.Store = inner
	again, _, err := x.all(file.String(), transfer.Run{From: done, Again: true})
	if err != nil || (again != transfer.Progress{Rows: rows + 5, Imported: rows, Refused: 5}) {
		t.Errorf("the next run: %+v, %v", again, err)
	}
}

// What a refused row claims and the account that is there holds already is not the row's to give up.
func TestARowThatIsRefusedTakesNothingFromTheAccountThatIsThere(t *testing.T) {
	x := newTarget(t, userNames)
	const (
		full  = `{"UID":"a","loginIDs":{"username":"Zoe","emails":["zoe@example.com"]},"emails":{"verified":["zoe@example.com"]},"phoneNumber":"+4912345","identities":[{"provider":"x","providerUID":"1"}]}`
		other = `{"UID":"b","email":"b@example.com"}`
		lite  = `{"UID":"l","accountTypes":["lite"],"email":"l@example.com","token":"0a"}`
		taken = `{"UID":"m","accountTypes":["lite"],"email":"m@example.com","token":"0b"}`
	)
	rows := strings.Join([]string{full, other, lite, taken}, "\n")
	if _, told, err := x.all(rows, transfer.Run{}); err != nil || len(told) > 0 {
		t.Fatalf("%q %v", told, err)
	}
	again := []string{
		full,
		// Its own address, a new one, and another account's.
		`{"UID":"a","loginIDs":{"emails":["zoe@example.com","new@example.com","b@example.com"]}}`,
		lite,
	}
	if done, _, err := x.all(strings.Join(again, "\n"), transfer.Run{}); err != nil || done.Refused != 3 {
		t.Errorf("%+v %v", done, err)
	}
	x.Upsert = true
	if done, _, err := x.all(`{"UID":"l","accountTypes":["lite"],"email":"l@example.com","token":"0b"}`, transfer.Run{}); err != nil || done.Refused != 1 {
		t.Errorf("%+v %v", done, err)
	}
	group := x.APIKey
	for _, test := range []struct {
		group string
		id    store.Identifier
		owner string
	}{
		{group, store.Identifier{Space: store.LoginSpace, Value: "zoe@example.com"}, "a"},
		{group, account.LoginIdentifier("Zoe"), "a"},
		{group, store.Identifier{Space: "phone", Value: "+4912345"}, "a"},
		{group, store.Identifier{Space: "identity", Value: "x:1"}, "a"},
		{group, store.Identifier{Space: store.LoginSpace, Value: "new@example.com"}, ""},
		{group, store.Identifier{Space: store.LoginSpace, Value: "b@example.com"}, "b"},
		{store.LiteGroup(group), store.Identifier{Space: store.LiteSpace, Value: "l@example.com"}, "l"},
		{store.LiteGroup(group), store.Identifier{Space: account.EmailTokenSpace, Value: "0a"}, "l"},
		{store.LiteGroup(group), store.Identifier{Space: account.EmailTokenSpace, Value: "0b"}, "m"},
	} {
		owner, err := x.Store.Owner(t.Context(), test.group, test.id)
		if err != nil && !errors.Is(err, store.ErrNotFound) || owner != test.owner {
			t.Errorf("%s %q belongs to %q (%v), want %q", test.id.Space, test.id.Value, owner, err, test.owner)
		}
	}
}

func TestASealedExportHasEverything(t *testing.T) {
	from, to := newTarget(t, userNames), newTarget(t, userNames)
	for _, row := range everything {
		if _, err := from.add(row); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := from.add(`{"UID":"lite","accountTypes":["lite"],"profile":{"email":"l@example.com"},"token":"00ff","subscriptions":{"news":{"email":{"isSubscribed":true}}}}`); err != nil {
		t.Fatal(err)
	}
	err := from.Store.Change(t.Context(), func(tx store.Tx) error {
		a, err := tx.Account(from.APIKey, "b")
		if err != nil {
			return err
		}
		account.SetPassword(&a.Secrets, "$md5$r=3$$AAAAAAAAAAAAAAAAAAAAAA", 5, clock.FromTime(now))
		a.Secrets.SecretQuestion, a.Secrets.SecretAnswerHash, a.Secrets.MustChangePassword = "Why?", hash, true
		a.Secrets.FailedLogins, a.Secrets.LastFailedLogin, a.Secrets.LockedUntil = 3, 4, 5
		a.CustomIdentifiers = []byte(`{"loyaltyId":"7"}`)
		a.More = []byte(`{"communications":{"C_Email":{"status":"optIn"}},"hasLiteAccount":true,"dataCenter":"eu1","lastLoginLocation":{"country":"DE"}}`)
		a.LoginIDs = []byte(`{"emails":["b2@example.com"],"unverifiedEmails":["b3@example.com"]}`)
		return tx.PutAccount(a)
	})
	if err != nil {
		t.Fatal(err)
	}
	first := from.exported(transfer.Secrets)
	to.Clock = clock.NewFake(now.AddDate(7, 1, 1))
	done, told, err := to.all(first, transfer.Run{})
	if err != nil || len(told) > 0 || done.Imported != int64(len(everything))+1 {
		t.Fatalf("%+v %q %v", done, told, err)
	}
	if diff := cmp.Diff(strings.Split(first, "\n"), strings.Split(to.exported(transfer.Secrets), "\n")); diff != "" {
		t.Error(diff)
	}
	for _, part := range []string{
		`"customIdentifiers":{"loyaltyId":"7"}`, `"communications":{"C_Email":{"status":"optIn"}}`, `"hasLiteAccount":true`,
		`"history":["$argon2id$`, `"mustChange":true,"question":"Why?"`, `"failed":3,"lastFailed":4,"locked":5`, `"accountTypes":["lite"]`,
	} {
		if !strings.Contains(first, part) {
			t.Errorf("the export lacks %s", part)
		}
	}
	for _, secret := range []string{"argon2id", "Why?", "history", "$md5$"} {
		if strings.Contains(from.exported(transfer.Plain), secret) {
			t.Errorf("a plain export has %s", secret)
		}
	}
	if b, err := to.Store.Account(t.Context(), to.APIKey, "b"); err != nil || b.Secrets.SecretQuestion != "Why?" {
		t.Errorf("%+v %v", b, err)
	}
	// A hash in the secrets is bounded like any other.
	if _, err := to.add(`{"UID":"evil","secrets":{"history":["$argon2id$v=19$m=4194304,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]}}`); err == nil {
		t.Error("a history that no login could check is imported")
	}
}

func TestAnArrayOfAccountsIsAFileToo(t *testing.T) {
	for name, test := range map[string]struct {
		text     string
		imported int64
		told     []string
		broken   bool
	}{
		"an array":      {"\ufeff \n[{\"UID\":\"a\"},{\"UID\":\"b\"}]\n", 2, nil, false},
		"an empty one":  {"[]", 0, nil, false},
		"a bad element": {`[{"UID":"a"},7,{"UID":"b"},{"UID":"c","x":1}]`, 2, []string{"line 2: not a JSON object: offset 0: an object was expected", "line 4: x: there is no such member of an account"}, false},
		"cut":           {`[{"UID":"a"},{"UID":`, 1, nil, true},
		"no JSON":       {`[{"UID":"a"},nonsense,{"UID":"b"}]`, 1, nil, true},
		"not closed":    {`[{"UID":"a"}`, 1, nil, true},
		"endless":       {`[{"UID":"a"},{"data":"` + strings.Repeat("x", 9<<20), 1, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTarget(t, "")
			done, told, err := x.all(test.text, transfer.Run{})
			if (err != nil) != test.broken || done.Imported != test.imported {
				t.Errorf("%+v, error %v", done, err)
			}
			if diff := cmp.Diff(test.told, told); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What an account and the lite one of its address know of each other is what it was, whether the address is verified or not; a
// file that does not say so joins them by a verified address alone.
func TestLiteAccountsComeBackToTheirFullOnes(t *testing.T) {
	x := newTarget(t, "")
	const news = `"subscriptions":{"news":{"email":{"isSubscribed":true}}}`
	rows := []string{
		`{"UID":"full","loginIDs":{"unverifiedEmails":["a@example.com"]},"emails":{"unverified":["a@example.com"]},"profile":{"email":"a@example.com"},` + news + `,"hasLiteAccount":true}`,
		`{"UID":"stranger","email":"b@example.com","profile":{"email":"b@example.com"}}`,
		`{"UID":"owner","loginIDs":{"emails":["c@example.com"]},"profile":{"email":"c@example.com"}}`,
		`{"UID":"lite a","accountTypes":["lite"],"email":"a@example.com","hasFullAccount":true,"token":"0a"}`,
		`{"UID":"lite-a","accountTypes":["lite"],"email":"a@example.com","hasLiteAccount":true,"hasFullAccount":true,"token":"0a"}`,
		`{"UID":"lite-b","accountTypes":["lite"],"email":"b@example.com",` + news + `,"hasLiteAccount":true}`,
		`{"UID":"lite-c","accountTypes":["lite"],"email":"c@example.com",` + news + `,"hasLiteAccount":true}`,
		`{"UID":"lite-d","accountTypes":["lite"],"email":"d@example.com","token":"0a"}`,
	}
	_, told, err := x.all(strings.Join(rows, "\n"), transfer.Run{})
	want := []string{"line 4: UID: want 1 to 252 visible ASCII characters", `line 8: token: "0a" belongs to another account already`}
	if diff := cmp.Diff(want, told); err != nil || diff != "" {
		t.Fatalf("%s %v", diff, err)
	}
	first := x.exported(transfer.Secrets)
	to := newTarget(t, "")
	if _, told, err := to.all(first, transfer.Run{}); err != nil || len(told) > 0 {
		t.Fatalf("%q %v", told, err)
	}
	if diff := cmp.Diff(strings.Split(first, "\n"), strings.Split(to.exported(transfer.Secrets), "\n")); diff != "" {
		t.Error(diff)
	}
	for _, uid := range []string{"full", "stranger", "owner"} {
		a, err := to.Store.Account(t.Context(), to.APIKey, uid)
		if err != nil {
			t.Fatal(err)
		}
		if joined := len(a.Subscriptions) > 0; joined == (uid == "stranger") {
			t.Errorf("%s has %s %s", uid, a.Subscriptions, a.More)
		}
	}
	err = to.Store.Change(t.Context(), func(tx store.Tx) error { return account.Delete(tx, to.APIKey, "full") })
	lite, readErr := to.Store.Account(t.Context(), store.LiteGroup(to.APIKey), "lite-a")
	if err != nil || readErr != nil || len(lite.Subscriptions) == 0 || account.Progressed(lite) {
		t.Errorf("left alone it has %s %s (%v, %v)", lite.Subscriptions, lite.More, err, readErr)
	}
}

func TestARowThatKnowsOfNoLiteAccountDoesNotPartAFullOneFromIt(t *testing.T) {
	x := newTarget(t, "")
	const full = `{"UID":"zoe","isRegistered":true,"isVerified":true,"loginIDs":{"emails":["zoe@example.com"]},"emails":{"verified":["zoe@example.com"]},"profile":{"email":"zoe@example.com"}`
	const lite = `{"UID":"lite","accountTypes":["lite"],"email":"zoe@example.com","profile":{"email":"zoe@example.com"}}`
	if _, told, err := x.all(full+"}\n"+lite, transfer.Run{}); err != nil || len(told) > 0 {
		t.Fatalf("%q %v", told, err)
	}
	x.Upsert = true
	if _, told, err := x.all(full+`,"hasLiteAccount":false}`, transfer.Run{}); err != nil || len(told) > 0 {
		t.Fatalf("%q %v", told, err)
	}
	if err := x.Store.Change(t.Context(), func(tx store.Tx) error { return account.Delete(tx, x.APIKey, "zoe") }); err != nil {
		t.Fatal(err)
	}
	left, err := x.Store.Account(t.Context(), store.LiteGroup(x.APIKey), "lite")
	if err != nil || account.Progressed(left) {
		t.Errorf("the lite account has %s (%v)", left.More, err)
	}
	if strings.Contains(x.exported(transfer.Plain), "hasFullAccount") {
		t.Error("exported with a full account")
	}
}

// A lite account is its address: another one would leave the first to nobody, and a full account with a stranger's.
func TestALiteAccountIsNotGivenAnotherAddress(t *testing.T) {
	x := newTarget(t, "")
	const lite = `{"UID":"lite","accountTypes":["lite"],"profile":{"email":"zoe@example.com"}}`
	if _, told, err := x.all(lite, transfer.Run{}); err != nil || len(told) > 0 {
		t.Fatalf("%q %v", told, err)
	}
	before := x.exported(transfer.Secrets)
	x.Upsert = true
	_, told, err := x.all(strings.Replace(lite, "zoe@", "new@", 1), transfer.Run{})
	if err != nil || len(told) != 1 || !strings.HasSuffix(told[0], "email: the address of a lite account cannot be changed") {
		t.Errorf("%q %v", told, err)
	}
	if got := x.exported(transfer.Secrets); got != before {
		t.Errorf("exported\n%s", got)
	}
	if _, told, err := x.all(strings.Replace(lite, "zoe@", "Zoe@", 1), transfer.Run{}); err != nil || len(told) > 0 {
		t.Errorf("in another spelling: %q %v", told, err)
	}
}
