package admin

import (
	"context"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// RotatePartnerSecretParams are the parameters of admin.rotatePartnerSecret.
type RotatePartnerSecretParams struct {
	PartnerParams
	OverlapParams
}

// RotatePartnerSecretResult is the answer of admin.rotatePartnerSecret.
type RotatePartnerSecretResult struct {
	PartnerID           int64  `json:"partnerID"`
	SecretKey           string `json:"secretKey"`
	PreviousSecretUntil string `json:"previousSecretUntil,omitempty"`
}

// rotatePartnerSecret serves admin.rotatePartnerSecret: it gives a partner a new secret and returns it. The one before proves calls for the
// overlap, and so do signatures of UIDs, sessions and queries made with it; without an overlap it is dead at once. What the server signs,
// it signs with the new one.
//
// Keys that hold every right may call, and the partner itself: who has the secret has every right. Others are 403007.
func rotatePartnerSecret(d Deps) *method.Method {
	spec := changing(extension(aboutPartner("admin.rotatePartnerSecret", "Gives a partner a new secret.")))
	return method.New(spec, func(ctx context.Context, c *method.Call[RotatePartnerSecretParams]) (*RotatePartnerSecretResult, error) {
		p := &c.Params
		owner, err := d.partner(ctx, c.Invocation, p.PartnerID)
		if err != nil {
			return nil, err
		}
		h, err := d.holder(ctx, c.Invocation, owner.ID)
		if err != nil {
			return nil, err
		}
		if !h.all() {
			return nil, beyond("partnerID")
		}
		result := &RotatePartnerSecretResult{PartnerID: owner.ID}
		err = d.changePartner(ctx, c.Invocation, owner.ID, func(record *store.Partner, _ *document.Object) error {
			result.SecretKey = d.Factory.RotatePartner(record, p.duration())
			result.PreviousSecretUntil = ""
			if record.PreviousUntil != 0 {
				result.PreviousSecretUntil = record.PreviousUntil.ISO()
			}
			return nil
		})
		return result, err
	})
}
