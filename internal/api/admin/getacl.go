package admin

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// ACLParams name an ACL.
type ACLParams struct {
	PartnerParams
	// ACLID is that of a list of the partner, or the name of a privilege.
	ACLID string `param:"aclID,required"`
}

// ACLResult is the answer of admin.getACL.
type ACLResult struct {
	ACL         json.RawMessage `json:"acl"`
	Description string          `json:"description"`
}

// getACL serves admin.getACL: it returns a stored or built-in ACL, a stored one exactly as it was set.
//
// Servers may call. An ACL that there is not is 400006.
//
// Source: the accelerator, which keeps what it gets under version control.
func getACL(d Deps) *method.Method {
	spec := aboutPartner("admin.getACL", "Returns an ACL.")
	return method.New(spec, func(ctx context.Context, c *method.Call[ACLParams]) (*ACLResult, error) {
		owner, err := d.partner(ctx, c.Invocation, c.Params.PartnerID)
		if err != nil {
			return nil, err
		}
		if p, ok := acl.Lookup(c.Params.ACLID); ok {
			whole, err := acl.Complete(p.Document())
			return &ACLResult{ACL: whole, Description: p.Summary}, err
		}
		record, err := d.Store.ConfigObject(ctx, store.OwnerOfPartner(owner.ID), acl.KindList, c.Params.ACLID)
		if missing(err) {
			return nil, gigya.InvalidArgumentBecause("aclID", "there is no such ACL")
		}
		if err != nil {
			return nil, err
		}
		kept, err := acl.ReadStored(record.Document)
		if err != nil {
			return nil, err
		}
		return &ACLResult{ACL: kept.ACL, Description: kept.Description}, nil
	})
}
