package server

import (
	"net"
	"net/netip"
	"sync"

	"golang.org/x/net/netutil"
)

// Bounds are how many connections a listener keeps open. The zero value bounds nothing.
type Bounds struct {
	// Connections bounds all of them: further ones wait, unanswered, until one ends.
	Connections int
	// PerAddress bounds those of one address (IPv6: one /64): further ones are closed at once, so that no single address
	// takes the places of all others.
	PerAddress int
	// Exempt are addresses that PerAddress does not hold for: proxies, who come for many.
	Exempt []netip.Prefix
}

// bound puts the listener behind the bounds.
func (b Bounds) bound(l net.Listener) net.Listener {
	if b.PerAddress > 0 {
		l = &fairListener{Listener: l, bounds: b, open: map[netip.Addr]int{}}
	}
	if b.Connections > 0 {
		l = netutil.LimitListener(l, b.Connections)
	}
	return l
}

// fairListener refuses the connections of addresses that have enough.
type fairListener struct {
	net.Listener
	bounds Bounds

	mu   sync.Mutex
	open map[netip.Addr]int
}

// Accept implements [net.Listener].
func (l *fairListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, ok := l.bounds.counted(c.RemoteAddr())
		if !ok {
			return c, nil
		}
		if l.enter(from) {
			return &fairConn{Conn: c, leave: sync.OnceFunc(func() { l.leave(from) })}, nil
		}
		_ = c.Close()
	}
}

// counted returns what the address counts as; false: it is not counted.
func (b Bounds) counted(remote net.Addr) (netip.Addr, bool) {
	tcp, ok := remote.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}, false
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	for _, exempt := range b.Exempt {
		if exempt.Contains(addr) {
			return netip.Addr{}, false
		}
	}
	if addr.Is6() {
		// An IPv6 customer has at least a /64.
		if network, err := addr.Prefix(64); err == nil {
			addr = network.Addr()
		}
	}
	return addr, addr.IsValid()
}

func (l *fairListener) enter(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[from] >= l.bounds.PerAddress {
		return false
	}
	l.open[from]++
	return true
}

func (l *fairListener) leave(from netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[from]--; l.open[from] <= 0 {
		delete(l.open, from)
	}
}

// fairConn gives its place back when it is closed.
type fairConn struct {
	net.Conn
	leave func()
}

// Close implements [net.Conn].
func (c *fairConn) Close() error {
	err := c.Conn.Close()
	c.leave()
	return err
}
