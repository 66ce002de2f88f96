package acl_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/acl"
)

func list(t testing.TB, text string) *acl.List {
	t.Helper()
	l, err := acl.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return l
}

func rights(t testing.TB, texts ...string) *acl.Rights {
	t.Helper()
	lists := make([]*acl.List, 0, len(texts))
	for _, text := range texts {
		lists = append(lists, list(t, text))
	}
	return acl.Compile(lists...)
}

const (
	mayCall  = `{"_ace":{"perms":"x"}}`
	taken    = `{"_ace":{"perms":"-x"}}`
	search   = `{"_api":{"accounts":{"search":` + mayCall + `}}}`
	inherits = `{"_inherit":["_accounts_sections_limited_access"]}`
)

func TestWhichMethodsAListGives(t *testing.T) {
	for _, c := range []struct {
		name  string
		lists []string
		may   string
		not   string
	}{
		{"nothing", nil, "", "accounts.search admin.getGroups"},
		{"an empty list", []string{`{}`}, "", "accounts.search"},
		{"a method", []string{search}, "accounts.search ACCOUNTS.Search", "accounts.getAccountInfo accounts.searches search"},
		{"a method of a longer namespace", []string{`{"_api":{"fidm.oidc.op":{"getRP":` + mayCall + `}}}`}, "fidm.oidc.op.getRP", "fidm.oidc.op.getRPs fidm.oidc.getRP"},
		{"a privilege", []string{inherits}, "accounts.search accounts.getAccountInfo", "accounts.setAccountInfo"},
		{"a namespace of a privilege", []string{`{"_inherit":["_idx_editors"]}`}, "idx.search idx.whatever", "idx.a.b accounts.search"},
		{"an unknown privilege", []string{`{"_inherit":["_quantumAccounts"]}`}, "", "accounts.search"},
		{"taken away from a privilege", []string{`{"_api":{"accounts":{"search":` + taken + `}},"_inherit":["_accounts_sections_limited_access"]}`},
			"accounts.getAccountInfo", "accounts.search"},
		{"taken away in one list, given by another", []string{`{"_api":{"accounts":{"search":` + taken + `}},"_inherit":["_accounts_sections_limited_access"]}`, search},
			"accounts.getAccountInfo accounts.search", "accounts.setAccountInfo"},
		{"a whole namespace", []string{`{"_api":{"accounts":{"_ace":{"perms":"x"},"deleteAccount":` + taken + `}}}`},
			"accounts.search accounts.setAccountInfo", "accounts.deleteAccount accounts.tfa.getProviders ids.search"},
		{"a namespace taken, a method of it given", []string{`{"_api":{"accounts":{"_ace":{"perms":"-x"},"search":` + mayCall + `}},"_inherit":["_accountsFullAccess"]}`},
			"accounts.search ds.get accounts.tfa.resetTFA", "accounts.getAccountInfo"},
		{"everything but", []string{`{"_api":{"_ace":{"perms":"x"},"admin":{"_ace":{"perms":"-x"}}}}`}, "accounts.search x.y", "admin.getGroups"},
		{"_admins", []string{`{"_inherit":["_admins"]}`}, "accounts.search admin.getGroups not.there.yet", ""},
		{"_admins but for one", []string{`{"_api":{"admin":{"deleteSite":` + taken + `}},"_inherit":["_admins"]}`}, "admin.createSite", "admin.deleteSite"},
		{"retired products", []string{`{"_inherit":["_gmSetup_editors","_commentsSetupAndSettings_editors","_no_permissions"]}`}, "", "gm.getConfig accounts.search"},
		{"an entry of a parameter alone", []string{`{"_api":{"accounts":{"search":{"query":` + mayCall + `}}}}`}, "", "accounts.search"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rights(t, c.lists...)
			for _, name := range strings.Fields(c.may) {
				if !r.May(name) {
					t.Errorf("%s may not be called", name)
				}
			}
			for _, name := range strings.Fields(c.not) {
				if r.May(name) {
					t.Errorf("%s may be called", name)
				}
			}
			if r.Empty() != (c.may == "") {
				t.Errorf("empty: %v", r.Empty())
			}
		})
	}
}

