package server

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// proxyDomains are those that the SaaS's clients have built in. [ListenOptions].ProxyCertificate says what they are for.
var proxyDomains = []string{"gigya.com", "gigya-api.cn"}

// Ports of CONNECT: what comes through a tunnel to the one is TLS, to the other plain HTTP.
const (
	plainPort  = "80"
	securePort = "443"
)

// maxHostName is the length of the longest name in DNS.
const maxHostName = 253

// What the proxy says to those whom it does not serve. Neither text repeats what was asked for.
const (
	refusedHost = "This proxy is Doorward's, for development. It answers for gigya.com, gigya-api.cn and the names below them, " +
		"on ports 80 and 443, by itself, and passes nothing on to any other host. Name your other hosts in NO_PROXY."
	refusedNested = "There are no tunnels inside of a tunnel."
	refusedBody   = "CONNECT has no body."
	refusedMethod = "This server is no proxy: CONNECT is for doorward dev --proxy."
)

// proxiedName returns the name that a host of a request line stands for, in lower case without a last dot, and its port
// (empty: none is given). False: the host is none that the proxy answers for, an address or no host name at all.
func proxiedName(host string) (name, port string, ok bool) {
	if len(host) > maxHostName+len(".:65535") {
		return "", "", false
	}
	name, port, given := strings.Cut(host, ":")
	if given && port != plainPort && port != securePort {
		return "", "", false
	}
	name = strings.TrimSuffix(name, ".")
	if len(name) > maxHostName {
		return "", "", false
	}
	for label := range strings.SplitSeq(name, ".") {
		if !isLabel(label) {
			return "", "", false
		}
	}
	// Not before: letters of other alphabets become ours, such as the sign of the Kelvin.
	name = strings.ToLower(name)
	ours := slices.ContainsFunc(proxyDomains, func(domain string) bool {
		return name == domain || strings.HasSuffix(name, "."+domain)
	})
	return name, port, ours
}

// isLabel holds for ASCII letters, digits and hyphens within.
func isLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(label, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	})
}

// forward is the proxy before a handler. It has nothing to dial with: whatever it does not answer itself it refuses.
type forward struct {
	next http.Handler
	// plain and secure take the connections of CONNECT; nil inside of a tunnel, where there is no further one.
	plain, secure *tunnels
}

// ServeHTTP implements [http.Handler].
func (f *forward) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		f.connect(w, r)
	case r.URL.Scheme == "" && r.URL.Host == "":
		f.next.ServeHTTP(w, r)
	case !absoluteServed(r):
		refuse(w, http.StatusForbidden, refusedHost)
	default:
		f.next.ServeHTTP(w, asAsked(r))
	}
}

// absoluteServed tells whether the request in absolute form is one that the proxy answers.
func absoluteServed(r *http.Request) bool {
	_, _, ok := proxiedName(r.URL.Host)
	return ok && r.URL.User == nil && (r.URL.Scheme == "http" || r.URL.Scheme == "https")
}

// asAsked makes a request for an https address that came in absolute form, in clear text to this machine, look like one
// over TLS: its client believes that it speaks TLS and wants to be given addresses and cookies of that kind. Versions of
// axios send it so instead of asking for a tunnel.
func asAsked(r *http.Request) *http.Request {
	if r.URL.Scheme != "https" || r.TLS != nil {
		return r
	}
	same := r.WithContext(r.Context())
	same.TLS = &tls.ConnectionState{HandshakeComplete: true, ServerName: r.URL.Hostname()}
	return same
}

// connect turns the connection into one to the name that was asked for, which ends here.
func (f *forward) connect(w http.ResponseWriter, r *http.Request) {
	if f.plain == nil {
		refuse(w, http.StatusForbidden, refusedNested)
		return
	}
	if r.ContentLength != 0 || len(r.TransferEncoding) > 0 {
		// What follows would be the tunnel's first bytes to some and a body to others.
		refuse(w, http.StatusBadRequest, refusedBody)
		return
	}
	// The request line as it came: the parsed address may have a path, a query or a user beside the host.
	name, port, ok := proxiedName(r.RequestURI)
	switch {
	case ok && port == securePort:
		f.secure.take(w, name)
	case ok && port == plainPort:
		f.plain.take(w, name)
	default:
		refuse(w, http.StatusForbidden, refusedHost)
	}
}

