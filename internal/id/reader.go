package id

import (
	"crypto/rand"
	"io"
	"sync"
)

// NewReader returns a reader of the system's randomness that asks the system once for many small reads: an identifier
// costs a copy instead of a system call. It is safe for concurrent use, and no byte is handed out twice or kept after it
// was handed out. It is meant for identifiers; keys are made from crypto/rand itself.
func NewReader() io.Reader {
	return &reader{free: sync.Pool{New: func() any { return new(block) }}}
}

type reader struct{ free sync.Pool }

// block is a stock of random bytes; the last left of them are unused.
type block struct {
	bytes [1024]byte
	left  int
}

// Read fills p and never fails.
func (r *reader) Read(p []byte) (int, error) {
	b := r.free.Get().(*block)
	defer r.free.Put(b)
	for n := 0; n < len(p); {
		if b.left == 0 {
			_, _ = rand.Read(b.bytes[:]) // Never fails.
			b.left = len(b.bytes)
		}
		stock := b.bytes[len(b.bytes)-b.left:]
		m := copy(p[n:], stock)
		clear(stock[:m])
		b.left -= m
		n += m
	}
	return len(p), nil
}
