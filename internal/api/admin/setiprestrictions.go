package admin

import (
	"context"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// SetIPRestrictionsParams are the parameters of admin.setIPRestrictions.
type SetIPRestrictionsParams struct {
	PartnerParams
	// AllowedIPs is a JSON array of addresses and networks; an empty one lifts the limit.
	AllowedIPs string `param:"allowedIPs,required,len=65536"`
	// Force sets networks that the caller itself is not in.
	Force bool `param:"force"`
}

// setIPRestrictions serves admin.setIPRestrictions: it says from which networks server calls of a partner may come. All others are 403007
// from then on, with the address in the details.
//
// Servers may call. What is no network is 400006 with its path; so are networks that would shut the caller out, without force=true.
func setIPRestrictions(d Deps) *method.Method {
	spec := changing(extension(aboutPartner("admin.setIPRestrictions", "Says from which networks server calls of a partner may come.")))
	return method.New(spec, func(ctx context.Context, c *method.Call[SetIPRestrictionsParams]) (method.None, error) {
		p := &c.Params
		owner, err := d.partner(ctx, c.Invocation, p.PartnerID)
		if err != nil {
			return method.None{}, err
		}
		networks, err := readNetworks(p.AllowedIPs)
		if err != nil {
			return method.None{}, err
		}
		if !p.Force {
			if err := checkNotShutOut(c.Invocation, networks); err != nil {
				return method.None{}, err
			}
		}
		return method.None{}, d.changePartner(ctx, c.Invocation, owner.ID, func(_ *store.Partner, own *document.Object) error {
			setNetworks(own, networks)
			return nil
		})
	})
}
