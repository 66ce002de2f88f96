package intake_test

import (
	"errors"
	"testing"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/intake"
)

func TestMembersAreKnownInAnyLetterCaseByWhereTheyComeFrom(t *testing.T) {
	for _, test := range []struct {
		given, want string
		from        intake.Source
		ok          bool
	}{
		{"UID", "UID", intake.Call, true}, {"uid", "UID", intake.Call, true}, {"Uid", "UID", intake.File, true},
		{"loginIds", "loginIDs", intake.Call, true}, {"ISACTIVE", "isActive", intake.File, true},
		{"internal", "", intake.Call, false}, {"internal", "internal", intake.File, true},
		{"secrets", "", intake.Call, false}, {"socialProviders", "", intake.Call, false}, {"customIdentifiers", "", intake.Call, false},
		{"__proto__", "", intake.File, false}, {"", "", intake.File, false},
	} {
		got, ok := intake.Known(test.given, test.from)
		if got != test.want || ok != test.ok {
			t.Errorf("%q: %q, %v", test.given, got, ok)
		}
	}
}

func TestACallNeverWritesWhatOnlyAFileMay(t *testing.T) {
	members, err := document.ParseObject([]byte(`{"UID":"u","secrets":{"failed":1},"internal":{"x":1},"email":"a@example.com","profile":null}`))
	if err != nil {
		t.Fatal(err)
	}
	in, err := intake.Read(members, intake.Call)
	if err != nil || len(in.Ignored) != 3 || in.UID != "u" {
		t.Errorf("ignored %v of %q: %v", in.Ignored, in.UID, err)
	}
	// A clear password is a file's alone.
	members.Set("password", document.String("secret"))
	if _, err := intake.Read(members, intake.Call); err == nil {
		t.Error("a call may give a clear password")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"UID":"u","loginIDs":{"emails":["a@example.com"],"username":"a"},"password":{"hashedPassword":"PLTnMmMfR+brlh80VUt83g==","hashSettings":{"algorithm":"md5","rounds":"1"}}}`)
	f.Add(`{"identities":[{"provider":"x","providerUID":"1"}],"phoneNumber":"+4930123","created":"2014-09-27T23:47:41.59Z","accountTypes":["lite"]}`)
	f.Add(`{"password":"clear","secrets":{"hash":"$1$a$b"},"secretQuestionAndAnswer":{"secretQuestion":"q","secretAnswer":"a"},"emails":{"verified":null}}`)
	f.Fuzz(func(t *testing.T, text string) {
		members, err := document.ParseObject([]byte(text))
		if err != nil {
			return
		}
		before := string(members.JSON())
		for _, from := range []intake.Source{intake.Call, intake.File} {
			var member *intake.MemberError
			if _, err := intake.Read(members, from); err != nil && !errors.As(err, &member) {
				t.Errorf("%v names no member", err)
			}
		}
		if string(members.JSON()) != before {
			t.Error("reading has changed the members")
		}
	})
}
