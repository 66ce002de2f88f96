package gateway_test

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/doorward/doorward/internal/gateway"
)

func TestOnlyTrustedProxiesAreBelieved(t *testing.T) {
	spoof := http.Header{
		"X-Forwarded-For":   {"6.6.6.6"},
		"X-Forwarded-Proto": {"https"},
		"X-Forwarded-Host":  {"evil.example"},
		"Forwarded":         {"for=6.6.6.6;proto=https;host=evil.example"},
	}
	tests := map[string]struct {
		peer   string
		tls    bool
		header http.Header
		want   gateway.Origin
	}{
		"no proxy": {"203.0.113.5:99", false, nil,
			origin("203.0.113.5", false, false, "id.example", "http://id.example")},
		"TLS on our own listener": {"203.0.113.5:99", true, nil,
			origin("203.0.113.5", true, false, "id.example", "https://id.example")},
		"a stranger's headers are ignored": {"203.0.113.5:99", false, spoof,
			origin("203.0.113.5", false, false, "id.example", "http://id.example")},
		"a proxy's headers": {"10.0.0.1:99", false, http.Header{"X-Forwarded-For": {"203.0.113.5"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"public.example"}},
			origin("203.0.113.5", true, true, "public.example", "https://public.example")},
		"what the client wrote stands further left": {"10.0.0.1:99", false, http.Header{"X-Forwarded-For": {"6.6.6.6, 203.0.113.5"}, "X-Forwarded-Proto": {"https, http"}},
			origin("203.0.113.5", false, true, "id.example", "http://id.example")},
		"several headers are one list": {"10.0.0.1:99", false, http.Header{"X-Forwarded-For": {"6.6.6.6", "203.0.113.5"}},
			origin("203.0.113.5", false, true, "id.example", "http://id.example")},
		"a chain of proxies": {"10.0.0.1:99", false, http.Header{"X-Forwarded-For": {"6.6.6.6, 203.0.113.5, 10.0.0.2"}, "X-Forwarded-Proto": {"http, https, http"}},
			origin("203.0.113.5", true, true, "id.example", "https://id.example")},
		"a proxy that says the scheme alone": {"10.0.0.1:99", false, http.Header{"X-Forwarded-Proto": {"https"}},
			origin("10.0.0.1", true, true, "id.example", "https://id.example")},
		"an unreadable address ends the chain": {"10.0.0.1:99", false, http.Header{"X-Forwarded-For": {"203.0.113.5, unknown"}},
			origin("10.0.0.1", false, true, "id.example", "http://id.example")},
		"IPv6 with port": {"[fd00::1]:99", false, http.Header{"X-Forwarded-For": {"[2001:db8::7]:4711"}},
			origin("2001:db8::7", false, true, "id.example", "http://id.example")},
		"the standard header": {"10.0.0.1:99", false, http.Header{"Forwarded": {`for=6.6.6.6, for="[2001:db8::7]:4711";proto=https;host=public.example`}},
			origin("2001:db8::7", true, true, "public.example", "https://public.example")},
		"a host that is none": {"10.0.0.1:99", false, http.Header{"X-Forwarded-Host": {"a/b@evil.example"}},
			origin("10.0.0.1", false, true, "id.example", "http://id.example")},
		"a mapped address is the IPv4 address": {"[::ffff:10.0.0.1]:99", false, http.Header{"X-Forwarded-For": {"::ffff:203.0.113.5"}},
			origin("203.0.113.5", false, true, "id.example", "http://id.example")},
	}
	proxies := gateway.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: test.peer, Host: "id.example", Header: test.header}
			if test.tls {
				r.TLS = &tls.ConnectionState{}
			}
			if diff := cmp.Diff(test.want, proxies.Of(r), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A client can write any number of elements; proxies add theirs at the right end. Of each list the last 32 elements are
// looked at, so that no header costs more, and the address of a longer chain is one of a trusted proxy.
func TestAtMost32HopsAreFollowed(t *testing.T) {
	proxies := gateway.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for name, list := range map[string]func(hops int) http.Header{
		"X-Forwarded-For in one line": func(hops int) http.Header {
			return http.Header{"X-Forwarded-For": {"203.0.113.5" + strings.Repeat(", 10.0.0.2", hops)}}
		},
		"X-Forwarded-For in many lines": func(hops int) http.Header {
			return http.Header{"X-Forwarded-For": append([]string{"203.0.113.5"}, slices.Repeat([]string{"10.0.0.2"}, hops)...)}
		},
		"Forwarded": func(hops int) http.Header {
			return http.Header{"Forwarded": {"for=203.0.113.5" + strings.Repeat(", for=10.0.0.2", hops)}}
		},
	} {
		for _, c := range []struct {
			hops int
			want string
		}{{1, "203.0.113.5"}, {31, "203.0.113.5"}, {32, "10.0.0.2"}, {33, "10.0.0.2"}, {100_000, "10.0.0.2"}} {
			got := proxies.Of(&http.Request{RemoteAddr: "10.0.0.1:99", Host: "id.example", Header: list(c.hops)})
			if got.ClientIP.String() != c.want {
				t.Errorf("%s: %d proxies: the client is %s, want %s", name, c.hops, got.ClientIP, c.want)
			}
		}
	}
	t.Run("the schemes and hosts that belong to them are those of the right end", func(t *testing.T) {
		got := proxies.Of(&http.Request{RemoteAddr: "10.0.0.1:99", Host: "id.example", Header: http.Header{
			"X-Forwarded-For":   {"203.0.113.5"},
			"X-Forwarded-Proto": {strings.Repeat("http, ", 40) + "https"},
			"X-Forwarded-Host":  {strings.Repeat("evil.example, ", 40) + "public.example"},
		}})
		if want := origin("203.0.113.5", true, true, "public.example", "https://public.example"); got != want {
			t.Errorf("got %+v", got)
		}
	})
}

func TestAConfiguredPublicURLIsStrongerThanTheRequest(t *testing.T) {
	proxies := gateway.Proxies{PublicURL: "https://id.example.com"}
	got := proxies.Of(&http.Request{RemoteAddr: "203.0.113.5:99", Host: "evil.example"}).BaseURL
	if got != "https://id.example.com" {
		t.Errorf("got %s", got)
	}
}

func origin(ip string, secure, proxied bool, host, base string) gateway.Origin {
	return gateway.Origin{ClientIP: netip.MustParseAddr(ip), Secure: secure, Proxied: proxied, Host: host, BaseURL: base}
}

func FuzzOriginNeverPanics(f *testing.F) {
	f.Add("6.6.6.6, 10.0.0.2", "https,http", `for="[::1]:1";proto=https`)
	f.Add(",,,", "", "for=;;=,")
	proxies := gateway.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}
	f.Fuzz(func(t *testing.T, addrs, protos, standard string) {
		for _, header := range []http.Header{
			{"X-Forwarded-For": {addrs}, "X-Forwarded-Proto": {protos}}, {"Forwarded": {standard}},
		} {
			o := proxies.Of(&http.Request{RemoteAddr: "10.0.0.1:1", Host: "id.example", Header: header})
			if !o.ClientIP.IsValid() {
				t.Error("no address")
			}
		}
	})
}
