package server

import (
	"net"
	"net/netip"
	"testing"
)

func TestWhatCountsAsOneAddress(t *testing.T) {
	b := Bounds{Exempt: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:f::/48")}}
	for text, want := range map[string]string{
		"192.0.2.1:5":          "192.0.2.1",
		"[::ffff:192.0.2.1]:5": "192.0.2.1",
		"[2001:db8::1:2]:5":    "2001:db8::",
		"[fe80::1%eth0]:5":     "fe80::",
		"10.1.2.3:5":           "",
		"[::ffff:10.1.2.3]:5":  "",
		"[2001:db8:f::1]:5":    "",
	} {
		addr, counted := b.counted(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(text)))
		if got := ""; counted {
			if got = addr.String(); got != want {
				t.Errorf("%s counts as %s, want %q", text, got, want)
			}
		} else if want != "" {
			t.Errorf("%s is not counted", text)
		}
	}
	if _, counted := b.counted(&net.UnixAddr{Name: "x"}); counted {
		t.Error("a Unix socket is counted")
	}
}