func TestAKeysOwnGrant(t *testing.T) {
	for _, c := range []struct{ names, may, not string }{
		{"accounts.search", "accounts.search", "accounts.getJWT"},
		{"_allApis", "accounts.search admin.getGroups", ""},
		{"_viewSiteAuditLog accounts.getJWT", "audit.search accounts.getJWT", "accounts.search"},
		{"_notKnown _no_permissions", "", "accounts.search _notKnown"},
	} {
		r := acl.Compile(acl.Grant(strings.Fields(c.names)))
		for _, name := range strings.Fields(c.may) {
			if !r.May(name) {
				t.Errorf("%s: %s may not be called", c.names, name)
			}
		}
		for _, name := range strings.Fields(c.not) {
			if r.May(name) {
				t.Errorf("%s: %s may be called", c.names, name)
			}
		}
		if !r.Fields().All(acl.Read | acl.Write) {
			t.Errorf("%s: not every field may be read and written", c.names)
		}
	}
}

// judged is what becomes of a call of admin.createGroup: withheld names, forced values, or "refused".
func judged(r *acl.Rights, sent map[string][]string) string {
	g := r.Method("admin.creategroup")
	if !g.Held() {
		return "not held"
	}
	var args []acl.Arg
	for _, name := range g.Limited() {
		args = append(args, acl.Arg{Name: name, Values: sent[name]})
	}
	v := g.Judge(args)
	if !v.Allowed {
		return "refused"
	}
	out := []string{}
	for _, at := range v.Withheld {
		out = append(out, "-"+args[at].Name)
	}
	for _, f := range v.Forced {
		out = append(out, f.Name+"="+f.Value)
	}
	return strings.Join(out, " ")
}

func withParam(entries string) string {
	return `{"_api":{"admin":{"createGroup":{"_ace":{"perms":"x"},` + entries + `}}}}`
}

