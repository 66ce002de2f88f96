package gigya_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
)

var testTime = time.Date(2026, 3, 2, 11, 15, 30, 123_999_999, time.FixedZone("somewhere", 3600))

type publicKey struct {
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	Kty string `json:"kty"`
	N   string `json:"n"`
	E   string `json:"e"`
	Use string `json:"use"`
}

// account is the answer of accounts.getAccountInfo of the XML golden file.
const account = `{"registeredTimestamp":1772446530101,"UID":"4c7c20989f4643dc97eef9fea7b0086e",` +
	`"UIDSignature":"HywoRCH0oqvj1WfNLUuXCJ2LtdE=","signatureTimestamp":"1772446530","created":"2026-03-02T10:15:30.087Z",` +
	`"createdTimestamp":1772446530087,"emails":{"verified":[],"unverified":["zoe@example.com"]},"identities":[{"provider":"site",` +
	`"providerUID":"4c7c20989f4643dc97eef9fea7b0086e","isLoginIdentity":true,"firstName":"Zoë","lastName":"Example",` +
	`"email":"zoe@example.com","allowsLogin":true,"isExpiredSession":false,"lastUpdated":"2026-03-02T10:15:30.087Z",` +
	`"lastUpdatedTimestamp":1772446530087,"oldestDataUpdated":"2026-03-02T10:15:30.087Z","oldestDataUpdatedTimestamp":1772446530087}],` +
	`"isActive":true,"isRegistered":true,"isVerified":false,"lastLogin":"2026-03-02T10:15:30.110Z","lastLoginTimestamp":1772446530110,` +
	`"lastUpdated":"2026-03-02T10:15:30.087Z","lastUpdatedTimestamp":1772446530087,"loginIDs":{"emails":[],"unverifiedEmails":` +
	`["zoe@example.com"]},"loginProvider":"site","oldestDataUpdated":"2026-03-02T10:15:30.087Z","oldestDataUpdatedTimestamp":` +
	`1772446530087,"profile":{"firstName":"Zoë","lastName":"Example","email":"zoe@example.com"},"registered":` +
	`"2026-03-02T10:15:30.101Z","socialProviders":"site"}`

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	members, err := gigya.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return members
}

