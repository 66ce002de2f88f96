package audit_test

import (
	"encoding/json"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/audit"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

func params(query string) *gigya.Params {
	values, err := url.ParseQuery(query)
	if err != nil {
		panic(err)
	}
	p := &gigya.Params{}
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		p.Set(name, values.Get(name))
	}
	return p
}

func TestRecordHasTheMembersOfTheLogInTheirOrder(t *testing.T) {
	got := audit.Call{
		Time: clock.FromTime(time.UnixMilli(1700000000123)), CallID: "c1", Method: "accounts.setAccountInfo",
		APIKey: "4_site", Partner: 7, Duration: 1234 * time.Microsecond, UID: "u1", UserKey: "AKey", SourceIP: "192.0.2.7", Country: "de", AuthType: audit.AuthUserKey,
		Key:    &audit.KeyDetails{Name: "sync", Description: "nightly", EmailDomain: "example.com"},
		Params: params(`apiKey=4_site&UID=u1&secret=s3cr3t&sdk=java_3.2.4&profile={"firstName":"Zoë"}`),
		Err:    gigya.NewError(gigya.PermissionDenied, "no"),
	}.Record()
	want := `{"@timestamp":"2023-11-14T22:13:20.123Z","callID":"c1","errCode":"403007","endpoint":"accounts.setAccountInfo",` +
		`"errMessage":"Permission denied","errDetails":"no","userKey":"AKey","sourceIP":"192.0.2.7",` +
		`"params":{"UID":"u1","secret":"***","sdk":"java_3.2.4","profile":"{\"firstName\":\"Zoë\"}"},` +
		`"uid":"u1","apikey":"4_site","httpReq":{"SDK":"java_3.2.4","country":"de"},` +
		`"userKeyDetails":{"name":"sync","description":"nightly","emailDomain":"example.com"},"authType":"userKey","duration":1.234}`
	if diff := cmp.Diff(want, string(got.Record)); diff != "" {
		t.Error(diff)
	}
	columns := *got
	columns.Record = nil
	if diff := cmp.Diff(store.Audit{
		Time: 1700000000123, CallID: "c1", APIKey: "4_site", Partner: 7, Method: "accounts.setAccountInfo", ErrorCode: 403007,
		UserKey: "AKey", UID: "u1",
	}, columns); diff != "" {
		t.Error(diff)
	}
}

func TestRecordOfASuccessWithoutMuchToSay(t *testing.T) {
	got := audit.Call{CallID: "c1", Method: "accounts.login", AuthType: audit.AuthNone}.Record()
	want := `{"@timestamp":"0001-01-01T00:00:00Z","callID":"c1","errCode":"0","endpoint":"accounts.login","errMessage":"OK",` +
		`"params":{},"httpReq":{},"authType":"none"}`
	if diff := cmp.Diff(want, string(got.Record)); diff != "" {
		t.Error(diff)
	}
}

func TestSecretsNeverReachTheLog(t *testing.T) {
	for _, name := range []string{
		"secret", "SECRET", "client_secret", "password", "newPassword", "oldPassword", "sig", "oauth_token", "login_token",
		"regToken", "id_token", "access_token", "refresh_token", "code", "secretAnswer", "captchaToken", "passwordResetToken",
		"gltexp", "vToken", "phvToken", "gigyaAssertion", "deleteToken", "UIDSignature", "hashedPassword", "pwHashSalt",
		"compoundHashedPassword", "querySig", "session_secret", "some_new_token",
		"secertKey", "secretKey", "secretAccessKey", "accountKey", "credentials",
	} {
		t.Run(name, func(t *testing.T) {
			p := &gigya.Params{}
			p.Set(name, "hunter2-value")
			p.Set("profile", `{"a":[{"`+name+`":"hunter2-value","b":1}],"deep":{"`+name+`":{"x":"hunter2-value"}}}`)
			p.Set("data", `{"`+name+`":"hunter2-value"`) // Cut short.
			record := string(audit.Call{Params: p}.Record().Record)
			if strings.Contains(record, "hunter2") {
				t.Errorf("the record shows the value: %s", record)
			}
			if !strings.Contains(record, name) || !strings.Contains(record, `\"b\":1`) {
				t.Errorf("the record lost more than the value: %s", record)
			}
		})
	}
	step := &gigya.Params{}
	step.Set("data", `{"apiParams":[{"paramName":"password","value":"hunter2-value"},{"paramName":"email","value":"shown-1"}],"apiKey":"hunter2-value-us1","of":{"apiKey":"3_shown-2"}}`)
	if record := string(audit.Call{Params: step}.Record().Record); strings.Contains(record, "hunter2") || !strings.Contains(record, "shown-1") || !strings.Contains(record, "3_shown-2") {
		t.Errorf("parameters of a step: %s", record)
	}
	swapped := &gigya.Params{}
	swapped.Set("userKey", "c2Vjb25kLXVzZXIta2V5LXNlY3JldC0yMDI2")
	if record := string(audit.Call{Params: swapped}.Record().Record); strings.Contains(record, "c2Vjb25k") {
		t.Errorf("the record shows a secret that was sent as userKey: %s", record)
	}
	for _, name := range []string{"UID", "loginID", "query", "passwordComplexity", "expiration", "nonce", "countryCode"} {
		if audit.Sensitive(name) {
			t.Errorf("%s is masked", name)
		}
	}
}

