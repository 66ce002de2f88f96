package admin

import (
	"context"
	"errors"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// GetUserKeyInfoParams are the parameters of admin.getUserKeyInfo.
type GetUserKeyInfoParams struct {
	PartnerID int64 `param:"partnerID"`
	// TargetUserKey is the key; absent: the calling one.
	TargetUserKey string `param:"targetUserKey"`
	// IncludeSecret shows the secret.
	IncludeSecret bool `param:"includeSecret"`
}

// getUserKeyInfo serves admin.getUserKeyInfo: it returns one application or user key.
//
// Servers may call. A key that there is not, or that belongs to another partner, is 400006. The secret of another key is shown to who
// holds all that the key holds; to others it is 403007. Every call is in the audit log.
func getUserKeyInfo(d Deps) *method.Method {
	// A write, so that whoever reads a secret is on the record before it is told.
	spec := changing(extension(aboutPartner("admin.getUserKeyInfo", "Returns an application or a user key.")))
	return method.New(spec, func(ctx context.Context, c *method.Call[GetUserKeyInfoParams]) (*UserKeyResult, error) {
		p := &c.Params
		owner, err := d.partnerOrOwn(ctx, c.Invocation, p.PartnerID)
		if err != nil {
			return nil, err
		}
		if p.TargetUserKey == "" {
			if c.Caller.Key == nil {
				return nil, gigya.MissingParameter("targetUserKey")
			}
			p.TargetUserKey = c.Caller.Key.UserKey
		}
		record, err := d.Store.Key(ctx, p.TargetUserKey)
		self := c.Caller.Key != nil && c.Caller.Key.UserKey == p.TargetUserKey
		if errors.Is(err, store.ErrNotFound) || err == nil && (record.Partner != owner.ID && !self || record.Revoked != 0) {
			return nil, noKey()
		}
		if err != nil {
			return nil, err
		}
		v, err := viewKey(record)
		if err != nil || !p.IncludeSecret {
			return &UserKeyResult{User: v}, err
		}
		if err := d.checkTakeover(ctx, c.Invocation, record.Partner, record.UserKey); err != nil {
			return nil, err
		}
		key, err := d.Sites.Key(ctx, record.UserKey)
		if err != nil {
			return nil, err
		}
		v.Secret = key.SecretText
		return &UserKeyResult{User: v}, nil
	})
}
