package acl_test

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/acl"
)

// data is a list with these entries: paths from the account down, and what they say.
func data(entries ...string) string {
	var b strings.Builder
	b.WriteString(`{"_data":{"accounts":{"account":{`)
	for i := 0; i < len(entries); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		if entries[i] == "" {
			b.WriteString(`"_ace":{"perms":"` + entries[i+1] + `"}`)
		} else {
			b.WriteString(`"` + entries[i] + `":{"_ace":{"perms":"` + entries[i+1] + `"}}`)
		}
	}
	return b.String() + `}}},"_inherit":[]}`
}

func TestWhichFieldsAListGives(t *testing.T) {
	for _, c := range []struct {
		name  string
		lists []string
		// want are paths and what holds there.
		want string
	}{
		{"nothing", []string{search}, "=: profile=: data.x=:"},
		{"everything", []string{data("", "rw")}, "=rw profile.email=rw data.x.y=rw"},
		{"everything at the top", []string{`{"_data":{"_ace":{"perms":"rw"}}}`}, "=rw profile.email=rw"},
		{"other things at the top", []string{`{"_data":{"ds":{"_ace":{"perms":"rw"}},"accounts":{"lite":{"_ace":{"perms":"rw"}}}}}`}, "=: profile=:"},
		{"reading", []string{data("", "r")}, "=r profile.email=r"},
		{"some fields", []string{data("profile", "rw", "data.loyalty", "r", "emails", "r")}, "=: profile=rw profile.email=rw data=: data.loyalty=r data.loyalty.tier=r data.x=: emails=r password=:"},
		{"letter case does not matter", []string{data("loginIDs", "r")}, "loginids=r LOGINIDS.emails=r"},
		{"nor do letters that differ in case alone", []string{data("", "r", "data.ssn", "-r")}, "data=r data.ssn=: data.\u017fSn=: DATA.s\u017fn.x=:"},
		{"all but one", []string{data("", "rw", "password", "-rw")}, "=rw password=: password.hash=: profile=rw"},
		{"written and not read", []string{data("", "rw", "data.secret", "-r")}, "data.secret=w data=rw"},
		{"the deeper entry alone", []string{data("profile", "rw", "profile.email", "r")}, "profile=rw profile.email=r"},
		{"nothing of one", []string{data("", "r", "profile", "")}, "=r profile=: profile.email=:"},
		{"two lists add up", []string{data("profile", "r"), data("", "w", "profile.email", "-w")}, "=w profile=rw profile.email=r data=w"},
		{"one takes away what another gives", []string{data("", "-rw"), data("profile", "r")}, "profile=r data=:"},
		{"inherited, less", []string{strings.Replace(data("password", "-rw"), `[]`, `["_admins"]`, 1)}, "=rw password=: profile=rw"},
		{"inherited, its own alone", []string{strings.Replace(data("", "r"), `[]`, `["_admins"]`, 1)}, "=r password=r"},
		{"a privilege gives methods, not fields", []string{`{"_inherit":["_accountsFullAccess"]}`}, "=: profile=: password=:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := rights(t, c.lists...).Fields()
			for _, want := range strings.Fields(c.want) {
				path, right, _ := strings.Cut(want, "=")
				at := f
				if path != "" {
					at = f.At(strings.Split(path, ".")...)
				}
				got := ""
				// A place that no list names holds what the place above it does.
				if at.At("no such field").All(acl.Read) {
					got = "r"
				}
				if at.At("no such field").All(acl.Write) {
					got += "w"
				}
				if strings.TrimSuffix(right, ":") != got {
					t.Errorf("%s: %q, want %q", path, got, right)
				}
			}
		})
	}
}

func TestOfAValueIsShownWhatMayBeRead(t *testing.T) {
	account := `{"UID":"u","profile":{"firstName":"Ada","email":"a@example.com","work":[{"title":"x","pay":1},{"pay":2}]},"data":{"a":{"b":1,"c":2},"d":null},"isActive":true}`
	for _, c := range []struct{ list, want string }{
		{data("", "r"), account},
		{data("", "w"), ""},
		{data("profile.firstName", "r"), `{"profile":{"firstName":"Ada"}}`},
		{data("", "r", "profile.email", "-r"), strings.Replace(account, `"email":"a@example.com",`, "", 1)},
		{data("data.a", "r", "isActive", "r"), `{"data":{"a":{"b":1,"c":2}},"isActive":true}`},
		{data("data.a.c", "r", "data.d.e", "r"), `{"data":{"a":{"c":2}}}`},
		{data("profile.work", "r", "profile.work.pay", "-r"), `{"profile":{"work":[{"title":"x"},{}]}}`},
	} {
		shown, ok := rights(t, c.list).Fields().Filter([]byte(account))
		if string(shown) != c.want || ok != (c.want != "") {
			t.Errorf("%s: %s, %v\nwant %s", c.list, shown, ok, c.want)
		}
	}
}

func TestWhatAPatchMayNotWrite(t *testing.T) {
	for _, c := range []struct{ list, patch, deep, flat string }{
		{data("", "rw"), `{"a":{"b":1}}`, "", ""},
		{data("", "r"), `{"a":1}`, "?", "?"},
		{data("a", "w"), `{"a":{"b":1},"a.c":2}`, "", ""},
		{data("a", "w"), `{"a":1,"b":2}`, "b", "b"},
		{data("a.b", "w"), `{"a":{"b":1}}`, "", "a"},
		{data("a.b", "w"), `{"a.b":{"z":1}}`, "", ""},
		{data("a.b", "w"), `{"a":{"b":1,"c":1}}`, "a.c", "a"},
		{data("a.b", "w"), `{"a":null}`, "a", "a"},
		{data("a.b", "w"), `{"a":[{"b":1}]}`, "a", "a"},
		{data("a", "w", "a.b", "-w"), `{"a":{"c":1}}`, "", "a"},
		{data("a", "w", "a.b", "-w"), `{"a":{"B":1}}`, "a.B", "a"},
		{data("a", "w"), `{}`, "", ""},
	} {
		f := rights(t, c.list).Fields()
		path, ok := f.Unwritable([]byte(c.patch))
		if ok != (c.deep == "") || c.deep != "?" && strings.Join(path, ".") != c.deep {
			t.Errorf("%s, %s: %v, %v; want %q", c.list, c.patch, path, ok, c.deep)
		}
		path, ok = f.UnwritableFlat([]byte(c.patch))
		if ok != (c.flat == "") || c.flat != "?" && strings.Join(path, ".") != c.flat {
			t.Errorf("flat %s, %s: %v, %v; want %q", c.list, c.patch, path, ok, c.flat)
		}
	}
}
