package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
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
	// ShutdownTimeout bounds the wait for accepted calls; 0: 30 s.
	ShutdownTimeout time.Duration
	// Draining is called when the end begins, before the listeners close; nil: nothing. [Server.Drain] belongs here.
	Draining func()
	Log      *slog.Logger
}

// Listeners are bound addresses.
type Listeners struct {
	options ListenOptions
	doors   []door
	http    net.Listener
	https   net.Listener
	ops     net.Listener
}

type door struct {
	server   *http.Server
	listener net.Listener
}

// Listen binds the addresses. Connections wait until Serve is called.
func Listen(o ListenOptions) (*Listeners, error) {
	if o.ShutdownTimeout == 0 {
		o.ShutdownTimeout = 30 * time.Second
	}
	if o.HTTPS != "" && o.Certificate == nil {
		return nil, errors.New("listen: HTTPS needs a certificate")
	}
	l := &Listeners{options: o}
	for _, wanted := range []struct {
		address string
		bound   *net.Listener
		handler http.Handler
		secure  bool
		bounds  Bounds
	}{
		{o.HTTP, &l.http, o.Handler, false, o.Bounds},
		{o.HTTPS, &l.https, o.Handler, true, o.Bounds},
		{o.Ops, &l.ops, o.OpsHandler, false, Bounds{Connections: opsConnections}},
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
		l.doors = append(l.doors, door{l.httpServer(wanted.handler, wanted.secure), listener})
	}
	if len(l.doors) == 0 {
		return nil, errors.New("listen: no address")
	}
	return l, nil
}

func (l *Listeners) httpServer(handler http.Handler, secure bool) *http.Server {
	s := &http.Server{
		Handler:           oneRequest(handler),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      requestTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytes,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: streams},
		// Handshakes that strangers spoil are no events of ours.
		ErrorLog: slog.NewLogLogger(l.options.Log.Handler(), slog.LevelDebug),
	}
	if secure {
		s.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: l.options.Certificate}
	}
	return s
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

func (d door) serve() error {
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
