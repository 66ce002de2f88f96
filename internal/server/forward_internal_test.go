package server

import (
	"net/netip"
	"strings"
	"testing"
)

func TestTheProxyAnswersForTheNamesOfTheSaaSAlone(t *testing.T) {
	long := strings.Repeat("a.", 121) + "gigya.com" // 251
	for host, want := range map[string]string{
		"gigya.com": "gigya.com", "accounts.us1.gigya.com": "accounts.us1.gigya.com", "a.b.c.d.gigya.com:443": "a.b.c.d.gigya.com",
		"ACCOUNTS.Us1.GIGYA.com:80": "accounts.us1.gigya.com", "gigya.com.": "gigya.com", "admin.gigya.com.:443": "admin.gigya.com",
		"gigya-api.cn": "gigya-api.cn", "accounts.cn1.gigya-api.cn:443": "accounts.cn1.gigya-api.cn", "1-2.gigya.com": "1-2.gigya.com",
		long: long, long + ".:443": long,
	} {
		if got, _, ok := proxiedName(host); !ok || got != want {
			t.Errorf("%.40q: %q, %v", host, got, ok)
		}
	}
	for _, host := range []string{
		"", ".", ":", ":443", "com", "example.com", "notgigya.com", "gigya.com.example.com", "gigya.com.evil", "gigya-api.cn..", "cn", "gigya.co",
		"gigya.com..", ".gigya.com", "a..gigya.com", "-a.gigya.com", "a-.gigya.com", "a_b.gigya.com", "*.gigya.com", "gigya.com%00.example.com",
		"gigya.com:", "gigya.com:8080", "gigya.com:0443", "gigya.com:443:443", "gigya.com:+443", "gigya.com:https", "gigya.com:22", "gigya.com:99999",
		"127.0.0.1", "127.0.0.1:443", "169.254.169.254:80", "[::1]:443", "[::ffff:127.0.0.1]:80", "::1", "0", "2130706433:80", "0x7f.1:80", "localhost:80",
		"[gigya.com]:443", "user@gigya.com:443", "gigya.com@example.com:443", "example.com#.gigya.com", "example.com/.gigya.com", "example.com?.gigya.com:443",
		`example.com\.gigya.com`, "example.com .gigya.com", "gigya\u3002com", "ｇigya.com", "gıgya.com", "\u212aa.gigya.com", "a\r\n.gigya.com", "a\x00.gigya.com",
		strings.Repeat("a", 64) + ".gigya.com", strings.Repeat("a.", 123) + "gigya.com", strings.Repeat("a", 1<<20),
	} {
		if name, _, ok := proxiedName(host); ok {
			t.Errorf("%.40q is served as %q", host, name)
		}
	}
}

func FuzzProxiedName(f *testing.F) {
	for _, seed := range []string{
		"accounts.us1.gigya.com:443", "GIGYA-API.CN.", "gigya.com:80", "[::1]:443", "127.0.0.1:80", "a@gigya.com:443", "example.com", "x.gigya.com:", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, host string) {
		name, port, ok := proxiedName(host)
		if !ok {
			return
		}
		// The rule again in the plainest way.
		if name != "gigya.com" && name != "gigya-api.cn" && !strings.HasSuffix(name, ".gigya.com") && !strings.HasSuffix(name, ".gigya-api.cn") {
			t.Fatalf("%q is served as %q", host, name)
		}
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || strings.Contains(name, "..") || len(name) > 253 {
			t.Fatalf("%q has the name %q", host, name)
		}
		if port != "" && port != "80" && port != "443" {
			t.Fatalf("%q has port %q", host, port)
		}
		if _, err := netip.ParseAddr(name); err == nil {
			t.Fatalf("%q is an address", host)
		}
		if again, _, ok := proxiedName(name); !ok || again != name {
			t.Fatalf("%q is %q, then %q", host, name, again)
		}
		// Nothing of what was asked for may be lost but letter case, the root's dot and the port.
		rest, found := strings.CutPrefix(strings.ToLower(host), name)
		if !found || strings.TrimPrefix(strings.TrimPrefix(rest, "."), ":") != port {
			t.Fatalf("%q is served as %q on %q", host, name, port)
		}
	})
}
