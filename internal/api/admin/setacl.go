package admin

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// maxLists bounds the ACLs of a partner, maxListsSize the bytes of all of them together, which are compiled and kept. Both are ours.
const (
	maxLists     = 1000
	maxListsSize = 16 << 20
)

// SetACLParams are the parameters of admin.setACL.
type SetACLParams struct {
	ACLParams
	// ACL is {_api, _data, _inherit}.
	ACL         string  `param:"acl,required,len=1048576"`
	Description *string `param:"description"`
}

// setACL serves admin.setACL: it makes or replaces an ACL. The rights of every group that has it change with the next call.
//
// Servers may call. Text that is no JSON object is 400004, one that is no ACL 400006 with the path of the member at fault; so is an id that
// begins with an underscore. More than 16 MiB of all ACLs of the partner together are 413001. Names of privileges that are not known are kept, without effect. Rights that the caller does not hold itself
// are given to nobody: 403007.
//
// Source: the accelerator, which does not wait for the answer.
func setACL(d Deps) *method.Method {
	spec := changing(aboutPartner("admin.setACL", "Makes or replaces an ACL."))
	return method.New(spec, func(ctx context.Context, c *method.Call[SetACLParams]) (method.None, error) {
		p := &c.Params
		if err := checkID("aclID", p.ACLID); err != nil {
			return method.None{}, err
		}
		list, whole, err := readList(p.ACL)
		if err != nil {
			return method.None{}, err
		}
		return method.None{}, d.changeGroups(ctx, c.Invocation, p.PartnerID, func(tx store.Tx, h *holder) error {
			if err := h.checkList(tx, p.ACLID, list); err != nil {
				return err
			}
			kept := acl.Stored{ACL: whole}
			lists, err := tx.ConfigObjects(store.OwnerOfPartner(h.partner), acl.KindList)
			if err != nil {
				return err
			}
			if kept.Description, err = oldDescription(lists, p.ACLID); err != nil {
				return err
			}
			if p.Description != nil {
				kept.Description = *p.Description
			}
			if err := checkListsSize(lists, p.ACLID, len(kept.ACL)+len(kept.Description)); err != nil {
				return err
			}
			return putObject(tx, store.OwnerOfPartner(h.partner), acl.KindList, p.ACLID, kept, clock.FromTime(c.Now))
		})
	})
}

// readList reads the text of a list, which it returns with all of its three members.
func readList(text string) (*acl.List, json.RawMessage, error) {
	if err := document.Check([]byte(text), document.MaxDepth); err != nil {
		return nil, nil, gigya.InvalidFormat("acl", "want a JSON object: "+err.Error())
	}
	list, err := acl.Parse([]byte(text))
	if err != nil {
		return nil, nil, atPath("acl", err)
	}
	whole, err := acl.Complete([]byte(text))
	return list, whole, err
}

// oldDescription is that of the list that is replaced; one list too many is 400006.
func oldDescription(lists []*store.ConfigObject, aclID string) (string, error) {
	for _, record := range lists {
		if record.Name == aclID {
			old, err := acl.ReadStored(record.Document)
			return old.Description, err
		}
	}
	if len(lists) >= maxLists {
		return "", gigya.InvalidArgumentBecause("aclID", "a partner has at most 1000 ACLs")
	}
	return "", nil
}

// checkListsSize refuses a list of that many bytes that makes those of the partner too large together. One that does not grow is stored.
func checkListsSize(lists []*store.ConfigObject, aclID string, size int) error {
	total, old := sizeOfLists(lists), 0
	for _, record := range lists {
		if record.Name == aclID {
			old = len(record.Document)
		}
	}
	if size > old && total-old+size > maxListsSize {
		return listsTooLarge()
	}
	return nil
}

func sizeOfLists(lists []*store.ConfigObject) (size int) {
	for _, record := range lists {
		size += len(record.Document)
	}
	return size
}

func listsTooLarge() error {
	return gigya.NewError(gigya.RequestEntityTooLarge, "acl: all ACLs of the partner together have more than 16 MiB")
}

// checkList refuses a list that gives members of the groups that have it more than the caller holds.
func (h *holder) checkList(tx store.Tx, aclID string, list *acl.List) error {
	groups, err := groupsIn(tx, h.partner)
	if err != nil {
		return err
	}
	wanted := acl.Compile(list)
	for _, g := range groupsWith(groups, aclID) {
		if !h.covers(g.Scope, wanted) {
			return beyond("acl")
		}
	}
	return nil
}