func TestSecretsInTextsThatAreNearlyJSONNeverReachTheLog(t *testing.T) {
	for _, value := range []string{
		`"{\"app\":{\"secret\":\"hunter2\"}}"`, // JSON in JSON: a frequent mistake of clients.
		`{"shown":1,"config":"{\"clientSecret\":\"hunter2\"}"}`,
		`[" {\"a\":\"[{\\\"secret\\\":\\\"hunter2\\\"}]\"}"]`,
		`providers={"secret":"hunter2"}`,
		`{"secret":"hunter2",}`,
		"\ufeff" + `{"secret" : "hunter2"}`,
		`{"note":"see {\"secret\":\"hunter2\"}"}`,
		`{'secret':'hunter2'}`,
		`"{'secret':'hunter2'}"`,
		strings.Repeat(" ", 70<<10) + `"{\"secret\":\"hunter2\"}"`,
		`{"steps":[{"params":{"deep":[{"passwordText":"hunter2","list":[{"paramName":"tokenValue","value":"hunter2"}]}],"sasUrl":"hunter2"}}]}`,
	} {
		record := string(audit.Call{Params: gigya.NewParams(gigya.Param{Name: "data", Value: value})}.Record().Record)
		if strings.Contains(record, "hunter2") {
			t.Errorf("%.100s\nthe record shows the value: %s", value, record)
		}
	}
	for _, value := range []string{`SELECT * FROM accounts WHERE "a" = 'b'`, `"quoted": text`, `{"greeting":"[Site] \"hello\": you"}`, `<input name="password">`} {
		record := string(audit.Call{Params: gigya.NewParams(gigya.Param{Name: "data", Value: value})}.Record().Record)
		if strings.Contains(record, audit.Mask) {
			t.Errorf("%s\nis masked: %s", value, record)
		}
	}
}

func TestRecordsAreBoundedValidJSON(t *testing.T) {
	p := &gigya.Params{}
	for i := range 1000 {
		p.Set(strings.Repeat("n", i%7)+string(rune('a'+i%26))+strings.Repeat("x", i), strings.Repeat("é\x00\xff\"<", 5000))
	}
	record := audit.Call{Params: p, Err: gigya.NewError(gigya.InvalidParameterValue, "line\nbreak \xff")}.Record().Record
	if !json.Valid(record) {
		t.Errorf("not JSON: %.200s", record)
	}
	if len(record) > 256<<10 {
		t.Errorf("%d bytes", len(record))
	}
}

// Anybody can have a record written: a failed login is enough. What it costs and what it leaves must stay small.
func TestAttack(t *testing.T) {
	t.Run("054_records_of_hostile_parameters_cost_little", func(t *testing.T) {
		for name, value := range map[string]string{
			"numbers":      "[" + strings.Repeat("0,", 2_000_000) + "0]",
			"arrays":       "[" + strings.Repeat("[],", 1_300_000) + "0]",
			"never closed": strings.Repeat("[0,", 1_300_000),
		} {
			whole, parts := &gigya.Params{}, &gigya.Params{}
			whole.Set("x", value)
			for i := range 100 {
				parts.Set("x"+strconv.Itoa(i), value[:32<<10])
			}
			for _, p := range []*gigya.Params{whole, parts} {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				record := audit.Call{Params: p}.Record().Record
				runtime.ReadMemStats(&after)
				if spent := after.TotalAlloc - before.TotalAlloc; spent > 32<<20 {
					t.Errorf("%s: a record took %d MB", name, spent>>20)
				}
				if !json.Valid(record) || !strings.Contains(string(record), `"***"`) {
					t.Errorf("%s: record %.200s", name, record)
				}
			}
		}
	})
	t.Run("101_strangers_cannot_fill_the_log", func(t *testing.T) {
		p := &gigya.Params{}
		p.Set("loginID", "zoe@example.com")
		for i := range 1000 {
			p.Set("x"+strconv.Itoa(i), strings.Repeat("\x01", 4096))
		}
		stranger, server := audit.Call{Params: p, Stranger: true}, audit.Call{Params: p}
		record := stranger.Record().Record
		if len(record) > 16<<10 || !json.Valid(record) || !strings.Contains(string(record), `"loginID":"zoe@example.com"`) {
			t.Errorf("%d bytes: %.200s", len(record), record)
		}
		if long := server.Record().Record; len(long) < 2*len(record) {
			t.Errorf("a server's record is cut to %d bytes", len(long))
		}
	})
}