func TestWhatBecomesOfParameters(t *testing.T) {
	group := func(v ...string) map[string][]string { return map[string][]string{"groupid": v} }
	for _, c := range []struct {
		name  string
		lists []string
		sent  map[string][]string
		want  string
	}{
		{"no entry", []string{withParam(`"x":` + mayCall)}, group("any"), ""},
		{"withheld", []string{withParam(`"groupID":` + taken)}, group("any"), "-groupid"},
		{"withheld, not sent", []string{withParam(`"groupID":` + taken)}, nil, ""},
		{"replaced", []string{withParam(`"groupID":{"_ace":{"perms":"-x","defaultValues":["dev","dev"]}}`)}, group("any"), "-groupid groupid=dev"},
		{"forced where it is not sent", []string{withParam(`"groupID":{"_ace":{"perms":"-x","defaultValues":["dev"]}}`)}, nil, "groupid=dev"},
		{"a default that may be changed", []string{withParam(`"groupID":{"_ace":{"perms":"x","defaultValues":["dev"]}}`)}, group("any"), ""},
		{"a default", []string{withParam(`"groupID":{"_ace":{"perms":"x","defaultValues":["dev"]}}`)}, nil, "groupid=dev"},
		{"denied", []string{withParam(`"groupID":{"_ace":{"denyValues":["prod"]}}`)}, group("prod"), "refused"},
		{"denied in other letters", []string{withParam(`"groupID":{"_ace":{"denyValues":["prod"]}}`)}, group("PROD"), "refused"},
		{"not denied", []string{withParam(`"groupID":{"_ace":{"denyValues":["prod"]}}`)}, group("production"), ""},
		{"a denied prefix", []string{withParam(`"groupID":{"_ace":{"denyValues":["prod*"]}}`)}, group("Production"), "refused"},
		{"a denied expression", []string{withParam(`"groupID":{"_ace":{"denyValues":["regex(\"p.d\")"]}}`)}, group("a pod"), "refused"},
		{"too long for an expression", []string{withParam(`"groupID":{"_ace":{"denyValues":["regex(\"p.d\")"]}}`)}, group(strings.Repeat("a", 3000)), "refused"},
		{"denied all", []string{withParam(`"groupID":{"_ace":{"denyValues":["*"]}}`)}, group("x"), "refused"},
		{"denied none", []string{withParam(`"groupID":{"_ace":{"denyValues":["none"]}}`)}, group("none"), ""},
		{"one element denied", []string{withParam(`"groupID":{"_ace":{"denyValues":["b"]}}`)}, group("a", "b"), "refused"},
		{"allowed", []string{withParam(`"groupID":{"_ace":{"allowValues":["dev*","test"]}}`)}, group("dev1"), ""},
		{"allowed exactly", []string{withParam(`"groupID":{"_ace":{"allowValues":["dev*","test"]}}`)}, group("tester"), "refused"},
		{"allowed in other letters is not", []string{withParam(`"groupID":{"_ace":{"allowValues":["test"]}}`)}, group("TEST"), "refused"},
		{"an expression is for the whole value", []string{withParam(`"groupID":{"_ace":{"allowValues":["regex(\"dev[0-9]\")"]}}`)}, group("dev1, prod"), "refused"},
		{"an expression allows", []string{withParam(`"groupID":{"_ace":{"allowValues":["regex(\"dev[0-9]\")"]}}`)}, group("dev1"), ""},
		{"each element must be allowed", []string{withParam(`"groupID":{"_ace":{"allowValues":["dev*"]}}`)}, group("dev1", "prod"), "refused"},
		{"not sent is allowed", []string{withParam(`"groupID":{"_ace":{"allowValues":["dev*"]}}`)}, nil, ""},
		{"not sent although required", []string{withParam(`"groupID":{"_ace":{"allowValues":["dev*"],"required":true}}`)}, nil, "refused"},
		{"sent empty although required", []string{withParam(`"groupID":{"_ace":{"perms":"x","required":true}}`)}, group(""), "refused"},
		{"allowed none", []string{withParam(`"groupID":{"_ace":{"allowValues":["none"]}}`)}, group("none"), "refused"},
		{"allowed and denied", []string{withParam(`"groupID":{"_ace":{"allowValues":["dev*"],"denyValues":["dev9"]}}`)}, group("dev9"), "refused"},

		{"one list withholds, another does not", []string{withParam(`"groupID":` + taken), withParam(`"x":` + taken)}, group("any"), ""},
		{"one list denies, another does not", []string{withParam(`"groupID":{"_ace":{"denyValues":["a"]}}`), withParam(`"groupID":{"_ace":{"denyValues":["b"]}}`)}, group("a"), ""},
		{"two lists deny", []string{withParam(`"groupID":{"_ace":{"denyValues":["a","c"]}}`), withParam(`"groupID":{"_ace":{"denyValues":["b","c"]}}`)}, group("c"), "refused"},
		{"values of two lists do not meet in a call",
			[]string{withParam(`"groupID":{"_ace":{"allowValues":["dev"]}}`), withParam(`"aclID":{"_ace":{"allowValues":["viewer"]}}`)},
			map[string][]string{"groupid": {"prod"}, "aclid": {"owner"}}, "refused"},
		{"each of them does", []string{withParam(`"groupID":{"_ace":{"allowValues":["dev"]}}`), withParam(`"aclID":{"_ace":{"allowValues":["viewer"]}}`)},
			map[string][]string{"groupid": {"dev"}, "aclid": {"owner"}}, ""},
		{"forced by both, the greater", []string{withParam(`"groupID":{"_ace":{"perms":"-x","defaultValues":["false"]}}`), withParam(`"groupID":{"_ace":{"perms":"-x","defaultValues":["partial"]}}`)},
			group("true"), "-groupid groupid=partial"},
		{"a withheld value that another list refuses stays withheld",
			[]string{withParam(`"groupID":` + taken), withParam(`"groupID":{"_ace":{"allowValues":["dev"]}}`)}, group("prod"), "-groupid"},
		{"parameters of two lists do not meet in a call", []string{withParam(`"groupID":` + taken), withParam(`"aclID":` + taken)},
			map[string][]string{"groupid": {"prod"}, "aclid": {"owner"}}, "refused"},
		{"each of them is sent", []string{withParam(`"groupID":` + taken), withParam(`"aclID":` + taken)}, map[string][]string{"aclid": {"owner"}}, ""},
		{"what one list forces goes with what it lets through",
			[]string{withParam(`"groupID":{"_ace":{"perms":"-x","defaultValues":["dev"]}}`), withParam(`"aclID":` + taken)}, map[string][]string{"aclid": {"owner"}}, "groupid=dev"},
		{"inherited limits hold", []string{`{"_api":{"admin":{"createGroup":{"groupID":` + taken + `}}},"_inherit":["_rolesAndPermissionsManagement"]}`}, group("a"), "-groupid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := judged(rights(t, c.lists...), c.sent); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestInheritedLimitsOfParameters(t *testing.T) {
	name, secrets := "admin.getpartner", []acl.Arg{{Name: "includesecretkeys", Values: []string{"true"}}}
	partial := `{"_inherit":["_siteDashboardPartialSecretKey"]}`
	if v := rights(t, partial).Method(name).Judge(secrets); len(v.Forced) != 1 || v.Forced[0].Value != "partial" {
		t.Errorf("the secret is not masked: %+v", v)
	}
	for what, text := range map[string]string{
		"another privilege":  `{"_inherit":["_siteDashboardPartialSecretKey","_siteDashboardSecretKey"]}`,
		"its own entry":      `{"_api":{"admin":{"getPartner":` + mayCall + `}},"_inherit":["_siteDashboardPartialSecretKey"]}`,
		"the parameter's":    `{"_api":{"admin":{"getPartner":{"includeSecretKeys":` + mayCall + `}}},"_inherit":["_siteDashboardPartialSecretKey"]}`,
		"that of everything": `{"_inherit":["_siteDashboardPartialSecretKey","_admins"]}`,
	} {
		if !rights(t, text).Method(name).Free() {
			t.Errorf("%s does not lift the limit", what)
		}
	}
}

func TestPinnedParameters(t *testing.T) {
	pinned := `{"_api":{"accounts":{"search":{"_ace":{"perms":"x"},"query":` + taken + `,"restrictedQuery":{"_ace":{"allowValues":["regex(\"SELECT UID .*\")"]}}}}}}`
	openCursor := `{"_api":{"accounts":{"search":{"_ace":{"perms":"x"},"query":` + taken + `,"openCursor":{"_ace":{"allowValues":["true"]}}}}}}`
	// It says something of the parameter, but not which values are allowed.
	denies := `{"_api":{"accounts":{"search":{"_ace":{"perms":"x"},"restrictedQuery":{"_ace":{"denyValues":["DELETE"],"required":true}}}}}}`
	for _, c := range []struct {
		lists []string
		query string
		want  bool
	}{
		{[]string{pinned}, "SELECT UID FROM accounts", true},
		{[]string{pinned}, "SELECT * FROM accounts", false},
		{[]string{pinned, openCursor}, "SELECT UID FROM accounts", true},
		{[]string{pinned, openCursor}, "SELECT * FROM accounts", false},
		{[]string{denies}, "SELECT UID FROM accounts", false},
		{[]string{search}, "SELECT UID FROM accounts", false},
		{[]string{`{"_inherit":["_admins"]}`}, "SELECT UID FROM accounts", false},
		{[]string{`{}`}, "SELECT UID FROM accounts", false},
	} {
		asked := acl.Arg{Name: "restrictedquery", Values: []string{c.query}, Pinned: true}
		if got := rights(t, c.lists...).Method("accounts.search").Judge([]acl.Arg{asked}).Allowed; got != c.want {
			t.Errorf("%s, %s: %v", c.lists, c.query, got)
		}
	}
}

func TestParseRefusesWithThePath(t *testing.T) {
	for text, want := range map[string]string{
		``:                                     "want a JSON object",
		`[]`:                                   "want a JSON object",
		`{"_api":[]}`:                          "_api: want an object",
		`{"_apis":{}}`:                         "_apis: want _api, _data or _inherit",
		`{"_api":{"accounts":1}}`:              "_api.accounts: want an object",
		`{"_api":{"accounts":{"search":"x"}}}`: "_api.accounts.search: want an object",
		`{"_api":{"accounts":{"search":{"_ace":"x"}}}}`:                                    "_api.accounts.search._ace: want an object",
		`{"_api":{"accounts":{"search":{"_ace":{}}}}}`:                                     "_api.accounts.search._ace.perms: is missing; want x or -x",
		`{"_api":{"accounts":{"search":{"_ace":{"perms":"rw"}}}}}`:                         "_api.accounts.search._ace.perms: want x or -x",
		`{"_api":{"accounts":{"search":{"_ace":{"perms":true}}}}}`:                         "_api.accounts.search._ace.perms: want a text",
		`{"_api":{"accounts":{"search":{"_ace":{"perms":"x","denyValues":["a"]}}}}}`:       "_api.accounts.search._ace: values belong to a parameter",
		`{"_api":{"a":{"b":{"p":{"_ace":{"denyvalues":["a"]}}}}}}`:                         "_api.a.b.p._ace.denyvalues: want perms, allowValues",
		`{"_api":{"a":{"b":{"p":{"_ace":{"denyValues":"a"}}}}}}`:                           "_api.a.b.p._ace.denyValues: want an array",
		`{"_api":{"a":{"b":{"p":{"_ace":{"denyValues":[{}]}}}}}}`:                          "_api.a.b.p._ace.denyValues.0: want a text",
		`{"_api":{"a":{"b":{"p":{"_ace":{"denyValues":["regex(\"(\")"]}}}}}}`:              "_api.a.b.p._ace.denyValues: \"regex(",
		`{"_api":{"a":{"b":{"p":{"_ace":{"denyValues":["regex(x)"]}}}}}}`:                  "_api.a.b.p._ace.denyValues: \"regex(x)\": want regex",
		`{"_api":{"a":{"b":{"p":{"_ace":{"perms":"rw"}}}}}}`:                               "_api.a.b.p._ace.perms: want x or -x",
		`{"_api":{"a":{"b":{"p":{"_ace":{"required":"maybe"}}}}}}`:                         "_api.a.b.p._ace.required: want true or false",
		`{"_api":{"a":{"b":{"p":{"q":{"_ace":{"perms":"x"}}}}}}}`:                          "_api.a.b.p.q: want _ace",
		`{"_api":{"a":{"b":{"_ace":{"perms":"x"}},"B":{"_ace":{"perms":"-x"}}}}}`:          "_api.a.B: is there twice",
		`{"_api":{"a":{"b.c":{"_ace":{"perms":"x"}}},"a.b":{"c":{"_ace":{"perms":"x"}}}}}`: "_api.a.b.c: is there twice",
		`{"_data":{"accounts":{"_ace":{"perms":"x"}}}}`:                                    "_data.accounts._ace.perms: want r, w, rw",
		`{"_data":{"accounts":{"_ace":{"perms":"-"}}}}`:                                    "_data.accounts._ace.perms: want r, w, rw",
		`{"_data":{"accounts":{"_ace":{"perms":"r","required":true}}}}`:                    "_data.accounts._ace: values belong",
		`{"_data":{"accounts":"rw"}}`:                                                      "_data.accounts: want an object",
		`{"_data":{"a..b":{}}}`:                                                            "_data.a..b: want the name of a field",
		`{"_data":{"a":{"B":{"_ace":{"perms":"r"}}},"a.b":{"_ace":{"perms":"r"}}}}`:        "_data.a.b._ace: is there twice",
		`{"_inherit":{}}`:     "_inherit: want an array",
		`{"_inherit":[null]}`: "_inherit.0: want a text",
		`{"_inherit":[` + strings.Repeat(`"_a",`, acl.MaxInherited) + `"_a"]}`:                        "_inherit: at most 512",
		`{"_data":` + strings.Repeat(`{"a":`, 40) + `{}` + strings.Repeat(`}`, 40) + `}`:              "fields are at most 32 levels deep",
		`{"_api":{"` + strings.Repeat("a", 300) + `":{}}}`:                                            "_api: names have at most 256 bytes",
		`{"_api":{"_ace":{"perms":"x","perms":"-x"}}}`:                                                "_api._ace.perms: is there twice",
		`{"_api":{},"_api":{"_ace":{"perms":"x"}}}`:                                                   "_api: is there twice",
		`{"_api":{"accounts":{"search":{"_ace":{"perms":"x"},"_ace":{"perms":"-x"}}}},"_inherit":[]}`: "_api.accounts.search._ace: is there twice",
	} {
		_, err := acl.Parse([]byte(text))
		var wrong *acl.Error
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v, want %s", text, err, want)
		}
	}
}

func TestUnknownMembersArePassedOver(t *testing.T) {
	text := `{ "_inherit": ["_sites", "_sites", "_notOurs"], "note": {"a": [1]}, "_api": {} }`
	l := list(t, text)
	if diff := cmp.Diff([]string{"_sites", "_sites", "_notOurs"}, l.Inherit()); diff != "" {
		t.Error(diff)
	}
	whole, err := acl.Complete([]byte(text))
	if err != nil || string(whole) != `{"_inherit":["_sites","_sites","_notOurs"],"note":{"a":[1]},"_api":{},"_data":{}}` {
		t.Errorf("%s, %v", whole, err)
	}
	for from, want := range map[string]string{
		`{}`:                                    `{"_api":{},"_data":{},"_inherit":[]}`,
		`{"_api":{},"_data":{},"_inherit":[] }`: `{"_api":{},"_data":{},"_inherit":[]}`,
		`{"z":1.10}`:                            `{"z":1.10,"_api":{},"_data":{},"_inherit":[]}`,
	} {
		if got, err := acl.Complete([]byte(from)); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", from, got, err)
		}
	}
}

