package acl_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/doorward/doorward/internal/acl"
)

// words of the lists that are drawn: few, so that entries meet.
var (
	someMethods = []string{"accounts.search", "accounts.getAccountInfo", "accounts.tfa.resetTFA", "admin.createGroup", "idx.search"}
	someParams  = []string{"groupID", "aclID", "scope"}
	someValues  = []string{"a", "b", "dev1", "dev2", ""}
	someFields  = []string{"profile", "profile.email", "data", "data.a", "data.a.b", "password"}
	somePrivs   = []string{"_accountsFullAccess", "_admins", "_rolesAndPermissionsManagement", "_siteDashboardPartialSecretKey", "_idx_viewers", "_unknown"}
)

func drawValues(t *rapid.T) string {
	values := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "dev*", "*", "none", `regex(\"dev[12]\")`}), 1, 3).Draw(t, "values")
	return `["` + strings.Join(values, `","`) + `"]`
}

func drawRule(t *rapid.T) string {
	entry := `"perms":"` + rapid.SampledFrom([]string{"x", "x", "-x"}).Draw(t, "perms") + `"`
	for _, list := range []string{"allowValues", "denyValues", "defaultValues"} {
		if rapid.IntRange(0, 3).Draw(t, list) == 0 {
			entry += `,"` + list + `":` + drawValues(t)
		}
	}
	if rapid.IntRange(0, 5).Draw(t, "required") == 0 {
		entry += `,"required":true`
	}
	return `{"_ace":{` + entry + `}}`
}

func drawList(t *rapid.T) string {
	namespaces := map[string][]string{}
	for _, name := range someMethods {
		cut := strings.LastIndexByte(name, '.')
		var members []string
		if say := rapid.SampledFrom([]string{"", "", "x", "-x"}).Draw(t, name); say != "" {
			members = append(members, `"_ace":{"perms":"`+say+`"}`)
		}
		for _, param := range someParams {
			if rapid.IntRange(0, 4).Draw(t, param) == 0 {
				members = append(members, `"`+param+`":`+drawRule(t))
			}
		}
		namespaces[name[:cut]] = append(namespaces[name[:cut]], `"`+name[cut+1:]+`":{`+strings.Join(members, ",")+`}`)
	}
	var api []string
	for namespace, members := range namespaces {
		if say := rapid.SampledFrom([]string{"", "", "", "x", "-x"}).Draw(t, namespace); say != "" {
			members = append(members, `"_ace":{"perms":"`+say+`"}`)
		}
		api = append(api, `"`+namespace+`":{`+strings.Join(members, ",")+`}`)
	}
	slices.Sort(api)
	var fields []string
	for _, field := range someFields {
		if perms := rapid.SampledFrom([]string{"", "", "r", "w", "rw", "-r", "-rw"}).Draw(t, field); perms != "" {
			fields = append(fields, `"`+field+`":{"_ace":{"perms":"`+perms+`"}}`)
		}
	}
	inherit := rapid.SliceOfN(rapid.SampledFrom(somePrivs), 0, 2).Draw(t, "inherit")
	return fmt.Sprintf(`{"_api":{%s},"_data":{"accounts":{"account":{%s}}},"_inherit":["_no_permissions","%s"]}`,
		strings.Join(api, ","), strings.Join(fields, ","), strings.Join(inherit, `","`))
}

func drawLists(t *rapid.T, label string) []*acl.List {
	var lists []*acl.List
	for range rapid.IntRange(0, 4).Draw(t, label) {
		text := drawList(t)
		l, err := acl.Parse([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		lists = append(lists, l)
	}
	return lists
}

// seen is all that can be asked of rights about a call.
func seen(r *acl.Rights, method string, sent map[string][]string) (allowed bool, withheld, forced map[string]bool) {
	g := r.Method(strings.ToLower(method))
	withheld, forced = map[string]bool{}, map[string]bool{}
	if !g.Held() {
		return false, withheld, forced
	}
	var args []acl.Arg
	for _, name := range g.Limited() {
		args = append(args, acl.Arg{Name: name, Values: sent[name]})
	}
	v := g.Judge(args)
	for _, at := range v.Withheld {
		withheld[args[at].Name] = true
	}
	for _, f := range v.Forced {
		forced[f.Name] = true
	}
	return v.Allowed, withheld, forced
}

func drawCall(t *rapid.T) map[string][]string {
	sent := map[string][]string{}
	for _, param := range someParams {
		if rapid.Bool().Draw(t, "sends "+param) {
			sent[strings.ToLower(param)] = rapid.SliceOfN(rapid.SampledFrom(someValues), 1, 2).Draw(t, "values of "+param)
		}
	}
	return sent
}

func TestTheOrderOfListsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lists := drawLists(t, "lists")
		other := rapid.Permutation(lists).Draw(t, "order")
		if len(other) > 0 {
			other = append(other, other[0]) // Nor does how often one is there.
		}
		one, two := acl.Compile(lists...), acl.Compile(other...)
		if a, b := string(one.Document(someMethods)), string(two.Document(someMethods)); a != b {
			// Values of limits are shown in the order of the ways, which is the same: so are the texts.
			t.Fatalf("%s\n%s", a, b)
		}
		sent := drawCall(t)
		for _, name := range someMethods {
			a1, w1, f1 := seen(one, name, sent)
			a2, w2, f2 := seen(two, name, sent)
			if a1 != a2 || fmt.Sprint(w1, f1) != fmt.Sprint(w2, f2) {
				t.Fatalf("%s: %v %v %v, %v %v %v", name, a1, w1, f1, a2, w2, f2)
			}
		}
		if !one.Covers(two) || !two.Covers(one) {
			t.Fatal("equal rights do not cover each other")
		}
	})
}

func TestOneMoreListNeverTakesAnythingAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lists, more := drawLists(t, "lists"), drawLists(t, "more")
		before, after := acl.Compile(lists...), acl.Compile(append(more, lists...)...)
		sent := drawCall(t)
		for _, name := range someMethods {
			a1, w1, _ := seen(before, name, sent)
			a2, w2, f2 := seen(after, name, sent)
			if a1 && len(w1) == 0 && !a2 {
				t.Fatalf("%s is refused now", name)
			}
			for param := range w2 {
				if a1 && !w1[param] {
					t.Fatalf("%s: %s is withheld now", name, param)
				}
			}
			if a1 && len(w1) == 0 {
				for param := range f2 {
					if len(sent[param]) > 0 {
						t.Fatalf("%s: %s, which was sent, is replaced now", name, param)
					}
				}
			}
		}
		for _, path := range someFields {
			for _, right := range []acl.Right{acl.Read, acl.Write} {
				at := strings.Split(path, ".")
				if before.Fields().At(at...).All(right) && !after.Fields().At(at...).All(right) ||
					before.Fields().At(at...).Any(right) && !after.Fields().At(at...).Any(right) {
					t.Fatalf("%s: %s is gone", path, right)
				}
			}
		}
	})
}

func TestWhatAListSaysItselfBeatsWhatItInherits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(someMethods).Draw(t, "method")
		say := rapid.SampledFrom([]string{"x", "-x"}).Draw(t, "say")
		inherit := rapid.SliceOf(rapid.SampledFrom(somePrivs)).Draw(t, "inherit")
		cut := strings.LastIndexByte(name, '.')
		text := fmt.Sprintf(`{"_api":{%q:{%q:{"_ace":{"perms":%q}}}},"_data":{"accounts":{"account":{"_ace":{"perms":"r"}}}},"_inherit":["_no_permissions","%s"]}`,
			name[:cut], name[cut+1:], say, strings.Join(inherit, `","`))
		l, err := acl.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		r := acl.Compile(l)
		if g := r.Method(strings.ToLower(name)); g.Free() != (say == "x") || g.Held() != (say == "x") {
			t.Fatalf("%s: held %v, free %v", text, g.Held(), g.Free())
		}
		if !r.Fields().All(acl.Read) || r.Fields().Any(acl.Write) {
			t.Fatalf("%s: fields are others than the list says", text)
		}
	})
}

func TestEffectiveRightsReadAsAListAreTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := acl.Compile(drawLists(t, "lists")...)
		text := r.Document(someMethods)
		l, err := acl.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		again := acl.Compile(l)
		for _, path := range append([]string{"", "other"}, someFields...) {
			for _, right := range []acl.Right{acl.Read, acl.Write} {
				a, b := r.Fields().At(strings.Split(path, ".")...), again.Fields().At(strings.Split(path, ".")...)
				if a.All(right) != b.All(right) || a.Any(right) != b.Any(right) {
					t.Fatalf("%s: %q differs", text, path)
				}
			}
		}
		for _, name := range someMethods {
			if r.May(name) && !again.May(name) {
				t.Fatalf("%s lacks %s", text, name)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"_api":{"accounts":{"search":{"_ace":{"perms":"x"},"query":{"_ace":{"perms":"-x","defaultValues":["a"],"required":true}}}}},"_data":{"accounts":{"account":{"data.x":{"_ace":{"perms":"-r"}}}}},"_inherit":["_admins",1]}`))
	f.Add([]byte(`{"_api":{"_ace":{"perms":"x"},"a":{"_ace":{"perms":"-x"},"b":{"p":{"_ace":{"allowValues":["regex(\"a+\")","dev*","*","none"]}}}}}}`))
	for _, p := range acl.Privileges() {
		f.Add([]byte(p.Document()))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := acl.Parse(text)
		if err != nil {
			return
		}
		whole, err := acl.Complete(text)
		if err != nil {
			t.Fatalf("a list that was read cannot be completed: %v", err)
		}
		again, err := acl.Parse(whole)
		if err != nil {
			t.Fatalf("%s: %v", whole, err)
		}
		one, two := acl.Compile(l), acl.Compile(again)
		a, b := string(one.Document(someMethods)), string(two.Document(someMethods))
		if a != b {
			t.Fatalf("%s\n%s", a, b)
		}
		if _, err := acl.Parse([]byte(a)); err != nil {
			t.Fatalf("effective rights that cannot be read: %s: %v", a, err)
		}
		if !one.Covers(two) || !one.Covers(acl.None) || !acl.All.Covers(one) {
			t.Fatalf("%s: rights do not cover themselves", text)
		}
		one.Fields().Filter(text)
		one.Fields().Unwritable(text)
	})
}
