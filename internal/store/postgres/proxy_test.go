package postgres_test

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
	"github.com/jackc/pgx/v5"
)

// fate is what a proxy does to a commit.
type fate int

const (
	pass fate = iota
	// lose: the commit does not arrive.
	lose
	// mute: it arrives, and its answer does not.
	mute
	// late: the client is cut off at once, and the commit arrives afterwards.
	late
)

// lateness is how long after the client was cut off a late commit arrives: some before it has been asked for, some after.
const lateness = 40 * time.Millisecond

// proxy stands between a store and its server, and lets happen to commits what decide says.
type proxy struct {
	listener net.Listener
	network  string
	target   string
	decide   func() fate
	// refuses: no new connections are taken. cut counts the commits that were not let pass.
	refuses atomic.Bool
	cut     atomic.Int64
}

// between returns the URL by which a store comes through a proxy to the server of url. The store must send the texts of its
// statements (pooler=transaction), because the proxy finds the commits in them.
func between(t *testing.T, url string, decide func() fate) (*proxy, string) {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{network: "tcp", target: net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))), decide: decide}
	if strings.HasPrefix(config.Host, "/") {
		p.network, p.target = "unix", config.Host+"/.s.PGSQL."+strconv.Itoa(int(config.Port))
	}
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.listener.Close() })
	go p.serve()
	_, port, _ := net.SplitHostPort(p.listener.Addr().String())
	for _, parameter := range [][2]string{{"host", "127.0.0.1"}, {"port", port}, {"sslmode", "disable"}, {"pooler", "transaction"}} {
		url = postgrestest.With(t, url, parameter[0], parameter[1])
	}
	return p, url
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		if p.refuses.Load() {
			client.Close()
			continue
		}
		go p.join(client)
	}
}

func (p *proxy) join(client net.Conn) {
	server, err := net.Dial(p.network, p.target)
	if err != nil {
		client.Close()
		return
	}
	var muted atomic.Bool
	go func() {
		defer client.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if n > 0 && muted.Load() {
				client.Close()
				_, _ = io.Copy(io.Discard, server)
				return
			}
			if n > 0 {
				_, _ = client.Write(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	defer server.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if n > 0 && bytes.Contains(buf[:n], []byte("COMMIT")) && !p.commit(client, server, &muted, buf[:n]) {
			return
		} else if n > 0 {
			if _, err := server.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// commit does to a commit what is decided, and tells whether it goes on its way.
func (p *proxy) commit(client, server net.Conn, muted *atomic.Bool, message []byte) bool {
	switch p.decide() {
	case lose:
		p.cut.Add(1)
		client.Close()
		return false
	case mute:
		p.cut.Add(1)
		muted.Store(true)
	case late:
		p.cut.Add(1)
		client.Close()
		time.Sleep(lateness)
		_, _ = server.Write(message)
		time.Sleep(lateness)
		return false
	}
	return true
}