func TestEffectiveRightsAsAList(t *testing.T) {
	r := rights(t,
		`{"_api":{"admin":{"getPartner":{"_ace":{"perms":"x"},"full":{"_ace":{"perms":"-x"}}}}},"_data":{"accounts":{"account":{"_ace":{"perms":"r"},"data":{"loyaltyTier":{"_ace":{"perms":"rw"}}}}}},"_inherit":["_notOurs"]}`,
		`{"_data":{"accounts":{"account":{"profile":{"_ace":{"perms":"w"}}}}},"_inherit":["_extensions_viewers"]}`,
	)
	methods := []string{"accounts.search", "accounts.extensions.list", "admin.getPartner", "accounts.extensions.get", "accounts.extensions.list", "admin.setACL"}
	want := `{"_api":{"accounts.extensions":{"get":{"_ace":{"perms":"x"}},"list":{"_ace":{"perms":"x"}}},` +
		`"admin":{"getPartner":{"_ace":{"perms":"x"},"full":{"_ace":{"perms":"-x"}}}}},` +
		`"_data":{"accounts":{"account":{"_ace":{"perms":"r"},"data":{"loyaltyTier":{"_ace":{"perms":"rw"}}},"profile":{"_ace":{"perms":"rw"}}}}},` +
		`"_inherit":["_extensions_viewers","_notOurs"]}`
	if diff := cmp.Diff(want, string(r.Document(methods))); diff != "" {
		t.Error(diff)
	}
	if got := string(acl.None.Document(methods)); got != `{"_api":{},"_data":{"accounts":{"account":{}}},"_inherit":[]}` {
		t.Errorf("nobody's rights: %s", got)
	}
}

