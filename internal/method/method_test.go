package method_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

type paging struct {
	Start int64  `param:"start,min=0"`
	Limit *int64 `param:"limit,min=1,max=100"`
}

type params struct {
	Name    string        `param:"loginID,required,len=10,alias=username"`
	Active  *bool         `param:"isActive,deny"`
	Mute    bool          `param:"muteWebhooks,server"`
	Note    *string       `param:"note"`
	Include method.List   `param:"include"`
	Profile method.Object `param:"profile"`
	paging
}

func echo(_ context.Context, c *method.Call[params]) (params, error) { return c.Params, nil }

func declared() *method.Method {
	return method.New(method.Spec{Name: "accounts.test", Callers: caller.Public | caller.Server}, echo)
}

func invoke(class caller.Class, list ...gigya.Param) *method.Invocation {
	return &method.Invocation{Caller: &caller.Caller{Class: class}, Raw: gigya.NewParams(list...)}
}

func pair(name, value string) gigya.Param { return gigya.Param{Name: name, Value: value} }

func pointer[T any](v T) *T { return &v }

func TestBindConvertsEveryFormSeenInTheField(t *testing.T) {
	tests := map[string]struct {
		given []gigya.Param
		want  params
	}{
		"any letter case of a name":               {[]gigya.Param{pair("LOGINid", "a")}, params{Name: "a"}},
		"an alias":                                {[]gigya.Param{pair("userName", "a")}, params{Name: "a"}},
		"the name goes before its alias":          {[]gigya.Param{pair("username", "b"), pair("loginID", "a")}, params{Name: "a"}},
		"the name goes before a later alias":      {[]gigya.Param{pair("loginID", "a"), pair("username", "b")}, params{Name: "a"}},
		"an empty name gives way to its alias":    {[]gigya.Param{pair("loginID", ""), pair("username", "b")}, params{Name: "b"}},
		"a Python boolean":                        {[]gigya.Param{pair("loginID", "a"), pair("muteWebhooks", "True")}, params{Name: "a", Mute: true}},
		"a PHP boolean":                           {[]gigya.Param{pair("loginID", "a"), pair("muteWebhooks", "1")}, params{Name: "a", Mute: true}},
		"an empty boolean is false":               {[]gigya.Param{pair("loginID", "a"), pair("isActive", "")}, params{Name: "a", Active: pointer(false)}},
		"a text that is there and empty":          {[]gigya.Param{pair("loginID", "a"), pair("note", "")}, params{Name: "a", Note: pointer("")}},
		"a number with blanks and sign":           {[]gigya.Param{pair("loginID", "a"), pair("start", " +7 ")}, params{Name: "a", paging: paging{Start: 7}}},
		"an empty number is absent":               {[]gigya.Param{pair("loginID", "a"), pair("limit", "")}, params{Name: "a"}},
		"a list drops blanks and empty elements":  {[]gigya.Param{pair("loginID", "a"), pair("include", " profile, data ,,")}, params{Name: "a", Include: method.List{"profile", "data"}}},
		"an object comes as it was received":      {[]gigya.Param{pair("loginID", "a"), pair("profile", `{ "a":1}`)}, params{Name: "a", Profile: method.Object(`{ "a":1}`)}},
		"an empty object is absent":               {[]gigya.Param{pair("loginID", "a"), pair("profile", "")}, params{Name: "a"}},
		"control parameters are never in the way": {[]gigya.Param{pair("loginID", "a"), pair("APIkey", "4_x"), pair("_host", "h"), pair("sdk", "x")}, params{Name: "a"}},
		"a bounded number":                        {[]gigya.Param{pair("loginID", "a"), pair("limit", "100")}, params{Name: "a", paging: paging{Limit: pointer(int64(100))}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := declared().Call(t.Context(), invoke(caller.Server, test.given...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(params{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBindRefusesWithTheExactCodeAndText(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)
	ok := pair("loginID", "a")
	tests := map[string]struct {
		given []gigya.Param
		code  gigya.Code
		text  string
	}{
		"a required parameter is absent":  {nil, gigya.MissingRequiredParameter, "Missing required parameter : loginID"},
		"a required parameter is empty":   {[]gigya.Param{pair("loginID", "")}, gigya.MissingRequiredParameter, "Missing required parameter : loginID"},
		"a text is too long":              {[]gigya.Param{pair("loginID", "01234567890")}, gigya.InvalidParameterValue, "Invalid argument: loginID: at most 10 bytes"},
		"no boolean":                      {[]gigya.Param{ok, pair("muteWebhooks", "yes")}, gigya.InvalidParameterValue, "Invalid argument: muteWebhooks"},
		"no number":                       {[]gigya.Param{ok, pair("start", "1.5")}, gigya.InvalidParameterFormat, "Invalid argument: start"},
		"a number below its bound":        {[]gigya.Param{ok, pair("start", "-1")}, gigya.InvalidParameterValue, "Invalid argument: start: want a number from 0"},
		"a number beyond 64 bits":         {[]gigya.Param{ok, pair("start", "99999999999999999999")}, gigya.InvalidParameterValue, "Invalid argument: start"},
		"a number above its bound":        {[]gigya.Param{ok, pair("limit", "101")}, gigya.InvalidParameterValue, "Invalid argument: limit: want a number from 1 to 100"},
		"no JSON":                         {[]gigya.Param{ok, pair("profile", "{")}, gigya.InvalidParameterFormat, "Invalid argument: profile: want a JSON object: offset 1: a string was expected"},
		"JSON but no object":              {[]gigya.Param{ok, pair("profile", "[]")}, gigya.InvalidParameterFormat, "Invalid argument: profile: want a JSON object: offset 0: an object was expected"},
		"an object that is nested deeply": {[]gigya.Param{ok, pair("profile", deep)}, gigya.InvalidParameterFormat, "Invalid argument: profile: want a JSON object: document is nested too deep"},
		"a missing one before a format":   {[]gigya.Param{pair("start", "x")}, gigya.MissingRequiredParameter, "Missing required parameter : loginID"},
		"a format before a value":         {[]gigya.Param{pair("loginID", "01234567890"), pair("start", "x")}, gigya.InvalidParameterFormat, "Invalid argument: start"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := declared().Bind(invoke(caller.Server, test.given...))
			check(t, err, test.code, test.text)
		})
	}
}

func TestUnknownParametersAreNamedOnceInTheOrderReceived(t *testing.T) {
	list := []gigya.Param{pair("zeta", "1"), pair("muteWebhooks", "true"), pair("loginID", "a"), pair("Alpha", "2"), pair("format", "json"), pair(strings.Repeat("x", 200), "")}
	tests := map[string]struct {
		class caller.Class
		want  []string
	}{
		"a server call may mute":     {caller.Server, []string{"zeta", "Alpha", strings.Repeat("x", 200)}},
		"a client call may not mute": {caller.Public, []string{"zeta", "muteWebhooks", "Alpha", strings.Repeat("x", 200)}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, ignored, err := declared().Bind(invoke(test.class, list...))
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, p := range ignored {
				names = append(names, p.ParamName)
			}
			if diff := cmp.Diff(test.want, names); diff != "" {
				t.Error(diff)
			}
			if ignored[0].WarningCode != 403007 || !strings.HasSuffix(ignored[0].Message, "standard Gigya control parameter.") {
				t.Errorf("got %+v", ignored[0])
			}
		})
	}
}

func TestUnknownParametersAreKnownOnErrorsToo(t *testing.T) {
	_, ignored, err := declared().Bind(invoke(caller.Server, pair("zeta", "1")))
	check(t, err, gigya.MissingRequiredParameter, "Missing required parameter : loginID")
	if len(ignored) != 1 {
		t.Errorf("got %v", ignored)
	}
}

func TestCheckParamsFailsWithTheFirstUnknownParameter(t *testing.T) {
	_, ignored, err := declared().Bind(invoke(caller.Server, pair("zeta", "1"), pair("alpha", "1"), pair("checkParams", "True")))
	if len(ignored) != 0 {
		t.Errorf("ignored %v", ignored)
	}
	check(t, err, gigya.PermissionDenied, "These parameters were not recognized as valid for this API method with your security "+
		"credentials nor were they recognized as standard Gigya control parameters: zeta")
}

func TestADeniedParameterFailsAClientCall(t *testing.T) {
	_, _, err := declared().Bind(invoke(caller.Session, pair("loginID", "a"), pair("ISACTIVE", "true")))
	check(t, err, gigya.PermissionDenied, "These parameters were not recognized as valid for this API method with your security "+
		"credentials nor were they recognized as standard Gigya control parameters: isActive")
}

func TestARegTokenBesideAServerCredentialMayMakeAClientCall(t *testing.T) {
	m := method.New(method.Spec{Name: "accounts.test", Callers: caller.Server, RegTokenMakesClient: true}, echo)
	inv := invoke(caller.Server, pair("loginID", "a"), pair("regToken", "x"), pair("isActive", "true"))
	inv.Method = m
	if _, _, err := m.Bind(inv); err == nil {
		t.Error("isActive was let through")
	}
}

func TestAWrongDeclarationPanics(t *testing.T) {
	spec := method.Spec{Name: "accounts.test", Callers: caller.Server}
	tests := map[string]func(){
		"no handler":               func() { method.New[method.None, method.None](spec, nil) },
		"no namespace":             func() { declare[method.None](method.Spec{Name: "test", Callers: caller.Server}) },
		"no callers":               func() { declare[method.None](method.Spec{Name: "accounts.test"}) },
		"unknown callers":          func() { declare[method.None](method.Spec{Name: "accounts.test", Callers: 128}) },
		"parameters are no struct": func() { declare[string](spec) },
		"a field without a tag":    func() { declare[struct{ A string }](spec) },
		"a field that is hidden": func() {
			declare[struct {
				a string `param:"a"`
			}](spec)
		},
		"a type that nobody binds": func() {
			declare[struct {
				A float64 `param:"a"`
			}](spec)
		},
		"an unknown option": func() {
			declare[struct {
				A string `param:"a,secret"`
			}](spec)
		},
		"an option without a value": func() {
			declare[struct {
				A string `param:"a,len"`
			}](spec)
		},
		"an option with a value": func() {
			declare[struct {
				A string `param:"a,required=1"`
			}](spec)
		},
		"a bound that is no number": func() {
			declare[struct {
				A int64 `param:"a,min=x"`
			}](spec)
		},
		"a bound of a text": func() {
			declare[struct {
				A string `param:"a,min=1"`
			}](spec)
		},
		"a length of a number": func() {
			declare[struct {
				A int64 `param:"a,len=1"`
			}](spec)
		},
		"a length of nothing": func() {
			declare[struct {
				A string `param:"a,len=0"`
			}](spec)
		},
		"bounds the wrong way round": func() {
			declare[struct {
				A int64 `param:"a,min=2,max=1"`
			}](spec)
		},
		"an empty name": func() {
			declare[struct {
				A int64 `param:""`
			}](spec)
		},
		"a name twice": func() {
			declare[struct {
				A string `param:"a"`
				B string `param:"b,alias=A"`
			}](spec)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			test()
		})
	}
}

func declare[P any](spec method.Spec) {
	method.New(spec, func(context.Context, *method.Call[P]) (method.None, error) { return method.None{}, nil })
}

func TestTheDeclarationCanBeRead(t *testing.T) {
	m := declared()
	if m.Namespace() != "accounts" || m.Privilege() != "accounts.test" {
		t.Errorf("got %s, %s", m.Namespace(), m.Privilege())
	}
	var got []string
	for _, p := range m.Params() {
		got = append(got, fmt.Sprintf("%s %s %v", p.Name, p.Type, p.Required))
	}
	want := []string{"loginID string true", "isActive bool false", "muteWebhooks bool false", "note string false",
		"include list false", "profile object false", "start int false", "limit int false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBindingTakesFewAllocations(t *testing.T) {
	m := declared()
	inv := invoke(caller.Server, pair("loginID", "a"), pair("apiKey", "4_x"), pair("muteWebhooks", "true"), pair("sdk", "s"))
	if n := testing.AllocsPerRun(100, func() { _, _, _ = m.Bind(inv) }); n > 1 {
		t.Errorf("%v allocations, want 1", n)
	}
}

func check(t *testing.T, err error, code gigya.Code, text string) {
	t.Helper()
	var e *gigya.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a gigya error", err)
	}
	if e.Code != code || e.Details != text {
		t.Errorf("got %d %q, want %d %q", e.Code, e.Details, code, text)
	}
}
