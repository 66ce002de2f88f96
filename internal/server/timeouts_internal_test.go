package server

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"
)

// A client that sends or reads a byte a minute holds a connection, and what belongs to it, no longer than these bounds.
func TestNoConnectionMayLastForEver(t *testing.T) {
	l, err := Listen(ListenOptions{
		HTTP: "127.0.0.1:0", HTTPS: "127.0.0.1:0", Ops: "127.0.0.1:0", Handler: http.NotFoundHandler(), OpsHandler: http.NotFoundHandler(),
		Certificate:      func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil },
		ProxyCertificate: func(string) (*tls.Certificate, error) { return nil, nil }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if len(l.doors) != 5 { // Two of them for tunnels.
		t.Fatalf("%d doors", len(l.doors))
	}
	for _, d := range l.doors {
		s := d.server
		for name, bound := range map[string]struct{ got, most time.Duration }{
			"the header": {s.ReadHeaderTimeout, 15 * time.Second}, "the request": {s.ReadTimeout, 5 * time.Minute},
			"the answer": {s.WriteTimeout, 5 * time.Minute}, "silence": {s.IdleTimeout, 5 * time.Minute},
		} {
			if bound.got <= 0 || bound.got > bound.most {
				t.Errorf("%s: %s may take %s", d.listener.Addr(), name, bound.got)
			}
		}
	}
}

// A client that asks for a tunnel and is silent then, or sends a header byte by byte, is no better off than without one.
func TestASilentTunnelEnds(t *testing.T) {
	l, err := Listen(ListenOptions{
		HTTP: "127.0.0.1:0", Handler: http.NotFoundHandler(), ProxyCertificate: func(string) (*tls.Certificate, error) { return nil, nil },
		ShutdownTimeout: time.Second, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range l.doors {
		d.server.ReadHeaderTimeout = 200 * time.Millisecond
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- l.Serve(ctx) }()
	defer func() {
		stop()
		<-served
	}()
	for _, target := range []string{"gigya.com:80", "gigya.com:443"} {
		connection, err := net.Dial("tcp", l.HTTPAddr())
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.WriteString(connection, "CONNECT "+target+" HTTP/1.1\r\nHost: x\r\n\r\n")
		if _, err := io.ReadFull(connection, make([]byte, len("HTTP/1.1 200 Connection established\r\n\r\n"))); err != nil {
			t.Fatal(err)
		}
		go func() {
			for range 100 {
				time.Sleep(20 * time.Millisecond)
				// A record of TLS and a header, of both of which there is always another byte to come.
				if _, err := connection.Write([]byte{0x16}); err != nil {
					return
				}
			}
		}()
		begun := time.Now()
		_, _ = io.Copy(io.Discard, connection)
		if took := time.Since(begun); took > time.Second {
			t.Errorf("%s: kept for %s", target, took)
		}
	}
}
