package admin

import (
	"context"
	"time"

	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// OverlapParams is the parameter of rotations.
type OverlapParams struct {
	// Overlap is how long the secret before is good beside the new one, in seconds: at most a year.
	Overlap int64 `param:"overlapSeconds,min=0,max=31536000"`
}

func (p OverlapParams) duration() time.Duration { return time.Duration(p.Overlap) * time.Second }

// RotateUserKeySecretParams are the parameters of admin.rotateUserKeySecret.
type RotateUserKeySecretParams struct {
	TargetParams
	OverlapParams
}

// rotateUserKeySecret serves admin.rotateUserKeySecret: it gives an application or a user key a new secret and returns it. The one
// before proves calls for the overlap, wherever a secret or a signature is taken; without an overlap it is dead at once.
//
// Servers may call. A key that there is not, or that belongs to another partner, is 400006, one that holds more than the caller 403007.
func rotateUserKeySecret(d Deps) *method.Method {
	spec := changing(extension(aboutPartner("admin.rotateUserKeySecret", "Gives an application or a user key a new secret.")))
	return method.New(spec, func(ctx context.Context, c *method.Call[RotateUserKeySecretParams]) (*UserKeyResult, error) {
		p := &c.Params
		owner, err := d.partnerOrOwn(ctx, c.Invocation, p.PartnerID)
		if err != nil {
			return nil, err
		}
		if err := d.checkTakeover(ctx, c.Invocation, owner.ID, p.TargetUserKey); err != nil {
			return nil, err
		}
		var shown *UserKey
		err = d.changeKey(ctx, c.Invocation, p.TargetParams, func(_ store.Tx, k *store.Key) (err error) {
			secret := d.Factory.RotateKey(k, p.duration())
			if shown, err = viewKey(k); err == nil {
				shown.Secret = secret
			}
			return err
		})
		return &UserKeyResult{User: shown}, err
	})
}
