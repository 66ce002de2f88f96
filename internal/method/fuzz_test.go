package method_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
)

// FuzzBind gives one parameter of any name and value beside a good one: binding answers a value or an error of the
// protocol, and what is neither known nor refused is named.
func FuzzBind(f *testing.F) {
	f.Add("start", "7", true)
	f.Add("profile", `{"a":[1,{"b":null}]}`, false)
	f.Add("checkParams", "True", false)
	f.Add("isActive", "", false)
	f.Add("include", " a,,b ,", true)
	f.Add(strings.Repeat("x", 200), "\x00\xff", false)
	m := declared()
	f.Fuzz(func(t *testing.T, name, value string, server bool) {
		class := caller.Public
		if server {
			class = caller.Server
		}
		call, ignored, err := m.Bind(invoke(class, pair("loginID", "a"), pair(name, value)))
		var refused *gigya.Error
		if err != nil && !errors.As(err, &refused) {
			t.Fatalf("%q=%q: %v", name, value, err)
		}
		if (call == nil) != (err != nil) {
			t.Errorf("%q=%q: call %v, error %v", name, value, call, err)
		}
		if len(ignored) > 1 {
			t.Errorf("%q: ignored %v", name, ignored)
		}
	})
}
