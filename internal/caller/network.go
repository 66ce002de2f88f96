package caller

import (
	"context"
	"net/netip"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/site"
)

// checkNetwork refuses calls from networks that may not make them: of clients those that the site blocks, of servers all but those
// that the key and its partner allow, and the partner that the call is about, if they allow some: the key of a person may reach
// several.
func (v *Resolver) checkNetwork(ctx context.Context, r *Request, s *site.Site, c *Caller) error {
	if c.Class != Server {
		if s != nil && site.Within(r.ClientIP, s.BlockedIPs()) {
			return refused(r.ClientIP)
		}
		return nil
	}
	if s != nil {
		if err := CheckNetwork(r.ClientIP, s.Partner, c.Key); err != nil {
			return err
		}
	}
	if c.Key == nil {
		return nil
	}
	about, _ := r.about(s, c.Key.Partner)
	for _, id := range [...]int64{c.Key.Partner, about} {
		if s != nil && id == s.Partner.ID {
			continue
		}
		partner, err := v.sites.PartnerByID(ctx, id)
		if err != nil {
			return err
		}
		if err := CheckNetwork(r.ClientIP, partner, c.Key); err != nil {
			return err
		}
	}
	return nil
}

// CheckNetwork is 403007, with the address in the details, for a server call from an address that the partner or the key, which may be nil,
// does not allow. An address that is not known is one of no network. It is for those who prove a credential themselves.
func CheckNetwork(address netip.Addr, partner *site.Partner, key *site.Key) error {
	if allowed(address, partner.AllowedIPs()) && (key == nil || allowed(address, key.AllowedIPs())) {
		return nil
	}
	return refused(address)
}

func allowed(address netip.Addr, list []netip.Prefix) bool {
	return len(list) == 0 || site.Within(address, list)
}

func refused(address netip.Addr) error {
	return gigya.NewError(gigya.PermissionDenied, "Calls from the address "+address.Unmap().String()+" are not allowed")
}
