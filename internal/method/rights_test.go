package method_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
)

type limitedParams struct {
	GroupID string      `param:"groupID,alias=group"`
	Users   string      `param:"setUsers"`
	Words   method.List `param:"words"`
	Full    bool        `param:"full"`
	Count   int64       `param:"count"`
	Query   string      `param:"restrictedQuery,pinned"`
	Partner int64       `param:"partnerID,alias=targetPartnerID"`
}

// called is what the handler saw, or the error, then what was ignored.
func called(t *testing.T, entries string, params ...string) string {
	t.Helper()
	m := method.New(method.Spec{Name: "admin.createGroup", Summary: "s", Callers: caller.Server},
		func(_ context.Context, c *method.Call[limitedParams]) (string, error) {
			p := c.Params
			return fmt.Sprintf("%s|%s|%s|%v|%d|%s", p.GroupID, p.Users, strings.Join(p.Words, ","), p.Full, p.Count, p.Query), nil
		})
	list, err := acl.Parse([]byte(`{"_api":{"admin":{"createGroup":{"_ace":{"perms":"x"},` + entries + `}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	raw := gigya.NewParams()
	for i := 0; i < len(params); i += 2 {
		raw.Set(params[i], params[i+1])
	}
	inv := &method.Invocation{Method: m, Raw: raw, Caller: &caller.Caller{Class: caller.Server, Key: &site.Key{}, Rights: acl.Compile(list)}}
	call, ignored, err := m.Bind(inv)
	var refused *gigya.Error
	if errors.As(err, &refused) && strings.HasPrefix(refused.Details, "Invalid namespace") {
		return fmt.Sprint(int(refused.Code))
	}
	if refused != nil {
		return fmt.Sprint("bind ", int(refused.Code), " ", refused.Details)
	}
	got, err := m.Invoke(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	text := got.(string)
	for _, i := range ignored {
		text += fmt.Sprintf(" -%s(%d)", i.ParamName, int(i.WarningCode))
	}
	return text
}

func TestLimitsOfParameters(t *testing.T) {
	const withheld = `{"_ace":{"perms":"-x"}}`
	for _, c := range []struct {
		name    string
		entries string
		params  []string
		want    string
	}{
		{"none", `"x":` + withheld, []string{"groupID", "g", "full", "true"}, "g|||true|0|"},
		{"withheld", `"groupID":` + withheld, []string{"groupID", "g", "count", "1"}, "|||false|1| -groupID(403007)"},
		{"withheld under another name and spelling", `"groupID":` + withheld, []string{"GROUP", "g"}, "|||false|0| -GROUP(403007)"},
		{"named by its alias in the list", `"group":` + withheld, []string{"groupid", "g"}, "|||false|0| -groupid(403007)"},
		{"withheld, with checkParams", `"groupID":` + withheld, []string{"groupID", "g", "checkParams", "true"},
			"bind 403007 These parameters were not recognized as valid for this API method with your security credentials nor were they recognized as standard Gigya control parameters: groupID"},
		{"before what is unknown to everybody", `"groupID":` + withheld, []string{"zzz", "1", "groupID", "g"}, "|||false|0| -groupID(403007) -zzz(403007)"},
		{"replaced", `"groupID":{"_ace":{"perms":"-x","defaultValues":["dev"]}}`, []string{"group", "g", "checkParams", "true"}, "dev|||false|0|"},
		{"forced", `"full":{"_ace":{"perms":"-x","defaultValues":["true"]}}`, nil, "|||true|0|"},
		{"a word for true", `"full":{"_ace":{"denyValues":["true"]}}`, []string{"full", "1"}, "403007"},
		{"a word for false", `"full":{"_ace":{"denyValues":["true"]}}`, []string{"full", "0"}, "|||false|0|"},
		{"a number in other digits", `"count":{"_ace":{"denyValues":[7]}}`, []string{"count", " +07"}, "403007"},
		{"an element of a list", `"words":{"_ace":{"allowValues":["dev*"]}}`, []string{"words", "dev1, prod"}, "403007"},
		{"all elements of a list", `"words":{"_ace":{"allowValues":["dev*"]}}`, []string{"words", "dev1,dev2"}, "||dev1,dev2|false|0|"},
		{"an element of an array", `"setUsers":{"_ace":{"allowValues":["A1","A2"]}}`, []string{"setUsers", ` ["A1","A3"]`}, "403007"},
		{"all elements of an array", `"setUsers":{"_ace":{"allowValues":["A1","A2"]}}`, []string{"setUsers", `["A1","A2"]`}, `|["A1","A2"]||false|0|`},
		{"one value by its alias, another by its name", `"groupID":{"_ace":{"allowValues":["dev"]}}`, []string{"groupID", "dev", "group", "prod"}, "403007"},
		{"a pinned parameter", `"restrictedQuery":{"_ace":{"allowValues":["regex(\"a+\")"]}}`, []string{"restrictedQuery", "aaa"}, "|||false|0|aaa"},
		{"a pinned parameter with another value", `"restrictedQuery":{"_ace":{"allowValues":["regex(\"a+\")"]}}`, []string{"restrictedQuery", "aab"}, "403007"},
		{"a pinned parameter that is not", `"x":` + withheld, []string{"restrictedQuery", "aaa"}, "403007"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := called(t, c.entries, c.params...); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestNobodyElsePinsAParameter(t *testing.T) {
	m := method.New(method.Spec{Name: "a.b", Summary: "s", Callers: caller.Public}, func(context.Context, *method.Call[limitedParams]) (method.None, error) {
		return method.None{}, nil
	})
	for _, who := range []caller.Caller{{Class: caller.Public}, {Class: caller.Session}, {Class: caller.Server}, {Class: caller.Server, Key: &site.Key{}, Rights: acl.All}} {
		inv := &method.Invocation{Method: m, Raw: gigya.NewParams(gigya.Param{Name: "restrictedquery", Value: "q"}), Caller: &who}
		if _, _, err := m.Bind(inv); err == nil {
			t.Errorf("class %v may send it", who.Class)
		}
		inv.Raw = gigya.NewParams(gigya.Param{Name: "full", Value: "1"})
		if _, _, err := m.Bind(inv); err != nil {
			t.Errorf("class %v: %v", who.Class, err)
		}
	}
}

func TestWhichPartnerACallNames(t *testing.T) {
	m := method.New(method.Spec{Name: "a.b", Summary: "s", Callers: caller.Server, NoSite: true}, func(context.Context, *method.Call[limitedParams]) (method.None, error) {
		return method.None{}, nil
	})
	other := method.New(method.Spec{Name: "a.c", Summary: "s", Callers: caller.Server, Anywhere: true, NoSite: true}, func(context.Context, *method.Call[method.None]) (method.None, error) {
		return method.None{}, nil
	})
	for _, c := range []struct {
		params []gigya.Param
		want   string
	}{
		{nil, ""}, {[]gigya.Param{{Name: "PARTNERID", Value: "7"}}, "7"}, {[]gigya.Param{{Name: "targetPartnerId", Value: " 7 "}}, "7"},
		{[]gigya.Param{{Name: "partnerID", Value: ""}, {Name: "targetPartnerID", Value: "7"}}, "7"},
		{[]gigya.Param{{Name: "partnerID", Value: "7"}, {Name: "targetPartnerID", Value: "8"}}, "0"},
		{[]gigya.Param{{Name: "partnerID", Value: "7"}, {Name: "targetPartnerID", Value: "7"}}, "7"},
	} {
		if got := m.Partner(gigya.NewParams(c.params...)); got != c.want {
			t.Errorf("%v: %q", c.params, got)
		}
		if got := other.Partner(gigya.NewParams(c.params...)); got != "" {
			t.Errorf("%v: %q, by a method that has no such parameter", c.params, got)
		}
	}
	if m.Level() != caller.AtPartner || other.Level() != caller.Anywhere || m.Right() != "a.b" {
		t.Errorf("levels %v, %v", m.Level(), other.Level())
	}
}
