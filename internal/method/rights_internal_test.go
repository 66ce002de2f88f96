package method

import (
	"context"
	"fmt"
	"testing"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/site"
)

func nothing(context.Context, *Call[None]) (None, error) { return None{}, nil }

func TestACallWithoutLimitsNeedsNoMemory(t *testing.T) {
	m := New(Spec{Name: "accounts.getAccountInfo", Summary: "s", Callers: caller.Server}, nothing)
	list, err := acl.Parse([]byte(`{"_inherit":["_accountsFullAccess"]}`))
	if err != nil {
		t.Fatal(err)
	}
	c := &caller.Caller{Class: caller.Server, Key: &site.Key{}, Rights: acl.Compile(list)}
	inv := &Invocation{Method: m, Raw: gigya.NewParams(gigya.Param{Name: "UID", Value: "u"}), Caller: c}
	if n := testing.AllocsPerRun(100, func() {
		if !c.Permitted(m.Spec.Callers, m.Right()) || m.limit(inv) != nil {
			t.Error("refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkPermission is all that the front door asks of a key in twenty groups.
func BenchmarkPermission(b *testing.B) {
	var lists []*acl.List
	for i, p := range acl.Privileges()[:20] {
		list, err := acl.Parse(fmt.Appendf(nil, `{"_api":{"accounts":{"method%d":{"_ace":{"perms":"x"}}}},"_inherit":["_accountsFullAccess",%q]}`, i, p.Name))
		if err != nil {
			b.Fatal(err)
		}
		lists = append(lists, list)
	}
	m := New(Spec{Name: "accounts.getAccountInfo", Summary: "s", Callers: caller.Server}, nothing)
	c := &caller.Caller{Class: caller.Server, Key: &site.Key{}, Rights: acl.Compile(lists...)}
	inv := &Invocation{Method: m, Raw: gigya.NewParams(gigya.Param{Name: "UID", Value: "u"}), Caller: c}
	b.ReportAllocs()
	for b.Loop() {
		if !c.Permitted(m.Spec.Callers, m.Right()) || m.limit(inv) != nil {
			b.Fatal("refused")
		}
	}
}
