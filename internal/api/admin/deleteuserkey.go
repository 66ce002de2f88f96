package admin

import (
	"context"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// deleteUserKey serves admin.deleteUserKey: it deletes an application or a user key. Its next call is 403005, and no permission group
// has it any more.
//
// Servers may call. A key that there is not, or that belongs to another partner, is 400006; so is the last one of the group _admins that
// can call.
//
// Sources: exported ACLs, which name the method; the REST guide says that later calls fail. The name targetUserKey is not documented.
func deleteUserKey(d Deps) *method.Method {
	spec := changing(aboutPartner("admin.deleteUserKey", "Deletes an application or a user key."))
	return method.New(spec, func(ctx context.Context, c *method.Call[TargetParams]) (method.None, error) {
		partners, err := d.partnerIDs(ctx)
		if err != nil {
			return method.None{}, err
		}
		return method.None{}, d.changeKey(ctx, c.Invocation, c.Params, func(tx store.Tx, k *store.Key) error {
			if err := checkAdminsWithout(tx, k, "targetUserKey"); err != nil {
				return err
			}
			k.Revoked = clock.FromTime(c.Now)
			return leaveGroups(tx, partners, k.UserKey, k.Revoked)
		})
	})
}
