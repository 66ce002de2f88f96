package admin

import (
	"context"

	"github.com/doorward/doorward/internal/method"
)

// UserKeysResult is a list of keys.
type UserKeysResult struct {
	Users []*UserKey `json:"users"`
}

// getUserKeys serves admin.getUserKeys: it lists the applications and user keys of a partner, without secrets, oldest first.
//
// Servers may call. Deleted keys are left out.
func getUserKeys(d Deps) *method.Method {
	spec := extension(aboutPartner("admin.getUserKeys", "Lists the applications and user keys of a partner."))
	return method.New(spec, func(ctx context.Context, c *method.Call[PartnerParams]) (*UserKeysResult, error) {
		owner, err := d.partner(ctx, c.Invocation, c.Params.PartnerID)
		if err != nil {
			return nil, err
		}
		keys, err := d.Store.Keys(ctx, owner.ID)
		if err != nil {
			return nil, err
		}
		result := &UserKeysResult{Users: []*UserKey{}}
		for _, k := range keys {
			if k.Revoked != 0 {
				continue
			}
			v, err := viewKey(k)
			if err != nil {
				return nil, err
			}
			result.Users = append(result.Users, v)
		}
		return result, nil
	})
}
