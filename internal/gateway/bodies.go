package gateway

import (
	"context"
	"fmt"
	"io"
	"math/bits"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/doorward/doorward/internal/store"
)

const (
	// DefaultBodyMemory is the bound on the bytes of request bodies that are in memory at once; LeastBodyMemory is the
	// least that bodies of the largest size can be read with.
	DefaultBodyMemory = 64 << 20
	LeastBodyMemory   = 8 * DefaultBodyLimit

	// smallBody is what every body counts at least; most calls need no more.
	smallBody = 4 << 10
	// bodyWait is how long a body waits for others to be done with.
	bodyWait = 10 * time.Second
	// inflation is the most that a compressed byte becomes.
	inflation = 1032
)

// errBodies tells that a body found no room in time: clients are told to come again, as of a store that is busy.
var errBodies = fmt.Errorf("no room for the body of the request beside those of others: %w", store.ErrBusy)

// bodies bounds the bytes of all bodies that are in memory, from the first byte to the end of their calls. Of the room,
// one address has a quarter at most, so that no single one takes it all, and a quarter is for small bodies alone, so that
// calls go on while large ones wait. It is safe for concurrent use.
type bodies struct {
	share, reserve int64

	mu   sync.Mutex
	free int64
	held map[netip.Addr]int64
	// freed is closed when room is given back; nil: nobody waits for it.
	freed chan struct{}
}

func newBodies(room int64) *bodies {
	return &bodies{share: room / 4, reserve: room / 4, free: room, held: map[netip.Addr]int64{}}
}

// take takes room for n more bytes of the address, or waits for it; large bodies leave the reserve alone.
func (b *bodies) take(ctx context.Context, addr netip.Addr, n int64, large bool) error {
	freed, ok := b.try(addr, n, large)
	if ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, bodyWait)
	defer cancel()
	for {
		select {
		case <-freed:
		case <-ctx.Done():
			return errBodies
		}
		if freed, ok = b.try(addr, n, large); ok {
			return nil
		}
	}
}

// try takes the room if it is there; if not, it returns what is closed when more may be.
func (b *bodies) try(addr netip.Addr, n int64, large bool) (freed <-chan struct{}, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := b.free - n
	if large {
		left -= b.reserve
	}
	if left >= 0 && b.held[addr]+n <= b.share {
		b.free -= n
		b.held[addr] += n
		return nil, true
	}
	if b.freed == nil {
		b.freed = make(chan struct{})
	}
	return b.freed, false
}

func (b *bodies) give(addr netip.Addr, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += n
	if b.held[addr] -= n; b.held[addr] <= 0 {
		delete(b.held, addr)
	}
	if b.freed != nil {
		close(b.freed)
		b.freed = nil
	}
}

// body is a request's body that takes room as it is read.
type body struct {
	io.ReadCloser
	ctx  context.Context
	room *bodies
	addr netip.Addr
	// limit is the most that is read; length is what the client declared, -1: nothing.
	limit, length int64
	gzip          bool

	read, held int64
	// refused: there was no room.
	refused bool
}

// meter puts the request's body behind the bound. The caller calls done when the call is over. A request without a body
// has none to meter: nil.
func (g *Gateway) meter(r *http.Request, addr netip.Addr) *body {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	b := &body{
		ReadCloser: r.Body, ctx: r.Context(), room: g.bodies, addr: network(addr), limit: g.BodyLimit, length: r.ContentLength,
		gzip: strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip"),
	}
	r.Body = b
	return b
}

// Read implements [io.Reader]. It waits for room when the first byte has come: who sends nothing takes nothing.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if more := b.weight(err == io.EOF) - b.held; more > 0 && b.read > 0 {
		if failed := b.room.take(b.ctx, b.addr, more, b.held+more > smallBody); failed != nil {
			b.refused = true
			return 0, failed
		}
		b.held += more
	}
	return n, err
}

// weight is the room that the body needs by what is known of it: its declared length, all at once, because bodies that
// grow step by step could each wait for what the others hold; else what was read, in doubling steps, as buffers grow. At its
// end a compressed body needs the room to unpack it.
func (b *body) weight(ended bool) int64 {
	n := b.length
	if n < b.read {
		n = 1 << bits.Len64(uint64(b.read))
	}
	n = max(min(n, b.limit), smallBody)
	if ended && b.gzip {
		n += min(b.read*inflation, b.limit)
	}
	return n
}

// done gives the room back.
func (b *body) done() {
	if b != nil && b.held > 0 {
		b.room.give(b.addr, b.held)
		b.held = 0
	}
}