// withoutTunnels refuses CONNECT, and ends the connection: who takes an answer for a tunnel would send somebody else's
// bytes into it.
func withoutTunnels(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			refuse(w, http.StatusMethodNotAllowed, refusedMethod)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refuse ends the connection with the answer: after a refused CONNECT a client may have sent what was for the tunnel.
func refuse(w http.ResponseWriter, status int, text string) {
	header := w.Header()
	header.Set("Connection", "close")
	header.Set("X-Content-Type-Options", "nosniff")
	if status == http.StatusMethodNotAllowed {
		header.Set("Allow", "GET, POST, HEAD, OPTIONS")
	}
	say(w, status, text)
}

// tunnels is the listener of the connections that CONNECT made tunnels of. They are the network's own: they count where
// they came in until they are closed.
type tunnels struct {
	addr  net.Addr
	conns chan net.Conn
	done  chan struct{}
	close func()
	// handing counts those that are neither a request nor a tunnel any more.
	handing sync.WaitGroup
}

func newTunnels(addr net.Addr) *tunnels {
	t := &tunnels{addr: addr, conns: make(chan net.Conn), done: make(chan struct{})}
	t.close = sync.OnceFunc(func() { close(t.done) })
	return t
}

// take answers CONNECT and hands the connection to Accept.
func (t *tunnels) take(w http.ResponseWriter, name string) {
	// Counted before the HTTP server forgets the connection: its shutdown waits until here, settled for the rest.
	t.handing.Add(1)
	defer t.handing.Done()
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		refuse(w, http.StatusForbidden, refusedNested)
		return
	}
	// Who asks and does not read the answer must not keep the shutdown waiting.
	err = errors.Join(conn.SetDeadline(time.Now().Add(headerTimeout)), established(conn), conn.SetDeadline(time.Time{}))
	if err != nil {
		_ = conn.Close()
		return
	}
	// Clients that are in a hurry have sent what is for the tunnel already.
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	select {
	case t.conns <- &tunnel{Conn: conn, name: name, early: slices.Clone(early)}:
	case <-t.done:
		_ = conn.Close()
	}
}

func established(conn net.Conn) error {
	_, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	return err
}

// settled waits until the listener that hands over its connections has ended and all of them have arrived.
func (t *tunnels) settled(ctx context.Context, ended <-chan struct{}) {
	select {
	case <-ended:
	case <-ctx.Done():
		return
	}
	arrived := make(chan struct{})
	go func() {
		t.handing.Wait()
		close(arrived)
	}()
	select {
	case <-arrived:
	case <-ctx.Done():
	}
}

// Accept implements [net.Listener].
func (t *tunnels) Accept() (net.Conn, error) {
	select {
	case conn := <-t.conns:
		return conn, nil
	case <-t.done:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (t *tunnels) Close() error {
	t.close()
	return nil
}

// Addr implements [net.Listener]: the address at which the connections came in.
func (t *tunnels) Addr() net.Addr { return t.addr }

// tunnel is a connection that was made for a name.
type tunnel struct {
	net.Conn
	name string
	// early are bytes that came with the request.
	early []byte
}

// Read implements [net.Conn].
func (t *tunnel) Read(p []byte) (int, error) {
	if len(t.early) > 0 {
		n := copy(p, t.early)
		t.early = t.early[n:]
		return n, nil
	}
	return t.Conn.Read(p)
}

// certificateOf asks for the certificate of the name that the tunnel was made for, whatever the client says after it: it
// checks the one that it asked for.
func certificateOf(forName func(name string) (*tls.Certificate, error)) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		t, ok := hello.Conn.(*tunnel)
		if !ok {
			return nil, errors.New("certificate: the connection is no tunnel")
		}
		return forName(t.name)
	}
}
