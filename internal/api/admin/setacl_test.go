package admin_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/api/admin"
	"github.com/doorward/doorward/internal/store"
)

func TestAllListsOfAPartnerTogetherAreBounded(t *testing.T) {
	h := newHouse(t)
	// list is one of about n bytes.
	list := func(n int) string {
		return `{"_inherit":["x"` + strings.Repeat(`,"`+strings.Repeat("x", 1997)+`"`, n/2000) + `]}`
	}
	put := func(tx store.Tx, name string, size int) error {
		doc := `{"acl":{"_api":{},"_data":{},"_inherit":["` + strings.Repeat("x", size) + `"]},"description":""}`
		return tx.PutConfigObject(&store.ConfigObject{Owner: store.OwnerOfPartner(h.Partner), Kind: acl.KindList, Name: name, Document: []byte(doc)})
	}
	h.Change(func(tx store.Tx) error {
		for i := range 16 {
			if err := put(tx, fmt.Sprint("list", i), 1_040_000); err != nil {
				return err
			}
		}
		return nil
	})
	const tooLarge = "413001 acl: all ACLs of the partner together have more than 16 MiB"
	for i, set := range []struct {
		name string
		size int
		want string
	}{{"one", 100_000, `{}`}, {"two", 100_000, tooLarge}, {"one", 500_000, tooLarge}, {"list1", 900_000, `{}`}, {"two", 100_000, `{}`}, {"two", 90_000, `{}`}} {
		if got := h.call(h.boss, "admin.setACL", "partnerID", h.id, "aclID", set.name, "acl", list(set.size)); got != set.want {
			t.Errorf("%d: %.200s", i, got)
		}
	}
	// What files bring is held against what was there.
	check := func(name string, size int) error {
		var checked error
		h.Change(func(tx store.Tx) error {
			before, err := admin.AdministratorsOf(tx, h.Partner)
			if err != nil {
				return err
			}
			if err := put(tx, name, size); err != nil {
				return err
			}
			checked = before.Check(tx)
			return nil
		})
		return checked
	}
	var refused *gigya.Error
	if err := check("three", 1_000_000); !errors.As(err, &refused) || "413001 "+refused.Details != tooLarge {
		t.Errorf("one more: %v", err)
	}
	h.check(check("three", 900_000)) // Still too much, and less than it was.
}
