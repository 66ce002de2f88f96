package acl_test

import (
	"fmt"
	"testing"

	"github.com/doorward/doorward/internal/acl"
)

// manyGroups are the rights of a key in twenty groups: lists with entries of their own, and privileges.
func manyGroups(t testing.TB) *acl.Rights {
	privileges := acl.Privileges()
	lists := make([]*acl.List, 20)
	for i := range lists {
		lists[i] = list(t, fmt.Sprintf(`{"_api":{"accounts":{"method%d":%s,"search":{"_ace":{"perms":"x"},"openCursor":%s}}},"_inherit":[%q,%q]}`,
			i, mayCall, taken, privileges[3+i].Name, privileges[(23+i)%len(privileges)].Name))
	}
	return acl.Compile(lists...)
}

func BenchmarkPermission(b *testing.B) {
	r := manyGroups(b)
	b.ReportAllocs()
	for b.Loop() {
		if g := r.Method("accounts.getaccountinfo"); !g.Held() || !g.Free() {
			b.Fatal("not held")
		}
	}
}

func BenchmarkPermissionWithLimits(b *testing.B) {
	r := acl.Compile(list(b, withParam(`"groupID":{"_ace":{"allowValues":["dev*"]}},"aclID":`+taken)), list(b, withParam(`"groupID":{"_ace":{"allowValues":["test*"]}}`)))
	g := r.Method("admin.creategroup")
	b.ReportAllocs()
	for b.Loop() {
		if !g.Judge([]acl.Arg{{Name: "aclid"}, {Name: "groupid", Values: []string{"test1"}}}).Allowed {
			b.Fatal("refused")
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		manyGroups(b)
	}
}

func TestAskingForARightAllocatesNothing(t *testing.T) {
	r := manyGroups(t)
	for _, name := range []string{"accounts.getaccountinfo", "idx.createdataflow", "admin.deletesite", "not.there"} {
		if n := testing.AllocsPerRun(100, func() {
			g := r.Method(name)
			_, _ = g.Held(), g.Free()
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	f := r.Fields()
	if n := testing.AllocsPerRun(100, func() { _ = f.All(acl.Read) || f.At("profile").All(acl.Read) }); n != 0 {
		t.Errorf("fields: %v allocations", n)
	}
}
