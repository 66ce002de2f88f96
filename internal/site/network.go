package site

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// Members of stored configurations that hold networks.
const (
	// RestrictionsMember is the member of a site's configuration with its block lists: {blockedIPs, blockedWords}.
	RestrictionsMember = "restrictions"
	// AllowedIPsMember is the member of a partner's or a key's configuration with the networks that its server calls may come from.
	AllowedIPsMember = "allowedIPs"
)

// ParseNetwork reads an address or a network in the form 192.0.2.0/24. An IPv4 address in the form of IPv6 is the IPv4 address. Bits
// behind the length of the network are dropped.
func ParseNetwork(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, errors.New("want an address such as 192.0.2.7 or a network such as 192.0.2.0/24")
	}
	if prefix.Addr().Is4In6() {
		const mapped = 96 // bits before the IPv4 address
		if prefix.Bits() < mapped {
			return netip.Prefix{}, errors.New("want IPv4 networks in their own form, such as 192.0.2.0/24")
		}
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-mapped)
	}
	return prefix.Masked(), nil
}

// NetworkText is the text of a network; one of a single address is written as the address.
func NetworkText(n netip.Prefix) string {
	if n.IsSingleIP() {
		return n.Addr().String()
	}
	return n.String()
}

// networks reads a stored list. What cannot be read is left out; it was refused when it was set.
func networks(list json.RawMessage) []netip.Prefix {
	var read []netip.Prefix
	_ = document.Elements(list, func(raw []byte) bool {
		if text, ok := document.Text(raw); ok {
			if n, err := ParseNetwork(text); err == nil {
				read = append(read, n)
			}
		}
		return true
	})
	return read
}

// Within tells whether the address is in one of the networks.
func Within(address netip.Addr, list []netip.Prefix) bool {
	address = address.Unmap().WithZone("")
	for _, n := range list {
		if n.Contains(address) {
			return true
		}
	}
	return false
}

// blockedIPs are those of a site's configuration.
func blockedIPs(config json.RawMessage) []netip.Prefix {
	list, _ := document.MemberAt(config, RestrictionsMember, "blockedIPs")
	return networks(list)
}

// allowedIPs are those of a partner's or a key's configuration.
func allowedIPs(config json.RawMessage) []netip.Prefix {
	list, _ := document.Member(config, AllowedIPsMember)
	return networks(list)
}

// BlockedIPs are the networks whose client calls the site refuses. The caller must not alter the slice.
func (s *Site) BlockedIPs() []netip.Prefix { return s.blocked }

// AllowedIPs are the networks that server calls of the partner may come from; none: any. The caller must not alter the slice.
func (p *Partner) AllowedIPs() []netip.Prefix { return p.allowed }

// AllowedIPs are the networks that calls of the key may come from; none: any. The caller must not alter the slice.
func (k *Key) AllowedIPs() []netip.Prefix { return k.allowed }
