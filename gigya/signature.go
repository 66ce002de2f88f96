package gigya

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
)

// BaseString returns what a request signature is made over: the HTTP method, the address and the parameters, each
// encoded and joined by ampersands. Scheme and host of the url are lower-cased, its port is dropped when it is the
// scheme's own, its query is left out. Of the parameters sig is left out; the others are sorted by name in byte order,
// values are the decoded ones, an empty value stays as "name=".
func BaseString(httpMethod, url string, params []Param) string {
	var text strings.Builder
	writeBaseString(&text, make([]byte, 0, baseBuffer), &rfc3986, httpMethod, normalizeURL(url), sortedForSignature(nil, params))
	return text.String()
}

// Signature returns the signature over the text: standard Base64 of its HMAC-SHA1. The key is the decoded secret
// ([DecodeSecret]) of the partner, the user key or the session.
func Signature(key []byte, base string) string {
	return base64.StdEncoding.EncodeToString(sum(key, base))
}

// SignedRequest is a signed request as a server received it. The client may have seen another scheme and host than the
// server does, so that each can have several values; they are tried in their order.
type SignedRequest struct {
	HTTPMethod string
	// Schemes are "https", "http" or both.
	Schemes []string
	// Hosts are host names, with the port if the client's Host header had one.
	Hosts []string
	// Path is the path of the request line as it was sent, without the query.
	Path string
	// Params are all parameters of query string and body; sig may be among them.
	Params []Param
}

// VerifySignature tells whether sig is the request's signature under the key. It tries, besides the rule of
// [BaseString], the ways in which known clients differ: the .NET SDK never writes the port, the Swift SDK leaves some
// characters unencoded, the Android SDK sends sig in URL-safe Base64. Comparisons are in constant time.
func VerifySignature(key []byte, sig string, r SignedRequest) bool {
	got, ok := decodeBase64(sig)
	if !ok || len(got) != sha1.Size {
		return false
	}
	work := verifications.Get().(*verification)
	defer verifications.Put(work)
	work.params = sortedForSignature(work.params[:0], r.Params)
	defer func() { clear(work.params) }()
	keyed := macs.Get().(*keyedMAC)
	defer macs.Put(keyed)
	mac := keyed.of(key)
	for _, encoding := range []*bare{&rfc3986, &swiftEncoding} {
		if encoding == &swiftEncoding && !r.differsInSwift() {
			break
		}
		for url := range r.urls() {
			mac.Reset()
			writeBaseString(mac, work.buffer[:0], encoding, r.HTTPMethod, url, work.params)
			if hmac.Equal(mac.Sum(work.buffer[:0]), got) {
				return true
			}
		}
	}
	return false
}

// BaseString returns the text that the rule gives for the first scheme and host: what a developer whose signature was
// refused wants to see beside the one the client made.
func (r SignedRequest) BaseString() string {
	for url := range r.urls() {
		return BaseString(r.HTTPMethod, url, r.Params)
	}
	return ""
}

// urls are the addresses to try, each once: first those with the port as received, then those without. They are made one
// by one, because the first is nearly always the right one.
func (r SignedRequest) urls() iter.Seq[string] {
	return func(yield func(string) bool) {
		var tried []string
		for _, change := range []func(host string) string{asReceived, withoutPort} {
			for _, host := range r.Hosts {
				for _, scheme := range r.Schemes {
					url := normalizeURL(scheme + "://" + change(host) + r.Path)
					if slices.Contains(tried, url) {
						continue
					}
					if !yield(url) {
						return
					}
					tried = append(tried, url)
				}
			}
		}
	}
}

func asReceived(host string) string { return host }

// differsInSwift tells whether the Swift encoding would give another text at all. Most requests are spared the work.
func (r SignedRequest) differsInSwift() bool {
	special := func(s string) bool {
		for i := range len(s) {
			if swiftEncoding[s[i]] != rfc3986[s[i]] {
				return true
			}
		}
		return false
	}
	for i := range r.Params {
		if special(r.Params[i].Value) || special(r.Params[i].Name) {
			return true
		}
	}
	return special(r.Path)
}

// sortedForSignature appends to sorted, which is empty, the parameters that are signed, in their order.
func sortedForSignature(sorted, params []Param) []Param {
	for _, p := range params {
		if len(p.Name) != len("sig") || !strings.EqualFold(p.Name, "sig") {
			sorted = append(sorted, p)
		}
	}
	slices.SortFunc(sorted, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
	return sorted
}

// piece is how much of a value is encoded at once, and baseBuffer what that needs at most.
const (
	piece      = 256
	baseBuffer = 5 * piece
)

// verification is the memory that verifying a signature needs.
type verification struct {
	params []Param
	buffer [baseBuffer]byte
}

var verifications = sync.Pool{New: func() any { return new(verification) }}

// writeBaseString writes the text in small pieces, so that a body of megabytes is not copied three times its size. The buffer
// is empty and has room for baseBuffer bytes.
func writeBaseString(w io.Writer, buffer []byte, encoding *bare, httpMethod, url string, params []Param) {
	flush := func() {
		w.Write(buffer) // neither a hash nor a strings.Builder fails
		buffer = buffer[:0]
	}
	buffer = append(buffer, strings.ToUpper(httpMethod)...)
	buffer = append(buffer, '&')
	buffer = encoding.append(buffer, url)
	buffer = append(buffer, '&')
	for i, p := range params {
		if i > 0 {
			buffer = append(buffer, "%26"...)
		}
		// The name is not encoded inside of the query, so that only the outer encoding touches it.
		buffer = encoding.append(buffer, p.Name)
		buffer = append(buffer, "%3D"...)
		for value := p.Value; value != ""; {
			n := min(piece, len(value))
			if cap(buffer)-len(buffer) < 5*n {
				flush()
			}
			buffer = encoding.appendTwice(buffer, value[:n])
			value = value[n:]
		}
	}
	flush()
}

// normalizeURL lower-cases scheme and host, drops the scheme's own port and what follows the path.
func normalizeURL(url string) string {
	url, _, _ = strings.Cut(url, "#")
	url, _, _ = strings.Cut(url, "?")
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	scheme = strings.ToLower(scheme)
	host, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	host = strings.ToLower(host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return scheme + "://" + host + path
}

// withoutPort cuts the port of a host, whose name may be an IPv6 address in brackets.
func withoutPort(host string) string {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		return host[:i]
	}
	return host
}
