package server

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"testing"
	"time"
)

// A client that sends or reads a byte a minute holds a connection, and what belongs to it, no longer than these bounds.
func TestNoConnectionMayLastForEver(t *testing.T) {
	l, err := Listen(ListenOptions{
		HTTP: "127.0.0.1:0", HTTPS: "127.0.0.1:0", Ops: "127.0.0.1:0", Handler: http.NotFoundHandler(), OpsHandler: http.NotFoundHandler(),
		Certificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if len(l.doors) != 3 {
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
