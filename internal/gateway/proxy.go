package gateway

import (
	"net/http"
	"net/netip"
	"strings"
)

// Proxies decides what is believed of a request that came through proxies: only what a trusted one says.
type Proxies struct {
	// Trusted are the addresses of the proxies in front of the server.
	Trusted []netip.Prefix
	// PublicURL is scheme and host of the server as clients know it; empty: what the request says.
	PublicURL string
}

// Origin is where a request came from, as far as it is known for sure.
type Origin struct {
	// ClientIP is the nearest address that is no trusted proxy; invalid if there is none (a Unix socket).
	ClientIP netip.Addr
	// Secure: the client used TLS.
	Secure bool
	// Proxied: the peer is a trusted proxy.
	Proxied bool
	// Host is the host as the client named it, with its port.
	Host string
	// BaseURL is scheme and host as clients see them.
	BaseURL string
}

// Of reads the origin of the request.
func (p *Proxies) Of(r *http.Request) Origin {
	o := Origin{ClientIP: address(r.RemoteAddr), Secure: r.TLS != nil, Host: r.Host}
	if p.trusts(o.ClientIP) {
		p.forwarded(r.Header, &o)
	}
	scheme := "http://"
	if o.Secure {
		scheme = "https://"
	}
	o.BaseURL = p.PublicURL
	if o.BaseURL == "" {
		o.BaseURL = scheme + o.Host
	}
	return o
}

// hop is what one proxy said of its peer.
type hop struct{ addr, proto, host string }

// forwarded follows the chain from the nearest proxy outwards, for as long as the speaker is trusted. What stands further
// left was written by somebody who is not, and is not looked at.
func (p *Proxies) forwarded(header http.Header, o *Origin) {
	o.Proxied = true
	hops := hopsOf(header)
	for i := len(hops) - 1; i >= 0; i-- {
		h := hops[i]
		switch strings.ToLower(h.proto) {
		case "https":
			o.Secure = true
		case "http":
			o.Secure = false
		}
		if h.host != "" && validHost(h.host) {
			o.Host = h.host
		}
		addr := address(h.addr)
		if !addr.IsValid() {
			return
		}
		o.ClientIP = addr
		if !p.trusts(addr) {
			return
		}
	}
}

func (p *Proxies) trusts(addr netip.Addr) bool {
	if !addr.IsValid() {
		return false
	}
	for _, prefix := range p.Trusted {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// hopsOf reads the X-Forwarded headers, or the header of RFC 7239 if there are none. Lists of different lengths are
// matched from their right ends, the ends that the nearest proxy wrote.
func hopsOf(header http.Header) []hop {
	addrs := elements(header, "X-Forwarded-For")
	protos := elements(header, "X-Forwarded-Proto")
	hosts := elements(header, "X-Forwarded-Host")
	if len(addrs)+len(protos)+len(hosts) == 0 {
		return standardHops(header)
	}
	hops := make([]hop, max(len(addrs), 1))
	for i := range hops {
		fromRight := len(hops) - 1 - i
		hops[i] = hop{at(addrs, fromRight), at(protos, fromRight), at(hosts, fromRight)}
	}
	return hops
}

// maxHops bounds the chain that is looked at.
const maxHops = 32

func standardHops(header http.Header) []hop {
	var hops []hop
	for _, element := range elements(header, "Forwarded") {
		var h hop
		for pair := range strings.SplitSeq(element, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			value = strings.Trim(value, `"`)
			switch strings.ToLower(name) {
			case "for":
				h.addr = value
			case "proto":
				h.proto = value
			case "host":
				h.host = value
			}
		}
		hops = append(hops, h)
	}
	return hops
}

func elements(header http.Header, name string) []string {
	var list []string
	for _, line := range header.Values(name) {
		for element := range strings.SplitSeq(line, ",") {
			list = append(list, strings.TrimSpace(element))
		}
	}
	if len(list) > maxHops {
		list = list[len(list)-maxHops:]
	}
	return list
}

func at(list []string, fromRight int) string {
	if fromRight >= len(list) {
		return ""
	}
	return list[len(list)-1-fromRight]
}

// address reads an IP address with or without a port, brackets or a zone; anything else is the invalid address.
func address(text string) netip.Addr {
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// validHost refuses what could not be a host: it ends in URLs that are given out.
func validHost(host string) bool {
	return len(host) <= 255 && !strings.ContainsAny(host, "/\\@?# \t\r\n\"<>'")
}
