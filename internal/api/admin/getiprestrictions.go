package admin

import (
	"context"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
)

// maxAllowed bounds the networks of one list.
const maxAllowed = 256

// readNetworks reads a JSON array of addresses and networks; it is never nil.
func readNetworks(text string) ([]string, error) {
	list, err := textList(site.AllowedIPsMember, text)
	if err != nil {
		return nil, err
	}
	if len(list) > maxAllowed {
		return nil, gigya.InvalidArgumentBecause(site.AllowedIPsMember, "at most 256 networks")
	}
	networks := []string{}
	for i, text := range list {
		n, err := site.ParseNetwork(text)
		if err != nil {
			return nil, gigya.InvalidArgumentBecause(element(site.AllowedIPsMember, i), err.Error())
		}
		networks = append(networks, site.NetworkText(n))
	}
	return networks, nil
}

// checkNotShutOut refuses networks in which the caller is not.
func checkNotShutOut(c *method.Invocation, networks []string) error {
	if len(networks) == 0 {
		return nil
	}
	for _, text := range networks {
		if n, err := site.ParseNetwork(text); err == nil && n.Contains(c.ClientIP.Unmap().WithZone("")) {
			return nil
		}
	}
	return gigya.InvalidArgumentBecause(site.AllowedIPsMember,
		"the address of this call, "+c.ClientIP.String()+", would be shut out; send force=true if that is meant")
}

// setNetworks puts the networks into a configuration: nil leaves them, an empty list takes them away.
func setNetworks(own *document.Object, networks []string) {
	switch {
	case networks == nil:
	case len(networks) == 0:
		own.Delete(site.AllowedIPsMember)
	default:
		own.Set(site.AllowedIPsMember, document.Texts(networks))
	}
}

// IPRestrictionsResult is the answer of admin.getIPRestrictions.
type IPRestrictionsResult struct {
	AllowedIPs []string `json:"allowedIPs"`
}

// getIPRestrictions serves admin.getIPRestrictions: it returns the networks from which server calls of a partner may come. None: any.
//
// Servers may call. Those of a single key are in admin.getUserKeyInfo.
func getIPRestrictions(d Deps) *method.Method {
	spec := extension(aboutPartner("admin.getIPRestrictions", "Returns the networks from which server calls of a partner may come."))
	return method.New(spec, func(ctx context.Context, c *method.Call[PartnerParams]) (*IPRestrictionsResult, error) {
		p, err := d.partner(ctx, c.Invocation, c.Params.PartnerID)
		if err != nil {
			return nil, err
		}
		result := &IPRestrictionsResult{AllowedIPs: []string{}}
		for _, n := range p.AllowedIPs() {
			result.AllowedIPs = append(result.AllowedIPs, site.NetworkText(n))
		}
		return result, nil
	})
}