func TestWhoeverCoversRightsMayGiveThemAway(t *testing.T) {
	full, limited := `{"_inherit":["_accountsFullAccess"]}`, withParam(`"groupID":`+taken)
	for _, c := range []struct {
		mine, others string
		want         bool
	}{
		{`{"_inherit":["_admins"]}`, full, true}, {full, `{"_inherit":["_admins"]}`, false},
		{full, inherits, true}, {inherits, full, false}, {`{"_inherit":["_accountsFullAccess","_raasPoliciesAndEmailTamplates"]}`, search, true},
		{full, full, true}, {search, search, true}, {search, `{}`, true}, {`{}`, search, false},
		{limited, limited, true}, {limited, withParam(`"x":` + mayCall), false}, {withParam(`"x":` + mayCall), limited, true},
		{`{"_api":{"accounts":{"_ace":{"perms":"x"}}}}`, search, true}, {search, `{"_api":{"accounts":{"_ace":{"perms":"x"}}}}`, false},
		{`{"_api":{"accounts":{"_ace":{"perms":"x"},"search":` + taken + `}}}`, search, false},
		{`{"_api":{"accounts":{"_ace":{"perms":"x"},"search":` + taken + `}}}`, `{"_api":{"accounts":{"_ace":{"perms":"x"}}}}`, false},
		{`{"_data":{"accounts":{"account":{"_ace":{"perms":"r"}}}}}`, `{"_data":{"accounts":{"account":{"profile":{"_ace":{"perms":"r"}}}}}}`, true},
		{`{"_data":{"accounts":{"account":{"_ace":{"perms":"r"},"password":{"_ace":{"perms":"-r"}}}}}}`, `{"_data":{"accounts":{"account":{"_ace":{"perms":"r"}}}}}`, false},
		{`{"_data":{"accounts":{"account":{"profile":{"_ace":{"perms":"rw"}}}}}}`, `{"_data":{"accounts":{"account":{"_ace":{"perms":"r"}}}}}`, false},
	} {
		if got := rights(t, c.mine).Covers(rights(t, c.others)); got != c.want {
			t.Errorf("%s covers %s: %v", c.mine, c.others, got)
		}
	}
}
