package server_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/server"
)

// bounded serves behind the bounds until the test ends.
func bounded(t *testing.T, b server.Bounds) (address string) {
	t.Helper()
	listeners, err := server.Listen(server.ListenOptions{
		HTTP: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), ShutdownTimeout: time.Second, Bounds: b,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") }),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- listeners.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return listeners.HTTPAddr()
}

// ask opens a connection, which stays open until the test ends, and tells what came of a request on it: "served",
// "closed", or "waits".
func ask(t *testing.T, address string) (connection net.Conn, outcome string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if failed, ok := err.(net.Error); ok && failed.Timeout() {
		return c, "waits"
	}
	if err != nil {
		return c, "closed"
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return c, string(body)
}

func TestConnectionsBeyondTheBoundWaitUntilOneEnds(t *testing.T) {
	address := bounded(t, server.Bounds{Connections: 2})
	first, one := ask(t, address)
	_, two := ask(t, address)
	third, three := ask(t, address)
	if one != "served" || two != "served" || three != "waits" {
		t.Fatalf("%s, %s, %s", one, two, three)
	}
	_ = first.Close()
	_ = third.SetReadDeadline(time.Now().Add(10 * time.Second))
	if response, err := http.ReadResponse(bufio.NewReader(third), nil); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("when one has ended: %v", err)
	}
}

func TestConnectionsOfOneAddressBeyondItsShareAreClosed(t *testing.T) {
	address := bounded(t, server.Bounds{Connections: 10, PerAddress: 2})
	first, one := ask(t, address)
	_, two := ask(t, address)
	_, three := ask(t, address)
	if one != "served" || two != "served" || three != "closed" {
		t.Fatalf("%s, %s, %s", one, two, three)
	}
	_ = first.Close()
	waitFor(t, func() bool {
		_, again := ask(t, address)
		return again == "served"
	})
}

func TestProxiesComeForMany(t *testing.T) {
	address := bounded(t, server.Bounds{PerAddress: 1, Exempt: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	for i := range 3 {
		if _, outcome := ask(t, address); outcome != "served" {
			t.Errorf("connection %d: %s", i, outcome)
		}
	}
}
