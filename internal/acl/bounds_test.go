package acl_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/acl"
)

// The tests of this file hold what somebody who may write lists can cost the server.

func TestDeepRightsAreComparedPlaceByPlace(t *testing.T) {
	var b strings.Builder
	const depth = 28
	for i := range depth {
		fmt.Fprintf(&b, `"a":{"_ace":{"perms":%q},`, [...]string{"r", "rw"}[i%2])
	}
	text := `{"_data":{"accounts":{"account":{` + b.String() + `"b":{"_ace":{"perms":"w"}}` + strings.Repeat("}", depth+4)
	one, two := acl.Compile(list(t, text)), acl.Compile(list(t, text))
	if !one.Covers(two) || one.Covers(acl.All) || !acl.All.Covers(one) { // Place by place, or two to the power of twenty-eight.
		t.Error("rights do not cover themselves")
	}
}

func TestListsWithTooMuchInThemAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
	}{
		{"expressions", withParam(`"groupID":{"_ace":{"allowValues":[` + strings.Repeat(`"regex(\"a\")",`, 256) + `"regex(\"a\")"]}}`), "at most 256 regular expressions"},
		{"expressions in many entries", withParam(numbered(300, `"p%d":{"_ace":{"denyValues":["regex(\"a\")"]}}`)), "at most 256 regular expressions"},
		{"instructions", withParam(`"groupID":{"_ace":{"allowValues":[` + strings.Repeat(`"regex(\"(a{1,30}){1,30}\")",`, 100) + `"x"]}}`), "too large together"},
		{"methods", `{"_api":{"a":{` + numbered(10_000, `"m%d":{}`) + `}}}`, "at most 10000 methods"},
		{"namespaces", `{"_api":{` + numbered(10_001, `"n%d":{}`) + `}}`, "at most 10000 methods"},
		{"parameters", withParam(numbered(10_000, `"p%d":{}`)), "at most 10000 methods"},
		{"fields", `{"_data":{` + numbered(10_001, `"f%d":{}`) + `}}`, "at most 10000 fields"},
		{"levels of fields", `{"_data":` + strings.Repeat(`{"a":`, 33) + `{}` + strings.Repeat("}", 34), "at most 32 levels deep"},
		{"levels of fields in one name", `{"_data":{"` + strings.Repeat("a.", 32) + `a":{}}}`, "at most 32 levels deep"},
		{"levels of fields in several names", `{"_data":{"` + strings.Repeat("a.", 15) + `a":{"` + strings.Repeat("b.", 16) + `b":{}}}}`, "at most 32 levels deep"},
	} {
		if _, err := acl.Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %.200v, want %s", c.name, err, c.want)
		}
	}
	list(t, withParam(`"groupID":{"_ace":{"allowValues":[`+strings.Repeat(`"regex(\"a\")",`, 255)+`"regex(\"a\")"]}}`))
	list(t, `{"_api":{"a":{`+numbered(9_999, `"m%d":{}`)+`}}}`)
	list(t, `{"_data":`+strings.Repeat(`{"a":`, 32)+`{}`+strings.Repeat("}", 33))
	list(t, `{"_data":{"`+strings.Repeat("a.", 31)+`a":{"_ace":{"perms":"r"}}}}`)
}

func numbered(n int, format string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(parts, ",")
}

// TestTenTimesAsManyListsCostTenTimesAsMuch: not a hundred times, though each says what no other says.
func TestTenTimesAsManyListsCostTenTimesAsMuch(t *testing.T) {
	cost := func(n int) float64 {
		lists := make([]*acl.List, n)
		for i := range lists {
			fields := strings.ReplaceAll(numbered(100, `"fLIST_%d":{"_ace":{"perms":"r"}}`), "LIST", fmt.Sprint(i))
			lists[i] = list(t, `{"_data":{"accounts":{"account":{"data":{`+fields+`}}}}}`)
			acl.Compile(lists[i]) // What a list says alone is made once.
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		acl.Compile(lists...)
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc - before.TotalAlloc)
	}
	if few, many := cost(20), cost(200); many > 20*few {
		t.Errorf("200 lists take %.0f bytes, %.0f times those of 20", many, many/few)
	}
}

func TestRightsOfManyListsAreThoseOfAll(t *testing.T) {
	names := []string{"a.one", "a.two", "b.one", "c.d.one", "x.y"}
	// What a list gives of each of them: f everything, l with limits, - nothing.
	texts := []struct{ text, gives string }{
		{`{"_api":{"a":{"_ace":{"perms":"x"},"one":{"_ace":{"perms":"-x"}}}}}`, "-f---"},
		{`{"_api":{"_ace":{"perms":"x"},"a":{"_ace":{"perms":"-x"},"two":{"_ace":{"perms":"x"},"p":{"_ace":{"perms":"-x"}}}},"c.d":{"_ace":{"perms":"-x"}}}}`, "-lf-f"},
		{`{"_api":{"b":{"one":{"_ace":{"perms":"x"}}},"c.d":{"one":{"_ace":{"perms":"x"},"p":{"_ace":{"perms":"-x"}}}}}}`, "--fl-"},
		{`{"_api":{"a":{"one":{"p":{"_ace":{"perms":"-x"}}}}},"_inherit":["_admins"]}`, "lffff"},
		{`{}`, "-----"},
	}
	for chosen := range 1 << len(texts) {
		var lists []*acl.List
		held, free := map[string]bool{}, map[string]bool{}
		for i, one := range texts {
			if chosen&(1<<i) == 0 {
				continue
			}
			lists = append(lists, list(t, one.text))
			for at, name := range names {
				held[name], free[name] = held[name] || one.gives[at] != '-', free[name] || one.gives[at] == 'f'
			}
		}
		all := acl.Compile(lists...)
		for _, name := range names {
			if g := all.Method(name); g.Held() != held[name] || g.Free() != free[name] {
				t.Errorf("lists %b, %s: held %v, free %v; want %v and %v", chosen, name, g.Held(), g.Free(), held[name], free[name])
			}
		}
	}
}