func TestGoldenAnswers(t *testing.T) {
	all := readVectors(t)
	key := publicKey{Alg: "RS256", Kid: all.IDToken.Kid, Kty: "RSA", E: "AQAB", Use: "sig"}
	parts := strings.Split(strings.TrimSpace(readGolden(t, "public_key.json")), `"n": "`)
	key.N, _, _ = strings.Cut(parts[1], `"`)
	available := []byte(`{"isAvailable":true}`)
	tests := []struct {
		file     string
		answer   gigya.Answer
		format   gigya.Format
		callback string
	}{
		{file: "validation_errors.json", answer: gigya.Answer{
			CallID: "57a3bd951883b8ee498113059b108248", Ignored: []gigya.IgnoredParam{gigya.Ignored("firstName")},
			Err: &gigya.Error{Code: gigya.ValidationFailed, Details: "Validation failed", Validation: []gigya.ValidationError{
				{ErrorCode: gigya.InvalidParameterValue, Message: "password does not meet complexity requirements", FieldName: "password"},
				{ErrorCode: gigya.UniqueIdentifierExists, Message: "email already exists", FieldName: "email"},
			}},
		}},
		{file: "not_permitted.json", answer: gigya.Answer{
			CallID: "5bc90c58134efa157001b1a1c082ec98", Err: gigya.NotPermitted("accounts", "getAccountInfo"),
		}},
		{file: "unauthorized_user.json", answer: gigya.Answer{
			CallID: "96410f34905491a5480d95a5ca19ad3a", Err: gigya.NewError(gigya.UnauthorizedUser, ""),
		}},
		{file: "unverified_user.json", answer: gigya.Answer{
			CallID: "d94464a5d453284aebbd72bb00d40972", Err: gigya.NewError(gigya.UnverifiedUser, ""),
		}},
		{file: "public_key.json", answer: gigya.Answer{CallID: "3dece45c68238c8952c3b56f39deda55", Members: marshal(t, key)}},
		{file: "public_keys.json", answer: gigya.Answer{
			CallID: "05fc542097c0f2dbc97ec64c129aec7c", Members: marshal(t, map[string]any{"keys": []publicKey{key}}),
		}},
		{file: "ignored_params.json", answer: gigya.Answer{
			CallID: "c9f6ee7a0f3666d517b7cce27df4cf26", Context: `{"id":7}`, HasContext: true,
			Ignored: []gigya.IgnoredParam{gigya.Ignored("ignoreMe")}, Members: available,
		}},
		{file: "check_params.json", answer: gigya.Answer{
			CallID: "c425fa27fa66971370cd8d7544bf7e88", Context: `{"id":7}`, HasContext: true, Err: gigya.UnknownParameter("ignoreMe"),
		}},
		{file: "jsonp.js", format: gigya.JSONP, callback: "gigya.callback", answer: gigya.Answer{
			CallID: "c3ddd9b1b9d44caef6e8e7acadedd5e3", Members: available,
		}},
		{file: "account.xml", format: gigya.XML, answer: gigya.Answer{
			Method: "accounts.getAccountInfo", CallID: "30f6bac96d911d01387bfef8aeff02ec", Members: []byte(account),
		}},
		{file: "unauthorized_user.xml", format: gigya.XML, answer: gigya.Answer{
			Method: "accounts.getAccountInfo", CallID: "3f4f0987a5bb209a2b608848ab5e05e2", Err: gigya.NewError(gigya.UnauthorizedUser, ""),
		}},
		{file: "errors_with_everything.xml", format: gigya.XML, answer: everything},
		{file: "errors_with_everything.json", answer: everything},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			tt.answer.Time = testTime
			got := string(gigya.AppendAnswer(nil, &tt.answer, tt.format, tt.callback))
			if diff := cmp.Diff(readGolden(t, tt.file), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// everything has all members that an answer can have, and texts that need escapes.
var everything = gigya.Answer{
	Method: "accounts.register", CallID: "c1", Context: "</script>\u2028\"\\\n", HasContext: true,
	Ignored: []gigya.IgnoredParam{{ParamName: "a<b", WarningCode: 403007, Message: "m"}, {ParamName: "c", WarningCode: 403007, Message: ""}},
	Err: &gigya.Error{
		Code: gigya.InvalidParameterValue, Details: "it's & <that>", Flags: "missingKey",
		Validation: []gigya.ValidationError{
			{ErrorCode: 400006, Message: "m1", FieldName: "profile.x"}, {ErrorCode: 400003, Message: "m2", FieldName: "email"},
		},
		Members: map[string]any{"regToken": "st2.r.x", "empty": map[string]any{}, "none": nil},
	},
	Members: []byte(`{"results":[],"2 b":"x\u0000\ufffe\ud83d\ude00\r","rows":[[1,-2.5e3],["",null]],"_x0041_":"\u003c\ud800","categories":[{"a:b":true}],"boxes":["<"]}`),
}

func readGolden(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "golden", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// oddAppender writes itself with blanks, which a careful one does not.
type oddAppender struct{}

func (oddAppender) AppendJSON(dst []byte) []byte {
	return append(dst, "\t{ \"a\" : [ ] , \"b\":{\n} }\n"...)
}

func TestMembersAreLaidOutWhateverTheirBlanks(t *testing.T) {
	const head = "{\n  \"callId\": \"c\",\n  \"errorCode\": 0,\n  \"apiVersion\": 2,\n  \"statusCode\": 200,\n  \"statusReason\": \"OK\",\n" +
		"  \"time\": \"2026-03-02T10:15:30.123Z\""
	for _, tt := range []struct {
		name string
		v    any
		want string
	}{
		{"nil", nil, "\n}"},
		{"empty object", json.RawMessage(" { } "), "\n}"},
		{"empty message", json.RawMessage(nil), "\n}"},
		{"appender", oddAppender{}, ",\n  \"a\": [],\n  \"b\": {}\n}"},
		{"no escapes for HTML", struct {
			A string `json:"a"`
		}{"&<>\u2029"}, ",\n  \"a\": \"&\\u003c>\\u2029\"\n}"},
		{"deep", json.RawMessage(`{"a":` + strings.Repeat("[", 40) + "1" + strings.Repeat("]", 40) + `}`), deep(40)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := gigya.AppendAnswer(nil, &gigya.Answer{CallID: "c", Time: testTime, Members: marshal(t, tt.v)}, gigya.JSON, "")
			if diff := cmp.Diff(head+tt.want, string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// deep is what indentation makes of n nested arrays.
func deep(n int) string {
	var out strings.Builder
	out.WriteString(",\n  \"a\": ")
	for i := range n {
		out.WriteString("[\n" + strings.Repeat("  ", i+2))
	}
	out.WriteString("1")
	for i := range n {
		out.WriteString("\n" + strings.Repeat("  ", n-i) + "]")
	}
	return out.String() + "\n}"
}

func TestAnErrorWhoseMembersCannotBeWrittenIs500001(t *testing.T) {
	if _, err := gigya.Marshal(func() {}); err == nil {
		t.Error("a function was marshalled")
	}
	a := gigya.Answer{CallID: "c", Err: &gigya.Error{Code: gigya.AccountPendingRegistration, Members: func() {}}, Time: testTime}
	got := string(gigya.AppendAnswer(nil, &a, gigya.JSON, ""))
	if !strings.Contains(got, `"errorCode": 500001`) || strings.Contains(got, "206001") || a.Err.Code != 206001 {
		t.Errorf("got %s", got)
	}
}

func TestAppendAnswerAppends(t *testing.T) {
	for _, f := range []gigya.Format{gigya.JSON, gigya.JSONP, gigya.XML} {
		a := gigya.Answer{Method: "m", Time: testTime, Members: []byte("{\"a\":\"\xff\"}")}
		got := string(gigya.AppendAnswer([]byte("before"), &a, f, "cb"))
		if !strings.HasPrefix(got, "before") || !strings.Contains(got, "\uFFFD") || strings.Contains(got, "\xff") {
			t.Errorf("%v: got %q", f, got)
		}
	}
}

func TestXMLOfTextThatIsNoJSONStillCloses(t *testing.T) {
	for _, members := range []string{
		`{"a"}`, `{"a":}`, `{"a":[1,`, `{"a":[1 2]}`, `{"a":nul}`, `{"a":"x}`, `{a:1}`, `{"a":{"b":1}`, `{"a":!}`, `{"a":1,}`,
		`{"a":` + strings.Repeat("[", 5000) + `}`, `{"a":{"b"]}`,
	} {
		a := gigya.Answer{Method: "m", Time: testTime, Members: []byte(members)}
		if _, err := parseXML(gigya.AppendAnswer(nil, &a, gigya.XML, "")); err != nil {
			t.Errorf("%.40s: %v", members, err)
		}
		gigya.AppendAnswer(nil, &a, gigya.JSON, "")
	}
}

func TestValidCallback(t *testing.T) {
	for _, text := range []string{"a", "_", "$", "gigya.callback", "cb[0].x$_9", strings.Repeat("a", 128)} {
		if !gigya.ValidCallback(text) || gigya.CheckCallback(text) != nil {
			t.Errorf("%q was refused", text)
		}
	}
	for _, text := range []string{"1a", ".a", "[a]", "a b", "a(", "a;b", "é", "a\n", "a<", `a"`, strings.Repeat("a", 129)} {
		if gigya.ValidCallback(text) || codeOf(t, gigya.CheckCallback(text)) != gigya.InvalidParameterValue {
			t.Errorf("%q was accepted", text)
		}
	}
	if gigya.ValidCallback("") || codeOf(t, gigya.CheckCallback("")) != gigya.MissingRequiredParameter {
		t.Error("an empty callback was accepted")
	}
}

func BenchmarkAppendAnswer(b *testing.B) {
	a := gigya.Answer{
		Method: "accounts.getAccountInfo", CallID: "30f6bac96d911d01387bfef8aeff02ec", Time: testTime.UTC(), Members: []byte(account),
	}
	var dst []byte
	for _, f := range []gigya.Format{gigya.JSON, gigya.JSONP, gigya.XML} {
		b.Run(f.String(), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(account)))
			for b.Loop() {
				dst = gigya.AppendAnswer(dst[:0], &a, f, "callback")
			}
		})
	}
}
