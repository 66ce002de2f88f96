package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/doorward/doorward/internal/store"
)

var (
	anna = netip.MustParseAddr("192.0.2.1")
	bert = netip.MustParseAddr("192.0.2.2")
)

// metered returns a body of the gateway that the address sends; length -1: it does not say how long it is.
func metered(t *testing.T, g *Gateway, addr netip.Addr, length int64, content io.Reader) *body {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", io.NopCloser(content))
	r.ContentLength = length
	b := g.meter(r, addr)
	t.Cleanup(b.done)
	return b
}

func roomOf(bytes, limit int64) *Gateway {
	return &Gateway{Options: Options{BodyLimit: limit}, bodies: newBodies(bytes)}
}

func TestABodyTakesRoomForWhatItIsAndGivesItBack(t *testing.T) {
	const room, limit = 1 << 20, 64 << 10
	text := func(n int) io.Reader { return strings.NewReader(strings.Repeat("a", n)) }
	for name, tt := range map[string]struct {
		length  int64
		content io.Reader
		gzip    bool
		want    int64
	}{
		"a small body":                    {100, text(100), false, smallBody},
		"as declared":                     {20000, text(20000), false, 20000},
		"declared, and not yet there":     {20000, io.MultiReader(text(1), iotest.ErrReader(io.ErrUnexpectedEOF)), false, 20000},
		"declared beyond the limit":       {1 << 40, io.MultiReader(text(1), iotest.ErrReader(io.ErrUnexpectedEOF)), false, limit},
		"of unknown length, in doublings": {-1, text(20000), false, 32 << 10},
		"of unknown length, small":        {-1, text(100), false, smallBody},
		"that sends nothing":              {20000, iotest.ErrReader(io.ErrUnexpectedEOF), false, 0},
		"compressed":                      {10, text(10), true, smallBody + 10*inflation},
		"compressed, much":                {5000, text(5000), true, 5000 + limit},
	} {
		g := roomOf(room, limit)
		b := metered(t, g, anna, tt.length, tt.content)
		b.gzip = tt.gzip
		_, _ = io.Copy(io.Discard, b)
		if taken := room - g.bodies.free; taken != tt.want || b.held != tt.want {
			t.Errorf("%s: %d bytes are taken, want %d", name, taken, tt.want)
		}
		b.done()
		b.done()
		if g.bodies.free != room || len(g.bodies.held) != 0 {
			t.Errorf("%s: %d bytes were not given back", name, room-g.bodies.free)
		}
	}
}

func TestOneAddressDoesNotTakeTheRoomOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := roomOf(256<<10, 32<<10)
		for range 2 {
			if _, err := io.ReadAll(metered(t, g, anna, 32<<10, bytes.NewReader(make([]byte, 32<<10)))); err != nil {
				t.Fatal(err)
			}
		}
		started := time.Now()
		late := metered(t, g, anna, 10, strings.NewReader("0123456789"))
		if _, err := io.ReadAll(late); !errors.Is(err, store.ErrBusy) || !late.refused || time.Since(started) != bodyWait {
			t.Errorf("beyond the share: %v after %s", err, time.Since(started))
		}
		if _, err := io.ReadAll(metered(t, g, bert, 10, strings.NewReader("0123456789"))); err != nil {
			t.Errorf("another address: %v", err)
		}
	})
}

func TestSmallBodiesPassWhileLargeOnesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := roomOf(256<<10, 32<<10)
		var large []*body
		for i := range 6 {
			b := metered(t, g, netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 32<<10, bytes.NewReader(make([]byte, 32<<10)))
			if _, err := io.ReadAll(b); err != nil {
				t.Fatalf("large body %d: %v", i, err)
			}
			large = append(large, b)
		}
		small := metered(t, g, bert, 10, strings.NewReader("0123456789"))
		if _, err := io.ReadAll(small); err != nil {
			t.Errorf("a small body: %v", err)
		}
		small.done()
		waited := make(chan error)
		go func() {
			_, err := io.ReadAll(metered(t, g, anna, 32<<10, bytes.NewReader(make([]byte, 32<<10))))
			waited <- err
		}()
		time.Sleep(bodyWait / 2)
		synctest.Wait()
		select {
		case err := <-waited:
			t.Fatalf("a large body did not wait: %v", err)
		default:
		}
		large[0].done()
		if err := <-waited; err != nil {
			t.Errorf("a large body that waited: %v", err)
		}
	})
}

func TestABodyWaitsNoLongerThanItsClient(t *testing.T) {
	g := roomOf(4*smallBody, smallBody)
	ctx, cancel := context.WithCancel(t.Context())
	if err := g.bodies.take(ctx, anna, smallBody, false); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := g.bodies.take(ctx, anna, smallBody, false); !errors.Is(err, store.ErrBusy) {
		t.Errorf("error %v", err)
	}
}
