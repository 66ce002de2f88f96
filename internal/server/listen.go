package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// Bounds of the listeners. A header may hold a long query string; the gateway itself refuses one beyond its own, smaller
// bound with an answer that clients understand.
const (
	headerTimeout  = 10 * time.Second
	requestTimeout = 2 * time.Minute
	idleTimeout    = 2 * time.Minute
	headerBytes    = 64 << 10
	// opsConnections bounds the operators' listener, which few ask.
	opsConnections = 64
	// streams bounds the calls that one connection of HTTP/2 carries at once: browsers use as many.
	streams = 100
)

// ListenOptions says where to listen and what to answer with.
type ListenOptions struct {
	// HTTP, HTTPS and Ops are addresses, host:port; empty: no such listener.
	HTTP, HTTPS, Ops string
	// Handler answers HTTP and HTTPS; OpsHandler answers Ops.
	Handler, OpsHandler http.Handler
	// Bounds hold for HTTP and HTTPS each.
	Bounds Bounds
	// Certificate is needed for HTTPS.
	Certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// ProxyCertificate makes HTTP a forward proxy as well, for clients with built-in host names: it answers for gigya.com,
	// gigya-api.cn and all names below them by itself, on ports 80 and 443, requests in absolute form and CONNECT, and
	// refuses every other host. Nothing is ever passed on. The function makes the certificates of such names, which come
	// in lower case; nil: no proxy.
	ProxyCertificate func(name string) (*tls.Certificate, error)
	// ShutdownTimeout bounds the wait for accepted calls; 0: 30 s.
	ShutdownTimeout time.Duration
	// Draining is called when the end begins, before the listeners close; nil: nothing. [Server.Drain] belongs here.
	Draining func()
	Log      *slog.Logger
}

// Listeners are bound addresses.
type Listeners struct {
	options ListenOptions
	doors   []*door
	http    net.Listener
	https   net.Listener
	ops     net.Listener
}

type door struct {
	server   *http.Server
	listener net.Listener
	// settled waits, during the shutdown, until no more connections come from another door; nil: they come from the network.
	settled func(context.Context)
	// ended is closed when the door has been shut.
	ended chan struct{}
}

// Listen binds the addresses. Connections wait until Serve is called.
func Listen(o ListenOptions) (*Listeners, error) {
	if o.ShutdownTimeout == 0 {
		o.ShutdownTimeout = 30 * time.Second
	}
	if o.HTTPS != "" && o.Certificate == nil {
		return nil, errors.New("listen: HTTPS needs a certificate")
	}
	if o.ProxyCertificate != nil && o.HTTP == "" {
		return nil, errors.New("listen: a proxy needs plain HTTP")
	}
	l := &Listeners{options: o}
	for _, wanted := range []struct {
		address string
		bound   *net.Listener
		handler http.Handler
		bounds  Bounds
		open    func(net.Listener, http.Handler)
	}{
		{o.HTTP, &l.http, o.Handler, o.Bounds, l.openHTTP},
		{o.HTTPS, &l.https, o.Handler, o.Bounds, func(bound net.Listener, h http.Handler) {
			l.open(bound, withoutTunnels(h), o.Certificate)
		}},
		{o.Ops, &l.ops, o.OpsHandler, Bounds{Connections: opsConnections}, func(bound net.Listener, h http.Handler) {
			l.open(bound, withoutTunnels(h), nil)
		}},
	} {
		if wanted.address == "" {
			continue
		}
		listener, err := net.Listen("tcp", wanted.address)
		if err != nil {
			l.close()
			return nil, fmt.Errorf("listen: %w", err)
		}
		listener = wanted.bounds.bound(listener)
		*wanted.bound = listener
		wanted.open(listener, wanted.handler)
	}
	if len(l.doors) == 0 {
		return nil, errors.New("listen: no address")
	}
	return l, nil
}