func TestWhatIsAudited(t *testing.T) {
	for name, c := range map[string]struct {
		facts audit.Facts
		want  bool
	}{
		"a write by anybody":                           {audit.Facts{Known: true, Write: true}, true},
		"an event of an end user":                      {audit.Facts{Known: true, Event: true}, true},
		"a read with a key":                            {audit.Facts{Known: true, Key: true}, true},
		"a read with a key about no site":              {audit.Facts{Key: true}, true},
		"a refused server credential":                  {audit.Facts{Known: true, Refused: true}, true},
		"a read with the partner secret or by session": {audit.Facts{Known: true}, false},
		"a write for no site that is known":            {audit.Facts{Write: true, Event: true, Refused: true}, false},
	} {
		if got := audit.Audited(c.facts); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestAuthTypes(t *testing.T) {
	for _, c := range []struct {
		via  string
		key  bool
		want string
	}{
		{"partnerSecret", false, "partnerSecret"}, {"signature", false, "partnerSecret"}, {"signature", true, "userKey"},
		{"userKey", true, "userKey"}, {"bearer", true, "bearer"}, {"oauth", false, "bearer"}, {"session", false, "session"},
		{"regToken", false, "none"}, {"none", false, "none"}, {"", false, "none"},
	} {
		if got := audit.AuthType(c.via, c.key); got != c.want {
			t.Errorf("%s, %v: %s, want %s", c.via, c.key, got, c.want)
		}
	}
}

// FuzzRecord: whatever is sent, the record is JSON of bounded length without the values of secrets.
func FuzzRecord(f *testing.F) {
	f.Add("data", `{"a":[{"token":"hush"}],"b":"{\"secret\":\"hush\"}"}`, true)
	f.Add("Config", `[{"Secret":"hush","Key":"k"}]`, false)
	f.Add("providers", `{"x":{"app":{"anApiKeyOfMine":"hush"}}}`, false)
	f.Add("password", "hush", true)
	f.Add("text", `"password" : hush`, true)
	f.Add("query", "\xff\xfe{", false)
	f.Add("profile", `{"a":`, true)
	f.Fuzz(func(t *testing.T, name, value string, stranger bool) {
		personal, err := audit.NewPersonal(audit.PersonalPseudonymized, []byte("key"))
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range []audit.Personal{{}, personal} {
			hidden := `{"` + "newPassword" + `":"do-not-keep-me","deep":[{"x":` + strconv.Quote(`{"secret":"do-not-keep-me"}`) + `}]}`
			p := gigya.NewParams(gigya.Param{Name: name, Value: value}, gigya.Param{Name: "data2", Value: hidden}, gigya.Param{Name: "secret", Value: "do-not-keep-me"})
			got := audit.Call{Method: "m", APIKey: "4_a", Params: p, Stranger: stranger, Personal: rule}.Record().Record
			if !json.Valid(got) || !utf8.Valid(got) {
				t.Errorf("the record is no JSON: %s", got)
			}
			if strings.Contains(string(got), "do-not-keep-me") && !strings.Contains(name+value, "do-not-keep-me") {
				t.Errorf("a secret is in %s", got)
			}
			if len(got) > 64<<10 {
				t.Errorf("the record has %d bytes", len(got))
			}
			const unlikely = 12
			if audit.Sensitive(name) && len(value) >= unlikely && !strings.Contains(name, value) && strings.Contains(string(got), value) && !strings.Contains(hidden, value) {
				t.Errorf("the value of %q is in %s", name, got)
			}
		}
	})
}
