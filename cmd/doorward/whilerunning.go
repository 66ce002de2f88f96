package main

import (
	"context"
	"io"
)

// whileRunning reads until the command is stopped, also where a read waits for somebody who writes nothing: at a terminal, at a pipe.
type whileRunning struct {
	ctx context.Context
	r   io.Reader
}

// Read implements [io.Reader]. A read that is given up goes on by itself to the end of the process, and what it gets is lost.
func (w whileRunning) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	type outcome struct {
		text []byte
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		own := make([]byte, len(p)) // Nobody else's: p is the caller's again when the read is given up.
		n, err := w.r.Read(own)
		done <- outcome{own[:n], err}
	}()
	select {
	case o := <-done:
		return copy(p, o.text), o.err
	case <-w.ctx.Done():
		return 0, w.ctx.Err()
	}
}