// openHTTP makes the door of plain HTTP, and those behind it if it is a proxy.
func (l *Listeners) openHTTP(bound net.Listener, handler http.Handler) {
	forName := l.options.ProxyCertificate
	if forName == nil {
		l.open(bound, withoutTunnels(handler), nil)
		return
	}
	plain, secure := newTunnels(bound.Addr()), newTunnels(bound.Addr())
	outside := l.open(bound, &forward{next: handler, plain: plain, secure: secure}, nil)
	for _, inside := range []struct {
		tunnels     *tunnels
		certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	}{{plain, nil}, {secure, certificateOf(forName)}} {
		door := l.open(inside.tunnels, &forward{next: handler}, inside.certificate)
		door.settled = func(ctx context.Context) {
			// Tunnels without a call end at once, the others with the call that they carry.
			door.server.SetKeepAlivesEnabled(false)
			inside.tunnels.settled(ctx, outside.ended)
		}
	}
}

// open makes a door, with TLS if there is a certificate.
func (l *Listeners) open(listener net.Listener, handler http.Handler, certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)) *door {
	d := &door{server: l.httpServer(handler, certificate), listener: listener, ended: make(chan struct{})}
	l.doors = append(l.doors, d)
	return d
}

func (l *Listeners) httpServer(handler http.Handler, certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)) *http.Server {
	s := &http.Server{
		Handler:           oneRequest(handler),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      requestTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytes,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: streams},
		ErrorLog:          log.New(&httpLog{l.options.Log}, "", 0),
	}
	if certificate != nil {
		s.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certificate}
	}
	return s
}

// httpLog takes what the HTTP server says of itself.
type httpLog struct{ log *slog.Logger }

// ours begin the lines that tell of faults on this side: mistakes in the code, and connections that cannot be taken because descriptors are
// used up. Handshakes that strangers spoil, and their like, are no events of ours.
var ours = [...]string{"http: panic ", "http2: panic ", "http: Accept error"}

// Write implements [io.Writer] for a line.
func (l *httpLog) Write(line []byte) (int, error) {
	text, level := strings.TrimSuffix(string(line), "\n"), slog.LevelDebug
	for _, beginning := range ours {
		if strings.HasPrefix(text, beginning) {
			level = slog.LevelError
		}
	}
	l.log.Log(context.Background(), level, text)
	return len(line), nil
}

// HTTPAddr is the bound address of the plain listener, host:port; empty: there is none.
func (l *Listeners) HTTPAddr() string { return addrOf(l.http) }

// HTTPSAddr is the bound address of the TLS listener; empty: there is none.
func (l *Listeners) HTTPSAddr() string { return addrOf(l.https) }

// OpsAddr is the bound address of the operators' listener; empty: there is none.
func (l *Listeners) OpsAddr() string { return addrOf(l.ops) }

func addrOf(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}

// Serve answers until the context ends or a listener fails. Then it takes no more connections, finishes the calls that it
// accepted, for the shutdown timeout at most, and returns nil if all were finished.
func (l *Listeners) Serve(ctx context.Context) error {
	failed := make(chan error, len(l.doors))
	for _, d := range l.doors {
		go func() { failed <- d.serve() }()
	}
	var err error
	running := len(l.doors)
	select {
	case <-ctx.Done():
	case err = <-failed:
		running--
	}
	if l.options.Draining != nil {
		l.options.Draining()
	}
	err = errors.Join(err, l.shutdown())
	for range running {
		err = errors.Join(err, <-failed)
	}
	return err
}

func (d *door) serve() error {
	var err error
	if d.server.TLSConfig != nil {
		err = d.server.ServeTLS(d.listener, "", "")
	} else {
		err = d.server.Serve(d.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve %s: %w", d.listener.Addr(), err)
}

// shutdown ends the doors at the same time, so that one slow call does not take the others' time.
func (l *Listeners) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), l.options.ShutdownTimeout)
	defer cancel()
	done := make(chan error, len(l.doors))
	for _, d := range l.doors {
		go func() {
			defer close(d.ended)
			if d.settled != nil {
				d.settled(ctx)
			}
			err := d.server.Shutdown(ctx)
			if err != nil {
				err = fmt.Errorf("calls were cut off after %s: %w", l.options.ShutdownTimeout, errors.Join(err, d.server.Close()))
			}
			done <- err
		}()
	}
	var err error
	for range l.doors {
		err = errors.Join(err, <-done)
	}
	return err
}

func (l *Listeners) close() {
	for _, d := range l.doors {
		_ = d.listener.Close()
	}
}
