package site

import (
	"errors"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// TrustedURL is a pattern of pages that may call from a browser: [scheme://]host[:port][/path].
//
// In the host "*." at the beginning stands for one or more labels, so that *.example.com is every host below
// example.com and not example.com itself; a star elsewhere stands for letters within one label; a lone star is every
// host. What the pattern leaves out matches anything: both schemes, every port, every path. In the path a star stands
// for any text. Hosts are compared in lower case and, beyond ASCII, in the form that DNS and browsers use (xn--…).
type TrustedURL struct {
	scheme, host, port, path string
}

// ParseTrustedURL reads a pattern. The error says what is wrong with it.
func ParseTrustedURL(pattern string) (TrustedURL, error) {
	const longest = 1024
	rest := strings.TrimSpace(pattern)
	if len(rest) > longest {
		return TrustedURL{}, errors.New("a trusted site URL has at most 1024 characters")
	}
	var t TrustedURL
	if scheme, after, ok := strings.Cut(rest, "://"); ok {
		t.scheme, rest = strings.ToLower(scheme), after
		if t.scheme != "http" && t.scheme != "https" {
			return TrustedURL{}, errors.New("the scheme of a trusted site URL is http or https")
		}
	}
	host, path, hasPath := strings.Cut(rest, "/")
	if hasPath {
		t.path = "/" + path
	}
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host, t.port = host[:i], host[i+1:]
		if t.port == "*" {
			t.port = ""
		} else if t.port == "" || strings.Trim(t.port, "0123456789") != "" {
			return TrustedURL{}, errors.New("the port of a trusted site URL is a number")
		}
	}
	forbidden := " \t\\@?#%[],;:\"'<>"
	if inside, ok := strings.CutPrefix(host, "["); ok { // An IPv6 address, the only host with colons.
		if host, ok = strings.CutSuffix(inside, "]"); ok {
			forbidden = strings.ReplaceAll(forbidden, ":", "")
		}
	}
	t.host = asciiHost(host)
	if t.host == "" || strings.ContainsAny(t.host, forbidden) || strings.Contains(t.host, "..") {
		return TrustedURL{}, errors.New("a trusted site URL begins with a host name such as www.example.com or *.example.com")
	}
	return t, nil
}

// Matches tells whether the page is one of the pattern's. Of an origin, which has no path, scheme, host and port decide.
func (t TrustedURL) Matches(page *url.URL) bool {
	scheme := strings.ToLower(page.Scheme)
	if scheme != "http" && scheme != "https" || page.User != nil || page.Opaque != "" {
		return false
	}
	if t.scheme != "" && t.scheme != scheme || !matchHost(t.host, asciiHost(page.Hostname())) {
		return false
	}
	if t.port != "" {
		port := page.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[scheme]
		}
		if t.port != port {
			return false
		}
	}
	path := page.EscapedPath()
	return t.path == "" || t.path == "/" || path == "" || path == "/" || glob(t.path, path)
}

// Trusts tells whether a page, given by its URL or origin, may call the site from a browser.
func (s *Site) Trusts(page string) bool {
	const longest = 8192
	if page == "" || len(page) > longest {
		return false
	}
	u, err := url.Parse(page)
	if err != nil || u.Host == "" {
		return false
	}
	for _, t := range s.trusted {
		if t.Matches(u) {
			return true
		}
	}
	return false
}

// matchHost compares label by label, from the end.
func matchHost(pattern, host string) bool {
	if host == "" || host[0] == '.' || strings.Contains(host, "..") {
		return false
	}
	if pattern == "*" {
		return true
	}
	if tail, ok := strings.CutPrefix(pattern, "*."); ok {
		for {
			_, after, ok := strings.Cut(host, ".")
			if !ok {
				return false
			}
			if host = after; matchLabels(tail, host) {
				return true
			}
		}
	}
	return matchLabels(pattern, host)
}

func matchLabels(pattern, host string) bool {
	p, h := strings.Split(pattern, "."), strings.Split(host, ".")
	if len(p) != len(h) {
		return false
	}
	for i := range p {
		if !glob(p[i], h[i]) {
			return false
		}
	}
	return true
}

// glob matches a text against a pattern in which a star stands for any text. It takes time proportional to the product
// of the lengths at worst.
func glob(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// hostNames turns host names into the form that DNS has, as browsers do. What is not a letter, digit or hyphen stays: a
// pattern has stars, host names in the field have underscores.
var hostNames = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false))

// asciiHost returns a host name as DNS has it: lower case, no trailing dot, labels beyond ASCII as xn--…. It is empty for
// what can be no host name. Names are compared label by label in every way that a star allows, so that a name without
// bound would be dear: DNS has none longer than 253 bytes, and in UTF-8 none that is four times as long.
func asciiHost(host string) string {
	const longest = 253
	if len(host) > 4*longest {
		return ""
	}
	host, err := hostNames.ToASCII(host)
	if err != nil || len(host) > longest+1 {
		return ""
	}
	return strings.TrimSuffix(host, ".")
}
